//! Axes of times: seconds since 1970 (UTC) as values, dates and hours of a zone for people.

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeZone};
use polars::prelude::{DataType, TimeUnit};
use std::sync::Arc;

/// How the values of an axis are shown as times. They are seconds since 1970, UTC; times without a zone count as UTC.
///
/// ```
/// use hist::Clock;
/// let clock = Clock::new(Some("Europe/Berlin"));
/// assert_eq!(clock.text(1_709_647_200.0), "2024-03-05 15:00");
/// assert_eq!(Clock::new(None).text(1_709_647_200.25), "2024-03-05 14:00:00.25");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clock {
    zone: Option<Arc<str>>,
}

impl Clock {
    /// A clock of a zone (`"UTC"`, `"Europe/Berlin"`, `"+02:00"`), or of times without one.
    ///
    /// ```
    /// assert_eq!(hist::Clock::new(Some("UTC")).zone(), Some("UTC"));
    /// ```
    pub fn new(zone: Option<&str>) -> Self {
        Self { zone: zone.map(Arc::from) }
    }

    /// The clock for a column, if it holds times.
    pub fn of(dtype: &DataType) -> Option<Self> {
        match dtype {
            DataType::Datetime(_, zone) => Some(Self::new(zone.as_ref().map(|zone| zone.as_str()))),
            DataType::Date => Some(Self::new(None)),
            _ => None,
        }
    }

    /// The name of the zone.
    ///
    /// ```
    /// assert_eq!(hist::Clock::new(None).zone(), None);
    /// ```
    pub fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// What a clock in the zone shows at so many seconds since 1970; nothing outside of the years that calendars count.
    ///
    /// ```
    /// let summer = hist::Clock::new(Some("Europe/Berlin")).local(1_720_000_000.0).unwrap();
    /// assert_eq!(summer.to_string(), "2024-07-03 11:46:40");
    /// ```
    pub fn local(&self, seconds: f64) -> Option<NaiveDateTime> {
        let whole = seconds.floor();
        if !seconds.is_finite() || whole.abs() > 8e12 {
            return None;
        }
        // Microseconds are what floating point numbers of today's seconds can hold.
        let (whole, micros) = match ((seconds - whole) * 1e6).round() as u32 {
            1_000_000 => (whole as i64 + 1, 0),
            micros => (whole as i64, micros),
        };
        let utc = DateTime::from_timestamp(whole, micros * 1_000)?.naive_utc();
        utc.checked_add_offset(self.offset(&utc))
    }

    /// Seconds since 1970 when a clock in the zone shows this: the first time where it does so twice, nothing where it
    /// never does.
    ///
    /// ```
    /// let clock = hist::Clock::new(Some("Europe/Berlin"));
    /// assert_eq!(clock.instant(&clock.local(1_720_000_000.0).unwrap()), Some(1_720_000_000.0));
    /// ```
    pub fn instant(&self, local: &NaiveDateTime) -> Option<f64> {
        let utc = match (self.named(), self.fixed()) {
            (Some(zone), _) => zone.from_local_datetime(local).earliest()?.naive_utc(),
            (None, Some(offset)) => local.checked_sub_offset(offset)?,
            (None, None) => *local,
        };
        let utc = utc.and_utc();
        Some(utc.timestamp() as f64 + f64::from(utc.timestamp_subsec_micros()) / 1e6)
    }

    /// A time for people, to the minute if that says it all.
    ///
    /// ```
    /// assert_eq!(hist::Clock::new(None).text(86_400.0), "1970-01-02");
    /// ```
    pub fn text(&self, seconds: f64) -> String {
        let Some(local) = self.local(seconds) else { return format!("{seconds} s") };
        let full = local.format("%Y-%m-%d %H:%M:%S%.f").to_string();
        let full =
            if full.contains('.') { full.trim_end_matches('0') } else { full.strip_suffix(":00").unwrap_or(&full) };
        full.strip_suffix(" 00:00").unwrap_or(full).to_owned()
    }

    fn offset(&self, utc: &NaiveDateTime) -> FixedOffset {
        let named = self.named().map(|zone| zone.offset_from_utc_datetime(utc).fix());
        named.or_else(|| self.fixed()).unwrap_or_else(|| chrono::Utc.fix())
    }

    fn named(&self) -> Option<chrono_tz::Tz> {
        self.zone()?.parse().ok()
    }

    fn fixed(&self) -> Option<FixedOffset> {
        self.zone()?.parse().ok()
    }
}

/// How the numbers in a column of dates, times or durations become seconds; nothing for other columns.
pub(crate) fn seconds(dtype: &DataType) -> Option<fn(i64) -> f64> {
    Some(match dtype {
        DataType::Datetime(TimeUnit::Nanoseconds, _) | DataType::Duration(TimeUnit::Nanoseconds) | DataType::Time => {
            |count| count as f64 / 1e9
        }
        DataType::Datetime(TimeUnit::Microseconds, _) | DataType::Duration(TimeUnit::Microseconds) => {
            |count| count as f64 / 1e6
        }
        DataType::Datetime(TimeUnit::Milliseconds, _) | DataType::Duration(TimeUnit::Milliseconds) => {
            |count| count as f64 / 1e3
        }
        DataType::Date => |count| count as f64 * 86_400.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_go_through_the_changes_of_a_zone() {
        let clock = Clock::new(Some("Europe/Berlin"));
        // 2024-03-31: from 02:00 to 03:00; 2024-10-27: 02:30 is shown twice.
        assert_eq!(clock.text(1_711_846_799.0), "2024-03-31 01:59:59");
        assert_eq!(clock.text(1_711_846_800.0), "2024-03-31 03:00");
        let at = |text: &str| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        assert_eq!(clock.instant(&at("2024-03-31 02:30")), None);
        assert_eq!(clock.instant(&at("2024-10-27 02:30")), Some(1_729_989_000.0));
        assert_eq!(Clock::new(Some("+05:30")).text(0.0), "1970-01-01 05:30");
    }

    #[test]
    fn what_is_no_time_is_shown_as_a_number() {
        let clock = Clock::new(None);
        for seconds in [1e300, -1e13, f64::NAN, f64::INFINITY] {
            assert!(clock.text(seconds).ends_with(" s"), "{seconds}");
        }
        assert_eq!(clock.text(-0.5), "1969-12-31 23:59:59.5");
        assert_eq!(clock.text(0.999_999_9), "1970-01-01 00:00:01");
    }
}
