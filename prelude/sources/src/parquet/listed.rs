//! The fast way for lists of numbers, of truth values, and of objects made of them: PLAIN, and without nulls in the lists.
//!
//! A page of them begins with two runs of levels: the repetition level of an entry says whether it begins a row, its
//! definition level whether there is a value, only an empty list, or none. With one bit for each, the offsets are counts of bits,
//! sixty-four entries at a time; the values lie behind them as they lie in memory. The pages of several chunks are
//! decompressed together, and columns of the same collection, whose levels are equal, share their offsets. Whatever else a
//! chunk holds, the answer is `None` and the general decoder reads it.

use super::Wanted;
use super::pages::PageAt;
use bytemuck::Pod;
use polars::prelude::*;
use polars_arrow::array::{BooleanArray, ListArray, PrimitiveArray, StructArray};
use polars_arrow::bitmap::{Bitmap, BitmapBuilder};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard as zstandard;
use shape::{Pages, Shapes};
use std::cell::RefCell;
use std::ops::Range;

mod lengths;
mod shape;

pub(super) use lengths::lengths;

/// What the values of a leaf are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    F64,
    F32,
    I64,
    I32,
    U64,
    U32,
    I16,
    U16,
    I8,
    U8,
    Bool,
}

fn kind(chunk: &ColumnChunkMetadata, dtype: &ArrowDataType) -> Option<Kind> {
    let descriptor = &chunk.descriptor().descriptor;
    let known = matches!(chunk.compression(), Compression::Uncompressed | Compression::Zstd | Compression::Lz4Raw);
    if descriptor.max_rep_level != 1 || chunk.dictionary_page_offset().is_some() || !known {
        return None;
    }
    use ArrowDataType as D;
    Some(match (chunk.physical_type(), dtype) {
        (PhysicalType::Double, D::Float64) => Kind::F64,
        (PhysicalType::Float, D::Float32) => Kind::F32,
        (PhysicalType::Int64, D::Int64) => Kind::I64,
        (PhysicalType::Int32, D::Int32) => Kind::I32,
        (PhysicalType::Int64, D::UInt64) => Kind::U64,
        (PhysicalType::Int32, D::UInt32) => Kind::U32,
        (PhysicalType::Int32, D::Int16) => Kind::I16,
        (PhysicalType::Int32, D::UInt16) => Kind::U16,
        (PhysicalType::Int32, D::Int8) => Kind::I8,
        (PhysicalType::Int32, D::UInt8) => Kind::U8,
        (PhysicalType::Boolean, D::Boolean) => Kind::Bool,
        _ => return None,
    })
}

/// A column that may be lists: the chunks of its leaves, and what it is.
pub(super) struct Wish<'a> {
    pub(super) chunks: Vec<&'a ColumnChunkMetadata>,
    pub(super) field: &'a ArrowField,
}

/// Leaves whose pages are decompressed together: a short page has streams for few lanes only.
const TOGETHER: usize = 4;
/// Bytes that a thread keeps for pages from one request to the next.
const KEPT: usize = 32 << 20;

