//! What the units of a stage are: `structure_for_processing` in its two forms, over the segments of a source and over the
//! entities that an earlier stage has left.

use crate::plan::ranges::Rows;
use crate::plan::structure::{Ranges, by_row_slice};
use crate::run::stage::{Op, Stage, Step, Unit, Units};
use crate::run::store::{EntityId, Store};
use cut::Verdict;
use polars::prelude::PlSmallStr;
use segment::{Place, Scalar, Statistics};
use sources::{Index, SegmentInfo, Source};
use std::ops::Range;
use std::sync::Arc;

/// The units of a stage over a source: segments of the same rows belong together, those that cannot contribute are dropped, and
/// long ones are split. This is `structure_for_processing` over the ranges of a table.
pub(crate) fn structure_source(source: &dyn Source, stage: &Stage, chunk: usize) -> Units {
    let infos = source.segments();
    let ranges: Vec<Ranges> =
        infos.iter().map(|info| Ranges { rows: info.rows.clone(), columns: info.columns.clone() }).collect();
    let schema = source.schema();
    let index = source.index();
    let mut wanted_rows = 0..source.rows();
    for rows in &stage.rows {
        let inside = rows.of(wanted_rows.end - wanted_rows.start);
        wanted_rows = wanted_rows.start + inside.start..wanted_rows.start + inside.end;
    }
    let real: Vec<_> = stage.columns.iter().filter(|name| schema.contains(name)).cloned().collect();
    let width: u64 = real.iter().filter_map(|name| schema.get(name)).map(sources::width).sum();
    let mut out = Units { segments: infos.len() as u64, ..Units::default() };
    let asked = asked(&stage.steps);
    let mut skipped = [("rows", 0), ("time", 0), ("statistics", 0), ("columns", 0)];
    for slice in by_row_slice(&ranges) {
        let rows = infos[slice[0]].rows.clone();
        let inside = rows.start.max(wanted_rows.start)..rows.end.min(wanted_rows.end);
        if inside.is_empty() {
            skipped[0].1 += slice.len() as u64;
            continue;
        }
        let known = known(infos, &slice, &asked);
        let decided = match decide(&stage.steps, &known, index) {
            Ok(decided) => decided,
            Err(why) => {
                skipped[if why == "time" { 1 } else { 2 }].1 += slice.len() as u64;
                continue;
            }
        };
        let parts = parts(source, &slice, &real, index);
        skipped[3].1 += (slice.len() - parts.len()) as u64;
        out.stored += parts.iter().map(|(segment, columns)| source.stored(*segment, columns)).sum::<u64>();
        let long = source.divisible() && inside.end - inside.start > chunk as u64 * 3 / 2;
        let step = if long { chunk as u64 } else { inside.end - inside.start };
        let mut start = inside.start;
        while start < inside.end {
            let end = (start + step).min(inside.end);
            out.units.push(Unit {
                rows: start..end,
                local: (start - rows.start) as usize..(end - rows.start) as usize,
                parts: parts.clone(),
                decided: decided.clone(),
                entity: None,
                place: infos[slice[0]].place.clone(),
                bytes: (end - start) * width,
            });
            start = end;
        }
    }
    out.skipped = skipped.into_iter().filter(|(_, count)| *count > 0).map(|(why, n)| (why.to_owned(), n)).collect();
    out
}

