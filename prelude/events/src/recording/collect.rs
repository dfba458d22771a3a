//! A stretch of time of an indexed recording in one piece: every block is decoded where its events belong.

use std::sync::Arc;

use rayon::prelude::*;

use crate::model::columns::Events;
use crate::model::error::{EventError, Result};
use crate::model::select::Selection;
use crate::recording::file::OpenFile;
use crate::recording::index::BlockEntry;
use crate::recording::pass::{self, Pass};
use crate::recording::slot::Slot;

/// Blocks at the ends of a stretch are decoded to be counted. A file out of order has many of them: it is read as a stream.
const MOST_PARTS: usize = 8;
/// Blocks per thread between two looks at who wants to stop.
const ROUND: usize = 32;

/// Blocks whose events all are wanted, so that the index tells where each belongs, and parts of others.
pub(crate) struct Placed {
    file: Arc<OpenFile>,
    shift: i64,
    blocks: Vec<(usize, Content)>,
    events: u64,
}

enum Content {
    /// All events of the block; so many.
    Whole(BlockEntry),
    Part(Events),
}

/// A block and where its events go.
struct Target<'a> {
    block: usize,
    content: Content,
    t: &'a mut [i64],
    x: &'a mut [u16],
    y: &'a mut [u16],
    polarity: &'a mut [i8],
}

impl Placed {
    /// `None` when the events cannot be placed before they are decoded.
    pub(crate) fn plan(file: &Arc<OpenFile>, selection: &Selection) -> Result<Option<Self>> {
        let only_time = *selection == Selection { time: selection.time, ..Selection::default() };
        let Some(index) = file.known_index().filter(|_| only_time) else { return Ok(None) };
        let shift = pass::shift(file)?;
        let (start, end) = selection.time.unwrap_or((i64::MIN, i64::MAX));
        let (start, end) = (start.saturating_add(shift), end.saturating_add(shift));
        let inside = |entry: &BlockEntry| entry.min_t >= start && (entry.max_t < end || selection.time.is_none());
        let wanted = match selection.time {
            Some(_) => index.blocks_in(start, end),
            None => (0..index.entries.len()).filter(|&block| index.entries[block].rows > 0).collect(),
        };
        let parts: Vec<usize> = wanted.iter().copied().filter(|&block| !inside(&index.entries[block])).collect();
        if parts.len() > MOST_PARTS {
            return Ok(None);
        }
        let mut pass = Pass::over(file, parts, selection.clone());
        let mut placed = Self { file: Arc::clone(file), shift, blocks: Vec::new(), events: 0 };
        for block in wanted {
            let entry = index.entries[block];
            let content = if inside(&entry) {
                placed.events += entry.rows;
                Content::Whole(entry)
            } else {
                let part = pass.next()?.map(|slot| std::mem::take(&mut slot.events)).unwrap_or_default();
                placed.events += part.len() as u64;
                Content::Part(part)
            };
            placed.blocks.push((block, content));
        }
        Ok(Some(placed))
    }

    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// All of them. `seen` hears of the events and bytes that are done, whether that is all, and of the bytes in all; it
    /// may stop the work.
    pub(crate) fn read(self, mut seen: impl FnMut(u64, bool, (u64, u64)) -> Result<()>) -> Result<Events> {
        let file = self.file;
        let codec = file.codec();
        let bytes_of = |blocks: &[Target<'_>]| -> u64 {
            blocks.iter().map(|target| codec.span(target.block).end - codec.span(target.block).start).sum()
        };
        let mut all = Events::zeros(self.events as usize);
        let mut targets = split(&mut all, self.blocks);
        let total = bytes_of(&targets);
        let (mut events, mut bytes) = (0, 0);
        seen(0, false, (0, total))?;
        let threads = file.threads().max(1);
        for round in targets.chunks_mut(threads * ROUND) {
            let each = round.len().div_ceil(threads);
            let place = |slot: &mut Slot, target: &mut Target<'_>| target.fill(&file, self.shift, slot);
            match threads {
                1 => {
                    let mut slot = Slot::default();
                    round.iter_mut().try_for_each(|target| place(&mut slot, target))?;
                }
                _ => round.par_iter_mut().with_min_len(each).try_for_each_init(Slot::default, place)?,
            }
            events += round.iter().map(|target| target.t.len() as u64).sum::<u64>();
            bytes += bytes_of(round);
            seen(events, false, (bytes, total))?;
        }
        seen(events, true, (total, total))?;
        drop(targets);
        Ok(all)
    }
}

fn split(all: &mut Events, blocks: Vec<(usize, Content)>) -> Vec<Target<'_>> {
    let (mut t, mut x, mut y, mut p) = (&mut all.t[..], &mut all.x[..], &mut all.y[..], &mut all.polarity[..]);
    let mut targets = Vec::with_capacity(blocks.len());
    for (block, content) in blocks {
        let rows = match &content {
            Content::Whole(entry) => entry.rows as usize,
            Content::Part(events) => events.len(),
        };
        let (t0, x0, y0, p0);
        (t0, t) = t.split_at_mut(rows);
        (x0, x) = x.split_at_mut(rows);
        (y0, y) = y.split_at_mut(rows);
        (p0, p) = p.split_at_mut(rows);
        targets.push(Target { block, content, t: t0, x: x0, y: y0, polarity: p0 });
    }
    targets
}

impl Target<'_> {
    fn fill(&mut self, file: &Arc<OpenFile>, shift: i64, slot: &mut Slot) -> Result<()> {
        let events = match &self.content {
            Content::Part(events) => events,
            Content::Whole(entry) => {
                slot.decode(file, self.block, Some(entry.start))?;
                slot.put_right(file, None)?;
                slot.finish(file, shift, &Selection::all());
                &slot.events
            }
        };
        if events.len() != self.t.len() {
            return Err(EventError::Damaged {
                path: file.path().to_path_buf(),
                format: file.format(),
                offset: file.codec().span(self.block).start,
                what: format!("a block of {} events, {} when the file was opened", events.len(), self.t.len()),
                hint: "the file has changed meanwhile: open it again".to_string(),
            });
        }
        self.t.copy_from_slice(&events.t);
        self.x.copy_from_slice(&events.x);
        self.y.copy_from_slice(&events.y);
        self.polarity.copy_from_slice(&events.polarity);
        Ok(())
    }
}
