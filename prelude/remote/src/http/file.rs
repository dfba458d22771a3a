//! A file on a web server.

use super::answer;
use crate::cache::Cache;
use crate::error::RemoteError;
use crate::fetch::{self, Ask, Fault};
use crate::sign::Signer;
use crate::{address, counts, work};
use recoil_bytes::{Bytes, Remote};
use reqwest::header::{self, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use std::future::Future;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Bytes that are asked for first: the head of most formats, which is asked for anyway.
const FIRST: u64 = 32 << 10;
/// A server that does not send parts sends the whole file; up to so many bytes that is as good.
const WHOLE: u64 = 64 << 20;
const CONNECT: Duration = Duration::from_secs(10);
/// Without a byte for so long, a connection is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// A file of which parts can be had.
#[derive(Debug)]
struct HttpFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    line: Line,
    name: String,
    length: u64,
    identity: Option<String>,
}

/// A way to a file.
#[derive(Debug, Clone)]
struct Line {
    client: &'static Client,
    url: Url,
    /// Signs requests, where the server wants that.
    signer: Option<Arc<Signer>>,
}

/// What the first answer was.
enum First {
    Parts { head: Vec<u8>, length: u64, identity: Option<String>, changed: Option<SystemTime> },
    Whole(Vec<u8>),
}

/// Opens a file.
pub(crate) fn open(url: Url) -> Result<Bytes, RemoteError> {
    let name = address::shown(url.as_str());
    open_signed(url, name, None)
}

/// Opens a file with requests that are signed; `name` is what messages call it.
pub(crate) fn open_signed(url: Url, name: String, signer: Option<Arc<Signer>>) -> Result<Bytes, RemoteError> {
    let line = Line::new(url, signer)?;
    let asked = line.clone();
    let first = work::wait(async move { again(|| look(&asked)).await })?;
    Ok(match first {
        First::Whole(bytes) => Bytes::memory(bytes),
        First::Parts { head, length, identity, changed } => {
            // What is on this machine already is not kept a second time, unless that is asked for.
            let cache = Cache::of_user().filter(|_| !is_here(&line.url) || Cache::is_asked_for());
            let file = HttpFile(Arc::new(Inner { line, name, length, identity }));
            match cache {
                Some(cache) => Bytes::remote(cache.around(file, changed), head),
                None => Bytes::remote(file, head),
            }
        }
    })
}

/// The text behind an address.
pub(crate) fn text(url: Url, signer: Option<Arc<Signer>>) -> Result<String, RemoteError> {
    let line = Line::new(url, signer)?;
    let bytes = work::wait(async move { again(|| all(&line)).await })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether an address is of this machine.
fn is_here(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The client, one for all files: it keeps connections. This machine is never reached through a proxy.
fn client(url: &Url) -> Result<&'static Client, String> {
    static CLIENTS: [OnceLock<Result<Client, String>>; 2] = [OnceLock::new(), OnceLock::new()];
    let here = is_here(url);
    let made = CLIENTS[usize::from(here)].get_or_init(|| {
        let builder = Client::builder().connect_timeout(CONNECT).read_timeout(SILENCE).user_agent("recoil");
        let builder = if here { builder.no_proxy() } else { builder };
        builder.build().map_err(answer::told)
    });
    made.as_ref().map_err(Clone::clone)
}

/// Asks until there is an answer that says something.
async fn again<T, F: Future<Output = Result<T, Fault>>>(ask: impl Fn() -> F) -> Result<T, RemoteError> {
    let mut attempts = 0;
    loop {
        counts::asked(attempts > 0);
        let (why, wait) = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(Fault::Final(error)) => return Err(error),
            Err(Fault::Passing(why, wait)) => (why, wait),
        };
        attempts += 1;
        if fetch::is_too_often(attempts) {
            return Err(RemoteError::Lost { attempts, why });
        }
        tokio::time::sleep(wait.unwrap_or_else(|| fetch::pause(attempts))).await;
    }
}

async fn all(line: &Line) -> Result<Vec<u8>, Fault> {
    let answer = line.send(None).await?;
    match answer.status() {
        StatusCode::OK => whole(answer).await,
        _ => Err(answer::fault(&answer)),
    }
}

