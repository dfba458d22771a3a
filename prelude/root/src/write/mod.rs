//! Writing: trees, ntuples and histograms into files that ROOT, uproot and this crate read.
//!
//! In go columns and bins, out comes a file that appears whole or not at all. Positions have eight bytes from the
//! beginning, so that a file may grow over 2 GB. `infos.bin` is the list of the descriptions of the classes that are
//! written, as ROOT 6.40 writes it (bytes of a record, packed with zlib).

mod file;
mod hist;
mod kept;
mod ntuple;
mod out;
mod pack;
mod rows;
mod tree;

pub use file::Writer;
pub use hist::{Axis, Hist, Profile};
pub use ntuple::NtupleWriter;
pub use pack::Compression;
pub use tree::TreeWriter;
