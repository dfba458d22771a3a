//! What a piece of work did and how long it took: filled by those who do work, shown here.
//!
//! Fields are public so that code can read them: `report["query"].mean`, `report.cache_stats.hit_rate`,
//! `report.memory_stats.efficiency`.

mod tables;

use std::ops::Index;

/// What a piece of work did.
///
/// ```
/// # use show::report::{Operation, Report};
/// # let query = Operation { name: "query".to_string(), rows_in: 100, ..Operation::default() };
/// # let report = Report { operations: vec![query], rows_in: 100, seconds: 2.0, ..Report::default() };
/// assert_eq!((report["query"].rows_in, report.rows_per_second()), (100, 50.0));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What the work was: `hist mu1P`, `session`.
    pub title: String,
    /// By kind of operation, in the order in which they came.
    pub operations: Vec<Operation>,
    /// One for each piece of work on a segment, for the timeline.
    pub spans: Vec<Span>,
    /// What was not read, and why.
    pub skipped: Vec<Skipped>,
    /// Columns that were read.
    pub columns: Vec<String>,
    /// Rows that came from the sources.
    pub rows_in: u64,
    /// Rows that were left at the end.
    pub rows_out: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Segments read.
    pub segments: u64,
    /// How often the rows were passed over.
    pub passes: u64,
    /// Threads that worked.
    pub threads: usize,
    /// Seconds from start to end.
    pub seconds: f64,
    /// How often something was already there.
    pub cache_stats: CacheStats,
    /// Memory against its budget.
    pub memory_stats: MemoryStats,
    /// Things the user should know: fallbacks, cuts that removed nothing.
    pub notes: Vec<String>,
}

/// One kind of operation: `read`, `query`, `define`, `hist`.
///
/// ```
/// # use show::report::{Operation, Report};
/// # let query = Operation { name: "query".to_string(), rows_in: 100, ..Operation::default() };
/// # let report = Report { operations: vec![query], rows_in: 100, seconds: 2.0, ..Report::default() };
/// let query: &Operation = &report["query"];
/// assert_eq!((query.name.as_str(), query.rows_in), ("query", 100));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What exactly: the text of a cut, the column of a histogram.
    pub detail: String,
    /// How often it ran.
    pub runs: u64,
    /// Seconds in all, summed over threads.
    pub total: f64,
    /// Seconds per run.
    pub mean: f64,
    /// Rows that entered.
    pub rows_in: u64,
    /// Rows that left.
    pub rows_out: u64,
}

/// Work on one segment.
///
/// ```
/// use show::report::Span;
/// let span = Span {
///     operation: "read".to_string(), place: "a.parquet".to_string(), thread: 0, start: 0.0, seconds: 0.5, rows: 10,
/// };
/// assert_eq!(span.rows as f64 / span.seconds, 20.0);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span {
    /// The operation's name.
    pub operation: String,
    /// Which segment: `muons.parquet, row group 3`.
    pub place: String,
    /// The thread, from 0.
    pub thread: usize,
    /// Seconds after the start of the work.
    pub start: f64,
    /// Seconds it took.
    pub seconds: f64,
    /// Rows it worked on.
    pub rows: u64,
}

/// A segment that was not read.
///
/// ```
/// use show::report::{Report, Skipped};
/// let one = Skipped { place: "row group 3".to_string(), reason: "pRecoil < 2".to_string(), rows: 10, bytes: 80 };
/// let report = Report { skipped: vec![one], ..Report::default() };
/// assert_eq!(report.skipped[0].rows, 10);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Skipped {
    /// Which.
    pub place: String,
    /// Why: `pRecoil <= 1.8 here`.
    pub reason: String,
    /// Its rows.
    pub rows: u64,
    /// Bytes not read.
    pub bytes: u64,
}

