//! How a model is fitted: what a user can choose.

use crate::fit::model::Model;
use segment::Sealed;

/// What is minimised.
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// use hist::Method;
/// assert_eq!(hist.fit(Gaussian)?.method, Method::Likelihood, "what counts have");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// let model: hist::Fit = Gaussian.range(-3.0, 3.0).fix("mean", 0.0);
/// assert!(hist.fit(model)?["mean"].fixed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fit {
    /// In one piece, so that a cell of a notebook has one thing to drop.
    pub(crate) wish: Sealed<Wish>,
}

/// What is wished of a fit.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub model: Model,
    pub range: Option<(f64, f64)>,
    /// Nothing: what suits the histogram.
    pub method: Option<Method>,
    pub averaged: bool,
    pub starts: Vec<(String, f64)>,
    pub fixed: Vec<(String, f64)>,
    pub limits: Vec<(String, f64, f64)>,
    pub constraints: Vec<(String, f64, f64)>,
    /// A parameter, and the one that it is the same as.
    pub ties: Vec<(String, String)>,
}

impl Fit {
    #[inline(never)]
    fn of(model: Model) -> Self {
        let wish = Wish {
            model,
            range: None,
            method: None,
            averaged: true,
            starts: Vec::new(),
            fixed: Vec::new(),
            limits: Vec::new(),
            constraints: Vec::new(),
            ties: Vec::new(),
        };
        Self { wish: Sealed::new(wish) }
    }

    #[inline(never)]
    fn within(mut self, range: (f64, f64)) -> Self {
        self.wish.range = Some(range);
        self
    }

    #[inline(never)]
    fn by(mut self, method: Method) -> Self {
        self.wish.method = Some(method);
        self
    }

    #[inline(never)]
    fn averaging(mut self, averaged: bool) -> Self {
        self.wish.averaged = averaged;
        self
    }
}

impl<M: Into<Model>> From<M> for Fit {
    fn from(model: M) -> Self {
        Self::of(model.into())
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
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert_eq!(hist.fit(Gaussian.range(-2.0, 2.0))?.bins, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn range(self, lower: f64, upper: f64) -> Fit {
        self.into().within((lower, upper))
    }

    /// Begin with this value of a parameter.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit(Gaussian.start("mean", 1.0))?;
    /// assert!(fit["mean"].value.abs() < 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn start(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.wish.starts.push((parameter.to_owned(), value));
        fit
    }

    /// Keep a parameter at this value.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert_eq!(hist.fit(Gaussian.fix("mean", 0.1))?["mean"].value, 0.1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn fix(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.wish.fixed.push((parameter.to_owned(), value));
        fit
    }

    /// Keep a parameter between two values; one of them may be infinite. The error of a parameter that ends at a limit
    /// means little, and the result says so.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit(Gaussian.limits("mean", 1.0, 2.0))?;
    /// assert!(fit["mean"].value < 1.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn limits(self, parameter: &str, lower: f64, upper: f64) -> Fit {
        let mut fit = self.into();
        fit.wish.limits.push((parameter.to_owned(), lower, upper));
        fit
    }

    /// What is known of a parameter from elsewhere: a value with its (Gaussian) error.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit(Gaussian.constrain("mean", 1.0, 1e-4))?;
    /// assert!((fit["mean"].value - 1.0).abs() < 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn constrain(self, parameter: &str, value: f64, error: f64) -> Fit {
        let mut fit = self.into();
        fit.wish.constraints.push((parameter.to_owned(), value, error));
        fit
    }

    /// Let a parameter be the same as another one: `(Gaussian + Gaussian).tie("mean2", "mean")`.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit((Gaussian + Gaussian).tie("mean2", "mean").start("sigma2", 3.0))?;
    /// assert!(fit.get("mean2").is_none_or(|second| second.value == fit["mean"].value));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn tie(self, parameter: &str, to: &str) -> Fit {
        let mut fit = self.into();
        fit.wish.ties.push((parameter.to_owned(), to.to_owned()));
        fit
    }

    /// Maximise the Poisson likelihood: what counts and positive weights have anyway.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert_eq!(hist.fit(Gaussian.likelihood())?.method, hist::Method::Likelihood);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn likelihood(self) -> Fit {
        self.into().by(Method::Likelihood)
    }

    /// Minimise chi-square, with the errors of the bins. Bins with error 0 are left out: with few entries per bin, values
    /// are pulled up by it.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert_eq!(hist.fit(Gaussian.chi_square())?.method, hist::Method::ChiSquare);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn chi_square(self) -> Fit {
        self.into().by(Method::ChiSquare)
    }

    /// Compare each bin with the average of the model over it; this is the default.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert!(hist.fit(Gaussian.averaged())?.averaged);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn averaged(self) -> Fit {
        self.into().averaging(true)
    }

    /// Compare each bin with the model at its middle. Widths come out too large when bins are wide.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert!(!hist.fit(Gaussian.at_middles())?.averaged);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn at_middles(self) -> Fit {
        self.into().averaging(false)
    }
}

impl<T: Into<Fit>> Fitting for T {}
