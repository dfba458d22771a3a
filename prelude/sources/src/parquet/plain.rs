//! The fast way for what ntuples are made of: numbers of four or eight bytes, PLAIN or with a dictionary, without nulls.
//!
//! A plain page of them is a run of little-endian values, so it is read or decompressed to where the column wants it instead
//! of being decoded, and a page without a wanted row is not read at all. Many writers begin every column with a dictionary,
//! and go on without when it gets long: it is read when the first page wants it. Compressed pages of several columns are
//! decompressed together. Whatever else a chunk holds (nulls, other encodings), the answer is `None` and the general decoder
//! reads it.

use super::pages::{DictionaryAt, PageAt, all_present, levels, plain_values, varint};
use super::{Wanted, coded, writers};
use crate::reuse;
use crate::reuse::Reused;
use polars::prelude::*;
use polars_arrow::datatypes::TimeUnit as ArrowTimeUnit;
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress as decompress_into};
use polars_parquet::parquet::page::{CompressedPage, Page};
use polars_parquet::parquet::read::decompress;
use polars_parquet::parquet::schema::types::{PrimitiveLogicalType, TimeUnit as Stored};
use polars_parquet::read::{ColumnChunkMetadata, PageReader, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard::{self as zstandard, stored};
use std::cell::RefCell;
use std::io::Cursor;

/// Types whose values lie in a page as they lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    F64,
    F32,
    I64,
    I32,
    U64,
    U32,
}

/// The kind of a chunk that may be read the fast way.
pub(super) fn kind(chunk: &ColumnChunkMetadata, field: &ArrowField) -> Option<Kind> {
    let descriptor = &chunk.descriptor().descriptor;
    if descriptor.max_rep_level > 0 || descriptor.max_def_level > 1 {
        return None;
    }
    // Its pages may be of several members, of which the library's decompressor reads the first.
    if chunk.compression() == Compression::Gzip {
        return None;
    }
    match (chunk.physical_type(), field.dtype()) {
        (PhysicalType::Double, ArrowDataType::Float64) => Some(Kind::F64),
        (PhysicalType::Float, ArrowDataType::Float32) => Some(Kind::F32),
        (PhysicalType::Int64, ArrowDataType::Int64) => Some(Kind::I64),
        (PhysicalType::Int32, ArrowDataType::Int32) => Some(Kind::I32),
        (PhysicalType::Int64, ArrowDataType::UInt64) => Some(Kind::U64),
        (PhysicalType::Int32, ArrowDataType::UInt32) => Some(Kind::U32),
        (PhysicalType::Int32, ArrowDataType::Date32) => Some(Kind::I32),
        (PhysicalType::Int64, ArrowDataType::Timestamp(unit, _)) => {
            let stored = descriptor.primitive_type.logical_type.as_ref();
            let same = matches!(
                (stored, unit),
                (Some(PrimitiveLogicalType::Timestamp { unit: Stored::Nanoseconds, .. }), ArrowTimeUnit::Nanosecond)
                    | (
                        Some(PrimitiveLogicalType::Timestamp { unit: Stored::Microseconds, .. }),
                        ArrowTimeUnit::Microsecond
                    )
                    | (
                        Some(PrimitiveLogicalType::Timestamp { unit: Stored::Milliseconds, .. }),
                        ArrowTimeUnit::Millisecond
                    )
            );
            same.then_some(Kind::I64)
        }
        _ => None,
    }
}

/// A column in a segment, and what its values are.
pub(super) struct Chunk<'a> {
    pub(super) metadata: &'a ColumnChunkMetadata,
    pub(super) kind: Kind,
    pub(super) name: &'a PlSmallStr,
}

