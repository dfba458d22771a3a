//! Blocks that were given back and wait for the next request.

/// Blocks that are kept at most: so many can be looked through in less time than one of them is filled.
const BLOCKS: usize = 1024;

/// A block that nobody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) start: *mut u8,
    pub(crate) bytes: usize,
}

/// The blocks that are kept, those first that were given back first.
#[derive(Debug)]
pub(crate) struct Kept {
    blocks: [Block; BLOCKS],
    count: usize,
    bytes: usize,
}

// SAFETY: nobody uses the blocks that are kept, so that any thread may have them.
unsafe impl Send for Kept {}

impl Kept {
    pub(crate) const fn new() -> Self {
        Self { blocks: [Block { start: std::ptr::null_mut(), bytes: 0 }; BLOCKS], count: 0, bytes: 0 }
    }

    /// A block of exactly so many bytes: the one that was given back last, as it is most likely still in the caches.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<*mut u8> {
        let at = self.blocks[..self.count].iter().rposition(|block| block.bytes == bytes)?;
        Some(self.remove(at).start)
    }

    /// Keeps a block, unless it alone is half of the bytes that may be kept; gives it back then.
    pub(crate) fn keep(&mut self, block: Block, most: usize) -> Option<Block> {
        if block.bytes > most / 2 {
            return Some(block);
        }
        let dropped = (self.count == BLOCKS).then(|| self.remove(0));
        self.blocks[self.count] = block;
        self.count += 1;
        self.bytes += block.bytes;
        dropped
    }

    /// The oldest block, while more bytes are kept than may be.
    pub(crate) fn surplus(&mut self, most: usize) -> Option<Block> {
        (self.bytes > most).then(|| self.remove(0))
    }

    fn remove(&mut self, at: usize) -> Block {
        let block = self.blocks[at];
        self.blocks.copy_within(at + 1..self.count, at);
        self.count -= 1;
        self.bytes -= block.bytes;
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 32 << 20;

    fn block(at: usize, bytes: usize) -> Block {
        Block { start: std::ptr::without_provenance_mut(at), bytes }
    }

    #[test]
    fn the_newest_of_a_size_is_taken_and_the_oldest_are_dropped() {
        let mut kept = Kept::new();
        for (at, bytes) in [(1, MOST / 4), (2, MOST / 4), (3, MOST / 8), (4, MOST / 4)] {
            assert_eq!(kept.keep(block(at, bytes), MOST), None);
        }
        assert_eq!(kept.surplus(MOST), None);
        assert_eq!(kept.take(MOST / 4).map(<*mut u8>::addr), Some(4));
        assert_eq!(kept.take(MOST / 16), None);
        assert_eq!(kept.keep(block(5, MOST / 2), MOST), None);
        assert_eq!(kept.surplus(MOST), Some(block(1, MOST / 4)));
        assert_eq!(kept.surplus(MOST), None);
        assert_eq!(kept.keep(block(6, MOST), MOST), Some(block(6, MOST)));
        assert_eq!(kept.take(MOST / 8).map(<*mut u8>::addr), Some(3));
    }

    #[test]
    fn the_list_never_overflows() {
        let mut kept = Kept::new();
        let mut dropped = 0;
        for at in 0..BLOCKS + 5 {
            dropped += usize::from(kept.keep(block(at, 1), MOST).is_some());
        }
        assert_eq!((dropped, kept.count, kept.bytes), (5, BLOCKS, BLOCKS));
        assert_eq!(kept.take(1).map(<*mut u8>::addr), Some(BLOCKS + 4));
    }
}
