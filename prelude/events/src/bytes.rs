//! The bytes of a file, read where and when they are needed.
//!
//! Files are read with positioned reads and not mapped: a file cut short under a map ends the process, here it is an error;
//! and the pages of a map count as memory of the process, which a streamed terabyte must not.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{EventError, Result};

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) struct Bytes {
    path: PathBuf,
    len: u64,
    from: From,
}

#[derive(Debug)]
enum From {
    File(File),
    Memory(Vec<u8>),
}

/// A buffer that is used again and again, aligned for words of 8 bytes.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    words: Vec<u64>,
    /// A second buffer for what a block is unpacked to.
    pub(crate) unpacked: Vec<u8>,
}

impl Bytes {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(EventError::io("open", path))?;
        let metadata = file.metadata().map_err(EventError::io("look at", path))?;
        if !metadata.is_file() {
            let reason = "it is not a regular file".to_string();
            return Err(EventError::Unknown { path: path.to_path_buf(), reason });
        }
        Ok(Self { path: path.to_path_buf(), len: metadata.len(), from: From::File(file) })
    }

    pub(crate) fn from_memory(name: &Path, bytes: Vec<u8>) -> Self {
        Self { path: name.to_path_buf(), len: bytes.len() as u64, from: From::Memory(bytes) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn in_memory(&self) -> bool {
        matches!(self.from, From::Memory(_))
    }

    /// Fills `buffer` from `offset` on; the caller has checked that the range is inside the file.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        match &self.from {
            From::File(file) => read_exact_at(file, offset, buffer).map_err(EventError::io("read", &self.path)),
            From::Memory(bytes) => {
                let part =
                    usize::try_from(offset).ok().and_then(|start| bytes.get(start..start.checked_add(buffer.len())?));
                let part = part.ok_or_else(|| {
                    EventError::io("read", &self.path)(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))
                })?;
                buffer.copy_from_slice(part);
                Ok(())
            }
        }
    }

    /// The bytes of `start..end`, put into `scratch`; the first byte is aligned to 8.
    pub(crate) fn load<'s>(&self, start: u64, end: u64, words: &'s mut Vec<u64>) -> Result<&'s [u8]> {
        let len = end.saturating_sub(start) as usize;
        words.resize(len.div_ceil(8), 0);
        let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(words)[..len];
        self.read_at(start, bytes)?;
        Ok(bytes)
    }

    /// Up to `len` bytes from `offset` on, fewer at the end of the file.
    pub(crate) fn head(&self, offset: u64, len: u64) -> Result<Vec<u8>> {
        let end = self.len.min(offset.saturating_add(len));
        let mut bytes = vec![0; end.saturating_sub(offset) as usize];
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }
}

impl Scratch {
    /// Both buffers, so that one can be filled from the other.
    pub(crate) fn parts(&mut self) -> (&mut Vec<u64>, &mut Vec<u8>) {
        (&mut self.words, &mut self.unpacked)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut buffer: &mut [u8]) -> std::io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                offset += read as u64;
                buffer = &mut buffer[read..];
            }
        }
    }
    Ok(())
}
