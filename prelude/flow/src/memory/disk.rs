//! The third tier: columns on disk, compressed and checksummed. A thread of its own puts them there, so that no query
//! waits for it; what it has no time for is lost, and made anew when it is wanted.

use super::volume::Volume;
use super::{Key, Spill, SpillHandle, Tier};
use crate::sync::{Condvar, Mutex, OnceLock, Receiver, Sender, channel, thread};
use polars::prelude::{Column, DataFrame};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The disk holds at most so many times what memory may hold,
const TIMES: u64 = 4;
/// and at most this part of what was free on it.
const SHARE: u64 = 4;
/// Columns on their way to the disk are memory: this part of what memory may hold, and never more than so many bytes.
const WAITING: u64 = 4;
const MOST_WAITING: u64 = 64 << 20;
/// The files that the disk's part is divided into: as they get old, they go one after another.
const FILES: u64 = 16;

/// Columns on disk.
#[derive(Debug, Default)]
pub(super) struct OnDisk {
    shared: Arc<Shared>,
    /// To the thread that writes; it ends when this is dropped.
    writer: OnceLock<Option<Sender<Key>>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    place: Option<Arc<Spill>>,
    folder: PathBuf,
    waiting: HashMap<Key, (Column, u64)>,
    waiting_bytes: u64,
    lying: HashMap<Key, SpillHandle>,
    /// By age.
    order: VecDeque<Key>,
    stored: u64,
    /// What memory may hold.
    budget: u64,
    /// What the disk has for us.
    free: u64,
    told: bool,
}

impl OnDisk {
    /// What memory may hold: by that the rest is measured.
    pub fn set_budget(&self, bytes: u64) {
        let mut state = self.shared.state.lock();
        state.budget = bytes;
        state.trim();
    }

    /// Uses this folder. The default one is used only where there is none yet, and when it is on a disk.
    pub fn place(&self, folder: &Path, chosen: bool) {
        let mut state = self.shared.state.lock();
        if state.place.is_some() && (!chosen || state.folder == folder) {
            return;
        }
        let volume = Volume::of(folder);
        if !chosen && volume.is_some_and(|volume| volume.in_memory) {
            return;
        }
        state.free = volume.map_or(u64::MAX, |volume| volume.free / SHARE);
        state.place = Some(Arc::new(Spill::in_parts(folder, state.most() / FILES)));
        folder.clone_into(&mut state.folder);
        state.told = false;
    }

    /// Takes columns that memory has no room for, with their bytes.
    pub fn offer(&self, columns: Vec<(Key, Column, u64)>) {
        if columns.is_empty() {
            return;
        }
        let Some(writer) = self.writer.get_or_init(|| start(&self.shared)) else { return };
        let mut state = self.shared.state.lock();
        if state.place.as_ref().is_none_or(|place| place.is_full()) {
            return;
        }
        for (key, column, bytes) in columns {
            let room = state.waiting_bytes + bytes <= MOST_WAITING.min(state.budget / WAITING);
            if room && !state.has(&key) && writer.send(key.clone()).is_ok() {
                state.waiting_bytes += bytes;
                state.waiting.insert(key, (column, bytes));
            }
        }
    }

    /// A column, and whether it has reached the disk.
    pub fn get(&self, key: &Key) -> Option<(Column, Tier)> {
        let state = self.shared.state.lock();
        if let Some((column, _)) = state.waiting.get(key) {
            return Some((column.clone(), Tier::Memory));
        }
        let ticket = state.lying.get(key)?.clone();
        drop(state);
        // Damaged bytes are as good as none: the column is made anew.
        let column = ticket.read().ok().and_then(|frame| frame.columns().first().cloned());
        if column.is_none() {
            self.shared.state.lock().forget(key);
        }
        column.map(|column| (column, Tier::Disk))
    }

    pub fn has(&self, key: &Key) -> bool {
        self.shared.state.lock().has(key)
    }

    /// Columns, bytes as they lie there, and the most bytes there may be.
    pub fn amount(&self) -> (usize, u64, u64) {
        let state = self.shared.state.lock();
        (state.lying.len(), state.stored, if state.place.is_some() { state.most() } else { 0 })
    }

    /// The folder in which columns lie.
    pub fn folder(&self) -> PathBuf {
        self.shared.state.lock().folder.clone()
    }

    /// That the disk refused, and why; told once.
    pub fn refusal(&self) -> Option<String> {
        let mut state = self.shared.state.lock();
        let why = state.place.as_ref()?.refusal()?;
        let first = !std::mem::replace(&mut state.told, true);
        first.then(|| format!("{why}; columns that memory has no room for are decoded anew instead of kept there"))
    }

    pub fn clear(&self) {
        let mut state = self.shared.state.lock();
        state.waiting.clear();
        state.lying.clear();
        state.order.clear();
        (state.waiting_bytes, state.stored) = (0, 0);
        self.shared.settled.notify_all();
    }

    /// Waits until all that was taken lies on the disk.
    pub fn settle(&self) {
        let mut state = self.shared.state.lock();
        while !state.waiting.is_empty() {
            self.shared.settled.wait(&mut state);
        }
    }
}

