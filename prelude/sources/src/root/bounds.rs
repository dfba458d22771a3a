//! Bounds of columns that were read: neither trees nor ntuples have any, so they are kept once a whole segment was decoded.

use polars::prelude::*;
use segment::{ColumnStatistics, Scalar, Statistics};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// What is known of columns, by segment.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    known: RwLock<HashMap<usize, Statistics>>,
}

impl Bounds {
    /// Notes the bounds of columns of numbers that have all rows of a segment.
    pub(super) fn note(&self, segment: usize, columns: &[Column]) {
        let new = |column: &&Column| {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&segment).is_none_or(|known| !known.columns.contains_key(column.name().as_str()))
        };
        for column in columns.iter().filter(new) {
            let Some(bounds) = bounds(column.as_materialized_series()) else { continue };
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            let known = known.entry(segment).or_default();
            known.rows = column.len() as u64;
            known.columns.insert(column.name().to_string(), bounds);
        }
    }

    /// What is known of a segment.
    pub(super) fn of(&self, segment: usize) -> Option<Statistics> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&segment).cloned()
    }
}

/// Least and largest value, and how many are NaN; none of what is not a number.
fn bounds(series: &Series) -> Option<ColumnStatistics> {
    macro_rules! integers {
        ($($kind:ident: $get:ident),*) => {
            match series.dtype() {
                DataType::Float32 => {
                    let (low, high, nans) = floats(series.f32().ok()?.cont_slice().ok()?, f32::INFINITY, |value| value != value);
                    (Scalar::Float(low.into()), Scalar::Float(high.into()), nans)
                }
                DataType::Float64 => {
                    let (low, high, nans) = floats(series.f64().ok()?.cont_slice().ok()?, f64::INFINITY, |value| value != value);
                    (Scalar::Float(low), Scalar::Float(high), nans)
                }
                $(DataType::$kind => {
                    let values = series.$get().ok()?.cont_slice().ok()?;
                    let (low, high) = (values.iter().min()?, values.iter().max()?);
                    (Scalar::Int((*low).into()), Scalar::Int((*high).into()), 0)
                })*
                _ => return None,
            }
        };
    }
    let (low, high, nans) = integers!(Int8: i8, UInt8: u8, Int16: i16, UInt16: u16, Int32: i32, UInt32: u32,
        Int64: i64, UInt64: u64);
    let rows = series.len();
    let some = rows > nans;
    let bound = |bound: Scalar| some.then_some(bound);
    Some(ColumnStatistics { min: bound(low), max: bound(high), nulls: Some(0), nans: Some(nans as u64) })
}

/// Least, largest and number of NaNs; `infinity` and its negative where there are no other values. Eight at a time, which
/// compilers turn into vectors.
fn floats<T: Copy + PartialOrd + std::ops::Neg<Output = T>>(
    values: &[T],
    infinity: T,
    is_nan: impl Fn(T) -> bool,
) -> (T, T, usize) {
    const LANES: usize = 8;
    let mut low = [infinity; LANES];
    let mut high = [-infinity; LANES];
    let mut nans = [0u32; LANES];
    let mut all = 0;
    for block in values.chunks(1 << 20) {
        let (parts, rest) = block.as_chunks::<LANES>();
        let mut one = |lane: usize, value: T| {
            // Comparisons with NaN are false, so that it moves no bound.
            low[lane] = if value < low[lane] { value } else { low[lane] };
            high[lane] = if value > high[lane] { value } else { high[lane] };
            nans[lane] += u32::from(is_nan(value));
        };
        for part in parts {
            (0..LANES).for_each(|lane| one(lane, part[lane]));
        }
        rest.iter().for_each(|value| one(0, *value));
        all += nans.iter().map(|nans| *nans as usize).sum::<usize>();
        nans = [0; LANES];
    }
    let least = low.into_iter().fold(infinity, |least, value| if value < least { value } else { least });
    let most = high.into_iter().fold(-infinity, |most, value| if value > most { value } else { most });
    (least, most, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_values() {
        let values: Vec<f64> = (0..100).map(|n| if n % 10 == 3 { f64::NAN } else { f64::from(n) - 50.0 }).collect();
        let known = bounds(&Series::new("x".into(), values)).unwrap();
        assert_eq!((known.min, known.max), (Some(Scalar::Float(-50.0)), Some(Scalar::Float(49.0))));
        assert_eq!((known.nulls, known.nans), (Some(0), Some(10)));
        let known = bounds(&Series::new("x".into(), [f32::NAN; 3])).unwrap();
        assert_eq!((known.min, known.max, known.nans), (None, None, Some(3)));
        let known = bounds(&Series::new("x".into(), [f64::INFINITY, f64::NEG_INFINITY])).unwrap();
        assert_eq!(known.min, Some(Scalar::Float(f64::NEG_INFINITY)));
        let known = bounds(&Series::new("x".into(), [u64::MAX, 3])).unwrap();
        assert_eq!((known.min, known.max), (Some(Scalar::Int(3)), Some(Scalar::Int(u64::MAX.into()))));
        assert_eq!(bounds(&Series::new("x".into(), ["a"])), None);
        let store = Bounds::default();
        store.note(2, &[Column::new("n".into(), [1i32, 5]), Column::new("t".into(), ["a", "b"])]);
        assert_eq!(store.of(1), None);
        assert_eq!(store.of(2).map(|known| (known.rows, known.columns.len())), Some((2, 1)));
    }
}
