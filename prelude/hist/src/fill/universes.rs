//! Several sums of weights over the same bins: the bin of a row is found once, and every universe adds its own weight.
//!
//! Rows go into the same copies of cells in the same order as for one histogram, so that each sum is, bit for bit, that of a
//! histogram that was filled alone.

use super::{BLOCK, Block, COPIES, Direct, Entries, FEW_CELLS, Rows, Tally, Target, bind};
use crate::axis::Axis;
use crate::cells::{Cells, Storage};
use crate::column::Column;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::slots::{TILE, binners};
use polars::prelude::Series;

/// Sums of weights of several universes over the bins of some axes, without squares.
///
/// ```
/// # use hist::{Axis, Sums};
/// # use polars::prelude::*;
/// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
/// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
/// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
/// sums.fill(&[&x], &[None, Some(&weights)])?;
/// assert_eq!((sums.of(0).iter().sum::<f64>(), sums.of(1).iter().sum::<f64>()), (3.0, 6.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    axes: Vec<Axis>,
    many: usize,
    /// By cell, flow and missing included, and there by universe.
    sums: Vec<f64>,
    entries: u64,
}

impl Sums {
    /// Empty sums of so many universes.
    ///
    /// # Errors
    /// See [`Hist::with`].
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// assert_eq!(sums.entries(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(axes: impl Into<Vec<Axis>>, many: usize) -> Result<Self> {
        let axes = axes.into();
        let cells = Hist::with(axes.clone(), Storage::Count)?.parts.cells.len();
        Ok(Self { axes, many, sums: vec![0.0; cells * many], entries: 0 })
    }

    /// The sums of one universe: every cell, the last axis varies fastest.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// sums.fill(&[&x], &[None, Some(&weights)])?;
    /// assert_eq!(sums.of(1)[1..3], [1.0, 5.0], "behind the underflow");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(&self, universe: usize) -> Vec<f64> {
        self.sums.iter().skip(universe).step_by(self.many.max(1)).copied().collect()
    }

    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// How many universes.
    pub(super) fn many(&self) -> usize {
        self.many
    }

    pub(super) fn cells(&self) -> usize {
        self.sums.len() / self.many.max(1)
    }

    /// Adds the sums of all cells, universe by universe, of so many rows.
    pub(super) fn add_universes(&mut self, more: &[Vec<f64>], entries: u64) {
        for (universe, sums) in more.iter().enumerate() {
            let mine = self.sums.iter_mut().skip(universe).step_by(self.many.max(1));
            // As a block of rows that is added to nothing, and then to these.
            mine.zip(sums).for_each(|(mine, more)| *mine += 0.0 + more);
        }
        self.entries += entries;
    }

    /// The rows that were filled.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// sums.fill(&[&x], &[None, None])?;
    /// assert_eq!(sums.entries(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds those of the rows that follow.
    ///
    /// # Errors
    /// Other bins, or another number of universes.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// let mut more = sums.clone();
    /// more.fill(&[&x], &[None, None])?;
    /// sums.merge(&more)?;
    /// assert_eq!(sums.entries(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.sums.len() != other.sums.len() || self.many != other.many {
            return Err(Error::Different("sums of other bins or of other universes".to_owned()));
        }
        self.sums.iter_mut().zip(&other.sums).for_each(|(mine, theirs)| *mine += theirs);
        self.entries += other.entries;
        Ok(())
    }

    /// Fills rows, with the weight of each universe; without one a row counts as 1.
    ///
    /// # Errors
    /// As [`Hist::fill_entries`]; columns of lists.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// sums.fill(&[&x], &[None, Some(&weights)])?;
    /// assert_eq!(sums.of(0)[1..3], [1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill(&mut self, columns: &[&Series], weights: &[Option<&Series>]) -> Result<()> {
        let rows = self.rows(columns, None)?;
        self.add(&rows, None, weights)
    }

    /// Fills a histogram, and with the same bins these sums.
    ///
    /// # Errors
    /// As [`Hist::fill_entries`]; columns of lists, a mask, or samples.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// use hist::{Entries, Hist};
    /// let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// sums.fill_with(&mut hist, &Entries { columns: &[&x], ..Entries::default() }, &[None, Some(&weights)])?;
    /// assert_eq!((hist.counts(), sums.of(1)[2]), (vec![1.0, 2.0], 5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_with(&mut self, hist: &mut Hist, entries: &Entries<'_>, weights: &[Option<&Series>]) -> Result<()> {
        if entries.mask.is_some() || entries.sample.is_some() || hist.is_profile() {
            return Err(Error::fill("universes are filled without masks and samples"));
        }
        super::check_storage(hist.storage(), entries.weight.is_some(), false)?;
        let rows = self.rows(entries.columns, entries.weight)?;
        self.add(&rows, Some(hist), weights)
    }

    fn rows<'a>(&self, columns: &[&'a Series], weight: Option<&'a Series>) -> Result<Rows<'a>> {
        if columns.len() != self.axes.len() {
            let (axes, columns) = (self.axes.len(), columns.len());
            return Err(Error::fill(format!("there are {axes} axes, but {columns} columns were given")));
        }
        let columns: Vec<_> =
            self.axes.iter().zip(columns).map(|(axis, series)| bind(axis, series)).collect::<Result<_>>()?;
        let weight = weight.map(Column::numbers).transpose()?;
        let length = columns.first().map_or(0, Column::len);
        Ok(Rows { columns, weight, sample: None, mask: None, binners: binners(&self.axes), length })
    }

    fn add(&mut self, rows: &Rows<'_>, hist: Option<&mut Hist>, weights: &[Option<&Series>]) -> Result<()> {
        let weights: Vec<_> =
            weights.iter().map(|weight| weight.map(Column::numbers).transpose()).collect::<Result<Vec<_>>>()?;
        let others = weights.iter().flatten().chain(&rows.columns).chain(&rows.weight);
        if others.into_iter().any(|column| column.len() != rows.length) || weights.len() != self.many {
            return Err(Error::fill("columns and weights of all universes must be equally long"));
        }
        let cells = self.sums.len() / self.many.max(1);
        self.entries += rows.length as u64;
        let mut hist = hist;
        let mut tally = Tally { entries: 0, moments: vec![None; rows.columns.len()] };
        if let Some(hist) = &hist {
            tally = Tally::new(hist);
        }
        if rows.length <= cells && rows.length <= BLOCK {
            let mut wide = Wide { sums: &mut self.sums, cells, many: self.many, copied: false };
            match &mut hist {
                Some(hist) => {
                    tiles(rows, 0..rows.length, &weights, &mut wide, &mut Direct(&mut hist.parts.cells), &mut tally)
                }
                None => tiles(rows, 0..rows.length, &weights, &mut wide, &mut Nothing, &mut tally),
            }
        } else {
            self.blocks(rows, hist.as_deref_mut(), &weights, &mut tally)?;
        }
        if let Some(hist) = hist {
            tally.give(hist);
        }
        Ok(())
    }

    fn blocks(
        &mut self,
        rows: &Rows<'_>,
        hist: Option<&mut Hist>,
        weights: &[Option<Column<'_>>],
        tally: &mut Tally,
    ) -> Result<()> {
        let cells = self.sums.len() / self.many.max(1);
        let size = BLOCK.max((4 * cells).next_power_of_two());
        let mut all = vec![0.0; self.sums.len()];
        let mut sum = hist.as_ref().map(|hist| Cells::new(hist.storage(), cells));
        for from in (0..rows.length).step_by(size) {
            segment::work::check()?;
            let range = from..rows.length.min(from + size);
            let copied = cells <= FEW_CELLS;
            let mut copies = vec![0.0; if copied { COPIES } else { 1 } * self.sums.len()];
            let mut wide = Wide { sums: &mut copies, cells, many: self.many, copied };
            let mut own = Tally { entries: 0, moments: vec![None; tally.moments.len()] };
            if let (Some(sum), Some(hist)) = (&mut sum, &hist) {
                own = Tally::new(hist);
                let mut block = Block::new(hist.storage(), cells);
                tiles(rows, range, weights, &mut wide, &mut block, &mut own);
                sum.merge(&block.finish());
            } else {
                tiles(rows, range, weights, &mut wide, &mut Nothing, &mut own);
            }
            for (at, sum) in all.iter_mut().enumerate() {
                *sum += copies[at..].iter().step_by(self.sums.len()).fold(0.0, |a, b| a + b);
            }
            tally.merge(&own);
        }
        self.sums.iter_mut().zip(&all).for_each(|(mine, more)| *mine += more);
        if let (Some(hist), Some(sum)) = (hist, sum) {
            hist.parts.cells.merge(&sum);
        }
        Ok(())
    }

    /// All numbers as bytes, without axes.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// let empty = sums.clone();
    /// sums.fill(&[&x], &[None, None])?;
    /// assert_eq!(empty.with_contents(&sums.contents()).unwrap().of(0), sums.of(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn contents(&self) -> Vec<u8> {
        let entries = self.entries.to_le_bytes();
        entries.into_iter().chain(self.sums.iter().flat_map(|sum| sum.to_le_bytes())).collect()
    }

    /// These sums with what [`contents`](Sums::contents) of as many gave; `None` for other bytes.
    ///
    /// ```
    /// # use hist::{Axis, Sums};
    /// # use polars::prelude::*;
    /// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
    /// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
    /// # let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 2)?;
    /// assert!(sums.clone().with_contents(&sums.contents()).is_some() && sums.with_contents(&[1, 2]).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_contents(mut self, bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.split_first_chunk::<8>()?;
        let (numbers, tail) = rest.as_chunks::<8>();
        if numbers.len() != self.sums.len() || !tail.is_empty() {
            return None;
        }
        self.entries = u64::from_le_bytes(*entries);
        self.sums.iter_mut().zip(numbers).for_each(|(sum, bytes)| *sum = f64::from_le_bytes(*bytes));
        Some(self)
    }
}

