// adl QUERY FILE RUNS THREADS: one query of the ADL benchmark in RDataFrame, compiled; prints the least processor seconds and
// the least wall seconds of RUNS runs after one that warms up, the peak memory of the process in MB, and the counts of the
// histogram.
#include <ROOT/RDataFrame.hxx>
#include <ROOT/RVec.hxx>
#include <TROOT.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>
#include <vector>

using ROOT::RDataFrame;
using Floats = ROOT::RVec<float>;
using Ints = ROOT::RVec<int>;

static double seconds(const timeval &t) { return t.tv_sec + 1e-6 * t.tv_usec; }

struct Vectors {
  std::vector<double> x, y, z, e;
};

static Vectors vectors(const Floats &pt, const Floats &eta, const Floats &phi, const Floats &mass) {
  Vectors v;
  auto n = pt.size();
  v.x.resize(n), v.y.resize(n), v.z.resize(n), v.e.resize(n);
  for (size_t i = 0; i < n; i++) {
    double p = pt[i], m = mass[i];
    v.x[i] = p * std::cos(double(phi[i])), v.y[i] = p * std::sin(double(phi[i])), v.z[i] = p * std::sinh(double(eta[i]));
    v.e[i] = std::sqrt(v.x[i] * v.x[i] + v.y[i] * v.y[i] + v.z[i] * v.z[i] + m * m);
  }
  return v;
}

static double mass(double x, double y, double z, double e) {
  double square = e * e - x * x - y * y - z * z;
  return square < 0 ? -std::sqrt(-square) : std::sqrt(square);
}

static double wrapped(double a) { return a - 2 * M_PI * std::nearbyint(a / (2 * M_PI)); }

static std::vector<double> counts(ROOT::RDF::RResultPtr<TH1D> h) {
  std::vector<double> out;
  for (int i = 1; i <= 100; i++)
    out.push_back(h->GetBinContent(i));
  return out;
}

