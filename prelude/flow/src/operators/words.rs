//! Keys as words of 64 bits, which are compared and hashed alike for all types of columns.

use crate::error::{Error, Result};
use polars::prelude::*;
use segment::random::digest;

/// The word of what is missing.
const NULL: u64 = 0x9e37_79b9_7f4a_7c15;

/// Values as words that are equal when the values are, and ordered like them where they have an order.
pub(crate) fn words(column: &Series) -> Result<Vec<u64>> {
    const SIGN: u64 = 1 << 63;
    if matches!(column.dtype(), DataType::Categorical(..) | DataType::Enum(..)) {
        // Their numbers depend on the file.
        return words(&column.cast(&DataType::String)?);
    }
    let physical = column.to_physical_repr();
    Ok(match physical.dtype() {
        DataType::Float32 | DataType::Float64 => {
            let values = physical.cast(&DataType::Float64)?;
            each(values.f64()?, ordered)
        }
        DataType::UInt64 => each(physical.u64()?, |value| value),
        // Beyond 64 bits there is no order of words.
        DataType::Int128 => physical.i128()?.iter().map(|value| value.map_or(NULL, wide)).collect(),
        DataType::UInt128 => return Err(no_key(column)),
        dtype if dtype.is_integer() || dtype.is_bool() => {
            let values = physical.cast(&DataType::Int64)?;
            each(values.i64()?, |value| value as u64 ^ SIGN)
        }
        DataType::String => physical.str()?.iter().map(|text| text.map_or(NULL, hash)).collect(),
        _ => return Err(no_key(column)),
    })
}

/// The words of numbers; those of which none is missing lie side by side.
fn each<T: PolarsNumericType>(values: &ChunkedArray<T>, word: impl Fn(T::Native) -> u64) -> Vec<u64> {
    match values.cont_slice() {
        Ok(all) => all.iter().map(|value| word(*value)).collect(),
        Err(_) => values.iter().map(|value| value.map_or(NULL, &word)).collect(),
    }
}

fn no_key(column: &Series) -> Error {
    Error::request(format!("column `{}` of type {} cannot be a key", column.name(), column.dtype()))
}

fn wide(value: i128) -> u64 {
    digest([value as u64, (value >> 64) as u64])
}

/// The same for the same text for good: events are drawn by it.
fn hash(text: &str) -> u64 {
    let words = text.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    });
    digest(std::iter::once(text.len() as u64).chain(words))
}

/// The bits of a number, in the order of the numbers; both zeros are one, and all NaN.
pub(crate) fn ordered(value: f64) -> u64 {
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_order_of_numbers() {
        let values = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 1e-300, 3.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert_eq!(ordered(0.0), ordered(-0.0));
        let column = Series::new("x".into(), [i64::MIN, -1, 0, i64::MAX]);
        assert!(words(&column).unwrap().is_sorted());
        let missing = words(&Series::new("x".into(), [Some(i64::MIN), None, Some(-1)])).unwrap();
        assert_eq!([missing[0], missing[2]], words(&column).unwrap()[..2]);
        assert_eq!(missing[1], words(&Series::new("f".into(), [None, Some(1.5)])).unwrap()[0]);
    }
}
