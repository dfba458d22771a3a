//! Parquet: a segment per row group, only the columns asked for, read by position (never mapped: a file that is
//! cut short while it is read is an error, not a crash).

mod ahead;
mod beginning;
mod coded;
mod decode;
mod footer;
mod head;
mod int96;
mod listed;
mod pages;
mod picked;
mod plain;
mod repack;
mod schema;
mod statistics;
mod texts;
mod wanted;
mod write;
mod writers;

pub use write::{Compression, WriteOptions, Writer, write};

use crate::columns::{Unreadable, as_held};
use crate::file::TableFile;
use crate::guard::guarded;
use crate::source::{AskTexts, SegmentInfo, Source, not_there};
use head::{Head, is_unsupported};
use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType, infer_schema};
use recoil_bytes::Bytes;
use segment::lists::Lists;
use segment::{Error, Place, Result};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use wanted::Wanted;

/// A Parquet file.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// sources::parquet::write(folder.join("x.parquet"), &frame, &Default::default())?;
/// let table: sources::parquet::Parquet = sources::parquet::open(folder.join("x.parquet"))?;
/// assert_eq!(table.rows(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Parquet {
    file: TableFile,
    head: Arc<Head>,
}

/// Opens a Parquet file: reads its footer and nothing else. Columns of types that are not supported are left out; the
/// source lists them with the reason.
///
/// # Errors
/// A file that is missing, empty, cut short, encrypted, or not Parquet.
///
/// ```
/// # use polars::prelude::*;
/// # use sources::Source;
/// # let frame = df!("x" => [1.0, 2.0, 3.0], "k" => ["a", "b", "a"])?;
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// sources::parquet::write(folder.join("x.parquet"), &frame, &Default::default())?;
/// assert_eq!(sources::parquet::open(folder.join("x.parquet"))?.rows(), 3);
/// assert!(sources::parquet::open(folder.join("y.parquet")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<Parquet> {
    let (file, bytes) = TableFile::open(path.as_ref())?;
    let place = Place::file(file.name());
    let size = bytes.length();
    if size < 12 {
        return Err(Error::read(
            &place,
            format!("{size} bytes are too few for a Parquet file; it may be empty or unfinished"),
        ));
    }
    let held = file.hold(|| vec![size.saturating_sub(FOOTER)..size], &place)?;
    let head = Head::of(&file, &bytes, &place)?;
    drop(held);
    Ok(Parquet { file, head })
}

impl Parquet {
    fn chunks(&self, segment: usize, column: &str) -> Vec<&ColumnChunkMetadata> {
        self.head.metadata.row_groups[segment].columns_under_root_iter(column).map_or_else(Vec::new, Iterator::collect)
    }

    /// Columns the fast way; `None` for those that the general decoder has to read.
    fn plain(
        &self,
        file: &Bytes,
        segment: usize,
        names: &[PlSmallStr],
        rows: Wanted<'_>,
    ) -> Result<Vec<Option<Column>>> {
        let mut plain: Vec<(usize, plain::Chunk)> = Vec::new();
        if writers::forgets_compression(self.head.metadata.created_by.as_deref()) {
            return Ok(vec![None; names.len()]);
        }
        for (at, name) in names.iter().enumerate() {
            let Some(field) = self.head.fields.get(name) else { return Err(not_there(name, self)) };
            if let [metadata] = self.chunks(segment, name)[..]
                && let Some(kind) = plain::kind(metadata, field)
            {
                plain.push((at, plain::Chunk { metadata, kind, name }));
            }
        }
        let (places, chunks): (Vec<usize>, Vec<plain::Chunk>) = plain.into_iter().unzip();
        let decoded = match guarded(|| plain::decode(file, &chunks, rows)) {
            Ok(decoded) => decoded,
            // One by one, to say of which column it is.
            Err(_) if names.len() > 1 => {
                let one = |name| Ok(self.plain(file, segment, std::slice::from_ref(name), rows)?.remove(0));
                return names.iter().map(one).collect();
            }
            Err(error) => return Err(self.damaged(segment, &names[0], &error)),
        };
        let mut columns = vec![None; names.len()];
        for (at, decoded) in places.into_iter().zip(decoded) {
            let name = &names[at];
            let column = decoded.map_err(|error| self.damaged(segment, name, &error.to_string()))?;
            // Times are integers in the file; saying what they mean copies nothing.
            columns[at] = match (column, self.head.schema.get(name)) {
                (Some(column), Some(dtype)) if column.dtype() != dtype => Some(column.cast(dtype)?),
                (column, _) => column,
            };
        }
        Ok(columns)
    }

