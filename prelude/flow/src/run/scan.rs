//! How a query meets a source: the checked plan, and the terminals that run it.

use crate::error::{Error, Result};
use crate::operators::buckets::time_bounds;
use crate::plan::clause::{Clause, Concat, Query};
use crate::plan::concat::{self, Shape};
use crate::plan::options::Options;
use crate::plan::ranges::ReadRange;
use crate::plan::row::refuse_reserved_in;
use crate::report::Report;
use crate::report::decisions::MaterializationController;
use crate::run::compile::Plan;
use crate::run::compile::compile;
use crate::run::concatenated::Piece;
use crate::run::concatenated::passes;
use crate::run::engine::Engine;
use crate::run::explain::{Amounts, Explanation};
use crate::run::gather::stack;
use crate::run::running::Running;
use crate::run::running::columns_of;
use crate::run::structure::structure_source;
use crate::sink::{Collect, Count, Sink};
use polars::prelude::*;
use sources::Source;
use sources::memory::{Cutting, Memory};
use std::sync::Arc;
use std::time::Instant;

/// A query over a table, and how it is run. Nothing is read before one of the terminals is called.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// let scan: flow::Scan = Query::new().head(3).over(table);
/// assert_eq!(scan.collect()?.0.height(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Scan {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) query: Query,
    pub(crate) read: ReadRange,
    pub(crate) options: Options,
    pub(crate) engine: Arc<dyn Engine + Send>,
}

impl Scan {
    /// What is read before the clauses act.
    #[must_use]
    pub fn read(mut self, read: ReadRange) -> Self {
        self.read = read;
        self
    }

