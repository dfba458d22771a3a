//! Few rows of chunks of numbers and texts: of each page that has some of them only the beginning is decompressed, up to the
//! last one, and of a dictionary the entries up to the last that is named. Chunks are read together, so that their pages are
//! decompressed side by side. Whatever is not as plain as that (nulls, other encodings, damage) is `None`, and the general way
//! reads it.

use super::beginning::{self, Beginning};
use super::pages::{DictionaryAt, PageAt, all_present, levels};
use super::plain::Kind;
use super::plain::room::Room;
use super::{coded, writers};
use polars::prelude::*;
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use std::cell::RefCell;
use std::ops::Range;

/// More rows than these are read in the other ways.
pub(super) const FEW: usize = 64;

/// A chunk of which rows are wanted.
pub(super) struct Wish<'a> {
    pub(super) chunk: &'a ColumnChunkMetadata,
    pub(super) holds: Holds,
    pub(super) name: &'a PlSmallStr,
}

/// What the values of a chunk are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
    Numbers(Kind),
    Texts,
}

impl Holds {
    /// For a chunk that may be read here.
    pub(super) fn of(chunk: &ColumnChunkMetadata, field: &ArrowField) -> Option<Self> {
        let descriptor = &chunk.descriptor().descriptor;
        let flat = descriptor.max_rep_level == 0 && descriptor.max_def_level <= 1;
        if !flat || !beginning::is_known(chunk.compression()) || cfg!(target_endian = "big") {
            return None;
        }
        let text = matches!(field.dtype, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View);
        match text && chunk.physical_type() == PhysicalType::ByteArray {
            true => Some(Self::Texts),
            false => super::plain::kind(chunk, field).map(Self::Numbers),
        }
    }

    fn width(self) -> Option<usize> {
        match self {
            Self::Numbers(Kind::F64 | Kind::I64 | Kind::U64) => Some(8),
            Self::Numbers(Kind::F32 | Kind::I32 | Kind::U32) => Some(4),
            Self::Texts => None,
        }
    }
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room::default());
}

/// Some rows (ascending) of chunks; `None` for those that are not read here.
pub(super) fn columns(file: &Bytes, wishes: &[Wish<'_>], rows: &[IdxSize]) -> Vec<Option<Column>> {
    let mut room = ROOM.take();
    room.clear();
    let mut picks: Vec<Option<Pick>> = wishes.iter().map(|wish| Pick::find(file, wish, rows)).collect();
    step(&mut picks, |pick| pick.pages(file, &mut room));
    unpack(&mut picks, &mut room);
    step(&mut picks, |pick| pick.cells(&room));
    step(&mut picks, |pick| pick.entries(file, &mut room));
    unpack(&mut picks, &mut room);
    step(&mut picks, |pick| pick.named(&room));
    let columns = picks.into_iter().map(|pick| pick?.column(&room)).collect();
    ROOM.set(room);
    columns
}

/// Does something with each that is still read here.
fn step<'a>(picks: &mut [Option<Pick<'a>>], mut work: impl FnMut(&mut Pick<'a>) -> Option<()>) {
    for slot in picks {
        if slot.as_mut().is_some_and(|pick| work(pick).is_none()) {
            *slot = None;
        }
    }
}

/// Decompresses what has been read of all.
fn unpack(picks: &mut [Option<Pick<'_>>], room: &mut Room) {
    let waiting = picks.iter().flatten().flat_map(|pick| &pick.waiting).collect::<Vec<_>>();
    let mut written = beginning::decompress(&waiting, room).into_iter();
    step(picks, |pick| {
        let waiting = std::mem::take(&mut pick.waiting);
        // Of each of them it is the next in line, also where one before could not be decompressed.
        let all: Vec<Option<usize>> = waiting.iter().map(|_| written.next().flatten()).collect();
        for (beginning, written) in waiting.into_iter().zip(all) {
            let Range { start, end } = beginning.place;
            pick.unpacked.push(start..end.min(start + written?));
        }
        Some(())
    });
}

/// A page with wanted rows: where it is, the row of its first value, and which of the wanted rows are in it.
struct Page {
    at: PageAt,
    first: usize,
    rows: Range<usize>,
}

/// Where a value is.
enum Cell {
    /// In the dictionary, by its number.
    Entry(usize),
    /// In the room.
    Bytes(Range<usize>),
}

/// A chunk that is being read.
struct Pick<'a> {
    wish: &'a Wish<'a>,
    rows: &'a [IdxSize],
    dictionary: Option<DictionaryAt>,
    pages: Vec<Page>,
    /// Pages that are to be decompressed, and those that are.
    waiting: Vec<Beginning>,
    unpacked: Vec<Range<usize>>,
    /// The wanted values so far.
    cells: Vec<Cell>,
}

