//! Blocks decoded by several threads and given out in order.
//!
//! The thread that wants the next block decodes as well while it is not ready; helpers are tasks of rayon's pool. Nobody waits for
//! a round to end: the only order is that of the states, which go from block to block when both are decoded.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::codec::Checkpoint;
use crate::model::error::Result;
use crate::model::select::Selection;
use crate::recording::file::OpenFile;
use crate::recording::index::BlockIndex;
use crate::recording::slot::Slot;

/// Blocks that wait or are being made, per thread: more would leave the cache of their thread.
const PER_THREAD: usize = 2;

/// What is decoded, and how.
pub(crate) struct Task {
    pub(crate) file: Arc<OpenFile>,
    pub(crate) blocks: Arc<[usize]>,
    pub(crate) selection: Selection,
    pub(crate) shift: i64,
    pub(crate) threads: usize,
    /// With it the state at the start of every block is known.
    pub(crate) index: Option<Arc<BlockIndex>>,
}

/// The blocks of a task, one after the other.
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    next: usize,
}

struct Shared {
    task: Task,
    state: Mutex<State>,
    changed: Condvar,
}

/// Numbers are places in the list of blocks.
#[derive(Default)]
struct State {
    /// Blocks before it are being made, or are made.
    claimed: usize,
    /// Blocks before it have been put right.
    righted: usize,
    /// Block and state where the last of them ended.
    before: Option<(usize, Checkpoint)>,
    /// Blocks before it have been given out.
    given: usize,
    /// The first that could not be made: none after it is asked for.
    failed: Option<usize>,
    done: BTreeMap<usize, Result<Slot>>,
    spare: Vec<Slot>,
    helpers: usize,
    /// Nobody asks any more.
    stopped: bool,
    panic: Option<Box<dyn Any + Send>>,
}

impl Pipeline {
    pub(crate) fn new(task: Task) -> Self {
        Self { shared: Arc::new(Shared { task, state: Mutex::default(), changed: Condvar::new() }), next: 0 }
    }

    /// The next block, in order; `None` after the last or an error.
    pub(crate) fn next(&mut self) -> Option<Result<Slot>> {
        if self.next == self.shared.task.blocks.len() {
            return None;
        }
        self.call_helpers();
        loop {
            let mut state = self.shared.lock();
            if let Some(panic) = state.panic.take() {
                drop(state);
                resume_unwind(panic);
            }
            if let Some(done) = state.done.remove(&self.next) {
                self.next = if done.is_ok() { self.next + 1 } else { self.shared.task.blocks.len() };
                state.given = self.next;
                return Some(done);
            }
            match state.claim(&self.shared.task) {
                Some(place) => {
                    drop(state);
                    self.shared.make(place);
                }
                None => drop(self.shared.wait(state)),
            }
        }
    }

    /// Takes back a block that is not needed any more: its memory is used again.
    pub(crate) fn give_back(&self, mut slot: Slot) {
        slot.empty();
        self.shared.lock().spare.push(slot);
    }

    fn call_helpers(&self) {
        let mut state = self.shared.lock();
        while state.helpers + 1 < self.shared.task.threads && state.may_claim(&self.shared.task) > state.helpers {
            state.helpers += 1;
            let shared = Arc::clone(&self.shared);
            rayon::spawn(move || shared.help());
        }
    }
}

impl Drop for Pipeline {
    /// Helpers finish the block they are at, and no other.
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
    }
}

impl State {
    /// How many blocks may be begun now.
    fn may_claim(&self, task: &Task) -> usize {
        let window = if task.threads > 1 { task.threads * PER_THREAD } else { 1 };
        if self.stopped || self.failed.is_some() {
            return 0;
        }
        task.blocks.len().min(self.given + window).saturating_sub(self.claimed)
    }

    fn claim(&mut self, task: &Task) -> Option<usize> {
        if self.may_claim(task) == 0 {
            return None;
        }
        self.claimed += 1;
        Some(self.claimed - 1)
    }

    /// The state before `block`, when the block before it was the last.
    fn before(&self, block: usize) -> Option<Checkpoint> {
        self.before.filter(|(last, _)| last + 1 == block).map(|(_, state)| state)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes blocks while there is room for more; a task that waited for room would hold a thread that others may need.
    fn help(&self) {
        loop {
            let place = {
                let mut state = self.lock();
                match state.claim(&self.task) {
                    Some(place) => place,
                    None => {
                        state.helpers -= 1;
                        return;
                    }
                }
            };
            // A panic in a task would end the process; here it goes on where the block is asked for.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.make(place))) {
                let mut state = self.lock();
                (state.panic, state.stopped) = (Some(panic), true);
                state.helpers -= 1;
                drop(state);
                return self.changed.notify_all();
            }
        }
    }

    fn make(&self, place: usize) {
        let block = self.task.blocks[place];
        let (mut slot, start) = {
            let mut state = self.lock();
            let known = match &self.task.index {
                Some(index) => index.entries.get(block).map(|entry| entry.start),
                None if state.righted == place => state.before(block),
                None => None,
            };
            (state.spare.pop().unwrap_or_default(), known)
        };
        let decoded = slot.decode(&self.task.file, block, start);
        let made = match decoded.and_then(|()| self.put_right(place, &mut slot)) {
            Ok(true) => {
                slot.finish(&self.task.file, self.task.shift, &self.task.selection);
                Ok(slot)
            }
            // Nobody will ask for this block.
            Ok(false) => return,
            Err(error) => Err(error),
        };
        let mut state = self.lock();
        if made.is_err() {
            state.failed = Some(state.failed.map_or(place, |failed| failed.min(place)));
        }
        state.done.insert(place, made);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until the block before is right, takes its state, and hands on its own; `false` when that will never be.
    fn put_right(&self, place: usize, slot: &mut Slot) -> Result<bool> {
        if self.task.index.is_some() {
            slot.put_right(&self.task.file, None)?;
            return Ok(true);
        }
        let mut state = self.lock();
        while state.righted != place {
            if state.stopped || state.failed.is_some_and(|failed| failed < place) {
                return Ok(false);
            }
            state = self.wait(state);
        }
        let before = state.before(slot.block);
        drop(state);
        let end = slot.put_right(&self.task.file, before)?;
        let mut state = self.lock();
        state.before = Some((slot.block, end));
        state.righted += 1;
        drop(state);
        self.changed.notify_all();
        Ok(true)
    }
}
