//! Values of the reader as series; the memory of numbers is handed over.

use polars::prelude::*;
use polars_arrow::array::{BooleanArray, ListArray, MutableBinaryViewArray, PrimitiveArray, Utf8ViewArray};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::offset::OffsetsBuffer;
use polars_arrow::types::NativeType;
use root::{Text, Type, Values};

/// The type of a column in a frame. Arrays of a fixed size are lists, as everything with several values per row is.
pub(super) fn dtype(of: &Type) -> DataType {
    match of {
        Type::Bool => DataType::Boolean,
        Type::I8 => DataType::Int8,
        Type::U8 => DataType::UInt8,
        Type::I16 => DataType::Int16,
        Type::U16 => DataType::UInt16,
        Type::I32 => DataType::Int32,
        Type::U32 => DataType::UInt32,
        Type::I64 => DataType::Int64,
        Type::U64 => DataType::UInt64,
        Type::F32 => DataType::Float32,
        Type::F64 => DataType::Float64,
        Type::Text => DataType::String,
        Type::List(inner) | Type::Fixed(inner, _) => DataType::List(Box::new(dtype(inner))),
    }
}

/// Values as a series, and how many texts among them are not UTF-8.
pub(super) fn series(name: PlSmallStr, values: Values) -> PolarsResult<(Series, u64)> {
    let mut foreign = 0;
    let array = array(values, &mut foreign)?;
    Ok((Series::try_from((name, array))?, foreign))
}

fn array(values: Values, foreign: &mut u64) -> PolarsResult<ArrayRef> {
    Ok(match values {
        Values::Bool(all) => Box::new(BooleanArray::new(ArrowDataType::Boolean, Bitmap::from(all), None)),
        Values::I8(all) => numbers(all),
        Values::U8(all) => numbers(all),
        Values::I16(all) => numbers(all),
        Values::U16(all) => numbers(all),
        Values::I32(all) => numbers(all),
        Values::U32(all) => numbers(all),
        Values::I64(all) => numbers(all),
        Values::U64(all) => numbers(all),
        Values::F32(all) => numbers(all),
        Values::F64(all) => numbers(all),
        Values::Text(text) => Box::new(texts(&text, foreign)),
        Values::List { offsets, values } => list(offsets, array(*values, foreign)?)?,
        Values::Fixed { size, rows, values } => {
            list((0..=rows).map(|row| (row * size) as i64).collect(), array(*values, foreign)?)?
        }
    })
}

fn numbers<T: NativeType>(all: Vec<T>) -> ArrayRef {
    Box::new(PrimitiveArray::new(T::PRIMITIVE.into(), all.into(), None))
}

fn list(offsets: Vec<i64>, values: ArrayRef) -> PolarsResult<ArrayRef> {
    let dtype = ListArray::<i64>::default_datatype(values.dtype().clone());
    Ok(Box::new(ListArray::try_new(dtype, OffsetsBuffer::try_from(offsets)?, values, None)?))
}

/// Bytes that are no UTF-8 become the characters of their numbers (Latin-1), so that no text gets lost; such texts are
/// counted.
fn texts(text: &Text, foreign: &mut u64) -> Utf8ViewArray {
    let rows = text.offsets.len() - 1;
    let mut views = MutableBinaryViewArray::<str>::with_capacity(rows);
    for row in 0..rows {
        match std::str::from_utf8(text.get(row)) {
            Ok(text) => views.push_value(text),
            Err(_) => {
                *foreign += 1;
                views.push_value(text.text(row));
            }
        }
    }
    views.into()
}
