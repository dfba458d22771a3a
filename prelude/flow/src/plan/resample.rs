//! Buckets of time.

use crate::error::{Error, Result};
use crate::plan::aggregation::Aggregation;
use crate::plan::time::{Buckets, Closed, duration};
use std::fmt;

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
