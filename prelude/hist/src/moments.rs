//! Mean and standard deviation of what was filled, from the values themselves and not from the bins.
//!
//! Every row with a finite value counts, also one in underflow or overflow: a histogram whose range cuts off a tail has
//! the mean of the column, as numpy gives it. [`Hist::binned_mean`] is the other choice, bins alone. The sums are
//! compensated and are added up in the order of the rows, so they are the same bit for bit with any number of threads.

use crate::axis::{Axis, Kind};
use crate::error::Result;
use crate::hist::Hist;
use crate::locate::AxisAt;
use crate::widest::widest;

/// A sum, and what rounding has taken from it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sum {
    value: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let sum = self.value + term;
        // What the larger of the two did not take over; infinite sums have no remainder.
        let rest = match self.value.abs() >= term.abs() {
            true => (self.value - sum) + term,
            false => (term - sum) + self.value,
        };
        self.value = sum;
        self.lost += if sum.is_finite() { rest } else { 0.0 };
    }

    fn total(self) -> f64 {
        self.value + self.lost
    }
}

/// Sums over rows with a finite value on one axis, underflow and overflow included: of the weights, of weight times
/// distance from `origin`, and of weight times that distance squared. Distances keep the digits that a variance needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    origin: f64,
    sums: [Sum; 3],
}

impl Moments {
    /// Nothing yet, for an axis on which values are numbers; texts and listed integers have no mean.
    pub(crate) fn new(axis: &Axis) -> Option<Self> {
        let origin = match axis.kind() {
            Kind::Strings(_) | Kind::Integers(_) => return None,
            Kind::Boolean => 0.0,
            _ => {
                let edges = axis.edges();
                0.5 * edges[0] + 0.5 * edges[edges.len() - 1]
            }
        };
        Some(Self { origin, sums: [Sum::default(); 3] })
    }

    /// Adds rows: their values, and their weights where they have any.
    pub(crate) fn add(&mut self, values: &[f64], weights: Option<&[f64]>) {
        let sums = match weights {
            Some(weights) => weighted(values, weights, self.origin),
            None => plain(values, self.origin),
        };
        self.sums.iter_mut().zip(sums).for_each(|(sum, term)| sum.add(term));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let other = if other.origin == self.origin { *other } else { other.about(self.origin) };
        for (sum, term) in self.sums.iter_mut().zip(other.sums) {
            sum.add(term.value);
            sum.lost += term.lost;
        }
    }

    pub(crate) fn scaled(self, factor: f64) -> Self {
        let scale = |sum: Sum| Sum { value: sum.value * factor, lost: sum.lost * factor };
        Self { sums: self.sums.map(scale), ..self }
    }

    /// The same rows, with distances from another origin.
    fn about(&self, origin: f64) -> Self {
        let [weights, first, second] = self.sums.map(Sum::total);
        let shift = self.origin - origin;
        let sums = [weights, first + shift * weights, second + shift * (2.0 * first + shift * weights)];
        Self { origin, sums: sums.map(|value| Sum { value, lost: 0.0 }) }
    }

    fn mean(&self) -> f64 {
        self.origin + self.sums[1].total() / self.sums[0].total()
    }

    fn variance(&self) -> f64 {
        let [weights, first, second] = self.sums.map(Sum::total);
        let (square, offset) = (second / weights, (first / weights).powi(2));
        // Equal values have no spread; what is left of their squares is rounding.
        if square - offset <= 1e-14 * offset { 0.0 } else { square - offset }
    }

    /// All there is to it, as numbers.
    pub(crate) fn numbers(&self) -> [f64; 7] {
        let [a, b, c] = self.sums;
        [self.origin, a.value, a.lost, b.value, b.lost, c.value, c.lost]
    }

    /// What [`Moments::numbers`] gave.
    pub(crate) fn from_numbers(numbers: [f64; 7]) -> Self {
        let [origin, a, b, c, d, e, f] = numbers;
        let sum = |value: f64, lost: f64| Sum { value, lost };
        Self { origin, sums: [sum(a, b), sum(c, d), sum(e, f)] }
    }
}

/// How many sums run beside each other; fixed, so that every processor adds in the same order.
const LANES: usize = 8;

widest! {
    fn plain(values: &[f64], origin: f64) -> [f64; 3] {
        lanes(values, |_, _| 1.0, origin)
    }
}

widest! {
    fn weighted(values: &[f64], weights: &[f64], origin: f64) -> [f64; 3] {
        let (chunks, rest) = weights.as_chunks::<LANES>();
        lanes(values, |chunk, lane| if chunk < chunks.len() { chunks[chunk][lane] } else { rest[lane] }, origin)
    }
}

