//! Layer 1: the engines. The same query has the same answer in each; they differ in what they keep.

use crate::memory::pressure;
use crate::plan::options::Options;
use crate::report::decisions::{Decision, MaterializationController};

/// How a query is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mode {
    /// Whether all wanted columns are read into the entity store before the first step.
    pub preload: bool,
    /// Whether decoded columns are kept for the next query.
    pub cache: bool,
    /// Rows of a unit.
    pub chunk: usize,
    /// The engine and why, for the report.
    pub why: String,
}

/// Decides how a query is run.
pub trait Engine: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// The way to run a query that reads `what`, of about `bytes` decoded bytes; the controller remembers why.
    fn mode(&self, what: &str, bytes: u64, options: &Options, kept: &mut MaterializationController) -> Mode;
}

/// Reads everything that is wanted, then works on it.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// assert_eq!(Query::new().over(table).engine(flow::InMemory).count()?.0, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct InMemory;

/// Reads and works segment by segment, and keeps nothing.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// assert_eq!(Query::new().over(table).engine(flow::Streaming).count()?.0, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Streaming;

/// Chooses by the estimated bytes, the budget and the machine's memory.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// assert_eq!(Query::new().over(table).engine(flow::Integrated).count()?.0, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Integrated;

impl Engine for InMemory {
    fn name(&self) -> &'static str {
        "in memory"
    }

    fn mode(&self, what: &str, bytes: u64, options: &Options, kept: &mut MaterializationController) -> Mode {
        kept.note(what, bytes, Decision::Keep, "the in-memory engine was asked for");
        Mode { preload: true, cache: false, chunk: options.chunk_size, why: "in memory".into() }
    }
}

impl Engine for Streaming {
    fn name(&self) -> &'static str {
        "streaming"
    }

    fn mode(&self, what: &str, bytes: u64, options: &Options, kept: &mut MaterializationController) -> Mode {
        kept.note(what, bytes, Decision::Stream, "the streaming engine was asked for");
        Mode { preload: false, cache: false, chunk: options.chunk_size, why: "streaming".into() }
    }
}

impl Engine for Integrated {
    fn name(&self) -> &'static str {
        "integrated"
    }

    fn mode(&self, what: &str, bytes: u64, options: &Options, kept: &mut MaterializationController) -> Mode {
        under(pressure(), what, bytes, options, kept)
    }
}

/// What [`Integrated`] does when this part of the machine's memory is in use.
fn under(pressure: f64, what: &str, bytes: u64, options: &Options, kept: &mut MaterializationController) -> Mode {
    let (decision, why) = kept.decide(what, bytes, options, pressure);
    // Under pressure segments are smaller, too.
    let chunk = if pressure > 0.8 { (options.chunk_size / 4).max(1_024) } else { options.chunk_size };
    let cache = options.cache && decision != Decision::Stream;
    let how = match decision {
        Decision::Keep => "streaming with all columns kept",
        Decision::StreamAndCache => "streaming with a cache",
        Decision::Stream | Decision::Spill => "streaming",
    };
    Mode { preload: false, cache, chunk: chunk.min(options.chunk_size), why: format!("{how}: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn under_pressure_segments_are_smaller_and_nothing_is_kept() {
        let options = Options { chunk_size: 100_000, ..Options::default().memory_budget_gb(1.0) };
        let mode = |pressure: f64, bytes: u64| {
            let mut kept = MaterializationController::default();
            let mode = under(pressure, "2 columns", bytes, &options, &mut kept);
            (mode.chunk, mode.cache, mode.preload, kept.entries()[0].decision, mode.why)
        };
        let (chunk, cache, preload, decision, _) = mode(0.5, 1_000_000);
        assert_eq!((chunk, cache, preload, decision), (100_000, true, false, Decision::Keep));
        let (chunk, cache, preload, decision, why) = mode(0.85, 1_000_000);
        assert_eq!((chunk, cache, preload, decision), (25_000, false, false, Decision::Stream));
        assert!(why.contains("85 % of the machine's memory"), "{why}");
        // More than the budget streams whatever is free, in segments as they are.
        assert_eq!(mode(0.1, 2_000_000_000).3, Decision::Stream);
        assert_eq!(mode(0.1, 2_000_000_000).0, 100_000);
        let small = Options { chunk_size: 500, ..options.clone() };
        let chunk = under(0.9, "", 1, &small, &mut MaterializationController::default()).chunk;
        assert_eq!(chunk, 500, "never larger than was asked for");
    }
}
