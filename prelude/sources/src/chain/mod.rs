//! Several tables as one: columns by name, in the wider type; a column that a table does not have is null there.
//!
//! In go tables, out comes a table whose rows are theirs one after another. It must not know formats.

mod unify;
mod widen;

pub use unify::Chaining;

use crate::columns::Unreadable;
use crate::index::Index;
use crate::lookup::Lookup;
use crate::source::{AskTexts, Identity, SegmentInfo, Source, not_there};
use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use segment::{ColumnStatistics, Error, Result, Statistics};
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug)]
struct Chain {
    name: String,
    schema: SchemaRef,
    parts: Vec<Part>,
    segments: Vec<SegmentInfo>,
    /// Part and number within the part of each segment.
    origin: Vec<(usize, usize)>,
    unreadable: Vec<Unreadable>,
    notes: Vec<String>,
    options: Chaining,
}

#[derive(Debug)]
struct Part {
    source: Arc<dyn Source>,
    /// Whether it has all columns as the chain has them.
    same: bool,
}

/// The tables one after another, as one table. Columns are those of all tables, in the order of the first; numbers and
/// times of different width take the wider type, and a column that a table does not have is null there.
///
/// # Errors
/// No table at all, or a column whose types have no common one: the message names files and column.
pub fn chain(parts: Vec<Arc<dyn Source>>) -> Result<Arc<dyn Source>> {
    chain_with(parts, Chaining::default())
}

/// The same, saying what to do where tables disagree.
///
/// # Errors
/// See [`chain`].
pub fn chain_with(parts: Vec<Arc<dyn Source>>, options: Chaining) -> Result<Arc<dyn Source>> {
    let Some(first) = parts.first() else {
        return Err(Error::request("no files to read"));
    };
    if parts.len() == 1 {
        return Ok(first.clone());
    }
    let schema = unify::schema(&parts, &options)?;
    let all = parts.len();
    let changes = unify::changes(&parts, &schema);
    let mut notes: Vec<String> = parts.iter().flat_map(|part| part.notes()).collect();
    notes.extend(changes.iter().map(|change| change.said(all)));
    let missing = parts.iter().flat_map(|part| part.unreadable()).filter(|column| !schema.contains(&column.name));
    let mut unreadable: Vec<Unreadable> = Vec::new();
    missing.for_each(|column| {
        if !unreadable.iter().any(|known| known.name == column.name) {
            unreadable.push(column.clone());
        }
    });
    if let Some(change) = changes.iter().find(|change| change.how == unify::How::Unreadable) {
        return Err(Error::request(format!("{}; read the files apart", change.said(all))));
    }
    let name = format!("{} and {} more", first.name(), all - 1);
    let same = |part: &Arc<dyn Source>| is_same(part.schema(), &schema);
    let parts: Vec<Part> = parts.iter().map(|part| Part { source: part.clone(), same: same(part) }).collect();
    let schema = Arc::new(schema);
    let mut chain = Chain { name, schema, parts, segments: Vec::new(), origin: Vec::new(), unreadable, notes, options };
    chain.describe();
    Ok(Arc::new(chain))
}

/// Whether two schemas have the same columns, in any order.
fn is_same(one: &Schema, two: &Schema) -> bool {
    one.len() == two.len() && one.iter().all(|(name, dtype)| two.get(name) == Some(dtype))
}

impl Chain {
    fn describe(&mut self) {
        let mut start = 0;
        for (number, part) in self.parts.iter().enumerate() {
            for (at, info) in part.source.segments().iter().enumerate() {
                let rows = info.rows.start + start..info.rows.end + start;
                // A part may order its columns in another way: then its column ranges mean nothing here.
                let ordered = **part.source.schema() == *self.schema;
                let columns = if ordered { info.columns.clone() } else { 0..self.schema.len() };
                let mut segment = SegmentInfo { rows, columns, ..info.clone() };
                if !part.same {
                    // What is kept of the file by itself has other types, and not all of the columns.
                    segment.identity = Identity::of(&(info.identity.0, self.described()));
                    self.complete(part, &mut segment.statistics);
                }
                self.segments.push(segment);
                self.origin.push((number, at));
            }
            start += part.source.rows();
        }
    }

    /// All that decides how a part is read.
    fn described(&self) -> String {
        let columns = self.schema.iter().map(|(name, dtype)| format!("{name:?} {dtype:?}"));
        format!("{:?} {:?}", self.options.naive_times, columns.collect::<Vec<_>>())
    }

    /// Columns that are not there are null; bounds of times that get a zone are bounds of other times.
    fn complete(&self, part: &Part, statistics: &mut Statistics) {
        for (name, dtype) in self.schema.iter() {
            let known = match part.source.schema().get(name) {
                Some(found) if found == dtype => continue,
                Some(DataType::Datetime(_, None)) if matches!(dtype, DataType::Datetime(_, Some(_))) => None,
                Some(_) => continue,
                None => Some(ColumnStatistics { min: None, max: None, nulls: Some(statistics.rows), nans: Some(0) }),
            };
            match known {
                Some(known) => statistics.columns.insert(name.to_string(), known),
                None => statistics.columns.remove(name.as_str()),
            };
        }
    }

