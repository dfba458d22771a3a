//! Several tables as one: one after another, or merged by time.

use crate::error::{Error, Result};
use crate::plan::clause::Concat;
use polars::prelude::*;
use sources::Index;
use std::sync::Arc;

/// What a table looks like from outside.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub schema: SchemaRef,
    pub index: Option<Index>,
}

/// The shape of the joined table.
pub(crate) fn shape(parts: &[(String, Shape)], inner: bool) -> Result<Shape> {
    let Some((first_name, first)) = parts.first() else {
        return Err(Error::request("concat of no tables"));
    };
    let levels = |shape: &Shape| shape.index.as_ref().map_or(0, |index| index.columns.len());
    for (name, part) in &parts[1..] {
        if levels(part) != levels(first) {
            let text = format!("concat: `{first_name}` and `{name}` have different kinds of index");
            return Err(Error::request(text));
        }
    }
    let mut schema = Schema::default();
    let mut index = first.index.clone();
    if let Some(index) = &mut index {
        index.sorted = None;
        for (level, column) in index.columns.iter_mut().enumerate() {
            let own = |shape: &Shape| shape.index.as_ref().and_then(|index| index.columns.get(level).cloned());
            // A name on which the tables do not agree is dropped.
            if level == 0 && parts.iter().any(|(_, part)| own(part).as_ref() != Some(&*column)) {
                *column = "index".into();
            }
            let dtype = parts.first().and_then(|(_, part)| part.schema.get(own(part)?.as_str()).cloned());
            schema.with_column(column.clone(), dtype.unwrap_or(DataType::Datetime(TimeUnit::Nanoseconds, None)));
        }
    }
    let is_index =
        |shape: &Shape, name: &PlSmallStr| shape.index.as_ref().is_some_and(|index| index.columns.contains(name));
    for (_, part) in parts {
        for (name, dtype) in part.schema.iter().filter(|(name, _)| !is_index(part, name)) {
            if inner && parts.iter().any(|(_, other)| !other.schema.contains(name)) {
                continue;
            }
            let common = match schema.get(name) {
                None => dtype.clone(),
                Some(have) => common(have, dtype).ok_or_else(|| {
                    Error::request(format!("concat: column `{name}` is {have} in one table and {dtype} in another"))
                })?,
            };
            schema.with_column(name.clone(), common);
        }
    }
    Ok(Shape { schema: Arc::new(schema), index })
}

/// The type that holds the values of both.
pub(crate) fn common(a: &DataType, b: &DataType) -> Option<DataType> {
    if a == b {
        return Some(a.clone());
    }
    if !(a.is_primitive_numeric() && b.is_primitive_numeric()) {
        return None;
    }
    if a.is_float() || b.is_float() {
        let narrow = |dtype: &DataType| {
            matches!(dtype, DataType::Float32 | DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16)
        };
        return Some(if narrow(a) && narrow(b) { DataType::Float32 } else { DataType::Float64 });
    }
    let bits = |dtype: &DataType| match dtype {
        DataType::Int8 | DataType::UInt8 => 8,
        DataType::Int16 | DataType::UInt16 => 16,
        DataType::Int32 | DataType::UInt32 => 32,
        _ => 64,
    };
    let (signed_a, signed_b) = (a.is_signed_integer(), b.is_signed_integer());
    let width = match (signed_a, signed_b) {
        (true, false) => bits(a).max(2 * bits(b)),
        (false, true) => bits(b).max(2 * bits(a)),
        _ => bits(a).max(bits(b)),
    };
    Some(match (signed_a || signed_b, width) {
        (true, 8) => DataType::Int8,
        (true, 16) => DataType::Int16,
        (true, 32) => DataType::Int32,
        (true, 64) => DataType::Int64,
        (true, _) => DataType::Float64,
        (false, 8) => DataType::UInt8,
        (false, 16) => DataType::UInt16,
        (false, 32) => DataType::UInt32,
        (false, _) => DataType::UInt64,
    })
}

/// A frame in the shape of the joined table.
pub(crate) fn conform(frame: &DataFrame, own: &Shape, joined: &Shape) -> Result<DataFrame> {
    let levels = own.index.as_ref().map_or(&[][..], |index| &index.columns);
    let targets = joined.index.as_ref().map_or(&[][..], |index| &index.columns);
    let columns = joined.schema.iter().map(|(name, dtype)| {
        let source =
            targets.iter().position(|target| target == name).and_then(|level| levels.get(level)).unwrap_or(name);
        match frame.column(source) {
            Ok(column) => Ok(column.cast(dtype)?.with_name(name.clone())),
            Err(_) => Ok(Column::full_null(name.clone(), frame.height(), dtype)),
        }
    });
    Ok(DataFrame::new(frame.height(), columns.collect::<Result<Vec<_>>>()?)?)
}

/// Merges sorted tables by time. With `append_to` the first table stays before the merged others.
pub(crate) fn merge(pieces: Vec<DataFrame>, join: &Concat, shape: &Shape) -> Result<Vec<DataFrame>> {
    let Some(index) = shape.index.as_ref().and_then(Index::outer) else {
        return Err(Error::request("merge_sorted needs tables with an index of times"));
    };
    let mut pieces = pieces.into_iter();
    let before = join.append_to.as_ref().and_then(|_| pieces.next());
    let names = join.parts.iter().map(|part| part.name.as_str());
    let mut all: Option<DataFrame> = None;
    for (piece, name) in pieces.zip(names) {
        let times = crate::plan::time::nearest_nanoseconds(piece.column(index)?.as_materialized_series())?;
        if times.iter().zip(times.iter().skip(1)).any(|(a, b)| a > b) {
            return Err(Error::request(format!(
                "merge_sorted: `{name}` is not sorted by `{index}`; ask for it to be sorted"
            )));
        }
        if let Some(before) = &before {
            let end = crate::plan::time::nearest_nanoseconds(before.column(index)?.as_materialized_series())?;
            if let (Some(first), Some(end)) = (times.first(), end.last())
                && first < end
            {
                let table = join.append_to.as_ref().map_or("", |part| part.name.as_str());
                return Err(overlap(table, name));
            }
        }
        match &mut all {
            None => all = Some(piece),
            Some(all) => {
                all.vstack_mut(&piece)?;
            }
        }
    }
    let Some(all) = all else {
        return Err(Error::request("merge_sorted: nothing to merge"));
    };
    // A stable sort of sorted runs is a merge.
    let merged = all.sort([index.clone()], SortMultipleOptions::default().with_maintain_order(true))?;
    Ok(before.into_iter().chain([merged]).collect())
}

/// The error of merged rows that begin before the table they are appended to ends.
pub(crate) fn overlap(table: &str, part: &str) -> Error {
    Error::request(format!("merge_sorted: append_to `{table}` ends after `{part}` begins; merge both instead"))
}
