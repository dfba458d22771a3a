//! Rows of many groups, apart by the hash of their keys: each part is grouped for itself, in tables that fit the caches, and
//! each row is looked up once.
//!
//! A table of millions of groups misses every cache at every row, and the tables of several morsels of rows would have to be
//! looked up again when they are put together. Parts only have to be put behind one another.

use crate::error::Result;
use crate::operators::groups::{KeyTable, is_word};
use crate::operators::state::State;
use crate::operators::table::{Aggregate, Keys, Table};
use crate::operators::word_keys::{KeyColumn, hashes};
use crate::operators::words::words;
use polars::prelude::*;
use rayon::prelude::*;
use segment::random::digest;

/// How many parts there are: a byte of the hash.
const PARTS: usize = 256;

/// The rows and states of one part, in the order of the table.
enum Piece {
    Rows(DataFrame),
    States(Table),
}

/// Rows apart by the hash of their keys.
pub(crate) struct Scattered {
    parts: Vec<Vec<Piece>>,
    bytes: u64,
}

impl Default for Scattered {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Vec::new()).collect(), bytes: 0 }
    }
}

/// The rows of each part, in order: their numbers one part after another, and where each part ends.
fn apart(keys: &[Series]) -> Result<(Vec<IdxSize>, Vec<usize>)> {
    let hashes = if keys.iter().all(|key| is_word(key.dtype())) {
        hashes(&keys.iter().map(KeyColumn::new).collect::<Result<Vec<_>>>()?)
    } else {
        let words = keys.iter().map(words).collect::<Result<Vec<_>>>()?;
        let rows = words.first().map_or(0, Vec::len);
        (0..rows).map(|row| digest(words.iter().map(|words| words[row]))).collect()
    };
    let rows = hashes.len();
    let part: Vec<u8> = hashes.into_iter().map(|hash| (hash >> 56) as u8).collect();
    let mut ends = vec![0; PARTS];
    part.iter().for_each(|part| ends[usize::from(*part)] += 1);
    let mut before = 0;
    for end in &mut ends {
        before += *end;
        *end = before;
    }
    let mut next: Vec<usize> = std::iter::once(0).chain(ends[..PARTS - 1].iter().copied()).collect();
    let mut order = vec![0; rows];
    for (row, part) in part.iter().enumerate() {
        let at = &mut next[usize::from(*part)];
        order[*at] = row as IdxSize;
        *at += 1;
    }
    Ok((order, ends))
}

/// Each part with its morsel of an order that [`apart`] made; empty ones are left out.
fn morsels(ends: &[usize]) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + '_ {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(ends).map(|(start, end)| start..*end).enumerate().filter(|(_, morsel)| !morsel.is_empty())
}

impl Scattered {
    /// How many bytes of memory they take.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds rows behind those that are there; `keys` are theirs.
    pub fn push(&mut self, frame: &DataFrame, keys: &[Series]) -> Result<()> {
        let (order, ends) = apart(keys)?;
        let order = IdxCa::from_vec(PlSmallStr::EMPTY, order);
        // Column by column: a frame's own `take` would leave this thread.
        let columns =
            frame.columns().iter().map(|column| Ok(column.as_materialized_series().take(&order)?.into_column()));
        let sorted = DataFrame::new(frame.height(), columns.collect::<Result<Vec<_>>>()?)?;
        self.bytes += sorted.estimated_size() as u64;
        for (part, morsel) in morsels(&ends) {
            self.parts[part].push(Piece::Rows(sorted.slice(morsel.start as i64, morsel.len())));
        }
        Ok(())
    }

    /// Adds the states of groups behind what is there; `types` are those of the keys.
    pub(super) fn push_table(&mut self, table: &Table, types: &[(PlSmallStr, DataType)]) -> Result<()> {
        self.bytes += table.bytes();
        let keys = table.groups.keys()?;
        let (order, ends) = apart(&keys)?;
        for (part, morsel) in morsels(&ends) {
            let picks = &order[morsel];
            let index = IdxCa::from_vec(PlSmallStr::EMPTY, picks.to_vec());
            let keys = keys.iter().map(|key| Ok(key.take(&index)?)).collect::<Result<Vec<_>>>()?;
            let mut groups = KeyTable::sparse(types)?;
            groups.number(&keys)?;
            let states = table.states.iter().map(|state| state.pick(picks)).collect();
            self.parts[part].push(Piece::States(Table { groups, states }));
        }
        Ok(())
    }

    /// Adds what another morsel of rows has, behind what is there.
    pub fn append(&mut self, next: Self) {
        self.bytes += next.bytes;
        self.parts.iter_mut().zip(next.parts).for_each(|(part, next)| part.extend(next));
    }

