//! Rows of a table that is joined, found by whole numbers that name each of them.

use crate::error::Result;
use crate::operators::groups::is_word;
use crate::operators::values::NONE;
use crate::operators::word_keys::{self, KeyColumn, WordKeys};
use polars::prelude::*;

/// Rows of a table by keys of which none comes twice; made once, and asked for each piece of the rows that are joined.
///
/// ```
/// use polars::prelude::*;
/// let runs = df!("run" => [4, 7], "scale" => [1.0, 1.5])?;
/// let partners = flow::Partners::of(&runs, &["run".into()])?.ok_or("runs that come twice")?;
/// let rows = df!("run" => [7, 5, 4])?;
/// let (own, theirs) = partners.inner(&rows, &["run".into()])?;
/// assert_eq!((own, theirs), (vec![0, 2], vec![1, 0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Partners(WordKeys);

impl Partners {
    /// The rows of a frame; `None` where a key is no whole number, truth value or time, is missing, or comes twice.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn of(frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Option<Self>> {
        let columns = columns(frame, keys)?;
        let plain =
            |column: &&Series| is_word(column.dtype()) && !column.dtype().is_float() && column.null_count() == 0;
        if keys.is_empty() || keys.len() > word_keys::MOST || !columns.iter().all(|column| plain(&column)) {
            return Ok(None);
        }
        let mut table = WordKeys::new(keys.len());
        table.number(&words(&columns)?);
        Ok((table.len() == frame.height()).then_some(Self(table)))
    }

    /// The row of the frame for each of these rows, whose keys have the same types; `None` where there is none.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn rows(&self, frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Vec<Option<IdxSize>>> {
        let found = self.0.known(&words(&columns(frame, keys)?)?);
        Ok(found.into_iter().map(|row| (row != NONE).then_some(row)).collect())
    }

    /// The rows that have a partner, and the rows of the frame that are theirs.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn inner(&self, frame: &DataFrame, keys: &[PlSmallStr]) -> Result<(Vec<IdxSize>, Vec<IdxSize>)> {
        let found = self.rows(frame, keys)?;
        Ok((0..).zip(found).filter_map(|(own, theirs)| Some((own, theirs?))).unzip())
    }
}

fn columns(frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Vec<Series>> {
    keys.iter().map(|key| Ok(frame.column(key)?.as_materialized_series().clone())).collect()
}

fn words(columns: &[Series]) -> Result<Vec<KeyColumn>> {
    columns.iter().map(KeyColumn::new).collect()
}
