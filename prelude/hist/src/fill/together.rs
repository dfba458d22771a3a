//! Many histograms of the same rows, nominal and in universes, filled in one walk: the bin of a value is found once for all
//! universes that have it, and the weights of all universes of a row lie side by side, so that one vector addition serves them.
//!
//! Rows go into the same copies of cells in the same order as for one histogram, so that each sum is, bit for bit, that of a
//! histogram that was filled alone from the rows that its mask leaves.

use super::lanes::{CHUNK, Lanes, Room};
use super::universes::Sums;
use super::{BLOCK, Entries, FEW_CELLS, Tally, bind, check_storage};
use crate::cells::Cells;
use crate::column::Column;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::moments::Moments;
use crate::slots::{Binner, TILE, binners};
use polars::prelude::*;

/// More cells than this are filled alone: their sums would not stay in a cache anyway.
const MOST_CELLS: usize = 1 << 16;

/// Rows of a table, and the weights that they have.
///
/// ```
/// # use polars::prelude::*;
/// # let weights = Series::new("w".into(), [1.0, 2.0, 3.0]);
/// let layer = hist::Layer { more: vec![None, Some(&weights)], ..hist::Layer::default() };
/// assert!(layer.mask.is_none() && layer.weight.is_none());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Layer<'a> {
    /// Which rows count; all of them when absent.
    pub mask: Option<&'a BooleanChunked>,
    /// The weight of each row in the histograms of this layer; when absent it has none, but sums alone.
    pub weight: Option<&'a Series>,
    /// The weight of each row in each universe whose sums are kept; without one it counts as 1.
    pub more: Vec<Option<&'a Series>>,
}

/// What is filled from the rows of a layer.
///
/// ```
/// # use hist::{Axis, Layer, Layered, Sums, fill_together};
/// # use polars::prelude::*;
/// # let x = Series::new("x".into(), [0.5, 1.5, 1.6]);
/// let mut sums = Sums::new([Axis::regular(2, 0.0, 2.0)?], 1)?;
/// let one = Layered { layer: 0, columns: vec![&x], hist: None, sums: Some(&mut sums) };
/// fill_together(&[Layer { more: vec![None], ..Layer::default() }], &mut [one])?;
/// assert_eq!(sums.of(0)[1..3], [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Layered<'a, 'h> {
    /// The number of the layer.
    pub layer: usize,
    /// A column for each axis.
    pub columns: Vec<&'a Series>,
    /// The histogram, where the layer has a weight.
    pub hist: Option<&'h mut Hist>,
    /// The sums of the universes, where the layer has any.
    pub sums: Option<&'h mut Sums>,
}

/// Fills histograms and sums of several layers of the same table.
///
/// # Errors
/// As [`Sums::fill_with`]; columns and masks of different lengths.
///
/// ```
/// # use hist::{Axis, Hist, Layer, Layered, Sums, fill_together};
/// # use polars::prelude::*;
/// # let (x, w) = (Series::new("x".into(), [0.5, 1.5, 1.6]), Series::new("w".into(), [1.0, 2.0, 3.0]));
/// let axis = Axis::regular(2, 0.0, 2.0)?;
/// let (mut nominal, mut up) = (Hist::weighted(axis.clone())?, Sums::new([axis], 1)?);
/// let mask = BooleanChunked::new("".into(), [true, true, false]);
/// let layers = [
///     Layer { weight: Some(&w), ..Layer::default() },
///     Layer { mask: Some(&mask), more: vec![Some(&w)], ..Layer::default() },
/// ];
/// let mut all = [
///     Layered { layer: 0, columns: vec![&x], hist: Some(&mut nominal), sums: None },
///     Layered { layer: 1, columns: vec![&x], hist: None, sums: Some(&mut up) },
/// ];
/// fill_together(&layers, &mut all)?;
/// assert_eq!((nominal.counts(), up.of(0)[1..3].to_vec()), (vec![1.0, 5.0], vec![1.0, 2.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fill_together(layers: &[Layer<'_>], all: &mut [Layered<'_, '_>]) -> Result<()> {
    let rows = all.first().and_then(|one| one.columns.first()).map_or(0, |column| column.len());
    let mut chosen = layers.iter().map(|layer| Chosen::new(layer, rows)).collect::<Result<Vec<_>>>()?;
    let mut binned: Vec<Binned<'_>> = Vec::new();
    let mut tables = Vec::with_capacity(all.len());
    for one in all {
        let (Some(layer), Some(chosen)) = (layers.get(one.layer), chosen.get(one.layer)) else {
            return Err(Error::fill(format!("there is no layer {}", one.layer)));
        };
        check(one, layer, rows)?;
        if chosen.left == 0 {
            continue;
        }
        let cells = one.cells();
        // What is filled without copies of its cells, or block by block, is left to those who know how.
        if chosen.left <= cells || chosen.left > BLOCK || cells > MOST_CELLS {
            one.alone(layer)?;
            continue;
        }
        let bins = Binned::find(&mut binned, one)?;
        binned[bins].keeps_values |= one.hist.is_some();
        tables.push(Table::new(one, bins, cells, &chosen.lanes));
    }
    walk(&mut binned, &mut chosen, &mut tables, rows)?;
    tables.into_iter().try_for_each(|table| table.finish(&chosen))
}

