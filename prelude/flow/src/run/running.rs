//! A query while it runs: stage by stage, from the source through the entity store to a terminal.

use crate::error::{Error, Result};
use crate::memory::cache::Cache;
use crate::memory::spill::Spill;
use crate::operators::buckets::ByBucket;
use crate::operators::buckets::bucket_frame;
use crate::operators::buckets::time_bounds;
use crate::operators::budget::{Budget, Share};
use crate::operators::global::Keys as EventKeys;
use crate::operators::global::resolve;
use crate::operators::table::{Aggregate, ByColumns};
use crate::plan::concat::Shape;
use crate::plan::options::Checkpoint;
use crate::plan::structure::ProcessingStructure;
use crate::report::Report;
use crate::report::counters::Counters;
use crate::report::timeline::Timeline;
use crate::run::checkpoint::CheckpointWriter;
use crate::run::checkpoint::cannot;
use crate::run::compile::Plan;
use crate::run::concatenated::Piece;
use crate::run::engine::Mode;
use crate::run::execute::execute;
use crate::run::execute::{Outcome, Run};
use crate::run::gather::{Bounds, Gather, stack};
use crate::run::input::Input;
use crate::run::scan::Scan;
use crate::run::stage::{Barrier, Op, Stage, Unit, Units};
use crate::run::store::{EntityId, Store};
use crate::run::structure::{structure_entities, structure_source, unit_of_store};
use crate::sink::Sink;
use polars::prelude::*;
use segment::work::Task;
use sources::Source;
use std::sync::Arc;
use std::time::Instant;

/// A query while it runs, stage by stage.
pub(crate) struct Running<'a> {
    pub scan: &'a Scan,
    pub source: Arc<dyn Source>,
    pub plan: &'a Plan,
    pub report: Report,
    pub mode: Mode,
    spill: Arc<Spill>,
    timeline: Timeline,
    /// Segments that were read in any pass.
    read: std::collections::HashSet<usize>,
    /// The tables that take the place of the source.
    pieces: Option<Arc<(Vec<Piece>, Shape)>>,
    /// The checkpoint, when there is one.
    pub kept: Option<std::path::PathBuf>,
}

/// What a stage works on.
pub(super) enum Feed {
    Source(Units),
    /// Tables one after another, and the shape of all.
    Pieces(Arc<(Vec<Piece>, Shape)>),
    Store(Store, Vec<Unit>),
}

impl Feed {
    /// Entities, grouped as the next stage needs them.
    pub(super) fn of_store(store: Store, entities: Vec<(EntityId, std::ops::Range<u64>)>, next: &Stage) -> Self {
        let units = structure_entities(&store, entities, &next.rows);
        Self::Store(store, units)
    }
}

impl<'a> Running<'a> {
    pub fn new(scan: &'a Scan, source: Arc<dyn Source>, plan: &'a Plan, report: Report, start: Instant) -> Self {
        let folder = scan.options.spill.clone().unwrap_or_else(crate::memory::volume::folder);
        let mode = Mode { preload: false, cache: false, chunk: scan.options.chunk_size, why: String::new() };
        let (spill, timeline) = (Arc::new(Spill::new(&folder)), Timeline::new(start));
        Self { scan, source, plan, report, mode, spill, timeline, read: Default::default(), pieces: None, kept: None }
    }

    /// Reads these tables, one after another, in place of the source.
    pub fn one_after_another(mut self, pieces: Vec<Piece>, joined: Shape) -> Self {
        self.pieces = Some(Arc::new((pieces, joined)));
        self
    }

    pub fn run<S: Sink>(mut self, sink: &S) -> Result<(S::Part, Report)> {
        for step in self.plan.stages.iter().flat_map(|stage| &stage.steps) {
            if let Op::Custom(custom) = &step.op {
                custom.prepare()?;
            }
        }
        let mut feed = self.open()?;
        let last = self.plan.stages.len() - 1;
        if self.checkpoint().is_some() && (last > 0 || self.pieces.is_some()) {
            return Err(cannot("a query of several stages or tables", "head, groups and joins keep rows between them"));
        }
        for at in 0..last {
            feed = self.stage(at, feed)?;
        }
        let stage = &self.plan.stages[last];
        let part = self.pass(&feed, stage, sink)?;
        if let Some(why) = self.spill.refusal() {
            self.report.notes.push(format!("{why}; what did not fit stayed in memory"));
        }
        let (spans, every) = self.timeline.finish();
        self.report.absorb_spans(0.0, spans, every);
        self.note_cache();
        self.note_remarks();
        self.kept.iter().for_each(|path| crate::run::checkpoint::remove(path));
        Ok((part, self.report))
    }

