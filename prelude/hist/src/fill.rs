//! Filling: rows go in blocks of fixed size to free threads, and blocks come back in order.
//!
//! The size of a block depends only on the number of cells, and blocks are added up in the order of their rows,
//! so the result is the same bit for bit with any number of threads.

use crate::axis::{Axis, Kind};
use crate::cells::{Cells, Profile, Storage};
use crate::column::Column;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::moments::Moments;
use crate::slots::{Binner, TILE, binners};
use polars::prelude::*;
use rayon::prelude::*;
use segment::lists::Lists;
use std::ops::Range;

mod lanes;
mod objects;
pub(crate) mod together;
pub(crate) mod universes;

/// Rows of a block, when there are not very many cells.
const BLOCK: usize = 1 << 20;
/// Below this many cells a block keeps several copies of them, so that neighbouring rows do not wait for each other.
const FEW_CELLS: usize = 2048;
/// How many copies.
const COPIES: usize = 4;
/// How many cells the blocks that wait to be added up may have together.
const WAITING_CELLS: usize = 1 << 22;

/// The rows to fill: a column per axis, and what goes with them. Where columns hold lists, each value is an entry, with what
/// its row has otherwise: the same weight, and the same value of columns without lists. All lists must have the same lengths.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// use polars::prelude::*;
/// let x = Series::new("x".into(), [0.5, 2.5]);
/// let mask = BooleanChunked::new("".into(), [true, false]);
/// hist.fill_entries(&hist::Entries { columns: &[&x], mask: Some(&mask), ..Default::default() })?;
/// assert_eq!(hist.counts(), [2.0, 2.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Entries<'a> {
    /// A column per axis, in the order of the axes.
    pub columns: &'a [&'a Series],
    /// The weight of each row. A missing weight makes its bin NaN: weights are never guessed.
    pub weight: Option<&'a Series>,
    /// The sample of each row, for profiles. A row without one (null or NaN) counts as missing.
    pub sample: Option<&'a Series>,
    /// Which rows count; all of them when absent.
    pub mask: Option<&'a BooleanChunked>,
}