/// What does not fit together.
fn check(one: &Layered<'_, '_>, layer: &Layer<'_>, rows: usize) -> Result<()> {
    let axes = one.hist.as_ref().map(|hist| hist.axes()).or(one.sums.as_ref().map(|sums| sums.axes()));
    let axes = axes.map_or(0, <[_]>::len);
    if axes != one.columns.len() {
        return Err(Error::fill(format!("there are {axes} axes, but {} columns were given", one.columns.len())));
    }
    if one.columns.iter().any(|column| column.len() != rows) {
        return Err(Error::fill("columns of all histograms must be equally long"));
    }
    if one.hist.is_some() != layer.weight.is_some() {
        return Err(Error::fill("a layer with a weight has a histogram, one without has none"));
    }
    if one.sums.as_ref().map_or(0, |sums| sums.many()) != layer.more.len() {
        return Err(Error::fill("there must be a weight for each universe"));
    }
    one.hist.as_ref().map_or(Ok(()), |hist| check_storage(hist.storage(), true, false))
}

impl Layered<'_, '_> {
    fn cells(&self) -> usize {
        let hist = self.hist.as_ref().map(|hist| hist.parts.cells.len());
        hist.or(self.sums.as_ref().map(|sums| sums.cells())).unwrap_or(0)
    }

    /// Fills these alone, from the rows that the mask leaves.
    fn alone(&mut self, layer: &Layer<'_>) -> Result<()> {
        let kept = |column: &&Series| match layer.mask {
            Some(mask) => column.filter(mask),
            None => Ok((*column).clone()),
        };
        let columns = self.columns.iter().map(kept).collect::<PolarsResult<Vec<_>>>()?;
        let columns: Vec<&Series> = columns.iter().collect();
        let weight = layer.weight.as_ref().map(kept).transpose()?;
        let more = layer.more.iter().map(|weight| weight.as_ref().map(kept).transpose());
        let more = more.collect::<PolarsResult<Vec<_>>>()?;
        let more: Vec<Option<&Series>> = more.iter().map(Option::as_ref).collect();
        let entries = Entries { columns: &columns, weight: weight.as_ref(), ..Entries::default() };
        match (&mut self.hist, &mut self.sums) {
            (Some(hist), Some(sums)) => sums.fill_with(hist, &entries, &more),
            (Some(hist), None) => hist.fill_entries(&entries),
            (None, Some(sums)) => sums.fill(&columns, &more),
            (None, None) => Ok(()),
        }
    }
}

/// The rows of a layer.
struct Chosen<'a> {
    mask: Option<BooleanChunked>,
    /// How many there are.
    left: usize,
    /// The weights, and the sums that they go into.
    columns: Vec<Column<'a>>,
    lanes: Vec<Lanes>,
    /// Whether the first column is the weight of histograms.
    weighs: bool,
    /// Of the rows at hand: where they are, and how many there were before.
    at: Vec<u16>,
    rank: usize,
    /// Weights of the rows whose values are not yet in the moments.
    pending: Vec<f64>,
}

