//! Units of time, and how the unit of a column is told when nothing names it.

/// What the time column counts.
///
/// ```
/// assert_eq!(events::TimeUnit::Nanoseconds.to_string(), "nanoseconds");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds, with decimals.
    Seconds,
    /// Milliseconds, with decimals.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds; what is below a microsecond is rounded.
    Nanoseconds,
}

impl TimeUnit {
    /// The unit with this name or abbreviation, such as `ns` or `seconds`.
    ///
    /// ```
    /// assert_eq!(events::TimeUnit::from_name("us"), Some(events::TimeUnit::Microseconds));
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Self::Seconds),
            "ms" | "msec" | "millisecond" | "milliseconds" => Some(Self::Milliseconds),
            "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => Some(Self::Microseconds),
            "ns" | "nsec" | "nanosecond" | "nanoseconds" => Some(Self::Nanoseconds),
            _ => None,
        }
    }

    /// Units in a second.
    fn per_second(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e3,
            Self::Microseconds => 1e6,
            Self::Nanoseconds => 1e9,
        }
    }
}

impl std::fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        })
    }
}

/// Fewer different times than this tell nothing.
const FEW: usize = 20;
/// No recording is so slow, events per second.
const SLOWEST: f64 = 0.05;

/// The unit of these times, the first of a recording, and why: their size where they are dates, else their resolution.
///
/// Sensors count microseconds: whole thousands are microseconds counted in nanoseconds, and three decimals are those of
/// milliseconds. Rates tell less: a filtered recording may be as slow as it likes.
pub(crate) fn told_by(times: &[f64]) -> (TimeUnit, String) {
    use TimeUnit::{Microseconds, Milliseconds, Nanoseconds, Seconds};
    let finite = || times.iter().copied().filter(|t| t.is_finite());
    let fractions = finite().any(|t| t.fract() != 0.0);
    let first = finite().next().unwrap_or(0.0);
    let dated = |unit: &&TimeUnit| (1e9..4.2e9).contains(&(first / unit.per_second()));
    let (usual, shape) = if fractions { (Seconds, "decimals") } else { (Microseconds, "whole numbers") };
    let dates: &[TimeUnit] =
        if fractions { &[Seconds, Milliseconds, Microseconds] } else { &[Microseconds, Nanoseconds] };
    if let Some(unit) = dates.iter().find(dated) {
        return (*unit, format!("{shape} that are dates as {unit} since 1970"));
    }
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| (low.min(t), high.max(t)));
    let distinct = times.windows(2).filter(|pair| pair[0] != pair[1]).count() + 1;
    if distinct < FEW {
        return (usual, format!("{shape}, too few to tell more"));
    }
    // A simulator that writes frames fills every step with many events; a clock does not.
    let frames = |step: f64| (high - low) / step < distinct as f64 * 1.1 && times.len() > distinct * 3;
    let per_second = times.len() as f64 / (high - low);
    match fractions {
        false if finite().all(|t| t % 1000.0 == 0.0) && !frames(1000.0) => {
            (Nanoseconds, "whole thousands, as a clock of microseconds counts in nanoseconds".to_string())
        }
        true if finite().all(|t| (t * 1e3).round() / 1e3 == t) && !frames(1e-3) => {
            (Milliseconds, "at most three decimals, as a clock of microseconds counts in milliseconds".to_string())
        }
        true if per_second < SLOWEST => {
            (Microseconds, format!("decimals; as seconds there would be {per_second:.1e} events per second"))
        }
        _ => (usual, format!("{shape}, {:.0} events per second", per_second * usual.per_second())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every(step: f64, count: u32) -> Vec<f64> {
        // Steps of different lengths, so that no coarser step fits all.
        (0..count).map(|k| (f64::from(k) + f64::from(k % 7) * 0.1) * step).collect()
    }

    #[test]
    fn ranges_and_shapes_tell_units() {
        let whole = |times: Vec<f64>| times.into_iter().map(f64::round).collect::<Vec<_>>();
        let decimals = |times: Vec<f64>, places: f64| {
            times.into_iter().map(|t| (t * 10f64.powf(places)).round() / 10f64.powf(places)).collect::<Vec<_>>()
        };
        for (times, unit) in [
            (whole(every(13.0, 500)), TimeUnit::Microseconds),
            (whole(every(900.0, 500)), TimeUnit::Microseconds),
            // Slow is no reason: it may have been filtered.
            (whole(every(50_021.0, 500)), TimeUnit::Microseconds),
            // Frames of a simulator, and a clock of microseconds.
            ((0..500).map(|k| f64::from(k / 20) * 1000.0).collect(), TimeUnit::Microseconds),
            ((0..500).map(|k| f64::from(k * 3 / 2) * 1000.0).collect(), TimeUnit::Nanoseconds),
            (decimals(every(13e-6, 500), 6.0), TimeUnit::Seconds),
            (decimals(every(0.013, 500), 3.0), TimeUnit::Milliseconds),
            ((0..500).map(|k| f64::from(k / 20) / 1000.0).collect(), TimeUnit::Seconds),
            (every(5023.1234, 500), TimeUnit::Microseconds),
            (vec![1_504_645_177.42, 1_504_645_177.43], TimeUnit::Seconds),
            (vec![1_504_645_177_420_000.0, 1_504_645_177_420_001.0], TimeUnit::Microseconds),
            (vec![1_504_645_177_420_000_000.0, 1_504_645_177_420_000_500.0], TimeUnit::Nanoseconds),
            (vec![1.0, 2.0], TimeUnit::Microseconds),
            (vec![0.5, 2.0], TimeUnit::Seconds),
            (Vec::new(), TimeUnit::Microseconds),
        ] {
            let (told, why) = told_by(&times);
            assert_eq!(told, unit, "{why}: {:?}", &times[..times.len().min(5)]);
        }
    }
}
