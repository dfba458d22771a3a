//! Writing: files of events, skims, fusions and tuples.
//!
//! Events enter; a closed file and a summary leave.

pub(crate) mod fusion;
pub(crate) mod skim;
pub(crate) mod tuple;
pub(crate) mod writer;
