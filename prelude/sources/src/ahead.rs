//! Reads parts of a file before they are asked for, into the system's cache of files and nowhere else. A thread of its own
//! does, so that no worker waits for a disk; what it has no time for is not read ahead.
//!
//! The thread reads as everybody reads. To ask the system for bytes that are only wanted (`POSIX_FADV_WILLNEED`) makes it
//! fill its cache page by page instead of in large pieces, and whatever is read there afterwards is read more slowly, for
//! as long as it stays.

use std::fs::File;
use std::ops::Range;

/// Fewer bytes than this the system reads ahead by itself.
const LEAST: u64 = 128 << 10;

/// Reads these parts of a file ahead, as far as they are not in the page cache.
pub(crate) fn read_ahead(file: File, mut parts: Vec<Range<u64>>) {
    parts.sort_by_key(|part| part.start);
    let mut whole: Vec<Range<u64>> = Vec::new();
    for part in parts {
        // Columns that lie side by side are one part: what is asked are two questions for each.
        match whole.last_mut() {
            Some(last) if part.start <= last.end + LEAST => last.end = part.end.max(last.end),
            _ => whole.push(part),
        }
    }
    whole.retain(|part| missing(&file, part));
    if !whole.is_empty() {
        system::read(file, whole);
    }
}

/// Whether a part must be read: not if both its ends are there, for then most likely all of it is, and looking at every
/// page of it would cost more than all the rest.
fn missing(file: &File, part: &Range<u64>) -> bool {
    let large = part.end.saturating_sub(part.start) >= LEAST;
    large && !(system::is_cached(file, part.end - 1) && system::is_cached(file, part.start))
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::ops::Range;
    use std::os::fd::AsRawFd;
    use std::sync::OnceLock;
    use std::sync::mpsc::{SyncSender, sync_channel};

    /// Whether a byte can be read without waiting for the disk.
    pub(super) fn is_cached(file: &File, at: u64) -> bool {
        let mut byte = 0_u8;
        let place = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        // SAFETY: there is one place, of one byte, which is alive and borrowed by nobody else until the call has returned; the
        // descriptor belongs to the file, which is borrowed as long.
        let read = unsafe { libc::preadv2(file.as_raw_fd(), &raw const place, 1, at as libc::off_t, libc::RWF_NOWAIT) };
        read == 1
    }

    /// Files that wait for the thread at most.
    const WAITING: usize = 16;

    /// Lets the thread read parts of a file; it forgets them when it has too much to do.
    pub(super) fn read(file: File, parts: Vec<Range<u64>>) {
        static THREAD: OnceLock<Option<SyncSender<(File, Vec<Range<u64>>)>>> = OnceLock::new();
        let thread = THREAD.get_or_init(|| {
            let (sender, jobs) = sync_channel::<(File, Vec<Range<u64>>)>(WAITING);
            let nowhere = File::options().write(true).open("/dev/null").ok()?;
            let work = move || {
                for (file, parts) in jobs {
                    // Another thread has read it by now.
                    let parts = parts.into_iter().filter(|part| crate::ahead::missing(&file, part));
                    parts.for_each(|part| pass(&file, &nowhere, part));
                }
            };
            std::thread::Builder::new().name("recoil-ahead".into()).spawn(work).ok()?;
            Some(sender)
        });
        if let Some(thread) = thread {
            // Too much to do is the same as nothing to do.
            let _ = thread.try_send((file, parts));
        }
    }

    /// Passes a part of a file to nowhere, which copies nothing.
    fn pass(file: &File, nowhere: &File, part: Range<u64>) {
        let mut at = part.start as libc::off_t;
        while (at as u64) < part.end {
            let left = (part.end - at as u64) as usize;
            // SAFETY: the offset is alive and borrowed by nobody else until the call has returned, and both descriptors belong to
            // files that are borrowed as long.
            let passed = unsafe { libc::sendfile(nowhere.as_raw_fd(), file.as_raw_fd(), &raw mut at, left) };
            if passed <= 0 {
                // The pass that reads the rows will report why.
                return;
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::fs::File;
    use std::ops::Range;

    pub(super) fn is_cached(_file: &File, _at: u64) -> bool {
        true
    }

    pub(super) fn read(_file: File, _parts: Vec<Range<u64>>) {}
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

    /// A folder beside this program, which is on a disk where the folder for temporary files is not.
    pub(crate) fn folder() -> tempfile::TempDir {
        tempfile::tempdir_in(std::env::current_exe().unwrap().parent().unwrap()).unwrap()
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
        let folder = folder();
        let file = tempfile::tempfile_in(folder.path()).unwrap();
        let bytes: Vec<u8> = (0..16_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        file.write_all_at(&bytes, 0).unwrap();
        if !evict(&file) {
            return eprintln!("skipped: files of this folder cannot leave the page cache");
        }
        let (first, last) = (2 << 20..3 << 20, 8 << 20..9 << 20);
        // Two parts side by side are one; one that is too short is not worth asking for.
        read_ahead(
            file.try_clone().unwrap(),
            vec![last.clone(), first.start..5 << 19, 5 << 19..first.end, 12 << 20..(12 << 20) + 5_000],
        );
        assert!(arrives(&file, &first, 256) && arrives(&file, &last, 256));
        // The system itself reads on behind what is read one after another.
        assert_eq!(cached(&file, 0..1 << 20), 0, "only what was asked for");
        let mut found = vec![0; bytes.len()];
        file.read_exact_at(&mut found, 0).unwrap();
        assert!(found == bytes);
        assert!(system::is_cached(&file, 15 << 20), "what was read is there");
    }

    #[test]
    fn parts_that_are_not_there_change_nothing() {
        let file = tempfile::tempfile().unwrap();
        read_ahead(file.try_clone().unwrap(), vec![]);
        read_ahead(file.try_clone().unwrap(), vec![0..1 << 20, 1 << 40..(1 << 40) + (1 << 20)]);
        assert_eq!(file.metadata().unwrap().len(), 0);
    }
}
