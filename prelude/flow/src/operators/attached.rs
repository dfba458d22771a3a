//! Rows of another table as collections: those with the keys of a row become its lists.

use crate::error::Result;
use crate::operators::words::words;
use polars::prelude::*;
use segment::lists::Lists;
use segment::random::digest;
use std::collections::HashMap;

/// Rows of a table by the values of some columns, in the order of the table.
#[derive(Debug)]
pub struct Attached {
    frame: DataFrame,
    keys: Vec<PlSmallStr>,
    /// The rows with a key: a range of `order`.
    places: HashMap<u128, std::ops::Range<usize>>,
    order: Vec<IdxSize>,
}

impl Attached {
    /// Sorts the rows of a frame by their keys.
    ///
    /// # Errors
    /// Columns that are not there, or cannot be keys.
    pub fn new(frame: DataFrame, keys: &[PlSmallStr]) -> Result<Self> {
        let found = digests(&frame, keys)?;
        let mut order: Vec<IdxSize> = (0..frame.height() as IdxSize).collect();
        order.sort_by_key(|&row| found[row as usize]);
        let mut places = HashMap::new();
        let mut start = 0;
        for same in order.chunk_by(|a, b| found[*a as usize] == found[*b as usize]) {
            places.insert(found[same[0] as usize], start..start + same.len());
            start += same.len();
        }
        Ok(Self { frame, keys: keys.to_vec(), places, order })
    }

    /// Adds columns to rows: `nNAME`, how many rows of the table have the same keys (of the same types), and `NAME_x`, their
    /// values of the column `x`, for each that `wanted` names.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn add(&self, mut rows: DataFrame, name: &str, wanted: &[PlSmallStr]) -> Result<DataFrame> {
        let places: Vec<_> = digests(&rows, &self.keys)?.into_iter().map(|key| self.places.get(&key)).collect();
        let length = |place: &Option<&std::ops::Range<usize>>| place.map_or(0, ExactSizeIterator::len);
        let lists = Lists::of_lengths(name, places.iter().map(length))?;
        let taken = places.iter().flatten().flat_map(|place| &self.order[(*place).clone()]).copied().collect();
        let taken = IdxCa::from_vec(PlSmallStr::EMPTY, taken);
        let count = PlSmallStr::from_string(format!("n{name}"));
        let lengths: Vec<u32> = places.iter().map(|place| length(place) as u32).collect();
        rows.with_column(UInt32Chunked::from_vec(count, lengths).into_column())?;
        for column in wanted {
            let values = self.frame.column(column)?.as_materialized_series().take(&taken)?;
            rows.with_column(lists.column(format!("{name}_{column}"), &values)?.into_column())?;
        }
        Ok(rows)
    }
}

/// A number for the keys of each row, which is the same where they are.
pub(crate) fn digests(frame: &DataFrame, keys: &[PlSmallStr]) -> Result<Vec<u128>> {
    let words = keys.iter().map(|key| words(frame.column(key)?.as_materialized_series()));
    let words = words.collect::<Result<Vec<_>>>()?;
    let half = |row: usize, seed: u64| digest(std::iter::once(seed).chain(words.iter().map(|words| words[row])));
    Ok((0..frame.height()).map(|row| u128::from(half(row, 1)) << 64 | u128::from(half(row, 2))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_other_table_in_its_order() {
        let photons = df!("event" => [Some(2), Some(1), Some(2), None], "E" => [0.5, 1.5, 2.5, 3.5]).unwrap();
        let attached = Attached::new(photons, &["event".into()]).unwrap();
        let rows = df!("event" => [Some(1), Some(2), Some(3), None, Some(2)]).unwrap();
        let frame = attached.add(rows, "gamma", &["E".into()]).unwrap();
        let counts = frame.column("ngamma").unwrap().u32().unwrap();
        assert_eq!(counts.iter().flatten().collect::<Vec<_>>(), [1, 2, 0, 1, 2]);
        let lists = Lists::of(frame.column("gamma_E").unwrap().as_materialized_series()).unwrap().unwrap();
        let values: Vec<f64> = lists.values().f64().unwrap().iter().flatten().collect();
        assert_eq!(values, [1.5, 0.5, 2.5, 3.5, 0.5, 2.5]);
    }
}
