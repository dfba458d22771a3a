//! The kernel's end: one thread that reads the worker's socket and its output pipes, and hands everything on in order.
//!
//! A message on the socket comes after everything that was printed before it. The worker flushes before it sends, so
//! the pipes are emptied before each message is handled. Because the kernel holds the reading ends, the last words of a
//! worker that dies are not lost.

use super::{ERROR_SUFFIX, session};
use crate::evaluator::{Bundle, Event, Output, Sink, Stream};
use port::{Ending, ToKernel, ToWorker, Variable};
use std::collections::VecDeque;
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a cell's code ended, and which variables there are now.
#[derive(Debug)]
pub(crate) struct Finished {
    pub ending: Ending,
    pub variables: Vec<Variable>,
}

/// What the worker is doing, as its messages tell.
#[derive(Debug, Default)]
struct State {
    /// Cell that the engine waits for.
    expected: Option<u64>,
    /// Output of any other cell, and of threads, is given to this one.
    last: u64,
    started: bool,
    begun: Option<Instant>,
    ran_for: Duration,
    finished: Option<Finished>,
    connection: Option<UnixStream>,
    pid: Option<u32>,
    connections: u64,
    /// Outputs go nowhere: a replay.
    muted: bool,
    ended: bool,
}

/// The shared part of a [`Listener`].
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    sink: Sink,
}

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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Listener {
    /// Opens socket and pipes in `folder` and starts to listen.
    pub fn start(folder: &Path, sink: Sink) -> std::io::Result<Self> {
        let socket = folder.join("port");
        let pipes = folder.join("out");
        let mut error_pipe = pipes.clone().into_os_string();
        error_pipe.push(ERROR_SUFFIX);
        let doors = UnixListener::bind(&socket)?;
        doors.set_nonblocking(true)?;
        let out = open_pipe(&pipes)?;
        let error = open_pipe(Path::new(&error_pipe))?;
        // evcxr's own first cell prints a number that nobody has asked for.
        let state = State { muted: true, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), sink });
        let ears = Ears {
            shared: shared.clone(),
            doors,
            pipes: [Pipe::new(out, Stream::Stdout), Pipe::new(error, Stream::Stderr)],
            worker: None,
        };
        std::thread::Builder::new().name("recoil-listener".into()).spawn(move || ears.listen())?;
        Ok(Self { shared, socket, pipes })
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
    pub fn begin(&self, token: u64, allow_stdin: bool, muted: bool) {
        let mut state = lock(&self.shared.state);
        state.expected = Some(token);
        state.last = token;
        state.started = false;
        state.finished = None;
        state.muted = muted;
        send(&mut state, &ToWorker::Begin { token, allow_stdin });
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

    /// Ends the worker process at once; evcxr notices and starts another.
    pub fn kill(&self) {
        let state = lock(&self.shared.state);
        if let Some(pid) = state.pid.filter(|_| state.connection.is_some()).and_then(|pid| i32::try_from(pid).ok()) {
            // SAFETY: `kill` has no memory effects. The worker is a child whose connection is open, so its id is in use.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            session::end(pid);
        }
    }

    /// Process id of the present worker.
    pub fn pid(&self) -> Option<u32> {
        let state = lock(&self.shared.state);
        state.pid.filter(|_| state.connection.is_some())
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

fn send(state: &mut State, message: &ToWorker) {
    if let Some(connection) = &mut state.connection {
        // A worker that cannot be reached is noticed by the reading thread.
        let _ = port::send(connection, message);
    }
}

/// A pipe that this process holds open at both ends, so that it never ends when a worker does.
fn open_pipe(path: &Path) -> std::io::Result<File> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: `name` is a C string.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    // A larger buffer makes floods of output cheaper; the default does too, so a refusal does not matter.
    // SAFETY: `fcntl` on an open descriptor.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
    Ok(file)
}

/// One output pipe, and the bytes of a character that has not arrived as a whole.
struct Pipe {
    file: File,
    stream: Stream,
    rest: Vec<u8>,
}

impl Pipe {
    fn new(file: File, stream: Stream) -> Self {
        Self { file, stream, rest: Vec::new() }
    }

    /// Reads what is there; `None` when there is nothing more.
    fn read(&mut self) -> Option<String> {
        let mut buffer = [0; 1 << 16];
        let read = self.file.read(&mut buffer).ok().filter(|read| *read > 0)?;
        self.rest.extend_from_slice(&buffer[..read]);
        Some(whole_characters(&mut self.rest))
    }
}

/// Takes all whole characters off the front; bytes that can never become one are shown as `\u{fffd}`.
fn whole_characters(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(rest) => {
                text.push_str(rest);
                bytes.clear();
                return text;
            }
            Err(error) => {
                let (good, bad) = bytes.split_at(error.valid_up_to());
                text.push_str(&String::from_utf8_lossy(good));
                let Some(broken) = error.error_len() else {
                    *bytes = bad.to_vec();
                    return text;
                };
                text.push('\u{fffd}');
                *bytes = bad[broken..].to_vec();
            }
        }
    }
}

