//! How long the lists of a chunk are, from the levels that stand before the values: of a compressed page only its beginning
//! is decompressed.

use super::super::pages::PageAt;
use super::shape::{Pages, Shapes};
use super::{Wish, kinds, pages};
use polars_arrow::offset::OffsetsBuffer;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::read::ColumnChunkMetadata;
use recoil_bytes::Bytes;
use std::io::Read;
use std::ops::Range;

/// Where the lists of a column of a segment of `length` rows begin; `None` where the general decoder has to read it.
pub(in super::super) fn lengths(file: &Bytes, wish: &Wish<'_>, length: usize) -> Option<OffsetsBuffer<i64>> {
    kinds(wish)?;
    // All leaves say the same; the shortest one is read.
    let mut chunks: Vec<&ColumnChunkMetadata> = wish.chunks.clone();
    chunks.sort_by_key(|chunk| chunk.compressed_size());
    let chunk = *chunks.first()?;
    let found = pages(file, chunk, 0)?;
    let mut levels = Vec::new();
    let mut places: Vec<(PageAt, Range<usize>)> = Vec::with_capacity(found.len());
    let mut stored = Vec::new();
    for (page, place) in found {
        stored.resize((page.end - page.body) as usize, 0);
        file.read_at(page.body, &mut stored).ok()?;
        let start = levels.len();
        beginning(chunk.compression(), &stored, place.len(), &mut levels)?;
        places.push((page, start..levels.len()));
    }
    Some(Shapes::new(length).of(&Pages::new(chunk, &places, &levels)?)?.offsets.clone())
}

/// Adds the two runs of levels at the beginning of a page of `size` bytes, with the lengths before them.
fn beginning(codec: Compression, page: &[u8], size: usize, out: &mut Vec<u8>) -> Option<()> {
    match codec {
        Compression::Uncompressed => runs(page, size, out),
        Compression::Zstd => runs(zstd::Decoder::new(page).ok()?, size, out),
        _ => {
            let whole = lz4::block::decompress(page, i32::try_from(size).ok()).ok()?;
            runs(whole.as_slice(), size, out)
        }
    }
}

fn runs(mut page: impl Read, size: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut left = size;
    for _ in 0..2 {
        let mut length = [0; 4];
        page.read_exact(&mut length).ok()?;
        let run = u32::from_le_bytes(length) as usize;
        // No more memory than the page says that it has.
        left = left.checked_sub(run.checked_add(4)?)?;
        out.extend_from_slice(&length);
        let start = out.len();
        out.resize(start + run, 0);
        page.read_exact(&mut out[start..]).ok()?;
    }
    Some(())
}