impl Hist {
    /// Fills one value per row, each counting once.
    ///
    /// # Errors
    /// When the histogram has not exactly one axis of numbers, or keeps means; when interrupted.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// hist.fill(&[3.5, 3.6])?;
    /// assert_eq!(hist.counts(), [1.0, 2.0, 0.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill(&mut self, values: &[f64]) -> Result<()> {
        self.fill_slices(&[values], None, None)
    }

    /// Fills one value per row with its weight.
    ///
    /// # Errors
    /// As [`Hist::fill`]; when the histogram keeps counts only, or lengths differ.
    ///
    /// ```
    /// # use hist::Axis;
    /// # use hist::Hist;
    /// let mut hist = Hist::weighted(Axis::regular(2, 0.0, 2.0)?)?;
    /// hist.fill_weighted(&[0.5, 1.5], &[2.0, 3.0])?;
    /// assert_eq!(hist.counts(), [2.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_weighted(&mut self, values: &[f64], weights: &[f64]) -> Result<()> {
        self.fill_slices(&[values], Some(weights), None)
    }

    /// Fills a slice per axis, with weights and samples where the storage keeps them.
    ///
    /// # Errors
    /// When slices do not fit the axes, the storage or each other; when interrupted.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.counts(), [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    /// hist.fill_slices(&[&[1.5], &[2.5]], None, None)?;
    /// assert_eq!(hist.counts()[5], 2.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_slices(&mut self, columns: &[&[f64]], weights: Option<&[f64]>, samples: Option<&[f64]>) -> Result<()> {
        if columns.len() != self.axes().len() {
            return Err(self.columns_error(columns.len()));
        }
        let pairs = self.axes().iter().zip(columns);
        let columns = pairs.map(|(axis, values)| bind_slice(axis, values)).collect::<Result<_>>()?;
        let rows = Rows::new(self, columns, weights.map(Column::slice), samples.map(Column::slice), None)?;
        rows.fill(self)
    }

    /// Fills a series per axis, in place, with weights where given.
    ///
    /// # Errors
    /// As [`Hist::fill_entries`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// use polars::prelude::*;
    /// hist.fill_series(&[&Series::new("x".into(), [2, 3])], None)?;
    /// assert_eq!(hist.counts(), [1.0, 2.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_series(&mut self, columns: &[&Series], weight: Option<&Series>) -> Result<()> {
        self.fill_entries(&Entries { columns, weight, ..Entries::default() })
    }

    /// Fills named columns of a frame, with a weight column where given.
    ///
    /// # Errors
    /// When a column is not there, and as [`Hist::fill_entries`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// use polars::prelude::*;
    /// hist.fill_frame(&df!("p" => [2.5, 3.5])?, &["p"], None)?;
    /// assert_eq!(hist.counts(), [1.0, 2.0, 1.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_frame(&mut self, frame: &DataFrame, columns: &[&str], weight: Option<&str>) -> Result<()> {
        let find = |name: &str| {
            let column = frame.column(name).map_err(|_| {
                segment::Error::column(name, frame.get_column_names().into_iter().map(PlSmallStr::as_str))
            })?;
            Ok::<&Series, segment::Error>(column.as_materialized_series())
        };
        let columns = columns.iter().map(|name| find(name)).collect::<std::result::Result<Vec<_>, _>>()?;
        let weight = weight.map(find).transpose()?;
        self.fill_series(&columns, weight)
    }

    /// Fills rows with everything that can go with them.
    ///
    /// # Errors
    /// When columns do not fit the axes, the storage or each other; when interrupted. The histogram is then as before.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// use polars::prelude::*;
    /// let (x, mask) = (Series::new("x".into(), [2.5, 3.5]), BooleanChunked::new("".into(), [false, true]));
    /// hist.fill_entries(&hist::Entries { columns: &[&x], mask: Some(&mask), ..Default::default() })?;
    /// assert_eq!(hist.counts(), [1.0, 2.0, 0.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fill_entries(&mut self, entries: &Entries<'_>) -> Result<()> {
        if entries.columns.len() != self.axes().len() {
            return Err(self.columns_error(entries.columns.len()));
        }
        if let Some(objects) = objects::Objects::of(entries)? {
            return self.fill_entries(&objects.entries(&objects.columns()));
        }
        let pairs = self.axes().iter().zip(entries.columns);
        let columns = pairs.map(|(axis, series)| bind(axis, series)).collect::<Result<_>>()?;
        let weight = entries.weight.map(Column::numbers).transpose()?;
        let sample = entries.sample.map(Column::numbers).transpose()?;
        let rows = Rows::new(self, columns, weight, sample, entries.mask)?;
        rows.fill(self)
    }

    fn columns_error(&self, given: usize) -> Error {
        Error::fill(format!("the histogram has {} axes, but {given} columns were given", self.axes().len()))
    }
}

impl Axis {
    /// That the axis can be filled from a column or from the values of its lists: numbers from numbers, texts from texts.
    ///
    /// # Errors
    /// When it cannot; the error says what the column is.
    ///
    /// ```
    /// # use hist::Axis;
    /// use polars::prelude::*;
    /// let axis = Axis::regular(2, 0.0, 1.0)?;
    /// assert!(axis.accepts(&Series::new("p".into(), [1.0])).is_ok());
    /// assert!(axis.accepts(&Series::new("name".into(), ["mu"])).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accepts(&self, column: &Series) -> Result<()> {
        match Lists::of(column)? {
            Some(lists) => bind(self, lists.values()).map(drop),
            None => bind(self, column).map(drop),
        }
    }

    /// Which values of a column lie in a bin, counted from 0, exactly as filling counts them.
    ///
    /// # Errors
    /// A bin that is not there, or a column that the axis cannot be filled from.
    ///
    /// ```
    /// # use hist::Axis;
    /// use polars::prelude::*;
    /// let inside = Axis::regular(2, 0.0, 1.0)?.holds(&Series::new("p".into(), [0.2, 0.7, 3.0]), 1)?;
    /// assert_eq!(inside.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn holds(&self, column: &Series, bin: usize) -> Result<BooleanChunked> {
        if bin >= self.bins() {
            return Err(Error::fill(format!("there is no bin {bin}: the axis has {}, counted from 0", self.bins())));
        }
        let values = bind(self, column)?;
        let wanted = (self.first() + bin) as u32;
        let (mut cells, mut room) = ([0_u32; TILE], Vec::new());
        let mut marks = Vec::with_capacity(values.len());
        for binner in binners(std::slice::from_ref(self)) {
            for from in (0..values.len()).step_by(TILE) {
                let until = values.len().min(from + TILE);
                let cells = &mut cells[..until - from];
                cells.fill(0);
                binner.add(values.tile(from, until, &mut room), cells);
                marks.extend(cells.iter().map(|cell| *cell == wanted));
            }
        }
        Ok(BooleanChunked::from_iter_values(column.name().clone(), marks.into_iter()))
    }
}