/// The listening thread's own things.
struct Ears {
    shared: Arc<Shared>,
    doors: UnixListener,
    pipes: [Pipe; 2],
    worker: Option<Inbox>,
}

/// Bytes of frames from one worker.
struct Inbox {
    stream: UnixStream,
    bytes: VecDeque<u8>,
}

impl Inbox {
    /// Reads what is there; `false` when the worker has closed its end.
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 1 << 16];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(read) => {
                self.bytes.extend(&buffer[..read]);
                true
            }
            Err(error) => matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted),
        }
    }

    /// The next whole frame.
    fn next(&mut self) -> Option<Result<ToKernel, port::FrameError>> {
        let bytes = self.bytes.make_contiguous();
        let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        let end = 4 + length as usize;
        if bytes.len() < end && length <= port::MAX_FRAME_BYTES {
            return None;
        }
        let message = port::receive(&mut &*bytes);
        self.bytes.drain(..end.min(self.bytes.len()));
        message.transpose()
    }
}

impl Ears {
    fn listen(mut self) {
        loop {
            let ready = self.poll();
            if lock(&self.shared.state).ended {
                return;
            }
            if ready[0] {
                self.accept();
            }
            if ready[1] || ready[2] {
                self.drain_once();
            }
            if ready[3] {
                self.hear();
            }
        }
    }

    fn poll(&self) -> [bool; 4] {
        let descriptor = |fd: RawFd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let worker = self.worker.as_ref().map_or(-1, |worker| worker.stream.as_raw_fd());
        let doors = self.doors.as_raw_fd();
        let [out, error] = &self.pipes;
        let mut polled = [doors, out.file.as_raw_fd(), error.file.as_raw_fd(), worker].map(descriptor);
        // SAFETY: the array is valid for its length; negative descriptors are ignored by `poll`.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
        polled.map(|polled| polled.revents != 0)
    }

    fn accept(&mut self) {
        let Ok((stream, _)) = self.doors.accept() else { return };
        let copy = stream.try_clone().and_then(|copy| stream.set_nonblocking(false).map(|()| copy));
        let Ok(copy) = copy else { return };
        let mut state = lock(&self.shared.state);
        state.connection = Some(copy);
        self.worker = Some(Inbox { stream, bytes: VecDeque::new() });
    }

    /// Reads each pipe once, so that a flood on one does not starve the socket.
    fn drain_once(&mut self) -> bool {
        let mut any = false;
        for index in 0..self.pipes.len() {
            let Some(text) = self.pipes[index].read() else { continue };
            any = true;
            if !text.is_empty() {
                let stream = self.pipes[index].stream;
                let token = lock(&self.shared.state).last;
                self.show(token, Output::Text(stream, text));
            }
        }
        any
    }

