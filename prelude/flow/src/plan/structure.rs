//! How rows are grouped for the steps of a query, and which segments of a source are columns of the same rows.

use std::fmt;
use std::ops::Range;

/// How the rows are grouped that a clause needs, or hands on. A stage ends where the next clause needs another structure
/// than the rows have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProcessingStructure {
    /// Slices of rows, each with all its columns. What comes before a slice is not known.
    RowSlice,
    /// Slices of rows whose positions in the whole table are known.
    AllInOrder,
    /// All rows at once.
    OnePiece,
    /// Rows by the values of keys.
    HashBucketed,
    /// Rows by stretches of time.
    TimeBucketed,
}

impl ProcessingStructure {
    /// Whether rows that are grouped like this serve a clause that needs `other`.
    pub fn serves(self, other: Self) -> bool {
        self == other || other == Self::RowSlice
    }
}

impl fmt::Display for ProcessingStructure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::RowSlice => "row slices",
            Self::AllInOrder => "all rows in order",
            Self::OnePiece => "all rows in one piece",
            Self::HashBucketed => "groups by keys, in two phases",
            Self::TimeBucketed => "buckets of time, in two phases",
        })
    }
}

/// Where a segment lies in its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Rows.
    pub rows: Range<u64>,
    /// Columns, by position.
    pub columns: Range<usize>,
}

/// Segments of equal rows belong together, in the order of rows and columns.
pub(crate) fn by_row_slice(ranges: &[Ranges]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&at| (ranges[at].rows.start, ranges[at].columns.start));
    order.chunk_by(|&a, &b| ranges[a].rows == ranges[b].rows).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(rows: Range<u64>, columns: Range<usize>) -> Ranges {
        Ranges { rows, columns }
    }

    #[test]
    fn row_slices_hold_all_columns_of_some_rows() {
        let grid = [ranges(100..200, 5..10), ranges(0..100, 5..10), ranges(100..200, 0..5), ranges(0..100, 0..5)];
        assert_eq!(by_row_slice(&grid), [[3, 1], [2, 0]]);
    }
}
