//! The likelihood of values, without bins.

use crate::sum::Sum;
use rayon::prelude::*;
use std::sync::Arc;

/// Values that are fitted one by one.
#[derive(Debug, Clone)]
pub(crate) struct Points {
    values: Arc<[f64]>,
    /// Their mean density, to which densities are compared, so that logarithms are small and keep their digits.
    level: f64,
}

/// Values that one thread takes at a time. Sums over them are added up in order, so that the result is always the same.
const STRETCH: usize = 8192;
/// Values at which a model is looked at together.
const BLOCK: usize = 256;

impl Points {
    /// These values, all of which lie in a range of this width.
    pub(crate) fn new(values: Vec<f64>, width: f64) -> Self {
        let level = values.len().max(1) as f64 / width;
        Self { values: values.into(), level }
    }

    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// -2 ln of the extended likelihood, less what does not depend on parameters, of a model that expects so many entries
    /// with the densities that `densities` puts beside some values.
    pub(crate) fn cost(&self, expected: f64, densities: impl Fn(&[f64], &mut [f64]) + Sync) -> f64 {
        let stretch = |values: &[f64]| {
            let mut sum = Sum::default();
            let mut found = [0.0; BLOCK];
            for block in values.chunks(BLOCK) {
                let found = &mut found[..block.len()];
                densities(block, found);
                found.iter().for_each(|&density| sum.add(self.logarithm(density)));
            }
            sum
        };
        let parts: Vec<Sum> = self.values.par_chunks(STRETCH).map(stretch).collect();
        let mut sum = Sum::default();
        parts.into_iter().for_each(|part| sum.merge(part));
        2.0 * (expected - self.values.len() as f64 - sum.total())
    }

    /// The logarithm of a density relative to the mean one; far below that it goes on as a straight line, so that a model that is
    /// negative somewhere is led back.
    fn logarithm(&self, density: f64) -> f64 {
        const LEAST: f64 = 1e-6;
        let relative = density / self.level;
        if relative > LEAST { relative.ln() } else { LEAST.ln() + relative / LEAST - 1.0 }
    }
}
