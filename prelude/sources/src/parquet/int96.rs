//! Times of 96 bits: a day and nanoseconds of it, more than any unit of 64 bits can hold.

use polars::prelude::*;

/// Whether times that were decoded in some unit are exactly those that are stored, by the same in nanoseconds and in
/// milliseconds.
///
/// # Errors
/// What was lost: years that the unit cannot hold, or digits below microseconds.
pub(super) fn exact(decoded: &Series, nanoseconds: &Series, milliseconds: &Series) -> Result<(), String> {
    let DataType::Datetime(unit, _) = decoded.dtype() else { return Ok(()) };
    let physical = |series: &Series| series.to_physical_repr().i64().cloned().map_err(|error| error.to_string());
    let (decoded, nanoseconds, milliseconds) = (physical(decoded)?, physical(nanoseconds)?, physical(milliseconds)?);
    let scale = match unit {
        TimeUnit::Nanoseconds => 1_000_000,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1,
    };
    // The decoder multiplies without a look at what fits; milliseconds reach far enough to tell.
    let fits = |(value, milliseconds): (Option<i64>, Option<i64>)| match (value, milliseconds) {
        (Some(value), Some(milliseconds)) => {
            (i128::from(value) - i128::from(milliseconds) * scale).abs() < scale.max(1)
        }
        _ => true,
    };
    if !decoded.iter().zip(milliseconds.iter()).all(fits) {
        let text = match unit {
            TimeUnit::Nanoseconds => {
                "times of 96 bits before 1677 or after 2262, which nanoseconds cannot hold; write the column as TIMESTAMP \
                 in microseconds"
            }
            _ => "times of 96 bits in years that 64 bits cannot hold",
        };
        return Err(text.to_owned());
    }
    // Where nanoseconds cannot hold a value, the decoder answers the largest.
    let finer = |value: i64| value != i64::MAX && value % 1_000 != 0;
    if *unit == TimeUnit::Microseconds && nanoseconds.iter().flatten().any(finer) {
        let text = "times of 96 bits finer than microseconds, of a writer that is known to have none; write the column as \
                    TIMESTAMP in nanoseconds";
        return Err(text.to_owned());
    }
    Ok(())
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
        const FAR: i64 = 253_402_300_799;
        let ns = |values: &[i64]| times(TimeUnit::Nanoseconds, values);
        let us = |values: &[i64]| times(TimeUnit::Microseconds, values);
        let ms = |values: &[i64]| times(TimeUnit::Milliseconds, values);
        assert_eq!(exact(&ns(&[1_500_000]), &ns(&[1_500_000]), &ms(&[1])), Ok(()));
        let beyond = exact(&ns(&[1, i64::MAX]), &ns(&[1, i64::MAX]), &ms(&[0, FAR * 1_000]));
        assert!(beyond.unwrap_err().contains("2262"));
        let far = us(&[1, FAR * 1_000_000]);
        assert_eq!(exact(&far, &ns(&[1_000, i64::MAX]), &ms(&[0, FAR * 1_000])), Ok(()));
        assert!(exact(&far, &ns(&[1_500, i64::MAX]), &ms(&[0, FAR * 1_000])).unwrap_err().contains("finer"));
        let wrapped = exact(&us(&[5]), &ns(&[i64::MAX]), &ms(&[i64::MAX / 10]));
        assert!(wrapped.unwrap_err().contains("64 bits cannot hold"));
    }
}
