//! The terminal that reduces rows to groups.

use crate::error::Result;
use crate::hash::Map;
use crate::operators::budget::Budget;
use crate::operators::groups::Groups;
use crate::operators::state::{State, spread};
use crate::plan::aggregation::Aggregation;
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;

/// How the rows of a frame are grouped.
pub(crate) trait Keys: Sync {
    /// Names and types of the keys.
    fn types(&self) -> Vec<(PlSmallStr, DataType)>;
    /// The keys of a frame.
    fn of(&self, frame: &DataFrame) -> Result<Vec<Series>>;
    /// Where rows are in the order of one integer key: its values and where each ends.
    fn runs(&self, _: &DataFrame) -> Result<Option<(Series, Vec<usize>)>> {
        Ok(None)
    }
}

/// Reduces rows to one state per group.
pub(crate) struct Aggregate<'a, K> {
    pub keys: K,
    pub aggregations: &'a [Aggregation],
    pub inputs: Vec<DataType>,
    pub budget: Budget,
}

/// Groups and their states.
pub(crate) struct Grouped {
    groups: Groups,
    states: Vec<State>,
    /// Rows that were taken, and of how many rows `bytes` is known.
    rows: u64,
    measured: u64,
    bytes: u64,
}

impl Grouped {
    /// How many bytes of memory they take.
    fn size(&self) -> u64 {
        self.groups.bytes() + self.states.iter().map(State::bytes).sum::<u64>()
    }

    /// Tells the budget how large they have become. Looking at all of them is not worth it after every few rows.
    fn measure(&mut self, budget: &Budget, rows: u64) -> Result<()> {
        const OFTEN: u64 = 8;
        self.rows += rows;
        if self.rows - self.measured < self.measured / OFTEN {
            return Ok(());
        }
        let now = self.size();
        budget.change(std::mem::replace(&mut self.bytes, now), now, self.groups.len())?;
        self.measured = self.rows;
        Ok(())
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// The keys of all groups and one column per aggregation, groups in the order in which they appeared.
    pub fn finish(&self, grouped: Grouped, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        let keys = grouped.groups.keys()?;
        drop(grouped.groups);
        let columns = grouped.states.into_iter().zip(self.aggregations).zip(outputs);
        let columns =
            columns.map(|((state, aggregation), dtype)| state.finish(aggregation, dtype)).collect::<Result<_>>()?;
        Ok((keys, columns))
    }
}

impl<K: Keys> Sink for Aggregate<'_, K> {
    type Part = Result<Grouped>;

    fn part(&self) -> Self::Part {
        let states =
            self.aggregations.iter().zip(&self.inputs).map(|(a, input)| State::new(a.function, input)).collect();
        Ok(Grouped { groups: Groups::new(&self.keys.types())?, states, rows: 0, measured: 0, bytes: 0 })
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let part = part.as_mut().map_err(|error| error.clone())?;
        let height = segment.frame.height() as u64;
        if let Some((keys, ends)) = self.keys.runs(&segment.frame)? {
            let groups = part.groups.number(&[keys])?;
            let mut rows: Option<Vec<u32>> = None;
            for (state, aggregation) in part.states.iter_mut().zip(self.aggregations) {
                state.grow(part.groups.len());
                let column = segment.frame.column(&aggregation.input)?.as_materialized_series();
                if !state.take_runs(&groups, &ends, column)? {
                    let rows = rows.get_or_insert_with(|| spread(&groups, &ends));
                    state.take(rows, column)?;
                }
            }
            sources::recycle(segment.frame);
            return part.measure(&self.budget, height);
        }
        let groups = part.groups.number(&self.keys.of(&segment.frame)?)?;
        let mut taken: Map<&str, Series> = Map::default();
        for (state, aggregation) in part.states.iter_mut().zip(self.aggregations) {
            state.grow(part.groups.len());
            let column = segment.frame.column(&aggregation.input)?;
            let column = taken.entry(&aggregation.input).or_insert_with(|| column.as_materialized_series().clone());
            state.take(&groups, column)?;
        }
        drop(taken);
        sources::recycle(segment.frame);
        part.measure(&self.budget, height)
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        let next = next?;
        let whole = whole.as_mut().map_err(|error| error.clone())?;
        let (rows, freed) = (next.rows, next.bytes);
        let target = whole.groups.number(&next.groups.keys()?)?;
        for (state, more) in whole.states.iter_mut().zip(next.states) {
            state.grow(whole.groups.len());
            state.merge(more, &target);
        }
        whole.measure(&self.budget, rows)?;
        self.budget.change(freed, 0, whole.groups.len())
    }

    fn stretches(&self) -> usize {
        8
    }
}

/// Keys that are columns.
#[derive(Debug, Clone)]
pub(crate) struct ByColumns(pub Vec<(PlSmallStr, DataType)>);

impl Keys for ByColumns {
    fn types(&self) -> Vec<(PlSmallStr, DataType)> {
        self.0.clone()
    }

    fn of(&self, frame: &DataFrame) -> Result<Vec<Series>> {
        let column = |(name, _): &(PlSmallStr, DataType)| Ok(frame.column(name)?.as_materialized_series().clone());
        self.0.iter().map(column).collect()
    }
}
