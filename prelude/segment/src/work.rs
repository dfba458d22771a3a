//! How long work asks whether to go on, and tells how far it is.
//!
//! Loops call [`check`] at least every 50 ms (per block of rows, per file, per row group). The kernel sets the flag
//! with [`interrupt`]. Progress goes to whoever called [`listen`]; when nobody listens, reports cost one load.

use crate::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Instant;

// Shared by all cells of a notebook: the prelude is one dylib, so these statics exist once.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static LISTENER: RwLock<Option<Arc<dyn Listener>>> = RwLock::new(None);

/// Whether the user has asked to stop.
#[inline]
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// `Err(Error::Interrupted)` when the user has asked to stop.
#[inline]
pub fn check() -> Result<()> {
    if interrupted() { Err(Error::Interrupted) } else { Ok(()) }
}

/// Asks all running work to stop (`true`), or lets new work run again (`false`).
pub fn interrupt(stop: bool) {
    INTERRUPTED.store(stop, Ordering::Relaxed);
}

/// How far a piece of work is. Numbers that are not known yet are `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// Identifies the piece of work.
    pub id: u64,
    /// What is being done, for people.
    pub label: Arc<str>,
    /// Units done, and of how many.
    pub done: u64,
    /// Units in all.
    pub total: Option<u64>,
    /// What a unit is: `rows`, `events`, `files`.
    pub unit: &'static str,
    /// Bytes read so far.
    pub bytes: u64,
    /// Seconds since the work began.
    pub seconds: f64,
    /// Whether this is the last report.
    pub finished: bool,
}

/// Who wants to hear of progress; called often, so it must return quickly and limit its own rate.
pub trait Listener: Send + Sync {
    /// A piece of work has come this far.
    fn progress(&self, progress: &Progress);
}

/// Sends all progress to `listener` from now on; `None` ends that.
pub fn listen(listener: Option<Arc<dyn Listener>>) {
    *LISTENER.write().unwrap_or_else(std::sync::PoisonError::into_inner) = listener;
}

/// A piece of long work, from its start to its drop.
#[derive(Debug)]
pub struct Task {
    id: u64,
    label: Arc<str>,
    unit: &'static str,
    total: Option<u64>,
    start: Instant,
    done: std::sync::atomic::AtomicU64,
    bytes: std::sync::atomic::AtomicU64,
}

impl Task {
    /// Begins a piece of work of `total` units.
    pub fn new(label: impl Into<Arc<str>>, unit: &'static str, total: Option<u64>) -> Self {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, label: label.into(), unit, total, start: Instant::now(), done: 0.into(), bytes: 0.into() }
    }

    /// Adds what has been done since the last call, reports it, and asks whether to go on.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the user has asked to stop.
    pub fn advance(&self, units: u64, bytes: u64) -> Result<()> {
        self.done.fetch_add(units, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.report(false);
        check()
    }

    fn report(&self, finished: bool) {
        let listener = LISTENER.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let Some(listener) = listener else { return };
        listener.progress(&Progress {
            id: self.id,
            label: self.label.clone(),
            done: self.done.load(Ordering::Relaxed),
            total: self.total,
            unit: self.unit,
            bytes: self.bytes.load(Ordering::Relaxed),
            seconds: self.start.elapsed().as_secs_f64(),
            finished,
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.report(true);
    }
}
