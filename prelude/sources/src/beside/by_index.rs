//! Rows of a friend by its index, as ROOT finds them: the row whose two integers are those of the row at hand.

use crate::lookup::Lookup;
use crate::source::{SegmentInfo, Source};
use polars::prelude::*;
use segment::{Error, Result};

/// How rows of the second table are found.
#[derive(Debug)]
pub(super) struct ByIndex {
    lookup: Lookup,
    keys: [Key; 2],
}

/// Where one of the two integers comes from.
#[derive(Debug, PartialEq)]
enum Key {
    /// A column of the first table.
    Column(PlSmallStr),
    Constant(i64),
}

impl ByIndex {
    /// The index of the second table, if it has one and the first has its columns. Without these the rows stand side by side:
    /// so ROOT has it.
    ///
    /// # Errors
    /// An index over an expression, or over columns that are no numbers.
    pub(super) fn new(first: &dyn Source, second: &dyn Source) -> Result<Option<Self>> {
        let Some(lookup) = second.lookup()? else { return Ok(None) };
        let key = |name: &str| {
            if let Ok(constant) = name.trim().parse() {
                return Ok(Some(Key::Constant(constant)));
            }
            match first.schema().get(name) {
                Some(dtype) if dtype.is_primitive_numeric() || dtype.is_bool() => Ok(Some(Key::Column(name.into()))),
                Some(dtype) => Err(Error::request(format!(
                    "the index of {} is over `{name}`, which is {dtype} in {}; numbers are needed",
                    second.name(),
                    first.name()
                ))),
                None if second.schema().contains(name) || is_name(name) => Ok(None),
                None => Err(Error::request(format!(
                    "the index of {} is over the expression `{name}`, which is not evaluated here; join a frame: \
                     .left_join(&frame, [..])",
                    second.name()
                ))),
            }
        };
        let (major, minor) = (key(&lookup.major)?, key(&lookup.minor)?);
        Ok(major.zip(minor).map(|(major, minor)| Self { lookup, keys: [major, minor] }))
    }

    /// The columns of the first table that are needed.
    pub(super) fn columns(&self) -> Vec<PlSmallStr> {
        let mut columns: Vec<PlSmallStr> = Vec::new();
        for key in &self.keys {
            if let Key::Column(name) = key
                && !columns.contains(name)
            {
                columns.push(name.clone());
            }
        }
        columns
    }

    /// The rows of the second table that belong to rows of the first, given their columns.
    pub(super) fn rows(&self, columns: &DataFrame, rows: usize) -> Result<Vec<Option<u64>>> {
        let integers = |key: &Key| -> Result<Int64Chunked> {
            match key {
                Key::Constant(value) => Ok(Int64Chunked::full(PlSmallStr::EMPTY, *value, rows)),
                // Fractions are cut off, as ROOT does it; what is no number belongs to no row.
                Key::Column(name) => {
                    Ok(columns.column(name)?.as_materialized_series().cast(&DataType::Int64)?.i64()?.clone())
                }
            }
        };
        let [major, minor] = &self.keys;
        let (major, minor) = (integers(major)?, integers(minor)?);
        Ok(major.iter().zip(minor.iter()).map(|(major, minor)| self.lookup.row(major?, minor?)).collect())
    }
}

/// Whether a text is the name of a column, and no expression.
fn is_name(text: &str) -> bool {
    let text = text.trim();
    !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
}

/// The columns, of those asked, that a segment has.
pub(super) fn of_segment(table: &dyn Source, info: &SegmentInfo, columns: &[PlSmallStr]) -> Vec<PlSmallStr> {
    let has = |name: &&PlSmallStr| table.schema().index_of(name).is_some_and(|at| info.columns.contains(&at));
    columns.iter().filter(has).cloned().collect()
}

/// Rows of a table in any order, some of which are not there: their values are missing.
pub(super) fn gathered(table: &dyn Source, columns: &[PlSmallStr], rows: &[Option<u64>]) -> Result<DataFrame> {
    let mut distinct: Vec<u64> = rows.iter().copied().flatten().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.is_empty() {
        let null = |name: &PlSmallStr| {
            Column::full_null(name.clone(), rows.len(), table.schema().get(name).unwrap_or(&DataType::Null))
        };
        return Ok(DataFrame::new(rows.len(), columns.iter().map(null).collect())?);
    }
    let found = picked(table, columns, &distinct)?;
    let position = |row: &Option<u64>| row.and_then(|row| distinct.binary_search(&row).ok()).map(|at| at as IdxSize);
    let at: IdxCa = rows.iter().map(position).collect();
    // Column by column: a frame's own `take` would leave this thread.
    let take = |column: &Column| Ok(column.as_materialized_series().take(&at)?.into_column());
    Ok(DataFrame::new(rows.len(), found.columns().iter().map(take).collect::<Result<Vec<_>>>()?)?)
}

/// Rows of a table, ascending, each once.
fn picked(table: &dyn Source, columns: &[PlSmallStr], rows: &[u64]) -> Result<DataFrame> {
    let all = table.segments();
    let mut whole: Option<DataFrame> = None;
    let mut rest = rows;
    let mut at = 0;
    while let Some(&next) = rest.first() {
        at += all[at..].partition_point(|info| info.rows.end <= next);
        let Some(info) = all.get(at) else {
            return Err(Error::request(format!("{} has no row {next}", table.name())));
        };
        let span = info.rows.clone();
        let (here, behind) = rest.split_at(rest.partition_point(|row| *row < span.end));
        let here: Vec<IdxSize> = here.iter().map(|row| (row - span.start) as IdxSize).collect();
        let mut found: Vec<Column> = Vec::with_capacity(columns.len());
        // Segments of the same rows have different columns.
        while at < all.len() && all[at].rows == span {
            let wanted = of_segment(table, &all[at], columns);
            if !wanted.is_empty() {
                found.extend(table.pick(at, &wanted, &here)?.into_columns());
            }
            at += 1;
        }
        let frame = DataFrame::new(here.len(), found)?.select(columns.iter().map(PlSmallStr::as_str))?;
        match &mut whole {
            None => whole = Some(frame),
            Some(whole) => whole.vstack_mut(&frame).map(drop)?,
        }
        rest = behind;
    }
    whole.ok_or_else(|| Error::request("no rows"))
}
