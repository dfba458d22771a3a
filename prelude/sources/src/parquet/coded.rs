//! Pages whose values are numbers of entries of a dictionary.

use super::pages::{all_present, levels, varint};
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

/// Finds those of `count` coded numbers that stand at some places, which ascend. What stands behind the last is not looked at, and
/// may be missing. `None` where there are fewer.
pub(super) fn numbers_at(
    (mut coded, bits): (&[u8], u32),
    count: usize,
    places: impl Iterator<Item = usize>,
    mut found: impl FnMut(u32),
) -> Option<()> {
    let width = usize::try_from(bits).ok().filter(|width| *width <= 32)?;
    // The run that is looked at: its bytes, how many values it has if they are packed, and where the first and the next begin.
    let (mut run, mut packed, mut start, mut end): (&[u8], _, usize, usize) = (&[], false, 0, 0);
    for place in places.map(|place| (place < count).then_some(place)) {
        let place = place?;
        while place >= end {
            if width == 0 {
                (run, packed, end) = (&[], false, count);
                break;
            }
            let (header, rest) = varint(coded)?;
            let length = usize::try_from(header >> 1).ok().filter(|length| *length > 0)?;
            packed = header & 1 == 1;
            let (bytes, values) = match packed {
                true => (length.checked_mul(width)?, length.checked_mul(8)?),
                false => (width.div_ceil(8), length),
            };
            (start, end) = (end, end.checked_add(values)?);
            (run, coded) = rest.split_at(bytes.min(rest.len()));
        }
        let bit = if packed { (place - start) * width } else { 0 };
        let needed = run.get(bit / 8..(bit % 8 + width).div_ceil(8) + bit / 8)?;
        let word = needed.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        found((word >> (bit % 8) & ((1_u64 << width) - 1)) as u32);
    }
    Some(())
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
    fn numbers_at_some_places_are_those_that_are_decoded() {
        for bits in [1, 2, 7, 8, 12, 17, 32] {
            let mask = ((1_u64 << bits) - 1) as u32;
            // Some repeat, so that there are runs of both kinds.
            let every: Vec<u32> = (0..3_000_u32)
                .map(|row| if row % 700 < 300 { row / 700 } else { row.wrapping_mul(2_654_435_761) } & mask)
                .collect();
            let mut coded = Vec::new();
            polars_parquet::parquet::encoding::hybrid_rle::encode::<u32, _, _>(&mut coded, every.iter().copied(), bits)
                .unwrap();
            for step in [1, 3, 701, 2_999] {
                let mut found = Vec::new();
                let places = || (0..every.len()).step_by(step);
                numbers_at((&coded, bits), every.len(), places(), |number| found.push(number)).unwrap();
                assert!(places().map(|place| every[place]).eq(found), "{bits} bits, each {step}");
            }
            let half = &coded[..coded.len() / 2];
            let mut found = Vec::new();
            assert!(numbers_at((half, bits), every.len(), 0..every.len(), |number| found.push(number)).is_none());
            assert!(found.len() > 100 && found[..] == every[..found.len()], "{bits} bits: as far as they are there");
        }
        let mut found = Vec::new();
        assert!(numbers_at((&[], 0), 5, [1, 4].into_iter(), |number| found.push(number)).is_some());
        assert_eq!(found, [0, 0], "one entry needs no bits");
        assert!(numbers_at((&[], 0), 5, [5].into_iter(), |_| {}).is_none(), "there is no such place");
        assert!(numbers_at((&[0, 1], 1), 5, [0].into_iter(), |_| {}).is_none(), "a run of nothing");
        assert!(numbers_at((&[2, 1], 33), 5, [0].into_iter(), |_| {}).is_none(), "no number has so many bits");
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
