//! A shape as it is seen with a Gaussian resolution.

use crate::fit::model::Model;
use crate::fit::shape::{Frame, Guess, POINTS, Role, Shape, divided};
use std::sync::Arc;

/// Any one shape, convolved with a Gaussian: its parameters, and `resolution`, the sigma of the Gaussian.
/// `BreitWigner.convolved()` is a Voigt profile by numbers; use it for shapes that have no formula.
///
/// ```
/// use hist::{BreitWigner, Convolved, Model};
/// let shape: Convolved = BreitWigner.convolved();
/// assert_eq!(Model::from(shape).names(), ["height", "mean", "width", "resolution"]);
/// ```
#[derive(Clone)]
pub struct Convolved {
    inner: Arc<dyn Shape>,
}

impl std::fmt::Debug for Convolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name())
    }
}

impl Convolved {
    pub(crate) fn of(shape: impl Shape + 'static) -> Self {
        Self { inner: Arc::new(shape) }
    }
}

/// Parts into which five sigmas to each side are divided.
const PARTS: usize = 10;

impl Shape for Convolved {
    fn name(&self) -> String {
        format!("{}.convolved()", self.inner.name())
    }

    fn parameters(&self) -> Vec<String> {
        let mut names = self.inner.parameters();
        names.push("resolution".to_owned());
        names
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        let mut guess = self.inner.guess(&Guess { sigma: 0.7 * data.sigma, ..*data });
        guess.push((0.7 * data.sigma, data.sigma));
        guess
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        let (&resolution, own) = p.split_last().unwrap_or((&0.0, p));
        let sigma = resolution.abs();
        if sigma < 1e-6 * frame.width {
            return self.inner.value(x, own, frame);
        }
        let part = |from: f64, to: f64| {
            let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
            let (places, mut values) = (POINTS.map(|(at, _)| middle + at * half), [0.0; 5]);
            self.inner.add_values(&places.map(|t| x - sigma * t), own, frame, &mut values);
            let all = places.iter().zip(POINTS).zip(values);
            half * all.map(|((t, (_, weight)), value)| weight * (-0.5 * t * t).exp() * value).sum::<f64>()
        };
        // The joints of the inner shape, in sigmas from x.
        let joints = self.inner.joints(own).map(|joint| (x - joint) / sigma);
        // Where the inner shape is narrow it is looked at closely: around its place, parts grow from there.
        let place = match (self.inner.role(), own.get(1)) {
            (Role::Peak, Some(&place)) => ((x - place) / sigma).clamp(-5.0, 5.0),
            _ => 0.0,
        };
        let side = |end: f64| {
            let edge = |at: usize| place + (end - place) * (at as f64 / PARTS as f64).powi(2);
            let ordered = |a: f64, b: f64| divided(a.min(b), a.max(b), joints, part);
            (0..PARTS).map(|at| ordered(edge(at), edge(at + 1))).sum::<f64>()
        };
        // The Gaussian within five sigmas.
        const NORM: f64 = 2.506_628_274_631_000_5 * 0.999_999_426_696_856_3;
        (side(-5.0) + side(5.0)) / NORM
    }

    fn role(&self) -> Role {
        self.inner.role()
    }

    fn unsigned(&self, parameter: usize) -> bool {
        parameter + 1 == self.parameters().len() || self.inner.unsigned(parameter)
    }
}

impl From<Convolved> for Model {
    fn from(shape: Convolved) -> Self {
        Self::of(shape)
    }
}

impl<M: Into<Model>> std::ops::Add<M> for Convolved {
    type Output = Model;

    fn add(self, other: M) -> Model {
        Model::from(self).and(other.into())
    }
}
