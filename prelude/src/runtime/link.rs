//! The connection to the kernel: what is sent, and what waits for what has arrived.

use super::threads;
use port::{Bundle, Place, ToKernel};
use segment::lock;
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

static LINK: OnceLock<Link> = OnceLock::new();

/// The socket, and what has arrived on it.
pub(super) struct Link {
    socket: Mutex<UnixStream>,
    pub inbox: Mutex<Inbox>,
    pub arrived: Condvar,
    number: AtomicU32,
}

#[derive(Default)]
pub(super) struct Inbox {
    /// Cells that were announced: token, number, and whether the user can be asked.
    pub begins: VecDeque<(u64, u32, bool)>,
    pub answers: VecDeque<Option<String>>,
    pub cancelled: Option<u64>,
    /// How many displays the kernel has handled.
    pub heard: u64,
    /// Whether a cell runs.
    pub running: bool,
}

/// Takes the socket into use; from now on messages go somewhere.
pub(super) fn open(socket: UnixStream) -> &'static Link {
    let link = Link {
        socket: Mutex::new(socket),
        inbox: Mutex::default(),
        arrived: Condvar::new(),
        number: AtomicU32::new(0),
    };
    LINK.get_or_init(|| link)
}

/// A panic as the hook saw it, kept until the cell's thread has unwound.
pub(crate) struct Seen {
    pub message: String,
    pub place: Option<Place>,
}

/// The panics of this cell, first one first.
pub(crate) static PANICS: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// Sends a message; without a kernel (in tests of the prelude) it goes nowhere.
pub(crate) fn send(message: &ToKernel) {
    if let Some(link) = LINK.get() {
        // A kernel that is gone ends this process from the reading thread.
        let _ = port::send(&mut *lock(&link.socket), message);
    }
}

/// Sends a message about the present cell, after everything it has printed so far.
pub(crate) fn send_in_order(message: impl FnOnce(u64) -> ToKernel) {
    flush();
    send(&message(threads::running()));
}

/// Sends something to show, and waits until the kernel has handled it: otherwise it could read what is printed
/// afterwards before this, because printed text goes another way.
fn show_in_order(message: impl FnOnce(u64) -> ToKernel) {
    /// A kernel that does not answer for so long must not hold up the cell for ever.
    const PATIENCE: Duration = Duration::from_secs(10);
    let Some(link) = LINK.get() else { return };
    let before = lock(&link.inbox).heard;
    flush();
    send(&message(threads::own()));
    let inbox = lock(&link.inbox);
    drop(link.arrived.wait_timeout_while(inbox, PATIENCE, |inbox| inbox.heard == before));
}

/// Hands everything printed so far to the kernel's pipes.
pub(crate) fn flush() {
    use std::io::Write;
    // Nobody to tell when the pipe is closed.
    let _ = std::io::stdout().flush();
    let _ = std::io::stderr().flush();
}

/// Hands on, every now and then, what the running cell has printed without ending the line.
pub(super) fn flush_while_running() -> std::io::Result<()> {
    const OFTEN: Duration = Duration::from_millis(100);
    let Some(link) = LINK.get() else { return Ok(()) };
    std::thread::Builder::new().name("recoil-flush".into()).spawn(move || {
        loop {
            let idle = lock(&link.inbox);
            drop(link.arrived.wait_while(idle, |inbox| !inbox.running));
            std::thread::sleep(OFTEN);
            flush();
        }
    })?;
    Ok(())
}

/// The running cell has ended.
pub(super) fn ended() {
    if let Some(link) = LINK.get() {
        lock(&link.inbox).running = false;
    }
}

/// The number of the cell that runs, or ran last.
pub(super) fn number() -> u32 {
    LINK.get().map_or(0, |link| link.number.load(Ordering::SeqCst))
}

/// Waits for the kernel to say which cell the loaded code belongs to; returns whether it may ask for input.
pub(crate) fn begin() {
    let Some(link) = LINK.get() else { return };
    let mut inbox = lock(&link.inbox);
    let token = loop {
        // Cells that did not compile were announced too: only the last one can be the one that is loaded.
        if let Some((token, number, allow_stdin)) = inbox.begins.pop_back() {
            link.number.store(number, Ordering::SeqCst);
            inbox.begins.clear();
            STDIN_ALLOWED.store(allow_stdin, Ordering::SeqCst);
            break token;
        }
        inbox = link.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
    };
    inbox.answers.clear();
    inbox.running = true;
    link.arrived.notify_all();
    threads::runs(token);
    segment::work::interrupt(inbox.cancelled == Some(token));
    drop(inbox);
    lock(&PANICS).clear();
    send(&ToKernel::Started { token });
}

static STDIN_ALLOWED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Asks the user; `None` when the front end cannot ask or the cell is interrupted.
pub(crate) fn ask(prompt: &str, password: bool) -> Option<String> {
    let link = LINK.get()?;
    if !STDIN_ALLOWED.load(Ordering::SeqCst) {
        return None;
    }
    send_in_order(|token| ToKernel::Input { token, prompt: prompt.to_owned(), password });
    let mut inbox = lock(&link.inbox);
    loop {
        if let Some(answer) = inbox.answers.pop_front() {
            return answer;
        }
        if segment::work::interrupted() {
            return None;
        }
        inbox = link.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Sleeps until `duration` has passed or the user asks to stop; returns whether it slept to the end.
pub(crate) fn rest(duration: Duration) -> bool {
    let Some(link) = LINK.get() else {
        std::thread::sleep(duration);
        return true;
    };
    let start = Instant::now();
    let mut inbox = lock(&link.inbox);
    loop {
        if threads::stops() {
            return false;
        }
        let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else { return true };
        inbox = link.arrived.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Says something to the front end's end of a comm.
pub(crate) fn say(id: &str, event: port::Comm) {
    send_in_order(|token| ToKernel::Comm { token, id: id.to_owned(), event });
}

/// Shows a bundle.
pub(crate) fn show(bundle: Bundle, id: Option<String>) {
    show_in_order(|token| ToKernel::Display { token, bundle, id });
}

/// Forgets what the cell has shown.
pub(crate) fn clear(wait: bool) {
    show_in_order(|token| ToKernel::Clear { token, wait });
}

/// Shows a bundle in place of an earlier one.
pub(crate) fn update(bundle: Bundle, id: String) {
    show_in_order(|token| ToKernel::Update { token, bundle, id });
}

/// Takes text that this thread prints, if its cell runs no more; says whether it was taken. The worker's host asks before
/// it writes to standard output or error.
///
/// # Safety
/// `text` points to `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recoil_take_text(error: i32, text: *const u8, length: usize) -> i32 {
    let Some(token) = threads::ended() else { return 0 };
    // SAFETY: the caller says that there are so many bytes.
    let text = String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(text, length) }).into_owned();
    send(&ToKernel::Text { token, error: error != 0, text });
    1
}
