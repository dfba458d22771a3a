//! Words that all of the crate uses: columns, formats, options, what is wanted, what was noticed, errors.
//!
//! No bytes are read here.

pub(crate) mod columns;
pub(crate) mod error;
pub(crate) mod format;
pub(crate) mod memory;
pub(crate) mod options;
pub(crate) mod progress;
pub(crate) mod report;
pub(crate) mod select;
pub(crate) mod units;
pub(crate) mod wide;
