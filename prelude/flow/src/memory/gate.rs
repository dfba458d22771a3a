//! Who may use memory for segments in work: a budget of bytes over all queries of the process.

use crate::error::Result;
use crate::report::counters::Counters;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Bytes in work, of all queries together.
#[derive(Debug, Default)]
pub struct Gate {
    in_work: Mutex<u64>,
    freed: Condvar,
}

/// Room for some bytes, until it is dropped.
#[derive(Debug)]
pub struct Room<'a> {
    gate: &'a Gate,
    bytes: u64,
}

impl Gate {
    /// The gate of this process.
    pub fn shared() -> &'static Self {
        static GATE: Gate = Gate { in_work: Mutex::new(0), freed: Condvar::new() };
        &GATE
    }

    /// Waits until `bytes` fit under `budget` beside what others have in work. Whoever finds nobody else at work
    /// enters with any number of bytes, so that every query comes to its end.
    pub(crate) fn enter(&self, bytes: u64, budget: u64, counters: &Counters) -> Result<Room<'_>> {
        let mut in_work = self.in_work.lock();
        while *in_work > 0 && *in_work + bytes > budget {
            // Workers hold no room while they wait here, so somebody else is always able to go on.
            self.freed.wait_for(&mut in_work, Duration::from_millis(20));
            segment::work::check()?;
        }
        *in_work += bytes;
        counters.peak.fetch_max(*in_work, Ordering::Relaxed);
        Ok(Room { gate: self, bytes })
    }

    /// The same without waiting: `None` when there is no room now.
    pub(crate) fn try_enter(&self, bytes: u64, budget: u64, counters: &Counters) -> Option<Room<'_>> {
        let mut in_work = self.in_work.lock();
        if *in_work > 0 && *in_work + bytes > budget {
            return None;
        }
        *in_work += bytes;
        counters.peak.fetch_max(*in_work, Ordering::Relaxed);
        Some(Room { gate: self, bytes })
    }

    /// Bytes in work now.
    pub fn in_work(&self) -> u64 {
        *self.in_work.lock()
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        *self.gate.in_work.lock() -= self.bytes;
        self.gate.freed.notify_all();
    }
}
