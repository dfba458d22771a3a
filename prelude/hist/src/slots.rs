//! From values to cells along one axis, a tile at a time: the loops that decide in which bin an entry falls.

use crate::axis::{Axis, Kind, numpy_edges};
use recoil_vectors::widest;

/// Rows handled at a time. So few that the processor still finds bins of the next rows while it adds up these.
pub(crate) const TILE: usize = 128;

/// An axis made ready for filling.
pub(crate) struct Binner {
    rule: Rule,
    /// How far apart neighbouring cells of this axis lie in the histogram.
    stride: u32,
}

enum Rule {
    Regular(Even),
    Closed {
        even: Even,
        edges: Vec<f64>,
    },
    Circular {
        lower: f64,
        width: f64,
        bins: f64,
    },
    Log {
        lower: f64,
        width: f64,
        bins: f64,
    },
    Variable(Search),
    CircularVariable(Search),
    Integer {
        lower: f64,
        bins: f64,
    },
    CircularInteger {
        lower: f64,
        bins: f64,
    },
    /// Positions of categories: bins, then other, then missing.
    Category {
        bins: f64,
    },
    Boolean,
}

impl Binner {
    pub(crate) fn new(axis: &Axis, stride: usize) -> Self {
        let bins = axis.bins() as f64;
        let rule = match axis.kind() {
            &Kind::Regular { lower, upper, closed: true, bins: count, .. } => {
                Rule::Closed { even: Even::new(lower, upper, bins), edges: numpy_edges(count, lower, upper) }
            }
            &Kind::Regular { lower, upper, circular: true, .. } => Rule::Circular { lower, width: upper - lower, bins },
            &Kind::Regular { lower, upper, .. } => Rule::Regular(Even::new(lower, upper, bins)),
            Kind::Log { lower, upper, .. } => Rule::Log { lower: lower.ln(), width: upper.ln() - lower.ln(), bins },
            Kind::Variable { edges, circular: true, .. } => Rule::CircularVariable(Search::new(edges, false)),
            Kind::Variable { edges, closed, .. } => Rule::Variable(Search::new(edges, *closed)),
            &Kind::Integer { lower, circular: true, .. } => Rule::CircularInteger { lower: lower as f64, bins },
            &Kind::Integer { lower, .. } => Rule::Integer { lower: lower as f64, bins },
            Kind::Strings(_) | Kind::Integers(_) => Rule::Category { bins },
            Kind::Boolean => Rule::Boolean,
        };
        // Histograms have fewer than 2^28 cells: checked when they are made.
        Self { rule, stride: stride as u32 }
    }

    /// Adds to each of `cells` the distance of the cell of its value along this axis.
    pub(crate) fn add(&self, values: &[f64], cells: &mut [u32]) {
        let stride = self.stride;
        match &self.rule {
            Rule::Regular(even) => {
                if !even.add(values, cells, stride) {
                    divided(values, cells, stride, even);
                }
            }
            &Rule::Integer { lower, bins } => open(values, cells, stride, bins, |x| x.floor() - lower),
            &Rule::Log { lower, width, bins } => {
                // Zero and below lie under every logarithmic axis; ln would call the negative ones missing.
                let scaled = |x: f64| {
                    if x <= 0.0 { f64::NEG_INFINITY } else { (x.ln() - lower) / width * bins }
                };
                open(values, cells, stride, bins, scaled);
            }
            &Rule::Circular { lower, width, bins } => {
                each(values, cells, stride, |x| {
                    let turns = (x - lower) / width;
                    round_slot((turns - turns.floor()) * bins, bins)
                });
            }
            &Rule::CircularInteger { lower, bins } => {
                each(values, cells, stride, |x| round_slot((x.floor() - lower).rem_euclid(bins), bins));
            }
            Rule::Closed { even, edges } => {
                if !even.add(values, cells, stride) {
                    each(values, cells, stride, |x| closed_slot(x, even.divided(x), edges));
                }
            }
            Rule::Variable(search) => each(values, cells, stride, |x| search.slot(x)),
            Rule::CircularVariable(search) => each(values, cells, stride, |x| search.round_slot(x)),
            &Rule::Category { bins } => {
                each(values, cells, stride, |x| if x.is_nan() { bins as u32 + 1 } else { x as u32 })
            }
            Rule::Boolean => each(values, cells, stride, |x| if x.is_nan() { 2 } else { u32::from(x != 0.0) }),
        }
    }
}

