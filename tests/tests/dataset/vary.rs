//! Systematic variations: every universe is, bit for bit, the chain that a user would write by hand.

use data::{
    Combine, Data, Direction, Down, Envelope, Group, Highest, IntoVariation, Lowest, Norm, Replicas, Sample, Up,
};
use hist::Hist;
use polars::prelude::*;

/// Rows of a process: candidates of events, weights with variations, lists, missing values.
fn frame(rows: usize, seed: u64) -> DataFrame {
    let mut state = seed;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut column =
        |low: f64, high: f64| -> Vec<f32> { (0..rows).map(|_| (low + (high - low) * number()) as f32).collect() };
    let (pt, eta, met, w) = (column(0.0, 60.0), column(-3.0, 3.0), column(0.0, 120.0), column(0.5, 1.5));
    let (sf, shift, q) = (column(0.8, 1.2), column(0.0, 0.2), column(0.0, 1.0));
    let each = |sign: f32| sf.iter().zip(&shift).map(|(sf, shift)| sf + sign * shift).collect::<Vec<f32>>();
    let missing: Vec<Option<f32>> = q.iter().map(|&q| (q > 0.1).then_some(q)).collect();
    let lists: Vec<Series> = (0..rows).map(|row| Series::new("".into(), [w[row], 1.0 + shift[row], sf[row]])).collect();
    let jets: Vec<Series> = (0..rows).map(|row| Series::new("".into(), &pt[row..rows.min(row + row % 3)])).collect();
    df!(
        "__experiment__" => vec![1_i32; rows],
        "__run__" => (0..rows).map(|row| row as i32 / 400).collect::<Vec<_>>(),
        "__event__" => (0..rows).map(|row| (row / 3) as i64).collect::<Vec<_>>(),
        "pt" => &pt, "eta" => &eta, "met" => &met, "w" => &w, "q" => &missing,
        "sf" => &sf, "sf_up" => each(1.0), "sf_dn" => each(-0.5), "n" => (0..rows).map(|row| row as i32 % 5).collect::<Vec<_>>(),
        "pdf" => lists, "jet_pt" => jets, "t" => (0..rows).map(|row| (row / 3) as i64 * 60_000).collect::<Vec<_>>(),
    )
    .unwrap()
    .lazy()
    // A minute for each event.
    .with_column(col("t").cast(DataType::Datetime(TimeUnit::Milliseconds, None)))
    .collect()
    .unwrap()
}

pub(super) fn data() -> Data {
    let frames = [("ttbar", frame(5_000, 1)), ("dy", frame(3_000, 2)), ("ttbar_up", frame(4_000, 3))];
    Data::from_frames(frames).unwrap().chunk_size(700)
}

type Chain = fn(Group) -> Group;

