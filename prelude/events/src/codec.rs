//! What every format has in common: blocks that can be decoded one by one, and the state that must be known at their start.

use crate::bytes::{Bytes, Scratch};
use crate::columns::{Events, Trigger};
use crate::error::{EventError, Result};
use crate::format::Format;
use crate::stats::Stats;

/// What a decoder must know to start in the middle of a stream.
///
/// One type for all formats, so that an index of any of them can be stored the same way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// Has the stream said what time it is?
    pub(crate) started: bool,
    /// Time base as the words say it, without overflows.
    pub(crate) base: i64,
    /// Last time as the words say it, without overflows.
    pub(crate) t: i64,
    /// What the overflows so far add.
    pub(crate) offset: i64,
    /// Column of the next vector.
    pub(crate) x: u16,
    /// Current row.
    pub(crate) y: u16,
    /// Polarity of the current vector.
    pub(crate) polarity: u8,
}

/// Where decoding of a block came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The state after the block.
    At(Checkpoint),
    /// The state at its start cannot be told from the bytes before it: decode the block before it first.
    NeedsState,
}

/// What was noticed while decoding, besides events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) triggers: Vec<Trigger>,
    /// Events before the stream said what time it is: they have no time and are dropped, as the vendor's decoder does.
    pub(crate) before_start: u64,
    /// Damaged items (words, records, lines, packets) that were skipped.
    pub(crate) skipped: u64,
    pub(crate) skipped_bytes: u64,
    /// Byte offset and description of the first of them.
    pub(crate) first_skipped: Option<(u64, String)>,
    /// Items that are no polarity events and are marked so: frames, IMU, special, invalid.
    pub(crate) other: u64,
}

impl Notes {
    pub(crate) fn clear(&mut self) {
        self.triggers.clear();
        *self = Self { triggers: std::mem::take(&mut self.triggers), ..Self::default() };
    }
}

/// Where a decoder puts what it finds.
///
/// Decoders write polarity as the file has it: 0 and 1, or a sign.
pub(crate) struct Sink<'a> {
    pub(crate) events: &'a mut Events,
    pub(crate) notes: &'a mut Notes,
    pub(crate) stats: &'a mut Stats,
    pub(crate) lenient: bool,
    pub(crate) format: Format,
    pub(crate) path: &'a std::path::Path,
}

impl Sink<'_> {
    /// Something is wrong at `offset`: an error, or counted when the reader was told to be lenient.
    pub(crate) fn damage(&mut self, offset: u64, bytes: u64, what: impl Into<String>) -> Result<()> {
        let what = what.into();
        if !self.lenient {
            let hint = "`lenient` skips what is damaged and counts it".to_string();
            return Err(EventError::Damaged { path: self.path.to_path_buf(), format: self.format, offset, what, hint });
        }
        self.notes.skipped += 1;
        self.notes.skipped_bytes += bytes;
        self.notes.first_skipped.get_or_insert((offset, what));
        Ok(())
    }
}

/// Byte range of a block in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// A file of some format, cut into blocks.
pub(crate) trait Codec: Send + Sync {
    fn blocks(&self) -> usize;

    /// Bytes of block `block`, for progress and messages.
    fn span(&self, block: usize) -> Span;

    /// Decodes a block from `start`; without one, from what can be told from the bytes before it, with `offset` 0.
    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End>;

    /// Number of events in a block where the format tells without decoding.
    fn rows(&self, _block: usize) -> Option<u64> {
        None
    }

    /// What tools of the vendor subtract from all times, and `TimeRule::Shifted` here; `None`: time of the first event.
    fn shift(&self) -> Option<i64> {
        None
    }

    /// Does the format store the sign (`-1`, `+1`) as EVT tools do, when nobody says otherwise?
    fn signed(&self) -> bool {
        false
    }

    /// Byte offset of the word that gives event `row` of a block, where the format counts time in words.
    fn locate(&self, _bytes: &Bytes, _block: usize, _start: &Checkpoint, _row: usize) -> Option<u64> {
        None
    }

    /// Triggers that are not in the event stream.
    fn triggers(&self) -> &[Trigger] {
        &[]
    }
}

/// A stream of words or records of one size.
pub(crate) trait Words: Send + Sync {
    /// Bytes of a word.
    const WORD: u64;
    /// Bytes before a block that are read to tell its state; a multiple of 8.
    const CONTEXT: u64;
    /// Native polarity is -1/+1.
    const SIGNED: bool;

    /// The state after these bytes, as far as they tell.
    fn guess(&self, before: &[u8]) -> Option<Checkpoint>;

