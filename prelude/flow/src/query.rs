//! Queries: a list of clauses, and how it meets a source.

use crate::aggregate::{Aggregate, Keys};
use crate::clause::{ColumnFunction, Custom, Define};
use crate::compile::{Plan, compile};
use crate::engine::{Engine, Integrated, Mode};
use crate::execute::{Input, Outcome, Run, execute};
use crate::explain::Explanation;
use crate::global::{Keys as EventKeys, resolve};
use crate::join::{self, Join, Shape};
use crate::memory::{Cache, Spill};
use crate::report::Counters;
use crate::resample::{ByBucket, Resample};
use crate::sink::{Bounds, Gather};
use crate::stage::{Barrier, Op, Stage, Unit, Units, units};
use crate::store::{EntityId, Store};
use crate::{Aggregation, Candidates, Clause, Collect, Count, Error, Options, ReadRange, Report, Result, Sink};
use cut::Cut;
use polars::prelude::*;
use segment::Place;
use segment::work::Task;
use sources::Source;
use sources::memory::{Cutting, Memory};
use std::sync::Arc;
use std::time::Instant;

/// A list of clauses. It is tied to no table; [`over`](Query::over) ties it.
#[derive(Debug, Clone, Default)]
pub struct Query {
    clauses: Vec<Clause>,
}

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
    pub fn select<N: Into<PlSmallStr>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        self.clause(Clause::Select(columns.into_iter().map(Into::into).collect()))
    }

    /// Keeps a part of the rows, by lot.
    #[must_use]
    pub fn sample(self, fraction: f64, seed: u64) -> Self {
        self.clause(Clause::Sample { fraction, seed })
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
    #[must_use]
    pub fn groupby<N: Into<PlSmallStr>>(self, by: impl IntoIterator<Item = N>) -> Self {
        self.clause(Clause::GroupBy { by: by.into_iter().map(Into::into).collect(), aggregations: Vec::new() })
    }

    /// Groups by buckets of the time index; say what is computed with [`agg`](Query::agg).
    #[must_use]
    pub fn resample(self, rule: impl Into<String>) -> Self {
        self.clause(Clause::Resample(Resample::new(rule, [])))
    }

    /// What is computed of the groups of the clause before.
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
    pub fn concat(self, join: Join) -> Self {
        self.clause(Clause::Concat(join))
    }

    /// Tables that are sorted by time, merged; must be the first clause.
    #[must_use]
    pub fn merge_sorted(self, join: Join) -> Self {
        self.clause(Clause::MergeSorted(join))
    }

    /// A step of the user's own.
    #[must_use]
    pub fn custom(self, custom: Arc<dyn Custom>) -> Self {
        self.clause(Clause::Custom(custom))
    }

    /// Ties the query to a table.
    pub fn over(&self, source: Arc<dyn Source>) -> Scan {
        Scan {
            source,
            query: self.clone(),
            read: ReadRange::default(),
            options: Options::default(),
            engine: Arc::new(Integrated),
        }
    }

    /// The answer for a frame in memory.
    ///
    /// # Errors
    /// Clauses that do not fit, or an interrupt.
    pub fn run(&self, frame: &DataFrame) -> Result<DataFrame> {
        Ok(self.over(Arc::new(Memory::new(frame.clone())?)).collect()?.0)
    }
}

/// A query over a table, and how it is run. Nothing is read before one of the terminals is called.
#[derive(Clone)]
pub struct Scan {
    source: Arc<dyn Source>,
    query: Query,
    read: ReadRange,
    options: Options,
    engine: Arc<dyn Engine + Send>,
}

impl Scan {
    /// What is read before the clauses act.
    #[must_use]
    pub fn read(mut self, read: ReadRange) -> Self {
        self.read = read;
        self
    }

    /// How it is run.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// What runs it.
    #[must_use]
    pub fn engine(mut self, engine: impl Engine + Send + 'static) -> Self {
        self.engine = Arc::new(engine);
        self
    }

