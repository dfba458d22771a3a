//! The result of a fit: parameters, curves, bins, yields.

use crate::compare::chi2_probability;
use crate::error::Result;
use crate::fit::bin::Bin;
use crate::fit::options::Method;
use crate::fit::problem::{Channel, Problem, Quantity};
use crate::text::short;
use segment::Sealed;
use std::ops::Index;
use std::sync::Arc;

/// A parameter after a fit.
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// # let fit = hist.fit(Gaussian)?;
/// let mean: &hist::Parameter = &fit["mean"];
/// assert!(mean.error > 0.0 && !mean.fixed && mean.limit.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name in the model.
    pub name: String,
    /// Its value at the minimum.
    pub value: f64,
    /// One standard deviation; 0 when fixed, NaN when the data do not determine it.
    pub error: f64,
    /// Whether it was kept at its value.
    pub fixed: bool,
    /// The limit at which it ended, if it did: its error means little then.
    pub limit: Option<f64>,
}

/// What a fit found: parameters by name (`fit["mean"].value`), how good it is, and the curve to draw.
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// let fit: hist::FitResult = hist.fit(Gaussian)?;
/// assert!(fit["mean"].value.abs() < 0.01 && fit.converged);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FitResult {
    /// The parameters, in the order of the model.
    pub parameters: Vec<Parameter>,
    /// Covariances, in the order of the parameters.
    pub covariance: Vec<Vec<f64>>,
    /// What was minimised.
    pub method: Method,
    /// Whether the model was averaged over each bin.
    pub averaged: bool,
    /// Its value at the minimum: chi-square, or the likelihood ratio that behaves like it (of values without bins: of a
    /// hundred bins of them).
    pub chi2: f64,
    /// Bins and constraints less free parameters.
    pub ndf: usize,
    /// The chance of a worse fit if the model is true, by the chi-square distribution; NaN without degrees of freedom.
    pub p_value: f64,
    /// Bins fitted.
    pub bins: usize,
    /// Bins in the range that chi-square could not use, because their variance is 0.
    pub skipped: usize,
    /// The range of the fit.
    pub range: (f64, f64),
    /// Whether the errors come from second derivatives at a true minimum. When not, look at the curve first.
    pub errors_reliable: bool,
    /// Whether the search ended in a minimum.
    pub converged: bool,
    /// In one piece, so that a cell of a notebook has less to drop.
    pub(crate) search: Sealed<Search>,
}

/// What was searched, and what was found of all of it.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub problem: Arc<Problem>,
    /// The parameters of all channels together, and their covariances.
    pub all: Vec<Parameter>,
    whole: Vec<Vec<f64>>,
    /// What was minimised, at the minimum.
    pub least: f64,
    /// The channel that is looked at.
    shown: usize,
}

/// A bin that was fitted, and what the fitted model expects in it.
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// # let fit = hist.fit(Gaussian)?;
/// let bin: hist::Fitted = fit.fitted_bins()[10];
/// assert_eq!((bin.lower, bin.value), (0.0, hist.counts()[10]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The lower edge of the bin.
    pub lower: f64,
    /// The upper edge of the bin.
    pub upper: f64,
    /// What is in the bin.
    pub value: f64,
    /// What the model expects.
    pub expected: f64,
    /// The difference, value less expectation, in units of its error: of the expected count, or of the data for a
    /// chi-square fit.
    pub pull: f64,
}

impl FitResult {
    pub(crate) fn of(problem: Arc<Problem>) -> Result<Self> {
        let minimum = problem.solve()?;
        let mut covariance = minimum.covariance;
        // A width found as -2 is 2; what goes with it changes sign too.
        let sign = |at: usize| if problem.quantities[at].unsigned && minimum.values[at] < 0.0 { -1.0 } else { 1.0 };
        for (a, row) in covariance.iter_mut().enumerate() {
            row.iter_mut().enumerate().for_each(|(b, value)| *value *= sign(a) * sign(b));
        }
        let parameter = |(at, quantity): (usize, &Quantity)| {
            let (value, error) = (minimum.values[at] * sign(at), covariance[at][at].sqrt());
            let touched = quantity.bounds.touched(minimum.values[at], quantity.scale);
            Parameter { name: quantity.name.clone(), value, error, fixed: quantity.fixed, limit: touched }
        };
        let parameters: Vec<Parameter> = problem.quantities.iter().enumerate().map(parameter).collect();
        let ndf = problem.measurements() - problem.free().len();
        let first = &problem.channels[0];
        let chi2 = match problem.is_unbinned() {
            true => problem.residuals(&minimum.values).iter().map(|residual| residual * residual).sum(),
            false => minimum.cost,
        };
        let (all, whole) = (parameters.clone(), covariance.clone());
        Ok(Self {
            parameters,
            covariance,
            method: first.method,
            averaged: first.averaged,
            chi2,
            ndf,
            p_value: chi2_probability(chi2, ndf),
            bins: problem.channels.iter().map(|channel| channel.bins.len()).sum(),
            skipped: problem.channels.iter().map(|channel| channel.skipped).sum(),
            range: first.range,
            errors_reliable: minimum.from_hessian,
            converged: minimum.converged,
            search: Sealed::new(Search { all, whole, least: minimum.cost, shown: 0, problem: problem.clone() }),
        })
    }

