//! Buckets of the calendar: weeks, months, quarters and years, and days whose clocks are changed, in the zone of the times.
//!
//! They are those of pandas: `MS`, `QS`, `YS` begin with a unit and are labelled by its first day; `W`, `ME`, `QE`, `YE` end
//! with one and are labelled by its last day. A count takes several units together, from that of the first time on.

use crate::error::{Error, Result};
use crate::plan::time::{Buckets, Closed};
use chrono::{DateTime, Datelike, Days, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// A rule of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calendar {
    unit: Unit,
    count: i64,
    /// Whether a bucket is named by its end.
    by_end: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Weeks that begin so many days after Monday.
    Week(i64),
    /// So many months.
    Months(i64),
}

/// What rules there are, for errors.
pub(crate) const RULES: &str = "W, W-MON .. W-SUN, MS, ME, QS, QE, YS, YE";

impl Calendar {
    /// The rule of a text such as `MS` or `2W-MON`; `None`: it is of another kind.
    pub fn parse(rule: &str) -> Option<Self> {
        let rule = rule.trim();
        let digits = rule.find(|letter: char| !letter.is_ascii_digit())?;
        let count =
            if digits == 0 { 1 } else { rule[..digits].parse().ok().filter(|count| (1..=1_000).contains(count))? };
        let days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
        let (unit, by_end) = match &rule[digits..] {
            "W" => (Unit::Week(0), true),
            "MS" => (Unit::Months(1), false),
            "ME" => (Unit::Months(1), true),
            "QS" => (Unit::Months(3), false),
            "QE" => (Unit::Months(3), true),
            "YS" => (Unit::Months(12), false),
            "YE" => (Unit::Months(12), true),
            other => {
                let last = days.iter().position(|day| other.strip_prefix("W-") == Some(day))?;
                (Unit::Week((last as i64 + 1) % 7), true)
            }
        };
        Some(Self { unit, count, by_end })
    }

    /// The side that is closed, which is the one that labels where nothing is said.
    pub fn side(self) -> Closed {
        if self.by_end { Closed::Right } else { Closed::Left }
    }

    /// The buckets from the first to the last time.
    ///
    /// # Errors
    /// Times that the calendar does not reach.
    pub fn buckets(self, first: i64, last: i64, label: Closed, zone: Option<Clock>) -> Result<Buckets> {
        let (low, high) = (self.index(local(first, zone).date()), self.index(local(last, zone).date()));
        // The unit of the first time begins the first bucket, or ends it.
        let mut start = if self.by_end { low - self.count + 1 } else { low };
        let (mut edges, mut labels) = (Vec::new(), Vec::new());
        loop {
            let day = self.first_day(start)?;
            edges.push(instant(day.and_time(chrono::NaiveTime::MIN), zone));
            if start > high {
                break;
            }
            let next = self.first_day(start + self.count)?;
            let named = match (self.by_end, label) {
                (false, Closed::Left) => Some(day),
                (false, Closed::Right) => Some(next),
                (true, Closed::Left) => day.checked_sub_days(Days::new(1)),
                (true, Closed::Right) => next.checked_sub_days(Days::new(1)),
            };
            labels.push(instant(named.ok_or_else(too_far)?.and_time(chrono::NaiveTime::MIN), zone));
            start += self.count;
        }
        Ok(Buckets::listed(edges, labels))
    }

    /// The number of the unit that holds a day.
    fn index(self, day: NaiveDate) -> i64 {
        match self.unit {
            Unit::Months(months) => (i64::from(day.year()) * 12 + i64::from(day.month0())).div_euclid(months),
            // Monday of the first week of 1970 is three days before its first day.
            Unit::Week(shift) => (days(day) + 3 - shift).div_euclid(7),
        }
    }

    fn first_day(self, index: i64) -> Result<NaiveDate> {
        let day = match self.unit {
            Unit::Months(months) => {
                let month = index * months;
                let year = i32::try_from(month.div_euclid(12)).map_err(|_| too_far())?;
                NaiveDate::from_ymd_opt(year, month.rem_euclid(12) as u32 + 1, 1)
            }
            Unit::Week(shift) => NaiveDate::default().checked_add_signed(TimeDelta::days(index * 7 - 3 + shift)),
        };
        day.ok_or_else(too_far)
    }
}

/// Days of a zone, from midnight to midnight, also where clocks change: the even buckets of its local times, put back.
pub(crate) fn local_days(
    buckets: impl FnOnce(i64, i64) -> Result<Buckets>,
    first: i64,
    last: i64,
    zone: Clock,
) -> Result<Buckets> {
    let wall = |time: i64| local(time, Some(zone)).and_utc().timestamp_nanos_opt().ok_or_else(too_far);
    let even = buckets(wall(first)?, wall(last)?)?;
    let Buckets::Even { origin, rule, closed, label } = even else { return Ok(even) };
    let at = |bucket: i64| {
        let wall = bucket.checked_mul(rule).and_then(|span| span.checked_add(origin)).ok_or_else(too_far)?;
        Ok(instant(DateTime::from_timestamp_nanos(wall).naive_utc(), Some(zone)))
    };
    let (low, high) = (even.number(wall(first)?), even.number(wall(last)?));
    let edges = (low..=high + 1).map(at).collect::<Result<Vec<_>>>()?;
    let side = usize::from(label == Closed::Right);
    let labels = edges[side..edges.len() - 1 + side].to_vec();
    let shift = i64::from(closed == Closed::Right);
    Ok(Buckets::listed(edges.iter().map(|edge| edge + shift).collect(), labels))
}

