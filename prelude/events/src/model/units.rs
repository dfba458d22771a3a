//! Units of time.

/// What the time column counts.
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
