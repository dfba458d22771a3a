//! What a pass over a whole file leaves: time, rows and decoder state of every block.

use crate::codec::Checkpoint;
use crate::model::report::Report;

/// One block. Times are those of the file, before any rule shifts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlockEntry {
    pub(crate) start: Checkpoint,
    pub(crate) rows: u64,
    pub(crate) on: u64,
    pub(crate) first_t: i64,
    pub(crate) last_t: i64,
    pub(crate) min_t: i64,
    pub(crate) max_t: i64,
    pub(crate) sorted: bool,
}

/// All blocks, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlockIndex {
    pub(crate) entries: Vec<BlockEntry>,
    /// What the pass noticed.
    pub(crate) report: Report,
}

impl BlockIndex {
    pub(crate) fn rows(&self) -> u64 {
        self.entries.iter().map(|entry| entry.rows).sum()
    }

    /// Time of the first event.
    pub(crate) fn first_time(&self) -> Option<i64> {
        self.entries.iter().find(|entry| entry.rows > 0).map(|entry| entry.first_t)
    }

    /// First and last microsecond of any event.
    pub(crate) fn bounds(&self) -> Option<(i64, i64)> {
        let with_rows = || self.entries.iter().filter(|entry| entry.rows > 0);
        Some((with_rows().map(|entry| entry.min_t).min()?, with_rows().map(|entry| entry.max_t).max()?))
    }

    /// Blocks with events in `start..end`.
    pub(crate) fn blocks_in(&self, start: i64, end: i64) -> Vec<usize> {
        let touches = |entry: &BlockEntry| entry.rows > 0 && entry.min_t < end && entry.max_t >= start;
        (0..self.entries.len()).filter(|&block| touches(&self.entries[block])).collect()
    }
}