    /// One channel of a simultaneous fit: its parameters under the names of its own model, its curve, its pulls. The
    /// goodness of fit is still that of the whole.
    ///
    /// ```
    /// # use hist::{Axis, Gaussian, Hist, Simultaneous};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let of = |values: Vec<f64>| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// #     hist.fill(&values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of((1..1000).map(logistic).collect())?, of((1..500).map(|k| logistic(2 * k)).collect())?);
    /// let fit = Simultaneous::new().channel("a", &a, Gaussian).channel("b", &b, Gaussian).share("mean").fit()?;
    /// assert_eq!(fit.channel("b").unwrap()["mean"].value, fit["mean"].value);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn channel(&self, name: &str) -> Option<Self> {
        let shown = self.search.problem.channels.iter().position(|channel| channel.name == name)?;
        let channel = &self.search.problem.channels[shown];
        let own = channel.model.names().into_iter().zip(&channel.places);
        let parameters = own.map(|(name, &place)| Parameter { name, ..self.search.all[place].clone() }).collect();
        let whole = &self.search.whole;
        let covariance =
            channel.places.iter().map(|&a| channel.places.iter().map(|&b| whole[a][b]).collect()).collect();
        let (method, range, averaged) = (channel.method, channel.range, channel.averaged);
        let mut of_channel = Self { parameters, covariance, method, range, averaged, ..self.clone() };
        of_channel.search.shown = shown;
        Some(of_channel)
    }

    /// The parameter of this name.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// assert!(fit.get("sigma").unwrap().value > 1.0 && fit.get("width").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The model in words.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// assert_eq!(hist.fit(Gaussian + Constant)?.model(), "Gaussian + Constant");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn model(&self) -> String {
        self.shown().model.text()
    }

    /// The width of x that [`FitResult::value`] counts entries for: that of an average bin, or 1 for values without bins.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// assert_eq!(fit.bin_width(), 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bin_width(&self) -> f64 {
        self.shown().frame.width
    }

    /// The fitted model at x, in entries per bin of average width.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// assert!((fit.value(0.0) - fit["height"].value).abs() < 1.0, "the highest point");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self, x: f64) -> f64 {
        let channel = self.shown();
        channel.model.value(x, &self.values(), &channel.frame)
    }

    /// The fitted curve at so many points over the range.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let curve = fit.curve(101);
    /// assert_eq!((curve.len(), curve[0].0, curve[100].0), (101, -5.0, 5.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn curve(&self, points: usize) -> Vec<(f64, f64)> {
        self.positions(points).map(|x| (x, self.value(x))).collect()
    }

    /// The curve of each shape of the model, with its name.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let parts = hist.fit(Gaussian + Constant)?.components(50);
    /// assert_eq!((parts[1].0.as_str(), parts[1].1.len()), ("Constant", 50));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn components(&self, points: usize) -> Vec<(String, Vec<(f64, f64)>)> {
        let (values, channel) = (self.values(), self.shown());
        let shapes = channel.model.parts.shapes.iter().zip(channel.model.places());
        shapes
            .map(|(shape, place)| {
                let value = |x: f64| (x, shape.value(x, &values[place.clone()], &channel.frame));
                (shape.name(), self.positions(points).map(value).collect())
            })
            .collect()
    }

    /// The bins that were fitted, with what the model expects in them and the pull of each.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let bins = fit.fitted_bins();
    /// assert_eq!(bins.len(), 20);
    /// assert!(bins[10].pull.abs() < 5.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fitted_bins(&self) -> Vec<Fitted> {
        let (values, channel) = (self.values(), self.shown());
        let one = |bin: &Bin| {
            let expected = channel.expected(bin, &values);
            let statistical = match channel.method {
                Method::ChiSquare => bin.variance,
                Method::Likelihood | Method::Unbinned => expected / bin.entries,
            };
            let error = (statistical + channel.variance(bin, &values)).sqrt();
            Fitted {
                lower: bin.lower,
                upper: bin.upper,
                value: bin.value,
                expected,
                pull: (bin.value - expected) / error,
            }
        };
        channel.bins.iter().map(one).collect()
    }

    /// The yield of each shape of the model in the bins of the range, with its error.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let (name, entries, error) = &fit.yields()[0];
    /// assert_eq!(name, "Gaussian");
    /// assert!((entries - hist.sum()).abs() < *error);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn yields(&self) -> Vec<(String, f64, f64)> {
        let (values, channel) = (self.values(), self.shown());
        let shapes = channel.model.parts.shapes.iter().zip(channel.model.places());
        shapes
            .map(|(shape, place)| {
                let total = |values: &[f64]| channel.entries(&**shape, &values[place.clone()]);
                (shape.name(), total(&values), self.propagated(&values, total))
            })
            .collect()
    }

    /// The correlation of two parameters.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// assert!(fit.correlation("height", "sigma").unwrap() < 0.0, "a wider one is lower");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn correlation(&self, a: &str, b: &str) -> Option<f64> {
        let at = |name: &str| self.parameters.iter().position(|parameter| parameter.name == name);
        let (a, b) = (at(a)?, at(b)?);
        Some(self.covariance[a][b] / (self.parameters[a].error * self.parameters[b].error))
    }

    /// The correlations of all free parameters: their names, and a row for each of them.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// # let fit = hist.fit(Gaussian)?;
    /// let (names, rows) = fit.correlations();
    /// assert_eq!((names.len(), rows[0].len()), (3, 3));
    /// assert!((rows[1][1] - 1.0).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn correlations(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        let free: Vec<usize> = (0..self.parameters.len()).filter(|&at| !self.parameters[at].fixed).collect();
        let names = free.iter().map(|&at| self.parameters[at].name.clone()).collect();
        let errors = |a: usize, b: usize| (self.covariance[a][a] * self.covariance[b][b]).sqrt();
        let row = |&a: &usize| free.iter().map(|&b| self.covariance[a][b] / errors(a, b)).collect();
        (names, free.iter().map(row).collect())
    }

    /// Every value and error to two digits of the error, as `(name, value, error)`; for a fixed parameter the error is
    /// empty.
    ///
    /// ```
    /// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
    /// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
    /// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
    /// let fit = hist.fit(Gaussian.fix("mean", 0.0))?;
    /// let (name, value, error) = &fit.rounded()[1];
    /// assert_eq!((name.as_str(), error.as_str()), ("mean", ""));
    /// # let _ = value;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rounded(&self) -> Vec<(String, String, String)> {
        let one = |parameter: &Parameter| {
            let (value, error) = rounded(parameter.value, parameter.error);
            (parameter.name.clone(), value, if parameter.fixed { String::new() } else { error })
        };
        self.parameters.iter().map(one).collect()
    }

    pub(crate) fn values_of_all(&self) -> Vec<f64> {
        self.search.all.iter().map(|parameter| parameter.value).collect()
    }

    pub(crate) fn shown(&self) -> &Channel {
        &self.search.problem.channels[self.search.shown]
    }

    /// The parameters of the model that is looked at.
    fn values(&self) -> Vec<f64> {
        self.shown().own(&self.values_of_all())
    }

    fn positions(&self, points: usize) -> impl Iterator<Item = f64> {
        let (lower, upper) = self.range;
        let last = points.max(2) - 1;
        (0..=last).map(move |at| lower + (upper - lower) * at as f64 / last as f64)
    }

    /// The error of a function of the model's own parameters, by its gradient and their covariance.
    fn propagated(&self, values: &[f64], function: impl Fn(&[f64]) -> f64) -> f64 {
        let whole = &self.search.whole;
        let places = &self.shown().places;
        let gradient: Vec<f64> = (places.iter().enumerate())
            .map(|(at, &place)| {
                let step = 0.01 * self.search.all[place].error;
                if step.is_nan() || step <= 0.0 {
                    return 0.0;
                }
                let (mut up, mut down) = (values.to_vec(), values.to_vec());
                up[at] += step;
                down[at] -= step;
                (function(&up) - function(&down)) / (2.0 * step)
            })
            .collect();
        let mut variance = 0.0;
        for (&a, slope) in places.iter().zip(&gradient) {
            let row = places.iter().zip(&gradient).filter(|(_, other)| **other != 0.0);
            variance += row.map(|(&b, other)| slope * whole[a][b] * other).sum::<f64>();
        }
        variance.sqrt()
    }
}

impl Index<&str> for FitResult {
    type Output = Parameter;

    /// # Panics
    /// When there is no such parameter, as an index into a map does; [`FitResult::get`] does not.
    fn index(&self, name: &str) -> &Parameter {
        self.get(name).unwrap_or_else(|| {
            let known: Vec<_> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            panic!("the fit has no parameter `{name}`; it has {}", known.join(", "))
        })
    }
}

/// A value and its error, both to the second digit of the error that matters.
pub(crate) fn rounded(value: f64, error: f64) -> (String, String) {
    if error <= 0.0 || !error.is_finite() || !value.is_finite() {
        return (short(value), short(error));
    }
    let digits = 1 - error.log10().floor() as i32;
    if !(0..=12).contains(&digits) {
        return (short(value), short(error));
    }
    let digits = digits as usize;
    (format!("{value:.digits$}"), format!("{error:.digits$}"))
}
