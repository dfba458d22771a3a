//! Terminals that give counts, row numbers, frames and files.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::clauses::NUMBER;
use crate::lower::pass::GroupPlan;
use crate::lower::plan::ProcessPlan;
use crate::steps::chain::Step;
use flow::Sink;
use polars::prelude::*;
use segment::Segment;
use show::{Cell, Profile, Table};

/// Rows that a group shows by itself.
const MOST_SHOWN: u64 = 100;

/// The column that names the process where rows of several come together.
pub const PROCESS: &str = "__process__";

impl Group {
    /// How many rows there are; weights do not count, and where there are any that is said. Their sum is
    /// [`Group::sum_of_weights`].
    ///
    /// # Errors
    /// Everything that is wrong with the steps, before any row is read; what cannot be read, with its place.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query("x > 1.5").count()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn count(&self) -> Result<u64> {
        Ok(self.counts()?.into_iter().map(|(_, rows)| rows).sum())
    }

    /// How many rows each process has.
    ///
    /// # Errors
    /// See [`Group::count`].
    ///
    /// ```
    /// # use polars::df;
    /// # let mumu = df!("x" => [1.0, 2.0])?;
    /// # let data = data::Data::from_frames([("mumu", mumu.clone()), ("taupair", mumu)])?;
    /// assert_eq!(data.query("x > 1").counts()?, [("mumu".to_owned(), 1), ("taupair".to_owned(), 1)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn counts(&self) -> Result<Vec<(String, u64)>> {
        let mut pass = GroupPlan::new(self, &[])?;
        let counts = pass.each(|lowered| lowered.count(lowered.clauses().to_vec()))?;
        pass.ignores_weights("the number of rows", "; sum_of_weights() does");
        pass.report("count");
        Ok(counts)
    }

    /// The sum of the weights of the rows, luminosity included, and its uncertainty (the root of the sum of squares).
    /// Without weights the number of rows and its root.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 2.0, 3.0], "w" => [0.5, 2.0, 2.0])?)])?;
    /// assert_eq!(data.weight("w").query("x > 1").sum_of_weights()?, (4.0, 8.0_f64.sqrt()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// See [`Group::count`].
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn sum_of_weights(&self) -> Result<(f64, f64)> {
        let mut pass = GroupPlan::new(self, &[])?;
        let parts = pass.each(ProcessPlan::sum_of_weights)?;
        pass.report("sum_of_weights");
        let (sum, squares) = parts.into_iter().fold((0.0, 0.0), |all, (_, one)| (all.0 + one.0, all.1 + one.1));
        Ok((sum, squares.sqrt()))
    }

    /// The numbers of the rows that are left, counted from 0 in each process, in file order; processes one after
    /// the other.
    ///
    /// # Errors
    /// See [`Group::count`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query("x > 2.5").row_numbers()?, [2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn row_numbers(&self) -> Result<Vec<u64>> {
        let mut pass = GroupPlan::new(self, &[NUMBER.to_owned()])?;
        let parts = pass.each(|lowered| lowered.run(&RowNumbers))?;
        pass.report("row_numbers");
        Ok(parts.into_iter().flat_map(|(_, rows)| rows).collect())
    }

    /// All rows in memory; with several processes, the column `__process__` says which. Where rows have weights, the column
    /// `__total_weight__` carries the whole weight of each, luminosity included.
    ///
    /// # Errors
    /// See [`Group::count`]; processes with different columns, which `select` can mend.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let frame = data.query("x > 1.5").select(["x"]).collect()?;
    /// assert_eq!(frame.height(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn collect(&self) -> Result<DataFrame> {
        self.collect_up_to(None)
    }

    pub(crate) fn collect_up_to(&self, limit: Option<u64>) -> Result<DataFrame> {
        let (mut pass, all) = GroupPlan::of_everything(self)?;
        let several = self.parts.members.len() > 1;
        let parts = pass.each(|lowered| {
            let frames = lowered.frames_of(limit, &lowered.columns())?;
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

    /// Every column in numbers: range, mean, spread, missing values, a small histogram; one pass. Weights do not count,
    /// and where there are any that is said.
    ///
    /// # Errors
    /// See [`Group::count`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// use show::Display;
    /// assert!(data.describe()?.bundle().plain().contains("x"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn describe(&self) -> Result<Profile> {
        let (mut pass, all) = GroupPlan::of_everything(self)?;
        let parts = pass.each(|lowered| {
            let empty = lowered.assemble(Vec::new(), &all)?;
            lowered.run(&Describe { schema: (**empty.schema()).clone() })
        })?;
        pass.ignores_weights("describe()", "; every row counts as 1");
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
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query("x > 1.5").show()?.height(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn show(&self) -> Result<DataFrame> {
        self.head(10).collect_up_to(Some(10))
    }

    /// Rows and columns.
    ///
    /// # Errors
    /// See [`Group::count`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.shape()?, (4, 3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn shape(&self) -> Result<(u64, usize)> {
        let steps = |at: &usize| self.parts.catalog.before(*at).len() + self.parts.chain.len();
        let members = self.members()?;
        let rows = if self.parts.members.iter().all(|at| steps(at) == 0) {
            members.iter().map(|process| process.source.rows()).sum()
        } else {
            self.count()?
        };
        Ok((rows, GroupPlan::of_everything(self)?.1.len()))
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
    /// What is in the group and what would be done; nothing is read. Behind [`Group::head`] with few rows, these rows.
    fn bundle(&self) -> show::Bundle {
        if let Some(error) = &self.parts.broken {
            return show::Bundle::refused(error.to_string());
        }
        if matches!(self.parts.chain.steps().last(), Some(Step::Head(rows)) if *rows <= MOST_SHOWN) {
            return match self.collect() {
                Ok(frame) => frame.bundle(),
                Err(error) => show::Bundle::refused(error.to_string()),
            };
        }
        let mut table = Table::new(["process", "rows before steps", "columns"]).caption(format!(
            "group `{}` of {}: {}",
            self.parts.label,
            self.parts.catalog.path,
            segment::counted(self.parts.members.len(), ["process", "processes"])
        ));
        for &at in self.parts.members.iter() {
            let process = &self.parts.catalog.processes[at];
            table.push([
                Cell::text(&*process.name),
                Cell::count(process.source.rows()),
                Cell::count(process.source.schema().len() as u64),
            ]);
        }
        for step in self.parts.chain.steps() {
            table = table.note(step.to_string());
        }
        table.bundle()
    }
}
