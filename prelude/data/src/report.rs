//! What runs cost: fields for code, a table for eyes.

use crate::settings::Settings;
use show::{Bundle, Cell, Display, Table};
use std::collections::BTreeMap;
use std::ops::Index;

/// What one or several runs did.
///
/// Operations are found by what the user called them: `report["query"].mean`, and in order by
/// [`operations`](Report::operations).
#[derive(Debug, Clone)]
pub struct Report {
    total: flow::Report,
    runs: u64,
    operations: BTreeMap<String, Metrics>,
    warnings: Vec<String>,
    target: Option<f64>,
    /// How the cache of decoded columns did.
    pub cache_stats: CacheStats,
    /// How memory was used.
    pub memory_stats: MemoryStats,
}

/// Times of one kind of operation. Seconds are summed over workers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics {
    /// How often it ran.
    pub count: u64,
    /// Seconds in all.
    pub total: f64,
    /// Seconds per run; NaN when it never ran.
    pub mean: f64,
    /// Rows that came in.
    pub rows_in: u64,
    /// Rows that went out.
    pub rows_out: u64,
}

/// How the cache of decoded columns did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CacheStats {
    /// The fraction of column parts that were found decoded; 0 when none was asked for.
    pub hit_rate: f64,
    /// Found in memory.
    pub memory_hits: u64,
    /// Found on the spill disk.
    pub disk_hits: u64,
    /// Not found, and decoded.
    pub misses: u64,
    /// Bytes held afterwards.
    pub bytes: u64,
}

/// How memory was used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemoryStats {
    /// The fraction of decoded bytes that did not have to be read from files.
    pub efficiency: f64,
    /// The most bytes of segments in work at once.
    pub peak_bytes: u64,
    /// What the engine was allowed to hold.
    pub budget_bytes: u64,
}

static NEVER: Metrics = Metrics { count: 0, total: 0.0, mean: f64::NAN, rows_in: 0, rows_out: 0 };

impl Index<&str> for Report {
    type Output = Metrics;

    /// The times of an operation: `query`, `define`, `oneCandOnly`, `select`, `head`, ...; one that never ran has count 0.
    fn index(&self, operation: &str) -> &Metrics {
        self.operations.get(operation).unwrap_or(&NEVER)
    }
}

impl Report {
    pub(crate) fn new(reports: Vec<flow::Report>, settings: &Settings) -> Self {
        let mut total = flow::Report::default();
        let (mut engine, mut threads) = (String::new(), 0);
        for report in reports {
            engine.clone_from(&report.engine);
            threads = threads.max(report.threads);
            total.rows_out += report.rows_out;
            total.absorb(report);
        }
        total.engine = engine;
        total.threads = threads;
        let mut report = Self::of(total, 1, settings);
        report.warnings = report.lints();
        if settings.profile {
            settings.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(report.clone());
        }
        report
    }

    fn of(total: flow::Report, runs: u64, settings: &Settings) -> Self {
        let mut operations: BTreeMap<String, Metrics> = BTreeMap::new();
        for operation in &total.operations {
            let metrics = operations.entry(kind(&operation.name)).or_default();
            metrics.count += 1;
            metrics.total += operation.seconds;
            metrics.rows_in += operation.rows_in;
            metrics.rows_out += operation.rows_out;
            metrics.mean = metrics.total / metrics.count as f64;
        }
        let cache_stats = CacheStats {
            hit_rate: total.hit_rate().unwrap_or(0.0),
            memory_hits: total.hits_memory,
            disk_hits: total.hits_disk,
            misses: total.misses,
            bytes: total.cache_bytes,
        };
        let memory_stats = MemoryStats {
            efficiency: total.efficiency().unwrap_or(0.0),
            peak_bytes: total.peak_bytes,
            budget_bytes: settings.options().memory_budget,
        };
        let warnings = total.notes.clone();
        Self { total, runs, operations, warnings, target: settings.target_rows_per_second, cache_stats, memory_stats }
    }

    /// All runs that `settings` has logged, as one.
    pub(crate) fn logged(settings: &Settings) -> Self {
        let log = settings.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut total = flow::Report::default();
        for report in log.iter() {
            total.engine.clone_from(&report.total.engine);
            total.threads = total.threads.max(report.total.threads);
            total.rows_out += report.total.rows_out;
            total.absorb(report.total.clone());
        }
        Self::of(total, log.len() as u64, settings)
    }

