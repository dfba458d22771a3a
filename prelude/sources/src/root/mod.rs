//! ROOT files: a TTree or an RNTuple as a table.
//!
//! Segments are clusters, the rows that were written together. Numbers, truth values and text are columns; arrays, vectors
//! and members of collections are lists. A branch that is no column is kept with its type and the reason, and asking for it
//! says that.

mod bounds;
mod open;
mod remarks;
mod series;
mod write;

#[cfg(test)]
mod tests;

pub use ::root::Compression;
pub use open::{Root, lacks, open, split, trees};
pub use write::{WriteRoot, Writer};
