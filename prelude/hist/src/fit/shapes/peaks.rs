//! Peaks that have a name: `height` is the value at `mean`.

use crate::fit::shape::{Frame, Guess, Joints, Role, Shape};
use crate::fit::shapes::named;
use crate::fit::voigt;
use statrs::function::erf::{erf, erfc};
use std::f64::consts::{PI, SQRT_2};

/// `height`, `mean`, `sigma`.
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// let fit = hist.fit(Gaussian)?;
/// assert!(fit["mean"].value.abs() < 0.01 && (fit["sigma"].value - 1.7).abs() < 0.2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Gaussian;

/// A Gaussian with a power-law tail: `height`, `mean`, `sigma`, `alpha` (where the tail begins, in sigmas; on the left
/// when positive, on the right when negative) and `n` (its power).
///
/// ```
/// assert_eq!(hist::Model::from(hist::CrystalBall).names(), ["height", "mean", "sigma", "alpha", "n"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct CrystalBall;

/// A resonance seen with Gaussian resolution: `height`, `mean`, `sigma` (of the resolution), `width` (full width of
/// the resonance at half of its height).
///
/// ```
/// assert_eq!(hist::Model::from(hist::Voigt).names(), ["height", "mean", "sigma", "width"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Voigt;

/// A resonance (not relativistic): `height`, `mean`, `width` (full width at half height).
///
/// ```
/// assert_eq!(hist::Model::from(hist::BreitWigner).names(), ["height", "mean", "width"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BreitWigner;

/// Guesses of height, mean and sigma.
pub(super) fn peak(data: &Guess) -> [(f64, f64); 3] {
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

    fn average(&self, lower: f64, upper: f64, p: &[f64], _: &Frame) -> f64 {
        let scale = p[2].abs() * SQRT_2;
        let (a, b) = ((lower - p[1]) / scale, (upper - p[1]) / scale);
        // Far from the mean both values of erf are nearly 1; those of erfc keep their digits.
        let share = match (a > 1.0, b < -1.0) {
            (true, _) => erfc(a) - erfc(b),
            (_, true) => erfc(-b) - erfc(-a),
            _ => erf(b) - erf(a),
        };
        p[0] * 0.5 * scale * PI.sqrt() * share / (upper - lower)
    }

    fn role(&self) -> Role {
        Role::Peak
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

    fn joints(&self, p: &[f64]) -> Joints {
        [p[1], p[1] - p[3] * p[2].abs(), f64::NAN]
    }

    fn role(&self) -> Role {
        Role::Peak
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2 || parameter == 4
    }

    fn others(&self, guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        // The tail on the other side, and tails that begin early or hardly at all.
        let with = |alpha: f64, n: f64| [&guess[..3], &[(alpha, 1.0), (n, 3.0)]].concat();
        vec![with(-1.5, 3.0), with(0.8, 2.0), with(-0.8, 2.0), with(2.5, 6.0)]
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

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        let mut sum = [0.0];
        self.add_values(&[x], p, frame, &mut sum);
        sum[0]
    }

    fn add_values(&self, x: &[f64], p: &[f64], _: &Frame, sums: &mut [f64]) {
        let (sigma, gamma) = (p[2].abs(), 0.5 * p[3].abs());
        let mut top = [0.0];
        voigt::add_profile(&[0.0], 0.0, sigma, gamma, 1.0, &mut top);
        voigt::add_profile(x, p[1], sigma, gamma, p[0] / top[0], sums);
    }

    fn role(&self) -> Role {
        Role::Peak
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter >= 2
    }

    fn others(&self, guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let sigma = guess[2].1;
        let with = |resolution: f64, width: f64| [&guess[..2], &[(resolution, sigma), (width, sigma)]].concat();
        vec![with(0.95 * sigma, 0.2 * sigma), with(0.2 * sigma, 2.2 * sigma)]
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

    fn average(&self, lower: f64, upper: f64, p: &[f64], _: &Frame) -> f64 {
        let half = 0.5 * p[2].abs();
        let (a, b) = ((lower - p[1]) / half, (upper - p[1]) / half);
        // The difference of two arcs, in one that does not cancel far from the peak.
        let arc = ((b - a) / (1.0 + a * b)).atan();
        let arc = if 1.0 + a * b < 0.0 { arc + PI * (b - a).signum() } else { arc };
        p[0] * half * arc / (upper - lower)
    }

    fn role(&self) -> Role {
        Role::Peak
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter == 2
    }
}
