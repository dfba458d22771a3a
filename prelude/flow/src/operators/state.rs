//! What is kept of each group while rows come by, and how two such states become one.

use crate::error::{Error, Result};
use crate::operators::groups::logical;
use crate::operators::sums::present;
use crate::operators::values::{Order, each_float, each_order, each_present, each_whole};
use crate::operators::words::words;
use crate::plan::aggregation::{AggregateFunction, Aggregation};
use polars::prelude::*;
use std::collections::HashSet;

/// The states of one aggregation, by group.
#[derive(Debug)]
pub(super) enum State {
    Float {
        sum: bool,
        sums: Vec<f64>,
        /// For means only.
        counts: Vec<u64>,
    },
    /// Sums of integers, and of the digits of decimals; `lost` when one does not even fit into 128 bits.
    Whole {
        sums: Vec<i128>,
        lost: bool,
    },
    Integer {
        sums: Vec<i128>,
        counts: Vec<u64>,
    },
    /// NaN where there is none yet.
    Peak {
        max: bool,
        values: Vec<f64>,
    },
    Extreme {
        max: bool,
        values: Vec<Option<Order>>,
    },
    Count(Vec<u64>),
    Pick {
        last: bool,
        values: Vec<AnyValue<'static>>,
    },
    Spread {
        counts: Vec<f64>,
        means: Vec<f64>,
        squares: Vec<f64>,
    },
    Values(Vec<Vec<f64>>),
    Distinct(Vec<HashSet<u64, std::hash::BuildHasherDefault<crate::hash::Fold>>>),
}

impl State {
    pub fn new(function: AggregateFunction, input: &DataType) -> Self {
        match function {
            AggregateFunction::Sum | AggregateFunction::Mean
                if input.is_float()
                    || (input.is_primitive_numeric() || input.is_decimal()) && function == AggregateFunction::Mean =>
            {
                Self::Float { sum: function == AggregateFunction::Sum, sums: Vec::new(), counts: Vec::new() }
            }
            AggregateFunction::Mean if input.is_bool() => {
                Self::Float { sum: false, sums: Vec::new(), counts: Vec::new() }
            }
            AggregateFunction::Sum => Self::Whole { sums: Vec::new(), lost: false },
            AggregateFunction::Min | AggregateFunction::Max if input.is_float() => {
                Self::Peak { max: function == AggregateFunction::Max, values: Vec::new() }
            }
            AggregateFunction::Mean => Self::Integer { sums: Vec::new(), counts: Vec::new() },
            AggregateFunction::Min | AggregateFunction::Max => {
                Self::Extreme { max: function == AggregateFunction::Max, values: Vec::new() }
            }
            AggregateFunction::Count => Self::Count(Vec::new()),
            AggregateFunction::First | AggregateFunction::Last => {
                Self::Pick { last: function == AggregateFunction::Last, values: Vec::new() }
            }
            AggregateFunction::Std => Self::Spread { counts: Vec::new(), means: Vec::new(), squares: Vec::new() },
            AggregateFunction::Median | AggregateFunction::Quantile(_) => Self::Values(Vec::new()),
            AggregateFunction::NUnique => Self::Distinct(Vec::new()),
        }
    }

