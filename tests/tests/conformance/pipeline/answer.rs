//! The answer of a case beside ours.

use super::Outcome;
use super::frames::{column, dtype};
use polars::prelude::*;
use serde_json::Value as Json;

pub(super) fn compare(answer: &DataFrame, expected: &Json) -> Outcome<()> {
    let lists = std::iter::once(&expected["columns"]).chain(expected["also_accepted"].as_array().into_iter().flatten());
    let mut first = Ok(());
    for columns in lists {
        match compare_columns(answer, expected, columns) {
            Ok(()) => return Ok(()),
            Err(why) if first.is_ok() => first = Err(why),
            Err(_) => {}
        }
    }
    first
}

fn compare_columns(answer: &DataFrame, expected: &Json, columns: &Json) -> Outcome<()> {
    let columns = columns.as_array().ok_or("the case expects no columns")?;
    let names: Vec<&str> = columns.iter().filter_map(|column| column["name"].as_str()).collect();
    let have: Vec<&str> = answer.columns().iter().map(|column| column.name().as_str()).collect();
    let (mut sorted_names, mut sorted_have) = (names.clone(), have.clone());
    sorted_names.sort_unstable();
    sorted_have.sort_unstable();
    if sorted_names != sorted_have || expected["column_order"] == "exact" && names != have {
        return Err(format!("columns {have:?}, expected {names:?}"));
    }
    let rows = columns.first().and_then(|column| column["values"].as_array()).map_or(0, Vec::len);
    let any_rows = expected["any_rows"].as_u64().map(|rows| rows as usize);
    if answer.height() != any_rows.unwrap_or(rows) {
        return Err(format!("{} rows, expected {}", answer.height(), any_rows.unwrap_or(rows)));
    }
    let mut tables = (Vec::new(), Vec::new());
    for wanted in columns {
        let name = wanted["name"].as_str().unwrap_or_default();
        let ours = answer.column(name).map_err(|error| error.to_string())?.as_materialized_series();
        let accepted = std::iter::once(&wanted["dtype"]).chain(wanted["dtype_or"].as_array().into_iter().flatten());
        let mut types = accepted.filter_map(|kind| dtype(&serde_json::json!({"dtype": kind, "tz": wanted["tz"]})).ok());
        if !types.any(|dtype| dtype == *ours.dtype()) {
            return Err(format!("`{name}` is {}, expected {}", ours.dtype(), wanted["dtype"]));
        }
        let theirs = column(wanted, None)?;
        tables.0.push(cells(ours)?);
        tables.1.push(cells(theirs.as_materialized_series())?);
    }
    let mut ours = transpose(&tables.0, answer.height());
    let mut theirs = transpose(&tables.1, rows);
    if let Some(rows) = any_rows {
        let mut left = theirs.clone();
        for row in &ours {
            let at =
                left.iter().position(|other| same_row(row, other)).ok_or(format!("row {row:?} is not expected"))?;
            left.remove(at);
        }
        return if ours.len() == rows { Ok(()) } else { Err("rows".into()) };
    }
    match expected["row_order"].as_str() {
        Some("any") => {
            // By the index, or by all cells where there is none.
            ours.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            theirs.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        }
        Some("time") => {
            let times = ours.iter().map(|row| row[0].clone());
            if times.clone().zip(times.skip(1)).any(|(a, b)| a > b) {
                return Err("times do not ascend".into());
            }
            ours.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            theirs.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        }
        _ => {}
    }
    match ours.iter().zip(&theirs).find(|(a, b)| !same_row(a, b)) {
        Some((ours, theirs)) => Err(format!("{names:?}: {ours:?}, expected {theirs:?}")),
        None => Ok(()),
    }
}

/// A value as it is compared; missing is the least.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Cell {
    Missing,
    Integer(i128),
    Float(f64),
    Text(String),
}

fn cells(column: &Series) -> Outcome<Vec<Cell>> {
    let physical = column.to_physical_repr();
    let fail = |error: PolarsError| error.to_string();
    Ok(match physical.dtype() {
        DataType::Float32 | DataType::Float64 => {
            let values = physical.cast(&DataType::Float64).map_err(fail)?;
            let one = |value: Option<f64>| value.filter(|value| !value.is_nan()).map_or(Cell::Missing, Cell::Float);
            values.f64().map_err(fail)?.iter().map(one).collect()
        }
        DataType::String => {
            let one = |text: Option<&str>| text.map_or(Cell::Missing, |text| Cell::Text(text.into()));
            physical.str().map_err(fail)?.iter().map(one).collect()
        }
        DataType::UInt64 => {
            let one = |value: Option<u64>| value.map_or(Cell::Missing, |value| Cell::Integer(value.into()));
            physical.u64().map_err(fail)?.iter().map(one).collect()
        }
        _ => {
            let values = physical.cast(&DataType::Int64).map_err(fail)?;
            let one = |value: Option<i64>| value.map_or(Cell::Missing, |value| Cell::Integer(value.into()));
            values.i64().map_err(fail)?.iter().map(one).collect()
        }
    })
}

fn transpose(columns: &[Vec<Cell>], rows: usize) -> Vec<Vec<Cell>> {
    (0..rows).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn same_row(a: &[Cell], b: &[Cell]) -> bool {
    a.iter().zip(b).all(|pair| match pair {
        (Cell::Float(a), Cell::Float(b)) => a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        (a, b) => a == b,
    })
}
