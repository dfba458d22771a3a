//! A pass over blocks: decoded in parallel, put right in order, finished in parallel.

use rayon::prelude::*;

use crate::bytes::Scratch;
use crate::codec::{Checkpoint, End, Notes, Sink};
use crate::columns::{Events, Geometry, TimeJump};
use crate::decode::evt3::UNKNOWN_X;
use crate::error::{EventError, Result};
use crate::index::{BlockEntry, BlockIndex};
use crate::options::{Flip, PolarityRule};
use crate::recording::Recording;
use crate::select::Selection;
use crate::stats::{Stats, Step};

/// What a pass noticed. Nothing is dropped or doubtful without being counted here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Events decoded, before any selection.
    pub events: u64,
    /// Triggers in the event stream.
    pub triggers: u64,
    /// Events and triggers before the stream first says what time it is: they have no time and are dropped.
    pub before_start: u64,
    /// Items that say they are no valid events: frames, IMU, special and invalid ones.
    pub other: u64,
    /// Damaged words, records, lines, packets or blocks that `lenient` skipped.
    pub skipped: u64,
    /// Their size; lines without their end, blocks of HDF5 in rows.
    pub skipped_bytes: u64,
    /// Where the first of them is, and what is wrong with it.
    pub first_skipped: Option<(u64, String)>,
    /// Events outside of the sensor that the file names; they are kept.
    pub outside: u64,
    /// How often time steps back.
    pub steps_back: u64,
    /// The first place where it does.
    pub first_step_back: Option<TimeJump>,
    /// The place where it steps back the furthest.
    pub largest_step_back: Option<TimeJump>,
}

impl Report {
    /// Is time in order from the first event to the last?
    pub fn sorted(&self) -> bool {
        self.steps_back == 0
    }

    /// What a user should hear, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((offset, what)) = &self.first_skipped {
            lines.push(format!(
                "{} damaged items skipped, {} bytes in all; the first at byte {offset}: {what}",
                self.skipped, self.skipped_bytes
            ));
        }
        if let (Some(first), Some(largest)) = (self.first_step_back, self.largest_step_back) {
            lines.push(format!(
                "time steps back {} times: first at event {} (byte {}) from {} to {} us, furthest at event {} by {} us",
                self.steps_back,
                first.row,
                first.offset,
                first.from,
                first.to,
                largest.row,
                largest.from.saturating_sub(largest.to)
            ));
        }
        if self.before_start > 0 {
            lines.push(format!("{} events before the first time word have no time and are dropped", self.before_start));
        }
        if self.outside > 0 {
            lines.push(format!("{} events lie outside of the sensor that the file names", self.outside));
        }
        lines
    }
}

/// Decoders reserve more than they write: so many events are enough for any of them.
const SLACK: usize = 4096;

/// A block in the making; its memory is used again for later blocks.
#[derive(Default)]
pub(crate) struct Slot {
    pub(crate) events: Events,
    pub(crate) notes: Notes,
    scratch: Scratch,
    block: usize,
    /// What the state at the start was; with `offset` 0 when it was told from the bytes before.
    start: Option<Checkpoint>,
    end: Option<Result<End>>,
    /// What the overflows before the block add.
    add: i64,
    pub(crate) entry: BlockEntry,
    stats: Stats,
    outside: u64,
    /// Events in the block before: so many are likely again.
    usual: usize,
}

/// The pass.
pub(crate) struct Pass<'r> {
    recording: &'r Recording,
    blocks: Vec<usize>,
    next: usize,
    /// Block and state where the last decoded block ended.
    before: Option<(usize, Checkpoint)>,
    slots: Vec<Slot>,
    selection: Selection,
    report: Report,
    entries: Vec<BlockEntry>,
    last_t: Option<i64>,
    /// Does this pass see every block from the first on?
    whole: bool,
}

impl<'r> Pass<'r> {
    /// A pass over the blocks that `selection` needs, `width` at a time.
    pub(crate) fn new(recording: &'r Recording, selection: Selection, width: usize) -> Self {
        let all = recording.codec().blocks();
        let index = recording.known_index();
        let blocks: Vec<usize> = match (&index, selection.time) {
            (Some(index), Some((start, end))) => {
                let shift = recording.shift_if_known().unwrap_or(0);
                index.blocks_in(start.saturating_add(shift), end.saturating_add(shift))
            }
            _ => (0..all).collect(),
        };
        let whole = blocks.len() == all;
        Self { whole, ..Self::over(recording, blocks, selection, width) }
    }

