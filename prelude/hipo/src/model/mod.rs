//! Words that all of the crate uses: errors with a place, byte orders, schemas, and work in parallel.
//!
//! No bytes of a file are read here.

pub(crate) mod error;
pub(crate) mod order;
pub(crate) mod schema;
pub(crate) mod threads;
