"""compared.py COUNT SEED: random pairs of histograms and what hist, boost-histogram and SciPy say of them, a JSON line each.

`a` and `b` are independent, `passed` is a part of `a`: counts, or sums of weights with squares. Intervals and efficiencies of counts are
those of hist (Garwood, Clopper-Pearson) and of scipy.stats.binomtest (Clopper-Pearson, Wilson); differences of weights
those of boost-histogram's views. What no package has (chi-square with expected variances in empty bins, the variance of a
weighted share, errors of a ratio of both sides) is written here from its definition.
"""
import json
import sys

import boost_histogram as bh
import numpy as np
import uhi.io.json
from hist.intervals import clopper_pearson_interval, poisson_interval, ratio_uncertainty
from scipy import special, stats

LEVEL = stats.norm.cdf(1) - stats.norm.cdf(-1)


def plain(value):
    """JSON has no NaN; thirteen digits are compared to ten."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.ravel().tolist()]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.13g}") if np.isfinite(value) else None
    return value


def axes(random):
    def one(most):
        bins = int(random.integers(1, most))
        if random.random() < 0.5:
            return bh.axis.Regular(bins, 0, 10)
        return bh.axis.Variable([0.0, *np.sort(np.round(random.uniform(0.2, 9.8, bins - 1), 3)), 10.0])

    return [one(4), one(4)] if random.random() < 0.25 else [one(9)]


def histograms(random, weighted):
    shape = axes(random)
    storage = bh.storage.Weight if weighted else bh.storage.Int64

    def rows():
        # Some bins are empty: exponentials end, and few rows do not reach all of them.
        many = int(random.integers(1, [8, 60, 3000][random.integers(0, 3)]))
        columns = [np.clip(random.exponential(random.uniform(1, 9), many), 0, 9.99) for _ in shape]
        return columns, np.round(random.uniform(0.1, 3.0, many), 2)

    def filled(columns, weights):
        h = bh.Histogram(*shape, storage=storage())
        h.fill(*columns, **({"weight": weights} if weighted else {}))
        return h

    columns, weights = rows()
    share = random.choice([0.0, 0.2, 0.5, 0.9, 1.0], p=[0.05, 0.25, 0.3, 0.35, 0.05])
    kept = random.random(len(weights)) < share
    return filled(columns, weights), filled(*rows()), filled([column[kept] for column in columns], weights[kept])


def parts(h, weighted):
    values = h.values(flow=False).astype(float).ravel()
    return values, (h.variances(flow=False).ravel() if weighted else values)


def ratios(a, b, weighted):
    """Ratio, difference and asymmetry with errors: of counts the errors of `a` are those of Garwood's interval."""
    (x, vx), (y, vy) = parts(a, weighted), parts(b, weighted)
    low, high = (x - np.sqrt(vx), x + np.sqrt(vx)) if weighted else poisson_interval(x)
    answers = {"intervals": [low, high]}
    down, up, error = x - low, high - x, np.sqrt(vy)
    split = ratio_uncertainty(x, y) if not weighted else np.stack([np.sqrt(vx) / y, np.sqrt(vx) / y])
    # Of an empty bin with a variance hist gives no upper end; that of a count is known.
    split = np.where(x == 0, np.stack([down / y, up / y]), split)
    both = np.hypot(split, x / y**2 * error)
    answers["split_ratio"] = [x / y, x / y - split[0], x / y + split[1]]
    answers["ratio"] = [x / y, x / y - both[0], x / y + both[1]]
    answers["relative_difference"] = [x / y - 1, x / y - 1 - both[0], x / y - 1 + both[1]]
    answers["difference"] = [x - y, x - y - np.hypot(down, error), x - y + np.hypot(up, error)]
    if weighted:
        # What boost-histogram makes of the difference of two views of weights.
        minus = a.view() - b.view()
        error = np.sqrt(minus.variance.ravel())
        answers["difference"] = [minus.value.ravel() + sign * error for sign in (0, -1, 1)]
        error = np.sqrt(vy)
    slopes = 2 * y / (x + y) ** 2, 2 * x / (x + y) ** 2
    value = (x - y) / (x + y)
    answers["asymmetry"] = [value] + [
        value + sign * np.hypot(side * slopes[0], error * slopes[1]) for sign, side in ((-1, down), (1, up))
    ]
    if weighted:
        # An empty bin has the variance of what is expected there.
        mean = vx.sum() / x.sum() if x.sum() > 0 else 1.0
        down = up = np.sqrt(np.where(vx == 0, y * mean, vx))
    pull = (x - y) / np.hypot(np.where(y > x, up, down), error)
    answers["pull"] = [pull, pull - 1, pull + 1]
    return answers


