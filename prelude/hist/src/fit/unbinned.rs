//! Fits of values without bins.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::fit::options::{Fit, Method};
use crate::fit::outcome::FitResult;
use crate::fit::points::Points;
use crate::fit::prepare;
use crate::hist::Hist;
use std::sync::Arc;

/// In how many bins values are looked at for starts, for the goodness of the fit and for its pulls.
const BINS: usize = 100;

/// Fits a model to values, not to bins of them: the extended likelihood, in which the number of values is Poisson
/// distributed around the integral of the model over the range.
///
/// The range must be given: the likelihood depends on it. Values outside of it and missing ones are left out. Heights and
/// levels are entries per unit of x; [`FitResult::yields`] gives entries. Chi-square, its p value and the pulls are those of
/// a hundred bins over the range with the fitted parameters.
///
/// ```
/// use hist::{Constant, Fitting, Gaussian, fit_values};
/// # let normal = |k: i32| { let u = (f64::from(k) + 0.5) / 4000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
/// # let values: Vec<f64> = (0..4000).map(normal).chain((0..1000).map(|k| f64::from(k) / 100.0)).collect();
/// let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
/// assert!((fit["mean"].value - 5.0).abs() < 3.0 * fit["mean"].error);
/// let yields = fit.yields();
/// # let inside = values.iter().filter(|x| (0.0..=10.0).contains(*x)).count() as f64;
/// assert!((yields[0].1 + yields[1].1 - inside).abs() < 1e-3 * inside);
/// # Ok::<(), hist::Error>(())
/// ```
///
/// # Errors
/// As [`Hist::fit`]; when there is no range, a method for bins is asked for, or no value lies in the range.
pub fn fit_values(values: &[f64], model: impl Into<Fit>) -> Result<FitResult> {
    of_values(values, model.into())
}

fn of_values(values: &[f64], fit: Fit) -> Result<FitResult> {
    let Some((lower, upper)) = fit.wish.range else {
        let reason = "a fit of values needs its range: add `.range(lower, upper)` to the model";
        return Err(Error::Fit(reason.to_owned()));
    };
    if fit.wish.method == Some(Method::ChiSquare) || !fit.wish.averaged {
        return Err(Error::Fit(
            "a fit of values has no bins: leave out `.chi_square()` and `.at_middles()`".to_owned(),
        ));
    }
    if !(lower < upper && lower.is_finite() && upper.is_finite()) {
        return Err(Error::Fit(format!("the range of a fit must increase, not go from {lower} to {upper}")));
    }
    let inside: Vec<f64> = values.iter().copied().filter(|x| (lower..=upper).contains(x)).collect();
    if inside.is_empty() {
        return Err(Error::Fit(format!("none of {} values lies between {lower} and {upper}", values.len())));
    }
    let mut bins = Hist::new(Axis::regular_closed(BINS, lower, upper)?)?;
    bins.fill(&inside)?;
    let points = Points::new(inside, upper - lower);
    let (channel, quantities) = prepare::channel_of_points(&bins, points, &fit)?;
    FitResult::of(Arc::new(prepare::problem(vec![(channel, quantities, &fit)], &[])?))
}
