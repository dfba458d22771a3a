//! What is to be fitted: the bins of one histogram or several, and the parameters of all their models.

use crate::error::{Error, Result};
use crate::fit::bin::Bin;
use crate::fit::bounds::Bounds;
use crate::fit::cost::residual;
use crate::fit::model::Model;
use crate::fit::options::{Fit, Method};
use crate::fit::points::Points;
use crate::fit::shape::{Frame, Shape};
use nalgebra::DVector;
use std::ops::Range;

/// One histogram, and the model for it.
#[derive(Debug, Clone)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) model: Model,
    pub(crate) method: Method,
    pub(crate) averaged: bool,
    pub(crate) frame: Frame,
    pub(crate) bins: Vec<Bin>,
    /// Bins that chi-square cannot use.
    pub(crate) skipped: usize,
    /// The range that was asked for, and what the bins in it cover.
    pub(crate) range: (f64, f64),
    pub(crate) span: Range<f64>,
    /// The values themselves, where they are fitted and not their bins, which are then for starts and for pictures.
    pub(crate) points: Option<Points>,
    /// For each parameter of the model, which of the whole problem it is.
    pub(crate) places: Vec<usize>,
}

/// A parameter of the whole problem.
#[derive(Debug, Clone)]
pub(crate) struct Quantity {
    pub(crate) name: String,
    /// Start values, one for each try.
    pub(crate) starts: Vec<f64>,
    /// By how much it must change to matter.
    pub(crate) scale: f64,
    pub(crate) fixed: bool,
    pub(crate) bounds: Bounds,
    /// Its value and error as known from elsewhere.
    pub(crate) constraint: Option<(f64, f64)>,
    pub(crate) unsigned: bool,
    /// Whether it is the height of one of several peaks.
    pub(crate) height: bool,
    /// Below this a width is that of a spike between two bins, of which bins know nothing.
    pub(crate) least: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) channels: Vec<Channel>,
    pub(crate) quantities: Vec<Quantity>,
}

impl Channel {
    /// Entries that the model expects in the range of the fit.
    fn total(&self, own: &[f64]) -> f64 {
        let shapes = self.model.parts.shapes.iter().zip(self.model.places());
        shapes.map(|(shape, place)| self.entries(&**shape, &own[place])).sum()
    }

    /// The model's own parameters among all.
    pub(crate) fn own(&self, all: &[f64]) -> Vec<f64> {
        self.places.iter().map(|&place| all[place]).collect()
    }

    /// What the model expects in a bin, from its own parameters.
    pub(crate) fn expected(&self, bin: &Bin, own: &[f64]) -> f64 {
        if !self.averaged {
            return bin.scale * self.model.value(bin.middle(), own, &self.frame);
        }
        bin.scale * self.model.sum(own, |shape, p| shape.average(bin.lower, bin.upper, p, &self.frame))
    }

    /// What the model expects per unit of x at each of some places.
    fn densities(&self, x: &[f64], own: &[f64], found: &mut [f64]) {
        self.model.values(x, own, &self.frame, found);
        found.iter_mut().for_each(|value| *value /= self.frame.width);
    }

    /// The yield of a shape in all bins of the range.
    pub(crate) fn entries(&self, shape: &dyn Shape, own: &[f64]) -> f64 {
        const PARTS: usize = 64;
        let width = (self.span.end - self.span.start) / PARTS as f64;
        let edge = |at: usize| self.span.start + width * at as f64;
        let part = |at: usize| shape.average(edge(at), edge(at + 1), own, &self.frame);
        (0..PARTS).map(part).sum::<f64>() * width / self.frame.width
    }

    /// How far each bin is from what is expected, from the model's own parameters.
    fn residuals(&self, own: &[f64]) -> impl Iterator<Item = f64> {
        let one = |bin: &Bin| residual(self.method, bin, self.expected(bin, own), self.variance(bin, own));
        self.bins.iter().map(one)
    }

    /// The variance of what the model expects.
    pub(crate) fn variance(&self, bin: &Bin, own: &[f64]) -> f64 {
        bin.scale.powi(2) * self.model.sum(own, |shape, p| shape.variance(bin.lower, bin.upper, p, &self.frame))
    }
}

impl Problem {
    /// The sum of the squares of these is minimised. All parameters come in, fixed ones too.
    pub(crate) fn residuals(&self, all: &[f64]) -> Vec<f64> {
        let mut residuals = Vec::with_capacity(self.channels.iter().map(|channel| channel.bins.len()).sum());
        for channel in &self.channels {
            residuals.extend(channel.residuals(&channel.own(all)));
        }
        let known = self.quantities.iter().zip(all);
        residuals.extend(known.filter_map(|(known, at)| known.constraint.map(|(value, error)| (at - value) / error)));
        residuals
    }

