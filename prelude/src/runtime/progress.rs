//! Telling how far a cell is: as one display that is updated, at most ten times a second.

use super::cell::checkpoint;
use super::link::{self, lock};
use super::show::sent;
use port::Bundle;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const BETWEEN_UPDATES: Duration = Duration::from_millis(100);
/// Work that ends sooner than this is not worth a bar.
const PATIENCE: Duration = Duration::from_millis(400);

/// An iterator that shows how far it is. Made by [`progress`].
pub struct Progress<I> {
    inner: I,
    bar: Bar,
}

/// Goes through `items` and shows how far it is; a loop over it can be interrupted.
pub fn progress<I: IntoIterator>(items: I, label: impl Into<String>) -> Progress<I::IntoIter> {
    let inner = items.into_iter();
    let (low, high) = inner.size_hint();
    let total = high.filter(|high| *high == low).map(|total| total as u64);
    Progress { inner, bar: Bar::new(label.into(), total) }
}

/// `items.progress("label")`, the same as [`progress`].
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
        let item = self.inner.next();
        match item {
            Some(_) => self.bar.step(),
            None => self.bar.end(),
        }
        item
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

/// One bar on the screen.
struct Bar {
    id: String,
    label: String,
    unit: &'static str,
    bytes: u64,
    done: u64,
    total: Option<u64>,
    start: Instant,
    shown: Option<Instant>,
    ended: bool,
}

impl Bar {
    fn new(label: String, total: Option<u64>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // The process id keeps ids of a restarted worker apart, which may update displays of the same notebook.
        let id = format!("recoil-progress-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { id, label, unit: "items", bytes: 0, done: 0, total, start: Instant::now(), shown: None, ended: false }
    }

    fn step(&mut self) {
        self.done += 1;
        self.draw_sometimes();
    }

    fn draw_sometimes(&mut self) {
        let due = match self.shown {
            None => self.start.elapsed() >= BETWEEN_UPDATES,
            Some(shown) => shown.elapsed() >= BETWEEN_UPDATES,
        };
        if due {
            self.draw();
        }
    }

    /// The last state stays on the screen; a loop that was over before its first drawing shows nothing.
    fn end(&mut self) {
        if !self.ended && self.shown.is_some() {
            self.ended = true;
            self.draw();
        }
        self.ended = true;
    }

    fn draw(&mut self) {
        let bundle = self.bundle();
        match self.shown.replace(Instant::now()) {
            None => link::show(bundle, Some(self.id.clone())),
            Some(_) => link::update(bundle, self.id.clone()),
        }
    }

    fn bundle(&self) -> Bundle {
        let progress = segment::work::Progress {
            id: 0,
            label: self.label.as_str().into(),
            done: self.done,
            total: self.total,
            unit: self.unit,
            bytes: self.bytes,
            seconds: self.start.elapsed().as_secs_f64(),
            finished: self.ended,
        };
        sent(show::progress(&progress, None))
    }
}

impl<I> Drop for Progress<I> {
    fn drop(&mut self) {
        self.bar.end();
    }
}

/// Draws the progress that rooms of the prelude report.
struct Listener(Mutex<HashMap<u64, Bar>>);

impl segment::work::Listener for Listener {
    fn progress(&self, progress: &segment::work::Progress) {
        let mut bars = lock(&self.0);
        if progress.finished {
            if let Some(mut bar) = bars.remove(&progress.id) {
                (bar.done, bar.bytes) = (progress.done, progress.bytes);
                bar.end();
            }
            return;
        }
        if Duration::from_secs_f64(progress.seconds.max(0.0)) < PATIENCE {
            return;
        }
        let bar = bars.entry(progress.id).or_insert_with(|| {
            let mut bar = Bar::new(progress.label.to_string(), progress.total);
            bar.unit = progress.unit;
            bar.start = Instant::now().checked_sub(Duration::from_secs_f64(progress.seconds)).unwrap_or(bar.start);
            bar
        });
        (bar.done, bar.bytes) = (progress.done, progress.bytes);
        bar.draw_sometimes();
    }
}

/// From now on, shows what rooms of the prelude report.
pub(crate) fn listen() {
    segment::work::listen(Some(Arc::new(Listener(Mutex::default()))));
}
