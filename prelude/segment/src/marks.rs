//! Marks of rows: a byte of 0 or 1 for each, which vector instructions make, and the same as bits, which are kept.

/// Eight marks as the bits of a byte, the first in the lowest bit.
///
/// ```
/// assert_eq!(segment::marks::byte([1, 0, 0, 1, 0, 0, 0, 0]), 0b1001);
/// ```
#[inline]
pub fn byte(marks: [u8; 8]) -> u8 {
    // Moves the lowest bit of each of eight bytes to its place in the highest byte; no two meet on the way.
    (u64::from_le_bytes(marks).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Appends marks as bits, the first in the lowest bit of the first byte; the last byte is filled up with 0.
///
/// ```
/// let mut bits = Vec::new();
/// segment::marks::pack(&[1, 0, 0, 0, 0, 0, 0, 1, 1], &mut bits);
/// assert_eq!(bits, [0b1000_0001, 1]);
/// ```
pub fn pack(marks: &[u8], bits: &mut Vec<u8>) {
    let (eights, rest) = marks.as_chunks::<8>();
    bits.extend(eights.iter().copied().map(byte));
    if !rest.is_empty() {
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        bits.push(byte(last));
    }
}

/// The reverse of [`pack`] for `length` bits from `offset` on.
///
/// # Panics
/// Where there are fewer bits.
///
/// ```
/// assert_eq!(segment::marks::unpack(&[0b1000_0001, 1], 7, 2), [1, 1]);
/// ```
pub fn unpack(bits: &[u8], offset: usize, length: usize) -> Vec<u8> {
    let (first, shift) = (offset / 8, offset % 8);
    let mut marks = Vec::with_capacity(length.next_multiple_of(8));
    for at in first..first + length.div_ceil(8) {
        let next = bits.get(at + 1).copied().unwrap_or(0);
        let byte = u16::from_le_bytes([bits[at], next]) >> shift & 0xff;
        // Each bit to the byte of its number, there to its place, and then down to 1.
        let spread = u64::from(byte).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
        let ones = (spread + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
        marks.extend_from_slice(&ones.to_le_bytes());
    }
    marks.truncate(length);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_pack_and_unpack() {
        let marks: Vec<u8> = (0..77).map(|row| u8::from(row % 3 == 0 || row % 7 == 1)).collect();
        let mut bits = Vec::new();
        pack(&marks, &mut bits);
        assert_eq!(unpack(&bits, 0, 77), marks);
        assert_eq!(unpack(&bits, 5, 60), marks[5..65]);
        let of = |row: usize| bits[row / 8] >> (row % 8) & 1;
        assert!(marks.iter().enumerate().all(|(row, mark)| of(row) == *mark));
    }
}
