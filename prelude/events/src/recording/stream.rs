//! Events in order, in chunks that fit the memory.

use std::sync::Arc;

use crate::model::columns::{BYTES_PER_EVENT, Events, Trigger};
use crate::model::error::{EventError, Result};
use crate::model::memory::{MemoryProbe, SystemMemory};
use crate::model::progress::{Cancel, Meter, OnProgress, Progress};
use crate::model::report::Report;
use crate::model::select::Selection;
use crate::recording::collect::Placed;
use crate::recording::file::OpenFile;
use crate::recording::pass::{self, Pass};
use crate::recording::slot::Slot;

/// Chunks are never smaller.
const FEWEST: u64 = 100_000;
/// Chunks are never larger.
const MOST: u64 = 10_000_000;
/// Recordings with at most this many events are read in one piece.
const THRESHOLD: u64 = 5_000_000;

/// One piece or many?
///
/// ```
#[doc = include_str!("../example.txt")]
/// assert_eq!(recording.stream().plan().mode, events::Mode::Direct);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// All events at once: there are few.
    Direct,
    /// Chunk by chunk.
    Streaming,
}

/// What the streamer has decided, and from which numbers.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let plan: events::StreamPlan = recording.stream().plan();
/// assert!(plan.exact && plan.events == 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// Reads a recording chunk by chunk. Made by [`crate::Recording::stream`].
///
/// ```
#[doc = include_str!("../example.txt")]
/// let streamer: events::EventStreamer = recording.stream();
/// assert_eq!(streamer.collect()?.len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EventStreamer<'r> {
    file: &'r Arc<OpenFile>,
    selection: Selection,
    chunk_events: Option<u64>,
    memory_limit_mb: Option<u64>,
    threshold: u64,
    probe: Box<dyn MemoryProbe + 'r>,
    progress: Option<OnProgress<'r>>,
    cancel: Cancel,
}

impl<'r> EventStreamer<'r> {
    pub(crate) fn new(file: &'r Arc<OpenFile>) -> Self {
        Self {
            file,
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let early = events::Selection { time: Some((100, 120)), ..events::Selection::all() };
    /// assert_eq!(recording.stream().select(early).collect()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Events per chunk, instead of a number from the free memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let lengths: Vec<usize> = recording.stream().chunk_size(3).streaming_threshold(0).chunks()
    ///     .map(|chunk| Ok(chunk?.len())).collect::<events::Result<_>>()?;
    /// assert_eq!(lengths, [3, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chunk_size(mut self, events: u64) -> Self {
        self.chunk_events = Some(events.max(1));
        self
    }

    /// Memory it may use, instead of a quarter of what is free.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.stream().memory_limit_mb(64).plan().budget_bytes, 64 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn memory_limit_mb(mut self, megabytes: u64) -> Self {
        self.memory_limit_mb = Some(megabytes);
        self
    }

