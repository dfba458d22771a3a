"""root_peers.py flat|list PATH RUNS: seconds and processor seconds of uproot and of RDataFrame (compiled; JIT), medians, on two
threads, and the rows or values that are counted."""
import concurrent.futures
import sys
import time
import warnings

warnings.simplefilter("ignore")
import awkward as ak
import numpy as np
import ROOT
import uproot

what, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
COLUMNS = ["pRecoil", "mu1P", "pRecoilTheta", "clusterTiming", "mRecoil"]
threads = concurrent.futures.ThreadPoolExecutor(2)
ROOT.EnableImplicitMT(2)
ROOT.gInterpreter.Declare(
    """bool passes(double a, double b, double c, double d) { return a > .5 && b < 3 && .3 < c && c < 2.6 && d > -2; }
    double pass_flat(const char* path) {
      ROOT::RDataFrame frame("variables", path);
      auto h = frame.Filter(passes, {"pRecoil", "mu1P", "pRecoilTheta", "clusterTiming"})
                    .Histo1D<double>({"h", "h", 100, -5, 5}, "mRecoil");
      return h->GetEntries();
    }
    double pass_list(const char* path) {
      ROOT::RDataFrame frame("Events", path);
      auto h = frame.Histo1D<ROOT::RVecF>({"h", "h", 100, 0, 200}, "Jet_pt");
      return h->GetEntries();
    }"""
)


def flat_uproot():
    tree = uproot.open(path)["variables"]
    a = tree.arrays(COLUMNS, library="np", decompression_executor=threads, interpretation_executor=threads)
    mask = (a["pRecoil"] > 0.5) & (a["mu1P"] < 3) & (0.3 < a["pRecoilTheta"]) & (a["pRecoilTheta"] < 2.6)
    mask &= a["clusterTiming"] > -2
    np.histogram(a["mRecoil"][mask], 100, (-5, 5))
    return mask.sum()


def flat_jit():
    frame = ROOT.RDataFrame("variables", path)
    cut = "pRecoil > .5 && mu1P < 3 && .3 < pRecoilTheta && pRecoilTheta < 2.6 && clusterTiming > -2"
    return frame.Filter(cut).Histo1D(("h", "h", 100, -5, 5), "mRecoil").GetEntries()


def list_uproot():
    events = uproot.open(path)["Events"]
    if isinstance(events, uproot.TTree):
        values = events["Jet_pt"].array(decompression_executor=threads, interpretation_executor=threads)
    else:
        values = events["Jet_pt"].array()
    flat = ak.flatten(values).to_numpy()
    np.histogram(flat, 100, (0, 200))
    return len(flat)


def list_jit():
    return ROOT.RDataFrame("Events", path).Histo1D(("h", "h", 100, 0, 200), "Jet_pt").GetEntries()


def median(work):
    times = []
    for _ in range(runs + 1):
        start, cpu = time.perf_counter(), time.process_time()
        answer = work()
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    return sorted(times[1:])[runs // 2] + (int(answer),)


works = [flat_uproot, lambda: ROOT.pass_flat(path), flat_jit] if what == "flat" else [list_uproot, lambda: ROOT.pass_list(path), list_jit]
answers = [median(work) for work in works]
assert len({answer for _, _, answer in answers}) == 1, answers
for wall, cpu, answer in answers:
    print(wall, cpu, answer)
