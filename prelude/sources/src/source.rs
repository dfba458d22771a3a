//! Layer 0: what a table must be able to say and do to be read by the engines.

use crate::columns::Unreadable;
use crate::index::Index;
use crate::lookup::Lookup;
use polars::prelude::*;
use polars_arrow::array::Utf8ViewArray;
use polars_arrow::bitmap::Bitmap;
use segment::lists::Lists;
use segment::{Error, Place, Result, Statistics};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The key under which sums of weights before cuts stand beside the rows of a skim.
pub const NORMALISATION: &str = "recoil_normalisation";

/// A table that is read in segments.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// The table that this one stands around: it answers what this one does not answer itself.
    fn around(&self) -> Option<&dyn Source> {
        None
    }

    /// What the table is called: the file as the user named it, or `memory`.
    fn name(&self) -> &str;

    /// All columns and their types, the index columns among them.
    fn schema(&self) -> &SchemaRef;

    /// All segments, ordered by rows and then by columns. Segments of equal rows lie side by side.
    fn segments(&self) -> &[SegmentInfo];

    /// Columns of the file that are not in the schema because they cannot be read, with the reason.
    fn unreadable(&self) -> &[Unreadable] {
        self.around().map_or(&[], |inner| inner.unreadable())
    }

    /// Columns of times whose clocks run by an offset or a zone that their type cannot say, and what the file calls it.
    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        self.around().map(|inner| inner.zones()).unwrap_or_default()
    }

    /// What was written beside the rows under a key: a text for each file, `None` for one that has none. Empty for a table that
    /// never was a file.
    fn attached(&self, key: &str) -> Vec<Option<String>> {
        self.around().map(|inner| inner.attached(key)).unwrap_or_default()
    }

    /// What a user should know of how the table is read: a sentence each.
    fn notes(&self) -> Vec<String> {
        if let Some(inner) = self.around() {
            return inner.notes();
        }
        self.unreadable().iter().map(|column| format!("{}: {column}", self.name())).collect()
    }

    /// What reading some columns has shown that their values do not say: a sentence each. The run that reads them tells it.
    fn remarks(&self, columns: &[PlSmallStr]) -> Vec<String> {
        self.around().map(|inner| inner.remarks(columns)).unwrap_or_default()
    }

    /// Which row has which two integers, if the file keeps that: the index of a tree.
    ///
    /// # Errors
    /// A file whose index cannot be read.
    fn lookup(&self) -> Result<Option<Lookup>> {
        self.around().map_or(Ok(None), |inner| inner.lookup())
    }

    /// The Parquet files that have the rows of this table in its order, if a scan of them by Polars gives the same columns.
    fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        self.around()?.parquet_files()
    }

    /// Columns that order the rows; every segment has them whatever its column range says.
    fn index(&self) -> Option<&Index> {
        self.around()?.index()
    }

    /// Rows `rows` (counted from the start of the segment) of `columns` of segment `segment`, in the order asked
    /// and with the types of the schema. Called from several threads at once.
    ///
    /// # Errors
    /// What cannot be read, with its place.
    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame>;

    /// Single rows (counted from the start of the segment, ascending) of `columns` of segment `segment`. A format that
    /// can pass over the rows between without decoding them does so.
    ///
    /// # Errors
    /// What cannot be read, with its place.
    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        if let Some(inner) = self.around() {
            return inner.pick(segment, columns, rows);
        }
        let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
            return self.read(segment, columns, 0..0);
        };
        let frame = self.read(segment, columns, first as usize..last as usize + 1)?;
        let at = IdxCa::from_iter_values(PlSmallStr::EMPTY, rows.iter().map(|row| row - first));
        // Column by column: a frame's own `take` would leave this thread.
        let columns = frame.columns().iter().map(|column| Ok(column.as_materialized_series().take(&at)?.into_column()));
        Ok(DataFrame::new(rows.len(), columns.collect::<Result<Vec<_>>>()?)?)
    }

    /// How many values the lists of a column have in rows `rows` (counted from the start of the segment) of segment
    /// `segment`, as u32 under its name. A format that stores lengths apart from values decodes no values.
    ///
    /// # Errors
    /// What cannot be read, with its place.
    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        if let Some(inner) = self.around() {
            return inner.lengths(segment, column, rows);
        }
        let frame = self.read(segment, std::slice::from_ref(column), rows)?;
        Ok(Lists::count(frame.column(column)?.as_materialized_series())?.into_column())
    }

    /// Which of rows `rows` (counted from the start of the segment) of a column of texts pass a question, where the segment stores
    /// texts by a dictionary and none is missing: each text is asked once. `None` where it does not, or cannot be asked.
    ///
    /// # Errors
    /// A column that is not there.
    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        self.around().map_or(Ok(None), |inner| inner.marked(segment, column, rows, ask))
    }

    /// Says that rows `rows` of `columns` of segment `segment` are going to be asked for soon. A table on a disk lets the
    /// system begin to read them; it does not wait, and what goes wrong is told when they are read.
    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        if let Some(inner) = self.around() {
            inner.expect(segment, columns, rows);
        }
    }

    /// What has been learned of a segment since the table was opened, where its file says nothing: bounds of columns that were
    /// read as a whole.
    fn learned(&self, segment: usize) -> Option<Statistics> {
        self.around()?.learned(segment)
    }

    /// What went wrong when the segments were looked for, of a table that looks only when it is asked. Whoever uses
    /// segments asks this first: a table that failed has none that mean anything.
    ///
    /// # Errors
    /// What went wrong.
    fn check(&self) -> Result<()> {
        self.around().map_or(Ok(()), |inner| inner.check())
    }

    /// Bytes on disk of these columns of a segment; an estimate where the format does not say.
    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        if let Some(inner) = self.around() {
            return inner.stored(segment, columns);
        }
        let info = &self.segments()[segment];
        let all = info.columns.len().max(1) as u64;
        info.bytes * columns.len() as u64 / all
    }

    /// Whether a part of a segment costs a part of the time; otherwise a segment is best read at once.
    fn divisible(&self) -> bool {
        self.around().is_none_or(|inner| inner.divisible())
    }

    /// Whether reading costs nothing, so that nothing of it needs to be kept.
    fn in_memory(&self) -> bool {
        self.around().is_some_and(|inner| inner.in_memory())
    }

    /// Rows of the whole table.
    fn rows(&self) -> u64 {
        self.segments().last().map_or(0, |last| last.rows.end)
    }
}

