//! Times as text: what a cut compares a time column with.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// Nanoseconds since 1970, UTC, of a date or a time as people write it; without a zone it is UTC.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return time.timestamp_nanos_opt();
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return time.and_utc().timestamp_nanos_opt();
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_nanos_opt()
}

/// The text of a time, as [`parse`] reads it.
pub(crate) fn format(nanoseconds: i64) -> String {
    DateTime::from_timestamp_nanos(nanoseconds).format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn dates_and_times_are_read_as_utc() {
        assert_eq!(parse("1970-01-02"), Some(86_400_000_000_000));
        assert_eq!(parse("1970-01-01 00:00:01.5"), Some(1_500_000_000));
        assert_eq!(parse("1970-01-01T02:00:00+02:00"), Some(0));
        assert_eq!(parse("mumu"), None);
        assert_eq!(parse(&format(1_500_000_000)), Some(1_500_000_000));
    }
}
