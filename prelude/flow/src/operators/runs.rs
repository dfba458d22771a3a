//! The runs of rows with equal keys in a frame, and the best row of each.

use crate::error::{Error, Result};
use crate::operators::neighbours::{Marks, Neighbours};
use crate::operators::score::Score;
use crate::operators::words::{ordered, words};
use crate::plan::candidates::Best;
use polars::prelude::*;
use segment::random::lot;

/// A stretch of rows with ascending keys: its first key and its last.
pub(crate) type Span = (Vec<u64>, Vec<u64>);

/// The runs of a frame that has rows.
pub(crate) struct Runs {
    pub marks: Marks,
    /// The best row of each run, where that is not the first, and how good it is.
    chosen: Option<(Vec<IdxSize>, Vec<Score>)>,
    keys: Vec<Series>,
    /// The key of the first row, and of the last.
    ends: Span,
}

impl Runs {
    pub fn find(frame: &DataFrame, keys: &[PlSmallStr], best: &Best) -> Result<Self> {
        let keys: Vec<Series> =
            keys.iter().map(|key| Ok(frame.column(key)?.as_materialized_series().rechunk())).collect::<Result<_>>()?;
        let neighbours = Neighbours::new(&keys, frame.height())?;
        let marks = neighbours.marks();
        let ends = match frame.height() {
            0 => (Vec::new(), Vec::new()),
            rows => (neighbours.key(0), neighbours.key(rows - 1)),
        };
        drop(neighbours);
        let mut runs = Self { marks, chosen: None, keys, ends };
        runs.choose(frame, best)?;
        Ok(runs)
    }

    pub fn len(&self) -> usize {
        self.marks.runs
    }

    /// The key of the first run, and of the last.
    pub fn ends(&self) -> &Span {
        &self.ends
    }

    /// The words of the key of a row.
    pub fn key(&self, row: usize) -> Result<Vec<u64>> {
        let word = |key: &Series| Ok(words(&key.slice(row as i64, 1))?.first().copied().unwrap_or_default());
        self.keys.iter().map(word).collect()
    }

    /// The words of the keys of all runs, by column.
    pub fn words(&self, starts: &[IdxSize]) -> Result<Vec<Vec<u64>>> {
        let firsts = IdxCa::from_slice(PlSmallStr::EMPTY, starts);
        self.keys.iter().map(|key| words(&key.take(&firsts)?)).collect()
    }

    /// The best row of each run, where that is not the first.
    pub fn best(&self) -> Option<&[IdxSize]> {
        self.chosen.as_ref().map(|(best, _)| &**best)
    }

    /// How good the best row of a run is.
    pub fn score(&self, run: usize) -> Score {
        self.chosen.as_ref().map_or((false, 0), |(_, scores)| scores[run])
    }

    fn choose(&mut self, frame: &DataFrame, best: &Best) -> Result<()> {
        if matches!(best, Best::First | Best::All(_)) {
            return Ok(());
        }
        let mut starts = self.marks.starts();
        starts.push(frame.height() as IdxSize);
        let (mut chosen_rows, mut chosen_scores) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        match best {
            Best::First | Best::All(_) => {}
            Best::Lowest(column) | Best::Highest(column) => {
                let flip = matches!(best, Best::Highest(_));
                let column = frame.column(column)?.as_materialized_series();
                let mut scores = scores(column)?;
                if flip {
                    scores.iter_mut().for_each(|score| score.1 = !score.1);
                }
                for run in starts.windows(2) {
                    let mut chosen = run[0];
                    for row in run[0] + 1..run[1] {
                        if scores[row as usize] < scores[chosen as usize] {
                            chosen = row;
                        }
                    }
                    chosen_rows.push(chosen);
                    chosen_scores.push(scores[chosen as usize]);
                }
            }
            Best::Random(seed) => {
                // Lots are drawn for rows of the table, so that they do not depend on where segments end.
                let numbers = frame.column(crate::plan::row::ROW)?.u64()?;
                for run in starts.windows(2) {
                    let score = |row: IdxSize| (false, lot(*seed, numbers.get(row as usize).unwrap_or_default()));
                    let (score, row) = (run[0]..run[1]).map(|row| (score(row), row)).min().unwrap_or_default();
                    chosen_rows.push(row);
                    chosen_scores.push(score);
                }
            }
        }
        self.chosen = Some((chosen_rows, chosen_scores));
        Ok(())
    }
}

fn scores(column: &Series) -> Result<Vec<Score>> {
    let missing = (true, 0);
    let physical = column.to_physical_repr();
    if physical.dtype().is_float() {
        let values = physical.cast(&DataType::Float64)?;
        let score = |value: Option<f64>| match value {
            Some(value) if !value.is_nan() => (false, ordered(value)),
            _ => missing,
        };
        return Ok(values.f64()?.iter().map(score).collect());
    }
    if physical.dtype() == &DataType::String {
        return Err(Error::request(format!("candidates cannot be ordered by the text column `{}`", column.name())));
    }
    let found = words(column)?;
    let nulls = column.is_null();
    // The null word is an ordinary value here, so nulls are told apart by the mask; highest flips only the word.
    Ok(found
        .into_iter()
        .zip(nulls.iter())
        .map(|(word, null)| if null == Some(true) { missing } else { (false, word) })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_comes_last_both_ways() {
        let frame = df!("k" => [1, 1, 1, 2], "x" => [f64::NAN, 2.0, 3.0, f64::NAN]).unwrap();
        for (best, row) in [(Best::Lowest("x".into()), 1), (Best::Highest("x".into()), 2)] {
            let runs = Runs::find(&frame, &["k".into()], &best).unwrap();
            assert_eq!(runs.best().unwrap(), [row, 3]);
        }
    }
}
