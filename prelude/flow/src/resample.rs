//! Buckets of time.

use crate::aggregate::Keys;
use crate::{Aggregation, Error, Result};
use polars::prelude::*;
use std::fmt;

/// Which side of a bucket is closed, or which labels it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// From where buckets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// 1970-01-01 00:00 UTC.
    #[default]
    Epoch,
    /// The first time.
    Start,
    /// Midnight on or before the first time.
    StartDay,
    /// The last time.
    End,
    /// Midnight at or after the last time.
    EndDay,
    /// This time, in nanoseconds since 1970.
    At(i64),
}

/// An aggregation over buckets of the time index. Only buckets that hold rows appear.
#[derive(Debug, Clone, PartialEq)]
pub struct Resample {
    /// Length of a bucket: `h`, `7min`, `1h30min`; units ns us ms s min h D.
    pub rule: String,
    /// The closed side; `None`: left, but right for origins at the end.
    pub closed: Option<Closed>,
    /// The side that labels a bucket; `None` as for `closed`.
    pub label: Option<Closed>,
    /// Shift of all buckets, written like `rule`.
    pub offset: Option<String>,
    /// From where buckets are counted.
    pub origin: Origin,
    /// What is computed.
    pub aggregations: Vec<Aggregation>,
}

impl Resample {
    /// Buckets of this length, closed and labelled at their beginning, counted from 1970.
    pub fn new(rule: impl Into<String>, aggregations: impl IntoIterator<Item = Aggregation>) -> Self {
        Self {
            rule: rule.into(),
            closed: None,
            label: None,
            offset: None,
            origin: Origin::Epoch,
            aggregations: aggregations.into_iter().collect(),
        }
    }

    /// Whether buckets depend on the first or last time of the rows that arrive.
    pub(crate) fn needs_bounds(&self) -> bool {
        !matches!(self.origin, Origin::Epoch | Origin::At(_))
    }

    /// The buckets, given the first and last time.
    pub(crate) fn buckets(&self, first: i64, last: i64) -> Result<Buckets> {
        const DAY: i64 = 86_400_000_000_000;
        let rule = duration(&self.rule)?;
        if rule <= 0 {
            return Err(Error::request(format!("resample rule `{}` is not longer than nothing", self.rule)));
        }
        let at_end = matches!(self.origin, Origin::End | Origin::EndDay);
        let side = if at_end { Closed::Right } else { Closed::Left };
        let closed = self.closed.unwrap_or(side);
        let from_end = |last: i64| {
            let buckets = (last - first).div_euclid(rule) + i64::from(closed == Closed::Left);
            last - buckets * rule
        };
        let origin = match self.origin {
            Origin::Epoch => 0,
            Origin::Start => first,
            Origin::StartDay => first.div_euclid(DAY) * DAY,
            Origin::End => from_end(last),
            Origin::EndDay => from_end(-(-last).div_euclid(DAY) * DAY),
            Origin::At(time) => time,
        };
        let offset = self.offset.as_deref().map_or(Ok(0), duration)?;
        Ok(Buckets { origin: origin + offset, rule, closed, label: self.label.unwrap_or(side) })
    }
}

impl fmt::Display for Resample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "resample {}", self.rule)
    }
}

/// Buckets of equal length along all of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Buckets {
    origin: i64,
    rule: i64,
    closed: Closed,
    label: Closed,
}

impl Buckets {
    pub fn number(&self, time: i64) -> i64 {
        match self.closed {
            Closed::Left => (time - self.origin).div_euclid(self.rule),
            Closed::Right => -(-(time - self.origin)).div_euclid(self.rule) - 1,
        }
    }

    pub fn label(&self, bucket: i64) -> i64 {
        let at = if self.label == Closed::Left { bucket } else { bucket + 1 };
        self.origin + at * self.rule
    }

    /// The times `[low, high)` of a bucket, for sorted rows: inside, no division is needed.
    fn span(&self, bucket: i64) -> std::ops::Range<i64> {
        let shift = i64::from(self.closed == Closed::Right);
        let start = self.origin.saturating_add(bucket.saturating_mul(self.rule)).saturating_add(shift);
        start..start.saturating_add(self.rule)
    }
}

/// Rows by bucket.
pub(crate) struct ByBucket {
    pub index: PlSmallStr,
    pub buckets: Buckets,
}

impl Keys for ByBucket {
    fn types(&self) -> Vec<(PlSmallStr, DataType)> {
        vec![(self.index.clone(), DataType::Int64)]
    }

