//! What universes keep: errors when asked for, sums of weights through skims, parameters of their own, and what is odd about them.

use super::vary::{bits, data};
use data::{Data, Down, Group, Highest, IntoVariation, Norm, Up};
use polars::prelude::*;

#[test]
fn of_two_candidates_the_better_one_may_be_another_in_a_universe() {
    // The momenta of the first candidate of each event grow more than those of the second.
    let rows = df!("__event__" => [1_i64, 1, 2, 2], "pt" => [10.0, 11.0, 30.0, 20.0], "slope" => [1.3, 1.0, 1.3, 1.0],
        "m" => [1.0, 2.0, 3.0, 4.0]);
    let mc = Data::from_frames([("mumu", rows.unwrap())]).unwrap().event_keys(["__event__"]);
    let best = mc.vary("scale", ("pt", "pt * slope")).best_candidate("pt", Highest);
    let h = best.hist("m", (4, 0.5, 4.5)).unwrap();
    assert_eq!(h.counts(), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(h.varied("scale", Up).unwrap().counts(), [1.0, 0.0, 1.0, 0.0]);
}

#[test]
fn errors_of_universes_are_kept_when_they_are_asked_for() {
    let data = data();
    let mc = data
        .group("dy")
        .vary("id", ("sf", "sf_up", "sf_dn").with_errors())
        .vary("met", ("met", "met + 5").with_errors());
    let h = mc.weight("sf").query("met > 30").hist("pt", (7, 0.0, 60.0)).unwrap();
    let hand = data.group("dy").weight("sf_up").query("met > 30").hist("pt", (7, 0.0, 60.0)).unwrap();
    assert_eq!(h.varied("id", Up).unwrap().errors(), hand.errors());
    assert_eq!(bits(&h.varied("id", Up).unwrap()), bits(&hand));
    let hand = data.group("dy").weight("sf").query("met + 5 > 30").hist("pt", (7, 0.0, 60.0)).unwrap();
    assert_eq!(h.varied("met", Up).unwrap().errors(), hand.errors());
}

#[test]
fn what_was_before_the_cuts_stays_with_a_skim() {
    let data = data();
    let mc = data.difference(&data.group("ttbar_up"));
    let chain =
        |g: &Group| g.vary("id", ("sf", "sf_up", "sf_dn").keep_norm()).vary("lumi", Norm(1.02)).weight("w * sf");
    let cut = chain(&mc).query("pt > 30").one_cand_only();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    cut.write_parquet(at("skim")).unwrap();
    // A tree has no times.
    cut.drop(["t"]).write_root(at("trees")).unwrap();
    // A skim of a skim says what the first one says.
    data::load(at("skim")).unwrap().query("met < 60").write_parquet(at("again")).unwrap();
    for name in ["skim", "trees", "again"] {
        let back = data::load(at(name)).unwrap();
        let known = back.normalisation().unwrap();
        for process in ["dy", "ttbar"] {
            let sum = |weight: &str| data.group(process).weight(weight).sum_of_weights().unwrap().0;
            let one = known.get(process).unwrap();
            assert_eq!((one.kept, one.rows), (true, data.group(process).count().unwrap()), "{name} {process}");
            let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b, "{name} {process}: {a} and {b}");
            near(one.sum, sum("w * sf"));
            let [up, down] = [Up, Down].map(|direction| one.varied("id", direction).unwrap());
            near(up, sum("w * sf_up"));
            near(down, sum("w * sf_dn"));
        }
    }
    // And the sum is kept as it was before the first cut, though its rows are gone.
    let whole = chain(&mc).query("pt > 30").hist("met", (8, 0.0, 120.0)).unwrap();
    chain(&mc).query("pt > 30").write_parquet(at("plain")).unwrap();
    let back = data::load(at("plain")).unwrap();
    let h = chain(back.all()).hist("met", (8, 0.0, 120.0)).unwrap();
    for direction in [Up, Down] {
        let (ours, wanted) = (h.varied("id", direction).unwrap(), whole.varied("id", direction).unwrap());
        for (a, b) in ours.counts().into_iter().zip(wanted.counts()) {
            assert!((a - b).abs() < 1e-9 * b, "{a} and {b}");
        }
    }
    // Without weights it is the rows, and nothing is read for it; a chain whose weights need its cuts says so.
    data.group("dy").query("pt > 30").write_parquet(at("counts.parquet")).unwrap();
    let counts = data::load(at("counts.parquet")).unwrap().normalisation().unwrap();
    assert_eq!(counts.iter().map(|one| (one.rows, one.sum)).collect::<Vec<_>>(), [(3_000, 3_000.0)]);
}

