//! What every format has in common: blocks that can be decoded one by one, and the state that must be known at their start.

pub(crate) mod grid;
pub(crate) mod header;
pub(crate) mod stats;

use crate::bytes::{Bytes, Scratch};
use crate::codec::stats::Stats;
use crate::model::columns::{Events, Trigger};
use crate::model::error::{EventError, Result};
use crate::model::format::Format;

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
/// Decoders write polarity as the file has it: 0 and 1, or a sign; those whose codec is `signed` write what is wanted.
pub(crate) struct Sink<'a> {
    pub(crate) events: &'a mut Events,
    pub(crate) notes: &'a mut Notes,
    pub(crate) stats: &'a mut Stats,
    pub(crate) lenient: bool,
    /// Whether OFF is -1, not 0; for codecs that are `signed`.
    pub(crate) signed: bool,
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

/// Part of a file in blocks of equal length; the last may be shorter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    start: u64,
    end: u64,
    size: u64,
}

impl Blocks {
    /// `start..end` in blocks of `size` bytes.
    pub(crate) fn new(start: u64, end: u64, size: u64) -> Self {
        Self { start, end: end.max(start), size: size.max(1) }
    }

    pub(crate) fn count(&self) -> usize {
        (self.end - self.start).div_ceil(self.size) as usize
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn span(&self, block: usize) -> Span {
        let start = self.start + block as u64 * self.size;
        Span { start, end: self.end.min(start + self.size) }
    }
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

    /// Does the format store the sign (`-1`, `+1`) as EVT tools do, by default?
    fn signed(&self) -> bool {
        false
    }

    /// Which axes, x and y, `Flip::Jaer` mirrors to count from the left and from the top.
    fn mirrored(&self) -> (bool, bool) {
        (true, true)
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
