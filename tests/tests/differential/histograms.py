"""What boost-histogram, SciPy and iminuit answer.

argv = "fill" folder: fills the histograms of folder/cases.json from folder/data.bin, writes folder/filled.json.
argv = "read" folder: reads folder/ours.json and compares with folder/filled.json; prints the number of equal ones.
argv = "operate" folder: slices, rebins, projects and scales the histograms of folder/ours.json.
argv = "fit": a histogram on standard input; prints mean, sigma and their errors for four fits.
argv = "root" folder: prints the bins of the histogram h in folder/h.root.
"""
import json
import math
import os
import sys

import boost_histogram as bh
import numpy as np
import uhi.io.json


def axis(case):
    kind, numbers = case["kind"], case.get("numbers")
    if kind == "regular":
        return bh.axis.Regular(*numbers)
    if kind == "circular":
        return bh.axis.Regular(*numbers, circular=True)
    if kind == "log":
        return bh.axis.Regular(*numbers, transform=bh.axis.transform.log)
    if kind == "variable":
        return bh.axis.Variable(numbers)
    if kind == "integer":
        return bh.axis.Integer(*numbers)
    if kind == "texts":
        return bh.axis.StrCategory(case["texts"])
    if kind == "integers":
        return bh.axis.IntCategory(numbers)
    return bh.axis.Boolean()


def column(case, values):
    if case["kind"] == "texts":
        names = case["texts"] + ["someone else"]
        return [names[int(value)] for value in values]
    if case["kind"] in ("integer", "integers", "boolean"):
        return values.astype("int64")
    return values


STORAGES = {
    "Count": bh.storage.Int64,
    "Weight": bh.storage.Weight,
    "Mean": bh.storage.Mean,
    "WeightedMean": bh.storage.WeightedMean,
}


def plain(value):
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def fill(folder):
    with open(f"{folder}/cases.json", encoding="utf-8") as file:
        cases = json.load(file)
    data = np.fromfile(f"{folder}/data.bin", dtype="<f8")
    at = 0

    def take(count):
        nonlocal at
        at += count
        return data[at - count : at]

    with open(f"{folder}/filled.json", "w", encoding="utf-8") as out:
        for case in cases:
            h = bh.Histogram(*map(axis, case["axes"]), storage=STORAGES[case["storage"]]())
            rows = case["rows"]
            columns = [column(one, take(rows)) for one in case["axes"]]
            options = {}
            if case["weight"]:
                options["weight"] = take(rows)
            if case["sample"]:
                options["sample"] = take(rows)
            h.fill(*columns, **options)
            document = json.loads(json.dumps(h, default=uhi.io.json.default))
            print(json.dumps(plain(document), allow_nan=False), file=out)


def read(folder):
    equal = 0
    with open(f"{folder}/ours.json", encoding="utf-8") as ours, open(f"{folder}/filled.json", encoding="utf-8") as theirs:
        for a, b in zip(ours, theirs, strict=True):
            a, b = (bh.Histogram(json.loads(one, object_hook=uhi.io.json.object_hook)) for one in (a, b))
            same = a.axes.size == b.axes.size and all(
                np.allclose(x, y, rtol=1e-12, atol=1e-12) for x, y in zip(a.axes.edges, b.axes.edges)
            )
            equal += same and np.allclose(a.values(), b.values(), rtol=1e-9, atol=1e-9)
    print(equal)


def operated(h, name, arguments):
    whole = (slice(None),)
    if name == "slice":
        axis, start, stop = arguments
        h = h[whole * axis + (slice(start, stop),) + whole * (h.ndim - axis - 1)]
    elif name == "loc":
        axis, start, stop = arguments
        h = h[whole * axis + (slice(bh.loc(start), bh.loc(stop)),) + whole * (h.ndim - axis - 1)]
    elif name == "rebin":
        axis, factor = arguments
        h = h[whole * axis + (slice(None, None, bh.rebin(factor)),) + whole * (h.ndim - axis - 1)]
    elif name == "sum":
        (axis,) = arguments
        h = h[whole * axis + (slice(None, None, sum),) + whole * (h.ndim - axis - 1)]
    elif name == "pick":
        axis, at = arguments
        h = h[whole * axis + (at,) + whole * (h.ndim - axis - 1)]
    elif name == "project":
        h = h.project(*arguments[0])
    elif name == "scale":
        h = h * arguments[0]
    elif name == "twice":
        h = h + h
    return h


def operate(folder):
    """Applies folder/operations.json to the histograms of folder/ours.json; answers go to folder/operated.json."""
    with open(f"{folder}/operations.json", encoding="utf-8") as file:
        operations = json.load(file)
    with open(f"{folder}/ours.json", encoding="utf-8") as ours, open(f"{folder}/operated.json", "w", encoding="utf-8") as out:
        for line, (name, *arguments) in zip(ours, operations, strict=True):
            h = bh.Histogram(json.loads(line, object_hook=uhi.io.json.object_hook))
            try:
                h = operated(h, name, arguments)
            except (ValueError, KeyError) as error:
                # Some axes it does not slice or rebin, such as integers and circles.
                print("null", file=out)
                continue
            document = json.loads(json.dumps(h, default=uhi.io.json.default))
            print(json.dumps(plain(document), allow_nan=False), file=out)


def fit():
    from iminuit import Minuit
    from scipy.special import erf

    h = bh.Histogram(json.load(sys.stdin, object_hook=uhi.io.json.object_hook))
    n, edges = h.to_numpy()
    middles, lows, highs = 0.5 * (edges[1:] + edges[:-1]), edges[:-1], edges[1:]
    root = math.sqrt(2)

    def line(a, b):
        return a + b * (middles - 90)

    def at_middle(height, mean, sigma, a, b):
        return height * np.exp(-0.5 * ((middles - mean) / sigma) ** 2) + line(a, b)

    def averaged(height, mean, sigma, a, b):
        step = erf((highs - mean) / sigma / root) - erf((lows - mean) / sigma / root)
        return height * sigma * math.sqrt(math.pi / 2) * step / (highs - lows) + line(a, b)

    for model in (at_middle, averaged):

        def chi2(height, mean, sigma, a, b):
            return np.sum((n - model(height, mean, sigma, a, b)) ** 2 / n)

        def likelihood(height, mean, sigma, a, b):
            mu = np.maximum(model(height, mean, sigma, a, b), 1e-9)
            return 2 * np.sum(mu - n + n * np.log(n / mu))

        for cost in (chi2, likelihood):
            minuit = Minuit(cost, height=800, mean=91, sigma=2, a=50, b=0)
            minuit.errordef = 1
            minuit.migrad()
            minuit.hesse()
            print(*(f"{minuit.values[p]!r} {minuit.errors[p]!r}" for p in ("mean", "sigma")))


def root(folder):
    import uproot

    back = uproot.open(os.path.join(folder, "h.root"))["h"]
    print(back.classname, *back.values(flow=True), *back.variances(flow=True))


if __name__ == "__main__":
    {"fill": fill, "read": read, "operate": operate, "fit": fit, "root": root}[sys.argv[1]](*sys.argv[2:])
