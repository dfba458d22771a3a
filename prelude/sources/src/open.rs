//! Which reader opens a file: chosen by the end of its name.

use crate::file::{is_elsewhere, shown};
use crate::source::{Opened, Source};
use crate::{arrow, csv, delta, hdf5, json, parquet, root};
use segment::{Error, Place, Result};
use std::path::Path;
use std::sync::Arc;

/// What [`open`] can read, by the end of the name, in any case. The one list of endings in the house: code that looks for
/// files asks [`ending`].
pub const EXTENSIONS: [&str; 24] = [
    "parquet",
    "pq",
    "arrow",
    "arrows",
    "ipc",
    "feather",
    "root",
    "h5",
    "hdf5",
    "csv",
    "csv.gz",
    "csv.zst",
    "tsv",
    "tsv.gz",
    "tsv.zst",
    "jsonl",
    "jsonl.gz",
    "jsonl.zst",
    "ndjson",
    "ndjson.gz",
    "ndjson.zst",
    "txt",
    "txt.gz",
    "txt.zst",
];

/// What the user fixes about files that have no metadata.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Text tables.
    pub csv: csv::Csv,
    /// JSON lines.
    pub json: json::JsonLines,
    /// The version of Delta tables; `None`: the last.
    pub delta_version: Option<u64>,
}

/// The ending of a name, as [`EXTENSIONS`] has it; `None` for a file that is no table. In an address, the query
/// after `?` is no part of the name.
pub fn ending(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let name = if is_elsewhere(path) { name.split(['?', '#']).next()? } else { &name };
    let ends = |ending: &&str| name.strip_suffix(ending).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.'));
    EXTENSIONS.into_iter().find(ends)
}

/// Whether a name says that a table is inside. `.txt` does not: a directory may hold notes, so such a file is opened
/// only when it is named.
pub fn is_surely_a_table(ending: &str) -> bool {
    !ending.starts_with("txt")
}

/// Opens one file, choosing the reader by the end of its name. `file.root:tree` names a tree of a ROOT file,
/// `file.h5:table` a table of an HDF5 file.
/// Nothing but metadata is read, except for formats that have none (csv).
///
/// # Errors
/// A file that cannot be read as what its name says, or a name that says nothing.
pub fn open(path: impl AsRef<Path>) -> Result<Arc<dyn Source>> {
    Ok(open_with(path, &Options::default())?.source)
}

/// Opens a tree of a ROOT file, or a table of an HDF5 file, by its name.
///
/// # Errors
/// A file that cannot be read as what its name says; a tree or table that is not there.
pub fn open_tree(file: &Path, tree: &str) -> Result<Arc<dyn Source>> {
    Ok(match ending(file) {
        Some("h5" | "hdf5") => Arc::new(hdf5::open(file, Some(tree))?),
        _ => Arc::new(root::open(file, Some(tree))?),
    })
}

/// The same with what the user fixes, and what was decided about the file.
///
/// # Errors
/// See [`open`].
pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Opened> {
    let path = path.as_ref();
    let plain = |source: Arc<dyn Source>| Ok(Opened { source, notes: Vec::new() });
    let (file, tree) = root::split(path);
    if let Some(tree) = tree {
        return plain(open_tree(&file, &tree)?);
    }
    if delta::is_table(path) {
        return delta::open(path, options.delta_version);
    }
    match ending(path) {
        Some("parquet" | "pq") => plain(Arc::new(parquet::open(path)?)),
        Some("arrow" | "arrows" | "ipc" | "feather") => plain(Arc::new(arrow::open(path)?)),
        Some("h5" | "hdf5") => plain(Arc::new(hdf5::open(path, None)?)),
        Some("root") => plain(Arc::new(root::open(path, None)?)),
        Some(lines) if lines.starts_with("jsonl") || lines.starts_with("ndjson") => {
            let json::Opened { table, notes } = json::open_with(path, &options.json)?;
            Ok(Opened { source: Arc::new(table), notes })
        }
        Some(text) => {
            let tabs = text.starts_with("tsv").then(|| options.csv.clone().or_separator('\t'));
            let csv::Opened { table, notes } = csv::open_with(path, tabs.as_ref().unwrap_or(&options.csv))?;
            Ok(Opened { source: Arc::new(table), notes })
        }
        None => Err(Error::read(
            &Place::file(shown(path)),
            format!("not a kind of file that can be read; the name should end in one of {}", EXTENSIONS.join(", ")),
        )),
    }
}

#[cfg(test)]
mod endings {
    use super::*;

    #[test]
    fn the_longest_ending_of_a_name_counts() {
        let of = |name: &str| ending(Path::new(name));
        assert_eq!(of("d/A.PARQUET"), Some("parquet"));
        assert_eq!(of("a.b.csv.gz"), Some("csv.gz"));
        assert_eq!((of("csv"), of(".csv"), of("a.gz"), of("a.hipo"), of("")), (None, None, None, None, None));
    }
}
