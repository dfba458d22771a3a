//! Sums of shapes, with names for all their parameters.

use crate::fit::shape::{Frame, Shape};
use std::sync::Arc;

/// A sum of shapes: `Gaussian + Line`.
///
/// ```
/// use hist::{Gaussian, Line, Model};
/// let model: Model = Gaussian + Line;
/// assert_eq!(model.names(), ["height", "mean", "sigma", "constant", "slope"]);
/// ```
#[derive(Clone)]
pub struct Model {
    pub(crate) shapes: Vec<Arc<dyn Shape>>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({})", self.text())
    }
}

impl Model {
    pub(crate) fn of(shape: impl Shape + 'static) -> Self {
        Self { shapes: vec![Arc::new(shape)] }
    }

    /// The model in words: `Gaussian + Line`.
    ///
    /// ```
    /// assert_eq!((hist::Gaussian + hist::Line).text(), "Gaussian + Line");
    /// ```
    pub fn text(&self) -> String {
        self.shapes.iter().map(|shape| shape.name()).collect::<Vec<_>>().join(" + ")
    }

    /// The names of all parameters; names that come again have a number: `mean`, `mean2`.
    ///
    /// ```
    /// assert_eq!((hist::Gaussian + hist::Gaussian).names()[3..], ["height2", "mean2", "sigma2"]);
    /// ```
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.shapes.iter().flat_map(|shape| shape.parameters()) {
            let mut wanted = name.clone();
            let mut times = 1;
            while names.contains(&wanted) {
                times += 1;
                wanted = format!("{name}{times}");
            }
            names.push(wanted);
        }
        names
    }

    /// The parameters of each shape, as a range of positions.
    pub(crate) fn places(&self) -> Vec<std::ops::Range<usize>> {
        let mut from = 0;
        let each = self.shapes.iter().map(|shape| {
            let until = from + shape.parameters().len();
            let place = from..until;
            from = until;
            place
        });
        each.collect()
    }

    /// For each parameter, whether only its size matters.
    pub(crate) fn unsigned(&self) -> Vec<bool> {
        let shapes = self.shapes.iter();
        shapes.flat_map(|shape| (0..shape.parameters().len()).map(|at| shape.unsigned(at))).collect()
    }

    /// The sum of something over the shapes, each with its own parameters.
    pub(crate) fn sum(&self, parameters: &[f64], of: impl Fn(&dyn Shape, &[f64]) -> f64) -> f64 {
        let mut from = 0;
        let mut sum = 0.0;
        for shape in &self.shapes {
            let until = from + shape.parameters().len();
            sum += of(&**shape, &parameters[from..until]);
            from = until;
        }
        sum
    }

    pub(crate) fn value(&self, x: f64, parameters: &[f64], frame: &Frame) -> f64 {
        self.sum(parameters, |shape, own| shape.value(x, own, frame))
    }
}

impl<M: Into<Model>> std::ops::Add<M> for Model {
    type Output = Self;

    fn add(mut self, other: M) -> Self {
        self.shapes.extend(other.into().shapes);
        self
    }
}
