//! Events in order, in chunks that fit the memory.

use rayon::prelude::*;

use crate::chunks::Chunks;
use crate::columns::{BYTES_PER_EVENT, Events, Trigger};
use crate::error::{EventError, Result};
use crate::memory::{MemoryProbe, SystemMemory};
use crate::pass::{Pass, Report};
use crate::progress::{Cancel, Meter, OnProgress, Progress};
use crate::recording::Recording;
use crate::select::Selection;

/// Chunks are never smaller.
const FEWEST: u64 = 100_000;
/// Chunks are never larger.
const MOST: u64 = 10_000_000;
/// Recordings with at most this many events are read in one piece.
const THRESHOLD: u64 = 5_000_000;

/// One piece or many?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All events at once: there are few.
    Direct,
    /// Chunk by chunk.
    Streaming,
}

/// What the streamer has decided, and from which numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// One piece or many.
    pub mode: Mode,
    /// Events per chunk.
    pub chunk_events: u64,
    /// Memory it may use, bytes.
    pub budget_bytes: u64,
    /// Number of events; at most so many when `exact` is false.
    pub events: u64,
    /// Is the number known, not estimated?
    pub exact: bool,
}

/// Reads a recording chunk by chunk. Made by [`Recording::stream`].
pub struct EventStreamer<'r> {
    recording: &'r Recording,
    selection: Selection,
    chunk_events: Option<u64>,
    memory_limit_mb: Option<u64>,
    threshold: u64,
    probe: Box<dyn MemoryProbe + 'r>,
    progress: Option<OnProgress<'r>>,
    cancel: Cancel,
}

impl<'r> EventStreamer<'r> {
    pub(crate) fn new(recording: &'r Recording) -> Self {
        Self {
            recording,
            selection: Selection::default(),
            chunk_events: None,
            memory_limit_mb: None,
            threshold: THRESHOLD,
            probe: Box::new(SystemMemory),
            progress: None,
            cancel: Cancel::default(),
        }
    }

    /// Only the events that are wanted.
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Events per chunk, instead of a number from the free memory.
    pub fn chunk_size(mut self, events: u64) -> Self {
        self.chunk_events = Some(events.max(1));
        self
    }

    /// Memory it may use, instead of a quarter of what is free.
    pub fn memory_limit_mb(mut self, megabytes: u64) -> Self {
        self.memory_limit_mb = Some(megabytes);
        self
    }

    /// Up to this many events are read in one piece (5 million unless told).
    pub fn streaming_threshold(mut self, events: u64) -> Self {
        self.threshold = events;
        self
    }

    /// Who knows the free memory.
    pub fn memory_probe(mut self, probe: impl MemoryProbe + 'r) -> Self {
        self.probe = Box::new(probe);
        self
    }

    /// Called at most ten times a second, and once at the end.
    pub fn progress(mut self, call: impl FnMut(&Progress) + Send + 'r) -> Self {
        self.progress = Some(Box::new(call));
        self
    }

    /// Lets somebody else stop the work.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// What it is going to do.
    pub fn plan(&self) -> StreamPlan {
        let budget_bytes = match self.memory_limit_mb {
            Some(megabytes) => megabytes.saturating_mul(1 << 20),
            None => self.probe.available_bytes() / 4,
        };
        let (events, exact) = self.events();
        // A chunk is filled while the one before it is still in use.
        let adaptive = (budget_bytes / (BYTES_PER_EVENT * 2)).clamp(FEWEST, MOST);
        let fits = events.saturating_mul(BYTES_PER_EVENT) <= budget_bytes;
        let mode = if events <= self.threshold && fits && self.chunk_events.is_none() {
            Mode::Direct
        } else {
            Mode::Streaming
        };
        let chunk_events = match (self.chunk_events, mode) {
            (Some(asked), _) => asked,
            (None, Mode::Direct) => events.max(1),
            (None, Mode::Streaming) => adaptive,
        };
        StreamPlan { mode, chunk_events, budget_bytes, events, exact }
    }

