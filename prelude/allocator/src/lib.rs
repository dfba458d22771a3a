//! A global allocator for programs that fill and drop buffers of some megabytes all the time.
//!
//! Small requests go to another allocator. A large request gets pages of the system of its own; when it is given back, its
//! pages are kept for the next request of the same size, because the system clears fresh pages, which costs as much as
//! filling them. What is kept has a bound ([`keep_at_most`]): beyond it the pages that were given back first go to the
//! system at once, so that the memory of the program is what it uses and the bound.
//!
//! Comes in: requests for memory. Goes out: memory. It knows nothing of columns, files or threads.
//!
//! ```
//! use recoil_allocator::Pooled;
//! use std::alloc::System;
//!
//! #[global_allocator]
//! static ALLOCATOR: Pooled<System> = Pooled::new(System);
//!
//! let first = vec![1_u8; 1 << 20];
//! let place = first.as_ptr();
//! drop(first);
//! assert_eq!(vec![2_u8; 1 << 20].as_ptr(), place);
//! ```

mod block;
mod bound;
#[cfg(target_os = "linux")]
mod kept;
#[cfg(target_os = "linux")]
mod pages;
#[cfg(target_os = "linux")]
mod pooled;

pub use block::LARGE;
pub use bound::{MOST, keep_at_most};
#[cfg(target_os = "linux")]
pub use pooled::Pooled;

/// On other systems everything goes to the other allocator.
#[cfg(not(target_os = "linux"))]
mod pooled {
    use std::alloc::{GlobalAlloc, Layout};

    /// An allocator that passes all requests on.
    #[derive(Debug)]
    pub struct Pooled<S>(S);

    impl<S> Pooled<S> {
        /// With the allocator that gets the requests.
        pub const fn new(small: S) -> Self {
            Self(small)
        }
    }

    // SAFETY: every call is passed on as it came.
    unsafe impl<S: GlobalAlloc> GlobalAlloc for Pooled<S> {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller keeps the rules of the trait.
            unsafe { self.0.alloc(layout) }
        }

        unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
            // SAFETY: as above.
            unsafe { self.0.dealloc(start, layout) }
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as above.
            unsafe { self.0.alloc_zeroed(layout) }
        }

        unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as above.
            unsafe { self.0.realloc(start, layout, size) }
        }
    }
}
#[cfg(not(target_os = "linux"))]
pub use pooled::Pooled;
