//! Many Huffman streams at once, each in a lane of 64 bits of a register: RFC 8878, section 4.2.2.
//!
//! A lane holds the bits of its stream from the next on. In a step every lane looks up its next literal; after as many
//! steps as 64 bits are enough for, literals are stored and bits loaded anew. When a stream ends, its lane takes the next
//! one, the longest first, so that all lanes end together.

use crate::frame::Stream;
use crate::huffman::{LONGEST, Table, Tables};
use recoil_vectors::{Width, allowed};
use std::arch::asm;
use std::arch::x86_64::*;
use std::cmp::Reverse;

/// Lanes of a register, and registers that are worked on side by side: one look-up takes long, but many can be under
/// way.
const WIDE: usize = 8;
const REGISTERS: usize = 4;
/// How many times the longest stream there must be to decode: a stream alone takes much longer in a lane than in the
/// library.
const WORTH: usize = 12;
/// Bytes that a lane loads and stores at once.
const WORD: usize = 8;
/// Rounds after which literals are brought to their places: until then all lanes write side by side, because places that
/// lie a power of two apart would push each other out of the cache.
const ROUNDS: usize = 16;

/// Whether this processor can.
pub(super) fn available() -> bool {
    allowed(Width::Avx512)
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vpopcntdq")
}

/// Decodes all streams; `None` when one of them is wrong, or when most lanes would wait for one long stream.
pub(super) fn decode(mut streams: Vec<Stream<'_>>, tables: &Tables) -> Option<()> {
    // A lane may load a word that begins before its stream.
    let good = |stream: &Stream| stream.source.start >= WORD && stream.source.end <= stream.frame.len();
    if !available() || !streams.iter().all(good) {
        return None;
    }
    let whole: usize = streams.iter().map(|stream| stream.place.len()).sum();
    streams.sort_by_key(|stream| Reverse(stream.place.len()));
    if whole < WORTH * streams.first()?.place.len() {
        return None;
    }
    let mut waiting = streams.into_iter().map(|stream| Running::new(stream, tables));
    let mut lanes: Vec<Option<Running>> = (0..WIDE * REGISTERS).map(|_| None).collect();
    let mut vectors = Box::new(Vectors::idle());
    loop {
        for (number, lane) in lanes.iter_mut().enumerate() {
            while lane.as_ref().is_none_or(|running| running.left() < WORD) {
                if let Some(running) = lane.take() {
                    vectors.read(number, &running).finish(running, tables)?;
                    vectors.rest(number);
                }
                let Some(next) = waiting.next() else { break };
                let (running, at) = next?;
                vectors.begin(number, &running, at, tables);
                *lane = Some(running);
            }
        }
        let running = || lanes.iter().flatten();
        let Some(left) = running().map(Running::left).min() else { return Some(()) };
        let longest = running().map(|running| running.table.longest).max().unwrap_or(LONGEST);
        // As many as a word has bits for, of which seven may be used and one marks the end.
        match (64 - 8) / longest {
            7.. => vectors.run_to_places::<7>((left - WORD) / 7 + 1, &mut lanes),
            6 => vectors.run_to_places::<6>((left - WORD) / 6 + 1, &mut lanes),
            _ => vectors.run_to_places::<5>((left - WORD) / 5 + 1, &mut lanes),
        }?;
    }
}

/// A stream in work.
struct Running<'p> {
    stream: Stream<'p>,
    table: Table,
    /// Literals that are decoded.
    done: usize,
}

/// Where the next bits of a stream are.
#[derive(Clone, Copy)]
struct At {
    /// The end, counted from the beginning of the frame, of the word that is loaded next.
    end: usize,
    /// Bits of it that are used: at most seven.
    used: u64,
}

impl<'p> Running<'p> {
    fn new(stream: Stream<'p>, tables: &Tables) -> Option<(Self, At)> {
        // The highest bit that is set marks the end.
        let last = stream.frame[stream.source.clone()].last()?.checked_ilog2()?;
        let (table, end) = (tables.table(stream.table), stream.source.end - usize::from(last == 0));
        Some((Self { stream, table, done: 0 }, At { end, used: u64::from((8 - last) % 8) }))
    }

