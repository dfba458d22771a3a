//! Peaks and backgrounds.

use crate::fit::model::{Frame, Guess, Model, Shape};
use crate::fit::voigt;
use std::sync::Arc;

/// `height`, `mean`, `sigma`.
#[derive(Debug, Clone, Copy)]
pub struct Gaussian;

/// A Gaussian with a power-law tail: `height`, `mean`, `sigma`, `alpha` (where the tail begins, in sigmas; on the left
/// when positive, on the right when negative) and `n` (its power).
#[derive(Debug, Clone, Copy)]
pub struct CrystalBall;

/// A resonance seen with Gaussian resolution: `height`, `mean`, `sigma` (of the resolution), `width` (full width of
/// the resonance at half of its height).
#[derive(Debug, Clone, Copy)]
pub struct Voigt;

/// A resonance (not relativistic): `height`, `mean`, `width` (full width at half height).
#[derive(Debug, Clone, Copy)]
pub struct BreitWigner;

/// The same everywhere: `constant`.
#[derive(Debug, Clone, Copy)]
pub struct Constant;

/// `constant` (the value in the middle of the range) and `slope`.
#[derive(Debug, Clone, Copy)]
pub struct Line;

/// A polynomial of this degree, `c0 + c1 t + c2 t² ...`, where t goes from -1 to 1 over the range of the fit.
#[derive(Debug, Clone, Copy)]
pub struct Polynomial(pub usize);

/// `scale` (the value in the middle of the range) and `slope` of the logarithm.
#[derive(Debug, Clone, Copy)]
pub struct Exponential;

/// A function of x and its parameters.
type Curve = dyn Fn(f64, &[f64]) -> f64 + Send + Sync;

/// A function of your own, made by [`Function::new`].
#[derive(Clone)]
pub struct Function {
    names: Vec<String>,
    start: Vec<f64>,
    function: Arc<Curve>,
}

