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
mod bounds;
mod cost;
mod minimise;
mod model;
mod options;
mod outcome;
mod points;
mod prepare;
mod problem;
mod profile;
mod shape;
mod shapes;
mod simultaneous;
mod splot;
mod starts;
mod unbinned;
mod verdict;
mod voigt;

pub use model::Model;
pub use options::{Fit, Fitting, Method};
pub use outcome::{FitResult, Fitted, Parameter};
pub use shapes::{
    Argus, BreitWigner, Chebyshev, Constant, Convolved, CrystalBall, DoubleCrystalBall, Exponential, FitFunction,
    Gaussian, Johnson, Line, Polynomial, Template, Voigt,
};
pub use simultaneous::Simultaneous;
pub use splot::{SPlot, SWeight};
pub use unbinned::fit_values;

use crate::error::Result;
use crate::hist::Hist;
use std::sync::Arc;

impl Hist {
    /// Fits a model, such as `Gaussian + Line`, to the bins of a histogram of one axis.
    ///
    /// Each bin is compared with the average of the model over it. Counts and positive weights are fitted by maximum
    /// likelihood ([`Method::Likelihood`]: Poisson, extended, empty bins included; scaled for weights), means and
    /// differences by chi-square. [`Fitting`] says what can be chosen: range, start values, fixed, limited, constrained
    /// and tied parameters, the method. Values and heights are per bin of average width; [`FitResult::yields`] gives
    /// entries.
    ///
    /// The search begins at several places that the data suggest and takes the lowest minimum; where a model has several
    /// peaks, one in which none of them is negative. [`FitResult::warning`] says what is wrong with the result.
    ///
    /// # Errors
    /// When the histogram has more than one axis or categories, a named parameter does not exist, there are fewer
    /// bins than free parameters, or no minimum is found: the message says what to change.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit(Gaussian + Constant)?;
    /// assert!(fit.p_value > 0.0 && fit["mean"].value.abs() < 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(&self, model: impl Into<Fit>) -> Result<FitResult> {
        self.fitted(&model.into())
    }

    /// The same, compiled once and not in each cell.
    fn fitted(&self, fit: &Fit) -> Result<FitResult> {
        let (channel, quantities) = prepare::channel("", self, fit)?;
        FitResult::of(Arc::new(prepare::problem(vec![(channel, quantities, fit)], &[])?))
    }
}

impl AsRef<Hist> for Hist {
    fn as_ref(&self) -> &Hist {
        self
    }
}

#[cfg(test)]
mod tests;
