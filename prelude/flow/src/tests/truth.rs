//! No sum wraps, no key loses digits, no time is lost, no random number changes.

use crate::{
    Aggregation, Best, Candidates, Clause, Query, ROW, Resample, count, first, last, max, mean, median, min, n_unique,
    std, sum, time,
};
use polars::prelude::*;

fn decimals(name: &str, digits: Vec<i128>, scale: usize) -> Column {
    Int128Chunked::from_vec(name.into(), digits).into_decimal_unchecked(38, scale).into_series().into_column()
}

fn group(frame: &DataFrame, by: &str, aggregations: Vec<Aggregation>) -> crate::Result<DataFrame> {
    Ok(Query::new().groupby(by).agg(aggregations).run(frame)?.sort([by], SortMultipleOptions::default())?)
}

#[test]
fn sums_of_integers_never_wrap() {
    let frame = df!("k" => [1, 1, 2], "i" => [i64::MAX, 1, 5], "u" => [u64::MAX, 0, 7]).unwrap();
    let error = group(&frame, "k", vec![sum("i")]).unwrap_err().to_string();
    assert!(error.contains("9223372036854775808") && error.contains("`i`"), "{error}");
    let sums = group(&frame, "k", vec![sum("u")]).unwrap();
    assert_eq!(sums.column("u").unwrap().u64().unwrap().to_vec(), [Some(u64::MAX), Some(7)]);
    let over = df!("k" => [1, 1], "u" => [u64::MAX, 1]).unwrap();
    assert!(group(&over, "k", vec![sum("u")]).unwrap_err().to_string().contains("18446744073709551616"));
    // A sum that comes back into the type is right.
    let back = df!("k" => [1, 1, 1], "i" => [i64::MAX, 1, -2]).unwrap();
    let sums = group(&back, "k", vec![sum("i")]).unwrap();
    assert_eq!(sums.column("i").unwrap().i64().unwrap().get(0), Some(i64::MAX - 1));
}

#[test]
fn decimals_and_wide_integers_keep_their_digits() {
    let big = 1_234_567_890_123_456_789_012_i128;
    let digits = vec![10, 20, big, big + 1, big];
    let keys = Int128Chunked::from_vec("w".into(), vec![i128::MAX, i128::MAX - 1, i128::MAX, -1, i128::MAX]);
    let frame = DataFrame::new(5, vec![decimals("d", digits, 2), keys.into_series().into_column()]).unwrap();
    let all = vec![
        sum("d").alias("sum"),
        min("d").alias("min"),
        max("d").alias("max"),
        count("d").alias("n"),
        n_unique("d").alias("u"),
        mean("d").alias("mean"),
    ];
    let groups = group(&frame, "w", all).unwrap();
    let shown = |name: &str| -> Vec<String> {
        let texts = groups.column(name).unwrap().cast(&DataType::String).unwrap();
        texts.str().unwrap().iter().map(|text| text.unwrap_or("null").to_owned()).collect()
    };
    assert_eq!(
        shown("w"),
        ["-1", "170141183460469231731687303715884105726", "170141183460469231731687303715884105727"]
    );
    assert_eq!(shown("sum"), ["12345678901234567890.13", "0.20", "24691357802469135780.34"]);
    assert_eq!((&*shown("min")[2], &*shown("max")[2]), ("0.10", "12345678901234567890.12"));
    assert_eq!((&*shown("n")[2], &*shown("u")[2]), ("3", "2"));
    assert_eq!(groups.column("mean").unwrap().f64().unwrap().get(1), Some(0.2));
    let by_decimal = group(&frame, "d", vec![count("w")]).unwrap();
    assert_eq!(by_decimal.column("d").unwrap().dtype(), &DataType::Decimal(38, 2));
    assert_eq!(by_decimal.column("w").unwrap().u64().unwrap().to_vec(), [Some(1), Some(1), Some(2), Some(1)]);
}

