//! Files that are elsewhere: what is known of one, and the parts of it that are in memory.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use crate::expected::Expected;
use crate::gather::coalesced;

/// A file on a server, read through a client of the server's protocol.
pub trait Remote: Send + Sync + Debug {
    /// How messages name it: never with a password, a token or a signature.
    fn name(&self) -> &str;

    /// Its length in bytes.
    fn length(&self) -> u64;

    /// What changes when the bytes change (an entity tag, or time of change and length); `None` where the server says
    /// nothing of the kind. Two files of one name and identity have the same bytes.
    fn identity(&self) -> Option<&str>;

    /// The bytes of a range if they are on this machine: from an earlier session, say.
    fn kept(&self, _range: &Range<u64>) -> Option<Vec<u8>> {
        None
    }

    /// The bytes of each range, exactly as many as asked for; the ranges are sorted, disjoint and inside the file. Called
    /// from several threads at once. All of it or an error: a file that has changed since it was opened is one.
    ///
    /// # Errors
    /// What the server or the connection to it says, after as many attempts as are sensible.
    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>>;
}

/// What is read around a small piece, and kept.
const PAGE: u64 = 32 << 10;
/// Pages that are kept.
const PAGES: usize = 64;
/// Of so many wanted bytes, one may be read for nothing to have fewer ranges.
const SPARE: u64 = 20;

/// A file that is elsewhere, and what of it is in memory: blocks that are held, and pages around small pieces.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    remote: Box<dyn Remote>,
    blocks: RwLock<BTreeMap<Key, Weak<Block>>>,
    next: AtomicU64,
    expected: Expected<Held>,
    pages: Mutex<Vec<Arc<Block>>>,
}

/// Start and number of a block: several may start at one byte.
type Key = (u64, u64);

#[derive(Debug)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn get(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.bytes.get(from..from.checked_add(length)?)
    }
}

/// Parts of a remote file that are in memory as long as this lives; nothing for a file that is here.
///
/// ```
/// # use recoil_bytes::Bytes;
/// # let bytes = Bytes::memory(vec![1, 2, 3, 4]);
/// let held: recoil_bytes::Held = bytes.hold(&[0..4])?;
/// assert_eq!(bytes.get(0, 1)?, [1]);
/// # drop(held);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "the parts are in memory only as long as this lives"]
pub struct Held {
    blocks: Vec<Arc<Block>>,
}

impl Elsewhere {
    pub(crate) fn new(remote: Box<dyn Remote>, head: Vec<u8>) -> Self {
        let pages = Mutex::new(vec![Arc::new(Block { start: 0, bytes: head })]);
        Self { remote, blocks: RwLock::default(), next: AtomicU64::new(0), expected: Expected::default(), pages }
    }

    pub(crate) fn remote(&self) -> &dyn Remote {
        &*self.remote
    }

    /// Begins to bring ranges into memory, on a thread of its own, for a caller that will hold them soon.
    pub(crate) fn expect(self: &Arc<Self>, mut ranges: Vec<Range<u64>>) {
        ranges.retain(|range| range.start < range.end && range.end <= self.remote.length());
        let Some(place) = (!ranges.is_empty()).then(|| self.expected.note(&ranges)).flatten() else { return };
        let (this, here) = (self.clone(), place.clone());
        let work = move || here.put(this.bring(&ranges).ok());
        if std::thread::Builder::new().name("remote ahead".to_owned()).spawn(work).is_err() {
            place.put(None);
        }
    }

    /// Brings ranges into memory that are not there yet, and are not expected.
    pub(crate) fn hold(&self, ranges: &[Range<u64>]) -> io::Result<Held> {
        let expected = self.expected.take(ranges);
        let mut held = self.bring(ranges)?;
        held.blocks.extend(expected.into_iter().flat_map(|held| held.blocks));
        Ok(held)
    }

