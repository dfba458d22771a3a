//! The bytes of a file, read where and when they are needed: in place where the file is mapped, else with positioned reads.

use std::path::{Path, PathBuf};

use recoil_bytes::LocalFile;

use crate::model::error::{EventError, Result};

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) struct Bytes {
    path: PathBuf,
    len: u64,
    from: From,
}

#[derive(Debug)]
enum From {
    File(LocalFile),
    Memory(Vec<u8>),
    Elsewhere(recoil_bytes::Bytes),
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
        let file = LocalFile::open(path).map_err(EventError::io("open", path))?;
        if !file.is_regular().map_err(EventError::io("look at", path))? {
            let reason = "it is not a regular file".to_string();
            return Err(EventError::Unknown { path: path.to_path_buf(), reason });
        }
        // SAFETY: decoders check every byte as they would any untrusted input, use what they checked or stay inside their own
        // buffers, and never keep a reference to the map beyond a block.
        let file = unsafe { file.map() };
        Ok(Self { path: path.to_path_buf(), len: file.length(), from: From::File(file) })
    }

    pub(crate) fn from_memory(name: &Path, bytes: Vec<u8>) -> Self {
        Self { path: name.to_path_buf(), len: bytes.len() as u64, from: From::Memory(bytes) }
    }

    pub(crate) fn elsewhere(name: &Path, bytes: recoil_bytes::Bytes) -> Self {
        Self { path: name.to_path_buf(), len: bytes.length(), from: From::Elsewhere(bytes) }
    }

    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.from, From::Elsewhere(_))
    }

    /// What changes when the bytes change, of a file that is elsewhere.
    pub(crate) fn identity(&self) -> Option<&str> {
        match &self.from {
            From::Elsewhere(bytes) => bytes.elsewhere()?.identity(),
            _ => None,
        }
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
            From::File(file) => file.read_at(offset, buffer).map_err(EventError::io("read", &self.path)),
            From::Elsewhere(file) => file.read_at(offset, buffer).map_err(EventError::io("read", &self.path)),
            From::Memory(_) => {
                buffer.copy_from_slice(self.in_place(offset, offset + buffer.len() as u64).ok_or_else(|| {
                    EventError::io("read", &self.path)(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))
                })?);
                Ok(())
            }
        }
    }

    /// Are bytes had without a copy? Then large pieces cost no more than small ones.
    pub(crate) fn are_in_place(&self) -> bool {
        match &self.from {
            From::File(file) => file.is_mapped(),
            From::Memory(_) => true,
            From::Elsewhere(_) => false,
        }
    }

    fn in_place(&self, start: u64, end: u64) -> Option<&[u8]> {
        match &self.from {
            From::File(file) => file.bytes(start, usize::try_from(end.checked_sub(start)?).ok()?),
            From::Elsewhere(_) => None,
            From::Memory(bytes) => bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?),
        }
    }

    /// The bytes of `start..end`: in place, or put into `words`.
    pub(crate) fn load<'s>(&'s self, start: u64, end: u64, words: &'s mut Vec<u64>) -> Result<&'s [u8]> {
        if let Some(bytes) = self.in_place(start, end) {
            return Ok(bytes);
        }
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
