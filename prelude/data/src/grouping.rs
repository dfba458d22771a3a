//! Grouping rows by keys: `group_by("k").agg([sum("x"), mean("y")])`, over all processes of a group.

use crate::error::{Error, Result};
use crate::group::Group;
use crate::rows::Names;
use crate::run::Pass;
use flow::{Aggregation, Clause};
use polars::prelude::*;

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
        let by = |lowered: &crate::run::Lowered<'_>| self.keys.iter().map(|key| lowered.name_of(key).into()).collect();
        if let [lowered] = pass.lowered() {
            let clause = Clause::GroupBy { by: by(lowered), aggregations };
            let frame = pass.each(|lowered| lowered.collect_with(std::slice::from_ref(&clause)))?.remove(0).1;
            return sorted(frame, &self.keys);
        }
        let parts = pass.each(|lowered| lowered.collect_with(&[]))?;
        let mut whole: Option<DataFrame> = None;
        for (_, frame) in parts {
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut_owned(frame)?;
                }
            }
        }
        let whole = whole.ok_or_else(|| Error::request("there is no process to group"))?;
        let query = flow::Query::new().clause(Clause::GroupBy {
            by: self.keys.iter().map(|key| PlSmallStr::from_str(key)).collect(),
            aggregations,
        });
        sorted(query.run(&whole)?, &self.keys)
    }
}

fn sorted(frame: DataFrame, keys: &[String]) -> Result<DataFrame> {
    Ok(frame.sort(keys.to_vec(), SortMultipleOptions::default().with_maintain_order(true))?)
}
