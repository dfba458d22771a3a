//! EVT 2.0: words of 32 bits. Bits 31-28 are the type; an event has the low 6 bits of its time, x and y.

#[cfg(target_arch = "x86_64")]
mod avx2;

use crate::codec::grid::Words;
use crate::codec::{Checkpoint, Sink};
use crate::model::columns::Trigger;
use crate::model::error::Result;
use crate::model::wide::{last_word, wide};

/// Time counts to 2^34 microseconds (4.77 hours) and starts again.
pub(crate) const PERIOD: i64 = 1 << 34;
/// A step back of nearly a whole period is an overflow, any other is a jump.
pub(crate) const LOOP_STEP: i64 = (((1 << 28) - 1) << 6) - (10 << 6);

/// The type of words that say the upper bits of the time.
const TIME_HIGH: u32 = 8;
/// Bits that are 0 in events, of type 0 and 1, and in no other word.
const NO_EVENT: u32 = 0xE000_0000;

/// The decoder.
pub(crate) struct Evt2 {
    shift: Option<i64>,
}

impl Evt2 {
    /// `head`: the first bytes of the body, for the time base.
    pub(crate) fn new(head: &[u8]) -> Self {
        let first = words(head).find(|word| word >> 28 == TIME_HIGH);
        Self { shift: first.map(base_of) }
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
        let words: &[Word] = before.as_chunks().0;
        let at = last_word(words, |word| u32::from_le_bytes(word) >> 28 == TIME_HIGH)?;
        Some(Checkpoint { started: true, base: base_of(u32::from_le_bytes(words[at])), ..Checkpoint::default() })
    }

