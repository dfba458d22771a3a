//! Prophesee DAT: a text header, two bytes that say what the records are, records of 8 bytes.

use crate::bytes::Bytes;
use crate::codec::grid::{Grid, Words};
use crate::codec::header::Header;
use crate::codec::{Checkpoint, Sink};
use crate::model::columns::Trigger;
use crate::model::error::{EventError, Result};
use crate::model::format::Format;

/// Time counts to 2^32 microseconds (71.6 minutes) and starts again.
const PERIOD: i64 = 1 << 32;

/// The decoder.
pub(crate) struct Dat {
    layout: Layout,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// x 14 bits, y 14 bits, polarity 4 bits.
    Version2,
    /// x 9 bits, y 8 bits, polarity 1 bit.
    Version1,
    /// Triggers: polarity 4 bits, channel bits 26-31.
    Triggers,
}

/// Looks at the header and gives the decoder of the rest.
pub(crate) fn open(bytes: &Bytes, header: &Header, block: u64) -> Result<Grid<Dat>> {
    let version: u32 = header.get("Version").and_then(|version| version.trim().parse().ok()).unwrap_or(2);
    let unsupported = |what: String| EventError::Unsupported {
        path: bytes.path().to_path_buf(),
        what,
        hint: "event types 0 and 12 (pixels) and 14 (triggers) of 8 bytes are".to_string(),
    };
    let (kind, size, start) = if header.body == 0 {
        (0, 8, 0)
    } else {
        let two = bytes.head(header.body, 2)?;
        match two[..] {
            [kind, size] => (kind, size, header.body + 2),
            _ => {
                return Err(EventError::Damaged {
                    path: bytes.path().to_path_buf(),
                    format: Format::Dat,
                    offset: header.body,
                    what: "the file ends after its header, before the event type and size".to_string(),
                    hint: "the recording was cut: there are no events to save".to_string(),
                });
            }
        }
    };
    let layout = match (kind, size) {
        (0 | 12, 8) if version < 2 => Layout::Version1,
        (0 | 12, 8) => Layout::Version2,
        (14, 8) => Layout::Triggers,
        _ => return Err(unsupported(format!("a DAT file of events of type {kind} and size {size}"))),
    };
    Ok(Grid::new(Dat { layout }, start, bytes.len(), block))
}

fn records(bytes: &[u8]) -> impl DoubleEndedIterator<Item = (u32, u32)> + ExactSizeIterator + '_ {
    bytes.as_chunks().0.iter().map(|&record| {
        let word = u64::from_le_bytes(record);
        (word as u32, (word >> 32) as u32)
    })
}

impl Words for Dat {
    const WORD: u64 = 8;
    const CONTEXT: u64 = 8;
    const SIGNED: bool = false;

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let (t, _) = records(before).next_back()?;
        Some(Checkpoint { started: true, t: i64::from(t), ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], _at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // The records until the counter goes round are one run.
            let mut before = if state.started { state.t as u32 } else { 0 };
            let run = records(rest).position(|(t, _)| {
                let around = t < before && before - t > 1 << 31;
                before = t;
                around
            });
            let (part, later) = rest.split_at(run.map_or(rest.len(), |run| run * 8));
            self.push(part, state.offset, sink);
            if let Some((t, _)) = records(part).next_back() {
                (state.t, state.started) = (i64::from(t), true);
            }
            if run.is_some() {
                state.offset += PERIOD;
                // The first record after it must not be seen as a step back again.
                state.started = false;
            }
            rest = later;
        }
        Ok(Some(()))
    }

    fn every_word(&self) -> bool {
        self.layout != Layout::Triggers
    }
}

impl Dat {
    fn push(&self, part: &[u8], offset: i64, sink: &mut Sink<'_>) {
        let events = &mut *sink.events;
        match self.layout {
            Layout::Triggers => sink.notes.triggers.extend(records(part).map(|(t, data)| Trigger {
                t: i64::from(t) + offset,
                id: ((data >> 26) & 63) as u16,
                value: (data & 1) as u8,
            })),
            Layout::Version1 => {
                events.t.extend(records(part).map(|(t, _)| i64::from(t) + offset));
                events.x.extend(records(part).map(|(_, data)| (data & 0x1FF) as u16));
                events.y.extend(records(part).map(|(_, data)| ((data >> 9) & 0xFF) as u16));
                events.polarity.extend(records(part).map(|(_, data)| ((data >> 17) & 1) as i8));
            }
            Layout::Version2 => {
                events.t.extend(records(part).map(|(t, _)| i64::from(t) + offset));
                events.x.extend(records(part).map(|(_, data)| (data & 0x3FFF) as u16));
                events.y.extend(records(part).map(|(_, data)| ((data >> 14) & 0x3FFF) as u16));
                events.polarity.extend(records(part).map(|(_, data)| ((data >> 28) & 1) as i8));
            }
        }
    }
}
