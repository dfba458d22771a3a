"""root_written.py FOLDER: compares every N.root of the folder with N.json, as uproot and as ROOT read it."""
import glob
import json
import math
import sys
import warnings

warnings.simplefilter("ignore")
import awkward as ak
import ROOT
import uproot

ROOT.gErrorIgnoreLevel = ROOT.kWarning


def leaf(of):
    while of.startswith(("list[", "array[")):
        of = of[of.index("[") + 1 : -1]
        of = of.rsplit(", ", 1)[0] if ", " in of else of
    return of


def same(found, expected, of):
    """Whether values are equal; NaN is equal to NaN."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(same(a, b, of) for a, b in zip(found, expected))
    if of in ("f32", "f64"):
        expected = float(expected.replace("NaN", "nan"))
        return math.isnan(found) if math.isnan(expected) else found == expected
    if of in ("i8", "u8") and isinstance(found, str):
        # ROOT gives bytes as characters.
        found = ord(found) if of == "u8" or ord(found) < 128 else ord(found) - 256
    if of == "bool":
        return bool(found) == expected
    return found == expected


def plain(value, of):
    """Values of ROOT as those of Python."""
    if of == "text" and not hasattr(value, "size"):
        return str(value)
    if of == "text" and isinstance(value, (str, ROOT.std.string)):
        return str(value)
    if hasattr(value, "size") and hasattr(value, "__getitem__") and not isinstance(value, str):
        size = value.size() if callable(value.size) else len(value)
        return [plain(value[i], of) for i in range(size)]
    return value


def with_root(path, told):
    columns = told["columns"]
    file = ROOT.TFile(path)
    assert not file.IsZombie() and not file.TestBit(ROOT.TFile.kRecovered), path
    names = {key.GetName(): key.GetClassName() for key in file.GetListOfKeys()}
    assert "t" in names, names
    if names["t"] == "TTree":
        tree = file.Get("t")
        assert tree.GetEntries() == told["rows"]
        for row in range(told["rows"]):
            tree.GetEntry(row)
            for name, column in columns.items():
                found, expected = tree.GetLeaf(name), column["values"][row]
                if column["type"] == "text":
                    values = str(found.GetValueString())
                elif isinstance(expected, list):
                    values = [wide(found, j, column["type"]) for j in range(len(expected))]
                    if column["type"].startswith("list"):
                        assert tree.GetLeaf("n" + name).GetValue() == len(expected)
                else:
                    values = wide(found, 0, column["type"])
                assert same(values, expected, leaf(column["type"])), ("ROOT", path, name, row, values, expected)
        return
    reader = ROOT.RNTupleReader.Open("t", path)
    assert reader.GetNEntries() == told["rows"]
    entry = reader.CreateEntry()
    for row in range(told["rows"]):
        reader.LoadEntry(row, entry)
        for name, column in columns.items():
            values = plain(entry[name], leaf(column["type"]))
            assert same(values, column["values"][row], leaf(column["type"])), ("ROOT", path, name, row, values)


def wide(found, at, of):
    """A value of a leaf; integers of eight bytes without a detour over doubles."""
    if leaf(of) in ("i64", "u64"):
        value = int(found.GetTypedValue["Long64_t"](at)) if leaf(of) == "i64" else int(found.GetTypedValue["ULong64_t"](at))
        return value
    return found.GetValue(at)


def with_uproot(path, told):
    table = uproot.open(path)["t"]
    assert table.num_entries == told["rows"]
    for name, column in told["columns"].items():
        found = ak.to_list(table[name].array())
        assert same(found, column["values"], leaf(column["type"])), ("uproot", path, name, column["type"])


paths = sorted(glob.glob(sys.argv[1] + "/*.root"))
for path in paths:
    told = json.load(open(path.replace(".root", ".json")))
    with_uproot(path, told)
    with_root(path, told)
print(f"{len(paths)} files are the same for uproot {uproot.__version__} and ROOT {ROOT.__version__}")
