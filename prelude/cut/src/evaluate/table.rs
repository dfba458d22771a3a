//! The columns of a frame as slices, block by block.

use crate::evaluate::lane::{Data, Lane, Texts};
use polars::prelude::*;
use polars_arrow::array::{Array, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use segment::marks;
use std::borrow::Cow;

/// One column of a frame: its chunks, each a slice.
#[derive(Debug)]
pub(crate) struct Column<'a> {
    pieces: Vec<Piece<'a>>,
    /// What a stored integer is multiplied with (times: nanoseconds per unit).
    scale: i64,
    /// How many digits of a decimal stand behind the point.
    decimals: u8,
}

#[derive(Debug)]
struct Piece<'a> {
    start: usize,
    end: usize,
    values: Values<'a>,
    valid: Option<&'a Bitmap>,
}

#[derive(Debug, Clone, Copy)]
enum Values<'a> {
    Null,
    Bool(&'a Bitmap),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    U64(&'a [u64]),
    I128(&'a [i128]),
    F32(&'a [f32]),
    F64(&'a [f64]),
    Text(&'a Utf8ViewArray),
}

/// The column in a type that [`Column::new`] can slice.
pub(crate) fn prepare(column: &polars::prelude::Column) -> PolarsResult<Series> {
    let series = column.as_materialized_series();
    let plain = match series.dtype() {
        DataType::Categorical(..) | DataType::Enum(..) => series.cast(&DataType::String)?,
        // Larger numbers are an error.
        DataType::UInt128 => series.strict_cast(&DataType::Int128)?,
        _ => series.clone(),
    };
    // Many small chunks would make many small blocks.
    Ok(if plain.n_chunks() > 1 && plain.len() / plain.n_chunks() < 4 * crate::evaluate::block::BLOCK {
        plain.rechunk()
    } else {
        plain
    })
}

macro_rules! numbers {
    ($chunked:expr, $variant:ident) => {
        pieces(
            $chunked
                .downcast_iter()
                .map(|array| (array.len(), Values::$variant(array.values().as_slice()), array.validity())),
        )
    };
}

impl<'a> Column<'a> {
    pub fn new(series: &'a Series) -> PolarsResult<Self> {
        let (mut scale, mut decimals) = (1, 0);
        let pieces = match series.dtype() {
            DataType::Null => vec![Piece { start: 0, end: series.len(), values: Values::Null, valid: None }],
            DataType::Boolean => pieces(
                series
                    .bool()?
                    .downcast_iter()
                    .map(|array| (array.len(), Values::Bool(array.values()), array.validity())),
            ),
            DataType::Int8 => numbers!(series.i8()?, I8),
            DataType::Int16 => numbers!(series.i16()?, I16),
            DataType::Int32 => numbers!(series.i32()?, I32),
            DataType::Int64 => numbers!(series.i64()?, I64),
            DataType::UInt8 => numbers!(series.u8()?, U8),
            DataType::UInt16 => numbers!(series.u16()?, U16),
            DataType::UInt32 => numbers!(series.u32()?, U32),
            DataType::UInt64 => numbers!(series.u64()?, U64),
            DataType::Int128 => numbers!(series.i128()?, I128),
            DataType::Decimal(_, behind) => {
                decimals = u8::try_from(*behind).unwrap_or(u8::MAX);
                numbers!(series.decimal()?.physical(), I128)
            }
            DataType::Float32 => numbers!(series.f32()?, F32),
            DataType::Float64 => numbers!(series.f64()?, F64),
            DataType::String => {
                pieces(series.str()?.downcast_iter().map(|array| (array.len(), Values::Text(array), array.validity())))
            }
            DataType::Date => {
                scale = 86_400_000_000_000;
                numbers!(series.date()?.physical(), I32)
            }
            DataType::Datetime(unit, _) => {
                scale = nanoseconds(*unit);
                numbers!(series.datetime()?.physical(), I64)
            }
            DataType::Duration(unit) => {
                scale = nanoseconds(*unit);
                numbers!(series.duration()?.physical(), I64)
            }
            other => polars_bail!(InvalidOperation: "a cut cannot use a column of type {other}"),
        };
        Ok(Self { pieces, scale, decimals })
    }

    fn piece(&self, row: usize) -> &Piece<'a> {
        let after = self.pieces.partition_point(|piece| piece.start <= row);
        &self.pieces[after.saturating_sub(1)]
    }

    /// No row of it.
    pub fn empty(&self) -> Lane<'a> {
        match self.pieces.first() {
            Some(piece) => Lane::new(piece.data(0, 0, None)),
            None => Lane::new(Data::F64(Vec::new().into())),
        }
    }

    /// Where the chunk that holds `row` ends.
    pub fn end(&self, row: usize) -> usize {
        self.piece(row).end
    }

    /// Whether all values of the chunk with this row are there.
    pub fn complete(&self, row: usize) -> bool {
        let piece = self.piece(row);
        piece.valid.is_none() && !matches!(piece.values, Values::Null)
    }

    /// Rows `start..start + rows`, which lie in one chunk; of them only `chosen`, when it is given. Times are in
    /// nanoseconds.
    pub fn load(&self, start: usize, rows: usize, chosen: Option<&[u32]>) -> Lane<'a> {
        let mut lane = self.stored(start, rows, chosen);
        if self.scale != 1 {
            lane.data = scaled(&lane, self.scale, chosen.map_or(rows, <[u32]>::len));
        }
        lane
    }

    /// The same in the units of the column.
    pub fn stored(&self, start: usize, rows: usize, chosen: Option<&[u32]>) -> Lane<'a> {
        let piece = self.piece(start);
        let at = start - piece.start;
        let mut lane = Lane { data: piece.data(at, rows, chosen), valid: piece.valid(at, rows, chosen) };
        if let Data::I128(_, decimals) = &mut lane.data {
            *decimals = self.decimals;
        }
        lane.blank();
        lane
    }

    /// Nanoseconds in a unit of the column.
    pub fn unit(&self) -> i128 {
        self.scale.into()
    }

    /// How many digits of its decimals stand behind the point.
    pub fn decimals(&self) -> u8 {
        self.decimals
    }
}

