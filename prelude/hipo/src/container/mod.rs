//! What holds the events: headers, records and their compression, the index, and the walk over records.
//!
//! Bytes of a file enter; decompressed records leave. Nothing here knows banks by name.

pub(crate) mod builder;
pub(crate) mod compression;
pub(crate) mod header;
pub(crate) mod index;
pub(crate) mod record;
pub(crate) mod walk;
