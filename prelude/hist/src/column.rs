//! Columns as they come: slices and Polars series, read in place, a tile of rows at a time.

use crate::clock;
use crate::error::{Error, Result};
use polars::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;

/// How many values before their turn memory is asked for: the time in which those between are binned and added up.
const AHEAD: usize = 512;

/// The values of one column, without a copy where they are numbers.
pub(crate) struct Column<'a> {
    chunks: Vec<Chunk<'a>>,
    length: usize,
    /// Bits of rows that have a value; absent when all have.
    valid: Option<BooleanChunked>,
}

struct Chunk<'a> {
    from: usize,
    values: Values<'a>,
}

enum Values<'a> {
    F64(Cow<'a, [f64]>),
    F32(&'a [f32]),
    I64(&'a [i64]),
    I32(&'a [i32]),
    I16(&'a [i16]),
    I8(&'a [i8]),
    U64(&'a [u64]),
    U32(&'a [u32]),
    U16(&'a [u16]),
    U8(&'a [u8]),
}

macro_rules! for_values {
    ($values:expr, $slice:ident => $body:expr) => {
        match $values {
            Values::F64($slice) => $body,
            Values::F32($slice) => $body,
            Values::I64($slice) => $body,
            Values::I32($slice) => $body,
            Values::I16($slice) => $body,
            Values::I8($slice) => $body,
            Values::U64($slice) => $body,
            Values::U32($slice) => $body,
            Values::U16($slice) => $body,
            Values::U8($slice) => $body,
        }
    };
}

impl<'a> Column<'a> {
    /// A column of numbers without missing rows (NaN is a value here).
    pub(crate) fn slice(values: &'a [f64]) -> Self {
        Self::whole(Cow::Borrowed(values), None)
    }

    fn whole(values: Cow<'a, [f64]>, valid: Option<BooleanChunked>) -> Self {
        Self { length: values.len(), chunks: vec![Chunk { from: 0, values: Values::F64(values) }], valid }
    }

    /// What is filled along an axis: numbers, or times and durations in seconds. (A time is no weight, and has no mean that
    /// anybody shows.)
    pub(crate) fn along_axis(series: &'a Series) -> Result<Self> {
        let Some(seconds) = clock::seconds(series.dtype()) else { return Self::numbers(series) };
        let counts = series.cast(&DataType::Int64)?;
        Ok(Self::whole(counts.i64()?.iter().map(|count| count.map_or(f64::NAN, seconds)).collect(), None))
    }

    /// A series of numbers or of truth values; others are refused.
    pub(crate) fn numbers(series: &'a Series) -> Result<Self> {
        let valid = validity(series);
        macro_rules! chunks {
            ($array:expr, $kind:ident) => {{
                let mut from = 0;
                let mut chunks = Vec::new();
                for array in $array?.downcast_iter() {
                    let values: &[_] = array.values();
                    chunks.push(Chunk { from, values: Values::$kind(values.into()) });
                    from += values.len();
                }
                Self { chunks, length: series.len(), valid }
            }};
        }
        Ok(match series.dtype() {
            DataType::Float64 => chunks!(series.f64(), F64),
            DataType::Float32 => chunks!(series.f32(), F32),
            DataType::Int64 => chunks!(series.i64(), I64),
            DataType::Int32 => chunks!(series.i32(), I32),
            DataType::Int16 => chunks!(series.i16(), I16),
            DataType::Int8 => chunks!(series.i8(), I8),
            DataType::UInt64 => chunks!(series.u64(), U64),
            DataType::UInt32 => chunks!(series.u32(), U32),
            DataType::UInt16 => chunks!(series.u16(), U16),
            DataType::UInt8 => chunks!(series.u8(), U8),
            DataType::Boolean => {
                let values = series.bool()?.iter().map(|value| f64::from(u8::from(value == Some(true))));
                Self::whole(values.collect(), valid)
            }
            DataType::Null => Self::whole(vec![f64::NAN; series.len()].into(), None),
            other if other.is_numeric() => {
                let wide = series.cast(&DataType::Float64)?;
                let values: Vec<f64> = wide.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
                Self::whole(values.into(), None)
            }
            other @ DataType::List(_) => {
                let name = series.name();
                return Err(Error::fill(format!(
                    "column `{name}` is {other}, a list in each row; fill one value of it, such as `{name}[0]`, or make rows \
                     of its values with `.each(..)`"
                )));
            }
            other => {
                return Err(Error::fill(format!(
                    "column `{}` is {other}, not numbers; use Axis::category for texts, or cast it to a number first",
                    series.name()
                )));
            }
        })
    }

    /// A series of texts, as positions in `categories`; `categories.len()` for others and NaN for missing.
    pub(crate) fn texts(series: &Series, categories: &[String]) -> Result<Column<'static>> {
        let positions: HashMap<&str, f64> =
            categories.iter().enumerate().map(|(at, name)| (name.as_str(), at as f64)).collect();
        let other = categories.len() as f64;
        let cast;
        let texts = match series.dtype() {
            DataType::String => series.str()?,
            DataType::Categorical(..) | DataType::Enum(..) => {
                cast = series.cast(&DataType::String)?;
                cast.str()?
            }
            DataType::Null => return Ok(Column::whole(vec![f64::NAN; series.len()].into(), None)),
            dtype => {
                let name = series.name();
                return Err(Error::fill(format!("the axis has text categories, but column `{name}` is {dtype}")));
            }
        };
        let codes: Vec<f64> = texts
            .iter()
            .map(|text| text.map_or(f64::NAN, |text| positions.get(text).copied().unwrap_or(other)))
            .collect();
        Ok(Column::whole(codes.into(), None))
    }

    /// The integers of the column, as positions in `categories`; `categories.len()` for others, NaN for missing.
    pub(crate) fn codes(&self, categories: &[i64]) -> Column<'static> {
        let positions: HashMap<i64, f64> =
            categories.iter().enumerate().map(|(at, &number)| (number, at as f64)).collect();
        let other = categories.len() as f64;
        let mut codes = Vec::with_capacity(self.length);
        for chunk in &self.chunks {
            for_values!(&chunk.values, slice => codes.extend(slice.iter().map(|&value| match value.exact() {
                Exact::Integer(number) => positions.get(&number).copied().unwrap_or(other),
                Exact::Other => other,
                Exact::Missing => f64::NAN,
            })));
        }
        Column::whole(codes.into(), self.valid.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The values of rows `from..until` as floating point, NaN for missing; in place when that is possible.
    pub(crate) fn tile<'b>(&'b self, from: usize, until: usize, buffer: &'b mut Vec<f64>) -> &'b [f64] {
        let mut at = self.chunks.partition_point(|chunk| chunk.from <= from).saturating_sub(1);
        if let (Values::F64(values), None) = (&self.chunks[at].values, &self.valid) {
            let start = from - self.chunks[at].from;
            if let Some(tile) = values.get(start..start + (until - from)) {
                fetch(values.get(start + AHEAD..).unwrap_or_default(), tile.len());
                return tile;
            }
        }
        buffer.clear();
        let mut next = from;
        while next < until {
            let chunk = &self.chunks[at];
            let start = next - chunk.from;
            let taken = for_values!(&chunk.values, slice => {
                let end = slice.len().min(start + (until - next));
                buffer.extend(slice[start..end].iter().map(|&value| value.wide()));
                end - start
            });
            next += taken;
            at += 1;
        }
        if let Some(valid) = &self.valid {
            let bits = valid.downcast_as_array().values();
            for (row, value) in (from..until).zip(buffer.iter_mut()) {
                if !bits.get_bit(row) {
                    *value = f64::NAN;
                }
            }
        }
        buffer
    }
}

/// Asks for the first of `values` to be brought into the cache.
fn fetch(values: &[f64], count: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in values[..count.min(values.len())].chunks(8) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch neither reads nor writes memory that a program could see, and the address is that of a slice.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, count);
}

fn validity(series: &Series) -> Option<BooleanChunked> {
    (series.null_count() > 0).then(|| series.is_not_null().rechunk().into_owned())
}

enum Exact {
    Integer(i64),
    Other,
    Missing,
}

trait Widen: Copy {
    fn wide(self) -> f64;
    fn exact(self) -> Exact;
}

macro_rules! widen_integers {
    ($($number:ty)*) => { $(
        impl Widen for $number {
            #[inline]
            fn wide(self) -> f64 {
                self as f64
            }

            fn exact(self) -> Exact {
                i64::try_from(self).map_or(Exact::Other, Exact::Integer)
            }
        }
    )* };
}
widen_integers!(i64 i32 i16 i8 u64 u32 u16 u8);

macro_rules! widen_floats {
    ($($number:ty)*) => { $(
        impl Widen for $number {
            #[inline]
            fn wide(self) -> f64 {
                self as f64
            }

            fn exact(self) -> Exact {
                let value = self as f64;
                match value {
                    _ if value.is_nan() => Exact::Missing,
                    // Between these powers of two every whole number converts without loss.
                    _ if value.fract() == 0.0 && value.abs() < 9.0e18 => Exact::Integer(value as i64),
                    _ => Exact::Other,
                }
            }
        }
    )* };
}
widen_floats!(f64 f32);
