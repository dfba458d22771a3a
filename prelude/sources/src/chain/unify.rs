//! One schema for several tables: columns by name, of the wider type.

use crate::source::Source;
use polars::prelude::*;
use segment::{Error, Result};

/// How tables that disagree become one.
#[derive(Debug, Clone, Default)]
pub struct Chaining {
    /// The zone of times that have none, where other tables have one for the same column. Without it that is an error.
    pub naive_times: Option<PlSmallStr>,
}

/// What became of a column that not all tables have alike.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) column: PlSmallStr,
    /// The table in which it is otherwise than in the chain, the first one of them, and how many there are.
    pub(super) table: String,
    pub(super) tables: usize,
    pub(super) how: How,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum How {
    Absent,
    Widened(DataType, DataType),
    /// It is in the file, but cannot be read there.
    Unreadable,
}

/// The columns of all tables, those of the first one first.
///
/// # Errors
/// Two tables in which a column has types that have no common one: the message names both.
pub(super) fn schema(parts: &[std::sync::Arc<dyn Source>], options: &Chaining) -> Result<Schema> {
    let mut schema = Schema::default();
    let mut first: PlHashMap<PlSmallStr, &dyn Source> = PlHashMap::default();
    for part in parts {
        for (name, dtype) in part.schema().iter() {
            let Some(known) = schema.get(name) else {
                schema.insert(name.clone(), dtype.clone());
                first.insert(name.clone(), part.as_ref());
                continue;
            };
            if known != dtype {
                let wider = wider(known, dtype, options);
                let wider = wider.map_err(|why| differ(first[name], part.as_ref(), name, (known, dtype), why))?;
                schema.insert(name.clone(), wider);
            }
        }
    }
    Ok(schema)
}

fn differ(one: &dyn Source, two: &dyn Source, name: &str, types: (&DataType, &DataType), why: &str) -> Error {
    Error::request(format!("column `{name}` is {} in {} but {} in {}; {why}", types.0, one.name(), types.1, two.name()))
}

const APART: &str = "there is no type for both: rewrite one of the files, or read them apart";
const NAIVE: &str = "times without a zone and times of a zone: say what zone the former have, \
                     Loader::new(path).naive_times(\"UTC\").load(), or rewrite one of the files";

/// A type that holds all values of two others; reading refuses values that it would change.
fn wider(one: &DataType, two: &DataType, options: &Chaining) -> std::result::Result<DataType, &'static str> {
    use DataType as D;
    let is_text = |dtype: &DataType| matches!(dtype, D::String | D::Categorical(..) | D::Enum(..));
    Ok(match (one, two) {
        (one, two) if one == two => one.clone(),
        (D::Null, other) | (other, D::Null) => other.clone(),
        (one, two) if is_text(one) && is_text(two) => D::String,
        (D::Datetime(one, zone), D::Datetime(two, other)) => {
            let zone = match (zone, other) {
                (None, None) => None,
                (Some(zone), Some(other)) if zone == other => Some(zone.clone()),
                (Some(_), Some(_)) => Some(TimeZone::UTC),
                (Some(zone), None) | (None, Some(zone)) => {
                    options.naive_times.as_ref().ok_or(NAIVE)?;
                    Some(zone.clone())
                }
            };
            D::Datetime(finer(*one, *two), zone)
        }
        (D::Duration(one), D::Duration(two)) => D::Duration(finer(*one, *two)),
        (D::Decimal(digits, scale), D::Decimal(other_digits, other_scale)) => {
            let whole = digits.saturating_sub(*scale).max(other_digits.saturating_sub(*other_scale));
            let scale = *scale.max(other_scale);
            if whole + scale > 38 {
                return Err(APART);
            }
            D::Decimal(whole + scale, scale)
        }
        (D::List(one), D::List(two)) => D::List(Box::new(wider(one, two, options)?)),
        (one, two) if one.is_float() && two.is_float() => D::Float64,
        (one, two) if one.is_integer() && two.is_integer() => integer(one, two).ok_or(APART)?,
        (float, whole) | (whole, float) if float.is_float() && whole.is_integer() => D::Float64,
        _ => return Err(APART),
    })
}

fn finer(one: TimeUnit, two: TimeUnit) -> TimeUnit {
    [TimeUnit::Nanoseconds, TimeUnit::Microseconds].into_iter().find(|unit| [one, two].contains(unit)).unwrap_or(one)
}

