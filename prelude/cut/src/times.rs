//! Times as text: what a cut compares a time column with.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, TimeZone};

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is written in no way that is known, or there is no such day or hour.
    NotATime,
    /// The clocks of the zone skip it.
    Skipped,
    /// The clocks of the zone show it twice.
    Twice,
    /// The zone of the column is not known.
    Zone,
}

impl Refused {
    /// The reason and what to do, for `shown`, which was to be a time of a zone.
    pub(crate) fn told(&self, shown: &str, zone: Option<&str>) -> (String, &'static str) {
        let zone = zone.unwrap_or("UTC");
        let with_offset = "write it with its offset, as '2024-01-31 12:00:00+01:00'";
        match self {
            Self::NotATime => (format!("{shown} is not a time"), "write it as '2024-01-31' or '2024-01-31 12:00:00'"),
            Self::Skipped => (format!("the clocks of {zone} skip {shown}"), with_offset),
            Self::Twice => (format!("the clocks of {zone} show {shown} twice"), with_offset),
            Self::Zone if zone == segment::UNNAMED_ZONE => {
                (format!("the clocks by which {shown} is meant have no zone with a name"), with_offset)
            }
            Self::Zone => (format!("the time zone `{zone}` is not known"), with_offset),
        }
    }
}

/// Nanoseconds since 1970, UTC, of a date or a time as people write it. What has no zone of its own is of `zone`, as pandas
/// has it; `None`: UTC.
pub(crate) fn parse(text: &str, zone: Option<&str>) -> Result<i128, Refused> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(nanoseconds(&time.naive_utc()));
    }
    for format in [
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f %#z",
        "%Y-%m-%dT%H:%M%#z",
        "%Y-%m-%d %H:%M%#z",
    ] {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return Ok(nanoseconds(&time.naive_utc()));
        }
    }
    let naive = text.strip_suffix('Z').unwrap_or(text);
    let time = wall_clock(naive).ok_or(Refused::NotATime)?;
    match zone {
        Some(zone) if naive == text => in_zone(&time, zone),
        _ => Ok(nanoseconds(&time)),
    }
}

/// Nanoseconds since 1970 of a text that a cut reads as a time, UTC where it has no offset of its own. `None`: it is no time.
///
/// ```
/// assert_eq!(cut::time("1970-01-01T02:00:00+02:00"), Some(0));
/// assert_eq!(cut::time("2024-02-31"), None);
/// ```
pub fn time(text: &str) -> Option<i128> {
    parse(text, None).ok()
}

/// The same where a text without an offset is of a zone.
///
/// # Errors
/// Why it is no time there.
///
/// ```
/// assert_eq!(cut::time_in("1970-01-01 01:00", Some("Europe/Berlin")), Ok(0));
/// assert!(cut::time_in("2024-03-31 02:30", Some("Europe/Berlin")).unwrap_err().contains("skip"));
/// ```
pub fn time_in(text: &str, zone: Option<&str>) -> Result<i128, String> {
    parse(text, zone).map_err(|refused| {
        let (reason, help) = refused.told(&format!("'{text}'"), zone);
        format!("{reason}; {help}")
    })
}

fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Some(time);
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return day.and_hms_opt(0, 0, 0);
    }
    // The hour alone.
    let (day, hour) = text.split_once(['T', ' '])?;
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?.and_hms_opt(hour.parse().ok()?, 0, 0)
}

fn in_zone(time: &NaiveDateTime, zone: &str) -> Result<i128, Refused> {
    let found = match (zone.parse::<chrono_tz::Tz>(), zone.parse::<FixedOffset>()) {
        (Ok(zone), _) => zone.from_local_datetime(time).map(|time| time.naive_utc()),
        (_, Ok(offset)) => offset.from_local_datetime(time).map(|time| time.naive_utc()),
        _ => return Err(Refused::Zone),
    };
    match found {
        LocalResult::Single(time) => Ok(nanoseconds(&time)),
        LocalResult::Ambiguous(..) => Err(Refused::Twice),
        LocalResult::None => Err(Refused::Skipped),
    }
}

fn nanoseconds(time: &NaiveDateTime) -> i128 {
    let time = time.and_utc();
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

/// The text of a time, as [`parse`] reads it.
pub(crate) fn format(nanoseconds: i128) -> String {
    let (seconds, rest) = (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    let time = i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, rest as u32));
    time.map_or_else(|| format!("{nanoseconds} ns"), |time| time.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
}

#[cfg(test)]
mod tests {
    use super::{Refused, format, parse};

    #[test]
    fn dates_and_times_are_read_as_utc() {
        let utc = |text| parse(text, None);
        assert_eq!(utc("1970-01-02"), Ok(86_400_000_000_000));
        assert_eq!(utc("1970-01-01 00:00:01.5"), Ok(1_500_000_000));
        assert_eq!(utc("1970-01-01T02:00:00+02:00"), Ok(0));
        assert_eq!(utc("1970-01-01 02:00:00+0200"), Ok(0));
        assert_eq!(utc("1970-01-01T01"), Ok(3_600_000_000_000));
        assert_eq!(utc("9999-12-31"), Ok(253_402_214_400_000_000_000));
        assert_eq!(utc("2024-02-31"), Err(Refused::NotATime));
        assert_eq!(utc("mumu"), Err(Refused::NotATime));
        assert_eq!(utc(&format(1_500_000_000)), Ok(1_500_000_000));
    }

    #[test]
    fn a_time_without_a_zone_is_of_the_zone_of_its_column() {
        let york = |text| parse(text, Some("America/New_York"));
        assert_eq!(york("1970-01-01"), Ok(5 * 3_600_000_000_000));
        assert_eq!(york("1970-01-01T00:00Z"), Ok(0));
        assert_eq!(york("2024-03-10 02:30"), Err(Refused::Skipped));
        assert_eq!(york("2024-11-03 01:30"), Err(Refused::Twice));
        assert_eq!(parse("1970-01-01", Some("+05:30")), Ok(-19_800_000_000_000));
        assert_eq!(parse("1970-01-01", Some("Nowhere")), Err(Refused::Zone));
    }
}