    /// What is minimised, of all parameters: the sum of the squares of the residuals, or for values -2 ln of their extended
    /// likelihood, less a constant.
    pub(crate) fn cost(&self, all: &[f64]) -> f64 {
        if !self.is_unbinned() {
            return self.residuals(all).iter().map(|residual| residual * residual).sum();
        }
        let known = self.quantities.iter().zip(all);
        let pulls = known.filter_map(|(known, at)| known.constraint.map(|(value, error)| (at - value) / error));
        let channels = self.channels.iter().map(|channel| {
            let own = channel.own(all);
            match &channel.points {
                Some(points) => points.cost(channel.total(&own), |x, found| channel.densities(x, &own, found)),
                None => channel.residuals(&own).map(|residual| residual * residual).sum(),
            }
        });
        channels.sum::<f64>() + pulls.map(|pull| pull * pull).sum::<f64>()
    }

    /// Whether values are fitted, not their bins alone.
    pub(crate) fn is_unbinned(&self) -> bool {
        self.channels.iter().any(|channel| channel.points.is_some())
    }

    /// The bins, and what is known of parameters from elsewhere.
    pub(crate) fn measurements(&self) -> usize {
        let constraints = self.quantities.iter().filter(|quantity| quantity.constraint.is_some()).count();
        self.channels.iter().map(|channel| channel.bins.len()).sum::<usize>() + constraints
    }

    pub(crate) fn free(&self) -> Vec<usize> {
        (0..self.quantities.len()).filter(|&at| !self.quantities[at].fixed).collect()
    }

    /// That there is something to fit, and enough to fit it to.
    pub(crate) fn check(&self) -> Result<()> {
        let (have, need) = (self.measurements(), self.free().len());
        if need == 0 {
            return Err(Error::Fit("all parameters are fixed: there is nothing to fit".to_owned()));
        }
        if have < need {
            return Err(Error::Fit(format!(
                "{have} bins with entries are too few for {need} free parameters: widen the range, or fix parameters"
            )));
        }
        // A difference of equal weights has variance, and may well be fitted.
        let no_entries = |bin: &Bin| bin.value == 0.0 && bin.variance == 0.0;
        let is_empty = |channel: &Channel| channel.points.is_none() && channel.bins.iter().all(no_entries);
        if self.channels.iter().all(is_empty) {
            return Err(Error::Fit("no bin in the range has entries: there is nothing to fit".to_owned()));
        }
        Ok(())
    }

    /// The model in words.
    pub(crate) fn text(&self) -> String {
        self.channels.iter().map(|channel| channel.model.text()).collect::<Vec<_>>().join("; ")
    }

    /// All parameters, of which the free ones are given in their inner coordinates.
    pub(crate) fn outer(&self, free: &[usize], inner: &DVector<f64>, base: &[f64]) -> Vec<f64> {
        let mut all = base.to_vec();
        for (&at, &inner) in free.iter().zip(inner) {
            all[at] = self.quantities[at].bounds.outer(inner, self.quantities[at].scale);
        }
        all
    }
}

/// Sets what the user has chosen for parameters of these names.
pub(crate) fn choose(fit: &Fit, names: &[String], quantities: &mut [Quantity]) -> Result<()> {
    let find = |name: &str| {
        names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::Fit(format!("the model has no parameter `{name}`; it has {}", names.join(", "))))
    };
    let finite = |name: &str, value: f64| match value.is_finite() {
        true => Ok(value),
        false => Err(Error::Fit(format!("`{name}` cannot be {value}"))),
    };
    for (name, lower, upper) in &fit.wish.limits {
        if lower.is_nan() || upper.is_nan() || lower >= upper {
            return Err(Error::Fit(format!("the limits of `{name}` must increase, not go from {lower} to {upper}")));
        }
        quantities[find(name)?].bounds = Bounds::new(*lower, *upper);
    }
    for (name, value) in &fit.wish.starts {
        let at = find(name)?;
        let value = finite(name, *value)?;
        quantities[at].starts.fill(value);
        // A height that begins below 0 is wanted there.
        quantities[at].height &= value >= 0.0;
    }
    for (name, value, error) in &fit.wish.constraints {
        let value = finite(name, *value)?;
        if !(*error > 0.0 && error.is_finite()) {
            return Err(Error::Fit(format!("the error of the constraint on `{name}` must be positive, not {error}")));
        }
        quantities[find(name)?].constraint = Some((value, *error));
    }
    for (name, value) in &fit.wish.fixed {
        let at = find(name)?;
        quantities[at].starts.fill(finite(name, *value)?);
        (quantities[at].fixed, quantities[at].bounds, quantities[at].height) = (true, Bounds::Free, false);
    }
    Ok(())
}
