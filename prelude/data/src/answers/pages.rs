//! Rows a page at a time, for what shows them while somebody looks: only the rows of a page are read.

use crate::answers::terminals::PROCESS;
use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::clauses::NUMBER;
use crate::lower::pass::GroupPlan;
use crate::lower::whole::in_order;
use crate::steps::chain::Order;
use polars::prelude::*;
use show::Profile;
use std::ops::Range;

/// The rows of a group, a page at a time, with a cut and an order that can change; see [`Group::pages`].
#[derive(Clone)]
pub struct Pages {
    group: Group,
    filter: Option<String>,
    by: Option<(String, Order)>,
    /// Rows of each process; known once they were counted.
    counts: Option<Vec<u64>>,
    order: Option<Ordered>,
}

/// Rows in the order of a column.
#[derive(Debug, Clone)]
enum Ordered {
    /// Of each row which process it is of, and its number in the source.
    Numbers(Vec<(u32, u64)>),
    /// The rows themselves, where a step looks at more than one row.
    Frame(DataFrame),
}

impl Group {
    /// The rows that are left, to be asked for a page at a time: nothing is read now, and of an unsorted page only its rows. For
    /// an order, the column to sort by is read and the numbers of its rows are held.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// let mut pages = data.query("x > 1").pages();
    /// pages.sort_by(Some(("x", data::Highest)))?;
    /// assert_eq!(pages.rows()?, 3);
    /// assert_eq!(pages.page(0..2)?, df!("x" => [4.0, 3.0])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pages(&self) -> Pages {
        Pages { group: self.clone(), filter: None, by: None, counts: None, order: None }
    }
}

