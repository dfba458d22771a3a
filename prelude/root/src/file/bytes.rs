//! The bytes of a file, read at positions. A file that changes below us gives an error, never a signal.

use crate::error::{Error, Kind, Result};
use std::path::Path;
use std::sync::Arc;

/// A file, or bytes in memory.
#[derive(Debug, Clone)]
pub(crate) struct Bytes {
    store: Arc<Store>,
    length: u64,
}

#[derive(Debug)]
enum Store {
    File(std::fs::File),
    Memory(Vec<u8>),
}

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let io = |error: std::io::Error| Error::from(Kind::Io(error.to_string()));
        let file = std::fs::File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        Ok(Self { store: Arc::new(Store::File(file)), length })
    }

    pub(crate) fn memory(bytes: Vec<u8>) -> Self {
        let length = bytes.len() as u64;
        Self { store: Arc::new(Store::Memory(bytes)), length }
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Puts `size` bytes from `at` into `out`, which is emptied before.
    pub(crate) fn read(&self, at: u64, size: usize, what: &'static str, out: &mut Vec<u8>) -> Result<()> {
        let have = self.length.saturating_sub(at);
        if size as u64 > have {
            return Err(Error::short(what, size as u64, have).at(at));
        }
        match &*self.store {
            Store::Memory(bytes) => {
                out.clear();
                // Of no bytes the position may lie behind the end.
                out.extend_from_slice(bytes.get(at as usize..at as usize + size).unwrap_or_default());
                Ok(())
            }
            Store::File(file) => {
                out.resize(size, 0);
                read_at(file, out, at).map_err(|error| Error::from(Kind::Io(error.to_string())).at(at))
            }
        }
    }

    /// The `size` bytes from `at`.
    pub(crate) fn get(&self, at: u64, size: usize, what: &'static str) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.read(at, size, what, &mut out)?;
        Ok(out)
    }

    /// At most `size` bytes from `at`: fewer where the file ends.
    pub(crate) fn up_to(&self, at: u64, size: usize) -> Result<Vec<u8>> {
        let have = self.length.saturating_sub(at).min(size as u64) as usize;
        self.get(at, have, "a record")
    }
}

#[cfg(unix)]
fn read_at(file: &std::fs::File, out: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(windows)]
fn read_at(file: &std::fs::File, mut out: &mut [u8], mut at: u64) -> std::io::Result<()> {
    while !out.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, out, at)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[read..];
        at += read as u64;
    }
    Ok(())
}
