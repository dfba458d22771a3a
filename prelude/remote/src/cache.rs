//! Parts of files that were fetched before, on this machine's disk.
//!
//! A folder per file and identity, in it a file per piece, with a checksum behind its bytes; a piece that does not fit its
//! checksum is no piece. Pieces are written by a thread of its own, so that no reader waits for the disk, and folders that were
//! not used for longest go when there is too much. Kept are only files that say what changes with their bytes, and whose
//! last change is a while ago: of a younger one, a second change in the same second could not be told.
//!
//! `RECOIL_REMOTE_CACHE` names the folder, or is `off`; `RECOIL_REMOTE_CACHE_GB` says how much it may hold (2).

use recoil_bytes::Remote;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// Bytes of the checksum behind a piece.
const CHECKSUM: u64 = 8;
/// A change must be so long ago.
const SETTLED: Duration = Duration::from_secs(600);
/// Bytes of all folders together, if nothing else is said.
const MOST: u64 = 2 << 30;
/// Pieces that wait for the disk; more are not kept.
const WAITING: usize = 64;

/// Where pieces are kept.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
    most: u64,
}

impl Cache {
    /// The cache of the user, as the environment says.
    pub(crate) fn of_user() -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = match variable("RECOIL_REMOTE_CACHE") {
            Some(off) if off == "off" => return None,
            Some(folder) => PathBuf::from(folder),
            None => {
                let home = || variable("HOME").map(|home| PathBuf::from(home).join(".cache"));
                variable("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?.join("recoil").join("remote")
            }
        };
        let gigabytes = variable("RECOIL_REMOTE_CACHE_GB").and_then(|text| text.to_str()?.parse::<f64>().ok());
        let most = gigabytes.map_or(MOST, |gigabytes| (gigabytes.max(0.0) * 1e9) as u64);
        Some(Self { folder, most })
    }

    /// Whether the environment names a folder: then also files of this machine's own servers are kept.
    pub(crate) fn is_asked_for() -> bool {
        std::env::var_os("RECOIL_REMOTE_CACHE").is_some_and(|value| !value.is_empty())
    }

    /// The file with what was fetched of it before. `changed` is when it changed last, as far as its server says.
    pub(crate) fn around<R: Remote>(self, inner: R, changed: Option<SystemTime>) -> Kept<R> {
        let settled = changed.is_none_or(|time| time.elapsed().is_ok_and(|age| age > SETTLED));
        let place = inner.identity().filter(|_| settled).map(|identity| {
            let mut names = [DefaultHasher::new(), DefaultHasher::new()];
            names[1].write_u8(1);
            names.iter_mut().for_each(|hasher| hasher.write(format!("{}\n{identity}", inner.name()).as_bytes()));
            self.folder.join(format!("{:016x}{:016x}", names[0].finish(), names[1].finish()))
        });
        let pieces = place.as_deref().map(pieces).unwrap_or_default();
        if let Some(place) = place.as_ref().filter(|_| !pieces.is_empty()) {
            // A folder that cannot be written can still be read.
            File::create(place.join("used")).ok();
        }
        Kept { inner, cache: self, place, pieces: Mutex::new(pieces) }
    }
}

/// Ends of pieces by their starts, and whether each was compared with its checksum.
type Pieces = BTreeMap<u64, (u64, bool)>;

fn pieces(place: &Path) -> Pieces {
    let Ok(files) = fs::read_dir(place) else { return Pieces::new() };
    let piece = |name: String| {
        let (start, end) = name.split_once('-')?;
        Some((start.parse().ok()?, (end.parse().ok()?, false)))
    };
    files.flatten().filter_map(|file| piece(file.file_name().into_string().ok()?)).collect()
}

/// A remote file, of which parts are kept on disk.
#[derive(Debug)]
pub(crate) struct Kept<R> {
    inner: R,
    cache: Cache,
    /// The folder; `None` where nothing may be kept.
    place: Option<PathBuf>,
    pieces: Mutex<Pieces>,
}

