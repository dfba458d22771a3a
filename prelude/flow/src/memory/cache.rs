//! Decoded columns, shared by all queries of the process (so by all cells of a notebook).

use super::selections::Selections;
use super::spill::{Spill, Ticket};
use parking_lot::Mutex;
use polars::prelude::{Column, DataFrame, PlSmallStr};
use sources::Identity;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
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
    spilled: HashMap<Key, Ticket>,
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
    spill: OnceLock<Spill>,
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
        let mut inner = self.inner.lock();
        inner.statistics.budget = bytes - bytes / SELECTIONS;
        self.shrink(&mut inner);
    }

    /// Lets costly columns go to files in this folder instead of being lost. The first call decides.
    pub fn spill_to(&self, folder: &Path) {
        self.spill.get_or_init(|| Spill::new(folder));
    }

    /// A column, and where it was.
    pub fn get(&self, key: &Key) -> Option<(Column, Tier)> {
        let mut inner = self.inner.lock();
        if let Some(kept) = inner.kept.get(key) {
            let (column, old, worth) = (kept.column.clone(), kept.rank, kept.cost / kept.bytes.max(1) as f64);
            let rank = inner.rank(worth);
            inner.order.remove(&old);
            inner.order.insert(rank, key.clone());
            if let Some(kept) = inner.kept.get_mut(key) {
                kept.rank = rank;
            }
            inner.statistics.hits_memory += 1;
            return Some((column, Tier::Memory));
        }
        let Some(ticket) = inner.spilled.get(key).cloned() else {
            inner.statistics.misses += 1;
            return None;
        };
        drop(inner);
        // A damaged file is as good as none: the column is made anew.
        let frame = self.spill.get().and_then(|spill| spill.read(&ticket).ok());
        let column = frame.and_then(|frame| frame.columns().first().cloned());
        let mut inner = self.inner.lock();
        if column.is_some() {
            inner.statistics.hits_disk += 1;
        } else {
            inner.spilled.remove(key);
            inner.statistics.misses += 1;
        }
        column.map(|column| (column, Tier::Disk))
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
        self.shrink(&mut inner);
    }

    fn shrink(&self, inner: &mut Inner) {
        while inner.statistics.bytes > inner.statistics.budget {
            let Some((_, key)) = inner.order.pop_first() else { return };
            let Some(kept) = inner.kept.remove(&key) else { continue };
            inner.statistics.bytes -= kept.bytes;
            inner.statistics.evictions += 1;
            let worth = kept.cost / kept.bytes.max(1) as f64;
            inner.clock = inner.clock.max(f64::from_bits(kept.rank.0));
            if worth > DISK
                && let Some(spill) = self.spill.get()
                && !inner.spilled.contains_key(&key)
                && let Ok(frame) = DataFrame::new(kept.column.len(), vec![kept.column])
                && let Ok(ticket) = spill.write(&frame)
            {
                inner.spilled.insert(key, ticket);
            }
        }
    }

    /// Counts.
    pub fn statistics(&self) -> CacheStatistics {
        let inner = self.inner.lock();
        CacheStatistics { entries: inner.kept.len(), spilled: inner.spilled.len(), ..inner.statistics }
    }

    /// Forgets everything but the counts.
    pub fn clear(&self) {
        let mut inner = self.inner.lock();
        inner.kept.clear();
        inner.order.clear();
        inner.spilled.clear();
        self.selections.clear();
        inner.statistics.bytes = 0;
    }
}

impl Inner {
    fn rank(&mut self, worth: f64) -> (u64, u64) {
        self.serial += 1;
        // Bits of numbers that are not negative are in the order of the numbers.
        ((self.clock + worth).to_bits(), self.serial)
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
        }
        let (found, tier) = cache.get(&key(0)).unwrap();
        assert_eq!((found, tier), (column(0.0), Tier::Disk));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left when the process ends");
        cache.clear();
        assert!(cache.get(&key(0)).is_none());
    }
}