#[inline(always)]
fn lanes(values: &[f64], weight: impl Fn(usize, usize) -> f64, origin: f64) -> [f64; 3] {
    let mut sums = [[0.0; LANES]; 3];
    let mut add = |lane: usize, value: f64, weight: f64| {
        // What is not finite has no part in a mean; its weight must not make one.
        let counts = value.is_finite();
        let distance = if counts { value - origin } else { 0.0 };
        let weight = if counts { weight } else { 0.0 };
        let first = weight * distance;
        sums[0][lane] += weight;
        sums[1][lane] += first;
        sums[2][lane] += first * distance;
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    for (at, chunk) in chunks.iter().enumerate() {
        for (lane, &value) in chunk.iter().enumerate() {
            add(lane, value, weight(at, lane));
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        add(lane, value, weight(chunks.len(), lane));
    }
    sums.map(|lanes| lanes.iter().sum())
}

impl Hist {
    /// The mean of the values filled on the first axis, underflow and overflow included: what numpy gives for the column.
    ///
    /// NaN and infinite values do not count. A histogram that does not know its values any more (a running sum, one
    /// read from a file of another program) has the [mean of its bins](Hist::binned_mean): [`Hist::is_unbinned`] tells.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let mut h = Hist::new(Axis::regular(3, 0.0, 3.0)?)?;
    /// h.fill(&[0.1, 0.2, 9.0, f64::NAN])?;
    /// assert!((h.mean() - 3.1).abs() < 1e-12 && h.binned_mean() == 0.5);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn mean(&self) -> f64 {
        self.moments[0].map_or_else(|| self.binned_mean(), |moments| moments.mean())
    }

    /// The standard deviation of the values filled on the first axis (the root of the mean squared distance from
    /// [`Hist::mean`], as `numpy.std` has it), underflow and overflow included.
    pub fn std_dev(&self) -> f64 {
        self.moments[0].map_or_else(|| self.binned_std_dev(), |moments| moments.variance().sqrt())
    }

    /// As [`Hist::mean`], for any axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn mean_of(&self, axis: impl AxisAt) -> Result<f64> {
        let axis = axis.position(self)?;
        Ok(self.moments[axis].map_or_else(|| self.binned(axis).0, |moments| moments.mean()))
    }

    /// As [`Hist::std_dev`], for any axis.
    ///
    /// # Errors
    /// When there is no such axis.
    pub fn std_dev_of(&self, axis: impl AxisAt) -> Result<f64> {
        let axis = axis.position(self)?;
        Ok(self.moments[axis].map_or_else(|| self.binned(axis).1, |moments| moments.variance().sqrt()))
    }

    /// Whether [`Hist::mean`] and [`Hist::std_dev`] are those of the values filled, not of the middles of bins.
    pub fn is_unbinned(&self) -> bool {
        self.moments[0].is_some()
    }

    /// The mean of the first axis from the middles of its bins (from the integers, where bins are integers), without
    /// underflow and overflow. NaN for texts.
    pub fn binned_mean(&self) -> f64 {
        self.binned(0).0
    }

    /// The standard deviation along the first axis from the middles of its bins, without underflow and overflow.
    pub fn binned_std_dev(&self) -> f64 {
        self.binned(0).1
    }

    fn binned(&self, axis: usize) -> (f64, f64) {
        let counts = self.counts();
        let places = self.axes[axis].places();
        let inner: usize = self.axes[axis + 1..].iter().map(Axis::bins).product();
        let place = |at: usize| places[at / inner % places.len()];
        let sum: f64 = counts.iter().sum();
        let mean = counts.iter().enumerate().map(|(at, count)| count * place(at)).sum::<f64>() / sum;
        let squares: f64 = counts.iter().enumerate().map(|(at, count)| count * (place(at) - mean).powi(2)).sum();
        (mean, (squares / sum).max(0.0).sqrt())
    }
}

impl Axis {
    /// The value that stands for each bin: its middle, or the integer that it is. NaN for texts.
    fn places(&self) -> Vec<f64> {
        match &self.kind {
            Kind::Integer { lower, .. } => (0..self.bins()).map(|at| (lower + at as i64) as f64).collect(),
            Kind::Integers(numbers) => numbers.iter().map(|&number| number as f64).collect(),
            Kind::Boolean => vec![0.0, 1.0],
            Kind::Strings(names) => vec![f64::NAN; names.len()],
            _ => self.centres(),
        }
    }
}

#[cfg(test)]
mod tests;