/// How often something was already there.
///
/// ```
/// assert_eq!(show::report::CacheStats { hits: 3, misses: 1, ..Default::default() }.hits, 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CacheStats {
    /// Hits over requests, of all tiers; NaN when nothing was asked for.
    pub hit_rate: f64,
    /// Requests answered.
    pub hits: u64,
    /// Requests not answered.
    pub misses: u64,
    /// By tier.
    pub tiers: Vec<Tier>,
}

/// One tier of a cache.
///
/// ```
/// let tier = show::report::Tier { name: "memory".to_string(), hits: 3, misses: 1, ..Default::default() };
/// assert_eq!(tier.hits + tier.misses, 4);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tier {
    /// Its name: `L2 columns`.
    pub name: String,
    /// Requests it answered.
    pub hits: u64,
    /// Requests it did not answer.
    pub misses: u64,
    /// Bytes it holds.
    pub bytes: u64,
    /// Bytes it may hold.
    pub budget: u64,
    /// Entries thrown out to make room.
    pub evictions: u64,
}

/// Memory against its budget.
///
/// ```
/// let memory = show::report::MemoryStats::of(25, 10, 100);
/// assert_eq!((memory.peak, memory.used, memory.budget), (25, 10, 100));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryStats {
    /// The most bytes held at one time.
    pub peak: u64,
    /// Bytes held at the end.
    pub used: u64,
    /// Bytes that may be held.
    pub budget: u64,
    /// Share of the budget that was left at the peak, between 0 and 1.
    pub efficiency: f64,
}

impl CacheStats {
    /// The sums over tiers.
    ///
    /// ```
    /// use show::report::{CacheStats, Tier};
    /// let memory = Tier { name: "memory".to_string(), hits: 3, misses: 1, ..Tier::default() };
    /// assert_eq!(CacheStats::of(vec![memory]).hit_rate, 0.75);
    /// ```
    pub fn of(tiers: Vec<Tier>) -> Self {
        let (hits, misses) = tiers.iter().fold((0, 0), |(hits, misses), tier| (hits + tier.hits, misses + tier.misses));
        Self { hit_rate: hits as f64 / (hits + misses) as f64, hits, misses, tiers }
    }
}

impl MemoryStats {
    /// Peak and present use of a budget.
    ///
    /// ```
    /// assert_eq!(show::report::MemoryStats::of(25, 10, 100).efficiency, 0.75);
    /// ```
    pub fn of(peak: u64, used: u64, budget: u64) -> Self {
        let efficiency = if budget == 0 { f64::NAN } else { (1.0 - peak as f64 / budget as f64).max(0.0) };
        Self { peak, used, budget, efficiency }
    }
}

impl Report {
    /// The operation of this name.
    ///
    /// ```
    /// # use show::report::{Operation, Report};
    /// # let query = Operation { name: "query".to_string(), rows_in: 100, ..Operation::default() };
    /// # let report = Report { operations: vec![query], rows_in: 100, seconds: 2.0, ..Report::default() };
    /// assert!(report.get("query").is_some() && report.get("hist").is_none());
    /// ```
    pub fn get(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// Names and operations, in order.
    ///
    /// ```
    /// # use show::report::{Operation, Report};
    /// # let query = Operation { name: "query".to_string(), rows_in: 100, ..Operation::default() };
    /// # let report = Report { operations: vec![query], rows_in: 100, seconds: 2.0, ..Report::default() };
    /// let names: Vec<&str> = report.items().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["query"]);
    /// ```
    pub fn items(&self) -> impl Iterator<Item = (&str, &Operation)> {
        self.operations.iter().map(|operation| (operation.name.as_str(), operation))
    }

    /// Rows per second, from start to end.
    ///
    /// ```
    /// # use show::report::{Operation, Report};
    /// # let query = Operation { name: "query".to_string(), rows_in: 100, ..Operation::default() };
    /// # let report = Report { operations: vec![query], rows_in: 100, seconds: 2.0, ..Report::default() };
    /// assert_eq!(report.rows_per_second(), 50.0);
    /// ```
    pub fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.rows_in as f64 / self.seconds } else { 0.0 }
    }
}

