//! The allocator.

use crate::block::block;
use crate::bound::bound;
use crate::kept::{Block, Kept};
use crate::pages::{map, resized, unmap};
use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Small requests go to `S`, large ones are blocks of pages that are used again.
#[derive(Debug)]
pub struct Pooled<S> {
    small: S,
    kept: Mutex<Kept>,
}

impl<S> Pooled<S> {
    /// With the allocator for small requests.
    pub const fn new(small: S) -> Self {
        Self { small, kept: Mutex::new(Kept::new()) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, bytes: usize) -> Option<*mut u8> {
        self.kept().take(bytes)
    }

    /// Gives a block back.
    ///
    /// # Safety
    /// It was made by this allocator, and nobody uses it any more.
    unsafe fn keep(&self, start: *mut u8, bytes: usize) {
        let most = bound();
        let mut dropped = self.kept().keep(Block { start, bytes }, most);
        loop {
            // The system works while nobody waits for the list.
            if let Some(block) = dropped {
                // SAFETY: the list held it, or the caller, and neither does any more.
                unsafe { unmap(block.start, block.bytes) };
            }
            dropped = self.kept().surplus(most);
            if dropped.is_none() {
                return;
            }
        }
    }

    /// More pages for a block.
    ///
    /// # Safety
    /// As for [`Pooled::keep`], unless the answer is null.
    unsafe fn grown(&self, start: *mut u8, bytes: usize, wanted: usize) -> *mut u8 {
        let Some(larger) = self.take(wanted) else {
            // SAFETY: the caller says so.
            return unsafe { resized(start, bytes, wanted) };
        };
        // SAFETY: `larger` has `wanted` bytes, which are more than `bytes`, and is nobody else's.
        unsafe { start.copy_to_nonoverlapping(larger, bytes) };
        // SAFETY: the caller says so.
        unsafe { self.keep(start, bytes) };
        larger
    }
}

// SAFETY: whether a request is large, and the bytes of its block, follow from its layout alone, so that memory goes back to
// where it came from. Blocks are as long as their requests at least, begin at a page, to which `block` limits the alignment,
// and each is either in the list or with one caller. Nothing here panics or allocates: the list has its place in the static.
unsafe impl<S: GlobalAlloc> GlobalAlloc for Pooled<S> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match block(layout) {
            // SAFETY: the caller keeps the rules of the trait.
            None => unsafe { self.small.alloc(layout) },
            Some(bytes) => self.take(bytes).unwrap_or_else(|| map(bytes)),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(bytes) = block(layout) else {
            // SAFETY: the caller keeps the rules of the trait.
            return unsafe { self.small.alloc_zeroed(layout) };
        };
        let Some(start) = self.take(bytes) else {
            return map(bytes);
        };
        // SAFETY: the block has at least the bytes of the layout, and is nobody else's.
        unsafe { start.write_bytes(0, layout.size()) };
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        match block(layout) {
            // SAFETY: the caller keeps the rules of the trait; memory of this layout came from there.
            None => unsafe { self.small.dealloc(start, layout) },
            // SAFETY: as above.
            Some(bytes) => unsafe { self.keep(start, bytes) },
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the rules of the trait: the alignment is one, and the size does not overflow.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (block(layout), block(wanted)) {
            // SAFETY: the caller keeps the rules of the trait.
            (None, None) => unsafe { self.small.realloc(start, layout, size) },
            (Some(bytes), Some(same)) if bytes == same => start,
            // SAFETY: as above; a block that gets shorter does not move.
            (Some(bytes), Some(shorter)) if shorter < bytes => unsafe { resized(start, bytes, shorter) },
            // SAFETY: as above.
            (Some(bytes), Some(longer)) => unsafe { self.grown(start, bytes, longer) },
            // SAFETY: as above; both have at least the smaller of the two sizes.
            _ => unsafe {
                let moved = self.alloc(wanted);
                if moved.is_null() {
                    return null_mut();
                }
                start.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(start, layout);
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::LARGE;
    use std::alloc::System;

    static POOLED: Pooled<System> = Pooled::new(System);

    /// Memory of some bytes that all hold the same mark.
    struct Held {
        start: *mut u8,
        layout: Layout,
        mark: u8,
    }

    impl Held {
        fn new(size: usize, align: usize, mark: u8, zeroed: bool) -> Self {
            let layout = Layout::from_size_align(size, align).unwrap();
            // SAFETY: the size is not zero; only this value uses the memory.
            unsafe {
                let start = if zeroed { POOLED.alloc_zeroed(layout) } else { POOLED.alloc(layout) };
                assert!(!start.is_null() && start.addr().is_multiple_of(align));
                if zeroed {
                    assert!(std::slice::from_raw_parts(start, size).iter().all(|byte| *byte == 0));
                }
                start.write_bytes(mark, size);
                Self { start, layout, mark }
            }
        }

        fn check(&self, size: usize) {
            // SAFETY: at least so many bytes are written.
            let bytes = unsafe { std::slice::from_raw_parts(self.start, size) };
            assert!(bytes.iter().all(|byte| *byte == self.mark));
        }

        fn resize(&mut self, size: usize) {
            // SAFETY: the memory came from here with this layout.
            unsafe {
                self.start = POOLED.realloc(self.start, self.layout, size);
                assert!(!self.start.is_null());
                self.check(size.min(self.layout.size()));
                self.start.write_bytes(self.mark, size);
            }
            self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            self.check(self.layout.size());
            // SAFETY: the memory came from here with this layout, and is not used any more.
            unsafe { POOLED.dealloc(self.start, self.layout) };
        }
    }

    /// A number that looks random, by its place.
    fn mixed(place: u64) -> usize {
        let mixed = place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33) as usize
    }

    fn work(thread: u64, turns: u64, largest: usize) {
        let mut held: Vec<Held> = Vec::new();
        for turn in 0..turns {
            let place = (thread * turns + turn) * 8;
            let size = (LARGE >> (mixed(place) % 4)) + mixed(place + 1) % largest;
            let align = 1 << (mixed(place + 2) % 14);
            match mixed(place + 3) % 5 {
                0 | 1 => held.push(Held::new(size, align, turn as u8, mixed(place + 4).is_multiple_of(2))),
                2 | 3 if !held.is_empty() => {
                    let at = mixed(place + 5) % held.len();
                    held[at].resize(size);
                }
                _ if !held.is_empty() => drop(held.swap_remove(mixed(place + 5) % held.len())),
                _ => {}
            }
        }
    }

    #[test]
    fn nobody_writes_into_the_memory_of_another() {
        let (threads, turns, largest) = if cfg!(miri) { (2, 12, LARGE / 2) } else { (4, 800, 64 * LARGE) };
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || work(thread, turns, largest));
            }
        });
        assert!(POOLED.kept().surplus(bound()).is_none());
    }

    #[test]
    fn pages_are_used_again() {
        static OWN: Pooled<System> = Pooled::new(System);
        let layout = Layout::from_size_align(3 * LARGE, 8).unwrap();
        // SAFETY: the memory comes from here and goes back with its layout.
        unsafe {
            let first = OWN.alloc(layout);
            OWN.dealloc(first, layout);
            let again = OWN.alloc(layout);
            assert_eq!(first, again);
            OWN.dealloc(again, layout);
        }
    }
}