impl<'a> Pick<'a> {
    /// Finds the pages that have the rows.
    fn find(file: &Bytes, wish: &'a Wish<'a>, rows: &'a [IdxSize]) -> Option<Self> {
        let Range { start: mut at, end } = writers::range(wish.chunk);
        let dictionary = DictionaryAt::find(file, at, end).ok()?;
        at = dictionary.map_or(at, |found| found.end);
        let (mut pages, mut first, mut next) = (Vec::new(), 0, 0);
        while next < rows.len() {
            let page = if at < end { PageAt::find(file, at, end).ok()?? } else { return None };
            let behind = first + page.values;
            let inside = rows[next..].partition_point(|&row| (row as usize) < behind);
            if inside > 0 {
                pages.push(Page { at: page, first, rows: next..next + inside });
            }
            (at, first, next) = (page.end, behind, next + inside);
        }
        Some(Self { wish, rows, dictionary, pages, waiting: Vec::new(), unpacked: Vec::new(), cells: Vec::new() })
    }

    /// The wanted values of a page, counted from its first.
    fn wanted(&self, page: &Page) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
        let (rows, first) = (self.rows, page.first);
        rows[page.rows.clone()].iter().map(move |&row| row as usize - first)
    }

    /// Whether the values of a page are numbers of entries.
    fn is_coded(&self, page: &Page) -> bool {
        page.at.coded.is_some() && self.dictionary.is_some()
    }

    fn read(&mut self, file: &Bytes, body: Range<u64>, sizes: (usize, usize), room: &mut Room) -> Option<()> {
        self.waiting.push(Beginning::read(file, body, sizes, self.wish.chunk.compression(), room).ok()??);
        Some(())
    }

    /// Reads the beginning of each page, as far as its last wanted value is likely to need it.
    fn pages(&mut self, file: &Bytes, room: &mut Room) -> Option<()> {
        for at in 0..self.pages.len() {
            let page = &self.pages[at];
            let size = if self.is_coded(page) { page.at.coded } else { page.at.plain };
            let (size, count) = (size.filter(|size| coded::is_moderate(*size))?, page.at.values);
            let last = self.wanted(page).next_back()? + 1;
            let needed = match self.wish.holds.width().filter(|_| !self.is_coded(page)) {
                // What its values do not take are the levels before them.
                Some(width) => size.checked_sub((count - last).checked_mul(width)?)?,
                None => likely(size, last, count),
            };
            let body = page.at.body..page.at.end;
            self.read(file, body, (size, needed), room)?;
        }
        Some(())
    }

    /// Finds the wanted values in the pages.
    fn cells(&mut self, room: &Room) -> Option<()> {
        let optional = self.wish.chunk.descriptor().descriptor.max_def_level > 0;
        let mut cells = Vec::with_capacity(self.rows.len());
        for (page, place) in self.pages.iter().zip(std::mem::take(&mut self.unpacked)) {
            let bytes = room.unpacked.of(&place);
            let values = if optional {
                let (levels, values) = levels(bytes)?;
                all_present(levels, page.at.values).then_some(values)?
            } else {
                bytes
            };
            let start = place.end - values.len();
            match (self.is_coded(page), self.wish.holds.width()) {
                (true, _) => {
                    let (&bits, coded) = values.split_first()?;
                    coded::numbers_at((coded, bits.into()), page.at.values, self.wanted(page), |number| {
                        cells.push(Cell::Entry(number as usize));
                    })?;
                }
                (false, Some(width)) => {
                    for at in self.wanted(page) {
                        values.get(at * width..(at + 1) * width)?;
                        cells.push(Cell::Bytes(start + at * width..start + (at + 1) * width));
                    }
                }
                (false, None) => texts(values, start, self.wanted(page), |text| cells.push(Cell::Bytes(text)))?,
            }
        }
        self.cells = cells;
        Some(())
    }

    /// Reads the beginning of the dictionary, as far as the last entry that is named is likely to need it.
    fn entries(&mut self, file: &Bytes, room: &mut Room) -> Option<()> {
        let numbers =
            self.cells.iter().filter_map(|cell| if let Cell::Entry(number) = cell { Some(*number) } else { None });
        let Some(last) = numbers.max() else { return Some(()) };
        let found = self.dictionary.filter(|found| last < found.entries)?;
        let needed = match self.wish.holds.width() {
            Some(width) if coded::is_whole(found.size, found.entries, width) => (last + 1) * width,
            None if coded::is_moderate(found.size) => likely(found.size, last + 1, found.entries),
            _ => return None,
        };
        self.read(file, found.body..found.end, (found.size, needed), room)
    }

    /// Puts the entries of the dictionary in the place of their numbers.
    fn named(&mut self, room: &Room) -> Option<()> {
        let Some(place) = self.unpacked.pop() else { return Some(()) };
        let bytes = room.unpacked.of(&place);
        let mut named: Vec<(usize, &mut Cell)> = self
            .cells
            .iter_mut()
            .filter_map(|cell| if let Cell::Entry(number) = cell { Some((*number, cell)) } else { None })
            .collect();
        if let Some(width) = self.wish.holds.width() {
            for (number, cell) in named {
                bytes.get(number * width..(number + 1) * width)?;
                *cell = Cell::Bytes(place.start + number * width..place.start + (number + 1) * width);
            }
            return Some(());
        }
        named.sort_unstable_by_key(|(number, _)| *number);
        let numbers: Vec<usize> = named.iter().map(|(number, _)| *number).collect();
        let mut cells = named.into_iter();
        texts(bytes, place.start, numbers.into_iter(), |text| {
            cells.next().into_iter().for_each(|(_, cell)| *cell = Cell::Bytes(text.clone()));
        })
    }

    fn column(self, room: &Room) -> Option<Column> {
        let places = self.cells.iter().map(|cell| match cell {
            Cell::Bytes(place) => Some(room.unpacked.of(place)),
            Cell::Entry(_) => None,
        });
        let values: Vec<&[u8]> = places.collect::<Option<_>>().filter(|all: &Vec<_>| all.len() == self.rows.len())?;
        let name = self.wish.name.clone();
        macro_rules! numbers {
            ($native:ty, $chunked:ident) => {{
                let numbers = values.into_iter().map(|bytes| Some(<$native>::from_le_bytes(bytes.try_into().ok()?)));
                $chunked::from_vec(name, numbers.collect::<Option<Vec<_>>>()?).into_column()
            }};
        }
        Some(match self.wish.holds {
            Holds::Numbers(Kind::F64) => numbers!(f64, Float64Chunked),
            Holds::Numbers(Kind::F32) => numbers!(f32, Float32Chunked),
            Holds::Numbers(Kind::I64) => numbers!(i64, Int64Chunked),
            Holds::Numbers(Kind::I32) => numbers!(i32, Int32Chunked),
            Holds::Numbers(Kind::U64) => numbers!(u64, UInt64Chunked),
            Holds::Numbers(Kind::U32) => numbers!(u32, UInt32Chunked),
            Holds::Texts => {
                let texts = values.into_iter().map(|bytes| std::str::from_utf8(bytes).ok());
                StringChunked::from_slice(name, &texts.collect::<Option<Vec<_>>>()?).into_column()
            }
        })
    }
}

