//! The values of a table, collected block by block.

use crate::check::types::Type;
use crate::evaluate::integers::{self, Beyond};
use crate::evaluate::lane::{Data, Lane};
use polars::prelude::*;
use polars_arrow::bitmap::Bitmap;
use segment::marks;

/// Values of a part of a table.
pub(crate) struct Output {
    values: Values,
    /// 1 where there is a value; empty as long as there is one everywhere.
    valid: Vec<u8>,
    rows: usize,
}

enum Values {
    Bool(Vec<u8>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    /// Digits, and how many of them stand behind the point.
    I128(Vec<i128>, u8),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Text(Vec<String>),
}

impl Output {
    pub fn new(dtype: &Type, rows: usize) -> Self {
        let values = match dtype {
            Type::Bool => Values::Bool(Vec::with_capacity(rows)),
            Type::F32 => Values::F32(Vec::with_capacity(rows)),
            Type::Exact(scale) => Values::I128(Vec::with_capacity(rows), *scale),
            Type::F64 | Type::Null => Values::F64(Vec::with_capacity(rows)),
            Type::Text => Values::Text(Vec::with_capacity(rows)),
            Type::Int(width) if !width.signed => Values::U64(Vec::with_capacity(rows)),
            _ => Values::I64(Vec::with_capacity(rows)),
        };
        Self { values, valid: Vec::new(), rows: 0 }
    }

    /// Adds the values of a block; an error when an integer or a time needs more than 64 bits.
    pub fn extend(&mut self, lane: &Lane, rows: usize) -> Result<(), Beyond> {
        let all = 0..rows;
        match &mut self.values {
            Values::Bool(out) => {
                let bytes = lane.bytes();
                out.extend(all.map(|row| bytes.get(row)));
            }
            Values::I64(out) => match lane.data {
                Data::I128(..) => narrow(out, lane, rows)?,
                _ => extend(out, &lane.i64(), rows),
            },
            Values::U64(out) => match lane.data {
                Data::I128(..) => narrow(out, lane, rows)?,
                _ => extend(out, &lane.u64(), rows),
            },
            Values::I128(out, scale) => out.extend(integers::at_scale(lane, *scale, rows)?),
            Values::F32(out) => extend(out, &lane.f32(), rows),
            Values::F64(out) => extend(out, &lane.f64(), rows),
            Values::Text(out) => out.extend(all.map(|row| lane.text(row).to_owned())),
        }
        match &lane.valid {
            Some(valid) => {
                self.valid.resize(self.rows, 1);
                self.valid.extend_from_slice(valid);
            }
            None if !self.valid.is_empty() => self.valid.resize(self.rows + rows, 1),
            None => {}
        }
        self.rows += rows;
        Ok(())
    }

    /// The column that all parts make together.
    pub fn series(parts: Vec<Self>, dtype: &Type, name: PlSmallStr) -> segment::Result<Series> {
        let mut whole: Option<Series> = None;
        for part in parts {
            let series = part.chunk(name.clone());
            match &mut whole {
                None => whole = Some(series),
                Some(whole) => {
                    whole.append(&series)?;
                }
            }
        }
        let whole = whole.unwrap_or_else(|| Self::new(dtype, 0).chunk(name)).rechunk();
        let wanted = dtype.dtype();
        if whole.dtype() == &wanted {
            return Ok(whole);
        }
        // Nothing is lost: the type is wide enough for every value.
        Ok(match wanted {
            DataType::Null => whole.cast(&DataType::Null)?,
            wanted => whole.strict_cast(&wanted)?,
        })
    }

    fn chunk(self, name: PlSmallStr) -> Series {
        let valid = self.valid;
        match self.values {
            Values::Bool(values) if valid.is_empty() => {
                let mut bits = Vec::with_capacity(values.len() / 8 + 1);
                marks::pack(&values, &mut bits);
                BooleanChunked::from_bitmap(name, Bitmap::from_u8_vec(bits, values.len())).into_series()
            }
            Values::Bool(values) => {
                let made = values.iter().enumerate().map(|(row, x)| has(&valid, row).then_some(*x == 1));
                BooleanChunked::from_iter_options(name, made).into_series()
            }
            Values::I64(values) if valid.is_empty() => Int64Chunked::from_vec(name, values).into_series(),
            Values::U64(values) if valid.is_empty() => UInt64Chunked::from_vec(name, values).into_series(),
            Values::F32(values) if valid.is_empty() => Float32Chunked::from_vec(name, values).into_series(),
            Values::F64(values) if valid.is_empty() => Float64Chunked::from_vec(name, values).into_series(),
            Values::I64(values) => Int64Chunked::from_iter_options(name, options(&values, &valid)).into_series(),
            Values::U64(values) => UInt64Chunked::from_iter_options(name, options(&values, &valid)).into_series(),
            Values::F32(values) => Float32Chunked::from_iter_options(name, options(&values, &valid)).into_series(),
            Values::F64(values) => Float64Chunked::from_iter_options(name, options(&values, &valid)).into_series(),
            Values::I128(values, scale) => {
                let whole = Int128Chunked::from_iter_options(name, options(&values, &valid));
                if scale == 0 {
                    whole.into_series()
                } else {
                    whole.into_decimal_unchecked(38, scale.into()).into_series()
                }
            }
            Values::Text(values) => {
                let made = values.iter().enumerate().map(|(row, text)| has(&valid, row).then_some(text.as_str()));
                StringChunked::from_iter_options(name, made).into_series()
            }
        }
    }
}

/// Digits as integers of 64 bits.
fn narrow<T: TryFrom<i128> + Default>(out: &mut Vec<T>, lane: &Lane, rows: usize) -> Result<(), Beyond> {
    let digits = lane.digits().0;
    for row in 0..rows {
        let value = if lane.is_valid(row) { digits.get(row) } else { 0 };
        out.push(T::try_from(value).map_err(|_| Beyond::column(value))?);
    }
    Ok(())
}

fn extend<T: Copy>(out: &mut Vec<T>, values: &crate::evaluate::kernel::Arg<T>, rows: usize) {
    match values {
        crate::evaluate::kernel::Arg::Many(values) => out.extend_from_slice(values),
        crate::evaluate::kernel::Arg::One(value) => out.extend(std::iter::repeat_n(*value, rows)),
    }
}

fn has(valid: &[u8], row: usize) -> bool {
    valid.get(row).is_none_or(|valid| *valid == 1)
}

fn options<T: Copy>(values: &[T], valid: &[u8]) -> impl Iterator<Item = Option<T>> {
    values.iter().enumerate().map(|(row, x)| has(valid, row).then_some(*x))
}
