//! Stages: chains of steps that work row slice by row slice, and the units they work on.

use crate::error::Result;
use crate::operators::events::Events;
use crate::operators::words::words;
use crate::plan::aggregation::Aggregation;
use crate::plan::candidates::{Best, Gathered};
use crate::plan::clause::{ColumnFunction, Custom, Share};
use crate::plan::ranges::Rows;
use crate::plan::resample::Resample;
use crate::plan::row::ROW;
use crate::plan::structure::Ranges;
use crate::plan::structure::by_row_slice;
use crate::run::store::EntityId;
use cut::{Typed, Verdict};
use polars::prelude::*;
use segment::random::{digest, lot};
use segment::{Place, Scalar, Statistics};
use sources::{Index, Source};
use std::ops::Range;
use std::sync::Arc;

/// What is done to the rows of a unit.
#[derive(Clone)]
pub(crate) enum Op {
    Filter(Arc<Typed>),
    Dates {
        column: PlSmallStr,
        low: i64,
        high: i64,
    },
    /// Random rows; where there are keys, all rows of an event have one random number.
    Sample {
        share: Share,
        seed: u64,
        keys: Vec<PlSmallStr>,
    },
    /// Keeps rows by their number in the source; the numbers ascend.
    Keep(Arc<Vec<u64>>),
    Define {
        name: PlSmallStr,
        value: Arc<Typed>,
    },
    Function {
        name: PlSmallStr,
        inputs: Vec<PlSmallStr>,
        dtype: DataType,
        function: Arc<ColumnFunction>,
    },
    Candidates {
        keys: Vec<PlSmallStr>,
        best: Best,
        runs: bool,
    },
    Custom(Arc<dyn Custom>),
}

/// A step, and the columns that are still wanted after it.
#[derive(Clone)]
pub(crate) struct Step {
    pub op: Op,
    pub name: String,
    pub keep: Vec<PlSmallStr>,
}

/// What ends a stage.
#[derive(Clone)]
pub(crate) enum Barrier {
    /// The end of the query.
    End,
    /// All rows are needed, in order: the next stage keeps some by position, or looks at whole columns.
    Collect {
        whole: bool,
    },
    Group {
        by: Vec<(PlSmallStr, DataType)>,
        aggregations: Vec<Aggregation>,
        inputs: Vec<DataType>,
        outputs: Vec<DataType>,
    },
    Resample {
        resample: Resample,
        index: PlSmallStr,
        dtype: DataType,
        inputs: Vec<DataType>,
        outputs: Vec<DataType>,
    },
}

/// A chain of steps between two barriers.
#[derive(Clone)]
pub(crate) struct Stage {
    /// Positions of the rows that come in at all, one after another.
    pub rows: Vec<Rows>,
    pub steps: Vec<Step>,
    /// The columns that are read, in the order of the input.
    pub columns: Vec<PlSmallStr>,
    /// What the barrier gets (and, at the end, the answer).
    pub output: SchemaRef,
    pub barrier: Barrier,
}

