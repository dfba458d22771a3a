//! Queries: a list of clauses, tied to no table.

use crate::plan::aggregation::Aggregation;
use crate::plan::candidates::Candidates;
use crate::plan::clause::{Clause, ColumnFunction, Concat, Custom, Define, Query, Share};
use crate::plan::names::Names;
use crate::plan::resample::Resample;
use cut::Cut;
use polars::prelude::*;
use std::sync::Arc;

/// The name under which the pipeline is known.
pub type QueryBuilder = Query;

impl Query {
    /// No clauses: everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// The clauses so far.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Adds a clause.
    #[must_use]
    pub fn clause(mut self, clause: Clause) -> Self {
        self.clauses.push(clause);
        self
    }

    /// Adds the clauses of another query.
    #[must_use]
    pub fn then(mut self, other: &Self) -> Self {
        self.clauses.extend(other.clauses.iter().cloned());
        self
    }

    /// Keeps the rows that pass.
    #[must_use]
    pub fn filter(self, cut: impl Into<Cut>) -> Self {
        self.clause(Clause::Filter(cut.into()))
    }

    /// Adds a column; a comparison is refused.
    #[must_use]
    pub fn apply(self, name: impl Into<PlSmallStr>, value: impl Into<Cut>) -> Self {
        self.clause(Clause::Define(Define::Expression { name: name.into(), value: value.into(), strict: true }))
    }

    /// Adds a column, which may be a truth.
    #[must_use]
    pub fn define(self, name: impl Into<PlSmallStr>, value: impl Into<Cut>) -> Self {
        self.clause(Clause::Define(Define::Expression { name: name.into(), value: value.into(), strict: false }))
    }

    /// Adds a column made by a function of columns, called for every segment, in parallel.
    #[must_use]
    pub fn define_with<N: Into<PlSmallStr>>(
        self,
        inputs: impl IntoIterator<Item = N>,
        name: impl Into<PlSmallStr>,
        dtype: DataType,
        function: Arc<ColumnFunction>,
    ) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        self.clause(Clause::Define(Define::Function { name: name.into(), inputs, dtype, function }))
    }

    /// Keeps these columns, in this order.
    #[must_use]
    pub fn select(self, columns: impl Names) -> Self {
        self.clause(Clause::Select(small(columns)))
    }

    /// Keeps a random part of the rows.
    #[must_use]
    pub fn sample(self, fraction: f64, seed: u64) -> Self {
        self.clause(Clause::Sample { share: Share::Fraction(fraction), seed })
    }

    /// Keeps one row per event.
    #[must_use]
    pub fn candidates(self, candidates: Candidates) -> Self {
        self.clause(Clause::Candidates(candidates))
    }

    /// The first rows; of a negative number all but the last.
    #[must_use]
    pub fn head(self, count: i64) -> Self {
        self.clause(Clause::Head(count))
    }

    /// The last rows; of a negative number all but the first.
    #[must_use]
    pub fn tail(self, count: i64) -> Self {
        self.clause(Clause::Tail(count))
    }

    /// Rows from, and up to but not with; negative from the end.
    #[must_use]
    pub fn row_range(self, start: impl Into<Option<i64>>, end: impl Into<Option<i64>>) -> Self {
        self.clause(Clause::RowRange(start.into(), end.into()))
    }

    /// Rows whose time lies between, both ends included, in nanoseconds since 1970 (see [`time`](crate::time)).
    #[must_use]
    pub fn date_range(self, low: impl Into<Option<i64>>, high: impl Into<Option<i64>>) -> Self {
        self.clause(Clause::DateRange(low.into(), high.into()))
    }

    /// Groups by columns; say what is computed with [`agg`](Query::agg).
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// let sums = Query::new().groupby("k").agg([flow::sum("x")]).run(&frame)?;
    /// assert_eq!(sums.column("x")?.f64()?.get(0), Some(8.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn groupby(self, by: impl Names) -> Self {
        self.clause(Clause::GroupBy { by: small(by), aggregations: Vec::new() })
    }

    /// Groups by buckets of the time index; say what is computed with [`agg`](Query::agg).
    #[must_use]
    pub fn resample(self, rule: impl Into<String>) -> Self {
        self.clause(Clause::Resample(Resample::new(rule, [])))
    }

    /// What is computed of the groups of the clause before.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// let counts = Query::new().groupby("k").agg([flow::count("x").alias("n")]).run(&frame)?;
    /// assert_eq!(counts.height(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn agg(mut self, all: impl IntoIterator<Item = Aggregation>) -> Self {
        let all: Vec<_> = all.into_iter().collect();
        match self.clauses.last_mut() {
            Some(Clause::GroupBy { aggregations, .. }) if aggregations.is_empty() => *aggregations = all,
            Some(Clause::Resample(resample)) if resample.aggregations.is_empty() => resample.aggregations = all,
            _ => self.clauses.push(Clause::Aggregate(all)),
        }
        self
    }

    /// Tables one after another; must be the first clause.
    #[must_use]
    pub fn concat(self, join: Concat) -> Self {
        self.clause(Clause::Concat(join))
    }

    /// Tables that are sorted by time, merged; must be the first clause.
    #[must_use]
    pub fn merge_sorted(self, join: Concat) -> Self {
        self.clause(Clause::MergeSorted(join))
    }

    /// A step of the user's own.
    #[must_use]
    pub fn custom(self, custom: Arc<dyn Custom>) -> Self {
        self.clause(Clause::Custom(custom))
    }
}

fn small(names: impl Names) -> Vec<PlSmallStr> {
    names.names().into_iter().map(PlSmallStr::from_string).collect()
}
