//! Groups that a server gathers.

use crate::answers::weighted::Weighted;
use crate::error::Result;
use crate::lower::pass::GroupPlan;
use cluster::{Computed, Of, Server, Source, grouped};
use flow::{Aggregation, Grouping, Sink};
use polars::prelude::*;

/// The key of rows that are not grouped.
pub(crate) const ALL: &str = "__all_rows__";

/// What is gathered on a server.
pub(crate) struct OnServer<'a> {
    pub server: &'a Server,
    /// The columns that are looked at, the keys first.
    pub needed: &'a [String],
    pub keys: &'a [String],
    pub weighted: Option<&'a Weighted>,
}

impl OnServer<'_> {
    /// The frame that `grouping` would give of the same rows.
    pub(crate) fn answer(
        &self,
        pass: &mut GroupPlan<'_>,
        grouping: &Grouping,
        schema: &Schema,
        aggregations: &[Aggregation],
    ) -> Result<DataFrame> {
        let wanted = self.weighted.map_or(aggregations, |weighted| &weighted.sums);
        let computed: Vec<Computed> = wanted.iter().map(|one| self.computed(one)).collect();
        let dtypes: Vec<DataType> =
            self.needed.iter().map(|name| schema.get(name).cloned().unwrap_or(DataType::Null)).collect();
        // No rows give all names and types.
        let empty = grouping.finish(grouping.part())?;
        let mut outputs = (**empty.schema()).clone();
        if self.keys.is_empty() {
            outputs.shift_remove(ALL);
        }
        let mut sources = Vec::new();
        pass.each(|lowered| {
            sources.push(Source {
                table: lowered.table(self.server, lowered.clauses())?,
                columns: self.needed.iter().map(|name| lowered.name_of(name)).collect(),
                weight: lowered.weight.clone(),
                scale: lowered.scale,
            });
            Ok(())
        })?;
        let mut frame = grouped(sources, self.keys.len(), &computed, &dtypes, &outputs)?;
        if self.keys.is_empty() {
            let rows = frame.height();
            frame.insert_column(0, Column::new_scalar(ALL.into(), 0_i32.into(), rows))?;
            return Ok(frame);
        }
        let by: Vec<PlSmallStr> = self.keys.iter().map(|key| PlSmallStr::from_str(key)).collect();
        Ok(frame.sort(by, SortMultipleOptions::default().with_maintain_order(true))?)
    }

    fn computed(&self, one: &Aggregation) -> Computed {
        let (column, of) = match self.weighted.and_then(|weighted| weighted.made_of(&one.input)) {
            Some((column, true)) => (column, Of::Product),
            Some((column, false)) => (column, Of::Weight),
            None => (one.input.as_str(), Of::Value),
        };
        let column = self.needed.iter().position(|name| name == column).unwrap_or(usize::MAX);
        Computed { column, of, function: one.function }
    }
}
