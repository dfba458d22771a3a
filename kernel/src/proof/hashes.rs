//! The contents of files, as hashes.
//!
//! A file below 1 GB is hashed whole (SHA-256). Of a larger one the hash covers its size, its first and last megabyte
//! (where formats keep their headers and footers) and 64 blocks between them, and it is called `sampled`. A hash is kept
//! for as long as the file has the same size, times and number.

use super::fingerprint::Content;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// Files below this many bytes are hashed whole.
pub const WHOLE_BELOW: u64 = 1_000_000_000;
/// First and last bytes of a sample.
const END: u64 = 1 << 20;
/// Blocks of a sample, and bytes of one.
const BLOCKS: u64 = 64;
const BLOCK: u64 = 1 << 16;
/// A file that was changed so lately may be changed again without another time.
const FRESH: Duration = Duration::from_secs(2);

/// What names a file's bytes for as long as they do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(data: &Metadata) -> Self {
        Self {
            file: (data.dev(), data.ino()),
            size: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }
}

/// Hashes that are known. Whole files are hashed one after the other on a thread, so that nobody has to wait for them.
#[derive(Debug, Clone, Default)]
pub struct Hashes(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<HashMap<Stamp, String>>,
    queue: OnceLock<Sender<Work>>,
}

/// A file to hash, and who waits for it.
#[derive(Debug)]
struct Work {
    path: PathBuf,
    data: Metadata,
    told: Sender<Option<String>>,
}

impl Hashes {
    fn known(&self) -> MutexGuard<'_, HashMap<Stamp, String>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Size and content of a file. What takes longer than `patience` goes on behind, and the answer is the time of the last
    /// change; `None` when the file cannot be read.
    pub fn of(&self, path: &Path, patience: Duration) -> Option<(u64, Content)> {
        let data = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        let stamp = Stamp::of(&data);
        let size = data.len();
        if size >= WHOLE_BELOW {
            return Some((size, Content::Sampled(self.remember(&data, || sampled(path))?)));
        }
        if let Some(known) = self.known().get(&stamp) {
            return Some((size, Content::Whole(known.clone())));
        }
        let (told, answer) = channel();
        self.queue()?.send(Work { path: path.to_path_buf(), data, told }).ok()?;
        match answer.recv_timeout(patience) {
            Ok(hash) => Some((size, Content::Whole(hash?))),
            Err(_) => Some((size, Content::Modified(format!("{}.{:09}", stamp.modified.0, stamp.modified.1)))),
        }
    }

    /// The thread that hashes, started when it is first needed.
    fn queue(&self) -> Option<&Sender<Work>> {
        if let Some(queue) = self.0.queue.get() {
            return Some(queue);
        }
        let (queue, work) = channel::<Work>();
        // Not kept alive by its own thread: it ends when nobody can send any more.
        let shared = Arc::downgrade(&self.0);
        let hash = move || {
            for Work { path, data, told } in work {
                let Some(shared) = shared.upgrade() else { return };
                // Nobody listens any more when it took long.
                let _ = told.send(Self(shared).remember(&data, || whole(&path)));
            }
        };
        std::thread::Builder::new().name("recoil-hash".into()).spawn(hash).ok()?;
        Some(self.0.queue.get_or_init(|| queue))
    }

    fn remember(&self, data: &Metadata, hash: impl FnOnce() -> std::io::Result<String>) -> Option<String> {
        let stamp = Stamp::of(data);
        if let Some(known) = self.known().get(&stamp) {
            return Some(known.clone());
        }
        let hash = hash().ok()?;
        let lately = |time: SystemTime| SystemTime::now().duration_since(time).is_ok_and(|age| age < FRESH);
        if !data.modified().is_ok_and(lately) {
            self.known().insert(stamp, hash.clone());
        }
        Some(hash)
    }
}

/// The SHA-256 of a file.
///
/// # Errors
/// A file that cannot be read.
pub fn whole(path: &Path) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(hash)),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// The SHA-256 of a file's size, its first and last megabyte and blocks between them.
///
/// # Errors
/// A file that cannot be read.
pub fn sampled(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut hash = Sha256::new();
    hash.update(size.to_le_bytes());
    let mut part = |from: u64, bytes: u64| -> std::io::Result<()> {
        file.seek(SeekFrom::Start(from))?;
        let mut buffer = Vec::new();
        (&mut file).take(bytes).read_to_end(&mut buffer)?;
        hash.update(&buffer);
        Ok(())
    };
    part(0, END)?;
    for block in 1..=BLOCKS {
        // In this order the product of a large file's size does not overflow.
        part(size / (BLOCKS + 1) * block, BLOCK)?;
    }
    part(size.saturating_sub(END), END)?;
    Ok(hex(hash))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"abc").unwrap();
        let hashes = Hashes::default();
        let long = Duration::from_secs(60);
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hashes.of(&path, long), Some((3, Content::Whole(sha.into()))));
        std::fs::write(&path, b"abd").unwrap();
        assert_ne!(hashes.of(&path, long), Some((3, Content::Whole(sha.into()))));
        assert_eq!(hashes.of(&folder.path().join("b"), long), None);
        assert_eq!(hashes.of(folder.path(), long), None);
        std::fs::write(&path, vec![0; 4 << 20]).unwrap();
        let before = sampled(&path).unwrap();
        let mut bytes = vec![0; 4 << 20];
        bytes[(4 << 20) - 1] = 1;
        std::fs::write(&path, bytes).unwrap();
        assert_ne!(sampled(&path).unwrap(), before, "the footer counts");
        assert!(matches!(
            hashes.of(&path, Duration::ZERO),
            Some((4_194_304, Content::Modified(_) | Content::Whole(_)))
        ));
    }
}
