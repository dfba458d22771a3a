//! One candidate per event, in one pass.
//!
//! Candidates of an event are written one after another, so an event is a run of rows with equal keys. Runs inside a
//! segment are decided on the spot; the first and the last run of a stretch may go on in its neighbours and are held
//! until the stretches are joined in order. That keys do not come back later is proven on the way by their order; where
//! it cannot be, the best row of every key is searched first (see `execute`).

use crate::neighbours::Neighbours;
use crate::{Error, Result};
use polars::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The columns that name an event where nothing else is said; those that exist are used.
pub const EVENT: [&str; 4] = ["__experiment__", "__run__", "__event__", "__production__"];

/// Which candidate of an event is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Best {
    /// The first in the order of the files.
    First,
    /// The one with the lowest value of a column; missing values last, the first of equals.
    Lowest(PlSmallStr),
    /// The one with the highest value of a column; missing values last, the first of equals.
    Highest(PlSmallStr),
    /// One by lot, the same for the same seed, whatever the segments.
    Random(u64),
}

/// A choice of one row per event.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// The columns that name an event; empty: [`EVENT`], as far as they exist.
    pub keys: Vec<PlSmallStr>,
    /// Which row is kept.
    pub best: Best,
    /// Whether equal keys in separate runs of rows are different events. Otherwise one row per key is kept.
    pub runs: bool,
}

impl Candidates {
    /// One row per event, by the usual keys.
    pub fn new(best: Best) -> Self {
        Self { keys: Vec::new(), best, runs: false }
    }

    /// Other keys.
    #[must_use]
    pub fn keys<N: Into<PlSmallStr>>(mut self, keys: impl IntoIterator<Item = N>) -> Self {
        self.keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Takes every run of rows with equal keys for an event of its own.
    #[must_use]
    pub fn by_runs(mut self) -> Self {
        self.runs = true;
        self
    }

    /// The keys for this schema.
    pub(crate) fn resolve(&self, schema: &Schema) -> Result<Vec<PlSmallStr>> {
        let names = || schema.iter_names().map(PlSmallStr::as_str);
        let wanted = self.keys.iter().chain(match &self.best {
            Best::Lowest(column) | Best::Highest(column) => Some(column),
            _ => None,
        });
        for column in wanted {
            if !schema.contains(column) {
                return Err(segment::Error::column(column, names()).into());
            }
        }
        if !self.keys.is_empty() {
            return Ok(self.keys.clone());
        }
        let keys: Vec<PlSmallStr> = EVENT.into_iter().filter(|key| schema.contains(key)).map(Into::into).collect();
        if keys.is_empty() {
            let text =
                format!("no column names an event; one of {} is needed, or say which columns do", EVENT.join(", "));
            return Err(Error::request(text));
        }
        Ok(keys)
    }

    /// The column the choice looks at.
    pub(crate) fn by(&self) -> Option<&PlSmallStr> {
        match &self.best {
            Best::Lowest(column) | Best::Highest(column) => Some(column),
            Best::First | Best::Random(_) => None,
        }
    }
}

/// How good a row is: smaller is better.
pub(crate) type Score = (bool, u64);

/// A run that may go on.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub key: Vec<u64>,
    pub row: DataFrame,
    pub score: Score,
}

impl Held {
    /// Adds what follows of the same run.
    fn extend(&mut self, next: Self) {
        if next.score < self.score {
            (self.row, self.score) = (next.row, next.score);
        }
    }
}

/// The runs of a frame.
pub(crate) struct Runs {
    /// First row of each run, and the end.
    pub starts: Vec<IdxSize>,
    /// The runs whose key is not above that of the run before.
    descents: Vec<usize>,
    /// The best row of each run, where that is not the first, and how good it is.
    chosen: Option<(Vec<IdxSize>, Vec<Score>)>,
    keys: Vec<Series>,
}

