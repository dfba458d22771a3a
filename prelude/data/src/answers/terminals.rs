//! Terminals that give counts, row numbers, frames and files.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::clauses::NUMBER;
use crate::lower::pass::Pass;
use flow::Sink;
use polars::prelude::*;
use segment::Segment;
use show::{Cell, Profile, Table};

/// The column that names the process where rows of several come together.
pub const PROCESS: &str = "__process__";

impl Group {
    /// How many rows there are.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; what cannot be read, with its place.
    pub fn count(&self) -> Result<u64> {
        Ok(self.counts()?.into_iter().map(|(_, rows)| rows).sum())
    }

    /// How many rows each process has.
    ///
    /// # Errors
    /// See [`Group::count`].
    pub fn counts(&self) -> Result<Vec<(String, u64)>> {
        let mut pass = Pass::new(self, &[])?;
        let counts = pass.each(|lowered| lowered.count(lowered.clauses().to_vec()))?;
        pass.report("count");
        Ok(counts)
    }

    /// The numbers of the rows that are left, counted from 0 in each process, in file order; processes one after
    /// the other.
    ///
    /// # Errors
    /// See [`Group::count`].
    pub fn row_numbers(&self) -> Result<Vec<u64>> {
        let mut pass = Pass::new(self, &[NUMBER.to_owned()])?;
        let parts = pass.each(|lowered| lowered.run(&RowNumbers))?;
        pass.report("row_numbers");
        Ok(parts.into_iter().flat_map(|(_, rows)| rows).collect())
    }

    /// All rows in memory; with several processes, the column `__process__` says which.
    ///
    /// # Errors
    /// See [`Group::count`]; processes with different columns, which `select` can mend.
    pub fn collect(&self) -> Result<DataFrame> {
        self.collect_up_to(None)
    }

    pub(crate) fn collect_up_to(&self, limit: Option<u64>) -> Result<DataFrame> {
        let (mut pass, all) = Pass::of_everything(self)?;
        let several = self.members.len() > 1;
        let parts = pass.each(|lowered| {
            let (frames, _) = lowered.run(&flow::Collect { limit })?;
            let mut frame = lowered.assemble(frames, &all)?;
            if several {
                let name = Column::new_scalar(
                    PROCESS.into(),
                    Scalar::from(PlSmallStr::from_str(lowered.name())),
                    frame.height(),
                );
                frame.insert_column(0, name)?;
            }
            Ok(frame)
        })?;
        match limit {
            None => pass.report("collect"),
            Some(_) => pass.log("show"),
        };
        let mut whole: Option<DataFrame> = None;
        for (_, frame) in parts {
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut_owned(frame)?;
                }
            }
        }
        whole.ok_or_else(|| Error::request("there is no process to collect"))
    }

    /// Every column in numbers: range, mean, spread, missing values, a small histogram; one pass.
    ///
    /// # Errors
    /// See [`Group::count`].
    pub fn describe(&self) -> Result<Profile> {
        let (mut pass, all) = Pass::of_everything(self)?;
        let parts = pass.each(|lowered| {
            let empty = lowered.assemble(Vec::new(), &all)?;
            lowered.run(&Describe { schema: (**empty.schema()).clone() })
        })?;
        pass.report("describe");
        let mut parts = parts.into_iter().map(|(_, profile)| profile);
        let first = parts.next().ok_or_else(|| Error::request("there is no process to describe"))?;
        Ok(parts.fold(first, |mut whole, next| {
            whole.merge(next);
            whole
        }))
    }

    /// The first rows as a table.
    ///
    /// # Errors
    /// See [`Group::count`].
    pub fn show(&self) -> Result<DataFrame> {
        self.head(10).collect_up_to(Some(10))
    }

    /// Rows and columns.
    ///
    /// # Errors
    /// See [`Group::count`].
    pub fn shape(&self) -> Result<(u64, usize)> {
        let steps = |at: &usize| self.catalog.before(*at).len() + self.chain.len();
        let members = self.members()?;
        let rows = if self.members.iter().all(|at| steps(at) == 0) {
            members.iter().map(|process| process.source.rows()).sum()
        } else {
            self.count()?
        };
        Ok((rows, Pass::of_everything(self)?.1.len()))
    }
}

struct RowNumbers;

impl Sink for RowNumbers {
    type Part = Vec<u64>;

    fn part(&self) -> Vec<u64> {
        Vec::new()
    }

    fn take(&self, part: &mut Vec<u64>, segment: Segment) -> flow::Result<()> {
        let column = segment.frame.column(NUMBER).map_err(segment::Error::from)?;
        let column = column.cast(&DataType::UInt64).map_err(segment::Error::from)?;
        part.extend(column.u64().map_err(segment::Error::from)?.iter().flatten());
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<u64>, next: Vec<u64>) -> flow::Result<()> {
        whole.extend(next);
        Ok(())
    }
}

struct Describe {
    schema: Schema,
}

impl Sink for Describe {
    type Part = Profile;

    fn part(&self) -> Profile {
        Profile::new(&self.schema)
    }

    fn take(&self, part: &mut Profile, segment: Segment) -> flow::Result<()> {
        part.add(&segment.frame);
        Ok(())
    }

    fn merge(&self, whole: &mut Profile, next: Profile) -> flow::Result<()> {
        whole.merge(next);
        Ok(())
    }
}

impl show::Display for Group {
    /// What is in the group and what would be done; nothing is read.
    fn bundle(&self) -> show::Bundle {
        if let Some(error) = &self.broken {
            return show::Bundle::refused(error.to_string());
        }
        let mut table = Table::new(["process", "rows before steps", "columns"]).caption(format!(
            "group `{}` of {}: {} processes",
            self.label,
            self.catalog.path,
            self.members.len()
        ));
        for &at in self.members.iter() {
            let process = &self.catalog.processes[at];
            table.push([
                Cell::text(&*process.name),
                Cell::count(process.source.rows()),
                Cell::count(process.source.schema().len() as u64),
            ]);
        }
        for step in self.chain.steps() {
            table = table.note(step.to_string());
        }
        table.bundle()
    }
}

impl show::Display for crate::dataset::Data {
    fn bundle(&self) -> show::Bundle {
        self.processes().bundle()
    }
}