impl<R: Remote> Remote for Kept<R> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn length(&self) -> u64 {
        self.inner.length()
    }

    fn identity(&self) -> Option<&str> {
        self.inner.identity()
    }

    fn kept(&self, range: &Range<u64>) -> Option<Vec<u8>> {
        let place = self.place.as_ref()?;
        let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, (end, checked)) = pieces.range_mut(..=range.start).next_back()?;
        if range.end > *end {
            return None;
        }
        match read(place, *start..*end, range, *checked) {
            Some(bytes) => {
                *checked = true;
                Some(bytes)
            }
            None => {
                let piece = *start..*end;
                // One that is still being written is there later.
                if file(place, &piece).exists() {
                    pieces.remove(&piece.start);
                }
                None
            }
        }
    }

    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        let found = self.inner.fetch(ranges)?;
        if let Some(place) = &self.place {
            let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
            for (range, bytes) in ranges.iter().zip(&found) {
                let longer = pieces.get(&range.start).is_some_and(|(end, _)| *end >= range.end);
                if !longer && keep(&self.cache, place, range, bytes) {
                    pieces.insert(range.start, (range.end, false));
                }
            }
        }
        Ok(found)
    }
}

fn file(place: &Path, piece: &Range<u64>) -> PathBuf {
    place.join(format!("{}-{}", piece.start, piece.end))
}

