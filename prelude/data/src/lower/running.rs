//! The run of a lowered chain, and the rows that come out.

use crate::error::{Error, Result};
use crate::lower::plan::ProcessPlan;
use crate::lower::report;
use flow::{Clause, Sink};
use polars::prelude::*;
use segment::Segment;
use std::sync::Arc;

impl ProcessPlan<'_> {
    /// The rows of the process before all steps, when they are in memory anyway: nothing is copied.
    pub(crate) fn frames(&self) -> Result<Option<Vec<DataFrame>>> {
        let source = &self.process.source;
        let whole = |info: &sources::SegmentInfo| info.columns == (0..self.input().len());
        if !source.in_memory() || !source.segments().iter().all(whole) {
            return Ok(None);
        }
        let columns: Vec<PlSmallStr> = self.input().iter_names().cloned().collect();
        let read = |(at, info): (usize, &sources::SegmentInfo)| source.read(at, &columns, 0..info.len());
        let mut frames = source.segments().iter().enumerate().map(read).collect::<segment::Result<Vec<_>>>()?;
        if frames.is_empty() {
            frames.push(DataFrame::empty_with_schema(self.input()));
        }
        Ok(Some(frames))
    }

    /// The files of the process in the order of the rows, when Polars reads the same columns in them.
    pub(crate) fn parquet_files(&self) -> Option<Vec<Arc<str>>> {
        self.process.source.parquet_files()
    }

    /// Counts the rows that are left; reads only what the steps look at.
    pub(crate) fn count(&self, clauses: Vec<Clause>) -> Result<u64> {
        if let Some(server) = self.server() {
            return self.on_server(server, &clauses, |table| Ok(table.count()?));
        }
        let query = clauses.into_iter().fold(flow::Query::new(), flow::Query::clause);
        let (rows, run) = query.over(self.source.clone()).options(self.settings.options()).count()?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(rows)
    }

    /// Runs the clauses once.
    pub(crate) fn run<S: Sink>(&self, sink: &S) -> Result<S::Part> {
        self.run_with(sink, &self.settings.options())
    }

    /// The same, going on where an earlier process was, when the user has named a folder for that.
    pub(crate) fn go_on<S: Sink>(&self, sink: &S) -> Result<S::Part> {
        let mut options = self.settings.options();
        if let Some(folder) = &self.settings.checkpoints {
            std::fs::create_dir_all(folder).map_err(|error| {
                Error::request(format!("the folder {} for checkpoints cannot be made: {error}", folder.display()))
            })?;
            options = options.checkpoint(folder);
        }
        self.run_with(sink, &options)
    }

    fn run_with<S: Sink>(&self, sink: &S, options: &flow::Options) -> Result<S::Part> {
        if let Some(server) = self.server() {
            return Err(Self::not_on(server));
        }
        let query = self.clauses.iter().cloned().fold(flow::Query::new(), flow::Query::clause);
        let (part, run) = flow::run(&query, self.source.clone(), sink, options)?;
        report::absorb(&mut self.report.borrow_mut(), run);
        Ok(part)
    }

    /// Runs something over rows that are there already; its time counts.
    pub(crate) fn timed<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = std::time::Instant::now();
        let answer = run();
        self.report.borrow_mut().seconds += start.elapsed().as_secs_f64();
        answer
    }

    /// The sum of the weights of the rows and of their squares, luminosity included.
    pub(crate) fn sum_of_weights(&self) -> Result<(f64, f64)> {
        let (sum, squares) = match (&self.weight, self.server()) {
            (Some(weight), Some(server)) => {
                self.on_server(server, &self.clauses, |mut table| Ok(table.weights(weight)?))?
            }
            (Some(weight), None) => self.run(&Weights { weight })?,
            (None, _) => {
                let rows = self.count(self.clauses.clone())? as f64;
                (rows, rows)
            }
        };
        Ok((sum * self.scale, squares * self.scale * self.scale))
    }

    /// Counts the runs of another chain of the same process as its own.
    pub(crate) fn absorb(&self, other: &ProcessPlan<'_>) {
        report::absorb(&mut self.report.borrow_mut(), other.report.take());
    }

    /// What would be done, without doing it.
    pub(crate) fn explain(&self) -> Result<String> {
        if let Some(server) = self.server() {
            return self.explain_on(server);
        }
        let query = self.clauses.iter().cloned().fold(flow::Query::new(), flow::Query::clause);
        Ok(query.over(self.source.clone()).options(self.settings.options()).explain()?.to_string())
    }

    /// One frame of all that was collected, with the columns of `all`; those that the process lacks are null.
    pub(crate) fn assemble(&self, frames: Vec<DataFrame>, all: &Schema) -> Result<DataFrame> {
        let own = self.output();
        let mut whole = DataFrame::empty_with_schema(&own);
        for frame in frames {
            whole.vstack_mut_owned(frame.select(own.iter_names().map(PlSmallStr::as_str))?)?;
        }
        whole.rechunk_mut();
        let rows = whole.height();
        let columns = all.iter().map(|(name, dtype)| match whole.column(name) {
            Ok(column) => column.clone(),
            Err(_) => Column::full_null(name.clone(), rows, dtype),
        });
        Ok(DataFrame::new(rows, columns.collect())?)
    }
}

/// The sums of a column of weights and of its squares.
struct Weights<'a> {
    weight: &'a str,
}

impl Sink for Weights<'_> {
    type Part = (f64, f64);

    fn part(&self) -> (f64, f64) {
        (0.0, 0.0)
    }

    fn take(&self, part: &mut (f64, f64), segment: Segment) -> flow::Result<()> {
        let weight = segment.frame.column(self.weight)?.cast(&DataType::Float64)?;
        for w in weight.f64()?.iter().map(|w| w.unwrap_or(f64::NAN)) {
            part.0 += w;
            part.1 += w * w;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut (f64, f64), next: (f64, f64)) -> flow::Result<()> {
        whole.0 += next.0;
        whole.1 += next.1;
        Ok(())
    }
}
