//! Lists of one collection with different lengths: where in which file.

use crate::error::{Error, Result};
use crate::run::input::Input;
use crate::run::stage::Unit;
use polars::prelude::PlSmallStr;
use segment::Error as Fault;
use segment::lists::Lists;
use sources::Source;

/// The error with its place: of columns that come from a file, with the event of the file in which they differ.
pub(crate) fn placed(error: Error, input: Input<'_>, unit: &Unit) -> Error {
    let Error::Segment(Fault::Lengths { columns, .. }) = &error else { return error };
    let text = match input {
        Input::Source(source) => in_file(source, unit, columns).ok().flatten(),
        Input::Store(_) => None,
    };
    let text = text.unwrap_or_else(|| error.to_string());
    Fault::read(&unit.place, text).into()
}

/// What is to be said of two columns of the source; `None` where they do not differ there.
fn in_file(source: &dyn Source, unit: &Unit, columns: &[String; 2]) -> Result<Option<String>> {
    let lists = |name: &String| -> Result<Option<Lists>> {
        let name = PlSmallStr::from_str(name);
        let Some((segment, _)) = unit.parts.iter().find(|(_, columns)| columns.contains(&name)) else {
            return Ok(None);
        };
        let frame = source.read(*segment, std::slice::from_ref(&name), unit.local.clone())?;
        Ok(Lists::of(frame.column(&name)?.as_materialized_series())?)
    };
    // In the order of the table, whoever noticed it.
    let mut columns = columns.clone();
    columns.sort_by_key(|name| source.schema().index_of(name));
    let (Some(one), Some(two)) = (lists(&columns[0])?, lists(&columns[1])?) else { return Ok(None) };
    let Err(Fault::Lengths { columns: [one, two], lengths: [mine, theirs], row }) = one.fits(&two) else {
        return Ok(None);
    };
    let file = &unit.place.file;
    let first = source.segments().iter().find(|info| info.place.file == *file).map_or(0, |info| info.rows.start);
    let event = unit.rows.start + row as u64 - first;
    Ok(Some(format!(
        "event {event} (counted from 0): `{one}` has {mine} values and `{two}` {theirs}; fields of one collection have \
         the same number of values in every event"
    )))
}
