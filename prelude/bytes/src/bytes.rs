//! The bytes of one file, wherever it is.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::elsewhere::{Elsewhere, Held, Remote};
use crate::file::LocalFile;

/// The bytes of a local file, of memory, or of a file that is elsewhere. Cheap to clone; may be read by several threads.
///
/// ```
/// # use recoil_bytes::Bytes;
/// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
/// assert_eq!((bytes.length(), bytes.get(1, 2)?), (4, vec![2, 3]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Bytes {
    from: From,
}

#[derive(Debug, Clone)]
enum From {
    File(Arc<LocalFile>),
    Memory(Arc<Vec<u8>>),
    Elsewhere(Arc<Elsewhere>),
}

impl Bytes {
    /// Opens a local file.
    ///
    /// # Errors
    /// When the system refuses, or it is a folder.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// assert_eq!(recoil_bytes::Bytes::open(&path)?.get(2, 2)?, [3, 4]);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: &Path) -> io::Result<Self> {
        LocalFile::open(path).map(Self::file)
    }

    /// The bytes of a local file that is open.
    ///
    /// ```
    /// # let name = format!("recoil-example-{}-{:?}", std::process::id(), std::thread::current().id());
    /// # let path = std::env::temp_dir().join(name);
    /// # std::fs::write(&path, [1, 2, 3, 4])?;
    /// # let file = recoil_bytes::LocalFile::open(&path)?;
    /// # std::fs::remove_file(&path)?;
    /// assert_eq!(recoil_bytes::Bytes::file(file).length(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file(file: LocalFile) -> Self {
        Self { from: From::File(Arc::new(file)) }
    }

    /// Bytes in memory.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// assert_eq!(bytes.get(0, 4)?, [1, 2, 3, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self { from: From::Memory(Arc::new(bytes)) }
    }

    /// The bytes of a file that is elsewhere, of which the first are known; there may be none of them.
    pub fn remote(remote: impl Remote + 'static, head: Vec<u8>) -> Self {
        Self { from: From::Elsewhere(Arc::new(Elsewhere::new(Box::new(remote), head))) }
    }

    /// The file on its server; `None` for bytes that are here.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// assert!(bytes.elsewhere().is_none());
    /// ```
    pub fn elsewhere(&self) -> Option<&dyn Remote> {
        match &self.from {
            From::Elsewhere(file) => Some(file.remote()),
            _ => None,
        }
    }

    /// How many they are.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// assert_eq!(bytes.length(), 4);
    /// ```
    pub fn length(&self) -> u64 {
        match &self.from {
            From::File(file) => file.length(),
            From::Memory(bytes) => bytes.len() as u64,
            From::Elsewhere(file) => file.remote().length(),
        }
    }

    /// Fills `buffer` from byte `offset` on. Of a file that is elsewhere, a small piece is read with what is around it;
    /// what [`Bytes::hold`] holds is only copied.
    ///
    /// # Errors
    /// What the system, the server or the connection says; `UnexpectedEof` beyond the end.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// let mut two = [0; 2];
    /// bytes.read_at(2, &mut two)?;
    /// assert_eq!(two, [3, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match &self.from {
            From::File(file) => file.read_at(offset, buffer),
            From::Memory(bytes) => {
                let from = usize::try_from(offset).ok();
                let range = from.and_then(|from| Some(from..from.checked_add(buffer.len())?));
                let found = range.and_then(|range| bytes.get(range)).ok_or(io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(found);
                Ok(())
            }
            From::Elsewhere(file) => file.read_at(offset, buffer),
        }
    }

    /// `length` bytes from byte `offset` on.
    ///
    /// # Errors
    /// See [`Bytes::read_at`].
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// assert_eq!(bytes.get(3, 1)?, [4]);
    /// assert!(bytes.get(3, 2).is_err(), "beyond the end");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        if offset.saturating_add(length as u64) > self.length() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = vec![0; length];
        self.read_at(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Says which ranges are going to be read. Those of a file that is elsewhere are brought into memory, in as few
    /// questions as is sensible, and stay there as long as the answer lives; for bytes that are here nothing is done.
    ///
    /// # Errors
    /// See [`Bytes::read_at`].
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// let held = bytes.hold(&[0..2, 3..4])?;
    /// assert_eq!(bytes.get(0, 2)?, [1, 2]);
    /// # drop(held);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hold(&self, ranges: &[Range<u64>]) -> io::Result<Held> {
        match &self.from {
            From::Elsewhere(file) => file.hold(ranges),
            _ => Ok(Held::default()),
        }
    }

    /// Says which ranges will be held soon: those of a remote file are fetched meanwhile. It does
    /// not wait, and what goes wrong is told when they are held.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// bytes.expect(vec![0..2]);
    /// assert_eq!(bytes.get(0, 2)?, [1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expect(&self, ranges: Vec<Range<u64>>) {
        if let From::Elsewhere(file) = &self.from {
            file.expect(ranges);
        }
    }

    /// Reads them one after the other, from the start.
    ///
    /// ```
    /// # use recoil_bytes::Bytes;
    /// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
    /// use std::io::Read;
    /// let mut all = Vec::new();
    /// bytes.reader().read_to_end(&mut all)?;
    /// assert_eq!(all, [1, 2, 3, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reader(&self) -> Reader {
        Reader { bytes: self.clone(), at: 0 }
    }
}

