//! Steps of chains over random tables: what they give is what pandas gives.

use data::{AsOf, Group};
use flow::{count, min, sum};
use polars::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::writers::PACKAGES;

/// Tables and steps, and pandas' answers to them, made at random from a pinned seed.
fn cases() -> Option<(PathBuf, Vec<Value>)> {
    let python = recoil_tests::python::environment("steps against pandas", "tables", &PACKAGES)?;
    let folder = tempfile::tempdir().expect("a folder").keep();
    let script = recoil_tests::cases::project().join("tests/tests/peers/steps.py");
    let output = Command::new(python).arg(script).arg(&folder).args(["17", "60"]).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("the cases");
    Some((folder, serde_json::from_str(&text).expect("a list of cases")))
}

#[test]
fn steps_give_what_pandas_gives() {
    let Some((folder, cases)) = cases() else { return };
    let mut wrong = Vec::new();
    for case in &cases {
        let outcome = std::panic::catch_unwind(|| alike(&folder, case)).unwrap_or_else(|_| Err("panics".to_owned()));
        if let Err(why) = outcome {
            wrong.push(format!("{} of {}: {why}", case["step"], case["table"]));
        }
    }
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    assert!(cases.len() > 900, "{} cases", cases.len());
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn text<'a>(step: &'a Value, key: &str) -> &'a str {
    step[key].as_str().unwrap_or_default()
}

fn texts(step: &Value, key: &str) -> Vec<String> {
    let all = step[key].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.map(str::to_owned).collect()
}

fn alike(folder: &Path, case: &Value) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let path = |key: &Value| folder.join(key.as_str().unwrap_or_default());
    let data = data::load(path(&case["table"])).map_err(|error| said(&error))?;
    let frame = |key: &Value| read(&path(key));
    let wanted = frame(&case["answer"]);
    let step = &case["step"];
    let found = done(&data.group("all"), step, &frame)?.collect().map_err(|error| said(&error))?;
    let found = instants(found);
    if found.height() != wanted.height() {
        return Err(format!("{} rows, not {}: {found} {wanted}", found.height(), wanted.height()));
    }
    for column in wanted.columns() {
        let name = if column.name() == "t" { "t" } else { column.name().as_str() };
        let mine = found.column(name).map_err(|error| said(&error))?;
        same(mine, column).map_err(|why| format!("`{name}` {why}"))?;
    }
    Ok(())
}

fn read(path: &Path) -> DataFrame {
    data::load(path).expect("a table").collect().expect("its rows")
}

fn done(data: &Group, step: &Value, frame: &dyn Fn(&Value) -> DataFrame) -> Result<Group, String> {
    let rows = step["rows"].as_i64().unwrap_or(1);
    Ok(match text(step, "kind") {
        "sorted" if step["ascending"] == true => data.sorted(texts(step, "by")),
        "sorted" => data.sorted_descending(texts(step, "by")),
        "best" if step["ascending"] == true => data.smallest(rows as usize, text(step, "by")),
        "best" => data.largest(rows as usize, text(step, "by")),
        "distinct" => data.distinct(texts(step, "columns")),
        "query" => data.query(text(step, "cut")),
        "asof" => {
            let mut asof = AsOf::on("t").direction(text(step, "direction"));
            let mut other = frame(&step["other"]);
            let mut left = data.select(["t", "row", "run"]);
            match step["by"].as_str() {
                Some(by) => {
                    asof = asof.by(by);
                    left = left.query("not run.isna()");
                }
                None => other = other.drop("run").map_err(|error| error.to_string())?,
            }
            if let Some(seconds) = step["seconds"].as_i64() {
                asof = asof.tolerance(&format!("{seconds}s"));
            }
            left.asof_join(&other, asof)
        }
        "resample" => {
            let mut resample = data.resample(text(step, "rule"));
            if let Some(side) = step["closed"].as_str() {
                resample = resample.closed(side);
            }
            if let Some(side) = step["label"].as_str() {
                resample = resample.label(side);
            }
            if let Some(origin) = step["origin"].as_str() {
                resample = resample.origin(origin);
            }
            resample.agg([count("row").alias("rows"), sum("n").alias("sum"), min("row").alias("first")])
        }
        kind => {
            let column = text(step, "column");
            let window = match kind {
                "cumulative_sum" => data::cumulative_sum(column),
                "cumulative_min" => data::cumulative_min(column),
                "cumulative_max" => data::cumulative_max(column),
                "lag" => data::lag(column, rows),
                "difference" => data::difference(column, rows),
                "rank" => {
                    let rank = data::rank(column).ties(text(step, "ties")).map_err(|error| error.to_string())?;
                    if step["descending"] == true { rank.descending() } else { rank }
                }
                _ => data::row_number(),
            };
            data.window(texts(step, "keys"), [window.alias("value")])
        }
    })
}

/// Times as nanoseconds since 1970.
fn instants(frame: DataFrame) -> DataFrame {
    let time = |dtype: &DataType| matches!(dtype, DataType::Datetime(..));
    let names: Vec<PlSmallStr> =
        frame.schema().iter().filter(|(_, dtype)| time(dtype)).map(|(name, _)| name.clone()).collect();
    let nanoseconds =
        |name: PlSmallStr| col(name).cast(DataType::Datetime(TimeUnit::Nanoseconds, None)).cast(DataType::Int64);
    frame.lazy().with_columns(names.into_iter().map(nanoseconds).collect::<Vec<_>>()).collect().expect("times")
}

/// Equal integers, and floating point numbers that are equal but for rounding; missing is NaN.
fn same(found: &Column, wanted: &Column) -> Result<(), String> {
    let float = |column: &Column| column.cast(&DataType::Float64).expect("numbers");
    if !wanted.dtype().is_float() {
        let whole = |column: &Column| column.cast(&DataType::Int64).expect("integers");
        let (found, wanted) = (whole(found), whole(wanted));
        return match found.equals_missing(&wanted) {
            true => Ok(()),
            false => Err(format!("is {found:?}, not {wanted:?}")),
        };
    }
    let (found, wanted) = (float(found), float(wanted));
    let values = found.f64().expect("f64").iter().zip(wanted.f64().expect("f64").iter());
    for (row, (found, wanted)) in values.enumerate() {
        let (found, wanted) = (found.unwrap_or(f64::NAN), wanted.unwrap_or(f64::NAN));
        let near = (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
        let both_missing = found.is_nan() && wanted.is_nan();
        if !near && !both_missing {
            return Err(format!("in row {row} is {found}, not {wanted}"));
        }
    }
    Ok(())
}