    /// A pass over some blocks.
    pub(crate) fn over(recording: &'r Recording, blocks: Vec<usize>, selection: Selection, width: usize) -> Self {
        crate::memory::keep_freed();
        Self {
            recording,
            blocks,
            next: 0,
            before: None,
            slots: (0..width.max(1)).map(|_| Slot::default()).collect(),
            selection,
            report: Report::default(),
            entries: Vec::new(),
            last_t: None,
            whole: false,
        }
    }

    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    pub(crate) fn slots(&mut self) -> &mut [Slot] {
        &mut self.slots
    }

    /// Bytes of the file that are done, and that there are to do.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let codec = self.recording.codec();
        let size = |blocks: &[usize]| blocks.iter().map(|&block| codec.span(block).end - codec.span(block).start).sum();
        (size(&self.blocks[..self.next]), size(&self.blocks))
    }

    /// Decodes the next blocks; says how many slots are filled, 0 at the end.
    pub(crate) fn advance(&mut self) -> Result<usize> {
        let count = self.slots.len().min(self.blocks.len() - self.next);
        if count == 0 {
            self.finish()?;
            return Ok(0);
        }
        let index = self.recording.known_index();
        let recording = self.recording;
        for (place, slot) in self.slots[..count].iter_mut().enumerate() {
            slot.block = self.blocks[self.next + place];
            slot.start = match &index {
                Some(index) => index.entries.get(slot.block).map(|entry| entry.start),
                None => self.before.filter(|(block, _)| block + 1 == slot.block).map(|(_, state)| state),
            };
            // On this thread: memory that one thread takes and another gives back is taken from the system every time.
            let room = recording.codec().rows(slot.block).map_or(slot.usual, |rows| rows as usize);
            slot.events.clear();
            slot.events.reserve(room);
        }
        let threads = recording.threads();
        for_all(&mut self.slots[..count], threads, |slot| slot.decode(recording));
        for place in 0..count {
            self.put_right(place)?;
        }
        let shift = self.recording.shift()?;
        let (geometry, selection) = (recording.geometry(), &self.selection);
        let finish = |slot: &mut Slot| slot.finish(recording, geometry, shift, selection);
        let options = recording.options();
        let as_decoded = shift == 0
            && selection.is_all()
            && options.flip == Flip::None
            && (options.polarity == PolarityRule::Native || recording.codec().signed());
        if as_decoded && self.slots[..count].iter().all(|slot| slot.add == 0) {
            // Nothing is touched but a few numbers: waking other threads would cost more.
            self.slots[..count].iter_mut().for_each(finish);
        } else {
            for_all(&mut self.slots[..count], threads, finish);
        }
        for place in 0..count {
            self.account(place, shift);
        }
        self.next += count;
        Ok(count)
    }

    /// What a block could not know alone: its state, or the overflows before it.
    fn put_right(&mut self, place: usize) -> Result<()> {
        let before = self.before.filter(|(block, _)| block + 1 == self.slots[place].block).map(|(_, state)| state);
        let slot = &mut self.slots[place];
        if matches!(slot.end, Some(Ok(End::NeedsState))) {
            slot.start = Some(Checkpoint {
                x: before.map_or(0, |state| if state.x == UNKNOWN_X { 0 } else { state.x }),
                ..before.unwrap_or_default()
            });
            slot.decode(self.recording);
        }
        let mut end = match slot.end.take() {
            Some(Ok(End::At(end))) => end,
            Some(Err(error)) => return Err(error),
            // A codec that needs more than the state it left behind would be wrong itself.
            _ => return Err(EventError::Argument("a decoder did not accept its own state".to_string())),
        };
        slot.add = 0;
        if slot.start.is_none() {
            let state = before.unwrap_or_default();
            slot.add = state.offset;
            end.offset += state.offset;
            if end.x == UNKNOWN_X {
                (end.x, end.polarity) = (state.x, state.polarity);
            }
        }
        slot.entry = BlockEntry { start: slot.start.or(before).unwrap_or_default(), ..BlockEntry::default() };
        self.before = Some((slot.block, end));
        Ok(())
    }

    fn account(&mut self, place: usize, shift: i64) {
        let slot = &mut self.slots[place];
        let report = &mut self.report;
        let (row, entry) = (report.events, slot.entry);
        let add = |(row, from, to): Step| (row, from + slot.add, to + slot.add);
        let mut count = slot.stats.steps_back;
        let (mut first, mut largest) = (slot.stats.first_step.map(add), slot.stats.largest_step.map(add));
        if entry.rows > 0 {
            if let Some(last) = self.last_t
                && entry.first_t < last
            {
                // The step from the block before into this one.
                let here = (0, last, entry.first_t);
                count += 1;
                first = Some(here);
                largest = largest
                    .filter(|step| step.1.saturating_sub(step.2) > last.saturating_sub(entry.first_t))
                    .or(Some(here));
            }
            self.last_t = Some(entry.last_t);
        }
        let recording = self.recording;
        let jump = |(at, from, to): Step| TimeJump {
            row: row + at as u64,
            offset: recording
                .codec()
                .locate(recording.bytes(), slot.block, &entry.start, at)
                .unwrap_or_else(|| recording.codec().span(slot.block).start),
            from: from.wrapping_sub(shift),
            to: to.wrapping_sub(shift),
        };
        report.steps_back += count;
        if report.first_step_back.is_none() {
            report.first_step_back = first.map(jump);
        }
        if let Some(step) = largest
            && report
                .largest_step_back
                .is_none_or(|before| step.1.saturating_sub(step.2) > before.from.saturating_sub(before.to))
        {
            report.largest_step_back = Some(jump(step));
        }
        report.events += entry.rows;
        report.triggers += slot.notes.triggers.len() as u64;
        report.before_start += slot.notes.before_start;
        report.other += slot.notes.other;
        report.skipped += slot.notes.skipped;
        report.skipped_bytes += slot.notes.skipped_bytes;
        report.outside += slot.outside;
        if report.first_skipped.is_none() {
            report.first_skipped.clone_from(&slot.notes.first_skipped);
        }
        if self.whole {
            self.entries.push(entry);
        }
    }

    /// At the end of a pass over everything: no silent nothing, and the index for the next time.
    fn finish(&mut self) -> Result<()> {
        if !self.whole || self.recording.known_index().is_some() {
            return Ok(());
        }
        let report = &self.report;
        let body: u64 = self.bytes().1;
        if report.events == 0 && report.triggers == 0 && body > 0 && !self.recording.options().lenient {
            return Err(EventError::NoEvents {
                path: self.recording.path().to_path_buf(),
                format: self.recording.format(),
                bytes: body,
                hint: self.recording.hint_for_nothing(report),
            });
        }
        self.recording
            .keep_index(BlockIndex { entries: std::mem::take(&mut self.entries), report: self.report.clone() });
        Ok(())
    }
}

