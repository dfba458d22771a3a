//! Event Stream (`.es`) version 2 with DVS events: a byte of time difference and polarity, then x and y.

use crate::bytes::{Bytes, Scratch};
use crate::codec::{Blocks, Checkpoint, Codec, End, Sink, Span};
use crate::model::columns::Geometry;
use crate::model::error::{EventError, Result};

const MAGIC: usize = 12;
const HEADER: u64 = 20;
/// Adds nothing: writers put it where a stream starts again.
const RESET: u8 = 0xFE;
/// Adds 127 us to all later times.
const OVERFLOW: u8 = 0xFF;

/// The decoder. Every time is a difference to the one before, so blocks can only be decoded in order (or from an index).
pub(crate) struct EventStreamFile {
    pub(crate) geometry: Geometry,
    blocks: Blocks,
}

impl EventStreamFile {
    pub(crate) fn open(bytes: &Bytes, block: u64) -> Result<Self> {
        let head = bytes.head(0, HEADER)?;
        let unsupported = |what: String| EventError::Unsupported {
            path: bytes.path().to_path_buf(),
            what,
            hint: "version 2 with DVS events is".to_string(),
        };
        match head.get(MAGIC..MAGIC + 4) {
            Some([2, _, _, 1]) => {}
            Some([2, _, _, kind]) => return Err(unsupported(format!("an Event Stream with events of type {kind}"))),
            Some([major, minor, patch, _]) => {
                return Err(unsupported(format!("Event Stream version {major}.{minor}.{patch}")));
            }
            _ => return Err(unsupported("an Event Stream cut inside its header".to_string())),
        }
        let Some([w0, w1, h0, h1]) = head.get(MAGIC + 4..MAGIC + 8) else {
            return Err(unsupported("an Event Stream cut inside its header".to_string()));
        };
        let geometry = Geometry { width: u16::from_le_bytes([*w0, *w1]), height: u16::from_le_bytes([*h0, *h1]) };
        Ok(Self { geometry, blocks: Blocks::new(HEADER, bytes.len(), block) })
    }
}

impl Codec for EventStreamFile {
    fn blocks(&self) -> usize {
        self.blocks.count()
    }

    fn span(&self, block: usize) -> Span {
        self.blocks.span(block)
    }

    /// y counts from the bottom.
    fn mirrored(&self) -> (bool, bool) {
        (false, true)
    }

    /// An event belongs to the block in which its first byte lies; `base` of the state counts the bytes it takes from the next.
    fn decode(
        &self,
        bytes: &Bytes,
        block: usize,
        start: Option<&Checkpoint>,
        scratch: &mut Scratch,
        sink: &mut Sink<'_>,
    ) -> Result<End> {
        let mut state = match start {
            Some(start) => *start,
            None if block == 0 => Checkpoint { started: true, ..Checkpoint::default() },
            None => return Ok(End::NeedsState),
        };
        let span = self.span(block);
        let length = (span.end - span.start) as usize;
        let body = bytes.load(span.start, self.blocks.end().min(span.end + 4), scratch.parts().0)?;
        let mut at = usize::try_from(state.base).unwrap_or(0);
        while at < length {
            match body[at] {
                RESET => at += 1,
                OVERFLOW => {
                    state.t += 127;
                    at += 1;
                }
                byte => {
                    state.t += i64::from(byte >> 1);
                    let Some([x0, x1, y0, y1]) = body.get(at + 1..at + 5) else {
                        let left = (body.len() - at) as u64;
                        sink.damage(
                            span.start + at as u64,
                            left,
                            format!("the file ends inside an event: {left} bytes of 5 are there"),
                        )?;
                        at = length;
                        break;
                    };
                    let (x, y) = (u16::from_le_bytes([*x0, *x1]), u16::from_le_bytes([*y0, *y1]));
                    if x < self.geometry.width && y < self.geometry.height {
                        sink.events.push(state.t, x, y, (byte & 1) as i8);
                    } else {
                        let what = format!("an event at {x}, {y}, outside the {} sensor", self.geometry);
                        sink.damage(span.start + at as u64, 5, what)?;
                    }
                    at += 5;
                }
            }
        }
        state.base = at.saturating_sub(length) as i64;
        Ok(End::At(state))
    }
}
