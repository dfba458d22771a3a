//! A column in a wider type: every value as it was, or an error.

use polars::prelude::*;

/// The column in another type.
///
/// # Errors
/// A value that the other type would change.
pub(super) fn widen(column: &Column, to: &DataType, naive: Option<&PlSmallStr>) -> Result<Column, String> {
    let series = column.as_materialized_series();
    let failed = |error: PolarsError| error.to_string();
    let wide = match (series.dtype(), to) {
        (DataType::Datetime(_, zone), DataType::Datetime(unit, wanted)) => {
            let scaled = scaled(series, &DataType::Datetime(*unit, None), *unit)?;
            let zoned = match (zone, wanted, naive) {
                (None, Some(wanted), Some(zone)) => in_zone(&scaled, zone, wanted)?,
                _ => scaled.cast(to).map_err(failed)?,
            };
            return Ok(zoned.into_column());
        }
        (DataType::Duration(_), DataType::Duration(unit)) => scaled(series, to, *unit)?,
        (DataType::List(_), DataType::List(_)) => series.cast(to).map_err(failed)?,
        (from, DataType::Float64) if from.is_integer() => {
            let wide = series.strict_cast(to).map_err(failed)?;
            exact(series, &wide)?;
            wide
        }
        _ => series.strict_cast(to).map_err(failed)?,
    };
    Ok(wide.into_column())
}

/// Integers above 2^53 are not all numbers of 64 bits with a point.
fn exact(whole: &Series, wide: &Series) -> Result<(), String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let largest = wide.f64().map_err(|error| error.to_string())?;
    let beyond = |bound: Option<f64>| bound.is_some_and(|bound| bound.abs() > EXACT);
    if !beyond(largest.min()) && !beyond(largest.max()) {
        return Ok(());
    }
    let back = wide.cast(whole.dtype()).map_err(|error| error.to_string())?;
    if back.equals_missing(whole) {
        return Ok(());
    }
    Err("it holds integers above 2^53, which f64 cannot hold exactly".to_owned())
}

/// Times in a finer unit, which reaches less far.
fn scaled(times: &Series, to: &DataType, unit: TimeUnit) -> Result<Series, String> {
    let (DataType::Datetime(from, _) | DataType::Duration(from)) = times.dtype() else {
        return Err(format!("{} is no time", times.dtype()));
    };
    let factor = match (from, unit) {
        (TimeUnit::Milliseconds, TimeUnit::Microseconds) | (TimeUnit::Microseconds, TimeUnit::Nanoseconds) => 1_000,
        (TimeUnit::Milliseconds, TimeUnit::Nanoseconds) => 1_000_000,
        _ => 1,
    };
    let physical = times.to_physical_repr();
    let values = physical.i64().map_err(|error| error.to_string())?;
    let limit = i64::MAX / factor;
    if values.min().is_some_and(|value| value < -limit) || values.max().is_some_and(|value| value > limit) {
        return Err(format!("it holds times beyond what {unit} can hold (1677 to 2262 in nanoseconds)"));
    }
    (values * factor).into_series().cast(to).map_err(|error| error.to_string())
}

/// Times without a zone as those of a zone, said in another.
fn in_zone(times: &Series, zone: &PlSmallStr, wanted: &TimeZone) -> Result<Series, String> {
    let known = TimeZone::opt_try_new(Some(zone.clone())).map_err(|error| error.to_string())?;
    let name = times.name().clone();
    let zoned = col(name.clone()).dt().replace_time_zone(known, lit("raise"), NonExistent::Raise);
    let frame = DataFrame::new(times.len(), vec![times.clone().into_column()]).map_err(|error| error.to_string())?;
    let frame = frame.lazy().select([zoned.dt().convert_time_zone(wanted.clone())]).collect();
    let frame = frame.map_err(|error| error.to_string())?;
    frame.column(&name).map(|column| column.as_materialized_series().clone()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::widen;
    use polars::prelude::*;

    fn column(values: &[i64], dtype: &DataType) -> Column {
        Series::new("x".into(), values).cast(dtype).unwrap().into_column()
    }

    #[test]
    fn a_value_that_would_change_is_an_error() {
        let float = |values: &[i64]| widen(&column(values, &DataType::Int64), &DataType::Float64, None);
        assert!(float(&[1, 1 << 54]).is_ok());
        assert!(float(&[1, (1 << 54) + 1]).unwrap_err().contains("2^53"));
        let (us, ns) =
            (DataType::Datetime(TimeUnit::Microseconds, None), DataType::Datetime(TimeUnit::Nanoseconds, None));
        assert_eq!(widen(&column(&[5], &us), &ns, None).unwrap(), column(&[5_000], &ns));
        assert!(widen(&column(&[i64::MAX / 10], &us), &ns, None).unwrap_err().contains("2262"));
    }

    #[test]
    fn a_time_without_a_zone_gets_the_one_that_is_said() {
        let zone = |name: &str| TimeZone::opt_try_new(Some(PlSmallStr::from_str(name))).unwrap();
        let naive = column(&[0], &DataType::Datetime(TimeUnit::Milliseconds, None));
        let wanted = DataType::Datetime(TimeUnit::Milliseconds, zone("America/New_York"));
        let read = widen(&naive, &wanted, Some(&"Europe/Berlin".into())).unwrap();
        assert_eq!(read, column(&[-3_600_000], &wanted), "midnight in Berlin is 23:00 UTC");
    }
}
