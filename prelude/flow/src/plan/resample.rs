//! Buckets of time.

use crate::error::{Error, Result};
use crate::plan::aggregation::Aggregation;
use crate::plan::calendar::{Calendar, Clock, RULES, instant_of, local_days, midnight};
use crate::plan::time::{Buckets, Closed, duration};
use polars::prelude::DataType;
use std::fmt;
use std::sync::Arc;

/// From where buckets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// 1970-01-01 00:00 UTC.
    #[default]
    Epoch,
    /// 1970-01-01 00:00 by the clocks of the zone: pandas' epoch.
    LocalEpoch,
    /// The first time.
    Start,
    /// Midnight on or before the first time, by the clocks of the zone.
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
    /// Length of a bucket: `h`, `7min`, `1h30min`; units ns us ms s min h, and D, which in a zone is from midnight to midnight
    /// of its clocks. Or of the calendar: W (and W-MON ..), MS, ME, QS, QE, YS, YE, as pandas has them.
    pub rule: String,
    /// The closed side; `None`: left, but right for origins at the end.
    pub closed: Option<Closed>,
    /// The side that labels a bucket; `None` as for `closed`.
    pub label: Option<Closed>,
    /// Shift of all buckets, written like `rule`.
    pub offset: Option<String>,
    /// From where buckets are counted.
    pub origin: Origin,
    /// Whether rules of the calendar are understood; otherwise they are an error, as those of no fixed length.
    pub calendar: bool,
    /// The zone of the times, where their type cannot say it: `+05:30`.
    pub zone: Option<Arc<str>>,
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
            calendar: false,
            zone: None,
            aggregations: aggregations.into_iter().collect(),
        }
    }

    /// Whether buckets depend on the first or last time of the rows that arrive.
    pub(crate) fn needs_bounds(&self, index: &DataType) -> bool {
        let listed = self.of_calendar().is_some() || self.is_days() && self.clock(index).is_some();
        listed || !matches!(self.origin, Origin::Epoch | Origin::LocalEpoch | Origin::At(_))
    }

    /// The clocks of the times.
    fn clock(&self, index: &DataType) -> Option<Clock> {
        match (&self.zone, index) {
            (Some(zone), _) => Clock::of(zone),
            (None, DataType::Datetime(_, Some(zone))) => Clock::of(zone),
            _ => None,
        }
    }

    /// Whether the rule counts days, not hours.
    fn is_days(&self) -> bool {
        self.rule.trim().trim_start_matches(|letter: char| letter.is_ascii_digit()).eq_ignore_ascii_case("d")
    }

    /// The buckets, given the type of the index and its first and last time.
    pub(crate) fn buckets(&self, index: &DataType, first: i64, last: i64) -> Result<Buckets> {
        let zone = self.clock(index);
        if let Some(calendar) = self.of_calendar() {
            return self.units(calendar, first, last, zone);
        }
        match zone {
            Some(zone) if self.is_days() => local_days(|first, last| self.even(first, last, None), first, last, zone),
            zone => self.even(first, last, zone),
        }
    }

    /// The rule, where it is one of the calendar.
    fn of_calendar(&self) -> Option<Calendar> {
        if self.calendar { Calendar::parse(&self.rule) } else { None }
    }

    fn units(&self, calendar: Calendar, first: i64, last: i64, zone: Option<Clock>) -> Result<Buckets> {
        let side = calendar.side();
        let refused = |what: &str| {
            Err(Error::request(format!("resample {}: buckets of the calendar have no {what} of their own", self.rule)))
        };
        match () {
            () if self.offset.is_some() => refused("offset"),
            () if !matches!(self.origin, Origin::Epoch | Origin::LocalEpoch | Origin::StartDay) => refused("origin"),
            () if self.closed.is_some_and(|closed| closed != side) => refused("closed side"),
            () => calendar.buckets(first, last, self.label.unwrap_or(side), zone),
        }
    }

    /// Buckets of equal length.
    fn even(&self, first: i64, last: i64, zone: Option<Clock>) -> Result<Buckets> {
        let rule = duration(&self.rule).map_err(|error| match self.calendar {
            true => Error::request(format!("{error}; or of the calendar: {RULES}")),
            false => error,
        })?;
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
            Origin::LocalEpoch => instant_of(0, zone),
            Origin::Start => first,
            Origin::StartDay => midnight(first, zone, false),
            Origin::End => from_end(last),
            Origin::EndDay => from_end(midnight(last, zone, true)),
            Origin::At(time) => time,
        };
        let offset = self.offset.as_deref().map_or(Ok(0), duration)?;
        Ok(Buckets::Even { origin: origin + offset, rule, closed, label: self.label.unwrap_or(side) })
    }
}

impl fmt::Display for Resample {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "resample {}", self.rule)
    }
}