    /// The columns of the answer and their types.
    ///
    /// # Errors
    /// Clauses that do not fit; nothing is read.
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(self.plan()?.0.output.schema)
    }

    /// What would be done, before it is.
    ///
    /// # Errors
    /// Clauses that do not fit; nothing is read.
    pub fn explain(&self) -> Result<Explanation> {
        let (plan, joined) = self.plan()?;
        let first = &plan.stages[0];
        let units = match joined {
            None => units(self.source.as_ref(), first, self.options.chunk_size),
            Some(_) => Units::default(),
        };
        let bytes = units.units.iter().map(|unit| unit.bytes).sum();
        let mode = self.engine.mode(bytes, &self.options);
        Ok(Explanation::new(self.source.as_ref(), &self.query, &plan, &units, &mode))
    }

    /// The answer as a frame.
    ///
    /// # Errors
    /// Clauses that do not fit, segments that cannot be read, an interrupt.
    pub fn collect(&self) -> Result<(DataFrame, Report)> {
        let schema = self.schema()?;
        let ((frames, _), report) = self.run(&Collect::default())?;
        Ok((stack(frames, &schema)?, report))
    }

    /// How many rows the answer has.
    ///
    /// # Errors
    /// As [`collect`](Scan::collect).
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
    pub fn run<S: Sink>(&self, sink: &S) -> Result<(S::Part, Report)> {
        let start = Instant::now();
        let (plan, joined) = self.plan()?;
        let mut report = Report { threads: self.options.threads, ..Report::default() };
        let source = match joined {
            None => self.source.clone(),
            Some(clause) => self.join(clause, &mut report)?,
        };
        let part = Running::new(self, source, &plan, report).run(sink);
        part.map(|(part, mut report)| {
            report.seconds = start.elapsed().as_secs_f64();
            (part, report)
        })
    }

    /// The checked plan, and the joining clause if the query begins with one.
    fn plan(&self) -> Result<(Plan, Option<&Clause>)> {
        let (joined, rest) = match self.query.clauses.first() {
            Some(clause @ (Clause::Concat(_) | Clause::MergeSorted(_))) => (Some(clause), &self.query.clauses[1..]),
            _ => (None, &self.query.clauses[..]),
        };
        let shape = match joined {
            None => shape_of(self.source.as_ref()),
            Some(Clause::Concat(join)) => join::shape(&self.shapes(join)?, join.inner)?,
            Some(Clause::MergeSorted(join)) => {
                let shape = merged_shape(&join::shape(&self.shapes(join)?, join.inner)?)?;
                appends_in_order(join)?;
                shape
            }
            Some(_) => return Err(Error::request("not a joining clause")),
        };
        Ok((compile(rest, &shape, &self.read, self.source.name())?, joined))
    }

    fn shapes(&self, join: &Join) -> Result<Vec<(String, Shape)>> {
        let parts = join.append_to.iter().map(|part| &**part).chain(&join.parts);
        parts.map(|part| Ok((part.name.clone(), self.part(part).plan()?.0.output))).collect()
    }

    fn part(&self, part: &crate::Part) -> Self {
        let mut scan = self.clone();
        scan.source = part.source.clone();
        scan.query = part.query.clone();
        scan.read = part.read.clone();
        scan
    }

    /// Makes the joined table.
    fn join(&self, clause: &Clause, report: &mut Report) -> Result<Arc<dyn Source>> {
        let (join, merge) = match clause {
            Clause::MergeSorted(join) => (join, true),
            Clause::Concat(join) => (join, false),
            _ => return Err(Error::request("not a joining clause")),
        };
        let shapes = self.shapes(join)?;
        let mut shape = join::shape(&shapes, join.inner)?;
        if merge {
            shape = merged_shape(&shape)?;
        }
        let parts = join.append_to.iter().map(|part| &**part).chain(&join.parts);
        let mut pieces = Vec::new();
        for (part, (_, own)) in parts.zip(&shapes) {
            let (frame, more) = self.part(part).collect()?;
            report.absorb(more);
            let mut frame = join::conform(&frame, own, &shape)?;
            if part.sort {
                let index = shape.index.as_ref().and_then(|index| index.outer()).cloned();
                frame = frame.sort(index, SortMultipleOptions::default().with_maintain_order(true))?;
            }
            pieces.push(frame);
        }
        if merge {
            pieces = join::merge(pieces, join, &shape)?;
        }
        Ok(Arc::new(Memory::pieces("joined", shape.schema, pieces, shape.index, &Cutting::default())?))
    }
}

