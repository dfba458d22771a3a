//! The lock of a mutex, also after a panic: values behind the kernel's mutexes are whole between any two statements.
//!
//! The test of schedules (`tests/schedules`) compiles the listener with the locks of a model checker, under these names.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Locks a mutex, whether or not a thread has panicked while it held it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
