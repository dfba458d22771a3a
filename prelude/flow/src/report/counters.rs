//! Counters while a query runs.

use crate::report::{Operation, Report};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters while a query runs.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub rows_in: AtomicU64,
    pub rows_out: AtomicU64,
    pub bytes_read: AtomicU64,
    pub bytes_decoded: AtomicU64,
    pub hits_memory: AtomicU64,
    pub hits_disk: AtomicU64,
    pub misses: AtomicU64,
    pub selections_reused: AtomicU64,
    pub peak: AtomicU64,
    /// Segments that have been read, so that each counts once.
    pub read: Mutex<std::collections::HashSet<usize>>,
    pub steps: Vec<Step>,
    /// Objects and combinations that were looked at.
    pub objects: Mutex<Vec<(String, u64)>>,
}

/// Counters of one step.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub rows_in: AtomicU64,
    pub rows_out: AtomicU64,
    pub nanoseconds: AtomicU64,
}

impl Step {
    pub fn add(&self, rows_in: usize, rows_out: usize, time: std::time::Duration) {
        self.rows_in.fetch_add(rows_in as u64, Ordering::Relaxed);
        self.rows_out.fetch_add(rows_out as u64, Ordering::Relaxed);
        self.nanoseconds.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Counters {
    pub fn new(steps: usize) -> Self {
        Self { steps: (0..steps).map(|_| Step::default()).collect(), ..Self::default() }
    }

    pub fn add(&self, counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    /// Writes the counts into a report.
    pub fn write(&self, report: &mut Report, names: &[String]) {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        report.rows_in += get(&self.rows_in);
        report.rows_out = get(&self.rows_out);
        report.bytes_read += get(&self.bytes_read);
        report.bytes_decoded += get(&self.bytes_decoded);
        report.hits_memory += get(&self.hits_memory);
        report.hits_disk += get(&self.hits_disk);
        report.misses += get(&self.misses);
        report.selections_reused += get(&self.selections_reused);
        report.peak_bytes = report.peak_bytes.max(get(&self.peak));
        report.looked_at(std::mem::take(&mut *self.objects.lock()));
        for (step, name) in self.steps.iter().zip(names) {
            report.operations.push(Operation {
                name: name.clone(),
                rows_in: get(&step.rows_in),
                rows_out: get(&step.rows_out),
                seconds: get(&step.nanoseconds) as f64 * 1e-9,
            });
        }
    }
}