/// The column as the axis reads it: numbers, or positions of categories.
fn bind<'a>(axis: &Axis, series: &'a Series) -> Result<Column<'a>> {
    match axis.kind() {
        Kind::Strings(names) => Column::texts(series, names),
        Kind::Integers(numbers) => Ok(Column::numbers(series)?.codes(numbers)),
        _ => Column::along_axis(series),
    }
}

fn bind_slice<'a>(axis: &Axis, values: &'a [f64]) -> Result<Column<'a>> {
    match axis.kind() {
        Kind::Strings(_) => Err(Error::fill("an axis of texts is filled from a series of texts, not from numbers")),
        Kind::Integers(numbers) => Ok(Column::slice(values).codes(numbers)),
        _ => Ok(Column::slice(values)),
    }
}

/// Columns that fit the histogram and each other.
struct Rows<'a> {
    columns: Vec<Column<'a>>,
    weight: Option<Column<'a>>,
    sample: Option<Column<'a>>,
    mask: Option<BooleanChunked>,
    binners: Vec<Binner>,
    length: usize,
}

impl<'a> Rows<'a> {
    fn new(
        hist: &Hist,
        columns: Vec<Column<'a>>,
        weight: Option<Column<'a>>,
        sample: Option<Column<'a>>,
        mask: Option<&BooleanChunked>,
    ) -> Result<Self> {
        check_storage(hist.storage(), weight.is_some(), sample.is_some())?;
        let length = columns.first().map_or(0, Column::len);
        let others = columns.iter().chain(&weight).chain(&sample).map(Column::len).chain(mask.map(|mask| mask.len()));
        if let Some(other) = others.into_iter().find(|&other| other != length) {
            return Err(Error::fill(format!(
                "columns, weights, samples and mask must be equally long, not {length} and {other} rows"
            )));
        }
        // One run of bits, in which a missing truth value is false.
        let mask = mask.map(|mask| {
            let plain = if mask.null_count() > 0 { mask.fill_null_with_values(false) } else { Ok(mask.clone()) };
            plain.map(|mask| mask.rechunk().into_owned())
        });
        Ok(Self { columns, weight, sample, mask: mask.transpose()?, binners: binners(hist.axes()), length })
    }

    fn fill(&self, hist: &mut Hist) -> Result<()> {
        let cells = hist.parts.cells.len();
        if self.length <= cells && self.length <= BLOCK {
            // Fewer rows than cells: a copy of the cells would cost more than the rows.
            let mut tally = Tally::new(hist);
            self.tiles(0..self.length, &mut Direct(&mut hist.parts.cells), &mut tally);
            tally.give(hist);
            return Ok(());
        }
        let size = BLOCK.max((4 * cells).next_power_of_two());
        let blocks: Vec<Range<usize>> =
            (0..self.length).step_by(size).map(|from| from..self.length.min(from + size)).collect();
        let (storage, empty) = (hist.storage(), Tally::new(hist));
        let run = |rows: &Range<usize>| {
            segment::work::check()?;
            let (mut block, mut tally) = (Block::new(storage, cells), empty.clone());
            self.tiles(rows.clone(), &mut block, &mut tally);
            Ok::<_, segment::Error>((block.finish(), tally))
        };
        // The new rows apart from the old ones, so that an interrupt leaves the histogram as it was.
        let mut sum = Cells::new(storage, cells);
        let mut tally = empty.clone();
        // Threads wait for each other at the end of a wave: waves are as long as the memory for their parts allows.
        let wave = (WAITING_CELLS / cells).max(2 * rayon::current_num_threads());
        for wave in blocks.chunks(wave) {
            let parts: Vec<_> =
                if wave.len() == 1 { wave.iter().map(run).collect() } else { wave.par_iter().map(run).collect() };
            for part in parts {
                let (part, count) = part?;
                sum.merge(&part);
                tally.merge(&count);
            }
        }
        hist.parts.cells.merge(&sum);
        tally.give(hist);
        Ok(())
    }

