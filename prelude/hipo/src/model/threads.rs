//! Work in parallel: results in order, a bounded number of them in memory.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::error::Result;

/// As many threads as the machine has.
#[must_use]
pub(crate) fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

type Outcome<T> = std::thread::Result<Result<T>>;

struct Shared<T> {
    claimed: usize,
    consumed: usize,
    stopped: bool,
    done: BTreeMap<usize, Outcome<T>>,
}

struct Queue<T> {
    shared: Mutex<Shared<T>>,
    ready: Condvar,
    space: Condvar,
}

impl<T> Queue<T> {
    fn lock(&self) -> MutexGuard<'_, Shared<T>> {
        // Nobody panics while holding the lock: work is caught and consumers run outside.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task, once there is room for its result; `None` when there is none left.
    fn claim(&self, count: usize, window: usize) -> Option<usize> {
        let mut shared = self.lock();
        while !shared.stopped && shared.claimed < count && shared.claimed >= shared.consumed + window {
            shared = self.space.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
        if shared.stopped || shared.claimed >= count {
            return None;
        }
        shared.claimed += 1;
        Some(shared.claimed - 1)
    }

    fn put(&self, task: usize, outcome: Outcome<T>) {
        self.lock().done.insert(task, outcome);
        self.ready.notify_one();
    }

    fn take(&self, task: usize) -> Outcome<T> {
        let mut shared = self.lock();
        loop {
            if let Some(outcome) = shared.done.remove(&task) {
                shared.consumed = task + 1;
                drop(shared);
                self.space.notify_all();
                return outcome;
            }
            shared = self.ready.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Releases the workers however the consumer ends, panics included.
struct StopAtEnd<'q, T>(&'q Queue<T>);

impl<T> Drop for StopAtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.space.notify_all();
    }
}

/// Runs `work` on 0..count in `threads` threads, each with a state of its own, and `consume` on this thread with the
/// results in order. At most two results per thread wait. The first error ends it.
pub(crate) fn ordered<S, T: Send>(
    count: usize,
    threads: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> Result<T> + Sync,
    mut consume: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let threads = threads.clamp(1, count.max(1));
    if threads == 1 {
        let mut state = state();
        return (0..count).try_for_each(|task| consume(work(&mut state, task)?));
    }
    let shared = Shared { claimed: 0, consumed: 0, stopped: false, done: BTreeMap::new() };
    let queue = Queue { shared: Mutex::new(shared), ready: Condvar::new(), space: Condvar::new() };
    let window = 2 * threads;
    let panicked: Result<Result<()>, Box<dyn Any + Send>> = std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut state = state();
                while let Some(task) = queue.claim(count, window) {
                    queue.put(task, catch_unwind(AssertUnwindSafe(|| work(&mut state, task))));
                }
            });
        }
        let _stop = StopAtEnd(&queue);
        for task in 0..count {
            match queue.take(task) {
                Err(panic) => return Err(panic),
                Ok(result) => {
                    if let Err(error) = result.and_then(&mut consume) {
                        return Ok(Err(error));
                    }
                }
            }
        }
        Ok(Ok(()))
    });
    panicked.unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::error::Error;

    #[test]
    fn results_come_in_order_and_few_wait() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut seen = Vec::new();
        let work = |_: &mut (), task: usize| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            Ok(task)
        };
        ordered(
            500,
            4,
            || (),
            work,
            |task| {
                running.fetch_sub(1, Ordering::SeqCst);
                seen.push(task);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, (0..500).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 9, "{most:?} results at once");
    }

    #[test]
    fn an_error_or_a_panic_ends_it() {
        for threads in [1, 3] {
            let mut seen = 0;
            let work = |_: &mut (), task: usize| if task == 7 { Err(Error::stopped()) } else { Ok(()) };
            let error = ordered(
                1000,
                threads,
                || (),
                work,
                |()| {
                    seen += 1;
                    Ok(())
                },
            );
            assert!(error.is_err());
            assert_eq!(seen, 7);
            let panicking = |_: &mut (), task: usize| -> Result<()> {
                assert!(task != 7, "as wanted");
                Ok(())
            };
            assert!(catch_unwind(|| ordered(1000, threads, || (), panicking, |()| Ok(()))).is_err());
        }
    }
}