    fn damaged(&self, segment: usize, name: &PlSmallStr, error: &str) -> Error {
        let at = self.chunks(segment, name).first().map_or(0, |chunk| writers::range(chunk).start);
        let place = (*self.head.segments[segment].place).clone().offset(at);
        let text = match is_unsupported(error) {
            true => format!("column `{name}` is not supported ({error}); other columns can be read"),
            false => format!("column `{name}` cannot be decoded ({error}); the file is damaged, write it again"),
        };
        Error::read(&place, text)
    }

    /// A column of any kind, by the general decoder.
    fn column(&self, file: &Bytes, segment: usize, name: &PlSmallStr, rows: Wanted<'_>) -> Result<Column> {
        let (Some(field), Some(dtype)) = (self.head.fields.get(name), self.head.schema.get(name)) else {
            return Err(not_there(name, self));
        };
        let explain = |error: String| self.damaged(segment, name, &error);
        let chunks = self.chunks(segment, name);
        let writer = self.head.metadata.created_by.as_deref();
        let length = self.head.segments[segment].len();
        let beyond = |error: PolarsError| Error::read(&self.head.segments[segment].place, error.to_string());
        let held = |column: Column| as_held(column, dtype).map_err(beyond);
        let decode =
            |field: &ArrowField| decode::column(file, &chunks, writer, field, || rows.filter(length)).map_err(explain);
        let series = decode(field)?;
        if series.len() != rows.len() {
            return Err(explain(format!("{} values where the footer says {}", series.len(), rows.len())));
        }
        if chunks.iter().any(|chunk| chunk.physical_type() == PhysicalType::Int96) {
            let unit = ArrowDataType::Timestamp(polars_arrow::datatypes::TimeUnit::Nanosecond, None);
            let nanoseconds = decode(&ArrowField { dtype: unit, ..field.clone() })?;
            let unit = ArrowDataType::Timestamp(polars_arrow::datatypes::TimeUnit::Millisecond, None);
            let milliseconds = decode(&ArrowField { dtype: unit, ..field.clone() })?;
            int96::exact(&series, &nanoseconds, &milliseconds).map_err(|error| {
                Error::read(&self.head.segments[segment].place, format!("column `{name}`: {error}"))
            })?;
        }
        held(series.into_column())
    }

    /// Where columns of a row group are in the file.
    fn ranges(&self, segment: usize, columns: &[PlSmallStr]) -> Vec<Range<u64>> {
        columns.iter().flat_map(|name| self.chunks(segment, name)).map(writers::range).collect()
    }

    fn has_int96(&self) -> bool {
        let leaves = self.head.metadata.schema().columns();
        leaves.iter().any(|leaf| leaf.descriptor.primitive_type.physical_type == PhysicalType::Int96)
    }

    fn columns(&self, segment: usize, columns: &[PlSmallStr], rows: Wanted<'_>) -> Result<DataFrame> {
        let place = &self.head.segments[segment].place;
        let file = self.file.bytes(place)?;
        let _held = self.file.hold(|| self.ranges(segment, columns), place)?;
        let mut found = self.lists(&file, segment, columns, rows)?;
        self.few(&file, segment, columns, rows, &mut found)?;
        let rest: Vec<usize> = (0..columns.len()).filter(|at| found[*at].is_none()).collect();
        for places in rest.chunks(TOGETHER) {
            let names: Vec<PlSmallStr> = places.iter().map(|at| columns[*at].clone()).collect();
            for (at, plain) in places.iter().zip(self.plain(&file, segment, &names, rows)?) {
                found[*at] = Some(plain.map_or_else(|| self.column(&file, segment, &columns[*at], rows), Ok)?);
            }
        }
        Ok(DataFrame::new(rows.len(), found.into_iter().flatten().collect())?)
    }

