//! Runs a stage: workers take morsels of units in order and fill a part each; parts are joined in order.
//!
//! The thread that asks is a worker; the others are borrowed from rayon's pool, and never wait inside it: where memory
//! is short they go home, and the one that asks does the rest.

use crate::error::{Error, Result};
use crate::memory::cache::Cache;
use crate::memory::gate::{MemoryGate, Reservation};
use crate::operators::one_per_event::{KeyOrder, OpenRun, Selection};
use crate::plan::options::Options;
use crate::report::counters::Counters;
use crate::report::timeline::Timeline;
use crate::run::checkpoint::{CheckpointWriter, Saved};
use crate::run::expected::Ahead;
use crate::run::fused::Together;
use crate::run::input::Input;
use crate::run::lengths::placed;
use crate::run::queue::{Queue, Turn};
use crate::run::stage::{Op, Stage, Unit};
use crate::sink::Sink;
use crate::sync::{Mutex, MutexGuard};
use polars::prelude::*;
use segment::Place;
use segment::work::Task;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Rows up to which a query is not worth a second thread.
const SMALL: u64 = 30_000;

/// What a running stage needs.
pub(crate) struct Run<'a> {
    pub options: &'a Options,
    pub cache: Option<&'a Cache>,
    pub counters: &'a Counters,
    pub timeline: &'a Timeline,
    pub task: &'a Task,
    pub total_rows: u64,
    /// Where what is joined is kept.
    pub keeper: Option<&'a CheckpointWriter<'a>>,
}

/// What a stage leaves: the terminal's part, and of each choice of candidates what is known of its keys.
pub(crate) struct Outcome<P> {
    pub part: P,
    pub ascents: Vec<KeyOrder>,
    /// Rows that an earlier process had done.
    pub resumed: u64,
}

/// Runs a stage over units.
pub(crate) fn execute<S: Sink>(
    run: &Run<'_>,
    input: Input<'_>,
    units: &[Unit],
    stage: &Stage,
    sink: &S,
) -> Result<Outcome<S::Part>> {
    let mut worker = Worker::new(run, input, units, stage, sink);
    worker.resume()?;
    let rows: u64 = units.iter().map(|unit| unit.rows.end - unit.rows.start).sum();
    let threads = if rows <= SMALL { 1 } else { run.options.threads.min(worker.morsels.len()).max(1) };
    if threads == 1 {
        worker.guard(0);
    } else {
        rayon::in_place_scope(|scope| {
            let worker = &worker;
            for number in 1..threads {
                scope.spawn(move |_| worker.guard(number));
            }
            worker.guard(0);
        });
        // What helpers gave back after this thread had left.
        worker.guard(0);
    }
    worker.finish()
}

pub(crate) struct Worker<'a, S: Sink> {
    pub run: &'a Run<'a>,
    pub input: Input<'a>,
    pub units: &'a [Unit],
    pub stage: &'a Stage,
    pub sink: &'a S,
    morsels: Vec<Range<usize>>,
    /// Steps that choose candidates.
    pub choices: Vec<usize>,
    /// Filters at the beginning, which are asked before other columns are read.
    pub lead: usize,
    /// Names of the steps, of reading and of the terminal, for the timeline.
    pub names: Vec<Arc<str>>,
    pub reading: Arc<str>,
    pub answering: Arc<str>,
    /// What steps that stand side by side share.
    pub together: Together,
    /// What the source has been told to expect.
    ahead: Ahead,
    /// Rows that an earlier process had done.
    pub resumed: u64,
    queue: Queue<Morsel<S::Part>, Error>,
    joined: Mutex<Joined<S::Part>>,
}

/// A morsel in work.
pub(crate) struct Morsel<P> {
    at: usize,
    units: Range<usize>,
    pub part: P,
    pub selections: Vec<Selection>,
}

struct Joined<P> {
    waiting: BTreeMap<usize, (P, Vec<Selection>)>,
    next: usize,
    /// Whether a morsel has been joined in part.
    torn: bool,
    whole: P,
    selections: Vec<Selection>,
}

