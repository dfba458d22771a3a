//! What a source has been told to expect.

use crate::plan::options::Options;
use crate::run::input::Input;
use std::sync::atomic::{AtomicBool, Ordering};

/// The part of the memory budget that may be read ahead by all workers together, and the most bytes.
pub(crate) const PART: u64 = 8;
const MOST: u64 = 128 << 20;

/// What a source has been told.
pub(crate) struct Ahead {
    /// By unit; empty when nothing is to be told.
    told: Vec<AtomicBool>,
    /// Decoded bytes that a worker may be ahead.
    pub bytes: u64,
}

impl Ahead {
    /// Units that a worker may be ahead.
    pub const UNITS: usize = 4;

    pub fn new(input: Input<'_>, units: usize, options: &Options) -> Self {
        let reads = matches!(input, Input::Source(source) if !source.in_memory());
        let units = if reads { units } else { 0 };
        let bytes = (options.memory_budget / PART).min(MOST) / options.threads.max(1) as u64;
        Self { told: (0..units).map(|_| AtomicBool::new(false)).collect(), bytes }
    }

    pub fn is_of_use(&self) -> bool {
        !self.told.is_empty()
    }

    pub fn first_time(&self, unit: usize) -> bool {
        !self.told[unit].swap(true, Ordering::Relaxed)
    }
}