impl Pages {
    /// Keeps only rows that pass a cut, beside those of the group; `None` or blanks: all. The order stays.
    ///
    /// # Errors
    /// A cut that is wrong; then nothing changes.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// let mut pages = data.pages();
    /// pages.keep(Some("x > 2.5"))?;
    /// assert!(pages.keep(Some("y > 1")).is_err());
    /// assert_eq!(pages.rows()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep(&mut self, cut: Option<&str>) -> Result<()> {
        let filter = cut.map(str::trim).filter(|cut| !cut.is_empty()).map(str::to_owned);
        let next = Self { filter, by: self.by.clone(), ..self.group.pages() };
        next.columns()?;
        *self = next;
        Ok(())
    }

    /// Puts rows in the order of a column, missing values last; `None`: as they come.
    ///
    /// # Errors
    /// A column that is not there.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// let mut pages = data.pages();
    /// pages.sort_by(Some(("x", data::Lowest)))?;
    /// assert_eq!(pages.page(0..2)?, df!("x" => [1.0, 2.0])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sort_by(&mut self, by: Option<(&str, Order)>) -> Result<()> {
        let known = self.columns()?;
        if let Some((name, _)) = by
            && !known.contains(name)
        {
            return Err(segment::Error::column(name, known.iter_names().map(PlSmallStr::as_str)).into());
        }
        self.by = by.map(|(name, order)| (name.to_owned(), order));
        self.order = None;
        Ok(())
    }

    /// Names and types of the columns.
    ///
    /// # Errors
    /// Everything that is wrong with the steps.
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// assert!(data.define("y", "2 * x").pages().columns()?.contains("y"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> Result<Schema> {
        Ok(GroupPlan::of_everything(&self.kept())?.1)
    }

    /// How many rows there are. They are counted once.
    ///
    /// # Errors
    /// See [`Group::count`].
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// assert_eq!(data.query("x < 3.5").pages().rows()?, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rows(&mut self) -> Result<u64> {
        if self.counts.is_none() {
            let count = |(_, group): (String, Group)| group.shape().map(|(rows, _)| rows);
            self.counts = Some(self.kept().items().map(count).collect::<Result<_>>()?);
        }
        Ok(self.counts.iter().flatten().sum())
    }

    /// The rows at these places; those beyond the end are left out. With several processes, the column `__process__` says
    /// which a row is of.
    ///
    /// # Errors
    /// See [`Group::collect`].
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// assert_eq!(data.pages().page(2..10)?, df!("x" => [3.0, 2.0])?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn page(&mut self, rows: Range<u64>) -> Result<DataFrame> {
        let end = self.rows()?;
        let rows = rows.start.min(end)..rows.end.min(end).max(rows.start.min(end));
        let Some((by, order)) = self.by.clone() else { return self.as_they_come(rows) };
        if self.order.is_none() {
            self.order = Some(self.ordered(&by, order)?);
        }
        match &self.order {
            Some(Ordered::Numbers(order)) => self.picked(&order[rows.start as usize..rows.end as usize]),
            Some(Ordered::Frame(frame)) => Ok(frame.slice(rows.start as i64, (rows.end - rows.start) as usize)),
            None => Err(Error::request("rows without an order")),
        }
    }

    /// A column in numbers: range, mean, spread, missing values, a small histogram; see [`Group::describe`].
    ///
    /// # Errors
    /// See [`Group::describe`].
    ///
    /// ```
    /// # use polars::df;
    /// # let data = data::Data::from_frames([("mumu", df!("x" => [1.0, 4.0, 3.0, 2.0])?)])?;
    /// let column = data.pages().describe("x")?;
    /// assert!(show::Display::bundle(&column).plain().contains("2.5"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn describe(&self, column: &str) -> Result<Profile> {
        self.kept().unweighted().select([column]).describe()
    }

    fn kept(&self) -> Group {
        match &self.filter {
            Some(cut) => self.group.query(cut.as_str()),
            None => self.group.clone(),
        }
    }

    /// Frames of some processes as one, with the columns of all.
    fn together(&self, parts: Vec<(String, DataFrame)>) -> Result<DataFrame> {
        let all = self.columns()?;
        let several = self.group.parts.members.len() > 1;
        let mut whole: Option<DataFrame> = None;
        for (process, frame) in parts {
            let columns = all.iter().map(|(name, dtype)| match frame.column(name) {
                Ok(column) => column.clone(),
                Err(_) => Column::full_null(name.clone(), frame.height(), dtype),
            });
            let name = Scalar::from(PlSmallStr::from_string(process));
            let name = several.then(|| Column::new_scalar(PROCESS.into(), name, frame.height()));
            let frame = DataFrame::new(frame.height(), name.into_iter().chain(columns).collect())?;
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut_owned(frame)?;
                }
            }
        }
        Ok(match whole {
            Some(whole) => whole,
            None => self.kept().head(0).collect()?,
        })
    }

    fn as_they_come(&self, rows: Range<u64>) -> Result<DataFrame> {
        let (mut parts, mut start) = (Vec::new(), 0);
        for ((name, group), count) in self.kept().items().zip(self.counts.iter().flatten()) {
            let (from, to) = (rows.start.clamp(start, start + count), rows.end.clamp(start, start + count));
            if from < to {
                let range = (from - start) as i64..(to - start) as i64;
                parts.push((name, group.row_range(range.start, range.end).collect()?));
            }
            start += count;
        }
        self.together(parts)
    }

    fn ordered(&self, by: &str, order: Order) -> Result<Ordered> {
        let mut whole: Option<DataFrame> = None;
        for (at, (_, group)) in (0_u32..).zip(self.kept().items()) {
            let (pass, _) = GroupPlan::of_everything(&group)?;
            let Some(lowered) = pass.lowered().first() else { continue };
            let Some(mut keys) = lowered.keys(by)? else {
                let group = self.kept();
                let sorted = if order == Order::Highest { group.sort_descending(by) } else { group.sort(by) };
                return Ok(Ordered::Frame(sorted?));
            };
            keys.with_column(Column::new_scalar(PROCESS.into(), Scalar::from(at), keys.height()))?;
            match &mut whole {
                None => whole = Some(keys),
                Some(whole) => {
                    whole.vstack_mut_owned(keys)?;
                }
            }
        }
        let Some(whole) = whole else { return Ok(Ordered::Numbers(Vec::new())) };
        let sorted = in_order(whole, &[by.into()], order)?;
        let (process, number) = (sorted.column(PROCESS)?.u32()?, sorted.column(NUMBER)?.u64()?);
        Ok(Ordered::Numbers(process.into_no_null_iter().zip(number.into_no_null_iter()).collect()))
    }

    /// Rows by process and number, in this order.
    fn picked(&self, rows: &[(u32, u64)]) -> Result<DataFrame> {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        let mut parts = Vec::new();
        for (at, (name, group)) in (0_u32..).zip(self.kept().items()) {
            let own: Vec<u64> = sorted.iter().filter(|row| row.0 == at).map(|row| row.1).collect();
            if own.is_empty() {
                continue;
            }
            let (pass, all) = GroupPlan::of_everything(&group)?;
            let lowered = pass.lowered().first().ok_or_else(|| Error::request("a process without a plan"))?;
            let (frames, _) = lowered.run_over(&own, &flow::Collect { limit: None })?;
            parts.push((name, lowered.assemble(frames, &all)?));
        }
        let page = self.together(parts)?;
        let place = |row: &(u32, u64)| sorted.partition_point(|one| one < row) as IdxSize;
        let places = IdxCa::from_iter_values(PlSmallStr::EMPTY, rows.iter().map(place));
        Ok(page.take(&places)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::chain::Order::{Highest, Lowest};

    fn frame(rows: i64, seed: i64) -> DataFrame {
        let each = || 0..rows;
        let x = each().map(|row| (row % 11 != 3).then_some(((row * 7919 + seed) % 101) as f64)).collect::<Vec<_>>();
        df!("x" => x, "n" => each().map(|row| row + seed).collect::<Vec<_>>()).unwrap()
    }

    /// The pages are the rows that collecting, or sorting all of them, gives.
    fn agree(group: &Group) {
        let mut pages = group.pages();
        for cut in [None, Some("n % 3 == 1"), Some("x > 50 & n > 30")] {
            let kept = cut.map_or_else(|| group.clone(), |cut| group.query(cut));
            pages.keep(cut).unwrap();
            for by in [None, Some(("x", Highest)), Some(("n", Lowest))] {
                pages.sort_by(by).unwrap();
                let all = match by {
                    None => kept.collect(),
                    Some((name, Highest)) => kept.sort_descending(name),
                    Some((name, _)) => kept.sort(name),
                };
                let all = all.unwrap();
                assert_eq!(pages.rows().unwrap(), all.height() as u64);
                for (start, end) in [(0, 7), (5, 30), (95, 140), (90, 90), (1_000, 2_000)] {
                    let page = pages.page(start..end).unwrap();
                    let wanted = all.slice(start as i64, (end - start) as usize);
                    assert!(page.equals_missing(&wanted), "{cut:?} {by:?} {start}..{end}\n{page}\n{wanted}");
                }
            }
        }
    }

    #[test]
    fn pages_are_the_rows_that_collecting_gives() {
        let folder = tempfile::tempdir().unwrap();
        for (name, rows) in [("a", 100), ("b", 80)] {
            let path = folder.path().join(format!("{name}.parquet"));
            let options = sources::parquet::WriteOptions { row_group: 30, ..Default::default() };
            sources::parquet::write(&path, &frame(rows, rows), &options).unwrap();
        }
        let data = crate::load(folder.path()).unwrap();
        agree(&data);
        agree(&data.group("a"));
        agree(&data.define("y", "x + n").query("y > 20"));
        // What looks at several rows is held.
        agree(&data.group("a").head(60));
        agree(&crate::Data::from_frames([("p", frame(50, 1))]).unwrap());
    }

    #[test]
    fn a_wrong_cut_or_column_changes_nothing() {
        let data = crate::Data::from_frames([("p", frame(50, 1))]).unwrap();
        let mut pages = data.pages();
        pages.keep(Some("n > 20")).unwrap();
        assert!(pages.keep(Some("n >")).is_err());
        assert!(pages.keep(Some("m > 3")).unwrap_err().to_string().contains('m'));
        assert!(pages.sort_by(Some(("m", Lowest))).is_err());
        assert_eq!(pages.rows().unwrap(), 30);
        use show::Display;
        assert!(pages.describe("n").unwrap().bundle().plain().contains('n'));
    }
}
