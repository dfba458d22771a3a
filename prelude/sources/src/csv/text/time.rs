//! Dates and times as text: ISO 8601, and formats that are asked for.

use chrono::{NaiveDate, NaiveDateTime, Timelike};

/// A date or a time of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Days since 1970-01-01, in the zone of the text.
    pub days: i64,
    /// Nanoseconds of the day; `None` for a date alone.
    pub of_day: Option<i64>,
    /// Seconds east of UTC, if the text says so.
    pub offset: Option<i64>,
    /// Whether microseconds do not hold it.
    pub fine: bool,
}

const DAY: i128 = 86_400_000_000_000;

impl Time {
    /// Nanoseconds since 1970, UTC where there is an offset.
    fn nanoseconds(self) -> i128 {
        let offset = i128::from(self.offset.unwrap_or(0)) * 1_000_000_000;
        i128::from(self.days) * DAY + i128::from(self.of_day.unwrap_or(0)) - offset
    }

    /// Since 1970 in nanoseconds or microseconds, if the unit holds it.
    pub(crate) fn since(self, nanoseconds: bool) -> Option<i64> {
        let all = self.nanoseconds();
        match nanoseconds {
            true => i64::try_from(all).ok(),
            false if all % 1_000 == 0 => i64::try_from(all / 1_000).ok(),
            false => None,
        }
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum: i64, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// `2024-05-01`, `2024-05-01 12:30`, `2024-05-01T12:30:05.123456789+02:00`, `...Z`.
pub(crate) fn iso(bytes: &[u8]) -> Option<Time> {
    if bytes.len() < 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?);
    let days = days(year, month, day)?;
    let rest = &bytes[10..];
    let Some((b'T' | b't' | b' ', rest)) = rest.split_first() else {
        return rest.is_empty().then_some(Time { days, of_day: None, offset: None, fine: false });
    };
    let (of_day, fine, rest) = clock(rest)?;
    Some(Time { days, of_day: Some(of_day), offset: zone(rest)?, fine })
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
    Some(since_1970(date))
}

fn since_1970(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

/// `HH:MM`, `HH:MM:SS`, `HH:MM:SS.f`: nanoseconds of the day, whether they need nine digits, and what follows.
fn clock(bytes: &[u8]) -> Option<(i64, bool, &[u8])> {
    let pair = |at: usize| bytes.get(at..at + 2).and_then(digits);
    let (hour, minute) = (pair(0)?, pair(3)?);
    if bytes.get(2) != Some(&b':') || hour > 23 || minute > 59 {
        return None;
    }
    let mut nanoseconds = (hour * 3600 + minute * 60) * 1_000_000_000;
    let mut rest = &bytes[5..];
    let mut fine = false;
    if rest.first() == Some(&b':') {
        let second = pair(6)?;
        if second > 59 {
            return None;
        }
        nanoseconds += second * 1_000_000_000;
        rest = &bytes[8..];
        if let Some((b'.' | b',', more)) = rest.split_first() {
            let length = more.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&length) {
                return None;
            }
            let part = digits(&more[..length])? * 10_i64.pow(9 - length as u32);
            nanoseconds += part;
            fine = part % 1_000 != 0;
            rest = &more[length..];
        }
    }
    Some((nanoseconds, fine, rest))
}

/// Nothing, `Z`, `+02:00`, `+0200`, `+02`; `None` for anything else.
fn zone(bytes: &[u8]) -> Option<Option<i64>> {
    let bytes = match bytes {
        [] => return Some(None),
        [b'Z' | b'z'] => return Some(Some(0)),
        [b' ', rest @ ..] | rest => rest,
    };
    let (sign, rest) = bytes.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (digits(rest)?, 0),
        4 => (digits(&rest[..2])?, digits(&rest[2..])?),
        5 if rest[2] == b':' => (digits(&rest[..2])?, digits(&rest[3..])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(Some(sign * (hours * 3600 + minutes * 60)))
}

/// A date or a time in one of the formats that were asked for (`%d.%m.%Y`, `%d/%m/%Y %H:%M:%S`).
pub(crate) fn asked(bytes: &[u8], formats: &[String]) -> Option<Time> {
    let text = std::str::from_utf8(bytes).ok()?;
    formats.iter().find_map(|format| {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            let of_day = i64::from(time.num_seconds_from_midnight()) * 1_000_000_000 + i64::from(time.nanosecond());
            let days = since_1970(time.date());
            return Some(Time { days, of_day: Some(of_day), offset: None, fine: of_day % 1_000 != 0 });
        }
        let date = NaiveDate::parse_from_str(text, format).ok()?;
        Some(Time { days: since_1970(date), of_day: None, offset: None, fine: false })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_instants() {
        let at = |text: &str| iso(text.as_bytes()).and_then(|time| time.since(true));
        assert_eq!(at("1970-01-02"), Some(86_400_000_000_000));
        assert_eq!(at("1970-01-01 00:00:01.5"), Some(1_500_000_000));
        assert_eq!(at("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(at("1970-01-01 01:00 +0100"), Some(0));
        assert_eq!(at("9999-12-31"), None, "nanoseconds do not hold it");
        assert_eq!(iso(b"9999-12-31").unwrap().since(false), Some(253_402_214_400_000_000));
        assert!(iso(b"1970-01-01T00:00:00.0000001Z").unwrap().fine);
        for wrong in ["2024-02-31", "2024-1-1", "2024-01-01x", "2024-01-01 24:00", "2024-01-01 10:00 CET", "20240101"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn other_formats_are_read_when_asked_for() {
        let formats = ["%d.%m.%Y".to_owned(), "%d/%m/%Y %H:%M".to_owned()];
        assert_eq!(asked(b"02.01.1970", &formats).unwrap().since(false), Some(86_400_000_000));
        assert_eq!(asked(b"01/01/1970 00:01", &formats).unwrap().since(false), Some(60_000_000));
        assert_eq!(asked(b"31.02.2024", &formats), None);
    }
}
