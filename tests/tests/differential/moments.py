"""Moments, weighted efficiencies and cutflows, running sums and profiles by numpy and boost-histogram.

argv = count seed folder: writes folder/cases.json (JSON lines): what to fill, and the answers.
"""
import json
import sys

import boost_histogram as bh
import numpy as np


def case(random):
    rows = int(random.integers(1, 300))
    bins, low = int(random.integers(1, 20)), float(random.uniform(-5, 5))
    high = low + float(random.uniform(0.5, 10))
    x = random.normal(random.uniform(low, high), random.uniform(0.1, 2) * (high - low), rows)
    w, y = random.uniform(0.1, 3, rows), random.normal(1, 2, rows)
    passed = random.uniform(size=rows) < random.uniform(0.05, 0.95)
    axis = bh.axis.Regular(bins, low, high)
    total, part = (bh.Histogram(axis, storage=bh.storage.Weight()) for _ in range(2))
    total.fill(x, weight=w)
    part.fill(x[passed], weight=w[passed])
    profile = bh.Histogram(axis, storage=bh.storage.WeightedMean())
    profile.fill(x, weight=w, sample=y)
    counts = bh.Histogram(axis, storage=bh.storage.Int64())
    counts.fill(x)
    flow, cells = total.view(flow=True).value, profile.view()
    w1, w2, p1, p2 = (getattr(h.view(), name) for h in (total, part) for name in ("value", "variance"))
    with np.errstate(all="ignore"):
        e = p1 / w1
        error = np.sqrt(np.maximum((1 - 2 * e) * p2 + e * e * w2, 0)) / w1
        # Where all or nothing passed, the interval is another one.
        error[(p2 == 0) | (p2 >= w2 * (1 - 1e-12))] = np.nan
        effective = cells.sum_of_weights**2 / cells.sum_of_weights_squared
        spread = np.sqrt(cells.variance / effective)
        spread[counts.view() < 2] = np.nan
        mean = np.where(counts.view() > 0, cells.value, np.nan)
    average = np.average(x, weights=w)
    plain = lambda values: [None if not np.isfinite(v) else float(v) for v in values]
    return {
        "bins": bins, "low": low, "high": high, "x": x.tolist(), "w": w.tolist(), "y": y.tolist(), "passed": passed.tolist(),
        "mean": float(np.mean(x)), "std": float(np.std(x)),
        "weighted_mean": float(average), "weighted_std": float(np.sqrt(np.average((x - average) ** 2, weights=w))),
        "efficiency": plain(e), "efficiency_error": plain(error),
        "below": np.cumsum(flow)[1:-1].tolist(), "above": np.cumsum(flow[::-1])[::-1][1:-1].tolist(),
        "profile": plain(mean), "profile_error": plain(spread), **cutflow(random, x, y, w),
    }


def cutflow(random, x, y, w):
    """Cuts and weights in any order, and what each cut leaves: rows, and sums of the chain's weights and of their squares."""
    columns, steps, weights = {"x": x, "y": y, "w": w}, [], np.ones(len(x))
    for _ in range(int(random.integers(1, 7))):
        name = ["x", "y", "w"][random.integers(0, 3)]
        if random.uniform() < 0.4:
            steps.append(["weight", name, None])
            weights = weights * columns[name]
        else:
            steps.append(["query", name, float(random.choice(columns[name]))])
    left, kept = [[len(x), float(weights.sum()), float((weights**2).sum())]], np.ones(len(x), bool)
    for kind, name, cut in steps:
        if kind == "query":
            kept = kept & (columns[name] > cut)
            left.append([int(kept.sum()), float(weights[kept].sum()), float((weights[kept] ** 2).sum())])
    return {"steps": steps, "left": left}


count, seed, folder = sys.argv[1:]
generator = np.random.default_rng(int(seed))
with open(f"{folder}/cases.json", "w", encoding="utf-8") as out:
    for _ in range(int(count)):
        print(json.dumps(case(generator)), file=out)
