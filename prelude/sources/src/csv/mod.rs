//! Text tables (CSV and its kin). They have no metadata, so opening one reads all of it.
//!
//! In goes a file and [`Csv`], what the user fixes; out comes a table in memory and notes of what was decided where the
//! case is not plain. The rules are those of [`Csv`]; errors have line, column and text. `text/` knows bytes and no
//! frames, `read` makes frames; neither knows cuts or processes.

mod options;
mod read;
mod text;
mod values;

#[cfg(test)]
mod tests;

pub use options::Csv;
pub(crate) use text::decode::inflate;

use crate::file::{TableFile, told};
use crate::guard::guarded;
use crate::memory::{Cutting, Memory};
use polars::prelude::*;
use read::{Table, Text};
use segment::{Error, Place, Result};
use std::path::Path;
use text::Fault;
use text::decode::{Encoding, decode};
use text::sniff::{Layout, sniff};

/// A text table, and how it was read.
///
/// ```
/// # use sources::Source;
/// # use sources::csv::{Csv, open_with};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("table.csv");
/// std::fs::write(&path, "x,y\n1,2\n")?;
/// let opened: sources::csv::Opened = open_with(&path, &Csv::new())?;
/// assert_eq!(opened.table.rows(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Opened {
    /// Its rows.
    pub table: Memory,
    /// What was decided, where it is not the plain case.
    pub notes: Vec<String>,
}

/// Reads a text table by the rules of [`Csv`]. A separator that is given is not looked for.
///
/// # Errors
/// A file that is missing, empty, or whose rows do not fit together.
///
/// ```
/// # use sources::Source;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("table.csv");
/// std::fs::write(&path, "x,y\n1,2\n3,4\n")?;
/// assert_eq!(sources::csv::open(&path, None)?.rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: impl AsRef<Path>, separator: Option<u8>) -> Result<Memory> {
    let options = separator.map_or_else(Csv::new, |separator| Csv::new().separator(char::from(separator)));
    Ok(open_with(path, &options)?.table)
}

/// Reads a text table with what the user fixes.
///
/// # Errors
/// A file that is missing, empty, or whose rows do not fit together; a column that is asked for and not there.
///
/// ```
/// # use sources::Source;
/// # use sources::csv::{Csv, open_with};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("table.csv");
/// std::fs::write(&path, "x,y\n1,2\n")?;
/// assert_eq!(open_with(&path, &Csv::new())?.table.schema().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open_with(path: impl AsRef<Path>, options: &Csv) -> Result<Opened> {
    let (file, bytes) = TableFile::open(path.as_ref())?;
    let place = Place::file(file.name());
    let bytes = bytes.get(0, bytes.length() as usize).map_err(|error| told(&place, error))?;
    let Table { pieces, schema, notes } = parse(bytes, options, &place)?;
    let cutting = Cutting { statistics: true, ..Cutting::default() };
    let table = Memory::pieces(file.name(), schema, pieces, None, &cutting)?;
    Ok(Opened { table, notes })
}

fn parse(bytes: Vec<u8>, options: &Csv, place: &Place) -> Result<Table> {
    let mut notes = Vec::new();
    let encoding = options.encoding.as_deref().map(Encoding::named).transpose().map_err(Error::request)?;
    let (bytes, packed) = inflate(bytes).map_err(|error| Error::read(place, error))?;
    notes.extend(packed.map(str::to_owned));
    let raw = |fault: Fault| Error::read(&place.clone().offset(fault.at as u64), fault.message);
    let (text, encoding) = decode(bytes, encoding).map_err(raw)?;
    if encoding != Encoding::Utf8 {
        notes.push(encoding.name().to_owned());
    }
    let rules = options.rules();
    let layout =
        sniff(text.as_bytes(), &options.wish()?, &rules).map_err(|fault| located(&text, fault, None, place))?;
    notes.extend(layout.notes.iter().cloned());
    notes.extend(options.said());
    let asked = asked(options, &layout)?;
    let reading =
        guarded(|| Text::new(&text, &layout, &rules).read(&asked)).map_err(|panic| Error::read(place, panic))?;
    let mut table = reading.map_err(|fault| located(&text, fault, Some(&layout), place))?;
    notes.append(&mut table.notes);
    table.notes = notes;
    cast(table, options, place)
}

/// A fault with line and column, as an error of the file.
fn located(text: &str, fault: Fault, layout: Option<&Layout>, place: &Place) -> Error {
    let mut part = format!("line {}", text::fault::line(text.as_bytes(), fault.at));
    if let Some(column) = fault.column {
        part.push_str(&format!(", column {}", column + 1));
        if let Some(name) = layout.and_then(|layout| layout.names.get(column)) {
            part.push_str(&format!(" (`{name}`)"));
        }
    }
    Error::read(&place.clone().part(part), fault.message)
}

/// The kinds that the user says, by column.
fn asked(options: &Csv, layout: &Layout) -> Result<Vec<Option<text::Kind>>> {
    let mut asked = vec![None; layout.names.len()];
    for (name, dtype) in &options.types {
        let at = layout.names.iter().position(|known| known == name);
        let at = at.ok_or_else(|| Error::column(name, layout.names.iter().map(String::as_str)))?;
        asked[at] = Some(options::kind_of(name, dtype)?);
    }
    Ok(asked)
}

/// Columns whose type the user says, from what they were read as to that type.
fn cast(mut table: Table, options: &Csv, place: &Place) -> Result<Table> {
    for (name, dtype) in &options.types {
        for frame in &mut table.pieces {
            let wrong = |error: PolarsError| Error::read(place, format!("column `{name}` as {dtype}: {error}"));
            let column = frame.column(name)?.strict_cast(dtype).map_err(wrong)?;
            frame.with_column(column)?;
        }
        let mut schema = (*table.schema).clone();
        schema.insert(name.into(), dtype.clone());
        table.schema = Arc::new(schema);
    }
    Ok(table)
}