    /// Columns of a part that are in it; a part can always count its rows.
    fn present(&self, part: usize, columns: &[PlSmallStr]) -> Vec<PlSmallStr> {
        let part = &self.parts[part];
        columns.iter().filter(|name| part.source.schema().contains(name)).cloned().collect()
    }

    /// What was read of a part, with the columns and types of the chain.
    fn adapted(&self, segment: usize, columns: &[PlSmallStr], read: DataFrame, rows: usize) -> Result<DataFrame> {
        let mut found = Vec::with_capacity(columns.len());
        for name in columns {
            let Some(dtype) = self.schema.get(name) else { return Err(not_there(name, self)) };
            found.push(match read.column(name) {
                Ok(column) if column.dtype() == dtype => column.clone(),
                Ok(column) => widen::widen(column, dtype, self.options.naive_times.as_ref()).map_err(|error| {
                    let text = format!("column `{name}` cannot be read as {dtype}, as in other files: {error}");
                    Error::read(&self.segments[segment].place, text)
                })?,
                Err(_) => Column::full_null(name.clone(), rows, dtype),
            });
        }
        Ok(DataFrame::new(rows, found)?)
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

    fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    // A zone is that of the column where all tables that have it say the same.
    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        let mut zones: Vec<(PlSmallStr, Arc<str>)> = self.parts.iter().flat_map(|part| part.source.zones()).collect();
        zones.sort();
        zones.dedup();
        let all_say = |(name, zone): &(PlSmallStr, Arc<str>)| {
            let mut having = self.parts.iter().filter(|part| part.source.schema().contains(name));
            having.all(|part| part.source.zones().iter().any(|(own, said)| own == name && said == zone))
        };
        zones.retain(all_say);
        zones
    }

    fn attached(&self, key: &str) -> Vec<Option<String>> {
        let own = |part: &Part| match part.source.attached(key) {
            none if none.is_empty() => vec![None],
            some => some,
        };
        self.parts.iter().flat_map(own).collect()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn remarks(&self, columns: &[PlSmallStr]) -> Vec<String> {
        self.parts.iter().flat_map(|part| part.source.remarks(columns)).collect()
    }

    fn lookup(&self) -> Result<Option<Lookup>> {
        let sources = self.parts.iter().map(|part| &part.source);
        let parts = sources.map(|source| Ok((source.name(), source.rows(), source.lookup()?)));
        Lookup::chained(parts.collect::<Result<Vec<_>>>()?)
    }

    fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        let files = |part: &Part| part.same.then(|| part.source.parquet_files()).flatten();
        Some(self.parts.iter().map(files).collect::<Option<Vec<_>>>()?.concat())
    }

    fn learned(&self, segment: usize) -> Option<Statistics> {
        let (part, at) = self.origin[segment];
        // What is known of other types says nothing of these.
        self.parts[part].same.then(|| self.parts[part].source.learned(at)).flatten()
    }

    fn check(&self) -> Result<()> {
        self.parts.iter().try_for_each(|part| part.source.check())
    }

    fn index(&self) -> Option<&Index> {
        None
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        let (part, at) = self.origin[segment];
        if self.parts[part].same {
            return self.parts[part].source.read(at, columns, rows);
        }
        let read = self.parts[part].source.read(at, &self.present(part, columns), rows.clone())?;
        self.adapted(segment, columns, read, rows.len())
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        let (part, at) = self.origin[segment];
        if self.parts[part].same {
            return self.parts[part].source.pick(at, columns, rows);
        }
        let read = self.parts[part].source.pick(at, &self.present(part, columns), rows)?;
        self.adapted(segment, columns, read, rows.len())
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        let (part, at) = self.origin[segment];
        let source = &self.parts[part].source;
        match source.schema().contains(column) {
            true => source.lengths(at, column, rows),
            // What a file does not have is null, and so are its lists.
            false => Ok(Column::new(column.clone(), vec![0_u32; rows.len()])),
        }
    }

    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        let (part, at) = self.origin[segment];
        match self.parts[part].same {
            true => self.parts[part].source.marked(at, column, rows, ask),
            false => Ok(None),
        }
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        let (part, at) = self.origin[segment];
        self.parts[part].source.expect(at, &self.present(part, columns), rows);
    }

    fn divisible(&self) -> bool {
        self.parts.iter().all(|part| part.source.divisible())
    }

    fn in_memory(&self) -> bool {
        self.parts.iter().all(|part| part.source.in_memory() && part.same)
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        let (part, at) = self.origin[segment];
        self.parts[part].source.stored(at, &self.present(part, columns))
    }
}
