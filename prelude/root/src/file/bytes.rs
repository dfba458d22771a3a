//! The bytes of a file, read at positions. A file that changes below us gives an error, never a signal.

use crate::error::{Error, Kind, Result};
use recoil_bytes::Held;
use std::ops::Range;
use std::path::Path;

/// A file wherever it is, or bytes in memory.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    store: recoil_bytes::Bytes,
}

fn io(error: &std::io::Error) -> Error {
    Kind::Io(error.to_string()).into()
}

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        recoil_bytes::Bytes::open(path).map(Self::of).map_err(|error| io(&error))
    }

    pub(crate) fn of(store: recoil_bytes::Bytes) -> Self {
        Self { store }
    }

    pub(crate) fn length(&self) -> u64 {
        self.store.length()
    }

    /// Whether it is worth saying beforehand what is going to be read.
    pub(crate) fn are_elsewhere(&self) -> bool {
        self.store.elsewhere().is_some()
    }

    /// Begins to fetch ranges of a file that is elsewhere.
    pub(crate) fn expect(&self, ranges: Vec<Range<u64>>) {
        self.store.expect(ranges);
    }

    /// Brings ranges of a file that is elsewhere into memory, as far as the file has them.
    pub(crate) fn hold(&self, mut ranges: Vec<Range<u64>>) -> Result<Held> {
        // What lies beyond the end is told by whoever reads it.
        ranges.retain(|range| range.end <= self.length());
        self.store.hold(&ranges).map_err(|error| io(&error))
    }

    /// Puts `size` bytes from `at` into `out`, which is emptied before.
    pub(crate) fn read(&self, at: u64, size: usize, what: &'static str, out: &mut Vec<u8>) -> Result<()> {
        self.inside(at, size, what)?;
        out.resize(size, 0);
        self.fill(at, what, out)
    }

    /// Fills `out` with the bytes from `at`.
    pub(crate) fn fill(&self, at: u64, what: &'static str, out: &mut [u8]) -> Result<()> {
        self.inside(at, out.len(), what)?;
        if out.is_empty() {
            // Of no bytes the position may lie behind the end.
            return Ok(());
        }
        self.store.read_at(at, out).map_err(|error| io(&error).at(at))
    }

    /// Refuses bytes that the file does not have, before memory is asked for them.
    fn inside(&self, at: u64, size: usize, what: &'static str) -> Result<()> {
        let have = self.length().saturating_sub(at);
        if size as u64 > have {
            return Err(Error::short(what, size as u64, have).at(at));
        }
        Ok(())
    }

    /// The `size` bytes from `at`.
    pub(crate) fn get(&self, at: u64, size: usize, what: &'static str) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.read(at, size, what, &mut out)?;
        Ok(out)
    }

    /// At most `size` bytes from `at`: fewer where the file ends.
    pub(crate) fn up_to(&self, at: u64, size: usize) -> Result<Vec<u8>> {
        let have = self.length().saturating_sub(at).min(size as u64) as usize;
        self.get(at, have, "a record")
    }
}
