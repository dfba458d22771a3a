//! The events of a recording, chunk by chunk.

use std::collections::VecDeque;

use crate::model::columns::Events;
use crate::model::error::Result;
use crate::model::progress::Meter;
use crate::model::report::Report;
use crate::recording::pass::Pass;
use crate::recording::stream::{EventStreamer, StreamPlan};

impl<'r> EventStreamer<'r> {
    /// Chunks of at most [`StreamPlan::chunk_events`] events, each with memory of its own.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let whole = recording.stream().chunks().next().unwrap()?;
    /// assert_eq!(whole.len(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chunks(self) -> Chunks<'r> {
        self.iterator(false)
    }

    /// The events of block after block as they are decoded, each with memory of its own: nothing is copied.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert_eq!(recording.stream().blocks().count(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blocks(self) -> Chunks<'r> {
        self.iterator(true)
    }

    fn iterator(mut self, as_decoded: bool) -> Chunks<'r> {
        let (pass, meter) = self.start();
        Chunks::new(self, pass, meter, as_decoded)
    }
}

/// Iterator over chunks. Made by [`EventStreamer::chunks`].
///
/// ```
#[doc = include_str!("../example.txt")]
/// let chunks: events::Chunks = recording.stream().chunk_size(2).streaming_threshold(0).chunks();
/// let rows: usize = chunks.map(|chunk| chunk.map(|events| events.len())).sum::<Result<usize, _>>()?;
/// assert_eq!(rows, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Chunks<'r> {
    streamer: EventStreamer<'r>,
    pass: Pass,
    meter: Meter<'r>,
    plan: StreamPlan,
    /// Decoded blocks that are not given out yet.
    waiting: VecDeque<Events>,
    ready: usize,
    done: bool,
    as_decoded: bool,
}

impl<'r> Chunks<'r> {
    pub(crate) fn new(streamer: EventStreamer<'r>, pass: Pass, meter: Meter<'r>, as_decoded: bool) -> Self {
        let plan = streamer.plan();
        Self { streamer, pass, meter, plan, waiting: VecDeque::new(), ready: 0, done: false, as_decoded }
    }

    /// What was decided.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let chunks = recording.stream().chunk_size(2).streaming_threshold(0).chunks();
    /// assert_eq!(chunks.plan().chunk_events, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan(&self) -> StreamPlan {
        self.plan
    }

    /// What was noticed until now.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut chunks = recording.stream().chunks();
    /// while let Some(chunk) = chunks.next() {
    ///     chunk?;
    /// }
    /// assert_eq!(chunks.report().events, 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn report(&self) -> &Report {
        self.pass.report()
    }

    fn fill(&mut self) -> Result<()> {
        let enough = if self.as_decoded { 1 } else { self.plan.chunk_events };
        while !self.done && (self.ready as u64) < enough {
            self.streamer.check(self.pass.report().events)?;
            let events = self.pass.next()?.map(|slot| std::mem::take(&mut slot.events));
            self.done = events.is_none();
            self.meter.tick(self.done, self.pass.report().events, || self.pass.bytes());
            if let Some(events) = events.filter(|events| !events.is_empty()) {
                self.ready += events.len();
                self.waiting.push_back(events);
            }
        }
        Ok(())
    }

    /// The first `count` events that wait.
    fn take(&mut self, count: usize) -> Events {
        let first = self.waiting.pop_front().unwrap_or_default();
        self.ready -= first.len().min(self.ready);
        let mut chunk = first;
        if chunk.len() < count {
            chunk.reserve(count - chunk.len());
        }
        while chunk.len() < count {
            let Some(next) = self.waiting.pop_front() else { break };
            self.ready -= next.len();
            chunk.append(&next);
        }
        if chunk.len() > count {
            let mut rest = Events::default();
            rest.t.extend_from_slice(&chunk.t[count..]);
            rest.x.extend_from_slice(&chunk.x[count..]);
            rest.y.extend_from_slice(&chunk.y[count..]);
            rest.polarity.extend_from_slice(&chunk.polarity[count..]);
            chunk.truncate(count);
            self.ready += rest.len();
            self.waiting.push_front(rest);
        }
        chunk
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Events>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.fill() {
            self.done = true;
            self.waiting.clear();
            self.ready = 0;
            return Some(Err(error));
        }
        let most =
            if self.as_decoded { self.waiting.front().map_or(0, Events::len) } else { self.plan.chunk_events as usize };
        let count = self.ready.min(most);
        (count > 0).then(|| Ok(self.take(count)))
    }
}
