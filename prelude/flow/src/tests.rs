mod truth;

use crate::{first, last, mean, median, n_unique, quantile, std, sum, *};
use polars::prelude::*;
use sources::Source;
use sources::memory::{Cutting, Memory};
use std::sync::Arc;

fn cut(rows: usize, frame: &DataFrame) -> Arc<dyn Source> {
    let cutting = Cutting { rows, columns: 2, statistics: true, ..Cutting::default() };
    Arc::new(Memory::cut("table", frame.clone(), None, &cutting).unwrap())
}

fn events() -> DataFrame {
    // Events of one to four candidates, some of them over the border of any segment.
    let mut event = Vec::new();
    for number in 0..500_i64 {
        event.extend(std::iter::repeat_n(number, 1 + (number % 4) as usize));
    }
    let rows = event.len();
    df!(
        "__event__" => &event,
        "__run__" => vec![3_i32; rows],
        "x" => (0..rows).map(|row| if row % 13 == 0 { f64::NAN } else { ((row * 7919) % 101) as f64 }).collect::<Vec<_>>(),
        "n" => (0..rows).map(|row| row as u32).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn everywhere(query: &Query, frame: &DataFrame) -> DataFrame {
    let run = |rows: usize, threads: usize| {
        let scan = query.over(cut(rows, frame)).options(Options::default().threads(threads));
        let streamed = scan.clone().engine(Streaming).collect().unwrap().0;
        for other in [scan.clone().engine(InMemory), scan.engine(Integrated)] {
            assert!(other.collect().unwrap().0.equals_missing(&streamed), "{rows} rows, {threads} threads");
        }
        streamed
    };
    let whole = run(usize::MAX, 1);
    for (rows, threads) in [(1, 3), (2, 1), (7, 3), (100, 1), (100, 3), (1_249, 3)] {
        assert!(run(rows, threads).equals_missing(&whole), "{rows} rows, {threads} threads");
    }
    whole
}

#[test]
fn one_candidate_per_event_wherever_segments_end() {
    let frame = events();
    for best in [Best::First, Best::Lowest("x".into()), Best::Highest("x".into()), Best::Random(5)] {
        let query = Query::new().candidates(Candidates::new(best.clone()));
        let all = everywhere(&query, &frame);
        assert_eq!(all.height(), 500, "{best:?}");
        let cut = Query::new()
            .filter(cut::parse("n % 3 != 0").unwrap())
            .candidates(Candidates::new(best))
            .filter(cut::parse("x > 20").unwrap());
        everywhere(&cut, &frame);
    }
    let twice = Query::new()
        .candidates(Candidates::new(Best::Highest("x".into())))
        .define("half", cut::parse("__event__ // 2").unwrap())
        .candidates(Candidates::new(Best::First).keys(["half"]));
    assert_eq!(everywhere(&twice, &frame).height(), 250);
}

#[test]
fn events_that_come_back_have_one_candidate_over_the_whole_table() {
    let frame = events();
    let shuffled = frame.sample_n_literal(frame.height(), false, Some(true), Some(3)).unwrap();
    let query = Query::new().candidates(Candidates::new(Best::Lowest("n".into())));
    let kept = everywhere(&query, &shuffled);
    assert_eq!(kept.height(), 500);
    let sum = |frame: &DataFrame| frame.column("n").unwrap().u32().unwrap().sum();
    assert_eq!(sum(&kept), sum(&everywhere(&query, &frame)));
    let (_, report) = query.over(cut(100, &shuffled)).collect().unwrap();
    assert!(report.notes[0].contains("separate runs"), "{:?}", report.notes);
    let runs = Query::new().candidates(Candidates::new(Best::First).by_runs());
    assert!(everywhere(&runs, &shuffled).height() > 1_000);
}

#[test]
fn no_cut_moves_across_a_choice_of_candidates() {
    let frame = events();
    let cut = cut::parse("x > 50").unwrap();
    let one = Query::new().candidates(Candidates::new(Best::First));
    let after = everywhere(&one.clone().filter(cut.clone()), &frame).height();
    let before = everywhere(&Query::new().filter(cut).then(&one), &frame).height();
    assert!(after < before, "{after} {before}");
}

#[test]
fn rows_keep_their_numbers_and_defined_columns_their_place() {
    let frame = events();
    let query =
        Query::new().filter(cut::parse("x > 90").unwrap()).define("y", cut::parse("x * 2").unwrap()).select(["y", ROW]);
    let rows = everywhere(&query, &frame);
    let numbers: Vec<u64> = rows.column(ROW).unwrap().u64().unwrap().iter().flatten().collect();
    let x = frame.column("x").unwrap().f64().unwrap();
    let wanted: Vec<u64> =
        (0..frame.height()).filter(|&row| x.get(row).unwrap() > 90.0).map(|row| row as u64).collect();
    assert_eq!(numbers, wanted);
    assert_eq!(rows.get_column_names(), ["y", ROW]);
    let sampled = everywhere(&Query::new().sample(0.3, 1), &frame).height() as f64 / frame.height() as f64;
    assert!((0.25..0.35).contains(&sampled), "{sampled}");
}

#[test]
fn whole_columns_are_looked_at_as_wholes() {
    let frame = events();
    let kept = everywhere(&Query::new().filter(cut::parse("n > n.mean()").unwrap()).head(2), &frame);
    assert_eq!(kept.column("n").unwrap().u32().unwrap().get(0), Some(frame.height() as u32 / 2));
}

#[test]
fn aggregations_agree_with_the_frame_library() {
    let frame = events();
    let query = Query::new().groupby(["__event__", "__run__"]).agg([
        sum("n").alias("sum"),
        mean("x").alias("mean"),
        std("n").alias("std"),
        median("x").alias("median"),
        n_unique("x").alias("n_unique"),
        first("n").alias("first"),
        last("n").alias("last"),
        quantile("n", 0.25).alias("low"),
    ]);
    let ours = everywhere(&query, &frame);
    let x = || col("x").fill_nan(lit(NULL));
    let theirs = frame
        .lazy()
        .group_by_stable([col("__event__"), col("__run__")])
        .agg([
            col("n").sum().cast(DataType::UInt64).alias("sum"),
            x().mean().alias("mean"),
            col("n").std(1).alias("std"),
            x().median().alias("median"),
            x().drop_nulls().n_unique().cast(DataType::UInt64).alias("n_unique"),
            col("n").first().alias("first"),
            col("n").last().alias("last"),
            col("n").quantile(lit(0.25), QuantileMethod::Linear).alias("low"),
        ])
        .collect()
        .unwrap();
    for (ours, theirs) in ours.columns().iter().zip(theirs.columns()) {
        assert_eq!(ours.dtype(), theirs.dtype(), "{}", ours.name());
        let (a, b) = (ours.cast(&DataType::Float64).unwrap(), theirs.cast(&DataType::Float64).unwrap());
        for (a, b) in a.f64().unwrap().iter().zip(b.f64().unwrap().iter()) {
            let near = match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * (1.0 + a.abs()),
                (a, b) => a == b,
            };
            assert!(near, "{}: {a:?} {b:?}", ours.name());
        }
    }
}

#[test]
fn statistics_skip_and_the_plan_says_so() {
    let frame = df!("k" => (0..1_000).collect::<Vec<i32>>(), "v" => vec![1.0; 1_000]).unwrap();
    let scan = Query::new().filter(cut::parse("k >= 950").unwrap()).over(cut(100, &frame));
    let plan = scan.explain().unwrap();
    assert_eq!((plan.segments_kept, plan.segments_total), (1, 10));
    assert_eq!(plan.skipped, [("statistics".to_owned(), 9)]);
    let (answer, report) = scan.collect().unwrap();
    assert_eq!((answer.height(), report.segments_read, report.rows_in), (50, 1, 100));
    assert!(plan.to_string().contains("1 of 10, 9 skipped by statistics"));
}

#[test]
fn head_stops_early() {
    let frame = df!("k" => (0..100_000).collect::<Vec<i32>>()).unwrap();
    let query = Query::new().filter(cut::parse("k % 2 == 0").unwrap()).head(10);
    let source = cut(1_000, &frame);
    let (answer, report) =
        query.over(source).options(Options::default().threads(2)).engine(Streaming).collect().unwrap();
    assert_eq!(answer.height(), 10);
    assert!(report.segments_read < 20, "{}", report.segments_read);
}

#[test]
fn errors_come_before_reading() {
    let frame = events();
    let refused = |query: Query| query.over(cut(10, &frame)).explain().unwrap_err().to_string();
    assert!(refused(Query::new().select(["y"])).contains("`y`"));
    assert!(refused(Query::new().filter(cut::parse("x").unwrap())).contains('x'));
    assert!(refused(Query::new().agg([sum("x")])).contains("groupby"));
    assert!(refused(Query::new().resample("1h").agg([sum("x")])).contains("index"));
    assert!(refused(Query::new().head(1).concat(Concat::outer(Vec::new()))).contains("first"));
    assert!(refused(Query::new().candidates(Candidates::new(Best::First).keys(["z"]))).contains("`z`"));
}

#[test]
fn rows_are_counted_without_columns() {
    let frame = events();
    let count = |query: Query| {
        let scan = query.over(cut(100, &frame));
        let counts = [scan.clone().engine(InMemory), scan.clone().engine(Streaming), scan.engine(Integrated)]
            .map(|scan| scan.count().unwrap().0);
        assert!(counts.iter().all(|&other| other == counts[0]), "{counts:?}");
        counts[0]
    };
    let all = frame.height() as u64;
    assert_eq!(count(Query::new()), all);
    assert_eq!(count(Query::new().head(130).tail(50)), 50);
    let passing = count(Query::new().filter(cut::parse("n < 333").unwrap()));
    assert_eq!(passing, 333);
    assert_eq!(count(Query::new().filter(cut::parse("n < 333").unwrap()).head(250).row_range(20, -20)), 210);
    assert_eq!(count(Query::new().candidates(Candidates::new(Best::First)).tail(77)), 77);
    assert_eq!(count(Query::new().groupby(["__run__"]).agg([sum("n")])), 1);
}

#[test]
fn tables_one_after_another_go_straight_into_a_group() {
    let a = df!("k" => [1, 2, 1, 3], "x" => [1.0, 2.0, f64::NAN, 4.0], "unused" => ["a", "b", "c", "d"]).unwrap();
    let b = df!("x" => [10_i32, 20, 30], "k" => [3, 1, 1]).unwrap();
    let parts = || {
        let own = |text: &str| Query::new().filter(cut::parse(text).unwrap());
        vec![
            Table { query: own("k != 3").define("from", cut::parse("0").unwrap()), ..Table::new("a", cut(2, &a)) },
            Table { query: own("x > 10").define("from", cut::parse("1").unwrap()), ..Table::new("b", cut(1, &b)) },
        ]
    };
    let query = Query::new()
        .concat(Concat::outer(parts()))
        .filter(cut::parse("x < 30").unwrap())
        .define("twice", cut::parse("x * 2").unwrap())
        .groupby(["k", "from"])
        .agg([sum("twice"), count("x")]);
    for engine in 0..3 {
        let scan = query.over(cut(1, &a));
        let scan =
            [scan.clone().engine(InMemory), scan.clone().engine(Streaming), scan.engine(Integrated)][engine].clone();
        let (answer, report) = scan.collect().unwrap();
        let wanted = df!("k" => [1, 2, 1], "from" => [0, 0, 1]).unwrap();
        assert!(answer.select(["k", "from"]).unwrap().cast_to(&wanted).equals(&wanted), "{answer:?}");
        let sums: Vec<f64> = answer.column("twice").unwrap().f64().unwrap().into_no_null_iter().collect();
        assert_eq!(sums, [2.0, 4.0, 40.0]);
        assert!(report.engine.contains("one after another"), "{}", report.engine);
        assert!(!report.columns.contains(&"unused".to_owned()), "only what is asked for is read: {:?}", report.columns);
    }
    let scan = Query::new().concat(Concat::outer(parts())).filter(cut::parse("x > 5").unwrap()).over(cut(1, &a));
    let (plan, (_, report)) = (scan.explain().unwrap(), scan.collect().unwrap());
    assert_eq!((plan.segments_total, plan.rows), (report.segments_total, (report.rows_in, 7)), "{plan}");
    assert!(plan.segments_total > 1 && plan.rows.0 > 3, "{plan}");
    // Rows by position need to know how many came before: they are collected, with the same answer.
    let tail = Query::new().concat(Concat::inner(parts())).tail(2).over(cut(1, &a)).collect().unwrap().0;
    assert_eq!(tail.column("x").unwrap().f64().unwrap().into_no_null_iter().collect::<Vec<_>>(), [20.0, 30.0]);
}

/// Values in the types of another frame.
trait CastTo {
    fn cast_to(self, other: &DataFrame) -> DataFrame;
}

impl CastTo for DataFrame {
    fn cast_to(self, other: &DataFrame) -> DataFrame {
        let columns = self.columns().iter().zip(other.columns());
        let columns = columns.map(|(column, like)| column.cast(like.dtype()).unwrap()).collect();
        DataFrame::new(self.height(), columns).unwrap()
    }
}

#[test]
fn cuts_side_by_side_count_as_if_they_stood_alone() {
    let frame = events();
    let cuts = ["n % 3 != 0", "x > 20", "sqrt(x * x) > 25", "n > 400", "sqrt(x * x) < 90"];
    // Without statistics, which would leave out segments before anything is counted.
    let source = |rows| -> Arc<dyn Source> {
        Arc::new(Memory::cut("table", frame.clone(), None, &Cutting { rows, ..Cutting::default() }).unwrap())
    };
    for (rows, count) in [(usize::MAX, 5), (100, 5), (7, 3), (1, 3), (usize::MAX, 3)] {
        let query = cuts[..count].iter().fold(Query::new(), |query, text| query.filter(cut::parse(text).unwrap()));
        let report = query.over(source(rows)).engine(Streaming).collect().unwrap().1;
        let mut wanted = frame.height() as u64;
        let mut alone = frame.clone();
        for (operation, text) in report.operations.iter().zip(cuts) {
            assert_eq!(operation.rows_in, wanted, "{text}, {rows} rows");
            alone = Query::new().filter(cut::parse(text).unwrap()).run(&alone).unwrap();
            wanted = alone.height() as u64;
            assert_eq!(operation.rows_out, wanted, "{text}, {rows} rows");
        }
        assert_eq!(report.rows_out, wanted);
    }
}

#[test]
fn definitions_side_by_side_see_the_columns_before_them() {
    let frame = df!("x" => [1.0, 2.0, 3.0], "y" => [1, 2, 3]).unwrap();
    let define = |query: Query, name: &str, text: &str| query.define(name, cut::parse(text).unwrap());
    let steps = [("a", "sqrt(x) + y"), ("b", "sqrt(x) * 2"), ("c", "a + b"), ("x", "a"), ("d", "x"), ("e", "x + 1")];
    let query = steps.iter().fold(Query::new(), |query, (name, text)| define(query, name, text));
    let one_by_one =
        steps.iter().fold(frame.clone(), |frame, (name, text)| define(Query::new(), name, text).run(&frame).unwrap());
    assert!(query.run(&frame).unwrap().equals(&one_by_one));
}

#[test]
fn a_selection_that_was_made_before_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let frame = events();
    let options = sources::parquet::WriteOptions { row_group: 500, ..Default::default() };
    sources::parquet::write(&path, &frame, &options).unwrap();
    let ask = |text: &str, columns: &[&str]| {
        let columns = columns.iter().map(|name| PlSmallStr::from(*name)).collect();
        let query = Query::new().filter(cut::parse(text).unwrap()).filter(cut::parse("n < 1000").unwrap());
        let scan = query.over(sources::open(&path).unwrap());
        scan.read(ReadRange { columns: Some(columns), ..Default::default() }).collect().unwrap()
    };
    let (first, report) = ask("x > 20", &["x", "n"]);
    assert_eq!(report.selections_reused, 0);
    let (again, report) = ask("x > 20", &["x", "n"]);
    if crate::memory::pressure() < 0.8 {
        assert_eq!(report.selections_reused, 2, "a row group of which nothing is known before it is read");
        assert_eq!(report.operations[0].rows_out, first.height() as u64);
        assert_eq!(ask("x > 20", &["__event__"]).1.selections_reused, 2, "other columns, the same selection");
    }
    assert!(again.equals_missing(&first));
    assert_eq!(ask("x > 21", &["x", "n"]).1.selections_reused, 0, "another selection");
    sources::parquet::write(&path, &frame.head(Some(100)), &options).unwrap();
    let (other, report) = ask("x > 20", &["x", "n"]);
    assert_eq!(report.selections_reused, 0, "another file");
    assert!(other.height() < first.height());
}

