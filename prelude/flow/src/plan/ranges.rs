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

/// Reads `2024-01-31T12:00:00.5` (UTC where it has no offset; the time of day and its parts may be left out) as nanoseconds
/// since 1970: the times that a cut reads.
///
/// # Errors
/// A text that is no time, or one before 1677 or after 2262, which nanoseconds of 64 bits do not reach.
///
/// ```
/// assert_eq!(flow::time("1970-01-01T00:00:01")?, 1_000_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn time(text: &str) -> Result<i64> {
    let Some(time) = cut::time(text) else {
        return Err(Error::request(format!("`{text}` is no time; write it as 2024-01-31T12:00:00")));
    };
    let far = |_| Error::request(format!("`{text}` is before 1677 or after 2262, which nanoseconds do not reach"));
    i64::try_from(time).map_err(far)
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
        assert_eq!(time("2024-02-29T01").unwrap(), time("2024-02-29 01:00").unwrap());
        assert_eq!(time("2024-02-29T01:00:00Z").unwrap(), time("2024-02-29T02:00:00+01:00").unwrap());
        assert!(time("soon").is_err());
        assert!(time("2024-02-31").is_err(), "no such day");
        assert!(time("9999-12-31").unwrap_err().to_string().contains("2262"));
    }
}
