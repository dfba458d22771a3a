//! A file as memory: its bytes are read where the system keeps them, without a copy.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pages that have been read count as memory of the process: after so many bytes all of them are given back.
const KEPT: u64 = 32 << 20;

/// A file as memory. Only where the system can say beforehand whether pages can be read (Linux 5.14 and later).
#[derive(Debug)]
pub(crate) struct Mapped {
    map: memmap2::Mmap,
    /// Bytes asked for since the file was opened.
    asked: AtomicU64,
}

impl Mapped {
    /// Maps a file; `None` where the system cannot do what [`Mapped::bytes`] needs.
    ///
    /// # Safety
    /// Others may change the file while it is read, and the bytes with it. Code that reads them must be right whatever they
    /// are and however often they change: check every byte as untrusted input, stay inside buffers of its own, and keep no
    /// reference beyond a block or record.
    pub(crate) unsafe fn new(file: &File) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        // SAFETY: nothing is written through the map, and the caller vouches for what reads it. A file that was shortened is
        // found by `bytes` before it is read.
        let map = unsafe { memmap2::Mmap::map(file) }.ok()?;
        (!map.is_empty()).then(|| Self { map, asked: AtomicU64::new(0) })
    }

    /// `length` bytes from `offset` on, all of them brought into memory; `None` when that fails, and they must be read instead.
    ///
    /// The system is asked for the pages before they are touched. Where the file has been shortened, or cannot be read,
    /// that is an error, not the signal that ends the process when a page of a map is missing. What is left is a file
    /// shortened in the fraction of a millisecond between the question and the reading.
    pub(crate) fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset).ok()?;
        let bytes = self.map.get(from..from.checked_add(length)?)?;
        if bytes.is_empty() {
            return Some(bytes);
        }
        let length = length as u64;
        let asked = self.asked.fetch_add(length, Ordering::Relaxed);
        if asked / KEPT != (asked + length) / KEPT {
            self.give_back();
        }
        self.populate(from, bytes.len()).then_some(bytes)
    }

    #[cfg(target_os = "linux")]
    fn populate(&self, from: usize, length: usize) -> bool {
        self.map.advise_range(memmap2::Advice::PopulateRead, from, length).is_ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn populate(&self, _from: usize, _length: usize) -> bool {
        false
    }

    /// Takes all pages off the memory of the process; they stay in the system's cache of the file.
    #[cfg(target_os = "linux")]
    fn give_back(&self) {
        // SAFETY: the map is of a file and never written, so its pages come back with the same bytes when they are touched
        // again; threads that are reading some of them only wait a little longer.
        let done = unsafe { self.map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, 0, self.map.len()) };
        // Failing only costs memory.
        done.ok();
    }

    #[cfg(not(target_os = "linux"))]
    fn give_back(&self) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_shortened_file_is_found_before_it_is_read() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 100_000]).unwrap();
        // SAFETY: the test only compares the bytes, and it is the only one that has the file.
        let mapped = unsafe { Mapped::new(&file) }.unwrap();
        assert_eq!(mapped.bytes(50_000, 50_000).unwrap(), [7; 50_000]);
        assert!(mapped.bytes(50_000, 50_001).is_none());
        file.set_len(10_000).unwrap();
        assert!(mapped.bytes(50_000, 50_000).is_none());
        assert_eq!(mapped.bytes(0, 10_000).unwrap(), [7; 10_000]);
    }

    #[test]
    fn pages_are_given_back() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(KEPT * 6).unwrap();
        // SAFETY: the test only compares the bytes, and it is the only one that has the file.
        let mapped = unsafe { Mapped::new(&file) }.unwrap();
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
        };
        let (before, mut most) = (resident(), 0);
        for block in 0..(KEPT * 6) >> 20 {
            mapped.bytes(block << 20, 1 << 20).unwrap();
            most = most.max(resident());
        }
        assert!(most < before + KEPT * 2, "{most} bytes, {before} before");
    }
}