    /// Puts rows into `target`, and what is known without bins into `tally`.
    fn tiles(&self, rows: Range<usize>, target: &mut impl Target, tally: &mut Tally) {
        let mut cells = [0_u32; TILE];
        let (mut column, mut weights, mut samples) = (Vec::new(), Vec::new(), Vec::new());
        let mut kept = Vec::new();
        let [mut value_room, mut weight_room, mut sample_room] = [[0.0; TILE]; 3];
        for from in rows.clone().step_by(TILE) {
            let until = rows.end.min(from + TILE);
            let cells = &mut cells[..until - from];
            cells.fill(0);
            let weight = self.weight.as_ref().map(|weight| weight.tile(from, until, &mut weights));
            let sample = self.sample.as_ref().map(|sample| sample.tile(from, until, &mut samples));
            let chosen = self.mask.as_ref().map(|mask| under(mask, from, cells.len(), &mut kept));
            let weight = weight.map(|weight| compact(weight, chosen, &mut weight_room));
            for ((binner, values), moments) in self.binners.iter().zip(&self.columns).zip(&mut tally.moments) {
                let values = values.tile(from, until, &mut column);
                binner.add(values, cells);
                if let Some(moments) = moments {
                    moments.add(compact(values, chosen, &mut value_room), weight);
                }
            }
            let sample = sample.map(|sample| compact(sample, chosen, &mut sample_room));
            let count = chosen.map_or(cells.len(), <[usize]>::len);
            for (at, &row) in chosen.unwrap_or_default().iter().enumerate() {
                cells[at] = cells[row];
            }
            target.add(&cells[..count], weight, sample);
            tally.entries += count as u64;
        }
    }
}

/// The rows of a tile that a mask leaves.
fn under<'a>(mask: &BooleanChunked, from: usize, rows: usize, kept: &'a mut Vec<usize>) -> &'a [usize] {
    let bits = mask.downcast_as_array().values();
    kept.clear();
    kept.extend((0..rows).filter(|row| bits.get_bit(from + row)));
    kept
}

/// The values of the chosen rows, or all of them.
fn compact<'a>(values: &'a [f64], chosen: Option<&[usize]>, room: &'a mut [f64; TILE]) -> &'a [f64] {
    let Some(chosen) = chosen else { return values };
    room.iter_mut().zip(chosen).for_each(|(place, &row)| *place = values[row]);
    &room[..chosen.len()]
}

/// What rows say beside their cells: how many there are, and the moments of their values.
#[derive(Clone)]
struct Tally {
    entries: u64,
    moments: Vec<Option<Moments>>,
}

impl Tally {
    fn new(hist: &Hist) -> Self {
        Self { entries: 0, moments: hist.axes().iter().map(Moments::new).collect() }
    }

    fn merge(&mut self, other: &Self) {
        self.entries += other.entries;
        let pairs = self.moments.iter_mut().flatten().zip(other.moments.iter().flatten());
        pairs.for_each(|(mine, theirs)| mine.merge(theirs));
    }

    fn give(&self, hist: &mut Hist) {
        hist.parts.entries += self.entries;
        hist.merge_moments(&self.moments);
    }
}

fn check_storage(storage: Storage, weight: bool, sample: bool) -> Result<()> {
    match (storage, weight, sample) {
        (Storage::Count, true, _) => {
            Err(Error::fill("this histogram counts entries: make it with Storage::Weight to fill weights"))
        }
        (Storage::Mean, true, _) => {
            Err(Error::fill("this profile has no weights: make it with Storage::WeightedMean to fill weights"))
        }
        (Storage::Count | Storage::Weight, _, true) => {
            Err(Error::fill("this histogram keeps no means: make it with Storage::Mean to fill samples"))
        }
        (Storage::Mean | Storage::WeightedMean, _, false) => {
            Err(Error::fill("a profile needs a sample for each row: the values whose mean it keeps"))
        }
        _ => Ok(()),
    }
}

/// What takes tiles of rows: the cell of each, its weight and its sample.
trait Target {
    fn add(&mut self, cells: &[u32], weights: Option<&[f64]>, samples: Option<&[f64]>);
}

/// The cells of the histogram themselves.
struct Direct<'a>(&'a mut Cells);

impl Target for Direct<'_> {
    fn add(&mut self, cells: &[u32], weights: Option<&[f64]>, samples: Option<&[f64]>) {
        match self.0 {
            Cells::Count(counts) => cells.iter().for_each(|&cell| counts[cell as usize] += 1.0),
            Cells::Weight(sums) => add_weights::<1>(sums, cells, weights),
            Cells::Mean(profiles) | Cells::WeightedMean(profiles) => add_samples(profiles, cells, weights, samples),
        }
    }
}

