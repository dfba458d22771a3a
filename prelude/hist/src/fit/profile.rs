//! How the minimum rises when one parameter is moved and all others follow: intervals that need not be symmetric.

use crate::error::{Error, Result};
use crate::fit::outcome::FitResult;
use crate::fit::problem::Problem;

impl FitResult {
    /// The interval of a parameter in which chi-square (or its likelihood counterpart) rises by at most 1, all other
    /// parameters at their best: how far down and how far up from the value, both positive (MINOS).
    ///
    /// A parameter with limits ends at them.
    ///
    /// # Errors
    /// When there is no such free parameter, or a lower minimum appears on the way.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let (down, up) = fit.minos("mean")?;
    /// assert!((down - up).abs() < 0.1 * up, "as far down as up");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn minos(&self, parameter: &str) -> Result<(f64, f64)> {
        let at = self.position(parameter)?;
        let error = self.search.all[at].error;
        if !(error > 0.0 && error.is_finite()) {
            return Err(Error::Fit(format!("`{parameter}` has no error to begin with: the data do not determine it")));
        }
        Ok((self.crossing(at, -error)?, self.crossing(at, error)?))
    }

    /// By how much chi-square (or its likelihood counterpart) is above its minimum at so many values of a parameter, all
    /// others at their best: pairs of value and rise.
    ///
    /// # Errors
    /// When there is no such free parameter.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let scan = fit.scan("mean", -0.2, 0.2, 5)?;
    /// assert!(scan[2].1.abs() < 1e-3 && scan[0].1 > 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scan(&self, parameter: &str, lower: f64, upper: f64, points: usize) -> Result<Vec<(f64, f64)>> {
        let at = self.position(parameter)?;
        let profile = Profile::new(self, at);
        let last = points.max(2) - 1;
        let mut near = self.values_of_all();
        let values = (0..=last).map(|point| lower + (upper - lower) * point as f64 / last as f64);
        let rises = values.map(|value| {
            // Each search begins where the last one ended.
            let rise = profile.rise(value, &mut near);
            Ok((value, rise.ok_or_else(|| Error::Fit(format!("no minimum with `{parameter}` at {value}")))?))
        });
        rises.collect()
    }

    fn position(&self, parameter: &str) -> Result<usize> {
        let known = self.search.all.iter().position(|known| known.name == parameter);
        let at = known.ok_or_else(|| {
            let names: Vec<_> = self.search.all.iter().map(|parameter| parameter.name.as_str()).collect();
            Error::Fit(format!("the fit has no parameter `{parameter}`; it has {}", names.join(", ")))
        })?;
        if self.search.all[at].fixed {
            return Err(Error::Fit(format!("`{parameter}` is fixed")));
        }
        Ok(at)
    }

    /// How far from the minimum the rise is 1, in the direction of `first`.
    fn crossing(&self, at: usize, first: f64) -> Result<f64> {
        let profile = Profile::new(self, at);
        let (value, bounds) = (self.search.all[at].value, self.search.problem.quantities[at].bounds);
        let mut near = self.values_of_all();
        let (mut low, mut high): ((f64, f64), Option<(f64, f64)>) = ((0.0, 0.0), None);
        let mut distance = first.abs();
        for _ in 0..60 {
            let wanted = value + distance.copysign(first);
            let end = bounds.nearest(wanted);
            let rise = profile.rise(end, &mut near).unwrap_or(f64::INFINITY);
            if rise < -1e-3 {
                let name = &self.search.all[at].name;
                return Err(Error::Fit(format!("a lower minimum appeared with `{name}` at {end}: start there")));
            }
            let reached = (end - value).abs();
            if (rise - 1.0).abs() < 1e-6 || (end != wanted && rise < 1.0) {
                return Ok(reached);
            }
            // The root of the rise is nearly a straight line.
            let here = (reached, rise.max(0.0).sqrt());
            if rise < 1.0 {
                low = here
            } else {
                high = Some(here)
            }
            distance = match high {
                None => low.0 * (1.0 / low.1.max(0.2)).clamp(1.05, 3.0),
                Some(high) if !high.1.is_finite() => 0.5 * (low.0 + high.0),
                Some(high) => {
                    let share = (1.0 - low.1) / (high.1 - low.1);
                    low.0 + (high.0 - low.0) * share.clamp(0.02, 0.98)
                }
            };
            if high.is_some_and(|high| high.0 - low.0 < 1e-9 * high.0) {
                return Ok(distance);
            }
        }
        let name = &self.search.all[at].name;
        Err(Error::Fit(format!("the interval of `{name}` does not end: the data hardly determine it on one side")))
    }
}

/// The problem with one parameter held.
struct Profile {
    problem: Problem,
    at: usize,
    least: f64,
}

impl Profile {
    fn new(fit: &FitResult, at: usize) -> Self {
        let mut problem = (*fit.search.problem).clone();
        problem.quantities[at].fixed = true;
        Self { problem, at, least: fit.search.least }
    }

    /// The rise above the minimum with the parameter at `value`; `near` is where to begin, and where it ended.
    fn rise(&self, value: f64, near: &mut Vec<f64>) -> Option<f64> {
        near[self.at] = value;
        let free = self.problem.free();
        if free.is_empty() {
            return Some(self.problem.cost(near) - self.least);
        }
        let (values, cost) = self.problem.search(&free, near)?;
        *near = values;
        Some(cost - self.least)
    }
}
