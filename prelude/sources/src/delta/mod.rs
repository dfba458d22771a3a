//! Delta tables: a folder of Parquet files and a log that says which of them are the table, at each version.
//!
//! In goes a folder with `_delta_log`, out comes the table of one version. `log` replays the log, from the last checkpoint on;
//! what a reader of this kind must understand and does not (deletion vectors, mapped columns) is refused by name.
//! Source: the Delta transaction log protocol, github.com/delta-io/delta, PROTOCOL.md.

mod checkpoint;
mod log;
mod state;

use crate::chain::{Chaining, chain_with};
use crate::folders::{Constant, ConstantValue, percent_decoded, with_constants};
use crate::memory::Memory;
use crate::parquet;
use crate::source::{Opened, Source};
use polars::prelude::*;
use segment::{Error, Place, Result};
use state::{Add, State};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of the log.
const LOG: &str = "_delta_log";

/// Whether a folder holds a Delta table.
pub fn is_table(folder: &Path) -> bool {
    folder.join(LOG).is_dir()
}

/// The table of a version, or of the last one.
///
/// # Errors
/// A log that is damaged, lacks commits, or needs what is not supported; a version that is not there; files that cannot be
/// read.
pub fn open(folder: &Path, version: Option<u64>) -> Result<Opened> {
    let place = Place::file(folder.display().to_string());
    let state = log::replay(&folder.join(LOG), version)?;
    let partitions: Vec<(&str, DataType)> =
        state.partitions.iter().map(|name| (name.as_str(), state.dtype(name))).collect();
    let mut parts = Vec::with_capacity(state.files.len());
    for add in state.files.values() {
        let source: Arc<dyn Source> = Arc::new(parquet::open(path_of(folder, &add.path, &place)?)?);
        parts.push(with_constants(source, constants(&partitions, add)));
    }
    let notes = vec![format!("Delta table, version {} of {} files", state.version, state.files.len())];
    let source = if parts.is_empty() { empty(folder, &state)? } else { with_lost_columns(parts, &state)? };
    Ok(Opened { source, notes })
}

/// A table whose files have all been removed.
fn empty(folder: &Path, state: &State) -> Result<Arc<dyn Source>> {
    let schema: Schema =
        state.columns.iter().map(|(name, _)| (PlSmallStr::from_str(name), state.dtype(name))).collect();
    let cutting = crate::memory::Cutting::default();
    let name = folder.display().to_string();
    Ok(Arc::new(Memory::cut(&name, DataFrame::empty_with_schema(&schema), None, &cutting)?))
}

/// The files as one table; a column of the table that no file has yet is null.
fn with_lost_columns(parts: Vec<Arc<dyn Source>>, state: &State) -> Result<Arc<dyn Source>> {
    let has = |name: &str| parts.iter().any(|part| part.schema().contains(name));
    let named = |name: &str| parts.iter().any(|part| part.unreadable().iter().any(|column| column.name == name));
    let lost = state
        .columns
        .iter()
        .filter(|(name, _)| !has(name) && !named(name))
        .map(|(name, _)| Constant { name: name.into(), value: ConstantValue::Typed(None, state.dtype(name)) });
    let lost: Vec<Constant> = lost.collect();
    chain_with(parts.into_iter().map(|part| with_constants(part, lost.clone())).collect(), Chaining::default())
}

fn constants(partitions: &[(&str, DataType)], add: &Add) -> Vec<Constant> {
    let of = |(name, dtype): &(&str, DataType)| {
        let value = add.values.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.clone());
        // An empty text is a missing value, whatever the type.
        let value = value.filter(|value| !value.is_empty());
        let value = match dtype {
            DataType::Int64 => ConstantValue::Int(value.and_then(|value| value.parse().ok())),
            DataType::String => ConstantValue::Text(value.map(Into::into)),
            dtype => ConstantValue::Typed(value.map(Into::into), dtype.clone()),
        };
        Constant { name: (*name).into(), value }
    };
    partitions.iter().map(of).collect()
}

/// Where a file of the log lies; its path is percent-encoded, and below the folder unless it is absolute.
fn path_of(folder: &Path, written: &str, place: &Place) -> Result<PathBuf> {
    let decoded = percent_decoded(written);
    if let Some(local) = decoded.strip_prefix("file://") {
        return Ok(PathBuf::from(local));
    }
    if decoded.contains("://") {
        return Err(Error::read(
            place,
            format!("a file of the table lies elsewhere (`{decoded}`), which is not supported"),
        ));
    }
    Ok(folder.join(decoded))
}
