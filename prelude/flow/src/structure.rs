//! How segments are grouped into units of work.

use crate::store::EntityId;
use std::ops::Range;

/// What a clause asks of, or promises to, the units it works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessingStructure {
    /// All columns of some rows.
    RowSlice,
    /// All rows of some buckets of time.
    TimeBucketed,
    /// All rows (or partial sums) of some values of a key.
    HashBucketed,
    /// Everything.
    All,
    /// Everything of several tables.
    MultiSymbol,
}

impl ProcessingStructure {
    /// Whether units must be regrouped before a clause that asks for `self`. Only what works row slice by row slice
    /// takes the units as they come; whatever the clause before promises, its units are not yet grouped for another.
    pub fn regroups(self) -> bool {
        self != Self::RowSlice
    }
}

/// Where a segment lies in its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges {
    /// Rows.
    pub rows: Range<u64>,
    /// Columns, by position.
    pub columns: Range<usize>,
}

/// Segments of equal rows belong together, in the order of rows and columns.
pub fn by_row_slice(ranges: &[Ranges]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ranges.len()).collect();
    order.sort_by_key(|&at| (ranges[at].rows.start, ranges[at].columns.start));
    order.chunk_by(|&a, &b| ranges[a].rows == ranges[b].rows).map(<[usize]>::to_vec).collect()
}

/// All segments are one unit.
pub fn all_as_one(ranges: &[Ranges]) -> Vec<Vec<usize>> {
    if ranges.is_empty() { Vec::new() } else { vec![by_row_slice(ranges).concat()] }
}

/// Tables one after another: rows are renumbered so that each table follows the one before.
pub fn multi_symbol(tables: &[Vec<Ranges>]) -> Vec<Ranges> {
    let mut start = 0;
    let mut all = Vec::new();
    for table in tables {
        let first = table.iter().map(|ranges| ranges.rows.start).min().unwrap_or(0);
        let end = table.iter().map(|ranges| ranges.rows.end).max().unwrap_or(0);
        for ranges in table {
            let rows = ranges.rows.start - first + start..ranges.rows.end - first + start;
            all.push(Ranges { rows, columns: ranges.columns.clone() });
        }
        start += end - first;
    }
    all
}

/// Units of whole time buckets over row slices that are sorted by time. `spans` are the first and last time of each slice,
/// `bucket` the number of the bucket of a time, or `None` outside all buckets.
///
/// A slice that is wholly inside the last bucket of a unit joins it. A slice that reaches into further buckets is also
/// the first of the next unit (its fetch count is two), which then leaves the shared bucket to the unit before.
pub fn by_time_bucket(spans: &[(i64, i64)], bucket: impl Fn(i64) -> Option<i64>) -> (Vec<Vec<usize>>, Vec<u32>) {
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut fetches = vec![0; spans.len()];
    let mut last = None;
    for (at, &(start, end)) in spans.iter().enumerate() {
        let (first, final_) = (bucket(start), bucket(end));
        if first.is_none() && final_.is_none() {
            continue;
        }
        let shares = last.is_some() && first == last;
        if shares && let Some(unit) = units.last_mut() {
            unit.push(at);
            fetches[at] += 1;
        }
        if !shares || final_ != last {
            units.push(vec![at]);
            fetches[at] += 1;
        }
        last = final_;
    }
    (units, fetches)
}

/// One unit per bucket that is not empty, of pieces tagged with their bucket.
pub fn by_hash_bucket(pieces: &[(EntityId, usize)], buckets: usize) -> Vec<Vec<EntityId>> {
    let mut units = vec![Vec::new(); buckets];
    for &(entity, bucket) in pieces {
        units[bucket].push(entity);
    }
    units.retain(|unit| !unit.is_empty());
    units
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
        assert_eq!(all_as_one(&grid), [[3, 1, 2, 0]]);
        assert!(all_as_one(&[]).is_empty());
    }

    #[test]
    fn tables_follow_one_another() {
        let tables = [vec![ranges(5..8, 0..2)], vec![ranges(0..4, 0..1), ranges(4..6, 0..1)]];
        let rows: Vec<_> = multi_symbol(&tables).into_iter().map(|ranges| ranges.rows).collect();
        assert_eq!(rows, [0..3, 3..7, 7..9]);
    }

    #[test]
    fn slices_are_shared_by_the_buckets_they_reach_into() {
        let bucket = |minutes: i64| (minutes < 21).then(|| minutes.div_euclid(7));
        let (units, fetches) = by_time_bucket(&[(0, 4), (5, 9), (10, 14)], bucket);
        assert_eq!(units, vec![vec![0, 1], vec![1, 2], vec![2]]);
        assert_eq!(fetches, [1, 2, 2]);
        let bucket = |minutes: i64| (minutes < 14).then(|| minutes.div_euclid(7));
        let (units, fetches) = by_time_bucket(&[(0, 1), (2, 3), (4, 5), (6, 7)], bucket);
        assert_eq!(units, vec![vec![0, 1, 2, 3], vec![3]]);
        assert_eq!(fetches, [1, 1, 1, 2]);
        let (units, fetches) = by_time_bucket(&[(0, 1), (30, 40)], bucket);
        assert_eq!((units, fetches), (vec![vec![0]], vec![1, 0]), "outside all buckets: dropped before it is read");
    }

    #[test]
    fn only_what_is_not_row_slices_regroups() {
        assert!(!ProcessingStructure::RowSlice.regroups());
        assert!(ProcessingStructure::HashBucketed.regroups() && ProcessingStructure::All.regroups());
    }

    #[test]
    fn empty_buckets_are_no_units() {
        let pieces = [(EntityId(0), 2), (EntityId(1), 0), (EntityId(2), 2)];
        assert_eq!(by_hash_bucket(&pieces, 4), vec![vec![EntityId(1)], vec![EntityId(0), EntityId(2)]]);
    }
}
