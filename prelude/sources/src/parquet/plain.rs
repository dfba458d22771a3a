//! The fast way for what ntuples are made of: numbers of four or eight bytes, PLAIN, without nulls.
//!
//! A page of them is a run of little-endian values, so it is copied instead of being decoded. Whatever else a
//! chunk holds (nulls, dictionaries, other encodings), the answer is `None` and the general decoder reads it.

use polars::prelude::*;
use polars_buffer::Buffer;
use polars_parquet::parquet::compression::{Compression, DecompressionContext};
use polars_parquet::parquet::encoding::Encoding;
use polars_parquet::parquet::page::{
    CompressedDataPage, CompressedPage, DataPage, DataPageHeader, FormatEncoding, Page,
};
use polars_parquet::parquet::read::decompress;
use polars_parquet::read::{ColumnChunkMetadata, PageReader, PhysicalType};
use std::cell::RefCell;
use std::fs::File;
use std::io::Cursor;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use zstd::zstd_safe::{DCtx, WriteBuf};

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
        _ => None,
    }
}

/// The rows of the chunk, or `None` when it is not as plain as it looked.
pub(super) fn decode(
    file: &File,
    chunk: &ColumnChunkMetadata,
    kind: Kind,
    name: &PlSmallStr,
    rows: &Range<usize>,
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
trait Plain: bytemuck::Pod {}
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

thread_local! {
    // One buffer per thread for the bytes of a chunk and one for a decompressed page: fresh memory of some MB
    // costs as much in page faults as the copy itself.
    static CHUNK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ZSTD: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

fn values<T: Plain>(file: &File, chunk: &ColumnChunkMetadata, rows: &Range<usize>) -> PolarsResult<Option<Vec<T>>> {
    let range = chunk.byte_range();
    let mut bytes = CHUNK.take();
    bytes.resize((range.end - range.start) as usize, 0);
    file.read_exact_at(&mut bytes, range.start)?;
    let mut page = PAGE.take();
    let result = Buffer::with_vec(&mut bytes, |bytes| copy_pages(bytes, chunk, rows, &mut page));
    CHUNK.set(bytes);
    PAGE.set(page);
    result
}

fn copy_pages<T: Plain>(
    bytes: Buffer<u8>,
    chunk: &ColumnChunkMetadata,
    rows: &Range<usize>,
    scratch: &mut Vec<u8>,
) -> PolarsResult<Option<Vec<T>>> {
    let pages = PageReader::new(Cursor::new(bytes), chunk, Vec::new(), usize::MAX);
    let mut context = DecompressionContext::Unset;
    let mut out = Out::<T>::new(rows.len());
    let mut start = 0;
    let optional = chunk.descriptor().descriptor.max_def_level > 0;
    for page in pages {
        let CompressedPage::Data(mut page) = page? else { return Ok(None) };
        let count = page.num_values();
        let wanted = rows.start.max(start)..rows.end.min(start + count);
        if start >= rows.end {
            break;
        }
        if wanted.len() == count && out.unpack(&mut page, optional)? {
            start += count;
            continue;
        }
        if !wanted.is_empty() {
            let Page::Data(mut page) = decompress(CompressedPage::Data(page), scratch, &mut context)? else {
                return Ok(None);
            };
            let Some(values) = plain_values::<T>(&page, count, optional) else { return Ok(None) };
            let width = size_of::<T>();
            append(&mut out.values, &values[(wanted.start - start) * width..(wanted.end - start) * width]);
            if page.buffer().len() >= scratch.capacity() {
                *scratch = std::mem::take(page.buffer_mut());
            }
        }
        start += count;
    }
    if out.values.len() != rows.len() + PAD {
        polars_bail!(ComputeError: "{} values where the footer says {}", start, rows.end);
    }
    Ok(Some(out.values))
}

/// The values so far, behind [`PAD`] that are none.
struct Out<T> {
    values: Vec<T>,
}

impl<T: Plain> Out<T> {
    fn new(rows: usize) -> Self {
        let mut values = Vec::with_capacity(rows + PAD);
        values.resize(PAD, T::zeroed());
        Self { values }
    }

    /// Decompresses a page of plain values without nulls straight to its place, and answers whether it could.
    ///
    /// The levels stand before the values in a page, so they are written over the values before, which are put back.
    fn unpack(&mut self, page: &mut CompressedDataPage, optional: bool) -> PolarsResult<bool> {
        let (count, width, size) = (page.num_values(), size_of::<T>(), page.uncompressed_size());
        let plain = matches!(page.header(), DataPageHeader::V1(header) if header.encoding == FormatEncoding::PLAIN);
        let levels = size
            .checked_sub(count.saturating_mul(width))
            .filter(|&levels| if optional { (4..=PAD * width).contains(&levels) } else { levels == 0 });
        let known = matches!(page.compression(), Compression::Zstd | Compression::Lz4Raw);
        let (true, true, Some(levels), true) = (known, plain, levels, cfg!(target_endian = "little")) else {
            return Ok(false);
        };
        let old = self.values.len();
        self.values.reserve(count);
        let before = old * width - levels;
        let bytes = self.values.as_mut_ptr().cast::<u8>();
        // SAFETY: `before + size` bytes lie within the `old + count` values there is room for, and `before` is not
        // negative because `levels` is at most `PAD` values; `Target` hands out no more than these bytes.
        let target = unsafe { Target { start: bytes.add(before), capacity: size } };
        let mut kept = [0_u8; 64];
        // SAFETY: the last `levels` bytes of the values so far, at most `PAD` values of eight bytes.
        unsafe { std::ptr::copy_nonoverlapping(target.start, kept.as_mut_ptr(), levels) };
        let mut target = target;
        let written = if page.compression() == Compression::Zstd {
            let written = ZSTD.with_borrow_mut(|context| context.decompress(&mut target, page.slice_mut()));
            written.map_err(|code| zstd::zstd_safe::get_error_name(code).to_owned())
        } else {
            // SAFETY: all `size` bytes are written before the slice over them is made.
            let place = unsafe {
                std::ptr::write_bytes(target.start, 0, size);
                std::slice::from_raw_parts_mut(target.start, size)
            };
            lz4_flex::block::decompress_into(page.slice_mut(), place).map_err(|error| error.to_string())
        };
        let present = written.as_ref() == Ok(&size) && {
            // SAFETY: `size` bytes have just been written there.
            let head = unsafe { std::slice::from_raw_parts(target.start, levels) };
            levels == 0 || all_present(head.get(4..).unwrap_or_default(), count)
        };
        // SAFETY: as when they were saved.
        unsafe { std::ptr::copy_nonoverlapping(kept.as_ptr(), target.start, levels) };
        match written {
            Ok(_) if present => {
                // SAFETY: `count` values behind the old ones have just been written, and any bits are a value.
                unsafe { self.values.set_len(old + count) };
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => polars_bail!(ComputeError: "a page cannot be decompressed: {}", error),
        }
    }
}

/// Memory that zstd may write to.
struct Target {
    start: *mut u8,
    capacity: usize,
}

// SAFETY: `start` points to `capacity` writable bytes for as long as the target lives (see `Out::unpack`).
unsafe impl WriteBuf for Target {
    fn as_slice(&self) -> &[u8] {
        // Only ever asked for what has been written before, which nobody does here.
        &[]
    }

    fn capacity(&self) -> usize {
        self.capacity
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.start
    }

    unsafe fn filled_until(&mut self, _: usize) {}
}

/// Appends little-endian values that may be unaligned.
fn append<T: Plain>(out: &mut Vec<T>, bytes: &[u8]) {
    let count = bytes.len() / size_of::<T>();
    let old = out.len();
    out.reserve(count);
    // SAFETY: `reserve` made room for `count` more values behind `old`; `bytes` holds exactly that many, cannot
    // overlap the vector's own memory, and every bit pattern is a value of `T` (`Pod`).
    unsafe {
        let target = out.as_mut_ptr().add(old).cast::<u8>();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), target, count * size_of::<T>());
        out.set_len(old + count);
    }
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
