//! Processors on which the library decodes everything.

use crate::frame::Stream;
use crate::huffman::Tables;

pub(super) fn available() -> bool {
    false
}

pub(super) fn decode(_: Vec<Stream<'_>>, _: &Tables) -> Option<()> {
    None
}