/// A chain in words, its steps, and what is filled behind them.
pub(super) type Case = (&'static str, Chain, &'static [&'static str]);

const PLAIN: &[&str] = &["pt", "met", "pt + met"];

/// What comes behind the variations: every kind of step, alone and in places where universes differ already.
const CHAINS: &[(&str, Chain)] = &[
    ("nothing", |g| g),
    ("a cut on a varied column", |g| g.query("pt > 20")),
    ("cuts on two of them, and on another", |g| {
        g.query("pt > 20 & met < 80").query("eta > -1").query("met > 10 | pt > 40")
    }),
    ("a weight", |g| g.weight("w * sf")),
    ("weights and cuts in turn", |g| {
        g.weight("w").query("pt > 15").weight("sf").query("met < 90").weight("1 + 0.01 * pt")
    }),
    ("a definition", |g| g.define("m", "sqrt(pt * met)").query("m > 20").weight("sf")),
    ("a definition of a varied column anew", |g| g.define("pt", "eta * 10 + 30").query("pt > 20").weight("sf")),
    ("a definition of itself", |g| g.define("pt", "pt + 5").query("pt > 20")),
    ("a cut on missing values", |g| g.query("q * pt > 5").query("q < 0.9").weight("sf")),
    ("a comparison as a column", |g| g.define("high", "pt > 30").query("high | met > 60").weight("sf")),
    ("a value bound later", |g| g.query("pt > @cut").weight("sf").bind("cut", 25.0)),
    ("a function of Rust", |g| g.define_with(["pt", "met"], "m", |a: f64, b: f64| a + b).query("m > 40").weight("sf")),
    ("columns chosen", |g| g.query("pt > 10").select(["pt", "met", "sf"]).weight("sf").query("met > 20")),
    ("columns renamed", |g| g.rename([("pt", "met"), ("met", "pt")]).query("met > 20 & pt < 80").weight("sf")),
    ("columns dropped", |g| g.query("pt > 20").drop(["eta"]).weight("sf")),
    ("a sample", |g| g.query("pt > 10").sample(0.5, 7).weight("sf")),
    ("the first rows", |g| g.query("pt > 20").head(1500).weight("sf")),
    ("the last rows", |g| g.query("met < 60").tail(900).weight("sf")),
    ("the first rows before cuts", |g| g.head(2000).query("pt > 20").weight("sf")),
    ("rows by place", |g| g.row_range(100, 2000).query("pt > 20").weight("sf")),
    ("the first candidate", |g| g.query("pt > 20").one_cand_only().weight("sf")),
    ("the first candidate before cuts", |g| g.one_cand_only().query("pt > 20").weight("sf")),
    ("the best candidate", |g| g.best_candidate("pt * met", Highest).weight("sf")),
    ("the best candidate by another column", |g| g.query("met < 60").best_candidate("eta", Lowest).weight("sf")),
    ("a random candidate", |g| g.query("pt > 20").random_candidate(3).weight("sf")),
    ("an expression of Polars", |g| g.filter(polars::prelude::col("pt").gt(lit(20.0))).weight("sf")),
    ("a mean of a column", |g| g.query("pt > pt.mean()").weight("sf")),
    ("a mean behind a cut", |g| g.query("pt > 20").define("d", "met - met.mean()").query("d > 0").weight("sf")),
    ("sorted rows", |g| g.sorted(["pt"]).head(1000).weight("sf")),
    ("unweighted", |g| g.weight("sf").unweighted().query("pt > 20")),
    ("lists", |g| g.query("sum(jet_pt) > 20 & pt > 10").weight("sf")),
    ("a definition of lists", |g| {
        g.define("good", "[x for x in jet_pt if x > pt - 10]").query("len(good) > 0").weight("sf")
    }),
];

/// The variations, and what a user would write in each of their universes.
fn varied(group: &Group) -> Group {
    group
        .vary("id", ("sf", "sf_up", "sf_dn"))
        .vary("scale", [("pt", "pt * 1.05", "pt * 0.95"), ("met", "met * 1.1 + 0.01 * pt", "met * 0.9")])
        .vary("met", ("met", "met + 5", "met - 5"))
}

fn by_hand(group: &Group, source: &str, direction: Direction) -> Group {
    let up = direction == Up;
    match source {
        "id" => group.define("sf", if up { "sf_up" } else { "sf_dn" }),
        // Both columns are made of those before.
        "scale" if up => group.define("met", "met * 1.1 + 0.01 * pt").define("pt", "pt * 1.05"),
        "scale" => group.define("met", "met * 0.9").define("pt", "pt * 0.95"),
        "met" => group.define("met", if up { "met + 5" } else { "met - 5" }),
        _ => panic!("no source {source}"),
    }
}

pub(super) fn bits(hist: &Hist) -> Vec<(String, Vec<u64>)> {
    let one = |(name, hist): (&str, &Hist)| (name.to_owned(), hist.sums().iter().map(|sum| sum.to_bits()).collect());
    hist.by_process().iter().map(one).collect()
}

/// What is wrong with universes of these chains, which have to be what a user would write by hand, bit for bit; and with nominal.
pub(super) fn in_every_universe(mc: &Group, cases: &[Case]) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        if let Err(error) = of_a_case(mc, case, &mut wrong) {
            wrong.push(format!("{}: {error}", case.0));
        }
    }
    wrong
}

