//! Checkpoints: the actions that are in force, as columns of a Parquet file, a struct for each kind.

use super::state::State;
use crate::json::Json;
use crate::parquet;
use crate::source::Source;
use polars::prelude::*;
use segment::{Error, Result};
use std::path::Path;

/// The kinds of actions that say what the table is; what a checkpoint lists as removed is not in it anyway.
const KINDS: [&str; 3] = ["protocol", "metaData", "add"];

/// Applies the actions of a file.
pub(super) fn read(path: &Path, state: &mut State) -> Result<()> {
    let file = parquet::open(path)?;
    let columns: Vec<PlSmallStr> =
        KINDS.into_iter().filter(|kind| file.schema().contains(kind)).map(PlSmallStr::from_static).collect();
    for (segment, info) in file.segments().iter().enumerate() {
        let frame = file.read(segment, &columns, 0..info.len())?;
        for kind in &columns {
            let column = frame.column(kind)?.as_materialized_series();
            for row in 0..column.len() {
                let value = json(column.get(row)?);
                if value != Json::Null {
                    let applied = state.apply(kind, &value);
                    applied.map_err(|error| Error::read(&info.place, format!("{kind} in row {row}: {error}")))?;
                }
            }
        }
    }
    Ok(())
}

/// A value of a column as the log would write it; numbers only where they are whole.
fn json(value: AnyValue<'_>) -> Json<'static> {
    match value {
        AnyValue::Null => Json::Null,
        AnyValue::Boolean(value) => Json::Bool(value),
        AnyValue::String(text) => Json::Text(text.to_owned()),
        AnyValue::StringOwned(text) => Json::Text(text.to_string()),
        AnyValue::List(values) => {
            // A map is a list of keys and values.
            let is_map = matches!(values.dtype(), DataType::Struct(fields)
                if fields.len() == 2 && fields[0].name() == "key" && fields[1].name() == "value");
            let values: Vec<Json<'static>> = values.iter().map(json).collect();
            if is_map { Json::Object(values.into_iter().filter_map(entry).collect()) } else { Json::List(values) }
        }
        AnyValue::Struct(..) | AnyValue::StructOwned(_) => {
            let names: Vec<String> = match value.dtype() {
                DataType::Struct(fields) => fields.iter().map(|field| field.name().to_string()).collect(),
                _ => Vec::new(),
            };
            let values: Vec<Json<'static>> = match value.into_static() {
                AnyValue::StructOwned(both) => both.0.into_iter().map(json).collect(),
                _ => Vec::new(),
            };
            // A struct of a row that has none is one of nulls.
            if values.iter().all(|value| *value == Json::Null) {
                return Json::Null;
            }
            Json::Object(names.into_iter().zip(values).collect())
        }
        other => other.extract::<i64>().map_or(Json::Null, |number| Json::Whole(number.into())),
    }
}

fn entry(pair: Json<'static>) -> Option<(String, Json<'static>)> {
    let Json::Object(fields) = pair else { return None };
    let mut fields = fields.into_iter().map(|(_, value)| value);
    let (Json::Text(key), value) = (fields.next()?, fields.next()?) else { return None };
    Some((key, value))
}