impl State {
    fn most(&self) -> u64 {
        self.free.min(self.budget.saturating_mul(TIMES))
    }

    fn has(&self, key: &Key) -> bool {
        self.waiting.contains_key(key) || self.lying.contains_key(key)
    }

    fn forget(&mut self, key: &Key) {
        if let Some(ticket) = self.lying.remove(key) {
            self.stored -= ticket.stored();
        }
    }

    /// The oldest go where there is not enough room.
    fn trim(&mut self) {
        while self.stored > self.most() {
            let Some(key) = self.order.pop_front() else { return };
            self.forget(&key);
        }
    }
}

/// Starts the thread that writes; `None` where there can be none.
fn start(shared: &Arc<Shared>) -> Option<Sender<Key>> {
    let (sender, keys): (_, Receiver<Key>) = channel();
    let shared = shared.clone();
    let work = move || keys.iter().for_each(|key| write(&shared, &key));
    thread::Builder::new().name("recoil-spill".into()).spawn(work).ok()?;
    Some(sender)
}

/// Puts a column that waits on the disk; compressing and writing hold no lock.
fn write(shared: &Shared, key: &Key) {
    let state = shared.state.lock();
    let Some((column, _)) = state.waiting.get(key).cloned() else { return };
    let place = state.place.clone();
    drop(state);
    let write = || place?.write(&DataFrame::new(column.len(), vec![column]).ok()?).ok();
    let ticket = sources::guarded(write).ok().flatten();
    let mut state = shared.state.lock();
    // It may have been forgotten meanwhile.
    if let Some((_, bytes)) = state.waiting.remove(key) {
        state.waiting_bytes -= bytes;
        if let Some(ticket) = ticket {
            state.stored += ticket.stored();
            state.lying.insert(key.clone(), ticket);
            state.order.push_back(key.clone());
            state.trim();
        }
    }
    if state.waiting.is_empty() {
        shared.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sources::Identity;

    fn key(number: u128) -> Key {
        Key { identity: Identity(number), column: "x".into(), start: 0, rows: 1_000 }
    }

    /// Values that do not shrink.
    fn column(number: u128) -> Column {
        let value = |row: u64| (row + 1_000 * number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Column::new("x".into(), (0..1_000).map(value).collect::<Vec<u64>>())
    }

    fn offer(disk: &OnDisk, number: u128) {
        disk.offer(vec![(key(number), column(number), 8_000)]);
        disk.settle();
    }

    fn disk(folder: &Path, budget: u64) -> OnDisk {
        let disk = OnDisk::default();
        disk.set_budget(budget);
        disk.place(folder, true);
        disk
    }

    #[test]
    fn the_oldest_make_room_and_their_space_is_free_again() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path(), 40_000);
        for number in 0..100 {
            offer(&disk, number);
            let (columns, stored, most) = disk.amount();
            assert!(stored <= most && most == 160_000 && columns <= 20, "{columns} {stored} {most}");
        }
        assert!(!disk.has(&key(0)) && !disk.has(&key(50)), "the oldest are gone");
        assert_eq!(disk.get(&key(99)), Some((column(99), Tier::Disk)));
        assert!(disk.amount().0 > 15);
        let files: HashMap<_, _> = disk.shared.state.lock().lying.values().map(SpillHandle::file).collect();
        assert!(files.len() > 5 && files.values().sum::<u64>() < 160_000 + 2 * 160_000 / FILES, "{files:?}");
        disk.clear();
        assert_eq!((disk.amount().0, disk.has(&key(99))), (0, false));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "its files have no names");
    }

    #[test]
    fn more_than_the_thread_can_write_is_lost_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let disk = disk(folder.path(), 80_000);
        // There is room for two on their way.
        disk.offer((0..50).map(|number| (key(number), column(number), 8_000)).collect());
        disk.settle();
        assert_eq!(disk.amount().0, 2);
        // What waits is found, and what was forgotten does not come back.
        offer(&disk, 7);
        assert_eq!(disk.get(&key(7)).unwrap().0, column(7));
        disk.offer(vec![(key(8), column(8), 8_000)]);
        disk.clear();
        offer(&disk, 9);
        assert_eq!((disk.has(&key(8)), disk.has(&key(9))), (false, true));
    }

    #[test]
    fn a_refusal_is_told_once() {
        let disk = disk(Path::new("/nonexistent/folder"), 80_000);
        assert_eq!(disk.refusal(), None);
        offer(&disk, 1);
        assert!(disk.get(&key(1)).is_none());
        let told = disk.refusal().unwrap();
        assert!(told.contains("/nonexistent/folder") && told.contains("decoded anew"), "{told}");
        offer(&disk, 2);
        assert_eq!((disk.refusal(), disk.has(&key(2))), (None, false));
        // Another folder is another chance; one that nobody chose is not.
        let folder = tempfile::tempdir().unwrap();
        disk.place(folder.path(), false);
        offer(&disk, 3);
        assert!(!disk.has(&key(3)));
        disk.place(folder.path(), true);
        offer(&disk, 4);
        assert_eq!(disk.get(&key(4)), Some((column(4), Tier::Disk)));
    }
}
