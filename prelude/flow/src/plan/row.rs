//! The number of a row in its source.

/// The name of the column of row numbers of the source, for whoever asks for it: it is made on the way, never stored.
pub const ROW: &str = "__row__";
