//! Which columns of a file can be read, and as what.
//!
//! Files hold types for which there is no column here. Such a column is left out, by name and with the reason; the others
//! are read. What only bears another name, such as an extension type over numbers, is read as what it stores.

use crate::guard::guarded;
use polars::prelude::*;
use polars_arrow::datatypes::TimeUnit as ArrowTimeUnit;
use segment::UNNAMED_ZONE;
use std::fmt;
use std::sync::Arc;

/// A column that a file has and that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub name: PlSmallStr,
    /// Its type, as the file calls it.
    pub dtype: String,
    /// Why it cannot be read.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "column `{}` of type {} is not supported ({})", self.name, self.dtype, self.reason)
    }
}

/// A field as it can be decoded, and the type of the column that is made of it.
///
/// # Errors
/// Why there is no such column.
pub(crate) fn readable(field: &ArrowField) -> Result<(ArrowField, DataType), Unreadable> {
    let refused = |reason: String| Unreadable { name: field.name.clone(), dtype: name(&field.dtype), reason };
    let stored = stored(&field.dtype).map_err(refused)?;
    // What an extension type says of itself belongs to its name.
    let metadata = match &field.dtype {
        ArrowDataType::Extension(_) => None,
        _ => field.metadata.clone(),
    };
    let adapted = ArrowField { dtype: stored, metadata, ..field.clone() };
    // What the library cannot turn into a column it says by a panic.
    let dtype = guarded(|| DataType::from_arrow_field(&adapted)).map_err(refused)?;
    Ok((adapted, held(dtype)))
}

/// The type in which a column is held: half-precision numbers are widened, and whole numbers of 128 bits have a sign, so that
/// everything that takes numbers takes them.
fn held(dtype: DataType) -> DataType {
    match dtype {
        DataType::Float16 => DataType::Float32,
        DataType::UInt128 => DataType::Int128,
        other => other,
    }
}

/// What is said of whole numbers that no column can hold.
pub(crate) const WHOLES: &str =
    "holds whole numbers beyond 2^127; write it again as text, or as floating point numbers";

/// A column in the type in which it is held. No value is lost on the way.
///
/// # Errors
/// Whole numbers beyond 2^127.
pub(crate) fn as_held(column: Column, dtype: &DataType) -> PolarsResult<Column> {
    match column.dtype() {
        decoded if decoded == dtype => Ok(column),
        DataType::UInt128 => {
            column.strict_cast(dtype).map_err(|_| polars_err!(ComputeError: "column `{}` {WHOLES}", column.name()))
        }
        _ => column.cast(dtype),
    }
}

/// A type without extensions and with zones that have a name, or the reason why its values cannot be read.
fn stored(dtype: &ArrowDataType) -> Result<ArrowDataType, String> {
    use ArrowDataType as D;
    let inner = |field: &ArrowField| Ok(ArrowField { dtype: stored(&field.dtype)?, ..field.clone() });
    Ok(match dtype {
        D::Extension(extension) => stored(&extension.inner)?,
        D::Timestamp(unit, zone) => D::Timestamp(*unit, zone.clone().and_then(zone_name)),
        D::List(field) => D::List(Box::new(inner(field)?)),
        D::LargeList(field) => D::LargeList(Box::new(inner(field)?)),
        D::FixedSizeList(field, size) => D::FixedSizeList(Box::new(inner(field)?), *size),
        D::Map(field, sorted) => D::Map(Box::new(entries(inner(field)?)), *sorted),
        D::Struct(fields) => D::Struct(fields.iter().map(inner).collect::<Result<_, String>>()?),
        D::Dictionary(keys, values, ordered) => D::Dictionary(*keys, Box::new(stored(values)?), *ordered),
        D::Interval(_) => return Err("a calendar interval is no fixed length of time".to_owned()),
        D::Union(_) => return Err("values of several types in one column".to_owned()),
        D::Decimal256(precision, _) if *precision > 38 => {
            return Err(format!("{precision} decimal digits; 38 can be held"));
        }
        other => other.clone(),
    })
}

/// The entries of a map: a key and a value, whatever the file calls them, as the format wants it.
fn entries(mut field: ArrowField) -> ArrowField {
    if let ArrowDataType::Struct(parts) = &mut field.dtype
        && let [key, value] = parts.as_mut_slice()
    {
        (key.name, value.name) = ("key".into(), "value".into());
    }
    field
}