/// The cells of one block, in several copies when they are few.
struct Block {
    sums: Sums,
    /// How many cells a copy has.
    cells: usize,
    copied: bool,
}

enum Sums {
    Count(Vec<u32>),
    Weight(Vec<[f64; 2]>),
    Profile(Vec<Profile>, Storage),
}

impl Block {
    fn new(storage: Storage, cells: usize) -> Self {
        let copied = cells <= FEW_CELLS;
        let room = if copied { cells * COPIES } else { cells };
        let sums = match storage {
            Storage::Count => Sums::Count(vec![0; room]),
            Storage::Weight => Sums::Weight(vec![[0.0; 2]; room]),
            Storage::Mean | Storage::WeightedMean => Sums::Profile(vec![Profile::default(); cells], storage),
        };
        Self { sums, cells, copied }
    }

    /// The copies added up in their order.
    fn finish(self) -> Cells {
        let cells = self.cells;
        match self.sums {
            Sums::Count(copies) => {
                let sum = |at: usize| copies[at..].iter().step_by(cells).map(|&count| f64::from(count)).sum();
                Cells::Count((0..cells).map(sum).collect())
            }
            Sums::Weight(copies) => {
                let sum =
                    |at: usize| copies[at..].iter().step_by(cells).fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
                Cells::Weight((0..cells).map(sum).collect())
            }
            Sums::Profile(profiles, Storage::Mean) => Cells::Mean(profiles),
            Sums::Profile(profiles, _) => Cells::WeightedMean(profiles),
        }
    }
}

impl Target for Block {
    fn add(&mut self, cells: &[u32], weights: Option<&[f64]>, samples: Option<&[f64]>) {
        match &mut self.sums {
            Sums::Count(counts) if self.copied => add_counts::<COPIES>(counts, cells),
            Sums::Count(counts) => add_counts::<1>(counts, cells),
            Sums::Weight(sums) if self.copied => add_weights::<COPIES>(sums, cells, weights),
            Sums::Weight(sums) => add_weights::<1>(sums, cells, weights),
            Sums::Profile(profiles, _) => add_samples(profiles, cells, weights, samples),
        }
    }
}

/// Counts rows, in turn in each of the copies of the cells. A block has fewer rows than a count can hold.
fn add_counts<const TURNS: usize>(counts: &mut [u32], cells: &[u32]) {
    let size = counts.len() / TURNS;
    let (chunks, rest) = cells.as_chunks::<TURNS>();
    for chunk in chunks {
        for (copy, &cell) in chunk.iter().enumerate() {
            counts[copy * size + cell as usize] += 1;
        }
    }
    rest.iter().for_each(|&cell| counts[cell as usize] += 1);
}

/// Adds weights and their squares; rows go in turn to the copies of the cells.
fn add_weights<const TURNS: usize>(sums: &mut [[f64; 2]], cells: &[u32], weights: Option<&[f64]>) {
    let size = sums.len() / TURNS;
    let mut add = |copy: usize, cell: u32, weight: f64| {
        let sum = &mut sums[copy * size + cell as usize];
        *sum = [sum[0] + weight, sum[1] + weight * weight];
    };
    let Some(weights) = weights else {
        cells.iter().enumerate().for_each(|(row, &cell)| add(row % TURNS, cell, 1.0));
        return;
    };
    let (chunks, rest) = cells.as_chunks::<TURNS>();
    let (weight_chunks, weight_rest) = weights.as_chunks::<TURNS>();
    for (cells, weights) in chunks.iter().zip(weight_chunks) {
        for copy in 0..TURNS {
            add(copy, cells[copy], weights[copy]);
        }
    }
    rest.iter().zip(weight_rest).for_each(|(&cell, &weight)| add(0, cell, weight));
}

/// A row without a sample has no part in any mean: it counts as missing, in the last cell.
fn add_samples(profiles: &mut [Profile], cells: &[u32], weights: Option<&[f64]>, samples: Option<&[f64]>) {
    let missing = profiles.len() - 1;
    // A profile is never filled without samples: `check_storage`.
    for (row, (&cell, &sample)) in cells.iter().zip(samples.unwrap_or_default()).enumerate() {
        let (at, sample) = if sample.is_nan() { (missing, 0.0) } else { (cell as usize, sample) };
        profiles[at].add(weights.map_or(1.0, |weights| weights[row]), sample);
    }
}

#[cfg(test)]
mod tests;
