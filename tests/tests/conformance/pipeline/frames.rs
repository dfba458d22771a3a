//! The frames of a case: values, formulas, and how they are cut.

use super::Outcome;
use flow::time;
use polars::prelude::*;
use serde_json::Value as Json;
use sources::Index;
use sources::memory::{Cutting, Memory};
use std::sync::Arc;

pub(super) fn table(name: &str, frame: &Json, segments: &Json, rows: Option<usize>) -> Outcome<Memory> {
    let number = |key: &str| segments[key].as_u64().map(|number| number as usize);
    let appends: Vec<usize> = segments["appends"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|rows| rows.as_u64().map(|rows| rows as usize))
        .collect();
    let cutting = Cutting {
        rows: rows.or(number("rows_per_segment")).unwrap_or(100_000),
        columns: if segments["dynamic_schema"] == true {
            usize::MAX
        } else {
            number("columns_per_segment").unwrap_or(127)
        },
        appends: if rows.is_some() { Vec::new() } else { appends },
        statistics: segments["statistics"] == true,
    };
    let sorted = Some(segments["sorted"] != false);
    let error = |error: segment::Error| error.to_string();
    if let Some(pieces) = frame["pieces"].as_array() {
        let mut schema = Schema::default();
        let mut frames = Vec::new();
        let mut index = None;
        for piece in pieces {
            let (frame, levels) = frame_of(piece)?;
            for (name, dtype) in frame.schema().iter() {
                let common = schema
                    .get(name)
                    .map_or(dtype.clone(), |have| if have == dtype { dtype.clone() } else { DataType::Float64 });
                schema.with_column(name.clone(), common);
            }
            index = levels;
            let step = cutting.rows.min(frame.height().max(1));
            let starts = (0..frame.height()).step_by(step);
            frames.extend(starts.map(|start| frame.slice(start as i64, step)));
        }
        let index = index.map(|columns| Index { columns, sorted });
        return Memory::pieces(name, Arc::new(schema), frames, index, &cutting).map_err(error);
    }
    let (frame, levels) = frame_of(frame)?;
    Memory::cut(name, frame, levels.map(|columns| Index { columns, sorted }), &cutting).map_err(error)
}

/// A frame and the columns of its index.
fn frame_of(frame: &Json) -> Outcome<(DataFrame, Option<Vec<PlSmallStr>>)> {
    let rows = frame["rows"].as_u64();
    let mut columns = Vec::new();
    let mut index = None;
    if frame["index"].is_object() {
        let inner = frame["inner_levels"].as_array().into_iter().flatten();
        let levels = std::iter::once(&frame["index"]).chain(inner);
        let levels = levels.map(|level| column(level, rows)).collect::<Outcome<Vec<_>>>()?;
        index = Some(levels.iter().map(|level| level.name().clone()).collect());
        columns.extend(levels);
    }
    for one in frame["columns"].as_array().into_iter().flatten() {
        columns.push(column(one, rows)?);
    }
    let height = columns.first().map_or(0, Column::len);
    Ok((DataFrame::new(height, columns).map_err(|error| error.to_string())?, index))
}

pub(super) fn dtype(column: &Json) -> Outcome<DataType> {
    Ok(match column["dtype"].as_str().unwrap_or_default() {
        "i8" => DataType::Int8,
        "i16" => DataType::Int16,
        "i32" => DataType::Int32,
        "i64" => DataType::Int64,
        "u8" => DataType::UInt8,
        "u16" => DataType::UInt16,
        "u32" => DataType::UInt32,
        "u64" => DataType::UInt64,
        "f32" => DataType::Float32,
        "f64" => DataType::Float64,
        "bool" => DataType::Boolean,
        "str" => DataType::String,
        "time" => {
            let zone = column["tz"].as_str().map(|zone| TimeZone::opt_try_new(Some(zone)));
            let zone = zone.transpose().map_err(|error| error.to_string())?.flatten();
            DataType::Datetime(TimeUnit::Nanoseconds, zone)
        }
        "duration" => DataType::Duration(TimeUnit::Nanoseconds),
        other => return Err(format!("the case has an unknown type {other}")),
    })
}

pub(super) fn column(column: &Json, rows: Option<u64>) -> Outcome<Column> {
    let name: PlSmallStr = column["name"].as_str().unwrap_or_default().into();
    let dtype = dtype(column)?;
    let fail = |error: PolarsError| error.to_string();
    let physical = if let Some(rows) = rows {
        formula(column, &dtype, rows as i64)?
    } else {
        let values = column["values"].as_array().ok_or("a column without values")?;
        series(values, &dtype)?
    };
    let series = physical.cast(&dtype.to_physical()).map_err(fail)?.cast(&dtype).map_err(fail)?;
    Ok(series.with_name(name).into_column())
}

fn formula(column: &Json, dtype: &DataType, rows: i64) -> Outcome<Series> {
    let number = |key: &str| column[key].as_i64();
    if let Some(start) = column["start"].as_str() {
        let (start, step) = (time(start).map_err(|error| error.to_string())?, number("step_ns").unwrap_or(1));
        return Ok((0..rows).map(|row| start + row * step).collect());
    }
    let (factor, modulus) = (number("mul").unwrap_or(1), number("mod").unwrap_or(i64::MAX));
    let value = |row: i64| ((i128::from(row) * i128::from(factor)) % i128::from(modulus)) as i64;
    if dtype.is_float() {
        let divisor = column["div"].as_f64().unwrap_or(1.0);
        let missing = |row: i64| number("nan_every").is_some_and(|every| row % every == 0);
        return Ok((0..rows).map(|row| if missing(row) { f64::NAN } else { value(row) as f64 / divisor }).collect());
    }
    Ok((0..rows).map(value).collect())
}

pub(super) fn float(value: &Json) -> Option<f64> {
    match value.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        _ => value.as_f64(),
    }
}

fn series(values: &[Json], dtype: &DataType) -> Outcome<Series> {
    let nothing = PlSmallStr::EMPTY;
    Ok(match dtype {
        DataType::Float32 | DataType::Float64 => Series::new(nothing, values.iter().map(float).collect::<Vec<_>>()),
        DataType::Boolean => Series::new(nothing, values.iter().map(Json::as_bool).collect::<Vec<_>>()),
        DataType::String => Series::new(nothing, values.iter().map(Json::as_str).collect::<Vec<_>>()),
        DataType::UInt64 => Series::new(nothing, values.iter().map(Json::as_u64).collect::<Vec<_>>()),
        DataType::Datetime(..) => {
            let one = |value: &Json| match value.as_str() {
                None | Some("NaT") => Ok(None),
                Some(text) => time(text).map(Some).map_err(|error| error.to_string()),
            };
            Series::new(nothing, values.iter().map(one).collect::<Outcome<Vec<_>>>()?)
        }
        _ => Series::new(nothing, values.iter().map(Json::as_i64).collect::<Vec<_>>()),
    })
}
