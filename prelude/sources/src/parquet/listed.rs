//! The fast way for lists of numbers, of truth values, and of objects made of them: PLAIN, and without nulls.
//!
//! A page of them begins with two runs of levels: the repetition level of an entry says whether it begins a row, its
//! definition level whether there is a value or only an empty list. With one bit for each, the offsets are counts of bits,
//! sixty-four entries at a time; the values lie behind them as they lie in memory. All pages of a chunk are decompressed
//! together. Whatever else a chunk holds, the answer is `None` and the general decoder reads it.

use super::Wanted;
use super::pages::{PageAt, levels, runs};
use bytemuck::Pod;
use polars::prelude::*;
use polars_arrow::array::{BooleanArray, ListArray, PrimitiveArray, StructArray};
use polars_arrow::bitmap::{BitmapBuilder, MutableBitmap};
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::schema::Repetition;
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard as zstandard;

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

/// Rows of a column of lists of a segment of `length` rows, whose leaves lie in these chunks; `None` when the general decoder
/// has to read it.
pub(super) fn column(
    file: &Bytes,
    chunks: &[&ColumnChunkMetadata],
    field: &ArrowField,
    rows: Wanted<'_>,
    length: usize,
) -> PolarsResult<Option<Series>> {
    let (ArrowDataType::LargeList(item) | ArrowDataType::List(item)) = &field.dtype else { return Ok(None) };
    let fields = match &item.dtype {
        ArrowDataType::Struct(fields) => fields.as_slice(),
        _ => std::slice::from_ref(&**item),
    };
    if chunks.len() != fields.len() || chunks.is_empty() || cfg!(target_endian = "big") {
        return Ok(None);
    }
    let Some(kinds) =
        chunks.iter().zip(fields).map(|(chunk, field)| kind(chunk, &field.dtype)).collect::<Option<Vec<_>>>()
    else {
        return Ok(None);
    };
    let mut found: Option<Vec<i64>> = None;
    let mut leaves = Vec::with_capacity(chunks.len());
    for (chunk, kind) in chunks.iter().zip(kinds) {
        let Some(leaf) = Leaf::read(file, chunk, kind, length)? else { return Ok(None) };
        // Leaves of one list that disagree are damage, which the general decoder tells.
        if found.as_ref().is_some_and(|found| *found != leaf.offsets) {
            return Ok(None);
        }
        found.get_or_insert(leaf.offsets);
        leaves.push(leaf.values);
    }
    let (Some(offsets), Some(first)) = (found, leaves.first()) else { return Ok(None) };
    let values: ArrayRef = match &item.dtype {
        ArrowDataType::Struct(_) => Box::new(StructArray::try_new(item.dtype.clone(), first.len(), leaves, None)?),
        _ => leaves.swap_remove(0),
    };
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    let lists = ListArray::try_new(dtype, OffsetsBuffer::try_from(offsets)?, values, None)?;
    let series = Series::try_from((field.name.clone(), Box::new(lists) as ArrayRef))?;
    Ok(Some(match rows {
        Wanted::Run(start, end) => series.slice(start as i64, end - start),
        Wanted::Rows(rows) => series.take(&IdxCa::from_slice(PlSmallStr::EMPTY, rows))?,
    }))
}

/// A leaf of a column of lists: where the objects of each row begin, and a value for each.
struct Leaf {
    offsets: Vec<i64>,
    values: ArrayRef,
}

/// The levels of a leaf, a bit for each entry.
struct Levels {
    /// Whether it begins a row: the repetition level is 0.
    repeats: MutableBitmap,
    /// Whether there is a value.
    present: MutableBitmap,
}

impl Leaf {
    fn read(file: &Bytes, chunk: &ColumnChunkMetadata, kind: Kind, rows: usize) -> PolarsResult<Option<Self>> {
        let Some((pages, bytes)) = unpacked(file, chunk)? else { return Ok(None) };
        let entries = pages.iter().map(|(page, _)| page.values).sum();
        let mut levels =
            Levels { repeats: MutableBitmap::with_capacity(entries), present: MutableBitmap::with_capacity(entries) };
        let mut parts: Vec<(&[u8], usize)> = Vec::with_capacity(pages.len());
        for (page, range) in &pages {
            let Some(part) = levels.page(&bytes[range.clone()], page.values, chunk) else { return Ok(None) };
            parts.push(part);
        }
        let Some(offsets) = levels.offsets(rows) else { return Ok(None) };
        let total = *offsets.last().unwrap_or(&0) as usize;
        Ok(values(kind, &parts, total).map(|values| Self { offsets, values }))
    }
}

type Unpacked = (Vec<(PageAt, std::ops::Range<usize>)>, Vec<u8>);

