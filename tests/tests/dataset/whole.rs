//! What holds for whole data sets: lazy frames, data sets put together, weights, threads and memory.

use data::{Data, Highest, load};
use polars::prelude::*;
use recoil_tests::running::Folder;
use std::path::Path;
use std::sync::OnceLock;

const MUMU: &str = "P16M16rd_mc_mumu_p16_v1";

fn root() -> &'static Path {
    static TOY: OnceLock<Folder> = OnceLock::new();
    let root = TOY.get_or_init(|| {
        let root = Folder::until_exit();
        toy::toy(root.path(), 20_000, 2).expect("toy data");
        root
    });
    root.path()
}

fn toy() -> Data {
    load(root()).expect("toy data opens")
}

#[test]
fn a_lazy_frame_gives_the_rows_that_collect_gives() {
    let data = toy();
    let cut = data.group("mumu").query("mu1clusterE > 0.1 & 2.6 > pRecoilTheta > 0.3");
    let both = &data["mumu"] + &data["llYY"];
    for group in [
        cut.clone(),
        cut.define("pt", "mu1P * sin(mu1Theta)").query("pt > 1").select(["pt", "mu2P"]),
        cut.query("mu1P > mu1P.mean()"),
        cut.head(7),
        cut.one_cand_only(),
        cut.best_candidate("mu1P", Highest).define_with("mu1P", "half", |p: f64| p / 2.0),
        cut.weight("mu1P").sample(0.5, 3),
        both.query("mu1P > 2").select(["mu1P", "__event__"]),
        both.one_cand_only().select(["mu1P"]),
        data.query("mu1P > 2"),
    ] {
        assert!(group.lazy().collect().unwrap().equals_missing(&group.collect().unwrap()), "{}", group.name());
    }
    let streamed =
        cut.lazy().select([col("mu1P").max()]).collect_with_engine(Engine::Streaming).unwrap().unwrap_single();
    assert_eq!(streamed, cut.lazy().select([col("mu1P").max()]).collect().unwrap());
    let one = cut.one_cand_only().lazy();
    assert_eq!(
        one.clone().select([len()]).collect().unwrap().column("len").unwrap().get(0).unwrap().extract::<u64>(),
        Some(cut.one_cand_only().count().unwrap())
    );
    assert_eq!(one.clone().limit(3).collect().unwrap().height(), 3);
    assert_eq!(one.select([col("mu1P")]).collect().unwrap().width(), 1);
}

#[test]
fn polars_streams_rows_that_are_in_memory() {
    let x: Vec<f64> = (0..500_000).map(|row| if row % 7 == 0 { f64::NAN } else { f64::from(row % 100) }).collect();
    let frame = df!("x" => &x, "y" => &x).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("a.csv");
    CsvWriter::new(std::fs::File::create(&csv).unwrap()).finish(&mut frame.head(Some(1000))).unwrap();
    for data in [Data::from_frames([("a", frame.clone()), ("b", frame.head(Some(10)))]).unwrap(), load(csv).unwrap()] {
        let chain = data.query("x > 50").define("z", "x + y").select(["z"]);
        let streamed = chain.lazy().collect_with_engine(Engine::Streaming).unwrap().unwrap_single();
        assert!(streamed.equals_missing(&chain.collect().unwrap()) && streamed.height() > 400);
    }
    let none = Data::from_frames([("a", frame.head(Some(0)))]).unwrap();
    assert_eq!(none.query("x > 1").lazy().collect().unwrap().shape(), (0, 2));
}

#[test]
fn a_lazy_frame_reads_when_it_is_collected_and_says_then_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let mut frame = df!("x" => [1.0, 2.0]).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let data = load(&path).unwrap();
    let (plain, ours) = (data.lazy(), data.sample(1.0, 1).lazy());
    assert!(plain.explain(true).unwrap().to_lowercase().contains("parquet"));
    let plan = ours.explain(true).unwrap().to_lowercase();
    assert!(plan.contains("anonymous") && !plan.contains("parquet"), "{plan}");
    let wrong = data.query("y > 1").lazy().select([col("x")]).collect().unwrap_err().to_string();
    assert!(wrong.contains("no column `y`") && wrong.contains('^'), "{wrong}");
    std::fs::remove_file(&path).unwrap();
    assert!(plain.collect().is_err() && ours.collect().is_err(), "the file is gone");
}

