//! Grouping the rows of several tables together: only the states of the groups are held.

use crate::error::{Error, Result};
use crate::operators::budget::{Budget, Share};
use crate::operators::by_group::GroupStates;
use crate::operators::order::in_order;
use crate::operators::table::{Aggregate, ByColumns};
use crate::plan::aggregation::Aggregation;
use crate::plan::clause::Clause;
use crate::plan::clause::Query;
use crate::plan::options::Options;
use crate::sink::Sink;
use polars::prelude::*;
use segment::Segment;
use sources::memory::Memory;
use std::sync::Arc;

/// A sink that groups: run it over each of several tables, merge the parts in the order of the tables, and
/// [`finish`](Grouping::finish). Of one table `Query::groupby` does the same.
#[derive(Debug, Clone)]
pub struct Grouping {
    keys: ByColumns,
    aggregations: Vec<Aggregation>,
    inputs: Vec<DataType>,
    outputs: SchemaRef,
    budget: Budget,
    share: Share,
}

/// The groups of a morsel of rows, and what is known of each.
pub struct Gathered(Result<GroupStates>);

impl Grouping {
    /// Grouping of tables that have these columns.
    ///
    /// # Errors
    /// Keys and aggregations that do not fit the columns.
    pub fn new(columns: &Schema, by: &[PlSmallStr], aggregations: Vec<Aggregation>) -> Result<Self> {
        // The plan of a query over no rows checks all of it and knows all types.
        let clause = Clause::GroupBy { by: by.to_vec(), aggregations: aggregations.clone() };
        let empty = Memory::new(DataFrame::empty_with_schema(columns))?;
        let outputs = Query::new().clause(clause).over(Arc::new(empty)).schema()?;
        let dtype = |name: &PlSmallStr| {
            let missing = || Error::from(segment::Error::column(name, columns.iter_names().map(PlSmallStr::as_str)));
            columns.get(name).cloned().ok_or_else(missing)
        };
        let keys = by.iter().map(|key| Ok((key.clone(), dtype(key)?))).collect::<Result<_>>()?;
        let inputs = aggregations.iter().map(|aggregation| dtype(&aggregation.input)).collect::<Result<_>>()?;
        let budget = Budget::of(&Options::default());
        Ok(Self { keys: ByColumns(keys), aggregations, inputs, outputs, budget, share: Share::ALL })
    }

    /// Computes what `answer` gives for all keys together, or, where they fit neither the memory budget nor a disk, in rounds of a share
    /// of the keys each: `answer` reads the tables with the sink that it gets, and hands on the frame of
    /// [`finish`](Grouping::finish). Gives the frames of all rounds, and how many rounds there were.
    ///
    /// # Errors
    /// Those of `answer`; a want of memory only where more rounds are no use.
    pub fn in_rounds<E: From<PolarsError>>(
        &self,
        mut answer: impl FnMut(&Self) -> std::result::Result<DataFrame, E>,
    ) -> std::result::Result<(DataFrame, u64), E> {
        let mut rounds = 1;
        'more: loop {
            let mut whole: Option<DataFrame> = None;
            let planned = rounds;
            for round in 0..planned {
                let held = whole.as_ref().map_or(0, |whole| whole.estimated_size() as u64);
                let one =
                    Self { budget: self.budget.beside(held), share: Share { round, rounds: planned }, ..self.clone() };
                match (answer(&one), Share::more(planned)) {
                    (Ok(frame), _) => match &mut whole {
                        Some(whole) => {
                            whole.vstack_mut_owned(frame)?;
                        }
                        None => whole = Some(frame),
                    },
                    (Err(_), Some(more)) if one.budget.exceeded() => {
                        rounds = more;
                        continue 'more;
                    }
                    (Err(error), _) => return Err(error),
                }
            }
            let Some(whole) = whole else { continue };
            return match rounds {
                1 => Ok((whole, 1)),
                _ => {
                    let sorted = self.in_order(whole);
                    Ok((sorted.map_err(|error| polars_err!(ComputeError: "{error}"))?, rounds))
                }
            };
        }
    }

    /// The memory that the groups may take, and where what they take more is put; a quarter of the machine's and the folder for
    /// temporary files where nothing is said.
    #[must_use]
    pub fn options(mut self, options: &Options) -> Self {
        self.budget = Budget::of(options);
        self
    }

    /// What a user should know of how the groups were made, a sentence each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.budget.notes()
    }

    /// The most bytes that groups took of memory at a time, without their answer.
    #[cfg(test)]
    pub(crate) fn peak(&self) -> u64 {
        self.budget.peak()
    }

    fn in_order(&self, frame: DataFrame) -> Result<DataFrame> {
        let columns = frame.into_columns().into_iter().map(Column::take_materialized_series).collect();
        framed(in_order(vec![columns], self.keys.0.len())?)
    }

    fn sink(&self) -> Aggregate<'_, ByColumns> {
        Aggregate {
            keys: self.keys.clone(),
            aggregations: &self.aggregations,
            inputs: self.inputs.clone(),
            budget: self.budget.clone(),
            share: self.share,
        }
    }

    /// One row per group, sorted by the keys; rows with a missing key are left out.
    ///
    /// # Errors
    /// What went wrong with one of the morsels.
    pub fn finish(&self, groups: Gathered) -> Result<DataFrame> {
        let types = self.outputs.iter_values().skip(self.keys.0.len()).cloned().collect::<Vec<_>>();
        framed(in_order(self.sink().finish_parts(groups.0?, &types)?, self.keys.0.len())?)
    }
}