    fn checkpoint(&self) -> Option<&'a Checkpoint> {
        self.scan.options.checkpoint.as_ref()
    }

    /// Chooses the mode and the units of the first stage.
    fn open(&mut self) -> Result<Feed> {
        if let Some(pieces) = &self.pieces {
            self.report.engine = format!("{} ({} tables one after another)", self.scan.engine.name(), pieces.0.len());
            return Ok(Feed::Pieces(pieces.clone()));
        }
        let stage = &self.plan.stages[0];
        let options = &self.scan.options;
        let mut found = structure_source(self.source.as_ref(), stage, options.chunk_size);
        let bytes = found.units.iter().map(|unit| unit.bytes).sum();
        let what = columns_of(self.source.as_ref(), stage);
        self.mode = self.scan.engine.mode(&what, bytes, options, &mut self.report.materialized);
        if self.checkpoint().is_some() {
            // The next process must cut the rows in the same way.
            (self.mode.chunk, self.mode.preload) = (options.chunk_size, false);
        }
        if self.mode.chunk != options.chunk_size {
            found = structure_source(self.source.as_ref(), stage, self.mode.chunk);
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
        // Memory that nobody uses belongs to the budget, too.
        recoil_allocator::keep_at_most(usize::try_from(options.memory_budget / 8).unwrap_or(usize::MAX));
        let cacheable = !self.source.in_memory();
        self.mode.cache &= cacheable;
        if self.mode.cache {
            let cache = Cache::shared();
            cache.set_budget(options.memory_budget / 4 * 3);
            match &options.spill {
                Some(folder) => cache.spill_to(folder),
                None => cache.spill(),
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
        let units = entities.into_iter().map(|entity| unit_of_store(&store, entity, None)).collect();
        Ok(Feed::Store(store, units))
    }

    /// The stage that only reads what `stage` wants.
    fn loaded(&self, stage: &Stage) -> Stage {
        let dtype = |name: &PlSmallStr| self.source.schema().get(name).cloned().unwrap_or(DataType::UInt64);
        let output = stage.columns.iter().map(|name| (name.clone(), dtype(name))).collect();
        Stage { output: Arc::new(output), lengths: Vec::new(), ..stage.clone() }
    }

    /// How often a stage may fetch its entities: once, and more where keys or times must be looked at first.
    pub(super) fn fetches(&self, stage: &Stage) -> u32 {
        let choices = stage.steps.iter().filter(|step| matches!(step.op, Op::Candidates { .. })).count() as u32;
        let bounds =
            matches!(&stage.barrier, Barrier::Resample { resample, dtype, .. } if resample.needs_bounds(dtype));
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
            Barrier::Collect(structure) => {
                let whole = *structure == ProcessingStructure::OnePiece;
                let limit = next.rows.first().and_then(|rows| rows.enough());
                let folder = self.spill.clone();
                let spill = (!whole).then_some((&*folder, self.scan.options.memory_budget / 2));
                let sink = Gather { store: &store, limit, fetches: if whole { 1 } else { fetches }, spill };
                let (entities, _) = self.pass(&feed, stage, &sink)?;
                self.note_store(at, &store);
                if whole {
                    let frames = store.gather(&entities)?.into_iter().map(|(frame, _)| frame).collect();
                    let frame = stack(frames, &stage.output)?;
                    let rows = 0..frame.height() as u64;
                    let entity = store.push(frame, rows.clone(), fetches);
                    return Ok(Feed::of_store(store, vec![(entity, rows)], next));
                }
                let mut start = 0;
                let numbered = entities.into_iter().map(|entity| {
                    let rows = store.rows(entity);
                    let rows = start..start + (rows.end - rows.start);
                    start = rows.end;
                    (entity, rows)
                });
                let numbered = numbered.collect();
                Ok(Feed::of_store(store, numbered, next))
            }
            Barrier::Group { .. } => {
                let (keys, columns) = self.groups(&feed, stage)?;
                Self::grouped(store, keys, columns, next, fetches)
            }
            Barrier::Resample { resample, index, dtype, inputs, outputs } => {
                let (first, last) = if resample.needs_bounds(dtype) {
                    match self.known_bounds(&feed, stage, index) {
                        Some(bounds) => bounds,
                        None => self.pass(&feed, stage, &Bounds { index: index.clone() })?.unwrap_or((0, 0)),
                    }
                } else {
                    (0, 0)
                };
                let buckets = resample.buckets(dtype, first, last)?;
                let keys = ByBucket { index: index.clone(), buckets: buckets.clone() };
                let budget = Budget::of(&self.scan.options);
                let (aggregations, inputs) = (&resample.aggregations, inputs.clone());
                let sink = Aggregate { keys, aggregations, inputs, budget, share: Share::ALL };
                let part = self.pass(&feed, stage, &sink)??;
                let (keys, columns) = sink.finish(part, outputs)?;
                let frame = bucket_frame(&keys[0], columns, index, dtype, |bucket| buckets.label(bucket))?;
                let height = frame.height() as u64;
                let entity = store.push(frame, 0..height, fetches);
                Ok(Feed::of_store(store, vec![(entity, 0..height)], next))
            }
        }
    }

    /// The keys of all groups and what is computed of them. Where they fit neither the memory budget nor the disk together they
    /// are made in rounds: the rows are read several times, each time for a share of the keys.
    fn groups(&mut self, feed: &Feed, stage: &Stage) -> Result<(Vec<Series>, Vec<Series>)> {
        let mut rounds = 1;
        // What an earlier stage has left stays for the next round, and counts.
        let stored = match feed {
            Feed::Store(store, _) => {
                store.keep();
                store.bytes()
            }
            _ => 0,
        };
        let budget = Budget::of(&self.scan.options);
        loop {
            match self.in_rounds(feed, stage, (rounds, stored), &budget) {
                Err((_, true)) if Share::more(rounds).is_some() => {
                    rounds = Share::more(rounds).unwrap_or(rounds);
                }
                Err((error, _)) => return Err(error),
                Ok(answer) => {
                    self.report.notes.extend(budget.notes());
                    if rounds > 1 {
                        let note = "the groups did not fit the memory budget together: the rows were read";
                        self.report.notes.push(format!("{note} {rounds} times, each time for a part of the keys"));
                    }
                    return Ok(answer);
                }
            }
        }
    }

    /// The groups of so many rounds, beside so many bytes of rows, or what went wrong and whether it was for want of memory.
    #[allow(clippy::type_complexity)] // the answer of `finish`, once more
    fn in_rounds(
        &mut self,
        feed: &Feed,
        stage: &Stage,
        (rounds, stored): (u64, u64),
        budget: &Budget,
    ) -> std::result::Result<(Vec<Series>, Vec<Series>), (Error, bool)> {
        let Barrier::Group { by, aggregations, inputs, outputs } = &stage.barrier else {
            return Err((Error::request("a stage that does not group"), false));
        };
        let mut whole: Option<(Vec<Series>, Vec<Series>)> = None;
        for round in 0..rounds {
            let held = whole.iter().flat_map(|(keys, columns)| keys.iter().chain(columns));
            let budget = budget.beside(stored + held.map(|column| column.estimated_size() as u64).sum::<u64>());
            let (keys, inputs, share) = (ByColumns(by.clone()), inputs.clone(), Share { round, rounds });
            let sink = Aggregate { keys, aggregations, inputs, budget: budget.clone(), share };
            let part = self.pass(feed, stage, &sink).and_then(|part| sink.finish(part?, outputs));
            let (keys, columns) = part.map_err(|error| (error, budget.exceeded()))?;
            whole = Some(match whole.take() {
                None => (keys, columns),
                Some(whole) => {
                    let more = |mut all: Vec<Series>, new: Vec<Series>| {
                        for (all, new) in all.iter_mut().zip(&new) {
                            all.append(new).map_err(|error| (error.into(), false))?;
                        }
                        Ok(all)
                    };
                    (more(whole.0, keys)?, more(whole.1, columns)?)
                }
            });
        }
        whole.ok_or_else(|| (Error::request("no round"), false))
    }

    /// The first and last time, where all rows of the source arrive and its statistics say it.
    fn known_bounds(&self, feed: &Feed, stage: &Stage, index: &PlSmallStr) -> Option<(i64, i64)> {
        let whole = stage.rows.is_empty() && stage.steps.iter().all(|step| step.op.keeps_rows());
        if !whole || !matches!(feed, Feed::Source(_)) {
            return None;
        }
        time_bounds(self.source.as_ref(), index)
    }

    fn grouped(store: Store, keys: Vec<Series>, columns: Vec<Series>, next: &Stage, fetches: u32) -> Result<Feed> {
        let all: Vec<Column> = keys.into_iter().chain(columns).map(IntoColumn::into_column).collect();
        let height = all.first().map_or(0, Column::len);
        let frame = DataFrame::new(height, all)?;
        // Groups have no rows of the source anymore: they are numbered anew.
        let rows = 0..height as u64;
        let entity = store.push(frame, rows.clone(), fetches);
        Ok(Feed::of_store(store, vec![(entity, rows)], next))
    }

    /// One pass of a stage into a terminal; where keys of events come back later, the rows to keep are searched first.
    pub(super) fn pass<S: Sink>(&mut self, feed: &Feed, stage: &Stage, sink: &S) -> Result<S::Part> {
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
            if let Some(events) = stage.steps[at].op.events() {
                return self.side_by_side(feed, &stage, at, &events, sink);
            }
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
        let source = matches!(feed, Feed::Source(_)).then(|| self.source.clone());
        let file_of = |row: u64| {
            let segments = source.as_ref()?.segments();
            let at = segments.partition_point(|info| info.rows.end <= row);
            segments.get(at).map(|info| info.place.file.clone())
        };
        let (rows, note) = resolve(seen?, search.listed(&looked), file_of);
        self.report.notes.extend(note);
        for step in &mut stage.steps[..at] {
            step.keep.push(crate::plan::row::ROW.into());
        }
        if !stage.columns.iter().any(|name| name == crate::plan::row::ROW) {
            stage.columns.push(crate::plan::row::ROW.into());
        }
        stage.steps[at].op = Op::Keep(Arc::new(rows));
        Ok(())
    }

    /// One pass. With `replan` the stage wants other columns than the units were made for.
    fn once<S: Sink>(&mut self, feed: &Feed, stage: &Stage, sink: &S, replan: bool) -> Result<Outcome<S::Part>> {
        let counters = Counters::new(stage.steps.len());
        let (input, units) = match feed {
            Feed::Pieces(pieces) => return self.each_piece(pieces, stage, sink, &counters),
            Feed::Source(found) => (Input::Source(self.source.as_ref()), &found.units),
            Feed::Store(store, units) => (Input::Store(store), units),
        };
        let total_rows = units.iter().map(|unit| unit.rows.end - unit.rows.start).sum();
        let task = Task::new(self.source.name(), "rows", Some(total_rows));
        let cache = (self.mode.cache && matches!(input, Input::Source(_))).then(Cache::shared);
        self.timeline.next_pass();
        let (options, timeline) = (&self.scan.options, &self.timeline);
        let planned: Vec<Unit>;
        let units = if replan {
            planned = self.replan(feed, stage);
            &planned
        } else {
            units
        };
        // Where keys come back later, the passes that follow the first are not kept.
        let keeper = match (self.checkpoint(), input) {
            (Some(at), Input::Source(source)) if !replan => {
                Some(CheckpointWriter::new(at, source, stage, units, sink)?)
            }
            _ => None,
        };
        let run =
            Run { options, cache, counters: &counters, timeline, task: &task, total_rows, keeper: keeper.as_ref() };
        let outcome = execute(&run, input, units, stage, sink);
        let names: Vec<String> = stage.steps.iter().map(|step| step.name.clone()).collect();
        counters.write(&mut self.report, &names);
        let before = self.read.len();
        self.read.extend(counters.read.lock().iter());
        self.report.segments_read += (self.read.len() - before) as u64;
        if matches!(input, Input::Source(_)) {
            self.report.passes += 1;
        }
        self.note_checkpoint(keeper, outcome.as_ref().map_or(0, |outcome| outcome.resumed), total_rows);
        outcome
    }

    /// One pass over tables one after another.
    fn each_piece<S: Sink>(
        &mut self,
        pieces: &(Vec<Piece>, Shape),
        stage: &Stage,
        sink: &S,
        counters: &Counters,
    ) -> Result<Outcome<S::Part>> {
        let mut whole = sink.part();
        for piece in &pieces.0 {
            let (part, report) = piece.run(&pieces.1, stage, counters, sink)?;
            self.report.absorb(report);
            let part = part.downcast().map_err(|_| Error::request("a part of another terminal"))?;
            sink.merge(&mut whole, *part)?;
            if sink.enough(&whole) {
                break;
            }
        }
        let names: Vec<String> = stage.steps.iter().map(|step| step.name.clone()).collect();
        counters.write(&mut self.report, &names);
        Ok(Outcome { part: whole, ascents: Vec::new(), resumed: 0 })
    }

    fn replan(&self, feed: &Feed, stage: &Stage) -> Vec<Unit> {
        match feed {
            Feed::Pieces(_) => Vec::new(),
            Feed::Store(_, units) => units.clone(),
            Feed::Source(_) => structure_source(self.source.as_ref(), stage, self.mode.chunk).units,
        }
    }
}

/// What a stage reads, in words.
pub(crate) fn columns_of(source: &dyn Source, stage: &Stage) -> String {
    format!("{} of {} columns of {}", stage.columns.len(), source.schema().len(), source.name())
}

fn feed_schema(feed: &Feed, source: &dyn Source) -> Option<SchemaRef> {
    matches!(feed, Feed::Source(_)).then(|| source.schema().clone())
}