/// In parallel when there is more than one, each thread neighbours.
fn for_all(slots: &mut [Slot], threads: usize, work: impl Fn(&mut Slot) + Send + Sync) {
    match slots {
        [slot] => work(slot),
        slots => {
            let each = slots.len().div_ceil(threads);
            slots.par_iter_mut().with_min_len(each).for_each(work);
        }
    }
}

impl Slot {
    fn decode(&mut self, recording: &Recording) {
        self.events.clear();
        self.notes.clear();
        self.stats = Stats::default();
        let mut sink = Sink {
            events: &mut self.events,
            notes: &mut self.notes,
            stats: &mut self.stats,
            lenient: recording.options().lenient,
            signed: recording.options().polarity != PolarityRule::Unsigned,
            format: recording.format(),
            path: recording.path(),
        };
        let end =
            recording.codec().decode(recording.bytes(), self.block, self.start.as_ref(), &mut self.scratch, &mut sink);
        sink.stats.look(sink.events);
        self.end = Some(end);
        self.usual = self.events.len() + self.events.len() / 16 + SLACK;
    }

    /// Offsets, statistics and the rules of the reader; what is not wanted goes.
    fn finish(&mut self, recording: &Recording, geometry: Option<Geometry>, shift: i64, selection: &Selection) {
        let events = &mut self.events;
        if self.add != 0 {
            events.t.iter_mut().for_each(|t| *t += self.add);
            self.notes.triggers.iter_mut().for_each(|trigger| trigger.t += self.add);
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
            events.t.iter_mut().for_each(|t| *t -= shift);
            self.notes.triggers.iter_mut().for_each(|trigger| trigger.t -= shift);
        }
        flip(events, recording.options().flip, geometry);
        polarity(events, recording.options().polarity, recording.codec().signed());
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

fn flip(events: &mut Events, flip: Flip, geometry: Option<Geometry>) {
    let (Flip::Jaer, Some(geometry)) = (flip, geometry) else { return };
    events.x.iter_mut().for_each(|x| *x = (geometry.width - 1).saturating_sub(*x));
    events.y.iter_mut().for_each(|y| *y = (geometry.height - 1).saturating_sub(*y));
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
