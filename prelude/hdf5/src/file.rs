//! The bytes of a file, as the caller has them.

use std::io;

/// The bytes of a file of HDF5.
pub trait FileBytes {
    /// How many there are.
    fn length(&self) -> u64;

    /// Fills a buffer from an offset on.
    ///
    /// # Errors
    /// What the system says; bytes beyond the end.
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// The bytes of `start..end`: in place where that is possible, or put into `words`.
    ///
    /// # Errors
    /// See [`fill`](FileBytes::fill).
    fn load<'s>(&'s self, start: u64, end: u64, words: &'s mut Vec<u64>) -> io::Result<&'s [u8]> {
        let length = end.saturating_sub(start) as usize;
        words.resize(length.div_ceil(8), 0);
        let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(words)[..length];
        self.fill(start, bytes)?;
        Ok(bytes)
    }
}

impl FileBytes for recoil_bytes::Bytes {
    fn length(&self) -> u64 {
        Self::length(self)
    }

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read_at(offset, buffer)
    }
}