def shares(a, passed, weighted):
    (n, n2), (k, k2) = parts(a, weighted), parts(passed, weighted)
    e = k / n
    if not weighted:
        low, high = clopper_pearson_interval(k, n)
        wilson = np.full((3, len(n)), np.nan)
        for at, (some, all_) in enumerate(zip(k.astype(int), n.astype(int))):
            if all_ > 0:
                exact = stats.binomtest(some, all_).proportion_ci(LEVEL, "exact")
                assert np.allclose([exact.low, exact.high], [low[at], high[at]], rtol=1e-9, atol=1e-12)
                score = stats.binomtest(some, all_).proportion_ci(LEVEL, "wilson")
                wilson[:, at] = [some / all_, score.low, score.high]
        return {"efficiency": [e, np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)], "wilson": wilson}
    # The variance of a share of weights: rows that pass pull it up, the others down.
    error = np.sqrt(((1 - e) ** 2 * k2 + e**2 * (n2 - k2)) / n**2)
    low, high = e - error, e + error
    for at in np.flatnonzero((n > 0) & ((k2 == 0) | np.isclose(k2, n2, rtol=1e-12))):
        effective = np.array([n[at] ** 2 / n2[at]])
        one = clopper_pearson_interval(np.array([float(k2[at] > 0)]) * effective, effective)
        low[at], high[at] = one[0][0], one[1][0]
    return {"efficiency": [e, low, high]}


def agreement(a, b, weighted):
    (x, vx), (y, vy) = parts(a, weighted), parts(b, weighted)

    def expected(values, variances, other):
        mean = variances.sum() / values.sum() if values.sum() > 0 else 1.0
        return np.where(variances == 0, np.maximum(other, 0) * mean, variances)

    variance = expected(x, vx, y) + expected(y, vy, x)
    used = variance > 0
    chi2 = float(np.sum((x - y)[used] ** 2 / variance[used]))
    answers = {"chi2": [chi2, int(used.sum()), float(stats.chi2.sf(chi2, used.sum())) if used.any() else None]}
    if a.ndim == 1 and x.sum() > 0 and y.sum() > 0:
        distance = float(np.max(np.abs(np.cumsum(x) / x.sum() - np.cumsum(y) / y.sum())))
        sizes = [h.sum() ** 2 / v.sum() for h, v in ((x, vx), (y, vy))]
        answers["kolmogorov"] = [distance, float(special.kolmogorov(distance * np.sqrt(sizes[0] * sizes[1] / sum(sizes))))]
    return answers


def main(count, seed):
    random = np.random.default_rng(int(seed))
    for at in range(int(count)):
        weighted = at % 2 == 1
        a, b, passed = histograms(random, weighted)
        with np.errstate(all="ignore"):
            answers = {**ratios(a, b, weighted), **shares(a, passed, weighted), **agreement(a, b, weighted)}
        documents = {name: json.loads(json.dumps(h, default=uhi.io.json.default)) for name, h in (("a", a), ("b", b), ("passed", passed))}
        print(json.dumps(plain({**documents, "answers": answers}), allow_nan=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
