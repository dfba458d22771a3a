//! EVT2 events sixteen at a time: all columns, and what is worth knowing of them, in one walk over the words.
//!
//! Four simple loops that the compiler vectorises read every word five times and reach half of this speed.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::{NO_EVENT, Word, time_of};
use crate::codec::stats::Seen;
use crate::codec::{Checkpoint, Sink};
use crate::model::columns::Events;

/// Words decoded at once.
const GROUP: usize = 16;
/// How far ahead words are asked for, in bytes: the processor by itself stops at the end of a page.
const AHEAD: usize = 1024;
/// Words of one call: ON events are counted in 16 bits, a lane for each word of a group.
const MOST: usize = 1 << 16;

/// Decodes the events and times that `words` begin with, in whole groups, and says how many words these were. The state
/// must have a time.
pub(super) fn decode(words: &[Word], state: &mut Checkpoint, sink: &mut Sink<'_>) -> usize {
    if words.len() < GROUP || !std::arch::is_x86_feature_detected!("avx2") {
        return 0;
    }
    sink.stats.look(sink.events);
    let words = &words[..words.len().min(MOST)];
    let events = &mut *sink.events;
    events.reserve(words.len() + GROUP);
    let before = events.t.last().copied().unwrap_or(i64::MIN);
    let columns = Columns::behind(events);
    // SAFETY: the processor has AVX2, asked for above, and it is all that the function is compiled with.
    let (done, count, seen) = unsafe { groups(words, columns, before, sink.signed, state) };
    let len = events.len() + count;
    // SAFETY: `groups` has written `count` elements behind the old length of every column, inside the reserved capacity
    // (it writes through slices of the spare capacity), and the elements are plain numbers.
    unsafe {
        events.t.set_len(len);
        events.x.set_len(len);
        events.y.set_len(len);
        events.polarity.set_len(len);
    }
    sink.stats.take(events, seen);
    done
}

/// The spare capacity of the columns.
struct Columns<'e> {
    t: &'e mut [MaybeUninit<i64>],
    x: &'e mut [MaybeUninit<u16>],
    y: &'e mut [MaybeUninit<u16>],
    polarity: &'e mut [MaybeUninit<i8>],
}

impl<'e> Columns<'e> {
    fn behind(events: &'e mut Events) -> Self {
        Self {
            t: events.t.spare_capacity_mut(),
            x: events.x.spare_capacity_mut(),
            y: events.y.spare_capacity_mut(),
            polarity: events.polarity.spare_capacity_mut(),
        }
    }
}

/// What is gathered, a lane for each word of a group.
struct Gathered {
    max_x: __m256i,
    max_y: __m256i,
    on: __m256i,
    back: __m256i,
}

/// Words done, events written, what was seen of them.
#[target_feature(enable = "avx2")]
fn groups(
    words: &[Word],
    out: Columns<'_>,
    mut before: i64,
    signed: bool,
    state: &mut Checkpoint,
) -> (usize, usize, Seen) {
    let none = _mm256_setzero_si256();
    let mut all = Gathered { max_x: none, max_y: none, on: none, back: none };
    let (mut at, mut count, mut back) = (0, 0, false);
    let mut base = state.base + state.offset;
    while let Some(group) = words.get(at..).and_then(|rest| rest.first_chunk::<GROUP>()) {
        let (low, high) = (load(group, 0), load(group, 8));
        // SAFETY: a prefetch reads nothing and faults at no address; the address is made without going through memory.
        _mm_prefetch::<_MM_HINT_T0>(group.as_ptr().cast::<i8>().wrapping_add(AHEAD));
        let run = events_before_another(low, high);
        if run > 0 {
            back |= time_of(group[0], base) < before;
            before = time_of(group[run - 1], base);
            // A whole group is written; what is behind the run is written over by the next.
            times(&mut out.t[count..count + GROUP], low, high, base);
            let (x, y, on) = places(low, high);
            store16(&mut out.x[count..count + GROUP], x);
            store16(&mut out.y[count..count + GROUP], y);
            polarities(&mut out.polarity[count..count + GROUP], on, signed);
            all.add(group, run, (x, y, on));
            (at, count) = (at + run, count + run);
        }
        if run < GROUP {
            let word = u32::from_le_bytes(group[run]);
            if word >> 28 != super::TIME_HIGH {
                break;
            }
            super::time_high(super::base_of(word), state);
            base = state.base + state.offset;
            at += 1;
        }
    }
    let (max_x, max_y) = (largest(all.max_x), largest(all.max_y));
    back |= _mm256_testz_si256(all.back, all.back) == 0;
    (at, count, Seen { on: sum(all.on), max_x, max_y, back })
}

