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
    /// y 14-8, x 7-1, polarity 0; bit 15 is an external event. As other writers than jAER mean it: x and polarity as stored.
    Dvs128,
    /// The same bits as jAER means them: x counts from the right, and a polarity of 0 is ON.
    Dvs128Jaer,
    /// y 19-11, x 10-1 from the right, polarity 0.
    Dvs640,
    /// y 30-22, x 21-12, polarity 11; bit 31 is a frame or IMU, bit 10 an external event.
    Davis,
}

/// AEDAT 1.0: address of 16 bits and time of 32.
pub(crate) struct Aedat1 {
    chip: Chip,
}
/// AEDAT 2.0: address of 32 bits and time of 32.
pub(crate) struct Aedat2 {
    chip: Chip,
    /// Was the chip told only by the addresses at the front? Then all others must fit it, too.
    assumed: bool,
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

/// The chips whose layout is known, as they are named to `chip`.
pub(crate) const CHIPS: &str = "DVS128, DVS640, DAVIS240, DAVIS346 or another DAVIS";

/// The layout of the addresses.
pub(crate) struct Found {
    pub(crate) chip: Chip,
    pub(crate) why: String,
    pub(crate) geometry: Option<Geometry>,
    /// Nobody named the chip.
    pub(crate) assumed: bool,
}

/// The layout: of the chip that is asked for, else of the one the header's `AEChip` names; without a name, that of a DVS128
/// when all of `body` fits it. The error is the name that is not known, or nothing when there is none.
pub(crate) fn chip(lines: &Lines, body: &[u8], asked: Option<&str>) -> std::result::Result<Found, Option<String>> {
    let by_jaer = lines.lines.iter().any(|(key, _)| key.starts_with("This is a raw AE data file"));
    let dvs128 = || match by_jaer {
        true => (Chip::Dvs128Jaer, "jAER wrote it: x is counted from the left here, polarity bit 0 is ON"),
        false => (Chip::Dvs128, "jAER did not write it: x and polarity are as stored"),
    };
    let said = lines.lines.iter().find(|(key, _)| key == "AEChip").map(|(_, value)| value.as_str());
    let size = |width, height| Some(Geometry { width, height });
    let Some(name) = asked.or(said.filter(|name| !name.is_empty())) else {
        if body.chunks_exact(8).any(|record| record[0] != 0 || record[1] != 0) {
            return Err(None);
        }
        let (chip, how) = dvs128();
        let why = format!("no chip is named; addresses use 16 bits, as those of a DVS128; {how}");
        return Ok(Found { chip, why, geometry: size(128, 128), assumed: true });
    };
    let short = name.rsplit('.').next().unwrap_or(name);
    let who = if asked.is_some() { "as asked for, the chip is" } else { "AEChip names" };
    let lower = short.to_ascii_lowercase();
    let (chip, geometry, how) = if lower.contains("davis") || lower.contains("sbret10") {
        let sizes = [("346", 346, 260), ("240", 240, 180), ("sbret10", 240, 180), ("208", 208, 192), ("640", 640, 480)];
        let known = sizes.into_iter().find(|(part, _, _)| lower.contains(part));
        (Chip::Davis, known.and_then(|(_, width, height)| size(width, height)), "")
    } else if lower.contains("dvs128") || lower.contains("tmpdiff128") {
        let (chip, how) = dvs128();
        (chip, size(128, 128), how)
    } else if lower.contains("dvs640") {
        (Chip::Dvs640, size(640, 480), "x is counted from the left here")
    } else {
        return Err(Some(short.to_string()));
    };
    let how = if how.is_empty() { String::new() } else { format!("; {how}") };
    Ok(Found { chip, why: format!("{who} {short}{how}"), geometry, assumed: false })
}

pub(crate) fn open1(bytes: &Bytes, lines: &Lines, block: u64) -> (Grid<Aedat1>, String) {
    // Only the DVS128 has addresses of 16 bits; its lines are looked at for who wrote them.
    let found = chip(lines, &[], Some("DVS128")).ok();
    let (chip, why) = found.map_or((Chip::Dvs128, String::new()), |found| (found.chip, found.why));
    (Grid::new(Aedat1 { chip }, lines.body, bytes.len(), block), why)
}

pub(crate) fn open2(bytes: &Bytes, body: u64, found: &Found, block: u64) -> Grid<Aedat2> {
    Grid::new(Aedat2 { chip: found.chip, assumed: found.assumed }, body, bytes.len(), block)
}

impl Chip {
    /// jAER counts y from the bottom, and x from the right in what is read as it is stored.
    fn mirrored(self) -> (bool, bool) {
        (matches!(self, Self::Dvs128 | Self::Davis), true)
    }
}

fn push(address: u32, t: u32, chip: Chip, state: &mut Checkpoint, sink: &mut Sink<'_>) {
    let before = state.t;
    state.t = i64::from(t);
    if state.started && before - state.t > PERIOD / 2 {
        state.offset += PERIOD;
    }
    state.started = true;
    let t = state.t + state.offset;
    let (x7, y7) = (((address >> 1) & 0x7F) as u16, ((address >> 8) & 0x7F) as u16);
    match chip {
        Chip::Dvs128 if address & 0x8000 == 0 => sink.events.push(t, x7, y7, (address & 1) as i8),
        Chip::Dvs128Jaer if address & 0x8000 == 0 => sink.events.push(t, 127 - x7, y7, (!address & 1) as i8),
        Chip::Dvs640 => {
            let (x, y) = ((address >> 1) & 0x3FF, (address >> 11) & 0x1FF);
            match (address >> 20, 639u16.checked_sub(x as u16)) {
                (0, Some(x)) if y < 480 => sink.events.push(t, x, y as u16, (address & 1) as i8),
                _ => sink.notes.other += 1,
            }
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

    fn mirrored(&self) -> (bool, bool) {
        self.chip.mirrored()
    }

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let last = before.chunks_exact(6).next_back()?;
        let t = i64::from(u32::from_be_bytes([last[2], last[3], last[4], last[5]]));
        Some(Checkpoint { started: true, t, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], _at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for record in bytes.chunks_exact(6) {
            let address = u32::from(u16::from_be_bytes([record[0], record[1]]));
            let t = u32::from_be_bytes([record[2], record[3], record[4], record[5]]);
            push(address, t, self.chip, state, sink);
        }
        Ok(Some(()))
    }
}

impl Words for Aedat2 {
    const WORD: u64 = 8;
    const CONTEXT: u64 = 8;
    const SIGNED: bool = false;

    fn mirrored(&self) -> (bool, bool) {
        self.chip.mirrored()
    }

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let last = before.chunks_exact(8).next_back()?;
        let t = i64::from(u32::from_be_bytes([last[4], last[5], last[6], last[7]]));
        Some(Checkpoint { started: true, t, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for (number, record) in bytes.chunks_exact(8).enumerate() {
            let address = u32::from_be_bytes([record[0], record[1], record[2], record[3]]);
            if self.assumed && address > 0xFFFF {
                let what = format!(
                    "the address {address:#x} is none of a DVS128, and the header names no other chip: name it with `chip` ({CHIPS})"
                );
                sink.damage(at + number as u64 * 8, 8, what)?;
                continue;
            }
            let t = u32::from_be_bytes([record[4], record[5], record[6], record[7]]);
            push(address, t, self.chip, state, sink);
        }
        Ok(Some(()))
    }
}