    /// How it is run.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// let scan = Query::new().over(table).options(flow::Options::default().threads(1));
    /// assert_eq!(scan.count()?.0, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// What runs it.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// assert_eq!(Query::new().over(table).engine(flow::InMemory).count()?.0, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn engine(mut self, engine: impl Engine + Send + 'static) -> Self {
        self.engine = Arc::new(engine);
        self
    }

    /// The columns of the answer and their types.
    ///
    /// # Errors
    /// Clauses that do not fit; nothing is read.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// assert_eq!(Query::new().over(table).schema()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(self.plan()?.0.output.schema)
    }

    /// What would be done, before it is.
    ///
    /// # Errors
    /// Clauses that do not fit; nothing is read.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// let plan: flow::Explanation = Query::new().head(3).over(table).explain()?;
    /// assert_eq!(plan.columns_total, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self) -> Result<Explanation> {
        let (plan, joined) = self.plan()?;
        let amounts = self.amounts(&plan, joined)?;
        let what = columns_of(self.source.as_ref(), &plan.stages[0]);
        let decoded = amounts.bytes_decoded;
        let mode = self.engine.mode(&what, decoded, &self.options, &mut MaterializationController::default());
        Ok(Explanation::new(self.source.as_ref(), &self.query, &plan, amounts, &mode))
    }

    /// How much is read, of all tables where there are several.
    fn amounts(&self, plan: &Plan, joined: Option<&Clause>) -> Result<Amounts> {
        let first = &plan.stages[0];
        let (join, merge) = match joined {
            Some(Clause::Concat(join)) => (join, false),
            Some(Clause::MergeSorted(join)) => (join, true),
            _ => {
                let units = structure_source(self.source.as_ref(), first, self.options.chunk_size);
                return Ok(Amounts::new(&units, self.source.rows()));
            }
        };
        let mut all = Amounts::default();
        for piece in self.pieces(join, merge, Some(&first.columns))?.0 {
            let (plan, joined) = piece.scan.plan()?;
            all.add(piece.scan.amounts(&plan, joined)?);
        }
        Ok(all)
    }

    /// The answer as a frame.
    ///
    /// # Errors
    /// Clauses that do not fit, segments that cannot be read, an interrupt.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// let (frame, report) = Query::new().over(table).collect()?;
    /// assert_eq!((frame.height(), report.rows_out), (4, 4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn collect(&self) -> Result<(DataFrame, Report)> {
        let schema = self.schema()?;
        let ((frames, _), report) = self.run(&Collect::default())?;
        Ok((stack(frames, &schema)?, report))
    }

    /// How many rows the answer has.
    ///
    /// # Errors
    /// As [`collect`](Scan::collect).
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// assert_eq!(Query::new().head(3).over(table).count()?.0, 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count(&self) -> Result<(u64, Report)> {
        let mut narrow = self.clone();
        if narrow.read.columns.is_none() {
            narrow.read.columns = Some(Vec::new());
        }
        narrow.run(&Count)
    }

    /// Hands the segments of the answer to a terminal.
    ///
    /// # Errors
    /// As [`collect`](Scan::collect), and what the terminal refuses.
    ///
    /// ```
    /// # use flow::Query;
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
    /// # use sources::memory::{Cutting, Memory};
    /// # use std::sync::Arc;
    /// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
    /// assert_eq!(Query::new().over(table).run(&flow::Count)?.0, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<S: Sink>(&self, sink: &S) -> Result<(S::Part, Report)> {
        let start = Instant::now();
        let (plan, joined) = self.plan()?;
        let mut report = Report { threads: self.options.threads, ..Report::default() };
        let running = match joined {
            None => Running::new(self, self.source.clone(), &plan, report, start),
            Some(Clause::Concat(join)) if passes(&plan.stages[0]) => {
                let (pieces, joined) = self.pieces(join, false, Some(&plan.stages[0].columns))?;
                Running::new(self, self.source.clone(), &plan, report, start).one_after_another(pieces, joined)
            }
            Some(clause) => {
                let source = self.join(clause, &plan.stages[0].columns, &mut report)?;
                Running::new(self, source, &plan, report, start)
            }
        };
        let part = running.run(sink);
        part.map(|(part, mut report)| {
            report.seconds = start.elapsed().as_secs_f64();
            (part, report)
        })
    }

    /// The checked plan, and the joining clause if the query begins with one.
    fn plan(&self) -> Result<(Plan, Option<&Clause>)> {
        let (joined, rest) = match self.query.clauses().first() {
            Some(clause @ (Clause::Concat(_) | Clause::MergeSorted(_))) => (Some(clause), &self.query.clauses()[1..]),
            _ => (None, self.query.clauses()),
        };
        let shape = match joined {
            None => {
                refuse_reserved_in(self.source.schema())?;
                shape_of(self.source.as_ref())
            }
            Some(Clause::Concat(join)) => concat::shape(&self.shapes(join)?, join.inner)?,
            Some(Clause::MergeSorted(join)) => {
                let shape = merged_shape(&concat::shape(&self.shapes(join)?, join.inner)?)?;
                appends_in_order(join)?;
                shape
            }
            Some(_) => return Err(Error::request("not a joining clause")),
        };
        Ok((compile(rest, &shape, &self.read, self.source.name())?, joined))
    }

    fn shapes(&self, join: &Concat) -> Result<Vec<(String, Shape)>> {
        let parts = join.append_to.iter().map(|part| &**part).chain(&join.parts);
        parts.map(|part| Ok((part.name.clone(), self.part(part).plan()?.0.output))).collect()
    }

    fn part(&self, part: &crate::plan::clause::Table) -> Self {
        let mut scan = self.clone();
        scan.source = part.source.clone();
        scan.query = part.query.clone();
        scan.read = part.read.clone();
        scan
    }

    /// The tables and the shape of all, reading only `wanted` of them.
    fn pieces(&self, join: &Concat, merge: bool, wanted: Option<&[PlSmallStr]>) -> Result<(Vec<Piece>, Shape)> {
        let shapes = self.shapes(join)?;
        let mut joined = concat::shape(&shapes, join.inner)?;
        if merge {
            joined = merged_shape(&joined)?;
        }
        let parts = join.append_to.iter().map(|part| &**part).chain(&join.parts);
        let pieces = parts.zip(shapes).map(|(part, (_, shape))| {
            let piece = Piece { scan: self.part(part), shape };
            match wanted {
                Some(wanted) => piece.narrow(&joined, wanted),
                None => piece,
            }
        });
        let pieces = pieces.collect();
        Ok((pieces, joined))
    }

    /// Makes the joined table, where its rows cannot go on as they come.
    fn join(&self, clause: &Clause, wanted: &[PlSmallStr], report: &mut Report) -> Result<Arc<dyn Source>> {
        let (join, merge) = match clause {
            Clause::MergeSorted(join) => (join, true),
            Clause::Concat(join) => (join, false),
            _ => return Err(Error::request("not a joining clause")),
        };
        let index = |shape: &Shape| shape.index.iter().flat_map(|index| index.columns.clone()).collect::<Vec<_>>();
        let (_, joined) = self.pieces(join, merge, None)?;
        let wanted: Vec<_> = index(&joined).into_iter().chain(wanted.iter().cloned()).collect();
        let (pieces, joined) = self.pieces(join, merge, Some(&wanted))?;
        let columns = joined.schema.iter().filter(|(name, _)| wanted.contains(name));
        let schema = columns.map(|(name, dtype)| (name.clone(), dtype.clone())).collect();
        let shape = Shape { schema: Arc::new(schema), index: joined.index };
        let parts = join.append_to.iter().map(|part| &**part).chain(&join.parts);
        let mut frames = Vec::new();
        for (part, piece) in parts.zip(&pieces) {
            let (frame, more) = piece.scan.collect()?;
            report.absorb(more);
            let mut frame = concat::conform(&frame, &piece.shape, &shape)?;
            if part.sort {
                let index = shape.index.as_ref().and_then(|index| index.outer()).cloned();
                frame = frame.sort(index, SortMultipleOptions::default().with_maintain_order(true))?;
            }
            frames.push(frame);
        }
        if merge {
            frames = concat::merge(frames, join, &shape)?;
        }
        Ok(Arc::new(Memory::pieces("joined", shape.schema, frames, shape.index, &Cutting::default())?))
    }
}

