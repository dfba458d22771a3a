//! Lengths of time, columns of times as nanoseconds, and buckets of equal length.

use crate::error::{Error, Result};
use polars::prelude::*;
use std::sync::Arc;

/// Which side of a bucket is closed, or which labels it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// Buckets along time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Buckets {
    /// Of equal length, along all of it.
    Even { origin: i64, rule: i64, closed: Closed, label: Closed },
    /// From edge to edge; each holds the edge at its beginning.
    Listed { edges: Arc<[i64]>, labels: Arc<[i64]> },
}

impl Buckets {
    /// From edge to edge, with a label for each bucket; there is one edge more than labels.
    pub fn listed(edges: Vec<i64>, labels: Vec<i64>) -> Self {
        Self::Listed { edges: edges.into(), labels: labels.into() }
    }

    pub fn number(&self, time: i64) -> i64 {
        match self {
            Self::Even { origin, rule, closed: Closed::Left, .. } => (time - origin).div_euclid(*rule),
            Self::Even { origin, rule, .. } => -(-(time - origin)).div_euclid(*rule) - 1,
            Self::Listed { edges, .. } => edges.partition_point(|edge| *edge <= time) as i64 - 1,
        }
    }

    pub fn label(&self, bucket: i64) -> i64 {
        match self {
            Self::Even { origin, rule, label, .. } => origin + (bucket + i64::from(*label == Closed::Right)) * rule,
            Self::Listed { labels, .. } => labels[(bucket.max(0) as usize).min(labels.len().saturating_sub(1))],
        }
    }

    /// The times `[low, high)` of a bucket, for sorted rows: inside, no division is needed.
    pub fn span(&self, bucket: i64) -> std::ops::Range<i64> {
        match self {
            Self::Even { origin, rule, closed, .. } => {
                let shift = i64::from(*closed == Closed::Right);
                let start = origin.saturating_add(bucket.saturating_mul(*rule)).saturating_add(shift);
                start..start.saturating_add(*rule)
            }
            Self::Listed { edges, .. } => {
                let edge = |at: i64| usize::try_from(at).ok().and_then(|at| edges.get(at)).copied();
                edge(bucket).unwrap_or(i64::MIN)..edge(bucket + 1).unwrap_or(i64::MAX)
            }
        }
    }
}

/// Times as nanoseconds since 1970.
///
/// # Errors
/// A column that holds no times, or times that nanoseconds of 64 bits do not reach (before 1677 or after 2262).
pub(crate) fn nanoseconds(column: &Series) -> Result<Int64Chunked> {
    let (times, unit) = stored(column)?;
    if unit == 1 {
        return Ok(times);
    }
    let far = |time: i64| time.checked_mul(unit).is_none();
    if times.iter().flatten().any(far) {
        let text = "holds times before 1677 or after 2262, which nanoseconds do not reach; filter them out first";
        return Err(Error::request(format!("column `{}` {text}", column.name())));
    }
    Ok(times.apply_values(|time| time * unit))
}

/// The same for comparisons: what is too far away becomes the furthest time there is.
pub(crate) fn nearest_nanoseconds(column: &Series) -> Result<Int64Chunked> {
    let (times, unit) = stored(column)?;
    Ok(if unit == 1 { times } else { times.apply_values(|time| time.saturating_mul(unit)) })
}

/// Times as they are stored, and the nanoseconds of their unit.
fn stored(column: &Series) -> Result<(Int64Chunked, i64)> {
    let unit = match column.dtype() {
        DataType::Datetime(TimeUnit::Nanoseconds, _) => 1,
        DataType::Datetime(TimeUnit::Microseconds, _) => 1_000,
        DataType::Datetime(TimeUnit::Milliseconds, _) => 1_000_000,
        DataType::Date => 86_400_000_000_000,
        other => return Err(Error::request(format!("column `{}` of type {other} is no time index", column.name()))),
    };
    let physical = column.to_physical_repr().cast(&DataType::Int64)?;
    Ok((physical.i64()?.clone(), unit))
}

/// Reads a length of time such as `1h30min` as nanoseconds.
///
/// # Errors
/// A text that is none; weeks, months and years have no fixed length.
///
/// ```
/// assert_eq!(flow::duration("1h30min")?, 90 * 60 * 1_000_000_000);
/// assert!(flow::duration("1 month").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn duration(text: &str) -> Result<i64> {
    let refuse = || {
        let text = format!("`{text}` is no length of time: counts with ns, us, ms, s, min, h or D, such as `1h30min`");
        Error::request(text + " (weeks, months and years have no fixed length)")
    };
    let (sign, mut rest) = text.trim().strip_prefix('-').map_or((1, text.trim()), |rest| (-1, rest));
    if rest.is_empty() {
        return Err(refuse());
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count: i64 = if digits == 0 { 1 } else { rest[..digits].parse().map_err(|_| refuse())? };
        let unit = &rest[digits..];
        let letters = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let nanoseconds: i64 = match &unit[..letters] {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" | "S" => 1_000_000_000,
            "min" | "T" => 60_000_000_000,
            "h" | "H" => 3_600_000_000_000,
            "D" | "d" => 86_400_000_000_000,
            _ => return Err(refuse()),
        };
        total = count.checked_mul(nanoseconds).and_then(|part| total.checked_add(part)).ok_or_else(refuse)?;
        rest = &unit[letters..];
    }
    Ok(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_sums_of_counts_and_units() {
        assert_eq!(duration("1h30min").unwrap(), 5_400_000_000_000);
        assert_eq!(duration("h").unwrap(), 3_600_000_000_000);
        assert_eq!(duration("-15min").unwrap(), -900_000_000_000);
        assert!(duration("ME").unwrap_err().to_string().contains("`ME`"));
        assert!(duration("").is_err() && duration("3").is_err());
    }

    #[test]
    fn buckets_hold_before_1970_and_on_both_sides() {
        let buckets = |closed, label| Buckets::Even { origin: 0, rule: 10, closed, label };
        let left = buckets(Closed::Left, Closed::Left);
        assert_eq!([-10, -1, 0, 9, 10].map(|time| left.number(time)), [-1, -1, 0, 0, 1]);
        let right = buckets(Closed::Right, Closed::Right);
        assert_eq!([-10, -9, 0, 1, 10].map(|time| right.number(time)), [-2, -1, -1, 0, 0]);
        for (buckets, time) in [(&left, -1), (&left, 10), (&right, -10), (&right, 1), (&right, 10)] {
            assert!(buckets.span(buckets.number(time)).contains(&time));
        }
        assert_eq!((left.label(-1), right.label(-1)), (-10, 0));
    }
}
