"""peers.py FOLDER: reads the files of tests/writing.rs with uproot, and with ROOT where it is installed."""
import glob, sys, warnings

warnings.simplefilter("ignore")
import awkward as ak
import numpy as np
import uproot

ROWS = 300_000
k = np.arange(ROWS)
expected = dict(
    x=k / 8.0, e=(2**32 - 1 - k).astype("u4"), big=-(1 << 40) * k, small=k.astype("i1"), ok=k % 3 == 0,
    p=(3 * k[:, None] + np.arange(3)).astype("i2"),
)
names = ["" if i % 3 == 0 else chr(97 + i % 26) * (3 if i % 3 == 1 else 300) for i in range(ROWS)]
counts = k % 4


def with_uproot(path):
    file = uproot.open(path)
    tree = file["events"]
    assert tree.num_entries == ROWS
    for name, values in expected.items():
        found = tree[name].array(library="np")
        assert found.dtype == values.dtype and np.array_equal(found, values), name
    assert tree["name"].array().tolist() == names
    pt = tree["pt"].array()
    assert np.array_equal(ak.num(pt), counts) and np.array_equal(tree["npt"].array(library="np"), counts)
    assert np.array_equal(ak.flatten(pt)[:6], np.array([1, 2, 2.25, 3, 3.25, 3.5], "f4"))
    good = tree["good"].array()
    assert good[7].tolist() == [False, False, True]
    h1 = file["h1"]
    assert h1.values(flow=True).tolist() == [1, 2, 3.5, 4, 5] and h1.variances(flow=True).tolist() == [1, 2.5, 3, 4, 5]
    assert h1.axis().edges().tolist() == [0, 1, 2, 4]
    h2 = file["h2"]
    assert h2.values(flow=True).T.ravel().tolist() == list(range(20))
    assert file["p"].values().tolist() == [2, 2.5]


def with_root(path):
    import ROOT

    ROOT.gErrorIgnoreLevel = ROOT.kWarning
    file = ROOT.TFile(path)
    assert not file.IsZombie() and not file.TestBit(ROOT.TFile.kRecovered)
    tree = file.Get("events")
    assert tree.GetEntries() == ROWS
    for i in list(range(0, 40)) + list(range(ROWS - 3, ROWS)) + [131071, 131072, 131073]:
        tree.GetEntry(i)
        leaf = lambda name: tree.GetLeaf(name)
        for name in ("x", "e", "big", "small"):
            assert leaf(name).GetValue() == expected[name][i], (name, i)
        assert bool(leaf("ok").GetValue()) == (i % 3 == 0)
        assert [leaf("p").GetValue(j) for j in range(3)] == expected["p"][i].tolist(), i
        assert leaf("npt").GetValue() == i % 4
        assert [leaf("pt").GetValue(j) for j in range(i % 4)] == [i + j / 4 for j in range(i % 4)], i
        assert str(leaf("name").GetValueString()) == names[i], i
    frame = ROOT.RDataFrame("events", path)
    assert abs(frame.Sum("x").GetValue() - expected["x"].sum()) < 1e-3
    assert frame.Define("first", "pt.size()").Sum("first").GetValue() == counts.sum()
    h1 = file.Get("h1")
    assert [h1.GetBinContent(i) for i in range(5)] == [1, 2, 3.5, 4, 5] and abs(h1.GetBinError(1) ** 2 - 2.5) < 1e-12
    assert h1.GetEntries() == 15 and abs(h1.GetMean() - (2 * .5 + 3.5 * 1.5 + 4 * 3) / 9.5) < 1e-12
    h2 = file.Get("h2")
    assert [h2.GetBinContent(i) for i in range(20)] == list(range(20))
    p = file.Get("p")
    assert p.GetBinContent(1) == 2 and p.GetBinContent(2) == 2.5


for path in sorted(glob.glob(sys.argv[1] + "/*.root")):
    with_uproot(path)
    try:
        import ROOT
    except ImportError:
        print(path, "read by uproot; ROOT is not installed")
        continue
    with_root(path)
    print(path, "read by uproot and ROOT", ROOT.__version__)
