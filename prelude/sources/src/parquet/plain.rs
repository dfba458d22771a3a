//! The fast way for what ntuples are made of: numbers of four or eight bytes, PLAIN, without nulls.
//!
//! A page of them is a run of little-endian values, so it is read or decompressed to where the column wants it instead
//! of being decoded, and a page without a wanted row is not read at all. Whatever else a chunk holds (nulls, dictionaries, other encodings), the answer is `None` and the general decoder reads it.

use super::{Wanted, stored};
use crate::reuse::{self, Reused};
use polars::prelude::*;
use polars_arrow::datatypes::TimeUnit as ArrowTimeUnit;
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext};
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::page::{CompressedPage, DataPage, DataPageHeader, FormatEncoding, Page};
use polars_parquet::parquet::read::decompress;
use polars_parquet::parquet::schema::types::{PrimitiveLogicalType, TimeUnit as Stored};
use polars_parquet::read::{ColumnChunkMetadata, PageReader, PhysicalType};
use polars_parquet_format::PageHeader;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use std::cell::RefCell;
use std::fs::File;
use std::io::Cursor;
use std::os::unix::fs::FileExt;
use zstd::zstd_safe::DCtx;

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
    if descriptor.max_rep_level > 0 || descriptor.max_def_level > 1 || chunk.dictionary_page_offset().is_some() {
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

/// The rows of the chunk, or `None` when it is not as plain as it looked.
pub(super) fn decode(
    file: &File,
    chunk: &ColumnChunkMetadata,
    kind: Kind,
    name: &PlSmallStr,
    rows: Wanted<'_>,
) -> PolarsResult<Option<Column>> {
    let name = name.clone();
    Ok(match kind {
        Kind::F64 => values::<f64>(file, chunk, rows)?.map(|v| column(Float64Chunked::from_vec(name, v).into_column())),
        Kind::F32 => values::<f32>(file, chunk, rows)?.map(|v| column(Float32Chunked::from_vec(name, v).into_column())),
        Kind::I64 => values::<i64>(file, chunk, rows)?.map(|v| column(Int64Chunked::from_vec(name, v).into_column())),
        Kind::I32 => values::<i32>(file, chunk, rows)?.map(|v| column(Int32Chunked::from_vec(name, v).into_column())),
        Kind::U64 => values::<u64>(file, chunk, rows)?.map(|v| column(UInt64Chunked::from_vec(name, v).into_column())),
        Kind::U32 => values::<u32>(file, chunk, rows)?.map(|v| column(UInt32Chunked::from_vec(name, v).into_column())),
    })
}

/// A number that lies in a page as it lies in memory.
trait Plain: Reused {}
impl Plain for f64 {}
impl Plain for f32 {}
impl Plain for i64 {}
impl Plain for i32 {}
impl Plain for u64 {}
impl Plain for u32 {}

/// Values before the first one, into which the levels of a page may be written; see [`Out::unpack`].
const PAD: usize = 4;

/// The column without the values before the first one.
fn column(padded: Column) -> Column {
    padded.slice(PAD as i64, padded.len() - PAD)
}

/// Bytes in which the header of a page ends, unless its statistics are very long.
const HEAD: usize = 1_024;

thread_local! {
    // One buffer per thread for the bytes of a page and one for them decompressed: fresh memory of some MB costs as
    // much in page faults as the copy itself.
    static STORED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static UNPACKED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ZSTD: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// Walks over the pages; those without a wanted row are not even read.
fn values<T: Plain>(file: &File, chunk: &ColumnChunkMetadata, rows: Wanted<'_>) -> PolarsResult<Option<Vec<T>>> {
    let range = chunk.byte_range();
    let optional = chunk.descriptor().descriptor.max_def_level > 0;
    let mut out = Out::<T>::new(rows.len());
    let (mut at, mut start) = (range.start, 0);
    while start < rows.end() && at < range.end {
        let Some(page) = PageAt::find(file, at, range.end)? else { return Ok(None) };
        at = page.end;
        let here = rows.between(start, start + page.values);
        start += page.values;
        if here.len() == 0 || here.len() == page.values && out.unpack(file, chunk, &page, optional)? {
            continue;
        }
        if !out.append_page(file, chunk, &page, (here, start - page.values), optional)? {
            return Ok(None);
        }
    }
    if out.filled != rows.len() + PAD {
        polars_bail!(ComputeError: "{} values where the footer says {}", start, rows.end());
    }
    Ok(Some(out.values))
}

/// A page of data in a file.
struct PageAt {
    /// Where its header begins, its body begins, and it ends.
    head: u64,
    body: u64,
    end: u64,
    values: usize,
    /// Bytes of the body when decompressed, when it is of the first version and PLAIN.
    plain: Option<usize>,
}

impl PageAt {
    /// The page that begins at `at`; `None` where that is no page of data, or has a header that is not understood.
    fn find(file: &File, at: u64, end: u64) -> PolarsResult<Option<Self>> {
        let mut bytes = [0; HEAD];
        let bytes = &mut bytes[..HEAD.min((end - at) as usize)];
        file.read_exact_at(bytes, at)?;
        let mut cursor = Cursor::new(&*bytes);
        let mut protocol = TCompactInputProtocol::new(&mut cursor, HEAD);
        let Ok(header) = PageHeader::read_from_in_protocol(&mut protocol) else { return Ok(None) };
        let count = match (&header.data_page_header, &header.data_page_header_v2) {
            (Some(first), None) => first.num_values,
            (None, Some(second)) => second.num_values,
            _ => return Ok(None),
        };
        let (Ok(values), Ok(stored), Ok(size)) = (
            usize::try_from(count),
            u64::try_from(header.compressed_page_size),
            usize::try_from(header.uncompressed_page_size),
        ) else {
            return Ok(None);
        };
        let body = at + cursor.position();
        let first = header.data_page_header.is_some_and(|header| header.encoding == FormatEncoding::PLAIN);
        let page = Self { head: at, body, end: body + stored, values, plain: first.then_some(size) };
        // A page without values would never come to an end.
        Ok((page.end <= end && values > 0).then_some(page))
    }
}

/// The values so far, behind [`PAD`] that are none.
struct Out<T> {
    values: Vec<T>,
    filled: usize,
}

impl<T: Plain> Out<T> {
    fn new(rows: usize) -> Self {
        Self { values: reuse::vector(rows + PAD), filled: PAD }
    }

    /// Appends some of the values of a page whose first is the chunk's value `start`; `false` when it is not plain.
    fn append_page(
        &mut self,
        file: &File,
        chunk: &ColumnChunkMetadata,
        page: &PageAt,
        (rows, start): (Wanted<'_>, usize),
        optional: bool,
    ) -> PolarsResult<bool> {
        let mut stored = STORED.take();
        let mut unpacked = UNPACKED.take();
        stored.resize((page.end - page.head) as usize, 0);
        let read = file.read_exact_at(&mut stored, page.head);
        let done = Buffer::with_vec(&mut stored, |bytes| -> PolarsResult<bool> {
            read?;
            let mut pages = PageReader::new(Cursor::new(bytes), chunk, Vec::new(), usize::MAX);
            let Some(CompressedPage::Data(page)) = pages.next().transpose()? else { return Ok(false) };
            let count = page.num_values();
            let mut context = DecompressionContext::Unset;
            let Page::Data(mut page) = decompress(CompressedPage::Data(page), &mut unpacked, &mut context)? else {
                return Ok(false);
            };
            let Some(values) = plain_values::<T>(&page, count, optional) else { return Ok(false) };
            self.append(values, rows, start);
            if page.buffer().len() >= unpacked.capacity() {
                unpacked = std::mem::take(page.buffer_mut());
            }
            Ok(true)
        });
        STORED.set(stored);
        UNPACKED.set(unpacked);
        done
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

    /// Reads or decompresses a page of plain values without nulls straight to its place, and answers whether it could.
    ///
    /// The levels stand before the values in a page, so they are written over the values before, which are put back.
    fn unpack(
        &mut self,
        file: &File,
        chunk: &ColumnChunkMetadata,
        page: &PageAt,
        optional: bool,
    ) -> PolarsResult<bool> {
        let (count, width) = (page.values, size_of::<T>());
        let known = matches!(chunk.compression(), Compression::Uncompressed | Compression::Zstd | Compression::Lz4Raw);
        let fits = |levels: &usize| if optional { (4..=PAD * width).contains(levels) } else { *levels == 0 };
        let Some(size) = page.plain.filter(|_| known && cfg!(target_endian = "little")) else { return Ok(false) };
        let Some(levels) = size.checked_sub(count.saturating_mul(width)).filter(fits) else { return Ok(false) };
        let old = self.filled;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.values[..old + count]);
        let place = &mut bytes[old * width - levels..];
        let mut kept = [0_u8; PAD * 8];
        kept[..levels].copy_from_slice(&place[..levels]);
        let written = unpack_into(file, chunk.compression(), page, place)?;
        let present = written == size && (levels == 0 || all_present(&place[4..levels], count));
        place[..levels].copy_from_slice(&kept[..levels]);
        if present {
            self.filled += count;
        }
        Ok(present)
    }
}

/// Fills `place` with the body of a page, and answers how many bytes it has.
fn unpack_into(file: &File, compression: Compression, page: &PageAt, place: &mut [u8]) -> PolarsResult<usize> {
    let size = (page.end - page.body) as usize;
    if compression == Compression::Uncompressed {
        if size == place.len() {
            file.read_exact_at(place, page.body)?;
        }
        return Ok(size);
    }
    if compression == Compression::Zstd && stored::read(file, page.body, size, place)? {
        return Ok(place.len());
    }
    let mut stored = STORED.take();
    stored.resize(size, 0);
    let read = file.read_exact_at(&mut stored, page.body);
    let written = match compression {
        Compression::Zstd => ZSTD
            .with_borrow_mut(|context| context.decompress(place, &stored))
            .map_err(|code| zstd::zstd_safe::get_error_name(code).to_owned()),
        _ => lz4::block::decompress_to_buffer(&stored, i32::try_from(place.len()).ok(), place)
            .map_err(|error| error.to_string()),
    };
    STORED.set(stored);
    read?;
    written.map_err(|error| polars_err!(ComputeError: "a page cannot be decompressed: {}", error))
}

/// The value bytes of a page: `count` values and no null, or `None`.
fn plain_values<T>(page: &DataPage, count: usize, optional: bool) -> Option<&[u8]> {
    if cfg!(target_endian = "big") || page.encoding() != Encoding::Plain {
        return None;
    }
    let buffer = page.buffer();
    let skip = match page.header() {
        DataPageHeader::V1(_) if !optional => 0,
        DataPageHeader::V1(_) => {
            let length = u32::from_le_bytes(buffer.get(..4)?.try_into().ok()?) as usize;
            if page.definition_level_encoding() != Encoding::Rle || !all_present(buffer.get(4..4 + length)?, count) {
                return None;
            }
            4 + length
        }
        DataPageHeader::V2(header) => {
            if header.num_nulls != 0 {
                return None;
            }
            let levels = header.definition_levels_byte_length.checked_add(header.repetition_levels_byte_length)?;
            usize::try_from(levels).ok()?
        }
    };
    buffer.get(skip..)?.get(..count.checked_mul(size_of::<T>())?)
}

/// Whether run-length coded levels of one bit say `1` for all `count` values.
fn all_present(mut levels: &[u8], count: usize) -> bool {
    let mut seen = 0;
    while seen < count {
        let Some((header, rest)) = varint(levels) else { return false };
        if header & 1 == 0 {
            let Some((&value, rest)) = rest.split_first() else { return false };
            if value != 1 {
                return false;
            }
            seen += (header >> 1) as usize;
            levels = rest;
        } else {
            let bytes = (header >> 1) as usize;
            if bytes > rest.len() {
                return false;
            }
            let bits = (bytes * 8).min(count - seen);
            if (0..bits).any(|bit| rest[bit / 8] & 1 << (bit % 8) == 0) {
                return false;
            }
            seen += bytes * 8;
            levels = &rest[bytes..];
        }
    }
    true
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::all_present;

    #[test]
    fn levels_are_all_present_only_when_every_one_is() {
        assert!(all_present(&[20 << 1, 1], 20), "one run");
        assert!(!all_present(&[20 << 1, 0], 20), "a run of nulls");
        assert!(all_present(&[(2 << 1) | 1, 0xff, 0x0f], 12), "packed, the end unused");
        assert!(!all_present(&[(2 << 1) | 1, 0xff, 0x07], 12), "packed, the last is null");
        assert!(!all_present(&[19 << 1, 1], 20), "too short");
        assert!(!all_present(&[0xff, 0xff], 20), "nonsense");
    }
}
