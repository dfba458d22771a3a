//! The terminal that reduces rows to groups.

use crate::error::{Error, Result};
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
    /// The keys of all groups and one column per aggregation.
    pub fn finish(&self, grouped: GroupStates, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        match grouped.form {
            Form::Table(table) => self.finish_table(table, outputs),
            Form::Scattered(scattered) => scattered.finish(self, outputs),
        }
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

    fn morsels(&self) -> usize {
        8
    }
}
