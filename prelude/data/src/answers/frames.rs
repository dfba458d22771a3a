//! Terminals that give small or ordered frames: sorted rows, the best, different values and how often they come.

use crate::answers::listing::Listing;
use crate::answers::terminals::PROCESS;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::best::Best;
use crate::lower::pass::GroupPlan;
use crate::lower::whole::in_order;
use crate::steps::chain::Order::{self, Highest, Lowest};
use crate::steps::rows::Names;
use flow::Sink;
use polars::prelude::*;
use segment::Segment;
use segment::Text;
use show::{Cell, Table};

impl Group {
    /// All rows in the order of columns, smallest first; missing values (null, NaN) come last, equal rows keep their order.
    /// All rows are held in memory.
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let frame = data.sort("x")?;
    /// assert_eq!(frame.height(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn sort(&self, by: impl Names) -> Result<DataFrame> {
        sorted(self.collect()?, &by.names(), Lowest)
    }

    /// The same, largest first; missing values come last here, too.
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let frame = data.sort_descending("x")?;
    /// assert_eq!(frame.column("x")?.f64()?.get(0), Some(4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn sort_descending(&self, by: impl Names) -> Result<DataFrame> {
        sorted(self.collect()?, &by.names(), Highest)
    }

    /// The rows with the largest values of a column, largest first: pandas' `nlargest`. Of equal values the first rows are
    /// taken; missing values come last. Only the best rows are held.
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let frame = data.top(2, "x")?;
    /// assert_eq!(frame.column("x")?.f64()?.get(0), Some(4.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn top(&self, rows: usize, by: impl Text) -> Result<DataFrame> {
        self.best(rows, by.text(), Highest)
    }

    /// The rows with the smallest values of a column, smallest first: pandas' `nsmallest`; see [`Group::top`].
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let frame = data.bottom(2, "x")?;
    /// assert_eq!(frame.column("x")?.f64()?.get(0), Some(1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn bottom(&self, rows: usize, by: impl Text) -> Result<DataFrame> {
        self.best(rows, by.text(), Lowest)
    }

    fn best(&self, rows: usize, by: &str, order: Order) -> Result<DataFrame> {
        let (mut pass, all) = GroupPlan::of_everything(self)?;
        let several = pass.lowered().len() > 1;
        let parts = pass.each(|lowered| {
            let sink = Best::new(rows, column_of(lowered.columns(), by)?.into(), order);
            let frames = match lowered.best_rows(&sink)? {
                Some(best) => lowered.run_over(&best, &sink)?,
                None => lowered.run(&sink)?,
            };
            let frames = frames.into_iter().collect();
            named(lowered.assemble(frames, &all)?, lowered.name(), several)
        })?;
        pass.report(format!("top {rows} by {by}"));
        let whole = stacked(parts)?;
        let by = column_of(whole.get_column_names().iter().map(ToString::to_string).collect(), by)?;
        Ok(sorted(whole, &[by], order)?.head(Some(rows)))
    }

    /// The different values of a column, or combinations of values of several, in the order in which they first come:
    /// pandas' `drop_duplicates` of these columns. Only the different rows are held. All processes together.
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.unique("k")?.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn unique(&self, columns: impl Names) -> Result<DataFrame> {
        Self::all_different(&self.unweighted().select(columns))
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn all_different(chosen: &Self) -> Result<DataFrame> {
        let (mut pass, all) = GroupPlan::of_everything(chosen)?;
        let parts = pass.each(|lowered| {
            let frames = lowered.run(&Unique)?.into_iter().collect();
            lowered.assemble(frames, &all)
        })?;
        pass.report("unique");
        different(stacked(parts)?)
    }

    /// How often each value of a column comes, most frequent first: columns of the value and `count`. Missing values are left
    /// out; values that come equally often are in their own order. Weights count.
    ///
    /// # Errors
    /// See [`Group::group_by`].
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.value_counts("k")?.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn value_counts(&self, column: impl Text) -> Result<DataFrame> {
        self.counted_values(column.text())
    }

    // Every cell compiles the generic method above anew, so it only hands on.
    #[inline(never)]
    fn counted_values(&self, column: &str) -> Result<DataFrame> {
        let name = if column == "count" { "counts" } else { "count" };
        let frame = self.group_by(column).agg(flow::count(column).alias(name))?;
        Ok(frame.sort([name], SortMultipleOptions::default().with_order_descending(true).with_maintain_order(true))?)
    }

    /// The columns after all steps and their types, of all processes; nothing is read. Displays as a table.
    ///
    /// # Errors
    /// Everything that is wrong with the steps.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// let columns = data.define("double", "2 * x").schema()?;
    /// assert!(columns.iter().any(|name| name == "double"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "this gives a `Result`: add `?` to get the answer, or to see what went wrong"]
    pub fn schema(&self) -> Result<Listing> {
        let (_, all) = GroupPlan::of_everything(self)?;
        let mut table = Table::new(["column", "type"]).caption(format!("{} columns after all steps", all.len()));
        all.iter().for_each(|(name, dtype)| table.push([Cell::text(name.as_str()), Cell::text(dtype.to_string())]));
        Ok(Listing::of(all.iter_names().map(ToString::to_string).collect(), table))
    }
}