impl Op {
    /// Columns it looks at.
    pub fn inputs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        match self {
            Self::Filter(cut) => cut.columns().to_vec(),
            Self::Dates { column, .. } => vec![column.clone()],
            Self::Sample { keys, .. } if !keys.is_empty() => keys.clone(),
            Self::Sample { .. } | Self::Keep(_) => vec![ROW.into()],
            Self::Define { value, .. } => value.columns().to_vec(),
            Self::Function { inputs, .. } => inputs.clone(),
            Self::Candidates { keys, best, .. } => {
                let mut inputs = keys.clone();
                if let Best::All(collection) = best {
                    for output in outputs {
                        match collection.origin(keys, output) {
                            Gathered::First(column) | Gathered::List(column) => inputs.push(column.into()),
                            Gathered::Count => {}
                        }
                    }
                }
                if let Best::Lowest(column) | Best::Highest(column) = best {
                    inputs.push(column.clone());
                }
                if matches!(best, Best::Random(_)) {
                    inputs.push(ROW.into());
                }
                inputs
            }
            Self::Custom(custom) => custom.needs(outputs),
        }
    }

    /// The column it makes.
    pub fn makes(&self) -> Option<&PlSmallStr> {
        match self {
            Self::Define { name, .. } | Self::Function { name, .. } => Some(name),
            _ => None,
        }
    }

    /// How rows become events, where all candidates of an event become a row.
    pub fn events(&self) -> Option<Events> {
        match self {
            Self::Candidates { keys, best: Best::All(collection), .. } => {
                Some(Events { keys: keys.clone(), collection: collection.clone() })
            }
            _ => None,
        }
    }

    /// Whether it hands on other columns than come in, so that its inputs are all that it wants.
    pub fn makes_other_columns(&self) -> bool {
        matches!(self, Self::Custom(_) | Self::Candidates { best: Best::All(_), .. })
    }

    /// Whether it keeps or drops each row for itself.
    pub fn is_filter(&self) -> bool {
        matches!(self, Self::Filter(_) | Self::Dates { .. } | Self::Sample { .. } | Self::Keep(_))
    }

    /// Whether a filter on rows may pass it.
    pub fn lets_filters_pass(&self) -> bool {
        match self {
            Self::Candidates { .. } => false,
            Self::Custom(custom) => custom.commutes_with_row_filter(),
            _ => true,
        }
    }

    /// Whether every row that comes in goes out, in order.
    pub fn keeps_rows(&self) -> bool {
        matches!(self, Self::Define { .. } | Self::Function { .. })
    }

    /// Which rows pass a filter.
    pub fn mask(&self, frame: &DataFrame) -> Result<BooleanChunked> {
        Ok(match self {
            Self::Filter(cut) => cut.mask(frame)?,
            Self::Dates { column, low, high } => {
                let times = crate::plan::time::nearest_nanoseconds(frame.column(column)?.as_materialized_series())?;
                let inside = |time: Option<i64>| time.is_some_and(|time| (*low..=*high).contains(&time));
                BooleanChunked::from_iter_values(PlSmallStr::EMPTY, times.iter().map(inside))
            }
            Self::Sample { share, seed, keys } => {
                let chosen = |place: u64| share.holds(lot(*seed, place));
                if keys.is_empty() {
                    let rows = frame.column(ROW)?.u64()?;
                    let rows = rows.iter().map(|row| chosen(row.unwrap_or_default()));
                    return Ok(BooleanChunked::from_iter_values(PlSmallStr::EMPTY, rows));
                }
                let words = keys.iter().map(|key| words(frame.column(key)?.as_materialized_series()));
                let words = words.collect::<Result<Vec<_>>>()?;
                let events = (0..frame.height()).map(|row| chosen(digest(words.iter().map(|words| words[row]))));
                BooleanChunked::from_iter_values(PlSmallStr::EMPTY, events)
            }
            Self::Keep(kept) => {
                let rows = frame.column(ROW)?.u64()?;
                let mut at = rows.first().map_or(0, |first| kept.partition_point(|&row| row < first));
                let mut is_kept = |row: Option<u64>| {
                    let row = row.unwrap_or(u64::MAX);
                    while kept.get(at).is_some_and(|&next| next < row) {
                        at += 1;
                    }
                    kept.get(at) == Some(&row)
                };
                BooleanChunked::from_iter_values(PlSmallStr::EMPTY, rows.iter().map(&mut is_kept))
            }
            _ => BooleanChunked::full(PlSmallStr::EMPTY, true, frame.height()),
        })
    }
}

/// Rows of all wanted columns, to be worked on at once.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Rows of the input.
    pub rows: Range<u64>,
    /// The same within the segments.
    pub local: Range<usize>,
    /// Segments, and the columns that are in each.
    pub parts: Vec<(usize, Vec<PlSmallStr>)>,
    /// By step: filters of which it is known that every row passes.
    pub decided: Vec<bool>,
    /// Data that has been made already.
    pub entity: Option<EntityId>,
    pub place: Arc<Place>,
    /// Bytes of the wanted columns when decoded.
    pub bytes: u64,
}

/// The units of a source, and what was left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Units {
    pub units: Vec<Unit>,
    pub segments: u64,
    pub skipped: Vec<(String, u64)>,
    pub stored: u64,
}

/// Cuts a source into units for a stage: drops what cannot contribute, and splits what is long.
pub(crate) fn units(source: &dyn Source, stage: &Stage, chunk: usize) -> Units {
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
    let mut skipped = [("rows", 0), ("time", 0), ("statistics", 0), ("columns", 0)];
    for slice in by_row_slice(&ranges) {
        let rows = infos[slice[0]].rows.clone();
        let inside = rows.start.max(wanted_rows.start)..rows.end.min(wanted_rows.end);
        if inside.is_empty() {
            skipped[0].1 += slice.len() as u64;
            continue;
        }
        let mut known = Statistics { rows: rows.end - rows.start, ..Statistics::default() };
        for &segment in &slice {
            known.columns.extend(infos[segment].statistics.columns.iter().map(|(name, s)| (name.clone(), s.clone())));
        }
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

/// Asks every filter that nothing stands before what the statistics say: `Err` with the reason when no row can pass,
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
