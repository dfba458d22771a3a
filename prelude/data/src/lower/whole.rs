//! Clauses that need all rows of a process at once: rows in order, the best rows, different rows, window functions.

use crate::error::Result;
use crate::lower::clauses::NUMBER;
use crate::steps::chain::Order;
use crate::steps::windows::{Over, Ties, Window};
use polars::prelude::*;

/// What is done with all rows of a process.
#[derive(Debug, Clone)]
pub(crate) enum Whole {
    /// Rows in the order of columns, and how many of them are kept.
    Sorted { by: Vec<PlSmallStr>, order: Order, rows: Option<usize> },
    /// The first row of each combination of values.
    Distinct { columns: Vec<PlSmallStr> },
    /// More columns, each computed over the rows of a group.
    Windows { keys: Vec<PlSmallStr>, windows: Vec<Window> },
}

impl flow::Custom for Whole {
    fn name(&self) -> String {
        match self {
            Self::Sorted { by, order, rows: None } => format!("sorted by {} ({order:?})", by.join(", ")),
            Self::Sorted { by, order, rows: Some(rows) } => format!("best {rows} by {} ({order:?})", by.join(", ")),
            Self::Distinct { columns } => format!("distinct {}", columns.join(", ")),
            Self::Windows { keys, windows } => {
                let all: Vec<String> = windows.iter().map(ToString::to_string).collect();
                format!("window over {}: {}", keys.join(", "), all.join(", "))
            }
        }
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        let Self::Windows { keys, windows } = self else { return Ok(schema) };
        // A frame without rows finds what is wrong, and says the types.
        let tried = with_windows(DataFrame::empty_with_schema(input), keys, windows);
        let tried = tried.map_err(|error| flow::Error::request(format!("window: {error}")))?;
        for window in windows {
            schema.insert(window.name.as_str().into(), tried.column(&window.name)?.dtype().clone());
        }
        Ok(schema)
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let made = |name: &PlSmallStr| match self {
            Self::Windows { windows, .. } => windows.iter().any(|window| *window.name == **name),
            _ => false,
        };
        let mut needs: Vec<PlSmallStr> = outputs.iter().filter(|name| !made(name)).cloned().collect();
        let own: Vec<PlSmallStr> = match self {
            Self::Sorted { by, .. } => by.clone(),
            Self::Distinct { columns } => columns.clone(),
            Self::Windows { keys, windows } => {
                let inputs = windows.iter().map(|window| PlSmallStr::from_str(&window.column));
                keys.iter().cloned().chain(inputs.filter(|name| !name.is_empty())).collect()
            }
        };
        for name in own {
            if !needs.contains(&name) {
                needs.push(name);
            }
        }
        needs
    }

    fn needs_all_rows(&self) -> bool {
        true
    }

    fn known(&self) -> Option<flow::Known> {
        match self {
            Self::Distinct { columns } => Some(flow::Known::Distinct(columns.clone())),
            Self::Sorted { .. } | Self::Windows { .. } => None,
        }
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        Ok(match self {
            Self::Sorted { by, order, rows } => {
                let sorted = in_order(frame, by, *order)?;
                rows.map_or_else(|| sorted.clone(), |rows| sorted.head(Some(rows)))
            }
            Self::Distinct { columns } => {
                let columns: Vec<String> =
                    columns.iter().filter(|name| *name != NUMBER).map(ToString::to_string).collect();
                frame.unique_stable(Some(columns.as_slice()), UniqueKeepStrategy::First, None)?
            }
            Self::Windows { keys, windows } => {
                with_windows(frame, keys, windows).map_err(|error| flow::Error::request(format!("window: {error}")))?
            }
        })
    }
}

