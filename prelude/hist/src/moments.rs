//! Mean and standard deviation of what was filled, from the values themselves and not from the bins.
//!
//! Every row with a finite value counts, also one in underflow or overflow: a histogram whose range cuts off a tail has
//! the mean of the column, as numpy gives it. [`binned_mean`](crate::hist::Hist::binned_mean) is the other choice, bins alone. The sums are
//! compensated and are added up in the order of the rows, so they are the same bit for bit with any number of threads.

use crate::axis::{Axis, Kind};
use crate::sum::Sum;
use recoil_vectors::widest;

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
        self.sums.iter_mut().zip(other.sums).for_each(|(sum, term)| sum.merge(term));
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

    pub(crate) fn mean(&self) -> f64 {
        self.origin + self.sums[1].total() / self.sums[0].total()
    }

    pub(crate) fn variance(&self) -> f64 {
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

#[cfg(test)]
mod tests;
