//! States of groups as columns, and back: so they are put on a disk.

use crate::error::{Error, Result};
use crate::operators::state::State;
use crate::operators::values::Order;
use crate::plan::aggregation::AggregateFunction;
use polars::prelude::*;

/// The name of a column of the state at a place.
fn name(at: usize, part: usize) -> PlSmallStr {
    format!("{at}.{part}").into()
}

/// The halves of wide integers.
fn halves(values: impl Iterator<Item = i128> + Clone) -> [Vec<u64>; 2] {
    [values.clone().map(|value| value as u64).collect(), values.map(|value| (value >> 64) as u64).collect()]
}

fn whole(low: u64, high: u64) -> i128 {
    i128::from(high as i64) << 64 | i128::from(low)
}

/// A value as its kind and its bits.
fn coded(value: Option<Order>) -> (u8, i128) {
    match value {
        None => (0, 0),
        Some(Order::Float(value)) => (1, value.to_bits().into()),
        Some(Order::Signed(value)) => (2, value.into()),
        Some(Order::Unsigned(value)) => (3, value.into()),
        Some(Order::Wide(value)) => (4, value),
    }
}

fn decoded(kind: u8, bits: i128) -> Option<Order> {
    Some(match kind {
        1 => Order::Float(f64::from_bits(bits as u64)),
        2 => Order::Signed(bits as i64),
        3 => Order::Unsigned(bits as u64),
        4 => Order::Wide(bits),
        _ => return None,
    })
}

/// A column of lists of numbers.
fn lists<'a, T: PolarsNumericType>(at: usize, lists: impl ExactSizeIterator<Item = Vec<T::Native>> + 'a) -> Column {
    let dtype = T::get_static_dtype();
    let mut builder = ListPrimitiveChunkedBuilder::<T>::new(name(at, 0), lists.len(), lists.len(), dtype);
    lists.for_each(|values| builder.append_slice(&values));
    builder.finish().into_column()
}

impl State {
    /// The columns of the state of the aggregation at a place, whose inputs are of a type.
    ///
    /// # Errors
    /// Values of a type that no column holds.
    pub fn columns(&self, at: usize, input: &DataType) -> Result<Vec<Column>> {
        let column = |part: usize, values: Series| values.with_name(name(at, part)).into_column();
        let floats = |part: usize, values: &[f64]| column(part, Series::new(PlSmallStr::EMPTY, values));
        let words = |part: usize, values: &[u64]| column(part, Series::new(PlSmallStr::EMPTY, values));
        let wide = |values: &[i128]| halves(values.iter().copied());
        Ok(match self {
            Self::Float { sum: true, sums, .. } => vec![floats(0, sums)],
            Self::Float { sums, counts, .. } => vec![floats(0, sums), words(1, counts)],
            Self::Whole { sums, lost } => {
                let [low, high] = wide(sums);
                vec![words(0, &low), words(1, &high), words(2, &vec![u64::from(*lost); sums.len()])]
            }
            Self::Integer { sums, counts } => {
                let [low, high] = wide(sums);
                vec![words(0, &low), words(1, &high), words(2, counts)]
            }
            Self::Peak { values, .. } => vec![floats(0, values)],
            Self::Extreme { values, .. } => {
                let [low, high] = halves(values.iter().map(|value| coded(*value).1));
                let kinds: Vec<u64> = values.iter().map(|value| coded(*value).0.into()).collect();
                vec![words(0, &low), words(1, &high), words(2, &kinds)]
            }
            Self::Count(counts) => vec![words(0, counts)],
            Self::Pick { values, .. } => {
                vec![column(0, Series::from_any_values_and_dtype(PlSmallStr::EMPTY, values, input, true)?)]
            }
            Self::Spread { counts, means, squares } => vec![floats(0, counts), floats(1, means), floats(2, squares)],
            Self::Values(values) => vec![lists::<Float64Type>(at, values.iter().cloned())],
            Self::Distinct(values) => {
                vec![lists::<UInt64Type>(at, values.iter().map(|set| set.iter().copied().collect()))]
            }
        })
    }

