//! Zstandard frames that hold bytes as they are: what measured numbers become when compressing them is not worth it.
//! RFC 8878, section 3.1.1.

use recoil_bytes::Bytes;

/// The most bytes of a block.
const MOST: usize = 128 << 10;
/// Bytes before the first block: a magic number, what follows, and the size of the content in four bytes.
const HEAD: usize = 9;
/// The magic number; and that there is one segment, with four bytes for its size.
const BEGIN: [u8; 5] = [0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];

/// Bytes before a block: whether it is the last, that it is not compressed, and its size.
fn block_head(length: usize, last: bool) -> [u8; 3] {
    let [a, b, c, _] = (u32::from(last) | (length as u32) << 3).to_le_bytes();
    [a, b, c]
}

/// A frame that holds these bytes.
pub fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + bytes.len() / MOST * 3 + HEAD + 3);
    frame.extend_from_slice(&BEGIN);
    frame.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    if bytes.is_empty() {
        frame.extend_from_slice(&block_head(0, true));
    }
    let mut blocks = bytes.chunks(MOST).peekable();
    while let Some(block) = blocks.next() {
        frame.extend_from_slice(&block_head(block.len(), blocks.peek().is_none()));
        frame.extend_from_slice(block);
    }
    frame
}

/// Reads the content of a frame of `size` bytes at `from` straight to its place; `false` where it is another frame, and
/// the contents of `place` are then unspecified.
pub fn read(file: &Bytes, mut from: u64, size: usize, place: &mut [u8]) -> std::io::Result<bool> {
    let blocks = place.len().div_ceil(MOST);
    // The head of a block is read to where the block itself comes next, so that there must be room for it.
    if size != HEAD + place.len() + 3 * blocks || matches!(place.len() % MOST, 1 | 2) || blocks == 0 {
        return Ok(false);
    }
    let mut begin = [0; HEAD + 3];
    file.read_at(from, &mut begin)?;
    if begin[..5] != BEGIN || begin[5..HEAD] != (place.len() as u32).to_le_bytes() {
        return Ok(false);
    }
    let mut head = [begin[HEAD], begin[HEAD + 1], begin[HEAD + 2]];
    from += begin.len() as u64;
    for start in (0..place.len()).step_by(MOST) {
        let end = place.len().min(start + MOST);
        let last = end == place.len();
        if head != block_head(end - start, last) {
            return Ok(false);
        }
        let until = if last { end } else { end + 3 };
        file.read_at(from, &mut place[start..until])?;
        head.copy_from_slice(&place[until - 3..until]);
        from += (until - start) as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_by_us_and_by_the_library() {
        for length in [0, 1, 2, 3, 255, MOST - 1, MOST, MOST + 1, MOST + 3, 1_000_000] {
            let bytes: Vec<u8> = (0..length).map(|at| ((at * 7919) >> 3) as u8).collect();
            let frame = frame(&bytes);
            assert_eq!(zstd::bulk::decompress(&frame, length).unwrap(), bytes, "{length}");
            let file = |frame: &[u8]| Bytes::memory([b"before", frame].concat());
            let mut place = vec![7; length];
            let straight = read(&file(&frame), 6, frame.len(), &mut place).unwrap();
            assert_eq!(straight, length != 0 && !matches!(length % MOST, 1 | 2), "{length}");
            assert!(!straight || place == bytes, "{length}");
            // Whatever says something else is left to the library.
            for at in [0, 4, 5, HEAD].into_iter().filter(|_| straight) {
                let mut other = frame.clone();
                other[at] ^= 4;
                assert!(!read(&file(&other), 6, frame.len(), &mut place).unwrap(), "{length} {at}");
            }
        }
    }
}