#[test]
fn a_category_is_a_key() {
    let texts = Series::new("c".into(), ["b", "a", "b"]);
    let categories = texts.cast(&DataType::from_categories(Categories::global())).unwrap();
    let frame = DataFrame::new(3, vec![categories.into_column(), Column::new("x".into(), [1, 2, 3])]).unwrap();
    let groups = Query::new().groupby("c").agg([sum("x")]).run(&frame).unwrap();
    let names = groups.column("c").unwrap().cast(&DataType::String).unwrap();
    assert_eq!(names.str().unwrap().iter().flatten().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(groups.column("x").unwrap().i64().unwrap().to_vec(), [Some(4), Some(2)]);
}

#[test]
fn times_beyond_nanoseconds_are_kept_or_refused() {
    // 2024-01-01 and 9999-12-31, in microseconds.
    let times = Int64Chunked::from_vec("t".into(), vec![1_704_067_200_000_000, 253_402_214_400_000_000]);
    let times = times.into_datetime(TimeUnit::Microseconds, None).into_series();
    let frame = DataFrame::new(2, vec![times.into_column(), Column::new("x".into(), [1.0, 2.0])]).unwrap();
    let error = Query::new().clause(Clause::Resample(Resample::new("D", [sum("x")]))).run(&frame).unwrap_err();
    assert!(error.to_string().contains("2262"), "{error}");
    let kept = Query::new().date_range(time("2024-01-02").unwrap(), None).run(&frame).unwrap();
    assert_eq!(kept.column("x").unwrap().f64().unwrap().to_vec(), [Some(2.0)]);
}

fn events() -> DataFrame {
    let rows = 0..600_u32;
    df!(
        "__experiment__" => rows.clone().map(|_| 7).collect::<Vec<i32>>(),
        "__run__" => rows.clone().map(|row| (row / 300) as i32).collect::<Vec<_>>(),
        "__event__" => rows.clone().map(|row| row / 3).collect::<Vec<_>>(),
        "n" => rows.collect::<Vec<_>>(),
    )
    .unwrap()
}

#[test]
fn a_sample_takes_whole_events() {
    let frame = events();
    let sample = Query::new().sample(0.3, 12).run(&frame).unwrap();
    let taken: Vec<u32> = sample.column("n").unwrap().u32().unwrap().iter().flatten().collect();
    assert!(
        taken.chunks(3).all(|event| event[0] % 3 == 0 && event.len() == 3 && event[2] == event[0] + 2),
        "{taken:?}"
    );
    assert_eq!(taken.len(), 159, "as the second implementation draws");
    // Also where nobody else asks for the columns that name an event.
    let narrow = Query::new().sample(0.3, 12).clause(Clause::Select(vec!["n".into()])).run(&frame).unwrap();
    assert_eq!(narrow.column("n").unwrap(), sample.column("n").unwrap());
    // The same events whatever else is in the table, and in whatever type their numbers are written.
    let wide = frame.clone().lazy().filter(col("n").gt(lit(299))).with_column(col("__event__").cast(DataType::Int64));
    let again = Query::new().sample(0.3, 12).run(&wide.collect().unwrap()).unwrap();
    let again: Vec<u32> = again.column("n").unwrap().u32().unwrap().iter().flatten().collect();
    assert_eq!(again, taken.into_iter().filter(|row| *row > 299).collect::<Vec<_>>());
}

/// Pinned, and found by a second implementation in Python: they must survive every compiler and version.
#[test]
fn lots_are_the_same_for_good() {
    let frame = events();
    let first = |frame: &DataFrame| -> Vec<u32> {
        frame.column("n").unwrap().u32().unwrap().iter().flatten().take(8).collect()
    };
    let rows = frame.select(["n"]).unwrap();
    assert_eq!(first(&Query::new().sample(0.1, 1).run(&rows).unwrap()), SAMPLED_ROWS);
    assert_eq!(first(&Query::new().sample(0.1, 1).run(&frame).unwrap()), SAMPLED_EVENTS);
    let chosen = Query::new().candidates(Candidates::new(Best::Random(1))).run(&frame).unwrap();
    assert_eq!(first(&chosen), CHOSEN);
}

const SAMPLED_ROWS: [u32; 8] = [20, 21, 25, 28, 55, 61, 66, 67];
const SAMPLED_EVENTS: [u32; 8] = [21, 22, 23, 39, 40, 41, 48, 49];
const CHOSEN: [u32; 8] = [0, 4, 8, 10, 14, 15, 20, 21];

#[test]
fn no_column_of_a_table_is_taken_for_one_of_the_engine() {
    let frame = df!("__row__" => [5, 5, 5, 6], "__row_number__" => [9, 8, 7, 6], "n" => [0u32, 1, 2, 3]).unwrap();
    let whole = Query::new().sample(1.0, 3).run(&frame).unwrap();
    assert!(whole.equals(&frame));
    let chosen = Query::new().candidates(Candidates::new(Best::Random(3)).keys(["__row__"])).run(&frame).unwrap();
    assert_eq!(chosen.height(), 2);
    let numbered = Query::new().select([ROW, "__row__"]).run(&frame).unwrap();
    assert_eq!(numbered.column(ROW).unwrap().u64().unwrap().to_vec(), [Some(0), Some(1), Some(2), Some(3)]);
    let taken = df!(ROW => [1]).unwrap();
    let error = Query::new().run(&taken).unwrap_err().to_string();
    assert!(error.contains("rename it"), "{error}");
    assert!(Query::new().define(ROW, cut::col("n")).run(&frame).is_err());
}

/// So many groups that rows are put apart first: the same as Polars', which holds all rows.
#[test]
fn many_groups_are_those_of_few() {
    let mut random = segment::random::SplitMix64::new(8);
    let rows = 100_000;
    let key: Vec<i64> = (0..rows).map(|_| (random.next() % 60_000) as i64 - 30_000).collect();
    let text: Vec<Option<String>> =
        (0..rows).map(|row| (row % 97 != 5).then(|| format!("k{}", random.next() % 3))).collect();
    let value: Vec<i64> = (0..rows).map(|_| random.next() as i64 >> 20).collect();
    let number: Vec<f64> = value.iter().map(|value| *value as f64 / 1024.0).collect();
    let frame = df!("k" => key, "s" => text, "v" => value, "x" => number).unwrap();
    let named = |one: Aggregation, name: &str| one.alias(name);
    let all = [
        named(sum("v"), "sum"),
        named(mean("x"), "mean"),
        named(count("x"), "count"),
        named(first("v"), "first"),
        named(last("v"), "last"),
        named(min("x"), "min"),
        named(max("v"), "max"),
        named(std("x"), "std"),
        named(median("x"), "median"),
        named(n_unique("v"), "distinct"),
    ];
    let (v, x) = (polars::prelude::col("v"), polars::prelude::col("x"));
    let theirs = [
        v.clone().sum().alias("sum"),
        x.clone().mean().alias("mean"),
        x.clone().count().alias("count"),
        v.clone().first().alias("first"),
        v.clone().last().alias("last"),
        x.clone().min().alias("min"),
        v.clone().max().alias("max"),
        x.clone().std(1).alias("std"),
        x.median().alias("median"),
        v.n_unique().alias("distinct"),
    ];
    for keys in [vec!["k"], vec!["s", "k"]] {
        let ours = Query::new().groupby(keys.clone()).agg(all.clone()).run(&frame).unwrap();
        let by: Vec<_> = keys.iter().map(|key| polars::prelude::col(*key)).collect();
        let wanted = frame.clone().lazy().drop_nulls(None).group_by(&by).agg(theirs.clone()).collect().unwrap();
        let wanted = if keys.len() == 1 {
            frame.clone().lazy().group_by(&by).agg(theirs.clone()).collect().unwrap()
        } else {
            wanted
        };
        let sorted = |frame: &DataFrame| frame.sort(keys.clone(), SortMultipleOptions::default()).unwrap();
        let (ours, wanted) = (sorted(&ours), sorted(&wanted));
        assert_eq!(ours.height(), wanted.height(), "{keys:?}");
        for column in wanted.columns() {
            let numbers = |frame: &DataFrame| match frame.column(column.name()).unwrap().dtype() {
                DataType::String => None,
                _ => Some(frame.column(column.name()).unwrap().cast(&DataType::Float64).unwrap()),
            };
            let (Some(ours), Some(theirs)) = (numbers(&ours), numbers(&wanted)) else { continue };
            for (row, (a, b)) in ours.f64().unwrap().iter().zip(theirs.f64().unwrap().iter()).enumerate() {
                let near = a.zip(b).is_none_or(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0))
                    && a.is_some() == b.is_some();
                assert!(near, "{keys:?} {} in row {row}: {a:?} and {b:?}", column.name());
            }
        }
    }
}

