//! Tables: files and folders, by the prelude's `load(..)`.

use super::Outcome;
use data::{Data, load};
use polars::prelude::*;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A table, with all checks of its entry; it is refused when it cannot be opened or not be read whole.
pub(super) fn table(path: &Path, case: &Value) -> Outcome {
    let read = || -> data::Result<(Data, DataFrame)> {
        let data = load(path)?;
        let frame = data.collect()?;
        Ok((data, frame))
    };
    match read() {
        Ok((data, frame)) => Outcome::Read(checked(path, case, &data, &frame)),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

fn checked(path: &Path, case: &Value, data: &Data, frame: &DataFrame) -> Result<(), String> {
    shape(path, case, data, frame)?;
    types(case, frame)?;
    first(case, frame)?;
    for check in case["checks"].as_array().into_iter().flatten() {
        match check["query"].as_str() {
            Some(query) => counts(query, &check["count"], data)?,
            None => column(check, frame)?,
        }
    }
    Ok(())
}

fn shape(path: &Path, case: &Value, data: &Data, frame: &DataFrame) -> Result<(), String> {
    let wanted = match &case["rows"] {
        Value::String(_) => Some(all_rows(path)?),
        rows => rows.as_u64(),
    };
    let count = data.count().map_err(|error| error.to_string())?;
    if let Some(wanted) = wanted.filter(|&wanted| wanted != count || wanted != frame.height() as u64) {
        return Err(format!("{count} rows are counted and {} are read, not {wanted}", frame.height()));
    }
    if case["one_process"] == Value::Bool(true) && data.processes().len() != 1 {
        return Err(format!("{} processes, not one", data.processes().len()));
    }
    for name in case["columns_include"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !data.columns().iter().any(|column| column == name) || frame.column(name).is_err() {
            return Err(format!("no column `{name}`"));
        }
    }
    Ok(())
}

/// The rows of all files below a folder, each opened by itself.
fn all_rows(path: &Path) -> Result<u64, String> {
    let mut rows = 0;
    let mut waiting = vec![PathBuf::from(path)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).map_err(|error| error.to_string())?;
            waiting.extend(entries.flatten().map(|entry| entry.path()));
        } else {
            rows += sources::open(&path).map_err(|error| error.to_string())?.rows();
        }
    }
    Ok(rows)
}

fn types(case: &Value, frame: &DataFrame) -> Result<(), String> {
    let Some(wanted) = case["types"].as_array() else { return Ok(()) };
    let found: Vec<&str> = frame.schema().iter_values().map(kind).collect();
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    if found == wanted { Ok(()) } else { Err(format!("the columns are {found:?}, not {wanted:?}")) }
}

fn kind(dtype: &DataType) -> &'static str {
    match dtype {
        DataType::Boolean => "bool",
        DataType::Date => "date",
        DataType::Datetime(..) => "datetime",
        DataType::String | DataType::Categorical(..) | DataType::Enum(..) => "text",
        _ if dtype.is_integer() => "int",
        _ if dtype.is_float() || dtype.is_decimal() => "float",
        _ => "other",
    }
}

/// The first row, as text.
fn first(case: &Value, frame: &DataFrame) -> Result<(), String> {
    let Some(wanted) = case["first"].as_array() else { return Ok(()) };
    let text = |column: &Column| column.get(0).map(|value| value.str_value().into_owned()).unwrap_or_default();
    let found: Vec<String> = frame.columns().iter().map(text).collect();
    let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
    if found == wanted { Ok(()) } else { Err(format!("the first row is {found:?}, not {wanted:?}")) }
}

fn counts(query: &str, wanted: &Value, data: &Data) -> Result<(), String> {
    let all = data.count().map_err(|error| error.to_string())?;
    let wanted = wanted.as_u64().unwrap_or(all / 2);
    let found = data.query(query).count().map_err(|error| format!("`{query}`: {error}"))?;
    if found == wanted { Ok(()) } else { Err(format!("`{query}` keeps {found} of {all}, not {wanted}")) }
}

fn column(check: &Value, frame: &DataFrame) -> Result<(), String> {
    let name = check["column"].as_str().ok_or("a check has neither a query nor a column")?;
    let column = frame.column(name).and_then(|column| column.cast(&DataType::Float64));
    let column = column.map_err(|error| error.to_string())?;
    let values: Vec<Option<f64>> = column.f64().map_err(|error| error.to_string())?.iter().collect();
    let sum = values.iter().flatten().sum::<f64>();
    let differs = |what: &str, found: Option<f64>| {
        let wanted = check[what].as_f64();
        (wanted.is_some() && wanted != found).then(|| format!("{what} of `{name}` is {found:?}, not {wanted:?}"))
    };
    let (first, last) = (values.first().copied().flatten(), values.last().copied().flatten());
    if let Some(wrong) = differs("sum", Some(sum)).or(differs("first", first)).or(differs("last", last)) {
        return Err(wrong);
    }
    match check["values"].as_array().map(|wanted| wanted.iter().map(Value::as_f64).collect::<Vec<_>>()) {
        Some(wanted) if wanted != values => Err(format!("`{name}` is {values:?}, not {wanted:?}")),
        _ => Ok(()),
    }
}