    /// The state of these columns.
    ///
    /// # Errors
    /// Columns of something else.
    pub fn of_columns(function: AggregateFunction, input: &DataType, frame: &DataFrame, at: usize) -> Result<Self> {
        let series = |part: usize| Ok::<_, Error>(frame.column(&name(at, part))?.as_materialized_series().rechunk());
        let floats = |part: usize| Ok::<_, Error>(series(part)?.f64()?.cont_slice()?.to_vec());
        let words = |part: usize| Ok::<_, Error>(series(part)?.u64()?.cont_slice()?.to_vec());
        let wide = || {
            let (low, high) = (words(0)?, words(1)?);
            Ok::<_, Error>(low.into_iter().zip(high).map(|(low, high)| whole(low, high)).collect::<Vec<i128>>())
        };
        Ok(match Self::new(function, input) {
            Self::Float { sum, .. } => {
                Self::Float { sum, sums: floats(0)?, counts: if sum { Vec::new() } else { words(1)? } }
            }
            Self::Whole { .. } => Self::Whole { sums: wide()?, lost: words(2)?.contains(&1) },
            Self::Integer { .. } => Self::Integer { sums: wide()?, counts: words(2)? },
            Self::Peak { max, .. } => Self::Peak { max, values: floats(0)? },
            Self::Extreme { max, .. } => {
                let values = words(2)?.into_iter().zip(wide()?).map(|(kind, bits)| decoded(kind as u8, bits)).collect();
                Self::Extreme { max, values }
            }
            Self::Count(_) => Self::Count(words(0)?),
            Self::Pick { last, .. } => {
                let values = series(0)?;
                let values = (0..values.len()).map(|row| Ok(values.get(row)?.into_static()));
                Self::Pick { last, values: values.collect::<PolarsResult<_>>()? }
            }
            Self::Spread { .. } => Self::Spread { counts: floats(0)?, means: floats(1)?, squares: floats(2)? },
            Self::Values(_) => {
                let values = series(0)?;
                let one = |list: Option<Series>| {
                    list.map_or_else(|| Ok(Vec::new()), |list| Ok(list.rechunk().f64()?.cont_slice()?.to_vec()))
                };
                Self::Values(values.list()?.series_iter().map(one).collect::<PolarsResult<_>>()?)
            }
            Self::Distinct(_) => {
                let values = series(0)?;
                let one = |list: Option<Series>| {
                    let words = list.map(|list| Ok::<_, PolarsError>(list.u64()?.into_no_null_iter().collect()));
                    words.unwrap_or_else(|| Ok(std::collections::HashSet::default()))
                };
                Self::Distinct(values.list()?.series_iter().map(one).collect::<PolarsResult<_>>()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_all_kinds_come_back() {
        use AggregateFunction as F;
        let groups = [0, 1, 2, 0, 1, 0];
        let floats = Series::new("x".into(), [Some(1.5), Some(f64::NAN), None, Some(-0.0), Some(2.0), Some(7.0)]);
        let integers = Series::new("i".into(), [Some(i64::MIN), Some(3), None, Some(i64::MIN), Some(-1), Some(9)]);
        let unsigned = Series::new("u".into(), [Some(u64::MAX), Some(3), None, Some(u64::MAX), Some(1), Some(9)]);
        let texts = Series::new(
            "s".into(),
            [Some("a"), Some("long enough to lie elsewhere"), None, Some("b"), None, Some("c")],
        );
        let days = integers.i64().unwrap().iter().map(|day| Some((day? % 100) as i32));
        let days = Series::new("d".into(), days.collect::<Vec<_>>()).cast(&DataType::Date).unwrap();
        let all = [
            F::Sum,
            F::Mean,
            F::Min,
            F::Max,
            F::Count,
            F::First,
            F::Last,
            F::Std,
            F::Median,
            F::Quantile(0.3),
            F::NUnique,
        ];
        for column in [&floats, &integers, &unsigned, &texts, &days] {
            for function in all {
                let numbers = !matches!(function, F::Count | F::First | F::Last | F::NUnique);
                if column.dtype().is_string() && numbers || column.dtype().is_temporal() && function == F::Sum {
                    continue;
                }
                let mut state = State::new(function, column.dtype());
                state.grow(3);
                state.take(&groups, column).unwrap();
                let columns = state.columns(4, column.dtype()).unwrap();
                let frame = DataFrame::new(3, columns).unwrap();
                let again = State::of_columns(function, column.dtype(), &frame, 4).unwrap();
                // Sets have no order.
                let (shown, expected) = (format!("{again:?}"), format!("{state:?}"));
                let sorted = |text: &str| {
                    let mut all: Vec<char> = text.chars().collect();
                    all.sort_unstable();
                    all
                };
                assert_eq!(sorted(&shown), sorted(&expected), "{function} of {}", column.dtype());
            }
            let none = State::new(F::NUnique, column.dtype());
            let frame = DataFrame::new(0, none.columns(0, column.dtype()).unwrap()).unwrap();
            assert!(State::of_columns(F::NUnique, column.dtype(), &frame, 0).is_ok(), "no groups");
        }
    }
}