async fn look(line: &Line) -> Result<First, Fault> {
    let answer = line.send(Some(0..FIRST)).await?;
    match answer.status() {
        StatusCode::PARTIAL_CONTENT => parts(answer).await,
        StatusCode::OK => whole(answer).await.map(First::Whole),
        StatusCode::RANGE_NOT_SATISFIABLE if answer::unsatisfied(answer.headers()) == Some(0) => {
            Ok(First::Whole(Vec::new()))
        }
        _ => Err(answer::fault(&answer)),
    }
}

fn unable(why: impl Into<String>) -> Fault {
    Fault::Final(RemoteError::Unable { why: why.into() })
}

async fn parts(mut answer: Response) -> Result<First, Fault> {
    let Some((sent, length)) = answer::content_range(answer.headers()) else {
        return Err(unable("the server sends a part and does not say of how many bytes; copy the file here"));
    };
    let identity = answer::identity(answer.headers(), length);
    let mut head = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        counts::received(chunk.len());
        head.extend_from_slice(&chunk);
    }
    if sent != (0..FIRST.min(length)) || head.len() as u64 != sent.end {
        return Err(Fault::Passing("the server sends another part than was asked for".to_owned(), None));
    }
    let changed = answer::changed(answer.headers());
    Ok(First::Parts { head, length, identity, changed })
}

/// The whole of a file whose server sends no parts.
async fn whole(mut answer: Response) -> Result<Vec<u8>, Fault> {
    let large = |bytes: String| {
        let way = "copy it here, or serve it with a server that answers range requests";
        unable(format!("the server sends whole files only, and this one has {bytes} bytes; {way}"))
    };
    let length = answer.content_length();
    if let Some(length) = length.filter(|length| *length > WHOLE) {
        return Err(large(length.to_string()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        counts::received(chunk.len());
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > WHOLE {
            return Err(large(format!("more than {WHOLE}")));
        }
    }
    match length {
        // Without a length, a connection that breaks looks like the end.
        Some(length) if bytes.len() as u64 != length => Err(Fault::Passing("the answer was cut off".to_owned(), None)),
        _ => Ok(bytes),
    }
}

impl Line {
    fn new(url: Url, signer: Option<Arc<Signer>>) -> Result<Self, RemoteError> {
        let client = client(&url).map_err(|why| RemoteError::Lost { attempts: 1, why })?;
        Ok(Self { client, url, signer })
    }

    /// Asks for a range, or for everything.
    async fn send(&self, range: Option<Range<u64>>) -> Result<Response, Fault> {
        // Positions are those of the file as it is stored.
        let identity = HeaderValue::from_static("identity");
        let mut request = self.client.get(self.url.clone()).header(header::ACCEPT_ENCODING, identity);
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end - 1));
        if let Some(signer) = &self.signer {
            for (name, value) in signer.headers(&self.url, range.as_deref()).await.map_err(Fault::Final)? {
                request = request.header(name, value);
            }
        }
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        request.send().await.map_err(broken)
    }
}

fn broken(error: reqwest::Error) -> Fault {
    Fault::Passing(answer::told(error), None)
}

impl Ask for Inner {
    async fn ask(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        let mut answer = self.line.send(Some(range.clone())).await?;
        let changed = || Fault::Final(RemoteError::Changed);
        match answer.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // The file is shorter than it was.
            StatusCode::RANGE_NOT_SATISFIABLE => return Err(changed()),
            StatusCode::OK => {
                let why = "the server sent a part at first, and now the whole file".to_owned();
                return Err(Fault::Passing(why, None));
            }
            _ => return Err(answer::fault(&answer)),
        }
        let Some((sent, length)) = answer::content_range(answer.headers()) else {
            return Err(Fault::Passing("the server does not say which part it sends".to_owned(), None));
        };
        if length != self.length || answer::identity(answer.headers(), length) != self.identity {
            return Err(changed());
        }
        if sent.start != range.start || sent.end > range.end {
            return Err(Fault::Passing("the server sends another part than was asked for".to_owned(), None));
        }
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }
}

impl Remote for HttpFile {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn length(&self) -> u64 {
        self.0.length
    }

    fn identity(&self) -> Option<&str> {
        self.0.identity.as_deref()
    }

    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        Ok(fetch::ranges(&self.0, ranges)?)
    }
}