    /// Few rows of columns that are not there yet, where pages need not be read as a whole for them.
    fn few(
        &self,
        file: &Bytes,
        segment: usize,
        names: &[PlSmallStr],
        rows: Wanted<'_>,
        found: &mut [Option<Column>],
    ) -> Result<()> {
        let Wanted::Rows(rows) = rows else { return Ok(()) };
        if rows.len() > picked::FEW || writers::forgets_compression(self.head.metadata.created_by.as_deref()) {
            return Ok(());
        }
        let (mut places, mut wishes) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate().filter(|(at, _)| found[*at].is_none()) {
            let Some(field) = self.head.fields.get(name) else { return Err(not_there(name, self)) };
            if let [chunk] = self.chunks(segment, name)[..]
                && let Some(holds) = picked::Holds::of(chunk, field)
            {
                places.push(at);
                wishes.push(picked::Wish { chunk, holds, name });
            }
        }
        // What goes wrong there the general decoder says.
        let Ok(picked) = guarded(|| picked::columns(file, &wishes, rows)) else { return Ok(()) };
        for (at, column) in places.into_iter().zip(picked) {
            found[at] = match (column, self.head.schema.get(&names[at])) {
                (Some(column), Some(dtype)) if column.dtype() != dtype => Some(column.cast(dtype)?),
                (column, _) => column,
            };
        }
        Ok(())
    }

    /// Columns of lists the fast way; `None` for all others, and for those that the general decoder has to read.
    fn lists(
        &self,
        file: &Bytes,
        segment: usize,
        names: &[PlSmallStr],
        rows: Wanted<'_>,
    ) -> Result<Vec<Option<Column>>> {
        let mut columns = vec![None; names.len()];
        let (mut places, mut wishes) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let Some(field) = self.head.fields.get(name) else { return Err(not_there(name, self)) };
            let lists = matches!(field.dtype, ArrowDataType::LargeList(_) | ArrowDataType::List(_));
            if lists && !writers::forgets_compression(self.head.metadata.created_by.as_deref()) {
                places.push(at);
                wishes.push(listed::Wish { chunks: self.chunks(segment, name), field });
            }
        }
        let length = self.head.segments[segment].len();
        // What goes wrong there the general decoder says.
        let Ok(found) = guarded(|| listed::columns(file, &wishes, rows, length)) else { return Ok(columns) };
        for (at, series) in places.into_iter().zip(found) {
            let beyond = |error: PolarsError| Error::read(&self.head.segments[segment].place, error.to_string());
            columns[at] = match (series, self.head.schema.get(&names[at])) {
                (Some(series), Some(dtype)) => Some(as_held(series.into_column(), dtype).map_err(beyond)?),
                (series, _) => series.map(Series::into_column),
            };
        }
        Ok(columns)
    }
}

/// The lengths of lists that have been read.
fn counted(frame: &DataFrame, column: &PlSmallStr) -> Result<Column> {
    Ok(Lists::count(frame.column(column)?.as_materialized_series())?.into_column())
}

/// Bytes at the end of a file that is elsewhere that are fetched at first: most footers are shorter.
const FOOTER: u64 = 64 << 10;

/// Columns whose pages are decompressed together: enough of them that short pages, too, have streams for all lanes.
const TOGETHER: usize = 4;

impl Source for Parquet {
    fn name(&self) -> &str {
        self.file.name()
    }

    fn schema(&self) -> &SchemaRef {
        &self.head.schema
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.head.segments
    }

    fn unreadable(&self) -> &[Unreadable] {
        &self.head.unreadable
    }

