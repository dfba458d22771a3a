//! Which ranges of a file are asked for in one piece.

use std::ops::Range;

/// Makes few ranges of many: those that touch or overlap become one, and then the shortest gaps are bridged, as long as all
/// bridged bytes together are at most `spare`. The answer is sorted and disjoint; empty ranges are left out.
///
/// Every range is one question to a server, so a short gap costs less than a second question; but what is bridged is read
/// for nothing.
///
/// ```
/// assert_eq!(recoil_bytes::coalesced(&[20..30, 0..10, 8..12, 100..110], 8), [0..30, 100..110]);
/// ```
pub fn coalesced(ranges: &[Range<u64>], spare: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = ranges.iter().filter(|range| range.start < range.end).cloned().collect();
    sorted.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        join_or_push(&mut apart, range, 0);
    }
    let longest = longest_gap(&apart, spare);
    let mut few: Vec<Range<u64>> = Vec::with_capacity(apart.len());
    for range in apart {
        join_or_push(&mut few, range, longest);
    }
    few
}

fn join_or_push(ranges: &mut Vec<Range<u64>>, range: Range<u64>, gap: u64) {
    match ranges.last_mut() {
        Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
        _ => ranges.push(range),
    }
}

/// Whether a range of one list has bytes of a range of the other.
pub(crate) fn overlap(some: &[Range<u64>], others: &[Range<u64>]) -> bool {
    some.iter().any(|one| others.iter().any(|other| one.start < other.end && other.start < one.end))
}

/// The length of gaps up to which bridging all of them reads at most `spare` bytes more.
fn longest_gap(apart: &[Range<u64>], spare: u64) -> u64 {
    let mut gaps: Vec<u64> = apart.windows(2).map(|pair| pair[1].start - pair[0].end).collect();
    gaps.sort_unstable();
    let (mut longest, mut sum) = (0, 0_u64);
    for equal in gaps.chunk_by(|a, b| a == b) {
        // All gaps of one length, or none: which of them came first must not matter.
        sum = sum.saturating_add(equal[0].saturating_mul(equal.len() as u64));
        if sum > spare {
            break;
        }
        longest = equal[0];
    }
    longest
}

/// Cuts a range into pieces of at most `most` bytes.
///
/// ```
/// assert_eq!(recoil_bytes::pieces(0..10, 4).collect::<Vec<_>>(), [0..4, 4..8, 8..10]);
/// ```
pub fn pieces(range: Range<u64>, most: u64) -> impl Iterator<Item = Range<u64>> {
    let most = most.max(1);
    let number = range.end.saturating_sub(range.start).div_ceil(most);
    (0..number).map(move |piece| {
        let start = range.start + piece * most;
        start..range.end.min(start + most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridged_bytes_are_never_more_than_the_spare_ones() {
        // A generator of its own: numbers that look random, the same in each run.
        let mut state = 1_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for _ in 0..500 {
            let ranges: Vec<Range<u64>> = (0..next(20))
                .map(|_| {
                    let start = next(10_000);
                    start..start + next(300)
                })
                .collect();
            let spare = next(2_000);
            let few = coalesced(&ranges, spare);
            let wanted = coalesced(&ranges, 0);
            let length = |ranges: &[Range<u64>]| ranges.iter().map(|range| range.end - range.start).sum::<u64>();
            assert!(length(&few) <= length(&wanted) + spare, "{ranges:?} {spare}");
            assert!(few.windows(2).all(|pair| pair[0].end < pair[1].start), "{few:?}");
            for range in ranges.iter().filter(|range| !range.is_empty()) {
                assert!(few.iter().any(|one| one.start <= range.start && range.end <= one.end), "{range:?} {few:?}");
            }
        }
    }

    #[test]
    fn gaps_of_one_length_are_bridged_together() {
        assert_eq!(coalesced(&[0..1, 3..4, 6..7], 3), [0..1, 3..4, 6..7]);
        assert_eq!(coalesced(&[0..1, 3..4, 6..7], 4), [0..7]);
        assert_eq!(coalesced(&[], 4), []);
        assert_eq!(coalesced(&[5..5], 4), []);
    }

    #[test]
    fn pieces_are_the_whole() {
        assert_eq!(pieces(3..3, 5).count(), 0);
        assert_eq!(pieces(0..u64::MAX, u64::MAX).collect::<Vec<_>>(), [0..u64::MAX]);
    }
}