thread_local! {
    // Pages as they are stored, and decompressed: fresh memory costs as much in page faults as what is written to it.
    static ROOM: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Rows of columns of lists of a segment of `length` rows; `None` where the general decoder has to read one.
pub(super) fn columns(file: &Bytes, wishes: &[Wish<'_>], rows: Wanted<'_>, length: usize) -> Vec<Option<Series>> {
    let mut leaves: Vec<(usize, &ColumnChunkMetadata, Kind)> = Vec::new();
    for (at, wish) in wishes.iter().enumerate() {
        if let Some(kinds) = kinds(wish) {
            leaves.extend(wish.chunks.iter().zip(kinds).map(|(chunk, kind)| (at, *chunk, kind)));
        }
    }
    let mut shapes = Shapes::new(length);
    let mut found: Vec<Vec<Option<Leaf>>> = wishes.iter().map(|_| Vec::new()).collect();
    let (mut stored, mut unpacked) = ROOM.take();
    for leaves in leaves.chunks(TOGETHER) {
        let chunks: Vec<_> = leaves.iter().map(|(_, chunk, _)| *chunk).collect();
        let pages = unpack(file, &chunks, &mut stored, &mut unpacked);
        for ((at, chunk, kind), pages) in leaves.iter().zip(pages) {
            found[*at].push(pages.and_then(|pages| Leaf::new(chunk, *kind, &pages, &unpacked, &mut shapes)));
        }
    }
    if stored.capacity() + unpacked.capacity() <= KEPT {
        ROOM.set((stored, unpacked));
    }
    found.into_iter().zip(wishes).map(|(leaves, wish)| series(leaves, wish, rows)).collect()
}

/// What the values of the leaves are; `None` where the column is none of lists that can be read here.
fn kinds(wish: &Wish<'_>) -> Option<Vec<Kind>> {
    let (ArrowDataType::LargeList(item) | ArrowDataType::List(item)) = &wish.field.dtype else { return None };
    let fields = fields(item);
    if wish.chunks.len() != fields.len() || wish.chunks.is_empty() || cfg!(target_endian = "big") {
        return None;
    }
    wish.chunks.iter().zip(fields).map(|(chunk, field)| kind(chunk, &field.dtype)).collect()
}

/// The fields of the objects in a list, or the one value.
fn fields(item: &ArrowField) -> &[ArrowField] {
    match &item.dtype {
        ArrowDataType::Struct(fields) => fields,
        _ => std::slice::from_ref(item),
    }
}

fn series(leaves: Vec<Option<Leaf>>, wish: &Wish<'_>, rows: Wanted<'_>) -> Option<Series> {
    let (ArrowDataType::LargeList(item) | ArrowDataType::List(item)) = &wish.field.dtype else { return None };
    let mut leaves = leaves.into_iter().collect::<Option<Vec<Leaf>>>().filter(|leaves| !leaves.is_empty())?;
    let offsets = leaves[0].offsets.clone();
    let valid = leaves[0].valid.clone();
    let same = |leaf: &Leaf| {
        let shared = std::ptr::eq(leaf.offsets.as_slice(), offsets.as_slice());
        shared || leaf.offsets == offsets && leaf.valid == valid
    };
    // Leaves of one list that disagree are damage, which the general decoder tells.
    if !leaves.iter().all(same) {
        return None;
    }
    let values: ArrayRef = match &item.dtype {
        ArrowDataType::Struct(_) => {
            let length = leaves[0].values.len();
            let leaves = leaves.into_iter().map(|leaf| leaf.values).collect();
            Box::new(StructArray::try_new(item.dtype.clone(), length, leaves, None).ok()?)
        }
        _ => leaves.swap_remove(0).values,
    };
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    let lists = ListArray::try_new(dtype, offsets, values, valid).ok()?;
    let series = Series::try_from((wish.field.name.clone(), Box::new(lists) as ArrayRef)).ok()?;
    match rows {
        Wanted::Run(0, end) if end == series.len() => Some(series),
        Wanted::Run(start, end) => Some(series.slice(start as i64, end - start)),
        Wanted::Rows(rows) => series.take(&IdxCa::from_slice(PlSmallStr::EMPTY, rows)).ok(),
    }
}

/// A leaf of a column of lists: where the objects of each row begin, and a value for each.
struct Leaf {
    offsets: OffsetsBuffer<i64>,
    /// Which rows have a list, where not all have one.
    valid: Option<Bitmap>,
    values: ArrayRef,
}

impl Leaf {
    fn new(
        chunk: &ColumnChunkMetadata,
        kind: Kind,
        pages: &[(PageAt, Range<usize>)],
        bytes: &[u8],
        shapes: &mut Shapes,
    ) -> Option<Self> {
        let pages = Pages::new(chunk, pages, bytes)?;
        let shape = shapes.of(&pages)?;
        let parts: Vec<(&[u8], usize)> = pages.values.iter().copied().zip(shape.counts.iter().copied()).collect();
        let (offsets, valid) = (shape.offsets.clone(), shape.valid.clone());
        let values = values(kind, &parts, *offsets.last() as usize)?;
        Some(Self { offsets, valid, values })
    }
}

/// The pages of chunks, decompressed one after another: for each chunk its pages and where they lie, `None` where one is of
/// another kind or damaged, which the general decoder tells.
fn unpack(
    file: &Bytes,
    chunks: &[&ColumnChunkMetadata],
    stored: &mut Vec<u8>,
    unpacked: &mut Vec<u8>,
) -> Vec<Option<Vec<(PageAt, Range<usize>)>>> {
    let (mut size, mut length) = (0, 0);
    let mut found: Vec<Option<Vec<(PageAt, Range<usize>)>>> = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let pages = pages(file, chunk, size);
        size = pages.iter().flatten().last().map_or(size, |(_, place)| place.end);
        length += chunk.compressed_size().max(0) as usize;
        found.push(pages);
    }
    let (mut sources, mut rest) = (Vec::new(), zstandard::room(stored, length));
    for (chunk, pages) in chunks.iter().zip(&mut found) {
        let range = chunk.byte_range();
        let (place, more) = std::mem::take(&mut rest).split_at_mut(chunk.compressed_size().max(0) as usize);
        rest = more;
        let whole = place.len() as u64 == range.end - range.start;
        if pages.is_some() && !(whole && file.read_at(range.start, place).is_ok()) {
            *pages = None;
        }
        sources.push((range.start, &*place));
    }
    let (mut frames, mut places, mut of) = (Vec::new(), Vec::new(), Vec::new());
    let (mut rest, mut at) = (zstandard::room(unpacked, size), 0);
    for (number, (pages, (start, bytes))) in found.iter().zip(&sources).enumerate() {
        for (page, range) in pages.iter().flatten() {
            let (_, more) = std::mem::take(&mut rest).split_at_mut(range.start - at);
            let (place, more) = more.split_at_mut(range.len());
            (rest, at) = (more, range.end);
            frames.push(&bytes[(page.body - start) as usize..(page.end - start) as usize]);
            places.push(place);
            of.push(number);
        }
    }
    let codecs: Vec<Compression> = of.iter().map(|number| chunks[*number].compression()).collect();
    for (number, whole) in of.into_iter().zip(decompress(&codecs, &frames, &mut places)) {
        if !whole {
            found[number] = None;
        }
    }
    found
}

/// The pages of a chunk, and where they will lie from `from` on.
fn pages(file: &Bytes, chunk: &ColumnChunkMetadata, from: usize) -> Option<Vec<(PageAt, Range<usize>)>> {
    let range = chunk.byte_range();
    let (mut at, mut size, mut pages) = (range.start, from, Vec::new());
    while at < range.end {
        let page = PageAt::find(file, at, range.end).ok()??;
        let plain = page.plain.filter(|_| page.repetition)?;
        at = page.end;
        pages.push((page, size..size.checked_add(plain)?));
        size += plain;
    }
    // No more memory than the footer states.
    let entries: usize = pages.iter().map(|(page, _)| page.values).sum();
    ((size - from) as i64 <= chunk.uncompressed_size() && entries as i64 <= chunk.num_values()).then_some(pages)
}

/// Decompresses pages to their places, and says which of them came out as long as their place.
fn decompress(codecs: &[Compression], frames: &[&[u8]], places: &mut [&mut [u8]]) -> Vec<bool> {
    if codecs.iter().all(|codec| *codec == Compression::Zstd) {
        let lengths: Vec<usize> = places.iter().map(|place| place.len()).collect();
        let written = zstandard::decompress(frames, places);
        return written.into_iter().zip(lengths).map(|(written, length)| written == Ok(length)).collect();
    }
    let one = |((codec, frame), place): ((&Compression, &&[u8]), &mut &mut [u8])| match codec {
        Compression::Uncompressed => {
            let fits = frame.len() == place.len();
            if fits {
                place.copy_from_slice(frame);
            }
            fits
        }
        Compression::Zstd => zstandard::decompress(&[frame], &mut [place])[0] == Ok(place.len()),
        _ => {
            let room = i32::try_from(place.len()).ok();
            lz4::block::decompress_to_buffer(frame, room, place).is_ok_and(|written| written == place.len())
        }
    };
    codecs.iter().zip(frames).zip(places).map(one).collect()
}

/// The values of all pages as an array.
fn values(kind: Kind, parts: &[(&[u8], usize)], total: usize) -> Option<ArrayRef> {
    match kind {
        Kind::F64 => numbers::<f64>(parts, total),
        Kind::F32 => numbers::<f32>(parts, total),
        Kind::I64 => numbers::<i64>(parts, total),
        Kind::I32 => numbers::<i32>(parts, total),
        Kind::U64 => numbers::<u64>(parts, total),
        Kind::U32 => numbers::<u32>(parts, total),
        Kind::I16 => narrow(parts, total, |value| value as i16),
        Kind::U16 => narrow(parts, total, |value| value as u16),
        Kind::I8 => narrow(parts, total, |value| value as i8),
        Kind::U8 => narrow(parts, total, |value| value as u8),
        Kind::Bool => {
            let mut bits = BitmapBuilder::with_capacity(total);
            for (bytes, count) in parts {
                bits.extend_from_slice(bytes.get(..count.div_ceil(8))?, 0, *count);
            }
            Some(Box::new(BooleanArray::new(ArrowDataType::Boolean, bits.freeze(), None)))
        }
    }
}

fn plain<T: Pod>(parts: &[(&[u8], usize)], total: usize) -> Option<Vec<T>> {
    let mut values = vec![T::zeroed(); total];
    let mut filled = 0;
    for (bytes, count) in parts {
        let bytes = bytes.get(..count.checked_mul(size_of::<T>())?)?;
        bytemuck::cast_slice_mut(values.get_mut(filled..filled + count)?).copy_from_slice(bytes);
        filled += count;
    }
    Some(values)
}

fn numbers<T: NativeType + Pod>(parts: &[(&[u8], usize)], total: usize) -> Option<ArrayRef> {
    Some(Box::new(PrimitiveArray::new(T::PRIMITIVE.into(), plain::<T>(parts, total)?.into(), None)))
}

/// Short integers are stored in four bytes.
fn narrow<T: NativeType>(parts: &[(&[u8], usize)], total: usize, cut: impl Fn(i32) -> T) -> Option<ArrayRef> {
    let values: Vec<T> = plain::<i32>(parts, total)?.into_iter().map(cut).collect();
    Some(Box::new(PrimitiveArray::new(T::PRIMITIVE.into(), values.into(), None)))
}

#[cfg(test)]
mod tests;