impl<'a> Chosen<'a> {
    fn new(layer: &Layer<'a>, rows: usize) -> Result<Self> {
        let plain = |mask: &BooleanChunked| -> PolarsResult<BooleanChunked> {
            let filled = if mask.null_count() > 0 { mask.fill_null_with_values(false)? } else { mask.clone() };
            Ok(filled.rechunk().into_owned())
        };
        let mask = layer.mask.map(plain).transpose()?;
        let columns = layer.weight.into_iter().chain(layer.more.iter().copied().flatten());
        let columns = columns.map(Column::numbers).collect::<Result<Vec<_>>>()?;
        let lengths = columns.iter().map(Column::len).chain(mask.as_ref().map(|mask| mask.len()));
        if let Some(other) = lengths.into_iter().find(|length| *length != rows) {
            return Err(Error::fill(format!(
                "columns, weights and masks must be equally long, not {rows} and {other} rows"
            )));
        }
        let left = mask.as_ref().map_or(rows, |mask| mask.sum().unwrap_or(0) as usize);
        let lanes = Lanes::of(layer.weight.is_some(), layer.more.iter().map(Option::is_some));
        let (weighs, at) = (layer.weight.is_some(), Vec::with_capacity(CHUNK));
        Ok(Self { mask, left, columns, lanes, weighs, at, rank: 0, pending: Vec::new() })
    }

    /// Finds out which of some rows there are, and puts their weights side by side.
    fn look(&mut self, from: usize, until: usize, room: &mut Vec<f64>) {
        self.rank += self.at.len();
        self.at.clear();
        match &self.mask {
            None => self.at.extend(0..(until - from) as u16),
            Some(mask) => positions(mask, from, until, &mut self.at),
        }
        if self.at.is_empty() {
            return;
        }
        self.lanes.iter_mut().for_each(|lanes| lanes.begin(self.at.len()));
        for (number, column) in self.columns.iter().enumerate() {
            let values = column.tile(from, until, room);
            self.lanes.iter_mut().for_each(|lanes| lanes.put(number, values, &self.at));
            if number == 0 && self.weighs {
                self.pending.extend(self.at.iter().map(|&row| values[row as usize]));
            }
        }
    }

    /// How many of the rows go to copies in turn.
    fn whole(&self) -> usize {
        self.left / super::COPIES * super::COPIES
    }
}

/// Where a mask is true, counted from `from`.
fn positions(mask: &BooleanChunked, from: usize, until: usize, at: &mut Vec<u16>) {
    let (bytes, offset, _) = mask.downcast_as_array().values().as_slice();
    let mut found = [0_u16; CHUNK];
    let mut count = 0;
    // Without a branch: data are random.
    for row in 0..until - from {
        found[count] = row as u16;
        let bit = offset + from + row;
        count += usize::from(bytes[bit / 8] >> (bit % 8) & 1);
    }
    at.extend_from_slice(&found[..count]);
}

/// Columns with the axes that they are binned by, which are the same for all layers.
struct Binned<'a> {
    series: Vec<&'a Series>,
    axes: Vec<crate::axis::Axis>,
    columns: Vec<Column<'a>>,
    binners: Vec<Binner>,
    /// Whether a histogram wants the values for its moments.
    keeps_values: bool,
    /// Of the rows at hand: their cells, and their values on each axis.
    cells: Box<[u32; CHUNK]>,
    values: Vec<Vec<f64>>,
}

impl<'a> Binned<'a> {
    /// The place of the columns of a histogram among those that are known, or a new one.
    fn find(known: &mut Vec<Self>, one: &Layered<'a, '_>) -> Result<usize> {
        let axes = match (&one.hist, &one.sums) {
            (Some(hist), _) => hist.axes(),
            (None, Some(sums)) => sums.axes(),
            (None, None) => &[],
        };
        let is_same = |other: &Self| {
            other.series.iter().zip(&one.columns).all(|(a, b)| std::ptr::eq(*a, *b)) && other.axes.as_slice() == axes
        };
        if let Some(at) = known.iter().position(is_same) {
            return Ok(at);
        }
        let columns =
            axes.iter().zip(&one.columns).map(|(axis, series)| bind(axis, series)).collect::<Result<Vec<_>>>()?;
        known.push(Self {
            series: one.columns.clone(),
            binners: binners(axes),
            values: vec![Vec::with_capacity(CHUNK); axes.len()],
            axes: axes.to_vec(),
            columns,
            keeps_values: false,
            cells: Box::new([0; CHUNK]),
        });
        Ok(known.len() - 1)
    }

    /// Finds the cells of some rows.
    fn look(&mut self, from: usize, until: usize, room: &mut Vec<f64>) {
        self.cells[..until - from].fill(0);
        for ((binner, column), kept) in self.binners.iter().zip(&self.columns).zip(&mut self.values) {
            kept.clear();
            for (start, cells) in (from..until).step_by(TILE).zip(self.cells.chunks_mut(TILE)) {
                let tile = column.tile(start, until.min(start + TILE), room);
                binner.add(tile, &mut cells[..tile.len()]);
                if self.keeps_values {
                    kept.extend_from_slice(tile);
                }
            }
        }
    }
}

