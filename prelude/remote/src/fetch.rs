//! How a range is fetched: in pieces, side by side, again where it failed.

use crate::error::RemoteError;
use crate::{counts, work};
use recoil_bytes::pieces;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::JoinSet;

/// Bytes of a question at most: a connection alone does not fill a long line.
const PIECE: u64 = 4 << 20;
/// Attempts without a new byte before it is given up.
const ATTEMPTS: u32 = 6;
/// Attempts in all, of a connection that breaks after every few bytes.
const ALL_ATTEMPTS: u32 = 50;
/// The wait after the first failure; it doubles with each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// What a server may ask us to wait at most.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It may go well the next time; perhaps not before some time has gone by.
    Passing(String, Option<Duration>),
    /// It will not.
    Final(RemoteError),
}

/// A protocol that gives a part of a file, or the beginning of one and a fault.
pub(crate) trait Ask: Send + Sync + 'static {
    /// Appends the bytes of a range to `bytes`, which may be fewer than asked when it fails.
    fn ask(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// All ranges, side by side.
pub(crate) fn ranges(from: &Arc<impl Ask>, ranges: &[Range<u64>]) -> Result<Vec<Vec<u8>>, RemoteError> {
    let from = from.clone();
    let ranges = ranges.to_vec();
    work::wait(async move {
        let mut tasks = JoinSet::new();
        for (at, range) in ranges.iter().enumerate() {
            for piece in pieces(range.clone(), PIECE) {
                let from = from.clone();
                tasks.spawn(async move { whole(&*from, piece.clone()).await.map(|bytes| (at, piece.start, bytes)) });
            }
        }
        let mut found = Vec::new();
        while let Some(done) = tasks.join_next().await {
            // The other tasks end when the first error lets the set go.
            found.push(done.map_err(|error| RemoteError::Lost { attempts: 1, why: error.to_string() })??);
        }
        found.sort_by_key(|(at, start, _)| (*at, *start));
        let mut all: Vec<Vec<u8>> = vec![Vec::new(); ranges.len()];
        for (at, _, mut bytes) in found {
            match all[at].is_empty() {
                true => {
                    let rest = (ranges[at].end - ranges[at].start) as usize - bytes.len();
                    bytes.reserve_exact(rest);
                    all[at] = bytes;
                }
                false => all[at].extend_from_slice(&bytes),
            }
        }
        Ok(all)
    })
}

/// One piece, tried until it is whole; what came of it before a fault is kept.
async fn whole(from: &impl Ask, range: Range<u64>) -> Result<Vec<u8>, RemoteError> {
    let wanted = range.end - range.start;
    let mut bytes = Vec::with_capacity(wanted as usize);
    let (mut in_vain, mut all) = (0, 0);
    loop {
        let before = bytes.len();
        let asked = {
            let _right = work::rights().acquire().await;
            counts::asked(all > 0);
            from.ask(range.start + before as u64..range.end, &mut bytes).await
        };
        counts::received(bytes.len() - before);
        all += 1;
        in_vain = if bytes.len() > before { 1 } else { in_vain + 1 };
        let asked = match asked {
            Ok(()) if bytes.len() as u64 == wanted => return Ok(bytes),
            Ok(()) => Err(Fault::Passing("the answer was cut off".to_owned(), None)),
            fault => fault,
        };
        if bytes.len() as u64 > wanted {
            // Whatever came is not what was asked for: none of it is believed.
            bytes.clear();
        }
        let (why, wait) = match asked {
            Ok(()) => continue,
            Err(Fault::Passing(why, wait)) => (why, wait),
            Err(Fault::Final(error)) => return Err(error),
        };
        if in_vain >= ATTEMPTS || all >= ALL_ATTEMPTS {
            return Err(RemoteError::Lost { attempts: all, why });
        }
        tokio::time::sleep(wait.map_or_else(|| pause(in_vain), |wait| wait.min(PATIENCE))).await;
    }
}

/// The wait after so many failures, up to half more or less, so that many who failed together do not come back together.
pub(crate) fn pause(failures: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(10)).min(LONGEST_WAIT);
    let noise = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    wait.mul_f64(0.5 + f64::from(noise % 1_000) / 1_000.0)
}

/// Whether so many failures are too many; for what is asked once and not in pieces.
pub(crate) fn is_too_often(failures: u32) -> bool {
    failures >= ATTEMPTS
}