#[test]
fn few_rows_of_many_are_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let frame = events();
    let options = sources::parquet::WriteOptions { row_group: 500, ..Default::default() };
    sources::parquet::write(&path, &frame, &options).unwrap();
    for text in ["n % 50 == 3", "n == 777", "x > 100", "n % 50 == 3 & x > 1000", "n >= 0"] {
        let query = Query::new().filter(cut::parse(text).unwrap()).define("y", cut::parse("x + n").unwrap());
        let wanted = query.run(&frame).unwrap();
        for chunk in [300, 500, 100_000] {
            let scan = query.over(sources::open(&path).unwrap()).engine(Streaming);
            let (answer, _) = scan.options(Options::default().chunk_size(chunk)).collect().unwrap();
            assert!(answer.equals_missing(&wanted), "{text}, units of {chunk}");
        }
    }
}

#[test]
fn a_report_says_when_each_worker_did_what() {
    let frame = events();
    let query = Query::new().filter(cut::parse("x > 20").unwrap()).define("y", cut::parse("x + n").unwrap());
    let report = query.over(cut(100, &frame)).engine(Streaming).collect().unwrap().1;
    let units = frame.height().div_ceil(100) as u64;
    let of = |what: &str| report.spans.iter().filter(|span| &*span.what == what).collect::<Vec<_>>();
    assert_eq!(report.spans_every, 1);
    assert!(of("read").len() as u64 >= units);
    let filters = of(&report.operations[0].name);
    assert_eq!(filters.iter().map(|span| span.rows).sum::<u64>(), report.operations[0].rows_in);
    assert!(report.spans.iter().all(|span| span.start >= 0.0 && span.start + span.seconds <= report.seconds + 1e-3));
    assert!(report.materialized.to_string().contains("of 4 columns of table"), "{}", report.materialized);
}