    fn bring(&self, ranges: &[Range<u64>]) -> io::Result<Held> {
        let mut held = Held::default();
        let mut missing = Vec::new();
        for range in ranges.iter().filter(|range| range.start < range.end) {
            self.inside(range)?;
            let here = || self.remote.kept(range).map(|bytes| self.register(range.start, bytes));
            let length = (range.end - range.start) as usize;
            let page = || taken(&mut self.pages(), range.start, length);
            match self.block(range.start, length).or_else(page).or_else(here) {
                Some(found) => held.blocks.push(found),
                None => missing.push(range.clone()),
            }
        }
        let wanted: u64 = coalesced(&missing, 0).iter().map(|range| range.end - range.start).sum();
        let ranges = coalesced(&missing, wanted / SPARE);
        if ranges.is_empty() {
            return Ok(held);
        }
        let found = self.fetch(&ranges)?;
        let blocks = ranges.iter().zip(found).map(|(range, bytes)| self.register(range.start, bytes));
        held.blocks.extend(blocks);
        let mut known = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, block| block.strong_count() > 0);
        Ok(held)
    }

    /// Makes a block that others find as long as it is held.
    fn register(&self, start: u64, bytes: Vec<u8>) -> Arc<Block> {
        let block = Arc::new(Block { start, bytes });
        let mut known = self.blocks.write().unwrap_or_else(PoisonError::into_inner);
        known.insert((start, self.next.fetch_add(1, Ordering::Relaxed)), Arc::downgrade(&block));
        block
    }

    /// Fills `buffer` from `offset` on.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        let range = offset..offset.saturating_add(buffer.len() as u64);
        self.inside(&range)?;
        if let Some(block) = self.block(offset, buffer.len()) {
            return copied(&block, offset, buffer);
        }
        if buffer.len() as u64 > PAGE {
            let found = self.fetch(std::slice::from_ref(&range))?;
            buffer.copy_from_slice(&found[0]);
            return Ok(());
        }
        let page = self.page(&range)?;
        copied(&page, offset, buffer)
    }

    /// The live block that has these bytes.
    fn block(&self, offset: u64, length: usize) -> Option<Arc<Block>> {
        let known = self.blocks.read().unwrap_or_else(PoisonError::into_inner);
        known.range(..=(offset, u64::MAX)).rev().find_map(|(_, block)| {
            let block = block.upgrade()?;
            block.get(offset, length).is_some().then_some(block)
        })
    }

    /// Whole pages around a small range; those that were used last are kept.
    fn page(&self, range: &Range<u64>) -> io::Result<Arc<Block>> {
        let length = (range.end - range.start) as usize;
        let mut pages = self.pages();
        if let Some(page) = taken(&mut pages, range.start, length) {
            return Ok(page);
        }
        // Others wait meanwhile: most often for the same page.
        let start = range.start / PAGE * PAGE;
        let end = (range.end.div_ceil(PAGE) * PAGE).min(self.remote.length());
        let bytes = match self.remote.kept(&(start..end)) {
            Some(kept) => kept,
            None => self.fetch(std::slice::from_ref(&(start..end)))?.swap_remove(0),
        };
        let page = Arc::new(Block { start, bytes });
        if pages.len() >= PAGES {
            pages.remove(0);
        }
        pages.push(page.clone());
        Ok(page)
    }

    fn pages(&self) -> MutexGuard<'_, Vec<Arc<Block>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inside(&self, range: &Range<u64>) -> io::Result<()> {
        if range.end <= self.remote.length() {
            return Ok(());
        }
        let text = format!("bytes {} to {} of a file of {}", range.start, range.end, self.remote.length());
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, text))
    }

    /// What the protocol gives, as long as it is what was asked for.
    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        let found = self.remote.fetch(ranges)?;
        let lengths = found.iter().map(|bytes| bytes.len() as u64);
        if found.len() == ranges.len() && lengths.zip(ranges).all(|(length, range)| length == range.end - range.start) {
            return Ok(found);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the server gave other bytes than were asked for"))
    }
}

/// The page that has these bytes, put last as the one that was used last.
fn taken(pages: &mut Vec<Arc<Block>>, offset: u64, length: usize) -> Option<Arc<Block>> {
    let at = pages.iter().position(|page| page.get(offset, length).is_some())?;
    let page = pages.remove(at);
    pages.push(page.clone());
    Some(page)
}

fn copied(block: &Block, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let found = block.get(offset, buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
    buffer.copy_from_slice(found);
    Ok(())
}
