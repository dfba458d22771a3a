//! What two readers make of a file, side by side.

use polars::prelude::*;
use sources::Source;

/// All rows of a table.
pub(super) fn whole(source: &dyn Source) -> Result<DataFrame, String> {
    let names: Vec<PlSmallStr> = source.schema().iter_names_cloned().collect();
    let mut all = DataFrame::empty_with_schema(source.schema());
    for (segment, info) in source.segments().iter().enumerate() {
        let frame = source.read(segment, &names, 0..info.len()).map_err(|error| error.to_string())?;
        all.vstack_mut(&frame).map_err(|error| error.to_string())?;
    }
    Ok(all)
}

/// Whether a column holds the values of another. Texts may be kept by number, and a zone is a way to say an instant;
/// all else is the same type.
pub(super) fn same(found: &Column, wanted: &Column) -> Result<(), String> {
    let name = wanted.name();
    let plain = |column: &Column| match column.dtype() {
        DataType::Categorical(..) | DataType::Enum(..) => column.cast(&DataType::String),
        DataType::Datetime(unit, Some(_)) => column.cast(&DataType::Datetime(*unit, Some(TimeZone::UTC))),
        _ => Ok(column.clone()),
    };
    let (found, wanted) = match (plain(found), plain(wanted)) {
        (Ok(found), Ok(wanted)) => (found, wanted),
        (Err(error), _) | (_, Err(error)) => return Err(format!("`{name}`: {error}")),
    };
    if found.dtype() != wanted.dtype() {
        return Err(format!("`{name}` is {}, not {}", found.dtype(), wanted.dtype()));
    }
    let (found, wanted) = (found.as_materialized_series(), wanted.as_materialized_series());
    if found.equals_missing(wanted) {
        return Ok(());
    }
    if found.len() != wanted.len() {
        return Err(format!("`{name}` has {} values, not {}", found.len(), wanted.len()));
    }
    let differs = |&row: &usize| found.get(row).ok() != wanted.get(row).ok();
    match (0..found.len()).find(differs) {
        Some(row) => Err(format!("`{name}` in row {row} is {:?}, not {:?}", found.get(row), wanted.get(row))),
        None => Ok(()),
    }
}

/// Every column of a frame is in the other.
pub(super) fn agree(found: &DataFrame, wanted: &DataFrame) -> Result<(), String> {
    wanted.columns().iter().try_for_each(|wanted| {
        let found = found.column(wanted.name()).map_err(|error| error.to_string())?;
        same(found, wanted)
    })
}
