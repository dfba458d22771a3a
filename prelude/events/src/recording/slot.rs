//! A block in the making: decoded, put right with what came before it, finished by the rules of the reader.

use crate::bytes::Scratch;
use crate::codec::stats::Stats;
use crate::codec::{Checkpoint, End, Notes, Sink};
use crate::decode::evt3::UNKNOWN_X;
use crate::model::columns::{Events, Geometry};
use crate::model::error::{EventError, Result};
use crate::model::options::{Flip, PolarityRule};
use crate::model::select::Selection;
use crate::recording::file::OpenFile;
use crate::recording::index::BlockEntry;

/// Decoders reserve more than they write: so many events are enough for any of them.
const SLACK: usize = 4096;

/// A block; its memory is used again for later blocks.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) events: Events,
    pub(crate) notes: Notes,
    pub(crate) block: usize,
    /// What the overflows before the block add.
    pub(crate) add: i64,
    pub(crate) entry: BlockEntry,
    pub(crate) stats: Stats,
    pub(crate) outside: u64,
    scratch: Scratch,
    /// What the state at the start was; `None` when it was told from the bytes before, with `offset` 0.
    start: Option<Checkpoint>,
    end: Option<End>,
    /// Events in the block before: so many are likely again.
    usual: usize,
}

impl Slot {
    /// Ready for another block. The thread that gives blocks out does this: memory that one thread takes and another gives back
    /// is taken from the system every time.
    pub(crate) fn empty(&mut self) {
        self.events.clear();
        self.events.reserve(self.usual);
    }

    /// Decodes a block from `start`; without one, from what the bytes before it tell.
    pub(crate) fn decode(&mut self, file: &OpenFile, block: usize, start: Option<Checkpoint>) -> Result<()> {
        (self.block, self.start) = (block, start);
        self.events.clear();
        self.notes.clear();
        self.stats = Stats::default();
        if let Some(rows) = file.codec().rows(block) {
            self.events.reserve(usize::try_from(rows).unwrap_or(0));
        }
        let mut sink = Sink {
            events: &mut self.events,
            notes: &mut self.notes,
            stats: &mut self.stats,
            lenient: file.options().lenient,
            signed: file.options().polarity != PolarityRule::Unsigned,
            format: file.format(),
            path: file.path(),
        };
        let end = file.codec().decode(file.bytes(), block, start.as_ref(), &mut self.scratch, &mut sink)?;
        sink.stats.look(sink.events);
        self.end = Some(end);
        self.usual = self.events.len() + self.events.len() / 16 + SLACK;
        Ok(())
    }

    /// What a block could not know alone: its state, or the overflows before it. Gives the state at its end.
    pub(crate) fn put_right(&mut self, file: &OpenFile, before: Option<Checkpoint>) -> Result<Checkpoint> {
        if self.end == Some(End::NeedsState) {
            let state = before.unwrap_or_default();
            let x = if state.x == UNKNOWN_X { 0 } else { state.x };
            self.decode(file, self.block, Some(Checkpoint { x, ..state }))?;
        }
        let Some(End::At(mut end)) = self.end.take() else {
            // A codec that needs more than the state it left behind would be wrong itself.
            return Err(EventError::Argument("a decoder did not accept its own state".to_string()));
        };
        self.add = 0;
        if self.start.is_none() {
            let state = before.unwrap_or_default();
            self.add = state.offset;
            end.offset += state.offset;
            if end.x == UNKNOWN_X {
                (end.x, end.polarity) = (state.x, state.polarity);
            }
        }
        self.entry = BlockEntry { start: self.start.or(before).unwrap_or_default(), ..BlockEntry::default() };
        Ok(end)
    }

    /// Offsets, statistics and the rules of the reader; what is not wanted goes.
    pub(crate) fn finish(&mut self, file: &OpenFile, shift: i64, selection: &Selection) {
        let geometry = file.geometry();
        let events = &mut self.events;
        if self.add != 0 {
            events.t.iter_mut().for_each(|t| *t = t.saturating_add(self.add));
            self.notes.triggers.iter_mut().for_each(|trigger| trigger.t = trigger.t.saturating_add(self.add));
        }
        self.entry.rows = events.len() as u64;
        self.entry.sorted = self.stats.steps_back == 0;
        self.entry.on = self.stats.on;
        if let (Some(&first), Some(&last)) = (events.t.first(), events.t.last()) {
            (self.entry.first_t, self.entry.last_t) = (first, last);
            (self.entry.min_t, self.entry.max_t) = if self.entry.sorted {
                (first, last)
            } else {
                events.t.iter().fold((first, first), |(low, high), &t| (low.min(t), high.max(t)))
            };
        }
        self.outside = geometry.map_or(0, |geometry| outside(events, &self.stats, geometry));
        if shift != 0 {
            events.t.iter_mut().for_each(|t| *t = t.saturating_sub(shift));
            self.notes.triggers.iter_mut().for_each(|trigger| trigger.t = trigger.t.saturating_sub(shift));
        }
        flip(events, file.options().flip, file.codec().mirrored(), geometry);
        polarity(events, file.options().polarity, file.codec().signed());
        if !selection.is_all() {
            selection.apply(events, self.entry.sorted);
        }
    }
}

fn outside(events: &Events, stats: &Stats, geometry: Geometry) -> u64 {
    if stats.max_x < geometry.width && stats.max_y < geometry.height {
        return 0;
    }
    events.x.iter().zip(&events.y).filter(|&(&x, &y)| x >= geometry.width || y >= geometry.height).count() as u64
}

fn flip(events: &mut Events, flip: Flip, (x, y): (bool, bool), geometry: Option<Geometry>) {
    let (Flip::Jaer, Some(geometry)) = (flip, geometry) else { return };
    let mirror = |places: &mut [u16], side: u16| {
        places.iter_mut().for_each(|place| *place = side.saturating_sub(1).saturating_sub(*place));
    };
    if x {
        mirror(&mut events.x, geometry.width);
    }
    if y {
        mirror(&mut events.y, geometry.height);
    }
}

/// `done`: the decoder has seen to it.
fn polarity(events: &mut Events, rule: PolarityRule, done: bool) {
    match rule {
        _ if done => {}
        PolarityRule::Native => {}
        PolarityRule::Signed => events.polarity.iter_mut().for_each(|p| *p = i8::from(*p > 0) * 2 - 1),
        PolarityRule::Unsigned => events.polarity.iter_mut().for_each(|p| *p = i8::from(*p > 0)),
    }
}
