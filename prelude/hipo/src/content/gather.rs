//! Pieces of decompressed records, put together to columns.

use std::mem::MaybeUninit;

use crate::model::order::Element;

/// Pieces are mostly shorter: a copy of this many bytes is two instructions, one of any length a call.
const WIDE: usize = 32;

/// Appends the numbers in the pieces `(start, length)` of `body`, lengths in bytes.
///
/// # Panics
/// When a piece is not inside `body`, or they are not whole numbers together.
pub(crate) fn append<T: Element>(
    values: &mut Vec<T>,
    body: &[u8],
    pieces: impl Iterator<Item = (usize, usize)> + Clone,
) {
    let bytes: usize = pieces.clone().map(|(_, length)| length).sum();
    assert_eq!(bytes % size_of::<T>(), 0, "whole numbers");
    let numbers = bytes / size_of::<T>();
    values.reserve(numbers);
    let spare = spare_bytes(values);
    let mut at = 0;
    for (start, length) in pieces {
        match (body[start..].first_chunk::<WIDE>(), spare[at..].first_chunk_mut::<WIDE>()) {
            // What is too much is written over by the next piece, or is behind the end.
            (Some(wide), Some(place)) if length <= WIDE => *place = wide.map(MaybeUninit::new),
            _ => {
                let place = &mut spare[at..at + length];
                place.iter_mut().zip(&body[start..start + length]).for_each(|(to, from)| _ = to.write(*from));
            }
        }
        at += length;
    }
    // SAFETY: the loop has written the first `at` bytes of the spare capacity, piece behind piece without a gap, and `at` is
    // `bytes`, the sum of the same lengths (an iterator that gave others the second time would fail this assertion);
    // any bytes are a number of `T`, which is `Pod`.
    unsafe {
        assert_eq!(at, bytes, "the same pieces twice");
        values.set_len(values.len() + numbers);
    }
}

fn spare_bytes<T: Element>(values: &mut Vec<T>) -> &mut [MaybeUninit<u8>] {
    let spare = values.spare_capacity_mut();
    let length = size_of_val(spare);
    // SAFETY: the same memory with the same borrow; `MaybeUninit<u8>` may be anything and has no alignment to keep.
    unsafe { std::slice::from_raw_parts_mut(spare.as_mut_ptr().cast(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_put_together(
            body in prop::collection::vec(any::<u8>(), 0..400),
            places in prop::collection::vec((any::<prop::sample::Index>(), 0usize..20), 0..30),
            before in prop::collection::vec(any::<u16>(), 0..5),
        ) {
            let piece = |(start, length): &(prop::sample::Index, usize)| {
                let start = start.index(body.len() + 1);
                (start, (length * 2).min((body.len() - start) / 2 * 2))
            };
            let pieces: Vec<(usize, usize)> = places.iter().map(piece).collect();
            let mut expected = before.clone();
            for (start, length) in &pieces {
                expected.extend(body[*start..start + length].chunks(2).map(|two| u16::from_ne_bytes([two[0], two[1]])));
            }
            let mut found = before;
            append(&mut found, &body, pieces.into_iter());
            prop_assert_eq!(found, expected);
        }
    }
}