/// Bins of equal width.
struct Even {
    lower: f64,
    width: f64,
    bins: f64,
    /// Bins per unit, when it and the width have all their digits.
    scale: Option<f64>,
    /// So near to an edge, in bins, rounding could decide the bin: a few units in the last place, of the position and of
    /// the edges.
    little: f64,
}

impl Even {
    fn new(lower: f64, upper: f64, bins: f64) -> Self {
        let width = upper - lower;
        let scale = Some(bins / width).filter(|scale| scale.is_normal() && width.is_normal());
        let size = 1.0 + lower.abs().max(upper.abs()) / width;
        Self { lower, width, bins, scale, little: 16.0 * f64::EPSILON * bins * size }
    }

    /// The position in bins by the arithmetic that boost-histogram and numpy have, which decides at the edges.
    #[inline(always)]
    fn divided(&self, value: f64) -> f64 {
        (value - self.lower) / self.width * self.bins
    }

    /// Adds the cells of all values, or of none when any of them is too near to an edge for a multiplication to decide:
    /// divisions would take as long as everything else.
    fn add(&self, values: &[f64], cells: &mut [u32], stride: u32) -> bool {
        let mut slots = [0; TILE];
        // A tile at a time is all that comes; what is longer is divided.
        let (Some(scale), Some(slots)) = (self.scale, slots.get_mut(..values.len())) else { return false };
        let near = multiplied(values, slots, self, scale);
        if !near {
            cells.iter_mut().zip(slots).for_each(|(cell, slot)| *cell += stride * *slot);
        }
        !near
    }
}

/// Cells of an axis with underflow, `bins` bins, overflow and missing, from positions in units of bins.
#[inline(always)]
fn open(values: &[f64], cells: &mut [u32], stride: u32, bins: f64, scaled: impl Fn(f64) -> f64) {
    for (cell, &value) in cells.iter_mut().zip(values) {
        *cell += stride * open_slot(value, scaled(value), bins);
    }
}

/// The cell of `value`, which lies at `at` in units of bins. Branchless, so that loops of it become vector instructions.
#[inline(always)]
fn open_slot(value: f64, at: f64, bins: f64) -> u32 {
    // NaN fails the comparison and becomes `bins`, the cell before the one of missing values.
    let capped = if at < bins { at } else { bins };
    let held = if capped > -0.5 { capped } else { -0.5 };
    // SAFETY: `held` is not NaN and lies between -0.5 and `bins`, which is at most 2^28.
    let whole = unsafe { held.to_int_unchecked::<i32>() };
    // `value`, not `at`: an infinite value is out of range, not missing.
    (whole + 1 - i32::from(at < 0.0) + i32::from(value.is_nan())) as u32
}

widest! {
    fn divided(values: &[f64], cells: &mut [u32], stride: u32, even: &Even) -> () {
        open(values, cells, stride, even.bins, |x| even.divided(x));
    }
}

widest! {
    fn multiplied(values: &[f64], slots: &mut [u32], even: &Even, scale: f64) -> bool {
        // Says whether any value is so near to an edge that the slots are not to be used. Both ways begin with the same
        // difference and round it twice more, so elsewhere they agree.
        const HALF_WAY: f64 = 6_755_399_441_055_744.0;
        let (lower, bins, little) = (even.lower, even.bins, even.little);
        let mut near = false;
        for (slot, &value) in slots.iter_mut().zip(values) {
            let at = (value - lower) * scale;
            // Adding 1.5 * 2^52 rounds to a whole number.
            let off = (at - ((at + HALF_WAY) - HALF_WAY)).abs();
            near |= (off <= little) & (at > -little) & (at < bins + little);
            *slot = open_slot(value, at, bins);
        }
        near
    }
}

/// Cells by a rule for one value.
#[inline(always)]
fn each(values: &[f64], cells: &mut [u32], stride: u32, slot: impl Fn(f64) -> u32) {
    for (cell, &value) in cells.iter_mut().zip(values) {
        *cell += stride * slot(value);
    }
}

/// The cell on a circle: bins, then missing. Infinite values have no place on a circle and count as missing.
fn round_slot(at: f64, bins: f64) -> u32 {
    if at.is_nan() {
        bins as u32
    } else {
        // A value just below the start can round to a whole turn: it belongs to the last bin.
        (at as u32).min(bins as u32 - 1)
    }
}

