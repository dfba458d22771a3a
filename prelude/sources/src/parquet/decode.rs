//! Columns by the library's decoder, with what it does not know of pages put right before.

use super::{repack, writers};
use crate::guard::guarded;
use polars::prelude::*;
use polars_buffer::Buffer;
use polars_parquet::read::{BasicDecompressor, ColumnChunkMetadata, Filter, PageReader, column_iter_to_arrays};
use recoil_bytes::Bytes;
use std::io::Cursor;
use std::ops::Range;

/// The values of a column, whose leaves lie in these chunks.
///
/// # Errors
/// What the library says, or the message of its panic.
pub(super) fn column(
    file: &Bytes,
    chunks: &[&ColumnChunkMetadata],
    writer: Option<&str>,
    field: &ArrowField,
    filter: impl Fn() -> Filter,
) -> Result<Series, String> {
    let compressed = writers::forgets_compression(writer);
    let attempt = |repacked: bool| {
        let work = || -> PolarsResult<Series> {
            let mut pages = Vec::with_capacity(chunks.len());
            for chunk in chunks {
                let repacked = repacked || compressed || writers::pads(writer, chunk);
                let range = writers::range(chunk);
                let forgotten = if repacked { writers::forgotten_bytes(writer) } else { 0 };
                let range = range.start..(range.end + forgotten).min(file.length()).max(range.end);
                pages.push(Pages::read(file, chunk, range, repacked.then_some(compressed))?);
            }
            decode(&pages, field, filter())
        };
        guarded(work)?.map_err(|error| error.to_string())
    };
    // What the library does not understand it may when it is put right; if not, the first error says what is wrong.
    attempt(false).or_else(|error| attempt(true).map_err(|_| error))
}

/// The pages of a chunk, in memory.
struct Pages<'a> {
    chunk: &'a ColumnChunkMetadata,
    bytes: Buffer<u8>,
    repacked: bool,
}

impl<'a> Pages<'a> {
    /// Reads a chunk that lies in `range`. Its pages are packed anew where `compressed` is there; it says whether all of them
    /// are compressed.
    fn read(
        file: &Bytes,
        chunk: &'a ColumnChunkMetadata,
        range: Range<u64>,
        compressed: Option<bool>,
    ) -> PolarsResult<Self> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.read_at(range.start, &mut bytes)?;
        repack::has_all_levels(&bytes, chunk)?;
        if let Some(compressed) = compressed {
            bytes = repack::chunk(&bytes, chunk, compressed)?;
        }
        Ok(Self { chunk, bytes: Buffer::from_vec(bytes), repacked: compressed.is_some() })
    }

    fn reader(&self) -> PageReader {
        let bytes = Cursor::new(self.bytes.clone());
        match self.repacked {
            true => PageReader::new_with_page_meta(bytes, repack::metadata(self.chunk), Vec::new(), usize::MAX),
            false => PageReader::new(bytes, self.chunk, Vec::new(), usize::MAX),
        }
    }
}

fn decode(stored: &[Pages<'_>], field: &ArrowField, filter: Filter) -> PolarsResult<Series> {
    let pages = stored.iter().map(|pages| BasicDecompressor::new(pages.reader(), Vec::new())).collect();
    let types = stored.iter().map(|pages| &pages.chunk.descriptor().descriptor.primitive_type).collect();
    let (arrays, _) = column_iter_to_arrays(pages, types, field.clone(), Some(filter))?;
    Series::try_from((field, arrays))
}
