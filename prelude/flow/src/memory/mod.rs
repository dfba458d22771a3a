//! Memory: how much there is, who may use it, and what is kept where.
//!
//! Three tiers. L1 is metadata and small results: which rows passed which cuts. L2 is decoded columns under a budget of
//! bytes; what was cheap to make per byte goes first. L3 is a disk for what was not cheap, compressed and checksummed,
//! in files without names: in the folder for temporary files where nothing else is said.

pub(crate) mod cache;
mod controller;
mod disk;
pub(crate) mod gate;
pub(crate) mod selections;
pub(crate) mod spill;
pub(crate) mod volume;

pub use crate::report::decisions::{Decision, Entry, MaterializationController};
pub use cache::{Cache, CacheStatistics, Key, Tier};
pub use gate::MemoryGate;
pub use spill::{Level, Spill, SpillHandle};

use std::sync::OnceLock;
use std::time::{Duration, Instant};
use sysinfo::System;

/// A quarter of the machine's memory, at most 16 GB: what is used when nothing is said.
///
/// ```
/// assert!(flow::memory::quarter() <= 16_000_000_000);
/// ```
pub fn quarter() -> u64 {
    static TOTAL: OnceLock<u64> = OnceLock::new();
    let total = *TOTAL.get_or_init(|| {
        let mut system = System::new();
        system.refresh_memory();
        system.cgroup_limits().map_or(system.total_memory(), |limits| limits.total_memory.min(system.total_memory()))
    });
    (total / 4).clamp(256 << 20, 16_000_000_000)
}

/// The part of the machine's memory that is in use, between 0 and 1; looked up at most five times a second.
///
/// ```
/// assert!((0.0..=1.0).contains(&flow::memory::pressure()));
/// ```
pub fn pressure() -> f64 {
    static LAST: parking_lot::Mutex<Option<(Instant, f64)>> = parking_lot::Mutex::new(None);
    let mut last = LAST.lock();
    if let Some((when, value)) = *last
        && when.elapsed() < Duration::from_millis(200)
    {
        return value;
    }
    let mut system = System::new();
    system.refresh_memory();
    let total = system.total_memory().max(1) as f64;
    let value = 1.0 - system.available_memory() as f64 / total;
    *last = Some((Instant::now(), value));
    value
}
