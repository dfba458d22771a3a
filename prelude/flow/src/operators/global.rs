//! One row per event where events come back: the best row of every key is searched over the whole table.

use crate::error::Result;
use crate::operators::runs::Runs;
use crate::operators::score::Score;
use crate::plan::candidates::Best;
use crate::plan::row::ROW;
use crate::sink::Sink;
use belle2::event::LISTED;
use polars::prelude::*;
use segment::Segment;
use segment::random::digest;
use std::sync::Arc;

/// Looks at the keys of all rows.
pub(crate) struct Keys {
    pub keys: Vec<PlSmallStr>,
    pub best: Best,
}

/// A run of rows with equal keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyRun {
    key: u128,
    score: Score,
    row: u64,
    /// First row and number of rows of the run.
    first: u64,
    count: u64,
    listed: u64,
}

impl Sink for Keys {
    type Part = Result<Vec<KeyRun>>;

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
            part.push(KeyRun {
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
    let half = |seed: u64| u128::from(digest(std::iter::once(seed).chain(key.iter().copied())));
    half(1) << 64 | half(2)
}

/// The rows to keep, and what the user must know; `file_of` is the file of a row, where it is known.
pub(crate) fn resolve(
    mut seen: Vec<KeyRun>,
    listed: bool,
    file_of: impl Fn(u64) -> Option<Arc<str>>,
) -> (Vec<u64>, Option<String>) {
    seen.sort_unstable_by_key(|run| (run.key, run.first));
    let mut rows = Vec::with_capacity(seen.len());
    let (mut apart, mut complete) = (0_u64, 0_u64);
    // How many events lie in several files, and the two files of one of them.
    let mut files: (u64, Option<[Arc<str>; 2]>) = (0, None);
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
            if let Some(pair) = two_files(&runs, &file_of) {
                files = (files.0 + 1, files.1.or(Some(pair)));
            }
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
        if let (count, Some([one, two])) = &files {
            text += &format!(
                ". WARNING: {count} of them are in several files, such as {one} and {two}: the files may hold the same \
                 events twice"
            );
        }
        text
    });
    (rows, note)
}

/// The first and another file in which the runs of an event lie.
fn two_files(runs: &[(u64, u64, u64)], file_of: &impl Fn(u64) -> Option<Arc<str>>) -> Option<[Arc<str>; 2]> {
    let mut all = runs.iter().filter_map(|(first, ..)| file_of(*first));
    let first = all.next()?;
    let other = all.find(|file| *file != first)?;
    Some([first, other])
}