fn of_a_case(mc: &Group, (what, chain, columns): &Case, wrong: &mut Vec<String>) -> data::Result<()> {
    let mut same = |how: String, ours: bool| {
        if !ours {
            wrong.push(format!("{what}: {how}"))
        }
    };
    let fill =
        |group: Group| group.hists(columns.iter().map(|column| (*column, (23, -10.0, 140.0))).collect::<Vec<_>>());
    let (all, nominal) = (fill(chain(varied(mc)))?, fill(chain(mc.clone()))?);
    for (h, alone) in all.iter().zip(&nominal) {
        same("nominal".to_owned(), bits(h) == bits(alone));
        same("errors of nominal".to_owned(), h.errors() == alone.errors());
        same("entries of nominal".to_owned(), h.entries() == alone.entries());
        same("nothing is filled".to_owned(), h.sum() != 0.0);
    }
    for source in ["id", "scale", "met"] {
        for direction in [Up, Down] {
            let hand = fill(chain(by_hand(mc, source, direction)))?;
            let alone = fill(chain(varied(mc)).universe(source, direction))?;
            for (at, h) in all.iter().enumerate() {
                let together = bits(&h.varied(source, direction)?);
                same(format!("{source} {direction}, histogram {at}"), together == bits(&hand[at]));
                same(format!("{source} {direction} alone, histogram {at}"), bits(&alone[at]) == bits(&hand[at]));
            }
        }
    }
    Ok(())
}

