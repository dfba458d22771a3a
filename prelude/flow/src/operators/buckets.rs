//! Rows by buckets of time.

use crate::error::Result;
use crate::operators::table::Keys;
use crate::plan::time::{Buckets, nanoseconds};
use polars::prelude::*;

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
