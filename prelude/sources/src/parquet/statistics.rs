//! What the footer says of a row group, in our nouns, as far as it can be believed.
//!
//! A row group that is skipped by a wrong bound loses rows without a word. So bounds count only if the writer is one that is
//! known to state them rightly, if the order in which they were found is the order of the column's type, if unit and
//! sign of the stored numbers are those of the column, and if they do not contradict each other. Else they are unknown.

use polars::prelude::*;
use polars_parquet::parquet::metadata::{ColumnOrder, SortOrder};
use polars_parquet::parquet::schema::types::{
    IntegerType, PrimitiveConvertedType, PrimitiveLogicalType, PrimitiveType, TimeUnit as Stored,
};
use polars_parquet::parquet::statistics::Statistics as Footer;
use polars_parquet::read::{ColumnChunkMetadata, FileMetadata, PhysicalType, RowGroupMetadata};
use segment::{ColumnStatistics, Scalar, Statistics};
use std::cmp::Ordering;

/// Writers, by the beginning of what they call themselves, that state the newer kind of bounds (`min_value`, `max_value`) as
/// the format wants them. The differential test writes with the first four.
const WRITERS: [&str; 11] = [
    "parquet-cpp",
    "Polars",
    "DuckDB",
    "fastparquet",
    "parquet-rs",
    "parquet-mr",
    "Arrow2",
    "parquet-go",
    "Velox",
    "cudf",
    "ClickHouse",
];

/// The statistics of all flat columns of a row group that the footer knows.
///
/// Writers leave NaN out of the bounds and do not count it, so the number of NaN in a floating point column stays
/// unknown: a comparison can be refuted by the bounds, but never be proven for all rows.
pub(super) fn of(metadata: &FileMetadata, group: &RowGroupMetadata, schema: &Schema) -> Statistics {
    let mut statistics = Statistics { rows: group.num_rows() as u64, ..Statistics::default() };
    let writer = metadata.created_by.as_deref().unwrap_or_default();
    if !WRITERS.iter().any(|known| writer.starts_with(known)) {
        return statistics;
    }
    let orders = metadata.column_orders.as_deref().unwrap_or_default();
    for (at, chunk) in group.parquet_columns().iter().enumerate() {
        let [name] = &chunk.descriptor().path_in_schema[..] else { continue };
        let order = orders.get(at).copied().unwrap_or(ColumnOrder::Undefined);
        let known = schema.get(name).and_then(|dtype| column(chunk, order, metadata, statistics.rows, dtype));
        if let Some(known) = known {
            statistics.columns.insert(name.to_string(), known);
        }
    }
    statistics
}

fn column(
    chunk: &ColumnChunkMetadata,
    order: ColumnOrder,
    metadata: &FileMetadata,
    rows: u64,
    dtype: &DataType,
) -> Option<ColumnStatistics> {
    let descriptor = &chunk.descriptor().descriptor;
    if descriptor.max_rep_level > 0 || u64::try_from(chunk.num_values()) != Ok(rows) {
        return None;
    }
    let found = chunk.statistics(&metadata.footer_buf)?.ok()?;
    let nulls = found.null_count().map(u64::try_from).transpose().ok()?;
    let meaning = Meaning::of(&descriptor.primitive_type, dtype);
    let (min, max) = match meaning.filter(|meaning| meaning.is_sorted(order)) {
        Some(meaning) => meaning.bounds(found, dtype),
        None => (None, None),
    };
    let inverted = match (&min, &max) {
        (Some(min), Some(max)) => !matches!(min.compare(max), Some(Ordering::Less | Ordering::Equal)),
        _ => false,
    };
    // Who says one thing that cannot be is not believed in the others.
    if inverted || nulls.is_some_and(|nulls| nulls > rows) {
        return None;
    }
    Some(ColumnStatistics { min, max, nulls, nans: (!dtype.is_float()).then_some(0) })
}

/// What a stored value means in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Truth,
    Float,
    Signed,
    Unsigned,
    Text,
    /// A number of units of so many nanoseconds.
    Time(i64),
}

const DAY: i64 = 86_400_000_000_000;