    /// Literals that are not decoded yet.
    fn left(&self) -> usize {
        self.stream.place.len() - self.done
    }
}

impl At {
    /// Decodes what is left, one by one; `None` when the stream does not end with its last literal.
    fn finish(self, running: Running<'_>, tables: &Tables) -> Option<()> {
        let Running { stream, table, done } = running;
        let entries = tables.entries(table);
        let mut left = (self.end.checked_sub(stream.source.start)? * 8).checked_sub(self.used as usize)?;
        for place in &mut stream.place[done..] {
            let end = stream.source.start + left.div_ceil(8);
            let word = u64::from_le_bytes(stream.frame[end - WORD..end].try_into().ok()?);
            let used = (8 - left % 8) % 8;
            let entry = entries[(word << used >> (64 - table.longest)) as usize];
            left = left.checked_sub(usize::from(entry & 0xff))?;
            *place = (entry >> 8) as u8;
        }
        (left == 0).then_some(())
    }
}

type Lanes = [[u64; WIDE]; REGISTERS];

/// What the lanes hold: a number each.
struct Vectors {
    /// Address of the word to load, and of the first that may be loaded.
    word: Lanes,
    lowest: Lanes,
    /// Bits of the word that are used.
    used: Lanes,
    /// Address of the table, in its own sizes, and how many bits its index has.
    table: Lanes,
    longest: Lanes,
    /// Literals of the rounds.
    literals: [Lanes; ROUNDS],
}

/// What a lane loads that has nothing to do: no bits are used of it.
static NOTHING: Nothing = Nothing([0; WORD]);

#[repr(align(64))]
struct Nothing([u16; WORD]);

impl Vectors {
    /// Lanes that have nothing to do.
    fn idle() -> Self {
        let none = [[0; WIDE]; REGISTERS];
        let mut vectors =
            Self { word: none, lowest: none, used: none, table: none, longest: none, literals: [none; ROUNDS] };
        (0..WIDE * REGISTERS).for_each(|number| vectors.rest(number));
        vectors
    }

    /// Leaves a lane nothing to do.
    fn rest(&mut self, number: usize) {
        let nothing = NOTHING.0.as_ptr();
        self.set(number, nothing.cast(), nothing.cast(), 0, (nothing, 1));
    }

    /// Gives a lane a stream.
    fn begin(&mut self, number: usize, running: &Running<'_>, at: At, tables: &Tables) {
        let frame = running.stream.frame;
        let table = tables.entries(running.table).as_ptr();
        let lowest = frame[running.stream.source.start - WORD..].as_ptr();
        self.set(number, frame[at.end - WORD..].as_ptr(), lowest, at.used, (table, running.table.longest));
    }

    fn set(&mut self, number: usize, word: *const u8, lowest: *const u8, used: u64, table: (*const u16, u32)) {
        let (register, lane) = (number / WIDE, number % WIDE);
        self.word[register][lane] = word.expose_provenance() as u64;
        self.lowest[register][lane] = lowest.expose_provenance() as u64;
        self.used[register][lane] = used;
        self.table[register][lane] = table.0.expose_provenance() as u64 >> (1 + table.1);
        self.longest[register][lane] = u64::from(table.1);
    }

    /// Where the stream of a lane is.
    fn read(&self, number: usize, running: &Running<'_>) -> At {
        let (register, lane) = (number / WIDE, number % WIDE);
        let end = self.word[register][lane] as usize - running.stream.frame.as_ptr().addr() + WORD;
        At { end, used: self.used[register][lane] }
    }