/// Where there is no histogram beside the sums.
struct Nothing;

impl Target for Nothing {
    fn add(&mut self, _: &[u32], _: Option<&[f64]>, _: Option<&[f64]>) {}
}

/// Cells with a sum for each universe, in several copies where they are few.
struct Wide<'a> {
    sums: &'a mut [f64],
    cells: usize,
    many: usize,
    copied: bool,
}

impl Wide<'_> {
    /// Adds the weights of a tile of rows, which stand by row and there by universe. Rows go in turn to the copies, as those
    /// of one histogram do.
    fn add(&mut self, cells: &[u32], weights: &[f64]) {
        let whole = if self.copied { cells.len() / COPIES * COPIES } else { 0 };
        for (row, (&cell, weights)) in cells.iter().zip(weights.chunks_exact(self.many)).enumerate() {
            let copy = if row < whole { row % COPIES } else { 0 };
            let from = (copy * self.cells + cell as usize) * self.many;
            self.sums[from..from + self.many].iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight);
        }
    }
}

/// Puts rows into the cells of all universes, and into those of the histogram.
fn tiles(
    rows: &Rows<'_>,
    range: std::ops::Range<usize>,
    weights: &[Option<Column<'_>>],
    wide: &mut Wide<'_>,
    target: &mut impl Target,
    tally: &mut Tally,
) {
    let mut cells = [0_u32; TILE];
    let (mut column, mut own, mut room) = (Vec::new(), Vec::new(), Vec::new());
    let mut across = vec![1.0; TILE * weights.len()];
    for from in range.clone().step_by(TILE) {
        let until = range.end.min(from + TILE);
        let cells = &mut cells[..until - from];
        cells.fill(0);
        let weight = rows.weight.as_ref().map(|weight| weight.tile(from, until, &mut own));
        for ((binner, values), moments) in rows.binners.iter().zip(&rows.columns).zip(&mut tally.moments) {
            let values = values.tile(from, until, &mut column);
            binner.add(values, cells);
            if let Some(moments) = moments {
                moments.add(values, weight);
            }
        }
        target.add(cells, weight, None);
        for (universe, weight) in weights.iter().enumerate() {
            let Some(weight) = weight else { continue };
            let places = across.iter_mut().skip(universe).step_by(weights.len());
            places.zip(weight.tile(from, until, &mut room)).for_each(|(place, weight)| *place = *weight);
        }
        wide.add(cells, &across[..cells.len() * weights.len()]);
        tally.entries += cells.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::NamedFrom;

    #[test]
    fn sums_are_bit_for_bit_those_of_histograms_filled_alone() {
        for (rows, bins) in [(20_usize, 50), (5_000, 7), (70_001, 30), (9_000, 4_000), (3_000, 4_000)] {
            let number = |at: usize, k: usize| ((at * 7919 + k * 104_729) % 10_007) as f64 / 10_007.0;
            let column = |k: usize| Series::new("".into(), (0..rows).map(|at| number(at, k)).collect::<Vec<f64>>());
            let (x, weights) = (column(1), [column(2), column(3), column(4)]);
            let axis = Axis::regular(bins, 0.1, 0.9).unwrap();
            let alone = |weight: Option<&Series>| {
                let storage = if weight.is_some() { Storage::Weight } else { Storage::Count };
                let mut h = Hist::with(vec![axis.clone()], storage).unwrap();
                h.fill_series(&[&x], weight).unwrap();
                h.fill_series(&[&x], weight).unwrap();
                h
            };
            let mut nominal = Hist::weighted(axis.clone()).unwrap();
            let mut beside = Sums::new(vec![axis.clone()], 3).unwrap();
            let mut only = Sums::new(vec![axis.clone()], 2).unwrap();
            let more = [Some(&weights[1]), Some(&weights[2]), None];
            for _ in 0..2 {
                let entries = Entries { columns: &[&x], weight: Some(&weights[0]), ..Entries::default() };
                beside.fill_with(&mut nominal, &entries, &more).unwrap();
                only.fill(&[&x], &more[1..]).unwrap();
            }
            assert_eq!(nominal, alone(Some(&weights[0])));
            assert_eq!(nominal.mean(), alone(Some(&weights[0])).mean());
            for (at, weight) in more.into_iter().enumerate() {
                assert_eq!(beside.of(at), alone(weight).sums(), "{rows} rows, {bins} bins, universe {at}");
            }
            assert_eq!((only.of(0), only.of(1)), (beside.of(1), beside.of(2)));
            assert_eq!(only.entries(), 2 * rows as u64);
            let back = Sums::new(vec![axis], 3).unwrap().with_contents(&beside.contents()).unwrap();
            assert_eq!(back, beside);
        }
    }
}