    fn zones(&self) -> Vec<(PlSmallStr, Arc<str>)> {
        self.head.zones.clone()
    }

    fn attached(&self, key: &str) -> Vec<Option<String>> {
        let mut all = self.head.metadata.key_value_metadata.iter().flatten();
        vec![all.find(|one| one.key == key).and_then(|one| one.value.clone())]
    }

    fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        let same = infer_schema(&self.head.metadata).is_ok_and(|inferred| inferred == self.head.fields);
        // Held in another type than Polars gives them.
        let other = |dtype: &ArrowDataType| matches!(dtype, ArrowDataType::Float16 | ArrowDataType::UInt128);
        let others = self.head.fields.iter_values().any(|field| other(&field.dtype));
        let plain = self.head.footer_is_plain && !writers::is_misread(&self.head.metadata) && !self.has_int96();
        (same && !others && plain && !self.file.is_elsewhere()).then(|| vec![self.name().into()])
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> Result<DataFrame> {
        self.columns(segment, columns, Wanted::Run(rows.start, rows.end))
    }

    fn pick(&self, segment: usize, columns: &[PlSmallStr], rows: &[IdxSize]) -> Result<DataFrame> {
        self.columns(segment, columns, Wanted::Rows(rows))
    }

    fn marked(
        &self,
        segment: usize,
        column: &PlSmallStr,
        rows: Range<usize>,
        ask: &AskTexts<'_>,
    ) -> Result<Option<Bitmap>> {
        let Some(field) = self.head.fields.get(column) else { return Err(not_there(column, self)) };
        let text = matches!(field.dtype, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View);
        let [chunk] = self.chunks(segment, column)[..] else { return Ok(None) };
        if !text || writers::forgets_compression(self.head.metadata.created_by.as_deref()) {
            return Ok(None);
        }
        let place = &self.head.segments[segment].place;
        let file = self.file.bytes(place)?;
        let _held = self.file.hold(|| vec![writers::range(chunk)], place)?;
        // What goes wrong here the general decoder says.
        let known = self.head.segments[segment].statistics.columns.get(column.as_str());
        let whole = known.is_some_and(|known| known.nulls == Some(0));
        Ok(guarded(|| texts::marked(&file, chunk, rows, whole, ask)).ok().and_then(PolarsResult::ok).flatten())
    }

    fn lengths(&self, segment: usize, column: &PlSmallStr, rows: Range<usize>) -> Result<Column> {
        let Some(field) = self.head.fields.get(column) else { return Err(not_there(column, self)) };
        let place = &self.head.segments[segment].place;
        let file = self.file.bytes(place)?;
        let names = std::slice::from_ref(column);
        if self.file.is_elsewhere() || writers::forgets_compression(self.head.metadata.created_by.as_deref()) {
            // What was fetched is decoded as a whole.
            return counted(&self.read(segment, names, rows)?, column);
        }
        let wish = listed::Wish { chunks: self.chunks(segment, column), field };
        match guarded(|| listed::lengths(&file, &wish, self.head.segments[segment].len())) {
            Ok(Some(offsets)) => {
                let length = |row: usize| u32::try_from(offsets.length_at(row)).unwrap_or(u32::MAX);
                Ok(Column::new(column.clone(), rows.map(length).collect::<Vec<_>>()))
            }
            _ => counted(&self.read(segment, names, rows)?, column),
        }
    }

    fn divisible(&self) -> bool {
        // Parts of a row group that is elsewhere would each fetch whole columns of it.
        !self.file.is_elsewhere()
    }

    fn expect(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) {
        self.file.expect(|| self.ranges(segment, columns));
        self.ahead(segment, columns, &rows);
    }

    fn stored(&self, segment: usize, columns: &[PlSmallStr]) -> u64 {
        let of = |name: &PlSmallStr| {
            self.chunks(segment, name).iter().map(|c| c.compressed_size().max(0) as u64).sum::<u64>()
        };
        columns.iter().map(of).sum()
    }
}
