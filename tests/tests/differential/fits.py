"""Random histograms and what iminuit says of them.

argv = count seed [kind...]: prints one JSON line per fit: kind, lower, upper, counts (and variances), values, errors,
correlations, cost. Numbers have the digits that a thousandth of an error needs. Values without bins are not printed but how
they are drawn: `drawn` says it. The models are written here anew, with Gauss-Legendre averages over bins; nothing of Recoil
is used.
"""
import json
import math
import sys

import numpy as np
from iminuit import Minuit
from iminuit.cost import Template
from scipy.special import voigt_profile

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
PARTS = 24


def average(function, edges, parts=PARTS):
    """The mean of a function over each bin."""
    low, width = edges[:-1, None, None], np.diff(edges)[:, None, None]
    start = low + width * (np.arange(parts) / parts)[None, :, None]
    half = width / parts / 2
    x = start + half * (1 + NODES[None, None, :])
    return (function(x) * WEIGHTS).sum(axis=(1, 2)) / 2 / parts


def gauss(x, height, mean, sigma):
    return height * np.exp(-0.5 * ((x - mean) / sigma) ** 2)


def crystal_ball(x, height, mean, sigma, alpha, n):
    t = (x - mean) / sigma * np.sign(alpha)
    a = abs(alpha)
    b = np.maximum(n / a - a - t, 1e-9)
    tail = np.exp(n * np.log(n / a) - a * a / 2 - n * np.log(b))
    return height * np.where(t > -a, np.exp(-0.5 * t * t), tail)


def double_crystal_ball(x, height, mean, sigma, al, nl, ar, nr):
    t = (x - mean) / sigma
    a, n, u = np.where(t < 0, al, ar), np.where(t < 0, nl, nr), np.abs(t)
    b = np.maximum(n / a - a + u, 1e-9)
    return height * np.where(u < a, np.exp(-0.5 * t * t), np.exp(n * np.log(n / a) - a * a / 2 - n * np.log(b)))


def voigt(x, height, mean, sigma, width):
    return height * voigt_profile(x - mean, sigma, width / 2) / voigt_profile(0, sigma, width / 2)


def breit_wigner(x, height, mean, width):
    return height / (1 + (2 * (x - mean) / width) ** 2)


def johnson(x, height, mean, sigma, gamma, delta):
    z = (x - mean) / sigma
    return height / np.sqrt(1 + z * z) * np.exp(-0.5 * (gamma + delta * np.arcsinh(z)) ** 2)


def argus(x, scale, end, slope):
    u = x / end
    rest = np.maximum(1 - u * u, 0)
    return scale * u * np.sqrt(rest) * np.exp(slope * rest)


