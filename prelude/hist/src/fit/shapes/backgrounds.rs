//! Backgrounds: what lies under a peak.

use crate::fit::shape::{Frame, Guess, Joints, Role, Shape, average};
use crate::fit::shapes::named;

/// The same everywhere: `constant`.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// use hist::{Constant, Fitting};
/// let fit = hist.fit(Constant.range(0.0, 4.0))?;
/// assert!((fit["constant"].value - 0.75).abs() < 1e-3, "3 entries in 4 bins");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Constant;

/// `constant` (the value in the middle of the range) and `slope`.
///
/// ```
/// # use hist::{Axis, Hist, Line};
/// # let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// # hist.fill(&[vec![0.5; 100], vec![1.5; 300]].concat())?;
/// let fit = hist.fit(Line)?;
/// assert!((fit["constant"].value - 200.0).abs() < 0.1 && (fit["slope"].value - 200.0).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Line;

/// A polynomial of this degree, `c0 + c1 t + c2 t² ...`, where t goes from -1 to 1 over the range of the fit.
///
/// ```
/// assert_eq!(hist::Model::from(hist::Polynomial(1)).names(), ["c0", "c1"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Polynomial(pub usize);

/// `scale` (the value in the middle of the range) and `slope` of the logarithm.
///
/// ```
/// # use hist::{Axis, Exponential, Hist};
/// # let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// # hist.fill(&[vec![0.5; 200], vec![1.5; 100]].concat())?;
/// let fit = hist.fit(Exponential)?;
/// assert!((fit["slope"].value + 2_f64.ln()).abs() < 1e-3, "half as many in the second bin");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Exponential;

/// A sum of Chebyshev polynomials up to this degree, `c0 + c1 T1(t) + c2 T2(t) ...`, where t goes from -1 to 1 over the
/// range of the fit. The same curves as [`Polynomial`], with coefficients that are less correlated.
///
/// ```
/// assert_eq!(hist::Model::from(hist::Chebyshev(2)).names(), ["c0", "c1", "c2"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Chebyshev(pub usize);

/// Combinatorial background of beam-constrained masses (ARGUS): `scale`, `endpoint` and `slope`;
/// `scale * u * sqrt(1 - u²) * exp(slope * (1 - u²))` with `u = x / endpoint`, and 0 above the endpoint. The slope is
/// negative as a rule. Fix the endpoint where it is known: data say little about it.
///
/// ```
/// assert_eq!(hist::Model::from(hist::Argus).names(), ["scale", "endpoint", "slope"]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Argus;

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

    fn role(&self) -> Role {
        Role::Background
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

    fn role(&self) -> Role {
        Role::Background
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

    fn role(&self) -> Role {
        Role::Background
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

    fn role(&self) -> Role {
        Role::Background
    }
}

impl Shape for Chebyshev {
    fn name(&self) -> String {
        format!("Chebyshev({})", self.0)
    }

    fn parameters(&self) -> Vec<String> {
        Polynomial(self.0).parameters()
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        Polynomial(self.0).guess(data)
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        let t = (x - frame.middle) / frame.half;
        // Clenshaw's sum.
        let (one, two) = p[1..].iter().rev().fold((0.0, 0.0), |(one, two), c| (c + 2.0 * t * one - two, one));
        p[0] + t * one - two
    }

    fn role(&self) -> Role {
        Role::Background
    }
}

impl Shape for Argus {
    fn name(&self) -> String {
        "Argus".to_owned()
    }

    fn parameters(&self) -> Vec<String> {
        named(&["scale", "endpoint", "slope"])
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let end = data.frame.middle + data.frame.half;
        let (level, scale) = (2.0 * data.ends.0.max(1e-3 * data.height), data.height.max(data.ends.0));
        vec![(if data.covered { 0.0 } else { level }, scale), (end, 0.05 * data.frame.half), (-10.0, 10.0)]
    }

    fn value(&self, x: f64, p: &[f64], _: &Frame) -> f64 {
        let u = x / p[1];
        let below = 1.0 - u * u;
        if below <= 0.0 { 0.0 } else { p[0] * u * below.sqrt() * (p[2] * below).exp() }
    }

    fn joints(&self, p: &[f64]) -> Joints {
        [p[1], f64::NAN, f64::NAN]
    }

    fn average(&self, lower: f64, upper: f64, p: &[f64], frame: &Frame) -> f64 {
        // The root at the endpoint has no slope there: with x = endpoint - s² it is smooth.
        let (upper_inside, width) = (upper.min(p[1]), upper - lower);
        if upper_inside <= lower {
            return 0.0;
        }
        let (from, to) = ((p[1] - upper_inside).max(0.0).sqrt(), (p[1] - lower).sqrt());
        let smooth = |s: &[f64; 5]| s.map(|s| 2.0 * s * self.value(p[1] - s * s, p, frame));
        average(from, to, &smooth) * (to - from) / width
    }

    fn role(&self) -> Role {
        Role::Background
    }

    fn others(&self, guess: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        [-50.0, -1.0].map(|slope| vec![guess[0], guess[1], (slope, 10.0)]).to_vec()
    }
}
