//! The shuffle of HDF5 and Blosc, undone.

/// Byte `k` of all elements lie together; this puts the elements together again.
pub(crate) fn unshuffle(shuffled: &[u8], width: usize, out: &mut Vec<u8>) {
    let width = width.max(1);
    let count = shuffled.len() / width;
    let from = out.len();
    out.resize(from + count * width, 0);
    for (place, plane) in shuffled[..count * width].chunks_exact(count.max(1)).enumerate() {
        for (element, &byte) in out[from..].chunks_exact_mut(width).zip(plane) {
            element[place] = byte;
        }
    }
    // What does not fill an element is stored behind, as it is.
    out.extend_from_slice(&shuffled[count * width..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unshuffle_puts_elements_together() {
        let mut out = Vec::new();
        unshuffle(&[1, 2, 3, 11, 12, 13, 99], 2, &mut out);
        assert_eq!(out, [1, 11, 2, 12, 3, 13, 99]);
    }
}
