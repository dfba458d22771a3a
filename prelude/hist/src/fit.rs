//! Binned fits of peaks and backgrounds.
//!
//! ```
//! use hist::{Axis, Fitting, Gaussian, Hist, Line};
//! # let mut h = Hist::new(Axis::regular(20, 80.0, 100.0)?)?;
//! # for x in 0..2000 { let u = (f64::from(x) + 0.5) / 2000.0; h.fill(&[90.0 + 2.0 * (u / (1.0 - u)).ln() / 1.7, 80.0 + 20.0 * u])?; }
//! let fit = h.fit((Gaussian + Line).range(80.0, 100.0).start("mean", 91.0))?;
//! println!("{fit}");                                  // a table of parameters with their errors
//! let (mean, error) = (fit["mean"].value, fit["mean"].error);
//! # assert!((mean - 90.0).abs() < 5.0 * error);
//! # Ok::<(), hist::Error>(())
//! ```

mod bin;
mod minimise;
mod model;
mod outcome;
mod shapes;
mod voigt;

pub use model::{Fit, Fitting, Method, Model};
pub use outcome::{FitResult, Parameter};
pub use shapes::{BreitWigner, Constant, CrystalBall, Exponential, Function, Gaussian, Line, Polynomial, Voigt};

use crate::error::{Error, Result};
use crate::hist::Hist;
use bin::Bin;
use minimise::Problem;
use model::Frame;

impl Hist {
    /// Fits a model, such as `Gaussian + Line`, to the bins of a histogram of one axis.
    ///
    /// Without more, it minimises chi-square with the model taken at the middles of bins, and leaves out bins whose
    /// variance is 0. [`Fitting`] says what can be chosen: range, start values, fixed parameters, Poisson
    /// likelihood, the model averaged over each bin. Values, heights and areas are per bin of average width.
    ///
    /// # Errors
    /// When the histogram has more than one axis or categories, a named parameter does not exist, there are fewer
    /// bins than free parameters, or no minimum is found: the message says what to change.
    pub fn fit(&self, model: impl Into<Fit>) -> Result<FitResult> {
        let fit: Fit = model.into();
        let axis = match self.axes() {
            [axis] if axis.categories().is_none() => axis,
            [axis] => return Err(Error::Fit(format!("categories cannot be fitted: `{axis}`"))),
            axes => {
                return Err(Error::Fit(format!("a fit needs one axis, not {}: use `project` or `pick`", axes.len())));
            }
        };
        let edges = axis.edges();
        let (lower, upper) = fit.range.unwrap_or((edges[0], edges[edges.len() - 1]));
        if !(lower < upper && lower.is_finite() && upper.is_finite()) {
            return Err(Error::Fit(format!("the range of a fit must increase, not go from {lower} to {upper}")));
        }
        let frame = Frame { middle: 0.5 * (lower + upper), half: 0.5 * (upper - lower) };
        let (bins, skipped) = self.fit_bins(&edges, lower, upper, fit.method)?;
        let names = fit.model.names();
        let start = fit.starts(&names, &bins, &frame)?;
        Problem::new(&fit, &frame, bins, names, start)?.solve(skipped, (lower, upper))
    }

    /// The bins whose middles lie in the range, and how many of them chi-square cannot use.
    fn fit_bins(&self, edges: &[f64], lower: f64, upper: f64, method: Method) -> Result<(Vec<Bin>, usize)> {
        let (values, variances) = (self.values(), self.variances());
        let average = (edges[edges.len() - 1] - edges[0]) / values.len() as f64;
        let regular = edges.windows(2).all(|pair| ((pair[1] - pair[0]) / average - 1.0).abs() < 1e-9);
        let mut bins = Vec::new();
        let mut skipped = 0;
        for ((pair, &value), &variance) in edges.windows(2).zip(&values).zip(&variances) {
            let middle = 0.5 * (pair[0] + pair[1]);
            if middle < lower || middle > upper {
                continue;
            }
            if !value.is_finite() || !variance.is_finite() {
                return Err(Error::Fit(format!("the bin at {middle} holds {value}: a weight was no finite number")));
            }
            if method == Method::Likelihood && (variance != value || self.is_profile()) {
                let why = "counts or weights of 1; this histogram has other weights: fit it by chi-square";
                return Err(Error::Fit(format!("a Poisson likelihood needs {why}")));
            }
            if method == Method::ChiSquare && variance <= 0.0 {
                skipped += 1;
                continue;
            }
            let scale = if regular || self.is_profile() { 1.0 } else { (pair[1] - pair[0]) / average };
            bins.push(Bin { lower: pair[0], upper: pair[1], value, error: variance.sqrt(), scale });
        }
        Ok((bins, skipped))
    }
}

#[cfg(test)]
mod tests;
