use crate::fit::model::{Frame, Method, Model};
use crate::text::short;
use std::fmt;
use std::ops::Index;

/// A parameter after a fit.
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
}

/// What a fit found: parameters by name (`fit["mean"].value`), how good it is, and the curve to draw.
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
    /// Its value at the minimum: chi-square, or the likelihood ratio that behaves like it.
    pub chi2: f64,
    /// Bins less free parameters.
    pub ndf: usize,
    /// The chance of a worse fit if the model is true; NaN without degrees of freedom.
    pub p_value: f64,
    /// Bins fitted.
    pub bins: usize,
    /// Bins in the range that chi-square could not use, because their variance is 0.
    pub skipped: usize,
    /// The range of the fit.
    pub range: (f64, f64),
    /// Whether the errors come from second derivatives at a true minimum. When not, look at the curve first.
    pub errors_reliable: bool,
    pub(crate) model: Model,
    pub(crate) frame: Frame,
    pub(crate) average_width: f64,
}

impl FitResult {
    /// The parameter of this name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// The model in words.
    pub fn model(&self) -> String {
        self.model.text()
    }

    /// The fitted model at x, in entries per bin of average width.
    pub fn value(&self, x: f64) -> f64 {
        self.model.value(x, &self.values(), &self.frame)
    }

    /// The fitted curve at so many points over the range.
    pub fn curve(&self, points: usize) -> Vec<(f64, f64)> {
        self.positions(points).map(|x| (x, self.value(x))).collect()
    }

    /// The curve of each shape of the model, with its name.
    pub fn components(&self, points: usize) -> Vec<(String, Vec<(f64, f64)>)> {
        let values = self.values();
        let shapes = self.model.shapes.iter().zip(self.model.places());
        shapes
            .map(|(shape, place)| {
                let value = |x: f64| (x, shape.value(x, &values[place.clone()], &self.frame));
                (shape.name(), self.positions(points).map(value).collect())
            })
            .collect()
    }

    /// How many entries each shape of the model stands for in the range, with their errors.
    pub fn yields(&self) -> Vec<(String, f64, f64)> {
        let values = self.values();
        let shapes = self.model.shapes.iter().zip(self.model.places());
        shapes
            .map(|(shape, place)| {
                let total = |values: &[f64]| self.integral(|x| shape.value(x, &values[place.clone()], &self.frame));
                (shape.name(), total(&values), self.propagated(&values, total))
            })
            .collect()
    }

    /// The correlation of two parameters.
    pub fn correlation(&self, a: &str, b: &str) -> Option<f64> {
        let at = |name: &str| self.parameters.iter().position(|parameter| parameter.name == name);
        let (a, b) = (at(a)?, at(b)?);
        Some(self.covariance[a][b] / (self.parameters[a].error * self.parameters[b].error))
    }

    fn values(&self) -> Vec<f64> {
        self.parameters.iter().map(|parameter| parameter.value).collect()
    }

    fn positions(&self, points: usize) -> impl Iterator<Item = f64> {
        let (lower, upper) = self.range;
        let last = points.max(2) - 1;
        (0..=last).map(move |at| lower + (upper - lower) * at as f64 / last as f64)
    }

    /// The integral over the range, in entries.
    fn integral(&self, value: impl Fn(f64) -> f64) -> f64 {
        // Simpson's rule, far finer than any peak that bins can show.
        const PARTS: usize = 4096;
        let (lower, upper) = self.range;
        let step = (upper - lower) / PARTS as f64;
        let sum: f64 = (0..=PARTS)
            .map(|at| {
                let weight = if at == 0 || at == PARTS { 1.0 } else { [2.0, 4.0][at % 2] };
                weight * value(lower + at as f64 * step)
            })
            .sum();
        sum * step / 3.0 / self.average_width
    }

    /// The error of a function of the parameters, by its gradient and their covariance.
    fn propagated(&self, values: &[f64], function: impl Fn(&[f64]) -> f64) -> f64 {
        let gradient: Vec<f64> = (self.parameters.iter().enumerate())
            .map(|(at, parameter)| {
                let step = 0.01 * parameter.error;
                if step.is_nan() || step <= 0.0 {
                    return 0.0;
                }
                let (mut up, mut down) = (values.to_vec(), values.to_vec());
                up[at] += step;
                down[at] -= step;
                (function(&up) - function(&down)) / (2.0 * step)
            })
            .collect();
        let products = self.covariance.iter().zip(&gradient);
        let variance: f64 = products
            .map(|(row, a)| row.iter().zip(&gradient).filter(|(_, b)| **b != 0.0).map(|(c, b)| a * c * b).sum::<f64>())
            .sum();
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

impl fmt::Display for FitResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.method {
            Method::ChiSquare => "chi-square",
            Method::Likelihood => "Poisson likelihood",
        };
        let (lower, upper) = (short(self.range.0), short(self.range.1));
        writeln!(f, "{} fitted by {by} to {} bins in [{lower}, {upper}]", self.model(), self.bins)?;
        let wide = self.parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
        for parameter in &self.parameters {
            let (value, error) = rounded(parameter.value, parameter.error);
            let said = if parameter.fixed { "(fixed)".to_owned() } else { format!("± {error}") };
            writeln!(f, "  {:wide$}  {value:>12} {said}", parameter.name)?;
        }
        write!(f, "  chi2 / ndf = {} / {}, p = {}", short(self.chi2), self.ndf, short(self.p_value))?;
        if self.skipped > 0 {
            write!(f, "\n  {} bins without variance left out (`.likelihood()` uses empty bins)", self.skipped)?;
        }
        if !self.errors_reliable {
            write!(f, "\n  the errors are rough: the data do not determine all parameters")?;
        }
        Ok(())
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
