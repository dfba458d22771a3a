//! Clauses that need all rows of a process at once: rows in order, the best rows, different rows, window functions.

use crate::error::Result;
use crate::lower::clauses::NUMBER;
use crate::steps::chain::Order;
use crate::steps::windows::{Over, Ties, Window};
use polars::prelude::*;
use std::sync::Arc;

/// What is done with all rows of a process.
#[derive(Debug, Clone)]
pub(crate) enum Whole {
    /// Rows in the order of columns, and how many of them are kept.
    Sorted { by: Vec<PlSmallStr>, order: Order, rows: Option<usize> },
    /// The first row of each combination of values.
    Distinct { columns: Vec<PlSmallStr> },
    /// The rows of a frame with the same columns come in where they belong.
    Merged { frame: Arc<DataFrame>, by: PlSmallStr },
    /// More columns, each computed over the rows of a group.
    Windows { keys: Vec<PlSmallStr>, windows: Vec<Window> },
}

impl flow::Custom for Whole {
    fn name(&self) -> String {
        match self {
            Self::Sorted { by, order, rows: None } => format!("sorted by {} ({order:?})", by.join(", ")),
            Self::Sorted { by, order, rows: Some(rows) } => format!("best {rows} by {} ({order:?})", by.join(", ")),
            Self::Distinct { columns } => format!("distinct {}", columns.join(", ")),
            Self::Merged { by, .. } => format!("merge sorted by {by}"),
            Self::Windows { keys, windows } => {
                let all: Vec<String> = windows.iter().map(ToString::to_string).collect();
                format!("window over {}: {}", keys.join(", "), all.join(", "))
            }
        }
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        let mut schema = input.clone();
        if let Self::Merged { frame, .. } = self {
            fits(input, frame)?;
        }
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
            Self::Merged { by, .. } => vec![by.clone()],
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
            Self::Sorted { .. } | Self::Windows { .. } | Self::Merged { .. } => None,
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
            Self::Merged { frame: other, by } => merged(frame, other, by)?,
            Self::Windows { keys, windows } => {
                with_windows(frame, keys, windows).map_err(|error| flow::Error::request(format!("window: {error}")))?
            }
        })
    }
}

/// Refuses a frame that does not have these columns.
fn fits(input: &Schema, frame: &DataFrame) -> flow::Result<()> {
    let refused = |text: String| Err(flow::Error::request(format!("merge_sorted: {text}")));
    if input.contains(NUMBER) {
        return refused(
            "rows of a frame have no numbers and events: row_numbers() and cutflow() do not know them".into(),
        );
    }
    for (name, dtype) in input.iter() {
        match frame.schema().get(name) {
            Some(have) if have == dtype => {}
            Some(have) => return refused(format!("column `{name}` is {dtype} here and {have} in the frame; cast one")),
            None => return refused(format!("the frame has no column `{name}`; select what both have")),
        }
    }
    Ok(())
}

/// The rows of both in the order of a column; of equal ones those that come in first.
fn merged(frame: DataFrame, other: &DataFrame, by: &PlSmallStr) -> flow::Result<DataFrame> {
    let other = other.select(frame.get_column_names().into_iter().cloned())?;
    for (what, part) in [("the rows here are", &frame), ("the frame is", &other)] {
        let column = part.column(by)?.as_materialized_series();
        let missing = column.null_count() > 0 || column.dtype().is_float() && column.is_nan()?.any();
        if missing || !column.is_sorted(SortOptions::default())? {
            let text = format!("merge_sorted: {what} not in the order of `{by}`, or lack some of it; sort it first");
            return Err(flow::Error::request(text));
        }
    }
    // A stable sort of two sorted runs is a merge.
    Ok(in_order(frame.vstack(&other)?, std::slice::from_ref(by), Order::Lowest)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_rows_are_merged_in_their_order() {
        let data =
            crate::Data::from_frames([("p", df!("t" => [1, 3, 3, 8], "x" => ["a", "b", "c", "d"]).unwrap())]).unwrap();
        let other = df!("x" => ["q", "r", "s"], "t" => [0, 3, 9], "z" => [1, 2, 3]).unwrap();
        let frame = data.merge_sorted(&other, "t").collect().unwrap();
        let wanted = df!("t" => [0, 1, 3, 3, 3, 8, 9], "x" => ["q", "a", "b", "c", "r", "d", "s"]).unwrap();
        assert!(frame.equals(&wanted), "{frame}");
        // A cut behind it sees the rows of both, one before it those of the chain.
        assert_eq!(data.merge_sorted(&other, "t").query("t == 3").count().unwrap(), 3);
        assert_eq!(data.query("t == 3").merge_sorted(&other, "t").count().unwrap(), 5);
        let error = |group: crate::Group| group.count().unwrap_err().to_string();
        let turned = df!("t" => [2, 1], "x" => ["a", "b"]).unwrap();
        assert!(error(data.merge_sorted(&turned, "t")).contains("the frame is not in the order of `t`"));
        assert!(error(data.merge_sorted(&df!("t" => [1]).unwrap(), "t").select(["t", "x"])).contains("no column `x`"));
        assert!(error(data.merge_sorted(&df!("t" => [1.0], "x" => ["a"]).unwrap(), "t")).contains("`t` is"));
    }
}
