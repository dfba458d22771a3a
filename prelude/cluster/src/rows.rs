//! Frames from Arrow IPC streams, and streams from frames.

use polars::io::ipc::{IpcStreamReader, IpcStreamWriter};
use polars::prelude::*;
use segment::{Error, Result};
use std::io::Cursor;

/// Bytes of a frame that is sent along with a query at most; servers refuse more.
const MOST: usize = 64 << 20;

/// The rows of a batch.
pub(crate) fn frame(bytes: &[u8]) -> Result<DataFrame> {
    let read = IpcStreamReader::new(Cursor::new(bytes)).finish();
    read.map_err(|error| Error::request(format!("rows of the server cannot be read: {error}")))
}

/// A frame as a stream, its columns in the types in which a server holds them.
pub(crate) fn stream(frame: &DataFrame) -> Result<Vec<u8>> {
    let held = |column: &Column| -> Result<Column> {
        let to = match column.dtype() {
            DataType::Float32 | DataType::Float64 | DataType::Boolean | DataType::String => return Ok(column.clone()),
            DataType::Null => DataType::Float64,
            DataType::UInt64 => DataType::Decimal(20, 0),
            dtype if cut::held_as(dtype) == Some("bigint") => DataType::Int64,
            dtype if cut::held_as(dtype) == Some("string") => DataType::String,
            dtype => {
                let text = format!("column `{}` is {dtype}, which no server of Spark Connect is sent", column.name());
                return Err(Error::request(text));
            }
        };
        Ok(column.strict_cast(&to)?)
    };
    let columns = frame.columns().iter().map(held).collect::<Result<Vec<_>>>()?;
    let mut frame = DataFrame::new(frame.height(), columns)?;
    let size = frame.estimated_size();
    if size > MOST {
        return Err(Error::request(format!(
            "the frame has {} MB, more than a server is sent ({} MB); join after collect() or agg(..) on this machine",
            size >> 20,
            MOST >> 20
        )));
    }
    let mut bytes = Vec::new();
    IpcStreamWriter::new(&mut bytes).with_compat_level(CompatLevel::oldest()).finish(&mut frame)?;
    Ok(bytes)
}

/// A frame of the server with the names and types that its columns have here.
pub(crate) fn as_here(frame: DataFrame, schema: &Schema) -> Result<DataFrame> {
    let (rows, columns) = (frame.height(), frame.into_columns());
    if columns.len() != schema.len() {
        return Err(Error::request(format!("{} columns came where {} were asked for", columns.len(), schema.len())));
    }
    let one = |(column, (name, dtype)): (Column, (&PlSmallStr, &DataType))| {
        let column = if column.dtype() == dtype { column } else { column.strict_cast(dtype)? };
        Ok(column.with_name(name.clone()))
    };
    let columns = columns.into_iter().zip(schema.iter()).map(one).collect::<PolarsResult<Vec<_>>>()?;
    Ok(DataFrame::new(rows, columns)?)
}

/// Whole numbers of an answer.
pub(crate) fn whole(answer: &DataFrame, name: &str) -> Result<Vec<i64>> {
    let column = answer.column(name)?.cast(&DataType::Int64)?;
    Ok(column.i64()?.iter().map(|value| value.unwrap_or(0)).collect())
}

pub(crate) fn floats(answer: &DataFrame, name: &str) -> Result<Vec<Option<f64>>> {
    let column = answer.column(name)?.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().collect())
}

/// Sums of an answer; a sum of nothing is 0.
pub(crate) fn numbers(answer: &DataFrame, name: &str) -> Result<Vec<f64>> {
    Ok(floats(answer, name)?.into_iter().map(|value| value.unwrap_or(0.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_in_the_types_of_a_server() {
        let sent = df!("a" => [Some(1_i32), None], "b" => [0.5_f32, f32::NAN], "c" => ["x", "y"]).unwrap();
        let back = frame(&stream(&sent).unwrap()).unwrap();
        assert_eq!(back.column("a").unwrap().dtype(), &DataType::Int64);
        assert!(back.column("c").unwrap().equals(sent.column("c").unwrap()));
        assert!(frame(&[1, 2, 3]).unwrap_err().to_string().contains("cannot be read"));
    }
}
