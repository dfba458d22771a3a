//! Access, steps and terminals over toy data.

use data::{Data, Highest, Lowest, load};
use polars::prelude::*;
use recoil_tests::running::Folder;
use std::sync::OnceLock;

/// Toy data, made once.
fn toy() -> Data {
    static TOY: OnceLock<Folder> = OnceLock::new();
    let root = TOY.get_or_init(|| {
        let root = Folder::until_exit();
        toy::toy(root.path(), 20_000, 1).expect("toy data");
        root
    });
    load(root.path()).expect("toy data opens")
}

/// The rows of one process by Polars alone.
fn frame(name: &str) -> DataFrame {
    toy()[name].collect().expect("collects")
}

const MUMU: &str = "P16M16rd_mc_mumu_p16_v1";

#[test]
fn processes_and_groups_are_found_by_their_names() {
    let data = toy();
    assert_eq!(data.processes().len(), 5);
    assert_eq!(&data.groups()[..], ["all", "data", "llYY", "mumu", "taupair"]);
    assert!(data.columns().contains(&"pRecoil".to_owned()));
    assert_eq!(data["mumu"].process_names(), [MUMU]);
    assert_eq!(data[MUMU].process_names(), data.group("mumu").process_names());
    assert_eq!((data.group("llYY") + data.group("mumu")).process_names().len(), 3);
    assert_eq!((data.all().clone() - data.group("data")).process_names().len(), 4);
}

#[test]
fn a_cut_keeps_the_rows_that_polars_keeps_with_ieee_meaning() {
    let data = toy();
    let expected = frame(MUMU)
        .lazy()
        .filter(col("pRecoil").gt(2.0).and(col("pRecoilTheta").gt(0.3)).and(col("pRecoilTheta").lt(2.6)))
        .collect()
        .unwrap()
        .height() as u64;
    let chain = data.group("mumu").query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3");
    assert_eq!(chain.count().unwrap(), expected);
    assert_eq!(chain.row_numbers().unwrap().len() as u64, expected);
    assert_eq!(chain.collect().unwrap().height() as u64, expected);
    // NaN passes no comparison, though Polars would let it.
    let clusters = data["mumu"].query("mu1clusterE > -1").count().unwrap();
    let nans = frame(MUMU).column("mu1clusterE").unwrap().is_not_nan().unwrap().sum().unwrap();
    assert_eq!(clusters, u64::from(nans));
}

#[test]
fn names_in_a_cut_are_bound_before_or_behind_it() {
    let group = &toy()["mumu"];
    let plain = group.query("mu1P < 2.5").count().unwrap();
    assert_eq!(group.query("mu1P < @cut").bind("cut", 2.5).count().unwrap(), plain);
    let cut = 2.5;
    assert_eq!(group.query(data::Selection::new("mu1P < @cut").bind("cut", cut)).count().unwrap(), plain);
    let error = group.query("mu1P < @cut").count().unwrap_err().to_string();
    assert!(error.contains("@cut"), "{error}");
}

#[test]
fn defined_columns_can_be_cut_on_and_filled() {
    let group =
        toy()["mumu"]
            .define("pt", "mu1P * sin(mu1Theta)")
            .define_with(["mu1Px", "mu1Py"], "pt2", |x: f64, y: f64| (x * x + y * y).sqrt());
    let frame = group.select(["pt", "pt2"]).collect().unwrap();
    let difference = (frame.column("pt").unwrap() - frame.column("pt2").unwrap()).unwrap();
    assert!(difference.f64().unwrap().iter().flatten().all(|d| d.abs() < 1e-9));
    let histogram = group.query("pt > 1").hist("pt", (20, 0.0, 5.0)).unwrap();
    assert_eq!(histogram.counts()[..4], [0.0; 4]);
    let direct = toy()["mumu"].query("mu1P * sin(mu1Theta) > 1").hist("mu1P * sin(mu1Theta)", (20, 0.0, 5.0)).unwrap();
    assert_eq!(histogram.counts(), direct.counts());
}

#[test]
fn one_candidate_per_event_and_no_cut_moves_across_it() {
    let data = toy();
    let events = frame(MUMU).column("__event__").unwrap().n_unique().unwrap() as u64;
    assert_eq!(data["mumu"].oneCandOnly().count().unwrap(), events);
    assert_eq!(data["mumu"].best_candidate("mu2P", Highest).count().unwrap(), events);
    let first = data["mumu"].one_cand_only().query("mu2P > 1").count().unwrap();
    let cut_first = data["mumu"].query("mu2P > 1").one_cand_only().count().unwrap();
    assert!(first < cut_first, "{first} {cut_first}");
    let lowest = data["mumu"].best_candidate("__candidate__", Lowest).collect().unwrap();
    assert_eq!(lowest.column("__candidate__").unwrap().max_reduce().unwrap().value().extract::<i64>(), Some(0));
    assert_eq!(
        data["mumu"].random_candidate(3).row_numbers().unwrap(),
        data["mumu"].random_candidate(3).row_numbers().unwrap()
    );
}

#[test]
fn many_histograms_need_one_pass_and_remember_their_processes() {
    let data = toy();
    let histograms = data.hists([("mu1P", (50, 0.0, 5.0)), ("pRecoil", (50, 0.0, 6.0))]).unwrap();
    let report = histograms[0].performance_report();
    assert_eq!(report.passes, 5, "one pass for each process");
    let parts: f64 = histograms[1].by_process().values().map(|part| part.sum()).sum();
    assert_eq!(parts, histograms[1].sum());
    assert_eq!(histograms[1].by_process().len(), 5);
    let automatic = data["mumu"].hist("mu1P", 50).unwrap();
    assert_eq!(automatic.sum() as u64, data["mumu"].count().unwrap());
    let plane = data["mumu"].hist2d("mu1P", (10, 0.0, 5.0), "mu2P", (10, 0.0, 5.0)).unwrap();
    assert_eq!(plane.shape(), [10, 10]);
}

