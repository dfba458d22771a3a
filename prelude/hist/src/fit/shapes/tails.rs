//! Peaks with tails on both sides.

use crate::fit::shape::{Frame, Guess, Joints, Role, Shape};
use crate::fit::shapes::named;
use crate::fit::shapes::peaks::peak;

/// A Gaussian with a power-law tail on each side: `height`, `mean`, `sigma`, `alpha_left`, `n_left`, `alpha_right`,
/// `n_right`. Each `alpha` says where its tail begins, in sigmas; each `n` is the power of its tail.
///
/// ```
/// let names = hist::Model::from(hist::DoubleCrystalBall).names();
/// assert_eq!(names[3..], ["alpha_left", "n_left", "alpha_right", "n_right"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DoubleCrystalBall;

/// Johnson's SU: `height`, `mean`, `sigma`, `gamma` (skewness) and `delta` (small for long tails);
/// `height / sqrt(1 + z²) * exp(-(gamma + delta * asinh(z))² / 2)` with `z = (x - mean) / sigma`. With a `gamma` the
/// highest point is not at `mean`, and is not `height` high.
///
/// ```
/// assert_eq!(hist::Model::from(hist::Johnson).names(), ["height", "mean", "sigma", "gamma", "delta"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Johnson;

/// The power-law tail `t` sigmas from the mean, beyond `alpha`, relative to the height.
fn tail(t: f64, alpha: f64, n: f64) -> f64 {
    // (n/α)ⁿ (n/α - α + t)⁻ⁿ exp(-α²/2), written so that large n does not overflow.
    (-0.5 * alpha * alpha - n * ((t - alpha) * alpha / n).ln_1p()).exp()
}

impl Shape for DoubleCrystalBall {
    fn name(&self) -> String {
        "DoubleCrystalBall".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "sigma", "alpha_left", "n_left", "alpha_right", "n_right"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let mut guess = peak(data).to_vec();
        guess.extend([(1.5, 1.0), (3.0, 3.0), (1.5, 1.0), (3.0, 3.0)]);
        guess
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        let t = (x - p[1]) / p[2].abs();
        let (alpha, n) = if t < 0.0 { (p[3], p[4]) } else { (p[5], p[6]) };
        let (alpha, n) = (alpha.abs().max(1e-9), n.abs().max(1e-9));
        p[0] * if t.abs() < alpha { (-0.5 * t * t).exp() } else { tail(t.abs(), alpha, n) }
    }

    fn joints(&self, p: &[f64]) -> Joints {
        let sigma = p[2].abs();
        [p[1], p[1] - p[3].abs() * sigma, p[1] + p[5].abs() * sigma]
    }

    fn role(&self) -> Role {
        Role::Peak
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter >= 2
    }

    fn others(&self, guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let with =
            |left: f64, right: f64, n: f64| [&guess[..3], &[(left, 1.0), (n, 3.0), (right, 1.0), (n, 3.0)]].concat();
        vec![with(0.8, 2.0, 2.0), with(2.0, 0.8, 2.0), with(1.0, 1.0, 5.0)]
    }
}

impl Shape for Johnson {
    fn name(&self) -> String {
        "Johnson".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["height", "mean", "sigma", "gamma", "delta"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let [height, mean, (sigma, _)] = peak(data);
        vec![height, mean, (1.5 * sigma, sigma), (0.0, 0.5), (1.5, 1.0)]
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        let z = (x - p[1]) / p[2].abs();
        p[0] / (1.0 + z * z).sqrt() * (-0.5 * (p[3] + p[4].abs() * z.asinh()).powi(2)).exp()
    }

    fn role(&self) -> Role {
        Role::Peak
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2 || parameter == 4
    }

    fn others(&self, guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let with = |gamma: f64| {
            let mut other = guess.to_vec();
            other[3].0 = gamma;
            other
        };
        vec![with(0.7), with(-0.7)]
    }
}
