//! The thread that listens to a worker: it reads the socket and the output pipes, and hands everything on in order.

use super::inbox::Inbox;
use super::pipe::Pipe;
use super::session;
use super::state::{Finished, Shared, send};
use crate::evaluator::{Event, Output, Stream};
use crate::lock::lock;
use crate::process::Process;
use port::{ToKernel, ToWorker};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What the listening thread has for itself.
pub(super) struct EventLoop {
    pub shared: Arc<Shared>,
    /// Where workers connect.
    pub listener: UnixListener,
    /// Standard output and standard error.
    pub pipes: [Pipe; 2],
    pub worker: Option<Inbox>,
}

impl EventLoop {
    /// Handles events until the listener is ended.
    pub fn run(mut self) {
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
                self.read_worker();
            }
        }
    }

    fn poll(&self) -> [bool; 4] {
        let descriptor = |fd: RawFd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let worker = self.worker.as_ref().map_or(-1, |worker| worker.descriptor());
        let listener = self.listener.as_raw_fd();
        let [out, error] = &self.pipes;
        let mut polled = [listener, out.descriptor(), error.descriptor(), worker].map(descriptor);
        // SAFETY: the array is valid for its length; negative descriptors are ignored by `poll`.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, -1) };
        polled.map(|polled| polled.revents != 0)
    }

    pub(super) fn accept(&mut self) {
        let Ok((stream, _)) = self.listener.accept() else { return };
        let copy = stream.try_clone().and_then(|copy| stream.set_nonblocking(false).map(|()| copy));
        let Ok(copy) = copy else { return };
        let mut state = lock(&self.shared.state);
        state.worker = Process::of_peer(&copy).map(Arc::new);
        state.connection = Some(copy);
        self.worker = Some(Inbox::new(stream));
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
    fn read_worker(&mut self) {
        let Some(worker) = &mut self.worker else { return };
        let alive = worker.fill();
        while self.drain_once() {}
        while let Some(message) = self.worker.as_mut().and_then(Inbox::next) {
            match message {
                Ok(message) => self.take(message),
                Err(error) => {
                    tracing::error!(%error, "the worker sent something that is not a message");
                    self.disconnect();
                    return;
                }
            }
        }
        if !alive {
            self.disconnect();
        }
    }

    pub(super) fn disconnect(&mut self) {
        while self.drain_once() {}
        self.worker = None;
        let (token, worker) = {
            let state = lock(&self.shared.state);
            (state.last, state.worker.clone())
        };
        if let Some(worker) = worker {
            session::end(&worker);
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

    /// Takes a message in, and thanks for what is shown.
    pub(super) fn take(&mut self, message: ToKernel) {
        let shown = matches!(message, ToKernel::Display { .. } | ToKernel::Update { .. } | ToKernel::Clear { .. });
        self.act(message);
        if shown {
            send(&mut lock(&self.shared.state), &ToWorker::Heard);
        }
    }

    fn act(&mut self, message: ToKernel) {
        match message {
            ToKernel::Hello => lock(&self.shared.state).connections += 1,
            ToKernel::Started { token } => {
                let mut state = lock(&self.shared.state);
                state.started |= state.expected == Some(token);
                state.begun = Some(Instant::now());
            }
            ToKernel::Text { token, error, text } => {
                let stream = if error { Stream::Stderr } else { Stream::Stdout };
                self.show(token, Output::Text(stream, text));
            }
            ToKernel::Display { token, bundle, id } => {
                self.show(token, Output::Display { bundle, id });
            }
            ToKernel::Update { token, bundle, id } => self.show(token, Output::Update { bundle, id }),
            ToKernel::Clear { token, wait } => self.show(token, Output::Clear { wait }),
            ToKernel::Input { token, prompt, password } => self.ask(token, prompt, password),
            // Also in a replay, whose widgets are new ones.
            ToKernel::Comm { token, id, event } => {
                (self.shared.sink)(Event { token, output: Output::Comm { id, event } });
            }
            ToKernel::Finished { token, ending, variables, notes } => {
                for index in 0..self.pipes.len() {
                    if let Some(text) = self.pipes[index].end() {
                        self.show(token, Output::Text(self.pipes[index].stream, text));
                    }
                }
                let mut state = lock(&self.shared.state);
                state.ran_for = state.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
                if state.expected == Some(token) {
                    state.finished = Some(Finished { ending, variables, notes });
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
