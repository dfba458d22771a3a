//! Rows of many groups, apart by the hash of their keys: each part is grouped for itself, in tables that fit the caches, and
//! each row is looked up once.
//!
//! A table of millions of groups misses every cache at every row, and the tables of several morsels of rows would have to be
//! looked up again when they are put together. Parts only have to be put behind one another. What memory has no room for
//! goes to a disk part by part, in order, and comes back when its part is grouped.

use crate::error::Result;
use crate::memory::spill::{Spill, SpillHandle};
use crate::operators::groups::is_word;
use crate::operators::state::State;
use crate::operators::table::{Aggregate, Flat, Keys, Table};
use crate::operators::word_keys::{KeyColumn, hashes};
use crate::operators::words::words;
use polars::prelude::*;
use rayon::prelude::*;
use segment::random::digest;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many parts there are: a byte of the hash.
const PARTS: usize = 256;

/// The rows and states of one part, in the order of the table.
enum Piece {
    Rows(DataFrame),
    States(Flat),
    /// The same on a disk.
    StoredRows(SpillHandle),
    StoredStates(SpillHandle),
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

/// Where each row goes when those of a part lie side by side, in order, one part after another; and where each part ends.
fn apart(keys: &[Series]) -> Result<(Vec<IdxSize>, Vec<usize>)> {
    let hashes = if keys.iter().all(|key| is_word(key.dtype())) {
        hashes(&keys.iter().map(KeyColumn::new).collect::<Result<Vec<_>>>()?)
    } else {
        let words = keys.iter().map(words).collect::<Result<Vec<_>>>()?;
        let rows = words.first().map_or(0, Vec::len);
        (0..rows).map(|row| digest(words.iter().map(|words| words[row]))).collect()
    };
    let part: Vec<u8> = hashes.into_iter().map(|hash| (hash >> 56) as u8).collect();
    let mut ends = vec![0; PARTS];
    part.iter().for_each(|part| ends[usize::from(*part)] += 1);
    let mut before = 0;
    for end in &mut ends {
        before += *end;
        *end = before;
    }
    let mut next: Vec<usize> = std::iter::once(0).chain(ends[..PARTS - 1].iter().copied()).collect();
    let place = |part: u8| {
        let at = &mut next[usize::from(part)];
        *at += 1;
        (*at - 1) as IdxSize
    };
    Ok((part.into_iter().map(place).collect(), ends))
}

/// The row that goes to each place.
fn order_of(places: &[IdxSize]) -> Vec<IdxSize> {
    let mut order = vec![0; places.len()];
    (0..).zip(places).for_each(|(row, place)| order[*place as usize] = row);
    order
}

/// The values of a column at the places of their rows. Numbers are written there one after another: the places of a part follow
/// each other, so that their memory stays in the caches, and the rows that come to a part lie far apart.
fn placed(column: &Series, places: &[IdxSize], order: &mut Option<IdxCa>) -> Result<Series> {
    macro_rules! numbers {
        ($($dtype:ident $get:ident $chunked:ident),*) => {
            match column.dtype() {
                $(DataType::$dtype => if let Ok(values) = column.$get()?.cont_slice() {
                    let mut out = vec![Default::default(); values.len()];
                    values.iter().zip(places).for_each(|(value, place)| out[*place as usize] = *value);
                    return Ok($chunked::from_vec(column.name().clone(), out).into_series());
                })*
                _ => {}
            }
        };
    }
    numbers!(
        Float64 f64 Float64Chunked, Float32 f32 Float32Chunked, Int64 i64 Int64Chunked, Int32 i32 Int32Chunked,
        UInt64 u64 UInt64Chunked, UInt32 u32 UInt32Chunked
    );
    let order = order.get_or_insert_with(|| IdxCa::from_vec(PlSmallStr::EMPTY, order_of(places)));
    Ok(column.take(order)?)
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
        let (places, ends) = apart(keys)?;
        let mut order = None;
        // Column by column: a frame's own `take` would leave this thread.
        let columns = frame
            .columns()
            .iter()
            .map(|column| Ok(placed(column.as_materialized_series(), &places, &mut order)?.into_column()));
        let sorted = DataFrame::new(frame.height(), columns.collect::<Result<Vec<_>>>()?)?;
        self.bytes += sorted.estimated_size() as u64;
        for (part, morsel) in morsels(&ends) {
            self.parts[part].push(Piece::Rows(sorted.slice(morsel.start as i64, morsel.len())));
        }
        Ok(())
    }