    /// Decodes rounds of `STEPS` literals per lane to the places of the streams, of which each must have room for a word in
    /// the last round; `None` when a stream is left at its beginning.
    fn run_to_places<const STEPS: usize>(&mut self, rounds: usize, lanes: &mut [Option<Running<'_>>]) -> Option<()> {
        for start in (0..rounds).step_by(ROUNDS) {
            let rounds = ROUNDS.min(rounds - start);
            // SAFETY: the processor has AVX-512 (asked in `decode`). A word begins 8 bytes before an end that is not after
            // the end of the frame, and never goes below `lowest`, which is 8 bytes before the stream and inside of the
            // frame (asked in `decode`). An index into a table has `longest` bits, and memory is behind the last entry.
            // An idle lane loads zeros of `NOTHING`: entries 0 and 1, whose codes have no bits.
            unsafe { self.run::<STEPS>(rounds) }?;
            for (number, lane) in lanes.iter_mut().enumerate() {
                let Some(running) = lane else { continue };
                let place = &mut running.stream.place[running.done..][..(rounds - 1) * STEPS + WORD];
                for (round, literals) in self.literals[..rounds].iter().enumerate() {
                    let word = literals[number / WIDE][number % WIDE].to_le_bytes();
                    // SAFETY: `place` has room for a word in every round. What is too much is overwritten by the next.
                    unsafe { place.as_mut_ptr().add(round * STEPS).cast::<[u8; WORD]>().write(word) }
                }
                running.done += rounds * STEPS;
            }
        }
        Some(())
    }

    /// Decodes rounds of `STEPS` literals per lane; `None` when a stream is left at its beginning.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,avx512vpopcntdq")]
    fn run<const STEPS: usize>(&mut self, rounds: usize) -> Option<()> {
        let load = |lanes: &Lanes| -> [__m512i; REGISTERS] {
            // SAFETY: a row of lanes has the 64 bytes of a register.
            std::array::from_fn(|register| unsafe { _mm512_loadu_si512(lanes[register].as_ptr().cast()) })
        };
        let store = |lanes: &mut Lanes, registers: [__m512i; REGISTERS]| {
            for (lanes, register) in lanes.iter_mut().zip(registers) {
                // SAFETY: as above.
                unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), register) }
            }
        };
        let (mut word, lowest, mut used) = (load(&self.word), load(&self.lowest), load(&self.used));
        let (table, longest) = (load(&self.table), load(&self.longest));
        let (one, seven) = (_mm512_set1_epi64(1), _mm512_set1_epi64(7));
        let second_byte = _mm512_set4_epi32(0x0909_0909, 0x0909_0909, 0x0101_0101, 0x0101_0101);
        let zero: __m512i;
        // A zero of which the compiler does not know: it would make two instructions of a shift that has one.
        // SAFETY: this changes nothing but the register.
        unsafe { asm!("vpxorq {0}, {0}, {0}", out(zmm_reg) zero, options(pure, nomem, nostack, preserves_flags)) };
        let mut left = 0;
        for made in &mut self.literals[..rounds] {
            let (mut bits, mut literals) = ([_mm512_setzero_si512(); REGISTERS], [_mm512_setzero_si512(); REGISTERS]);
            for register in 0..REGISTERS {
                // SAFETY: see `run_to_places`.
                let loaded = unsafe { _mm512_i64gather_epi64::<1>(word[register], std::ptr::null()) };
                // The lowest bit says how far the word has been shifted.
                bits[register] = _mm512_sllv_epi64(_mm512_or_si512(loaded, one), used[register]);
            }
            for step in 0..STEPS {
                for register in 0..REGISTERS {
                    let entry = _mm512_shldv_epi64(table[register], bits[register], longest[register]);
                    // SAFETY: see `run_to_places`.
                    let entry = unsafe { _mm512_i64gather_epi64::<2>(entry, std::ptr::null()) };
                    bits[register] = _mm512_shldv_epi64(bits[register], zero, entry);
                    let byte = 0x0101_0101_0101_0101 << step;
                    literals[register] = _mm512_mask_shuffle_epi8(literals[register], byte, entry, second_byte);
                }
            }
            store(made, literals);
            for register in 0..REGISTERS {
                let below = _mm512_andnot_si512(bits[register], _mm512_sub_epi64(bits[register], one));
                let sum = _mm512_popcnt_epi64(below);
                let next = _mm512_sub_epi64(word[register], _mm512_srli_epi64::<3>(sum));
                left |= _mm512_cmplt_epu64_mask(next, lowest[register]);
                word[register] = _mm512_max_epu64(next, lowest[register]);
                used[register] = _mm512_and_si512(sum, seven);
            }
        }
        store(&mut self.word, word);
        store(&mut self.used, used);
        (left == 0).then_some(())
    }
}