/// A histogram, or sums, while they are filled.
struct Table<'r, 'a, 'h> {
    one: &'r mut Layered<'a, 'h>,
    bins: usize,
    cells: usize,
    rooms: Vec<Room>,
    tally: Option<Tally>,
    /// By axis, values that are not yet in the moments.
    pending: Vec<Vec<f64>>,
}

impl<'r, 'a, 'h> Table<'r, 'a, 'h> {
    fn new(one: &'r mut Layered<'a, 'h>, bins: usize, cells: usize, lanes: &[Lanes]) -> Self {
        let copied = cells <= FEW_CELLS;
        let rooms = lanes.iter().map(|lanes| lanes.room(cells, copied)).collect();
        let tally = one.hist.as_ref().map(|hist| Tally::new(hist));
        let pending = vec![Vec::new(); one.columns.len()];
        Self { one, bins, cells, rooms, tally, pending }
    }

    /// Adds the rows at hand.
    fn add(&mut self, binned: &Binned<'_>, chosen: &Chosen<'_>) {
        let whole = if self.cells <= FEW_CELLS { chosen.whole() } else { 0 };
        for (room, lanes) in self.rooms.iter_mut().zip(&chosen.lanes) {
            room.add(lanes, &binned.cells, &chosen.at, (self.cells, chosen.rank, whole));
        }
        let Some(tally) = &mut self.tally else { return };
        for ((moments, pending), values) in tally.moments.iter_mut().zip(&mut self.pending).zip(&binned.values) {
            if let Some(moments) = moments {
                pending.extend(chosen.at.iter().map(|&row| values[row as usize]));
                tiles(moments, pending, &chosen.pending, chosen.pending.len() / TILE * TILE);
            }
        }
    }

    fn finish(mut self, chosen: &[Chosen<'_>]) -> Result<()> {
        let chosen = &chosen[self.one.layer];
        let sums: Vec<Vec<f64>> = self.rooms.iter().flat_map(|room| room.sums(self.cells)).collect();
        let mut more = &sums[..];
        if let (Some(hist), Some(mut tally)) = (self.one.hist.as_deref_mut(), self.tally.take()) {
            for (moments, pending) in tally.moments.iter_mut().zip(&mut self.pending) {
                if let Some(moments) = moments {
                    let rest = pending.len();
                    tiles(moments, pending, &chosen.pending, rest);
                }
            }
            // As a block of rows that is merged into nothing, and then into the histogram.
            let mut own = Tally::new(hist);
            tally.entries = chosen.left as u64;
            own.merge(&tally);
            own.give(hist);
            let (weights, rest) = sums.split_at(2);
            let block =
                Cells::Weight(weights[0].iter().zip(&weights[1]).map(|(sum, square)| [*sum, *square]).collect());
            let mut sum = Cells::new(hist.storage(), self.cells);
            sum.merge(&block);
            hist.parts.cells.merge(&sum);
            more = rest;
        }
        if let Some(sums) = self.one.sums.as_deref_mut() {
            sums.add_universes(more, chosen.left as u64);
        }
        Ok(())
    }
}

/// Adds `count` of the values that wait, a tile at a time, and takes them out.
fn tiles(moments: &mut Moments, values: &mut Vec<f64>, weights: &[f64], count: usize) {
    for (values, weights) in values[..count].chunks(TILE).zip(weights.chunks(TILE)) {
        moments.add(values, Some(&weights[..values.len()]));
    }
    values.drain(..count);
}

/// Walks over all rows, some at a time.
fn walk(
    binned: &mut [Binned<'_>],
    chosen: &mut [Chosen<'_>],
    tables: &mut [Table<'_, '_, '_>],
    rows: usize,
) -> Result<()> {
    let mut room = Vec::with_capacity(CHUNK);
    for from in (0..rows).step_by(CHUNK) {
        if from.is_multiple_of(64 * CHUNK) {
            segment::work::check()?;
        }
        let until = rows.min(from + CHUNK);
        binned.iter_mut().for_each(|bins| bins.look(from, until, &mut room));
        chosen.iter_mut().for_each(|chosen| chosen.look(from, until, &mut room));
        for table in tables.iter_mut() {
            let chosen = &chosen[table.one.layer];
            if !chosen.at.is_empty() {
                table.add(&binned[table.bins], chosen);
            }
        }
        for chosen in chosen.iter_mut() {
            let done = chosen.pending.len() / TILE * TILE;
            chosen.pending.drain(..done);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
