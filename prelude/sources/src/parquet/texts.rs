//! Texts that a chunk stores by a dictionary, as the dictionary and the number of each row: whoever asks something of a text asks
//! it of the dictionary.

use super::pages::{DictionaryAt, PageAt, varint};
use super::{coded, writers};
use crate::reuse;
use crate::source::Numbered;
use polars::prelude::*;
use polars_arrow::array::{BinaryViewArray, View};
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext, decompress};
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard as zstandard;
use std::cell::RefCell;
use std::ops::Range;

thread_local! {
    // Pages as they are stored, and one of them decompressed: fresh memory costs as much in page faults as what is written to it.
    static ROOM: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Rows of a chunk of texts; `None` where it has nulls, or pages without a dictionary, or is coded in another way.
pub(super) fn numbered(
    file: &Bytes,
    chunk: &ColumnChunkMetadata,
    rows: Range<usize>,
) -> PolarsResult<Option<Numbered>> {
    let descriptor = &chunk.descriptor().descriptor;
    let known = [Compression::Uncompressed, Compression::Zstd, Compression::Lz4Raw, Compression::Snappy];
    if chunk.physical_type() != PhysicalType::ByteArray
        || descriptor.max_rep_level > 0
        || descriptor.max_def_level > 1
        || !known.contains(&chunk.compression())
    {
        return Ok(None);
    }
    let (mut stored, mut page) = ROOM.take();
    let found = Chunk { file, chunk, optional: descriptor.max_def_level > 0 }.read(rows, &mut stored, &mut page);
    ROOM.set((stored, page));
    found
}

struct Chunk<'a> {
    file: &'a Bytes,
    chunk: &'a ColumnChunkMetadata,
    optional: bool,
}

impl Chunk<'_> {
    fn read(&self, rows: Range<usize>, stored: &mut Vec<u8>, page: &mut Vec<u8>) -> PolarsResult<Option<Numbered>> {
        let Range { start: mut at, end } = writers::range(self.chunk);
        let Some(dictionary) = DictionaryAt::find(self.file, at, end)? else { return Ok(None) };
        if !coded::is_moderate(dictionary.size) {
            return Ok(None);
        }
        let mut entries = vec![0; dictionary.size];
        if !self.unpack(dictionary.body..dictionary.end, stored, &mut entries)? {
            return Ok(None);
        }
        let Some(texts) = texts(entries, dictionary.entries)? else { return Ok(None) };
        let mut numbers = reuse::vector::<u32>(rows.len());
        let (mut row, mut filled) = (0, 0);
        at = dictionary.end;
        while row < rows.end && at < end {
            let Some(found) = PageAt::find(self.file, at, end)? else { return Ok(None) };
            let Some(size) = found.coded.filter(|size| coded::is_short(*size, found.values)) else { return Ok(None) };
            let here = rows.start.max(row)..rows.end.min(row + found.values);
            at = found.end;
            row += found.values;
            if here.is_empty() {
                continue;
            }
            let page = zstandard::room(page, size);
            if !self.unpack(found.body..found.end, stored, page)? {
                return Ok(None);
            }
            let Some(packed) = coded::numbers(page, found.values, self.optional) else { return Ok(None) };
            let first = row - found.values;
            let wanted = here.start - first..here.end - first;
            let target = &mut numbers[filled..filled + wanted.len()];
            if coded::some_numbers(packed, found.values, texts.len(), wanted, target).is_none() {
                return Ok(None);
            }
            filled += target.len();
        }
        Ok((filled == rows.len()).then_some(Numbered { texts, numbers }))
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
fn texts(bytes: Vec<u8>, entries: usize) -> PolarsResult<Option<polars_arrow::array::Utf8ViewArray>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    #[test]
    fn rows_have_the_numbers_of_their_texts() {
        let of = |row: usize| format!("{}-{}", "text".repeat(row % 3), row * 7 % 50);
        let texts: Vec<String> = (0..20_000).map(of).collect();
        let nulls: Vec<Option<&str>> = texts.iter().map(|text| (text != "-7").then_some(text.as_str())).collect();
        let alone: Vec<String> =
            (0..20_000).map(|row| format!("a text of row {row} alone, which no other has")).collect();
        let frame = df!("s" => &texts, "n" => nulls, "alone" => alone).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for compression in [super::super::Compression::Zstd, super::super::Compression::None] {
            let path = folder.path().join("texts.parquet");
            let options = super::super::WriteOptions { row_group: 15_000, compression, ..Default::default() };
            super::super::write(&path, &frame, &options).unwrap();
            let table = super::super::open(&path).unwrap();
            for (segment, rows) in [(0, 0..15_000), (0, 4_000..4_001), (1, 10..5_000), (1, 0..0)] {
                let found = table.numbered(segment, &"s".into(), rows.clone()).unwrap().unwrap();
                assert_eq!(found.numbers.len(), rows.len());
                assert!(found.texts.len() <= 200, "each text once");
                for (row, number) in rows.zip(found.numbers) {
                    assert_eq!(found.texts.value(number as usize), texts[segment * 15_000 + row]);
                }
            }
            assert!(table.numbered(0, &"n".into(), 0..15_000).unwrap().is_none(), "nulls");
            assert!(table.numbered(0, &"missing".into(), 0..1).is_err());
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
