//! How many rows are looked at together.

/// Rows of a block: small enough for the masks and intermediate values to stay in the first cache.
pub(crate) const BLOCK: usize = 4096;
