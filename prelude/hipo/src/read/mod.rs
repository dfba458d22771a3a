//! Reading: one file, a chain of files, events one by one, columns in parallel.
//!
//! A query enters; events or columns leave. Nothing here writes.

pub(crate) mod chain;
pub(crate) mod parallel;
pub(crate) mod query;
pub(crate) mod reader;
pub(crate) mod rows;
pub(crate) mod scan;
pub(crate) mod scratch;
