//! Files on XRootD servers: all that is wanted at a time goes over the connection that is open, others help where that is
//! much, each with its own handle; and again where one breaks.

use crate::cache::Cache;
use crate::entry::Entry;
use crate::error::RemoteError;
use crate::{address, counts, fetch};
use recoil_bytes::{Bytes, Remote, pieces};
use recoil_xrootd::{Error, File, Options, Url};
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

/// Connections that read one file at a time.
const SIDE_BY_SIDE: usize = 4;
/// Bytes under way over one connection before another one helps: a new connection costs three ways to the server and back.
const WORTH: u64 = 16 << 20;
/// Bytes of which a connection has all or nothing.
const PIECE: u64 = 4 << 20;
/// Idle connections of all files together that are kept.
const IDLE: usize = 64;

/// A file of which parts can be had.
#[derive(Debug)]
struct XrootdFile {
    url: Url,
    name: String,
    identity: String,
    length: u64,
    lanes: Mutex<Vec<Arc<Lane>>>,
}

/// A connection, which several threads may use at a time.
#[derive(Debug)]
struct Lane {
    file: File,
    /// Bytes under way; changes while the list of connections is locked.
    bytes: AtomicU64,
}

impl Lane {
    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

static IDLE_NOW: AtomicUsize = AtomicUsize::new(0);

fn options() -> Options {
    Options { stop: segment::work::interrupted, silence: Duration::from_secs(30), ..Options::default() }
}

/// Opens a file.
pub(crate) fn open(text: &str) -> Result<Bytes, RemoteError> {
    let url: Url = text.parse().map_err(told)?;
    let file = again(|| File::open(&url, &options()))?;
    let (identity, length) = (identity(&file), file.size());
    let changed = u64::try_from(file.stat().modified).ok().map(|time| UNIX_EPOCH + Duration::from_secs(time));
    let here = matches!(url.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    let opened = XrootdFile { name: address::shown(text), url, identity, length, lanes: Mutex::default() };
    let lane = opened.add(file, 1);
    opened.release(&lane, 1, false);
    Ok(match Cache::of_user().filter(|_| !here || Cache::is_asked_for()) {
        Some(cache) => Bytes::remote(cache.around(opened, changed), Vec::new()),
        None => Bytes::remote(opened, Vec::new()),
    })
}

/// The names in a folder.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, RemoteError> {
    let url: Url = text.parse().map_err(told)?;
    let found = again(|| recoil_xrootd::entries(&url, &options()))?;
    let (folder, parameters) = text.split_once('?').map_or((text, None), |(folder, more)| (folder, Some(more)));
    let behind = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    let entry = |found: recoil_xrootd::Entry| Entry {
        address: format!("{}/{}{behind}", folder.trim_end_matches('/'), found.name),
        size: found.stat.size,
        is_folder: found.stat.is_folder,
        name: found.name,
    };
    Ok(found.into_iter().map(entry).collect())
}

/// A name for the bytes of a file. Replicas on other servers have other ids, but the same size and time.
fn identity(file: &File) -> String {
    format!("{} {}", file.size(), file.stat().modified)
}

/// An error that is the last word.
pub(crate) fn told(error: Error) -> RemoteError {
    let why = error.to_string();
    match error {
        Error::Stopped => RemoteError::Interrupted,
        Error::Address(why) => RemoteError::Address { why },
        Error::Server { code: Error::NOT_FOUND, .. } => RemoteError::Missing { why },
        Error::Server { code, .. } if Error::REFUSED.contains(&code) => RemoteError::Refused { why },
        Error::Auth(_) => RemoteError::Refused { why },
        Error::Connection(_) => RemoteError::Lost { attempts: 1, why },
        _ => RemoteError::Unable { why },
    }
}

/// Does something until it goes well, or cannot.
pub(crate) fn again<T>(mut work: impl FnMut() -> Result<T, Error>) -> Result<T, RemoteError> {
    let mut attempts = 0;
    loop {
        counts::asked(attempts > 0);
        let error = match work() {
            Ok(done) => return Ok(done),
            Err(error) if error.is_passing() => error,
            Err(error) => return Err(told(error)),
        };
        attempts += 1;
        if segment::work::interrupted() {
            return Err(RemoteError::Interrupted);
        }
        if fetch::is_too_often(attempts) {
            return Err(RemoteError::Lost { attempts, why: error.to_string() });
        }
        std::thread::sleep(fetch::pause(attempts));
    }
}

impl XrootdFile {
    /// The connection with the least under way, or a new one where that is much, or none; with so many bytes more under way.
    fn take(&self, bytes: u64) -> Result<Arc<Lane>, Error> {
        let lanes = self.locked();
        let least = lanes.iter().min_by_key(|lane| lane.bytes());
        let enough = |lane: &&Arc<Lane>| lane.bytes() == 0 || lane.bytes() + bytes <= WORTH;
        if let Some(lane) = least.filter(|lane| enough(lane) || lanes.len() >= SIDE_BY_SIDE) {
            if lane.bytes.fetch_add(bytes, Ordering::Relaxed) == 0 {
                IDLE_NOW.fetch_sub(1, Ordering::Relaxed);
            }
            return Ok(lane.clone());
        }
        drop(lanes);
        Ok(self.add(File::open(&self.url, &options())?, bytes))
    }

