//! Times of 96 bits: a day and nanoseconds of it, more than any unit of 64 bits can hold.

use polars::prelude::*;

/// Whether times that were decoded in some unit are exactly those that are stored, by the same in nanoseconds.
///
/// # Errors
/// What was lost: years beyond nanoseconds, or digits below microseconds.
pub(super) fn exact(decoded: &Series, nanoseconds: &Series) -> Result<(), String> {
    let DataType::Datetime(unit, _) = decoded.dtype() else { return Ok(()) };
    let values = nanoseconds.to_physical_repr();
    let values = values.i64().map_err(|error| error.to_string())?;
    // The decoder answers this for what it cannot hold.
    let mut beyond = values.iter().flatten().filter(|&value| value == i64::MAX);
    match unit {
        TimeUnit::Nanoseconds if beyond.next().is_some() => {
            let text = "times of 96 bits before 1677 or after 2262, which nanoseconds cannot hold; write the column as \
                        TIMESTAMP in microseconds";
            Err(text.to_owned())
        }
        TimeUnit::Microseconds if values.iter().flatten().any(|value| value != i64::MAX && value % 1_000 != 0) => {
            let text = "times of 96 bits finer than microseconds, of a writer that is known to have none; write the \
                        column as TIMESTAMP in nanoseconds";
            Err(text.to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::exact;
    use polars::prelude::*;

    fn times(unit: TimeUnit, values: &[i64]) -> Series {
        Series::new("t".into(), values).cast(&DataType::Datetime(unit, None)).unwrap()
    }

    #[test]
    fn what_a_unit_cannot_hold_is_refused() {
        let nanoseconds = times(TimeUnit::Nanoseconds, &[1_500, i64::MAX]);
        assert!(exact(&nanoseconds, &nanoseconds).unwrap_err().contains("2262"));
        let micros = times(TimeUnit::Microseconds, &[1, 253_402_300_799_000_000]);
        assert!(exact(&micros, &nanoseconds).unwrap_err().contains("finer than microseconds"));
        assert_eq!(exact(&micros, &times(TimeUnit::Nanoseconds, &[1_000, i64::MAX])), Ok(()));
    }
}
