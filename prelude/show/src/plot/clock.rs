//! Ticks of an axis of times: at round seconds, hours, days, months or years of its zone.

use crate::text::number;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use hist::Clock;

/// From tick to tick.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Microseconds(i64),
    Days(u64),
    Months(u32),
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: f64 = 86_400.0;

/// Parts of a day; thousand years are the longest step.
const PARTS: [i64; 23] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
];
const DAYS: [u64; 4] = [1, 2, 7, 14];
const MONTHS: [u32; 11] = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 12_000];

impl Step {
    /// The shortest step of at least so many seconds.
    fn of(seconds: f64) -> Self {
        let parts = PARTS.into_iter().map(Self::Microseconds);
        let all = parts.chain(DAYS.into_iter().map(Self::Days)).chain(MONTHS.into_iter().map(Self::Months));
        all.into_iter().find(|step| step.seconds() >= seconds * (1.0 - 1e-9)).unwrap_or(Self::Months(12_000))
    }

    fn seconds(self) -> f64 {
        match self {
            Self::Microseconds(count) => count as f64 / 1e6,
            Self::Days(days) => days as f64 * DAY,
            Self::Months(months) => f64::from(months) * 30.44 * DAY,
        }
    }

    /// The last round time at or before this one.
    fn floor(self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        let day = time.date();
        let midnight = day.and_time(NaiveTime::MIN);
        match self {
            Self::Microseconds(step) => {
                let micros = (time - midnight).num_microseconds()?;
                midnight.checked_add_signed(TimeDelta::microseconds(micros / step * step))
            }
            // Steps of weeks begin on Mondays.
            Self::Days(days) => {
                let monday = NaiveDate::from_ymd_opt(1970, 1, 5)?;
                let since = (day - monday).num_days().rem_euclid(days as i64);
                midnight.checked_sub_days(Days::new(since as u64))
            }
            Self::Months(months) => {
                let at = (i64::from(day.year()) * 12 + i64::from(day.month0())).div_euclid(i64::from(months));
                let first = at * i64::from(months);
                let year = i32::try_from(first.div_euclid(12)).ok()?;
                Some(NaiveDate::from_ymd_opt(year, first.rem_euclid(12) as u32 + 1, 1)?.and_time(NaiveTime::MIN))
            }
        }
    }

    fn next(self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Self::Microseconds(step) => time.checked_add_signed(TimeDelta::microseconds(step)),
            Self::Days(days) => time.checked_add_days(Days::new(days)),
            Self::Months(months) => time.checked_add_months(Months::new(months)),
        }
    }
}

/// Where ticks are, in seconds, with what is written at them, and what is said once for all of them.
pub(super) type Written = (Vec<(f64, String)>, Option<String>);

/// Ticks between two times, about `wanted`; nothing where they leave the years that calendars count.
pub(super) fn ticks(low: f64, high: f64, clock: &Clock, wanted: usize) -> Option<Written> {
    let step = Step::of((high - low) / wanted as f64);
    let slack = 1e-9 * (high - low);
    let (from, to) = (clock.local(low)?, clock.local(high)?);
    let mut found: Vec<(f64, NaiveDateTime)> = Vec::new();
    let mut time = step.floor(from)?;
    // Clocks that are set back show an hour twice: it may be behind the end.
    let end = to.checked_add_signed(TimeDelta::hours(3))?;
    while time <= end && found.len() < 200 {
        // An hour that the clocks skip has no tick.
        if let Some(seconds) = clock.instant(&time) {
            let inside = (low - slack..=high + slack).contains(&seconds);
            if inside && found.last().is_none_or(|(before, _)| *before < seconds) {
                found.push((seconds, time));
            }
        }
        time = step.next(time)?;
    }
    let first = found.first().map_or(from, |(_, time)| *time);
    let (format, common) = words(step, first, found.last().map_or(to, |(_, time)| *time));
    let label = |time: &NaiveDateTime| match step {
        // The hour at which a day begins is the day.
        Step::Microseconds(_) if time.time() == NaiveTime::MIN && *time != first => time.format("%m-%d").to_string(),
        _ => time.format(format).to_string(),
    };
    Some((found.iter().map(|(seconds, time)| (*seconds, label(time))).collect(), common))
}

