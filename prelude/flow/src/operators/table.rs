//! Groups with what is computed of each: rows go in, keys and columns come out.

use crate::error::Result;
use crate::hash::Map;
use crate::operators::budget::{Budget, Share};
use crate::operators::groups::KeyTable;
use crate::operators::state::{State, spread};
use crate::operators::words::words;
use crate::plan::aggregation::Aggregation;
use polars::prelude::*;
use segment::random::digest;

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
    pub share: Share,
}

/// Groups and their states.
pub(super) struct Table {
    pub groups: KeyTable,
    pub states: Vec<State>,
}

impl Table {
    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        self.groups.bytes() + self.states.iter().map(State::bytes).sum::<u64>()
    }

    /// Adds the groups of the rows that follow.
    pub fn merge(&mut self, next: Self) -> Result<()> {
        self.merge_flat(next.flat()?)
    }

    /// The same of groups that are not looked up.
    pub fn merge_flat(&mut self, next: Flat) -> Result<()> {
        let target = self.groups.number(&next.keys)?;
        for (state, more) in self.states.iter_mut().zip(next.states) {
            state.grow(self.groups.len());
            state.merge(more, &target);
        }
        Ok(())
    }

    /// The groups without what looks them up.
    pub fn flat(self) -> Result<Flat> {
        Ok(Flat { keys: self.groups.keys()?, states: self.states })
    }
}

/// Groups and their states, one after another: a table of them is several times as large.
pub(super) struct Flat {
    pub keys: Vec<Series>,
    pub states: Vec<State>,
}

impl Flat {
    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        let keys: usize = self.keys.iter().map(|key| key.estimated_size()).sum();
        keys as u64 + self.states.iter().map(State::bytes).sum::<u64>()
    }

    fn height(&self) -> usize {
        self.keys.first().map_or(0, |column| column.len())
    }

    /// Some of the groups, in this order.
    pub fn pick(&self, picks: &[IdxSize]) -> Result<Self> {
        let index = IdxCa::from_vec(PlSmallStr::EMPTY, picks.to_vec());
        let keys = self.keys.iter().map(|key| Ok(key.take(&index)?)).collect::<Result<_>>()?;
        Ok(Self { keys, states: self.states.iter().map(|state| state.pick(picks)).collect() })
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// Groups as a frame, which a disk can hold.
    pub(super) fn frame_of(&self, flat: &Flat) -> Result<DataFrame> {
        let keys = flat.keys.iter().enumerate();
        let mut columns: Vec<Column> =
            keys.map(|(at, key)| key.clone().with_name(format!("key.{at}").into()).into_column()).collect();
        for (at, (state, input)) in flat.states.iter().zip(&self.inputs).enumerate() {
            columns.extend(state.columns(at, input)?);
        }
        Ok(DataFrame::new(flat.height(), columns)?)
    }

    /// And back.
    pub(super) fn flat_of(&self, frame: &DataFrame) -> Result<Flat> {
        let keys = self.keys.types().into_iter().enumerate().map(|(at, (name, _))| {
            Ok(frame.column(&format!("key.{at}"))?.as_materialized_series().clone().with_name(name))
        });
        let states = self.aggregations.iter().zip(&self.inputs).enumerate();
        let states = states.map(|(at, (one, input))| State::of_columns(one.function, input, frame, at));
        Ok(Flat { keys: keys.collect::<Result<_>>()?, states: states.collect::<Result<_>>()? })
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// The rows whose keys are of this round.
    pub(super) fn own_rows(&self, frame: DataFrame) -> Result<DataFrame> {
        let Share { round, rounds } = self.share;
        if rounds == 1 {
            return Ok(frame);
        }
        let keys = self.keys.of(&frame)?.iter().map(words).collect::<Result<Vec<_>>>()?;
        let is_own = |row: usize| (digest(keys.iter().map(|words| words[row])) & 0xffff_ffff) % rounds == round;
        let mask = BooleanChunked::from_iter_values(PlSmallStr::EMPTY, (0..frame.height()).map(is_own));
        Ok(frame.filter_seq(&mask)?)
    }

    fn table_of(&self, groups: KeyTable) -> Table {
        let states = self.aggregations.iter().zip(&self.inputs).map(|(a, input)| State::new(a.function, input));
        Table { groups, states: states.collect() }
    }

    /// No groups yet.
    pub(super) fn table(&self) -> Result<Table> {
        Ok(self.table_of(KeyTable::new(&self.keys.types())?))
    }

    /// The same for a part of the keys.
    pub(super) fn sparse_table(&self) -> Result<Table> {
        Ok(self.table_of(KeyTable::sparse(&self.keys.types())?))
    }

    /// Adds rows to a table.
    pub(super) fn feed(&self, table: &mut Table, frame: &DataFrame) -> Result<()> {
        let groups = table.groups.number(&self.keys.of(frame)?)?;
        let mut taken: Map<&str, Series> = Map::default();
        for (state, aggregation) in table.states.iter_mut().zip(self.aggregations) {
            state.grow(table.groups.len());
            let column = frame.column(&aggregation.input)?;
            let column = taken.entry(&aggregation.input).or_insert_with(|| column.as_materialized_series().clone());
            state.take(&groups, column)?;
        }
        Ok(())
    }

    /// Adds rows that come in the order of one key; `false`: they do not.
    pub(super) fn feed_runs(&self, table: &mut Table, frame: &DataFrame) -> Result<bool> {
        let Some((keys, ends)) = self.keys.runs(frame)? else { return Ok(false) };
        let groups = table.groups.number(&[keys])?;
        let mut rows: Option<Vec<u32>> = None;
        for (state, aggregation) in table.states.iter_mut().zip(self.aggregations) {
            state.grow(table.groups.len());
            let column = frame.column(&aggregation.input)?.as_materialized_series();
            if !state.take_runs(&groups, &ends, column)? {
                let rows = rows.get_or_insert_with(|| spread(&groups, &ends));
                state.take(rows, column)?;
            }
        }
        Ok(true)
    }

    /// The keys of all groups and then one column per aggregation, groups in the order in which they appeared.
    pub(super) fn finish_table(&self, table: Table, outputs: &[DataType]) -> Result<Vec<Series>> {
        let Table { groups, states } = table;
        let mut columns = groups.keys()?;
        drop(groups);
        for ((state, aggregation), dtype) in states.into_iter().zip(self.aggregations).zip(outputs) {
            columns.push(state.finish(aggregation, dtype)?);
        }
        Ok(columns)
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

    fn runs(&self, frame: &DataFrame) -> Result<Option<(Series, Vec<usize>)>> {
        // One value for all rows, as the key of rows that are not grouped.
        let [(name, _)] = &self.0[..] else { return Ok(None) };
        let one = frame.column(name)?.as_scalar_column();
        let one = one.filter(|one| frame.height() > 0 && !one.scalar().is_null() && !one.dtype().is_float());
        Ok(one.map(|one| (one.as_single_value_series(), vec![frame.height()])))
    }
}
