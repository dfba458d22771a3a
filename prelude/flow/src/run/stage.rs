//! Stages: chains of steps that work unit by unit, and what ends them.

use crate::error::Result;
use crate::operators::events::Events;
use crate::operators::words::words;
use crate::plan::aggregation::Aggregation;
use crate::plan::candidates::{Best, Gathered};
use crate::plan::clause::{ColumnFunction, Custom, Share};
use crate::plan::ranges::Rows;
use crate::plan::resample::Resample;
use crate::plan::row::ROW;
use crate::plan::structure::ProcessingStructure;
use crate::run::store::EntityId;
use cut::Typed;
use polars::prelude::*;
use segment::Place;
use segment::random::{digest, lot};
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
    /// All rows are collected: the next stage needs them in this structure.
    Collect(ProcessingStructure),
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

impl Barrier {
    /// What the rows are grouped into at the end of the stage; `None` at the end of the query.
    pub fn structure(&self) -> Option<ProcessingStructure> {
        match self {
            Self::End => None,
            Self::Collect(structure) => Some(*structure),
            Self::Group { .. } => Some(ProcessingStructure::HashBucketed),
            Self::Resample { .. } => Some(ProcessingStructure::TimeBucketed),
        }
    }
}

/// A chain of steps between two barriers.
#[derive(Clone)]
pub(crate) struct Stage {
    /// Positions of the rows that come in at all, one after another.
    pub rows: Vec<Rows>,
    pub steps: Vec<Step>,
    /// The columns that are read, in the order of the input.
    pub columns: Vec<PlSmallStr>,
    /// Those of them that are lists of which only the lengths are read, as u32.
    pub lengths: Vec<PlSmallStr>,
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

    /// What it does with lists, in words.
    pub fn list_steps(&self) -> Vec<String> {
        match self {
            Self::Filter(value) | Self::Define { value, .. } => value.list_steps(),
            _ => Vec::new(),
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