    fn runs(&self, frame: &DataFrame) -> Result<Option<(Series, Vec<usize>)>> {
        let times = nanoseconds(frame.column(&self.index)?.as_materialized_series())?.rechunk().into_owned();
        let Ok(times) = times.cont_slice() else { return Ok(None) };
        if !times.is_sorted() {
            return Ok(None);
        }
        let (mut buckets, mut ends) = (Vec::new(), Vec::new());
        let mut start = 0;
        while let Some(&time) = times.get(start) {
            let bucket = self.buckets.number(time);
            let limit = self.buckets.span(bucket).end;
            // Doubling steps first: buckets are short beside a segment.
            let mut step = 1;
            while start + step < times.len() && times[start + step] < limit {
                step *= 2;
            }
            let high = (start + step).min(times.len());
            let low = start + step / 2;
            let end = low + times[low..high].partition_point(|&time| time < limit);
            buckets.push(bucket);
            ends.push(end.max(start + 1));
            start = end.max(start + 1);
        }
        Ok(Some((Series::new(self.index.clone(), buckets), ends)))
    }

    fn of(&self, frame: &DataFrame) -> Result<Vec<Series>> {
        let times = nanoseconds(frame.column(&self.index)?.as_materialized_series())?;
        let mut span = 0..0;
        let mut bucket = 0;
        let mut number = |time: i64| {
            if !span.contains(&time) {
                bucket = self.buckets.number(time);
                span = self.buckets.span(bucket);
            }
            bucket
        };
        let numbers: Int64Chunked = times.iter().map(|time| time.map(&mut number)).collect();
        Ok(vec![numbers.into_series()])
    }
}

/// Times as nanoseconds since 1970.
pub(crate) fn nanoseconds(column: &Series) -> Result<Int64Chunked> {
    let physical = match column.dtype() {
        DataType::Datetime(TimeUnit::Nanoseconds, _) => column.to_physical_repr().into_owned(),
        DataType::Datetime(_, zone) => {
            column.cast(&DataType::Datetime(TimeUnit::Nanoseconds, zone.clone()))?.to_physical_repr().into_owned()
        }
        DataType::Date => {
            column.cast(&DataType::Datetime(TimeUnit::Nanoseconds, None))?.to_physical_repr().into_owned()
        }
        other => return Err(Error::request(format!("column `{}` of type {other} is no time index", column.name()))),
    };
    Ok(physical.i64()?.clone())
}

/// Buckets in the order of time, with their labels.
pub(crate) fn bucket_frame(
    buckets: &Series,
    columns: Vec<Series>,
    index: &PlSmallStr,
    dtype: &DataType,
    label: impl Fn(i64) -> i64,
) -> Result<DataFrame> {
    let numbers = buckets.i64()?;
    let labels: Int64Chunked = numbers.iter().map(|number| number.map(&label)).collect();
    let zone = if let DataType::Datetime(_, zone) = dtype { zone.clone() } else { None };
    let labels = labels.into_series().cast(&DataType::Datetime(TimeUnit::Nanoseconds, zone))?.cast(dtype)?;
    let all = std::iter::once(labels.with_name(index.clone())).chain(columns).map(IntoColumn::into_column).collect();
    let frame = DataFrame::new(numbers.len(), all)?;
    Ok(frame.sort([index.clone()], SortMultipleOptions::default())?)
}

/// The first and last time of a table, from its statistics.
pub(crate) fn time_bounds(source: &dyn sources::Source, index: &str) -> Option<(i64, i64)> {
    let mut bounds: Option<(i64, i64)> = None;
    for info in source.segments() {
        let known = info.statistics.columns.get(index)?;
        let (Some(segment::Scalar::Time(low)), Some(segment::Scalar::Time(high))) = (&known.min, &known.max) else {
            return None;
        };
        bounds = Some(bounds.map_or((*low, *high), |(a, b)| (a.min(*low), b.max(*high))));
    }
    bounds
}

/// Reads `1h30min` as nanoseconds.
pub(crate) fn duration(text: &str) -> Result<i64> {
    let refuse = || {
        let text = format!("`{text}` is no length of time: counts with ns, us, ms, s, min, h or D, such as `1h30min`");
        Error::request(text + " (weeks, months and years have no fixed length here)")
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
        let buckets = |closed, label| Buckets { origin: 0, rule: 10, closed, label };
        let left = buckets(Closed::Left, Closed::Left);
        assert_eq!([-10, -1, 0, 9, 10].map(|time| left.number(time)), [-1, -1, 0, 0, 1]);
        let right = buckets(Closed::Right, Closed::Right);
        assert_eq!([-10, -9, 0, 1, 10].map(|time| right.number(time)), [-2, -1, -1, 0, 0]);
        for (buckets, time) in [(left, -1), (left, 10), (right, -10), (right, 1), (right, 10)] {
            assert!(buckets.span(buckets.number(time)).contains(&time));
        }
        assert_eq!((left.label(-1), right.label(-1)), (-10, 0));
    }
}
