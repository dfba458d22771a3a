"""adding.py BEFORE AFTER: files of the folder AFTER have what those of the folder BEFORE have, and three objects more."""
import glob
import os
import sys
import warnings

warnings.simplefilter("ignore")
import awkward as ak
import uproot

NEW = {"new_tree", "new_ntuple", "new_hist"}


def tables(path):
    file = uproot.open(path)
    found = {}
    for name, cls in file.classnames(cycle=False).items():
        if cls in ("TTree", "ROOT::RNTuple") and name not in NEW:
            table = file[name]
            for key in table.keys():
                try:
                    found[name, key] = ak.to_list(table[key].array())
                except Exception as error:
                    found[name, key] = type(error).__name__
    return found


def with_root(before, after):
    import ROOT

    ROOT.gErrorIgnoreLevel = ROOT.kError
    old, new = ROOT.TFile(before), ROOT.TFile(after)
    assert not new.IsZombie() and not new.TestBit(ROOT.TFile.kRecovered), after
    names = lambda file: {key.GetName() for key in file.GetListOfKeys()}
    assert names(new) == names(old) | NEW, names(new)
    for name in names(old):
        tree = old.Get(name)
        if isinstance(tree, ROOT.TTree):
            assert new.Get(name).GetEntries() == tree.GetEntries()
    assert [new.Get("new_hist").GetBinContent(i) for i in range(4)] == [1, 2, 3, 4]
    for table in ("new_tree", "new_ntuple"):
        frame = ROOT.RDataFrame(table, after)
        assert list(frame.AsNumpy(["n"])["n"]) == [7, 8, 9]
        assert frame.Define("s", "Sum(l)").Sum("s").GetValue() == 4.5
    # ROOT can go on with the file.
    old.Close()
    new.Close()
    file = ROOT.TFile(after, "UPDATE")
    hist = ROOT.TH1D("more", "", 2, 0, 1)
    hist.Fill(0.1)
    hist.Write()
    file.Close()
    file = ROOT.TFile(after)
    assert file.Get("more").GetEntries() == 1 and file.Get("new_hist").GetEntries() == 10
    file.Close()


for after in sorted(glob.glob(sys.argv[2] + "/*.root")):
    before = os.path.join(sys.argv[1], os.path.basename(after))
    old, new = tables(before), tables(after)
    assert old == new, after
    file = uproot.open(after)
    assert file["new_tree"]["n"].array().tolist() == [7, 8, 9] and file["new_ntuple"]["n"].array().tolist() == [7, 8, 9]
    assert file["new_ntuple"]["l"].array().tolist() == [[0.5], [], [1.5, 2.5]] == file["new_tree"]["l"].array().tolist()
    assert file["new_hist"].values(flow=True).tolist() == [1, 2, 3, 4]
    try:
        import ROOT
    except ImportError:
        print(after, "read by uproot; ROOT is not installed")
        continue
    with_root(before, after)
    print(after, "read by uproot and ROOT, and written on by ROOT")