# name: range, bins, function of (x, *parameters), a maker of true parameters, names of parameters fixed at the truth.
MIDDLE, HALF = 50.0, 50.0
KINDS = {
    "gauss_line": (lambda x, h, m, s, c, k: gauss(x, h, m, s) + c + k * (x - MIDDLE),
                   lambda r: [r(200, 900), r(35, 65), r(3, 9), r(60, 200), r(-0.8, 0.8)]),
    "gauss_exponential": (lambda x, h, m, s, c, k: gauss(x, h, m, s) + c * np.exp(k * (x - MIDDLE)),
                          lambda r: [r(300, 900), r(35, 65), r(3, 8), r(60, 200), r(-0.02, 0.01)]),
    "crystal_ball": (lambda x, h, m, s, a, n, c: crystal_ball(x, h, m, s, a, n) + c,
                     lambda r: [r(2000, 4000), r(55, 65), r(4, 6), r(0.8, 1.3), r(2, 4), r(20, 60)]),
    "double_crystal_ball": (lambda x, h, m, s, al, nl, ar, nr, c: double_crystal_ball(x, h, m, s, al, nl, ar, nr) + c,
                            lambda r: [r(4000, 6000), r(45, 55), r(4, 6), r(0.8, 1.2), r(3, 5), r(0.8, 1.2), r(3, 5), r(20, 60)]),
    "voigt_line": (lambda x, h, m, s, w, c, k: voigt(x, h, m, s, w) + c + k * (x - MIDDLE),
                   lambda r: [r(1500, 3000), r(40, 60), r(3, 6), r(3, 6), r(60, 200), r(-0.5, 0.5)]),
    "breit_wigner": (lambda x, h, m, w, c: breit_wigner(x, h, m, w) + c,
                     lambda r: [r(400, 900), r(40, 60), r(5, 12), r(60, 200)]),
    "convolved": (lambda x, h, m, w, s, c: convolved(x, h, m, w, s) + c,
                  lambda r: [r(1500, 3000), r(40, 60), r(6, 10), r(3, 6), r(60, 200)]),
    "johnson": (lambda x, h, m, s, g, d, c: johnson(x, h, m, s, g, d) + c,
                lambda r: [r(2000, 4000), r(40, 60), r(7, 10), r(-0.6, 0.6), r(1.2, 1.6), r(20, 60)]),
    "exponential": (lambda x, c, k: c * np.exp(k * (x - MIDDLE)), lambda r: [r(3, 60), r(-0.05, 0.02)]),
    "polynomial": (lambda x, a, b, c: a + b * t(x) + c * t(x) ** 2, lambda r: [r(200, 400), r(-60, 60), r(-60, 60)]),
    "chebyshev": (lambda x, a, b, c, d: a + b * t(x) + c * (2 * t(x) ** 2 - 1) + d * (4 * t(x) ** 3 - 3 * t(x)),
                  lambda r: [r(200, 400), r(-60, 60), r(-40, 40), r(-20, 20)]),
    "two_gauss": (lambda x, h, m, s, g, n, q, c: gauss(x, h, m, s) + gauss(x, g, n, q) + c,
                  lambda r: [r(600, 900), r(30, 40), r(3, 6), r(300, 600), r(60, 70), r(4, 9), r(60, 120)]),
    "argus_gauss": (lambda x, c, k, h, m, s: argus(x, c, 101.0, k) + gauss(x, h, m, s),
                    lambda r: [r(150, 300), r(-3, 0.5), r(300, 600), r(60, 80), r(2, 5)]),
    "constrained": (lambda x, h, m, s, c, k: gauss(x, h, m, s) + c + k * (x - MIDDLE),
                    lambda r: [r(60, 200), r(45, 55), r(3, 9), r(60, 200), r(-0.8, 0.8)]),
}
KINDS["gauss_line_chi2"] = KINDS["gauss_line_weighted"] = KINDS["gauss_line_limited"] = KINDS["gauss_line"]


def t(x):
    return (x - MIDDLE) / HALF


def convolved(x, height, mean, width, sigma):
    """A Breit-Wigner with this height before it is smeared."""
    return height * np.pi * width / 2 * voigt_profile(x - mean, sigma, width / 2)


def deviance(n, mu):
    mu = np.maximum(mu, 1e-9 * (1 + n))
    return 2 * np.sum(mu - n + n * np.log(np.where(n > 0, n, 1) / np.where(n > 0, mu, 1)))


def fit(kind, random):
    if kind == "template":
        return templates(random)
    if kind == "simultaneous":
        return simultaneous(random)
    if kind in UNBINNED:
        return unbinned(kind, random)
    function, maker = KINDS[kind]
    truth = maker(lambda low, high: random.uniform(low, high))
    bins = int(random.integers(30, 60))
    edges = np.linspace(0, 100, bins + 1)
    mu = average(lambda x: function(x, *truth), edges)
    n, variances, scale = random.poisson(mu).astype(float), None, 1
    if kind == "gauss_line_weighted":
        # Two kinds of weights in each bin.
        light, heavy = random.poisson(mu), random.poisson(mu / 4)
        n, variances = 0.3 * light + 1.7 * heavy, 0.09 * light + 2.89 * heavy
        if (n == 0).any():
            return None
        scale = n / variances
        truth[0], truth[3], truth[4] = (0.725 * truth[at] for at in (0, 3, 4))
    if kind == "gauss_line_chi2":
        if (n == 0).any():
            return None
        middles = (edges[1:] + edges[:-1]) / 2
        cost = lambda *p: np.sum((n - function(middles, *p)) ** 2 / n)
    else:
        # The bend where a tail begins lies inside of a bin.
        parts = 240 if "crystal" in kind else PARTS
        cost = lambda *p: deviance(n * scale, average(lambda x: function(x, *p), edges, parts) * scale)
    if kind == "constrained":
        known = cost
        cost = lambda *p: known(*p) + ((p[1] - 50) / 0.4) ** 2
    minuit = Minuit(cost, *truth)
    if kind == "gauss_line_limited":
        minuit.limits[2] = (1, 20)
        minuit.limits[3] = (0, None)
    return answer(kind, minuit, edges, n, variances)


