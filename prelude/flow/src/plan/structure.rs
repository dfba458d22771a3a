//! Which segments of a source are columns of the same rows.

use std::ops::Range;

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