    /// Up to this many events are read in one piece (5 million unless told).
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// use events::Mode;
    /// assert_eq!(recording.stream().plan().mode, Mode::Direct);
    /// assert_eq!(recording.stream().streaming_threshold(0).plan().mode, Mode::Streaming);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn streaming_threshold(mut self, events: u64) -> Self {
        self.threshold = events;
        self
    }

    /// Who knows the free memory.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let little = recording.stream().memory_probe(events::FixedMemory(1 << 20)).plan();
    /// let much = recording.stream().memory_probe(events::FixedMemory(1 << 30)).plan();
    /// assert!(little.budget_bytes < much.budget_bytes);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn memory_probe(mut self, probe: impl MemoryProbe + 'r) -> Self {
        self.probe = Box::new(probe);
        self
    }

    /// Called at most ten times a second, and once at the end.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut calls = 0;
    /// recording.stream().progress(|_| calls += 1).for_each(|_| Ok(()))?;
    /// assert!(calls >= 1, "once at the end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn progress(mut self, call: impl FnMut(&Progress) + Send + 'r) -> Self {
        self.progress = Some(Box::new(call));
        self
    }

    /// Lets another thread stop the work.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let cancel = events::Cancel::new();
    /// cancel.cancel();
    /// assert!(recording.stream().cancel(cancel).collect().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// What it is going to do.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let plan = recording.stream().plan();
    /// assert_eq!((plan.mode, plan.events), (events::Mode::Direct, 4));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if let Some(index) = self.file.known_index() {
            return match (self.selection.time, self.file.known_shift()) {
                (Some((start, end)), Some(shift)) => {
                    let blocks = index.blocks_in(start.saturating_add(shift), end.saturating_add(shift));
                    (blocks.iter().map(|&block| index.entries[block].rows).sum(), false)
                }
                _ => (index.rows(), self.selection.is_all()),
            };
        }
        let codec = self.file.codec();
        match (0..codec.blocks()).map(|block| codec.rows(block)).sum::<Option<u64>>() {
            // Fewer where something is damaged and skipped.
            Some(rows) => (rows, self.selection.is_all() && !self.file.options().lenient),
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
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let report = recording.stream().for_each(|_events| Ok(()))?;
    /// assert_eq!(report.events, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_each(self, mut work: impl FnMut(&Events) -> Result<()>) -> Result<Report> {
        self.for_each_with_triggers(|events, _| work(events))
    }

    /// As [`EventStreamer::for_each`], with the triggers of the block.
    ///
    /// # Errors
    /// As [`EventStreamer::for_each`].
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut signals = 0;
    /// recording.stream().for_each_with_triggers(|_events, triggers| {
    ///     signals += triggers.len();
    ///     Ok(())
    /// })?;
    /// assert_eq!(signals, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_each_with_triggers(mut self, mut work: impl FnMut(&Events, &[Trigger]) -> Result<()>) -> Result<Report> {
        let (mut pass, mut meter) = self.start();
        while self.step(&mut pass, &mut meter, |slot| work(&slot.events, &slot.notes.triggers))?.is_some() {}
        Ok(pass.report().clone())
    }

    pub(super) fn start(&mut self) -> (Pass, Meter<'r>) {
        (Pass::new(self.file, self.selection.clone()), Meter::new(self.progress.take()))
    }

    /// The next block, given to `work`; `None` at the end.
    fn step<T>(
        &self,
        pass: &mut Pass,
        meter: &mut Meter<'_>,
        work: impl FnOnce(&mut Slot) -> Result<T>,
    ) -> Result<Option<T>> {
        self.check(pass.report().events)?;
        let done = pass.next()?.map(work).transpose()?;
        meter.tick(done.is_none(), pass.report().events, || pass.bytes());
        Ok(done)
    }

    /// `events`: delivered until now.
    pub(crate) fn check(&self, events: u64) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(EventError::Cancelled { events });
        }
        Ok(())
    }

    /// All events in one piece.
    ///
    /// # Errors
    /// When the file is damaged, somebody cancels, or the events need more memory than allowed.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.stream().collect()?, some);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn collect(mut self) -> Result<Events> {
        let plan = self.plan();
        // One allocation of the right size needs the number of events; for large files it pays to count first.
        if plan.mode == Mode::Streaming && !plan.exact && self.file.known_index().is_none() {
            pass::index(self.file)?;
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
        if let Some(placed) = Placed::plan(self.file, &self.selection)? {
            if placed.events().saturating_mul(BYTES_PER_EVENT) > budget {
                return Err(refuse(placed.events()));
            }
            let mut meter = Meter::new(self.progress.take());
            return placed.read(|events, at_end, bytes| {
                meter.tick(at_end, events, || bytes);
                self.check(events)
            });
        }
        let room = if plan.exact || self.file.known_index().is_some() { plan.events as usize } else { 0 };
        self.collect_into(room, budget, refuse)
    }

    fn collect_into(mut self, room: usize, budget: u64, refuse: impl Fn(u64) -> EventError) -> Result<Events> {
        // With a selection `room` is only an upper bound: what is not used is never touched, and given back at the end.
        let room = if room as u64 * BYTES_PER_EVENT > budget { 0 } else { room };
        let mut all = Events::default();
        all.reserve_large(room);
        let (mut pass, mut meter) = self.start();
        let mut append = |slot: &mut Slot| {
            let len = all.len() + slot.events.len();
            if len as u64 * BYTES_PER_EVENT > budget {
                return Err(refuse(len as u64));
            }
            all.append(&slot.events);
            Ok(())
        };
        while self.step(&mut pass, &mut meter, &mut append)?.is_some() {}
        all.give_back_spare();
        Ok(all)
    }
}
