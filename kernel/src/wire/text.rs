//! Cursor positions: Jupyter counts Unicode code points, Rust counts bytes.

/// The byte offset of a position in code points; the end when it lies behind it.
pub fn byte_offset(code: &str, position: usize) -> usize {
    code.char_indices().nth(position).map_or(code.len(), |(offset, _)| offset)
}

/// The position in code points of a byte offset; inside a character, that character's.
pub fn position(code: &str, offset: usize) -> usize {
    code.char_indices().take_while(|(start, c)| start + c.len_utf8() <= offset).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_and_bytes() {
        let code = "aä😀b";
        let offsets = [0, 1, 3, 7, 8];
        for (index, offset) in offsets.into_iter().enumerate() {
            assert_eq!(byte_offset(code, index), offset);
            assert_eq!(position(code, offset), index);
        }
        assert_eq!(byte_offset(code, 99), 8);
        assert_eq!(position(code, 5), 2);
    }
}
