//! How long work asks whether to go on, and tells how far it is.
//!
//! Loops call [`check`] at least every 50 ms (per block of rows, per file, per row group). The kernel sets the flag
//! with [`interrupt`]. Progress goes to the function given to [`listen`]; without a listener, a report costs one load.

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

/// Who wants to hear of progress, from the beginning of each piece of work on; called often, so it must return quickly and
/// limit its own rate.
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
    counts: Arc<Counts>,
    unit: &'static str,
    /// Whether it is reported by itself, and not as a part of other work.
    whole: bool,
}

#[derive(Debug)]
struct Counts {
    id: u64,
    label: Arc<str>,
    unit: &'static str,
    total: Option<AtomicU64>,
    start: Instant,
    done: AtomicU64,
    bytes: AtomicU64,
}

thread_local! {
    /// The work of which tasks that begin on this thread are parts.
    static WHOLE: RefCell<Option<Arc<Counts>>> = const { RefCell::new(None) };
}

/// Puts back what was there, also when a panic goes by.
struct Restore(Option<Arc<Counts>>);

impl Drop for Restore {
    fn drop(&mut self) {
        WHOLE.set(self.0.take());
    }
}

impl Task {
    /// Begins a piece of work of `total` units. Inside [`Task::part`] it is a part of that work, and counts there.
    pub fn new(label: impl Into<Arc<str>>, unit: &'static str, total: Option<u64>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if let Some(counts) = WHOLE.with_borrow(Clone::clone) {
            return Self { counts, unit, whole: false };
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (label, total, start) = (label.into(), total.map(AtomicU64::new), Instant::now());
        let counts = Counts { id, label, unit, total, start, done: 0.into(), bytes: 0.into() };
        let task = Self { counts: Arc::new(counts), unit, whole: true };
        task.counts.report(false);
        task
    }

    /// Adds what has been done since the last call, reports it, and asks whether to go on.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the user has asked to stop.
    pub fn advance(&self, units: u64, bytes: u64) -> Result<()> {
        if self.unit == self.counts.unit {
            self.counts.done.fetch_add(units, Ordering::Relaxed);
        }
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.counts.report(false);
        check()
    }

    /// There is more to be done than was known at the start.
    pub fn extend(&self, units: u64) {
        if let Some(total) = &self.counts.total {
            total.fetch_add(units, Ordering::Relaxed);
        }
    }

    /// Does a part of the work, of `units`: tasks that it begins on this thread are not told apart but count here. What
    /// it could pass over counts as done at its end.
    pub fn part<T>(&self, units: u64, work: impl FnOnce() -> T) -> T {
        let before = self.counts.done.load(Ordering::Relaxed);
        let answer = {
            let _restore = Restore(WHOLE.replace(Some(self.counts.clone())));
            work()
        };
        self.counts.done.store(before + units, Ordering::Relaxed);
        answer
    }
}

impl Counts {
    fn report(&self, finished: bool) {
        let listener = LISTENER.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let Some(listener) = listener else { return };
        listener.progress(&Progress {
            id: self.id,
            label: self.label.clone(),
            done: self.done.load(Ordering::Relaxed),
            total: self.total.as_ref().map(|total| total.load(Ordering::Relaxed)),
            unit: self.unit,
            bytes: self.bytes.load(Ordering::Relaxed),
            seconds: self.start.elapsed().as_secs_f64(),
            finished,
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.whole {
            self.counts.report(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    struct Heard(Mutex<Vec<Progress>>);

    impl Listener for Heard {
        fn progress(&self, progress: &Progress) {
            // Other tests of this program may work at the same time.
            if progress.label.starts_with("test of work") {
                self.0.lock().unwrap().push(progress.clone());
            }
        }
    }

    #[test]
    fn parts_are_told_as_one_piece_of_work_from_its_beginning_to_its_end() {
        let heard = Arc::new(Heard(Mutex::default()));
        listen(Some(heard.clone()));
        let whole = Task::new("test of work", "rows", Some(100));
        whole.part(60, || {
            let part = Task::new("test of work: a part", "rows", Some(60));
            part.advance(10, 80).unwrap();
            Task::new("test of work: files", "files", None).advance(1, 20).unwrap();
        });
        whole.extend(20);
        whole.part(60, || Task::new("test of work: the rest", "rows", None).advance(60, 0).unwrap());
        drop(whole);
        Task::new("test of work, another", "rows", None).advance(1, 0).unwrap();
        listen(None);
        let heard = heard.0.lock().unwrap();
        let told: Vec<_> = heard.iter().map(|p| (p.done, p.total, p.bytes, p.finished)).collect();
        let (first, last) = (&told[..5], &heard[5..]);
        assert_eq!(
            first,
            [
                (0, Some(100), 0, false),
                (10, Some(100), 80, false),
                (10, Some(100), 100, false),
                (120, Some(120), 100, false),
                (120, Some(120), 100, true),
            ]
        );
        assert!(heard[..5].iter().all(|p| &*p.label == "test of work" && p.id == heard[0].id));
        assert!(last.len() == 3 && last.iter().all(|p| p.id != heard[0].id), "the next work is its own again");
    }
}