impl Function {
    /// A function of x and of parameters with these names and start values:
    /// `Function::new([("a", 1.0), ("b", 0.0)], |x, p| p[0] * (x - p[1]).cos())`.
    pub fn new<'a>(
        parameters: impl IntoIterator<Item = (&'a str, f64)>,
        function: impl Fn(f64, &[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let (names, start) = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).unzip();
        Self { names, start, function: Arc::new(function) }
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({})", self.names.join(", "))
    }
}

fn named(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn peak(data: &Guess) -> [(f64, f64); 3] {
    [(data.height, data.height), (data.mean, data.sigma), (data.sigma, data.sigma)]
}

impl Shape for Gaussian {
    fn name(&self) -> String {
        "Gaussian".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "sigma"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        peak(data).to_vec()
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        p[0] * (-0.5 * ((x - p[1]) / p[2]).powi(2)).exp()
    }

    fn is_peak(&self) -> bool {
        true
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2
    }
}

impl Shape for CrystalBall {
    fn name(&self) -> String {
        "CrystalBall".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "sigma", "alpha", "n"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let mut guess = peak(data).to_vec();
        guess.extend([(1.5, 1.0), (3.0, 3.0)]);
        guess
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        let t = (x - p[1]) / p[2].abs() * p[3].signum();
        let alpha = p[3].abs().max(1e-9);
        if t > -alpha {
            return p[0] * (-0.5 * t * t).exp();
        }
        let n = p[4].abs().max(1e-9);
        // (n/α)ⁿ (n/α - α - t)⁻ⁿ, written so that large n does not overflow.
        p[0] * (-0.5 * alpha * alpha - n * ((-t - alpha) * alpha / n).ln_1p()).exp()
    }

    fn is_peak(&self) -> bool {
        true
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2 || parameter == 4
    }
}

impl Shape for Voigt {
    fn name(&self) -> String {
        "Voigt".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "sigma", "width"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let [height, mean, (sigma, _)] = peak(data);
        vec![height, mean, (0.7 * sigma, sigma), (1.2 * sigma, sigma)]
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        p[0] * voigt::profile(x - p[1], p[2].abs(), 0.5 * p[3].abs())
            / voigt::profile(0.0, p[2].abs(), 0.5 * p[3].abs())
    }

    fn is_peak(&self) -> bool {
        true
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter >= 2
    }
}

impl Shape for BreitWigner {
    fn name(&self) -> String {
        "BreitWigner".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "width"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let [height, mean, (sigma, _)] = peak(data);
        vec![height, mean, (2.355 * sigma, sigma)]
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        p[0] / (1.0 + (2.0 * (x - p[1]) / p[2]).powi(2))
    }

    fn is_peak(&self) -> bool {
        true
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2
    }
}

/// The level of a background, and what change of it matters.
fn level(data: &Guess) -> (f64, f64) {
    let level = 0.5 * (data.ends.0 + data.ends.1);
    (if data.covered { 0.0 } else { level }, data.height.max(level).max(1e-9))
}

impl Shape for Constant {
    fn name(&self) -> String {
        "Constant".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["constant"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        vec![level(data)]
    }

    fn value(&self, _: f64, p: &[f64], _: &Frame) -> f64 {
        p[0]
    }

    fn is_peak(&self) -> bool {
        false
    }
}

impl Shape for Line {
    fn name(&self) -> String {
        "Line".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["constant", "slope"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let (middle, scale) = level(data);
        let slope = if data.covered { 0.0 } else { 0.5 * (data.ends.1 - data.ends.0) / data.frame.half };
        vec![(middle, scale), (slope, scale / data.frame.half)]
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        p[0] + p[1] * (x - frame.middle)
    }

    fn is_peak(&self) -> bool {
        false
    }
}

impl Shape for Polynomial {
    fn name(&self) -> String {
        format!("Polynomial({})", self.0)
    }

    fn parameters(&self) -> Vec<String> {
        (0..=self.0).map(|power| format!("c{power}")).collect()
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let (middle, scale) = level(data);
        let slope = if data.covered { 0.0 } else { 0.5 * (data.ends.1 - data.ends.0) };
        (0..=self.0).map(|power| ([middle, slope].get(power).copied().unwrap_or(0.0), scale)).collect()
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        let t = (x - frame.middle) / frame.half;
        p.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient)
    }

    fn is_peak(&self) -> bool {
        false
    }
}

impl Shape for Exponential {
    fn name(&self) -> String {
        "Exponential".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["scale", "slope"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let (left, right) = (data.ends.0.max(1e-3 * data.height), data.ends.1.max(1e-3 * data.height));
        let slope = (right / left).ln() / (2.0 * data.frame.half);
        let middle = if data.covered { 1e-3 * data.height } else { (left * right).sqrt() };
        vec![(middle, middle), (slope, 1.0 / data.frame.half)]
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        p[0] * (p[1] * (x - frame.middle)).exp()
    }

    fn is_peak(&self) -> bool {
        false
    }
}

impl Shape for Function {
    fn name(&self) -> String {
        "Function".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        self.names.clone()
    }

    fn guess(&self, _: &Guess) -> Vec<(f64, f64)> {
        self.start.iter().map(|&value| (value, if value == 0.0 { 1.0 } else { value })).collect()
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        (self.function)(x, p)
    }

    fn is_peak(&self) -> bool {
        true
    }
}

macro_rules! models {
    ($($shape:ty)*) => { $(
        impl From<$shape> for Model {
            fn from(shape: $shape) -> Self {
                Self::of(shape)
            }
        }

        impl<M: Into<Model>> std::ops::Add<M> for $shape {
            type Output = Model;

            fn add(self, other: M) -> Model {
                Model::of(self) + other
            }
        }
    )* };
}
models!(Gaussian CrystalBall Voigt BreitWigner Constant Line Polynomial Exponential Function);
