//! Chains of steps with their terminals: a server gives what this machine gives.

use super::{DATA, MC, Under, all_near, files, local, near, same, servers, together};
use data::{Group, Highest, Lowest};
use flow::{count, max, mean, median, min, n_unique, quantile, std, sum};
use hist::Axis;
use polars::prelude::*;

/// What two histograms of one booking must share.
fn same_hist(one: &hist::Hist, other: &hist::Hist) -> Result<(), String> {
    if one.axes() != other.axes() || one.storage() != other.storage() || one.entries() != other.entries() {
        return Err(format!("{:?} and {:?}", one.axes(), other.axes()));
    }
    let all = |hist: &hist::Hist| {
        let mut all = hist.values();
        all.extend(hist.variances());
        all.extend([hist.underflow(), hist.overflow(), hist.nan(), hist.nan_variance(), hist.overflow_variance()]);
        all
    };
    match all_near(&all(one), &all(other)) {
        true => Ok(()),
        false => Err(format!("{:?}\n{:?}", all(one), all(other))),
    }
}

#[test]
fn counts_and_one_histogram_are_those_of_this_machine() {
    let _turn = together();
    for Under { name, server } in servers("counts") {
        let (here, there) = (local(), local().on(&server));
        assert_eq!(there.counts().unwrap(), here.counts().unwrap(), "{name}");
        let chain = |data: &Group| data.query("x > 0.3 & n >= -2").define("pt", "x * sin(w)");
        assert_eq!(chain(&there).count().unwrap(), chain(&here).count().unwrap(), "{name}");
        let hist = |data: &Group| chain(data).hist("pt", (50, 0.0, 3.0)).unwrap();
        same_hist(&hist(&there), &hist(&here)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let (one, other) = (hist(&there), hist(&here));
        assert!((one.mean() - other.mean()).abs() < 1e-10 && (one.std_dev() - other.std_dev()).abs() < 1e-10, "{name}");
        assert_eq!(one.by_process().iter().count(), 2, "{name}");
    }
}

#[test]
fn every_kind_of_axis_fills_the_same_cells() {
    let _turn = together();
    let axes: Vec<(&str, hist::Result<Axis>)> = vec![
        ("x", Axis::regular(7, -1.0, 3.0)),
        ("x", Axis::regular_closed(9, -0.5, 2.5)),
        ("n", Axis::regular(10, -5.0, 5.0)),
        ("n", Axis::regular_closed(10, -5.0, 5.0)),
        ("w", Axis::log(12, 0.5, 1.5)),
        ("x", Axis::variable(vec![-1.0, 0.0, 0.1, 0.5, 2.0, 3.5])),
        ("chi", Axis::integer(0, 3)),
        ("n", Axis::integer(-5, 6)),
        ("x", Axis::integer(-1, 2)),
        ("kind", Axis::category(["gamma", "π+"])),
        ("n", Axis::integer_category(vec![3, -1, 0])),
        ("good", Ok(Axis::boolean())),
        ("f", Axis::regular(30, 0.0, 3.0)),
    ];
    for Under { name, server } in servers("axes") {
        for (column, axis) in &axes {
            let axis = axis.clone().unwrap();
            let hist = |data: &Group| data.weight("w").hist(column, axis.clone());
            let (here, there) = (hist(&local()).unwrap(), hist(&local().on(&server)));
            let there = there.unwrap_or_else(|error| panic!("{name}: {axis}: {error}"));
            same_hist(&there, &here).unwrap_or_else(|why| panic!("{name}: {column} {axis}: {why}"));
        }
        let round = local().on(&server).hist("x", Axis::circular(4, 0.0, 1.0)).unwrap_err().to_string();
        assert!(round.contains("circular"), "{name}: {round}");
    }
}

#[test]
fn several_histograms_ranges_and_two_dimensions() {
    let _turn = together();
    for Under { name, server } in servers("hists") {
        let (here, there) = (local(), local().on(&server));
        let all = |data: &Group| {
            let mut all: Vec<hist::Hist> = Vec::new();
            all.extend(
                data.query("n > 0")
                    .hists((("x", 20), ("chi", (5, 0.0, 5.0)), ("w", 7)))
                    .unwrap()
                    .into_iter()
                    .map(Into::into),
            );
            all.push(data.hist2d("x", (5, 0.0, 3.0), "chi", 4).unwrap().into());
            all.push(data.weight("w").weight(2.0).hist2d("x", 6, "n", vec![-5, 0, 1, 6]).unwrap().into());
            all.push(data.query("x > 1e9").hist("x", 10).unwrap().into());
            all
        };
        for (at, (one, other)) in all(&there).iter().zip(&all(&here)).enumerate() {
            same_hist(one, other).unwrap_or_else(|why| panic!("{name}: histogram {at}: {why}"));
        }
        let profile = there.profile("x", (5, 0.0, 3.0), "w").unwrap_err().to_string();
        assert!(profile.contains("profiles are not filled"), "{name}: {profile}");
    }
}

#[test]
fn weights_and_luminosities_count() {
    let _turn = together();
    let table = files().with_file_name(format!("luminosity-{}.toml", std::process::id()));
    std::fs::write(&table, "[data.\"4S_on\"]\nproc = 300.0\n[simulation.\"4S_on\"]\nmumu = 1200.0\n").unwrap();
    for Under { name, server } in servers("weights") {
        let (here, there) = (local().luminosity(&table).unwrap(), local().on(&server).luminosity(&table).unwrap());
        let sums = |data: &Group| data.weight("w").query("x > 0").weight("1 + f").sum_of_weights().unwrap();
        let (one, other) = (sums(&there), sums(&here));
        assert!(near(one.0, other.0) && near(one.1, other.1), "{name}: {one:?} {other:?}");
        let hist = |data: &Group| data.weight("w").hist("x", (10, 0.0, 3.0)).unwrap();
        same_hist(&hist(&there), &hist(&here)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let frame =
            |data: &Group| data.weight("w").group_by("n").agg([sum("f"), mean("f"), count("f"), max("w")]).unwrap();
        same(&frame(&there), &frame(&here)).unwrap_or_else(|why| panic!("{name}: {why}"));
        let missing = there.weight("x").agg([sum("w")]).unwrap_err().to_string();
        assert!(missing.contains("missing (null or NaN)"), "{name}: {missing}");
    }
    std::fs::remove_file(&table).unwrap();
}

#[test]
fn groups_are_those_of_this_machine() {
    let _turn = together();
    for Under { name, server } in servers("groups") {
        let all = |data: &Group| -> Vec<data::Result<DataFrame>> {
            vec![
                data.group_by("kind").agg([
                    sum("n"),
                    mean("f"),
                    min("f"),
                    max("chi"),
                    count("chi"),
                    std("w"),
                    n_unique("n"),
                ]),
                data.group_by(["n", "good"]).agg([sum("f"), median("w"), quantile("w", 0.3).alias("q")]),
                data.group_by("chi").agg([sum("good"), max("__event__"), min("n"), count("x")]),
                data.query("x > 1").agg([mean("x"), sum("n"), std("f"), count("good")]),
                data.query("w > 99").agg([mean("x"), sum("n"), std("f"), count("good")]),
                data.query("w > 99").group_by("kind").agg([sum("n")]),
                data.value_counts("kind"),
            ]
        };
        for (at, (there, here)) in all(&local().on(&server)).into_iter().zip(all(&local())).enumerate() {
            let there = there.unwrap_or_else(|error| panic!("{name}: {at}: {error}"));
            same(&there, &here.unwrap()).unwrap_or_else(|why| panic!("{name}: {at}: {why}"));
        }
        let (one, other) =
            (local().on(&server).query("x < 9").mean("x").unwrap(), local().query("x < 9").mean("x").unwrap());
        assert!(near(one, other) || one == f64::NEG_INFINITY && other == one, "{name}: {one} {other}");
        let first = local().on(&server).group_by("kind").agg([flow::first("x")]).unwrap_err().to_string();
        assert!(first.contains("`first` is not computed"), "{name}: {first}");
    }
}

#[test]
fn rows_come_in_the_order_of_the_files() {
    let _turn = together();
    for Under { name, server } in servers("rows") {
        let (here, there) = (local(), local().on(&server));
        let all = |data: &Group| -> Vec<data::Result<DataFrame>> {
            vec![
                data.query("x > 1").head(7).collect(),
                data.head(5).query("n > 0").collect(),
                data.show(),
                data.query("n == 3").select(["row", "kind", "good", "f", "n"]).collect(),
                data.tail(4).collect(),
                data.row_range(10, 20).select(["row", "x"]).collect(),
                data.weight("w").query("x > 2.9").collect(),
            ]
        };
        for (at, (there, here)) in all(&there).into_iter().zip(all(&here)).enumerate() {
            let there = there.unwrap_or_else(|error| panic!("{name}: {at}: {error}"));
            same(&there, &here.unwrap()).unwrap_or_else(|why| panic!("{name}: {at}: {why}"));
        }
        assert!(all_near(&there.column("2 * w").unwrap(), &here.column("2 * w").unwrap()), "{name}");
    }
}

#[test]
fn one_candidate_of_each_event_by_the_same_rule() {
    let _turn = together();
    for Under { name, server } in servers("candidates") {
        let (here, there) = (local(), local().on(&server));
        let chains: [fn(&Group) -> Group; 6] = [
            |data| data.one_cand_only(),
            |data| data.best_candidate("chi", Lowest),
            |data| data.best_candidate("chi", Highest),
            |data| data.best_candidate("x", Highest),
            |data| data.query("n > -3").best_candidate("abs(x - 1)", Lowest).query("x > 0"),
            |data| data.distinct(["kind", "n"]),
        ];
        for (at, chain) in chains.iter().enumerate() {
            let rows = |data: &Group| chain(data).column("row").unwrap_or_else(|error| panic!("{name}: {at}: {error}"));
            assert_eq!(rows(&there), rows(&here), "{name}: {at}");
        }
        let random = there.random_candidate(1).count().unwrap_err().to_string();
        assert!(random.contains("random") && random.contains("does not run on"), "{name}: {random}");
    }
}

#[test]
fn joins_with_a_frame() {
    let _turn = together();
    let table = df!(
        "n" => [Some(-5_i64), Some(2), Some(2), None, Some(900)],
        "name" => ["low", "two", "twice", "none", "far"],
        "factor" => [0.5, 2.0, 3.0, 4.0, 5.0],
    )
    .unwrap();
    let keys = df!("good" => [Some(true), None], "kind" => ["gamma", "K_S0"], "p" => [1_u8, 2]).unwrap();
    for Under { name, server } in servers("joins") {
        let (here, there) = (local(), local().on(&server));
        let chains: Vec<Box<dyn Fn(&Group) -> Group>> = vec![
            Box::new(|data| data.join(&table, "n").query("factor > 1")),
            Box::new(|data| data.left_join(&table, "n").query("x > 2")),
            Box::new(|data| data.anti_join(&table, "n")),
            Box::new(|data| data.join(&keys, ["good", "kind"])),
            Box::new(|data| data.define("n", "n").join(&table, "n").one_cand_only()),
        ];
        for (at, chain) in chains.iter().enumerate() {
            let frame = |data: &Group| chain(data).collect().unwrap_or_else(|error| panic!("{name}: {at}: {error}"));
            let (one, other) = (frame(&there), frame(&here));
            assert!(other.height() > 10, "{at}");
            same(&one, &other).unwrap_or_else(|why| panic!("{name}: {at}: {why}"));
        }
        let hist = |data: &Group| data.join(&table, "n").weight("factor").hist("w", (9, 0.5, 1.5)).unwrap();
        same_hist(&hist(&there), &hist(&here)).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}

#[test]
fn cutflows_count_the_same() {
    let _turn = together();
    for Under { name, server } in servers("cutflow") {
        let flow = |data: &Group| {
            let chain =
                data.query("x > 0").define("v", "w * 2").query("n > -4").weight("v").one_cand_only().query("f > 1");
            chain.cutflow().unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let (one, other) = (flow(&local().on(&server)), flow(&local()));
        assert_eq!(one.steps(), other.steps(), "{name}");
        for ((process, there), (_, here)) in one.by_process().iter().zip(other.by_process()) {
            for (step, (a, b)) in one.steps().iter().zip(there.iter().zip(here)) {
                let place = format!("{name}: {process}: {step}: {a:?} and {b:?}");
                assert_eq!((a.candidates, a.events), (b.candidates, b.events), "{place}");
                assert!(near(a.weighted, b.weighted) && near(a.variance, b.variance), "{place}");
            }
        }
    }
}

#[test]
fn what_runs_where_is_explained_and_the_rest_is_refused() {
    let _turn = together();
    for Under { name, server } in servers("explain") {
        let there = local().on(&server);
        let text = there.query("x > 1").one_cand_only().select(["w"]).explain().unwrap().0;
        for word in [
            MC,
            DATA,
            "on sc://",
            "filter x > 1",
            "one candidate per event",
            "on this machine",
            "the plan of the server",
        ] {
            assert!(text.contains(word), "{name}: no {word} in {text}");
        }
        let closure = there.define_with(["x"], "z", |x: f64| x + 1.0).hist("z", 10).unwrap_err().to_string();
        assert!(closure.contains("z = f(x)") && closure.contains("write_parquet"), "{name}: {closure}");
        let sample = there.sample(0.5, 1).count().unwrap_err().to_string();
        assert!(sample.contains("sample") && sample.contains("write_parquet"), "{name}: {sample}");
        for (what, error) in [
            ("describe", there.describe().map(drop).unwrap_err()),
            ("lazy", there.lazy().collect().map(drop).map_err(data::Error::from).unwrap_err()),
            ("write", there.write_parquet(files().join("never.parquet")).map(drop).unwrap_err()),
            ("row_numbers", there.row_numbers().map(drop).unwrap_err()),
        ] {
            assert!(error.to_string().contains("on sc://"), "{name}: {what}: {error}");
        }
        let memory = data::Data::from_frames([("m", df!("x" => [1.0]).unwrap())]).unwrap();
        let error = memory.on(&server).count().unwrap_err().to_string();
        assert!(error.contains("Parquet") && error.contains("write_parquet"), "{name}: {error}");
    }
}
