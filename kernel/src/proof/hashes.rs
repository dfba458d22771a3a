//! The contents of files, as hashes.
//!
//! A file below 1 GB is hashed whole (SHA-256). Of a larger one the hash covers its size, its first and last megabyte
//! (where formats keep their headers and footers) and 64 blocks between them, and it is called `sampled`. A hash is kept
//! for as long as the file has the same size, times and number. One thread hashes, from when a file was seen; a
//! caller can wait for the hash, and does not wait where it cannot be there in time.

use super::fingerprint::Content;
use crate::lock::lock;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant, SystemTime};

/// Files below this many bytes are hashed whole.
pub const WHOLE_BELOW: u64 = 1_000_000_000;
/// First and last bytes of a sample.
const END: u64 = 1 << 20;
/// Blocks of a sample, and bytes of one.
const BLOCKS: u64 = 64;
const BLOCK: u64 = 1 << 16;
/// A file that was changed so lately may be changed again without another time.
const FRESH: Duration = Duration::from_secs(2);
/// Bytes of a second, while nothing is known of the machine.
const SPEED: f64 = 4e8;
/// Smaller files say nothing of the speed.
const SPEAKING: u64 = 1 << 20;

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

/// A file as it was when it was seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen(Stamp);

impl Seen {
    /// Its bytes.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// Bytes that are read to hash it.
    fn work(&self) -> u64 {
        if self.0.size < WHOLE_BELOW { self.0.size } else { 2 * END + BLOCKS * BLOCK }
    }
}

/// Hashes that are known, and the thread that makes them.
#[derive(Debug)]
pub struct Hashes {
    shared: Arc<Shared>,
    queue: Option<Sender<(PathBuf, Seen)>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes that are still to be read. Not behind the lock: the thread that counts them may have to give way at any time,
    /// and must not hold up others then.
    work: AtomicU64,
}

#[derive(Debug)]
struct State {
    hashes: HashMap<Stamp, Hash>,
    /// Bytes of a second.
    speed: f64,
}

#[derive(Debug, Clone)]
enum Hash {
    Waiting,
    /// `settled` when the file was not changed so lately that it could be changed again without another time.
    Known {
        hash: String,
        settled: bool,
    },
    /// The file was changed while it was read, or cannot be read.
    Unknown,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// So many bytes were read.
    fn less(&self, bytes: u64) {
        let left = |work: u64| Some(work.saturating_sub(bytes));
        // It always has a new value.
        let _ = self.work.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }
}

impl Hashes {
    /// No hashes. With `gently` they are made with what time and disk others leave.
    pub fn new(gently: bool) -> Self {
        let state = State { hashes: HashMap::new(), speed: SPEED };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), work: AtomicU64::new(0) });
        let (queue, work) = channel();
        // Not kept alive by its own thread: it ends when nobody can send any more.
        let weak = Arc::downgrade(&shared);
        let thread = std::thread::Builder::new().name("recoil-hash".into());
        let started = thread.spawn(move || make(&weak, &work, gently));
        Self { shared, queue: started.ok().map(|_| queue) }
    }

    /// A file is there now; its hash begins to be made, if it is not known. `None` for what is no file.
    pub fn see(&self, path: &Path) -> Option<Seen> {
        let data = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
        let seen = Seen(Stamp::of(&data));
        let mut state = self.shared.state();
        if matches!(state.hashes.get(&seen.0), Some(Hash::Waiting | Hash::Known { settled: true, .. })) {
            return Some(seen);
        }
        // Before the thread can take it away again.
        self.shared.work.fetch_add(seen.work(), Ordering::Relaxed);
        let sent = self.queue.as_ref().is_some_and(|queue| queue.send((path.to_path_buf(), seen)).is_ok());
        state.hashes.insert(seen.0, if sent { Hash::Waiting } else { Hash::Unknown });
        Some(seen)
    }

    /// The content of a file that was seen. Waits for its hash until `until`, if it can be there by then; otherwise the
    /// content is the time of the last change.
    pub fn content(&self, seen: &Seen, until: Instant) -> Content {
        let mut state = self.shared.state();
        loop {
            match state.hashes.get(&seen.0) {
                Some(Hash::Known { hash, .. }) if seen.0.size < WHOLE_BELOW => return Content::Whole(hash.clone()),
                Some(Hash::Known { hash, .. }) => return Content::Sampled(hash.clone()),
                Some(Hash::Waiting) => {}
                Some(Hash::Unknown) | None => break,
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.shared.work.load(Ordering::Relaxed) as f64 / state.speed > left.as_secs_f64() {
                break;
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |woken| woken.0);
        }
        Content::Modified(format!("{}.{:09}", seen.0.modified.0, seen.0.modified.1))
    }
}