impl Index<&str> for Report {
    type Output = Operation;

    /// The operation of this name.
    ///
    /// # Panics
    /// When there is none; the message lists those there are. [`Report::get`] does not panic.
    fn index(&self, name: &str) -> &Operation {
        let known = || self.operations.iter().map(|operation| operation.name.as_str()).collect::<Vec<_>>().join(", ");
        self.get(name).unwrap_or_else(|| panic!("no operation `{name}` in this report; there are: {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Display;

    fn sample() -> Report {
        let operation = |name: &str, detail: &str, total: f64, rows_out| Operation {
            name: name.into(),
            detail: detail.into(),
            runs: 8,
            total,
            mean: total / 8.0,
            rows_in: 1_000_000,
            rows_out,
        };
        let span = |at: usize, operation: &str, start: f64, seconds: f64| Span {
            operation: operation.into(),
            place: format!("mumu.parquet, row group {at}"),
            thread: at % 2,
            start,
            seconds,
            rows: 125_000,
        };
        let spans = (0..8).flat_map(|at| {
            let start = (at / 2) as f64 * 0.02;
            [
                span(at, "read", start, 0.012),
                span(at, "query", start + 0.012, 0.005),
                span(at, "hist", start + 0.017, 0.002),
            ]
        });
        let tier = |name: &str, hits, misses| Tier {
            name: name.into(),
            hits,
            misses,
            bytes: 48_000_000,
            budget: 256_000_000,
            evictions: 1,
        };
        Report {
            title: "hist mu1P".into(),
            operations: vec![
                operation("read", "2 columns", 0.096, 1_000_000),
                operation("query", "pRecoil > 2.0 & mu1P < 5", 0.04, 612_345),
                operation("hist", "mu1P", 0.016, 612_345),
            ],
            spans: spans.collect(),
            skipped: vec![Skipped {
                place: "ee.parquet, row group 0".into(),
                reason: "pRecoil <= 1.8 <here>".into(),
                rows: 5000,
                bytes: 80_000,
            }],
            columns: vec!["pRecoil".into(), "mu1P".into()],
            rows_in: 1_000_000,
            rows_out: 612_345,
            bytes_read: 16_000_000,
            segments: 8,
            passes: 1,
            threads: 2,
            seconds: 0.081,
            cache_stats: CacheStats::of(vec![tier("L1 results", 0, 1), tier("L2 columns", 6, 10)]),
            memory_stats: MemoryStats::of(64_000_000, 16_000_000, 256_000_000),
            notes: vec!["mu1P < 5 removed no rows".into()],
        }
    }

    #[test]
    fn a_report_in_words() {
        insta::assert_snapshot!(sample().bundle().plain());
    }

    #[test]
    fn a_report_in_html_has_a_timeline_and_escapes() {
        let bundle = sample().bundle();
        let html = bundle.get("text/html").unwrap();
        assert!(html.contains("&lt;here&gt;") && html.contains("alt=\"timeline") && html.contains("1 skipped"));
        assert!(resvg::usvg::roxmltree::Document::parse(html).is_ok());
    }

    #[test]
    fn fields_are_read_as_in_the_documents() {
        let report = sample();
        assert!((report["query"].mean - 0.005).abs() < 1e-12);
        assert!((report.cache_stats.hit_rate - 6.0 / 17.0).abs() < 1e-12);
        assert!((report.memory_stats.efficiency - 0.75).abs() < 1e-12);
        assert_eq!(report.items().map(|(name, _)| name).collect::<Vec<_>>(), ["read", "query", "hist"]);
        assert!(report.get("join").is_none());
    }

    #[test]
    fn an_empty_report_displays() {
        assert!(Report::default().bundle().plain().contains("0 in, 0 out"));
    }
}
