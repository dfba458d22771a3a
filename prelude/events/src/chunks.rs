//! Events as an iterator of chunks.

use std::collections::VecDeque;

use crate::columns::Events;
use crate::error::Result;
use crate::pass::{Pass, Report};
use crate::progress::Meter;
use crate::stream::{EventStreamer, StreamPlan};

/// Iterator over chunks. Made by [`EventStreamer::chunks`].
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
    pub fn plan(&self) -> StreamPlan {
        self.plan
    }

    /// What was noticed until now.
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