/// A column in either spelling.
fn column_of(columns: Vec<String>, written: &str) -> Result<String> {
    let found = belle2::escape::find(written, columns.iter().map(String::as_str)).map(str::to_owned);
    found.ok_or_else(|| segment::Error::column(written, columns.iter().map(String::as_str)).into())
}

/// Says in a column which process rows are of.
fn named(mut frame: DataFrame, process: &str, several: bool) -> Result<DataFrame> {
    if several {
        let name = Scalar::from(PlSmallStr::from_str(process));
        frame.insert_column(0, Column::new_scalar(PROCESS.into(), name, frame.height()))?;
    }
    Ok(frame)
}

fn stacked(parts: Vec<(String, DataFrame)>) -> Result<DataFrame> {
    let mut parts = parts.into_iter().map(|(_, frame)| frame);
    let mut whole = parts.next().ok_or_else(|| Error::request("there is no process to read"))?;
    for frame in parts {
        whole.vstack_mut_owned(frame)?;
    }
    Ok(whole)
}

/// Rows in order; missing values last, equal rows as they come.
fn sorted(frame: DataFrame, by: &[String], order: Order) -> Result<DataFrame> {
    let names: Vec<String> = frame.get_column_names().iter().map(ToString::to_string).collect();
    let by =
        by.iter().map(|column| Ok(column_of(names.clone(), column)?.into())).collect::<Result<Vec<PlSmallStr>>>()?;
    Ok(in_order(frame, &by, order)?)
}

fn different(frame: DataFrame) -> Result<DataFrame> {
    Ok(frame.unique_stable(None, UniqueKeepStrategy::First, None)?)
}

/// Keeps one row of equal ones.
struct Unique;

impl Sink for Unique {
    type Part = Option<DataFrame>;

    fn part(&self) -> Option<DataFrame> {
        None
    }

    fn take(&self, part: &mut Option<DataFrame>, segment: Segment) -> flow::Result<()> {
        let new = segment.frame.unique_stable(None, UniqueKeepStrategy::First, None)?;
        self.merge(part, Some(new))
    }

    fn merge(&self, whole: &mut Option<DataFrame>, next: Option<DataFrame>) -> flow::Result<()> {
        if let Some(next) = next {
            *whole = Some(match whole.take() {
                Some(mut whole) => {
                    whole.vstack_mut_owned(next)?;
                    whole.unique_stable(None, UniqueKeepStrategy::First, None)?
                }
                None => next,
            });
        }
        Ok(())
    }
}