/// The choices of a stage, which know how all candidates of an event become a row.
fn with_events(mut selections: Vec<Selection>, stage: &Stage, choices: &[usize]) -> Vec<Selection> {
    for (selection, &at) in selections.iter_mut().zip(choices) {
        selection.events = stage.steps[at].op.events();
    }
    selections
}

impl<'a, S: Sink> Worker<'a, S> {
    fn new(run: &'a Run<'a>, input: Input<'a>, units: &'a [Unit], stage: &'a Stage, sink: &'a S) -> Self {
        let count = sink.morsels().min(units.len()).max(1);
        let morsels = (0..count).map(|at| at * units.len() / count..(at + 1) * units.len() / count).collect();
        let steps = stage.steps.iter().enumerate();
        let choices: Vec<usize> =
            steps.filter(|(_, step)| matches!(step.op, Op::Candidates { .. })).map(|(at, _)| at).collect();
        let selections = choices.iter().map(|_| Selection::joining()).collect();
        let selections = with_events(selections, stage, &choices);
        let lead = stage.steps.iter().take_while(|step| step.op.is_filter()).count();
        Self {
            together: Together::new(&stage.steps, lead),
            reading: "read".into(),
            answering: "answer".into(),
            lead,
            names: stage.steps.iter().map(|step| step.name.as_str().into()).collect(),
            ahead: Ahead::new(input, units.len(), run.options),
            resumed: 0,
            queue: Queue::new(0, count),
            joined: Mutex::new(Joined {
                waiting: BTreeMap::new(),
                next: 0,
                torn: false,
                whole: sink.part(),
                selections,
            }),
            run,
            input,
            units,
            stage,
            sink,
            morsels,
            choices,
        }
    }

    /// Goes on where an earlier process was.
    fn resume(&mut self) -> Result<()> {
        let Some(keeper) = self.run.keeper else { return Ok(()) };
        let Some(saved) = keeper.load(self.sink, self.choices.len())? else { return Ok(()) };
        let next = saved.next.min(self.morsels.len());
        let done = self.morsels[..next].last().map_or(0, |last| last.end);
        self.resumed = self.units[..done].iter().map(|unit| unit.rows.end - unit.rows.start).sum();
        self.queue = Queue::new(next, self.morsels.len());
        let Saved { part: whole, selections, .. } = saved;
        let selections = with_events(selections, self.stage, &self.choices);
        self.joined = Mutex::new(Joined { waiting: BTreeMap::new(), next, torn: false, whole, selections });
        Ok(self.run.task.advance(self.resumed, 0)?)
    }

