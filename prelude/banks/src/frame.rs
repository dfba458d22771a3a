//! Columns of HIPO banks as series, without a copy where the layout is the same.

use ::hipo::{BankColumns, Column as BankColumn, ColumnType, Numbers, Schema as BankSchema};
use data::Error;
use polars::prelude::*;
use polars_arrow::array::{Array, ListArray, PrimitiveArray};
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;

/// The number of a row's event in all files, from 0.
pub(crate) const EVENT: &str = "__event__";
/// The tag of a row's event.
pub(crate) const TAG: &str = "__tag__";
/// The number of a row in its event's bank, from 0.
pub(crate) const ROW_IN_EVENT: &str = "__row__";

/// A column of a bank as frames name it: array columns are one column per element, `cov_0`, `cov_1`, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnElement {
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
pub(crate) fn parts(schema: &BankSchema) -> Vec<ColumnElement> {
    let mut parts = Vec::new();
    for column in schema.columns() {
        for element in 0..column.count {
            let name = if column.count == 1 { column.name.clone() } else { format!("{}_{element}", column.name) };
            let taken = parts.iter().any(|part: &ColumnElement| part.name == name);
            // `cov#2` beside a column `cov_1`: rare, and still two names.
            let name = if taken { format!("{name}_") } else { name };
            parts.push(ColumnElement {
                name: name.into(),
                column: column.name.clone(),
                element,
                dtype: dtype(column.kind),
            });
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