#[test]
fn data_sets_and_groups_with_their_own_steps_come_together() {
    let data = toy();
    let (mumu, tau) = (data.group("mumu").query("mu1P > 2"), data.group("taupair").one_cand_only());
    let both = mumu.concat(&tau).query("mu2P < 4");
    let counts = both.counts().unwrap();
    let alone = [mumu.query("mu2P < 4").count().unwrap(), tau.query("mu2P < 4").count().unwrap()];
    assert_eq!(counts.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), alone);
    assert_eq!(both.group("taupair").count().unwrap(), alone[1]);
    assert_eq!(both.query("mu1P < @p").bind("p", 3.0).count().unwrap(), both.query("mu1P < 3.0").count().unwrap());
    let twice = mumu.concat(&mumu).count().unwrap_err().to_string();
    assert!(twice.contains(MUMU) && twice.contains("twice"), "{twice}");
    assert!(toy().concat(&toy()).count().unwrap_err().to_string().contains("twice"), "the same files, opened twice");
    let made = Data::from_frames([("P16M16rd_data_prompt_v1", df!("mu1P" => [1.0, 3.0]).unwrap())]).unwrap();
    let whole = data.concat(&made);
    assert_eq!(whole.processes().len(), 6);
    assert_eq!(whole["data"].process_names().len(), 2);
    assert_eq!(whole.query("mu1P > 2").count().unwrap(), data.query("mu1P > 2").count().unwrap() + 1);
    let error = (&data["mumu"] + &made["data"]).count().unwrap_err().to_string();
    assert!(error.contains("concat"), "{error}");
}

#[test]
fn a_process_of_two_data_sets_has_the_rows_of_both() {
    let half = |events: [i64; 3], x: [f64; 3]| {
        let frame = df!("__event__" => events, "x" => x).unwrap();
        Data::from_frames([("P16M16rd_mc_mumu_p16_v1", frame)]).unwrap()
    };
    let (one, two) = (half([1, 1, 2], [1.0, 2.0, 3.0]), half([3, 4, 1], [4.0, 5.0, 6.0]));
    let both = one.concat(&two);
    assert_eq!((both.processes().len(), both.count().unwrap(), both.shape().unwrap()), (1, 6, (6, 2)));
    let x = both.collect().unwrap().column("x").unwrap().f64().unwrap().to_vec();
    assert_eq!(x, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(Some), "first the rows of the first");
    assert_eq!(both["mumu"].hist("x", (6, 0.5, 6.5)).unwrap().counts(), [1.0; 6]);
    // One candidate per event of all rows: the second half has one more row of event 1.
    assert_eq!(both.one_cand_only().count().unwrap(), 4);
    // Equal steps behind both are kept; whatever looks at other rows cannot be.
    let cut = |data: &Data| data.query("x > @low").bind("low", 1.5).define("y", "2 * x");
    assert_eq!(cut(&one).concat(&cut(&two)).query("y < 12").shape().unwrap(), (4, 3));
    for (a, b, why) in [
        (one.query("x > 1"), two.query("x > 2"), "other steps"),
        (one.query("x > @a").bind("a", 1), two.query("x > @a").bind("a", 2), "other steps"),
        (one.head(1), two.head(1), "`head 1` looks at more than one row"),
        (one.one_cand_only(), two.one_cand_only(), "more than one row"),
        (one.query("x > x.mean()"), two.query("x > x.mean()"), "more than one row"),
    ] {
        let error = a.concat(&b).count().unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("put the data together first"), "{error}");
    }
    let other = Data::from_frames([("P16M16rd_mc_mumu_p16_v1", df!("x" => ["a"]).unwrap())]).unwrap();
    let error = one.concat(&other).count().unwrap_err().to_string();
    assert!(error.contains("`x` is f64") && error.contains("P16M16rd_mc_mumu_p16_v1"), "{error}");
}

#[test]
fn groups_of_rows_over_processes_are_those_of_all_rows() {
    let data = toy();
    let chain = (data.all().clone() - &data["data"]).query("mu1P > 1");
    let ours = chain
        .group_by(["__ncandidates__", "isSignal"])
        .agg([
            flow::sum("mu1P"),
            flow::median("mu2P"),
            flow::n_unique("__run__").alias("runs"),
            flow::count("mu1clusterE").alias("n"),
        ])
        .unwrap();
    let keys = [col("__ncandidates__"), col("isSignal")];
    let aggregations = [
        col("mu1P").sum(),
        col("mu2P").median(),
        col("__run__").n_unique().alias("runs").cast(DataType::UInt64),
        col("mu1clusterE").is_not_nan().sum().alias("n").cast(DataType::UInt64),
    ];
    let theirs = chain
        .collect()
        .unwrap()
        .lazy()
        .group_by(keys.clone())
        .agg(aggregations)
        .sort_by_exprs(keys, Default::default());
    let theirs = theirs.collect().unwrap();
    assert_eq!(ours.height(), theirs.height());
    for name in ["mu1P", "mu2P", "runs", "n"] {
        let column =
            |frame: &DataFrame| frame.column(name).unwrap().cast(&DataType::Float64).unwrap().f64().unwrap().to_vec();
        for (a, b) in column(&ours).into_iter().zip(column(&theirs)) {
            assert!((a.unwrap() - b.unwrap()).abs() <= 1e-9 * b.unwrap().abs(), "{name}: {a:?} {b:?}");
        }
    }
    let error = data.group_by("__ncandidates__").agg(flow::sum("mu1PP")).unwrap_err().to_string();
    assert!(error.contains("mu1PP") && error.contains("mu1P"), "{error}");
}