impl Runs {
    pub fn find(frame: &DataFrame, keys: &[PlSmallStr], best: &Best) -> Result<Self> {
        let keys: Vec<Series> =
            keys.iter().map(|key| Ok(frame.column(key)?.as_materialized_series().rechunk())).collect::<Result<_>>()?;
        let (starts, descents) = Neighbours::new(&keys, frame.height())?.runs();
        let mut runs = Self { starts, descents, chosen: None, keys };
        runs.choose(frame, best)?;
        Ok(runs)
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The words of the key of a run.
    pub fn key(&self, run: usize) -> Result<Vec<u64>> {
        let row = i64::from(self.starts[run]);
        let word = |key: &Series| Ok(words(&key.slice(row, 1))?.first().copied().unwrap_or_default());
        self.keys.iter().map(word).collect()
    }

    /// The words of the keys of all runs, by column.
    pub fn words(&self) -> Result<Vec<Vec<u64>>> {
        let firsts = IdxCa::from_slice(PlSmallStr::EMPTY, &self.starts[..self.len()]);
        self.keys.iter().map(|key| words(&key.take(&firsts)?)).collect()
    }

    /// The best row of each run.
    pub fn best(&self) -> &[IdxSize] {
        self.chosen.as_ref().map_or(&self.starts[..self.len()], |(best, _)| best)
    }

    /// How good the best row of a run is.
    pub fn score(&self, run: usize) -> Score {
        self.chosen.as_ref().map_or((false, 0), |(_, scores)| scores[run])
    }

    fn choose(&mut self, frame: &DataFrame, best: &Best) -> Result<()> {
        let runs = self.len();
        let (mut chosen_rows, mut chosen_scores) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
        match best {
            Best::First => return Ok(()),
            Best::Lowest(column) | Best::Highest(column) => {
                let flip = matches!(best, Best::Highest(_));
                let column = frame.column(column)?.as_materialized_series();
                let mut scores = scores(column)?;
                if flip {
                    scores.iter_mut().for_each(|score| score.1 = !score.1);
                }
                for run in self.starts.windows(2) {
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
                let numbers = frame.column(crate::ROW)?.u64()?;
                for run in 0..runs {
                    let lot = |row: IdxSize| {
                        let mut hasher = DefaultHasher::new();
                        (seed, numbers.get(row as usize)).hash(&mut hasher);
                        (false, hasher.finish())
                    };
                    let (score, row) =
                        (self.starts[run]..self.starts[run + 1]).map(|row| (lot(row), row)).min().unwrap_or_default();
                    chosen_rows.push(row);
                    chosen_scores.push(score);
                }
            }
        }
        self.chosen = Some((chosen_rows, chosen_scores));
        Ok(())
    }
}

/// Values as words that are equal when the values are, and ordered like them where they have an order.
pub(crate) fn words(column: &Series) -> Result<Vec<u64>> {
    const NULL: u64 = 0x9e37_79b9_7f4a_7c15;
    const SIGN: u64 = 1 << 63;
    let physical = column.to_physical_repr();
    Ok(match physical.dtype() {
        DataType::Float32 | DataType::Float64 => {
            let values = physical.cast(&DataType::Float64)?;
            values.f64()?.iter().map(|value| value.map_or(NULL, ordered)).collect()
        }
        DataType::UInt64 => physical.u64()?.iter().map(|value| value.unwrap_or(NULL)).collect(),
        dtype if dtype.is_integer() || dtype.is_bool() => {
            let values = physical.cast(&DataType::Int64)?;
            values.i64()?.iter().map(|value| value.map_or(NULL, |value| value as u64 ^ SIGN)).collect()
        }
        DataType::String => physical.str()?.iter().map(|text| text.map_or(NULL, hash)).collect(),
        other => return Err(Error::request(format!("column `{}` of type {other} cannot be a key", column.name()))),
    })
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The bits of a number, in the order of the numbers; both zeros are one, and all NaN.
pub(crate) fn ordered(value: f64) -> u64 {
    let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
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

/// What is known of the order of keys: stretches in which they ascend.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ascents {
    spans: Vec<(Vec<u64>, Vec<u64>)>,
    lost: bool,
}

impl Ascents {
    /// More stretches than this prove nothing anymore.
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
        let mut from = 0;
        for &run in runs.descents.iter().chain([&runs.len()]) {
            if self.lost {
                break;
            }
            self.add(runs.key(from)?, runs.key(run - 1)?);
            from = run;
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

/// The selection over a stretch of segments.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The first run, held for the stretch before; only in a stretch, not where stretches are joined.
    pub head: Option<Held>,
    /// The last run so far.
    pub open: Option<Held>,
    pub ascents: Ascents,
    joining: bool,
}

impl Selection {
    /// The selection where stretches are joined: nothing comes before it.
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
        let runs = Runs::find(frame, keys, best)?;
        self.ascents.add_runs(&runs)?;
        let count = runs.len();
        // Only now are the keys and the column of the choice not needed anymore.
        let columns = keep.iter().map(|name| frame.column(name).cloned()).collect::<PolarsResult<Vec<_>>>()?;
        let frame = &DataFrame::new(frame.height(), columns)?;
        let held = |run: usize| -> Result<Held> {
            let row = frame.slice(i64::from(runs.best()[run]), 1);
            Ok(Held { key: runs.key(run)?, row, score: runs.score(run) })
        };
        let mut out = Vec::new();
        let mut from = 0;
        let first = runs.key(0)?;
        if let Some(open) = self.open.as_mut().filter(|open| open.key == first) {
            open.extend(held(0)?);
            from = 1;
        }
        if from == count {
            return Ok(out);
        }
        out.extend(self.close());
        // The first run of a stretch is not decided here either.
        if self.head.is_none() && !self.joining && count - from > 1 {
            self.head = Some(held(from)?);
            from += 1;
        }
        if frame.width() == 0 && count - from > 1 {
            // Only the number of rows is wanted.
            out.push(DataFrame::new(count - 1 - from, Vec::new())?);
        } else if count - from > 1 {
            let rows = IdxCa::from_slice(PlSmallStr::EMPTY, &runs.best()[from..count - 1]);
            out.push(take(frame, &rows)?);
        }
        self.open = Some(held(count - 1)?);
        Ok(out)
    }

    /// Takes a held run of a stretch; where stretches are joined.
    pub fn feed_held(&mut self, next: Held) -> Option<DataFrame> {
        if let Some(open) = &mut self.open
            && open.key == next.key
        {
            open.extend(next);
            return None;
        }
        let done = self.close();
        self.open = Some(next);
        done
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

/// Rows of a frame, without leaving the thread.
pub(crate) fn take(frame: &DataFrame, rows: &IdxCa) -> Result<DataFrame> {
    let columns = frame.columns().iter().map(|column| Ok(column.as_materialized_series().take(rows)?.into_column()));
    Ok(DataFrame::new(rows.len(), columns.collect::<PolarsResult<Vec<_>>>()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_order_of_numbers() {
        let values = [f64::NEG_INFINITY, -2.0, -1e-300, 0.0, 1e-300, 3.0, f64::INFINITY];
        assert!(values.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
        assert_eq!(ordered(0.0), ordered(-0.0));
        let column = Series::new("x".into(), [i64::MIN, -1, 0, i64::MAX]);
        assert!(words(&column).unwrap().is_sorted());
    }

    #[test]
    fn missing_comes_last_both_ways() {
        let frame = df!("k" => [1, 1, 1, 2], "x" => [f64::NAN, 2.0, 3.0, f64::NAN]).unwrap();
        for (best, row) in [(Best::Lowest("x".into()), 1), (Best::Highest("x".into()), 2)] {
            let runs = Runs::find(&frame, &["k".into()], &best).unwrap();
            assert_eq!(runs.best(), [row, 3]);
        }
    }

    #[test]
    fn keys_that_come_back_are_noticed() {
        let ascents = |keys: &[i32]| {
            let mut all = Ascents::default();
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
