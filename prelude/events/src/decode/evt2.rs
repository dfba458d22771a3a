//! EVT 2.0: words of 32 bits. Bits 31-28 are the type; an event has the low 6 bits of its time, x and y.

use crate::codec::{Checkpoint, Sink, Words};
use crate::columns::Trigger;
use crate::error::Result;
use crate::wide::wide;

/// Time counts to 2^34 microseconds (4.77 hours) and starts again.
pub(crate) const PERIOD: i64 = 1 << 34;
/// A step back of nearly a whole period is an overflow, any other is a jump.
pub(crate) const LOOP_STEP: i64 = (((1 << 28) - 1) << 6) - (10 << 6);

/// The decoder.
pub(crate) struct Evt2 {
    shift: Option<i64>,
}

impl Evt2 {
    /// `head`: the first bytes of the body, for the time base.
    pub(crate) fn new(head: &[u8]) -> Self {
        let first = words(head).find(|word| word >> 28 == 8);
        Self { shift: first.map(|word| i64::from(word & 0x0FFF_FFFF) << 6) }
    }
}

/// A word as it lies in the file, at any address.
type Word = [u8; 4];

fn words(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u32> + '_ {
    bytes.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word))
}

/// Part of the first words that are of a known type, 0 when they never say the time.
pub(crate) fn plausibility(body: &[u8]) -> f64 {
    let (mut known, mut all, mut time, mut base, mut steps_back) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for word in words(body).take(4096) {
        all += 1;
        match word >> 28 {
            8 => {
                (known, time) = (known + 1, time + 1);
                steps_back += u32::from(word < base);
                base = word;
            }
            0 | 1 | 0xA | 0xE | 0xF => known += 1,
            _ => {}
        }
    }
    if time == 0 || steps_back * 10 > time { 0.0 } else { f64::from(known) / f64::from(all) }
}

impl Words for Evt2 {
    const WORD: u64 = 4;
    const CONTEXT: u64 = 16 * 1024;
    const SIGNED: bool = true;

    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let word = words(before).rev().find(|word| word >> 28 == 8)?;
        Some(Checkpoint { started: true, base: i64::from(word & 0x0FFF_FFFF) << 6, ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        decode(bytes.as_chunks().0, at, state, sink).map(Some)
    }

    fn shift(&self) -> Option<i64> {
        self.shift
    }
}

fn decode(words: &[Word], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<()> {
    sink.events.reserve(words.len());
    wide(|| decode_any(words, at, state, sink))
}

/// Between two words of another type lie runs of events; each run is four loops without a branch.
#[inline(always)]
fn decode_any(words: &[Word], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<()> {
    let mut next = 0;
    while next < words.len() {
        let run = run_of_events(&words[next..]);
        if run > 0 {
            if state.started {
                push_run(&words[next..next + run], state.base + state.offset, sink);
            } else {
                sink.notes.before_start += run as u64;
            }
            next += run;
        }
        let Some(&word) = words.get(next) else { break };
        other_word(u32::from_le_bytes(word), at + next as u64 * 4, state, sink)?;
        next += 1;
    }
    Ok(())
}

/// How many words from the first on are of type 0 or 1.
#[inline(always)]
fn run_of_events(words: &[Word]) -> usize {
    const NO_EVENT: u32 = 0xE000_0000;
    let mut run = 0;
    for chunk in words.chunks_exact(16) {
        if chunk.iter().fold(0, |all, word| all | u32::from_le_bytes(*word)) & NO_EVENT != 0 {
            break;
        }
        run += 16;
    }
    run + words[run..].iter().take_while(|&&word| u32::from_le_bytes(word) & NO_EVENT == 0).count()
}

#[inline(always)]
fn push_run(run: &[Word], base: i64, sink: &mut Sink<'_>) {
    let events = &mut *sink.events;
    events.t.extend(run.iter().map(|&word| base + i64::from((u32::from_le_bytes(word) >> 22) & 63)));
    events.x.extend(run.iter().map(|&word| ((u32::from_le_bytes(word) >> 11) & 0x7FF) as u16));
    events.y.extend(run.iter().map(|&word| (u32::from_le_bytes(word) & 0x7FF) as u16));
    events.polarity.extend(run.iter().map(|&word| (u32::from_le_bytes(word) >> 28) as i8));
}

#[inline(never)]
fn other_word(word: u32, at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<()> {
    match word >> 28 {
        8 => time_high(i64::from(word & 0x0FFF_FFFF) << 6, state),
        0xA if state.started => {
            let t = state.base + state.offset + i64::from((word >> 22) & 63);
            sink.notes.triggers.push(Trigger { t, id: ((word >> 8) & 31) as u16, value: (word & 1) as u8 });
        }
        0xA => sink.notes.before_start += 1,
        // IMU, other signals, and the continuation of both.
        0xD..=0xF => sink.notes.other += 1,
        kind => sink.damage(at, 4, format!("a word 0x{word:08X} of type {kind}, which EVT2 does not have"))?,
    }
    Ok(())
}

/// Takes a new time base and sees whether the counter has gone round.
pub(crate) fn time_high(base: i64, state: &mut Checkpoint) {
    if state.started && state.base - base >= LOOP_STEP {
        state.offset += PERIOD;
    }
    state.base = base;
    state.started = true;
}