#[test]
fn groups_that_fit_neither_memory_nor_disk_are_made_in_rounds_and_an_answer_that_does_not_is_an_error() {
    let mut random = segment::random::SplitMix64::new(1);
    let different: Vec<u64> = (0..50_000).map(|_| random.next()).collect();
    let keys: Vec<u64> = (0..300_000).map(|row| different[row * 7_919 % 50_000]).collect();
    let frame = df!("k" => keys).unwrap();
    let count = |name: &str| count("k").alias(name);
    let query = Query::new().groupby("k").agg([count("n")]);
    let run = |query: &Query, gigabytes: f64, spill: Option<&str>| {
        let source = std::sync::Arc::new(sources::memory::Memory::new(frame.clone()).unwrap());
        let options = crate::Options { spill: spill.map(Into::into), ..crate::Options::default() };
        query.over(source).options(options.memory_budget_gb(gigabytes)).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let (disk, none) = (folder.path().to_str(), Some("/nonexistent/folder"));
    let noted = |report: &crate::Report, what: &str| report.notes.iter().any(|note| note.contains(what));
    let (whole, report) = run(&query, 1.0, disk).unwrap();
    assert!(!noted(&report, "did not fit"), "{:?}", report.notes);
    let sorted = |frame: DataFrame| frame.sort(["k"], SortMultipleOptions::default()).unwrap();
    let (spilled, report) = run(&query, 0.0011, disk).unwrap();
    assert!(noted(&report, "went to a disk") && !noted(&report, "times"), "{:?}", report.notes);
    assert!(sorted(whole.clone()).equals(&sorted(spilled)));
    let (rounds, report) = run(&query, 0.0011, none).unwrap();
    assert!(noted(&report, "times") && noted(&report, "/nonexistent/folder"), "{:?}", report.notes);
    assert!(sorted(whole).equals(&sorted(rounds)));
    // The same behind a step that an earlier stage has to make, whose rows are kept for the next round.
    let behind = Query::new().head(250_000).groupby("k").agg([count("n")]);
    let (whole, _) = run(&behind, 1.0, disk).unwrap();
    for (spill, how) in [(disk, "went to a disk"), (none, "times")] {
        // Where it fits at once, in rounds, and not at all, lies close together.
        let budgets = (14..=32).map(|tenths| f64::from(tenths) * 1e-4);
        let answers: Vec<_> = budgets.filter_map(|budget| run(&behind, budget, spill).ok()).collect();
        let notes: Vec<_> = answers.iter().map(|(_, report)| &report.notes).collect();
        assert!(answers.iter().any(|(_, report)| noted(report, how)), "{notes:?}");
        for (other, _) in answers {
            assert!(whole.height() == 50_000 && sorted(whole.clone()).equals(&sorted(other)));
        }
    }
    let wide = Query::new().groupby("k").agg([count("n"), count("m"), count("o"), count("p")]);
    for spill in [disk, none] {
        let error = run(&wide, 0.0011, spill).unwrap_err().to_string();
        assert!(error.contains("memory_budget_gb") && error.contains("groups so far"), "{error}");
    }
}

#[test]
fn any_budget_gives_the_same_groups_within_it() {
    let mut random = segment::random::SplitMix64::new(7);
    let (rows, mut spilled) = (120_000, 0);
    let texts: Vec<String> = (0..700).map(|at| format!("a text that is longer than a view: {}", at * at)).collect();
    let folder = tempfile::tempdir().unwrap();
    for turn in 0..6 {
        let mut draw = |most: u64| (0..rows).map(|_| random.next() % most).collect::<Vec<_>>();
        let most = [40_000, 3_000, 500_000][turn % 3];
        let (keys, values, picks) = (draw(most), draw(1 << 20), draw(700));
        let values: Vec<Option<f64>> = values.into_iter().map(|x| (x % 97 > 0).then_some(x as f64)).collect();
        let texts: Vec<&str> = picks.iter().map(|at| texts[*at as usize].as_str()).collect();
        let frame = df!("k" => keys, "s" => texts, "x" => values).unwrap();
        let by: &[&str] = if turn % 2 == 0 { &["k"] } else { &["s", "k"] };
        let all = vec![sum("x"), mean("x").alias("m"), count("x").alias("n"), last("x").alias("l")];
        let by: Vec<PlSmallStr> = by.iter().map(|name| PlSmallStr::from_str(name)).collect();
        let grouped = |bytes: u64| {
            let options = crate::Options {
                memory_budget: bytes,
                chunk_size: 4_000,
                spill: Some(folder.path().to_owned()),
                ..crate::Options::default()
            };
            let cutting = sources::memory::Cutting { rows: 4_000, ..Default::default() };
            let source = std::sync::Arc::new(sources::memory::Memory::cut("t", frame.clone(), None, &cutting).unwrap());
            let grouping = crate::Grouping::new(frame.schema(), &by, all.clone()).unwrap().options(&options);
            let (answer, rounds) = grouping
                .in_rounds(|grouping| {
                    let (part, _) = crate::run(&Query::new(), source.clone(), grouping, &options)
                        .map_err(|error| polars_err!(ComputeError: "{error}"))?;
                    grouping.finish(part).map_err(|error| polars_err!(ComputeError: "{error}"))
                })
                .unwrap();
            assert_eq!(rounds, 1, "the disk takes what memory does not");
            (answer, grouping.peak(), grouping.notes())
        };
        let (whole, peak, notes) = grouped(1 << 30);
        assert!(notes.is_empty(), "{notes:?}");
        let answer = whole.estimated_size() as u64;
        for budget in [answer + answer / 8, answer * 3 / 2, answer * 3].map(|budget| budget.max(1_200_000)) {
            let (answer, within, notes) = grouped(budget);
            assert!(answer.equals_missing(&whole), "{budget} of {peak}");
            assert!(within <= budget, "{within} of {budget}");
            spilled += usize::from(!notes.is_empty());
        }
    }
    assert!(spilled >= 4, "spilled in {spilled} of 18 runs");
}
