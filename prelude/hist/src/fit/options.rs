//! How a model is fitted: what a user can choose.

use crate::fit::model::Model;

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The sum of squared distances in units of the errors of the data; bins with error 0 are left out.
    ChiSquare,
    /// -2 ln of the Poisson likelihood ratio (Baker and Cousins): right for few entries too, empty bins included.
    ///
    /// A bin of weights with the sum `W` and the sum of squares `V` counts as `W²/V` entries, its expectation as `W/V`
    /// times as much (the scaled Poisson distribution of Bohm and Zech). An empty bin has the `W/V` of all bins together.
    Likelihood,
    /// -2 ln of the extended likelihood of values, without bins: [`fit_values`](crate::fit::unbinned::fit_values).
    Unbinned,
}

/// A model, and how to fit it.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(crate) model: Model,
    pub(crate) range: Option<(f64, f64)>,
    /// Nothing: what suits the histogram.
    pub(crate) method: Option<Method>,
    pub(crate) averaged: bool,
    pub(crate) starts: Vec<(String, f64)>,
    pub(crate) fixed: Vec<(String, f64)>,
    pub(crate) limits: Vec<(String, f64, f64)>,
    pub(crate) constraints: Vec<(String, f64, f64)>,
    /// A parameter, and the one that it is the same as.
    pub(crate) ties: Vec<(String, String)>,
}

impl<M: Into<Model>> From<M> for Fit {
    fn from(model: M) -> Self {
        Self {
            model: model.into(),
            range: None,
            method: None,
            averaged: true,
            starts: Vec::new(),
            fixed: Vec::new(),
            limits: Vec::new(),
            constraints: Vec::new(),
            ties: Vec::new(),
        }
    }
}

/// What can be chosen for a fit; works on shapes, on sums of shapes, and on what these methods return.
///
/// ```
/// use hist::{Fitting, Gaussian, Line};
/// let fit = (Gaussian + Line).range(80.0, 100.0).limits("sigma", 0.5, 5.0).constrain("mean", 91.19, 0.01);
/// ```
pub trait Fitting: Into<Fit> {
    /// Only bins whose middles lie here.
    fn range(self, lower: f64, upper: f64) -> Fit {
        Fit { range: Some((lower, upper)), ..self.into() }
    }

    /// Begin with this value of a parameter.
    fn start(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.starts.push((parameter.to_owned(), value));
        fit
    }

    /// Keep a parameter at this value.
    fn fix(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.fixed.push((parameter.to_owned(), value));
        fit
    }

    /// Keep a parameter between two values; one of them may be infinite. The error of a parameter that ends at a limit
    /// means little, and the result says so.
    fn limits(self, parameter: &str, lower: f64, upper: f64) -> Fit {
        let mut fit = self.into();
        fit.limits.push((parameter.to_owned(), lower, upper));
        fit
    }

    /// What is known of a parameter from elsewhere: a value with its (Gaussian) error.
    fn constrain(self, parameter: &str, value: f64, error: f64) -> Fit {
        let mut fit = self.into();
        fit.constraints.push((parameter.to_owned(), value, error));
        fit
    }

    /// Let a parameter be the same as another one: `(Gaussian + Gaussian).tie("mean2", "mean")`.
    fn tie(self, parameter: &str, to: &str) -> Fit {
        let mut fit = self.into();
        fit.ties.push((parameter.to_owned(), to.to_owned()));
        fit
    }

    /// Maximise the Poisson likelihood: what counts and positive weights have anyway.
    fn likelihood(self) -> Fit {
        Fit { method: Some(Method::Likelihood), ..self.into() }
    }

    /// Minimise chi-square, with the errors of the bins. Bins with error 0 are left out: with few entries per bin, values
    /// are pulled up by it.
    fn chi_square(self) -> Fit {
        Fit { method: Some(Method::ChiSquare), ..self.into() }
    }

    /// Compare each bin with the average of the model over it; this is the default.
    fn averaged(self) -> Fit {
        Fit { averaged: true, ..self.into() }
    }

    /// Compare each bin with the model at its middle. Widths come out too large when bins are wide.
    fn at_middles(self) -> Fit {
        Fit { averaged: false, ..self.into() }
    }
}

impl<T: Into<Fit>> Fitting for T {}
