//! Locks, atomics and threads of this room. The test of schedules (`tests/schedules`) compiles files that use them with
//! those of a model checker, which runs the orders in which threads can meet.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicUsize, Ordering};
pub(crate) use std::sync::mpsc::{Receiver, Sender, channel};
pub(crate) use std::thread;
