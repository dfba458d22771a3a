//! How far the work is, and how it is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Set to `true` by anyone, it stops the work at the next block.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let cancel = events::Cancel::new();
/// cancel.cancel();
/// assert!(recording.stream().cancel(cancel).for_each(|_| Ok(())).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nobody has asked to stop yet.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// assert!(recording.stream().cancel(events::Cancel::new()).for_each(|_| Ok(())).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Stop.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let cancel = events::Cancel::new();
    /// let elsewhere = cancel.clone();
    /// elsewhere.cancel();
    /// assert!(recording.stream().cancel(cancel).collect().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work was asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far the work is.
///
/// ```
#[doc = include_str!("../example.txt")]
/// let mut last: Option<events::Progress> = None;
/// recording.stream().progress(|progress| last = Some(progress.clone())).for_each(|_| Ok(()))?;
/// assert_eq!(last.unwrap().events, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Bytes of the file that are done.
    pub bytes: u64,
    /// Bytes that there are to do.
    pub total_bytes: u64,
    /// Events decoded.
    pub events: u64,
    /// Since the start.
    pub elapsed: Duration,
    /// Events per second.
    pub rate: f64,
    /// What is left, by the rate so far; `None` before there is one.
    pub eta: Option<Duration>,
}

impl Progress {
    /// Part done, 0 to 1.
    ///
    /// ```
    #[doc = include_str!("../example.txt")]
    /// let mut last = 0.0;
    /// recording.stream().progress(|progress| last = progress.fraction()).for_each(|_| Ok(()))?;
    /// assert_eq!(last, 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fraction(&self) -> f64 {
        if self.total_bytes == 0 { 1.0 } else { self.bytes as f64 / self.total_bytes as f64 }
    }
}

pub(crate) type OnProgress<'r> = Box<dyn FnMut(&Progress) + Send + 'r>;

/// Calls back now and then.
pub(crate) struct Meter<'r> {
    call: Option<OnProgress<'r>>,
    start: Instant,
    last: Duration,
}

impl<'r> Meter<'r> {
    pub(crate) fn new(call: Option<OnProgress<'r>>) -> Self {
        Self { call, start: Instant::now(), last: Duration::ZERO }
    }

    /// `bytes`: done, and to do; asked for only when there is a listener.
    pub(crate) fn tick(&mut self, at_end: bool, events: u64, bytes: impl FnOnce() -> (u64, u64)) {
        let Some(call) = &mut self.call else { return };
        let elapsed = self.start.elapsed();
        if !at_end && elapsed - self.last < Duration::from_millis(100) {
            return;
        }
        self.last = elapsed;
        let (bytes, total_bytes) = bytes();
        let seconds = elapsed.as_secs_f64().max(1e-9);
        let left = (bytes > 0).then(|| seconds * (total_bytes - bytes) as f64 / bytes as f64);
        call(&Progress {
            bytes,
            total_bytes,
            events,
            elapsed,
            rate: events as f64 / seconds,
            eta: left.and_then(|left| Duration::try_from_secs_f64(left).ok()),
        });
    }
}
