//! The steps that look at other rows, at other tables, or make other rows: there, too, every universe is the chain by hand.

use super::vary::{Case, data, in_every_universe};
use data::{AsOf, Data, cumulative_sum, difference, lag, lookup, rank};
use polars::prelude::*;

/// A factor for nearly every run.
fn runs() -> DataFrame {
    let numbers: Vec<i32> = (0..12).filter(|run| run % 5 != 3).collect();
    let factors: Vec<f32> = numbers.iter().map(|run| 0.9 + 0.02 * *run as f32).collect();
    df!("__run__" => numbers, "factor" => factors).unwrap()
}

/// Photons of some events of both processes.
fn photons() -> Data {
    let events: Vec<i64> = (0..1_500).flat_map(|event| std::iter::repeat_n(event, event as usize % 4)).collect();
    let energies: Vec<f32> = events.iter().enumerate().map(|(at, _)| (at * 37 % 101) as f32 / 50.0).collect();
    let constant = |value: i32| vec![value; events.len()];
    let runs: Vec<i32> = events.iter().map(|event| *event as i32 * 3 / 400).collect();
    let frame =
        df!("__experiment__" => constant(1), "__run__" => runs, "__event__" => &events, "E" => &energies).unwrap();
    Data::from_frames([("dy", frame.clone()), ("ttbar", frame)]).unwrap()
}

fn table() -> data::Correction {
    let table = df!("low" => [0.0, 15.0, 40.0], "high" => [15.0, 40.0, 70.0], "sf" => [0.9, 1.0, 1.1]).unwrap();
    lookup(&table).unwrap().bins("pt", "low", "high").value("sf", "sf").nearest().build().unwrap()
}

const PLAIN: &[&str] = &["pt", "met", "pt + met"];

/// Steps, and what is filled behind them.
const CASES: &[Case] = &[
    ("rows with a partner in a frame", |g| g.join(&runs(), "__run__").query("pt * factor > 20").weight("sf"), PLAIN),
    (
        "a partner where there is one",
        |g| g.query("pt > 10").left_join(&runs(), "__run__").query("factor > 0.95 | met > 60").weight("sf"),
        PLAIN,
    ),
    ("rows without a partner", |g| g.query("met > 20").anti_join(&runs(), "__run__").weight("sf"), PLAIN),
    (
        "the nearest row by a varied column",
        |g| {
            let steps = df!("met" => [0.0_f32, 30.0, 60.0, 90.0], "gain" => [0.9, 1.0, 1.1, 1.2]).unwrap();
            g.query("pt > 5").asof_join(&steps, AsOf::on("met")).weight("sf * gain")
        },
        PLAIN,
    ),
    (
        "objects as rows",
        |g| g.query("pt > 15").define("njet", "len(jet_pt)").each("jet").query("jet_pt < pt + 5").weight("sf"),
        &["jet_pt", "pt - jet_pt"],
    ),
    (
        "objects as rows before cuts",
        |g| g.define("njet", "len(jet_pt)").each("jet").query("met > 30").weight("sf"),
        &["jet_pt", "met"],
    ),
    (
        "rows of an event as objects",
        |g| g.query("pt > 10").by_event("cand").weight("max(cand.sf)").query("max(cand.pt) > 25"),
        &["cand_pt", "max(cand.met)", "ncand"],
    ),
    (
        "rows of another table as objects",
        |g| g.attach("gamma", &photons()).query("sum(gamma.E) * 30 < met").weight("sf"),
        &["pt", "met", "ngamma"],
    ),
    (
        "rows in order, and those before",
        |g| {
            g.query("pt > 10")
                .sorted_descending("pt")
                .window((), [lag("met", 1).alias("before")])
                .query("before > 20")
                .weight("sf")
        },
        &["pt", "met", "before"],
    ),
    ("the largest", |g| g.query("met < 100").largest(700, "pt").weight("sf"), PLAIN),
    ("the smallest of an expression", |g| g.define("m", "pt * met").smallest(900, "m").weight("sf"), &["pt", "m"]),
    ("the first of equal rows", |g| g.query("pt > 30").distinct(["__run__", "n"]).weight("sf"), PLAIN),
    (
        "sums over the rows before",
        |g| {
            g.query("met > 40")
                .window("__run__", [cumulative_sum("pt").alias("so_far"), rank("met").alias("place")])
                .weight("sf")
        },
        &["so_far / 100", "place", "pt"],
    ),
    (
        "differences of neighbours",
        |g| g.window(["__run__", "n"], [difference("pt", 1).alias("step")]).query("step > -20").weight("sf"),
        &["step", "met"],
    ),
    (
        "rows between two times",
        |g| g.query("pt > 12").date_range("1970-01-01 10:00", "1970-01-02 20:00").weight("sf"),
        PLAIN,
    ),
    (
        "buckets of time",
        |g| {
            let means = ["pt", "met", "sf"].map(flow::mean);
            g.query("pt > 12").resample("20min").agg(means).weight("sf").query("met > 50")
        },
        PLAIN,
    ),
    (
        "a function of blocks",
        |g| {
            g.define_blocks(["pt", "met"], "s", |columns| Ok((&columns[0] + &columns[1])?)).query("s > 50").weight("sf")
        },
        &["s", "pt"],
    ),
    (
        "a table of corrections",
        |g| {
            g.weight("@table(pt)")
                .bind("table", table())
                .define("c", "@table(pt) * met")
                .bind("table", table())
                .query("c > 20")
                .weight("sf")
        },
        &["c", "pt", "met"],
    ),
    ("a fold, by event", |g| g.query("pt > 8").folds(3, 5)[1].1.query("met < 110").weight("sf"), PLAIN),
    (
        "values of lists",
        |g| g.define("near", "len([x for x in jet_pt if abs(x - pt) < 5])").query("near < 3").weight("sf * pdf[1]"),
        &["near", "sum(jet_pt) - pt", "met"],
    ),
];

#[test]
fn a_universe_is_the_chain_by_hand_where_steps_look_at_other_rows() {
    let data = data();
    let wrong = in_every_universe(&data.difference(&data.group("ttbar_up")), CASES);
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
