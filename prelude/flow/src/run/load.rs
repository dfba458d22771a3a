//! Columns of a unit, from the cache or the source.

use crate::error::Result;
use crate::memory::cache::{Key, Tier};
use crate::operators::kept::Kept;
use crate::plan::row::ROW;
use crate::run::execute::Run;
use crate::run::stage::Unit;
use polars::prelude::*;
use sources::Source;
use std::ops::Range;
use std::time::Instant;

/// Columns of a unit, of some of which lengths are enough; with a mask only of the rows that it marks, and nothing of them is
/// cached then.
pub(crate) fn load(
    run: &Run<'_>,
    source: &dyn Source,
    unit: &Unit,
    (names, lengths): (&[PlSmallStr], &[PlSmallStr]),
    mask: Option<&BooleanChunked>,
) -> Result<DataFrame> {
    let picked: Option<Vec<IdxSize>> = mask.map(|mask| {
        let start = unit.local.start as IdxSize;
        mask.downcast_iter().flat_map(|bits| bits.values().true_idx_iter()).map(|row| row as IdxSize + start).collect()
    });
    let height = picked.as_ref().map_or(unit.local.len(), Vec::len);
    let counters = run.counters;
    let mut found: Vec<Option<Column>> = vec![None; names.len()];
    for (segment, columns) in &unit.parts {
        let wanted: Vec<usize> =
            (0..names.len()).filter(|&at| found[at].is_none() && columns.contains(&names[at])).collect();
        if wanted.is_empty() {
            continue;
        }
        counters.read.lock().insert(*segment);
        match &picked {
            Some(rows) => pick(run, source, (*segment, rows), names, &wanted, &mut found)?,
            None => whole(run, source, (*segment, unit), (names, lengths), &wanted, &mut found)?,
        }
    }
    let columns = found.into_iter().zip(names).map(|(column, name)| match column {
        Some(column) => Ok(column),
        None if name == ROW => {
            let all = numbers(&unit.rows);
            Ok(mask.map_or_else(|| Ok(all.clone()), |mask| all.filter(mask))?)
        }
        None => Err(segment::Error::column(name, source.schema().iter_names().map(PlSmallStr::as_str)).into()),
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let width: u64 = columns.iter().map(|column| sources::width(column.dtype())).sum();
    counters.add(&counters.bytes_decoded, width * height as u64);
    Ok(DataFrame::new(height, columns)?)
}

/// Some rows of a segment, past the cache.
fn pick(
    run: &Run<'_>,
    source: &dyn Source,
    (segment, rows): (usize, &[IdxSize]),
    names: &[PlSmallStr],
    wanted: &[usize],
    found: &mut [Option<Column>],
) -> Result<()> {
    let asked: Vec<_> = wanted.iter().map(|&at| names[at].clone()).collect();
    let frame = source.pick(segment, &asked, rows)?;
    let stored = source.stored(segment, &asked);
    let span = rows.last().zip(rows.first()).map_or(0, |(last, first)| u64::from(last - first) + 1);
    count_read(run, source, segment, stored, span);
    for (&at, column) in wanted.iter().zip(frame.columns()) {
        found[at] = Some(column.clone());
    }
    Ok(())
}

/// All rows of a unit in a segment, from the cache where it has them.
fn whole(
    run: &Run<'_>,
    source: &dyn Source,
    (segment, unit): (usize, &Unit),
    (names, lengths): (&[PlSmallStr], &[PlSmallStr]),
    wanted: &[usize],
    found: &mut [Option<Column>],
) -> Result<()> {
    let (counters, height) = (run.counters, unit.local.len());
    let identity = source.segments()[segment].identity;
    let of = |column: PlSmallStr| Key { identity, column, start: unit.local.start, rows: height };
    let mut missing = Vec::new();
    for &at in wanted {
        let name = &names[at];
        let counted = lengths.contains(name).then(|| of(counts(name)));
        if let Some(column) = kept(run, &of(name.clone())).or_else(|| kept(run, counted.as_ref()?)) {
            found[at] = Some(column);
        } else if let Some(key) = counted {
            let start = Instant::now();
            let column = source.lengths(segment, name, unit.local.clone())?;
            run.cache.into_iter().for_each(|cache| cache.put(key.clone(), &column, start.elapsed()));
            found[at] = Some(column);
        } else {
            missing.push(at);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = missing.iter().map(|&at| names[at].clone()).collect();
    let start = Instant::now();
    let frame = source.read(segment, &asked, unit.local.clone())?;
    let each = start.elapsed() / missing.len() as u32;
    count_read(run, source, segment, source.stored(segment, &asked), height as u64);
    counters.add(&counters.misses, if run.cache.is_some() { missing.len() as u64 } else { 0 });
    for (&at, column) in missing.iter().zip(frame.columns()) {
        run.cache.into_iter().for_each(|cache| cache.put(of(names[at].clone()), column, each));
        found[at] = Some(column.clone());
    }
    Ok(())
}

/// A column from the cache.
fn kept(run: &Run<'_>, key: &Key) -> Option<Column> {
    let (column, tier) = run.cache?.get(key)?;
    let counters = run.counters;
    counters.add(if tier == Tier::Memory { &counters.hits_memory } else { &counters.hits_disk }, 1);
    Some(column)
}

/// What the cache knows the lengths of lists by.
fn counts(name: &PlSmallStr) -> PlSmallStr {
    format!("len({name})").into()
}

/// Counts the stored bytes of `rows` rows of a segment.
pub(crate) fn count_read(run: &Run<'_>, source: &dyn Source, segment: usize, stored: u64, rows: u64) {
    let part = rows * 1_000 / source.segments()[segment].len().max(1) as u64;
    run.counters.add(&run.counters.bytes_read, stored * part / 1_000);
}

/// Adds the row numbers, where they are wanted of what is no longer a source.
pub(crate) fn numbered(mut frame: DataFrame, unit: &Unit, columns: &[PlSmallStr]) -> Result<DataFrame> {
    if columns.iter().any(|name| name == ROW) && frame.column(ROW).is_err() {
        frame.with_column(numbers(&unit.rows))?;
    }
    Ok(frame)
}

fn numbers(rows: &Range<u64>) -> Column {
    UInt64Chunked::from_vec(ROW.into(), rows.clone().collect()).into_column()
}

/// Some columns of a frame.
pub(crate) fn select<'a>(frame: &DataFrame, names: impl Iterator<Item = &'a PlSmallStr>) -> Result<DataFrame> {
    let columns = names.map(|name| frame.column(name).cloned()).collect::<PolarsResult<Vec<_>>>()?;
    Ok(DataFrame::new(frame.height(), columns)?)
}

/// Some columns of the rows that pass, without leaving the thread.
pub(crate) fn filter(frame: &DataFrame, mask: Option<&BooleanChunked>, names: &[PlSmallStr]) -> Result<DataFrame> {
    let Some(mask) = mask else { return select(frame, names.iter()) };
    let left = mask.sum().unwrap_or(0) as usize;
    if left == frame.height() {
        return select(frame, names.iter());
    }
    let mut kept = Kept::new(mask, left);
    let columns = names.iter().map(|name| {
        let column = frame.column(name)?.as_materialized_series();
        Ok(kept.of(column)?.into_column())
    });
    Ok(DataFrame::new(left, columns.collect::<Result<Vec<_>>>()?)?)
}