    /// A new connection that others may use, too, with so many bytes under way.
    fn add(&self, file: File, bytes: u64) -> Arc<Lane> {
        let lane = Arc::new(Lane { file, bytes: AtomicU64::new(bytes) });
        let mut lanes = self.locked();
        // When a connection breaks that several threads use, each opens a new one.
        if lanes.len() < SIDE_BY_SIDE {
            lanes.push(lane.clone());
        }
        lane
    }

    /// So many bytes are no longer under way. A connection that broke is used no more, nor is one that idles beside too many.
    fn release(&self, lane: &Arc<Lane>, bytes: u64, broke: bool) {
        let mut lanes = self.locked();
        let idle = lane.bytes.fetch_sub(bytes, Ordering::Relaxed) == bytes;
        let here = lanes.iter().position(|other| Arc::ptr_eq(lane, other));
        let Some(here) = here else { return };
        if broke || idle && IDLE_NOW.load(Ordering::Relaxed) >= IDLE {
            lanes.swap_remove(here);
        } else if idle {
            IDLE_NOW.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Arc<Lane>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some ranges over one connection; over a new one where it broke.
    fn some(&self, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, RemoteError> {
        // At least one: what is under way is counted by its bytes.
        let bytes = ranges.iter().map(|range| range.end - range.start).sum::<u64>().max(1);
        let mut changed = false;
        let found = again(|| {
            let lane = self.take(bytes)?;
            changed = identity(&lane.file) != self.identity;
            let found = if changed { Ok(Vec::new()) } else { lane.file.ranges(ranges) };
            self.release(&lane, bytes, changed || found.is_err());
            found
        })?;
        counts::received(found.iter().map(Vec::len).sum());
        if changed { Err(RemoteError::Changed) } else { Ok(found) }
    }

    /// All ranges, in work for a few connections.
    fn all(&self, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, RemoteError> {
        let cut: Vec<(usize, Range<u64>)> = ranges
            .iter()
            .enumerate()
            .flat_map(|(at, range)| pieces(range.clone(), PIECE).map(move |piece| (at, piece)))
            .collect();
        let bytes: u64 = cut.iter().map(|(_, piece)| piece.end - piece.start).sum();
        let workers = usize::try_from(bytes.div_ceil(WORTH)).unwrap_or(usize::MAX).clamp(1, SIDE_BY_SIDE);
        let shares = shares(&cut, bytes.div_ceil(workers as u64));
        let found: Vec<Result<Vec<Vec<u8>>, RemoteError>> = std::thread::scope(|scope| {
            let work = |share: &[(usize, Range<u64>)]| {
                let ranges: Vec<Range<u64>> = share.iter().map(|(_, piece)| piece.clone()).collect();
                self.some(&ranges)
            };
            let (first, others) = shares.split_first().map_or((&[][..], &[][..]), |(first, others)| (*first, others));
            let others: Vec<_> = others.iter().map(|share| scope.spawn(move || work(share))).collect();
            let gone = || Err(RemoteError::Lost { attempts: 1, why: "the thread that read is gone".to_owned() });
            let mut found = vec![work(first)];
            found.extend(others.into_iter().map(|other| other.join().unwrap_or_else(|_| gone())));
            found
        });
        let mut all: Vec<Vec<u8>> = vec![Vec::new(); ranges.len()];
        let mut at = cut.iter();
        for bytes in found {
            for piece in bytes? {
                let Some((at, _)) = at.next() else { break };
                match all[*at].is_empty() {
                    true => all[*at] = piece,
                    false => all[*at].extend_from_slice(&piece),
                }
            }
        }
        Ok(all)
    }
}

/// Pieces in their order, in shares of about so many bytes.
fn shares(cut: &[(usize, Range<u64>)], bytes: u64) -> Vec<&[(usize, Range<u64>)]> {
    let mut shares = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (at, (_, piece)) in cut.iter().enumerate() {
        sum += piece.end - piece.start;
        if sum >= bytes || at + 1 == cut.len() {
            shares.push(&cut[start..=at]);
            (start, sum) = (at + 1, 0);
        }
    }
    shares
}

impl Remote for XrootdFile {
    fn name(&self) -> &str {
        &self.name
    }

    fn length(&self) -> u64 {
        self.length
    }

    fn identity(&self) -> Option<&str> {
        Some(&self.identity)
    }

    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Vec<u8>>> {
        Ok(self.all(ranges)?)
    }
}

impl Drop for XrootdFile {
    fn drop(&mut self) {
        let lanes = self.lanes.get_mut().unwrap_or_else(PoisonError::into_inner);
        IDLE_NOW.fetch_sub(lanes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_shared_in_their_order() {
        let cut: Vec<(usize, Range<u64>)> = [0..4, 4..8, 8..9, 20..30, 30..31].map(|range| (0, range)).to_vec();
        let lengths: Vec<usize> = shares(&cut, 8).iter().map(|share| share.len()).collect();
        assert_eq!(lengths, [2, 2, 1]);
        assert!(shares(&[], 8).is_empty());
        assert_eq!(shares(&cut, 1_000).len(), 1);
    }
}