/// The cell on an axis whose upper end is in the last bin; bins are corrected by the edges themselves.
fn closed_slot(value: f64, at: f64, edges: &[f64]) -> u32 {
    let bins = edges.len() - 1;
    if value.is_nan() {
        bins as u32 + 2
    } else if value < edges[0] {
        0
    } else if value > edges[bins] {
        bins as u32 + 1
    } else {
        let mut bin = (at as usize).min(bins - 1);
        if value < edges[bin] && bin > 0 {
            bin -= 1;
        } else if bin + 1 < bins && value >= edges[bin + 1] {
            bin += 1;
        }
        bin as u32 + 1
    }
}

/// Finds the bin between given edges: a table leads near it, a few steps do the rest. No step is a branch, because
/// data are random and would be guessed wrong half of the time.
struct Search {
    /// The edges, and NaN, which no value reaches.
    edges: Vec<f64>,
    bins: usize,
    /// For each of equal parts of the range, the first bin that reaches into it.
    table: Vec<u32>,
    /// Parts per unit.
    scale: f64,
    /// The most edges that any part holds.
    steps: usize,
}

impl Search {
    fn new(edges: &[f64], closed: bool) -> Self {
        let bins = edges.len() - 1;
        let (first, width) = (edges[0], edges[bins] - edges[0]);
        let narrowest = edges.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        // Parts no wider than the narrowest bin need one step; a table beyond the first cache would cost more.
        let parts = ((2.0 * width / narrowest) as usize).clamp(2 * bins, 4096.max(2 * bins));
        let scale = parts as f64 / width;
        // The same rounding decides here and in `bin`, so a value is never behind the entry of its part.
        let part = |value: f64| (((value - first) * scale) as usize).min(parts);
        let mut table = vec![0; parts + 1];
        let mut bin = 0;
        for (at, entry) in table.iter_mut().enumerate() {
            while bin < bins && part(edges[bin + 1]) < at {
                bin += 1;
            }
            *entry = bin as u32;
        }
        let mut held = vec![0; parts + 1];
        edges[1..].iter().for_each(|&edge| held[part(edge)] += 1);
        let steps = held.into_iter().max().unwrap_or(0);
        let mut edges = edges.to_vec();
        if closed {
            // The last edge itself is inside: the end lies just behind it.
            edges[bins] = edges[bins].next_up();
        }
        edges.push(f64::NAN);
        Self { edges, bins, table, scale, steps }
    }

    /// The bin of a value, which is not below the first edge; `bins` beyond the last. For NaN it is 0.
    #[inline]
    fn bin(&self, value: f64) -> usize {
        if self.steps > 8 {
            // Bins of very different widths: halving takes fewer steps.
            return self.edges[..=self.bins].partition_point(|&edge| edge <= value).saturating_sub(1);
        }
        let part = ((value - self.edges[0]) * self.scale) as usize;
        let mut bin = self.table[part.min(self.table.len() - 1)] as usize;
        for _ in 0..self.steps {
            bin += usize::from(value >= self.edges[(bin + 1).min(self.bins + 1)]);
        }
        bin
    }

    #[inline]
    fn slot(&self, value: f64) -> u32 {
        let bin = self.bin(value) + 1 - usize::from(value < self.edges[0]);
        (bin + usize::from(value.is_nan()) * (self.bins + 1)) as u32
    }

    fn round_slot(&self, value: f64) -> u32 {
        let (first, width) = (self.edges[0], self.edges[self.bins] - self.edges[0]);
        let inside = value - ((value - first) / width).floor() * width;
        // What rounds to a whole turn belongs to the last bin.
        if inside.is_nan() { self.bins as u32 } else { self.bin(inside.max(first)).min(self.bins - 1) as u32 }
    }
}

/// The binners of all axes, the last axis varying fastest.
pub(crate) fn binners(axes: &[Axis]) -> Vec<Binner> {
    axes.iter().zip(strides(axes)).map(|(axis, stride)| Binner::new(axis, stride)).collect()
}

/// How far apart neighbouring cells of each axis lie: the last axis varies fastest, as in C and UHI.
pub(crate) fn strides(axes: &[Axis]) -> Vec<usize> {
    let mut strides = vec![1; axes.len()];
    for at in (0..axes.len().saturating_sub(1)).rev() {
        strides[at] = strides[at + 1] * axes[at + 1].extent();
    }
    strides
}