fn framed(columns: Vec<Series>) -> Result<DataFrame> {
    let height = columns.first().map_or(0, |column| column.len());
    Ok(DataFrame::new(height, columns.into_iter().map(IntoColumn::into_column).collect())?)
}

impl Sink for Grouping {
    type Part = Gathered;

    fn part(&self) -> Gathered {
        Gathered(self.sink().part())
    }

    fn take(&self, part: &mut Gathered, segment: Segment) -> Result<()> {
        self.sink().take(&mut part.0, segment)
    }

    fn merge(&self, whole: &mut Gathered, next: Gathered) -> Result<()> {
        self.sink().merge(&mut whole.0, next.0)
    }

    fn morsels(&self) -> usize {
        self.sink().morsels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::aggregation::mean;
    use crate::plan::aggregation::n_unique;
    use crate::plan::aggregation::sum;

    #[test]
    fn two_tables_group_as_one() {
        let one = df!("k" => [1, 2, 1], "x" => [1.0, 2.0, f64::NAN]).unwrap();
        let two = df!("k" => [2, 3, 1], "x" => [5.0, 6.0, 7.0]).unwrap();
        let aggregations = vec![sum("x"), mean("x").alias("m"), n_unique("x").alias("u")];
        let grouping = Grouping::new(one.schema(), &["k".into()], aggregations.clone()).unwrap();
        let mut whole = grouping.part();
        for frame in [&one, &two] {
            let source = Arc::new(Memory::new(frame.clone()).unwrap());
            let (part, _) =
                crate::run(&Query::new(), source, &grouping, &crate::plan::options::Options::default()).unwrap();
            grouping.merge(&mut whole, part).unwrap();
        }
        let both = one.vstack(&two).unwrap();
        let expected = Query::new().groupby("k").agg(aggregations).run(&both).unwrap();
        assert!(grouping.finish(whole).unwrap().equals_missing(&expected.sort(["k"], Default::default()).unwrap()));
    }

    #[test]
    fn what_does_not_fit_is_said_before_anything_is_read() {
        let frame = df!("k" => [1], "s" => ["a"]).unwrap();
        let error = |by: &str, input: &str| {
            Grouping::new(frame.schema(), &[by.into()], vec![mean(input)]).unwrap_err().to_string()
        };
        assert!(error("j", "s").contains("`j`"));
        assert!(error("k", "s").contains('s'));
    }
}
