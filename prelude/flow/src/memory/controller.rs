//! What is kept, where, and why; as a table.

use crate::memory::cache::Cache;
use crate::report::decisions::{Decision, MaterializationController};
use std::fmt;

impl fmt::Display for MaterializationController {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<32} {:>12}  {:<16} why", "what", "MB", "decision")?;
        for entry in self.entries() {
            let decision = match entry.decision {
                Decision::Keep => "keep",
                Decision::StreamAndCache => "stream and cache",
                Decision::Stream => "stream",
                Decision::Spill => "spill",
            };
            let mb = entry.bytes as f64 / 1e6;
            writeln!(out, "{:<32} {mb:>12.1}  {decision:<16} {}", entry.what, entry.why)?;
        }
        let cache = Cache::shared().statistics();
        let (mb, budget) = (cache.bytes as f64 / 1e6, cache.budget as f64 / 1e6);
        let line = |out: &mut fmt::Formatter<'_>, what: &str, mb: f64, columns: usize, budget: f64| {
            write!(out, "{what:<32} {mb:>12.1}  {:<16} of {budget:.1} MB allowed", format!("{columns} columns"))
        };
        line(out, "decoded columns", mb, cache.entries, budget)?;
        if cache.spilled > 0 {
            writeln!(out)?;
            let (mb, budget) = (cache.disk_bytes as f64 / 1e6, cache.disk_budget as f64 / 1e6);
            line(out, "decoded columns on disk", mb, cache.spilled, budget)?;
        }
        Ok(())
    }
}
