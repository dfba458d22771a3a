use crate::Cell;
use crate::text::{number, one_line};
use polars::prelude::*;

/// Columns of text one value may take: a list or a long string must not push its neighbours away.
const WIDEST: usize = 40;

/// A value as a cell. Whole numbers are written in full, because run and event numbers are names.
pub(super) fn cell(value: &AnyValue) -> Cell {
    match value {
        AnyValue::Null => Cell::Missing("null"),
        AnyValue::Float64(x) => float(*x, 7),
        AnyValue::Float32(x) => float(f64::from(*x), 7),
        AnyValue::String(text) => Cell::text(one_line(text, WIDEST)),
        AnyValue::StringOwned(text) => Cell::text(one_line(text, WIDEST)),
        value if value.is_integer() => Cell::Number(value.to_string()),
        value => Cell::text(one_line(&value.to_string(), WIDEST)),
    }
}

fn float(value: f64, digits: usize) -> Cell {
    if value.is_nan() { Cell::Missing("NaN") } else { Cell::Number(number(value, digits)) }
}

/// `f64 · GeV/c`, or the type alone.
pub(super) fn type_and_unit(name: &str, dtype: &DataType) -> String {
    match crate::variables::unit(name) {
        Some(unit) => format!("{dtype} · {unit}"),
        None => dtype.to_string(),
    }
}

/// A physical 64-bit value of a time type in the words of that type.
pub(super) fn of_physical(value: i64, dtype: &DataType) -> Cell {
    let series = Series::new("".into(), [value]).cast(dtype);
    series.ok().and_then(|series| series.get(0).ok().map(|value| cell(&value))).unwrap_or(Cell::Missing(""))
}
