//! Storey `report`: what a query did: rows, bytes, columns, segments, time, memory. Counts come in while it runs, a
//! [`Report`] goes out. It knows no clause and no operator.

pub(crate) mod counters;
pub(crate) mod decisions;
pub(crate) mod timeline;

use crate::report::decisions::MaterializationController;
use crate::report::timeline::Span;

/// One step of a query, as it ran.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// What it did.
    pub name: String,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
    /// Seconds, summed over workers.
    pub seconds: f64,
}

/// What a query did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// The engine that ran it, and why if it chose.
    pub engine: String,
    /// Workers.
    pub threads: usize,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Rows of the segments that were read.
    pub rows_in: u64,
    /// Rows of the answer (of what reached the terminal).
    pub rows_out: u64,
    /// Columns that were read.
    pub columns: Vec<String>,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Bytes of decoded columns that went through.
    pub bytes_decoded: u64,
    /// Segments of the source.
    pub segments_total: u64,
    /// Segments of which something was read.
    pub segments_read: u64,
    /// Segments that were not read: why, and how many.
    pub skipped: Vec<(String, u64)>,
    /// Passes over the source.
    pub passes: u64,
    /// The steps.
    pub operations: Vec<Operation>,
    /// Columns found decoded in memory.
    pub hits_memory: u64,
    /// Columns found on the spill disk.
    pub hits_disk: u64,
    /// Columns that had to be decoded although the cache was asked.
    pub misses: u64,
    /// Bytes in the cache of decoded columns afterwards.
    pub cache_bytes: u64,
    /// Bytes that the cache of decoded columns may hold.
    pub cache_budget: u64,
    /// Columns that it has thrown out since the process began.
    pub cache_evictions: u64,
    /// Bytes of decoded columns on the spill disk when the query ended, as they lie there.
    pub disk_bytes: u64,
    /// Bytes they may take there.
    pub disk_budget: u64,
    /// The most bytes of segments in work at once.
    pub peak_bytes: u64,
    /// Units of rows whose selection was known from an earlier query, so that no cut was evaluated.
    pub selections_reused: u64,
    /// Rows that an earlier process had done, so that this one began behind them.
    pub resumed_rows: u64,
    /// Objects of rows, and combinations of them, that were looked at: what they are, and how many.
    pub objects: Vec<(String, u64)>,
    /// What was kept, where, and why.
    pub materialized: MaterializationController,
    /// When each worker did what.
    pub spans: Vec<Span>,
    /// One unit of this many has its spans here; 1 is all of them.
    pub spans_every: u64,
    /// What the user should know.
    pub notes: Vec<String>,
}

impl Report {
    /// The fraction of columns that the cache answered; `None` when it was not asked.
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = self.hits_memory + self.hits_disk;
        let asked = hits + self.misses;
        (asked > 0).then(|| hits as f64 / asked as f64)
    }

    /// Decoded bytes per byte read; how much work the cache and the pruning saved.
    pub fn efficiency(&self) -> Option<f64> {
        (self.bytes_decoded > 0).then(|| 1.0 - self.bytes_read as f64 / self.bytes_decoded.max(self.bytes_read) as f64)
    }

    /// Rows per second.
    pub fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.rows_in as f64 / self.seconds } else { 0.0 }
    }

    /// Adds objects and combinations.
    pub(crate) fn looked_at(&mut self, objects: impl IntoIterator<Item = (String, u64)>) {
        for (what, count) in objects {
            match self.objects.iter_mut().find(|(known, _)| *known == what) {
                Some((_, total)) => *total += count,
                None => self.objects.push((what, count)),
            }
        }
    }

    /// Adds what another query did, as for several passes or sources.
    pub fn absorb(&mut self, other: Self) {
        let before = self.seconds;
        self.seconds += other.seconds;
        self.rows_in += other.rows_in;
        self.bytes_read += other.bytes_read;
        self.bytes_decoded += other.bytes_decoded;
        self.segments_total += other.segments_total;
        self.segments_read += other.segments_read;
        self.passes += other.passes;
        self.hits_memory += other.hits_memory;
        self.hits_disk += other.hits_disk;
        self.misses += other.misses;
        self.cache_bytes = self.cache_bytes.max(other.cache_bytes);
        self.cache_budget = self.cache_budget.max(other.cache_budget);
        self.cache_evictions = self.cache_evictions.max(other.cache_evictions);
        self.disk_bytes = self.disk_bytes.max(other.disk_bytes);
        self.disk_budget = self.disk_budget.max(other.disk_budget);
        self.peak_bytes = self.peak_bytes.max(other.peak_bytes);
        self.selections_reused += other.selections_reused;
        self.resumed_rows += other.resumed_rows;
        self.looked_at(other.objects);
        self.materialized.absorb(other.materialized);
        self.absorb_spans(before, other.spans, other.spans_every);
        self.operations.extend(other.operations);
        self.notes.extend(other.notes);
        for (why, count) in other.skipped {
            match self.skipped.iter_mut().find(|(have, _)| *have == why) {
                Some((_, total)) => *total += count,
                None => self.skipped.push((why, count)),
            }
        }
        for column in other.columns {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        }
    }
}

impl Report {
    /// Adds spans of a query that began `after` seconds; the number stays bounded.
    pub(crate) fn absorb_spans(&mut self, after: f64, more: Vec<Span>, every: u64) {
        let passes = self.spans.iter().map(|span| span.pass + 1).max().unwrap_or(0);
        self.spans.extend(more.into_iter().map(|span| Span {
            pass: span.pass + passes,
            start: span.start + after,
            ..span
        }));
        self.spans_every = self.spans_every.max(every).max(1);
        self.spans.retain(|span| span.unit.is_multiple_of(self.spans_every));
        while self.spans.len() > Span::MOST {
            let before = self.spans.len();
            self.spans_every *= 2;
            self.spans.retain(|span| span.unit.is_multiple_of(self.spans_every));
            if self.spans.len() == before {
                self.spans.truncate(Span::MOST);
            }
        }
    }
}
