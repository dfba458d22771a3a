//! How each row compares with the row before it, by its keys: the one look at all rows that choosing candidates needs.
//!
//! Rows are compared 64 at a time; what comes out is a bit per row, so that events are counted without being listed.

use crate::error::Result;
use crate::operators::words::words;
use polars::prelude::*;
use recoil_vectors::{Width, allowed};

/// The values of a key, as they lie in memory where that is simple.
enum Values<'a> {
    I32(&'a [i32]),
    U32(&'a [u32]),
    I64(&'a [i64]),
    U64(&'a [u64]),
    /// Words that are ordered as the values are.
    Words(Vec<u64>),
}

/// The keys of the rows of a frame.
pub(crate) struct Neighbours<'a> {
    keys: Vec<Values<'a>>,
    rows: usize,
}

/// Where runs of rows with equal keys begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    /// A bit per row, the first in the lowest bit of the first byte: set where a run begins. Whole words; bits behind the
    /// last row are not set.
    pub bits: Vec<u8>,
    /// How many are set.
    pub runs: usize,
    /// The rows whose key is below the one before.
    pub falls: Vec<usize>,
}

/// Rows that are compared with one word for an answer.
const WORD: usize = 64;
/// Words looked at together: their rows stay in the first cache.
const BLOCK: usize = 64;

impl<'a> Neighbours<'a> {
    /// The keys of rows; each must be one run of memory.
    pub fn new(keys: &'a [Series], rows: usize) -> Result<Self> {
        let values = |key: &'a Series| {
            Ok(match key.dtype() {
                _ if key.null_count() > 0 => Values::Words(words(key)?),
                DataType::Int32 => Values::I32(key.i32()?.cont_slice()?),
                DataType::UInt32 => Values::U32(key.u32()?.cont_slice()?),
                DataType::Int64 => Values::I64(key.i64()?.cont_slice()?),
                DataType::UInt64 => Values::U64(key.u64()?.cont_slice()?),
                _ => Values::Words(words(key)?),
            })
        };
        let keys = keys.iter().map(values).collect::<Result<_>>()?;
        Ok(Self { keys, rows })
    }

    /// The words of the key of a row.
    pub fn key(&self, row: usize) -> Vec<u64> {
        const SIGN: u64 = 1 << 63;
        let word = |values: &Values<'_>| match values {
            Values::I32(values) => i64::from(values[row]) as u64 ^ SIGN,
            Values::U32(values) => u64::from(values[row]) ^ SIGN,
            Values::I64(values) => values[row] as u64 ^ SIGN,
            Values::U64(values) => values[row],
            Values::Words(values) => values[row],
        };
        self.keys.iter().map(word).collect()
    }

    /// Compares all rows.
    pub fn marks(&self) -> Marks {
        let words = self.rows.div_ceil(WORD);
        let mut marks = Marks { bits: Vec::with_capacity(8 * words), runs: 0, falls: Vec::new() };
        for from in (0..words).step_by(BLOCK) {
            let mut found = Found { from, words: BLOCK.min(words - from), ..Found::default() };
            // The last key first: a key before it overrules where it differs.
            for values in self.keys.iter().rev() {
                match values {
                    Values::I32(values) => found.compare(values),
                    Values::U32(values) => found.compare(values),
                    Values::I64(values) => found.compare(values),
                    Values::U64(values) => found.compare(values),
                    Values::Words(values) => found.compare(values),
                }
            }
            if from == 0 && self.rows > 0 {
                found.other[0] |= 1;
            }
            for (at, (&other, &below)) in found.other.iter().zip(&found.below).enumerate().take(found.words) {
                marks.bits.extend_from_slice(&other.to_le_bytes());
                marks.runs += other.count_ones() as usize;
                let mut below = below;
                while below != 0 {
                    marks.falls.push((from + at) * WORD + below.trailing_zeros() as usize);
                    below &= below - 1;
                }
            }
        }
        marks
    }
}

impl Marks {
    /// The first row of each run.
    pub fn starts(&self) -> Vec<IdxSize> {
        let mut starts = Vec::with_capacity(self.runs + 1);
        for (at, word) in self.bits.as_chunks::<8>().0.iter().enumerate() {
            let mut word = u64::from_le_bytes(*word);
            while word != 0 {
                starts.push((at * WORD) as IdxSize + word.trailing_zeros());
                word &= word - 1;
            }
        }
        starts
    }

    /// The first row of the second run, if there is one.
    pub fn second(&self) -> Option<usize> {
        let mut words = self.bits.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).enumerate();
        words.find_map(|(at, word)| {
            let word = if at == 0 { word & !1 } else { word };
            (word != 0).then(|| at * WORD + word.trailing_zeros() as usize)
        })
    }

    /// The first row of the last run, if there is a row.
    pub fn last(&self) -> Option<usize> {
        let at = self.bits.iter().rposition(|byte| *byte != 0)?;
        Some(at * 8 + self.bits[at].ilog2() as usize)
    }

    /// Takes a mark away.
    pub fn clear(&mut self, row: usize) {
        let mask = 1 << (row % 8);
        self.runs -= usize::from(self.bits[row / 8] & mask != 0);
        self.bits[row / 8] &= !mask;
    }
}

