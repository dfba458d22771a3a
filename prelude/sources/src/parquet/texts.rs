//! A question about texts that a chunk stores by a dictionary: it is asked of the entries, and the rows are marked by the numbers
//! of their entries. Neither a column of texts nor one of numbers is made, and where no entry passes only the heads of other
//! pages are read.

use super::pages::{DictionaryAt, PageAt, varint};
use super::{coded, writers};
use crate::source::AskTexts;
use polars::prelude::*;
use polars_arrow::array::{BinaryViewArray, Utf8ViewArray, View};
use polars_arrow::bitmap::Bitmap;
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress};
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard as zstandard;
use std::cell::RefCell;
use std::ops::Range;

/// What a thread keeps from one chunk to the next: fresh memory costs as much in page faults as what is written to it.
#[derive(Default)]
struct Room {
    /// A page as it is stored, and decompressed.
    stored: Vec<u8>,
    page: Vec<u8>,
    /// Marks of the wanted rows, and of all rows of a page.
    marks: Vec<u8>,
    of_page: Vec<u8>,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room::default());
}

/// Which rows of a chunk of texts pass a question; `None` where the chunk has nulls, or pages without a dictionary, or is coded
/// in another way, or cannot be asked. `whole` says that it is known to have no nulls.
pub(super) fn marked(
    file: &Bytes,
    chunk: &ColumnChunkMetadata,
    rows: Range<usize>,
    whole: bool,
    ask: &AskTexts<'_>,
) -> PolarsResult<Option<Bitmap>> {
    let descriptor = &chunk.descriptor().descriptor;
    let known = [Compression::Uncompressed, Compression::Zstd, Compression::Lz4Raw, Compression::Snappy];
    if chunk.physical_type() != PhysicalType::ByteArray
        || descriptor.max_rep_level > 0
        || descriptor.max_def_level > 1
        || !known.contains(&chunk.compression())
    {
        return Ok(None);
    }
    let mut room = ROOM.take();
    let optional = descriptor.max_def_level > 0;
    let found = Chunk { file, chunk, optional, whole: whole || !optional }.marks(rows, ask, &mut room);
    ROOM.set(room);
    found
}

struct Chunk<'a> {
    file: &'a Bytes,
    chunk: &'a ColumnChunkMetadata,
    optional: bool,
    whole: bool,
}

impl Chunk<'_> {
    fn marks(&self, rows: Range<usize>, ask: &AskTexts<'_>, room: &mut Room) -> PolarsResult<Option<Bitmap>> {
        let Range { start, end } = writers::range(self.chunk);
        let Some(dictionary) = DictionaryAt::find(self.file, start, end)? else { return Ok(None) };
        if !coded::is_moderate(dictionary.size) {
            return Ok(None);
        }
        let mut entries = vec![0; dictionary.size];
        if !self.unpack(dictionary.body..dictionary.end, &mut room.stored, &mut entries)? {
            return Ok(None);
        }
        let Some(texts) = texts(entries, dictionary.entries)? else { return Ok(None) };
        let Some(holds) = ask(texts).filter(|holds| holds.len() == dictionary.entries) else { return Ok(None) };
        Ok(self.by_number(dictionary.end..end, rows, &holds, room)?.then(|| bits(&room.marks)))
    }

    /// Marks the rows whose entries pass; `false` where a page cannot be read here.
    fn by_number(&self, pages: Range<u64>, rows: Range<usize>, holds: &[u8], room: &mut Room) -> PolarsResult<bool> {
        let Room { stored, page, marks, of_page } = room;
        marks.resize(rows.len(), 0);
        // Which entries the rows have does not matter then, only that they have one.
        let none = self.whole && !holds.contains(&1);
        let (mut at, mut row, mut left) = (pages.start, 0, &mut marks[..]);
        while row < rows.end && at < pages.end {
            let Some(found) = PageAt::find(self.file, at, pages.end)? else { return Ok(false) };
            let Some(size) = found.coded.filter(|size| coded::is_short(*size, found.values)) else { return Ok(false) };
            let here = rows.start.max(row)..rows.end.min(row + found.values);
            let wanted = here.start.saturating_sub(row)..here.end.saturating_sub(row);
            at = found.end;
            row += found.values;
            if wanted.is_empty() {
                continue;
            }
            let (target, rest) = left.split_at_mut(wanted.len());
            left = rest;
            if none {
                target.fill(0);
                continue;
            }
            let page = zstandard::room(page, size);
            if !self.unpack(found.body..found.end, stored, page)? {
                return Ok(false);
            }
            let Some(packed) = coded::numbers(page, found.values, self.optional) else { return Ok(false) };
            let read = if wanted.len() == found.values {
                coded::look_up(packed, holds, target)
            } else {
                of_page.resize(found.values, 0);
                let read = coded::look_up(packed, holds, of_page);
                target.copy_from_slice(&of_page[wanted]);
                read
            };
            if read.is_none() {
                return Ok(false);
            }
        }
        Ok(left.is_empty())
    }

    /// Decompresses a body to its place; `false` where it does not fill it.
    fn unpack(&self, body: Range<u64>, stored: &mut Vec<u8>, place: &mut [u8]) -> PolarsResult<bool> {
        let stored = zstandard::room(stored, (body.end - body.start) as usize);
        self.file.read_at(body.start, stored)?;
        Ok(match self.chunk.compression() {
            Compression::Uncompressed => {
                let same = stored.len() == place.len();
                if same {
                    place.copy_from_slice(stored);
                }
                same
            }
            Compression::Zstd => {
                let written = zstandard::decompress(&[&*stored], &mut [&mut *place]).pop();
                matches!(written, Some(Ok(written)) if written == place.len())
            }
            Compression::Lz4Raw => {
                let written = lz4::block::decompress_to_buffer(stored, i32::try_from(place.len()).ok(), place);
                written.is_ok_and(|written| written == place.len())
            }
            codec => {
                let stated = varint(stored).is_some_and(|(stated, _)| stated as usize == place.len());
                stated && decompress(codec, stored, place, &mut DecompressionContext::Unset).is_ok()
            }
        })
    }
}