#[test]
fn a_universe_is_the_chain_by_hand_bit_for_bit_for_every_step() {
    let data = data();
    let cases: Vec<Case> = CHAINS.iter().map(|(what, chain)| (*what, *chain, PLAIN)).collect();
    let wrong = in_every_universe(&data.difference(&data.group("ttbar_up")), &cases);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ranges_that_are_found_are_those_of_nominal() {
    let data = data();
    let group = |g: &Group| g.query("pt > 20 & pt < 50").weight("sf");
    let h = group(&varied(&data)).hist("pt", 20).unwrap();
    let nominal = group(&data).hist("pt", 20).unwrap();
    assert_eq!((h.axes(), bits(&h)), (nominal.axes(), bits(&nominal)));
    let edges = h.edges();
    let up = group(&by_hand(&data, "scale", Up)).hist("pt", edges).unwrap();
    assert_eq!(h.varied("scale", Up).unwrap().sum(), up.sum());
}

#[test]
fn the_order_of_sources_is_irrelevant_and_one_without_effect_gives_nominal() {
    let data = data();
    let id = |g: &Group| g.vary("id", ("sf", "sf_up", "sf_dn"));
    let scale = |g: &Group| g.vary("scale", ("pt", "pt * 1.05", "pt * 0.95")).vary("none", ("pt", "pt * 1", "pt"));
    let fill = |g: Group| g.weight("sf").query("pt > 20").hist("met", (30, 0.0, 120.0)).unwrap();
    let (one, two) = (fill(scale(&id(&data))), fill(id(&scale(&data))));
    for source in ["id", "scale", "none"] {
        for direction in [Up, Down] {
            assert_eq!(bits(&one.varied(source, direction).unwrap()), bits(&two.varied(source, direction).unwrap()));
        }
    }
    assert_eq!(bits(&one.varied("none", Up).unwrap()), bits(&one));
    assert_eq!(one.source_names(), ["id", "scale", "none"]);
}

#[test]
fn data_and_processes_without_the_column_are_nominal_and_in_the_band() {
    let plain = frame(2_000, 5).lazy().drop(cols(["sf", "sf_up", "sf_dn"])).collect().unwrap();
    let frames = [("ttbar", frame(2_000, 4)), ("other", plain), ("data", frame(1_000, 6))];
    let data = Data::from_frames(frames).unwrap();
    let h = data.vary("id", ("sf", "sf_up", "sf_dn")).vary("scale", ("pt", "pt * 1.05", "pt * 0.95")).query("pt > 20");
    let h = h.hist("pt", (5, 0.0, 60.0)).unwrap();
    let up = h.varied("scale", Up).unwrap();
    assert_eq!(up.by_process()["data"].counts(), h.by_process()["data"].counts());
    assert_ne!(up.by_process()["other"].counts(), h.by_process()["other"].counts());
    assert_eq!(h.varied("id", Up).unwrap().by_process()["other"], h.by_process()["other"]);
    // Statistics of simulation alone where data are there.
    let statistics: Vec<f64> = (0..5)
        .map(|bin| (h.by_process()["ttbar"].counts()[bin] + h.by_process()["other"].counts()[bin]).sqrt())
        .collect();
    assert_eq!(h.band().unwrap().statistics, statistics);
    let error = data.group("ttbar").vary("id", [("sf", "sf_up"), ("nothing", "1")]).hist("pt", 5).unwrap_err();
    assert!(error.to_string().contains("there is `sf` but no `nothing`"), "{error}");
}

#[test]
fn a_column_that_a_weight_used_before_it_varies_is_an_error() {
    let data = data();
    let error = data.weight("w * sf").vary("id", ("sf", "sf_up", "sf_dn")).hist("pt", 5).unwrap_err().to_string();
    assert!(error.contains("put .vary(\"id\", ..) before .weight(\"w * sf\")"), "{error}");
    let error = data.define("m", "pt * met").vary("scale", ("pt", "pt * 1.1")).count().unwrap_err().to_string();
    assert!(error.contains("before .define(\"m\", \"pt * met\")"), "{error}");
    // A column that is defined anew is another one, and a cut is only a note.
    data.define("pt", "pt * 1.01").query("pt > 3").vary("scale", ("pt", "pt * 1.1", "pt * 0.9")).hist("pt", 5).unwrap();
}

#[test]
fn norms_samples_replicas_and_envelopes() {
    let data = data();
    let mc = data.difference(&data.group("ttbar_up"));
    let group = mc
        .vary("lumi", Norm(1.017))
        .vary("tune", Sample("ttbar", "ttbar_up").mirrored())
        .vary("pdf", Replicas("pdf", Combine::Rms))
        .vary("eigen", Replicas("pdf", Combine::Hessian).only(["dy"]))
        .vary("mu", Envelope(["sf", "1 + 0.1 * (pt > 30)"]))
        .weight("w")
        .query("pt > 20");
    let h = group.hist("met", (10, 0.0, 120.0)).unwrap();
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs());
    let fill =
        |g: &Group, factor: &str| g.weight(factor).weight("w").query("pt > 20").hist("met", (10, 0.0, 120.0)).unwrap();
    let up = h.varied("lumi", Up).unwrap();
    assert!(near(&up.counts(), &h.counts().iter().map(|n| n * 1.017).collect::<Vec<_>>()));
    assert_eq!(bits(&up), bits(&group.universe("lumi", Up).hist("met", (10, 0.0, 120.0)).unwrap()));
    assert!(near(
        &h.varied("lumi", Down).unwrap().counts(),
        &h.counts().iter().map(|n| n * (2.0 - 1.017)).collect::<Vec<_>>()
    ));
    // Other files, under the same name; mirrored.
    let other = fill(&data.group("ttbar_up"), "1");
    let (tune, down) = (h.varied("tune", Up).unwrap(), h.varied("tune", Down).unwrap());
    assert_eq!(tune.by_process()["ttbar"].counts(), other.counts());
    assert_eq!(tune.by_process()["dy"].counts(), h.by_process()["dy"].counts());
    assert_eq!(bits(&tune), bits(&group.universe("tune", Up).hist("met", (10, 0.0, 120.0)).unwrap()));
    for bin in 0..10 {
        let (n, u) = (h.by_process()["ttbar"].counts()[bin], other.counts()[bin]);
        assert_eq!(down.by_process()["ttbar"].counts()[bin], 2.0 * n - u);
    }
    // Weights of a list.
    for process in ["dy", "ttbar"] {
        let one = mc.group(process);
        let members: Vec<Vec<f64>> = (0..3).map(|at| fill(&one, &format!("pdf[{at}]")).counts()).collect();
        let nominal = fill(&one, "1").counts();
        for bin in 0..10 {
            let mean = members.iter().map(|m| m[bin]).sum::<f64>() / 3.0;
            let rms = (members.iter().map(|m| (m[bin] - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
            let got = h.varied("pdf", Up).unwrap().by_process()[process].counts()[bin];
            assert!((got - nominal[bin] - rms).abs() < 1e-9 * got, "{process} {bin}");
            let hessian = members.iter().map(|m| (m[bin] - nominal[bin]).powi(2)).sum::<f64>().sqrt();
            let hessian = if process == "dy" { hessian } else { 0.0 };
            let got = h.varied("eigen", Down).unwrap().by_process()[process].counts()[bin];
            assert!((got - nominal[bin] + hessian).abs() < 1e-9 * nominal[bin], "{process} {bin}");
            let weights = ["sf", "1 + 0.1 * (pt > 30)"].map(|factor| fill(&one, factor).counts()[bin]);
            let top = weights.into_iter().fold(nominal[bin], f64::max);
            assert_eq!(h.varied("mu", Up).unwrap().by_process()[process].counts()[bin], top);
        }
    }
    let error = data.vary("tune", Sample("ttbar", "ttbar_up")).hist("pt", 5).unwrap_err().to_string();
    assert!(error.contains("`ttbar_up` is in the group itself"), "{error}");
    let error = h.varied("lumy", Up).unwrap_err().to_string();
    assert!(error.contains("did you mean `lumi`"), "{error}");
}

#[test]
fn the_band_adds_processes_first_then_sources_and_statistics_in_quadrature() {
    let data = data();
    let h = varied(&data).vary("lumi", Norm(1.02)).weight("sf").query("pt > 20").hist("met", (6, 0.0, 120.0)).unwrap();
    let band = h.band().unwrap();
    for bin in 0..6 {
        let n = h.counts()[bin];
        let (mut up, mut down) = (h.variances()[bin], h.variances()[bin]);
        for source in h.source_names() {
            let [u, d] = [Up, Down].map(|direction| h.varied(&source, direction).unwrap().counts()[bin] - n);
            up += u.max(d).max(0.0).powi(2);
            down += (-u).max(-d).max(0.0).powi(2);
        }
        assert!((band.up[bin] - up.sqrt()).abs() < 1e-9 * n && (band.down[bin] - down.sqrt()).abs() < 1e-9 * n);
    }
}

#[test]
fn a_missing_weight_of_a_universe_names_source_and_row() {
    let rows = df!("x" => [1.0, 2.0, 3.0], "w" => [1.0, 1.0, 0.5], "w_up" => [Some(1.1), None, Some(0.6)]).unwrap();
    let data = Data::from_frames([("mumu", rows)]).unwrap();
    let h = data.vary("id", ("w", "w_up", "w")).weight("w").hist("x", (3, 0.0, 4.0));
    let error = h.unwrap_err().to_string();
    assert!(error.contains("source `id` up") && error.contains("x = 2.0"), "{error}");
}

#[test]
fn a_cutflow_says_what_sources_change_and_explain_says_what_is_done() {
    let data = data();
    let mc = varied(&data).weight("sf").query("pt > 20").query("met < 80");
    let cutflow = mc.cutflow().unwrap();
    let plain = data.weight("sf").query("pt > 20").query("met < 80").cutflow().unwrap();
    assert_eq!(cutflow.total(), plain.total());
    let (name, changes) = &cutflow.by_source()[1];
    assert_eq!((name.as_str(), changes[0]), ("scale", [0.0, 0.0]));
    let up = mc.universe("scale", Up).sum_of_weights().unwrap().0;
    assert!((changes[2][0] - (up / mc.sum_of_weights().unwrap().0 - 1.0)).abs() < 1e-9, "{changes:?}");
    let told = mc.explain().unwrap().0;
    assert!(
        told.contains("universes 6: 2 have the rows of nominal, 4 redo cuts (scale up, scale down, met up, met down)"),
        "{told}"
    );
    let told = mc.head(10).explain().unwrap().0;
    assert!(told.contains("universe scale up: a pass of its own, because of head 10"), "{told}");
}

#[test]
fn a_source_that_keeps_the_norm_keeps_the_sum_of_weights_before_cuts() {
    let data = data();
    let mc = data
        .group("dy")
        .query("eta > 0")
        .vary("tune", ("sf", "sf_up", "sf_dn").keep_norm())
        .weight("sf")
        .query("pt > 30");
    let h = mc.hist("met", (8, 0.0, 120.0)).unwrap();
    let before = |sf: &str| data.group("dy").query("eta > 0").weight(sf).sum_of_weights().unwrap().0;
    let alone = data.group("dy").query("eta > 0 & pt > 30").weight("sf_up").hist("met", (8, 0.0, 120.0)).unwrap();
    let factor = before("sf") / before("sf_up");
    for (bin, value) in h.varied("tune", Up).unwrap().counts().into_iter().enumerate() {
        assert!((value - alone.counts()[bin] * factor).abs() < 1e-9 * value, "{bin}");
    }
}
