//! One candidate per event, or all of them in one row, in one pass.
//!
//! Candidates of an event are written one after another, so an event is a run of rows with equal keys. Runs inside a
//! segment are decided on the spot; the first and the last run of a morsel may go on in its neighbours and are held
//! until the morsels are joined in order. That keys do not come back later is proven on the way by their order; where
//! it cannot be, the best row of every key is searched first (see `run::execute`).

use crate::error::Result;
use crate::operators::compact::{marked, take};
use crate::operators::events::Events;
use crate::operators::runs::Runs;
use crate::operators::score::Score;
use crate::plan::candidates::Best;
use polars::prelude::*;

/// A run that may go on.
#[derive(Debug, Clone)]
pub(crate) struct OpenRun {
    pub key: Vec<u64>,
    pub row: DataFrame,
    pub score: Score,
}

impl OpenRun {
    /// Adds what follows of the same run.
    fn extend(&mut self, next: Self, events: Option<&Events>) -> Result<()> {
        if let Some(events) = events {
            self.row = events.join(&self.row, &next.row)?;
        } else if next.score < self.score {
            (self.row, self.score) = (next.row, next.score);
        }
        Ok(())
    }
}

/// What is known of the order of keys: stretches in which they ascend.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyOrder {
    pub spans: Vec<(Vec<u64>, Vec<u64>)>,
    /// Whether nothing can be proven any more.
    pub lost: bool,
}

impl KeyOrder {
    /// More morsels than this prove nothing anymore.
    const MOST: usize = 20_000;

    fn add(&mut self, first: Vec<u64>, last: Vec<u64>) {
        let full = self.spans.len() >= Self::MOST;
        match self.spans.last_mut() {
            Some(span) if span.1 <= first => span.1 = last,
            _ if full => self.lost = true,
            _ => self.spans.push((first, last)),
        }
    }

    fn add_runs(&mut self, runs: &Runs) -> Result<()> {
        if runs.len() == 0 {
            return Ok(());
        }
        let (first, last) = runs.ends();
        let mut from = first.clone();
        for &row in &runs.marks.falls {
            if self.lost {
                break;
            }
            self.add(from, runs.key(row - 1)?);
            from = runs.key(row)?;
        }
        if !self.lost {
            self.add(from, last.clone());
        }
        Ok(())
    }

    pub fn append(&mut self, next: Self) {
        self.lost |= next.lost;
        for (first, last) in next.spans {
            if self.lost {
                break;
            }
            self.add(first, last);
        }
    }

    /// Whether it is proven that no key comes back after another.
    pub fn unique(&self) -> bool {
        let mut spans: Vec<_> = self.spans.iter().collect();
        spans.sort();
        !self.lost && spans.windows(2).all(|pair| pair[0].1 < pair[1].0)
    }
}

/// The selection over a morsel of segments.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The first run, held for the morsel before; only in a morsel, not where morsels are joined.
    pub head: Option<OpenRun>,
    /// The last run so far.
    pub open: Option<OpenRun>,
    pub ascents: KeyOrder,
    joining: bool,
    /// Where all candidates of an event are kept: how they become a row.
    pub events: Option<Events>,
}

impl Selection {
    /// The selection where morsels are joined: nothing comes before it.
    pub fn joining() -> Self {
        Self { joining: true, ..Self::default() }
    }