    /// Groups the rows of each part as far as they have come, which takes less memory where groups have several rows.
    pub fn compact<K: Keys>(&mut self, by: &Aggregate<'_, K>) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        let tables = parts.into_par_iter().map(|part| table(part, by)).collect::<Result<Vec<_>>>()?;
        self.bytes = tables.iter().map(Table::bytes).sum();
        self.parts = tables.into_iter().map(|table| vec![Piece::States(table)]).collect();
        Ok(())
    }

    /// The keys of all groups and one column per aggregation, part after part.
    pub fn finish<K: Keys>(self, by: &Aggregate<'_, K>, outputs: &[DataType]) -> Result<(Vec<Series>, Vec<Series>)> {
        let one = |part| by.finish_table(table(part, by)?, outputs);
        let parts = self.parts.into_par_iter().map(one).collect::<Result<Vec<_>>>()?;
        let mut parts = parts.into_iter();
        let Some((mut keys, mut columns)) = parts.next() else { return by.finish_table(by.table()?, outputs) };
        for (more_keys, more_columns) in parts {
            for (all, more) in keys.iter_mut().zip(&more_keys).chain(columns.iter_mut().zip(&more_columns)) {
                all.append(more)?;
            }
        }
        let whole = |all: Vec<Series>| all.into_iter().map(|column| column.rechunk()).collect();
        Ok((whole(keys), whole(columns)))
    }
}

/// The groups of one part.
fn table<K: Keys>(part: Vec<Piece>, by: &Aggregate<'_, K>) -> Result<Table> {
    let mut table = by.sparse_table()?;
    let mut rows = Vec::new();
    for piece in part {
        match piece {
            Piece::Rows(frame) => rows.push(frame),
            Piece::States(next) => {
                feed(&mut table, std::mem::take(&mut rows), by)?;
                table.merge(next)?;
            }
        }
    }
    feed(&mut table, rows, by)?;
    Ok(table)
}

/// Adds rows that lie in many short frames: side by side they are worked on at once.
fn feed<K: Keys>(table: &mut Table, frames: Vec<DataFrame>, by: &Aggregate<'_, K>) -> Result<()> {
    let height = frames.iter().map(DataFrame::height).sum();
    let mut frames = frames.into_iter();
    let Some(first) = frames.next() else { return Ok(()) };
    let mut columns: Vec<Series> =
        first.columns().iter().map(|column| column.as_materialized_series().clone()).collect();
    for frame in frames {
        for (column, more) in columns.iter_mut().zip(frame.columns()) {
            column.append(more.as_materialized_series())?;
        }
    }
    let columns = columns.into_iter().map(|column| column.rechunk().into_column()).collect();
    by.feed(table, &DataFrame::new(height, columns)?)
}

impl State {
    /// The states of some groups, in this order.
    fn pick(&self, picks: &[IdxSize]) -> Self {
        fn of<T: Clone>(values: &[T], picks: &[IdxSize]) -> Vec<T> {
            picks.iter().map(|pick| values[*pick as usize].clone()).collect()
        }
        match self {
            Self::Float { sum, sums, counts } => {
                let counts = if *sum { Vec::new() } else { of(counts, picks) };
                Self::Float { sum: *sum, sums: of(sums, picks), counts }
            }
            Self::Whole { sums, lost } => Self::Whole { sums: of(sums, picks), lost: *lost },
            Self::Integer { sums, counts } => Self::Integer { sums: of(sums, picks), counts: of(counts, picks) },
            Self::Peak { max, values } => Self::Peak { max: *max, values: of(values, picks) },
            Self::Extreme { max, values } => Self::Extreme { max: *max, values: of(values, picks) },
            Self::Count(counts) => Self::Count(of(counts, picks)),
            Self::Pick { last, values } => Self::Pick { last: *last, values: of(values, picks) },
            Self::Spread { counts, means, squares } => {
                Self::Spread { counts: of(counts, picks), means: of(means, picks), squares: of(squares, picks) }
            }
            Self::Values(values) => Self::Values(of(values, picks)),
            Self::Distinct(values) => Self::Distinct(of(values, picks)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_put_apart_in_their_order() {
        let keys = Series::new("k".into(), (0..10_000_i64).map(|row| row % 700).collect::<Vec<_>>());
        let (order, ends) = apart(std::slice::from_ref(&keys)).unwrap();
        assert_eq!((order.len(), *ends.last().unwrap()), (10_000, 10_000));
        let mut seen = vec![false; 10_000];
        let mut home = std::collections::HashMap::new();
        for (part, morsel) in morsels(&ends) {
            assert!(order[morsel.clone()].is_sorted());
            for row in &order[morsel] {
                assert!(!std::mem::replace(&mut seen[*row as usize], true));
                assert_eq!(*home.entry(row % 700).or_insert(part), part, "a key has one part");
            }
        }
        assert!(home.values().collect::<std::collections::HashSet<_>>().len() > 200);
    }
}
