//! The values of a chunk, page by page.

use super::room::{Room, cut};
use crate::parquet::pages::{DictionaryAt, PageAt, all_present, levels, plain_values, varint};
use crate::parquet::wanted::Wanted;
use crate::parquet::{coded, writers};
use crate::reuse;
use crate::reuse::Reused;
use polars::prelude::*;
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress as decompress_into};
use polars_parquet::parquet::page::{CompressedPage, Page};
use polars_parquet::parquet::read::decompress;
use polars_parquet::read::{ColumnChunkMetadata, PageReader};
use recoil_bytes::Bytes;
use recoil_zstandard::stored;
use std::cell::RefCell;
use std::io::Cursor;
use std::ops::Range;

/// A number that lies in a page as it lies in memory.
pub(super) trait Plain: Reused {
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

/// Values before the first one, into which the levels of a page may be written; see [`Values::straight`].
const PAD: usize = 4;
/// Bytes of a page with levels from which on it has enough streams alone, and is worth decompressing straight to its place.
const LONG: usize = 1 << 18;

thread_local! {
    // A page of another kind, and the same decompressed.
    static PAGE: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// A chunk that is being read, in rounds: pages are opened, those that have to be are decompressed, and all are closed.
pub(super) trait Reading {
    /// Opens pages, up to about so many bytes of them. There is no more to open when none is [waiting](Reading::waiting) then.
    fn advance(&mut self, room: &mut Room, most: usize);
    /// Adds the bytes of the open pages that have to be decompressed, and their places.
    fn waiting<'r>(&'r mut self, room: &'r mut Room, frames: &mut Vec<&'r [u8]>, places: &mut Vec<&'r mut [u8]>);
    /// Closes all pages; of each that was waiting it is the next in line how many bytes have been written to its place.
    fn accept(&mut self, room: &mut Room, written: &mut dyn Iterator<Item = Result<usize, &'static str>>);
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
pub(super) struct Values<'a, T> {
    file: &'a Bytes,
    chunk: &'a ColumnChunkMetadata,
    rows: Wanted<'a>,
    optional: bool,
    values: Vec<T>,
    /// Values that have a page, open or closed.
    filled: usize,
    /// Where the next page begins, and the row of its first value.
    at: u64,
    start: usize,
    dictionary: Dictionary<T>,
    /// Pages that are closed in this order; the first one is still to be decompressed.
    open: Vec<Open>,
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

/// A page whose values are not yet at their places.
struct Open {
    page: PageAt,
    /// The row of its first value, and where the wanted ones of them go.
    first: usize,
    at: usize,
    target: Target,
    /// Its bytes when decompressed.
    size: usize,
    body: Body,
}

/// Where a page is decompressed to.
enum Target {
    /// Its values come straight to their place, behind so many bytes of levels, which are written over the values before it;
    /// these are kept here.
    Values(usize, [u8; PAD * 8]),
    /// It is the dictionary.
    Dictionary,
    /// Its values are picked out of these bytes of the room.
    Room(Range<usize>),
}

/// The body of a page.
enum Body {
    /// Not read yet.
    File,
    /// In the room, to be decompressed.
    Stored(Range<usize>),
    /// So many bytes at its place.
    Written(usize),
}

impl<T: Plain> Reading for Values<'_, T> {
    fn advance(&mut self, room: &mut Room, most: usize) {
        room.clear();
        if matches!(self.state, State::Plain)
            && let Err(error) = self.pages(room, most)
        {
            self.state = State::Failed(error);
        }
        if !matches!(self.state, State::Plain) {
            self.open.clear();
        }
    }

    fn waiting<'r>(&'r mut self, room: &'r mut Room, frames: &mut Vec<&'r [u8]>, places: &mut Vec<&'r mut [u8]>) {
        let Room { stored, unpacked } = room;
        let (mut unpacked, mut unpacked_from) = (unpacked.all(), 0);
        let (mut values, mut values_from): (&mut [u8], _) = (bytemuck::cast_slice_mut(&mut self.values), 0);
        let mut entries: &mut [u8] = match &mut self.dictionary {
            Dictionary::Entries(entries) => bytemuck::cast_slice_mut(entries),
            _ => &mut [],
        };
        for open in &self.open {
            let Body::Stored(body) = &open.body else { continue };
            frames.push(stored.of(body));
            places.push(match &open.target {
                Target::Values(..) => cut(&mut values, &mut values_from, open.straight::<T>()),
                Target::Room(place) => cut(&mut unpacked, &mut unpacked_from, place.clone()),
                Target::Dictionary => std::mem::take(&mut entries),
            });
        }
    }

    fn accept(&mut self, room: &mut Room, written: &mut dyn Iterator<Item = Result<usize, &'static str>>) {
        for open in std::mem::take(&mut self.open) {
            let written = match open.body {
                Body::Written(written) => Ok(written),
                _ => written.next().unwrap_or(Err("it was left out")),
            };
            if !matches!(self.state, State::Plain) {
                continue;
            }
            let closed = match written {
                Ok(written) => self.close(&open, written, room),
                Err(error) => Err(polars_err!(ComputeError: "a page cannot be decompressed: {}", error)),
            };
            if let Err(error) = closed {
                self.state = State::Failed(error);
            }
        }
    }

    fn column(mut self: Box<Self>, name: PlSmallStr) -> PolarsResult<Option<Column>> {
        if let Dictionary::Entries(entries) = std::mem::replace(&mut self.dictionary, Dictionary::None) {
            reuse::keep(entries);
        }
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

impl Open {
    /// The bytes of all values that a page takes which comes straight to its place.
    fn straight<T>(&self) -> Range<usize> {
        let levels = if let Target::Values(levels, _) = self.target { levels } else { 0 };
        let start = self.at * size_of::<T>() - levels;
        start..start + self.size
    }
}

impl<'a, T: Plain> Values<'a, T> {
    pub(super) fn new(file: &'a Bytes, chunk: &'a ColumnChunkMetadata, rows: Wanted<'a>) -> Self {
        let optional = chunk.descriptor().descriptor.max_def_level > 0;
        let (values, at) = (reuse::vector(rows.len() + PAD), writers::range(chunk).start);
        let (dictionary, open, state) = (Dictionary::Unknown, Vec::new(), State::Plain);
        Self { file, chunk, rows, optional, values, filled: PAD, at, start: 0, dictionary, open, state }
    }

    /// Walks over the pages; those without a wanted row are not even read. Ends with so many bytes of open pages, or with none.
    fn pages(&mut self, room: &mut Room, most: usize) -> PolarsResult<()> {
        let end = writers::range(self.chunk).end;
        if let Dictionary::Unknown = self.dictionary {
            let found = DictionaryAt::find(self.file, self.at, end)?;
            self.at = found.map_or(self.at, |found| found.end);
            self.dictionary = found.map_or(Dictionary::None, Dictionary::At);
        }
        let bytes = |open: &[Open]| open.iter().map(|open| open.size).sum::<usize>();
        while self.start < self.rows.end() && self.at < end && bytes(&self.open) < most {
            let Some(page) = PageAt::find(self.file, self.at, end)? else {
                self.state = State::NotPlain;
                return Ok(());
            };
            let wanted = self.rows.between(self.start, self.start + page.values).len();
            if let Dictionary::At(found) = self.dictionary
                && page.coded.is_some()
                && wanted > 0
            {
                // The page is looked at once more when the dictionary is there.
                self.open_dictionary(&page, found, room)?;
            } else {
                let first = self.start;
                self.at = page.end;
                self.start += page.values;
                if wanted > 0 && self.open_page(&page, first, wanted, room)? {
                    return Ok(());
                }
            }
            if matches!(self.state, State::NotPlain) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Opens the dictionary, which a page behind it wants; the chunk is not plain where that cannot be read here.
    fn open_dictionary(&mut self, page: &PageAt, found: DictionaryAt, room: &mut Room) -> PolarsResult<()> {
        if !self.is_known() || !coded::is_whole(found.size, found.entries, size_of::<T>()) {
            self.state = State::NotPlain;
            return Ok(());
        }
        self.dictionary = Dictionary::Entries(reuse::vector(found.entries));
        let (target, body) = (Target::Dictionary, Body::File);
        let open = Open { page: *page, first: self.start, at: self.filled, target, size: found.size, body };
        self.take(open, found.body..found.end, room)
    }

    /// Whether pages are decompressed here.
    fn is_known(&self) -> bool {
        let known = [Compression::Uncompressed, Compression::Zstd, Compression::Lz4Raw, Compression::Snappy];
        known.contains(&self.chunk.compression()) && cfg!(target_endian = "little")
    }

    /// Opens a page of which so many values are wanted, and says whether no other may be opened beside it.
    fn open_page(&mut self, page: &PageAt, first: usize, wanted: usize, room: &mut Room) -> PolarsResult<bool> {
        let at = self.filled;
        self.filled += wanted;
        let mut open = Open { page: *page, first, at, target: Target::Dictionary, size: 0, body: Body::File };
        let body = page.body..page.end;
        let numbers = page.coded.filter(|_| matches!(self.dictionary, Dictionary::Entries(_)));
        if let Some((size, target)) = self.straight(page, at, wanted == page.values) {
            let has_levels = matches!(target, Target::Values(1.., _));
            (open.size, open.target) = (size, target);
            if !has_levels || self.open.is_empty() {
                self.read(&mut open, body.clone(), room)?;
                let alone = has_levels && matches!(open.body, Body::Stored(_));
                if !alone || size >= LONG {
                    return self.keep(open, room).map(|()| alone);
                }
                // Its bytes are there already.
                open.target = Target::Room(room.unpacked.take(size));
                return self.keep(open, room).map(|()| false);
            }
        } else if let Some(size) = numbers.or(page.plain).filter(|size| coded::is_short(*size, page.values))
            && self.is_known()
        {
            open.size = size;
        } else {
            return self.append_page(&open).map(|()| false);
        }
        open.target = Target::Room(room.unpacked.take(open.size));
        self.take(open, body, room).map(|()| false)
    }

    /// The size of a page of plain values without nulls whose values can come straight to their place from `at` on, if it can be
    /// one: what its values do not take of it must be levels of that length, which [`Values::close`] compares with what the page
    /// states.
    ///
    /// The levels stand before the values in a page, so they are written over the values before, which are put back.
    fn straight(&self, page: &PageAt, at: usize, whole: bool) -> Option<(usize, Target)> {
        let width = size_of::<T>();
        let fits = |levels: &usize| match self.optional {
            true => (4..=PAD * width).contains(levels),
            false => *levels == 0,
        };
        let size = page.plain.filter(|_| whole && self.is_known())?;
        let levels = size.checked_sub(page.values.saturating_mul(width)).filter(fits)?;
        let bytes: &[u8] = bytemuck::cast_slice(&self.values);
        let mut kept = [0; PAD * 8];
        kept[..levels].copy_from_slice(&bytes[at * width - levels..][..levels]);
        Some((size, Target::Values(levels, kept)))
    }

    /// Reads the body of a page, and keeps it.
    fn take(&mut self, mut open: Open, body: Range<u64>, room: &mut Room) -> PolarsResult<()> {
        self.read(&mut open, body, room)?;
        self.keep(open, room)
    }

    /// Closes a page that is decompressed; one that is not, or comes behind one that is not, waits.
    fn keep(&mut self, open: Open, room: &Room) -> PolarsResult<()> {
        if let Body::Written(written) = open.body
            && self.open.is_empty()
        {
            return self.close(&open, written, room);
        }
        self.open.push(open);
        Ok(())
    }

    /// Reads the body of a page: to its place, or to the room, where it is still to be decompressed.
    fn read(&mut self, open: &mut Open, body: Range<u64>, room: &mut Room) -> PolarsResult<()> {
        let (file, codec, size) = (self.file, self.chunk.compression(), (body.end - body.start) as usize);
        let straight = open.straight::<T>();
        let place: &mut [u8] = match (&open.target, &mut self.dictionary) {
            (Target::Room(place), _) => &mut room.unpacked.all()[place.clone()],
            (Target::Values(..), _) => &mut bytemuck::cast_slice_mut(&mut self.values)[straight],
            (Target::Dictionary, Dictionary::Entries(entries)) => bytemuck::cast_slice_mut(entries),
            (Target::Dictionary, _) => &mut [],
        };
        if codec == Compression::Uncompressed {
            if size == place.len() {
                file.read_at(body.start, place)?;
            }
            open.body = Body::Written(size);
            return Ok(());
        }
        if codec == Compression::Zstd && stored::read(file, body.start, size, place)? {
            open.body = Body::Written(place.len());
            return Ok(());
        }
        let kept = room.stored.take(size);
        let stored = &mut room.stored.all()[kept.clone()];
        file.read_at(body.start, stored)?;
        open.body = match codec {
            Compression::Zstd => Body::Stored(kept),
            _ => Body::Written(decompressed(codec, stored, place)?),
        };
        Ok(())
    }

    /// Brings the values of a page, of which so many bytes are where it was decompressed to, to their places.
    fn close(&mut self, open: &Open, written: usize, room: &Room) -> PolarsResult<()> {
        let read = match &open.target {
            Target::Dictionary => {
                polars_ensure!(written == open.size, ComputeError: "a dictionary is shorter than it says");
                return Ok(());
            }
            Target::Values(levels, kept) => {
                if !self.is_straight(open, *levels, kept, written) {
                    return self.append_page(open);
                }
                return Ok(());
            }
            Target::Room(_) if written != open.size => None,
            Target::Room(place) if open.page.coded.is_some() => self.append_numbers(open, room.unpacked.of(place)),
            Target::Room(place) => self.append_plain(open, room.unpacked.of(place)),
        };
        if read.is_none() {
            self.state = State::NotPlain;
        }
        Ok(())
    }

    /// Whether all values of a page that came straight to its place are there; puts back what its levels were written over.
    fn is_straight(&mut self, open: &Open, length: usize, kept: &[u8], written: usize) -> bool {
        let place = &mut bytemuck::cast_slice_mut::<_, u8>(&mut self.values)[open.straight::<T>()];
        // All that stands before the values must be the levels, by the length that the page states.
        let stated = levels(&place[..length]).filter(|(_, rest)| rest.is_empty());
        let whole = length == 0 || stated.is_some_and(|(levels, _)| all_present(levels, open.page.values));
        place[..length].copy_from_slice(&kept[..length]);
        written == open.size && whole
    }

    /// The wanted rows of a page.
    fn rows_of(&self, open: &Open) -> Wanted<'a> {
        self.rows.between(open.first, open.first + open.page.values)
    }

    /// Brings the wanted values of a page that numbers entries of the dictionary to their places; `None` where it cannot be read
    /// here.
    fn append_numbers(&mut self, open: &Open, bytes: &[u8]) -> Option<()> {
        let (rows, count) = (self.rows_of(open), open.page.values);
        let numbers = coded::numbers(bytes, count, self.optional)?;
        let Dictionary::Entries(entries) = &self.dictionary else { return None };
        let target = &mut self.values[open.at..open.at + rows.len()];
        if target.len() == count {
            return coded::look_up(numbers, entries, target);
        }
        let mut all = reuse::vector::<u32>(count);
        let read = coded::some_numbers(numbers, count, entries.len(), 0..count, &mut all);
        if read.is_some() {
            for (at, value) in target.iter_mut().enumerate() {
                *value = entries[all[rows.row(at) - open.first] as usize];
            }
        }
        reuse::keep(all);
        read
    }

    /// The same of a page whose values lie in it one after another.
    fn append_plain(&mut self, open: &Open, bytes: &[u8]) -> Option<()> {
        let count = open.page.values;
        let values = if self.optional {
            let (levels, values) = levels(bytes)?;
            all_present(levels, count).then_some(values)?
        } else {
            bytes
        };
        self.append(open, values.get(..count.checked_mul(size_of::<T>())?)?);
        Some(())
    }

    /// The same of a page of any kind.
    fn append_page(&mut self, open: &Open) -> PolarsResult<()> {
        let (mut bytes, mut unpacked) = PAGE.take();
        bytes.resize((open.page.end - open.page.head) as usize, 0);
        let read = self.file.read_at(open.page.head, &mut bytes);
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
            self.append(open, values);
            if page.buffer().len() >= unpacked.capacity() {
                unpacked = std::mem::take(page.buffer_mut());
            }
            Ok(true)
        });
        PAGE.set((bytes, unpacked));
        if !appended? {
            self.state = State::NotPlain;
        }
        Ok(())
    }

    /// Brings the wanted ones of all values of a page to their places.
    fn append(&mut self, open: &Open, values: &[u8]) {
        let (width, rows) = (size_of::<T>(), self.rows_of(open));
        let target = &mut self.values[open.at..open.at + rows.len()];
        match rows {
            Wanted::Run(from, to) => {
                let values = &values[(from - open.first) * width..(to - open.first) * width];
                bytemuck::cast_slice_mut(target).copy_from_slice(values);
            }
            Wanted::Rows(rows) => {
                for (value, &row) in target.iter_mut().zip(rows) {
                    let at = (row as usize - open.first) * width;
                    *value = bytemuck::pod_read_unaligned(&values[at..at + width]);
                }
            }
        }
    }
}

/// Decompresses a body to its place, and says how many bytes it has there.
fn decompressed(codec: Compression, stored: &[u8], place: &mut [u8]) -> PolarsResult<usize> {
    if codec == Compression::Snappy {
        // What it says that it has it must have: the place holds what was there before.
        let stated = varint(stored).map_or(0, |(stated, _)| stated as usize);
        if stated == place.len() {
            decompress_into(codec, stored, place, &mut DecompressionContext::Unset)?;
        }
        return Ok(stated);
    }
    let written = lz4::block::decompress_to_buffer(stored, i32::try_from(place.len()).ok(), place);
    written.map_err(|error| polars_err!(ComputeError: "a page cannot be decompressed: {}", error))
}
