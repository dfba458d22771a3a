//! Grouping rows by keys: `group_by("k").agg([sum("x"), mean("y")])`, over all processes of a group.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::lower::pass::Pass;
use crate::lower::process::Lowered;
use crate::steps::rows::Names;
use flow::{Aggregation, Gathered, Grouping, Sink};
use polars::prelude::*;
use segment::Segment;

/// A group whose rows are to be gathered by keys.
#[must_use = "say what to compute with .agg([..])"]
pub struct GroupedBy<'a> {
    group: &'a Group,
    keys: Vec<String>,
}

impl Group {
    /// Gathers rows by the values of columns; [`GroupedBy::agg`] says what is computed of each.
    pub fn group_by(&self, keys: impl Names) -> GroupedBy<'_> {
        GroupedBy { group: self, keys: keys.names() }
    }
}

impl GroupedBy<'_> {
    /// One row per value of the keys, all processes together: `agg([sum("x"), mean("y")])`. Missing values are skipped,
    /// rows with a missing key left out. The order is that of the keys.
    ///
    /// # Errors
    /// Everything that is wrong with the steps, keys or columns, before any row is read.
    pub fn agg(self, aggregations: impl IntoIterator<Item = Aggregation>) -> Result<DataFrame> {
        let aggregations: Vec<_> = aggregations.into_iter().collect();
        let mut needed = self.keys.clone();
        for aggregation in &aggregations {
            if !needed.iter().any(|name| *name == *aggregation.input) {
                needed.push(aggregation.input.to_string());
            }
        }
        let mut pass = Pass::new(self.group, &needed)?;
        let grouping = self.grouping(pass.lowered(), aggregations)?;
        // States of groups come together from process to process; rows are never held.
        let mut parts = pass.each(|lowered| lowered.run(&Renamed::new(lowered, &needed, &grouping)))?.into_iter();
        pass.report(format!("group_by {}", self.keys.join(", ")));
        let (_, mut whole) = parts.next().ok_or_else(|| Error::request("there is no process to group"))?;
        for (_, part) in parts {
            grouping.merge(&mut whole, part)?;
        }
        Ok(grouping.finish(whole)?)
    }

    /// What is to be computed, checked against the columns of all processes, which must agree.
    fn grouping(&self, lowered: &[Lowered<'_>], aggregations: Vec<Aggregation>) -> Result<Grouping> {
        let mut all = Schema::default();
        for one in lowered {
            for wanted in aggregations.iter().map(|one| one.input.as_str()).chain(self.keys.iter().map(String::as_str))
            {
                let dtype = one.output().get(&one.name_of(wanted)).cloned().unwrap_or(DataType::Null);
                match all.get(wanted) {
                    Some(have) if *have != dtype => {
                        let text =
                            format!("column `{wanted}` is {dtype}, but {have} in the processes before; define it anew");
                        return Err(Error::request(text).of(one.name()));
                    }
                    _ => all.insert(wanted.into(), dtype),
                };
            }
        }
        let keys: Vec<PlSmallStr> = self.keys.iter().map(|key| PlSmallStr::from_str(key)).collect();
        Ok(Grouping::new(&all, &keys, aggregations)?)
    }
}

/// Gives columns the names they were asked for by: a process may hold them under another spelling, or as an expression.
struct Renamed<'g> {
    /// The name in the frame, and the name that was asked for.
    names: Vec<(String, String)>,
    grouping: &'g Grouping,
}

impl<'g> Renamed<'g> {
    fn new(lowered: &Lowered<'_>, needed: &[String], grouping: &'g Grouping) -> Self {
        let names = needed.iter().map(|name| (lowered.name_of(name), name.clone())).filter(|(own, name)| own != name);
        Self { names: names.collect(), grouping }
    }
}

impl Sink for Renamed<'_> {
    type Part = Gathered;

    fn part(&self) -> Gathered {
        self.grouping.part()
    }

    fn take(&self, part: &mut Gathered, mut segment: Segment) -> flow::Result<()> {
        for (own, name) in &self.names {
            let column = segment.frame.column(own)?.clone().with_name(PlSmallStr::from_str(name));
            segment.frame.with_column(column)?;
        }
        self.grouping.take(part, segment)
    }

    fn merge(&self, whole: &mut Gathered, next: Gathered) -> flow::Result<()> {
        self.grouping.merge(whole, next)
    }

    fn stretches(&self) -> usize {
        self.grouping.stretches()
    }
}
