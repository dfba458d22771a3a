//! Runs a stage: workers take stretches of units in order, read, work, and fill a part each; parts are joined in order.

use crate::candidates::{Ascents, Held, Selection};
use crate::memory::{Cache, Gate, Key, Tier};
use crate::report::Counters;
use crate::stage::{Op, Stage, Step, Unit};
use crate::store::Store;
use crate::{Error, Options, ROW, Result, Sink};
use parking_lot::Mutex;
use polars::prelude::*;
use segment::work::Task;
use segment::{Place, Segment};
use sources::Source;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

/// Rows up to which a query is not worth a second thread.
const SMALL: u64 = 30_000;

/// Where the units' rows come from.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Source(&'a dyn Source),
    Store(&'a Store),
}

/// What a running stage needs.
pub(crate) struct Run<'a> {
    pub options: &'a Options,
    pub cache: Option<&'a Cache>,
    pub counters: &'a Counters,
    pub task: &'a Task,
    pub total_rows: u64,
}

/// What a stage leaves: the terminal's part, and of each choice of candidates what is known of its keys.
pub(crate) struct Outcome<P> {
    pub part: P,
    pub ascents: Vec<Ascents>,
}

/// Runs a stage over units.
pub(crate) fn execute<S: Sink>(
    run: &Run<'_>,
    input: Input<'_>,
    units: &[Unit],
    stage: &Stage,
    sink: &S,
) -> Result<Outcome<S::Part>> {
    let worker = Worker::new(run, input, units, stage, sink);
    let rows: u64 = units.iter().map(|unit| unit.rows.end - unit.rows.start).sum();
    let threads = if rows <= SMALL { 1 } else { run.options.threads.min(worker.stretches.len()).max(1) };
    if threads == 1 {
        worker.work();
    } else {
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| worker.guard());
            }
            worker.guard();
        });
    }
    worker.finish()
}

struct Worker<'a, S: Sink> {
    run: &'a Run<'a>,
    input: Input<'a>,
    units: &'a [Unit],
    stage: &'a Stage,
    sink: &'a S,
    stretches: Vec<Range<usize>>,
    /// Steps that choose candidates.
    choices: Vec<usize>,
    /// Filters at the beginning, which are asked before other columns are read.
    lead: usize,
    next: AtomicUsize,
    stop: AtomicBool,
    failed: Mutex<Option<(usize, Error)>>,
    joined: Mutex<Joined<S::Part>>,
}

struct Joined<P> {
    waiting: BTreeMap<usize, (P, Vec<Selection>)>,
    next: usize,
    whole: P,
    selections: Vec<Selection>,
}

impl<'a, S: Sink> Worker<'a, S> {
    fn new(run: &'a Run<'a>, input: Input<'a>, units: &'a [Unit], stage: &'a Stage, sink: &'a S) -> Self {
        let count = sink.stretches().min(units.len()).max(1);
        let stretches = (0..count).map(|at| at * units.len() / count..(at + 1) * units.len() / count).collect();
        let steps = stage.steps.iter().enumerate();
        let choices: Vec<usize> =
            steps.filter(|(_, step)| matches!(step.op, Op::Candidates { .. })).map(|(at, _)| at).collect();
        let selections = choices.iter().map(|_| Selection::joining()).collect();
        Self {
            lead: stage.steps.iter().take_while(|step| step.op.is_filter()).count(),
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            failed: Mutex::new(None),
            joined: Mutex::new(Joined { waiting: BTreeMap::new(), next: 0, whole: sink.part(), selections }),
            run,
            input,
            units,
            stage,
            sink,
            stretches,
            choices,
        }
    }