/// Rows in order; missing values last, equal rows as they come.
pub(crate) fn in_order(frame: DataFrame, by: &[PlSmallStr], order: Order) -> PolarsResult<DataFrame> {
    let schema = frame.schema().clone();
    let key = |name: &PlSmallStr| missing_is_null(&schema, name);
    let options = SortMultipleOptions::default()
        .with_order_descending(order == Order::Highest)
        .with_nulls_last(true)
        .with_maintain_order(true);
    frame.lazy().sort_by_exprs(by.iter().map(key).collect::<Vec<_>>(), options).collect()
}

/// A column, in which NaN is a missing value as any other.
fn missing_is_null(schema: &Schema, name: &PlSmallStr) -> Expr {
    match schema.get(name) {
        Some(dtype) if dtype.is_float() => col(name.clone()).fill_nan(lit(NULL)),
        _ => col(name.clone()),
    }
}

/// The frame with a column for each window. Rows with a missing key are of no group, and have no value.
fn with_windows(frame: DataFrame, keys: &[PlSmallStr], windows: &[Window]) -> Result<DataFrame> {
    let schema = frame.schema().clone();
    let grouped = |value: Expr| -> Result<Expr> {
        if keys.is_empty() {
            return Ok(value);
        }
        let keys: Vec<Expr> = keys.iter().map(|key| missing_is_null(&schema, key)).collect();
        let has_group = keys.iter().cloned().map(Expr::is_not_null).reduce(Expr::and).unwrap_or_else(|| lit(true));
        Ok(when(has_group).then(value.over(keys)?).otherwise(lit(NULL)))
    };
    let mut made = Vec::with_capacity(windows.len());
    for window in windows {
        made.push(grouped(value(&schema, window)?)?.alias(window.name.as_str()));
    }
    Ok(frame.lazy().with_columns(made).collect()?)
}

/// A window function over rows that are all of one group.
fn value(schema: &Schema, window: &Window) -> Result<Expr> {
    let name = PlSmallStr::from_str(&window.column);
    let dtype = schema.get(&name).cloned().unwrap_or(DataType::Null);
    let plain = missing_is_null(schema, &name);
    let number = dtype.is_primitive_numeric() || dtype.is_bool();
    let refused =
        |what: &str| Err(crate::error::Error::request(format!("{window}: column `{name}` is {dtype}, {what}")));
    Ok(match &window.over {
        Over::CumulativeSum | Over::Difference(_) if !number => return refused("not a number"),
        Over::CumulativeMin | Over::CumulativeMax if !number && !dtype.is_temporal() => {
            return refused("neither a number nor a time");
        }
        // Integers are added as ones of 128 bits, so that a sum that does not fit is an error.
        Over::CumulativeSum if dtype.is_float() => plain.cum_sum(false).cast(dtype),
        Over::CumulativeSum => {
            let sums = if dtype == DataType::UInt64 { DataType::UInt64 } else { DataType::Int64 };
            plain.cast(DataType::Int128).cum_sum(false).strict_cast(sums)
        }
        Over::Difference(rows) if dtype.is_float() => plain.clone() - plain.shift(lit(*rows)),
        Over::Difference(rows) => {
            let wide = plain.cast(DataType::Int128);
            (wide.clone() - wide.shift(lit(*rows))).strict_cast(DataType::Int64)
        }
        Over::CumulativeMin => plain.cum_min(false),
        Over::CumulativeMax => plain.cum_max(false),
        Over::CumulativeCount => plain.is_not_null().cast(DataType::UInt64).cum_sum(false),
        Over::Lag(rows) => col(name).shift(lit(*rows)),
        Over::Rank { ties, descending } => {
            let method = match ties {
                Ties::Average => RankMethod::Average,
                Ties::Min => RankMethod::Min,
                Ties::Max => RankMethod::Max,
                Ties::First => RankMethod::Ordinal,
                Ties::Dense => RankMethod::Dense,
            };
            plain.rank(RankOptions { method, descending: *descending }, None).cast(DataType::Float64)
        }
        Over::RowNumber => int_range(lit(0), len(), 1, DataType::Int64),
    })
}