/// Bytes that are read one after the other.
///
/// ```
/// # use recoil_bytes::Bytes;
/// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
/// use std::io::Read;
/// let mut reader: recoil_bytes::Reader = bytes.reader();
/// let mut first = [0];
/// reader.read_exact(&mut first)?;
/// assert_eq!(first, [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    bytes: Bytes,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.length().saturating_sub(self.at);
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.bytes.read_at(self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a position before the start"))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A file whose server writes down what it is asked.
    #[derive(Debug, Clone)]
    struct Asked {
        bytes: Arc<Vec<u8>>,
        asked: Arc<Mutex<Vec<Vec<Range<u64>>>>>,
    }

    impl Remote for Asked {
        fn name(&self) -> &str {
            "asked"
        }
        fn length(&self) -> u64 {
            self.bytes.len() as u64
        }
        fn identity(&self) -> Option<&str> {
            None
        }
        fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
            self.asked.lock().unwrap().push(ranges.to_vec());
            Ok(ranges.iter().map(|range| self.bytes[range.start as usize..range.end as usize].to_vec()).collect())
        }
    }

    fn asked(length: usize) -> (Asked, Bytes) {
        let bytes = (0..length).map(|at| ((at * 7919) >> 5) as u8).collect();
        let remote = Asked { bytes: Arc::new(bytes), asked: Arc::default() };
        (remote.clone(), Bytes::remote(remote, Vec::new()))
    }

    #[test]
    fn what_is_held_is_asked_for_once_and_forgotten_afterwards() {
        let (server, bytes) = asked(1_000_000);
        let take = || std::mem::take(&mut *server.asked.lock().unwrap());
        let held = bytes.hold(&[500_000..600_000, 100_000..200_000, 200_000..300_000, 5..5]).unwrap();
        assert_eq!(take(), [vec![100_000..300_000, 500_000..600_000]]);
        assert_eq!(bytes.get(150_000, 100_000).unwrap(), server.bytes[150_000..250_000]);
        let inner = bytes.hold(&[110_000..120_000]).unwrap();
        assert_eq!(take(), Vec::<Vec<Range<u64>>>::new(), "all of that was there");
        drop(held);
        assert_eq!(bytes.get(110_000, 10_000).unwrap(), server.bytes[110_000..120_000], "the other one holds it");
        assert!(take().is_empty());
        drop(inner);
        assert_eq!(bytes.get(100_000, 100_000).unwrap(), server.bytes[100_000..200_000]);
        assert_eq!(take(), [vec![100_000..200_000]], "nobody holds it anymore");
        assert!(bytes.hold(&[999_999..1_000_001]).is_err());
    }

    #[test]
    fn what_a_page_has_is_not_asked_for_again_to_be_held() {
        let (server, bytes) = asked(1_000_000);
        assert_eq!(bytes.get(10, 10).unwrap(), server.bytes[10..20]);
        let held = bytes.hold(&[100..200, 900_000..1_000_000]).unwrap();
        assert_eq!(bytes.get(100, 100).unwrap(), server.bytes[100..200]);
        assert_eq!(*server.asked.lock().unwrap(), [[0..32 << 10], [900_000..1_000_000]]);
        drop(held);
        let bytes = Bytes::remote(server.clone(), server.bytes[..500].to_vec());
        drop(bytes.hold(&[0..500]).unwrap());
        assert_eq!(server.asked.lock().unwrap().len(), 2, "the first bytes are known");
    }

    #[test]
    fn what_is_expected_is_fetched_once() {
        let (server, bytes) = asked(1_000_000);
        bytes.expect(vec![100_000..200_000, 300_000..400_000]);
        bytes.expect(vec![300_000..400_000]);
        bytes.expect(vec![999_999..1_000_001]);
        let held = bytes.hold(&[300_000..400_000]).unwrap();
        assert_eq!(bytes.get(300_000, 100_000).unwrap(), server.bytes[300_000..400_000]);
        assert_eq!(bytes.get(100_000, 100_000).unwrap(), server.bytes[100_000..200_000]);
        assert_eq!(*server.asked.lock().unwrap(), [vec![100_000..200_000, 300_000..400_000]]);
        drop(held);
        let _held = bytes.hold(&[300_000..400_000]).unwrap();
        assert_eq!(server.asked.lock().unwrap().len(), 2);
    }

    #[test]
    fn small_pieces_are_read_with_what_is_around_them() {
        let (server, bytes) = asked(100_000);
        let mut reader = bytes.reader();
        let mut all = Vec::new();
        let mut some = [0; 999];
        loop {
            match reader.read(&mut some).unwrap() {
                0 => break,
                read => all.extend_from_slice(&some[..read]),
            }
        }
        assert_eq!(all, *server.bytes);
        assert!(server.asked.lock().unwrap().len() <= 8, "{:?}", server.asked.lock().unwrap());
        assert!(bytes.read_at(99_999, &mut [0; 2]).is_err());
        assert!(bytes.read_at(u64::MAX, &mut [0; 2]).is_err());
        assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), 99_999);
        assert!(reader.seek(SeekFrom::Current(-100_000)).is_err());
    }

    #[test]
    fn wherever_bytes_are_they_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.bin");
        let (server, remote) = asked(70_000);
        std::fs::write(&path, &*server.bytes).unwrap();
        for bytes in [Bytes::open(&path).unwrap(), Bytes::memory(server.bytes.to_vec()), remote] {
            let _held = bytes.hold(&[3..60_000]).unwrap();
            assert_eq!(bytes.length(), 70_000);
            assert_eq!(bytes.get(69_990, 10).unwrap(), server.bytes[69_990..]);
            assert_eq!(bytes.get(1, 40_000).unwrap(), server.bytes[1..40_001]);
            assert_eq!(bytes.get(70_000, 0).unwrap(), []);
            assert!(bytes.get(69_990, 11).is_err() && bytes.get(5, usize::MAX).is_err());
        }
    }
}
