//! ROOT files: trees and ntuples as columns.
//!
//! A [`File`] is opened once: its header and its directories are read, nothing else. [`File::table`] gives a [`Table`],
//! a TTree or an RNTuple, with its columns, the branches that are not columns and why, and its clusters.
//! [`Table::read`] decodes rows of the columns that are wanted, basket by basket in parallel, into plain buffers.
//!
//! ```no_run
//! let file = root::File::open("ntuple.root")?;
//! let table = file.table("tree")?;
//! for column in table.columns() {
//!     println!("{}: {}", column.name, column.of);
//! }
//! let values = table.read(&[0], 0..table.rows())?;
//! # Ok::<(), root::Error>(())
//! ```
//!
//! Folders, from the ground: `stream` (a cursor over bytes, byte counts, references), `block` (compressed blocks),
//! `file` (header, keys, directories, descriptions of classes), `columns` (types and values), `tree` (TTree),
//! `rntuple` (RNTuple) and `write` (trees, ntuples and histograms into files). A folder imports from those before it.
//! Nothing in a file is believed before it is compared with what is left of the bytes; whatever they are, the answer is
//! values or an [`Error`] that says where.

mod block;
mod columns;
mod error;
mod file;
mod rntuple;
mod stream;
mod table;
mod tree;
mod write;

pub use columns::{Column, Skipped, Text, Type, Values};
pub use error::{Error, Kind, Place, Result};
pub use file::{Entry, File};
pub use table::Table;
pub use tree::Index;
pub use write::{Axis, Compression, Hist, NtupleWriter, Profile, TreeWriter, Writer};
