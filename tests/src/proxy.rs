//! What stands between a client and a server: it hands bytes on later, breaks connections, or goes silent.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Bytes that are handed on together at most.
const PART: usize = 256 << 10;

/// What the line does to the bytes. All may change while it runs.
#[derive(Debug, Default)]
pub struct Line {
    /// Milliseconds that bytes are on the way, in each direction.
    pub one_way: AtomicU64,
    /// Nothing comes through any more, and nobody is told.
    pub silent: AtomicBool,
    /// New connections are closed at once, and those that are there end.
    pub closed: AtomicBool,
    /// Bytes of answers that came through.
    pub answered: AtomicU64,
    /// Connections that came.
    pub connections: AtomicU64,
    /// Connections that it broke.
    pub broken: AtomicU64,
    cuts: Mutex<Cuts>,
}

/// Connections that are still to be broken.
#[derive(Debug, Default)]
struct Cuts {
    more: u64,
    within: u64,
    /// Bytes of answers before the next one.
    left: Option<u64>,
    /// A number that the next random one is made of.
    state: u64,
}

impl Cuts {
    /// How many of so many bytes of an answer come through, if the connection breaks inside them.
    fn inside(&mut self, bytes: usize) -> Option<usize> {
        let left = self.left?;
        if left > bytes as u64 {
            self.left = Some(left - bytes as u64);
            return None;
        }
        self.next();
        Some(left as usize)
    }

    fn next(&mut self) {
        self.left = (self.more > 0).then(|| self.random() % self.within.max(1));
        self.more = self.more.saturating_sub(1);
    }

    /// The next of numbers that look random.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Line {
    /// Breaks so many connections, each while the next `within` bytes of answers come, at any byte of them.
    pub fn break_next(&self, connections: u64, within: u64) {
        let mut cuts = self.cuts();
        (cuts.more, cuts.within) = (connections, within);
        cuts.next();
    }

    fn cuts(&self) -> std::sync::MutexGuard<'_, Cuts> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port behind which a server is farther away; it ends with this, and what is connected with it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What it does, and what it counted.
    pub line: Arc<Line>,
}

impl Proxy {
    /// Hands on to a port of this machine.
    ///
    /// # Panics
    /// When no port is to be had.
    pub fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, line) = (Arc::new(AtomicBool::new(false)), Arc::new(Line::default()));
        let (ends, how) = (stop.clone(), line.clone());
        let thread = std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                if how.closed.load(Ordering::Relaxed) {
                    near.shutdown(Shutdown::Both).ok();
                    continue;
                }
                // Without a server, the client finds its connection closed.
                let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { continue };
                how.connections.fetch_add(1, Ordering::Relaxed);
                joined(&near, &far, &how, &ends);
            }
        });
        Self { address, stop, thread: Some(thread), line }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

/// Hands on in both directions until one side ends.
fn joined(near: &TcpStream, far: &TcpStream, line: &Arc<Line>, ends: &Arc<AtomicBool>) {
    let copies = || Some((near.try_clone().ok()?, far.try_clone().ok()?));
    let (Some((a, b)), Some((c, d))) = (copies(), copies()) else { return };
    pump(a, b, line, ends, false);
    pump(d, c, line, ends, true);
}

/// Hands on what comes, a while later.
fn pump(from: TcpStream, to: TcpStream, line: &Arc<Line>, ends: &Arc<AtomicBool>, answers: bool) {
    from.set_nodelay(true).ok();
    to.set_nodelay(true).ok();
    from.set_read_timeout(Some(Duration::from_millis(100))).ok();
    let (sender, late) = channel();
    let Ok(other) = from.try_clone() else { return };
    let (reads, writes, ends) = (line.clone(), line.clone(), ends.clone());
    std::thread::spawn(move || read(from, &reads, &ends, &sender));
    std::thread::spawn(move || write(to, &other, &writes, &late, answers));
}

/// Takes what comes until the side ends, or all is over.
fn read(mut from: TcpStream, line: &Line, ends: &AtomicBool, sender: &Sender<(Instant, Vec<u8>)>) {
    let mut buffer = vec![0; PART];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                let when = Instant::now() + Duration::from_millis(line.one_way.load(Ordering::Relaxed));
                if sender.send((when, buffer[..read].to_vec())).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
        if ends.load(Ordering::Relaxed) || line.closed.load(Ordering::Relaxed) {
            from.shutdown(Shutdown::Both).ok();
            break;
        }
    }
}

/// Hands on what has come, when its time is there; breaks both sides where that is wanted.
fn write(mut to: TcpStream, from: &TcpStream, line: &Line, late: &Receiver<(Instant, Vec<u8>)>, answers: bool) {
    for (when, bytes) in late {
        std::thread::sleep(when.saturating_duration_since(Instant::now()));
        if line.silent.load(Ordering::Relaxed) {
            continue;
        }
        let cut = if answers { line.cuts().inside(bytes.len()) } else { None };
        let part = &bytes[..cut.unwrap_or(bytes.len())];
        if to.write_all(part).is_err() {
            break;
        }
        if answers {
            line.answered.fetch_add(part.len() as u64, Ordering::Relaxed);
        }
        if cut.is_some() {
            line.broken.fetch_add(1, Ordering::Relaxed);
            to.shutdown(Shutdown::Both).ok();
            from.shutdown(Shutdown::Both).ok();
            return;
        }
    }
    to.shutdown(Shutdown::Write).ok();
}