    fn run(&self, bytes: &[u8], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<Option<()>> {
        decode(bytes.as_chunks().0, at, state, sink).map(Some)
    }

    fn shift(&self) -> Option<i64> {
        self.shift
    }
}

/// Events and times are walked through as fast as can be; words of another type end the walk, are seen to, and it goes on.
fn decode(words: &[Word], at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<()> {
    // A group more: whole groups are written.
    sink.events.reserve(words.len() + 16);
    let mut next = 0;
    while next < words.len() {
        #[cfg(target_arch = "x86_64")]
        if state.started {
            next += avx2::decode(&words[next..], state, sink);
        }
        next += wide(|| events_and_times(&words[next..], state, sink));
        let Some(&word) = words.get(next) else { break };
        other_word(u32::from_le_bytes(word), at + next as u64 * 4, state, sink)?;
        next += 1;
    }
    Ok(())
}

/// Between two words of another type lie runs of events; each run is four loops without a branch. Says how many words.
#[inline(always)]
fn events_and_times(words: &[Word], state: &mut Checkpoint, sink: &mut Sink<'_>) -> usize {
    let mut next = 0;
    loop {
        let run = run_of_events(&words[next..]);
        if state.started {
            push_run(&words[next..next + run], state.base + state.offset, sink);
        } else {
            sink.notes.before_start += run as u64;
        }
        next += run;
        match words.get(next).map(|&word| u32::from_le_bytes(word)) {
            Some(word) if word >> 28 == TIME_HIGH => time_high(base_of(word), state),
            _ => return next,
        }
        next += 1;
    }
}

/// How many words from the first on are of type 0 or 1.
#[inline(always)]
fn run_of_events(words: &[Word]) -> usize {
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
    let sign = i8::from(sink.signed);
    let events = &mut *sink.events;
    events.t.extend(run.iter().map(|&word| time_of(word, base)));
    events.x.extend(run.iter().map(|&word| ((u32::from_le_bytes(word) >> 11) & 0x7FF) as u16));
    events.y.extend(run.iter().map(|&word| (u32::from_le_bytes(word) & 0x7FF) as u16));
    events.polarity.extend(run.iter().map(|&word| ((u32::from_le_bytes(word) >> 28) as i8) * (1 + sign) - sign));
}

#[inline(always)]
fn time_of(word: Word, base: i64) -> i64 {
    base + i64::from((u32::from_le_bytes(word) >> 22) & 63)
}

fn base_of(word: u32) -> i64 {
    i64::from(word & 0x0FFF_FFFF) << 6
}

#[inline(never)]
fn other_word(word: u32, at: u64, state: &mut Checkpoint, sink: &mut Sink<'_>) -> Result<()> {
    match word >> 28 {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::Notes;
    use crate::codec::stats::Stats;
    use crate::model::columns::Events;
    use crate::model::format::Format;

    type Decoded = (Events, Stats, Checkpoint, u64, u64);

    fn run(parts: &[&[Word]], signed: bool, walk: impl Fn(&[Word], &mut Checkpoint, &mut Sink<'_>)) -> Decoded {
        let (mut events, mut notes, mut stats) = (Events::default(), Notes::default(), Stats::default());
        let mut state = Checkpoint::default();
        for words in parts {
            let path = std::path::Path::new("made");
            let (events, notes, stats) = (&mut events, &mut notes, &mut stats);
            let mut sink = Sink { events, notes, stats, lenient: true, signed, format: Format::Evt2, path };
            walk(words, &mut state, &mut sink);
            sink.stats.look(sink.events);
        }
        (events, stats, state, notes.skipped, notes.other)
    }

    /// Word by word, as the specification reads.
    fn one_by_one(words: &[Word], state: &mut Checkpoint, sink: &mut Sink<'_>) {
        for &word in words {
            let word = u32::from_le_bytes(word);
            match word >> 28 {
                kind @ 0..=1 if state.started => {
                    let t = state.base + state.offset + i64::from(word >> 22 & 63);
                    let polarity = if kind == 1 { 1 } else { -i8::from(sink.signed) };
                    sink.events.push(t, (word >> 11 & 0x7FF) as u16, (word & 0x7FF) as u16, polarity);
                }
                0..=1 => {}
                8 => time_high(i64::from(word & 0x0FFF_FFFF) << 6, state),
                _ => other_word(word, 0, state, sink).unwrap(),
            }
        }
    }

    /// Runs of events in order or not, times that go on, jump and go round, and now and then another word.
    fn any_words() -> impl Strategy<Value = Vec<Word>> {
        let event = (0..2u32, 0..0x0FFF_FFFFu32).prop_map(|(kind, rest)| vec![kind << 28 | rest]);
        let run = (0..2u32, 0..64u32, 1..70u32).prop_map(|(kind, low, count)| {
            (0..count).map(|k| kind << 28 | (low + k / 9).min(63) << 22 | (k * 77) << 11 | ((k * 13) & 0x7FF)).collect()
        });
        let time = prop_oneof![0..5u32, 0x0FFF_FFF0..=0x0FFF_FFFFu32].prop_map(|base| vec![8 << 28 | base]);
        let other = any::<u32>().prop_map(|word| vec![word]);
        let part = prop_oneof![3 => event, 8 => run, 3 => time, 1 => other];
        prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat().into_iter().map(u32::to_le_bytes).collect())
    }

    proptest! {
        #[test]
        fn groups_and_runs_decode_as_one_by_one(words in any_words(), cut in any::<prop::sample::Index>(), signed: bool) {
            let (first, second) = words.split_at(cut.index(words.len() + 1));
            let plain = run(&[first, second], signed, one_by_one);
            let fast = run(&[first, second], signed, |words, state, sink| decode(words, 0, state, sink).unwrap());
            prop_assert_eq!(&fast, &plain);
            // And without the widest processor.
            let portable = run(&[first, second], signed, |words, state, sink| {
                let mut next = 0;
                while next < words.len() {
                    next += events_and_times(&words[next..], state, sink);
                    if let Some(&word) = words.get(next) {
                        other_word(u32::from_le_bytes(word), 0, state, sink).unwrap();
                    }
                    next += 1;
                }
            });
            prop_assert_eq!(&portable, &plain);
        }
    }
}
