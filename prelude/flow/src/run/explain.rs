//! What a query would do.

use crate::plan::clause::Query;
use crate::report::Report;
use crate::run::compile::Plan;
use crate::run::engine::Mode;
use crate::run::stage::{Stage, Units};
use polars::prelude::PlSmallStr;
use sources::Source;
use std::fmt;

/// A plan, readable.
///
/// ```
/// # use flow::Query;
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"])?;
/// # use sources::memory::{Cutting, Memory};
/// # use std::sync::Arc;
/// # let table = Arc::new(Memory::cut("table", frame, None, &Cutting::default())?);
/// let plan: flow::Explanation = Query::new().over(table).explain()?;
/// assert!(plan.clauses.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The table.
    pub source: String,
    /// The clauses as asked.
    pub clauses: Vec<String>,
    /// Stages, each with its steps and what ends it.
    pub stages: Vec<(Vec<String>, String)>,
    /// Columns that are read.
    pub columns: Vec<String>,
    /// Columns of the table.
    pub columns_total: usize,
    /// Segments of the table.
    pub segments_total: u64,
    /// Segments that are read.
    pub segments_kept: u64,
    /// Why the others are not.
    pub skipped: Vec<(String, u64)>,
    /// Rows that are read, of how many.
    pub rows: (u64, u64),
    /// Bytes on disk of what is read.
    pub bytes_stored: u64,
    /// The same when decoded.
    pub bytes_decoded: u64,
    /// How it is run, and why.
    pub engine: String,
    /// What it did, once it ran.
    pub report: Option<Report>,
}

/// How much of one or more tables is read.
#[derive(Debug, Default)]
pub(crate) struct Amounts {
    segments_total: u64,
    segments_kept: u64,
    skipped: Vec<(String, u64)>,
    rows: (u64, u64),
    bytes_stored: u64,
    pub bytes_decoded: u64,
}

impl Amounts {
    /// What these units of a table of `rows` rows read.
    pub fn new(units: &Units, rows: u64) -> Self {
        let mut kept: Vec<usize> = units.units.iter().flat_map(|unit| unit.parts.iter().map(|(at, _)| *at)).collect();
        kept.sort_unstable();
        kept.dedup();
        Self {
            segments_total: units.segments,
            segments_kept: kept.len() as u64,
            skipped: units.skipped.clone(),
            rows: (units.units.iter().map(|unit| unit.rows.end - unit.rows.start).sum(), rows),
            bytes_stored: units.stored,
            bytes_decoded: units.units.iter().map(|unit| unit.bytes).sum(),
        }
    }

    /// Adds another table.
    pub fn add(&mut self, other: Self) {
        self.segments_total += other.segments_total;
        self.segments_kept += other.segments_kept;
        self.rows = (self.rows.0 + other.rows.0, self.rows.1 + other.rows.1);
        self.bytes_stored += other.bytes_stored;
        self.bytes_decoded += other.bytes_decoded;
        for (why, count) in other.skipped {
            match self.skipped.iter_mut().find(|(have, _)| *have == why) {
                Some((_, total)) => *total += count,
                None => self.skipped.push((why, count)),
            }
        }
    }
}

impl Explanation {
    pub(crate) fn new(source: &dyn Source, query: &Query, plan: &Plan, amounts: Amounts, mode: &Mode) -> Self {
        let first = &plan.stages[0];
        let stages = plan.stages.iter().map(|stage| {
            let mut steps: Vec<String> = Vec::new();
            if !stage.rows.is_empty() {
                steps.push("only some rows, by position".into());
            }
            for step in &stage.steps {
                steps.push(step.name.clone());
                steps.extend(step.op.list_steps().into_iter().map(|line| format!("  {line}")));
            }
            let end =
                stage.barrier.structure().map_or_else(|| "the answer".to_owned(), |structure| structure.to_string());
            (steps, end)
        });
        Self {
            source: source.name().to_owned(),
            clauses: query.clauses().iter().map(ToString::to_string).collect(),
            stages: stages.collect(),
            columns: first.columns.iter().map(|name| read(first, name)).collect(),
            columns_total: source.schema().len(),
            segments_total: amounts.segments_total,
            segments_kept: amounts.segments_kept,
            skipped: amounts.skipped,
            rows: amounts.rows,
            bytes_stored: amounts.bytes_stored,
            bytes_decoded: amounts.bytes_decoded,
            engine: mode.why.clone(),
            report: None,
        }
    }
}

/// A column as it is read: of some, only how long their lists are.
fn read(stage: &Stage, name: &PlSmallStr) -> String {
    if stage.lengths.contains(name) { format!("len({name})") } else { name.to_string() }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        writeln!(out, "read {}", self.source)?;
        writeln!(out, "  columns  {} of {}: {}", self.columns.len(), self.columns_total, self.columns.join(", "))?;
        write!(out, "  segments {} of {}", self.segments_kept, self.segments_total)?;
        for (why, count) in &self.skipped {
            write!(out, ", {count} skipped by {why}")?;
        }
        writeln!(out, "\n  rows     {} of {}", self.rows.0, self.rows.1)?;
        writeln!(out, "  bytes    {:.1} MB on disk, {:.1} MB decoded", mb(self.bytes_stored), mb(self.bytes_decoded))?;
        writeln!(out, "  engine   {}", self.engine)?;
        for (number, (steps, end)) in self.stages.iter().enumerate() {
            writeln!(out, "stage {}", number + 1)?;
            for step in steps {
                writeln!(out, "  {step}")?;
            }
            writeln!(out, "  -> {end}")?;
        }
        if let Some(report) = &self.report {
            writeln!(
                out,
                "ran in {:.3} s: {} rows in, {} rows out, {} segments read",
                report.seconds, report.rows_in, report.rows_out, report.segments_read
            )?;
            for (what, count) in &report.objects {
                writeln!(out, "  {what}: {:.3} per row", *count as f64 / report.rows_in.max(1) as f64)?;
            }
        }
        Ok(())
    }
}