/// The rows of chunks, or `None` when one is not as plain as it looked. Compressed pages of all of them are decompressed
/// together, one of each at a time, which is faster.
pub(super) fn decode(file: &Bytes, chunks: &[Chunk<'_>], rows: Wanted<'_>) -> Vec<PolarsResult<Option<Column>>> {
    let mut readings: Vec<Box<dyn Reading>> = chunks.iter().map(|chunk| reading(file, chunk, rows)).collect();
    let mut stored = STORED.take();
    stored.resize_with(stored.len().max(chunks.len()), Vec::new);
    loop {
        let waiting = readings.iter_mut().zip(&mut stored).filter_map(|(reading, stored)| {
            let size = reading.advance(stored)?;
            Some((reading, &stored[..size]))
        });
        let (mut waiting, frames): (Vec<_>, Vec<&[u8]>) = waiting.unzip();
        if waiting.is_empty() {
            break;
        }
        let mut places: Vec<&mut [u8]> = waiting.iter_mut().map(|reading| reading.place()).collect();
        let written = zstandard::decompress(&frames, &mut places);
        waiting.into_iter().zip(written).for_each(|(reading, written)| reading.accept(written));
    }
    STORED.set(stored);
    readings.into_iter().zip(chunks).map(|(reading, chunk)| reading.column(chunk.name.clone())).collect()
}

fn reading<'a>(file: &'a Bytes, chunk: &Chunk<'a>, rows: Wanted<'a>) -> Box<dyn Reading + 'a> {
    let metadata = chunk.metadata;
    match chunk.kind {
        Kind::F64 => Box::new(Values::<f64>::new(file, metadata, rows)),
        Kind::F32 => Box::new(Values::<f32>::new(file, metadata, rows)),
        Kind::I64 => Box::new(Values::<i64>::new(file, metadata, rows)),
        Kind::I32 => Box::new(Values::<i32>::new(file, metadata, rows)),
        Kind::U64 => Box::new(Values::<u64>::new(file, metadata, rows)),
        Kind::U32 => Box::new(Values::<u32>::new(file, metadata, rows)),
    }
}

/// A number that lies in a page as it lies in memory.
trait Plain: Reused {
    fn column(name: PlSmallStr, values: Vec<Self>) -> Column;
}

macro_rules! plain {
    ($($kind:ident $chunked:ident),*) => {
        $(impl Plain for $kind {
            fn column(name: PlSmallStr, values: Vec<Self>) -> Column {
                $chunked::from_vec(name, values).into_column()
            }
        })*
    };
}

plain!(f64 Float64Chunked, f32 Float32Chunked, i64 Int64Chunked, i32 Int32Chunked, u64 UInt64Chunked, u32 UInt32Chunked);

/// Values before the first one, into which the levels of a page may be written; see [`Values::open`].
const PAD: usize = 4;

thread_local! {
    // Buffers per thread for the bytes of pages and one for them decompressed: fresh memory of some MB costs as much in
    // page faults as the copy itself.
    static STORED: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static PAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static UNPACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A chunk that is being read.
trait Reading {
    /// Reads on up to a page that is to be decompressed, with whose bytes, of which it says the number, `stored` begins
    /// then; `None` where there is none.
    fn advance(&mut self, stored: &mut Vec<u8>) -> Option<usize>;
    /// Where that page is decompressed to.
    fn place(&mut self) -> &mut [u8];
    /// Takes the page, of which so many bytes have been written to its place.
    fn accept(&mut self, written: Result<usize, &'static str>);
    /// All values; `None` when the chunk is not plain.
    fn column(self: Box<Self>, name: PlSmallStr) -> PolarsResult<Option<Column>>;
}

/// How a chunk goes.
enum State {
    Plain,
    NotPlain,
    Failed(PolarsError),
}

/// The values of a chunk so far, behind [`PAD`] that are none.
struct Values<'a, T> {
    file: &'a Bytes,
    chunk: &'a ColumnChunkMetadata,
    rows: Wanted<'a>,
    optional: bool,
    values: Vec<T>,
    filled: usize,
    /// Where the next page begins, and the row of its first value.
    at: u64,
    start: usize,
    dictionary: Dictionary<T>,
    /// A page of which not all values come to their place as they are, decompressed.
    packed: Vec<u32>,
    open: Option<Open>,
    state: State,
}

/// What pages number.
enum Dictionary<T> {
    /// There may be one before the first page.
    Unknown,
    None,
    At(DictionaryAt),
    Entries(Vec<T>),
}

/// A page that is being decompressed.
#[derive(Clone, Copy)]
struct Open {
    page: PageAt,
    target: Target,
    /// Its bytes when decompressed, and how many of them are levels that stand before the values.
    size: usize,
    levels: usize,
    /// The bytes of values before it, over which its levels are written.
    kept: [u8; PAD * 8],
}

#[derive(Clone, Copy)]
enum Target {
    /// Its values come straight to their place.
    Values,
    /// It is the dictionary.
    Dictionary,
    /// It numbers entries of the dictionary.
    Numbers,
    /// Some of its values are wanted.
    Some,
}

impl<T: Plain> Reading for Values<'_, T> {
    fn advance(&mut self, stored: &mut Vec<u8>) -> Option<usize> {
        if !matches!(self.state, State::Plain) {
            return None;
        }
        self.pages(stored).unwrap_or_else(|error| {
            self.state = State::Failed(error);
            None
        })
    }

    fn place(&mut self) -> &mut [u8] {
        let Some(open) = self.open else { return &mut [] };
        match (open.target, &mut self.dictionary) {
            (Target::Numbers | Target::Some, _) => return &mut bytemuck::cast_slice_mut(&mut self.packed)[..open.size],
            (Target::Dictionary, Dictionary::Entries(entries)) => return bytemuck::cast_slice_mut(entries),
            _ => {}
        }
        let end = self.filled * size_of::<T>() - open.levels + open.size;
        &mut bytemuck::cast_slice_mut(&mut self.values)[end - open.size..end]
    }

    fn accept(&mut self, written: Result<usize, &'static str>) {
        let accepted = match written {
            Ok(written) => self.close(written),
            Err(error) => Err(polars_err!(ComputeError: "a page cannot be decompressed: {}", error)),
        };
        if let Err(error) = accepted {
            self.state = State::Failed(error);
        }
    }

    fn column(mut self: Box<Self>, name: PlSmallStr) -> PolarsResult<Option<Column>> {
        if let Dictionary::Entries(entries) = std::mem::replace(&mut self.dictionary, Dictionary::None) {
            reuse::keep(entries);
        }
        reuse::keep(std::mem::take(&mut self.packed));
        match self.state {
            State::Failed(error) => Err(error),
            State::NotPlain => Ok(None),
            State::Plain if self.filled != self.rows.len() + PAD => {
                polars_bail!(ComputeError: "{} values where the footer says {}", self.start, self.rows.end())
            }
            State::Plain => Ok(Some(T::column(name, self.values).slice(PAD as i64, self.filled - PAD))),
        }
    }
}

