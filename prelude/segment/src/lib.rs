//! Room `segment`: the nouns that all rooms share.
//!
//! A table comes as [`Segment`]s: rows of some columns, and the [`Place`] they come from, so that every number
//! and every error can be traced. [`Statistics`] say what is known of a segment before it is read.
//! [`lists`] are columns with several values per row and [`collections`] those of the same objects, [`missing`] holds the one
//! rule for missing values, [`marks`] are the bytes or bits that say which rows pass, [`Repeated`] remembers what was asked of
//! a text, [`random`] is the one generator, [`Error`] is an error with a place, [`work`] is how long work asks whether to go on
//! and tells how far it is, and [`record`] is what an answer was made from. [`Sealed`] values are dropped by their makers' code, and [`Text`] is what methods take names as.
//!
//! Nouns only: nothing here reads, computes or draws, and nothing knows Belle II or Jupyter.

pub mod collections;
pub mod lists;
pub mod marks;
pub mod missing;
pub mod random;
pub mod record;
pub mod work;

mod error;
mod lock;
mod place;
mod repeated;
mod sealed;
mod statistics;
mod text;
mod zone;

pub use error::{Error, Result};
pub use lock::lock;
pub use place::Place;
pub use repeated::Repeated;
pub use sealed::Sealed;
pub use statistics::{ColumnStatistics, Scalar, Statistics};
pub use text::{Text, counted};
pub use zone::UNNAMED_ZONE;

use polars::prelude::DataFrame;
use std::ops::Range;
use std::sync::Arc;

/// Rows of some columns of a table, and where they come from.
#[derive(Debug, Clone)]
pub struct Segment {
    /// The values; all columns have `rows.len()` rows.
    pub frame: DataFrame,
    /// Which rows of the table these are, in the numbering of the step that made the segment.
    pub rows: Range<u64>,
    /// Where the rows were read, for errors and reports.
    pub place: Arc<Place>,
}

/// The names nearest to `wanted`, best first: what to suggest after a miss.
///
/// Compares by edit distance without regard to case; names further than a third of their length are left out.
///
/// ```
/// assert_eq!(segment::nearest("pRecol", ["mu1P", "pRecoil"]), ["pRecoil"]);
/// ```
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let low = wanted.to_lowercase();
    let mut scored: Vec<_> = names
        .into_iter()
        .map(|name| (distance(&low, &name.to_lowercase()), name))
        .filter(|(score, name)| *score <= 1 + name.len().max(wanted.len()) / 3)
        .collect();
    scored.sort();
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Edit distance with neighbours swapped as one step (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_swap_of_neighbours_is_one_step() {
        assert_eq!(super::distance("mumu", "umum"), 2);
        assert_eq!(super::distance("mu1P", "um1P"), 1);
    }

    #[test]
    fn the_nearest_name_comes_first_and_strangers_do_not_come() {
        assert_eq!(nearest("mumuu", ["ee", "mumu", "mumug"]), ["mumu", "mumug"]);
        assert!(nearest("x", ["pRecoil"]).is_empty());
    }
}
