//! The fast way for what ntuples are made of: numbers of four or eight bytes, PLAIN or with a dictionary, without nulls.
//!
//! A plain page of them is a run of little-endian values, so it is read or decompressed to where the column wants it instead
//! of being decoded, and a page without a wanted row is not read at all. Many writers begin every column with a dictionary,
//! and go on without when it gets long: it is read when the first page wants it. Compressed pages are decompressed together,
//! several of each column. Whatever else a chunk holds (nulls, other encodings), the answer is `None` and the general decoder
//! reads it.

pub(super) mod room;
mod values;

use super::Wanted;
use polars::prelude::*;
use polars_arrow::datatypes::TimeUnit as ArrowTimeUnit;
use polars_parquet::parquet::compression::Compression;
use polars_parquet::parquet::schema::types::{PrimitiveLogicalType, TimeUnit as Stored};
use polars_parquet::read::{ColumnChunkMetadata, PhysicalType};
use recoil_bytes::Bytes;
use recoil_zstandard as zstandard;
use room::Room;
use std::cell::RefCell;
use values::{Reading, Values};

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
    if descriptor.max_rep_level > 0 || descriptor.max_def_level > 1 {
        return None;
    }
    // Its pages may be of several members, of which the library's decompressor reads the first.
    if chunk.compression() == Compression::Gzip {
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

/// A column in a segment, and what its values are.
pub(super) struct Chunk<'a> {
    pub(super) metadata: &'a ColumnChunkMetadata,
    pub(super) kind: Kind,
    pub(super) name: &'a PlSmallStr,
}

thread_local! {
    static ROOMS: RefCell<Vec<Room>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of all chunks that are decompressed at once: enough of them that short pages, too, have streams for all lanes, and
/// few enough that they are in the caches when their values come to their places.
const ROUND: usize = 1 << 20;

/// The rows of chunks, or `None` when one is not as plain as it looked. Compressed pages of all of them are decompressed
/// together, which is faster.
pub(super) fn decode(file: &Bytes, chunks: &[Chunk<'_>], rows: Wanted<'_>) -> Vec<PolarsResult<Option<Column>>> {
    let mut readings: Vec<Box<dyn Reading>> = chunks.iter().map(|chunk| reading(file, chunk, rows)).collect();
    let mut rooms = ROOMS.take();
    rooms.resize_with(rooms.len().max(chunks.len()), Room::default);
    let each = ROUND / chunks.len().max(1);
    loop {
        let (mut frames, mut places) = (Vec::new(), Vec::new());
        for (reading, room) in readings.iter_mut().zip(&mut rooms) {
            reading.advance(room, each);
            reading.waiting(room, &mut frames, &mut places);
        }
        if frames.is_empty() {
            break;
        }
        let mut written = zstandard::decompress(&frames, &mut places).into_iter();
        for (reading, room) in readings.iter_mut().zip(&mut rooms) {
            reading.accept(room, &mut written);
        }
    }
    ROOMS.set(rooms);
    readings.into_iter().zip(chunks).map(|(reading, chunk)| reading.column(chunk.name.clone())).collect()
}

fn reading<'a>(file: &'a Bytes, chunk: &Chunk<'a>, rows: Wanted<'a>) -> Box<dyn Reading + 'a> {
    let metadata = chunk.metadata;
    match chunk.kind {
        Kind::F64 => Box::new(Values::<f64>::new(file, metadata, rows)),
        Kind::F32 => Box::new(Values::<f32>::new(file, metadata, rows)),
        Kind::I64 => Box::new(Values::<i64>::new(file, metadata, rows)),
        Kind::I32 => Box::new(Values::<i32>::new(file, metadata, rows)),
        Kind::U64 => Box::new(Values::<u64>::new(file, metadata, rows)),
        Kind::U32 => Box::new(Values::<u32>::new(file, metadata, rows)),
    }
}

#[cfg(test)]
mod tests;