/// The columns whose bounds may decide a step.
fn asked(steps: &[Step]) -> Vec<&PlSmallStr> {
    let mut asked: Vec<&PlSmallStr> = Vec::new();
    for step in steps {
        match &step.op {
            Op::Filter(cut) => asked.extend(cut.columns()),
            Op::Dates { column, .. } => asked.push(column),
            _ => {}
        }
    }
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// What is known of some columns of a row slice. A table may have thousands of others.
fn known(infos: &[SegmentInfo], slice: &[usize], asked: &[&PlSmallStr]) -> Statistics {
    let rows = slice.first().map_or(0, |&first| infos[first].rows.end - infos[first].rows.start);
    let mut known = Statistics { rows, ..Statistics::default() };
    for &segment in slice {
        let columns = &infos[segment].statistics.columns;
        let found = asked.iter().filter_map(|name| columns.get_key_value(name.as_str()));
        known.columns.extend(found.map(|(name, known)| (name.clone(), known.clone())));
    }
    known
}

/// Which segments of a row slice hold which wanted columns. Columns of the index are in all, so they are read from
/// one that is read anyway.
fn parts(
    source: &dyn Source,
    slice: &[usize],
    wanted: &[PlSmallStr],
    index: Option<&Index>,
) -> Vec<(usize, Vec<PlSmallStr>)> {
    let infos = source.segments();
    let levels = index.map_or(&[][..], |index| &index.columns);
    let mut parts: Vec<(usize, Vec<PlSmallStr>)> = slice.iter().map(|&segment| (segment, Vec::new())).collect();
    for name in wanted.iter().filter(|name| !levels.contains(name)) {
        let at = source.schema().index_of(name).unwrap_or_default();
        let home = slice.iter().position(|&segment| infos[segment].columns.contains(&at)).unwrap_or_default();
        parts[home].1.push(name.clone());
    }
    let levels: Vec<_> = wanted.iter().filter(|name| levels.contains(name)).cloned().collect();
    let any = parts.iter().any(|(_, columns)| !columns.is_empty());
    if !levels.is_empty() {
        let first = parts.iter_mut().find(|(_, columns)| !any || !columns.is_empty());
        if let Some((_, columns)) = first {
            columns.splice(0..0, levels);
        }
    }
    parts.retain(|(_, columns)| !columns.is_empty());
    parts
}

/// Asks every filter with no other operator before it what the statistics say: `Err` with the reason when no row can pass,
/// else by step whether all rows do.
fn decide(steps: &[Step], known: &Statistics, index: Option<&Index>) -> std::result::Result<Vec<bool>, &'static str> {
    let mut decided = vec![false; steps.len()];
    let mut made: Vec<&PlSmallStr> = Vec::new();
    let mut free = true;
    for (step, decided) in steps.iter().zip(&mut decided) {
        match &step.op {
            Op::Filter(cut) if !cut.columns().iter().any(|column| made.contains(&column)) => match cut.verdict(known) {
                // Behind a choice of candidates the rows of this segment still take part in that choice.
                Verdict::None if free => return Err("statistics"),
                Verdict::All => *decided = true,
                _ => {}
            },
            Op::Dates { column, low, high } if index.and_then(Index::outer) == Some(column) => {
                let bounds = known.columns.get(column.as_str());
                let time =
                    |bound: &Option<Scalar>| if let Some(Scalar::Time(time)) = bound { Some(*time) } else { None };
                let first = bounds.and_then(|bounds| time(&bounds.min));
                let last = bounds.and_then(|bounds| time(&bounds.max));
                if free
                    && (low > high || first.is_some_and(|first| first > *high) || last.is_some_and(|last| last < *low))
                {
                    return Err("time");
                }
            }
            // It may have changed any column.
            op if op.makes_other_columns() => break,
            op => {
                free &= op.lets_filters_pass();
                made.extend(op.makes());
            }
        }
    }
    Ok(decided)
}

/// The units of a stage over entities, as far as it wants their rows: `structure_for_processing` between two stages.
pub(crate) fn structure_entities(
    store: &Store,
    entities: Vec<(EntityId, Range<u64>)>,
    wanted_rows: &[Rows],
) -> Vec<Unit> {
    let mut wanted = 0..entities.last().map_or(0, |(_, rows)| rows.end);
    for rows in wanted_rows {
        let inside = rows.of(wanted.end - wanted.start);
        wanted = wanted.start + inside.start..wanted.start + inside.end;
    }
    let units = entities.into_iter().filter_map(|(entity, rows)| {
        let inside = rows.start.max(wanted.start)..rows.end.min(wanted.end);
        let mut unit = unit_of_store(store, entity, Some(rows.clone()));
        unit.local = inside.start.saturating_sub(rows.start) as usize..inside.end.saturating_sub(rows.start) as usize;
        unit.rows = inside.clone();
        (!inside.is_empty()).then_some(unit)
    });
    units.collect()
}

/// A unit over what lies in the store; with the numbers `rows` where its rows have new ones.
pub(crate) fn unit_of_store(store: &Store, entity: EntityId, rows: Option<Range<u64>>) -> Unit {
    let rows = rows.unwrap_or_else(|| store.rows(entity));
    Unit {
        local: 0..(rows.end - rows.start) as usize,
        rows,
        parts: Vec::new(),
        decided: Vec::new(),
        entity: Some(entity),
        place: Arc::new(Place::memory()),
        // What lies in the store is accounted for there.
        bytes: 0,
    }
}