    /// What is odd: cuts that removed nothing or everything, and what the engine wants to be known.
    fn lints(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, cut::Counts> = BTreeMap::new();
        for operation in &self.total.operations {
            if let Some(text) = operation.name.strip_prefix("filter ") {
                let counts = counts.entry(text).or_default();
                counts.total += operation.rows_in;
                counts.kept += operation.rows_out;
            }
        }
        let lints = counts.into_iter().filter_map(|(text, counts)| cut::lint(text, counts));
        let mut warnings = self.total.notes.clone();
        warnings.extend(lints);
        warnings.dedup();
        warnings
    }

    /// What the user should know: odd cuts, keys that come back, a spill disk that is full.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Everything the engine counted: rows, bytes, columns, segments, passes.
    pub fn totals(&self) -> &flow::Report {
        &self.total
    }

    /// Each kind of operation and its times, by name.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Metrics)> {
        self.operations.iter().map(|(name, metrics)| (name.as_str(), metrics))
    }

    /// Each operation as it ran, in order.
    pub fn operations(&self) -> &[flow::Operation] {
        &self.total.operations
    }

    /// Rows read per second of wall clock.
    pub fn rows_per_second(&self) -> f64 {
        self.total.rows_per_second()
    }
}

/// What the user calls an operation that the plan calls `name`.
fn kind(name: &str) -> String {
    match name.split([' ', ':']).next().unwrap_or_default() {
        "filter" => "query".to_owned(),
        "one" => "oneCandOnly".to_owned(),
        "group" => "group_by".to_owned(),
        word => word.to_owned(),
    }
}

impl Display for Report {
    fn bundle(&self) -> Bundle {
        let total = &self.total;
        let mut operations = Table::new(["operation", "rows in", "rows out", "kept", "seconds (all workers)"]);
        for operation in &total.operations {
            let kept = operation.rows_out as f64 / operation.rows_in.max(1) as f64;
            operations.push([
                Cell::text(&operation.name),
                Cell::count(operation.rows_in),
                Cell::count(operation.rows_out),
                Cell::share(kept),
                Cell::number(operation.seconds),
            ]);
        }
        let mut table = Table::new(["what", "value"]).row_heads().caption(format!(
            "{} run(s): {} rows in {}, {:.1} Mrows/s",
            self.runs,
            show::text::thousands(total.rows_in),
            show::text::seconds(total.seconds),
            self.rows_per_second() / 1e6
        ));
        let mut line = |what: &str, value: String| table.push([Cell::text(what), Cell::text(value)]);
        line("engine", total.engine.clone());
        line("threads", total.threads.to_string());
        line("passes over the data", total.passes.to_string());
        line("rows to the terminal", show::text::thousands(total.rows_out));
        line("columns", format!("{}: {}", total.columns.len(), total.columns.join(", ")));
        line(
            "read",
            format!(
                "{} from files, {} decoded",
                show::text::bytes(total.bytes_read),
                show::text::bytes(total.bytes_decoded)
            ),
        );
        line("segments", format!("{} of {} read", total.segments_read, total.segments_total));
        for (why, count) in &total.skipped {
            line("segments skipped", format!("{count}: {why}"));
        }
        let cache = &self.cache_stats;
        line(
            "cache",
            format!(
                "{} hits ({} in memory, {} on disk, {} decoded), {} held",
                show::text::percent(cache.hit_rate),
                cache.memory_hits,
                cache.disk_hits,
                cache.misses,
                show::text::bytes(cache.bytes)
            ),
        );
        let memory = &self.memory_stats;
        line(
            "memory",
            format!(
                "{} at most in work, of {}",
                show::text::bytes(memory.peak_bytes),
                show::text::bytes(memory.budget_bytes)
            ),
        );
        if let Some(target) = self.target {
            let reached = self.rows_per_second() / target;
            line("target", format!("{:.0} Mrows/s, {} reached", target / 1e6, show::text::percent(reached)));
        }
        for warning in &self.warnings {
            table = table.note(format!("warning: {warning}"));
        }
        table.details("operations", operations).bundle()
    }
}