    /// Takes the next rows, gives the columns `keep` of the rows that are decided, in order.
    pub fn feed(
        &mut self,
        frame: &DataFrame,
        keys: &[PlSmallStr],
        best: &Best,
        keep: &[PlSmallStr],
    ) -> Result<Vec<DataFrame>> {
        let mut runs = Runs::find(frame, keys, best)?;
        self.ascents.add_runs(&runs)?;
        let count = runs.len();
        // Only now are the keys and the column of the choice not needed anymore.
        let columns = keep.iter().map(|name| frame.column(name).cloned()).collect::<PolarsResult<Vec<_>>>()?;
        let frame = &DataFrame::new(frame.height(), columns)?;
        let held = |runs: &Runs, run: usize, start: usize, key: Vec<u64>| {
            let row = runs.best().map_or(start, |best| best[run] as usize);
            OpenRun { key, row: frame.slice(row as i64, 1), score: runs.score(run) }
        };
        let mut out = Vec::new();
        let (mut from, mut start) = (0, 0);
        let (first, last) = runs.ends().clone();
        if let Some(open) = self.open.as_mut().filter(|open| open.key == first) {
            open.extend(held(&runs, 0, 0, first.clone()), None)?;
            from = 1;
            runs.marks.clear(0);
        }
        if from == count {
            return Ok(out);
        }
        out.extend(self.close());
        // The first run of a morsel is not decided here either.
        if self.head.is_none() && !self.joining && count - from > 1 {
            let mut key = first;
            if from == 1 {
                start = runs.marks.second().unwrap_or_default();
                key = runs.key(start)?;
            }
            self.head = Some(held(&runs, from, start, key));
            from += 1;
            runs.marks.clear(start);
        }
        let end = runs.marks.last().unwrap_or_default();
        runs.marks.clear(end);
        if count - from > 1 {
            out.push(match runs.best() {
                // Only the number of rows is wanted.
                _ if frame.width() == 0 => DataFrame::new(count - 1 - from, Vec::new())?,
                Some(best) => take(frame, &IdxCa::from_slice(PlSmallStr::EMPTY, &best[from..count - 1]))?,
                None => marked(frame, &runs.marks.bits, runs.marks.runs)?,
            });
        }
        self.open = Some(held(&runs, count - 1, end, last));
        Ok(out)
    }

    /// Takes the next rows, gives the rows of the events that are complete, in order.
    pub fn gather(&mut self, frame: &DataFrame, events: &Events, keep: &[PlSmallStr]) -> Result<Vec<DataFrame>> {
        let runs = Runs::find(frame, &events.keys, &Best::First)?;
        self.ascents.add_runs(&runs)?;
        let starts = runs.marks.starts();
        let rows = events.rows(frame, &starts, keep)?;
        let count = runs.len();
        let held = |run: usize, key: Vec<u64>| OpenRun { key, row: rows.slice(run as i64, 1), score: runs.score(run) };
        let (first, last) = runs.ends().clone();
        let mut out = Vec::new();
        let mut from = 0;
        if let Some(open) = self.open.as_mut().filter(|open| open.key == first) {
            open.extend(held(0, first.clone()), Some(events))?;
            from = 1;
        }
        if from == count {
            return Ok(out);
        }
        out.extend(self.close());
        // The first run of a morsel is not complete here either.
        if self.head.is_none() && !self.joining && count - from > 1 {
            self.head = Some(held(from, runs.key(starts[from] as usize)?));
            from += 1;
        }
        if count - from > 1 {
            out.push(rows.slice(from as i64, count - 1 - from));
        }
        self.open = Some(held(count - 1, last));
        Ok(out)
    }

    /// Takes a held run of a morsel; where morsels are joined.
    pub fn feed_held(&mut self, next: OpenRun) -> Result<Option<DataFrame>> {
        if let Some(open) = &mut self.open
            && open.key == next.key
        {
            open.extend(next, self.events.as_ref())?;
            return Ok(None);
        }
        let done = self.close();
        self.open = Some(next);
        Ok(done)
    }

    /// Ends the last run.
    pub fn close(&mut self) -> Option<DataFrame> {
        let held = self.open.take()?;
        if self.head.is_none() && !self.joining {
            self.head = Some(held);
            return None;
        }
        Some(held.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_come_back_are_noticed() {
        let ascents = |keys: &[i32]| {
            let mut all = KeyOrder::default();
            for key in keys {
                let frame = df!("k" => [*key]).unwrap();
                all.add_runs(&Runs::find(&frame, &["k".into()], &Best::First).unwrap()).unwrap();
            }
            all.unique()
        };
        assert!(ascents(&[1, 1, 2, 5]));
        assert!(ascents(&[7, 8, 1, 2]), "another file with other keys");
        assert!(!ascents(&[1, 2, 1]));
        assert!(!ascents(&[3, 4, 1, 3]));
    }
}