fn nanoseconds(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    }
}

/// Times in nanoseconds, of 128 bits where 64 do not reach.
fn scaled<'a>(lane: &Lane<'a>, scale: i64, rows: usize) -> Data<'a> {
    let values = lane.i64();
    let narrow: Option<Vec<i64>> = (0..rows).map(|row| values.get(row).checked_mul(scale)).collect();
    match narrow {
        Some(narrow) => Data::I64(narrow.into()),
        None => Data::I128((0..rows).map(|row| i128::from(values.get(row)) * i128::from(scale)).collect(), 0),
    }
}

fn pieces<'a>(chunks: impl Iterator<Item = (usize, Values<'a>, Option<&'a Bitmap>)>) -> Vec<Piece<'a>> {
    let mut start = 0;
    let mut out = Vec::new();
    for (length, values, valid) in chunks {
        let valid = valid.filter(|valid| valid.unset_bits() > 0);
        out.push(Piece { start, end: start + length, values, valid });
        start += length;
    }
    out
}

impl<'a> Piece<'a> {
    fn valid(&self, at: usize, rows: usize, chosen: Option<&[u32]>) -> Option<Cow<'a, [u8]>> {
        if let Values::Null = self.values {
            return Some(vec![0; chosen.map_or(rows, <[u32]>::len)].into());
        }
        self.valid.map(|valid| bits(valid, at, rows, chosen).into())
    }

    fn data(&self, at: usize, rows: usize, chosen: Option<&[u32]>) -> Data<'a> {
        match self.values {
            Values::Null => Data::F64(vec![f64::NAN; chosen.map_or(rows, <[u32]>::len)].into()),
            Values::Bool(values) => Data::Bool(bits(values, at, rows, chosen).into()),
            Values::I8(values) => Data::I8(part(values, at, rows, chosen)),
            Values::I16(values) => Data::I16(part(values, at, rows, chosen)),
            Values::I32(values) => Data::I32(part(values, at, rows, chosen)),
            Values::I64(values) => Data::I64(part(values, at, rows, chosen)),
            Values::U8(values) => Data::U8(part(values, at, rows, chosen)),
            Values::U16(values) => Data::U16(part(values, at, rows, chosen)),
            Values::U32(values) => Data::U32(part(values, at, rows, chosen)),
            Values::U64(values) => Data::U64(part(values, at, rows, chosen)),
            Values::I128(values) => Data::I128(part(values, at, rows, chosen), 0),
            Values::F32(values) => Data::F32(part(values, at, rows, chosen)),
            Values::F64(values) => Data::F64(part(values, at, rows, chosen)),
            Values::Text(array) => Data::Text(match chosen {
                None => Texts::Views(array, at),
                Some(chosen) => Texts::Picked(array, chosen.iter().map(|row| at as u32 + row).collect()),
            }),
        }
    }
}

fn part<'a, T: Copy>(values: &'a [T], at: usize, rows: usize, chosen: Option<&[u32]>) -> Cow<'a, [T]> {
    let values = &values[at..at + rows];
    match chosen {
        None => values.into(),
        Some(chosen) => chosen.iter().map(|row| values[*row as usize]).collect(),
    }
}

fn bits(values: &Bitmap, at: usize, rows: usize, chosen: Option<&[u32]>) -> Vec<u8> {
    let (bytes, offset, _) = values.as_slice();
    match chosen {
        None => marks::unpack(bytes, offset + at, rows),
        Some(chosen) => {
            let bit = |row: &u32| offset + at + *row as usize;
            chosen.iter().map(|row| bytes[bit(row) / 8] >> (bit(row) % 8) & 1).collect()
        }
    }
}

impl Lane<'_> {
    /// Puts NaN where a floating point value is missing.
    fn blank(&mut self) {
        let Some(valid) = &self.valid else { return };
        match &mut self.data {
            Data::F32(values) => blank(values.to_mut(), valid, f32::NAN),
            Data::F64(values) => blank(values.to_mut(), valid, f64::NAN),
            _ => {}
        }
    }
}

fn blank<T: Copy>(values: &mut [T], valid: &[u8], missing: T) {
    for (value, valid) in values.iter_mut().zip(valid) {
        if *valid == 0 {
            *value = missing;
        }
    }
}