/// The entries of a dictionary, each behind its length; `None` where they do not fill it.
fn texts(bytes: Vec<u8>, entries: usize) -> PolarsResult<Option<Utf8ViewArray>> {
    let mut views = Vec::with_capacity(entries.min(bytes.len() / size_of::<u32>()));
    let mut at = 0;
    for _ in 0..entries {
        let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
        let start = at + length.len();
        at = start.saturating_add(u32::from_le_bytes(*length) as usize);
        let Some(text) = bytes.get(start..at) else { return Ok(None) };
        views.push(View::new_from_bytes(text, 0, start as u32));
    }
    let buffers = Buffer::from_vec(vec![Buffer::from_vec(bytes)]);
    let array = BinaryViewArray::try_new(ArrowDataType::BinaryView, views.into(), buffers, None)?;
    // What is no text is told by the general decoder.
    Ok(array.to_utf8view().ok())
}

fn bits(marks: &[u8]) -> Bitmap {
    let mut bits = Vec::with_capacity(marks.len().div_ceil(8));
    segment::marks::pack(marks, &mut bits);
    Bitmap::from_u8_vec(bits, marks.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use crate::parquet::{Compression, WriteOptions, open, write};

    #[test]
    fn rows_are_marked_by_what_their_texts_are() {
        let of = |row: usize| format!("{}-{}", "text".repeat(row % 3), row * 7 % 50);
        let texts: Vec<String> = (0..20_000).map(of).collect();
        let nulls: Vec<Option<&str>> = texts.iter().map(|text| (text != "-7").then_some(text.as_str())).collect();
        let alone: Vec<String> =
            (0..20_000).map(|row| format!("a text of row {row} alone, which no other has")).collect();
        let frame = df!("s" => &texts, "n" => nulls, "alone" => alone).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let questions: [&dyn Fn(&str) -> bool; 4] =
            [&|text| text == "text-21", &|text| text.len() < 4, &|_| true, &|text| text == "not there"];
        for compression in [Compression::Zstd, Compression::None, Compression::Lz4] {
            let path = folder.path().join("texts.parquet");
            let options = WriteOptions { row_group: 15_000, compression, ..Default::default() };
            write(&path, &frame, &options).unwrap();
            let table = open(&path).unwrap();
            for (segment, rows) in [(0, 0..15_000), (0, 4_000..4_001), (1, 10..5_000), (1, 0..0)] {
                for question in questions {
                    let ask = |texts: Utf8ViewArray| {
                        assert!(texts.len() <= 200, "each text once");
                        Some(texts.values_iter().map(|text| u8::from(question(text))).collect())
                    };
                    let found = table.marked(segment, &"s".into(), rows.clone(), &ask).unwrap().unwrap();
                    let texts = &texts[segment * 15_000..][rows.clone()];
                    assert!(found.iter().eq(texts.iter().map(|text| question(text))), "{segment} {rows:?}");
                }
            }
            let ask = |texts: Utf8ViewArray| Some(vec![1; texts.len()]);
            assert!(table.marked(0, &"n".into(), 0..15_000, &ask).unwrap().is_none(), "nulls");
            assert!(table.marked(0, &"missing".into(), 0..1, &ask).is_err());
            assert!(table.marked(0, &"s".into(), 0..1, &|_| None).unwrap().is_none(), "cannot be asked");
        }
    }

    #[test]
    fn no_row_with_a_null_is_told_by_the_dictionary_alone() {
        let texts: Vec<Option<&str>> = (0..2_000).map(|row| (row % 3 > 0).then_some("one")).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("texts.parquet");
        write(&path, &df!("s" => texts).unwrap(), &WriteOptions::default()).unwrap();
        let ask = |texts: Utf8ViewArray| Some(vec![0; texts.len()]);
        assert!(open(&path).unwrap().marked(0, &"s".into(), 0..2_000, &ask).unwrap().is_none());
    }

    #[test]
    fn marks_are_bits_in_their_order() {
        for length in [0, 1, 7, 8, 9, 64, 1_001] {
            let marks: Vec<u8> = (0..length).map(|at| u8::from(at * at % 7 < 3)).collect();
            assert!(bits(&marks).iter().eq(marks.iter().map(|mark| *mark == 1)), "{length}");
        }
    }

    #[test]
    fn what_is_no_dictionary_is_none() {
        assert!(texts(vec![2, 0, 0, 0, b'a'], 1).unwrap().is_none(), "cut short");
        assert!(texts(vec![1, 0, 0, 0, 0xff], 1).unwrap().is_none(), "not UTF-8");
        assert!(texts(vec![0xff; 8], 1).unwrap().is_none(), "longer than there is");
        assert_eq!(texts(vec![1, 0, 0, 0, b'a'], 1).unwrap().unwrap().value(0), "a");
        assert_eq!(texts(Vec::new(), 0).unwrap().unwrap().len(), 0);
    }
}
