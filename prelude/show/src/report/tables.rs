//! A report as tables and a timeline.

use super::{CacheStats, Report};
use crate::bundle::{Bundle, Display};
use crate::plot;
use crate::table::{Cell, Table};
use crate::text::{bytes, count, percent, seconds, thousands};

/// Rows of operations, segments and reasons that are listed; the rest is counted.
const LISTED: usize = 40;

impl Report {
    fn summary(&self) -> Table {
        let mut table = Table::new([""; 2]).row_heads();
        let mut line = |name: &str, value: String| table.push([Cell::text(name), Cell::text(value)]);
        let rate = count(self.rows_per_second());
        line("time", format!("{} with {} threads, {} passes", seconds(self.seconds), self.threads, self.passes));
        line("rows", format!("{} in, {} out, {rate} rows/s", thousands(self.rows_in), thousands(self.rows_out)));
        let skipped: u64 = self.skipped.iter().map(|skipped| skipped.bytes).sum();
        line("bytes", format!("{} read, {} not needed", bytes(self.bytes_read), bytes(skipped)));
        line("segments", format!("{} read, {} skipped", self.segments, self.skipped.len()));
        if !self.columns.is_empty() {
            line(
                "columns",
                format!("{}: {}", self.columns.len(), crate::text::one_line(&self.columns.join(", "), 100)),
            );
        }
        if self.cache_stats.hits + self.cache_stats.misses > 0 {
            let CacheStats { hits, misses, hit_rate, .. } = self.cache_stats;
            line(
                "cache",
                format!("{} of {} requests ({})", thousands(hits), thousands(hits + misses), percent(hit_rate)),
            );
        }
        let memory = &self.memory_stats;
        if memory.budget > 0 {
            let share = percent(memory.peak as f64 / memory.budget as f64);
            line("memory", format!("{} at most of {} ({share})", bytes(memory.peak), bytes(memory.budget)));
        }
        table.caption(&self.title)
    }

    fn operations_table(&self) -> Option<Table> {
        let all: f64 = self.operations.iter().map(|operation| operation.total).sum();
        let names = ["operation", "what", "runs", "total", "mean", "rows in", "rows out", "share of time"];
        let mut table = Table::new(names).row_heads().caption("operations");
        for operation in self.operations.iter().take(LISTED) {
            let share = if all > 0.0 { operation.total / all } else { f64::NAN };
            table.push([
                Cell::text(&operation.name),
                Cell::text(crate::text::one_line(&operation.detail, 60)),
                Cell::count(operation.runs),
                Cell::Number(seconds(operation.total)),
                Cell::Number(seconds(operation.mean)),
                Cell::count(operation.rows_in),
                Cell::count(operation.rows_out),
                Cell::share(share),
            ]);
        }
        rest(table, self.operations.len(), "operations")
    }

    fn skipped_table(&self) -> Option<Table> {
        let mut table = Table::new(["segment", "why", "rows", "bytes"]).row_heads().caption("skipped without reading");
        for skipped in self.skipped.iter().take(LISTED) {
            let size = Cell::Number(bytes(skipped.bytes));
            table.push([Cell::text(&skipped.place), Cell::text(&skipped.reason), Cell::count(skipped.rows), size]);
        }
        rest(table, self.skipped.len(), "segments")
    }

    fn tiers_table(&self) -> Option<Table> {
        let names = ["tier", "hits", "misses", "holds", "may hold", "thrown out"];
        let mut table = Table::new(names).row_heads().caption("cache");
        for tier in &self.cache_stats.tiers {
            let sizes = [tier.bytes, tier.budget].map(|size| Cell::Number(bytes(size)));
            let [holds, may] = sizes;
            let counts = [tier.hits, tier.misses].map(Cell::count);
            let [hits, misses] = counts;
            table.push([Cell::text(&tier.name), hits, misses, holds, may, Cell::count(tier.evictions)]);
        }
        rest(table, self.cache_stats.tiers.len(), "tiers")
    }

    fn spans_table(&self) -> Option<Table> {
        let names = ["segment", "operation", "thread", "from", "for", "rows"];
        let mut table = Table::new(names).row_heads().caption("segments");
        for span in self.spans.iter().take(LISTED) {
            table.push([
                Cell::text(&span.place),
                Cell::text(&span.operation),
                Cell::count(span.thread as u64),
                Cell::Number(seconds(span.start)),
                Cell::Number(seconds(span.seconds)),
                Cell::count(span.rows),
            ]);
        }
        rest(table, self.spans.len(), "spans")
    }

    /// How busy each thread was.
    fn threads_line(&self) -> Option<String> {
        let threads = self.spans.iter().map(|span| span.thread + 1).max()?;
        let mut busy = vec![0.0; threads];
        self.spans.iter().for_each(|span| busy[span.thread] += span.seconds);
        let share = |busy: f64| if self.seconds > 0.0 { percent((busy / self.seconds).min(1.0)) } else { "-".into() };
        let shares = busy.iter().enumerate().map(|(at, busy)| format!("thread {at} {}", share(*busy)));
        Some(format!("busy: {}", shares.collect::<Vec<_>>().join(", ")))
    }

    fn tables(&self) -> impl Iterator<Item = Table> {
        let summary = self.notes.iter().fold(self.summary(), |table, note| table.note(format!("note: {note}")));
        let tables = [Some(summary), self.operations_table(), self.skipped_table(), self.tiers_table()];
        tables.into_iter().flatten()
    }
}

/// The table, with the number of lines left out; nothing when it has no lines.
fn rest(table: Table, all: usize, what: &str) -> Option<Table> {
    match all {
        0 => None,
        all if all > LISTED => Some(table.gap(format!("{} more {what}", thousands((all - LISTED) as u64)))),
        _ => Some(table),
    }
}

impl Display for Report {
    fn bundle(&self) -> Bundle {
        let mut words: Vec<String> = self.tables().map(|table| table.to_text()).collect();
        words.extend(self.threads_line());
        let mut html: String = self.tables().map(|table| table.to_html()).collect();
        if !self.spans.is_empty() {
            html += &plot::timeline(&self.spans, self.seconds);
        }
        if let Some(spans) = self.spans_table() {
            html += &format!("<details><summary>segments</summary>{}</details>", spans.to_html());
        }
        Bundle::text(words.join("\n\n")).html(format!("<div>{html}</div>")).measured()
    }
}