/// Midnight of the day of a time, or of the next day, by the clocks of a zone.
pub(crate) fn midnight(time: i64, zone: Option<Clock>, next: bool) -> i64 {
    let wall = local(time, zone);
    let day = wall.date();
    let on = wall.time() == chrono::NaiveTime::MIN;
    let day = if next && !on { day.checked_add_days(Days::new(1)).unwrap_or(day) } else { day };
    instant(day.and_time(chrono::NaiveTime::MIN), zone)
}

/// When the clocks of a zone show what those of UTC show at a time.
pub(crate) fn instant_of(time: i64, zone: Option<Clock>) -> i64 {
    instant(local(time, None), zone)
}

fn days(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

/// The clocks of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    Named(Tz),
    Offset(FixedOffset),
}

impl Clock {
    /// The clocks of a name, or of an offset such as `+05:30`.
    pub fn of(zone: &str) -> Option<Self> {
        zone.parse().map(Self::Named).ok().or_else(|| zone.parse().map(Self::Offset).ok())
    }
}

/// What the clocks show.
fn local(time: i64, zone: Option<Clock>) -> NaiveDateTime {
    let time = DateTime::from_timestamp_nanos(time);
    match zone {
        None => time.naive_utc(),
        Some(Clock::Named(zone)) => time.with_timezone(&zone).naive_local(),
        Some(Clock::Offset(offset)) => time.with_timezone(&offset).naive_local(),
    }
}

/// When the clocks show it: the first time where they do so twice, and where they skip it, when they go on.
fn instant(wall: NaiveDateTime, zone: Option<Clock>) -> i64 {
    let zone = match zone {
        None => return nanoseconds(wall),
        Some(Clock::Offset(offset)) => return nanoseconds(wall - offset),
        Some(Clock::Named(zone)) => zone,
    };
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => nanoseconds(time.naive_utc()),
        LocalResult::None => {
            // The clocks go on by the offset before, at the moment of the change.
            let later = (1..=48).map(|quarter| wall + TimeDelta::minutes(15 * quarter));
            let after = later.map(|wall| zone.from_local_datetime(&wall)).find_map(|found| found.earliest());
            after.map_or_else(|| nanoseconds(wall), |time| nanoseconds(change_before(time, zone)))
        }
    }
}

/// The moment at which the offset of a zone changed last before a time that is at most a quarter of an hour after it.
fn change_before(time: DateTime<Tz>, zone: Tz) -> NaiveDateTime {
    let offset = |time: NaiveDateTime| zone.offset_from_utc_datetime(&time).to_string();
    let now = time.naive_utc();
    let minutes = (1..=15).map(|minutes| now - TimeDelta::minutes(minutes));
    let before = minutes.take_while(|earlier| offset(*earlier) == offset(now)).last();
    before.unwrap_or(now)
}

/// Nanoseconds since 1970; what is too far away is the furthest time there is, as an edge of buckets.
fn nanoseconds(time: NaiveDateTime) -> i64 {
    let time = time.and_utc();
    time.timestamp_nanos_opt().unwrap_or(if time.timestamp() < 0 { i64::MIN } else { i64::MAX })
}

fn too_far() -> Error {
    Error::request("resample: times are beyond what nanoseconds reach (1677 to 2262)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        nanoseconds(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap())
    }

    #[test]
    fn rules_are_those_of_pandas() {
        let parsed = |rule| Calendar::parse(rule).map(|calendar| (calendar.unit, calendar.count, calendar.by_end));
        assert_eq!(parsed("MS"), Some((Unit::Months(1), 1, false)));
        assert_eq!(parsed("2QE"), Some((Unit::Months(3), 2, true)));
        assert_eq!(parsed("W"), parsed("W-SUN"));
        assert_eq!(parsed("W-WED"), Some((Unit::Week(3), 1, true)));
        assert_eq!((parsed("M"), parsed("1h"), parsed("0MS"), parsed("")), (None, None, None, None));
    }

    #[test]
    fn months_and_weeks_hold_their_days() {
        let months = Calendar::parse("ME").unwrap();
        let buckets = months.buckets(at("2024-01-31 23:59"), at("2024-03-01 00:00"), Closed::Right, None).unwrap();
        let label = |time| buckets.label(buckets.number(at(time)));
        assert_eq!(label("2024-01-31 23:59"), at("2024-01-31 00:00"));
        assert_eq!(label("2024-02-29 12:00"), at("2024-02-29 00:00"));
        assert_eq!(label("2024-03-01 00:00"), at("2024-03-31 00:00"));
        let weeks = Calendar::parse("W").unwrap();
        // 2024-01-07 is a Sunday.
        let buckets = weeks.buckets(at("1969-12-28 00:00"), at("2024-01-08 00:00"), Closed::Right, None).unwrap();
        let label = |time| buckets.label(buckets.number(at(time)));
        assert_eq!(label("2024-01-07 23:00"), at("2024-01-07 00:00"));
        assert_eq!(label("2024-01-08 00:00"), at("2024-01-14 00:00"));
        assert_eq!(label("1969-12-28 00:00"), at("1969-12-28 00:00"));
    }

    #[test]
    fn a_midnight_that_clocks_skip_is_when_they_go_on() {
        let zone = Clock::of("America/Sao_Paulo").unwrap();
        // 2018-11-04 began at 01:00, which is 03:00 UTC.
        let skipped = NaiveDate::from_ymd_opt(2018, 11, 4).unwrap().and_time(chrono::NaiveTime::MIN);
        assert_eq!(instant(skipped, Some(zone)), at("2018-11-04 03:00"));
        let offset = Clock::of("+05:30");
        assert_eq!(instant(skipped, offset), at("2018-11-03 18:30"));
        assert_eq!(midnight(at("2018-11-03 19:00"), offset, false), at("2018-11-03 18:30"));
        assert_eq!(Clock::of("Nowhere"), None);
    }
}
