//! The plan of a case as a query.

use super::frames::float;
use super::{Inputs, Outcome};
use flow::{
    AggregateFunction, Aggregation, Clause, Closed, Concat, Define, Origin, Query, ReadRange, Resample, Scan, Table,
    time,
};
use polars::prelude::*;
use serde_json::Value as Json;
use sources::memory::Memory;
use std::sync::Arc;

pub(super) fn scan(plan: &Json, inputs: &Inputs) -> Outcome<Scan> {
    let query = query(&plan["clauses"], inputs)?;
    let source = match plan["input"].as_str() {
        Some(name) => inputs.source(name)?,
        // A plan that begins by joining has no input of its own.
        None => Arc::new(Memory::new(DataFrame::empty()).map_err(|error| error.to_string())?),
    };
    Ok(query.over(source).read(read(&plan["read"])?))
}

fn read(read: &Json) -> Outcome<ReadRange> {
    let pair = |key: &str| read[key].as_array();
    let date = |value: &Json| value.as_str().map(time).transpose().map_err(|error| error.to_string());
    Ok(ReadRange {
        columns: pair("columns").map(|all| all.iter().filter_map(Json::as_str).map(PlSmallStr::from).collect()),
        dates: pair("date_range").map(|pair| Ok::<_, String>((date(&pair[0])?, date(&pair[1])?))).transpose()?,
        rows: pair("row_range").map(|pair| (pair[0].as_i64(), pair[1].as_i64())),
    })
}

fn query(clauses: &Json, inputs: &Inputs) -> Outcome<Query> {
    let mut query = Query::new();
    for clause in clauses.as_array().into_iter().flatten() {
        let (kind, body) = clause.as_object().and_then(|clause| clause.iter().next()).ok_or("an empty clause")?;
        query = query.clause(self::clause(kind, body, inputs)?);
    }
    Ok(query)
}

fn clause(kind: &str, body: &Json, inputs: &Inputs) -> Outcome<Clause> {
    let date = |value: &Json| value.as_str().map(time).transpose().map_err(|error| error.to_string());
    Ok(match kind {
        "filter" => Clause::Filter(expr(body)?.into()),
        "project" => Clause::Define(Define::Expression {
            name: body["name"].as_str().unwrap_or_default().into(),
            value: expr(&body["expr"])?.into(),
            strict: true,
        }),
        "head" => Clause::Head(body.as_i64().unwrap_or_default()),
        "tail" => Clause::Tail(body.as_i64().unwrap_or_default()),
        "row_range" => Clause::RowRange(body[0].as_i64(), body[1].as_i64()),
        "date_range" => Clause::DateRange(date(&body[0])?, date(&body[1])?),
        "groupby" => Clause::GroupBy {
            by: vec![body["by"].as_str().unwrap_or_default().into()],
            aggregations: aggregations(&body["agg"])?,
        },
        "agg" => Clause::Aggregate(aggregations(body)?),
        "resample" => Clause::Resample(resample(body)?),
        "concat" => Clause::Concat(join(body, inputs)?),
        "merge_sorted" => Clause::MergeSorted(join(body, inputs)?),
        other => return Err(format!("the case has an unknown clause {other}")),
    })
}

fn join(body: &Json, inputs: &Inputs) -> Outcome<Concat> {
    let part = |part: &Json| -> Outcome<Table> {
        let name = part["input"].as_str().unwrap_or_default();
        Ok(Table {
            name: name.into(),
            source: inputs.source(name)?,
            read: read(&part["read"])?,
            query: query(&part["clauses"], inputs)?,
            sort: part["sort"] == true,
        })
    };
    let parts = body["parts"].as_array().into_iter().flatten().map(part).collect::<Outcome<_>>()?;
    let append_to = body.get("append_to").map(part).transpose()?.map(Box::new);
    Ok(Concat { parts, inner: body["join"] == "inner", append_to })
}

