"""root_nano.py FOLDER EVENTS: events with lists of jets and muons, as NanoAOD has them, as a TTree and as an RNTuple (zstd)."""
import sys
import warnings

warnings.simplefilter("ignore")
import ROOT

folder, events = sys.argv[1], int(sys.argv[2])
ROOT.gInterpreter.Declare(r"""
ROOT::RVecF values(ULong64_t entry, int seed, int most, double scale) {
  TRandom3 random(entry * 16 + seed);
  TRandom3 number(entry * 16 + most);
  ROOT::RVecF out(number.Integer(most));
  for (auto& value : out) value = 20 + random.Exp(scale);
  return out;
}
""")
frame = ROOT.RDataFrame(events)
for name, seed, most, scale in [("Jet_pt", 1, 9, 40), ("Jet_eta", 2, 9, 1), ("Muon_pt", 3, 4, 20), ("Muon_eta", 4, 4, 1)]:
    frame = frame.Define(name, f"values(rdfentry_, {seed}, {most}, {scale})")
frame = frame.Define("MET_pt", "float(TRandom3(rdfentry_ + 1).Exp(30))").Define("run", "int(rdfentry_ / 100000)")
columns = ["run", "MET_pt", "Jet_pt", "Jet_eta", "Muon_pt", "Muon_eta"]
options = ROOT.RDF.RSnapshotOptions()
options.fCompressionAlgorithm = ROOT.RCompressionSetting.EAlgorithm.kZSTD
options.fCompressionLevel = 5
frame.Snapshot("Events", folder + "/nano_tree.root", columns, options)
options.fOutputFormat = ROOT.RDF.ESnapshotOutputFormat.kRNTuple
frame.Snapshot("Events", folder + "/nano_ntuple.root", columns, options)
