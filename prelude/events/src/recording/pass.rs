//! A pass over blocks, in order: what is noticed on the way, and the index that is left at the end.

use std::sync::Arc;

use crate::codec::stats::Step;
use crate::model::columns::TimeJump;
use crate::model::error::{EventError, Result};
use crate::model::report::Report;
use crate::model::select::Selection;
use crate::recording::detect::hint_for_nothing;
use crate::recording::file::OpenFile;
use crate::recording::index::{BlockEntry, BlockIndex};
use crate::recording::pipeline::{Pipeline, Task};
use crate::recording::slot::Slot;

/// The pass.
pub(crate) struct Pass {
    file: Arc<OpenFile>,
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
    pub(crate) fn new(file: &Arc<OpenFile>, selection: Selection) -> Self {
        let all = file.codec().blocks();
        let blocks: Vec<usize> = match (file.known_index(), selection.time) {
            (Some(index), Some((start, end))) => {
                let shift = file.known_shift().unwrap_or(0);
                index.blocks_in(start.saturating_add(shift), end.saturating_add(shift))
            }
            _ => (0..all).collect(),
        };
        let whole = blocks.len() == all;
        Self { whole, ..Self::over(file, blocks, selection) }
    }

    /// A pass over some blocks.
    pub(crate) fn over(file: &Arc<OpenFile>, blocks: Vec<usize>, selection: Selection) -> Self {
        crate::model::memory::keep_freed();
        Self {
            file: Arc::clone(file),
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
        let codec = self.file.codec();
        let size = |blocks: &[usize]| blocks.iter().map(|&block| codec.span(block).end - codec.span(block).start).sum();
        (size(&self.blocks[..self.given]), size(&self.blocks))
    }

    /// The next block; its memory is used again for later ones. `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&mut Slot>> {
        let pipeline = match &mut self.pipeline {
            Some(pipeline) => pipeline,
            none => none.insert(Pipeline::new(Task {
                shift: shift(&self.file)?,
                threads: self.file.threads(),
                index: self.file.known_index(),
                blocks: Arc::clone(&self.blocks),
                selection: self.selection.clone(),
                file: Arc::clone(&self.file),
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
        let shift = self.file.known_shift().unwrap_or(0);
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
        let file = &self.file;
        let jump = |(at, from, to): Step| TimeJump {
            row: row + at as u64,
            offset: file
                .codec()
                .locate(file.bytes(), slot.block, &entry.start, at)
                .unwrap_or_else(|| file.codec().span(slot.block).start),
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
        if !self.whole || self.file.known_index().is_some() {
            return Ok(());
        }
        let report = &self.report;
        let body: u64 = self.bytes().1;
        if report.events == 0 && report.triggers == 0 && body > 0 && !self.file.options().lenient {
            return Err(EventError::NoEvents {
                path: self.file.path().to_path_buf(),
                format: self.file.format(),
                bytes: body,
                hint: hint_for_nothing(self.file.bytes(), self.file.format(), report),
            });
        }
        self.file.keep_index(BlockIndex { entries: std::mem::take(&mut self.entries), report: self.report.clone() });
        Ok(())
    }
}

/// The index of a file; makes a pass over all of it if there is none.
pub(crate) fn index(file: &Arc<OpenFile>) -> Result<Arc<BlockIndex>> {
    if let Some(index) = file.known_index() {
        return Ok(index);
    }
    let mut pass = Pass::new(file, Selection::all());
    while pass.next()?.is_some() {}
    // A recording without a single block has nothing to be indexed.
    Ok(file.known_index().unwrap_or_default())
}

/// What is subtracted from all times of a file; decodes up to the first event where nothing else tells.
pub(crate) fn shift(file: &OpenFile) -> Result<i64> {
    match file.known_shift() {
        Some(shift) => Ok(shift),
        None => Ok(file.keep_first_time(first_time(file)?.unwrap_or(0))),
    }
}

/// Time of the first event as the file has it.
fn first_time(file: &OpenFile) -> Result<Option<i64>> {
    let (mut slot, mut before) = (Slot::default(), None);
    for block in 0..file.codec().blocks() {
        slot.decode(file, block, before)?;
        before = Some(slot.put_right(file, before)?);
        slot.finish(file, 0, &Selection::all());
        if let Some(&t) = slot.events.t.first() {
            return Ok(Some(t));
        }
    }
    Ok(None)
}
