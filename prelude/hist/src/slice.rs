//! Looking at a part of a histogram: slices, coarser bins, fewer axes. All keep the parts by process.

use crate::axis::{Axis, Kind};
use crate::cells::NOWHERE;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::locate::{AxisAt, Locator, bins_of};
use crate::slots::strides;
use std::ops::RangeBounds;

impl Hist {
    /// A range of bins of one axis; what lies outside moves to underflow and overflow, so nothing is lost.
    ///
    /// The range is in bins (`2..10`) or in values (`loc(0.2)..loc(0.8)`, from the bin of 0.2 up to and without the
    /// bin of 0.8), as in the UHI rules of Python's histograms.
    ///
    /// # Errors
    /// When there is no such axis, no bin in the range, or nowhere for the rest to go (circles, false and true).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.slice(0, 1..3)?.values(), [2.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn slice<L: Into<Locator> + Clone>(&self, axis: impl AxisAt, range: impl RangeBounds<L>) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        let old = &self.parts.axes[axis];
        let bins = bins_of(old, &range)?;
        if bins.len() == old.bins() {
            return Ok(self.clone());
        }
        let new = old.narrowed(bins.start, bins.end)?;
        let (first, start) = (new.first(), bins.start);
        // Categories have no below: those before the slice are `other`, as those behind it.
        let below = if new.has_underflow() { 0 } else { first + bins.len() };
        self.moved(axis, &new, |bin| if bin < start { below } else { (first + bin - start).min(first + bins.len()) })
    }

    /// Every `bins` neighbouring bins of the first axis as one: see [`Hist::rebin_axis`].
    ///
    /// # Errors
    /// As [`Hist::rebin_axis`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.rebin(2)?.values(), [3.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn rebin(&self, bins: usize) -> Result<Self> {
        self.rebin_axis(0, bins)
    }

    /// Every `bins` neighbouring bins as one. Bins left over at the end move to overflow.
    ///
    /// # Errors
    /// When there is no such axis, its bins are categories, or there are fewer of them than `bins`.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.rebin_axis("x", 2)?.shape(), [1, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rebin_axis(&self, axis: impl AxisAt, bins: usize) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        let old = &self.parts.axes[axis];
        let count = old.bins().checked_div(bins).unwrap_or(0);
        if count == 0 {
            return Err(Error::axis(format!("{} bins cannot be joined by {bins}", old.bins())));
        }
        if old.is_circular() && !old.bins().is_multiple_of(bins) {
            return Err(Error::axis(format!("the {} bins of a circle cannot be joined by {bins}", old.bins())));
        }
        let new = old.coarser(bins, count)?;
        let first = new.first();
        self.moved(axis, &new, |bin| first + (bin / bins).min(count))
    }

    /// Joins bins so that these edges remain. Each must be an edge already; what lies outside moves to the flow.
    ///
    /// # Errors
    /// When there is no such axis, or an edge is not one of its edges.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.rebin_edges(0, &[0.0, 1.0, 4.0])?.values(), [1.0, 2.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn rebin_edges(&self, axis: impl AxisAt, edges: &[f64]) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        let old = &self.parts.axes[axis];
        if !old.has_underflow() {
            return Err(Error::axis(format!("the bins of `{old}` cannot be joined by edges")));
        }
        let known = old.edges();
        let width = known[known.len() - 1] - known[0];
        let mut positions = Vec::new();
        for &edge in edges {
            // Edges are computed: the user's 0.3 is the axis's 0.30000000000000004.
            let found = known.iter().position(|&at| (at - edge).abs() <= 1e-9 * width);
            positions.push(found.ok_or_else(|| Error::axis(format!("{edge} is not an edge of the axis `{old}`")))?);
        }
        let new = Axis { kind: Axis::variable(edges)?.kind, ..old.clone() };
        self.moved(axis, &new, |bin| positions.partition_point(|&edge| edge <= bin))
    }

    /// The histogram of these axes alone, in this order; all else is summed, flow and missing included,
    /// as if only these columns had been filled.
    ///
    /// # Errors
    /// When an axis is not there or comes twice, or none is left.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// let axes = [Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(2, 0.0, 2.0)?.named("y")];
    /// let mut hist = Hist::with(axes, hist::Storage::Count)?;
    /// hist.fill_slices(&[&[0.5, 1.5], &[0.5, 0.5]], None, None)?;
    /// assert_eq!(hist.project(["y"])?.values(), [2.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn project<A: AxisAt>(&self, axes: impl IntoIterator<Item = A>) -> Result<Self> {
        let kept: Vec<usize> = axes.into_iter().map(|axis| axis.position(self.axes())).collect::<Result<_>>()?;
        if let Some(at) = (1..kept.len()).find(|&at| kept[..at].contains(&kept[at])) {
            return Err(Error::axis(format!("axis {} cannot be kept twice", kept[at])));
        }
        let axes: Vec<Axis> = kept.iter().map(|&axis| self.parts.axes[axis].clone()).collect();
        let empty = Self::with(axes, self.storage())?;
        let (old, new) = (strides(&self.parts.axes), strides(&empty.parts.axes));
        let target = |cell: usize| {
            let moves = kept.iter().zip(&new);
            moves.map(|(&axis, stride)| cell / old[axis] % self.parts.axes[axis].extent() * stride).sum::<usize>()
        };
        self.gathered(&empty, Some(&kept), |cell| Some(target(cell)))
    }

    /// The histogram without one axis, summed over all of it, flow and missing included.
    ///
    /// # Errors
    /// When there is no such axis, or it is the only one.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.sum_over("y")?.counts(), [2.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sum_over(&self, axis: impl AxisAt) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        self.check_more_axes()?;
        self.project((0..self.parts.axes.len()).filter(|&other| other != axis))
    }

    /// The histogram without one axis, summed over a range of its bins only.
    ///
    /// # Errors
    /// When there is no such axis or range, or it is the only axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.integrate("y", 0..2)?.counts(), [2.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn integrate<L: Into<Locator> + Clone>(&self, axis: impl AxisAt, range: impl RangeBounds<L>) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        self.check_more_axes()?;
        let bins = bins_of(&self.parts.axes[axis], &range)?;
        let axes: Vec<Axis> =
            (0..self.parts.axes.len()).filter(|&at| at != axis).map(|at| self.parts.axes[at].clone()).collect();
        let empty = Self::with(axes, self.storage())?;
        let (stride, extent, first) =
            (strides(&self.parts.axes)[axis], self.parts.axes[axis].extent(), self.parts.axes[axis].first());
        self.gathered(&empty, None, |cell| {
            let bin = (cell / stride % extent).checked_sub(first)?;
            bins.contains(&bin).then(|| cell / (stride * extent) * stride + cell % stride)
        })
    }

    /// The histogram without one axis, in one of its bins: `h.pick("process", loc("mumu"))`.
    ///
    /// # Errors
    /// When there is no such axis or bin, or it is the only axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.pick("y", hist::loc(2.5))?.counts(), [0.0, 1.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pick(&self, axis: impl AxisAt, bin: impl Into<Locator>) -> Result<Self> {
        let axis = axis.position(self.axes())?;
        let bin = bin.into().bin(&self.parts.axes[axis])?;
        self.integrate(axis, bin..bin + 1)
    }

    /// The value and the variance of one bin: a position or a [`loc`](crate::locate::loc) for each axis.
    ///
    /// # Errors
    /// When there are not as many bins as axes, or one is not there.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.at([1, 2])?, (1.0, 1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at<L: Into<Locator>>(&self, bins: impl IntoIterator<Item = L>) -> Result<(f64, f64)> {
        let bins: Vec<Locator> = bins.into_iter().map(Into::into).collect();
        if bins.len() != self.parts.axes.len() {
            return Err(Error::Missing(format!(
                "a bin has {} coordinates here, not {}",
                self.parts.axes.len(),
                bins.len()
            )));
        }
        let mut cell = 0;
        for ((bin, axis), stride) in bins.iter().zip(&self.parts.axes).zip(strides(&self.parts.axes)) {
            cell += (axis.first() + bin.bin(axis)?) * stride;
        }
        Ok((self.parts.cells.value(cell), self.parts.cells.variance(cell)))
    }

    fn check_more_axes(&self) -> Result<()> {
        if self.parts.axes.len() > 1 {
            return Ok(());
        }
        Err(Error::axis("this is the only axis: `sum` gives the number, `slice` a part of the histogram"))
    }

    /// The histogram with another axis in the place of one; `slot` says where each bin goes, flow stays flow.
    fn moved(&self, axis: usize, new: &Axis, slot: impl Fn(usize) -> usize) -> Result<Self> {
        let mut axes = self.parts.axes.clone();
        axes[axis] = new.clone();
        let empty = Self::with(axes, self.storage())?;
        let old = &self.parts.axes[axis];
        let slots: Vec<usize> = (0..old.extent())
            .map(|at| match at {
                at if at == old.missing() => new.missing(),
                at if at < old.first() => 0,
                at if at < old.first() + old.bins() => slot(at - old.first()),
                _ => new.first() + new.bins(),
            })
            .collect();
        let stride = strides(&self.parts.axes)[axis];
        let all: Vec<usize> = (0..self.parts.axes.len()).collect();
        self.gathered(&empty, Some(&all), |cell| {
            let (before, at, after) = (cell / (stride * old.extent()), cell / stride % old.extent(), cell % stride);
            Some((before * new.extent() + slots[at]) * stride + after)
        })
    }

    /// Underflow in the first bin and overflow in the last one of an axis that has numbers.
    pub(crate) fn flow_moved(&self, axis: usize) -> Result<Self> {
        let own = &self.parts.axes[axis];
        if !own.has_underflow() {
            return Ok(self.clone());
        }
        let (stride, extent, first, last) =
            (strides(&self.parts.axes)[axis], own.extent(), own.first(), own.first() + own.bins() - 1);
        let all: Vec<usize> = (0..self.parts.axes.len()).collect();
        self.gathered(&self.empty_like(), Some(&all), |cell| {
            let slot = cell / stride % extent;
            let wanted = if slot == own.missing() { slot } else { slot.clamp(first, last) };
            Some(cell - slot * stride + wanted * stride)
        })
    }

    /// All cells moved into the axes of `empty`, in every process too. `kept` are the axes whose rows all go with them,
    /// and so their moments; where rows are left out, the moments of the rest are not known.
    fn gathered(&self, empty: &Self, kept: Option<&[usize]>, target: impl Fn(usize) -> Option<usize>) -> Result<Self> {
        let targets: Vec<u32> =
            (0..self.parts.cells.len()).map(|cell| target(cell).map_or(NOWHERE, |target| target as u32)).collect();
        let lost = targets.contains(&NOWHERE);
        let one = |hist: &Self| {
            let mut new = empty.empty_like();
            new.parts.cells = hist.parts.cells.gathered(&targets, empty.parts.cells.len());
            // How many rows are left is known for counts only; for weights it is what they are worth.
            new.parts.entries = if lost { new.worth() } else { hist.parts.entries };
            new.parts.sample.clone_from(&hist.parts.sample);
            match kept {
                Some(kept) => new.parts.moments = kept.iter().map(|&axis| hist.parts.moments[axis]).collect(),
                None => new.parts.moments.fill(None),
            }
            new
        };
        let processes = self.parts.processes.try_map(|part| Ok(one(part)))?;
        let mut new = one(self);
        new.parts.processes = processes;
        Ok(new)
    }

    /// Entries of weight 1 that tell as much as all cells together.
    fn worth(&self) -> u64 {
        let squares: f64 = (0..self.parts.cells.len()).map(|at| self.parts.cells.square(at)).sum();
        if squares > 0.0 { (self.total().powi(2) / squares).round() as u64 } else { 0 }
    }
}