    fn events(&self) -> (u64, bool) {
        if let Some(index) = self.recording.known_index() {
            return match (self.selection.time, self.recording.shift_if_known()) {
                (Some((start, end)), Some(shift)) => {
                    let blocks = index.blocks_in(start.saturating_add(shift), end.saturating_add(shift));
                    (blocks.iter().map(|&block| index.entries[block].rows).sum(), false)
                }
                _ => (index.rows(), self.selection.is_all()),
            };
        }
        let codec = self.recording.codec();
        match (0..codec.blocks()).map(|block| codec.rows(block)).sum::<Option<u64>>() {
            Some(rows) => (rows, self.selection.is_all()),
            // No format needs less than a byte per event for long; most need four.
            None => (
                (0..codec.blocks()).map(|block| codec.span(block).end - codec.span(block).start).sum::<u64>() / 2,
                false,
            ),
        }
    }

    /// Calls `work` with the events of block after block, in order; the buffers are used again and again.
    ///
    /// # Errors
    /// When the file is damaged, somebody cancels, or `work` fails.
    pub fn for_each(self, mut work: impl FnMut(&Events) -> Result<()>) -> Result<Report> {
        self.for_each_with_triggers(|events, _| work(events))
    }

    /// As [`EventStreamer::for_each`], with the triggers of the block.
    ///
    /// # Errors
    /// As [`EventStreamer::for_each`].
    pub fn for_each_with_triggers(mut self, mut work: impl FnMut(&Events, &[Trigger]) -> Result<()>) -> Result<Report> {
        let mut pass = Pass::new(self.recording, self.selection.clone(), self.recording.width());
        let mut meter = Meter::new(self.progress.take());
        loop {
            self.check(&pass)?;
            let filled = pass.advance()?;
            meter.tick(&pass, filled == 0);
            if filled == 0 {
                return Ok(pass.report().clone());
            }
            for slot in &mut pass.slots()[..filled] {
                work(&slot.events, &slot.notes.triggers)?;
            }
        }
    }

    /// Calls `map` on the blocks in parallel and `reduce` on what it gives, in order.
    ///
    /// For work that costs more than decoding: a block is decoded, mapped and reduced while it is in the processor's cache.
    ///
    /// # Errors
    /// As [`EventStreamer::for_each`].
    pub fn map_reduce<T: Send>(
        mut self,
        map: impl Fn(&Events) -> T + Send + Sync,
        mut reduce: impl FnMut(T) -> Result<()>,
    ) -> Result<Report> {
        let mut pass = Pass::new(self.recording, self.selection.clone(), self.recording.width());
        let mut meter = Meter::new(self.progress.take());
        loop {
            self.check(&pass)?;
            let filled = pass.advance()?;
            meter.tick(&pass, filled == 0);
            if filled == 0 {
                return Ok(pass.report().clone());
            }
            let mapped: Vec<T> = pass.slots()[..filled].par_iter().map(|slot| map(&slot.events)).collect();
            mapped.into_iter().try_for_each(&mut reduce)?;
        }
    }

