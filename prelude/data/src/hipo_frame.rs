//! Columns of HIPO banks as series, without a copy where the layout is the same; and frames as HIPO events.

use crate::error::{Error, Result};
use ::hipo::{BankColumns, Column as BankColumn, ColumnType, EventBuilder, Numbers, Schema as BankSchema, Writer};
use polars::prelude::*;
use polars_arrow::array::{Array, ListArray, PrimitiveArray};
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use std::path::Path;
use std::sync::Arc;

/// The number of a row's event in all files, from 0.
pub(crate) const EVENT: &str = "__event__";
/// The tag of a row's event.
pub(crate) const TAG: &str = "__tag__";
/// The number of a row in its event's bank, from 0.
pub(crate) const ROW_IN_EVENT: &str = "__row__";

/// A column of a bank as frames name it: array columns are one column per element, `cov_0`, `cov_1`, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// Name in a frame.
    pub name: PlSmallStr,
    /// Name in the bank.
    pub column: String,
    /// Which number of a row.
    pub element: usize,
    /// Type of the numbers.
    pub dtype: DataType,
}

/// All columns of a bank as frames name them.
pub(crate) fn parts(schema: &BankSchema) -> Vec<Part> {
    let mut parts = Vec::new();
    for column in schema.columns() {
        for element in 0..column.count {
            let name = if column.count == 1 { column.name.clone() } else { format!("{}_{element}", column.name) };
            let taken = parts.iter().any(|part: &Part| part.name == name);
            // `cov#2` beside a column `cov_1`: rare, and still two names.
            let name = if taken { format!("{name}_") } else { name };
            parts.push(Part { name: name.into(), column: column.name.clone(), element, dtype: dtype(column.kind) });
        }
    }
    parts
}

/// The type of a column in a frame.
pub(crate) fn dtype(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::I8 => DataType::Int8,
        ColumnType::I16 => DataType::Int16,
        ColumnType::I32 => DataType::Int32,
        ColumnType::I64 => DataType::Int64,
        ColumnType::F32 => DataType::Float32,
        ColumnType::F64 => DataType::Float64,
    }
}

/// Runs `$body` with `$values` the numbers of an element of a column: the vector itself, or every n-th of it.
macro_rules! with_values {
    ($column:expr, $element:expr, $values:ident => $body:expr) => {{
        let (count, element) = ($column.count, $element);
        match $column.values {
            Numbers::I8($values) => {
                let $values = every($values, count, element);
                $body
            }
            Numbers::I16($values) => {
                let $values = every($values, count, element);
                $body
            }
            Numbers::I32($values) => {
                let $values = every($values, count, element);
                $body
            }
            Numbers::I64($values) => {
                let $values = every($values, count, element);
                $body
            }
            Numbers::F32($values) => {
                let $values = every($values, count, element);
                $body
            }
            Numbers::F64($values) => {
                let $values = every($values, count, element);
                $body
            }
        }
    }};
}

fn every<T: Copy>(values: Vec<T>, count: usize, element: usize) -> Vec<T> {
    if count == 1 { values } else { values.into_iter().skip(element).step_by(count).collect() }
}

/// A column as a series of rows; a plain column's memory is handed over.
pub(crate) fn flat(name: PlSmallStr, column: BankColumn, element: usize) -> PolarsResult<Series> {
    let values: Box<dyn Array> = with_values!(column, element, values => primitive(values));
    Series::try_from((name, values))
}

/// A column as a series of one list per event.
pub(crate) fn lists(name: PlSmallStr, column: BankColumn, element: usize, offsets: Vec<i64>) -> PolarsResult<Series> {
    let values: Box<dyn Array> = with_values!(column, element, values => primitive(values));
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    let list = ListArray::try_new(dtype, OffsetsBuffer::try_from(offsets)?, values, None)?;
    Series::try_from((name, Box::new(list) as ArrayRef))
}

