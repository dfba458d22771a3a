//! Waiting that an interrupt can end.
//!
//! A thread that waits inside the standard library cannot be stopped. Cells are rewritten to call these methods instead:
//! they wait in short steps and look at the interrupt between them. The values that come back are the same.

use super::cell::checkpoint;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::process::{Child, Command, ExitStatus, Output};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::thread::{JoinHandle, ScopedJoinHandle};
use std::time::Duration;

/// How long an interrupt may go unnoticed.
const STEP: Duration = Duration::from_millis(20);

/// Calls `done` until it has an answer, first often, then every [`STEP`].
fn until<T>(mut done: impl FnMut() -> Option<T>) -> T {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(answer) = done() {
            return answer;
        }
        checkpoint();
        std::thread::sleep(pause);
        pause = (pause * 2).min(STEP);
    }
}

/// Receiving from a channel.
pub trait WaitsForMessage<T> {
    /// `recv`.
    ///
    /// # Errors
    /// As `recv`.
    fn recoil_recv(&self) -> Result<T, RecvError>;
}

impl<T> WaitsForMessage<T> for Receiver<T> {
    fn recoil_recv(&self) -> Result<T, RecvError> {
        loop {
            match self.recv_timeout(STEP) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
                Err(RecvTimeoutError::Timeout) => checkpoint(),
            }
        }
    }
}

/// The messages of a channel, one after the other; see [`LoopsOverMessages`].
#[derive(Debug)]
pub struct Messages<R>(R);

impl<T> Iterator for Messages<Receiver<T>> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recoil_recv().ok()
    }
}

impl<T> Iterator for Messages<&Receiver<T>> {
    type Item = T;
    fn next(&mut self) -> Option<T> {
        self.0.recoil_recv().ok()
    }
}

/// A loop over the messages of a channel.
pub trait LoopsOverMessages: Sized {
    /// `into_iter`.
    fn recoil_messages(self) -> Messages<Self>;
    /// `iter`.
    fn recoil_message_iter(&self) -> Messages<&Self>;
}

impl<T> LoopsOverMessages for Receiver<T> {
    fn recoil_messages(self) -> Messages<Self> {
        Messages(self)
    }

    fn recoil_message_iter(&self) -> Messages<&Self> {
        Messages(self)
    }
}

impl<T> LoopsOverMessages for &Receiver<T> {
    fn recoil_messages(self) -> Messages<Self> {
        Messages(self)
    }

    fn recoil_message_iter(&self) -> Messages<&Self> {
        Messages(self)
    }
}

/// Waiting for a thread.
pub trait WaitsForThread<T> {
    /// `join`.
    ///
    /// # Errors
    /// As `join`.
    fn recoil_join(self) -> std::thread::Result<T>;
}

impl<T> WaitsForThread<T> for JoinHandle<T> {
    fn recoil_join(self) -> std::thread::Result<T> {
        until(|| self.is_finished().then_some(()));
        self.join()
    }
}

impl<T> WaitsForThread<T> for ScopedJoinHandle<'_, T> {
    fn recoil_join(self) -> std::thread::Result<T> {
        until(|| self.is_finished().then_some(()));
        self.join()
    }
}

/// A child that is ended when the wait for it is given up.
struct Ended<'a>(&'a mut Child, bool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        if self.1 {
            // It may have ended by itself in between.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

/// Waiting for a process. An interrupt ends the process too.
pub trait WaitsForProcess {
    /// `wait`.
    ///
    /// # Errors
    /// As `wait`.
    fn recoil_wait(&mut self) -> io::Result<ExitStatus>;
    /// `wait_with_output`.
    ///
    /// # Errors
    /// As `wait_with_output`.
    fn recoil_wait_with_output(self) -> io::Result<Output>;
}

impl WaitsForProcess for Child {
    fn recoil_wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        let mut child = Ended(self, true);
        let status = until(|| child.0.try_wait().transpose());
        child.1 = false;
        status
    }

    fn recoil_wait_with_output(mut self) -> io::Result<Output> {
        drop(self.stdin.take());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let out = std::thread::spawn(move || whole(stdout));
        let err = std::thread::spawn(move || whole(stderr));
        let status = self.recoil_wait()?;
        let read = |reader: JoinHandle<io::Result<Vec<u8>>>| match reader.recoil_join() {
            Ok(bytes) => bytes,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok(Output { status, stdout: read(out)?, stderr: read(err)? })
    }
}

/// Children of a thread, which are ended with all that they have started when the wait for them is given up.
struct EndedOf<'a>(&'a AtomicI32);

impl Drop for EndedOf<'_> {
    fn drop(&mut self) {
        let list = format!("/proc/self/task/{}/children", self.0.load(Ordering::SeqCst));
        end_all(&std::fs::read_to_string(list).unwrap_or_default());
    }
}

/// Ends processes whose numbers stand in a list, and their children.
fn end_all(list: &str) {
    for process in list.split_whitespace().filter_map(|number| number.parse::<libc::pid_t>().ok()) {
        let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
        // SAFETY: `kill` has no memory effects.
        unsafe { libc::kill(process, libc::SIGKILL) };
        end_all(&children.unwrap_or_default());
    }
}

fn whole(pipe: Option<impl io::Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Running a command to its end. An interrupt ends it too.
pub trait WaitsForCommand {
    /// `status`.
    ///
    /// # Errors
    /// As `status`.
    fn recoil_status(&mut self) -> io::Result<ExitStatus>;
    /// `output`.
    ///
    /// # Errors
    /// As `output`.
    fn recoil_output(&mut self) -> io::Result<Output>;
}

impl WaitsForCommand for Command {
    fn recoil_status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.recoil_wait()
    }

    fn recoil_output(&mut self) -> io::Result<Output> {
        // On a thread: `output` alone knows what the user has set of the three streams, and there is no asking it.
        let thread = AtomicI32::new(0);
        std::thread::scope(|scope| {
            let output = scope.spawn(|| {
                // SAFETY: `gettid` has no memory effects.
                thread.store(unsafe { libc::gettid() }, Ordering::SeqCst);
                self.output()
            });
            let ended = EndedOf(&thread);
            until(|| output.is_finished().then_some(()));
            std::mem::forget(ended);
            output.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// Waiting for a connection.
pub trait WaitsForConnection {
    /// What `accept` returns.
    type Accepted;
    /// `accept`.
    ///
    /// # Errors
    /// As `accept`.
    fn recoil_accept(&self) -> io::Result<Self::Accepted>;
}

impl WaitsForConnection for std::net::TcpListener {
    type Accepted = (std::net::TcpStream, std::net::SocketAddr);
    fn recoil_accept(&self) -> io::Result<Self::Accepted> {
        readable(self.as_raw_fd());
        self.accept()
    }
}

impl WaitsForConnection for std::os::unix::net::UnixListener {
    type Accepted = (std::os::unix::net::UnixStream, std::os::unix::net::SocketAddr);
    fn recoil_accept(&self) -> io::Result<Self::Accepted> {
        readable(self.as_raw_fd());
        self.accept()
    }
}

/// Waits until a descriptor has something to read, or is broken.
fn readable(descriptor: RawFd) {
    loop {
        let mut polled = libc::pollfd { fd: descriptor, events: libc::POLLIN, revents: 0 };
        // SAFETY: `polled` is one valid entry for the whole call.
        let ready = unsafe { libc::poll(&raw mut polled, 1, STEP.as_millis() as libc::c_int) };
        let failed = ready < 0 && io::Error::last_os_error().kind() != io::ErrorKind::Interrupted;
        if ready > 0 || failed {
            return;
        }
        checkpoint();
    }
}
