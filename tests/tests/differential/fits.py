"""Random histograms and what iminuit says of them.

argv = count seed [kind...]: prints one JSON line per fit: kind, lower, upper, counts (and variances), values, errors, cost.
The models are written here anew, with Gauss-Legendre averages over bins; nothing of Recoil is used.
"""
import json
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
                    lambda r: [r(20, 60), r(45, 55), r(3, 9), r(60, 200), r(-0.8, 0.8)]),
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
    return case and {**case, "second": counts[1].tolist()}


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
    return case and {**case, "templates": [one.tolist() for one in counts]}


# Densities per unit of x between 0 and 10, each a sum of components, and makers of true parameters.
UNBINNED = {
    "unbinned_gauss_line": (lambda x, h, m, s, c, k: [gauss(x, h, m, s), c + k * (x - 5)],
                            lambda r: [r(200, 900), r(3, 7), r(0.3, 0.9), r(30, 90), r(-4, 4)]),
    "unbinned_crystal_ball": (lambda x, h, m, s, a, n, c, k: [crystal_ball(x, h, m, s, a, n), c * np.exp(k * (x - 5))],
                              lambda r: [r(2000, 4000), r(5.5, 6.5), r(0.4, 0.6), r(0.8, 1.3), r(2, 4), r(30, 90), r(-0.2, 0.1)]),
    "unbinned_voigt": (lambda x, h, m, s, w, c: [voigt(x, h, m, s, w), c + 0 * x],
                       lambda r: [r(800, 1500), r(4, 6), r(0.3, 0.6), r(0.3, 0.6), r(40, 90)]),
}


def unbinned(kind, random):
    function, maker = UNBINNED[kind]
    truth = maker(lambda low, high: random.uniform(low, high))
    total = lambda x, p: sum(function(x, *p))
    top = 1.2 * total(np.linspace(0, 10, 4000), truth).max()
    tried = random.uniform(0, 10, random.poisson(10 * top))
    # Four digits, so that many cases can be kept beside the test.
    x = np.round(np.sort(tried[random.uniform(0, top, len(tried)) < total(tried, truth)]), 4)
    edges = np.linspace(0, 10, 401)
    integral = lambda p, parts: 10 * average(lambda x: total(x, p), edges, parts).mean()
    cost = lambda p, parts: 2 * (integral(p, parts) - np.sum(np.log(np.maximum(total(x, p), 1e-300))))
    minuit = Minuit(lambda *p: cost(p, 8), *truth)
    case = answer(kind, minuit, edges, np.zeros(0), None, lambda p: cost(p, 32))
    if case is None:
        return None
    # sPlot: the inverse covariance of the yields when shapes are known, and weights at some places.
    p = case["values"]
    yields = [10 * average(lambda x: function(x, *p)[at], edges, 8).mean() for at in range(2)]
    shapes = lambda x: np.array([part / entries for part, entries in zip(function(x, *p), yields)])
    over = np.array(yields) @ shapes(x)
    covariance = np.linalg.inv((shapes(x)[:, None] * shapes(x)[None]) @ over ** -2)
    places = np.linspace(0.5, 9.5, 10)
    weights = (covariance @ shapes(places)) / (np.array(yields) @ shapes(places))
    return {**case, "x": x.tolist(), "yields": yields, "places": places.tolist(), "weights": weights.tolist()}


def answer(kind, minuit, edges, n, variances, finer=None):
    if kind != "template":
        minuit.errordef = 1
    minuit.strategy = 2
    minuit.tol = 1e-5
    for _ in range(3):
        minuit.migrad(ncall=20000)
    minuit.hesse()
    if not (minuit.fmin.edm < 1e-7 and minuit.accurate) or np.any(np.array(minuit.errors) <= 0):
        return None
    case = {"kind": kind, "lower": edges[0], "upper": edges[-1], "counts": n.tolist()}
    if variances is not None:
        case["variances"] = variances.tolist()
    exact = second_derivatives(minuit.fcn, minuit.values, minuit.errors)
    if exact is None:
        return None
    found = {"values": list(minuit.values), "errors": exact, "hesse": list(minuit.errors), "cost": float(minuit.fval)}
    if kind == "unbinned_crystal_ball":
        found["known"] = how_well_known((minuit.fcn, finer), minuit.values, minuit.errors, exact)
    return {**case, **found}


def how_well_known(functions, values, errors, exact):
    """How far the errors move with the step and the nodes of the integral, as shares of them: without bins the curvature of this
    likelihood jumps wherever a value passes the joint of the tail, so that it is known no better than that."""
    steps = (0.00125, 0.0025, 0.005, 0.01, 0.02)
    others = [second_derivatives(function, values, errors, share) for function in functions for share in steps]
    return np.max([np.abs(np.array(other) / exact - 1) for other in others if other], axis=0).tolist()


def second_derivatives(function, values, errors, share=0.005):
    """Errors at iminuit's minimum by central differences: HESSE is right to a percent only where parameters are correlated."""
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
    variances = 2 * np.diag(np.linalg.inv(second))
    return np.sqrt(variances).tolist() if (variances > 0).all() else None


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