/// The rows `rows` of a column, null where the row is negative.
pub(crate) fn gathered(name: PlSmallStr, column: BankColumn, element: usize, rows: &[i64]) -> PolarsResult<Series> {
    let values: Box<dyn Array> = with_values!(column, element, values => {
        let rows = rows.iter().map(|row| usize::try_from(*row).ok().map(|row| values[row]));
        Box::new(rows.collect::<PrimitiveArray<_>>())
    });
    Series::try_from((name, values))
}

fn primitive<T: NativeType>(values: Vec<T>) -> Box<dyn Array> {
    let dtype: ArrowDataType = T::PRIMITIVE.into();
    Box::new(PrimitiveArray::new(dtype, values.into(), None))
}

/// The events' numbers, one per row.
pub(crate) fn per_row<T: Copy>(bank: &BankColumns, events: &[T]) -> Vec<T> {
    let mut out = Vec::with_capacity(bank.rows());
    for (at, event) in events.iter().enumerate() {
        out.resize(out.len() + bank.rows_of(at).len(), *event);
    }
    out
}

/// Numbers rows from 0 in each event.
pub(crate) fn row_numbers(bank: &BankColumns) -> Vec<i32> {
    (0..bank.events()).flat_map(|event| 0..bank.rows_of(event).len() as i32).collect()
}

/// Writes a frame as one bank: rows with equal `__event__` side by side are an event, or every row is one; `__tag__` is
/// the event's tag. A list column has an event per row.
pub(crate) fn write(frame: &DataFrame, path: &Path, name: &str, group: u16, item: u8) -> Result<u64> {
    let lists = frame.columns().iter().any(|column| matches!(column.dtype(), DataType::List(_)));
    let columns = frame.columns().iter().filter(|column| !matches!(column.name().as_str(), EVENT | TAG | ROW_IN_EVENT));
    let columns: Vec<&Column> = columns.collect();
    let mut schema = BankSchema::new(name, group, item).map_err(of_hipo)?;
    for column in &columns {
        let inner = match column.dtype() {
            DataType::List(inner) if lists => inner,
            other if !lists => other,
            _ => return Err(Error::request(format!("column {}: lists and single numbers in one bank", column.name()))),
        };
        schema = schema.column(column.name(), kind(column.name(), inner)?, 1).map_err(of_hipo)?;
    }
    let schema = Arc::new(schema);
    let mut writer =
        Writer::builder().schema(Arc::clone(&schema)).map_err(hipo_error)?.create(path).map_err(hipo_error)?;
    let numbers = columns.iter().zip(schema.columns());
    let numbers: Vec<Numbers> = numbers.map(|(column, target)| whole(column, target.kind)).collect::<Result<_>>()?;
    let tags = frame.column(TAG).ok().map(|column| column.cast(&DataType::Int32)).transpose()?;
    let mut event = EventBuilder::new();
    let (mut start, mut row) = (0, 0);
    for (end, next) in event_ends(frame, &columns, lists)? {
        segment::work::check()?;
        event.reset();
        if let Some(tags) = &tags {
            event.set_tag(tags.i32()?.get(row).unwrap_or(0));
        }
        let mut bank = writer.bank(name, end - start).map_err(hipo_error)?;
        for (column, numbers) in schema.columns().iter().zip(&numbers) {
            bank.put_column(&column.name, &numbers.slice(start..end)).map_err(of_hipo)?;
        }
        event.add_bank(&bank).map_err(of_hipo)?;
        writer.write(&mut event).map_err(hipo_error)?;
        (start, row) = (end, next);
    }
    Ok(writer.finish().map_err(hipo_error)?.events)
}

/// Where each event's numbers end, and the row of the frame behind it.
fn event_ends(frame: &DataFrame, columns: &[&Column], lists: bool) -> Result<Vec<(usize, usize)>> {
    let rows = frame.height();
    if lists {
        return list_ends(columns, rows);
    }
    let Ok(events) = frame.column(EVENT) else { return Ok((1..=rows).map(|end| (end, end)).collect()) };
    let events = events.cast(&DataType::Int64)?;
    let events: Vec<Option<i64>> = events.i64()?.iter().collect();
    Ok((1..=rows).filter(|end| *end == rows || events[*end] != events[end - 1]).map(|end| (end, end)).collect())
}