impl Axis {
    /// The bins from `from` up to and without `until`.
    fn narrowed(&self, from: usize, until: usize) -> Result<Self> {
        let edges = self.edges();
        let (low, high) = (edges[from], edges[until]);
        let last = until == self.bins();
        let kind = match &self.kind {
            Kind::Boolean => return Err(Error::axis("false and true cannot be sliced: use `pick`")),
            _ if self.is_circular() => {
                return Err(Error::axis("a circle cannot be sliced, there is no outside: use `integrate` or `pick`"));
            }
            Kind::Regular { closed, .. } => {
                Kind::Regular { bins: until - from, lower: low, upper: high, closed: *closed && last, circular: false }
            }
            Kind::Log { .. } => Kind::Log { bins: until - from, lower: low, upper: high },
            Kind::Variable { closed, .. } => {
                Kind::Variable { edges: edges[from..=until].into(), closed: *closed && last, circular: false }
            }
            Kind::Integer { lower, .. } => {
                Kind::Integer { lower: lower + from as i64, upper: lower + until as i64, circular: false }
            }
            Kind::Strings(names) => Kind::Strings(names[from..until].into()),
            Kind::Integers(numbers) => Kind::Integers(numbers[from..until].into()),
        };
        Ok(Self { kind, ..self.clone() })
    }

    /// `count` bins of `join` old ones each.
    fn coarser(&self, join: usize, count: usize) -> Result<Self> {
        let edges: Vec<f64> = self.edges().into_iter().step_by(join).take(count + 1).collect();
        let (lower, upper) = (edges[0], edges[count]);
        let whole = join * count == self.bins();
        let kind = match &self.kind {
            &Kind::Regular { closed, circular, .. } => {
                Kind::Regular { bins: count, lower, upper, closed: closed && whole, circular }
            }
            Kind::Log { .. } => Kind::Log { bins: count, lower, upper },
            &Kind::Variable { closed, circular, .. } => {
                Kind::Variable { edges: edges.into(), closed: closed && whole, circular }
            }
            &Kind::Integer { circular, .. } => Kind::Regular { bins: count, lower, upper, closed: false, circular },
            _ => return Err(Error::axis(format!("categories cannot be joined: `{self}`"))),
        };
        Ok(Self { kind, ..self.clone() })
    }
}

#[cfg(test)]
mod tests;