/// A part of a piece; `None` where the piece is not there or is not what was written.
fn read(place: &Path, piece: Range<u64>, range: &Range<u64>, checked: bool) -> Option<Vec<u8>> {
    let mut stored = File::open(file(place, &piece)).ok()?;
    let length = piece.end - piece.start;
    if stored.metadata().ok()?.len() != length + CHECKSUM {
        return None;
    }
    let (from, wanted) = ((range.start - piece.start) as usize, (range.end - range.start) as usize);
    if checked {
        stored.seek(SeekFrom::Start(from as u64)).ok()?;
        let mut bytes = vec![0; wanted];
        stored.read_exact(&mut bytes).ok()?;
        return Some(bytes);
    }
    let mut bytes = Vec::with_capacity((length + CHECKSUM) as usize);
    stored.read_to_end(&mut bytes).ok()?;
    let (content, sum) = bytes.split_last_chunk::<8>()?;
    if checksum(content).to_le_bytes() != *sum {
        return None;
    }
    Some(content.get(from..from + wanted)?.to_vec())
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// What the thread of the disk is to write.
struct Job {
    cache: Cache,
    place: PathBuf,
    piece: Range<u64>,
    bytes: Vec<u8>,
}

/// Hands a piece to the thread of the disk, unless it has too much to do.
fn keep(cache: &Cache, place: &Path, piece: &Range<u64>, bytes: &[u8]) -> bool {
    static THREAD: OnceLock<Option<SyncSender<Job>>> = OnceLock::new();
    let thread = THREAD.get_or_init(|| {
        let (sender, jobs) = sync_channel::<Job>(WAITING);
        let work = move || {
            let mut written: HashMap<PathBuf, u64> = HashMap::new();
            for job in jobs {
                // A cache that cannot be written is no error: the next session asks again.
                write(&job).ok();
                let since = written.entry(job.cache.folder.clone()).or_insert(u64::MAX / 2);
                *since = since.saturating_add(job.bytes.len() as u64);
                if *since > job.cache.most / 10 {
                    *since = 0;
                    tidy(&job.cache).ok();
                }
            }
        };
        std::thread::Builder::new().name("remote cache".to_owned()).spawn(work).ok().map(|_| sender)
    });
    let job = Job { cache: cache.clone(), place: place.to_owned(), piece: piece.clone(), bytes: bytes.to_vec() };
    thread.as_ref().is_some_and(|thread| thread.try_send(job).is_ok())
}

/// Writes a piece beside its place and renames it, so that half of it is never read.
fn write(job: &Job) -> io::Result<()> {
    folder_of_our_own(&job.place)?;
    let aside = job.place.join(format!(".{}", std::process::id()));
    let bytes = [&job.bytes[..], &checksum(&job.bytes).to_le_bytes()].concat();
    fs::write(&aside, bytes)?;
    fs::rename(&aside, file(&job.place, &job.piece))?;
    File::create(job.place.join("used")).map(drop)
}

/// Makes a folder that only its owner may read: what is read may be private.
#[cfg(unix)]
fn folder_of_our_own(place: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(place)
}

#[cfg(not(unix))]
fn folder_of_our_own(place: &Path) -> io::Result<()> {
    fs::create_dir_all(place)
}

/// Removes the folders that were not used for longest until the rest is small enough.
fn tidy(cache: &Cache) -> io::Result<()> {
    let mut folders: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for folder in fs::read_dir(&cache.folder)? {
        let folder = folder?.path();
        let Ok(files) = fs::read_dir(&folder) else { continue };
        let bytes = files.flatten().filter_map(|file| file.metadata().ok()).map(|metadata| metadata.len()).sum();
        let used = fs::metadata(folder.join("used")).and_then(|metadata| metadata.modified());
        folders.push((used.unwrap_or(SystemTime::UNIX_EPOCH), bytes, folder));
    }
    folders.sort();
    let mut all: u64 = folders.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, folder) in folders {
        if all <= cache.most {
            break;
        }
        fs::remove_dir_all(folder)?;
        all -= bytes;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug, Clone)]
    struct Counted {
        bytes: Arc<Vec<u8>>,
        identity: Option<String>,
        fetched: Arc<AtomicU64>,
    }

    impl Remote for Counted {
        fn name(&self) -> &str {
            "counted"
        }
        fn length(&self) -> u64 {
            self.bytes.len() as u64
        }
        fn identity(&self) -> Option<&str> {
            self.identity.as_deref()
        }
        fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
            self.fetched.fetch_add(ranges.iter().map(|range| range.end - range.start).sum(), Ordering::Relaxed);
            Ok(ranges.iter().map(|range| self.bytes[range.start as usize..range.end as usize].to_vec()).collect())
        }
    }

    fn counted(identity: Option<&str>) -> Counted {
        let bytes = (0..100_000_u32).map(|at| (at.wrapping_mul(7_919) >> 5) as u8).collect();
        Counted { bytes: Arc::new(bytes), identity: identity.map(str::to_owned), fetched: Arc::default() }
    }

    fn wait_for(folder: &Path, pieces: usize) -> Vec<PathBuf> {
        for _ in 0..500 {
            let folders = fs::read_dir(folder).into_iter().flatten().flatten();
            let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
            let found: Vec<PathBuf> =
                files.map(|file| file.path()).filter(|path| path.to_string_lossy().contains('-')).collect();
            if found.len() >= pieces {
                return found;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nothing was kept");
    }

    #[test]
    fn what_was_fetched_is_there_the_next_time_unless_the_file_changed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), most: MOST };
        let remote = counted(Some("one"));
        let old = Some(SystemTime::now() - Duration::from_secs(3_600));
        let first = cache.clone().around(remote.clone(), old);
        assert_eq!(first.kept(&(10..20)), None);
        first.fetch(&[1_000..50_000, 60_000..60_001]).unwrap();
        let files = wait_for(folder.path(), 2);
        let again = cache.clone().around(remote.clone(), old);
        for range in [1_000..50_000, 1_000..1_001, 49_999..50_000, 20_000..30_000, 60_000..60_001] {
            let expected = &remote.bytes[range.start as usize..range.end as usize];
            assert_eq!(again.kept(&range).as_deref(), Some(expected), "{range:?}");
        }
        assert_eq!((again.kept(&(999..1_001)), again.kept(&(49_999..50_001))), (None, None));
        assert_eq!(cache.clone().around(counted(Some("two")), old).kept(&(1_000..1_010)), None, "another identity");
        // A bit that fell over.
        let large = files.iter().find(|file| file.ends_with("1000-50000")).unwrap();
        let mut bytes = fs::read(large).unwrap();
        bytes[77] ^= 1;
        fs::write(large, bytes).unwrap();
        assert_eq!(cache.around(remote, old).kept(&(1_000..1_010)), None);
    }

    #[test]
    fn what_may_change_unseen_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), most: MOST };
        for (identity, changed) in [(None, None), (Some("one"), Some(SystemTime::now()))] {
            let kept = cache.clone().around(counted(identity), changed);
            kept.fetch(&[0..1_000]).unwrap();
            assert_eq!((kept.kept(&(0..10)), kept.place), (None, None));
        }
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().to_owned(), most: 2_500 };
        for (name, used) in [("a", 100), ("b", 300), ("c", 200)] {
            let place = folder.path().join(name);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("0-1000"), vec![0; 1_000]).unwrap();
            let used_file = File::create(place.join("used")).unwrap();
            used_file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(used)).unwrap();
        }
        tidy(&cache).unwrap();
        let left = ["a", "b", "c"].map(|name| folder.path().join(name).exists());
        assert_eq!(left, [false, true, true]);
    }
}