def simultaneous(random):
    """Two histograms with a peak of one place and width, over backgrounds of their own."""
    first, second = (np.linspace(0, 100, int(random.integers(30, 60)) + 1) for _ in range(2))
    channel = lambda edges, h, m, s, c: average(lambda x: gauss(x, h, m, s) + c, edges)
    truth = [random.uniform(*ends) for ends in ((200, 900), (35, 65), (3, 9), (60, 200), (100, 400), (20, 100))]
    expected = lambda h, m, s, c, g, d: (channel(first, h, m, s, c), channel(second, g, m, s, d))
    counts = [random.poisson(mu).astype(float) for mu in expected(*truth)]
    minuit = Minuit(lambda *p: sum(deviance(n, mu) for n, mu in zip(counts, expected(*p))), *truth)
    case = answer("simultaneous", minuit, first, counts[0], None)
    return case and {**case, "second": short(counts[1])}


def templates(random):
    edges = np.linspace(0, 100, 21)
    middles = (edges[1:] + edges[:-1]) / 2
    peak, slope = random.uniform(30, 70), random.uniform(30, 90)
    shapes = [0.3 + np.exp(-0.5 * ((middles - peak) / 15) ** 2), 0.1 + np.exp(-middles / slope)]
    shapes = [shape / shape.sum() for shape in shapes]
    counts = [random.poisson(random.uniform(300, 900) * shape).astype(float) for shape in shapes]
    n = random.poisson(random.uniform(150, 400) * shapes[0] + random.uniform(300, 800) * shapes[1]).astype(float)
    if any((one == 0).any() for one in counts):
        return None
    cost = Template(n, edges, counts, method="jsc")
    minuit = Minuit(cost, n.sum() / 2, n.sum() / 2)
    case = answer("template", minuit, edges, n, None)
    return case and {**case, "templates": [short(one) for one in counts]}


# Densities per unit of x between 0 and 10, each a sum of components, and makers of true parameters.
UNBINNED = {
    "unbinned_gauss_line": (lambda x, h, m, s, c, k: [gauss(x, h, m, s), c + k * (x - 5)],
                            lambda r: [r(200, 900), r(3, 7), r(0.3, 0.9), r(30, 90), r(-4, 4)]),
    "unbinned_crystal_ball": (lambda x, h, m, s, a, n, c, k: [crystal_ball(x, h, m, s, a, n), c * np.exp(k * (x - 5))],
                              lambda r: [r(1500, 2500), r(5.5, 6.5), r(0.4, 0.6), r(0.8, 1.3), r(2, 4), r(30, 90), r(-0.2, 0.1)]),
    "unbinned_voigt": (lambda x, h, m, s, w, c: [voigt(x, h, m, s, w), c + 0 * x],
                       lambda r: [r(800, 1500), r(4, 6), r(0.3, 0.6), r(0.3, 0.6), r(40, 90)]),
}