static std::vector<double> run(int query, const char *path) {
  RDataFrame d("Events", path);
  if (query == 1)
    return counts(d.Histo1D<float>({"", "", 100, 0, 2000}, "MET_pt"));
  if (query == 2)
    return counts(d.Histo1D<Floats>({"", "", 100, 15, 60}, "Jet_pt"));
  if (query == 3)
    return counts(d.Define("good", [](const Floats &pt, const Floats &eta) { return Floats(pt[abs(eta) < 1.f]); }, {"Jet_pt", "Jet_eta"})
                      .Histo1D<Floats>({"", "", 100, 15, 60}, "good"));
  if (query == 4)
    return counts(d.Filter([](const Floats &pt) { int n = 0; for (auto p : pt) n += p > 40; return n > 1; }, {"Jet_pt"})
                      .Histo1D<float>({"", "", 100, 0, 2000}, "MET_pt"));
  if (query == 5)
    return counts(d.Filter([](int n) { return n > 1; }, {"nMuon"})
                      .Filter(
                          [](const Floats &pt, const Floats &eta, const Floats &phi, const Floats &m, const Ints &q) {
                            auto v = vectors(pt, eta, phi, m);
                            for (size_t i = 0; i < pt.size(); i++)
                              for (size_t j = i + 1; j < pt.size(); j++)
                                if (q[i] != q[j]) {
                                  double w = mass(v.x[i] + v.x[j], v.y[i] + v.y[j], v.z[i] + v.z[j], v.e[i] + v.e[j]);
                                  if (w > 60 && w < 120)
                                    return true;
                                }
                            return false;
                          },
                          {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge"})
                      .Histo1D<float>({"", "", 100, 0, 2000}, "MET_pt"));
  if (query == 6) {
    struct Top { double pt, tag; };
    auto top = d.Filter([](int n) { return n > 2; }, {"nJet"})
                   .Define("top",
                           [](const Floats &pt, const Floats &eta, const Floats &phi, const Floats &m, const Floats &tag) {
                             auto v = vectors(pt, eta, phi, m);
                             double best = 1e300;
                             Top top{0, 0};
                             size_t n = pt.size();
                             for (size_t i = 0; i < n; i++)
                               for (size_t j = i + 1; j < n; j++)
                                 for (size_t k = j + 1; k < n; k++) {
                                   double x = v.x[i] + v.x[j] + v.x[k], y = v.y[i] + v.y[j] + v.y[k];
                                   double z = v.z[i] + v.z[j] + v.z[k], e = v.e[i] + v.e[j] + v.e[k];
                                   double off = std::abs(mass(x, y, z, e) - 172.5);
                                   if (off < best) {
                                     best = off;
                                     top = {std::sqrt(x * x + y * y), std::max({tag[i], tag[j], tag[k]})};
                                   }
                                 }
                             return top;
                           },
                           {"Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btag"})
                   .Define("pt", [](const Top &t) { return t.pt; }, {"top"})
                   .Define("tag", [](const Top &t) { return t.tag; }, {"top"});
    auto a = top.Histo1D<double>({"", "", 100, 15, 40}, "pt"), b = top.Histo1D<double>({"", "", 100, 0, 1}, "tag");
    return counts(a);
  }
  if (query == 7)
    return counts(d.Define("sum",
                           [](const Floats &pt, const Floats &eta, const Floats &phi, const Floats &mpt, const Floats &meta,
                              const Floats &mphi, const Floats &ept, const Floats &eeta, const Floats &ephi) {
                             double sum = 0;
                             bool any = false;
                             auto near = [](double eta, double phi, const Floats &p, const Floats &a, const Floats &b) {
                               for (size_t l = 0; l < p.size(); l++)
                                 if (p[l] > 10) {
                                   double x = eta - a[l], y = wrapped(phi - b[l]);
                                   if (std::sqrt(x * x + y * y) < 0.4)
                                     return true;
                                 }
                               return false;
                             };
                             for (size_t i = 0; i < pt.size(); i++)
                               if (pt[i] > 30 && !near(eta[i], phi[i], mpt, meta, mphi) && !near(eta[i], phi[i], ept, eeta, ephi))
                                 sum += pt[i], any = true;
                             return any ? sum : -1;
                           },
                           {"Jet_pt", "Jet_eta", "Jet_phi", "Muon_pt", "Muon_eta", "Muon_phi", "Electron_pt", "Electron_eta", "Electron_phi"})
                      .Filter([](double sum) { return sum >= 0; }, {"sum"})
                      .Histo1D<double>({"", "", 100, 15, 200}, "sum"));
  return counts(d.Filter([](int a, int b) { return a + b > 2; }, {"nMuon", "nElectron"})
                    .Define("mt",
                            [](const Floats &mpt, const Floats &meta, const Floats &mphi, const Floats &mm, const Ints &mq,
                               const Floats &ept, const Floats &eeta, const Floats &ephi, const Floats &em, const Ints &eq, float met, float angle) {
                              auto pt = ROOT::VecOps::Concatenate(mpt, ept), phi = ROOT::VecOps::Concatenate(mphi, ephi);
                              auto v = vectors(pt, ROOT::VecOps::Concatenate(meta, eeta), phi, ROOT::VecOps::Concatenate(mm, em));
                              auto q = ROOT::VecOps::Concatenate(mq, eq);
                              size_t n = pt.size(), muons = mpt.size(), a = n, b = n;
                              double best = 1e300;
                              for (size_t i = 0; i < n; i++)
                                for (size_t j = i + 1; j < n; j++)
                                  if (q[i] != q[j] && (i < muons) == (j < muons)) {
                                    double off = std::abs(mass(v.x[i] + v.x[j], v.y[i] + v.y[j], v.z[i] + v.z[j], v.e[i] + v.e[j]) - 91.2);
                                    if (off < best)
                                      best = off, a = i, b = j;
                                  }
                              if (a == n)
                                return -1.;
                              size_t top = n;
                              for (size_t i = 0; i < n; i++)
                                if (i != a && i != b && (top == n || pt[i] > pt[top]))
                                  top = i;
                              return std::sqrt(2. * met * pt[top] * (1 - std::cos(double(angle) - phi[top])));
                            },
                            {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge", "Electron_pt", "Electron_eta", "Electron_phi",
                             "Electron_mass", "Electron_charge", "MET_pt", "MET_phi"})
                    .Filter([](double mt) { return mt >= 0; }, {"mt"})
                    .Histo1D<double>({"", "", 100, 15, 250}, "mt"));
}

int main(int, char **argv) {
  int query = std::atoi(argv[1]), runs = std::atoi(argv[3]), threads = std::atoi(argv[4]);
  if (threads > 1)
    ROOT::EnableImplicitMT(threads);
  double cpu = 1e300, wall = 1e300;
  std::vector<double> counted;
  rusage usage;
  for (int i = 0; i <= runs; i++) {
    getrusage(RUSAGE_SELF, &usage);
    double before = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    auto start = std::chrono::steady_clock::now();
    counted = run(query, argv[2]);
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    getrusage(RUSAGE_SELF, &usage);
    if (i > 0)
      cpu = std::min(cpu, seconds(usage.ru_utime) + seconds(usage.ru_stime) - before), wall = std::min(wall, took.count());
  }
  std::printf("%f %f %f", cpu, wall, usage.ru_maxrss / 1024.);
  for (auto n : counted)
    std::printf(" %.0f", n);
}