/// How many of `size` bytes the first of `all` values are likely to take, with what stands before them. If they take more, the
/// chunk is read in another way.
fn likely(size: usize, values: usize, all: usize) -> usize {
    const BEFORE: usize = 4 << 10;
    let share = (size as u128 * values as u128 / all.max(1) as u128) as usize;
    (share + share / 8 + BEFORE).min(size)
}

/// Finds texts by their numbers, which ascend, among texts each behind its length; the first byte has the number `from`. `None`
/// where there are fewer.
fn texts(
    bytes: &[u8],
    from: usize,
    wanted: impl Iterator<Item = usize>,
    mut found: impl FnMut(Range<usize>),
) -> Option<()> {
    let (mut at, mut next) = (0, 0);
    let mut last = 0..0;
    for wanted in wanted {
        while next <= wanted {
            let start = at + size_of::<u32>();
            at = start + u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?) as usize;
            bytes.get(start..at)?;
            last = from + start..from + at;
            next += 1;
        }
        found(last.clone());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use crate::parquet::wanted::Wanted;
    use crate::parquet::{Compression, WriteOptions, open, write};

    fn frame(rows: usize) -> DataFrame {
        let text = |row: usize| format!("{}-{}", "text".repeat(row % 3), row * 7 % 5_000);
        let alone = |row: usize| format!("a text of row {row} alone, {}", "*".repeat(row % 11));
        let mut frame = df!(
            "x" => (0..rows).map(|row| (row as f64).sin()).collect::<Vec<_>>(),
            "n" => (0..rows).map(|row| row as i32 * 7 % 1_001).collect::<Vec<_>>(),
            "s" => (0..rows).map(text).collect::<Vec<_>>(),
            "alone" => (0..rows).map(alone).collect::<Vec<_>>(),
            "hole" => (0..rows).map(|row| (row % 1_000 > 0).then(|| text(row))).collect::<Vec<_>>(),
            "truth" => (0..rows).map(|row| row % 3 == 0).collect::<Vec<_>>(),
        )
        .unwrap();
        let days = frame.column("n").unwrap().cast(&DataType::Date).unwrap().with_name("day".into());
        frame.with_column(days).unwrap();
        frame
    }

    #[test]
    fn few_rows_are_those_of_the_whole() {
        let frame = frame(190_000);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let names = frame.get_column_names_owned();
        for compression in [Compression::Zstd, Compression::None, Compression::Lz4] {
            write(&path, &frame, &WriteOptions { row_group: 150_000, compression, ..Default::default() }).unwrap();
            let source = open(&path).unwrap();
            let file = Bytes::open(&path).unwrap();
            for rows in
                [vec![], vec![0], vec![39_999], vec![17, 18, 31_007, 39_000], (0..64).map(|at| at * 611).collect()]
            {
                for segment in [0, 1] {
                    let rows: &[IdxSize] = &rows;
                    let at = rows.iter().map(|row| row + segment as IdxSize * 150_000);
                    let expected = frame.take(&IdxCa::from_iter_values("".into(), at)).unwrap();
                    assert!(source.pick(segment, &names, rows).unwrap().equals_missing(&expected));
                    let mut found = vec![None; names.len()];
                    source.few(&file, segment, &names, Wanted::Rows(rows), &mut found).unwrap();
                    for (column, expected) in found.iter().zip(expected.columns()) {
                        let plain = rows.is_empty() || !["hole", "truth"].contains(&expected.name().as_str());
                        let is_here = plain && expected.name() != "truth" && compression != Compression::Lz4;
                        assert_eq!(column.is_some(), is_here, "{} {rows:?}", expected.name());
                        assert!(column.as_ref().is_none_or(|column| column.equals(expected)));
                    }
                }
            }
        }
    }

    #[test]
    fn damage_is_no_panic_and_no_row_more() {
        let frame = frame(20_000);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, &frame, &WriteOptions::default()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let source = open(&path).unwrap();
        let mut random = segment::random::SplitMix64::new(5);
        let names: Vec<PlSmallStr> = ["x", "n", "s", "alone"].map(Into::into).to_vec();
        for _ in 0..300 {
            let mut bytes = whole.clone();
            let name = &names[random.next() as usize % names.len()];
            let range = source.chunks(0, name)[0].byte_range();
            // Most of what can go wrong is at the beginning.
            let most = if random.next().is_multiple_of(2) { 200 } else { range.end - range.start };
            let at = range.start + random.next() % most.min(range.end - range.start);
            bytes[at as usize] ^= 1 << (random.next() % 8);
            let wishes = [Wish { chunk: source.chunks(0, name)[0], holds: Holds::Texts, name }];
            let field = source.head.fields.get(name).unwrap();
            let wishes = wishes.map(|wish| Wish { holds: Holds::of(wish.chunk, field).unwrap(), ..wish });
            for column in columns(&Bytes::memory(bytes), &wishes, &[5, 9_000]).into_iter().flatten() {
                assert_eq!(column.len(), 2);
            }
        }
    }

    #[test]
    fn texts_are_found_behind_their_lengths() {
        let bytes = [1, 0, 0, 0, b'a', 0, 0, 0, 0, 2, 0, 0, 0, b'b', b'c', 9];
        let of = |wanted: &[usize]| {
            let mut all = Vec::new();
            texts(&bytes, 100, wanted.iter().copied(), |text| all.push(text)).map(|()| all)
        };
        assert_eq!(of(&[0, 0, 2]), Some(vec![104..105, 104..105, 113..115]));
        assert_eq!(of(&[1]), Some(vec![109..109]));
        assert_eq!(of(&[3]), None);
    }
}