/// How ticks are written, and what is said once for all of them.
fn words(step: Step, first: NaiveDateTime, last: NaiveDateTime) -> (&'static str, Option<String>) {
    match step {
        Step::Months(months) if months % 12 == 0 => ("%Y", None),
        Step::Months(_) => ("%Y-%m", None),
        Step::Days(_) if first.year() == last.year() => ("%m-%d", Some(first.format("%Y").to_string())),
        Step::Days(_) => ("%Y-%m-%d", None),
        Step::Microseconds(step) => {
            let day = Some(first.format("%Y-%m-%d").to_string());
            match step {
                step if step % MINUTE == 0 => ("%H:%M", day),
                step if step % SECOND == 0 => ("%H:%M:%S", day),
                _ => ("%H:%M:%S%.3f", day),
            }
        }
    }
}

const UNITS: [(f64, &str); 3] = [(DAY, "d"), (3_600.0, "h"), (60.0, "min")];

/// A width of bins in words: `1 d`, `90 s`.
pub(super) fn duration(seconds: f64) -> String {
    let whole = |unit: f64| (seconds / unit - (seconds / unit).round()).abs() < 1e-6;
    in_unit(seconds, |unit| seconds >= unit && whole(unit))
}

/// A length of time in words, in the longest unit of which it has two: `8.947 d`.
pub(super) fn about(seconds: f64) -> String {
    in_unit(seconds, |unit| seconds >= 2.0 * unit)
}

fn in_unit(seconds: f64, fits: impl Fn(f64) -> bool) -> String {
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| fits(*unit)).unwrap_or((1.0, "s"));
    format!("{} {name}", number(seconds / unit, 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(low: f64, high: f64, zone: Option<&str>) -> String {
        let (ticks, common) = ticks(low, high, &Clock::new(zone), 5).unwrap();
        let words: Vec<_> = ticks.into_iter().map(|(_, label)| label).collect();
        words.join(" ") + &common.map(|common| format!(" | {common}")).unwrap_or_default()
    }

    #[test]
    fn ticks_are_round_times() {
        let start = 1_709_647_200.0;
        assert_eq!(written(start, start + 4.0 * 3_600.0, None), "14:00 15:00 16:00 17:00 18:00 | 2024-03-05");
        assert_eq!(written(start, start + 86_400.0, Some("Europe/Berlin")), "18:00 03-06 06:00 12:00 | 2024-03-05");
        assert_eq!(written(start, start + 30.0 * 86_400.0, None), "03-11 03-18 03-25 04-01 | 2024");
        assert_eq!(written(start, start + 200.0 * 86_400.0, None), "2024-04 2024-07");
        assert_eq!(written(start, start + 4_000.0 * 86_400.0, None), "2025 2030 2035");
        assert_eq!(
            written(0.25, 2.6, None),
            "00:00:00.500 00:00:01.000 00:00:01.500 00:00:02.000 00:00:02.500 | 1970-01-01"
        );
    }

    #[test]
    fn hours_that_the_clocks_skip_have_no_tick() {
        // 2024-03-31 in Berlin: 01:00, then 03:00.
        assert_eq!(
            written(1_711_839_600.0, 1_711_854_000.0, Some("Europe/Berlin")),
            "00:00 01:00 03:00 04:00 05:00 | 2024-03-31"
        );
        // 2024-10-27: 02:00 comes twice, and has its tick the first time.
        assert_eq!(
            written(1_729_980_000.0, 1_729_994_400.0, Some("Europe/Berlin")),
            "00:00 01:00 02:00 03:00 | 2024-10-27"
        );
    }

    #[test]
    fn widths_are_in_the_longest_unit() {
        assert_eq!([86_400.0, 7_200.0, 90.0, 0.5].map(duration), ["1 d", "2 h", "90 s", "0.5 s"]);
        assert_eq!([773_039.0, 90_000.0, 100.0].map(about), ["8.947 d", "25 h", "100 s"]);
    }

    proptest! {
        #[test]
        fn any_two_times_have_few_ticks_between_them(low in -6e10f64..2e11, width in 1e-3f64..1e11) {
            let (ticks, _) = ticks(low, low + width, &Clock::new(Some("America/New_York")), 6).unwrap();
            prop_assert!(ticks.len() <= 30, "{} ticks", ticks.len());
            prop_assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0));
            let slack = 1e-6 * width;
            prop_assert!(ticks.iter().all(|(at, _)| (low - slack..=low + width + slack).contains(at)));
        }
    }
}
