//! Several tables of one schema as one.

use crate::{Index, SegmentInfo, Source};
use polars::prelude::{DataFrame, IdxSize, PlSmallStr, SchemaRef};
use segment::{Error, Place, Result};
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug)]
struct Chain {
    name: String,
    schema: SchemaRef,
    parts: Vec<Arc<dyn Source>>,
    segments: Vec<SegmentInfo>,
    /// Part and number within the part of each segment.
    origin: Vec<(usize, usize)>,
}

/// The tables one after another, as one table. All must have the same columns with the same types; the order of
/// columns is that of the first.
///
/// # Errors
/// No table at all, or a schema that differs: the message names file and column.
pub fn chain(parts: Vec<Arc<dyn Source>>) -> Result<Arc<dyn Source>> {
    let Some(first) = parts.first() else {
        return Err(Error::request("no files to read"));
    };
    if parts.len() == 1 {
        return Ok(first.clone());
    }
    let schema = first.schema().clone();
    for part in &parts[1..] {
        agree(first.as_ref(), part.as_ref())?;
    }
    let name = format!("{} and {} more", first.name(), parts.len() - 1);
    let mut chain = Chain { name, schema, parts, segments: Vec::new(), origin: Vec::new() };
    let mut start = 0;
    for (number, part) in chain.parts.iter().enumerate() {
        for (at, info) in part.segments().iter().enumerate() {
            let rows = info.rows.start + start..info.rows.end + start;
            // A part may order its columns in another way: then its column ranges mean nothing here.
            let columns = if **part.schema() == *chain.schema { info.columns.clone() } else { 0..chain.schema.len() };
            chain.segments.push(SegmentInfo { rows, columns, ..info.clone() });
            chain.origin.push((number, at));
        }
        start += part.rows();
    }
    Ok(Arc::new(chain))
}

fn agree(first: &dyn Source, other: &dyn Source) -> Result<()> {
    let place = Place::file(other.name());
    for (name, dtype) in first.schema().iter() {
        match other.schema().get(name) {
            None => {
                let text = format!(
                    "no column `{name}`, which {} has; read them apart, or select common columns",
                    first.name()
                );
                return Err(Error::read(&place, text));
            }
            Some(found) if found != dtype => {
                let text =
                    format!("column `{name}` is {found}, but {dtype} in {}; rewrite one of the files", first.name());
                return Err(Error::read(&place, text));
            }
            Some(_) => {}
        }
    }
    match other.schema().iter_names().find(|name| !first.schema().contains(name)) {
        Some(name) => Err(Error::read(&place, format!("column `{name}` is not in {}", first.name()))),
        None => Ok(()),
    }
}

impl Source for Chain {
    fn name(&self) -> &str {
        &self.name
    }

    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn index(&self) -> Option<&Index> {
        None
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let (part, at) = self.origin[segment];
        self.parts[part].read(at, columns, rows)
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        let (part, at) = self.origin[segment];
        self.parts[part].pick(at, columns, rows)
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        let (part, at) = self.origin[segment];
        self.parts[part].expect(at, columns, rows);
    }

    fn divisible(&self) -> bool {
        self.parts.iter().all(|part| part.divisible())
    }

    fn in_memory(&self) -> bool {
        self.parts.iter().all(|part| part.in_memory())
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        let (part, at) = self.origin[segment];
        self.parts[part].stored(at, columns)
    }
}
