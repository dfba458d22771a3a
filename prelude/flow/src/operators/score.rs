//! How rows of an event are compared.

/// How good a row is: smaller is better.
pub(crate) type Score = (bool, u64);