/// The zone as it can be said; the instants are those of UTC for any zone.
fn zone_name(zone: PlSmallStr) -> Option<PlSmallStr> {
    if zone.is_empty() {
        return None;
    }
    match TimeZone::opt_try_new(Some(zone)) {
        Ok(known) => known.map(|known| (*known).clone()),
        Err(_) => Some(PlSmallStr::from_static(UNNAMED_ZONE)),
    }
}

/// What a file calls the zone of a column, where that cannot be said by its type.
pub(crate) fn unnamed_zone(dtype: &ArrowDataType) -> Option<Arc<str>> {
    let ArrowDataType::Timestamp(_, Some(zone)) = dtype.to_storage() else { return None };
    zone_name(zone.clone()).filter(|held| held == UNNAMED_ZONE).map(|_| zone.as_str().into())
}

/// What people call a type.
pub(crate) fn name(dtype: &ArrowDataType) -> String {
    use ArrowDataType as D;
    match dtype {
        D::Extension(extension) => format!("{} ({})", extension.name, name(&extension.inner)),
        D::Interval(_) => "interval".to_owned(),
        D::Union(_) => "union".to_owned(),
        D::List(field) | D::LargeList(field) | D::FixedSizeList(field, _) => format!("list of {}", name(&field.dtype)),
        D::Map(field, _) => format!("map of {}", name(&field.dtype)),
        D::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.name, name(&field.dtype))).collect();
            format!("struct of {}", fields.join(", "))
        }
        D::Timestamp(unit, zone) => {
            let zone = zone.as_ref().map(|zone| format!(", {zone}")).unwrap_or_default();
            format!("timestamp in {}{zone}", unit_name(*unit))
        }
        D::Decimal256(precision, scale) => format!("decimal({precision}, {scale})"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn unit_name(unit: ArrowTimeUnit) -> &'static str {
    match unit {
        ArrowTimeUnit::Second => "s",
        ArrowTimeUnit::Millisecond => "ms",
        ArrowTimeUnit::Microsecond => "us",
        ArrowTimeUnit::Nanosecond => "ns",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_arrow::datatypes::{ExtensionType, IntervalUnit};

    fn read_as(dtype: ArrowDataType) -> Result<DataType, String> {
        readable(&ArrowField::new("x".into(), dtype, true)).map(|(_, dtype)| dtype).map_err(|error| error.to_string())
    }

    #[test]
    fn zones_are_names_or_utc() {
        let zone = |zone: &str| {
            let dtype = read_as(ArrowDataType::Timestamp(ArrowTimeUnit::Microsecond, Some(zone.into()))).unwrap();
            let DataType::Datetime(TimeUnit::Microseconds, zone) = dtype else { panic!("{dtype}") };
            zone.map(|zone| zone.to_string())
        };
        assert_eq!(zone("Europe/Berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(zone("+01:00").as_deref(), Some("Etc/GMT-1"));
        assert_eq!(zone("+05:30").as_deref(), Some(UNNAMED_ZONE));
        assert_eq!(zone("Mars/Phobos").as_deref(), Some(UNNAMED_ZONE));
        assert_eq!(zone(""), None);
    }

    #[test]
    fn what_has_no_column_says_why() {
        let interval = read_as(ArrowDataType::Interval(IntervalUnit::YearMonth)).unwrap_err();
        assert!(interval.contains("column `x` of type interval is not supported"), "{interval}");
        let list = ArrowField::new("item".into(), ArrowDataType::Interval(IntervalUnit::MonthDayNano), true);
        assert!(read_as(ArrowDataType::LargeList(Box::new(list))).unwrap_err().contains("list of interval"));
        assert!(read_as(ArrowDataType::Decimal256(50, 2)).unwrap_err().contains("50 decimal digits"));
    }

    #[test]
    fn extensions_are_what_they_store_and_halves_are_widened() {
        let extension = |inner| ExtensionType { name: "own.kind".into(), inner, metadata: Some("{}".into()) };
        assert_eq!(read_as(ArrowDataType::Extension(Box::new(extension(ArrowDataType::Int64)))), Ok(DataType::Int64));
        assert_eq!(read_as(ArrowDataType::Float16), Ok(DataType::Float32));
        assert_eq!(read_as(ArrowDataType::UInt128), Ok(DataType::Int128));
    }
}