    pub(crate) fn check(&self, pass: &Pass<'_>) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(EventError::Cancelled { events: pass.report().events });
        }
        Ok(())
    }

    /// Chunks of at most [`StreamPlan::chunk_events`] events, each with memory of its own.
    pub fn chunks(self) -> Chunks<'r> {
        self.iterator(false)
    }

    /// The events of block after block as they are decoded, each with memory of its own: nothing is copied.
    pub fn blocks(self) -> Chunks<'r> {
        self.iterator(true)
    }

    fn iterator(mut self, as_decoded: bool) -> Chunks<'r> {
        let pass = Pass::new(self.recording, self.selection.clone(), self.recording.width());
        let meter = Meter::new(self.progress.take());
        Chunks::new(self, pass, meter, as_decoded)
    }

    /// All events in one piece.
    ///
    /// # Errors
    /// When the file is damaged, somebody cancels, or the events need more memory than allowed.
    pub fn collect(self) -> Result<Events> {
        let plan = self.plan();
        // One allocation of the right size needs the number of events; for large files it pays to count first.
        if plan.mode == Mode::Streaming && !plan.exact && self.recording.known_index().is_none() {
            self.recording.index()?;
        }
        let plan = self.plan();
        let budget = match self.memory_limit_mb {
            Some(_) => plan.budget_bytes,
            // What is asked for in one piece may take more than a stream does, but not everything.
            None => plan.budget_bytes.saturating_mul(4) / 10 * 9,
        };
        let refuse = |events: u64| EventError::Memory {
            events,
            needed_mb: events.saturating_mul(BYTES_PER_EVENT).div_ceil(1 << 20),
            budget_mb: budget >> 20,
        };
        if plan.exact && plan.events.saturating_mul(BYTES_PER_EVENT) > budget {
            return Err(refuse(plan.events));
        }
        let room = if plan.exact || self.recording.known_index().is_some() { plan.events as usize } else { 0 };
        self.collect_into(room, budget, refuse)
    }

    fn collect_into(mut self, room: usize, budget: u64, refuse: impl Fn(u64) -> EventError) -> Result<Events> {
        let mut pass = Pass::new(self.recording, self.selection.clone(), self.recording.width());
        let mut meter = Meter::new(self.progress.take());
        // With a selection `room` is only an upper bound: what is not used is never touched, and given back at the end.
        let room = if room as u64 * BYTES_PER_EVENT > budget { 0 } else { room };
        let mut all = Events { t: vec![0; room], x: vec![0; room], y: vec![0; room], polarity: vec![0; room] };
        let mut len = 0;
        loop {
            self.check(&pass)?;
            let filled = pass.advance()?;
            meter.tick(&pass, filled == 0);
            if filled == 0 {
                break;
            }
            let blocks: Vec<&Events> = pass.slots()[..filled].iter().map(|slot| &slot.events).collect();
            let more: usize = blocks.iter().map(|block| block.len()).sum();
            if (len + more) as u64 * BYTES_PER_EVENT > budget {
                return Err(refuse((len + more) as u64));
            }
            if len + more <= all.len() {
                copy_in_parallel(&mut all, len, &blocks);
            } else {
                all.truncate(len);
                blocks.iter().for_each(|block| all.append(block));
            }
            len += more;
        }
        all.truncate(len);
        if all.t.capacity() > len + len / 8 {
            all.t.shrink_to_fit();
            all.x.shrink_to_fit();
            all.y.shrink_to_fit();
            all.polarity.shrink_to_fit();
        }
        Ok(all)
    }
}

/// Fresh memory costs more than decoding: its pages are taken by all threads.
fn copy_in_parallel(all: &mut Events, at: usize, blocks: &[&Events]) {
    let mut parts = Vec::with_capacity(blocks.len());
    let (mut t, mut x, mut y, mut p) = (&mut all.t[at..], &mut all.x[at..], &mut all.y[at..], &mut all.polarity[at..]);
    for block in blocks {
        let (t0, t1) = t.split_at_mut(block.len());
        let (x0, x1) = x.split_at_mut(block.len());
        let (y0, y1) = y.split_at_mut(block.len());
        let (p0, p1) = p.split_at_mut(block.len());
        parts.push((*block, t0, x0, y0, p0));
        (t, x, y, p) = (t1, x1, y1, p1);
    }
    parts.into_par_iter().for_each(|(block, t, x, y, p)| {
        t.copy_from_slice(&block.t);
        x.copy_from_slice(&block.x);
        y.copy_from_slice(&block.y);
        p.copy_from_slice(&block.polarity);
    });
}
