"""Random corrections and what correctionlib says of them.

argv = count seed: prints one JSON line per correction: its text, and rows of inputs with the value (null: an error).
"""
import json
import sys

import numpy as np
from correctionlib import CorrectionSet

INPUTS = [("x", "real"), ("y", "real"), ("n", "int"), ("s", "string")]
TEXTS, NUMBERS = ["up", "down", "nominal"], [-1, 0, 1, 7]


def node(random, depth):
    kinds = ["value", "binning", "multibinning", "texts", "integers", "formula", "formularef", "transform", "hashprng"]
    kind = kinds[random.integers(0, len(kinds))] if depth > 0 else ["value", "formula", "hashprng"][random.integers(0, 3)]
    deeper = lambda: node(random, depth - 1)
    if kind == "value":
        return round(random.uniform(-2, 2), 3)
    if kind == "binning":
        edges = axis(random)
        name = ["x", "y", "n"][random.integers(0, 3)]
        return {"nodetype": "binning", "input": name, "edges": edges, "content": [deeper() for _ in range(bins(edges))],
                "flow": flow(random, deeper, [edges])}
    if kind == "multibinning":
        edges = [axis(random), axis(random)]
        count = bins(edges[0]) * bins(edges[1])
        return {"nodetype": "multibinning", "inputs": ["x", "y"], "edges": edges,
                "content": [deeper() if random.random() < 0.1 else round(random.uniform(0, 2), 3) for _ in range(count)],
                "flow": flow(random, deeper, edges)}
    if kind in ("texts", "integers"):
        keys = TEXTS if kind == "texts" else NUMBERS
        made = {"nodetype": "category", "input": "s" if kind == "texts" else "n",
                "content": [{"key": key, "value": deeper()} for key in keys[: random.integers(1, len(keys) + 1)]]}
        if random.random() < 0.5:
            made["default"] = deeper()
        return made
    if kind == "formula":
        return {"nodetype": "formula", "parser": "TFormula", "expression": formula(random, 4), "variables": ["x", "y"],
                "parameters": [1.5, -0.5, 2.0]}
    if kind == "formularef":
        return {"nodetype": "formularef", "index": int(random.integers(0, 2)), "parameters": [0.7, 1.1, -2.0]}
    if kind == "transform":
        # Not any rule: a NaN that comes out is a value above all bins there, and missing here.
        words = ["x+1.5", "0.5*y", "x*y-[0]", "-x", "max(x,y)", "3"][random.integers(0, 6)]
        rule = {"nodetype": "formula", "parser": "TFormula", "expression": words, "variables": ["x", "y"], "parameters": [0.25]}
        return {"nodetype": "transform", "input": ["x", "y", "n"][random.integers(0, 3)], "rule": rule, "content": deeper()}
    return {"nodetype": "hashprng", "inputs": [["x"], ["x", "n"], ["x", "y", "n"], ["x", "y", "n", "x", "y"]][random.integers(0, 4)],
            "distribution": ["stdflat", "normal"][random.integers(0, 2)]}


def axis(random):
    if random.random() < 0.4:
        low = round(random.uniform(-4, 2), 1)
        return {"n": int(random.integers(1, 6)), "low": low, "high": round(low + random.uniform(0.5, 6), 1)}
    edges = sorted({float(round(edge, 1)) for edge in random.uniform(-4, 4, random.integers(2, 6))})
    edges = edges if len(edges) > 1 else [0.0, 1.0]
    return edges + ["inf"] if random.random() < 0.2 else edges


def bins(edges):
    return edges["n"] if isinstance(edges, dict) else len(edges) - 1


def flow(random, deeper, axes):
    kind = random.integers(0, 4)
    if kind == 3:
        return deeper()
    if kind == 2 and any(isinstance(edges, list) and "inf" in edges for edges in axes):
        return "clamp"
    return ["clamp", "error", "wrap"][kind]


def formula(random, depth):
    if depth == 0 or random.random() < 0.2:
        return ["x", "y", "x[1]", "[0]", "[1]", "[2]", "1.5", "2", "0.25", "3e-1"][random.integers(0, 10)]
    deeper = lambda: formula(random, depth - 1)
    kind = random.integers(0, 10)
    if kind < 5:
        sign = ["+", "-", "*", "/", "^", "<", ">=", "==", "!=", "&&", "||", " + ", " - "][random.integers(0, 13)]
        return f"{deeper()}{sign}{deeper()}"
    if kind < 7:
        return f"({deeper()})"
    if kind == 7:
        return f"{['max', 'min', 'atan2', 'pow'][random.integers(0, 4)]}({deeper()},{deeper()})"
    if kind == 8:
        return f"-({deeper()})"
    names = ["log", "log10", "exp", "erf", "sqrt", "abs", "cos", "sin", "tan", "acos", "asin", "atan", "cosh", "sinh", "tanh",
             "acosh", "asinh", "atanh"]
    return f"{names[random.integers(0, len(names))]}({deeper()})"


def main(count, seed):
    random = np.random.default_rng(int(seed))
    for _ in range(int(count)):
        generic = [{"nodetype": "formula", "parser": "TFormula", "expression": formula(random, 3), "variables": ["x", "y"]}
                   for _ in range(2)]
        text = json.dumps({"schema_version": 2, "corrections": [{
            "name": "sf", "version": 1, "inputs": [{"name": name, "type": kind} for name, kind in INPUTS],
            "output": {"name": "w", "type": "real"}, "generic_formulas": generic, "data": node(random, 3)}]})
        correction = CorrectionSet.from_string(text)["sf"]
        answers = []
        for _ in range(20):
            inputs = [float(round(random.uniform(-5, 5), 1)), float(random.normal(0, 2)),
                      int(random.choice(NUMBERS)), str(random.choice(TEXTS + ["left"]))]
            try:
                value = correction.evaluate(*inputs)
            except (RuntimeError, IndexError):
                value = None
            answers.append(inputs + [str(value) if value is not None else None])
        print(json.dumps({"text": text, "answers": answers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
