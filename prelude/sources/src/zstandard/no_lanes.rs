//! Processors on which the library decodes everything.

use super::huffman::Tables;
use std::ops::Range;

/// A stream of literals, the table of its code, and where they go.
pub(super) struct Stream<'p> {
    pub(super) frame: &'p [u8],
    pub(super) source: Range<usize>,
    pub(super) place: &'p mut [u8],
    pub(super) table: usize,
}

pub(super) fn available() -> bool {
    false
}

pub(super) fn decode(_: Vec<Stream<'_>>, _: &Tables) -> Option<()> {
    None
}