def lots(seed, places):
    """Numbers between 0 and 1: the words of SplitMix64 at these places of the sequence of a seed."""
    word = np.uint64(seed) + np.uint64(0x9E3779B97F4A7C15) * (places.astype(np.uint64) + np.uint64(1))
    word = (word ^ word >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ word >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return ((word ^ word >> np.uint64(31)) >> np.uint64(11)).astype(float) / 2.0**53


def drawn(kind, truth, seed, tries, top):
    """Values between 0 and 10 in steps of 1e-4. Four numbers for each try: a place is taken if the density there is above a
    number below `top`; of a Voigt, a normal and a Lorentz distribution are added, in the share of the peak, `top`."""
    a, b, c, d = (lots(seed, 4 * np.arange(tries) + at) for at in range(4))
    if kind == "unbinned_voigt":
        _, mean, sigma, width, _ = truth
        peak = mean + sigma * np.sqrt(-2 * np.log(b)) * np.cos(2 * np.pi * c) + width / 2 * np.tan(np.pi * (d - 0.5))
        x = np.where(a < top, peak, 10 * b)
        x = x[(x > 0) & (x < 10)]
    else:
        x = 10 * a
        x = x[b * top < sum(UNBINNED[kind][0](x, *truth))]
    return np.floor(x * 1e4 + 0.5) / 1e4


def crystal_ball_area(height, mean, sigma, alpha, n):
    """The integral between 0 and 10 of one with its tail on the left, by its formulas: nodes would jump over the joint."""
    low, high, joint = (0 - mean) / sigma, (10 - mean) / sigma, -alpha
    core = math.sqrt(math.pi / 2) * (math.erf(high / math.sqrt(2)) - math.erf(max(joint, low) / math.sqrt(2)))
    begin = n * np.log(n / alpha) - alpha * alpha / 2
    power = lambda t: np.exp(begin + (1 - n) * np.log(n / alpha - alpha - t)) / (n - 1)
    tail = power(joint) - power(low) if low < joint else 0.0
    return height * sigma * (core + tail)


def unbinned(kind, random):
    function, maker = UNBINNED[kind]
    truth = [round(one, 3) for one in maker(lambda low, high: random.uniform(low, high))]
    total = lambda x, p: sum(function(x, *p))
    edges = np.linspace(0, 10, 401)
    part = lambda p, at: 10 * average(lambda x: function(x, *p)[at], edges, 8).mean()
    if kind == "unbinned_voigt":
        # The peak has tails beyond the range.
        peak = truth[0] / voigt_profile(0, truth[2], truth[3] / 2)
        tries, top = random.poisson(peak + 10 * truth[4]), round(peak / (peak + 10 * truth[4]), 4)
    else:
        top = round(1.2 * total(np.linspace(0, 10, 4000), truth).max(), 1)
        tries = random.poisson(10 * top)
    seed = int(random.integers(1 << 32))
    x = drawn(kind, truth, seed, tries, top)
    expected = lambda p: 10 * average(lambda x: total(x, p), edges, 8).mean()
    if kind == "unbinned_crystal_ball":
        expected = lambda p: crystal_ball_area(*p[:5]) + 2 * p[5] * np.sinh(5 * p[6]) / p[6]
    minuit = Minuit(lambda *p: 2 * (expected(p) - np.sum(np.log(np.maximum(total(x, p), 1e-300)))), *truth)
    if kind == "unbinned_crystal_ball":
        # Where the formulas hold.
        minuit.limits[2], minuit.limits[3], minuit.limits[4] = (0.01, 10), (0.05, 10), (1.01, 200)
    case = answer(kind, minuit, edges, np.zeros(0), None)
    if case is None or kind == "unbinned_voigt" and minuit.values[3] <= 0:
        # The profile goes on to negative widths, which are none.
        return None
    # sPlot: the inverse covariance of the yields when shapes are known, and weights at some places.
    p = list(minuit.values)
    yields = [part(p, at) for at in range(2)]
    shapes = lambda x: np.array([part / entries for part, entries in zip(function(x, *p), yields)])
    over = np.array(yields) @ shapes(x)
    covariance = np.linalg.inv((shapes(x)[:, None] * shapes(x)[None]) @ over ** -2)
    places = np.linspace(0.5, 9.5, 10)
    weights = (covariance @ shapes(places)) / (np.array(yields) @ shapes(places))
    how = {"truth": truth, "seed": seed, "tries": int(tries), "top": top, "rows": len(x)}
    shares = {"yields": np.round(yields, 3).tolist(), "weights": np.round(weights, 4).tolist()}
    return {**case, **how, **shares}


def answer(kind, minuit, edges, n, variances):
    if kind != "template":
        minuit.errordef = 1
    minuit.strategy = 2
    minuit.tol = 1e-5
    for _ in range(3):
        minuit.migrad(ncall=20000)
    minuit.hesse()
    if not (minuit.fmin.edm < 1e-7 and minuit.accurate) or np.any(np.array(minuit.errors) <= 0):
        return None
    case = {"kind": kind, "lower": edges[0], "upper": edges[-1], "counts": short(n)}
    if variances is not None:
        case["variances"] = short(variances)
    exact = second_derivatives(minuit.fcn, minuit.values, minuit.errors)
    if exact is None:
        return None
    errors, correlations = exact
    # A value to a hundred thousandth of its error.
    digits = [5 - math.floor(math.log10(error)) for error in errors]
    found = {"values": [round(value, at) for value, at in zip(minuit.values, digits)],
             "errors": [float(f"{error:.6g}") for error in errors],
             "correlations": np.round(correlations, 5).tolist(), "cost": round(float(minuit.fval), 3)}
    if kind == "unbinned_crystal_ball":
        found["known"] = how_well_known(minuit.fcn, minuit.values, minuit.errors, exact)
    return {**case, **found}


def short(numbers):
    """Counts without a point, sums of weights without the noise of their last digits."""
    return [int(one) if one == int(one) else round(float(one), 4) for one in numbers]


def how_well_known(function, values, errors, exact):
    """How far the errors move with the step, as shares of them, and at the end how far the correlations do: without bins the curvature of this likelihood jumps wherever a value passes the joint of the tail, so that
    it is known no better than that."""
    steps = (0.00125, 0.0025, 0.005, 0.01, 0.02)
    others = [second_derivatives(function, values, errors, share) for share in steps]
    moved = [(np.abs(other[0] / exact[0] - 1), np.abs(other[1] - exact[1]).max()) for other in others if other]
    known = [*np.max([errors for errors, _ in moved], axis=0), max(correlation for _, correlation in moved)]
    return [float(f"{one:.2g}") for one in known]


def second_derivatives(function, values, errors, share=0.005):
    """Errors and correlations (those of each parameter with the ones before it) at iminuit's minimum by central differences:
    HESSE is right to a percent only where parameters are correlated."""
    at, step, count = np.array(values), share * np.array(errors), len(values)

    def cost(*moves):
        moved = at.copy()
        for parameter, times in moves:
            moved[parameter] += times * step[parameter]
        return function(moved)

    second = np.zeros((count, count))
    for a in range(count):
        second[a, a] = (cost((a, 1)) - 2 * cost() + cost((a, -1))) / step[a] ** 2
        for b in range(a):
            mixed = cost((a, 1), (b, 1)) - cost((a, 1), (b, -1)) - cost((a, -1), (b, 1)) + cost((a, -1), (b, -1))
            second[a, b] = second[b, a] = mixed / 4 / step[a] / step[b]
    covariance = 2 * np.linalg.inv(second)
    variances = np.diag(covariance)
    if not (variances > 0).all():
        return None
    errors = np.sqrt(variances)
    return errors, (covariance / np.outer(errors, errors))[np.tril_indices(count, -1)]


def main(count, seed, *kinds):
    for kind in kinds or [*KINDS, "template", "simultaneous", *UNBINNED]:
        random = np.random.default_rng([int(seed), sum(map(ord, kind))])
        found = 0
        for _ in range(4 * int(count)):
            case = fit(kind, random)
            if case:
                print(json.dumps(case))
                found += 1
            if found == int(count):
                break
        if found < int(count):
            print(f"{kind}: {found} of {count}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
