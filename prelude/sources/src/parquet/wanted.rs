//! Which rows of a segment are read.

use polars::prelude::*;
use polars_arrow::bitmap::MutableBitmap;
use polars_parquet::read::Filter;

/// The rows of a segment that are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// All from one up to, but not with, another.
    Run(usize, usize),
    /// Single ones, ascending.
    Rows(&'a [IdxSize]),
}

impl Wanted<'_> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Run(start, end) => end - start,
            Self::Rows(rows) => rows.len(),
        }
    }

    /// The one with this number among them.
    pub(super) fn row(self, at: usize) -> usize {
        match self {
            Self::Run(start, _) => start + at,
            Self::Rows(rows) => rows[at] as usize,
        }
    }

    /// Behind the last one.
    pub(super) fn end(self) -> usize {
        match self {
            Self::Run(_, end) => end,
            Self::Rows(rows) => rows.last().map_or(0, |&last| last as usize + 1),
        }
    }

    /// Those of them that lie between two rows.
    pub(super) fn between(self, from: usize, to: usize) -> Self {
        match self {
            Self::Run(start, end) => Self::Run(start.max(from), end.min(to).max(start.max(from))),
            Self::Rows(rows) => {
                let before = |row: usize| rows.partition_point(|&at| (at as usize) < row);
                Self::Rows(&rows[before(from)..before(to)])
            }
        }
    }

    /// The same for the general decoder, of a segment of `length` rows.
    pub(super) fn filter(self, length: usize) -> Filter {
        match self {
            Self::Run(start, end) => Filter::new_ranged(start, end),
            Self::Rows(rows) => {
                let mut mask = MutableBitmap::from_len_zeroed(length);
                rows.iter().for_each(|&row| mask.set(row as usize, true));
                Filter::new_masked(mask.freeze())
            }
        }
    }
}
