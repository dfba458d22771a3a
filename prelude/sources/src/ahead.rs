//! Lets the system read parts of a file before they are asked for. Nobody waits for it, and where the system cannot,
//! nothing is different.

use std::fs::File;
use std::ops::Range;

/// Fewer bytes than this the system reads ahead by itself.
const LEAST: u64 = 128 << 10;

/// Asks for these parts of a file, as far as they are not in the page cache.
pub(crate) fn read_ahead(file: &File, mut parts: Vec<Range<u64>>) {
    parts.sort_by_key(|part| part.start);
    let mut parts = parts.into_iter();
    let Some(mut whole) = parts.next() else { return };
    for part in parts {
        // Columns that lie side by side are one part: what is asked are two questions for each.
        if part.start <= whole.end + LEAST {
            whole.end = part.end.max(whole.end);
        } else {
            missing(file, &std::mem::replace(&mut whole, part));
        }
    }
    missing(file, &whole);
}

/// Asks for a part unless both its ends are there: then most likely all of it is, and looking at every page of it would
/// cost more than all the rest.
fn missing(file: &File, part: &Range<u64>) {
    let large = part.end.saturating_sub(part.start) >= LEAST;
    if large && !(system::is_cached(file, part.end - 1) && system::is_cached(file, part.start)) {
        system::want(file, part);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::ops::Range;
    use std::os::fd::AsRawFd;

    /// Whether a byte can be read without waiting for the disk.
    pub(super) fn is_cached(file: &File, at: u64) -> bool {
        let mut byte = 0_u8;
        let place = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        // SAFETY: there is one place, of one byte, which is alive and borrowed by nobody else until the call has returned; the
        // descriptor belongs to the file, which is borrowed as long.
        let read = unsafe { libc::preadv2(file.as_raw_fd(), &raw const place, 1, at as libc::off_t, libc::RWF_NOWAIT) };
        read == 1
    }

    /// Lets the system begin to read.
    pub(super) fn want(file: &File, part: &Range<u64>) {
        let (start, length) = (part.start as libc::off_t, (part.end - part.start) as libc::off_t);
        // SAFETY: no memory is handed over, and the descriptor belongs to the file, which is borrowed until the call has
        // returned. That it fails means only that nothing is read ahead.
        unsafe { libc::posix_fadvise(file.as_raw_fd(), start, length, libc::POSIX_FADV_WILLNEED) };
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::ops::Range;

    pub(super) fn is_cached(_file: &File, _at: u64) -> bool {
        true
    }

    pub(super) fn want(_file: &File, _part: &Range<u64>) {}
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::FileExt;
    use std::time::{Duration, Instant};

    /// Takes a file out of the page cache; `false` where the system keeps it (a file system in memory).
    pub(crate) fn evict(file: &File) -> bool {
        file.sync_all().unwrap();
        // SAFETY: no memory is handed over.
        unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        cached(file, 0..file.metadata().unwrap().len()) == 0
    }

    /// How many pages of a part are in the page cache. Asking brings none into it.
    pub(crate) fn cached(file: &File, part: Range<u64>) -> usize {
        const PAGE: u64 = 4_096;
        let start = part.start / PAGE * PAGE;
        let length = (part.end - start) as usize;
        let mut pages = vec![0_u8; length.div_ceil(PAGE as usize)];
        // SAFETY: the map is of this file, only looked up and never touched, and taken away again; `pages` has a byte for each
        // of its pages.
        unsafe {
            let kind = (libc::PROT_READ, libc::MAP_SHARED);
            let map = libc::mmap(std::ptr::null_mut(), length, kind.0, kind.1, file.as_raw_fd(), start as libc::off_t);
            assert_ne!(map, libc::MAP_FAILED);
            assert_eq!(libc::mincore(map, length, pages.as_mut_ptr()), 0);
            libc::munmap(map, length);
        }
        pages.iter().filter(|&&page| page & 1 == 1).count()
    }

    /// Waits until so many pages of a part are in the page cache.
    pub(crate) fn arrives(file: &File, part: &Range<u64>, pages: usize) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            if cached(file, part.clone()) >= pages {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    #[test]
    fn what_is_asked_for_arrives_and_nothing_else() {
        let file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..16_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        file.write_all_at(&bytes, 0).unwrap();
        assert!(evict(&file), "the folder for temporary files is on a disk");
        let (first, last) = (2 << 20..3 << 20, 8 << 20..9 << 20);
        // Two parts side by side are one; one that is too short is not worth asking for.
        read_ahead(&file, vec![last.clone(), first.start..5 << 19, 5 << 19..first.end, 12 << 20..(12 << 20) + 5_000]);
        assert!(arrives(&file, &first, 256) && arrives(&file, &last, 256));
        assert!(cached(&file, 0..16 << 20) <= 520, "only what was asked for, and the pages at its ends");
        let mut found = vec![0; bytes.len()];
        file.read_exact_at(&mut found, 0).unwrap();
        assert!(found == bytes);
        assert!(system::is_cached(&file, 15 << 20), "what was read is there");
    }

    #[test]
    fn parts_that_are_not_there_change_nothing() {
        let file = tempfile::tempfile().unwrap();
        read_ahead(&file, vec![]);
        read_ahead(&file, vec![0..1 << 20, 1 << 40..(1 << 40) + (1 << 20)]);
        assert_eq!(file.metadata().unwrap().len(), 0);
    }
}