/// A question about texts: 1 for each that passes and 0 for the others; `None` where one of them cannot be asked.
pub type AskTexts<'a> = dyn Fn(Utf8ViewArray) -> Option<Vec<u8>> + 'a;

/// What is known of a segment before it is read.
#[derive(Debug, Clone)]
pub struct SegmentInfo {
    /// Rows of the table.
    pub rows: Range<u64>,
    /// Columns of the schema, by position. Columns of the index belong to every segment and may lie outside.
    pub columns: Range<usize>,
    /// Bounds and counts, as far as known.
    pub statistics: Statistics,
    /// Bytes on disk (in memory for what never was a file).
    pub bytes: u64,
    /// Where the rows are.
    pub place: Arc<Place>,
    /// What caches may key decoded columns by.
    pub identity: Identity,
}

impl SegmentInfo {
    /// Rows of this segment.
    pub fn len(&self) -> usize {
        (self.rows.end - self.rows.start) as usize
    }

    /// Whether the segment has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Names bytes for as long as they do not change: path, size, time of the last change and the part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub u128);

impl Identity {
    /// The identity of something with these traits.
    pub fn of(traits: &impl Hash) -> Self {
        let half = |seed: u64| {
            let mut hasher = DefaultHasher::new();
            seed.hash(&mut hasher);
            traits.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        Self(half(1) << 64 | half(2))
    }

    /// The identity of a file as it is now.
    ///
    /// # Errors
    /// A file that is not there or may not be read.
    pub fn file(path: &Path) -> Result<Self> {
        let error = |error: std::io::Error| Error::read(&Place::file(path.display().to_string()), error.to_string());
        let metadata = std::fs::metadata(path).map_err(error)?;
        let full = std::path::absolute(path).map_err(error)?;
        Ok(Self::of(&(full, metadata.len(), metadata.modified().ok())))
    }

    /// The identity of a file by the name that messages have for it, and what its server says changes with its bytes. Of a
    /// server that says nothing, every opening is another identity.
    ///
    /// # Errors
    /// A file of this machine that is not there or may not be read.
    pub fn named(name: &str, said: Option<&str>) -> Result<Self> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        match said {
            Some(said) => Ok(Self::of(&(name, said))),
            None if remote::is_address(name) => Ok(Self::of(&(name, OPENED.fetch_add(1, Ordering::Relaxed)))),
            None => Self::file(Path::new(name)),
        }
    }

