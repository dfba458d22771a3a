//! Fits of several histograms at once, with parameters in common.

use crate::error::{Error, Result};
use crate::fit::options::Fit;
use crate::fit::outcome::FitResult;
use crate::fit::prepare::{channel, problem};
use crate::hist::Hist;
use std::sync::Arc;

/// Several histograms, each with a model, and the parameters that are the same in all.
///
/// ```
/// use hist::{Axis, Constant, Gaussian, Hist, Simultaneous};
/// # let axis = Axis::regular(20, -4.0, 4.0)?;
/// # let (mut a, mut b) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # let normal: Vec<f64> = (1..2000).map(|k| { let u = f64::from(k) / 2000.0; (u / (1.0 - u)).ln() * 0.55 }).collect();
/// # a.fill(&normal)?; b.fill(&normal[..1500])?;
/// # a.fill(&[-3.9, 3.9])?; b.fill(&[-3.9, 3.9])?;
/// let fit = Simultaneous::new()
///     .channel("2019", &a, Gaussian + Constant)
///     .channel("2020", &b, Gaussian + Constant)
///     .share("sigma")
///     .fit()?;
/// let (width, height) = (fit["sigma"].value, fit["2019.height"].value);
/// let second = fit.channel("2020").unwrap();      // with the names of its model, to be drawn over its histogram
/// assert_eq!(second["sigma"].value, width);
/// # assert!(height > 0.0);
/// # Ok::<(), hist::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Simultaneous<'a> {
    channels: Vec<(String, &'a Hist, Fit)>,
    shared: Vec<String>,
}

impl<'a> Simultaneous<'a> {
    /// No histogram yet.
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
    /// assert!(Simultaneous::new().fit().is_err(), "there is nothing to fit");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// One more histogram with its model. Its parameters are called `name.parameter`.
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
    /// let fit = Simultaneous::new().channel("a", &a, Gaussian).channel("b", &b, Gaussian).fit()?;
    /// assert!(fit["a.height"].value > 1.9 * fit["b.height"].value);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn channel(mut self, name: &str, hist: &'a (impl AsRef<Hist> + ?Sized), model: impl Into<Fit>) -> Self {
        self.channels.push((name.to_owned(), hist.as_ref(), model.into()));
        self
    }

    /// A parameter that is the same in all models that have it; it keeps its plain name. Its limits, start value and
    /// constraint are those of the first model that has it.
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
    /// let fit = Simultaneous::new().channel("a", &a, Gaussian).channel("b", &b, Gaussian).share("sigma").fit()?;
    /// assert!(fit.get("sigma").is_some() && fit.get("a.sigma").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn share(mut self, parameter: &str) -> Self {
        self.shared.push(parameter.to_owned());
        self
    }

    /// Fits all histograms at once.
    ///
    /// # Errors
    /// As [`Hist::fit`]; when two channels have one name, or a shared parameter does not exist.
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
    /// let fit = Simultaneous::new().channel("a", &a, Gaussian).channel("b", &b, Gaussian).fit()?;
    /// assert_eq!(fit.parameters.len(), 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(&self) -> Result<FitResult> {
        let mut parts = Vec::new();
        for (at, (name, hist, fit)) in self.channels.iter().enumerate() {
            if self.channels[..at].iter().any(|(known, _, _)| known == name) {
                return Err(Error::Fit(format!("two channels are called `{name}`")));
            }
            let (channel, quantities) =
                channel(name, hist, fit).map_err(|error| Error::Fit(format!("channel `{name}`: {error}")))?;
            parts.push((channel, quantities, fit));
        }
        FitResult::of(Arc::new(problem(parts, &self.shared)?))
    }
}
