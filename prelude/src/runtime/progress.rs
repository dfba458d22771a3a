//! Telling how far a cell is: as one display that is updated, at most ten times a second.
//!
//! A thread of its own draws, so that a bar comes in time and moves on however long a single step of the work takes.

use super::cell::checkpoint;
use super::link;
use super::threads;
use port::{Bundle, ToKernel};
use segment::lock;
use segment::work;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

const BETWEEN_UPDATES: Duration = Duration::from_millis(100);
/// Work that ends sooner than this is not worth a bar.
const PATIENCE: Duration = Duration::from_millis(300);
/// How often is looked whether a bar is due.
const LOOK: Duration = Duration::from_millis(20);

/// An iterator that shows how far it is. Made by [`progress`].
pub struct Progress<I> {
    inner: I,
    key: Key,
    done: Arc<AtomicU64>,
    /// What is to be told, until the loop begins.
    waiting: Option<work::Progress>,
}

/// Goes through `items` and shows how far it is; a loop over it can be interrupted.
///
/// ```
/// let mut sum = 0;
/// for number in recoil::progress(0..1_000, "adding") {
///     sum += number;
/// }
/// assert_eq!(sum, 499_500);
/// ```
pub fn progress<I: IntoIterator>(items: I, label: impl Into<String>) -> Progress<I::IntoIter> {
    let inner = items.into_iter();
    let (low, high) = inner.size_hint();
    let total = high.filter(|high| *high == low).map(|total| total as u64);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let key = Key::Loop(NEXT.fetch_add(1, Ordering::Relaxed));
    let label = Arc::from(label.into());
    let waiting = Some(work::Progress { label, total, unit: "items", ..work::Progress::default() });
    Progress { inner, key, done: Arc::default(), waiting }
}

/// `items.progress("label")`, the same as [`progress`].
///
/// ```
/// use recoil::ProgressExt;
/// assert_eq!((0..1_000).progress("counting").count(), 1_000);
/// ```
pub trait ProgressExt: Iterator + Sized {
    /// Goes through the items and shows how far it is.
    fn progress(self, label: impl Into<String>) -> Progress<Self> {
        progress(self, label)
    }
}
impl<I: Iterator> ProgressExt for I {}

impl<I: Iterator> Iterator for Progress<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        checkpoint();
        if let Some(state) = self.waiting.take() {
            Bars::begin(self.key, Bar { counted: Some(self.done.clone()), ..Bar::new(state) });
        }
        let item = self.inner.next();
        match item {
            Some(_) => drop(self.done.fetch_add(1, Ordering::Relaxed)),
            None => Bars::end(self.key),
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<I> Drop for Progress<I> {
    fn drop(&mut self) {
        Bars::end(self.key);
    }
}

/// Which work a bar is of: a loop of the user's, or what a room of the prelude reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Loop(u64),
    Task(u64),
}

/// One piece of work, which has a bar on the screen when it takes long.
struct Bar {
    start: Instant,
    state: work::Progress,
    /// Where a loop counts.
    counted: Option<Arc<AtomicU64>>,
    /// The display and when it was drawn last.
    shown: Option<(String, Instant)>,
}

impl Bar {
    fn new(state: work::Progress) -> Self {
        Self { start: Instant::now(), state, counted: None, shown: None }
    }

    fn is_due(&self) -> bool {
        match &self.shown {
            None => self.start.elapsed() >= PATIENCE,
            Some((_, last)) => last.elapsed() >= BETWEEN_UPDATES,
        }
    }

    /// Does not wait until the kernel has handled it and does not touch standard output: the cell may hold either.
    fn draw(&mut self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (bundle, token, now) = (self.bundle(), threads::running(), Instant::now());
        if let Some((id, last)) = &mut self.shown {
            *last = now;
            return link::send(&ToKernel::Update { token, bundle, id: id.clone() });
        }
        // The process id keeps ids of a restarted worker apart, which may update displays of the same notebook.
        let id = format!("recoil-progress-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        link::send(&ToKernel::Display { token, bundle, id: Some(id.clone()) });
        self.shown = Some((id, now));
    }

    fn bundle(&mut self) -> Bundle {
        if let Some(counted) = &self.counted {
            self.state.done = counted.load(Ordering::Relaxed);
        }
        self.state.seconds = self.start.elapsed().as_secs_f64();
        show::progress(&self.state, memory())
    }
}

/// Bytes of memory in use by this process, and how many the machine has.
fn memory() -> Option<(u64, u64)> {
    let kilobytes = |file: &str, key: &str| -> Option<u64> {
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let (used, all) = (kilobytes("/proc/self/status", "VmRSS:")?, kilobytes("/proc/meminfo", "MemTotal:")?);
    Some((used * 1024, all * 1024))
}

/// All work that goes on.
struct Bars {
    bars: Mutex<BTreeMap<Key, Bar>>,
    begun: Condvar,
}

static BARS: Bars = Bars { bars: Mutex::new(BTreeMap::new()), begun: Condvar::new() };

impl Bars {
    fn begin(key: Key, bar: Bar) {
        static ONCE: Once = Once::new();
        lock(&BARS.bars).insert(key, bar);
        ONCE.call_once(|| {
            // Without the thread nothing is shown, and all work goes on.
            let _ = std::thread::Builder::new().name("recoil-progress".into()).spawn(Self::draw);
        });
        BARS.begun.notify_one();
    }

    /// The last state stays on the screen; work that was over before its first drawing shows nothing.
    fn end(key: Key) {
        let bar = lock(&BARS.bars).remove(&key);
        if let Some(mut bar) = bar.filter(|bar| bar.shown.is_some()) {
            bar.state.finished = true;
            bar.draw();
        }
    }

    fn draw() {
        loop {
            let mut bars = lock(&BARS.bars);
            while bars.is_empty() {
                bars = BARS.begun.wait(bars).unwrap_or_else(PoisonError::into_inner);
            }
            bars.values_mut().filter(|bar| bar.is_due()).for_each(Bar::draw);
            drop(bars);
            std::thread::sleep(LOOK);
        }
    }
}

/// Hears what rooms of the prelude report.
struct Listener;

impl work::Listener for Listener {
    fn progress(&self, progress: &work::Progress) {
        let key = Key::Task(progress.id);
        let known = match lock(&BARS.bars).get_mut(&key) {
            Some(bar) => {
                bar.state.clone_from(progress);
                bar.state.finished = false;
                true
            }
            None => false,
        };
        match (known, progress.finished) {
            (true, true) => Bars::end(key),
            (false, false) => Bars::begin(key, Bar::new(progress.clone())),
            _ => {}
        }
    }
}

/// From now on, shows what rooms of the prelude report.
pub(crate) fn listen() {
    work::listen(Some(Arc::new(Listener)));
}