/// All pages of a chunk, decompressed one after another; `None` where one is of another kind.
fn unpacked(file: &Bytes, chunk: &ColumnChunkMetadata) -> PolarsResult<Option<Unpacked>> {
    let range = chunk.byte_range();
    let mut stored = vec![0; (range.end - range.start) as usize];
    file.read_at(range.start, &mut stored)?;
    let (mut at, mut size, mut pages) = (range.start, 0, Vec::new());
    while at < range.end {
        let Some(page) = PageAt::find(file, at, range.end)? else { return Ok(None) };
        let Some(plain) = page.plain.filter(|_| page.repetition) else { return Ok(None) };
        at = page.end;
        pages.push((page, size..size + plain));
        size += plain;
    }
    // No more memory than the footer states.
    let entries: usize = pages.iter().map(|(page, _)| page.values).sum();
    if size as i64 > chunk.uncompressed_size() || entries as i64 > chunk.num_values() {
        return Ok(None);
    }
    let bodies: Vec<&[u8]> = pages
        .iter()
        .map(|(page, _)| &stored[(page.body - range.start) as usize..(page.end - range.start) as usize])
        .collect();
    let mut bytes = vec![0; size];
    let mut places = Vec::with_capacity(pages.len());
    let mut rest = bytes.as_mut_slice();
    for (_, range) in &pages {
        let (place, more) = std::mem::take(&mut rest).split_at_mut(range.len());
        places.push(place);
        rest = more;
    }
    let written: Vec<Result<usize, String>> = match chunk.compression() {
        Compression::Zstd => {
            let written = zstandard::decompress(&bodies, &mut places);
            written.into_iter().map(|one| one.map_err(str::to_owned)).collect()
        }
        Compression::Uncompressed => {
            let copy = |(body, place): (&&[u8], &mut &mut [u8])| {
                if body.len() == place.len() {
                    place.copy_from_slice(body);
                }
                Ok(body.len())
            };
            bodies.iter().zip(&mut places).map(copy).collect()
        }
        _ => {
            let unpack = |(body, place): (&&[u8], &mut &mut [u8])| {
                let room = i32::try_from(place.len()).ok();
                lz4::block::decompress_to_buffer(body, room, place).map_err(|error| error.to_string())
            };
            bodies.iter().zip(&mut places).map(unpack).collect()
        }
    };
    for (written, (_, range)) in written.into_iter().zip(&pages) {
        match written {
            Ok(written) if written == range.len() => {}
            Ok(_) => return Ok(None),
            Err(error) => polars_bail!(ComputeError: "a page cannot be decompressed: {}", error),
        }
    }
    Ok(Some((pages, bytes)))
}

impl Levels {
    /// Takes the levels of a page of so many entries, and gives its values and how many there are.
    fn page<'a>(&mut self, page: &'a [u8], entries: usize, chunk: &ColumnChunkMetadata) -> Option<(&'a [u8], usize)> {
        let descriptor = chunk.descriptor();
        let full = u8::try_from(descriptor.descriptor.max_def_level).ok()?;
        // A list that is null, or an object or a value that is, has a level of its own: not here.
        let empty = u8::from(descriptor.base_type.get_field_info().repetition == Repetition::Optional);
        let (repetition, rest) = levels(page)?;
        let (definition, values) = levels(rest)?;
        let before = self.present.len() - self.present.unset_bits();
        runs(repetition, entries, 1, |code| (code < 2).then_some(code == 1), &mut self.repeats)?;
        let width = 8 - full.leading_zeros();
        let present = |code: u8| (code == full || code == empty).then_some(code == full);
        runs(definition, entries, width, present, &mut self.present)?;
        Some((values, self.present.len() - self.present.unset_bits() - before))
    }

    /// Where the objects of each row begin; `None` where the levels do not make so many rows.
    fn offsets(&self, rows: usize) -> Option<Vec<i64>> {
        let mut offsets = Vec::with_capacity(rows + 1);
        let mut before = 0;
        let entries = self.present.len();
        let (repeats, present) = (self.repeats.as_slice(), self.present.as_slice());
        for at in (0..entries).step_by(64) {
            let (again, value) = (word(repeats, at / 8), word(present, at / 8));
            let inside = if entries - at < 64 { (1 << (entries - at)) - 1 } else { u64::MAX };
            if again & !value & inside != 0 {
                return None;
            }
            let mut starts = !again & inside;
            while starts != 0 {
                let below = (1_u64 << starts.trailing_zeros()) - 1;
                offsets.push(before + i64::from((value & below).count_ones()));
                starts &= starts - 1;
            }
            before += i64::from((value & inside).count_ones());
        }
        offsets.push(before);
        let begins = entries == 0 || repeats[0] & 1 == 0;
        (offsets.len() == rows + 1 && begins).then_some(offsets)
    }
}

/// Eight bytes of bits from a byte on; what is not there is 0.
fn word(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8) {
        Some(eight) => u64::from_le_bytes(eight.try_into().unwrap_or_default()),
        None => bytes[at..].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
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