    /// Works, and turns a panic of a step of the user's own into an error.
    fn guard(&self) {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work())).is_err() {
            self.fail(usize::MAX, Error::request("a step of the query panicked; its message is above"));
        }
    }

    fn fail(&self, at: usize, error: Error) {
        self.stop.store(true, Ordering::Relaxed);
        let mut failed = self.failed.lock();
        // The first in the order of rows, and no matter in which order workers fail.
        if failed.as_ref().is_none_or(|(other, _)| at < *other) {
            *failed = Some((at, error));
        }
    }

    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(stretch) = self.stretches.get(at) else { return };
            if let Err(error) = self.stretch(at, stretch.clone()) {
                self.fail(at, error);
            }
        }
    }

    fn stretch(&self, at: usize, units: Range<usize>) -> Result<()> {
        let mut part = self.sink.part();
        let mut selections: Vec<Selection> = self.choices.iter().map(|_| Selection::default()).collect();
        for unit in &self.units[units] {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.unit(unit, &mut selections, &mut part)?;
        }
        let mut joined = self.joined.lock();
        joined.waiting.insert(at, (part, selections));
        while let Some((part, selections)) = {
            let next = joined.next;
            joined.waiting.remove(&next)
        } {
            joined.next += 1;
            self.join(&mut joined, part, selections)?;
            if self.sink.enough(&joined.whole) {
                self.stop.store(true, Ordering::Relaxed);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Adds the next stretch: first the run that may have begun before it, then what was decided inside.
    fn join(&self, joined: &mut Joined<S::Part>, part: S::Part, mut selections: Vec<Selection>) -> Result<()> {
        for (choice, selection) in selections.iter_mut().enumerate() {
            joined.selections[choice].ascents.append(std::mem::take(&mut selection.ascents));
            if let Some(head) = selection.head.take() {
                self.feed_held(joined, choice, head)?;
                let row = joined.selections[choice].close();
                self.push_border(joined, choice, row)?;
            }
        }
        self.sink.merge(&mut joined.whole, part)?;
        for (choice, selection) in selections.iter_mut().enumerate() {
            if let Some(open) = selection.open.take() {
                self.feed_held(joined, choice, open)?;
            }
        }
        Ok(())
    }

    fn feed_held(&self, joined: &mut Joined<S::Part>, choice: usize, held: Held) -> Result<()> {
        let row = joined.selections[choice].feed_held(held);
        self.push_border(joined, choice, row)
    }

    fn push_border(&self, joined: &mut Joined<S::Part>, choice: usize, row: Option<DataFrame>) -> Result<()> {
        let Some(row) = row else { return Ok(()) };
        let mut part = self.sink.part();
        let Joined { whole, selections, .. } = joined;
        let place = Arc::new(Place::memory());
        self.push(self.choices[choice] + 1, row, &(0..1), &place, selections, &mut part)?;
        self.sink.merge(whole, part)
    }

    fn finish(self) -> Result<Outcome<S::Part>> {
        if let Some((_, error)) = self.failed.lock().take() {
            return Err(error);
        }
        let mut joined = self.joined.lock();
        for choice in 0..self.choices.len() {
            let row = joined.selections[choice].close();
            self.push_border(&mut joined, choice, row)?;
        }
        let ascents = joined.selections.iter_mut().map(|selection| std::mem::take(&mut selection.ascents)).collect();
        let part = std::mem::replace(&mut joined.whole, self.sink.part());
        Ok(Outcome { part, ascents })
    }

    fn unit(&self, unit: &Unit, selections: &mut [Selection], part: &mut S::Part) -> Result<()> {
        segment::work::check()?;
        let counters = self.run.counters;
        let height = unit.local.len();
        let _room = Gate::shared().enter(unit.bytes, self.run.options.memory_budget, counters)?;
        counters.add(&counters.rows_in, height as u64);
        match self.input {
            Input::Store(store) => {
                let entity = unit.entity.ok_or_else(|| Error::request("a unit without data"))?;
                for (frame, _) in store.gather(&[entity])? {
                    let frame = frame.slice(unit.local.start as i64, height);
                    let frame = self.numbered(frame, unit)?;
                    self.push(0, frame, &unit.rows, &unit.place, selections, part)?;
                }
            }
            Input::Source(source) => self.source_unit(source, unit, selections, part)?,
        }
        let bytes = unit.bytes;
        self.run.task.advance(height as u64, bytes)?;
        if let Some(progress) = &self.run.options.progress {
            let done = counters.rows_in.load(Ordering::Relaxed);
            progress(done as f64 / self.run.total_rows.max(done).max(1) as f64);
        }
        Ok(())
    }

    fn source_unit(
        &self,
        source: &dyn Source,
        unit: &Unit,
        selections: &mut [Selection],
        part: &mut S::Part,
    ) -> Result<()> {
        let open: Vec<usize> = (0..self.lead).filter(|&at| !unit.decided[at]).collect();
        let mut first: Vec<PlSmallStr> = Vec::new();
        for name in open.iter().flat_map(|&at| self.stage.steps[at].op.inputs(&[])) {
            if !first.contains(&name) {
                first.push(name);
            }
        }
        if open.is_empty() || first.len() >= self.stage.columns.len() {
            let frame = self.load(source, unit, &self.stage.columns)?;
            let mut at = 0;
            // Filters that every row passes are not asked.
            while at < self.lead && unit.decided[at] {
                at += 1;
            }
            return self.push(at, frame, &unit.rows, &unit.place, selections, part);
        }
        let mut frame = self.load(source, unit, &first)?;
        let height = frame.height();
        let mut mask: Option<BooleanChunked> = None;
        for &at in &open {
            let start = Instant::now();
            let next = self.stage.steps[at].op.mask(&frame)?;
            let all = mask.map_or_else(|| next.clone(), |mask| &mask & &next);
            let left = all.sum().unwrap_or(0) as usize;
            self.run.counters.steps[at].add(height, left, start.elapsed());
            mask = Some(all);
            if left == 0 {
                return Ok(());
            }
        }
        let keep = &self.stage.steps[self.lead - 1].keep;
        let rest: Vec<_> = keep.iter().filter(|name| !first.contains(name)).cloned().collect();
        if !rest.is_empty() {
            frame.hstack_mut(self.load(source, unit, &rest)?.columns())?;
        }
        let frame = filter(&frame, mask.as_ref(), keep)?;
        self.push(self.lead, frame, &unit.rows, &unit.place, selections, part)
    }

    /// Does the steps from `at` on, and hands the rows to the terminal.
    fn push(
        &self,
        at: usize,
        frame: DataFrame,
        rows: &Range<u64>,
        place: &Arc<Place>,
        selections: &mut [Selection],
        part: &mut S::Part,
    ) -> Result<()> {
        let mut frame = frame;
        for (at, step) in self.stage.steps.iter().enumerate().skip(at) {
            if frame.height() == 0 {
                return Ok(());
            }
            segment::work::check()?;
            let start = Instant::now();
            let height = frame.height();
            let mut ready = self.step(at, step, frame, selections)?;
            let left = ready.iter().map(DataFrame::height).sum();
            self.run.counters.steps[at].add(height, left, start.elapsed());
            let Some(last) = ready.pop() else { return Ok(()) };
            for earlier in ready {
                self.push(at + 1, earlier, rows, place, selections, part)?;
            }
            frame = last;
        }
        if frame.height() == 0 {
            return Ok(());
        }
        let in_order = frame.columns().iter().map(Column::name).eq(self.stage.output.iter_names());
        if !in_order {
            frame = select(&frame, self.stage.output.iter_names())?;
        }
        self.run.counters.add(&self.run.counters.rows_out, frame.height() as u64);
        self.sink.take(part, Segment { frame, rows: rows.clone(), place: place.clone() })
    }

    fn step(
        &self,
        at: usize,
        step: &Step,
        mut frame: DataFrame,
        selections: &mut [Selection],
    ) -> Result<Vec<DataFrame>> {
        match &step.op {
            Op::Define { name, value } => {
                let column = value.values(&frame)?.with_name(name.clone());
                frame.with_column(column.into_column())?;
            }
            Op::Function { name, inputs, dtype, function } => {
                let column = function(&select(&frame, inputs.iter())?)?;
                if column.len() != frame.height() {
                    let text = format!(
                        "the function for `{name}` answered {} values for {} rows",
                        column.len(),
                        frame.height()
                    );
                    return Err(Error::request(text));
                }
                frame.with_column(column.cast(dtype)?.with_name(name.clone()).into_column())?;
            }
            Op::Candidates { keys, best, .. } => {
                let choice = self.choices.iter().position(|&step| step == at).unwrap_or_default();
                let chosen = selections[choice].feed(&frame, keys, best)?;
                return chosen.iter().map(|frame| select(frame, step.keep.iter())).collect();
            }
            Op::Custom(custom) => frame = custom.process(frame)?,
            filter_op => {
                let mask = filter_op.mask(&frame)?;
                return Ok(vec![filter(&frame, Some(&mask), &step.keep)?]);
            }
        }
        Ok(vec![select(&frame, step.keep.iter())?])
    }

    /// Columns of a unit, from the cache or the source.
    fn load(&self, source: &dyn Source, unit: &Unit, names: &[PlSmallStr]) -> Result<DataFrame> {
        let height = unit.local.len();
        let counters = self.run.counters;
        let mut found: Vec<Option<Column>> = vec![None; names.len()];
        for (segment, columns) in &unit.parts {
            let wanted: Vec<usize> = (0..names.len()).filter(|&at| columns.contains(&names[at])).collect();
            if wanted.is_empty() {
                continue;
            }
            counters.read.lock().insert(*segment);
            let identity = source.segments()[*segment].identity;
            let key = |at: usize| Key { identity, column: names[at].clone(), start: unit.local.start, rows: height };
            let mut missing = Vec::new();
            for at in wanted {
                match self.run.cache.and_then(|cache| cache.get(&key(at))) {
                    Some((column, tier)) => {
                        counters.add(if tier == Tier::Memory { &counters.hits_memory } else { &counters.hits_disk }, 1);
                        found[at] = Some(column);
                    }
                    None => missing.push(at),
                }
            }
            if missing.is_empty() {
                continue;
            }
            let asked: Vec<_> = missing.iter().map(|&at| names[at].clone()).collect();
            let start = Instant::now();
            let frame = source.read(*segment, &asked, unit.local.clone())?;
            let each = start.elapsed() / missing.len() as u32;
            let part = height as u64 * 1_000 / source.segments()[*segment].len().max(1) as u64;
            counters.add(&counters.bytes_read, source.stored(*segment, &asked) * part / 1_000);
            if self.run.cache.is_some() {
                counters.add(&counters.misses, missing.len() as u64);
            }
            for (&at, column) in missing.iter().zip(frame.columns()) {
                if let Some(cache) = self.run.cache {
                    cache.put(key(at), column, each);
                }
                found[at] = Some(column.clone());
            }
        }
        let columns = found.into_iter().zip(names).map(|(column, name)| match column {
            Some(column) => Ok(column),
            None if name == ROW => Ok(numbers(&unit.rows)),
            None => Err(segment::Error::column(name, source.schema().iter_names().map(PlSmallStr::as_str)).into()),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let width: u64 = columns.iter().map(|column| sources::width(column.dtype())).sum();
        counters.add(&counters.bytes_decoded, width * height as u64);
        Ok(DataFrame::new(height, columns)?)
    }

    /// Adds the row numbers, where they are wanted of what is no longer a source.
    fn numbered(&self, mut frame: DataFrame, unit: &Unit) -> Result<DataFrame> {
        if self.stage.columns.iter().any(|name| name == ROW) && frame.column(ROW).is_err() {
            frame.with_column(numbers(&unit.rows))?;
        }
        Ok(frame)
    }
}

fn numbers(rows: &Range<u64>) -> Column {
    UInt64Chunked::from_vec(ROW.into(), rows.clone().collect()).into_column()
}

/// Some columns of a frame.
fn select<'a>(frame: &DataFrame, names: impl Iterator<Item = &'a PlSmallStr>) -> Result<DataFrame> {
    let columns = names.map(|name| frame.column(name).cloned()).collect::<PolarsResult<Vec<_>>>()?;
    Ok(DataFrame::new(frame.height(), columns)?)
}

/// Some columns of the rows that pass, without leaving the thread.
fn filter(frame: &DataFrame, mask: Option<&BooleanChunked>, names: &[PlSmallStr]) -> Result<DataFrame> {
    let Some(mask) = mask else { return select(frame, names.iter()) };
    let left = mask.sum().unwrap_or(0) as usize;
    if left == frame.height() {
        return select(frame, names.iter());
    }
    let columns = names.iter().map(|name| {
        let column = frame.column(name)?.as_materialized_series();
        Ok(column.filter(mask)?.into_column())
    });
    Ok(DataFrame::new(left, columns.collect::<PolarsResult<Vec<_>>>()?)?)
}