/// What is found in a block.
struct Found {
    /// The first word of the block, and how many.
    from: usize,
    words: usize,
    /// Rows whose key is another than the one before.
    other: [u64; BLOCK],
    /// Rows whose key is below the one before.
    below: [u64; BLOCK],
}

impl Default for Found {
    fn default() -> Self {
        Self { from: 0, words: 0, other: [0; BLOCK], below: [0; BLOCK] }
    }
}

impl Found {
    /// Compares by one key, which overrules what was found.
    fn compare<T: Wide>(&mut self, values: &[T]) {
        let (mut from, mut until) = (self.from, self.from + self.words);
        // The first row has none before it, and behind the last there may be no whole word.
        if from == 0 && self.words > 0 {
            self.put(0, narrow(values, 0));
            from = 1;
        }
        if until > from && values.len() < until * WORD {
            until -= 1;
            self.put(until - self.from, narrow(values, until));
        }
        if T::wide(values, from..until, self) {
            return;
        }
        // Most keys change rarely: experiment, run, production. A block without a change is seen faster than compared.
        if from < until {
            let first = values[from * WORD - 1];
            if values[from * WORD..until * WORD].iter().fold(true, |same, value| same & (*value == first)) {
                return;
            }
        }
        for word in from..until {
            self.put(word - self.from, narrow(values, word));
        }
    }

    fn put(&mut self, at: usize, (other, below): (u64, u64)) {
        self.below[at] = self.below[at] & !other | below;
        self.other[at] |= other;
    }
}

/// Compares the rows of a word, each with the one before; branchless, so that it becomes vector instructions.
fn narrow<T: PartialOrd + Copy>(values: &[T], word: usize) -> (u64, u64) {
    let from = (word * WORD).max(1);
    let until = values.len().min((word + 1) * WORD);
    let (mut other, mut below) = ([0_u8; WORD], [0_u8; WORD]);
    let shift = from - word * WORD;
    let rows = values[from - 1..until].windows(2);
    for ((other, below), pair) in other[shift..].iter_mut().zip(&mut below[shift..]).zip(rows) {
        (*other, *below) = (u8::from(pair[0] != pair[1]), u8::from(pair[1] < pair[0]));
    }
    (pack(&other), pack(&below))
}

/// A word of marks as bits.
fn pack(marks: &[u8; WORD]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, eight) in bytes.iter_mut().zip(marks.as_chunks::<8>().0) {
        *byte = segment::marks::byte(*eight);
    }
    u64::from_le_bytes(bytes)
}

/// A type whose rows are compared with wide vectors where the processor has them.
trait Wide: PartialOrd + Copy {
    /// Compares the rows of these words, none of which is the first or cut short; `false` where the processor cannot.
    fn wide(values: &[Self], words: std::ops::Range<usize>, found: &mut Found) -> bool;
}

macro_rules! wide {
    ($type:ty, $load:ident, $lanes:literal, $other:ident, $below:ident) => {
        impl Wide for $type {
            fn wide(values: &[Self], words: std::ops::Range<usize>, found: &mut Found) -> bool {
                #[cfg(target_arch = "x86_64")]
                if allowed(Width::Avx512) && is_x86_feature_detected!("avx512f") {
                    use std::arch::x86_64::*;

                    #[target_feature(enable = "avx512f")]
                    fn compare(values: &[$type], words: std::ops::Range<usize>, found: &mut Found) {
                        /// # Safety
                        /// The values of a vector from `row` on are there.
                        #[target_feature(enable = "avx512f")]
                        unsafe fn load(values: &[$type], row: usize) -> __m512i {
                            debug_assert!(row + $lanes <= values.len());
                            // SAFETY: the caller says that they are there.
                            unsafe { $load(values.as_ptr().add(row).cast()) }
                        }
                        // Rows of the words have a row before them, and are all there; this is the proof for `load`.
                        assert!(words.is_empty() || words.start > 0 && words.end * WORD <= values.len());
                        for word in words {
                            let mut other = 0;
                            for part in (0..WORD).step_by($lanes) {
                                let row = word * WORD + part;
                                // SAFETY: the assertion above.
                                let (here, before) = unsafe { (load(values, row), load(values, row - 1)) };
                                other |= u64::from($other(here, before)) << part;
                            }
                            if other != 0 {
                                let mut below = 0;
                                for part in (0..WORD).step_by($lanes) {
                                    let row = word * WORD + part;
                                    // SAFETY: the assertion above.
                                    let (here, before) = unsafe { (load(values, row), load(values, row - 1)) };
                                    below |= u64::from($below(here, before)) << part;
                                }
                                found.put(word - found.from, (other, below));
                            }
                        }
                    }
                    // SAFETY: the processor has just said that it has the instructions.
                    unsafe { compare(values, words, found) };
                    return true;
                }
                let _ = (values, words, found);
                false
            }
        }
    };
}