impl Meaning {
    /// The meaning in a column of type `dtype`; `None` where the file says another one, or none that is known.
    fn of(primitive: &PrimitiveType, dtype: &DataType) -> Option<Self> {
        use PrimitiveConvertedType as Old;
        use PrimitiveLogicalType as Logical;
        let (logical, old) = (primitive.logical_type, primitive.converted_type);
        let plain = logical.is_none() && old.is_none();
        match (primitive.physical_type, dtype) {
            (PhysicalType::Boolean, DataType::Boolean) => Some(Self::Truth),
            (PhysicalType::Float, DataType::Float32) | (PhysicalType::Double, DataType::Float64) => {
                plain.then_some(Self::Float)
            }
            (PhysicalType::Int32 | PhysicalType::Int64, _) if dtype.is_integer() => {
                let unsigned = is_unsigned(primitive)?;
                (unsigned == dtype.is_unsigned_integer()).then_some(if unsigned {
                    Self::Unsigned
                } else {
                    Self::Signed
                })
            }
            (PhysicalType::Int32, DataType::Date) => {
                (logical == Some(Logical::Date) || old == Some(Old::Date)).then_some(Self::Time(DAY))
            }
            (PhysicalType::Int64, DataType::Datetime(unit, _)) => {
                let stored = match (logical, old) {
                    (Some(Logical::Timestamp { unit: Stored::Nanoseconds, .. }), _) => TimeUnit::Nanoseconds,
                    (Some(Logical::Timestamp { unit: Stored::Microseconds, .. }), _) => TimeUnit::Microseconds,
                    (Some(Logical::Timestamp { unit: Stored::Milliseconds, .. }), _) => TimeUnit::Milliseconds,
                    (None, Some(Old::TimestampMicros)) => TimeUnit::Microseconds,
                    (None, Some(Old::TimestampMillis)) => TimeUnit::Milliseconds,
                    _ => return None,
                };
                (stored == *unit).then(|| Self::Time(nanoseconds(stored)))
            }
            (PhysicalType::Int64, DataType::Duration(unit)) => plain.then(|| Self::Time(nanoseconds(*unit))),
            (PhysicalType::ByteArray, DataType::String) => {
                (logical == Some(Logical::String) || old == Some(Old::Utf8)).then_some(Self::Text)
            }
            _ => None,
        }
    }

    /// Whether bounds that were found in this order bound the values.
    fn is_sorted(self, order: ColumnOrder) -> bool {
        match (order, self) {
            // What came before orders were stated compares as signed numbers, which is wrong for all others.
            (ColumnOrder::Undefined, meaning) => !matches!(meaning, Self::Unsigned | Self::Text),
            (ColumnOrder::IEEE754TotalOrder, meaning) => meaning == Self::Float,
            (ColumnOrder::TypeDefinedOrder(order), Self::Truth) => order != SortOrder::Undefined,
            (ColumnOrder::TypeDefinedOrder(order), Self::Unsigned | Self::Text) => order == SortOrder::Unsigned,
            (ColumnOrder::TypeDefinedOrder(order), _) => order == SortOrder::Signed,
        }
    }

    fn bounds(self, found: Footer, dtype: &DataType) -> (Option<Scalar>, Option<Scalar>) {
        let number = |value: i64| self.number(value, dtype);
        match found {
            // A NaN among the bounds was compared with the others by somebody who should not have.
            Footer::Double(s) => floats(s.min_value, s.max_value),
            Footer::Float(s) => floats(s.min_value.map(f64::from), s.max_value.map(f64::from)),
            Footer::Int32(s) => {
                let wide =
                    |value: i32| number(if self == Self::Unsigned { (value as u32).into() } else { value.into() });
                (s.min_value.and_then(wide), s.max_value.and_then(wide))
            }
            Footer::Int64(s) => (s.min_value.and_then(number), s.max_value.and_then(number)),
            Footer::Boolean(s) => (s.min_value.map(Scalar::Bool), s.max_value.map(Scalar::Bool)),
            Footer::Binary(s) if self == Self::Text => (s.min_value.and_then(text), s.max_value.and_then(text)),
            _ => (None, None),
        }
    }

    fn number(self, value: i64, dtype: &DataType) -> Option<Scalar> {
        match self {
            Self::Time(unit) => value.checked_mul(unit).map(Scalar::Time),
            Self::Unsigned => within((value as u64).into(), dtype),
            Self::Signed => within(value.into(), dtype),
            _ => None,
        }
    }
}

/// Whether a stored integer has no sign; `None` when it is annotated as something else.
fn is_unsigned(primitive: &PrimitiveType) -> Option<bool> {
    use PrimitiveConvertedType as Old;
    match (primitive.logical_type, primitive.converted_type) {
        (Some(PrimitiveLogicalType::Integer(kind)), _) => {
            Some(matches!(kind, IntegerType::UInt8 | IntegerType::UInt16 | IntegerType::UInt32 | IntegerType::UInt64))
        }
        (None, None | Some(Old::Int8 | Old::Int16 | Old::Int32 | Old::Int64)) => Some(false),
        (None, Some(Old::Uint8 | Old::Uint16 | Old::Uint32 | Old::Uint64)) => Some(true),
        _ => None,
    }
}

