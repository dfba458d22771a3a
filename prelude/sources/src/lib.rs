//! Room `sources`: tables on disk (and in memory) as segments.
//!
//! A [`Source`] says what it has before it reads anything: its schema, and its segments with their rows, columns,
//! [`Statistics`](segment::Statistics), sizes and [`Place`](segment::Place). Then it reads the columns and rows one asks
//! for. [`parquet`], [`arrow`], [`csv`], [`json`], [`hdf5`] and [`root`] open files, [`memory`] wraps a frame, [`chain`] makes one table of
//! many, [`with_constants`] adds what the names of folders say, [`beside`] puts two side by side; [`open`] chooses by the file's name.
//!
//! In goes a path, or the address of a file elsewhere, and a request (segment, columns, rows), out come columns or an error
//! with a place. It must not know cuts, plans or physics: a caller that wants to skip a segment looks at its statistics.

mod ahead;
mod beside;
mod chain;
mod columns;
mod file;
mod folders;
mod guard;
mod index;
mod indexed;
mod lookup;
mod open;
mod part;
mod reuse;
mod source;

#[cfg(test)]
mod tests;

pub mod arrow;
pub mod csv;
pub mod delta;
pub mod hdf5;
pub mod json;
pub mod memory;
pub mod parquet;
pub mod root;
pub mod write;

pub use beside::beside;
pub use chain::{Chaining, chain, chain_with};
pub use columns::Unreadable;
pub use file::{Listed, bytes, has_folders, is_elsewhere, list, matching, shown};
pub use folders::{Constant, ConstantValue, percent_decoded, with_constants};
pub use guard::guarded;
pub use index::Index;
pub use indexed::indexed;
pub use lookup::Lookup;
pub use open::{EXTENSIONS, Options, ending, is_surely_a_table, open, open_tree, open_with};
pub use reuse::{picked, recycle, rows};
pub use source::{AskTexts, Identity, NORMALISATION, Opened, SegmentInfo, Source, width};
