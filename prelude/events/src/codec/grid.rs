//! Streams of words or records of one size.

use crate::bytes::{Bytes, Scratch};
use crate::codec::stats::Stats;
use crate::codec::{Blocks, Checkpoint, Codec, End, Notes, Sink, Span};
use crate::model::columns::Events;
use crate::model::error::Result;
use crate::model::format::Format;

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

    /// Which axes `Flip::Jaer` mirrors.
    fn mirrored(&self) -> (bool, bool) {
        (true, true)
    }
}

/// Bytes that are decoded at once, and read at once where they are copied.
const TILE: u64 = 32 * 1024;

/// No state is looked for farther back than this: then the blocks before must be decoded first.
const FARTHEST: u64 = 1 << 20;

/// [`Words`] in blocks of equal length.
pub(crate) struct Grid<W> {
    words: W,
    blocks: Blocks,
}

impl<W: Words> Grid<W> {
    /// A multiple of the word and of 8, so that blocks and their contexts stay aligned.
    const UNIT: u64 = if 8 % W::WORD == 0 { 8 } else { W::WORD * 8 };

    /// `start..end` of a file in blocks of about `block` bytes.
    pub(crate) fn new(words: W, start: u64, end: u64, block: u64) -> Self {
        let size = (block / Self::UNIT).max(1) * Self::UNIT;
        Self { words, blocks: Blocks::new(start, end, size) }
    }

    /// The state at the start of a block, as far as the bytes before it tell; a stream may be quiet about its time for long.
    fn state_before(&self, bytes: &Bytes, block: usize, words: &mut Vec<u64>) -> Result<Option<Checkpoint>> {
        let start = self.blocks.span(block).start;
        let most = start - self.blocks.start();
        if most == 0 {
            return Ok(Some(Checkpoint::default()));
        }
        let mut context = (W::CONTEXT.div_ceil(Self::UNIT) * Self::UNIT).min(most);
        loop {
            let state = self.words.guess(bytes.load(start - context, start, words)?);
            if state.is_some() || context == most || context >= FARTHEST {
                return Ok(state);
            }
            context = (context * 8).min(most);
        }
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
        let tile = TILE / Self::UNIT * Self::UNIT;
        let piece = if bytes.are_in_place() { self.blocks.size() } else { tile };
        let mut at = span.start;
        while at < span.end {
            let end = span.end.min(at + piece);
            for body in bytes.load(at, end, words)?.chunks(tile as usize) {
                if self.tile(body, at, state, sink)?.is_none() {
                    return Ok(None);
                }
                at += body.len() as u64;
            }
        }
        Ok(Some(()))
    }

    fn tile(&self, body: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
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
        Ok(Some(()))
    }
}

impl<W: Words> Codec for Grid<W> {
    fn blocks(&self) -> usize {
        self.blocks.count()
    }

    fn span(&self, block: usize) -> Span {
        self.blocks.span(block)
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
            None => self.state_before(bytes, block, words)?,
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

    fn mirrored(&self) -> (bool, bool) {
        self.words.mirrored()
    }

    fn locate(&self, bytes: &Bytes, block: usize, start: &Checkpoint, row: usize) -> Option<u64> {
        let span = self.span(block);
        let mut scratch = Scratch::default();
        let body = bytes.load(span.start, span.end, scratch.parts().0).ok()?;
        let rows_in = |words: usize| {
            let (mut events, mut notes) = (Events::default(), Notes::default());
            let path = bytes.path();
            let stats = &mut Stats::default();
            let mut sink = Sink {
                events: &mut events,
                notes: &mut notes,
                stats,
                lenient: true,
                signed: false,
                format: Format::Evt2,
                path,
            };
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