impl<'a, T: Plain> Values<'a, T> {
    fn new(file: &'a Bytes, chunk: &'a ColumnChunkMetadata, rows: Wanted<'a>) -> Self {
        let optional = chunk.descriptor().descriptor.max_def_level > 0;
        let (values, at) = (reuse::vector(rows.len() + PAD), writers::range(chunk).start);
        let (dictionary, packed) = (Dictionary::Unknown, Vec::new());
        let state = State::Plain;
        Self { file, chunk, rows, optional, values, filled: PAD, at, start: 0, dictionary, packed, open: None, state }
    }

    /// Walks over the pages; those without a wanted row are not even read. Stops with a page in `stored` that is to be
    /// decompressed, and its size.
    fn pages(&mut self, stored: &mut Vec<u8>) -> PolarsResult<Option<usize>> {
        let end = writers::range(self.chunk).end;
        if let Dictionary::Unknown = self.dictionary {
            let found = DictionaryAt::find(self.file, self.at, end)?;
            self.at = found.map_or(self.at, |found| found.end);
            self.dictionary = found.map_or(Dictionary::None, Dictionary::At);
        }
        while self.start < self.rows.end() && self.at < end {
            let Some(page) = PageAt::find(self.file, self.at, end)? else {
                self.state = State::NotPlain;
                return Ok(None);
            };
            let here = self.rows.between(self.start, self.start + page.values);
            let body = match self.dictionary {
                // The page is looked at once more when the dictionary is there.
                Dictionary::At(found) if page.coded.is_some() && here.len() > 0 => {
                    self.open_dictionary(&page, found).then_some(found.body..found.end)
                }
                _ => {
                    self.at = page.end;
                    self.start += page.values;
                    (here.len() > 0 && self.open(&page, here.len() == page.values)).then_some(page.body..page.end)
                }
            };
            if let Some(body) = body {
                let size = (body.end - body.start) as usize;
                match self.unpack(body.start, size, stored)? {
                    Some(written) => self.close(written)?,
                    None => return Ok(Some(size)),
                }
            } else if here.len() > 0 && matches!(self.state, State::Plain) {
                self.append_page(&page, here)?;
            }
            if matches!(self.state, State::NotPlain) {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Prepares for the dictionary, which the page behind it wants; it is not plain where that cannot be read here.
    fn open_dictionary(&mut self, page: &PageAt, found: DictionaryAt) -> bool {
        if !self.is_known() || !coded::is_whole(found.size, found.entries, size_of::<T>()) {
            self.state = State::NotPlain;
            return false;
        }
        self.dictionary = Dictionary::Entries(reuse::vector(found.entries));
        let (target, size) = (Target::Dictionary, found.size);
        self.open = Some(Open { page: *page, target, size, levels: 0, kept: [0; PAD * 8] });
        true
    }

    /// Whether pages are decompressed here.
    fn is_known(&self) -> bool {
        let known = [Compression::Uncompressed, Compression::Zstd, Compression::Lz4Raw, Compression::Snappy];
        known.contains(&self.chunk.compression()) && cfg!(target_endian = "little")
    }

    /// Prepares for a page of plain values without nulls, and answers whether it can be one: what its values do not take
    /// of it must be levels of that length, which [`Values::close`] compares with what the page states.
    ///
    /// The levels stand before the values in a page, so they are written over the values before, which are put back.
    fn open(&mut self, page: &PageAt, whole: bool) -> bool {
        let (count, width, known) = (page.values, size_of::<T>(), self.is_known());
        let beside = match (page.coded, page.plain) {
            (Some(size), _) if matches!(self.dictionary, Dictionary::Entries(_)) => Some((size, Target::Numbers)),
            (None, Some(size)) if !whole => Some((size, Target::Some)),
            _ => None,
        };
        if let Some((size, target)) = beside {
            let fits = known && coded::is_short(size, count);
            if fits {
                self.packed = reuse::vector(size.div_ceil(size_of::<u32>()));
                self.open = Some(Open { page: *page, target, size, levels: 0, kept: [0; PAD * 8] });
            }
            return fits;
        }
        let optional = self.optional;
        let fits = |levels: &usize| if optional { (4..=PAD * width).contains(levels) } else { *levels == 0 };
        let size = page.plain.filter(|_| known && whole);
        let levels = size.and_then(|size| size.checked_sub(count.saturating_mul(width)).filter(fits));
        let (Some(size), Some(levels)) = (size, levels) else { return false };
        let bytes: &[u8] = bytemuck::cast_slice(&self.values);
        let mut kept = [0; PAD * 8];
        kept[..levels].copy_from_slice(&bytes[self.filled * width - levels..][..levels]);
        self.open = Some(Open { page: *page, target: Target::Values, size, levels, kept });
        true
    }

    /// Reads a body of so many bytes to its place, and answers how many bytes it has there; `None` where it is in `stored`,
    /// still to be decompressed.
    fn unpack(&mut self, body: u64, size: usize, stored: &mut Vec<u8>) -> PolarsResult<Option<usize>> {
        let (file, codec) = (self.file, self.chunk.compression());
        let place = self.place();
        if codec == Compression::Uncompressed {
            if size == place.len() {
                file.read_at(body, place)?;
            }
            return Ok(Some(size));
        }
        if codec == Compression::Zstd && stored::read(file, body, size, place)? {
            return Ok(Some(place.len()));
        }
        let stored = zstandard::room(stored, size);
        file.read_at(body, stored)?;
        if codec == Compression::Zstd {
            return Ok(None);
        }
        if codec == Compression::Snappy {
            // What it says that it has it must have: the place holds what was there before.
            let stated = varint(stored).map_or(0, |(stated, _)| stated as usize);
            if stated == place.len() {
                decompress_into(codec, stored, place, &mut DecompressionContext::Unset)?;
            }
            return Ok(Some(stated));
        }
        let written = lz4::block::decompress_to_buffer(stored, i32::try_from(place.len()).ok(), place);
        written.map(Some).map_err(|error| polars_err!(ComputeError: "a page cannot be decompressed: {}", error))
    }

    /// Takes the page that was opened, of which so many bytes are at its place.
    fn close(&mut self, written: usize) -> PolarsResult<()> {
        let Some(Open { page, target, size, levels: length, kept }) = self.open else { return Ok(()) };
        match target {
            Target::Dictionary => {
                self.open = None;
                polars_ensure!(written == size, ComputeError: "a dictionary is shorter than it says");
                return Ok(());
            }
            Target::Numbers | Target::Some => {
                self.open = None;
                let packed = std::mem::take(&mut self.packed);
                let bytes = (written == size).then(|| &bytemuck::cast_slice(&packed)[..size]);
                let read = bytes.and_then(|bytes| match target {
                    Target::Some => self.append_some(&page, bytes),
                    _ => self.append_numbers(&page, bytes),
                });
                reuse::keep(packed);
                if read.is_none() {
                    self.state = State::NotPlain;
                }
                return Ok(());
            }
            Target::Values => {}
        }
        let place = self.place();
        // All that stands before the values must be the levels, by the length that the page states.
        let stated = levels(&place[..length]).filter(|(_, rest)| rest.is_empty());
        let whole = length == 0 || stated.is_some_and(|(levels, _)| all_present(levels, page.values));
        let present = written == size && whole;
        place[..length].copy_from_slice(&kept[..length]);
        self.open = None;
        if present {
            self.filled += page.values;
            return Ok(());
        }
        let first = self.start - page.values;
        self.append_page(&page, self.rows.between(first, self.start))
    }

    /// Appends the wanted values of the last page, which numbers entries of the dictionary; `None` where it cannot be read here.
    fn append_numbers(&mut self, page: &PageAt, bytes: &[u8]) -> Option<()> {
        let (first, count) = (self.start - page.values, page.values);
        let numbers = coded::numbers(bytes, count, self.optional)?;
        let Dictionary::Entries(entries) = &self.dictionary else { return None };
        let rows = self.rows.between(first, self.start);
        if rows.len() == count {
            coded::look_up(numbers, entries, &mut self.values[self.filled..self.filled + count])?;
            self.filled += count;
            return Some(());
        }
        let Wanted::Rows(picks) = rows else {
            let mut all: Vec<T> = reuse::vector(count);
            let read = coded::look_up(numbers, entries, &mut all);
            if read.is_some() {
                self.append(bytemuck::cast_slice(&all), rows, first);
            }
            reuse::keep(all);
            return read;
        };
        let mut all = reuse::vector::<u32>(count);
        coded::some_numbers(numbers, count, entries.len(), 0..count, &mut all)?;
        let target = &mut self.values[self.filled..self.filled + rows.len()];
        for (value, row) in target.iter_mut().zip(picks) {
            *value = *entries.get(all[*row as usize - first] as usize)?;
        }
        reuse::keep(all);
        self.filled += rows.len();
        Some(())
    }

    /// Appends the wanted values of the last page, which lie in it one after another; `None` where it cannot be read here.
    fn append_some(&mut self, page: &PageAt, bytes: &[u8]) -> Option<()> {
        let (first, count) = (self.start - page.values, page.values);
        let values = if self.optional {
            let (levels, values) = levels(bytes)?;
            all_present(levels, count).then_some(values)?
        } else {
            bytes
        };
        let values = values.get(..count.checked_mul(size_of::<T>())?)?;
        self.append(values, self.rows.between(first, self.start), first);
        Some(())
    }

    /// Appends some of the values of the last page, of any kind.
    fn append_page(&mut self, page: &PageAt, rows: Wanted<'_>) -> PolarsResult<()> {
        let first = self.start - page.values;
        let mut bytes = PAGE.take();
        let mut unpacked = UNPACKED.take();
        bytes.resize((page.end - page.head) as usize, 0);
        let read = self.file.read_at(page.head, &mut bytes);
        let appended = Buffer::with_vec(&mut bytes, |bytes| -> PolarsResult<bool> {
            read?;
            let mut pages = PageReader::new(Cursor::new(bytes), self.chunk, Vec::new(), usize::MAX);
            let Some(CompressedPage::Data(page)) = pages.next().transpose()? else { return Ok(false) };
            let count = page.num_values();
            let mut context = DecompressionContext::Unset;
            let Page::Data(mut page) = decompress(CompressedPage::Data(page), &mut unpacked, &mut context)? else {
                return Ok(false);
            };
            let Some(values) = plain_values::<T>(&page, count, self.optional) else { return Ok(false) };
            self.append(values, rows, first);
            if page.buffer().len() >= unpacked.capacity() {
                unpacked = std::mem::take(page.buffer_mut());
            }
            Ok(true)
        });
        PAGE.set(bytes);
        UNPACKED.set(unpacked);
        if !appended? {
            self.state = State::NotPlain;
        }
        Ok(())
    }

    fn append(&mut self, values: &[u8], rows: Wanted<'_>, start: usize) {
        let width = size_of::<T>();
        let target = &mut self.values[self.filled..self.filled + rows.len()];
        match rows {
            Wanted::Run(from, to) => {
                bytemuck::cast_slice_mut(target).copy_from_slice(&values[(from - start) * width..(to - start) * width]);
            }
            Wanted::Rows(rows) => {
                for (value, &row) in target.iter_mut().zip(rows) {
                    let at = (row as usize - start) * width;
                    *value = bytemuck::pod_read_unaligned(&values[at..at + width]);
                }
            }
        }
        self.filled += rows.len();
    }
}
