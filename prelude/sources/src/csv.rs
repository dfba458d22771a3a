//! Text tables. They have no metadata, so opening one reads all of it.

use crate::memory::{Cutting, Memory};
use crate::{Identity, guarded};
use polars::prelude::*;
use segment::{Error, Place, Result};
use std::path::Path;

/// Reads a text table with a header line. Without a separator the first line is asked: tab, semicolon or comma,
/// whichever it has most of. Types are inferred from all rows.
///
/// # Errors
/// A file that is missing, empty, or whose rows do not fit together.
pub fn open(path: impl AsRef<Path>, separator: Option<u8>) -> Result<Memory> {
    let path = path.as_ref();
    let place = Place::file(path.display().to_string());
    Identity::file(path)?;
    let bytes = std::fs::read(path).map_err(|error| Error::read(&place, error.to_string()))?;
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if line.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::read(&place, "no header line; the file is empty or begins with an empty line"));
    }
    let separator = separator.unwrap_or_else(|| guess(line));
    let options = CsvReadOptions::default()
        .with_has_header(true)
        .with_infer_schema_length(None)
        .map_parse_options(|options| options.with_separator(separator).with_null_values(Some(missing())));
    let reader = move || options.into_reader_with_file_handle(std::io::Cursor::new(bytes)).finish();
    let explain = |error: String| Error::read(&place, format!("cannot be read as a table of text: {error}"));
    let frame = guarded(reader).map_err(explain)?.map_err(|error| explain(error.to_string()))?;
    Memory::cut(&path.display().to_string(), frame, None, &Cutting { statistics: true, ..Cutting::default() })
}

fn guess(line: &[u8]) -> u8 {
    let count = |separator: u8| line.iter().filter(|&&byte| byte == separator).count();
    [b',', b'\t', b';'].into_iter().rev().max_by_key(|&separator| count(separator)).unwrap_or(b',')
}

fn missing() -> NullValues {
    NullValues::AllColumns(["", "NA", "null", "NULL"].map(PlSmallStr::from_static).to_vec())
}
