//! Room `sources`: tables on disk (and in memory) as segments.
//!
//! A [`Source`] says what it has before it reads anything: its schema, and its segments with their rows, columns,
//! [`Statistics`](segment::Statistics), sizes and [`Place`](segment::Place). Then it reads the columns and rows one asks
//! for. [`parquet`], [`arrow`], [`csv`] and [`root`] open files, [`memory`] wraps a frame, [`chain`] makes one table of
//! many; [`open`] chooses by the file's name.
//!
//! In goes a path and a request (segment, columns, rows), out come columns or an error with a place. It must not know cuts,
//! plans or physics: whoever wants to skip a segment looks at its statistics.

mod ahead;
mod chain;
mod columns;
mod guard;
mod index;
mod indexed;
mod reuse;
mod source;
mod zstandard;

#[cfg(test)]
mod tests;

pub mod arrow;
pub mod csv;
pub mod memory;
pub mod parquet;
pub mod root;

pub use chain::{Chaining, chain, chain_with};
pub use columns::Unreadable;
pub use guard::guarded;
pub use index::Index;
pub use indexed::indexed;
pub use reuse::recycle;
pub use source::{Identity, SegmentInfo, Source, width};

use segment::{Error, Place, Result};
use std::path::Path;
use std::sync::Arc;

/// What [`open`] can read, by the end of the name.
pub const EXTENSIONS: [&str; 9] = ["parquet", "pq", "arrow", "ipc", "feather", "csv", "tsv", "txt", "root"];

/// Opens one file, choosing the reader by the end of its name. `file.root:tree` names a tree of a ROOT file.
/// Nothing but metadata is read, except for formats that have none (csv).
///
/// # Errors
/// A file that cannot be read as what its name says, or a name that says nothing.
pub fn open(path: impl AsRef<Path>) -> Result<Arc<dyn Source>> {
    let path = path.as_ref();
    let (file, tree) = root::split(path);
    if tree.is_some() {
        return Ok(Arc::new(root::open(&file, tree.as_deref())?));
    }
    match path.extension().and_then(|end| end.to_str()).map(str::to_lowercase).as_deref() {
        Some("parquet" | "pq") => Ok(Arc::new(parquet::open(path)?)),
        Some("arrow" | "ipc" | "feather") => Ok(Arc::new(arrow::open(path)?)),
        Some("csv" | "txt") => Ok(Arc::new(csv::open(path, None)?)),
        Some("tsv") => Ok(Arc::new(csv::open(path, Some(b'\t'))?)),
        Some("root") => Ok(Arc::new(root::open(path, None)?)),
        _ => Err(Error::read(
            &Place::file(path.display().to_string()),
            format!("not a kind of file that can be read; the name should end in one of {}", EXTENSIONS.join(", ")),
        )),
    }
}
