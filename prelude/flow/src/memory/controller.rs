//! What is kept, where, and why; as a table.

use super::Cache;
use crate::Options;
use std::fmt;

/// What is done with columns of an estimated size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// All columns are read first and kept.
    Keep,
    /// Segments pass by, and are kept as far as the cache has room.
    StreamAndCache,
    /// Segments pass by and are not kept.
    Stream,
    /// What does not fit goes to the spill disk, compressed.
    Spill,
}

/// A line of the controller's table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is about.
    pub what: String,
    /// Its estimated bytes.
    pub bytes: u64,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub why: String,
}

/// Decides what is kept in memory, and remembers why.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MaterializationController {
    entries: Vec<Entry>,
}

impl MaterializationController {
    /// Decides for something of `bytes` decoded bytes while this part of the machine's memory is in use.
    pub fn decide(
        &mut self,
        what: impl Into<String>,
        bytes: u64,
        options: &Options,
        pressure: f64,
    ) -> (Decision, String) {
        let (decision, why) = choose(bytes, options, pressure);
        self.note(what, bytes, decision, why.clone());
        (decision, why)
    }

    /// Remembers what was decided elsewhere.
    pub fn note(&mut self, what: impl Into<String>, bytes: u64, decision: Decision, why: impl Into<String>) {
        self.entries.push(Entry { what: what.into(), bytes, decision, why: why.into() });
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// The table.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

fn choose(bytes: u64, options: &Options, pressure: f64) -> (Decision, String) {
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    if pressure > 0.8 {
        return (Decision::Stream, format!("{:.0} % of the machine's memory is in use", pressure * 100.0));
    }
    if bytes > options.memory_budget {
        let why = format!("{} are more than the budget of {}", mb(bytes), mb(options.memory_budget));
        return (Decision::Stream, why);
    }
    if bytes > options.streaming_threshold {
        let why = format!("{} are more than the streaming threshold of {}", mb(bytes), mb(options.streaming_threshold));
        return (Decision::StreamAndCache, why);
    }
    (Decision::Keep, format!("{} fit into the budget of {}", mb(bytes), mb(options.memory_budget)))
}

impl fmt::Display for MaterializationController {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<32} {:>12}  {:<16} why", "what", "MB", "decision")?;
        for entry in &self.entries {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_budget_and_pressure_decide() {
        let options = Options::default().memory_budget_gb(1.0);
        assert_eq!(choose(100_000_000, &options, 0.1).0, Decision::Keep);
        assert_eq!(choose(700_000_000, &options, 0.1).0, Decision::StreamAndCache);
        assert_eq!(choose(2_000_000_000, &options, 0.1).0, Decision::Stream);
        let (decision, why) = choose(1, &options, 0.9);
        assert_eq!(decision, Decision::Stream);
        assert!(why.contains("90 %"));
    }
}
