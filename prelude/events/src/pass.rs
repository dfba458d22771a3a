//! A pass over blocks, in order: what is noticed on the way, and the index that is left at the end.

use std::sync::Arc;

use crate::columns::TimeJump;
use crate::error::{EventError, Result};
use crate::index::{BlockEntry, BlockIndex};
use crate::pipeline::{Pipeline, Task};
use crate::recording::Recording;
use crate::select::Selection;
use crate::slot::Slot;
use crate::stats::Step;

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

/// The pass.
pub(crate) struct Pass {
    recording: Recording,
    blocks: Arc<[usize]>,
    selection: Selection,
    /// Made with the first block: what is subtracted from times may have to be decoded.
    pipeline: Option<Pipeline>,
    /// The block that was given out last.
    current: Option<Slot>,
    given: usize,
    report: Report,
    entries: Vec<BlockEntry>,
    last_t: Option<i64>,
    /// Does this pass see every block from the first on?
    whole: bool,
}

impl Pass {
    /// A pass over the blocks that `selection` needs.
    pub(crate) fn new(recording: &Recording, selection: Selection) -> Self {
        let all = recording.codec().blocks();
        let blocks: Vec<usize> = match (recording.known_index(), selection.time) {
            (Some(index), Some((start, end))) => {
                let shift = recording.shift_if_known().unwrap_or(0);
                index.blocks_in(start.saturating_add(shift), end.saturating_add(shift))
            }
            _ => (0..all).collect(),
        };
        let whole = blocks.len() == all;
        Self { whole, ..Self::over(recording, blocks, selection) }
    }

    /// A pass over some blocks.
    pub(crate) fn over(recording: &Recording, blocks: Vec<usize>, selection: Selection) -> Self {
        crate::memory::keep_freed();
        Self {
            recording: recording.clone(),
            blocks: blocks.into(),
            selection,
            pipeline: None,
            current: None,
            given: 0,
            report: Report::default(),
            entries: Vec::new(),
            last_t: None,
            whole: false,
        }
    }

    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    /// Bytes of the file that are done, and that there are to do.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let codec = self.recording.codec();
        let size = |blocks: &[usize]| blocks.iter().map(|&block| codec.span(block).end - codec.span(block).start).sum();
        (size(&self.blocks[..self.given]), size(&self.blocks))
    }

    /// The next block; its memory is used again for later ones. `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&mut Slot>> {
        let pipeline = match &mut self.pipeline {
            Some(pipeline) => pipeline,
            none => none.insert(Pipeline::new(Task {
                shift: self.recording.shift()?,
                threads: self.recording.threads(),
                index: self.recording.known_index(),
                blocks: Arc::clone(&self.blocks),
                selection: self.selection.clone(),
                recording: self.recording.clone(),
            })),
        };
        if let Some(used) = self.current.take() {
            pipeline.give_back(used);
        }
        let slot = match pipeline.next() {
            Some(Ok(slot)) => slot,
            Some(Err(error)) => {
                // What was seen until here is no index of the file.
                self.whole = false;
                return Err(error);
            }
            None => {
                self.finish()?;
                return Ok(None);
            }
        };
        self.given += 1;
        self.account(&slot);
        Ok(Some(self.current.insert(slot)))
    }

    fn account(&mut self, slot: &Slot) {
        let shift = self.recording.shift_if_known().unwrap_or(0);
        let report = &mut self.report;
        let (row, entry) = (report.events, slot.entry);
        let add = |(row, from, to): Step| (row, from.saturating_add(slot.add), to.saturating_add(slot.add));
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
        let recording = &self.recording;
        let jump = |(at, from, to): Step| TimeJump {
            row: row + at as u64,
            offset: recording
                .codec()
                .locate(recording.bytes(), slot.block, &entry.start, at)
                .unwrap_or_else(|| recording.codec().span(slot.block).start),
            from: from.saturating_sub(shift),
            to: to.saturating_sub(shift),
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