#[test]
fn weights_multiply_and_variance_is_the_sum_of_their_squares() {
    let group = toy()["mumu"].weight("psnm_ffo").weight("2 + 0 * psnm_ffo");
    let histogram = group.hist("mu1P", (1, 0.0, 100.0)).unwrap();
    let kept = toy()["mumu"].query("psnm_ffo == 1").count().unwrap() as f64;
    assert_eq!(histogram.counts(), [2.0 * kept]);
    assert_eq!(histogram.variances(), [4.0 * kept]);
}

#[test]
fn luminosity_weights_processes_by_their_own_entry() {
    let table = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        table.path(),
        "[data.'4S_on']\nproc = 10.0\n[simulation.'4S_on']\nmumu = 40.0\ntaupair = 20.0\neemumu = 10.0\neeee = 5.0\n",
    )
    .unwrap();
    let data = toy().luminosity(table.path()).unwrap();
    let histogram = data.hist("mu1P", (1, 0.0, 100.0)).unwrap();
    for (name, weight) in [("P16M16rd_data_p16_v2", 1.0), (MUMU, 0.25), ("P16M16rd_mc_eeee_p16_v1", 2.0)] {
        let rows = toy()[name].query("mu1P < 100").count().unwrap() as f64;
        let part = histogram.by_process().get(name).unwrap();
        assert!((part.counts()[0] - rows * weight).abs() < 1e-9 * rows, "{name}");
        assert!((part.variances()[0] - rows * weight * weight).abs() < 1e-9 * rows, "{name}");
    }
}

#[test]
fn a_cutflow_counts_candidates_and_events_and_never_grows() {
    let flow = toy().query("pRecoil > 1").one_cand_only().query("mu1P > 0.5").cutflow().unwrap();
    assert_eq!(flow.steps().len(), 4);
    let total = flow.total();
    assert!(total.windows(2).all(|pair| pair[1].candidates <= pair[0].candidates && pair[1].events <= pair[0].events));
    assert_eq!(total[2].candidates, total[2].events);
    assert!(total[0].candidates > total[0].events);
    let mumu = flow.by_process().iter().find(|(name, _)| name == MUMU).unwrap();
    assert_eq!(mumu.1[0].events, frame(MUMU).column("__event__").unwrap().n_unique().unwrap() as u64);
    assert_eq!(flow.to_frame().unwrap().height(), 4 * 6);
}

#[test]
fn groups_of_rows_add_up_over_processes() {
    let data = toy();
    let by_run =
        data.group_by("__ncandidates__").agg([flow::count("pRecoil").alias("n"), flow::mean("pRecoil")]).unwrap();
    let counted: u64 =
        by_run.column("n").unwrap().cast(&DataType::UInt64).unwrap().u64().unwrap().iter().flatten().sum();
    assert_eq!(counted, data.count().unwrap());
    assert_eq!(by_run.height(), 4);
}

#[test]
fn a_long_chain_reads_nothing_and_costs_little() {
    let data = toy();
    let mut chain = data["mumu"].clone();
    for _ in 0..10_000 {
        chain = chain.query("pRecoil > 0.5");
    }
    assert_eq!(chain.head(3).query("pRecoil < 0").count().unwrap(), 0);
}

#[test]
fn a_sample_and_a_head_are_the_same_rows_every_time() {
    let group = &toy()["mumu"];
    assert_eq!(group.head(7).count().unwrap(), 7);
    let some = group.sample(0.1, 5).row_numbers().unwrap();
    assert_eq!(some, group.sample(0.1, 5).row_numbers().unwrap());
    let share = some.len() as f64 / group.count().unwrap() as f64;
    assert!((share - 0.1).abs() < 0.02, "{share}");
}

#[test]
fn a_join_adds_columns_by_event() {
    let group = &toy()["mumu"];
    let events = group
        .one_cand_only()
        .define("twice", "2 * pRecoil")
        .select(["__event__", "twice"])
        .head(100)
        .collect()
        .unwrap();
    let joined = group.join(&events, "__event__").one_cand_only().select(["twice", "pRecoil"]).collect().unwrap();
    assert_eq!(joined.height(), 100);
}

#[test]
fn rows_that_are_left_can_be_written_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let chain = toy().query("pRecoil > 2").one_cand_only().define("pt", "mu1P * sin(mu1Theta)");
    let rows = chain.write_parquet(folder.path()).unwrap();
    let again = load(folder.path()).unwrap();
    assert_eq!((rows, again.processes().len()), (chain.count().unwrap(), 5));
    assert!(again["mumu"].collect().unwrap().equals_missing(&chain.group("mumu").collect().unwrap()));
    let nowhere = folder.path().join("P16M16rd_mc_mumu_p16_v1/part-00000.parquet/below.parquet");
    let error = chain.group("mumu").write_parquet(&nowhere).unwrap_err().to_string();
    assert!(error.contains("cannot write"), "{error}");
}

#[test]
fn a_profile_is_the_mean_in_bins() {
    let profile = toy()["mumu"].profile("__ncandidates__", (4, 0.5, 4.5), "mu1P").unwrap();
    let frame = frame(MUMU).lazy().filter(col("__ncandidates__").eq(2)).select([col("mu1P").mean()]).collect().unwrap();
    let mean = frame.column("mu1P").unwrap().f64().unwrap().get(0).unwrap();
    assert!((profile.values()[1] - mean).abs() < 1e-9, "{:?} {mean}", profile.values());
}
