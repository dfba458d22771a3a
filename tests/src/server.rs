//! A web server on this machine that knows range requests, and whose faults a test chooses.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the server does otherwise than it should, and what it counts. All may change while it runs.
#[derive(Debug, Default)]
pub struct Behaviour {
    /// Milliseconds that it waits before each answer.
    pub latency: AtomicU64,
    /// So many answers more break off at some byte, about every second one, and the connection with them.
    pub cuts: AtomicI64,
    /// So many answers more are "503 Service Unavailable".
    pub unwell: AtomicI64,
    /// A status to answer with, if it is not 0.
    pub status: AtomicU64,
    /// It sends whole files whatever it is asked for.
    pub whole: AtomicBool,
    /// It sends the bytes before those that it is asked for, and says so.
    pub shifted: AtomicBool,
    /// The version of all files, of which their entity tags are made.
    pub version: AtomicU64,
    /// Whether there are no entity tags and no times.
    pub anonymous: AtomicBool,
    /// Bytes of files that it sent.
    pub sent: AtomicU64,
    /// Requests that came.
    pub requests: AtomicU64,
    /// Answers that it broke off.
    pub broken: AtomicU64,
    /// A number that the next random one is made of.
    state: AtomicU64,
}

/// A running server; it ends with this.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What it does, and what it counted.
    pub behaviour: Arc<Behaviour>,
}

impl Server {
    /// Serves the files below a folder.
    ///
    /// # Panics
    /// When no port is to be had.
    pub fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, behaviour) = (Arc::new(AtomicBool::new(false)), Arc::new(Behaviour::default()));
        let (folder, ends, how) = (folder.to_owned(), stop.clone(), behaviour.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                let (folder, how, ends) = (folder.clone(), how.clone(), ends.clone());
                // It ends with its connection: the client closes it, or the silence does.
                std::thread::spawn(move || serve(&stream, &folder, &how, &ends));
            }
        });
        Self { address, stop, thread: Some(thread), behaviour }
    }

    /// The address of a file.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Bytes and requests since the last time it was asked.
    pub fn taken(&self) -> (u64, u64) {
        (self.behaviour.sent.swap(0, Ordering::Relaxed), self.behaviour.requests.swap(0, Ordering::Relaxed))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

/// Answers one request after the other until one of the two has enough.
fn serve(stream: &TcpStream, folder: &Path, how: &Behaviour, ends: &AtomicBool) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.set_nodelay(true).ok()?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let first = lines.next()?.ok()?;
        let mut range = None;
        for line in lines.by_ref() {
            let line = line.ok()?.to_lowercase();
            if line.is_empty() {
                break;
            }
            range = line.strip_prefix("range: bytes=").and_then(bounds).or(range);
        }
        if ends.load(Ordering::Relaxed) {
            return None;
        }
        how.requests.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(how.latency.load(Ordering::Relaxed)));
        let path = first.split_whitespace().nth(1)?.split('?').next()?.trim_start_matches('/').to_owned();
        answer(stream, &folder.join(path), range, how)?;
    }
}

fn bounds(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.trim().split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn answer(mut stream: &TcpStream, path: &PathBuf, range: Option<(u64, u64)>, how: &Behaviour) -> Option<()> {
    let plain =
        |mut stream: &TcpStream, status: &str| write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").ok();
    match how.status.load(Ordering::Relaxed) {
        0 => {}
        status => return plain(stream, &format!("{status} As The Test Wants")),
    }
    if how.unwell.fetch_sub(1, Ordering::Relaxed) > 0 {
        return plain(stream, "503 Service Unavailable");
    }
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file))).ok();
    let Some((metadata, file)) = opened.filter(|(metadata, _)| metadata.is_file()) else {
        return plain(stream, "404 Not Found");
    };
    let length = metadata.len();
    let part = |first: u64, length: u64| {
        let mut bytes = vec![0; length as usize];
        file.read_exact_at(&mut bytes, first).ok().map(|()| bytes)
    };
    let mut head = match how.anonymous.load(Ordering::Relaxed) {
        true => String::new(),
        false => format!("ETag: \"{}\"\r\n", how.version.load(Ordering::Relaxed)),
    };
    let body = match range.filter(|_| !how.whole.load(Ordering::Relaxed)) {
        None => {
            head = format!("HTTP/1.1 200 OK\r\n{head}");
            part(0, length)?
        }
        Some((first, _)) if first >= length => {
            let head = format!("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{length}\r\n");
            return write!(stream, "{head}Content-Length: 0\r\n\r\n").ok();
        }
        Some((first, last)) => {
            let back = u64::from(how.shifted.load(Ordering::Relaxed)).min(first);
            let (first, last) = (first - back, last.min(length - 1) - back);
            head = format!("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{length}\r\n{head}");
            part(first, last + 1 - first)?
        }
    };
    write!(stream, "{head}Content-Length: {}\r\n\r\n", body.len()).ok()?;
    let cut = how.random().is_multiple_of(2) && how.cuts.fetch_sub(1, Ordering::Relaxed) > 0;
    let end = if cut { how.random() as usize % (body.len() + 1) } else { body.len() };
    how.sent.fetch_add(end as u64, Ordering::Relaxed);
    stream.write_all(&body[..end]).ok()?;
    if cut {
        how.broken.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    Some(())
}

impl Behaviour {
    /// The next of numbers that look random and are the same in each run of one thread.
    fn random(&self) -> u64 {
        let state = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