/// Hashes what is seen, one file after the other.
fn make(shared: &Weak<Shared>, queue: &Receiver<(PathBuf, Seen)>, gently: bool) {
    if gently {
        give_way();
    }
    for (path, seen) in queue {
        let begun = Instant::now();
        let counted = std::cell::Cell::new(0);
        let told = |bytes: u64| {
            // Not more than was added for it, when the file grows.
            let bytes = bytes.min(seen.work() - counted.get());
            counted.set(counted.get() + bytes);
            if let Some(shared) = shared.upgrade() {
                shared.less(bytes);
            }
        };
        let hash = if seen.size() < WHOLE_BELOW { whole_telling(&path, &told) } else { sampled(&path) };
        let Some(shared) = shared.upgrade() else { return };
        let mut state = shared.state();
        // Also of a file that has shrunk or cannot be read, nothing is left to do.
        shared.less(seen.work() - counted.get());
        if (SPEAKING + 1..WHOLE_BELOW).contains(&seen.size()) {
            state.speed = seen.size() as f64 / begun.elapsed().as_secs_f64().max(1e-6);
        }
        // Of a file that was changed meanwhile it is not known which bytes were read.
        let now = std::fs::metadata(&path);
        let same = now.as_ref().is_ok_and(|data| Stamp::of(data) == seen.0);
        let lately = |time: SystemTime| SystemTime::now().duration_since(time).is_ok_and(|age| age < FRESH);
        let settled = !now.and_then(|data| data.modified()).is_ok_and(lately);
        let hash = hash.ok().filter(|_| same).map_or(Hash::Unknown, |hash| Hash::Known { hash, settled });
        state.hashes.insert(seen.0, hash);
        shared.changed.notify_all();
    }
}

/// Lets other threads go first, on processor and disk.
fn give_way() {
    /// `ioprio_set` of this thread, to the class that gets the disk when it is idle.
    const THIS_THREAD: libc::c_int = 1;
    const IDLE: libc::c_int = 3 << 13;
    // SAFETY: both calls change only how this thread is scheduled; a refusal changes nothing.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, 10);
        libc::syscall(libc::SYS_ioprio_set, THIS_THREAD, 0, IDLE);
    }
}

/// The SHA-256 of a file.
///
/// # Errors
/// A file that cannot be read.
pub fn whole(path: &Path) -> std::io::Result<String> {
    whole_telling(path, &|_| {})
}

/// The same, which tells how many bytes were read with each piece.
fn whole_telling(path: &Path, tell: &dyn Fn(u64)) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(hash)),
            read => {
                hash.update(&buffer[..read]);
                tell(read as u64);
            }
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

    fn content(hashes: &Hashes, path: &Path, patience: Duration) -> Content {
        hashes.content(&hashes.see(path).unwrap(), Instant::now() + patience)
    }

    #[test]
    fn a_changed_byte_is_another_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, b"abc").unwrap();
        let hashes = Hashes::new(false);
        let long = Duration::from_secs(60);
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(content(&hashes, &path, long), Content::Whole(sha.into()));
        std::fs::write(&path, b"abcd").unwrap();
        assert_ne!(content(&hashes, &path, long), Content::Whole(sha.into()));
        assert!(hashes.see(&folder.path().join("b")).is_none() && hashes.see(folder.path()).is_none());
        std::fs::write(&path, vec![0; 4 << 20]).unwrap();
        let before = sampled(&path).unwrap();
        let mut bytes = vec![0; 4 << 20];
        bytes[(4 << 20) - 1] = 1;
        std::fs::write(&path, bytes).unwrap();
        assert_ne!(sampled(&path).unwrap(), before, "the footer counts");
    }

    #[test]
    fn nobody_waits_for_what_cannot_be_there_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        // Full of holes, so that it takes no room.
        File::create(&path).unwrap().set_len(300_000_000).unwrap();
        let hashes = Hashes::new(true);
        let begun = Instant::now();
        let early = content(&hashes, &path, Duration::from_millis(250));
        assert!(matches!(early, Content::Modified(_)), "{early:?}");
        assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
        // Whoever has the time gets it.
        let late = content(&hashes, &path, Duration::from_secs(600));
        assert!(matches!(late, Content::Whole(_)), "{late:?}");
        assert_eq!(hashes.shared.work.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_file_that_changes_while_it_is_hashed_has_no_hash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        File::create(&path).unwrap().set_len(300_000_000).unwrap();
        let hashes = Hashes::new(false);
        let seen = hashes.see(&path).unwrap();
        std::fs::write(&path, b"other").unwrap();
        let content = hashes.content(&seen, Instant::now() + Duration::from_secs(600));
        assert!(matches!(content, Content::Modified(_)), "{content:?}");
    }
}
