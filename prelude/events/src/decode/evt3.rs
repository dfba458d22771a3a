//! EVT 3.0: words of 16 bits. A word says only what changes: the row, the time, or a column, which is an event.

use std::hint::select_unpredictable;

use crate::codec::grid::Words;
use crate::codec::{Checkpoint, Sink};
use crate::model::columns::{Events, Trigger};
use crate::model::error::Result;
use crate::model::wide::last_word;

/// Time counts to 2^24 microseconds (16.8 seconds) and starts again.
const PERIOD: i64 = 1 << 24;
const LOOP_STEP: i64 = (((1 << 12) - 1) << 12) - (10 << 12);
/// A column that the bytes before a block do not tell.
pub(crate) const UNKNOWN_X: u16 = u16::MAX;
/// Words decoded between two looks at the capacity of the columns.
const PART: usize = 256;
/// The most events one word gives.
const MOST: usize = 12;

const ADDR_Y: u16 = 0;
const ADDR_X: u16 = 2;
const VECT_BASE_X: u16 = 3;
const VECT_12: u16 = 4;
const VECT_8: u16 = 5;
const TIME_LOW: u16 = 6;
const TIME_HIGH: u16 = 8;
const EXT_TRIGGER: u16 = 10;

/// The decoder.
pub(crate) struct Evt3 {
    shift: Option<i64>,
}

impl Evt3 {
    /// `head`: the first bytes of the body, for the time base.
    pub(crate) fn new(head: &[u8]) -> Self {
        let first = words(head).find(|word| word >> 12 == TIME_HIGH);
        Self { shift: first.map(|word| (i64::from(word & 0xFFF) - 1) << 12) }
    }
}

/// A word as it lies in the file, at any address.
type Word = [u8; 2];

fn words(bytes: &[u8]) -> impl DoubleEndedIterator<Item = u16> + '_ {
    bytes.as_chunks().0.iter().map(|&word| u16::from_le_bytes(word))
}

/// Part of the first words that are of a known type, 0 when they never say the time.
pub(crate) fn plausibility(body: &[u8]) -> f64 {
    let (mut known, mut all, mut time, mut base, mut steps_back) = (0u32, 0u32, 0u32, 0u16, 0u32);
    for word in words(body).take(8192) {
        all += 1;
        match word >> 12 {
            TIME_HIGH => {
                (known, time) = (known + 1, time + 1);
                steps_back += u32::from(word < base);
                base = word;
            }
            ADDR_Y | ADDR_X | VECT_BASE_X | VECT_12 | VECT_8 | TIME_LOW | 7 | EXT_TRIGGER | 14 | 15 => known += 1,
            _ => {}
        }
    }
    if time == 0 || steps_back * 10 > time { 0.0 } else { f64::from(known) / f64::from(all) }
}

impl Words for Evt3 {
    const WORD: u64 = 2;
    const CONTEXT: u64 = 16 * 1024;
    const SIGNED: bool = true;

    /// What comes before the first time of a stream does not count; so row and vector are only known when a time is seen
    /// before them.
    fn guess(&self, before: &[u8]) -> Option<Checkpoint> {
        let words: &[Word] = before.as_chunks().0;
        let last = |end: usize, kind: u16| last_word(&words[..end], |word| u16::from_le_bytes(word) >> 12 == kind);
        let value = |at: usize| u16::from_le_bytes(words[at]) & 0xFFF;
        let high = last(words.len(), TIME_HIGH)?;
        let timed = |at: &usize| *at > high || last(*at, TIME_HIGH).is_some();
        let y = value(last(words.len(), ADDR_Y).filter(timed)?) & 0x7FF;
        let (x, polarity) = match last(words.len(), VECT_BASE_X).filter(timed) {
            Some(at) => (column_after(value(at) & 0x7FF, &words[at..]), (value(at) >> 11) as u8),
            None => (UNKNOWN_X, 0),
        };
        let base = i64::from(value(high)) << 12;
        let low = last(words.len(), TIME_LOW).filter(|&at| at > high).map_or(0, |at| i64::from(value(at)));
        Some(Checkpoint { started: true, base, t: base + low, offset: 0, x, y, polarity })
    }

    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        decode(bytes.as_chunks().0, at, state, sink)
    }

    fn shift(&self) -> Option<i64> {
        self.shift
    }
}

/// The column that the vectors among these words come to.
fn column_after(x: u16, words: &[Word]) -> u16 {
    words.iter().fold(x, |x, &word| match u16::from_le_bytes(word) >> 12 {
        VECT_12 => next_column(x, 12),
        VECT_8 => next_column(x, 8),
        _ => x,
    })
}

/// Only a damaged stream counts so far; it must not come out as "not known".
fn next_column(x: u16, by: u16) -> u16 {
    match x.wrapping_add(by) {
        UNKNOWN_X => 0,
        x => x,
    }
}

