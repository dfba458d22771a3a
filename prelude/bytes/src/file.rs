//! A local file: positioned reads, and a map where its reader can live with one.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::mapped::Mapped;

/// An open local file.
///
/// ```
/// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
/// # let path = std::env::temp_dir().join(name);
/// # std::fs::write(&path, [1, 2, 3, 4])?;
/// # let file = recoil_bytes::LocalFile::open(&path)?;
/// # std::fs::remove_file(&path)?;
/// let file: recoil_bytes::LocalFile = file;
/// assert_eq!(file.length(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
    length: u64,
    file: File,
    mapped: Option<Mapped>,
}

impl LocalFile {
    /// Opens a file for positioned reads.
    ///
    /// # Errors
    /// When the system refuses, or it is a folder.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.length(), 4);
    /// assert!(recoil_bytes::LocalFile::open(&std::env::temp_dir()).is_err(), "a folder");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory, not a file"));
        }
        Ok(Self { path: path.to_path_buf(), length: metadata.len(), file, mapped: None })
    }

    /// Maps the file, where the system can say beforehand whether pages can be read (Linux 5.14 and later); elsewhere
    /// nothing changes. Memory stays small either way, for any size of file.
    ///
    /// # Safety
    /// Others may change the file while it is read, and the bytes with it. Code that reads [`LocalFile::bytes`] must be right
    /// whatever they are and however often they change: check every byte as untrusted input, stay inside buffers of its
    /// own, and keep no reference beyond a block or record. A file that is shortened in the fraction of a millisecond
    /// between the question for its pages and the reading still ends the process: do not map files that others shorten.
    #[must_use]
    pub unsafe fn map(self) -> Self {
        // SAFETY: the caller vouches for what reads the bytes.
        let mapped = unsafe { Mapped::new(&self.file) };
        Self { mapped, ..self }
    }

    /// Where it is.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.path(), path);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes when it was opened.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.length(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether it is a file of bytes, as against a pipe or a device.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert!(file.is_regular()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_regular(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.is_file())
    }

    /// Whether bytes are had without a copy.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert!(!file.is_mapped(), "nobody has mapped it");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_mapped(&self) -> bool {
        self.mapped.is_some()
    }

    /// `length` bytes from `offset` on without a copy; `None` where they must be read.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(file.bytes(0, 2), None, "they must be read");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        self.mapped.as_ref()?.bytes(offset, length)
    }

    /// Fills `buffer` from byte `offset` on.
    ///
    /// # Errors
    /// When the system refuses; `UnexpectedEof` beyond the end.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// let mut two = [0; 2];
    /// file.read_at(1, &mut two)?;
    /// assert_eq!(two, [2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(unix)]
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    /// Fills `buffer` from byte `offset` on.
    ///
    /// # Errors
    /// When the system refuses; `UnexpectedEof` beyond the end.
    #[cfg(windows)]
    pub fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_and_reads_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.bin");
        let bytes: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        std::fs::write(&path, &bytes).unwrap();
        // SAFETY: the test only compares the bytes, and it is the only one that has the file.
        let file = unsafe { LocalFile::open(&path).unwrap().map() };
        for (offset, length) in [(0, 16), (4099, 40_000), (399_990, 10), (0, 400_000)] {
            let mut read = vec![0; length];
            file.read_at(offset, &mut read).unwrap();
            assert_eq!(read, bytes[offset as usize..offset as usize + length]);
            if file.is_mapped() {
                assert_eq!(file.bytes(offset, length).unwrap(), read);
            }
        }
        assert!(file.bytes(399_990, 11).is_none());
        assert!(file.read_at(399_990, &mut [0; 11]).is_err());
        assert!(LocalFile::open(folder.path()).is_err());
    }
}