/// Every row is an event; the lists of all columns are equally long in it.
fn list_ends(columns: &[&Column], rows: usize) -> Result<Vec<(usize, usize)>> {
    let mut ends: Vec<(usize, usize)> = (1..=rows).map(|next| (0, next)).collect();
    for (at, column) in columns.iter().enumerate() {
        let mut end = 0;
        for ((known, next), list) in ends.iter_mut().zip(column.list()?.amortized_iter()) {
            end += list.map_or(0, |list| list.as_ref().len());
            if at > 0 && *known != end {
                let (name, row) = (column.name(), *next - 1);
                return Err(Error::request(format!(
                    "row {row}: the list of {name} is not as long as that of the first column"
                )));
            }
            *known = end;
        }
    }
    Ok(ends)
}

/// All numbers of a column, those of its lists one after the other.
fn whole(column: &Column, kind: ColumnType) -> Result<Numbers> {
    let series = column.as_materialized_series();
    match series.dtype() {
        DataType::List(_) => {
            let flat = series.explode(ExplodeOptions { empty_as_null: false, keep_nulls: false })?;
            bank_numbers(&flat, kind)
        }
        _ => bank_numbers(series, kind),
    }
}

fn kind(name: &str, dtype: &DataType) -> Result<ColumnType> {
    Ok(match dtype {
        DataType::Boolean | DataType::Int8 => ColumnType::I8,
        DataType::Int16 | DataType::UInt8 => ColumnType::I16,
        DataType::Int32 | DataType::UInt16 => ColumnType::I32,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => ColumnType::I64,
        DataType::Float32 => ColumnType::F32,
        DataType::Float64 => ColumnType::F64,
        other => return Err(Error::request(format!("column {name} is {other}: HIPO banks hold numbers only"))),
    })
}

/// Numbers without missing values: floats take NaN for them, integers have nothing.
fn bank_numbers(series: &Series, kind: ColumnType) -> Result<Numbers> {
    let missing = || Error::request(format!("column {} has missing values, and integers have no NaN", series.name()));
    let cast = series.strict_cast(&dtype(kind))?;
    if cast.null_count() > 0 && !cast.dtype().is_float() {
        return Err(missing());
    }
    Ok(match kind {
        ColumnType::I8 => Numbers::I8(cast.i8()?.iter().flatten().collect()),
        ColumnType::I16 => Numbers::I16(cast.i16()?.iter().flatten().collect()),
        ColumnType::I32 => Numbers::I32(cast.i32()?.iter().flatten().collect()),
        ColumnType::I64 => Numbers::I64(cast.i64()?.iter().flatten().collect()),
        ColumnType::F32 => Numbers::F32(cast.f32()?.iter().map(|value| value.unwrap_or(f32::NAN)).collect()),
        ColumnType::F64 => Numbers::F64(cast.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect()),
    })
}

fn of_hipo(fault: ::hipo::Fault) -> Error {
    hipo_error(fault.into())
}

/// An error of the room `hipo`, with its place.
pub(crate) fn hipo_error(error: ::hipo::Error) -> Error {
    segment_error(error).into()
}

/// The same as an error of tables.
pub(crate) fn segment_error(error: ::hipo::Error) -> segment::Error {
    if matches!(error.fault, ::hipo::Fault::Stopped) {
        return segment::Error::Interrupted;
    }
    if error.place.file.is_empty() {
        return segment::Error::Request(error.to_string());
    }
    let mut place = segment::Place::file(error.place.file.as_str());
    let event = error.place.event.map(|event| format!(", event {event}")).unwrap_or_default();
    if let Some(record) = error.place.record {
        place = place.part(format!("record {record}{event}"));
    }
    if let Some(offset) = error.place.offset {
        place = place.offset(offset);
    }
    let help = if error.is_damage() { "; `recoil hipo salvage FILE NEW` keeps what is whole" } else { "" };
    segment::Error::read(&place, format!("{}{help}", error.fault))
}
