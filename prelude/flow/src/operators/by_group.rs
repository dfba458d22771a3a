//! The terminal that reduces rows to groups.

use crate::error::{Error, Result};
use crate::hash::Map;
use crate::operators::budget::{Budget, Share};
use crate::operators::groups::Groups;
use crate::operators::scattered::Scattered;
use crate::operators::state::{State, spread};
use crate::operators::words::words;
use crate::plan::aggregation::Aggregation;
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;
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
    pub groups: Groups,
    pub states: Vec<State>,
}

impl Table {
    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        self.groups.bytes() + self.states.iter().map(State::bytes).sum::<u64>()
    }

    /// Adds the groups of the rows that follow.
    pub fn merge(&mut self, next: Self) -> Result<()> {
        let target = self.groups.number(&next.groups.keys()?)?;
        for (state, more) in self.states.iter_mut().zip(next.states) {
            state.grow(self.groups.len());
            state.merge(more, &target);
        }
        Ok(())
    }
}

/// What a stretch of rows comes to.
pub(crate) struct Grouped {
    form: Form,
    /// Rows that were taken, and of how many rows `bytes` is known.
    rows: u64,
    measured: u64,
    bytes: u64,
}

enum Form {
    /// One table: of few groups.
    Table(Table),
    /// Of many groups: grouped at the end.
    Scattered(Scattered),
}

/// From how many groups on rows are put apart first, where most rows begin a group.
const MANY: usize = if cfg!(test) { 1 << 10 } else { 1 << 17 };

impl Grouped {
    fn size(&self) -> u64 {
        match &self.form {
            Form::Table(table) => table.bytes(),
            Form::Scattered(scattered) => scattered.bytes(),
        }
    }

    /// How many groups there are, or at most can be.
    fn groups(&self) -> usize {
        match &self.form {
            Form::Table(table) => table.groups.len(),
            Form::Scattered(_) => self.rows as usize,
        }
    }

    /// Tells the budget how large they have become. Looking at all of them is not worth it after every few rows.
    fn measure<K: Keys>(&mut self, by: &Aggregate<'_, K>, rows: u64) -> Result<()> {
        const OFTEN: u64 = 8;
        self.rows += rows;
        if self.rows - self.measured < self.measured / OFTEN {
            return Ok(());
        }
        if let Form::Scattered(scattered) = &mut self.form
            && !by.budget.has_room(self.bytes, scattered.bytes())
        {
            scattered.compact(by)?;
        }
        let now = self.size();
        let groups = self.groups();
        by.budget.change(std::mem::replace(&mut self.bytes, now), now, groups)?;
        self.measured = self.rows;
        Ok(())
    }

    /// Puts rows apart from now on.
    fn scatter(&mut self, types: &[(PlSmallStr, DataType)]) -> Result<&mut Scattered> {
        if let Form::Table(table) = &self.form {
            let mut scattered = Scattered::default();
            scattered.push_table(table, types)?;
            self.form = Form::Scattered(scattered);
        }
        match &mut self.form {
            Form::Scattered(scattered) => Ok(scattered),
            Form::Table(_) => Err(Error::request("groups that are not put apart")),
        }
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// The rows whose keys are of this round.
    fn own_rows(&self, frame: DataFrame) -> Result<DataFrame> {
        let Share { round, rounds } = self.share;
        if rounds == 1 {
            return Ok(frame);
        }
        let keys = self.keys.of(&frame)?.iter().map(words).collect::<Result<Vec<_>>>()?;
        let is_own = |row: usize| (digest(keys.iter().map(|words| words[row])) & 0xffff_ffff) % rounds == round;
        let mask = BooleanChunked::from_iter_values(PlSmallStr::EMPTY, (0..frame.height()).map(is_own));
        Ok(frame.filter_seq(&mask)?)
    }

    fn table_of(&self, groups: Groups) -> Table {
        let states = self.aggregations.iter().zip(&self.inputs).map(|(a, input)| State::new(a.function, input));
        Table { groups, states: states.collect() }
    }

    /// No groups yet.
    pub(super) fn table(&self) -> Result<Table> {
        Ok(self.table_of(Groups::new(&self.keys.types())?))
    }

    /// The same for a part of the keys.
    pub(super) fn sparse_table(&self) -> Result<Table> {
        Ok(self.table_of(Groups::sparse(&self.keys.types())?))
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
    fn feed_runs(&self, table: &mut Table, frame: &DataFrame) -> Result<bool> {
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

    /// The keys of all groups and one column per aggregation.
    pub fn finish(&self, grouped: Grouped, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        match grouped.form {
            Form::Table(table) => self.finish_table(table, outputs),
            Form::Scattered(scattered) => scattered.finish(self, outputs),
        }
    }

    pub(super) fn finish_table(&self, table: Table, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        let Table { groups, states } = table;
        let keys = groups.keys()?;
        drop(groups);
        let columns = states.into_iter().zip(self.aggregations).zip(outputs);
        let columns =
            columns.map(|((state, aggregation), dtype)| state.finish(aggregation, dtype)).collect::<Result<_>>()?;
        Ok((keys, columns))
    }
}

impl<K: Keys> Sink for Aggregate<'_, K> {
    type Part = Result<Grouped>;

    fn part(&self) -> Self::Part {
        Ok(Grouped { form: Form::Table(self.table()?), rows: 0, measured: 0, bytes: 0 })
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let frame = self.own_rows(segment.frame)?;
        let part = part.as_mut().map_err(|error| error.clone())?;
        let height = frame.height() as u64;
        match &mut part.form {
            Form::Scattered(scattered) => scattered.push(&frame, &self.keys.of(&frame)?)?,
            Form::Table(table) => {
                let in_runs = self.feed_runs(table, &frame)?;
                if !in_runs {
                    self.feed(table, &frame)?;
                    let many = table.groups.len() > MANY && !table.groups.is_dense();
                    // Where a group has many rows, a state takes less than they do.
                    if many && table.groups.len() as u64 * 4 > part.rows + height {
                        part.scatter(&self.keys.types())?;
                    }
                }
            }
        }
        sources::recycle(frame);
        part.measure(self, height)
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        let mut next = next?;
        let whole = whole.as_mut().map_err(|error| error.clone())?;
        let (rows, freed) = (next.rows, next.bytes);
        match (&mut whole.form, &mut next.form) {
            (Form::Table(table), Form::Table(_)) => {
                let Form::Table(more) = next.form else { return Ok(()) };
                table.merge(more)?;
            }
            _ => {
                let types = self.keys.types();
                let more = std::mem::take(next.scatter(&types)?);
                whole.scatter(&types)?.append(more);
            }
        }
        whole.measure(self, rows)?;
        self.budget.change(freed, 0, whole.groups())
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
