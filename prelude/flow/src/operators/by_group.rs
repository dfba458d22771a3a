//! The terminal that reduces rows to groups.

use crate::error::{Error, Result};
use crate::operators::order::joined;
use crate::operators::scattered::Scattered;
use crate::operators::table::{Aggregate, Keys, Table};
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;

/// What a morsel of rows comes to.
pub(crate) struct GroupStates {
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

impl GroupStates {
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
        if !by.budget.has_room(self.bytes, self.size()) {
            self.make_room(by)?;
        }
        let now = self.size();
        let groups = self.groups();
        by.budget.change(std::mem::replace(&mut self.bytes, now), now, groups)?;
        self.measured = self.rows;
        Ok(())
    }

    /// Puts what is there on the disk; where there is none, groups rows as far as they have come.
    fn make_room<K: Keys>(&mut self, by: &Aggregate<'_, K>) -> Result<()> {
        if by.budget.disk().is_some() && self.scatter()?.spill(by) {
            return Ok(());
        }
        match &mut self.form {
            Form::Scattered(scattered) => scattered.compact(by),
            Form::Table(_) => Ok(()),
        }
    }

    /// Puts rows apart from now on.
    fn scatter(&mut self) -> Result<&mut Scattered> {
        let scattered = match std::mem::replace(&mut self.form, Form::Scattered(Scattered::default())) {
            Form::Scattered(scattered) => scattered,
            Form::Table(table) => {
                let mut scattered = Scattered::default();
                scattered.push_groups(&table.flat()?)?;
                scattered
            }
        };
        self.form = Form::Scattered(scattered);
        match &mut self.form {
            Form::Scattered(scattered) => Ok(scattered),
            Form::Table(_) => Err(Error::request("groups that are not put apart")),
        }
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// The keys of all groups and one column per aggregation.
    pub fn finish(&self, grouped: GroupStates, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        let mut keys = joined(self.finish_parts(grouped, outputs)?)?;
        let columns = keys.split_off(keys.len() - outputs.len());
        Ok((keys, columns))
    }

    /// The same in parts, the keys of each before what is computed.
    pub fn finish_parts(&self, grouped: GroupStates, outputs: &[DataType]) -> Result<Vec<Vec<Series>>> {
        match grouped.form {
            Form::Table(table) => Ok(vec![self.finish_table(table, outputs)?]),
            Form::Scattered(scattered) => scattered.finish(self, outputs),
        }
    }
}

impl<K: Keys> Aggregate<'_, K> {
    /// Whether the first rows show that there are many groups: among some of them hardly any comes twice.
    fn are_many(&self, frame: &DataFrame) -> Result<bool> {
        const SOME: usize = 1 << 14;
        if frame.height() < MANY || self.keys.runs(frame)?.is_some() {
            return Ok(false);
        }
        let some = self.keys.of(&frame.slice(frame.height() as i64 / 2, SOME))?;
        let Some(rows) = some.first().map(|key| key.len()) else { return Ok(false) };
        let mut table = self.sparse_table()?;
        table.groups.number(&some)?;
        Ok(table.groups.len() * 50 > rows * 49)
    }
}

impl<K: Keys> Sink for Aggregate<'_, K> {
    type Part = Result<GroupStates>;

    fn part(&self) -> Self::Part {
        Ok(GroupStates { form: Form::Table(self.table()?), rows: 0, measured: 0, bytes: 0 })
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let frame = self.own_rows(segment.frame)?;
        let part = part.as_mut().map_err(|error| error.clone())?;
        let height = frame.height() as u64;
        match &mut part.form {
            Form::Scattered(scattered) => scattered.push(&frame, &self.keys.of(&frame)?)?,
            Form::Table(table) if table.groups.len() == 0 && self.are_many(&frame)? => {
                part.scatter()?.push(&frame, &self.keys.of(&frame)?)?;
            }
            Form::Table(table) => {
                let in_runs = self.feed_runs(table, &frame)?;
                if !in_runs {
                    self.feed(table, &frame)?;
                    let many = table.groups.len() > MANY && !table.groups.is_dense();
                    // Where a group has many rows, a state takes less than they do.
                    if many && table.groups.len() as u64 * 4 > part.rows + height {
                        part.scatter()?;
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
                let more = std::mem::take(next.scatter()?);
                whole.scatter()?.append(more);
            }
        }
        whole.measure(self, rows)?;
        self.budget.change(freed, 0, whole.groups())
    }

    fn morsels(&self) -> usize {
        8
    }
}
