//! Where the pages of a column lie before their values come to their places.

use recoil_zstandard as zstandard;
use std::ops::Range;

/// Bytes of pages as they are stored, and decompressed. A thread keeps them: fresh memory of some MB costs as much in page
/// faults as a copy.
#[derive(Default)]
pub(in crate::parquet) struct Room {
    pub(in crate::parquet) stored: Shelf,
    pub(in crate::parquet) unpacked: Shelf,
}

/// Places for bytes, one after another.
#[derive(Default)]
pub(in crate::parquet) struct Shelf {
    bytes: Vec<u8>,
    used: usize,
}

impl Room {
    /// Nothing of it is in use any more.
    pub(in crate::parquet) fn clear(&mut self) {
        (self.stored.used, self.unpacked.used) = (0, 0);
    }
}

impl Shelf {
    /// Takes a place for so many bytes.
    pub(in crate::parquet) fn take(&mut self, size: usize) -> Range<usize> {
        let place = self.used..self.used + size;
        zstandard::room(&mut self.bytes, place.end);
        self.used = place.end;
        place
    }

    /// All bytes, also those that are in no place.
    pub(in crate::parquet) fn all(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The bytes of a place.
    pub(in crate::parquet) fn of(&self, place: &Range<usize>) -> &[u8] {
        &self.bytes[place.clone()]
    }
}

/// Cuts a place out of what is left of a buffer, whose first byte has the number `from`.
pub(in crate::parquet) fn cut<'r>(rest: &mut &'r mut [u8], from: &mut usize, place: Range<usize>) -> &'r mut [u8] {
    let (_, behind) = std::mem::take(rest).split_at_mut(place.start - *from);
    let (cut, behind) = behind.split_at_mut(place.len());
    (*rest, *from) = (behind, place.end);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_overlap_and_are_used_again() {
        let mut room = Room::default();
        assert_eq!((room.unpacked.take(10), room.unpacked.take(5), room.stored.take(7)), (0..10, 10..15, 0..7));
        let (mut rest, mut from) = (room.unpacked.all(), 0);
        let (one, two) = (cut(&mut rest, &mut from, 0..10), cut(&mut rest, &mut from, 12..15));
        one.fill(1);
        two.fill(2);
        assert_eq!(room.unpacked.of(&(8..15)), [1, 1, 0, 0, 2, 2, 2]);
        room.clear();
        assert_eq!(room.unpacked.take(4), 0..4);
    }
}
