//! AEDAT 1.0 and 2.0 of jAER: `#` lines, then big-endian records of an address and a time.

use crate::bytes::Bytes;
use crate::codec::grid::{Grid, Words};
use crate::codec::header::line_of_text;
use crate::codec::{Checkpoint, Sink};
use crate::model::columns::Geometry;
use crate::model::error::Result;

/// Time counts to 2^32 microseconds and starts again.
const PERIOD: i64 = 1 << 32;

/// How the bits of an address are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chip {
    /// y 14-8, x 7-1, polarity 0; bit 15 is an external event.
    Dvs128,
    /// y 30-22, x 21-12, polarity 11; bit 31 is a frame or IMU, bit 10 an external event.
    Davis,
}

/// AEDAT 1.0: address of 16 bits and time of 32.
pub(crate) struct Aedat1;
/// AEDAT 2.0: address of 32 bits and time of 32.
pub(crate) struct Aedat2 {
    chip: Chip,
}

/// What the `#` lines say.
pub(crate) struct Lines {
    pub(crate) body: u64,
    pub(crate) lines: Vec<(String, String)>,
}

/// The header ends at the first line that is not text behind a `#`, or at the one that says so.
pub(crate) fn header(head: &[u8]) -> Lines {
    let mut found = Lines { body: 0, lines: Vec::new() };
    let mut at = 0;
    while head.get(at) == Some(&b'#') {
        let Some(length) = line_of_text(&head[at..]) else { break };
        let line = String::from_utf8_lossy(&head[at + 1..at + length]).trim().to_string();
        let (key, value) = line.split_once(':').unwrap_or((line.as_str(), ""));
        found.lines.push((key.trim().to_string(), value.trim().to_string()));
        at += length + 1;
        if line.eq_ignore_ascii_case("end of ascii header") {
            break;
        }
    }
    found.body = at as u64;
    found
}

/// The layout: what the header's `AEChip` names, or what the addresses look like.
pub(crate) fn chip(lines: &Lines, body: &[u8]) -> (Chip, &'static str) {
    let named = lines.lines.iter().find(|(key, _)| key == "AEChip").map(|(_, value)| value.to_ascii_lowercase());
    match named {
        Some(name) if name.contains("davis") => (Chip::Davis, "AEChip names a DAVIS"),
        Some(name) if name.contains("dvs128") => (Chip::Dvs128, "AEChip names a DVS128"),
        _ if body.chunks_exact(8).take(4096).any(|record| record[0] != 0 || record[1] != 0) => {
            (Chip::Davis, "addresses use more than 16 bits, as those of a DAVIS")
        }
        _ => (Chip::Dvs128, "addresses use 16 bits, as those of a DVS128"),
    }
}

impl Chip {
    /// The sensor, where the chip tells.
    pub(crate) fn geometry(self, lines: &Lines) -> Option<Geometry> {
        let named = |part: &str| {
            lines.lines.iter().any(|(key, value)| key == "AEChip" && value.to_ascii_lowercase().contains(part))
        };
        match self {
            Self::Dvs128 => Some(Geometry { width: 128, height: 128 }),
            Self::Davis if named("davis346") => Some(Geometry { width: 346, height: 260 }),
            Self::Davis if named("davis240") => Some(Geometry { width: 240, height: 180 }),
            Self::Davis => None,
        }
    }
}

pub(crate) fn open1(bytes: &Bytes, body: u64, block: u64) -> Grid<Aedat1> {
    Grid::new(Aedat1, body, bytes.len(), block)
}

pub(crate) fn open2(bytes: &Bytes, body: u64, chip: Chip, block: u64) -> Grid<Aedat2> {
    Grid::new(Aedat2 { chip }, body, bytes.len(), block)
}

fn push(address: u32, t: u32, chip: Chip, state: &mut Checkpoint, sink: &mut Sink<'_>) {
    let before = state.t;
    state.t = i64::from(t);
    if state.started && before - state.t > PERIOD / 2 {
        state.offset += PERIOD;
    }
    state.started = true;
    let t = state.t + state.offset;
    match chip {
        Chip::Dvs128 if address & 0x8000 == 0 => {
            sink.events.push(t, ((address >> 1) & 0x7F) as u16, ((address >> 8) & 0x7F) as u16, (address & 1) as i8);
        }
        Chip::Davis if address & (1 << 31 | 1 << 10) == 0 => {
            let (x, y) = ((address >> 12) & 0x3FF, (address >> 22) & 0x1FF);
            sink.events.push(t, x as u16, y as u16, ((address >> 11) & 1) as i8);
        }
        _ => sink.notes.other += 1,
    }
}

impl Words for Aedat1 {
    const WORD: u64 = 6;
    const CONTEXT: u64 = 48;
    const SIGNED: bool = false;

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let last = before.chunks_exact(6).next_back()?;
        let t = i64::from(u32::from_be_bytes([last[2], last[3], last[4], last[5]]));
        Some(Checkpoint { started: true, t, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], _at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for record in bytes.chunks_exact(6) {
            let address = u32::from(u16::from_be_bytes([record[0], record[1]]));
            let t = u32::from_be_bytes([record[2], record[3], record[4], record[5]]);
            push(address, t, Chip::Dvs128, state, sink);
        }
        Ok(Some(()))
    }
}

impl Words for Aedat2 {
    const WORD: u64 = 8;
    const CONTEXT: u64 = 8;
    const SIGNED: bool = false;

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let last = before.chunks_exact(8).next_back()?;
        let t = i64::from(u32::from_be_bytes([last[4], last[5], last[6], last[7]]));
        Some(Checkpoint { started: true, t, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], _at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for record in bytes.chunks_exact(8) {
            let address = u32::from_be_bytes([record[0], record[1], record[2], record[3]]);
            let t = u32::from_be_bytes([record[4], record[5], record[6], record[7]]);
            push(address, t, self.chip, state, sink);
        }
        Ok(Some(()))
    }
}