    pub fn grow(&mut self, groups: usize) {
        match self {
            Self::Float { sum, sums, counts } => {
                sums.resize(groups, 0.0);
                counts.resize(if *sum { 0 } else { groups }, 0);
            }
            Self::Integer { sums, counts } => {
                sums.resize(groups, 0);
                counts.resize(groups, 0);
            }
            Self::Whole { sums, .. } => sums.resize(groups, 0),
            Self::Peak { values, .. } => values.resize(groups, f64::NAN),
            Self::Extreme { values, .. } => values.resize(groups, None),
            Self::Count(counts) => counts.resize(groups, 0),
            Self::Pick { values, .. } => values.resize(groups, AnyValue::Null),
            Self::Spread { counts, means, squares } => {
                counts.resize(groups, 0.0);
                means.resize(groups, 0.0);
                squares.resize(groups, 0.0);
            }
            Self::Values(values) => values.resize(groups, Vec::new()),
            Self::Distinct(values) => values.resize(groups, HashSet::default()),
        }
    }

    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Float { sums, counts, .. } => 8 * (sums.capacity() + counts.capacity()),
            Self::Whole { sums, .. } => 16 * sums.capacity(),
            Self::Integer { sums, counts } => 16 * sums.capacity() + 8 * counts.capacity(),
            Self::Peak { values, .. } => 8 * values.capacity(),
            Self::Extreme { values, .. } => size_of::<Option<Order>>() * values.capacity(),
            Self::Count(counts) => 8 * counts.capacity(),
            Self::Pick { values, .. } => size_of::<AnyValue<'static>>() * values.capacity(),
            Self::Spread { counts, means, squares } => 8 * (counts.capacity() + means.capacity() + squares.capacity()),
            Self::Values(values) => {
                let held: usize = values.iter().map(|values| 8 * values.capacity()).sum();
                held + size_of::<Vec<f64>>() * values.capacity()
            }
            Self::Distinct(values) => {
                let held: usize = values.iter().map(|values| values.capacity() * 8 / 7 * 9).sum();
                held + size_of::<HashSet<u64>>() * values.capacity()
            }
        };
        bytes as u64
    }

    pub fn take(&mut self, groups: &[u32], column: &Series) -> Result<()> {
        match self {
            Self::Float { sum: true, sums, .. } => each_float(column, groups, |group, value| sums[group] += value),
            Self::Float { sums, counts, .. } => each_float(column, groups, |group, value| {
                sums[group] += value;
                counts[group] += 1;
            }),
            Self::Whole { sums, lost } => each_whole(column, groups, |group, value| add(&mut sums[group], value, lost)),
            Self::Peak { max, values } => {
                let max = *max;
                each_float(column, groups, |group, value| keep_peak(&mut values[group], value, max))
            }
            Self::Integer { sums, counts } => each_order(column, groups, |group, value| {
                sums[group] += match value {
                    Order::Signed(value) => i128::from(value),
                    Order::Unsigned(value) => i128::from(value),
                    Order::Wide(value) => value,
                    Order::Float(value) => value as i128,
                };
                counts[group] += 1;
            }),
            Self::Extreme { max, values } => {
                let max = *max;
                each_order(column, groups, |group, value| keep_extreme(&mut values[group], value, max))
            }
            Self::Count(counts) => each_present(column, groups, |group, _| counts[group] += 1),
            Self::Pick { last, values } => {
                // Only the row is noted here: a value is fetched once per group and segment.
                let mut rows = vec![usize::MAX; values.len()];
                let last = *last;
                each_present(column, groups, |group, row| {
                    if last || rows[group] == usize::MAX {
                        rows[group] = row;
                    }
                })?;
                pick(values, last, column, rows.into_iter().enumerate())
            }
            Self::Spread { counts, means, squares } => each_float(column, groups, |group, value| {
                counts[group] += 1.0;
                let before = value - means[group];
                means[group] += before / counts[group];
                squares[group] += before * (value - means[group]);
            }),
            Self::Values(values) => each_float(column, groups, |group, value| values[group].push(value)),
            Self::Distinct(values) => {
                let words = words(column)?;
                each_present(column, groups, |group, row| {
                    values[group].insert(words[row]);
                })
            }
        }
    }

    /// Takes rows whose groups come in runs; `false` where that is no faster than row by row.
    pub fn take_runs(&mut self, groups: &[u32], ends: &[usize], column: &Series) -> Result<bool> {
        if column.null_count() > 0 {
            return Ok(false);
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let runs = groups.iter().map(|&group| group as usize).zip(starts.zip(ends.iter().copied()));
        if let Self::Whole { sums, lost } = self {
            if matches!(column.to_physical_repr().dtype(), DataType::UInt64 | DataType::Int128) {
                return Ok(false);
            }
            let values = column.cast(&DataType::Int64)?.rechunk();
            let values = values.i64()?.cont_slice()?;
            for (group, (start, end)) in runs {
                add(&mut sums[group], values[start..end].iter().map(|&value| i128::from(value)).sum(), lost);
            }
            return Ok(true);
        }
        let column = column.rechunk();
        if let (Self::Float { sums, counts, .. }, DataType::Float32) = (&mut *self, column.dtype()) {
            let values = column.f32()?.cont_slice()?;
            add_runs(sums, counts, runs.map(|(group, (start, end))| (group, present(&values[start..end]))));
            return Ok(true);
        }
        if column.dtype() != &DataType::Float64 {
            return Ok(false);
        }
        let values = column.f64()?.cont_slice()?;
        match self {
            Self::Float { sums, counts, .. } => {
                add_runs(sums, counts, runs.map(|(group, (start, end))| (group, present(&values[start..end]))));
            }
            Self::Peak { max, values: peaks } => {
                for (group, (start, end)) in runs {
                    // Both answers of a comparison with NaN are false, so NaN never wins.
                    let worst = if *max { f64::NEG_INFINITY } else { f64::INFINITY };
                    let better = |best: f64, &value: &f64| {
                        if *max {
                            if value > best { value } else { best }
                        } else if value < best {
                            value
                        } else {
                            best
                        }
                    };
                    let found = values[start..end].iter().fold(worst, better);
                    if found != worst || values[start..end].contains(&worst) {
                        keep_peak(&mut peaks[group], found, *max);
                    }
                }
            }
            Self::Count(counts) => {
                for (group, (start, end)) in runs {
                    counts[group] += present(&values[start..end]).1;
                }
            }
            Self::Pick { last, values: picked } => {
                let last = *last;
                let rows = runs.map(|(group, (start, end))| {
                    let run = &values[start..end];
                    let at = if last {
                        run.iter().rposition(|value| !value.is_nan())
                    } else {
                        run.iter().position(|value| !value.is_nan())
                    };
                    (group, at.map_or(usize::MAX, |at| start + at))
                });
                pick(picked, last, &column, rows)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Adds the states of the rows that follow; `target` is the group here of each group there.
    pub fn merge(&mut self, next: Self, target: &[u32]) {
        let pairs = || target.iter().map(|&group| group as usize).enumerate();
        match (self, next) {
            (Self::Float { sum: true, sums, .. }, Self::Float { sums: s, .. }) => {
                pairs().for_each(|(from, to)| sums[to] += s[from]);
            }
            (Self::Float { sums, counts, .. }, Self::Float { sums: s, counts: c, .. }) => {
                for (from, to) in pairs() {
                    sums[to] += s[from];
                    counts[to] += c[from];
                }
            }
            (Self::Integer { sums, counts }, Self::Integer { sums: s, counts: c }) => {
                for (from, to) in pairs() {
                    sums[to] += s[from];
                    counts[to] += c[from];
                }
            }
            (Self::Whole { sums, lost }, Self::Whole { sums: s, lost: l }) => {
                *lost |= l;
                pairs().for_each(|(from, to)| add(&mut sums[to], s[from], lost));
            }
            (Self::Peak { max, values }, Self::Peak { values: v, .. }) => {
                for (from, to) in pairs().filter(|&(from, _)| !v[from].is_nan()) {
                    keep_peak(&mut values[to], v[from], *max);
                }
            }
            (Self::Extreme { max, values }, Self::Extreme { values: v, .. }) => {
                for (from, to) in pairs() {
                    if let Some(value) = v[from] {
                        keep_extreme(&mut values[to], value, *max);
                    }
                }
            }
            (Self::Count(counts), Self::Count(c)) => pairs().for_each(|(from, to)| counts[to] += c[from]),
            (Self::Pick { last, values }, Self::Pick { values: v, .. }) => {
                for ((_, to), value) in pairs().zip(v) {
                    if value != AnyValue::Null && (*last || values[to] == AnyValue::Null) {
                        values[to] = value;
                    }
                }
            }
            (Self::Spread { counts, means, squares }, Self::Spread { counts: c, means: m, squares: s }) => {
                for (from, to) in pairs().filter(|&(from, _)| c[from] > 0.0) {
                    let all = counts[to] + c[from];
                    let apart = m[from] - means[to];
                    squares[to] += s[from] + apart * apart * counts[to] * c[from] / all;
                    means[to] += apart * c[from] / all;
                    counts[to] = all;
                }
            }
            (Self::Values(values), Self::Values(v)) => pairs().zip(v).for_each(|((_, to), v)| values[to].extend(v)),
            (Self::Distinct(values), Self::Distinct(v)) => pairs().zip(v).for_each(|((_, to), v)| values[to].extend(v)),
            _ => {}
        }
    }

    pub fn finish(self, aggregation: &Aggregation, dtype: &DataType) -> Result<Series> {
        let name = aggregation.output.clone();
        Ok(match self {
            Self::Float { sum: true, sums, .. } => Series::new(name, sums),
            Self::Float { mut sums, counts, .. } if !counts.contains(&0) => {
                sums.iter_mut().zip(&counts).for_each(|(sum, &count)| *sum /= count as f64);
                Series::new(name, sums)
            }
            Self::Float { sums, counts, .. } => {
                let means = sums.iter().zip(&counts).map(|(sum, &count)| (count > 0).then(|| sum / count as f64));
                Series::new(name, means.collect::<Vec<_>>())
            }
            Self::Integer { sums, counts } if dtype.is_temporal() => {
                let means =
                    sums.iter().zip(&counts).map(|(sum, &n)| (n > 0).then(|| (sum.div_euclid(i128::from(n))) as i64));
                logical(Series::new(name, means.collect::<Vec<_>>()), dtype)?
            }
            Self::Whole { sums, lost } => whole(sums, lost, aggregation, dtype)?,
            Self::Integer { sums, .. } => Series::new(name, sums.iter().map(|&sum| sum as i64).collect::<Vec<_>>()),
            Self::Peak { values, .. } => {
                let found = values.iter().map(|&value| (!value.is_nan()).then_some(value));
                Series::new(name, found.collect::<Vec<_>>()).cast(dtype)?
            }
            Self::Extreme { values, .. } => extremes(name, &values, dtype)?,
            Self::Count(counts) => Series::new(name, counts),
            Self::Pick { values, .. } => Series::from_any_values_and_dtype(name, &values, dtype, false)?,
            Self::Spread { counts, squares, .. } => {
                let one = |(count, square): (&f64, &f64)| (*count > 1.0).then(|| (square / (count - 1.0)).sqrt());
                Series::new(name, counts.iter().zip(&squares).map(one).collect::<Vec<_>>())
            }
            Self::Values(values) => {
                let at = if let AggregateFunction::Quantile(q) = aggregation.function { q } else { 0.5 };
                let found: Vec<Option<f64>> = values.into_iter().map(|values| at_quantile(values, at)).collect();
                let series = Series::new(name, found);
                if dtype.is_temporal() { logical(series.cast(&DataType::Int64)?, dtype)? } else { series }
            }
            Self::Distinct(values) => Series::new(name, values.iter().map(|set| set.len() as u64).collect::<Vec<_>>()),
        })
    }
}

/// Adds sums of runs and how many values they had, where that is wanted.
fn add_runs(sums: &mut [f64], counts: &mut [u64], runs: impl Iterator<Item = (usize, (f64, u64))>) {
    for (group, (sum, count)) in runs {
        sums[group] += sum;
        counts.get_mut(group).into_iter().for_each(|counted| *counted += count);
    }
}

fn add(sum: &mut i128, value: i128, lost: &mut bool) {
    let (added, over) = sum.overflowing_add(value);
    (*sum, *lost) = (added, *lost | over);
}

/// Sums as a column of their type.
///
/// # Errors
/// A sum that does not fit: it is never wrapped around.
fn whole(sums: Vec<i128>, lost: bool, aggregation: &Aggregation, dtype: &DataType) -> Result<Series> {
    let name = aggregation.output.clone();
    let input = &aggregation.input;
    let too_large = |sum: i128| {
        let text =
            format!("the sum of `{input}` is {sum}, more than {dtype} holds; sum a column of floating point numbers");
        Error::request(text + &format!(", such as {input} * 1.0"))
    };
    let most = match dtype {
        DataType::Decimal(precision, _) => 10_i128.checked_pow(*precision as u32).map_or(i128::MAX, |end| end - 1),
        _ => i128::MAX,
    };
    if lost || sums.iter().any(|sum| sum.unsigned_abs() > most.unsigned_abs()) {
        let text = format!("a sum of `{input}` has more digits than 128 bits hold; sum floating point numbers instead");
        return Err(Error::request(text));
    }
    Ok(match dtype {
        DataType::Int128 => Int128Chunked::from_vec(name, sums).into_series(),
        DataType::Decimal(precision, scale) => {
            Int128Chunked::from_vec(name, sums).into_decimal_unchecked(*precision, *scale).into_series()
        }
        DataType::UInt64 => {
            let fit = sums.iter().map(|&sum| u64::try_from(sum).map_err(|_| too_large(sum)));
            Series::new(name, fit.collect::<Result<Vec<_>>>()?)
        }
        _ => {
            let fit = sums.iter().map(|&sum| i64::try_from(sum).map_err(|_| too_large(sum)));
            Series::new(name, fit.collect::<Result<Vec<_>>>()?)
        }
    })
}

/// Fetches the values of the noted rows.
fn pick(
    values: &mut [AnyValue<'static>],
    last: bool,
    column: &Series,
    rows: impl Iterator<Item = (usize, usize)>,
) -> Result<()> {
    for (group, row) in rows {
        if row != usize::MAX && (last || values[group] == AnyValue::Null) {
            values[group] = column.get(row)?.into_static();
        }
    }
    Ok(())
}

fn keep_peak(kept: &mut f64, value: f64, max: bool) {
    let better = if max { value > *kept } else { value < *kept };
    if better || kept.is_nan() {
        *kept = value;
    }
}

/// The group of every row.
pub(super) fn spread(groups: &[u32], ends: &[usize]) -> Vec<u32> {
    let mut rows = Vec::with_capacity(ends.last().copied().unwrap_or(0));
    for (&group, &end) in groups.iter().zip(ends) {
        rows.resize(end, group);
    }
    rows
}

fn at_quantile(mut values: Vec<f64>, at: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let position = at * (values.len() - 1) as f64;
    let (low, part) = (position.floor() as usize, position.fract());
    let high = (low + 1).min(values.len() - 1);
    Some(values[low] + (values[high] - values[low]) * part)
}

fn keep_extreme(kept: &mut Option<Order>, value: Order, max: bool) {
    let better = kept.is_none_or(|kept| if max { value > kept } else { value < kept });
    if better {
        *kept = Some(value);
    }
}

fn extremes(name: PlSmallStr, values: &[Option<Order>], dtype: &DataType) -> Result<Series> {
    let physical = if let DataType::Int128 | DataType::Decimal(..) = dtype {
        let one = |value: &Option<Order>| if let Some(Order::Wide(value)) = value { Some(*value) } else { None };
        let wide = Int128Chunked::from_iter_options(name, values.iter().map(one));
        return Ok(match dtype {
            DataType::Decimal(precision, scale) => wide.into_decimal_unchecked(*precision, *scale).into_series(),
            _ => wide.into_series(),
        });
    } else if dtype.is_float() {
        let one = |value: &Option<Order>| if let Some(Order::Float(value)) = value { Some(*value) } else { None };
        Series::new(name, values.iter().map(one).collect::<Vec<_>>())
    } else if dtype.is_unsigned_integer() {
        let one = |value: &Option<Order>| if let Some(Order::Unsigned(value)) = value { Some(*value) } else { None };
        Series::new(name, values.iter().map(one).collect::<Vec<_>>())
    } else {
        let one = |value: &Option<Order>| if let Some(Order::Signed(value)) = value { Some(*value) } else { None };
        Series::new(name, values.iter().map(one).collect::<Vec<_>>())
    };
    if dtype.is_temporal() { logical(physical, dtype) } else { Ok(physical.cast(dtype)?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_either_width_are_summed_like_rows() {
        let at = |row: usize| if row % 7 == 3 { f64::NAN } else { (row * row % 1_001) as f64 * 0.5 };
        let wide = Series::new("x".into(), (0..1_000).map(at).collect::<Vec<_>>());
        let (groups, ends) = ([1, 0, 1], [5, 400, 1_000]);
        for column in [wide.cast(&DataType::Float32).unwrap(), wide] {
            for function in [AggregateFunction::Sum, AggregateFunction::Mean] {
                let mut states = [0, 1].map(|_| State::new(function, column.dtype()));
                states.iter_mut().for_each(|state| state.grow(2));
                let [runs, rows] = &mut states;
                assert!(runs.take_runs(&groups, &ends, &column).unwrap());
                rows.take(&spread(&groups, &ends), &column).unwrap();
                // Halves are added without rounding.
                assert_eq!(format!("{runs:?}"), format!("{rows:?}"), "{function:?} {}", column.dtype());
            }
        }
    }
}
