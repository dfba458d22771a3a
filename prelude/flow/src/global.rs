//! One row per event where events come back: the best row of every key is searched over the whole table.

use crate::candidates::Score;
use crate::runs::Runs;
use crate::stage::{Barrier, Stage};
use crate::{Best, ROW, Result, Sink};
use belle2::event::LISTED;
use polars::prelude::*;
use segment::Segment;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Looks at the keys of all rows.
pub(crate) struct Keys {
    pub keys: Vec<PlSmallStr>,
    pub best: Best,
}

/// A run of rows with equal keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    key: u128,
    score: Score,
    row: u64,
    /// First row and number of rows of the run.
    first: u64,
    count: u64,
    listed: u64,
}

impl Keys {
    /// The stage that only looks: the steps before the choice, and of their rows only what it looks at.
    pub fn stage(&self, stage: &Stage, at: usize, input: Option<SchemaRef>) -> Stage {
        let mut wanted = self.keys.clone();
        if let Best::Lowest(column) | Best::Highest(column) = &self.best {
            wanted.push(column.clone());
        }
        let made = |name: &str| stage.steps[..at].iter().any(|step| step.op.makes().is_some_and(|made| made == name));
        if input.is_some_and(|schema| schema.contains(LISTED)) && !made(LISTED) {
            wanted.push(LISTED.into());
        }
        wanted.push(ROW.into());
        let mut unique: Vec<PlSmallStr> = Vec::new();
        for name in wanted {
            if !unique.contains(&name) {
                unique.push(name);
            }
        }
        let mut steps = stage.steps[..at].to_vec();
        let mut needed = unique.clone();
        for step in steps.iter_mut().rev() {
            step.keep = needed.clone();
            needed.retain(|name| step.op.makes() != Some(name));
            for input in step.op.inputs(&step.keep) {
                if !needed.contains(&input) {
                    needed.push(input);
                }
            }
        }
        let output = unique.iter().map(|name| (name.clone(), DataType::Null)).collect();
        Stage { rows: stage.rows.clone(), steps, columns: needed, output: Arc::new(output), barrier: Barrier::End }
    }

    /// Whether the written number of candidates is known, and nothing was cut before.
    pub fn listed(&self, stage: &Stage) -> bool {
        stage.output.contains(LISTED) && stage.steps.iter().all(|step| step.op.keeps_rows())
    }
}

impl Sink for Keys {
    type Part = Result<Vec<Seen>>;

    fn part(&self) -> Self::Part {
        Ok(Vec::new())
    }

    fn take(&self, part: &mut Self::Part, segment: Segment) -> Result<()> {
        let frame = &segment.frame;
        let runs = Runs::find(frame, &self.keys, &self.best)?;
        let rows = frame.column(ROW)?.u64()?;
        let listed = frame.column(LISTED).ok().map(|column| column.cast(&DataType::UInt64)).transpose()?;
        let listed = listed.as_ref().map(|column| column.u64()).transpose()?;
        let part = part.as_mut().map_err(|error| error.clone())?;
        let starts = runs.marks.starts();
        let words = runs.words(&starts)?;
        let best = runs.best().unwrap_or(&starts);
        for run in 0..runs.len() {
            let start = starts[run] as usize;
            let end = starts.get(run + 1).map_or(frame.height(), |end| *end as usize);
            let key: Vec<u64> = words.iter().map(|column| column[run]).collect();
            part.push(Seen {
                key: hash(&key),
                score: runs.score(run),
                row: rows.get(best[run] as usize).unwrap_or_default(),
                first: rows.get(start).unwrap_or_default(),
                count: (end - start) as u64,
                listed: listed.and_then(|listed| listed.get(start)).unwrap_or_default(),
            });
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Self::Part, next: Self::Part) -> Result<()> {
        whole.as_mut().map_err(|error| error.clone())?.extend(next?);
        Ok(())
    }
}

fn hash(key: &[u64]) -> u128 {
    let half = |seed: u64| {
        let mut hasher = DefaultHasher::new();
        (seed, key).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// The rows to keep, and what the user must know.
pub(crate) fn resolve(mut seen: Vec<Seen>, listed: bool) -> (Vec<u64>, Option<String>) {
    seen.sort_unstable_by_key(|run| (run.key, run.first));
    let mut rows = Vec::with_capacity(seen.len());
    let (mut apart, mut complete) = (0_u64, 0_u64);
    for event in seen.chunk_by(|a, b| a.key == b.key) {
        if let Some(best) = event.iter().min_by_key(|run| (run.score, run.first)) {
            rows.push(best.row);
        }
        // Runs that follow one another are one run that a border of segments cut.
        let mut runs: Vec<(u64, u64, u64)> = Vec::new();
        for run in event {
            match runs.last_mut() {
                Some((first, count, _)) if *first + *count == run.first => *count += run.count,
                _ => runs.push((run.first, run.count, run.listed)),
            }
        }
        if runs.len() > 1 {
            apart += 1;
            complete += u64::from(listed && runs.iter().all(|(_, count, listed)| count == listed));
        }
    }
    rows.sort_unstable();
    let note = (apart > 0).then(|| {
        let mut text = format!(
            "{apart} event keys come in separate runs of rows; one candidate was kept for each key, over the whole table"
        );
        if complete > 0 {
            text += &format!(
                ". WARNING: in {complete} of them every run has all its {LISTED} candidates, so they are different \
                 events with the same key (merged files?): add a column to the key, or choose by runs"
            );
        }
        text
    });
    (rows, note)
}
