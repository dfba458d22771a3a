//! What cuts mean and say, through the public surface of the room.

mod blocks;
mod exact;
mod fuzz;
mod integers;
mod lists;
mod lookup;
mod meaning;
mod messages;
mod nulls;
mod statistics;

use crate::{Cut, Typed};
use polars::prelude::*;

fn typed(cut: impl Into<Cut>, frame: &DataFrame) -> Typed {
    cut.into().check(frame.schema()).unwrap_or_else(|error| panic!("{error}"))
}

fn text(text: &str) -> Cut {
    crate::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The rows that a cut keeps, by blocks and by Polars, which must agree.
fn kept(cut: impl Into<Cut>, frame: &DataFrame) -> Vec<usize> {
    let typed = typed(cut, frame);
    let mask = typed.mask(frame).unwrap();
    assert_eq!(mask.null_count(), 0);
    let rows: Vec<usize> =
        mask.iter().enumerate().filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| row).collect();
    let filtered = frame.clone().lazy().with_row_index("#", None).filter(typed.expr()).collect().unwrap();
    let other: Vec<usize> =
        filtered.column("#").unwrap().u32().unwrap().iter().flatten().map(|row| row as usize).collect();
    assert_eq!(rows, other, "Polars means something else by {}", typed.text());
    rows
}

/// The values of an expression, by blocks and by Polars, which must agree.
fn values(cut: impl Into<Cut>, frame: &DataFrame) -> Series {
    let typed = typed(cut, frame);
    let series = typed.values(frame).unwrap().with_name("v".into());
    assert_eq!(series.dtype(), &typed.dtype());
    let other = frame.clone().lazy().select([typed.expr().alias("v")]).collect().unwrap();
    let other = other.column("v").unwrap().as_materialized_series().clone();
    let other = if other.len() == series.len() { other } else { other.new_from_index(0, series.len()) };
    assert_eq!(other.dtype(), series.dtype(), "{}", typed.text());
    let same = |x: &Series| x.to_physical_repr().cast(&DataType::String).unwrap();
    if series.null_count() == other.null_count() {
        assert!(same(&series).equals_missing(&same(&other)), "{series:?} {other:?} {}", typed.text());
    }
    series
}
