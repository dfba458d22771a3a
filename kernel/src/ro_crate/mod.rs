//! An analysis in one file that others can run: an RO-Crate 1.1 (<https://w3id.org/ro/crate/1.1>), the field's standard for
//! research objects, in a zip archive.
//!
//! A notebook with fingerprints comes in; out goes an archive with the notebook, the inputs that its outputs were made
//! from, its lock, its pictures and tables, and `ro-crate-metadata.json`, which describes all of them. And back: an
//! archive becomes a folder, whose files are checked against the description. An archive comes from anybody: what it may
//! write, and how much, is decided in `entries` before the first byte is written. Nothing here runs a notebook.

mod describe;
mod entries;
mod error;
mod pack;
mod unpack;

pub use error::CrateError;
pub use pack::{Packed, Wishes, pack};
pub use unpack::{Missing, Unpacked, unpack};

#[cfg(test)]
mod tests;