fn shape_of(source: &dyn Source) -> Shape {
    Shape { schema: source.schema().clone(), index: source.index().cloned() }
}

/// Refuses, as far as statistics know, to append what begins before the table ends.
fn appends_in_order(join: &Concat) -> Result<()> {
    let bounds = |part: &crate::plan::clause::Table| time_bounds(part.source.as_ref(), part.source.index()?.outer()?);
    let Some(before) = &join.append_to else { return Ok(()) };
    let Some((_, end)) = bounds(before) else { return Ok(()) };
    let untouched =
        |part: &&crate::plan::clause::Table| part.query.clauses().is_empty() && part.read == ReadRange::default();
    for part in join.parts.iter().filter(untouched) {
        if bounds(part).is_some_and(|(first, _)| first < end) {
            return Err(concat::overlap(&before.name, &part.name));
        }
    }
    Ok(())
}

fn merged_shape(shape: &Shape) -> Result<Shape> {
    let Some(index) = &shape.index else {
        return Err(Error::request("merge_sorted needs tables with an index of times"));
    };
    let index = sources::Index { sorted: Some(true), ..index.clone() };
    Ok(Shape { index: Some(index), ..shape.clone() })
}

/// Runs a query. The shortest way from clauses to a terminal.
///
/// # Errors
/// As [`Scan::run`].
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// let (rows, _) = flow::run(&Query::new().head(2), table, &flow::Count, &flow::Options::default())?;
/// assert_eq!(rows, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run<S: Sink>(query: &Query, source: Arc<dyn Source>, sink: &S, options: &Options) -> Result<(S::Part, Report)> {
    query.over(source).options(options.clone()).run(sink)
}
