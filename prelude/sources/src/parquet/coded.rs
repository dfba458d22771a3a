//! Pages whose values are numbers of entries of a dictionary.

use super::pages::{all_present, levels};
use crate::reuse;
use polars_parquet::parquet::encoding::hybrid_rle::{HybridRleChunk, HybridRleDecoder};
use std::ops::Range;

/// Bytes that a page may have for each of its values when decompressed, and beside them: whatever is longer is not read here.
const MOST: (usize, usize) = (16, 1 << 10);
/// The same of a dictionary in all.
const LONGEST: usize = 64 << 20;

/// Whether a page of so many values may be read here.
pub(super) fn is_short(size: usize, values: usize) -> bool {
    size <= values.saturating_mul(MOST.0).saturating_add(MOST.1)
}

/// Whether a dictionary may be read here: entries of so many bytes one after another, and nothing else.
pub(super) fn is_whole(size: usize, entries: usize, width: usize) -> bool {
    entries.checked_mul(width) == Some(size) && is_moderate(size)
}

/// The coded numbers of a page of the first version, and how many bits they have; `None` where a value is null.
pub(super) fn numbers(page: &[u8], count: usize, optional: bool) -> Option<(&[u8], u32)> {
    let values = if optional {
        let (levels, values) = levels(page)?;
        all_present(levels, count).then_some(values)?
    } else {
        page
    };
    let (&bits, coded) = values.split_first()?;
    (bits <= 32).then_some((coded, bits.into()))
}

/// Whether so many bytes of a dictionary may be held.
pub(super) fn is_moderate(size: usize) -> bool {
    size <= LONGEST
}

/// Writes the entries that coded numbers name; `None` where there are fewer numbers, or one names nothing.
pub(super) fn look_up<T: Copy>(packed: (&[u8], u32), entries: &[T], out: &mut [T]) -> Option<()> {
    each(packed, out, |number| entries.get(number as usize).copied())
}

/// Writes some of `count` coded numbers, all of which are below `limit`; `None` where they are not, or are fewer.
pub(super) fn some_numbers(
    packed: (&[u8], u32),
    count: usize,
    limit: usize,
    wanted: Range<usize>,
    out: &mut [u32],
) -> Option<()> {
    let known = |number: u32| ((number as usize) < limit).then_some(number);
    if wanted == (0..count) {
        return each(packed, out, known);
    }
    let mut all = reuse::vector(count);
    let read = each(packed, &mut all, known);
    out.copy_from_slice(all.get(wanted)?);
    reuse::keep(all);
    read
}

/// Writes what coded numbers mean.
fn each<T: Copy>((coded, bits): (&[u8], u32), out: &mut [T], meaning: impl Fn(u32) -> Option<T>) -> Option<()> {
    let mut decoder = HybridRleDecoder::new(coded, bits, out.len());
    let mut left = out;
    while let Some(run) = decoder.next_chunk().ok()? {
        match run {
            HybridRleChunk::Rle(number, count) => {
                let (run, rest) = left.split_at_mut_checked(count)?;
                // Some writers end with a run of nothing.
                if count > 0 {
                    run.fill(meaning(number)?);
                }
                left = rest;
            }
            HybridRleChunk::Bitpacked(mut packed) => {
                let mut packs = packed.chunked();
                while let Some((numbers, count)) = packs.next_inexact() {
                    let (run, rest) = left.split_at_mut_checked(count)?;
                    for (out, number) in run.iter_mut().zip(numbers) {
                        *out = meaning(number)?;
                    }
                    left = rest;
                }
            }
        }
    }
    left.is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_name_entries_in_runs_and_packed() {
        let entries = [10, 20, 30, 40];
        let of = |coded: &[u8], bits: u32, count: usize| {
            let mut out = vec![0; count];
            look_up((coded, bits), &entries, &mut out).map(|()| out)
        };
        assert_eq!(of(&[3 << 1, 2], 2, 3), Some(vec![30; 3]));
        assert_eq!(of(&[3 << 1, 2, (1 << 1) | 1, 0b1110_0100, 0], 2, 8), Some(vec![30, 30, 30, 10, 20, 30, 40, 10]));
        assert_eq!(of(&[], 0, 5), Some(vec![10; 5]), "one entry needs no bits");
        assert_eq!(of(&[3 << 1, 4], 3, 3), None, "there is no such entry");
        assert_eq!(of(&[3 << 1, 2], 2, 4), None, "too few");
        assert_eq!(of(&[(1 << 1) | 1, 0b1110_0100], 3, 2), None, "no entry 4");
        let every: Vec<u32> = (0..1_000).map(|row| row * 7 % 1_000).collect();
        let entries: Vec<u32> = (0..1_000).map(|entry| entry * 3).collect();
        let mut coded = Vec::new();
        polars_parquet::parquet::encoding::hybrid_rle::encode::<u32, _, _>(&mut coded, every.iter().copied(), 10)
            .unwrap();
        let mut out = vec![0; every.len()];
        look_up((&coded, 10), &entries, &mut out).unwrap();
        assert!(out.iter().zip(&every).all(|(value, number)| *value == number * 3));
    }

    #[test]
    fn a_page_says_whether_all_values_are_there() {
        let page = [2, 0, 0, 0, 8 << 1, 1, 2, 0xaa];
        assert_eq!(numbers(&page, 8, true), Some((&[0xaa][..], 2)));
        assert_eq!(numbers(&[2, 0, 0, 0, 8 << 1, 0, 2, 0xaa], 8, true), None, "nulls");
        assert_eq!(numbers(&[33, 0xaa], 8, false), None, "no number has so many bits");
        assert!(is_short(1_000, 10) && !is_short(2_000_000, 10));
        assert!(is_whole(80, 10, 8) && !is_whole(81, 10, 8) && !is_whole(usize::MAX, usize::MAX, 8));
    }
}