fn integer(one: &DataType, two: &DataType) -> Option<DataType> {
    use DataType as D;
    let bits = |dtype: &DataType| match dtype {
        D::Int8 | D::UInt8 => 8,
        D::Int16 | D::UInt16 => 16,
        D::Int32 | D::UInt32 => 32,
        D::Int64 | D::UInt64 => 64,
        _ => 128,
    };
    let (one_bits, two_bits) = (bits(one), bits(two));
    let signed = |bits: i32| match bits {
        ..=8 => Some(D::Int8),
        9..=16 => Some(D::Int16),
        17..=32 => Some(D::Int32),
        33..=64 => Some(D::Int64),
        65..=128 => Some(D::Int128),
        _ => None,
    };
    match (one.is_unsigned_integer(), two.is_unsigned_integer()) {
        (true, true) => Some(if one_bits > two_bits { one.clone() } else { two.clone() }),
        (false, false) => signed(one_bits.max(two_bits)),
        // One bit more than the unsigned one.
        (true, false) => signed((one_bits + 1).max(two_bits)),
        (false, true) => signed((two_bits + 1).max(one_bits)),
    }
}

/// What is otherwise in the tables than in the schema of all, by column.
pub(super) fn changes(parts: &[std::sync::Arc<dyn Source>], schema: &Schema) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for part in parts {
        for (column, dtype) in schema.iter() {
            let how = match part.schema().get(column) {
                Some(found) if found == dtype => continue,
                Some(found) => How::Widened(found.clone(), dtype.clone()),
                None if part.unreadable().iter().any(|unreadable| unreadable.name == *column) => How::Unreadable,
                None => How::Absent,
            };
            match changes.iter_mut().find(|change| change.column == *column && change.how == how) {
                Some(change) => change.tables += 1,
                None => {
                    changes.push(Change { column: column.clone(), table: part.name().to_owned(), tables: 1, how });
                }
            }
        }
    }
    changes
}

impl Change {
    pub(super) fn said(&self, all: usize) -> String {
        let Self { column, table, tables, .. } = self;
        let where_ = match tables {
            1 => table.clone(),
            more => format!("{more} of {all} files, the first {table}"),
        };
        match &self.how {
            How::Absent => format!("column `{column}` is not in {where_}; its values there are null"),
            How::Widened(from, to) => format!("column `{column}` is {from} in {where_}; it is read as {to}"),
            How::Unreadable => format!("column `{column}` cannot be read in {where_}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DataType as D;

    fn of(one: &DataType, two: &DataType) -> Option<DataType> {
        let found = wider(one, two, &Chaining::default()).ok();
        assert_eq!(found, wider(two, one, &Chaining::default()).ok(), "the order does not matter");
        found
    }

    #[test]
    fn numbers_widen_to_what_holds_both() {
        assert_eq!(of(&D::Int32, &D::Int64), Some(D::Int64));
        assert_eq!(of(&D::UInt32, &D::Int32), Some(D::Int64));
        assert_eq!(of(&D::UInt64, &D::Int8), Some(D::Int128));
        assert_eq!(of(&D::UInt8, &D::UInt16), Some(D::UInt16));
        assert_eq!(of(&D::Int32, &D::Float32), Some(D::Float64));
        assert_eq!(of(&D::Float32, &D::Float64), Some(D::Float64));
        assert_eq!(of(&D::Decimal(5, 2), &D::Decimal(6, 4)), Some(D::Decimal(7, 4)));
        assert_eq!(of(&D::Decimal(38, 2), &D::Decimal(38, 4)), None);
        assert_eq!(of(&D::String, &D::Int32), None);
        assert_eq!(of(&D::Boolean, &D::Int32), None);
        assert_eq!(of(&D::Null, &D::Boolean), Some(D::Boolean));
        assert_eq!(
            of(&D::List(Box::new(D::Int32)), &D::List(Box::new(D::Float32))),
            Some(D::List(Box::new(D::Float64)))
        );
    }

    #[test]
    fn times_have_a_zone_all_or_none_unless_somebody_says() {
        let zone = |name: &str| TimeZone::opt_try_new(Some(PlSmallStr::from_str(name))).unwrap();
        let naive = D::Datetime(TimeUnit::Microseconds, None);
        let berlin = D::Datetime(TimeUnit::Nanoseconds, zone("Europe/Berlin"));
        let york = D::Datetime(TimeUnit::Microseconds, zone("America/New_York"));
        assert_eq!(of(&naive, &berlin), None);
        assert_eq!(of(&york, &berlin), Some(D::Datetime(TimeUnit::Nanoseconds, Some(TimeZone::UTC))));
        let said = Chaining { naive_times: Some("UTC".into()) };
        assert_eq!(wider(&naive, &berlin, &said), Ok(berlin));
    }
}