    /// Adds the states of groups behind what is there.
    pub(super) fn push_groups(&mut self, groups: &Flat) -> Result<()> {
        self.bytes += groups.bytes();
        let (places, ends) = apart(&groups.keys)?;
        let order = order_of(&places);
        for (part, morsel) in morsels(&ends) {
            self.parts[part].push(Piece::States(groups.pick(&order[morsel])?));
        }
        Ok(())
    }

    /// Adds what another morsel of rows has, behind what is there.
    pub fn append(&mut self, next: Self) {
        self.bytes += next.bytes;
        self.parts.iter_mut().zip(next.parts).for_each(|(part, next)| part.extend(next));
    }

    /// Puts all that is in memory on the disk of the budget; `false` where there is none, or it took nothing.
    pub fn spill<K: Keys>(&mut self, by: &Aggregate<'_, K>) -> bool {
        let Some(disk) = by.budget.disk() else { return false };
        let left: u64 = self.parts.par_iter_mut().map(|part| put_away(part, by, disk)).sum();
        by.budget.note_spilled(self.bytes.saturating_sub(left));
        let before = std::mem::replace(&mut self.bytes, left);
        left < before
    }

    /// Groups the rows of each part as far as they have come, which takes less memory where groups have several rows.
    pub fn compact<K: Keys>(&mut self, by: &Aggregate<'_, K>) -> Result<()> {
        let parts = std::mem::take(&mut self.parts);
        let groups = parts.into_par_iter().map(|part| table(part, by)?.flat()).collect::<Result<Vec<_>>>()?;
        self.bytes = groups.iter().map(Flat::bytes).sum();
        self.parts = groups.into_iter().map(|groups| vec![Piece::States(groups)]).collect();
        Ok(())
    }

    /// The keys of all groups and one column per aggregation, of each part.
    pub fn finish<K: Keys>(self, by: &Aggregate<'_, K>, outputs: &[DataType]) -> Result<Vec<Vec<Series>>> {
        let (bytes, groups) = (AtomicU64::new(0), AtomicUsize::new(0));
        let one = |part| {
            let columns = by.finish_table(table(part, by)?, outputs)?;
            let size: usize = columns.iter().map(|column| column.estimated_size()).sum();
            let height = columns.first().map_or(0, |column| column.len());
            let height = groups.fetch_add(height, Ordering::Relaxed) + height;
            by.budget.answer(bytes.fetch_add(size as u64, Ordering::Relaxed) + size as u64, height)?;
            Ok(columns)
        };
        self.parts.into_par_iter().map(one).collect()
    }
}

/// Puts what a part has in memory on a disk, in order; gives the bytes that it did not take.
fn put_away<K: Keys>(part: &mut Vec<Piece>, by: &Aggregate<'_, K>, disk: &Spill) -> u64 {
    let (mut kept, mut left) = (Vec::with_capacity(part.len()), 0);
    let mut rows: Vec<DataFrame> = Vec::new();
    let mut put = |rows: &mut Vec<DataFrame>, kept: &mut Vec<Piece>| {
        if rows.is_empty() {
            return;
        }
        let frames = std::mem::take(rows);
        let written = side_by_side(frames.iter().cloned()).and_then(|whole| disk.write(&alone(whole)?));
        match written {
            Ok(handle) => kept.push(Piece::StoredRows(handle)),
            Err(_) => {
                left += frames.iter().map(|frame| frame.estimated_size() as u64).sum::<u64>();
                kept.extend(frames.into_iter().map(Piece::Rows));
            }
        }
    };
    for piece in part.drain(..) {
        match piece {
            Piece::Rows(frame) => rows.push(frame),
            other => {
                put(&mut rows, &mut kept);
                kept.push(other);
            }
        }
    }
    put(&mut rows, &mut kept);
    for piece in &mut kept {
        if let Piece::States(groups) = piece {
            match by.frame_of(groups).and_then(|frame| disk.write(&alone(frame)?)) {
                Ok(handle) => *piece = Piece::StoredStates(handle),
                Err(_) => left += groups.bytes(),
            }
        }
    }
    *part = kept;
    left
}