    /// Refuses a file that is no longer what it was when it was opened.
    pub(crate) fn unchanged(self, path: &Path, place: &Place) -> Result<()> {
        if Self::file(path)? == self {
            return Ok(());
        }
        Err(Error::read(place, "the file has changed since it was opened; load it again"))
    }

    /// The identity of a part of what this identifies.
    #[must_use]
    pub fn part(self, part: u64) -> Self {
        Self::of(&(self.0, part))
    }
}

/// The error of a column that is not there, with the nearest names.
pub(crate) fn missing(name: &str, schema: &Schema) -> Error {
    Error::column(name, schema.iter_names().map(PlSmallStr::as_str))
}

/// The same for a file, which may have the column and not be able to give it: then with the reason.
pub(crate) fn not_there(name: &str, source: &dyn Source) -> Error {
    match source.unreadable().iter().find(|column| column.name == name) {
        Some(column) => Error::request(format!("{}: {column}; the other columns can be read", source.name())),
        None => missing(name, source.schema()),
    }
}

/// Bytes per value of a type in memory; an estimate for text and nested types.
pub fn width(dtype: &DataType) -> u64 {
    match dtype {
        DataType::Boolean | DataType::Int8 | DataType::UInt8 => 1,
        DataType::Int16 | DataType::UInt16 => 2,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date => 4,
        DataType::String | DataType::Binary => 24,
        DataType::List(_) => 48,
        _ => 8,
    }
}

/// A table, and what was decided on the way where that is not the plain case.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The table.
    pub source: Arc<dyn Source>,
    /// What was decided, for the user to read; empty where nothing needed to be.
    pub notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The methods in the first item that begins so.
    fn methods(text: &str, item: &str) -> BTreeSet<String> {
        let body = text.split(item).nth(1).and_then(|rest| rest.split("\n}").next()).expect("the item");
        body.split("    fn ").skip(1).filter_map(|rest| rest.split('(').next()).map(str::to_owned).collect()
    }

    #[test]
    fn tables_around_tables_pass_on_every_question() {
        let all = methods(include_str!("source.rs"), "pub trait Source:");
        assert!(all.len() > 20, "{all:?}");
        let around = [("Beside", include_str!("beside.rs")), ("Chain", include_str!("chain/mod.rs"))];
        for (name, text) in around {
            let own = methods(text, &format!("impl Source for {name}"));
            let mut missing: Vec<&String> = all.difference(&own).collect();
            // Both stand around more than one table. Rows follow from the segments, and a table with a friend is more than its
            // Parquet files.
            let answered: &[&str] =
                if name == "Beside" { &["around", "rows", "parquet_files"] } else { &["around", "rows"] };
            missing.retain(|method| !answered.contains(&method.as_str()));
            assert!(missing.is_empty(), "{name} does not pass on {missing:?}");
        }
    }
}
