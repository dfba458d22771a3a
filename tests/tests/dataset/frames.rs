//! Steps and terminals that frames have, over random rows: against plain loops, and against pandas where Python has it.

use data::{Data, Group};
use polars::prelude::*;
use std::process::Command;

const CASES: u64 = 100;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// Rows with repeated values and missing ones; `n` is the number of the row, `t` ascends in minutes.
fn frame(random: &mut Random) -> DataFrame {
    let rows = random.below(60) as i64;
    let mut minute = 0;
    let t: Vec<i64> = (0..rows)
        .map(|_| {
            minute += random.below(50) as i64;
            minute * 60_000_000_000
        })
        .collect();
    let x: Vec<f64> =
        (0..rows).map(|_| if random.below(6) == 0 { f64::NAN } else { random.below(12) as f64 / 2.0 }).collect();
    let k: Vec<i32> = (0..rows).map(|_| random.below(6) as i32).collect();
    let s: Vec<Option<&str>> =
        (0..rows).map(|_| [Some("ee"), Some("mumu"), Some("tau"), None][random.below(4) as usize]).collect();
    let t = Series::new("t".into(), t).cast(&DataType::Datetime(TimeUnit::Nanoseconds, None)).unwrap();
    df!("n" => (0..rows).collect::<Vec<i64>>(), "t" => t, "x" => x, "k" => k, "s" => s).unwrap()
}

fn factors() -> DataFrame {
    df!("k" => [1_i64, 2, 2, 5, 9], "f" => [0.5, 1.5, 2.5, 3.5, 4.5]).unwrap()
}

fn numbers(frame: &DataFrame, column: &str) -> Vec<Option<f64>> {
    let column = frame.column(column).unwrap().cast(&DataType::Float64).unwrap();
    column.f64().unwrap().iter().map(|value| value.filter(|value| !value.is_nan())).collect()
}

fn rows(frame: &DataFrame) -> Vec<i64> {
    frame.column("n").unwrap().i64().unwrap().iter().flatten().collect()
}

fn of(frame: &DataFrame, random: &mut Random) -> Data {
    Data::from_frames([("p", frame.clone())]).unwrap().chunk_size(1 + random.below(20) as usize)
}

#[test]
fn rows_by_place_and_order() {
    for case in 0..CASES {
        let random = &mut Random(case);
        let frame = frame(random);
        let data = of(&frame, random);
        let all = rows(&frame);
        let count = random.below(70) as usize;
        assert_eq!(rows(&data.tail(count as u64).collect().unwrap()), all[all.len().saturating_sub(count)..], "{case}");
        let (from, to) = (random.below(80) as i64 - 40, random.below(80) as i64 - 40);
        let place = |at: i64| (if at < 0 { at + all.len() as i64 } else { at }).clamp(0, all.len() as i64) as usize;
        let (start, end) = (place(from), place(to).max(place(from)));
        assert_eq!(rows(&data.row_range(from, to).collect().unwrap()), all[start..end], "{case}: {from}..{to}");
        assert_eq!(rows(&data.row_range(from, None).collect().unwrap()), all[start..], "{case}: {from}..");
        // Missing values last, equal ones in the order of rows.
        let x = numbers(&frame, "x");
        for descending in [false, true] {
            let mut order: Vec<usize> = (0..x.len()).collect();
            order.sort_by(|&a, &b| match (x[a], x[b]) {
                (Some(a), Some(b)) if descending => b.total_cmp(&a),
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            });
            let order: Vec<i64> = order.into_iter().map(|row| row as i64).collect();
            let (all, best) = match descending {
                true => (data.sort_descending("x"), data.top(count, "x")),
                false => (data.sort("x"), data.bottom(count, "x")),
            };
            assert_eq!(rows(&all.unwrap()), order, "{case}");
            assert_eq!(rows(&best.unwrap()), order[..count.min(order.len())], "{case}");
        }
    }
}

