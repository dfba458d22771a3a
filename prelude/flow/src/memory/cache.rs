//! Decoded columns, shared by all queries of the process (so by all cells of a notebook).

use super::disk::OnDisk;
use super::selections::Selections;
use parking_lot::Mutex;
use polars::prelude::{Column, PlSmallStr};
use sources::Identity;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// Names a decoded column of a part of a segment. A file that changes has another identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The segment.
    pub identity: Identity,
    /// The column.
    pub column: PlSmallStr,
    /// First row within the segment.
    pub start: usize,
    /// Rows.
    pub rows: usize,
}

/// Where a column was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Decoded, in memory.
    Memory,
    /// Compressed, on the spill disk.
    Disk,
}

/// Counts of a cache.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CacheStatistics {
    /// Columns in memory.
    pub entries: usize,
    /// Bytes in memory.
    pub bytes: u64,
    /// Bytes it may use.
    pub budget: u64,
    /// Columns on disk.
    pub spilled: usize,
    /// Bytes on disk.
    pub disk_bytes: u64,
    /// Bytes it may use on disk; zero before it has a place there.
    pub disk_budget: u64,
    /// Found in memory.
    pub hits_memory: u64,
    /// Found on disk.
    pub hits_disk: u64,
    /// Not found.
    pub misses: u64,
    /// Removed to make room.
    pub evictions: u64,
}

impl CacheStatistics {
    /// The part of all questions that was answered, between 0 and 1.
    pub fn hit_rate(&self) -> f64 {
        let hits = self.hits_memory + self.hits_disk;
        hits as f64 / (hits + self.misses).max(1) as f64
    }

    /// The part of the budget that is in use.
    pub fn efficiency(&self) -> f64 {
        self.bytes as f64 / self.budget.max(1) as f64
    }
}

/// Columns on disk cost about this to read back, in nanoseconds per byte: what is cheaper to make is not spilled.
const DISK: f64 = 2.0;

#[derive(Debug)]
struct Kept {
    column: Column,
    bytes: u64,
    /// Nanoseconds it took to make.
    cost: f64,
    rank: (u64, u64),
}

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, Kept>,
    /// By priority: what goes first is first.
    order: BTreeMap<(u64, u64), Key>,
    statistics: CacheStatistics,
    /// What the last removed was worth; whatever comes now is worth as much more as it costs per byte, so that old
    /// entries age.
    clock: f64,
    serial: u64,
}

/// A cache of decoded columns.
#[derive(Debug, Default)]
pub struct Cache {
    inner: Mutex<Inner>,
    disk: OnDisk,
    /// Which rows passed which cuts.
    pub(crate) selections: Selections,
}

/// The part of the budget that selections may take, which are a bit per row.
const SELECTIONS: u64 = 32;

