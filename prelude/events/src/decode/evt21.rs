//! EVT 2.1: words of 64 bits, each with up to 32 neighbouring pixels of one row, in two word orders.

use crate::codec::grid::Words;
use crate::codec::{Checkpoint, Sink};
use crate::decode::evt2::time_high;
use crate::model::columns::Trigger;
use crate::model::error::Result;

/// The decoder.
pub(crate) struct Evt21 {
    /// The halves of 32 bits are swapped in the file, as the IMX636 writes them.
    swapped: bool,
    shift: Option<i64>,
}

fn words(bytes: &[u8], swapped: bool) -> impl DoubleEndedIterator<Item = u64> + '_ {
    bytes.as_chunks().0.iter().map(move |&word| {
        let word = u64::from_le_bytes(word);
        if swapped { word.rotate_left(32) } else { word }
    })
}

/// Part of the first words that make sense in this order, 0 when they never say the time.
fn score(body: &[u8], swapped: bool) -> f64 {
    let (mut known, mut all, mut time) = (0u32, 0u32, 0u32);
    for word in words(body, swapped).take(4096) {
        all += 1;
        known += match word >> 60 {
            // x is a multiple of 32 and a vector has at least one pixel.
            0 | 1 => u32::from((word >> 43) & 31 == 0 && word as u32 != 0),
            8 => {
                time += 1;
                1
            }
            0xA | 0xE | 0xF => 1,
            _ => 0,
        };
    }
    if time == 0 { 0.0 } else { f64::from(known) / f64::from(all) }
}

/// The better of the two orders.
pub(crate) fn plausibility(body: &[u8]) -> f64 {
    score(body, false).max(score(body, true))
}

impl Evt21 {
    /// `said` is the header's `endianness`; without one the words tell.
    pub(crate) fn new(head: &[u8], said: Option<&str>) -> Self {
        let swapped = match said {
            Some("legacy") => true,
            Some("little") => false,
            _ => score(head, true) > score(head, false),
        };
        let first = words(head, swapped).find(|word| word >> 60 == 8);
        Self { swapped, shift: first.map(base_of) }
    }

    /// Which of the two orders, in words.
    pub(crate) fn order(&self) -> &'static str {
        if self.swapped { "legacy (halves swapped)" } else { "little" }
    }
}

fn base_of(word: u64) -> i64 {
    (((word >> 32) & 0x0FFF_FFFF) << 6) as i64
}

impl Words for Evt21 {
    const WORD: u64 = 8;
    const CONTEXT: u64 = 16 * 1024;
    const SIGNED: bool = true;

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let word = words(before, self.swapped).rev().find(|word| word >> 60 == 8)?;
        Some(Checkpoint { started: true, base: base_of(word), ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        for (number, word) in words(bytes, self.swapped).enumerate() {
            match word >> 60 {
                0 | 1 if state.started => push_vector(word, state.base + state.offset, sink),
                0 | 1 => sink.notes.before_start += u64::from((word as u32).count_ones()),
                8 => time_high(base_of(word), state),
                0xA if state.started => sink.notes.triggers.push(Trigger {
                    t: state.base + state.offset + ((word >> 54) & 63) as i64,
                    id: ((word >> 40) & 31) as u16,
                    value: ((word >> 32) & 1) as u8,
                }),
                0xA => sink.notes.before_start += 1,
                0xD..=0xF => sink.notes.other += 1,
                kind => {
                    let what = format!("a word 0x{word:016X} of type {kind}, which EVT2.1 does not have");
                    sink.damage(at + number as u64 * 8, 8, what)?;
                }
            }
        }
        Ok(Some(()))
    }

    fn shift(&self) -> Option<i64> {
        self.shift
    }
}

#[inline]
fn push_vector(word: u64, base: i64, sink: &mut Sink<'_>) {
    let mut mask = word as u32;
    let count = mask.count_ones() as usize;
    let x = ((word >> 43) & 0x7FF) as u16;
    let sign = i8::from(sink.signed);
    let events = &mut *sink.events;
    events.t.extend(std::iter::repeat_n(base + ((word >> 54) & 63) as i64, count));
    events.y.extend(std::iter::repeat_n(((word >> 32) & 0x7FF) as u16, count));
    events.polarity.extend(std::iter::repeat_n(((word >> 60) as i8) * (1 + sign) - sign, count));
    events.x.extend((0..count).map(|_| {
        let bit = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        x + bit as u16
    }));
}