/// Every bit of a histogram that anyone can see.
fn bits(group: &data::Group) -> Vec<u64> {
    let h = group.weight("mu2P").hist("mu1P", (50, 0.0, 6.0)).unwrap();
    let automatic = group.weight("mu2P").hist("mu1P", 50).unwrap();
    [h.counts(), h.variances(), automatic.counts(), automatic.variances(), automatic.edges()]
        .concat()
        .into_iter()
        .map(f64::to_bits)
        .collect()
}

#[test]
fn threads_and_memory_change_no_bit_of_an_answer() {
    let data = toy().chunk_size(1_000);
    let one = bits(&data.threads(1));
    for threads in [2, 8] {
        assert_eq!(one, bits(&data.threads(threads)), "{threads} threads");
    }
    // So little memory that rows cannot be kept between the two scans for an automatic range.
    assert_eq!(one, bits(&data.memory_budget_gb(1e-6)));
    let chain = data.query("mu1P > 1").one_cand_only();
    assert_eq!(bits(&chain), bits(&data.threads(8).query("mu1P > 1").one_cand_only()));
}

#[test]
fn an_automatic_range_takes_one_pass_where_memory_allows() {
    let passes = |data: &Data| data.group("mumu").hist("mu1P", 50).unwrap().performance_report().passes;
    assert_eq!((passes(&toy()), passes(&toy().memory_budget_gb(1e-6))), (1, 2));
}

#[test]
fn values_behind_names_reach_every_weight() {
    let group = toy()["mumu"].weight("mu1P").weight("@f * mu2P").bind("f", 2);
    let plain = toy()["mumu"].weight("2 * mu1P * mu2P").hist("mu1P", (1, 0, 100)).unwrap();
    let sum = group.hist("mu1P", (1, 0, 100)).unwrap().sum();
    assert!((sum / plain.sum() - 1.0).abs() < 1e-12);
}

#[test]
fn events_are_named_by_the_columns_one_says() {
    let frame = df!("run" => ["a", "a", "b", "b"], "event" => [1, 1, 1, 2], "x" => [3.0, 1.0, 2.0, 4.0]).unwrap();
    let data = Data::from_frames([("p", frame)]).unwrap();
    let error = data.one_cand_only().count().unwrap_err().to_string();
    assert!(error.contains("names an event"), "{error}");
    let keyed = data.event_keys(["run", "event"]);
    assert_eq!(keyed.one_cand_only().count().unwrap(), 3);
    assert_eq!(keyed.best_candidate("x", data::Lowest).row_numbers().unwrap(), [1, 2, 3]);
    let flow = keyed.query("x < 4").cutflow().unwrap();
    assert_eq!(flow.total().iter().map(|left| (left.candidates, left.events)).collect::<Vec<_>>(), [(4, 3), (3, 2)]);
}

#[test]
fn every_terminal_is_in_the_profiling_report() {
    let data = toy().profiling(true);
    data["mumu"].query("mu1P > 2").count().unwrap();
    data["mumu"].query("mu1P > 2").collect().unwrap();
    data.group_by("__ncandidates__").agg(flow::sum("mu1P")).unwrap();
    let report = data.profiling_report();
    assert!(report.title.contains("3 runs"), "{}", report.title);
    assert_eq!(report["query"].runs, 2);
}

#[test]
fn a_report_has_a_timeline_of_what_each_worker_did() {
    let h =
        toy().chunk_size(1_000).threads(2)["mumu"].query("mu1P > 2").one_cand_only().hist("mu1P", (9, 0, 9)).unwrap();
    let report = h.performance_report();
    let of = |operation: &str| report.spans.iter().filter(|span| span.operation == operation).count();
    assert!(
        ["read", "query", "oneCandOnly", "hist"].into_iter().all(|operation| of(operation) > 1),
        "{:?}",
        report.spans
    );
    assert!(report.spans.iter().all(|span| span.start >= 0.0 && span.start + span.seconds <= report.seconds * 1.01));
    let rows: u64 = report.spans.iter().filter(|span| span.operation == "query").map(|span| span.rows).sum();
    assert_eq!(rows, toy()["mumu"].count().unwrap());
    let bundle = show::Display::bundle(report);
    assert!(bundle.get("text/html").unwrap().contains("alt=\"timeline") && bundle.plain().contains("busy: thread 0"));
}