impl Cache {
    /// The cache of this process.
    pub fn shared() -> &'static Self {
        static CACHE: OnceLock<Cache> = OnceLock::new();
        CACHE.get_or_init(Self::default)
    }

    /// A cache with a budget of bytes.
    pub fn new(budget: u64) -> Self {
        let cache = Self::default();
        cache.set_budget(budget);
        cache
    }

    /// Allows the cache so many bytes; what is too much goes at once.
    pub fn set_budget(&self, bytes: u64) {
        self.selections.set_budget(bytes / SELECTIONS);
        self.disk.set_budget(bytes);
        let mut inner = self.inner.lock();
        inner.statistics.budget = bytes - bytes / SELECTIONS;
        let costly = inner.shrink();
        drop(inner);
        self.disk.offer(costly);
    }

    /// Lets costly columns go to files in this folder instead of being lost.
    pub fn spill_to(&self, folder: &Path) {
        self.disk.place(folder, true);
    }

    /// The same in the folder for temporary files, unless there is another already, or that folder is memory itself.
    pub fn spill(&self) {
        self.disk.place(&super::volume::folder(), false);
    }

    /// The folder in which costly columns lie.
    pub fn folder(&self) -> PathBuf {
        self.disk.folder()
    }

    /// What the user should know of a disk that refused; told once.
    pub fn refusal(&self) -> Option<String> {
        self.disk.refusal()
    }

    /// Waits until columns that are on their way to the disk have arrived.
    pub fn settle(&self) {
        self.disk.settle();
    }

    /// A column, and where it was.
    pub fn get(&self, key: &Key) -> Option<(Column, Tier)> {
        if let Some(column) = self.inner.lock().get(key) {
            return Some((column, Tier::Memory));
        }
        let found = self.disk.get(key);
        let statistics = &mut self.inner.lock().statistics;
        *match found {
            Some((_, Tier::Memory)) => &mut statistics.hits_memory,
            Some((_, Tier::Disk)) => &mut statistics.hits_disk,
            None => &mut statistics.misses,
        } += 1;
        found
    }

    /// Whether a column is here; asking does not count as using it.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.inner.lock().kept.contains_key(key) || self.disk.has(key)
    }

    /// Keeps a column that took `time` to make.
    pub fn put(&self, key: Key, column: &Column, time: Duration) {
        let bytes = column.as_materialized_series().estimated_size() as u64;
        let mut inner = self.inner.lock();
        if bytes > inner.statistics.budget / 4 || inner.kept.contains_key(&key) {
            return;
        }
        let cost = time.as_nanos() as f64;
        let rank = inner.rank(cost / bytes.max(1) as f64);
        inner.order.insert(rank, key.clone());
        inner.kept.insert(key, Kept { column: column.clone(), bytes, cost, rank });
        inner.statistics.bytes += bytes;
        let costly = inner.shrink();
        drop(inner);
        self.disk.offer(costly);
    }

    /// Counts.
    pub fn statistics(&self) -> CacheStatistics {
        let (spilled, disk_bytes, disk_budget) = self.disk.amount();
        let inner = self.inner.lock();
        CacheStatistics { entries: inner.kept.len(), spilled, disk_bytes, disk_budget, ..inner.statistics }
    }

    /// Forgets everything but the counts.
    pub fn clear(&self) {
        let mut inner = self.inner.lock();
        inner.kept.clear();
        inner.order.clear();
        inner.statistics.bytes = 0;
        drop(inner);
        self.disk.clear();
        self.selections.clear();
    }
}

impl Inner {
    fn rank(&mut self, worth: f64) -> (u64, u64) {
        self.serial += 1;
        // Bits of numbers that are not negative are in the order of the numbers.
        ((self.clock + worth).to_bits(), self.serial)
    }

    fn get(&mut self, key: &Key) -> Option<Column> {
        let kept = self.kept.get(key)?;
        let (column, old, worth) = (kept.column.clone(), kept.rank, kept.cost / kept.bytes.max(1) as f64);
        let rank = self.rank(worth);
        self.order.remove(&old);
        self.order.insert(rank, key.clone());
        if let Some(kept) = self.kept.get_mut(key) {
            kept.rank = rank;
        }
        self.statistics.hits_memory += 1;
        Some(column)
    }

    /// Makes room; gives what cost more to make than it costs to read it back from a disk, with its bytes.
    fn shrink(&mut self) -> Vec<(Key, Column, u64)> {
        let mut costly = Vec::new();
        while self.statistics.bytes > self.statistics.budget {
            let Some((_, key)) = self.order.pop_first() else { break };
            let Some(kept) = self.kept.remove(&key) else { continue };
            self.statistics.bytes -= kept.bytes;
            self.statistics.evictions += 1;
            self.clock = self.clock.max(f64::from_bits(kept.rank.0));
            if kept.cost / kept.bytes.max(1) as f64 > DISK {
                costly.push((key, kept.column, kept.bytes));
            }
        }
        costly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u128) -> Key {
        Key { identity: Identity(number), column: "x".into(), start: 0, rows: 1_000 }
    }

    fn column(value: f64) -> Column {
        Column::new("x".into(), vec![value; 1_000])
    }

    #[test]
    fn what_is_cheap_to_make_goes_first() {
        let cache = Cache::new(40_000);
        cache.put(key(0), &column(0.0), Duration::from_micros(1_000));
        for number in 1..20 {
            cache.put(key(number), &column(1.0), Duration::from_nanos(10));
        }
        assert!(cache.get(&key(0)).is_some(), "the costly one is still there");
        let statistics = cache.statistics();
        assert!(statistics.bytes <= 40_000 && statistics.evictions > 10, "{statistics:?}");
        assert!(cache.get(&key(1)).is_none());
    }

    #[test]
    fn what_was_costly_comes_back_from_disk() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(40_000);
        cache.spill_to(folder.path());
        for number in 0..10 {
            cache.put(key(number), &column(number as f64), Duration::from_millis(10));
            cache.settle();
        }
        let (found, tier) = cache.get(&key(0)).unwrap();
        assert_eq!((found, tier), (column(0.0), Tier::Disk));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left when the process ends");
        cache.clear();
        assert!(cache.get(&key(0)).is_none());
    }
}