impl Gathered {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(&mut self, group: &[Word; GROUP], run: usize, (mut x, mut y, mut on): (__m256i, __m256i, __m256i)) {
        // Time of each word against that of the next, for words 0 to 7 and 7 to 14.
        let mask = _mm256_set1_epi32(0x0FC0_0000);
        let later = |from: usize| {
            let (one, next) = (load(group, from), load(group, from + 1));
            _mm256_cmpgt_epi32(_mm256_and_si256(one, mask), _mm256_and_si256(next, mask))
        };
        let (mut first, mut second) = (later(0), later(7));
        if run < GROUP {
            let run = run as i16;
            let lanes = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
            let inside = _mm256_cmpgt_epi16(_mm256_set1_epi16(run), lanes);
            (x, y, on) = (_mm256_and_si256(x, inside), _mm256_and_si256(y, inside), _mm256_and_si256(on, inside));
            let lanes = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
            let run = i32::from(run);
            first = _mm256_and_si256(first, _mm256_cmpgt_epi32(_mm256_set1_epi32(run), lanes));
            second = _mm256_and_si256(second, _mm256_cmpgt_epi32(_mm256_set1_epi32(run - 7), lanes));
        }
        self.max_x = _mm256_max_epu16(self.max_x, x);
        self.max_y = _mm256_max_epu16(self.max_y, y);
        self.on = _mm256_add_epi16(self.on, on);
        self.back = _mm256_or_si256(self.back, _mm256_or_si256(first, second));
    }
}

/// Eight words of a group.
#[inline]
#[target_feature(enable = "avx2")]
fn load(group: &[Word; GROUP], from: usize) -> __m256i {
    let eight = &group[from..from + 8];
    // SAFETY: `eight` is 32 bytes, and the load asks for no alignment.
    unsafe { _mm256_loadu_si256(eight.as_ptr().cast()) }
}

/// How many words from the first on are of type 0 or 1.
#[inline]
#[target_feature(enable = "avx2")]
fn events_before_another(low: __m256i, high: __m256i) -> usize {
    let kinds = _mm256_set1_epi32(NO_EVENT.cast_signed());
    if _mm256_testz_si256(_mm256_or_si256(low, high), kinds) == 1 {
        return GROUP;
    }
    let events = |words| {
        let is = _mm256_cmpeq_epi32(_mm256_and_si256(words, kinds), _mm256_setzero_si256());
        _mm256_movemask_ps(_mm256_castsi256_ps(is)).cast_unsigned()
    };
    (events(low) | events(high) << 8).trailing_ones() as usize
}

#[inline]
#[target_feature(enable = "avx2")]
fn times(out: &mut [MaybeUninit<i64>], low: __m256i, high: __m256i, base: i64) {
    let base = _mm256_set1_epi64x(base);
    for (half, words) in out.chunks_exact_mut(8).zip([low, high]) {
        let low = _mm256_and_si256(_mm256_srli_epi32(words, 22), _mm256_set1_epi32(63));
        let four = [_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)];
        for (part, four) in half.chunks_exact_mut(4).zip(four) {
            let t = _mm256_add_epi64(base, _mm256_cvtepu32_epi64(four));
            // SAFETY: `part` is four numbers of 8 bytes, and the store asks for no alignment.
            unsafe { _mm256_storeu_si256(part.as_mut_ptr().cast(), t) }
        }
    }
}

/// x, y and ON of sixteen words.
#[inline]
#[target_feature(enable = "avx2")]
fn places(low: __m256i, high: __m256i) -> (__m256i, __m256i, __m256i) {
    let eleven = _mm256_set1_epi32(0x7FF);
    // Packing works on each half of 128 bits alone; the permutation puts the quarters in order.
    let pack = |low, high| _mm256_permute4x64_epi64(_mm256_packus_epi32(low, high), 0b11_01_10_00);
    let part = |words| _mm256_and_si256(words, eleven);
    let x = pack(part(_mm256_srli_epi32(low, 11)), part(_mm256_srli_epi32(high, 11)));
    let y = pack(part(low), part(high));
    (x, y, pack(_mm256_srli_epi32(low, 28), _mm256_srli_epi32(high, 28)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn store16(out: &mut [MaybeUninit<u16>], numbers: __m256i) {
    assert_eq!(out.len(), GROUP);
    // SAFETY: `out` is sixteen numbers of 2 bytes, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), numbers) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn polarities(out: &mut [MaybeUninit<i8>], on: __m256i, signed: bool) {
    assert_eq!(out.len(), GROUP);
    let one = _mm256_set1_epi16(1);
    let wanted = if signed { _mm256_sub_epi16(_mm256_add_epi16(on, on), one) } else { on };
    let packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(wanted, wanted), 0b11_01_10_00);
    // SAFETY: `out` is sixteen numbers of a byte, and the store asks for no alignment.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), _mm256_castsi256_si128(packed)) }
}

#[target_feature(enable = "avx2")]
fn lanes(numbers: __m256i) -> [u16; GROUP] {
    let mut out = [0; GROUP];
    // SAFETY: `out` is 32 bytes, and the store asks for no alignment.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), numbers) }
    out
}

#[target_feature(enable = "avx2")]
fn largest(numbers: __m256i) -> u16 {
    lanes(numbers).into_iter().fold(0, u16::max)
}

#[target_feature(enable = "avx2")]
fn sum(numbers: __m256i) -> u64 {
    lanes(numbers).into_iter().map(u64::from).sum()
}
