//! Compressed blocks.
//!
//! In go the stored bytes of a record and the size they have uncompressed, out come these bytes. A record is several blocks
//! one after another, each of which says its algorithm and both its sizes; a record whose sizes are equal is stored as it is.
//! It must not know what the bytes mean.

mod checksum;
mod decode;
mod xz;

pub(crate) use checksum::{xxh3, xxh64};
pub(crate) use decode::{can_hold, unpack, unpack_to};