/// The first and last time of a table, from its statistics.
fn time_bounds(source: &dyn Source, index: &str) -> Option<(i64, i64)> {
    let mut bounds: Option<(i64, i64)> = None;
    for info in source.segments() {
        let known = info.statistics.columns.get(index)?;
        let (Some(segment::Scalar::Time(low)), Some(segment::Scalar::Time(high))) = (&known.min, &known.max) else {
            return None;
        };
        bounds = Some(bounds.map_or((*low, *high), |(a, b)| (a.min(*low), b.max(*high))));
    }
    bounds
}

fn shape_of(source: &dyn Source) -> Shape {
    Shape { schema: source.schema().clone(), index: source.index().cloned() }
}

/// Refuses, as far as statistics know, to append what begins before the table ends.
fn appends_in_order(join: &Join) -> Result<()> {
    let bounds = |part: &crate::Part| time_bounds(part.source.as_ref(), part.source.index()?.outer()?);
    let Some(before) = &join.append_to else { return Ok(()) };
    let Some((_, end)) = bounds(before) else { return Ok(()) };
    let untouched = |part: &&crate::Part| part.query.clauses.is_empty() && part.read == ReadRange::default();
    for part in join.parts.iter().filter(untouched) {
        if bounds(part).is_some_and(|(first, _)| first < end) {
            return Err(join::overlap(&before.name, &part.name));
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

/// Frames as one, which has the schema even without rows.
fn stack(frames: Vec<DataFrame>, schema: &SchemaRef) -> Result<DataFrame> {
    let mut frames = frames.into_iter();
    let Some(mut all) = frames.next() else { return Ok(DataFrame::empty_with_schema(schema)) };
    let mut many = false;
    for frame in frames {
        all.vstack_mut(&frame)?;
        many = true;
    }
    if many {
        all.rechunk_mut_par();
    }
    Ok(all)
}

/// Runs a query. The shortest way from clauses to a terminal.
///
/// # Errors
/// As [`Scan::run`].
pub fn run<S: Sink>(query: &Query, source: Arc<dyn Source>, sink: &S, options: &Options) -> Result<(S::Part, Report)> {
    query.over(source).options(options.clone()).run(sink)
}

/// A query while it runs, stage by stage.
struct Running<'a> {
    scan: &'a Scan,
    source: Arc<dyn Source>,
    plan: &'a Plan,
    report: Report,
    mode: Mode,
    spill: Arc<Spill>,
    /// Segments that were read in any pass.
    read: std::collections::HashSet<usize>,
}

/// What a stage works on.
enum Feed {
    Source(Units),
    Store(Store, Vec<Unit>),
}

impl<'a> Running<'a> {
    fn new(scan: &'a Scan, source: Arc<dyn Source>, plan: &'a Plan, report: Report) -> Self {
        let folder = scan.options.spill.clone().unwrap_or_else(std::env::temp_dir);
        let mode = Mode { preload: false, cache: false, chunk: scan.options.chunk_size, why: String::new() };
        Self { scan, source, plan, report, mode, spill: Arc::new(Spill::new(&folder)), read: Default::default() }
    }

    fn run<S: Sink>(mut self, sink: &S) -> Result<(S::Part, Report)> {
        let mut feed = self.open()?;
        let last = self.plan.stages.len() - 1;
        for at in 0..last {
            feed = self.stage(at, feed)?;
        }
        let stage = &self.plan.stages[last];
        let part = self.pass(&feed, stage, sink)?;
        if self.spill.is_full() {
            self.report.notes.push("the spill disk could not take more; what did not fit stayed in memory".into());
        }
        self.report.cache_bytes = Cache::shared().statistics().bytes;
        Ok((part, self.report))
    }

    /// Chooses the mode and the units of the first stage.
    fn open(&mut self) -> Result<Feed> {
        let stage = &self.plan.stages[0];
        let options = &self.scan.options;
        let mut found = units(self.source.as_ref(), stage, options.chunk_size);
        let bytes = found.units.iter().map(|unit| unit.bytes).sum();
        self.mode = self.scan.engine.mode(bytes, options);
        if self.mode.chunk != options.chunk_size {
            found = units(self.source.as_ref(), stage, self.mode.chunk);
        }
        self.report.engine = format!("{} ({})", self.scan.engine.name(), self.mode.why);
        self.report.segments_total += found.segments;
        for (why, count) in &found.skipped {
            match self.report.skipped.iter_mut().find(|(have, _)| have == why) {
                Some((_, total)) => *total += count,
                None => self.report.skipped.push((why.clone(), *count)),
            }
        }
        self.report.columns = stage.columns.iter().map(ToString::to_string).collect();
        let cacheable = !self.source.in_memory();
        self.mode.cache &= cacheable;
        if self.mode.cache {
            let cache = Cache::shared();
            cache.set_budget(options.memory_budget / 4 * 3);
            if let Some(folder) = &options.spill {
                cache.spill_to(folder);
            }
        }
        if !self.mode.preload {
            return Ok(Feed::Source(found));
        }
        // Everything into the entity store first: the rows keep the numbers they have in the source.
        let load = Stage { rows: Vec::new(), steps: Vec::new(), barrier: Barrier::End, ..self.loaded(stage) };
        let store = Store::default();
        let sink = Gather { store: &store, limit: None, fetches: self.fetches(stage), spill: None };
        let (entities, _) = self.pass(&Feed::Source(found), &load, &sink)?;
        let units = entities.into_iter().map(|entity| store_unit(&store, entity, None)).collect();
        Ok(Feed::Store(store, units))
    }

    /// The stage that only reads what `stage` wants.
    fn loaded(&self, stage: &Stage) -> Stage {
        let dtype = |name: &PlSmallStr| self.source.schema().get(name).cloned().unwrap_or(DataType::UInt64);
        let output = stage.columns.iter().map(|name| (name.clone(), dtype(name))).collect();
        Stage { output: Arc::new(output), ..stage.clone() }
    }

    /// How often a stage may fetch its entities: once, and more where keys or times must be looked at first.
    fn fetches(&self, stage: &Stage) -> u32 {
        let choices = stage.steps.iter().filter(|step| matches!(step.op, Op::Candidates { .. })).count() as u32;
        let bounds = matches!(&stage.barrier, Barrier::Resample { resample, .. } if resample.needs_bounds());
        1 + 2 * choices + u32::from(bounds)
    }

    /// Runs a stage that is not the last and makes what the next works on.
    fn stage(&mut self, at: usize, feed: Feed) -> Result<Feed> {
        let plan = self.plan;
        let (stage, next) = (&plan.stages[at], &plan.stages[at + 1]);
        let store = Store::default();
        let fetches = self.fetches(next);
        match &stage.barrier {
            Barrier::End => Err(Error::request("a stage behind the end")),
            Barrier::Collect { whole } => {
                let limit = next.rows.first().and_then(|rows| rows.enough());
                let folder = self.spill.clone();
                let spill = (!whole).then_some((&*folder, self.scan.options.memory_budget / 2));
                let sink = Gather { store: &store, limit, fetches: if *whole { 1 } else { fetches }, spill };
                let (entities, _) = self.pass(&feed, stage, &sink)?;
                if *whole {
                    let frames = store.gather(&entities)?.into_iter().map(|(frame, _)| frame).collect();
                    let frame = stack(frames, &stage.output)?;
                    let rows = 0..frame.height() as u64;
                    let entity = store.push(frame, rows.clone(), fetches);
                    return Ok(self.feed(store, vec![(entity, rows)], next));
                }
                let mut start = 0;
                let numbered = entities.into_iter().map(|entity| {
                    let rows = store.rows(entity);
                    let rows = start..start + (rows.end - rows.start);
                    start = rows.end;
                    (entity, rows)
                });
                let numbered = numbered.collect();
                Ok(self.feed(store, numbered, next))
            }
            Barrier::Group { by, aggregations, inputs, outputs } => {
                let sink = Aggregate { keys: ByColumns(by.clone()), aggregations, inputs: inputs.clone() };
                let part = self.pass(&feed, stage, &sink)??;
                let (keys, columns) = sink.finish(part, outputs)?;
                self.grouped(store, keys, columns, next, fetches)
            }
            Barrier::Resample { resample, index, dtype, inputs, outputs } => {
                let (first, last) = if resample.needs_bounds() {
                    match self.known_bounds(&feed, stage, index) {
                        Some(bounds) => bounds,
                        None => self.pass(&feed, stage, &Bounds { index: index.clone() })?.unwrap_or((0, 0)),
                    }
                } else {
                    (0, 0)
                };
                let buckets = resample.buckets(first, last)?;
                let keys = ByBucket { index: index.clone(), buckets };
                let sink = Aggregate { keys, aggregations: &resample.aggregations, inputs: inputs.clone() };
                let part = self.pass(&feed, stage, &sink)??;
                let (keys, columns) = sink.finish(part, outputs)?;
                let frame = bucket_frame(&keys[0], columns, index, dtype, |bucket| buckets.label(bucket))?;
                let height = frame.height() as u64;
                let entity = store.push(frame, 0..height, fetches);
                Ok(self.feed(store, vec![(entity, 0..height)], next))
            }
        }
    }

    /// The first and last time, where all rows of the source arrive and its statistics say it.
    fn known_bounds(&self, feed: &Feed, stage: &Stage, index: &PlSmallStr) -> Option<(i64, i64)> {
        let whole = stage.rows.is_empty() && stage.steps.iter().all(|step| step.op.keeps_rows());
        if !whole || !matches!(feed, Feed::Source(_)) {
            return None;
        }
        time_bounds(self.source.as_ref(), index)
    }

    fn grouped(
        &self,
        store: Store,
        keys: Vec<Series>,
        columns: Vec<Series>,
        next: &Stage,
        fetches: u32,
    ) -> Result<Feed> {
        let all: Vec<Column> = keys.into_iter().chain(columns).map(IntoColumn::into_column).collect();
        let height = all.first().map_or(0, Column::len);
        let frame = DataFrame::new(height, all)?;
        // Groups have no rows of the source anymore: they are numbered anew.
        let rows = 0..height as u64;
        let entity = store.push(frame, rows.clone(), fetches);
        Ok(self.feed(store, vec![(entity, rows)], next))
    }

    /// Units over entities, as far as the next stage wants their rows.
    fn feed(&self, store: Store, entities: Vec<(EntityId, std::ops::Range<u64>)>, next: &Stage) -> Feed {
        let mut wanted = 0..entities.last().map_or(0, |(_, rows)| rows.end);
        for rows in &next.rows {
            let inside = rows.of(wanted.end - wanted.start);
            wanted = wanted.start + inside.start..wanted.start + inside.end;
        }
        let units = entities.into_iter().filter_map(|(entity, rows)| {
            let inside = rows.start.max(wanted.start)..rows.end.min(wanted.end);
            let mut unit = store_unit(&store, entity, Some(rows.clone()));
            unit.local =
                inside.start.saturating_sub(rows.start) as usize..inside.end.saturating_sub(rows.start) as usize;
            unit.rows = inside.clone();
            (!inside.is_empty()).then_some(unit)
        });
        let units = units.collect();
        Feed::Store(store, units)
    }

    /// One pass of a stage into a terminal; where keys of events come back later, the rows to keep are searched first.
    fn pass<S: Sink>(&mut self, feed: &Feed, stage: &Stage, sink: &S) -> Result<S::Part> {
        let mut stage = stage.clone();
        let mut changed = false;
        loop {
            let choices: Vec<usize> =
                (0..stage.steps.len()).filter(|&at| matches!(stage.steps[at].op, Op::Candidates { .. })).collect();
            let outcome = self.once(feed, &stage, sink, changed)?;
            let again = choices.iter().zip(&outcome.ascents).find(|(at, ascents)| {
                matches!(stage.steps[**at].op, Op::Candidates { runs: false, .. }) && !ascents.unique()
            });
            let Some((&at, _)) = again else { return Ok(outcome.part) };
            self.search(feed, &mut stage, at)?;
            changed = true;
        }
    }

    /// Finds the rows that the choice of candidates at step `at` keeps, for keys that come back, and puts them in its
    /// place.
    fn search(&mut self, feed: &Feed, stage: &mut Stage, at: usize) -> Result<()> {
        let Op::Candidates { keys, best, .. } = stage.steps[at].op.clone() else { return Ok(()) };
        let search = EventKeys { keys, best };
        let looked = search.stage(stage, at, feed_schema(feed, self.source.as_ref()));
        let seen = self.once(feed, &looked, &search, true)?.part;
        let (rows, note) = resolve(seen?, search.listed(&looked));
        self.report.notes.extend(note);
        for step in &mut stage.steps[..at] {
            step.keep.push(crate::ROW.into());
        }
        if !stage.columns.iter().any(|name| name == crate::ROW) {
            stage.columns.push(crate::ROW.into());
        }
        stage.steps[at].op = Op::Keep(Arc::new(rows));
        Ok(())
    }

    /// One pass. With `replan` the stage wants other columns than the units were made for.
    fn once<S: Sink>(&mut self, feed: &Feed, stage: &Stage, sink: &S, replan: bool) -> Result<Outcome<S::Part>> {
        let counters = Counters::new(stage.steps.len());
        let (input, units) = match feed {
            Feed::Source(found) => (Input::Source(self.source.as_ref()), &found.units),
            Feed::Store(store, units) => (Input::Store(store), units),
        };
        let total_rows = units.iter().map(|unit| unit.rows.end - unit.rows.start).sum();
        let task = Task::new(self.source.name(), "rows", Some(total_rows));
        let cache = (self.mode.cache && matches!(input, Input::Source(_))).then(Cache::shared);
        let run = Run { options: &self.scan.options, cache, counters: &counters, task: &task, total_rows };
        let planned: Vec<Unit>;
        let units = if replan {
            planned = self.replan(feed, stage);
            &planned
        } else {
            units
        };
        let outcome = execute(&run, input, units, stage, sink);
        let names: Vec<String> = stage.steps.iter().map(|step| step.name.clone()).collect();
        counters.write(&mut self.report, &names);
        let before = self.read.len();
        self.read.extend(counters.read.lock().iter());
        self.report.segments_read += (self.read.len() - before) as u64;
        if matches!(input, Input::Source(_)) {
            self.report.passes += 1;
        }
        outcome
    }

    fn replan(&self, feed: &Feed, stage: &Stage) -> Vec<Unit> {
        match feed {
            Feed::Store(_, units) => units.clone(),
            Feed::Source(_) => units(self.source.as_ref(), stage, self.mode.chunk).units,
        }
    }
}

fn feed_schema(feed: &Feed, source: &dyn Source) -> Option<SchemaRef> {
    matches!(feed, Feed::Source(_)).then(|| source.schema().clone())
}

fn store_unit(store: &Store, entity: EntityId, rows: Option<std::ops::Range<u64>>) -> Unit {
    let rows = rows.unwrap_or_else(|| store.rows(entity));
    Unit {
        local: 0..(rows.end - rows.start) as usize,
        rows,
        parts: Vec::new(),
        decided: Vec::new(),
        entity: Some(entity),
        place: Arc::new(Place::memory()),
        // What lies in the store is accounted for there.
        bytes: 0,
    }
}

struct ByColumns(Vec<(PlSmallStr, DataType)>);

impl Keys for ByColumns {
    fn types(&self) -> Vec<(PlSmallStr, DataType)> {
        self.0.clone()
    }

    fn of(&self, frame: &DataFrame) -> Result<Vec<Series>> {
        let column = |(name, _): &(PlSmallStr, DataType)| Ok(frame.column(name)?.as_materialized_series().clone());
        self.0.iter().map(column).collect()
    }
}

/// Buckets in the order of time, with their labels.
fn bucket_frame(
    buckets: &Series,
    columns: Vec<Series>,
    index: &PlSmallStr,
    dtype: &DataType,
    label: impl Fn(i64) -> i64,
) -> Result<DataFrame> {
    let numbers = buckets.i64()?;
    let labels: Int64Chunked = numbers.iter().map(|number| number.map(&label)).collect();
    let zone = if let DataType::Datetime(_, zone) = dtype { zone.clone() } else { None };
    let labels = labels.into_series().cast(&DataType::Datetime(TimeUnit::Nanoseconds, zone))?.cast(dtype)?;
    let all = std::iter::once(labels.with_name(index.clone())).chain(columns).map(IntoColumn::into_column).collect();
    let frame = DataFrame::new(numbers.len(), all)?;
    Ok(frame.sort([index.clone()], SortMultipleOptions::default())?)
}
