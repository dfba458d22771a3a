//! What the kernel knows of its worker, shared by the listening thread and the engine.

use crate::evaluator::Sink;
use crate::lock::{Condvar, Mutex};
use crate::process::Process;
use port::{Ending, Note, ToWorker, Variable};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a cell's code ended, and which variables there are now.
#[derive(Debug)]
pub(crate) struct Finished {
    pub ending: Ending,
    pub variables: Vec<Variable>,
    pub notes: Vec<Note>,
}

/// What the worker is doing, as its messages tell.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Cell that the engine waits for.
    pub expected: Option<u64>,
    /// Output of any other cell, and of threads, is given to this one.
    pub last: u64,
    pub started: bool,
    pub begun: Option<Instant>,
    pub ran_for: Duration,
    pub finished: Option<Finished>,
    pub connection: Option<UnixStream>,
    /// The process at the other end of the connection.
    pub worker: Option<Arc<Process>>,
    pub connections: u64,
    /// Outputs go nowhere: a replay.
    pub muted: bool,
    pub ended: bool,
}

/// The shared part of a [`Listener`].
pub(super) struct Shared {
    pub state: Mutex<State>,
    pub changed: Condvar,
    pub sink: Sink,
}

pub(super) fn send(state: &mut State, message: &ToWorker) {
    if let Some(connection) = &mut state.connection {
        // A worker that cannot be reached is noticed by the reading thread.
        let _ = port::send(connection, message);
    }
}