/// A frame whose texts lie in memory of their own: those of picked rows point into the texts of all rows.
fn alone(frame: DataFrame) -> Result<DataFrame> {
    let own = |column: &Column| {
        let Ok(texts) = column.as_materialized_series().str() else { return column.clone() };
        let chunks = texts.downcast_iter().map(|chunk| chunk.clone().gc());
        StringChunked::from_chunk_iter(column.name().clone(), chunks).into_column()
    };
    Ok(DataFrame::new(frame.height(), frame.columns().iter().map(own).collect())?)
}

/// The groups of one part.
fn table<K: Keys>(part: Vec<Piece>, by: &Aggregate<'_, K>) -> Result<Table> {
    let mut table = by.sparse_table()?;
    let mut rows = Vec::new();
    for piece in part {
        if let Piece::Rows(frame) = piece {
            rows.push(frame);
            continue;
        }
        feed(&mut table, std::mem::take(&mut rows), by)?;
        match piece {
            Piece::Rows(_) => {}
            Piece::States(next) => table.merge_flat(next)?,
            Piece::StoredRows(handle) => by.feed(&mut table, &handle.read()?)?,
            Piece::StoredStates(handle) => table.merge_flat(by.flat_of(&handle.read()?)?)?,
        }
    }
    feed(&mut table, rows, by)?;
    Ok(table)
}

/// Adds rows that lie in many short frames: side by side they are worked on at once.
fn feed<K: Keys>(table: &mut Table, frames: Vec<DataFrame>, by: &Aggregate<'_, K>) -> Result<()> {
    if frames.is_empty() {
        return Ok(());
    }
    let rows = side_by_side(frames.into_iter())?;
    // Most rows begin a group, or they would not be here.
    table.groups.reserve(rows.height() / 2);
    by.feed(table, &rows)
}

/// The rows of frames in one.
fn side_by_side(mut frames: impl Iterator<Item = DataFrame>) -> Result<DataFrame> {
    let Some(first) = frames.next() else { return Ok(DataFrame::empty()) };
    let mut height = first.height();
    let mut columns: Vec<Series> =
        first.columns().iter().map(|column| column.as_materialized_series().clone()).collect();
    for frame in frames {
        height += frame.height();
        for (column, more) in columns.iter_mut().zip(frame.columns()) {
            column.append(more.as_materialized_series())?;
        }
    }
    let columns = columns.into_iter().map(|column| column.rechunk().into_column()).collect();
    Ok(DataFrame::new(height, columns)?)
}

impl State {
    /// The states of some groups, in this order.
    pub(super) fn pick(&self, picks: &[IdxSize]) -> Self {
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
        let (places, ends) = apart(std::slice::from_ref(&keys)).unwrap();
        let order = order_of(&places);
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

    #[test]
    fn columns_of_every_kind_go_to_the_places_of_their_rows() {
        let row = |row: i64| row * 31 % 1_000;
        let columns = [
            Series::new("a".into(), (0..3_000).map(row).collect::<Vec<_>>()),
            Series::new("b".into(), (0..3_000).map(|at| row(at) as f32 - 0.5).collect::<Vec<_>>()),
            Series::new("c".into(), (0..3_000).map(|at| (at % 7 > 0).then_some(row(at) as f64)).collect::<Vec<_>>()),
            Series::new("d".into(), (0..3_000).map(|at| format!("{} of a text", row(at))).collect::<Vec<_>>()),
            Series::new("e".into(), (0..3_000).map(|at| row(at) as u32).collect::<Vec<_>>()),
            Series::new("f".into(), (0..3_000).map(|at| row(at) > 500).collect::<Vec<_>>()),
        ];
        let (places, _) = apart(&columns[..1]).unwrap();
        let by_row = IdxCa::from_vec("".into(), order_of(&places));
        for column in &columns {
            let placed = placed(column, &places, &mut None).unwrap();
            assert!(placed.equals_missing(&column.take(&by_row).unwrap()), "{column:?}");
            assert_eq!(placed.name(), column.name());
        }
    }
}
