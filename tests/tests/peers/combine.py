"""Reads cards/card.txt and cards/shapes.root line by line, as combine's manual has it, with uproot, and prints as JSON what is
wrong with them, and the expectation of each bin at the values of parameters that standard input asks for.

Yields go by exp(theta ln kappa), with a polynomial between -1 and 1 where the two sides differ; shapes by fractions of bins with the
same smooth step, as combine interpolates templates of `shape` (vertical morphing).
"""
import json, re, sys
import numpy as np, uproot

wrong, lines = [], []
for line in open("cards/card.txt"):
    line = line.split("#")[0].rstrip()
    if line and not line.startswith("---"):
        lines.append(line.split())
shapes = uproot.open("cards/shapes.root")
def say(condition, text):
    if not condition:
        wrong.append(text)
say([line[0] for line in lines[:3]] == ["imax", "jmax", "kmax"], "the three numbers come first")
imax, kmax = lines[0][1], lines[2][1]
rule = next(line for line in lines if line[0] == "shapes")
say(rule[1:3] == ["*", "*"], "shapes are of all processes and channels")
bins = [line for line in lines if line[0] == "bin"]
observation = next(line for line in lines if line[0] == "observation")[1:]
say(len(bins) == 2 and bins[0][1:] == list(dict.fromkeys(bins[1][1:])), "channels of observations are those of processes")
say(imax == str(len(bins[0]) - 1), "imax")
names, numbers = [line[1:] for line in lines if line[0] == "process"]
rates = [float(rate) for rate in next(line for line in lines if line[0] == "rate")[1:]]
columns = list(zip(bins[1][1:], names, map(int, numbers), rates))
say(len(names) == len(numbers) == len(rates) == len(bins[1]) - 1, "every column has a process, a number and a rate")
for name in set(names):
    say(len({n for _, p, n, _ in columns if p == name}) == 1, f"{name} has one number")
say(len({p for _, p, n, _ in columns}) == len({n for _, p, n, _ in columns}), "a number is of one process")
say(any(n <= 0 for _, _, n, _ in columns), "there is a signal")
def template(channel, process, systematic=None):
    name = rule[4] if systematic is None else rule[5]
    name = name.replace("$CHANNEL", channel).replace("$PROCESS", process)
    hist = shapes[name if systematic is None else name.replace("$SYSTEMATIC", systematic)]
    say(hist.classname == "TH1D", f"{name} is a TH1D")
    return hist
edges = {}
for channel, count in zip(bins[0][1:], observation):
    data = template(channel, "data_obs")
    edges[channel] = data.axis().edges()
    say(abs(data.values().sum() - float(count)) < 1e-9, f"{channel}: the observation is the sum of data_obs")
for channel, process, _, rate in columns:
    hist = template(channel, process)
    say(np.array_equal(hist.axis().edges(), edges[channel]), f"{channel} {process}: bins of the data")
    say(abs(hist.values().sum() - rate) < 1e-9 * rate, f"{channel} {process}: the rate is the sum of the template")
start = next(at for at, line in enumerate(lines) if line[0] == "rate")
sources, params, statistics = [], [], None
for line in lines[start + 1:]:
    if line[1] == "rateParam":
        params.append(line)
    elif line[1] == "autoMCStats":
        statistics = line
    else:
        sources.append(line)
        say(len(line) == 2 + len(columns), f"{line[0]}: a cell for every column")
        say(line[1] in ("shape", "lnN"), f"{line[0]}: the kind {line[1]}")
say(statistics == ["*", "autoMCStats", "0"], "autoMCStats")
say(kmax in ("*", str(len(sources))), "kmax")
for name, kind, *cells in sources:
    for (channel, process, _, _), cell in zip(columns, cells):
        if kind == "shape" and cell != "-":
            say(float(cell) == 1, f"{name}: shapes are one sigma")
            for end in ("Up", "Down"):
                hist = template(channel, process, name + end)
                say(np.array_equal(hist.axis().edges(), edges[channel]), f"{channel} {process} {name}: bins")
                say(hist.values().sum() > 0, f"{channel} {process} {name}: an empty template")
unused = set(shapes.keys(cycle=False))
for channel, process, _, _ in columns:
    unused -= {f"{channel}_{process}", f"{channel}_data_obs"}
    unused -= {f"{channel}_{process}_{name}{end}" for name, *_ in sources for end in ("Up", "Down")}
say(not unused, f"histograms that the card does not know: {sorted(unused)}")

def smooth(x):
    return 0.125 * x * (x * x * (3 * x * x - 10) + 15)
def kappa(theta, up, down):
    """ln of the yield: linear beyond one sigma, smooth between."""
    up, down = np.log(up), np.log(down)
    if abs(theta) >= 1:
        return theta * up if theta > 0 else -theta * down
    return 0.5 * theta * ((up - down) + smooth(theta) * (up + down))
def expected(thetas, strengths):
    total = {channel: np.zeros(len(e) - 1) for channel, e in edges.items()}
    for at, (channel, process, number, rate) in enumerate(columns):
        nominal = template(channel, process).values()
        shape, log = nominal / nominal.sum(), 0.0
        fractions = shape.copy()
        for name, kind, *cells in sources:
            theta, cell = thetas.get(name, 0.0), cells[at]
            if cell == "-":
                continue
            if kind == "lnN":
                down, up = map(float, cell.split("/")) if "/" in cell else (1 / float(cell), float(cell))
            else:
                up, down = (template(channel, process, name + end).values() for end in ("Up", "Down"))
                step = 1.0 if theta > 1 else -1.0 if theta < -1 else smooth(theta)
                us, ds = up / up.sum() - shape, down / down.sum() - shape
                fractions = fractions + 0.5 * theta * ((us - ds) + (us + ds) * step)
                up, down = up.sum() / nominal.sum(), down.sum() / nominal.sum()
            log += kappa(theta, up, down)
        factor = strengths.get("r", 1.0) if number <= 0 else 1.0
        for parameter, _, where, what, value, *_ in params:
            if what == process and where in ("*", channel):
                factor *= strengths.get(parameter, float(value))
        fractions = np.maximum(fractions, 0)
        total[channel] += factor * rate * np.exp(log) * fractions / fractions.sum()
    return {channel: values.tolist() for channel, values in total.items()}
asked = json.load(sys.stdin)
print(json.dumps({"wrong": wrong, "sources": [line[0] for line in sources], "expected": [expected(*one) for one in asked]}))
