//! Who may use memory for segments in work: a budget of bytes over all queries of the process.

use crate::error::Result;
use crate::report::counters::Counters;
use crate::sync::{Condvar, Mutex, Ordering};
use std::time::Duration;

/// Bytes in work, of all queries together.
#[derive(Debug, Default)]
pub struct MemoryGate {
    in_work: Mutex<u64>,
    freed: Condvar,
}

/// Room for some bytes, until it is dropped.
#[derive(Debug)]
pub struct Reservation<'a> {
    gate: &'a MemoryGate,
    bytes: u64,
}

impl MemoryGate {
    /// The gate of this process.
    pub fn shared() -> &'static Self {
        static GATE: MemoryGate = MemoryGate { in_work: Mutex::new(0), freed: Condvar::new() };
        &GATE
    }

    /// Waits until `bytes` fit under `budget` beside what others have in work. A caller that finds no other work
    /// enters with any number of bytes, so that every query comes to its end.
    pub(crate) fn enter(&self, bytes: u64, budget: u64, counters: &Counters) -> Result<Reservation<'_>> {
        let mut in_work = self.in_work.lock();
        while *in_work > 0 && *in_work + bytes > budget {
            // Workers hold no room while they wait here, so somebody else is always able to go on.
            self.freed.wait_for(&mut in_work, Duration::from_millis(20));
            segment::work::check()?;
        }
        *in_work += bytes;
        counters.peak.fetch_max(*in_work, Ordering::Relaxed);
        Ok(Reservation { gate: self, bytes })
    }

    /// The same without waiting: `None` when there is no room now.
    pub(crate) fn try_enter(&self, bytes: u64, budget: u64, counters: &Counters) -> Option<Reservation<'_>> {
        let mut in_work = self.in_work.lock();
        if *in_work > 0 && *in_work + bytes > budget {
            return None;
        }
        *in_work += bytes;
        counters.peak.fetch_max(*in_work, Ordering::Relaxed);
        Some(Reservation { gate: self, bytes })
    }

    /// Bytes in work now.
    pub fn in_work(&self) -> u64 {
        *self.in_work.lock()
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        *self.gate.in_work.lock() -= self.bytes;
        self.gate.freed.notify_all();
    }
}