#[test]
fn names_joins_and_values() {
    for case in 0..CASES {
        let random = &mut Random(case);
        let frame = frame(random);
        let data = of(&frame, random);
        let (k, x) = (numbers(&frame, "k"), numbers(&frame, "x"));
        let exchanged = data.rename([("x", "k"), ("k", "x")]).query("x >= 2").collect().unwrap();
        assert_eq!(exchanged.get_column_names(), ["n", "t", "k", "x", "s"]);
        let kept: Vec<usize> = (0..k.len()).filter(|&row| k[row].unwrap() >= 2.0).collect();
        assert_eq!(numbers(&exchanged, "k"), kept.iter().map(|&row| x[row]).collect::<Vec<_>>(), "{case}");
        assert_eq!(data.rename([("x", "k")]).drop("k").schema().unwrap_err().to_string().lines().count(), 1);
        assert_eq!(data.drop(["s", "t"]).rename([("n", "m")]).schema().unwrap()[..], ["m", "x", "k"]);
        // Integers of other widths are the same keys; a key twice doubles rows.
        let partners = |k: f64| -> Vec<Option<f64>> {
            let all = [(1.0, 0.5), (2.0, 1.5), (2.0, 2.5), (5.0, 3.5)];
            all.iter().filter(|(key, _)| *key == k).map(|(_, f)| Some(*f)).collect()
        };
        let (mut left, mut inner, mut anti) = (Vec::new(), Vec::new(), Vec::new());
        for (row, k) in k.iter().enumerate() {
            let found = partners(k.unwrap());
            if found.is_empty() {
                left.push((row as i64, None));
                anti.push(row as i64);
            }
            inner.extend(found.iter().map(|f| (row as i64, *f)));
            left.extend(found.iter().map(|f| (row as i64, *f)));
        }
        let pairs = |group: Group| -> Vec<(i64, Option<f64>)> {
            let frame = group.collect().unwrap();
            rows(&frame).into_iter().zip(numbers(&frame, "f")).collect()
        };
        assert_eq!(pairs(data.left_join(&factors(), "k")), left, "{case}");
        assert_eq!(pairs(data.join(&factors(), "k")), inner, "{case}");
        assert_eq!(rows(&data.anti_join(&factors(), "k").collect().unwrap()), anti, "{case}");
        assert_eq!(data.left_join(&factors(), "k").query("f > 1").count().unwrap() as usize, {
            left.iter().filter(|(_, f)| f.is_some_and(|f| f > 1.0)).count()
        });
        // Different values in the order in which they come.
        let mut seen: Vec<(Option<f64>, Option<f64>)> = Vec::new();
        for pair in k.iter().copied().zip(x.iter().copied()) {
            if !seen.contains(&pair) {
                seen.push(pair);
            }
        }
        let unique = data.unique(["k", "x"]).unwrap();
        assert_eq!(numbers(&unique, "k").into_iter().zip(numbers(&unique, "x")).collect::<Vec<_>>(), seen, "{case}");
        let counts = data.value_counts("k").unwrap();
        let mut expected: Vec<(f64, f64)> = (0..6)
            .map(|key| (f64::from(key), k.iter().filter(|k| **k == Some(f64::from(key))).count() as f64))
            .filter(|(_, count)| *count > 0.0)
            .collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1));
        let found: Vec<(f64, f64)> =
            numbers(&counts, "k").into_iter().flatten().zip(numbers(&counts, "count").into_iter().flatten()).collect();
        assert_eq!(found, expected, "{case}");
        // Single numbers, and the values themselves.
        let there: Vec<f64> = x.iter().copied().flatten().collect();
        let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12;
        let sum: f64 = there.iter().sum();
        assert!(same(data.sum("x").unwrap(), sum) && same(data.mean("x").unwrap(), sum / there.len() as f64), "{case}");
        let least = there.iter().copied().fold(f64::NAN, f64::min);
        assert!(same(data.min("x").unwrap(), least), "{case}");
        assert!(same(data.max("2 * x").unwrap(), 2.0 * there.iter().copied().fold(f64::NAN, f64::max)), "{case}");
        let values: Vec<Option<f64>> =
            data.column("x").unwrap().into_iter().map(|x| Some(x).filter(|x| !x.is_nan())).collect();
        assert_eq!(values, x, "{case}");
    }
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_read() {
    let frame = df!("n" => [1_i64, 2], "x" => [1.0, 2.0], "s" => ["a", "b"]).unwrap();
    let data = Data::from_frames([("p", frame.clone())]).unwrap();
    let message = |error: data::Error| error.to_string();
    assert!(message(data.rename([("y", "z")]).count().unwrap_err()).contains("`y`"));
    assert!(message(data.rename([("x", "s")]).count().unwrap_err()).contains("two columns would be called `s`"));
    assert!(message(data.drop("y").count().unwrap_err()).contains("`y`"));
    assert!(message(data.tail(-1).count().unwrap_err()).contains("tail(-1)"));
    assert!(message(data.top(3, "y").unwrap_err()).contains("`y`"));
    assert!(message(data.resample("1h").agg([flow::sum("x")]).count().unwrap_err()).contains("column of times"));
    assert!(message(data.column("s").unwrap_err()).contains("not numbers"));
    assert!(message(data.mean("s").unwrap_err()).contains("`s`"));
    let text = df!("n" => ["1"], "f" => [1.0]).unwrap();
    assert!(message(data.left_join(&text, "n").count().unwrap_err()).contains("cast one of them"));
    assert!(message(data.best_candidate("x", "best").count().unwrap_err()).contains("Lowest or Highest"));
    assert_eq!(data.event_keys("s").best_candidate("x", "lowest").count().unwrap(), 2);
    assert_eq!(data.r#where("x > 1").count().unwrap(), 1);
    // The histogram of means has the name that the switch had.
    assert_eq!(data.profile("x", (2, 0.0, 4.0), "n").unwrap().values()[0], 1.0);
}

/// The chain `resample`, `date_range` and `left_join` beside pandas, as text.
const PANDAS: &str = r#"
import sys, pandas as pd
frame = pd.read_parquet(sys.argv[1])
frame["t"] = frame["t"].astype("datetime64[ns]")
def show(name, values):
    print(name, " ".join("nan" if pd.isna(v) else f"{float(v):.9g}" for v in values))
for rule, closed, label, origin in [("7h", None, None, "start_day"), ("1h", "right", "right", "epoch"), ("90min", None, "right", "start")]:
    by = frame.resample(rule, on="t", closed=closed, label=label, origin=origin)
    out = by.agg(x=("x", "sum"), n=("n", "count"))
    out = out[out["n"] > 0]
    show(f"resample {rule}", list(out["x"]) + list(out["n"]) + [t.value / 1e9 for t in out.index])
inside = frame.set_index("t").loc["1970-01-01 02:00:00":"1970-01-01"]
show("dates", inside["n"])
keys = pd.DataFrame({"s": ["ee", None, "tau"], "f": [1.0, 2.0, 3.0]})
show("left", frame.merge(keys, on="s", how="left")["f"])
show("largest", frame.nlargest(7, "x")["n"])
show("counts", frame["s"].value_counts().sort_values(ascending=False, kind="stable"))
"#;

#[test]
fn times_and_missing_keys_are_those_of_pandas() {
    // The same environment as that of the target `differential`.
    let Some(python) = recoil_tests::python::environment("differential", "pandas", &["pandas", "numexpr", "pyarrow"])
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for case in 0..20 {
        let random = &mut Random(1000 + case);
        let mut frame = frame(random);
        if frame.height() < 3 {
            continue;
        }
        let path = folder.path().join("rows.parquet");
        ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let output = Command::new(&python).args(["-c", PANDAS]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let data = data::load(&path).unwrap().chunk_size(1 + random.below(20) as usize);
        let mut ours = String::new();
        let mut show = |name: &str, values: Vec<Option<f64>>| {
            let words = values.iter().map(|value| value.map_or("nan".to_owned(), short));
            ours += &format!("{name} {}\n", words.collect::<Vec<_>>().join(" "));
        };
        for (rule, closed, label, origin) in [
            ("7h", None, None, "start_day"),
            ("1h", Some("right"), Some("right"), "epoch"),
            ("90min", None, Some("right"), "start"),
        ] {
            let by = data.resample(rule).origin(origin);
            let by = closed.into_iter().fold(by, data::Resampling::closed);
            let by = label.into_iter().fold(by, data::Resampling::label);
            let out = by.agg([flow::sum("x"), flow::count("n")]).collect().unwrap();
            let seconds = out.column("t").unwrap().cast(&DataType::Int64).unwrap();
            let seconds = seconds.i64().unwrap().iter().map(|t| t.map(|t| t as f64 / 1e9)).collect::<Vec<_>>();
            show(&format!("resample {rule}"), [numbers(&out, "x"), numbers(&out, "n"), seconds].concat());
        }
        show("dates", numbers(&data.date_range("1970-01-01 02:00:00", "1970-01-01").collect().unwrap(), "n"));
        let keys = df!("s" => [Some("ee"), None, Some("tau")], "f" => [1.0, 2.0, 3.0]).unwrap();
        show("left", numbers(&data.left_join(&keys, "s").collect().unwrap(), "f"));
        show("largest", numbers(&data.top(7, "x").unwrap(), "n"));
        show("counts", numbers(&data.value_counts("s").unwrap(), "count"));
        assert_eq!(ours, String::from_utf8(output.stdout).unwrap(), "case {case}: {frame}");
    }
}

/// As Python's `%.9g` writes the numbers here: whole and half ones.
fn short(value: f64) -> String {
    format!("{value}")
}
