//! What the footer says of a row group, in our nouns.

use polars::prelude::*;
use polars_parquet::parquet::statistics::Statistics as Footer;
use polars_parquet::read::{ColumnChunkMetadata, RowGroupMetadata};
use segment::{ColumnStatistics, Scalar, Statistics};

/// The statistics of all flat columns of a row group that the footer knows.
///
/// Writers leave NaN out of the bounds and do not count it, so the number of NaN in a floating point column stays
/// unknown: a comparison can be refuted by the bounds, but never be proven for all rows.
pub(super) fn of(group: &RowGroupMetadata, footer: &[u8], schema: &Schema) -> Statistics {
    let mut statistics = Statistics { rows: group.num_rows() as u64, ..Statistics::default() };
    for (name, dtype) in schema.iter() {
        let Some(mut chunks) = group.columns_under_root_iter(name) else { continue };
        let (Some(chunk), None) = (chunks.next(), chunks.next()) else { continue };
        if let Some(known) = column(chunk, footer, dtype) {
            statistics.columns.insert(name.to_string(), known);
        }
    }
    statistics
}

fn column(chunk: &ColumnChunkMetadata, footer: &[u8], dtype: &DataType) -> Option<ColumnStatistics> {
    let found = chunk.statistics(footer)?.ok()?;
    let (nulls, min, max) = match found {
        Footer::Double(s) => (s.null_count, s.min_value.and_then(float), s.max_value.and_then(float)),
        Footer::Float(s) => {
            (s.null_count, s.min_value.map(f64::from).and_then(float), s.max_value.map(f64::from).and_then(float))
        }
        Footer::Int32(s) => {
            let bound = |value: i32| integer(i64::from(value), value as u32 as u64, dtype);
            (s.null_count, s.min_value.and_then(bound), s.max_value.and_then(bound))
        }
        Footer::Int64(s) => {
            let bound = |value: i64| integer(value, value as u64, dtype);
            (s.null_count, s.min_value.and_then(bound), s.max_value.and_then(bound))
        }
        Footer::Boolean(s) => (s.null_count, s.min_value.map(Scalar::Bool), s.max_value.map(Scalar::Bool)),
        Footer::Binary(s) if *dtype == DataType::String => {
            (s.null_count, s.min_value.and_then(text), s.max_value.and_then(text))
        }
        _ => return None,
    };
    Some(ColumnStatistics {
        min,
        max,
        nulls: nulls.and_then(|count| u64::try_from(count).ok()),
        nans: (!dtype.is_float()).then_some(0),
    })
}

fn float(value: f64) -> Option<Scalar> {
    (!value.is_nan()).then_some(Scalar::Float(value))
}

fn integer(signed: i64, unsigned: u64, dtype: &DataType) -> Option<Scalar> {
    match dtype {
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Some(Scalar::Int(unsigned.into())),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Some(Scalar::Int(signed.into())),
        DataType::Date => signed.checked_mul(86_400_000_000_000).map(Scalar::Time),
        DataType::Datetime(TimeUnit::Nanoseconds, _) | DataType::Duration(TimeUnit::Nanoseconds) => {
            Some(Scalar::Time(signed))
        }
        DataType::Datetime(TimeUnit::Microseconds, _) | DataType::Duration(TimeUnit::Microseconds) => {
            signed.checked_mul(1_000).map(Scalar::Time)
        }
        DataType::Datetime(TimeUnit::Milliseconds, _) | DataType::Duration(TimeUnit::Milliseconds) => {
            signed.checked_mul(1_000_000).map(Scalar::Time)
        }
        _ => None,
    }
}

fn text(bytes: Vec<u8>) -> Option<Scalar> {
    String::from_utf8(bytes).ok().map(|text| Scalar::Text(text.into()))
}