#[test]
fn a_parameter_of_its_own_for_a_process_or_a_bin() {
    let data = data();
    let mc = data.difference(&data.group("ttbar_up"));
    let fill = |per: &str| {
        let varied = mc.vary("id", ("sf", "sf_up", "sf_dn").per(per)).weight("sf").query("pt > 20");
        varied.hist("met", (3, 0.0, 120.0)).unwrap()
    };
    let (process, bin) = (fill("process"), fill("bin"));
    // One in quadrature, the other not.
    let quadrature = |h: &data::Histogram, at: usize| {
        let shift = |name: &str| {
            h.varied("id", Up).unwrap().by_process()[name].counts()[at] - h.by_process()[name].counts()[at]
        };
        (shift("dy"), shift("ttbar"), h.variances()[at])
    };
    for at in 0..3 {
        let (dy, ttbar, variance) = quadrature(&process, at);
        assert!((process.band().unwrap().up[at] - (dy * dy + ttbar * ttbar + variance).sqrt()).abs() < 1e-9 * dy);
        let (dy, ttbar, variance) = quadrature(&bin, at);
        assert!((bin.band().unwrap().up[at] - ((dy + ttbar).powi(2) + variance).sqrt()).abs() < 1e-9 * dy);
    }
    let model = |h: &data::Histogram| data::workspace().channel("SR", h, h).signal("mu", "ttbar").to_json().unwrap();
    let modifiers = |model: &serde_json::Value| -> Vec<serde_json::Value> {
        model["channels"][0]["samples"][0]["modifiers"].as_array().unwrap().clone()
    };
    let own = modifiers(&model(&process));
    assert!(own.iter().any(|one| one["name"] == "id_dy"), "{own:?}");
    let own = modifiers(&model(&bin));
    let names: Vec<&str> = own.iter().skip(1).map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["id_SR_bin0", "id_SR_bin1", "id_SR_bin2"]);
    // Each is what the source does there, and nominal elsewhere.
    let (nominal, up) = (bin.by_process()["dy"].counts(), bin.varied("id", Up).unwrap().by_process()["dy"].counts());
    assert_eq!(own[2]["type"], "histosys");
    assert_eq!(own[2]["data"]["hi_data"], serde_json::json!([nominal[0], up[1], nominal[2]]));
    let folder = tempfile::tempdir().unwrap();
    data::workspace().channel("SR", &bin, &bin).signal("mu", "ttbar").combine(folder.path()).unwrap();
    let card = std::fs::read_to_string(folder.path().join("card.txt")).unwrap();
    assert!(card.contains("id_SR_bin2") && card.contains("shape"), "{card}");
}

#[test]
fn the_table_of_sources_says_what_is_odd() {
    let mc = Data::from_frames([("mumu", df!("x" => [0.5, 1.5, 1.6], "w" => [1.0, 1.0, 1.0]).unwrap())]).unwrap();
    let h = mc
        .vary("large", ("w", "1.5 * w", "0.9 * w"))
        .vary("none", ("w", "w", "w"))
        .weight("w")
        .hist("x", (2, 0.0, 2.0));
    let sources = h.unwrap().sources().unwrap();
    assert_eq!(sources.get("large", "mumu").unwrap().odd, ["changes the yield by +50.0 %, -10.0 %"]);
    assert_eq!(sources.get("none", "mumu").unwrap().odd, ["no effect: less than 0.01 % in every bin; leave it out"]);
}
