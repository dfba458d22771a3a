//! Where bytes come from: a local file, memory, or any other [`Stream`].

use recoil_bytes::{Bytes, Held};
use std::io;
use std::path::Path;

/// Random access to the bytes of one file. Object-safe, so that a remote file can be one too.
///
/// ```
/// # use hipo::{MemoryFile, Stream};
/// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
/// let mut two = [0; 2];
/// file.read_at(2, &mut two)?;
/// assert_eq!(two, [3, 4]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Stream: Send + Sync {
    /// How errors name the file.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// assert_eq!(file.name(), "a message");
    /// ```
    fn name(&self) -> &str;

    /// Length in bytes.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// assert_eq!(file.length(), 4);
    /// ```
    fn length(&self) -> u64;

    /// Fills `buffer` from byte `offset`.
    ///
    /// # Errors
    /// When the bytes cannot be had; `UnexpectedEof` beyond the end.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// let mut two = [0; 2];
    /// file.read_at(1, &mut two)?;
    /// assert_eq!(two, [2, 3]);
    /// assert!(file.read_at(3, &mut two).is_err(), "beyond the end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// What changes when the bytes change, of a file that is elsewhere; `None` for others.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// assert_eq!(file.identity(), None, "it is not elsewhere");
    /// ```
    fn identity(&self) -> Option<&str> {
        None
    }

    /// Says that these bytes are going to be read: those of a file that is elsewhere are fetched in one piece, and are in
    /// memory as long as the answer lives.
    ///
    /// # Errors
    /// When the bytes cannot be had.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// let held = file.hold(0, 4)?;
    /// assert_eq!(file.bytes(0, 1), Some([1].as_slice()));
    /// # drop(held);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn hold(&self, _offset: u64, _length: u64) -> io::Result<Held> {
        Ok(Held::default())
    }

    /// The same bytes without a copy, when the stream has them in memory.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// assert_eq!(file.bytes(0, 2), Some([1, 2].as_slice()));
    /// ```
    fn bytes(&self, _offset: u64, _length: usize) -> Option<&[u8]> {
        None
    }
}

/// A local file. Mapped into memory where the system can say beforehand whether pages can be read (Linux 5.14 and later),
/// else read at positions; memory stays small either way, for any size of file.
///
/// ```
#[doc = include_str!("example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// use hipo::{LocalFile, Stream};
/// assert_eq!(LocalFile::open(&path)?.length(), std::fs::metadata(&path)?.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalFile {
    name: String,
    file: recoil_bytes::LocalFile,
}

impl LocalFile {
    /// Opens `path`.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// ```
    #[doc = include_str!("example.txt")]
    /// # let reader = hipo::Reader::open(&path)?;
    /// assert!(hipo::LocalFile::open(&folder.path().join("no such file")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: &Path) -> io::Result<Self> {
        let Self { name, file } = Self::open_unmapped(path)?;
        // SAFETY: a stored record is only decompressed, with every access checked, into a buffer of our own, where all
        // parsing happens.
        let file = unsafe { file.map() };
        Ok(Self { name, file })
    }

    /// Opens `path` for positioned reads only: for files that others shorten or that lie on a network that fails, where
    /// every failure must be an error.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("run.hipo");
    /// # let schema = std::sync::Arc::new(hipo::Schema::parse("{REC::Particle/300/31}{pid/I,px/F}")?);
    /// # let mut writer = hipo::Writer::builder().schema(schema.clone())?.create(&path)?;
    /// # for tag in [0, 1, 0] {
    /// #     let mut particles = writer.bank("REC::Particle", 1)?;
    /// #     particles.put("pid", 0, 11)?;
    /// #     writer.write(hipo::EventBuilder::new().add_bank(&particles)?.set_tag(tag))?;
    /// # }
    /// # writer.finish()?;
    /// # let reader = hipo::Reader::open(&path)?;
    /// use hipo::{LocalFile, Reader, ReaderOptions};
    /// let stream = std::sync::Arc::new(LocalFile::open_unmapped(&path)?);
    /// assert_eq!(Reader::from_stream(stream, &ReaderOptions::default())?.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_unmapped(path: &Path) -> io::Result<Self> {
        Ok(Self { name: path.display().to_string(), file: recoil_bytes::LocalFile::open(path)? })
    }
}

impl Stream for LocalFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn length(&self) -> u64 {
        self.file.length()
    }

    fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        self.file.bytes(offset, length)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)
    }
}

/// A local file that is opened anew for every read: for chains of more files than a process may hold open.
pub(crate) struct ReopenedFile {
    path: std::path::PathBuf,
    name: String,
    length: u64,
}

impl ReopenedFile {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let length = LocalFile::open_unmapped(path)?.length();
        Ok(Self { path: path.into(), name: path.display().to_string(), length })
    }
}

impl Stream for ReopenedFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        LocalFile::open_unmapped(&self.path)?.read_at(offset, buffer)
    }
}

/// A file wherever it is.
///
/// ```
/// use hipo::{AnyFile, Stream};
/// let file = AnyFile::new("a message", recoil_bytes::Bytes::memory(vec![1, 2, 3]));
/// assert_eq!((file.name(), file.length()), ("a message", 3));
/// ```
pub struct AnyFile {
    name: String,
    bytes: Bytes,
}

impl AnyFile {
    /// A file of these bytes; errors call it `name`.
    ///
    /// ```
    /// use hipo::Stream;
    /// let file = hipo::AnyFile::new("a message", recoil_bytes::Bytes::memory(vec![1, 2, 3]));
    /// let mut one = [0];
    /// file.read_at(2, &mut one)?;
    /// assert_eq!(one, [3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: impl Into<String>, bytes: Bytes) -> Self {
        Self { name: name.into(), bytes }
    }
}

impl Stream for AnyFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn identity(&self) -> Option<&str> {
        self.bytes.elsewhere()?.identity()
    }

    fn hold(&self, offset: u64, length: u64) -> io::Result<Held> {
        let end = offset.saturating_add(length).min(self.length());
        self.bytes.hold(std::slice::from_ref(&(offset.min(end)..end)))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.bytes.read_at(offset, buffer)
    }
}

/// A file in memory.
///
/// ```
/// # use hipo::{MemoryFile, Stream};
/// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
/// assert_eq!((file.name(), file.length()), ("a message", 4));
/// ```
pub struct MemoryFile {
    name: String,
    bytes: Vec<u8>,
}

impl MemoryFile {
    /// A file of these bytes; errors call it `name`.
    ///
    /// ```
    /// # use hipo::{MemoryFile, Stream};
    /// # let file = MemoryFile::new("a message", vec![1, 2, 3, 4]);
    /// assert_eq!(file.bytes(1, 2), Some([2, 3].as_slice()));
    /// ```
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes }
    }
}

impl Stream for MemoryFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        copy_from(&self.bytes, offset, buffer)
    }

    fn bytes(&self, offset: u64, length: usize) -> Option<&[u8]> {
        slice(&self.bytes, offset, length)
    }
}

fn slice(bytes: &[u8], offset: u64, length: usize) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(length)?)
}

fn copy_from(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let found = slice(bytes, offset, buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
    buffer.copy_from_slice(found);
    Ok(())
}
