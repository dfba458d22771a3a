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
pub struct Partners(Known);

#[derive(Debug)]
enum Known {
    /// Keys close together: each value has a place, counted from the lowest.
    Close {
        low: u64,
        rows: Vec<IdxSize>,
    },
    Apart(WordKeys),
}

impl Known {
    /// The rows by one key whose values are close together.
    fn close(keys: &[KeyColumn], height: usize) -> Option<Self> {
        /// Places for each row at most, and in any case.
        const MOST: (usize, usize) = (4, 1 << 10);
        let [key] = keys else { return None };
        let signed = || key.words().iter().map(|word| *word as i64);
        let (low, high) = (signed().min()?, signed().max()?);
        let places = usize::try_from(high.checked_sub(low)?).ok()?.checked_add(1)?;
        if places > height.saturating_mul(MOST.0).saturating_add(MOST.1) {
            return None;
        }
        let mut rows = vec![Partners::NONE; places];
        for (row, word) in (0..).zip(key.words()) {
            let place = &mut rows[word.wrapping_sub(low as u64) as usize];
            if std::mem::replace(place, row) != Partners::NONE {
                return None;
            }
        }
        Some(Self::Close { low: low as u64, rows })
    }
}

impl Partners {
    /// In place of the row of a partner that is not there.
    pub const NONE: IdxSize = IdxSize::MAX;

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
        let words = words(&columns)?;
        if let Some(known) = Known::close(&words, frame.height()) {
            return Ok(Some(Self(known)));
        }
        let mut table = WordKeys::new(keys.len());
        table.number(&words);
        Ok((table.len() == frame.height()).then_some(Self(Known::Apart(table))))
    }

    /// The row of the frame for each of these rows, whose keys have the same types; [`NONE`](Self::NONE) where there is none.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn rows(&self, frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Vec<IdxSize>> {
        let asked = words(&columns(frame, keys)?)?;
        Ok(match &self.0 {
            Known::Apart(table) => table.known(&asked),
            Known::Close { low, rows } => {
                let Some(key) = asked.first() else { return Ok(Vec::new()) };
                let at = |word: &u64| usize::try_from(word.wrapping_sub(*low)).unwrap_or(usize::MAX);
                let mut found = sources::rows(key.words().len());
                for (found, word) in found.iter_mut().zip(key.words()) {
                    *found = rows.get(at(word)).copied().unwrap_or(Self::NONE);
                }
                for (found, valid) in found.iter_mut().zip(key.valid().unwrap_or_default()) {
                    *found = if *valid { *found } else { Self::NONE };
                }
                found
            }
        })
    }

    /// The rows that have a partner, and the rows of the frame that are theirs.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn inner(&self, frame: &DataFrame, keys: &[PlSmallStr]) -> Result<(Vec<IdxSize>, Vec<IdxSize>)> {
        let found = self.rows(frame, keys)?;
        Ok((0..).zip(found).filter(|(_, theirs)| *theirs != Self::NONE).unzip())
    }
}

const _: () = assert!(NONE == Partners::NONE);

fn columns(frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Vec<Series>> {
    keys.iter().map(|key| Ok(frame.column(key)?.as_materialized_series().clone())).collect()
}

fn words(columns: &[Series]) -> Result<Vec<KeyColumn>> {
    columns.iter().map(KeyColumn::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_close_together_and_far_apart_find_the_same_partners() {
        for (step, is_close) in [(1_i64, true), (3, true), (1_000_003, false)] {
            let key = |at: i64| (at - 500) * step;
            let theirs = df!("k" => (0..1_000).rev().map(key).collect::<Vec<_>>()).unwrap();
            let partners = Partners::of(&theirs, &["k".into()]).unwrap().unwrap();
            assert_eq!(matches!(partners.0, Known::Close { .. }), is_close);
            let asked: Vec<Option<i64>> =
                (-20..1_020).map(|at| (at % 7 > 0).then(|| key(at))).chain([Some(i64::MIN), Some(i64::MAX)]).collect();
            let rows = partners.rows(&df!("k" => &asked).unwrap(), &["k".into()]).unwrap();
            for (asked, row) in asked.into_iter().zip(rows) {
                let wanted = (0..1_000).find(|row| Some(key(999 - row)) == asked);
                assert_eq!(wanted, (row != Partners::NONE).then_some(i64::from(row)), "{asked:?}");
            }
        }
        let twice = df!("k" => [1, 2, 1]).unwrap();
        assert!(Partners::of(&twice, &["k".into()]).unwrap().is_none());
    }
}
