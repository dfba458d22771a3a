//! The eight queries of the HEP community's benchmark of analysis languages on 1000 events of CMS (record 6021, CC0), and
//! the reference histograms that are published beside it.

use data::{Data, Histogram, load};
use polars::prelude::*;
use std::path::Path;

const SAMPLE: &str = "../shared/samples/Run2012B_SingleMu-restructured-1000.parquet";

/// The events, and the folder of the references; `None` when one is not there.
fn events() -> Option<(Data, std::path::PathBuf)> {
    let references = recoil_tests::cases::folder("adl")?;
    let sample = recoil_tests::cases::project().join(SAMPLE);
    if !sample.is_file() {
        recoil_tests::skipped("ADL benchmark", &format!("no file {}", sample.display()));
        return None;
    }
    Some((load(&sample).unwrap(), references))
}

/// A reference folds under- and overflow into bins beside the range, and leaves out what is empty.
fn same(histogram: &Histogram, references: &Path, number: &str) {
    let text = std::fs::read_to_string(references.join(format!("ref-{number}.csv"))).unwrap();
    let expected: Vec<(f64, f64)> = text
        .lines()
        .skip(1)
        .map(|line| {
            let (x, y) = line.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        })
        .collect();
    let edges = histogram.edges();
    let width = edges[1] - edges[0];
    let centre = |at: usize| edges[0] + (at as f64 - 0.5) * width;
    let mut counts = vec![histogram.underflow()];
    counts.extend(histogram.counts());
    counts.push(histogram.overflow());
    let found: Vec<(f64, f64)> =
        counts.iter().enumerate().filter(|(_, count)| **count > 0.0).map(|(at, count)| (centre(at), *count)).collect();
    assert_eq!(found.len(), expected.len(), "query {number}: {found:?} {expected:?}");
    for ((x, y), (a, b)) in found.iter().zip(&expected) {
        assert!((x - a).abs() < 1e-6 && y == b, "query {number} at {a}: {y} and not {b}");
    }
}

/// A histogram with an entry for each object.
fn of_objects(data: &Data, value: &str, bins: (usize, f64, f64)) -> Histogram {
    let lists = data.define("value", value).select(["value"]).collect().unwrap();
    let lists = lists.column("value").unwrap().as_materialized_series().clone();
    let values = lists.explode(ExplodeOptions { empty_as_null: false, keep_nulls: false }).unwrap();
    let frame = DataFrame::new(values.len(), vec![values.into_column()]).unwrap();
    Data::from_frames([("objects", frame)]).unwrap().hist("value", bins).unwrap()
}

const MET: (usize, f64, f64) = (100, 0.0, 2000.0);

#[test]
fn query_1_missing_energy() {
    let Some((data, references)) = events() else { return };
    same(&data.hist("MET.pt", MET).unwrap(), &references, "1");
}

#[test]
fn query_2_all_jets() {
    let Some((data, references)) = events() else { return };
    same(&of_objects(&data, "Jet.pt", (100, 15.0, 60.0)), &references, "2");
}

#[test]
fn query_3_central_jets() {
    let Some((data, references)) = events() else { return };
    same(&of_objects(&data, "Jet[abs(eta) < 1].pt", (100, 15.0, 60.0)), &references, "3");
}

#[test]
fn query_4_two_hard_jets() {
    let Some((data, references)) = events() else { return };
    same(&data.query("count(Jet.pt > 40) > 1").hist("MET.pt", MET).unwrap(), &references, "4");
}

#[test]
fn query_5_muons_of_a_z() {
    let Some((data, references)) = events() else { return };
    let z = "any(60 < mass(a, b) < 120 & a.charge != b.charge for a, b in pairs(Muon))";
    same(&data.query(z).hist("MET.pt", MET).unwrap(), &references, "5");
}

#[test]
fn query_6_the_trijet_nearest_to_the_top() {
    let Some((data, references)) = events() else { return };
    let top = data.define("top", "argmin(abs(mass(t) - 172.5) for t in triples(Jet))");
    let both = top.hists([("pt(top)", (100, 15.0, 40.0)), ("max(top.btag)", (100, 0.0, 1.0))]).unwrap();
    same(&both[0], &references, "6-1");
    same(&both[1], &references, "6-2");
    assert_eq!((both[0].nan(), both[1].nan()), (726.0, 726.0));
}

#[test]
fn query_7_jets_away_from_leptons() {
    let Some((data, references)) = events() else { return };
    let good = "[j for j in Jet if j.pt > 30 & all(dR(j, l) >= 0.4 for l in lepton)]";
    let data = data.define("lepton", "(Muon + Electron)[pt > 10]").define("good", good).query("len(good) > 0");
    same(&data.hist("sum(good.pt)", (100, 15.0, 200.0)).unwrap(), &references, "7");
}

#[test]
fn query_8_the_lepton_beside_a_z() {
    let Some((data, references)) = events() else { return };
    let z = "argmin(abs(mass(a, b) - 91.2) for a, b in pairs(lepton) if a.charge != b.charge & a.kind == b.kind)";
    let data = data.define("lepton", "Muon + Electron").query("len(lepton) > 2").define("Z", z).query("has(Z)");
    let mt = "mt(MET, argmax(l.pt for l in lepton if l not in Z))";
    same(&data.hist(mt, (100, 15.0, 250.0)).unwrap(), &references, "8");
}