pub(super) fn aggregations(all: &Json) -> Outcome<Vec<Aggregation>> {
    let one = |one: &Json| {
        let function =
            AggregateFunction::parse(one["fn"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        Ok(Aggregation::new(one["in"].as_str().unwrap_or_default(), function)
            .alias(one["out"].as_str().unwrap_or_default()))
    };
    all.as_array().into_iter().flatten().map(one).collect()
}

fn resample(body: &Json) -> Outcome<Resample> {
    let side = |key: &str| match body[key].as_str() {
        Some("left") => Some(Closed::Left),
        Some("right") => Some(Closed::Right),
        _ => None,
    };
    let origin = match body["origin"].as_str() {
        None | Some("epoch") => Origin::Epoch,
        Some("start") => Origin::Start,
        Some("start_day") => Origin::StartDay,
        Some("end") => Origin::End,
        Some("end_day") => Origin::EndDay,
        Some(text) => Origin::At(time(text).map_err(|error| error.to_string())?),
    };
    Ok(Resample {
        rule: body["rule"].as_str().unwrap_or_default().into(),
        closed: side("closed"),
        label: side("label"),
        offset: body["offset"].as_str().map(Into::into),
        origin,
        calendar: false,
        zone: None,
        aggregations: aggregations(&body["agg"])?,
    })
}

fn literal(value: &Json, kind: &str, sized: bool) -> Outcome<cut::Value> {
    use cut::Value;
    Ok(match kind {
        "str" => value.as_str().map_or(Value::Null, |text| Value::Text(text.into())),
        "bool" => Value::Bool(value.as_bool().unwrap_or_default()),
        "time" => Value::Time(time(value.as_str().unwrap_or_default()).map_err(|error| error.to_string())?.into()),
        "duration" => Value::Duration(value.as_i64().unwrap_or_default()),
        "f32" | "f64" => Value::Float(float(value).ok_or("a float that is none")?),
        _ => {
            let number = value
                .as_i64()
                .map(i128::from)
                .or_else(|| value.as_u64().map(i128::from))
                .ok_or("an integer that is none")?;
            match (sized, kind.split_at(1)) {
                (true, (sign, bits)) => {
                    let bits: u8 = bits.parse().map_err(|_| format!("the case has an unknown type {kind}"))?;
                    Value::Sized(number, cut::Width { signed: sign == "i", bytes: bits / 8 })
                }
                _ => Value::Int(number),
            }
        }
    })
}

pub(super) fn expr(node: &Json) -> Outcome<cut::Expr> {
    if let Some(name) = node["col"].as_str() {
        return Ok(cut::col(name));
    }
    if let Some(value) = node.get("lit") {
        return Ok(cut::lit(literal(value, node["type"].as_str().unwrap_or("i64"), node["sized"] == true)?));
    }
    let args = node["args"].as_array().ok_or("an operator without arguments")?;
    let of = |at: usize| expr(&args[at]);
    let first = of(0)?;
    let op = node["op"].as_str().unwrap_or_default();
    Ok(match op {
        "eq" => first.eq(of(1)?),
        "ne" => first.ne(of(1)?),
        "lt" => first.lt(of(1)?),
        "le" => first.le(of(1)?),
        "gt" => first.gt(of(1)?),
        "ge" => first.ge(of(1)?),
        "and" => first.and(of(1)?),
        "or" => first.or(of(1)?),
        "xor" => first.xor(of(1)?),
        "not" => first.not(),
        "isnull" => first.is_null(),
        "notnull" => first.is_not_null(),
        "isin" | "isnotin" => {
            let set = args[1]["set"].as_array().ok_or("isin without a set")?;
            let kind = |value: &Json| match args[1]["type"].as_str() {
                Some("mixed") | None if value.is_f64() => "f64",
                Some("mixed") | None if value.is_string() => "str",
                Some("mixed") | None => "i64",
                Some("i64" | "u64" | "i32") => "i64",
                Some("str") => "str",
                Some("time") => "time",
                Some("bool") => "bool",
                Some(_) => "f64",
            };
            let values = set.iter().map(|value| literal(value, kind(value), false)).collect::<Outcome<Vec<_>>>()?;
            let list = cut::Value::List(values);
            if op == "isin" { first.is_in(list) } else { first.is_not_in(list) }
        }
        "regex" => first.regex(of(1)?),
        "add" => first.add(of(1)?),
        "sub" => first.sub(of(1)?),
        "mul" => first.mul(of(1)?),
        "div" => first.div(of(1)?),
        "pow" => first.pow(of(1)?),
        "neg" => first.neg(),
        "abs" => first.abs(),
        "where" => cut::where_(first, of(1)?, of(2)?),
        other => return Err(format!("the case has an unknown operator {other}")),
    })
}
