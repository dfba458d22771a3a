//! The kernel's end: what the engine asks of the worker, and what it learns of it.
//!
//! A message on the socket comes after everything that was printed before it. The worker flushes before it sends, so
//! the pipes are emptied before each message is handled. Because the kernel holds the reading ends, the last words of a
//! worker that dies are not lost.

use super::event_loop::EventLoop;
use super::pipe::{Pipe, open_pipe};
use super::state::{Finished, Shared, State, send};
use super::{ERROR_SUFFIX, abandoned, opened, session};
use crate::evaluator::{Sink, Stream};
use crate::lock::{Condvar, Mutex, MutexGuard, PoisonError, lock};
use port::{Ending, ToWorker};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The name of the pipe for standard output, with which the names of its companions begin.
const PIPES_NAME: &str = "out";

/// Listens to one worker, and to its successors.
#[derive(Clone)]
pub(crate) struct Listener {
    shared: Arc<Shared>,
    /// Where workers connect.
    pub socket: PathBuf,
    /// Where they print.
    pub pipes: PathBuf,
}

/// Whether a running cell has come to rest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Restful {
    /// The worker has told how the cell ended.
    Yes,
    /// It still runs.
    No,
}

impl Listener {
    /// Opens socket and pipes in `folder` and starts to listen.
    pub fn start(folder: &Path, sink: Sink) -> std::io::Result<Self> {
        let (listener, events) = Self::open(folder, sink)?;
        std::thread::Builder::new().name("recoil-listener".into()).spawn(move || events.run())?;
        Ok(listener)
    }

    /// Opens socket and pipes in `folder`, for a loop that has still to run.
    pub(super) fn open(folder: &Path, sink: Sink) -> std::io::Result<(Self, EventLoop)> {
        let socket = folder.join("port");
        let pipes = folder.join(PIPES_NAME);
        let mut error_pipe = pipes.clone().into_os_string();
        error_pipe.push(ERROR_SUFFIX);
        let listener = UnixListener::bind(&socket)?;
        listener.set_nonblocking(true)?;
        let out = open_pipe(&pipes)?;
        let error = open_pipe(Path::new(&error_pipe))?;
        // evcxr's own first cell prints a number that nobody has asked for.
        let state = State { muted: true, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), sink });
        let events = EventLoop {
            shared: shared.clone(),
            listener,
            pipes: [Pipe::new(out, Stream::Stdout), Pipe::new(error, Stream::Stderr)],
            worker: None,
        };
        Ok((Self { shared, socket, pipes }, events))
    }

    /// Where the workers of a session in `folder` write down what they open.
    pub fn opened_in(folder: &Path) -> PathBuf {
        folder.join(format!("{PIPES_NAME}{}", opened::SUFFIX))
    }

    /// Waits for a worker newer than the first `known` ones; returns how many there have been.
    pub fn wait_for_worker(&self, known: u64, patience: Duration) -> Option<u64> {
        let state = self.wait(patience, |state| state.connections > known && state.connection.is_some());
        state.map(|state| state.connections)
    }

    /// How many workers there have been.
    pub fn workers(&self) -> u64 {
        lock(&self.shared.state).connections
    }

    /// Announces a cell, to the worker and to this listener.
    /// `origin` is what is known of what it is made from.
    pub fn begin(&self, token: u64, cell: u32, allow_stdin: bool, muted: bool, origin: String) {
        let mut state = lock(&self.shared.state);
        state.expected = Some(token);
        state.last = token;
        state.started = false;
        state.finished = None;
        state.muted = muted;
        send(&mut state, &ToWorker::Begin { token, cell, allow_stdin, origin });
    }

    /// Has the worker do something beside Rust; returns how it ended, or `None` when the worker is gone.
    pub fn errand(&self, token: u64, errand: port::Errand) -> Option<Ending> {
        {
            let mut state = lock(&self.shared.state);
            state.expected = Some(token);
            state.last = token;
            state.started = true;
            state.finished = None;
            state.muted = false;
            state.begun = Some(Instant::now());
            send(&mut state, &ToWorker::Errand { token, errand });
        }
        loop {
            let done =
                self.wait(Duration::from_secs(60), |state| state.finished.is_some() || state.connection.is_none());
            let Some(mut state) = done else { continue };
            state.expected = None;
            state.started = false;
            return state.finished.take().map(|finished| finished.ending);
        }
    }

    /// The cell's ending, if the worker has told it within `patience`.
    pub fn finished(&self, patience: Duration) -> Option<Finished> {
        let mut state = self.wait(patience, |state| state.finished.is_some())?;
        state.expected = None;
        state.finished.take()
    }

    /// Forgets the cell that was announced: it will not run.
    pub fn give_up(&self) {
        lock(&self.shared.state).expected = None;
    }

    /// Whether the announced cell's code has begun to run.
    pub fn running(&self) -> bool {
        lock(&self.shared.state).started
    }

    /// How long the last cell's code ran.
    pub fn ran_for(&self) -> Duration {
        lock(&self.shared.state).ran_for
    }

    /// Asks the announced cell to end.
    pub fn cancel(&self) {
        let mut state = lock(&self.shared.state);
        if let Some(token) = state.expected {
            send(&mut state, &ToWorker::Cancel { token });
        }
    }

    /// Asks the worker to forget variables before the next cell.
    pub fn forget(&self, names: Vec<String>) {
        send(&mut lock(&self.shared.state), &ToWorker::Forget(names));
    }

    /// Hands on what the front end says to a value in the worker.
    pub fn comm(&self, id: &str, event: port::Comm) {
        send(&mut lock(&self.shared.state), &ToWorker::Comm { id: id.to_owned(), event });
    }

    /// Waits until the announced cell has ended.
    pub fn rest(&self, token: u64, patience: Duration) -> Restful {
        let still = |state: &State| state.expected != Some(token) || state.finished.is_some();
        if self.wait(patience, still).is_some() { Restful::Yes } else { Restful::No }
    }

    /// Asks the worker to leave its cell where it is, and to go on without it; says whether it was asked.
    pub fn abandon(&self) -> bool {
        let state = lock(&self.shared.state);
        let worker = state.worker.as_ref().filter(|_| state.connection.is_some());
        worker.is_some_and(|worker| worker.signal(abandoned::signal()))
    }

    /// Ends the worker process at once; evcxr notices and starts another.
    pub fn kill(&self) {
        let state = lock(&self.shared.state);
        if let Some(worker) = state.worker.as_ref().filter(|_| state.connection.is_some()) {
            worker.signal(libc::SIGKILL);
            session::end(worker);
        }
    }

    /// Process id of the present worker.
    pub fn pid(&self) -> Option<u32> {
        let state = lock(&self.shared.state);
        let worker = state.worker.as_ref().filter(|_| state.connection.is_some())?;
        Some(worker.id().cast_unsigned())
    }

    /// The folder in which cells run now.
    pub fn folder(&self) -> Option<PathBuf> {
        self.pid().and_then(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).ok())
    }

    /// Ends the listening thread.
    pub fn end(&self) {
        lock(&self.shared.state).ended = true;
        // Wakes the thread.
        let _ = UnixStream::connect(&self.socket);
    }

    fn wait(&self, patience: Duration, done: impl Fn(&State) -> bool) -> Option<MutexGuard<'_, State>> {
        let deadline = Instant::now() + patience;
        let mut state = lock(&self.shared.state);
        while !done(&state) {
            let left = deadline.checked_duration_since(Instant::now())?;
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(state)
    }
}
