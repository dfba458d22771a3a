//! Ranges of rows and of time.

use crate::error::{Error, Result};
use std::ops::Range;

/// What is read of a table before the clauses act.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadRange {
    /// The columns of the answer; they may be made by clauses. `None`: all.
    pub columns: Option<Vec<polars::prelude::PlSmallStr>>,
    /// First and last time, both included, in nanoseconds since 1970.
    pub dates: Option<(Option<i64>, Option<i64>)>,
    /// Rows from, and up to but not with; negative from the end.
    pub rows: Option<(Option<i64>, Option<i64>)>,
}

/// Positions of rows, negative from the end, clamped to what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    pub start: Option<i64>,
    pub end: Option<i64>,
}

impl Rows {
    pub fn head(count: i64) -> Self {
        Self { start: None, end: Some(count) }
    }

    pub fn tail(count: i64) -> Self {
        // `tail(0)` is nothing, and so is not `-0..`.
        if count == 0 { Self { start: Some(0), end: Some(0) } } else { Self { start: Some(-count), end: None } }
    }

    /// The rows, when there are so many.
    pub fn of(self, rows: u64) -> Range<u64> {
        let at = |position: i64| {
            if position < 0 { rows.saturating_sub(position.unsigned_abs()) } else { rows.min(position as u64) }
        };
        let start = self.start.map_or(0, at);
        start..self.end.map_or(rows, at).max(start)
    }

    /// How many of the first rows are enough to answer, where that can be said without knowing how many there are.
    pub fn enough(self) -> Option<u64> {
        let start = self.start.unwrap_or(0);
        match self.end {
            Some(end) if end >= 0 && start >= 0 => Some(end as u64),
            _ => None,
        }
    }

    /// Whether it keeps everything.
    pub fn is_all(self) -> bool {
        self.start.unwrap_or(0) == 0 && self.end.is_none()
    }
}

/// Reads `2024-01-31T12:00:00.5` (UTC; the time of day and its parts may be left out) as nanoseconds since 1970.
///
/// # Errors
/// A text that is no time.
pub fn time(text: &str) -> Result<i64> {
    let refuse = || Error::request(format!("`{text}` is no time; write it as 2024-01-31T12:00:00"));
    let (date, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let mut parts = date.rsplitn(3, '-');
    let mut next = || parts.next().and_then(|part| part.parse::<i64>().ok()).ok_or_else(refuse);
    let (day, month, year) = (next()?, next()?, next()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(refuse());
    }
    let mut nanoseconds: i64 = 0;
    if !clock.is_empty() {
        let (whole, fraction) =
            clock.trim_end_matches('Z').split_once('.').unwrap_or((clock.trim_end_matches('Z'), ""));
        for (part, unit) in whole.split(':').zip([3_600, 60, 1]) {
            nanoseconds += part.parse::<i64>().map_err(|_| refuse())? * unit * 1_000_000_000;
        }
        let digits = format!("{fraction:0<9}");
        nanoseconds += digits.get(..9).and_then(|digits| digits.parse::<i64>().ok()).ok_or_else(refuse)?;
    }
    let days = days_since_1970(year, month, day);
    days.checked_mul(86_400_000_000_000).and_then(|day| day.checked_add(nanoseconds)).ok_or_else(refuse)
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_clamp_and_count_from_the_end() {
        assert_eq!(Rows::head(3).of(10), 0..3);
        assert_eq!(Rows::head(-3).of(10), 0..7);
        assert_eq!(Rows::head(-30).of(10), 0..0);
        assert_eq!(Rows::tail(3).of(10), 7..10);
        assert_eq!(Rows::tail(-3).of(10), 3..10);
        assert_eq!(Rows::tail(0).of(10), 0..0);
        assert_eq!(Rows { start: Some(-4), end: Some(-2) }.of(10), 6..8);
        assert_eq!(Rows { start: Some(8), end: Some(2) }.of(10), 8..8);
        assert_eq!(Rows { start: Some(20), end: None }.of(10), 10..10);
    }

    #[test]
    fn times_are_nanoseconds() {
        assert_eq!(time("1970-01-01").unwrap(), 0);
        assert_eq!(time("1969-12-31T23:59:59.999999999").unwrap(), -1);
        assert_eq!(time("2024-02-29T01:00:00").unwrap(), 1_709_168_400_000_000_000);
        assert!(time("soon").is_err());
    }
}
