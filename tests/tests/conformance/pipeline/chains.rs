//! Cases as chains of the facade over Parquet files.

use super::{Outcome, answer, filed, frames, plan};
use data::Group;
use serde_json::Value as Json;

/// The answer of a chain, compared; `None` where a chain has no words for the case.
pub(super) fn ask(case: &Json) -> Option<Outcome<()>> {
    let plan = &case["plan"];
    let name = plan["input"].as_str().filter(|_| case.get("expected_error").is_none())?;
    // Tables of several pieces are several files; which are one process is another test's.
    let input = plan["inputs"].get(name).filter(|input| input.get("pieces").is_none())?;
    let times = time_columns(input);
    let folder = tempfile::tempdir().ok()?;
    let load = || -> Outcome<data::Data> {
        let memory = frames::table(name, input, &plan["segments"][name], None)?;
        let path = folder.path().join("rows.parquet");
        filed(memory, &path)?;
        data::load(&path).map_err(|error| error.to_string())
    };
    let data = match load() {
        Ok(data) => data,
        Err(why) => return Some(Err(why)),
    };
    let frame = match chain(plan, &data, times)? {
        Ok(frame) => frame,
        Err(why) => return Some(Err(why)),
    };
    Some(answer::compare(&frame, &case["expected"]))
}

/// How many columns of times there are; a chain takes the only one.
fn time_columns(input: &Json) -> usize {
    let columns = input["columns"].as_array().into_iter().flatten().chain([&input["index"]]);
    columns.filter(|column| column["dtype"] == "time").count()
}

fn chain(plan: &Json, data: &Group, times: usize) -> Option<Outcome<polars::prelude::DataFrame>> {
    let mut group = data.clone();
    let read = &plan["read"];
    if let Some(range) = read["date_range"].as_array() {
        group = dates(&group, range, times)?;
    }
    if let Some(range) = read["row_range"].as_array() {
        group = group.row_range(range[0].as_i64(), range[1].as_i64());
    }
    if read.get("columns").is_some_and(|columns| !columns.is_null()) {
        return None;
    }
    let clauses = plan["clauses"].as_array()?;
    for (at, clause) in clauses.iter().enumerate() {
        let (kind, body) = clause.as_object()?.iter().next()?;
        group = match kind.as_str() {
            "filter" => match plan::expr(body) {
                Ok(expr) => group.query(expr),
                Err(why) => return Some(Err(why)),
            },
            "project" => match plan::expr(&body["expr"]) {
                Ok(expr) => group.define(body["name"].as_str()?, expr),
                Err(why) => return Some(Err(why)),
            },
            "head" => group.head(u64::try_from(body.as_i64()?).ok()?),
            "tail" => group.tail(u64::try_from(body.as_i64()?).ok()?),
            "row_range" => group.row_range(body[0].as_i64(), body[1].as_i64()),
            "date_range" => dates(&group, body.as_array()?, times)?,
            "groupby" if at + 1 == clauses.len() => {
                let aggregations = plan::aggregations(&body["agg"]).ok()?;
                let grouped = group.group_by(body["by"].as_str()?).agg(aggregations);
                return Some(grouped.map_err(|error| error.to_string()));
            }
            "resample" if times == 1 => resampled(&group, body)?,
            _ => return None,
        };
    }
    Some(group.collect().map_err(|error| error.to_string()))
}

fn dates(group: &Group, range: &[Json], times: usize) -> Option<Group> {
    match range {
        [low, high] if times == 1 => Some(group.date_range(low.as_str()?, high.as_str()?)),
        _ => None,
    }
}

fn resampled(group: &Group, body: &Json) -> Option<Group> {
    let mut resampling = group.resample(body["rule"].as_str()?);
    if let Some(side) = body["closed"].as_str() {
        resampling = resampling.closed(side);
    }
    if let Some(side) = body["label"].as_str() {
        resampling = resampling.label(side);
    }
    if let Some(offset) = body["offset"].as_str() {
        resampling = resampling.offset(offset);
    }
    if let Some(origin) = body["origin"].as_str() {
        resampling = resampling.origin(origin);
    }
    Some(resampling.agg(plan::aggregations(&body["agg"]).ok()?))
}
