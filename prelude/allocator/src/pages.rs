//! Pages of the system.

use std::ptr::null_mut;

/// Fresh pages, which hold zeros; null if the system has none.
pub(crate) fn map(bytes: usize) -> *mut u8 {
    // SAFETY: a new anonymous mapping at a place that the system chooses touches no memory that anybody has.
    let start = unsafe {
        let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        libc::mmap(null_mut(), bytes, access, kind, -1, 0)
    };
    if start == libc::MAP_FAILED { null_mut() } else { start.cast() }
}

/// Gives pages back to the system.
///
/// # Safety
/// The `bytes` from `start` are whole pages that [`map`] or [`resized`] gave, and nobody uses them any more.
pub(crate) unsafe fn unmap(start: *mut u8, bytes: usize) {
    // SAFETY: the caller says so. The call fails where the system can hold no further mapping; the pages stay then, unused.
    unsafe { libc::munmap(start.cast(), bytes) };
}

/// The same contents in another number of pages, perhaps at another place; pages that are added hold zeros. Null if the
/// system has none; all is as it was then.
///
/// # Safety
/// As for [`unmap`]; the old place is not used any more unless the answer is null.
pub(crate) unsafe fn resized(start: *mut u8, bytes: usize, wanted: usize) -> *mut u8 {
    // SAFETY: the caller says so.
    let moved = unsafe { libc::mremap(start.cast(), bytes, wanted, libc::MREMAP_MAYMOVE) };
    if moved == libc::MAP_FAILED { null_mut() } else { moved.cast() }
}
