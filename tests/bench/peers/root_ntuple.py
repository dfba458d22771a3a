"""root_ntuple.py PATH ROWS SETTING: a flat ntuple of 60 columns as basf2's VariablesToNtuple writes it, by ROOT."""
import sys
import warnings

warnings.simplefilter("ignore")
import ROOT

NAMES = "mu1P mu2P pRecoil pRecoilTheta mRecoil clusterTiming".split() + [f"v{i}" for i in range(48)]
ROOT.gInterpreter.Declare(r"""
void ntuple(const char* path, long rows, int setting, std::vector<std::string> names) {
  TFile file(path, "RECREATE"); file.SetCompressionSettings(setting); TTree tree("variables", "ntuple");
  int experiment = 12, run = 0, candidate = 0, candidates = 1; unsigned event = 0; double weight = 1;
  tree.Branch("__experiment__", &experiment); tree.Branch("__run__", &run); tree.Branch("__event__", &event);
  tree.Branch("__candidate__", &candidate); tree.Branch("__ncandidates__", &candidates); tree.Branch("__weight__", &weight);
  std::vector<double> v(names.size());
  for (size_t i = 0; i < names.size(); i++) tree.Branch(names[i].c_str(), &v[i], (names[i] + "/D").c_str());
  TRandom3 random(1);
  for (long row = 0; row < rows; row++) {
    event = row + 1; run = row / 50000;
    for (size_t i = 0; i < v.size(); i++) {
      // Half of what basf2 writes are floats in doubles, some are flags and counts.
      switch (i) {
        case 0: case 1: v[i] = float(.2 + random.Exp(1.2)); break;
        case 2: v[i] = float(random.Exp(2.0)); break;
        case 3: v[i] = float(acos(1 - 2 * random.Rndm())); break;
        case 4: v[i] = random.Gaus(0, 1); break;
        case 5: v[i] = random.Rndm() < .15 ? NAN : float(random.Gaus()); break;
        default: v[i] = i % 5 == 0 ? int(random.Rndm() * 60) : i % 5 == 1 ? -1 : i % 2 ? double(float(random.Gaus())) : random.Rndm();
      }
    }
    tree.Fill();
  }
  tree.Write(); file.Close();
}
""")
ROOT.ntuple(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), ROOT.std.vector["std::string"](NAMES))