    /// Works, and turns a panic of a step of the user's own into an error.
    fn guard(&self, number: usize) {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.work(number))).is_err() {
            self.queue.fail(usize::MAX, Error::request("a step of the query panicked; its message is above"));
            self.queue.close();
        }
    }

    fn work(&self, number: usize) {
        while let Some(turn) = self.queue.take() {
            let (at, morsel) = match turn {
                Turn::Rest(at, morsel) => (at, morsel),
                Turn::New(at) => (at, self.begin(at)),
            };
            match self.morsel(number, morsel) {
                Ok(None) => {}
                Ok(Some(rest)) => return self.queue.give_back(at, rest),
                Err(error) => self.queue.fail(at, error),
            }
        }
    }

    fn begin(&self, at: usize) -> Morsel<S::Part> {
        let selections = self.choices.iter().map(|_| Selection::default()).collect();
        Morsel { at, units: self.morsels[at].clone(), part: self.sink.part(), selections }
    }

    /// Works through a morsel; gives back what a helper has no memory for.
    fn morsel(&self, number: usize, mut morsel: Morsel<S::Part>) -> Result<Option<Morsel<S::Part>>> {
        while let Some(at) = morsel.units.next() {
            if !self.queue.wants(morsel.at) {
                return Ok(None);
            }
            let unit = &self.units[at];
            let Some(room) = self.room(number, unit.bytes)? else {
                morsel.units.start = at;
                return Ok(Some(morsel));
            };
            self.expect(at, morsel.units.clone());
            self.unit(number, at, &mut morsel).map_err(|error| placed(error, self.input, unit))?;
            drop(room);
        }
        self.put(morsel)?;
        Ok(None)
    }

    /// Lets the source know what this worker is going to ask for: the rest of its morsel, then units that no worker has begun.
    fn expect(&self, at: usize, rest: Range<usize>) {
        if !self.ahead.is_of_use() {
            return;
        }
        let next = self.queue.next();
        let later = self.morsels[next..].first().map_or(0..0, |first| first.start..self.units.len());
        let mut bytes = 0;
        // What it reads now is read best by itself.
        self.ahead.first_time(at);
        for unit in rest.chain(later).take(Ahead::UNITS) {
            bytes += self.units[unit].bytes;
            if bytes > self.ahead.bytes {
                return;
            }
            if self.ahead.first_time(unit) {
                self.expect_unit(unit);
            }
        }
    }

    fn room(&self, number: usize, bytes: u64) -> Result<Option<Reservation<'static>>> {
        let (budget, counters) = (self.run.options.memory_budget, self.run.counters);
        if number > 0 {
            return Ok(MemoryGate::shared().try_enter(bytes, budget, counters));
        }
        MemoryGate::shared().enter(bytes, budget, counters).map(Some)
    }

    /// Joins what is complete up to here.
    fn put(&self, morsel: Morsel<S::Part>) -> Result<()> {
        let mut joined = self.joined.lock();
        joined.waiting.insert(morsel.at, (morsel.part, morsel.selections));
        while let Some((part, selections)) = {
            let next = joined.next;
            joined.waiting.remove(&next)
        } {
            joined.torn = true;
            self.join(&mut joined, part, selections)?;
            joined.torn = false;
            joined.next += 1;
            if self.sink.enough(&joined.whole) {
                self.queue.close();
                return Ok(());
            }
        }
        self.keep(joined, false)
    }

    /// Keeps what is joined, when it is time or the last time; no worker waits for the write.
    fn keep(&self, joined: MutexGuard<'_, Joined<S::Part>>, last: bool) -> Result<()> {
        let next = joined.next;
        let due = |keeper: &&CheckpointWriter<'_>| !joined.torn && keeper.is_due(next, last);
        let Some(keeper) = self.run.keeper.filter(due) else { return Ok(()) };
        let bytes = keeper.bytes(self.sink, next, &joined.whole, &joined.selections)?;
        drop(joined);
        keeper.write(next, &bytes);
        Ok(())
    }

    /// Adds the next morsel: first the run that may have begun before it, then what was decided inside.
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

    fn feed_held(&self, joined: &mut Joined<S::Part>, choice: usize, held: OpenRun) -> Result<()> {
        let row = joined.selections[choice].feed_held(held)?;
        self.push_border(joined, choice, row)
    }

    fn push_border(&self, joined: &mut Joined<S::Part>, choice: usize, row: Option<DataFrame>) -> Result<()> {
        let Some(row) = row else { return Ok(()) };
        let mut morsel =
            Morsel { at: 0, units: 0..0, part: self.sink.part(), selections: std::mem::take(&mut joined.selections) };
        let pushed = self.push(None, self.choices[choice] + 1, row, &(0..1), &Arc::new(Place::memory()), &mut morsel);
        joined.selections = morsel.selections;
        pushed?;
        self.sink.merge(&mut joined.whole, morsel.part)
    }

    fn finish(self) -> Result<Outcome<S::Part>> {
        self.run.counters.objects.lock().extend(self.together.looked_at(&self.stage.steps));
        // Whatever has happened behind what is joined; and where keys come back, other passes follow.
        self.keep(self.joined.lock(), true)?;
        if let Some(error) = self.queue.failure() {
            return Err(error);
        }
        let mut joined = self.joined.lock();
        for choice in 0..self.choices.len() {
            let row = joined.selections[choice].close();
            self.push_border(&mut joined, choice, row)?;
        }
        let ascents = joined.selections.iter_mut().map(|selection| std::mem::take(&mut selection.ascents)).collect();
        let part = std::mem::replace(&mut joined.whole, self.sink.part());
        Ok(Outcome { part, ascents, resumed: self.resumed })
    }
}
