//! Which cell a thread belongs to: an interrupt stops the threads that the running cell has started, and no others; and what
//! a thread shows goes to the cell that has started it.

use std::cell::Cell;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

thread_local! {
    /// The cell that started this thread, or its present task; nothing for the thread that runs cells, and for pools that work for it.
    static CELL: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The cell that runs, or ran last.
static RUNNING: AtomicU64 = AtomicU64::new(0);
/// Whether the cell that ran last has ended.
static OVER: AtomicBool = AtomicBool::new(false);
/// Whether work of the running cell was stopped.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// The cell that runs, or ran last.
pub(crate) fn running() -> u64 {
    RUNNING.load(Ordering::SeqCst)
}

/// The cell that this thread works for: the one that started it, or the one that runs.
pub(crate) fn own() -> u64 {
    CELL.get().unwrap_or_else(running)
}

/// The cell that started this thread, if it runs no more.
pub(super) fn ended() -> Option<u64> {
    // A thread that ends has no such variable any more.
    let started_by = CELL.try_with(Cell::get).ok().flatten();
    started_by.filter(|token| *token != running() || OVER.load(Ordering::SeqCst))
}

/// Another cell runs from now on.
pub(super) fn runs(token: u64) {
    RUNNING.store(token, Ordering::SeqCst);
    OVER.store(false, Ordering::SeqCst);
}

/// The running cell ends now. What its threads print from now on is told with its number: the kernel takes what comes without
/// one for that of the cell which it compiles meanwhile.
pub(super) fn over() {
    OVER.store(true, Ordering::SeqCst);
}

/// Wraps the work of a new thread, or of one of a pool, so that the thread knows its cell. Cells are rewritten to call this.
pub fn of_cell<R, F: FnOnce() -> R>(work: F) -> impl FnOnce() -> R {
    let token = own();
    move || {
        let _working = Working::new(token);
        work()
    }
}

/// The same for a task, wherever it is polled.
pub fn task_of_cell<F: Future>(task: F) -> impl Future<Output = F::Output> {
    let token = own();
    let mut task = Box::pin(task);
    std::future::poll_fn(move |context| {
        let _working = Working::new(token);
        task.as_mut().poll(context)
    })
}

/// The time in which this thread works for a cell.
struct Working(Option<u64>);

impl Working {
    fn new(token: u64) -> Self {
        Self(CELL.replace(Some(token)))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        CELL.set(self.0);
    }
}

/// Whether this thread is to stop now.
pub(super) fn stops() -> bool {
    segment::work::interrupted() && CELL.get().is_none_or(|cell| cell == running())
}

/// Notes that a thread, or a task of a pool, stops because of an interrupt.
pub(super) fn note_stop() {
    STOPPED.store(true, Ordering::SeqCst);
}

/// Whether work of the running cell was stopped since the last call.
pub(super) fn was_stopped() -> bool {
    STOPPED.swap(false, Ordering::SeqCst)
}
