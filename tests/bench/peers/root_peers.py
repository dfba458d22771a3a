"""root_peers.py PATH RUNS: median seconds of uproot and of RDataFrame (compiled, two threads), and the rows that pass."""
import concurrent.futures
import sys
import time
import warnings

warnings.simplefilter("ignore")
import numpy as np
import ROOT
import uproot

path, runs = sys.argv[1], int(sys.argv[2])
COLUMNS = ["pRecoil", "mu1P", "pRecoilTheta", "clusterTiming", "mRecoil"]
threads = concurrent.futures.ThreadPoolExecutor(2)
ROOT.EnableImplicitMT(2)
ROOT.gInterpreter.Declare(
    """bool passes(double a, double b, double c, double d) { return a > .5 && b < 3 && .3 < c && c < 2.6 && d > -2; }
    double rdf(const char* path) {
      ROOT::RDataFrame frame("variables", path);
      auto h = frame.Filter(passes, {"pRecoil", "mu1P", "pRecoilTheta", "clusterTiming"})
                    .Histo1D<double>({"h", "h", 100, -5, 5}, "mRecoil");
      return h->GetEntries();
    }"""
)


def with_uproot():
    tree = uproot.open(path)["variables"]
    a = tree.arrays(COLUMNS, library="np", decompression_executor=threads, interpretation_executor=threads)
    mask = (a["pRecoil"] > 0.5) & (a["mu1P"] < 3) & (0.3 < a["pRecoilTheta"]) & (a["pRecoilTheta"] < 2.6)
    mask &= a["clusterTiming"] > -2
    np.histogram(a["mRecoil"][mask], 100, (-5, 5))
    return mask.sum()


def median(work):
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - start)
    return sorted(times[1:])[runs // 2], answer


uproot_seconds, passed = median(with_uproot)
rdf_seconds, entries = median(lambda: ROOT.rdf(path))
assert passed == entries, (passed, entries)
print(uproot_seconds, rdf_seconds, int(passed))
