//! Axes in the UHI format.

use crate::axis::{Axis, Kind};
use crate::clock::Clock;
use crate::error::{Error, Result};
use serde_json::{Value, json};

/// How many cells along the axis the document holds. Missing values have none, except on a circle: there
/// boost-histogram requires an overflow cell, and counts missing values in it.
pub(super) fn written(axis: &Axis) -> usize {
    match axis.kind() {
        Kind::Regular { circular: true, .. } | Kind::Variable { circular: true, .. } => axis.extent(),
        _ => axis.missing(),
    }
}

pub(super) fn write(axis: &Axis) -> Value {
    let mut value = match axis.kind() {
        Kind::Regular { bins, lower, upper, circular, .. } => json!({
            "type": "regular", "lower": lower, "upper": upper, "bins": bins,
            "underflow": !circular, "overflow": true, "circular": circular,
        }),
        Kind::Integer { lower, upper, circular } => json!({
            "type": "regular", "lower": lower, "upper": upper, "bins": axis.bins(),
            "underflow": !circular, "overflow": !circular, "circular": circular,
            "writer_info": { "boost-histogram": { "orig_type": "Integer" } },
        }),
        Kind::Variable { edges, circular, .. } => json!({
            "type": "variable", "edges": edges.to_vec(),
            "underflow": !circular, "overflow": true, "circular": circular,
        }),
        Kind::Log { bins, lower, upper } => json!({
            "type": "variable", "edges": axis.edges(), "underflow": true, "overflow": true, "circular": false,
            "writer_info": { "boost-histogram": { "transform": "log", "bins": bins, "lower": lower, "upper": upper } },
        }),
        Kind::Strings(names) => json!({ "type": "category_str", "categories": names.to_vec(), "flow": true }),
        Kind::Integers(numbers) => json!({ "type": "category_int", "categories": numbers.to_vec(), "flow": true }),
        Kind::Boolean => json!({ "type": "boolean" }),
    };
    if let Kind::Regular { closed: true, .. } | Kind::Variable { closed: true, .. } = axis.kind() {
        value["writer_info"] = json!({ "recoil": { "closed": true } });
    }
    for (key, text) in [("name", &axis.name), ("label", &axis.label), ("unit", &axis.unit)] {
        if !text.is_empty() {
            value["metadata"][key] = Value::from(text.as_str());
        }
    }
    if let Some(clock) = axis.clock() {
        value["metadata"]["time_zone"] = Value::from(clock.zone().unwrap_or_default());
    }
    value
}

/// An axis, and whether its cells in the document include underflow and overflow.
pub(super) fn read(value: &Value, place: &str) -> Result<(Axis, bool, bool)> {
    let get = |key: &str| value.get(key).ok_or_else(|| Error::format(format!("{place}.{key}"), "is not there"));
    let wrong = |key: &str, wanted: &str| Error::format(format!("{place}.{key}"), format!("is not {wanted}"));
    let truth = |key: &str| get(key)?.as_bool().ok_or_else(|| wrong(key, "true or false"));
    let list = |key: &str| get(key)?.as_array().ok_or_else(|| wrong(key, "a list"));
    let kind = get("type")?.as_str().ok_or_else(|| wrong("type", "a text"))?;
    let axis = match kind {
        "regular" => regular(value, place)?,
        "variable" if info(value, "boost-histogram", "transform") == Some(&Value::from("log")) => {
            let of = |key: &str| info(value, "boost-histogram", key).and_then(Value::as_f64);
            let (Some(bins), Some(lower), Some(upper)) = (of("bins"), of("lower"), of("upper")) else {
                return Err(Error::format(format!("{place}.writer_info"), "says `log` but not bins, lower and upper"));
            };
            Axis::log(bins as usize, lower, upper)
        }
        "variable" => {
            let edges: Option<Vec<f64>> = list("edges")?.iter().map(Value::as_f64).collect();
            Axis::variable(edges.ok_or_else(|| wrong("edges", "a list of numbers"))?)
        }
        "category_str" => {
            let names: Option<Vec<&str>> = list("categories")?.iter().map(Value::as_str).collect();
            Axis::category(names.ok_or_else(|| wrong("categories", "a list of texts"))?)
        }
        "category_int" => {
            let numbers: Option<Vec<i64>> = list("categories")?.iter().map(Value::as_i64).collect();
            Axis::integer_category(numbers.ok_or_else(|| wrong("categories", "a list of integers"))?)
        }
        "boolean" => Ok(Axis::boolean()),
        other => return Err(Error::format(format!("{place}.type"), format!("`{other}` is not known"))),
    };
    let mut axis = axis.map_err(|error| Error::format(place, error))?;
    let (under, over) = match kind {
        "regular" | "variable" => {
            set_options(&mut axis, truth("circular")?, info(value, "recoil", "closed") == Some(&Value::Bool(true)));
            (truth("underflow")?, truth("overflow")?)
        }
        "boolean" => (false, false),
        _ => (false, truth("flow")?),
    };
    let text = |key: &str| value["metadata"][key].as_str().unwrap_or_default().to_owned();
    (axis.name, axis.label, axis.unit) = (text("name"), text("label"), text("unit"));
    let zone = value["metadata"]["time_zone"].as_str();
    axis.clock = zone.map(|zone| Clock::new(Some(zone).filter(|zone| !zone.is_empty())));
    Ok((axis, under, over))
}

fn regular(value: &Value, place: &str) -> Result<Result<Axis>> {
    let wrong = |key: &str| Error::format(format!("{place}.{key}"), "is not there, or not a number");
    let float = |key: &str| value.get(key).and_then(Value::as_f64).ok_or_else(|| wrong(key));
    let bins = value.get("bins").and_then(Value::as_u64).ok_or_else(|| wrong("bins"))?;
    let (lower, upper) = (float("lower")?, float("upper")?);
    if info(value, "boost-histogram", "orig_type") == Some(&Value::from("Integer")) {
        return Ok(Axis::integer(lower as i64, upper as i64));
    }
    Ok(Axis::regular(usize::try_from(bins).unwrap_or(usize::MAX), lower, upper))
}

fn set_options(axis: &mut Axis, round: bool, close: bool) {
    match &mut axis.kind {
        Kind::Regular { circular, closed, .. } | Kind::Variable { circular, closed, .. } => {
            (*circular, *closed) = (round, close && !round);
        }
        Kind::Integer { circular, .. } => *circular = round,
        _ => {}
    }
}

fn info<'a>(value: &'a Value, writer: &str, key: &str) -> Option<&'a Value> {
    value.get("writer_info")?.get(writer)?.get(key)
}
