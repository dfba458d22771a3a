//! When each worker did what: a bounded number of spans, to draw a timeline of.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a worker did for a while.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The pass over the rows, counted from 0 within a query.
    pub pass: u64,
    /// The unit of rows, counted from 0 within its pass.
    pub unit: u64,
    /// The worker, counted from 0: the thread that asked.
    pub worker: usize,
    /// What was done: `read`, the name of a step as in the report's operations, or `answer` for the terminal.
    pub what: Arc<str>,
    /// Seconds from the beginning of the query.
    pub start: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Rows that went in.
    pub rows: u64,
}

impl Span {
    /// Spans that are kept at most; above, units are left out evenly.
    pub(crate) const MOST: usize = 4_096;
}

/// Spans while a query runs.
#[derive(Debug)]
pub(crate) struct Timeline {
    start: Instant,
    pass: AtomicU64,
    /// Only units whose number is a multiple of this are kept.
    every: AtomicU64,
    spans: Mutex<Vec<Span>>,
}

impl Timeline {
    pub fn new(start: Instant) -> Self {
        Self { start, pass: AtomicU64::new(0), every: AtomicU64::new(1), spans: Mutex::new(Vec::new()) }
    }

    /// Begins the next pass.
    pub fn next_pass(&self) {
        self.pass.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether spans of this unit are kept.
    pub fn keeps(&self, unit: u64) -> bool {
        unit.is_multiple_of(self.every.load(Ordering::Relaxed))
    }

    pub fn add(&self, unit: u64, worker: usize, what: &Arc<str>, start: Instant, time: Duration, rows: u64) {
        if !self.keeps(unit) {
            return;
        }
        let mut spans = self.spans.lock();
        // Passes have been counted before their first unit.
        let pass = self.pass.load(Ordering::Relaxed).saturating_sub(1);
        let start = start.duration_since(self.start).as_secs_f64();
        spans.push(Span { pass, unit, worker, what: what.clone(), start, seconds: time.as_secs_f64(), rows });
        while spans.len() > Span::MOST {
            let every = self.every.load(Ordering::Relaxed) * 2;
            self.every.store(every, Ordering::Relaxed);
            let before = spans.len();
            spans.retain(|span| span.unit.is_multiple_of(every));
            if spans.len() == before {
                // One unit alone with so many spans: its last ones go.
                spans.truncate(Span::MOST);
            }
        }
    }

    /// The spans in the order of their beginnings, and of how many units one is among them.
    pub fn finish(&self) -> (Vec<Span>, u64) {
        let mut spans = std::mem::take(&mut *self.spans.lock());
        spans.sort_by(|a, b| a.start.total_cmp(&b.start));
        (spans, self.every.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_bounded_and_left_out_evenly() {
        let timeline = Timeline::new(Instant::now());
        timeline.next_pass();
        let what: Arc<str> = "read".into();
        for unit in 0..100_000 {
            timeline.add(unit, 0, &what, Instant::now(), Duration::from_micros(1), 10);
        }
        let (spans, every) = timeline.finish();
        assert!(spans.len() <= Span::MOST && spans.len() > Span::MOST / 3, "{}", spans.len());
        assert!(spans.iter().all(|span| span.unit.is_multiple_of(every) && span.pass == 0));
        assert!(spans.windows(2).all(|pair| pair[1].unit - pair[0].unit == every), "evenly");
    }
}