fn decode(words: &[Word], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
    let mut begin = 0;
    if !state.started {
        begin = words.iter().position(|&word| u16::from_le_bytes(word) >> 12 == TIME_HIGH).unwrap_or(words.len());
        sink.notes.before_start += words[..begin].iter().map(|&word| events_of(u16::from_le_bytes(word))).sum::<u64>();
    }
    for (number, part) in words[begin..].chunks(PART).enumerate() {
        let at = at + (begin + number * PART) as u64 * 2;
        let mut done = 0;
        while done < part.len() {
            done += common_words(&part[done..], state, sink.signed, sink.events);
            let Some(&word) = part.get(done) else { break };
            if !rare_word(u16::from_le_bytes(word), at + done as u64 * 2, state, sink)? {
                return Ok(None);
            }
            done += 1;
        }
    }
    Ok(Some(()))
}

fn events_of(word: u16) -> u64 {
    match word >> 12 {
        ADDR_X | EXT_TRIGGER => 1,
        VECT_12 => u64::from((word & 0xFFF).count_ones()),
        VECT_8 => u64::from((word & 0xFF).count_ones()),
        _ => 0,
    }
}

/// Decodes words until one of a rare type, and says how many.
///
/// At most [`PART`] words. Row, time and column words are handled without a branch: the event is always written and counted only
/// when the word was a column.
fn common_words(words: &[Word], state: &mut Checkpoint, signed: bool, events: &mut Events) -> usize {
    let sign = u16::from(signed);
    let encoded = |on: u16| (on << sign) as i8 - sign as i8;
    const COMMON: u32 = 1 << ADDR_Y | 1 << ADDR_X | 1 << TIME_LOW;
    const VECTOR: u32 = 1 << VECT_BASE_X | 1 << VECT_12 | 1 << VECT_8;
    events.reserve((words.len() + 1) * MOST);
    let first = events.len();
    let mut n = first;
    let (t_at, x_at, y_at, p_at) =
        (events.t.as_mut_ptr(), events.x.as_mut_ptr(), events.y.as_mut_ptr(), events.polarity.as_mut_ptr());
    let base = state.base + state.offset;
    let (mut t, mut y, mut x, mut polarity) = (state.t + state.offset, state.y, state.x, u16::from(state.polarity));
    let mut done = 0;
    for &word in words {
        let word = u16::from_le_bytes(word);
        let (kind, value) = (word >> 12, word & 0xFFF);
        if COMMON >> kind & 1 == 1 {
            // Which comes next depends on the scene: a guess of the processor would often be wrong.
            y = select_unpredictable(kind == ADDR_Y, value & 0x7FF, y);
            t = select_unpredictable(kind == TIME_LOW, base + i64::from(value), t);
            // SAFETY: every word moves `n` by at most MOST, and above `(words.len() + 1) * MOST` elements beyond `first`
            // were reserved in each of the four vectors, so `n` is inside their capacity. They are of types without drop.
            unsafe {
                t_at.add(n).write(t);
                x_at.add(n).write(value & 0x7FF);
                y_at.add(n).write(y);
                p_at.add(n).write(encoded(value >> 11));
            }
            n += usize::from(kind == ADDR_X);
        } else if VECTOR >> kind & 1 == 1 {
            if kind == VECT_BASE_X {
                (x, polarity) = (value & 0x7FF, value >> 11);
            } else if x == UNKNOWN_X {
                break;
            } else {
                let wide = kind == VECT_12;
                let mut mask = if wide { value } else { value & 0xFF };
                while mask != 0 {
                    // SAFETY: as above; a mask has at most MOST bits.
                    unsafe {
                        t_at.add(n).write(t);
                        x_at.add(n).write(x.wrapping_add(mask.trailing_zeros() as u16));
                        y_at.add(n).write(y);
                        p_at.add(n).write(encoded(polarity));
                    }
                    n += 1;
                    mask &= mask - 1;
                }
                x = next_column(x, if wide { 12 } else { 8 });
            }
        } else {
            break;
        }
        done += 1;
    }
    // SAFETY: `n` is at most the capacity reserved above, and the elements `first..n` were all written, none skipped.
    unsafe {
        events.t.set_len(n);
        events.x.set_len(n);
        events.y.set_len(n);
        events.polarity.set_len(n);
    }
    (state.t, state.y, state.x, state.polarity) = (t - state.offset, y, x, polarity as u8);
    done
}

/// `false`: a vector whose column is not known from the bytes before the block.
#[inline(never)]
fn rare_word(word: u16, at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<bool> {
    let value = word & 0xFFF;
    match word >> 12 {
        TIME_HIGH => {
            let base = i64::from(value) << 12;
            if state.started && state.base - base >= LOOP_STEP {
                state.offset += PERIOD;
            }
            (state.base, state.t, state.started) = (base, base, true);
        }
        EXT_TRIGGER => sink.notes.triggers.push(Trigger {
            t: state.t + state.offset,
            id: (value >> 8) & 15,
            value: (value & 1) as u8,
        }),
        // Other signals and the continuations of them.
        7 | 14 | 15 => sink.notes.other += 1,
        VECT_12 | VECT_8 => return Ok(false),
        kind => sink.damage(at, 2, format!("a word 0x{word:04X} of type {kind}, which EVT3 does not have"))?,
    }
    Ok(true)
}