    /// Reads messages, each after what was printed before it.
    fn hear(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        let alive = worker.fill();
        while self.drain_once() {}
        while let Some(message) = self.worker.as_mut().and_then(Inbox::next) {
            match message {
                Ok(message) => self.take(message),
                Err(error) => {
                    tracing::error!(%error, "the worker sent something that is not a message");
                    self.hang_up();
                    return;
                }
            }
        }
        if !alive {
            self.hang_up();
        }
    }

    fn hang_up(&mut self) {
        while self.drain_once() {}
        self.worker = None;
        let (token, pid) = {
            let state = lock(&self.shared.state);
            (state.last, state.pid)
        };
        if let Some(pid) = pid.and_then(|pid| i32::try_from(pid).ok()) {
            session::end(pid);
        }
        (self.shared.sink)(Event { token, output: Output::CommsLost });
        lock(&self.shared.state).connection = None;
        self.shared.changed.notify_all();
    }

    fn show(&self, token: u64, output: Output) {
        if !lock(&self.shared.state).muted {
            (self.shared.sink)(Event { token, output });
        }
    }

    fn take(&mut self, message: ToKernel) {
        let shown = matches!(message, ToKernel::Display { .. } | ToKernel::Update { .. } | ToKernel::Clear { .. });
        self.act(message);
        if shown {
            send(&mut lock(&self.shared.state), &ToWorker::Heard);
        }
    }

    fn act(&mut self, message: ToKernel) {
        match message {
            ToKernel::Hello { pid } => {
                let mut state = lock(&self.shared.state);
                state.pid = Some(pid);
                state.connections += 1;
            }
            ToKernel::Started { token } => {
                let mut state = lock(&self.shared.state);
                state.started |= state.expected == Some(token);
                state.begun = Some(Instant::now());
            }
            ToKernel::Display { token, bundle, id } => {
                self.show(token, Output::Display { bundle: converted(bundle), id });
            }
            ToKernel::Update { token, bundle, id } => {
                self.show(token, Output::Update { bundle: converted(bundle), id })
            }
            ToKernel::Clear { token, wait } => self.show(token, Output::Clear { wait }),
            ToKernel::Input { token, prompt, password } => self.ask(token, prompt, password),
            // Also in a replay, whose widgets are new ones.
            ToKernel::Comm { token, id, event } => {
                (self.shared.sink)(Event { token, output: Output::Comm { id, event } });
            }
            ToKernel::Finished { token, ending, variables } => {
                let mut state = lock(&self.shared.state);
                state.ran_for = state.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
                if state.expected == Some(token) {
                    state.finished = Some(Finished { ending, variables });
                }
            }
        }
        self.shared.changed.notify_all();
    }

    /// Hands a question on; the answer is waited for on a thread of its own, because outputs must go on.
    fn ask(&self, token: u64, prompt: String, password: bool) {
        let (reply, answer) = mpsc::channel();
        self.show(token, Output::Input { prompt, password, reply });
        let shared = self.shared.clone();
        let waiting = std::thread::Builder::new().name("recoil-input".into());
        let waited = waiting.spawn(move || {
            let answer = answer.recv().ok();
            let mut state = lock(&shared.state);
            if state.expected == Some(token) {
                send(&mut state, &ToWorker::Answer(answer));
            }
        });
        if waited.is_err() {
            send(&mut lock(&self.shared.state), &ToWorker::Answer(None));
        }
    }
}

/// From the port's bundle to the evaluator's, which are the same thing on two sides of a border.
pub(crate) fn converted(bundle: port::Bundle) -> Bundle {
    Bundle { data: bundle.data, metadata: bundle.metadata }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_wait_for_their_last_byte() {
        let mut bytes = vec![b'a', 0xc3];
        assert_eq!(whole_characters(&mut bytes), "a");
        bytes.push(0xa9);
        assert_eq!(whole_characters(&mut bytes), "é");
        assert!(bytes.is_empty());
        let mut bytes = vec![0xff, b'b', 0xe2, 0x82];
        assert_eq!(whole_characters(&mut bytes), "\u{fffd}b");
        assert_eq!(bytes, [0xe2, 0x82]);
    }
}