wide!(i32, _mm512_loadu_epi32, 16, _mm512_cmpneq_epi32_mask, _mm512_cmplt_epi32_mask);
wide!(u32, _mm512_loadu_epi32, 16, _mm512_cmpneq_epu32_mask, _mm512_cmplt_epu32_mask);
wide!(i64, _mm512_loadu_epi64, 8, _mm512_cmpneq_epi64_mask, _mm512_cmplt_epi64_mask);
wide!(u64, _mm512_loadu_epi64, 8, _mm512_cmpneq_epu64_mask, _mm512_cmplt_epu64_mask);

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keys: &[Series]) -> Marks {
        Neighbours::new(keys, keys[0].len()).unwrap().marks()
    }

    /// Numbers that look random.
    fn dice() -> impl FnMut(u64) -> u64 {
        let mut state = 7_u64;
        move |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        }
    }

    #[test]
    fn runs_begin_where_a_key_changes() {
        let keys = [Series::new("a".into(), [1_i32, 1, 1, 2, 2]), Series::new("b".into(), [7_u32, 7, 9, 1, 0])];
        let mut marks = found(&keys);
        assert_eq!((marks.starts(), marks.falls.clone(), marks.runs), (vec![0, 2, 3, 4], vec![4], 4));
        assert_eq!((marks.second(), marks.last()), (Some(2), Some(4)));
        marks.clear(4);
        marks.clear(4);
        assert_eq!((marks.starts(), marks.runs, marks.last()), (vec![0, 2, 3], 3, Some(3)));
        let none = found(&[Series::new_empty("a".into(), &DataType::Int32)]);
        assert_eq!((none.starts(), none.second(), none.last(), none.runs), (vec![], None, None, 0));
        let one = found(&[Series::new("a".into(), vec![3_i64; 200])]);
        assert_eq!((one.starts(), one.second(), one.last(), one.runs), (vec![0], None, Some(0), 1));
    }

    #[test]
    fn they_are_what_a_walk_over_the_rows_finds() {
        let mut below = dice();
        for rows in [1, 2, 3, 63, 64, 65, 100, 4095, 4096, 4097, 4098, 9001] {
            let keys = [
                Series::new("a".into(), (0..rows).map(|_| below(4) as i32 - 2).collect::<Vec<_>>()),
                Series::new("b".into(), (0..rows).map(|_| below(3) as u32).collect::<Vec<_>>()),
                Series::new("c".into(), (0..rows).map(|_| (below(3) > 0).then(|| below(2))).collect::<Vec<_>>()),
            ];
            let all = keys.each_ref().map(|key| words(key).unwrap());
            let key = |row: usize| all.each_ref().map(|words| words[row]);
            let (mut starts, mut falls) = (vec![0], vec![]);
            for row in 1..rows {
                if key(row) < key(row - 1) {
                    falls.push(row);
                }
                if key(row) != key(row - 1) {
                    starts.push(row as IdxSize);
                }
            }
            let marks = found(&keys);
            assert_eq!((marks.starts(), &marks.falls), (starts.clone(), &falls), "{rows} rows");
            assert_eq!((marks.runs, marks.last()), (starts.len(), starts.last().map(|last| *last as usize)));
            assert_eq!(marks.second(), starts.get(1).map(|second| *second as usize));
            assert_eq!(marks.bits.len(), rows.div_ceil(64) * 8);
            let neighbours = Neighbours::new(&keys, rows).unwrap();
            assert!((0..rows).all(|row| neighbours.key(row) == key(row)), "{rows} rows");
        }
    }

    #[test]
    fn wide_vectors_find_what_single_rows_do() {
        fn same<T: Wide + std::fmt::Debug>(values: &[T]) {
            let words = values.len() / WORD;
            let mut wide = Found { words, ..Found::default() };
            if !T::wide(values, 1..words, &mut wide) {
                return;
            }
            for word in 1..words {
                assert_eq!((wide.other[word], wide.below[word]), narrow(values, word), "{values:?}");
            }
        }
        let mut below = dice();
        for bound in [1, 2, 3, u64::MAX] {
            let all: Vec<u64> = (0..4096).map(|_| below(bound).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            same(&all);
            same(&all.iter().map(|value| *value as i64).collect::<Vec<_>>());
            same(&all.iter().map(|value| *value as u32).collect::<Vec<_>>());
            same(&all.iter().map(|value| *value as i32).collect::<Vec<_>>());
        }
    }
}