    /// Decodes whole words; `at` is the offset of the first in the file. `None`: the state was not enough.
    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>>;

    fn shift(&self) -> Option<i64> {
        None
    }

    /// Does every word give an event?
    fn every_word(&self) -> bool {
        false
    }
}

/// Bytes that are read and decoded at once.
const TILE: u64 = 32 * 1024;

/// [`Words`] in blocks of equal length.
pub(crate) struct Grid<W> {
    words: W,
    start: u64,
    end: u64,
    block: u64,
}

impl<W: Words> Grid<W> {
    /// `start..end` of a file in blocks of about `block` bytes.
    pub(crate) fn new(words: W, start: u64, end: u64, block: u64) -> Self {
        let grid = Self { words, start, end: end.max(start), block };
        let unit = grid.unit();
        Self { block: (block / unit).max(1) * unit, ..grid }
    }

    fn state_at(&self, context: &[u8], block: usize) -> Option<Checkpoint> {
        if block == 0 { Some(Checkpoint::default()) } else { self.words.guess(context) }
    }

    /// Tile after tile: the bytes, the columns and the look at them stay in the nearest cache.
    fn run(
        &self,
        bytes: &Bytes,
        span: Span,
        words: &mut Vec<u64>,
        state: &mut Checkpoint,
        sink: &mut Sink<'_>,
    ) -> Result<Option<()>> {
        let tile = TILE / self.unit() * self.unit();
        let mut at = span.start;
        while at < span.end {
            let end = span.end.min(at + tile);
            let body = bytes.load(at, end, words)?;
            let whole = body.len() - body.len() % W::WORD as usize;
            if self.words.run(&body[..whole], at, state, sink)?.is_none() {
                return Ok(None);
            }
            if whole < body.len() {
                let left = (body.len() - whole) as u64;
                let what = format!("the file ends inside a word: {left} bytes of {} are there", W::WORD);
                sink.damage(at + whole as u64, left, what)?;
            }
            sink.stats.look(sink.events);
            at = end;
        }
        Ok(Some(()))
    }

    /// A multiple of the word and of 8, so that blocks and their contexts stay aligned.
    fn unit(&self) -> u64 {
        if 8 % W::WORD == 0 { 8 } else { W::WORD * 8 }
    }
}

impl<W: Words> Codec for Grid<W> {
    fn blocks(&self) -> usize {
        (self.end - self.start).div_ceil(self.block) as usize
    }

    fn span(&self, block: usize) -> Span {
        let start = self.start + block as u64 * self.block;
        Span { start, end: self.end.min(start + self.block) }
    }

    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        let span = self.span(block);
        let words = scratch.parts().0;
        let state = match start {
            Some(start) => Some(*start),
            None => {
                let context = (W::CONTEXT.div_ceil(self.unit()) * self.unit()).min(span.start - self.start);
                self.state_at(bytes.load(span.start - context, span.start, words)?, block)
            }
        };
        let Some(mut state) = state else { return Ok(End::NeedsState) };
        Ok(match self.run(bytes, span, words, &mut state, sink)? {
            Some(()) => End::At(state),
            None => End::NeedsState,
        })
    }

    fn rows(&self, block: usize) -> Option<u64> {
        let span = self.span(block);
        self.words.every_word().then(|| (span.end - span.start) / W::WORD)
    }

    fn shift(&self) -> Option<i64> {
        self.words.shift()
    }

    fn signed(&self) -> bool {
        W::SIGNED
    }

    fn locate(&self, bytes: &Bytes, block: usize, start: &Checkpoint, row: usize) -> Option<u64> {
        let span = self.span(block);
        let mut scratch = Scratch::default();
        let body = bytes.load(span.start, span.end, scratch.parts().0).ok()?;
        let rows_in = |words: usize| {
            let (mut events, mut notes) = (Events::default(), Notes::default());
            let path = bytes.path();
            let stats = &mut Stats::default();
            let mut sink =
                Sink { events: &mut events, notes: &mut notes, stats, lenient: true, format: Format::Evt2, path };
            let mut state = *start;
            self.words.run(&body[..words * W::WORD as usize], span.start, &mut state, &mut sink).ok().flatten();
            events.len()
        };
        // The fewest words that give more than `row` events: the last of them is the one.
        let (mut low, mut high) = (0, body.len() / W::WORD as usize);
        if rows_in(high) <= row {
            return None;
        }
        while low < high {
            let middle = (low + high) / 2;
            if rows_in(middle) > row { high = middle } else { low = middle + 1 }
        }
        Some(span.start + (low as u64).saturating_sub(1) * W::WORD)
    }
}
