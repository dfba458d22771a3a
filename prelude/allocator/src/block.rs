//! Sizes of blocks of pages.

use std::alloc::Layout;

/// Requests of at least so many bytes are large.
pub const LARGE: usize = 64 << 10;

const PAGE: usize = 4096;

/// The bytes of the block for a request; nothing if the request is not large. There are eight sizes for each doubling, so
/// that requests of about the same size can use the same pages, and at most an eighth is lost.
pub(crate) fn block(layout: Layout) -> Option<usize> {
    let size = layout.size();
    // The size of a layout is at most `isize::MAX`, so that no sum here can overflow.
    (size >= LARGE && layout.align() <= PAGE).then(|| size.next_multiple_of((size.next_power_of_two() / 16).max(PAGE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(size: usize, align: usize) -> Option<usize> {
        block(Layout::from_size_align(size, align).unwrap())
    }

    #[test]
    fn a_block_holds_its_request_and_loses_at_most_an_eighth() {
        assert_eq!(of(LARGE - 1, 8), None);
        assert_eq!(of(LARGE, 8), Some(LARGE));
        assert_eq!(of(LARGE, 2 * PAGE), None);
        assert_eq!(of(1 << 20, 64), Some(1 << 20));
        assert_eq!(of((1 << 20) + 1, 64), Some((1 << 20) + (1 << 17)));
        let mut size = LARGE;
        while size < isize::MAX as usize / 3 {
            let block = of(size, 1).unwrap();
            assert!(block >= size && block - size <= size / 8 && block.is_multiple_of(PAGE), "{size}: {block}");
            assert_eq!(of(block, 1), Some(block));
            size += size / 7 + 13;
        }
        assert!(of(isize::MAX as usize - 7, 1).is_some());
    }
}