/// A bound that the column's type can hold; another one is of something else.
fn within(value: i128, dtype: &DataType) -> Option<Scalar> {
    let range: (i128, i128) = match dtype {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => (i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => (0, u8::MAX.into()),
        DataType::UInt16 => (0, u16::MAX.into()),
        DataType::UInt32 => (0, u32::MAX.into()),
        DataType::UInt64 => (0, u64::MAX.into()),
        _ => return None,
    };
    (range.0..=range.1).contains(&value).then_some(Scalar::Int(value))
}

fn nanoseconds(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Nanoseconds => 1,
        TimeUnit::Microseconds => 1_000,
        TimeUnit::Milliseconds => 1_000_000,
    }
}

fn floats(min: Option<f64>, max: Option<f64>) -> (Option<Scalar>, Option<Scalar>) {
    match (min, max) {
        (Some(min), Some(max)) if !min.is_nan() && !max.is_nan() => {
            (Some(Scalar::Float(min)), Some(Scalar::Float(max)))
        }
        _ => (None, None),
    }
}

fn text(bytes: Vec<u8>) -> Option<Scalar> {
    String::from_utf8(bytes).ok().map(|text| Scalar::Text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(
        physical: PhysicalType,
        logical: Option<PrimitiveLogicalType>,
        old: Option<PrimitiveConvertedType>,
        dtype: &DataType,
    ) -> Option<Meaning> {
        let mut primitive = PrimitiveType::from_physical("x".into(), physical);
        (primitive.logical_type, primitive.converted_type) = (logical, old);
        Meaning::of(&primitive, dtype)
    }

    #[test]
    fn a_bound_means_what_the_file_says_or_nothing() {
        let micros = Some(PrimitiveLogicalType::Timestamp { unit: Stored::Microseconds, is_adjusted_to_utc: false });
        let (ns, us) =
            (DataType::Datetime(TimeUnit::Nanoseconds, None), DataType::Datetime(TimeUnit::Microseconds, None));
        assert_eq!(meaning(PhysicalType::Int64, micros, None, &us), Some(Meaning::Time(1_000)));
        assert_eq!(meaning(PhysicalType::Int64, micros, None, &ns), None, "another unit");
        assert_eq!(meaning(PhysicalType::Int64, None, None, &ns), None, "no unit");
        let unsigned = Some(PrimitiveLogicalType::Integer(IntegerType::UInt64));
        assert_eq!(meaning(PhysicalType::Int64, unsigned, None, &DataType::UInt64), Some(Meaning::Unsigned));
        assert_eq!(meaning(PhysicalType::Int64, None, None, &DataType::UInt64), None, "signed in the file");
        let decimal = Some(PrimitiveLogicalType::Decimal(9, 2));
        assert_eq!(meaning(PhysicalType::Int32, decimal, None, &DataType::Int32), None);
        assert_eq!(meaning(PhysicalType::Double, None, None, &DataType::Float64), Some(Meaning::Float));
    }

    #[test]
    fn bounds_in_another_order_bound_nothing() {
        let typed = ColumnOrder::TypeDefinedOrder;
        assert!(
            Meaning::Signed.is_sorted(ColumnOrder::Undefined) && Meaning::Signed.is_sorted(typed(SortOrder::Signed))
        );
        assert!(
            !Meaning::Unsigned.is_sorted(ColumnOrder::Undefined) && !Meaning::Text.is_sorted(ColumnOrder::Undefined)
        );
        assert!(
            Meaning::Text.is_sorted(typed(SortOrder::Unsigned)) && !Meaning::Text.is_sorted(typed(SortOrder::Signed))
        );
        assert!(Meaning::Float.is_sorted(ColumnOrder::IEEE754TotalOrder));
        assert!(!Meaning::Signed.is_sorted(ColumnOrder::IEEE754TotalOrder));
    }

    #[test]
    fn numbers_that_a_type_cannot_hold_are_no_bounds() {
        assert_eq!(Meaning::Signed.number(300, &DataType::Int8), None);
        assert_eq!(Meaning::Unsigned.number(-1, &DataType::UInt64), Some(Scalar::Int(u64::MAX.into())));
        assert_eq!(Meaning::Unsigned.number(-1, &DataType::UInt32), None);
        assert_eq!(Meaning::Time(1_000_000).number(i64::MAX / 10, &DataType::Date), None, "beyond nanoseconds");
        assert_eq!(floats(Some(f64::NAN), Some(1.0)), (None, None));
    }
}
