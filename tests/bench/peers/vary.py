"""vary.py PEER WHAT FOLDER: ten weighted histograms of flat/*, nominal alone or in eleven universes, by RDataFrame (`rdf`, with
expressions as text, on two threads) or by numpy with boost-histogram's MultiCell, written by hand (`multicell`). Prints
processor seconds, wall seconds, peak MB, and the sums of the histograms, universe by universe. `jit` as a peer runs RDataFrame
over ten rows: what it takes to compile."""
import os
import resource
import sys
import time

PROCESSES = ("dy", "ttbar", "higgs")
AXES = {
    "m": (60, 60.0, 180.0), "pt12": (50, 0.0, 200.0), "pt1": (50, 25.0, 175.0), "pt2": (50, 20.0, 120.0),
    "eta1": (48, -2.4, 2.4), "eta2": (48, -2.4, 2.4), "phi1": (64, -3.2, 3.2), "phi2": (64, -3.2, 3.2),
    "met": (50, 0.0, 200.0), "njet": (10, 0.0, 10.0),
}
WEIGHTS = {"id": "sf_id", "trig": "sf_trig", "pileup": "pu"}
UNIVERSES = ["nominal"] + [f"{s}:{d}" for s in ("id", "trig", "pileup", "muscale", "metscale") for d in ("up", "dn")]


def with_rdf(folder, vary, rows=None):
    import ROOT

    ROOT.gROOT.SetBatch(True)
    if rows is None:
        ROOT.EnableImplicitMT(2)
    frame = ROOT.RDataFrame("events", [f"{folder}/flat/{process}.root" for process in PROCESSES])
    if rows is not None:
        frame = frame.Range(rows)
    if vary:
        for source, column in WEIGHTS.items():
            frame = frame.Vary(column, f"ROOT::RVecF{{{column}_up, {column}_dn}}", ["up", "dn"], source)
        both = "ROOT::RVec<ROOT::RVecF>{{pt1 * 1.002f, pt1 * 0.998f}, {pt2 * 1.002f, pt2 * 0.998f}}"
        frame = frame.Vary(["pt1", "pt2"], both, ["up", "dn"], "muscale")
        frame = frame.Vary("met", "ROOT::RVecF{met * 1.05f, met * 0.95f}", ["up", "dn"], "metscale")
    frame = frame.Define("weight", "w * sf_id * sf_trig * pu")
    frame = frame.Define("m", "sqrt(2 * pt1 * pt2 * (cosh(eta1 - eta2) - cos(phi1 - phi2)))")
    frame = frame.Define("pt12", "sqrt(pt1 * pt1 + pt2 * pt2 + 2 * pt1 * pt2 * cos(phi1 - phi2))")
    frame = frame.Filter("pt1 > 25 && pt2 > 20 && abs(eta1) < 2.4 && abs(eta2) < 2.4").Filter("met < 150")
    booked = [frame.Histo1D((name, name, *bins), name, "weight") for name, bins in AXES.items()]
    if not vary:
        return [[h.GetSumOfWeights() for h in booked]]
    booked = [ROOT.RDF.Experimental.VariationsFor(h) for h in booked]
    return [[h[universe].GetSumOfWeights() for h in booked] for universe in UNIVERSES]


def with_multicell(folder, vary):
    import boost_histogram as bh
    import numpy as np
    import pyarrow.parquet as pq

    f4 = np.float32
    count = len(UNIVERSES) if vary else 1
    axes = [bh.axis.Regular(*bins) for bins in AXES.values()]
    # Sources that are weights share rows and bins; of the others each has its own.
    shared = [bh.Histogram(axis, storage=bh.storage.MultiCell(7 if vary else 1)) for axis in axes]
    others = [[bh.Histogram(axis, storage=bh.storage.Double()) for axis in axes] for _ in range(count - 7 if vary else 0)]
    needed = ["pt1", "eta1", "phi1", "pt2", "eta2", "phi2", "met", "njet", "w"]
    needed += [c + end for c in WEIGHTS.values() for end in (("", "_up", "_dn") if vary else ("",))]
    for process in PROCESSES:
        file = pq.ParquetFile(f"{folder}/flat/{process}/events.parquet")
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=needed)
            d = {name: table[name].to_numpy() for name in needed}
            fixed = (abs(d["eta1"]) < 2.4) & (abs(d["eta2"]) < 2.4)
            apart = np.cosh(d["eta1"] - d["eta2"]) - np.cos(d["phi1"] - d["phi2"])
            along = np.cos(d["phi1"] - d["phi2"])
            nominal = d["w"] * d["sf_id"] * d["sf_trig"] * d["pu"]
            for at in range(max(1, count - 6)):
                p = {1: f4(1.002), 2: f4(0.998)}.get(at, f4(1))
                k = {3: f4(1.05), 4: f4(0.95)}.get(at, f4(1))
                pt1, pt2, met = (d["pt1"] * p, d["pt2"] * p, d["met"]) if at in (1, 2) else (d["pt1"], d["pt2"], d["met"])
                met = met * k if at in (3, 4) else met
                keep = np.flatnonzero(fixed & (pt1 > 25) & (pt2 > 20) & (met < 150))
                pt1, pt2 = pt1[keep], pt2[keep]
                m = np.sqrt(2 * pt1 * pt2 * apart[keep])
                pt12 = np.sqrt(pt1 * pt1 + pt2 * pt2 + 2 * pt1 * pt2 * along[keep])
                columns = [m, pt12, pt1, pt2, *(d[c][keep] for c in ("eta1", "eta2", "phi1", "phi2")), met[keep], d["njet"][keep]]
                if at == 0:
                    weights = [nominal[keep]]
                    if vary:
                        for column in WEIGHTS.values():
                            rest = d["w"][keep]
                            for other in WEIGHTS.values():
                                rest = rest * d[other][keep] if other != column else rest
                            weights += [rest * d[column + end][keep] for end in ("_up", "_dn")]
                    weights = np.stack(weights, axis=1)
                    for h, column in zip(shared, columns):
                        h.fill(column, weight=weights)
                else:
                    weight = nominal[keep]
                    for h, column in zip(others[at - 1], columns):
                        h.fill(column, weight=weight)
    sums = [h.view(flow=False).sum(axis=1) for h in shared]
    first = [[float(s[u]) for s in sums] for u in range(7 if vary else 1)]
    return first + [[float(h.view(flow=False).sum()) for h in one] for one in others]


def main(peer, what, folder):
    if peer == "multicell":
        import boost_histogram, pyarrow.parquet  # noqa: E401, F401
    else:
        import ROOT  # noqa: F401
    start, before = time.perf_counter(), os.times()
    if peer == "multicell":
        sums = with_multicell(folder, what == "vary")
    else:
        sums = with_rdf(folder, what == "vary", 10 if peer == "jit" else None)
    after = os.times()
    cpu, wall = after.user + after.system - before.user - before.system, time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(cpu, wall, peak, *(value for one in sums for value in one))


if __name__ == "__main__":
    main(*sys.argv[1:])
