//! sPlot: weights with which a variable that was not fitted shows one component of the fit alone.
//!
//! Source: Pivk and Le Diberder, NIM A 555 (2005) 356 (physics/0402083).

use crate::error::{Error, Result};
use crate::fit::outcome::FitResult;
use crate::sum::Sum;
use nalgebra::DMatrix;
use std::sync::Arc;

/// The weights of all components of a fit of values.
///
/// ```
/// # use hist::{Constant, Fitting, Gaussian, fit_values};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
/// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
/// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
/// let weights: hist::SPlot = fit.splot()?;
/// let sum: f64 = values.iter().filter_map(|&x| weights.weight("Gaussian").ok()?.at(x)).sum();
/// assert!((sum - fit.yields()[0].1).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SPlot(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    fit: FitResult,
    names: Vec<String>,
    yields: Vec<f64>,
    /// The covariances of the yields when the shapes are known.
    covariance: DMatrix<f64>,
}

/// The weight of one component as a function of the variable that was fitted.
///
/// ```
/// # use hist::{Constant, Fitting, Gaussian, fit_values};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
/// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
/// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
/// # let weight = fit.splot()?.weight("Gaussian")?;
/// let weight: hist::SWeight = weight;
/// assert!(weight.at(5.0).unwrap() > weight.at(1.0).unwrap(), "the peak is at 5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SWeight {
    splot: SPlot,
    component: usize,
}

impl FitResult {
    /// The weights with which another variable shows one component of this fit alone: the entries add up to its yield. The
    /// other variable must not depend on the fitted one within any component.
    ///
    /// # Errors
    /// When the fit is one of bins, has one component, or a component without entries.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// assert_eq!(fit.splot()?.names(), ["Gaussian", "Constant"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn splot(&self) -> Result<SPlot> {
        let channel = self.shown();
        let Some(points) = &channel.points else {
            return Err(Error::Fit("sPlot needs a fit of values, not of bins".to_owned()));
        };
        let names = named(self.yields().into_iter().map(|(name, _, _)| name));
        if names.len() < 2 {
            return Err(Error::Fit("sPlot needs a model of two components or more".to_owned()));
        }
        let yields: Vec<f64> = self.yields().into_iter().map(|(_, entries, _)| entries).collect();
        if let Some(at) = yields.iter().position(|entries| entries.is_nan() || *entries <= 0.0) {
            return Err(Error::Fit(format!("the component `{}` has {} entries: leave it out", names[at], yields[at])));
        }
        let count = names.len();
        let mut sums = vec![Sum::default(); count * count];
        for &x in points.values() {
            let parts = self.densities(x);
            let total: f64 = parts.iter().sum();
            for (a, b) in (0..count).flat_map(|a| (0..count).map(move |b| (a, b))) {
                sums[a * count + b].add(parts[a] / yields[a] * parts[b] / yields[b] / (total * total));
            }
        }
        let inverse = DMatrix::from_iterator(count, count, sums.iter().map(|sum| sum.total()));
        let singular =
            || Error::Fit("the components of the fit have the same shape: no weights can tell them apart".into());
        let covariance = inverse.try_inverse().ok_or_else(singular)?;
        Ok(SPlot(Arc::new(Inner { fit: self.clone(), names, yields, covariance })))
    }

    /// What each component expects per unit of x.
    fn densities(&self, x: f64) -> Vec<f64> {
        let channel = self.shown();
        let values = channel.own(&self.values_of_all());
        let shapes = channel.model.parts.shapes.iter().zip(channel.model.places());
        shapes.map(|(shape, place)| shape.value(x, &values[place], &channel.frame) / channel.frame.width).collect()
    }
}

/// Names that come again have a number.
fn named(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let again = (2..).map(|number| format!("{name}{number}"));
        let free = [name.clone()].into_iter().chain(again).find(|name| !all.contains(name));
        all.extend(free);
    }
    all
}

impl SPlot {
    /// The names of the components: those of their shapes, with a number where a shape comes again.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// assert_eq!(fit.splot()?.names(), ["Gaussian", "Constant"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn names(&self) -> &[String] {
        &self.0.names
    }

    /// The weight of a component.
    ///
    /// # Errors
    /// When there is none of this name.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// assert!(fit.splot()?.weight("Gaussian").is_ok() && fit.splot()?.weight("Line").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn weight(&self, component: &str) -> Result<SWeight> {
        let known = self.0.names.iter().position(|name| name == component);
        let component = known.ok_or_else(|| {
            Error::Missing(format!("the fit has no component `{component}`; it has {}", self.0.names.join(", ")))
        })?;
        Ok(SWeight { splot: self.clone(), component })
    }
}

impl SWeight {
    /// The weight at a value of the fitted variable; nothing outside of the range of the fit, NaN for NaN.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// # let weight = fit.splot()?.weight("Gaussian")?;
    /// assert!(weight.at(5.0).unwrap() > 0.5 && weight.at(11.0).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(&self, x: f64) -> Option<f64> {
        let Inner { fit, yields, covariance, .. } = &*self.splot.0;
        let (lower, upper) = fit.range;
        if x.is_nan() {
            return Some(f64::NAN);
        }
        if !(lower..=upper).contains(&x) {
            return None;
        }
        let parts = fit.densities(x);
        let over: f64 = parts.iter().sum();
        let row = covariance.row(self.component);
        Some(row.iter().zip(&parts).zip(yields).map(|((v, part), entries)| v * part / entries).sum::<f64>() / over)
    }

    /// The name of the component.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// # let weight = fit.splot()?.weight("Gaussian")?;
    /// assert_eq!(weight.name(), "Gaussian");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.splot.0.names[self.component]
    }

    /// Words that are equal only when all weights are.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// # let weight = fit.splot()?.weight("Gaussian")?;
    /// assert_ne!(weight.identity(), fit.splot()?.weight("Constant")?.identity());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn identity(&self) -> String {
        let Inner { fit, names, yields, covariance } = &*self.splot.0;
        format!("{} of {names:?} {:?} {yields:?} {covariance:?} {:?}", self.name(), fit.parameters, fit.range)
    }

    /// The range of the fit, outside of which there are no weights.
    ///
    /// ```
    /// # use hist::{Constant, Fitting, Gaussian, fit_values};
    /// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; 5.0 + 0.3 * (u / (1.0 - u)).ln() };
    /// # let values: Vec<f64> = (1..1000).map(logistic).chain((0..400).map(|k| f64::from(k) / 40.0)).collect();
    /// # let fit = fit_values(&values, (Gaussian + Constant).range(0.0, 10.0))?;
    /// # let weight = fit.splot()?.weight("Gaussian")?;
    /// assert_eq!(weight.range(), (0.0, 10.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn range(&self) -> (f64, f64) {
        self.splot.0.fit.range
    }
}
