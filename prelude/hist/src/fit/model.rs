//! Sums of shapes, with names for all their parameters.

use crate::fit::shape::{Frame, Shape};
use segment::Sealed;
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
    /// In one piece, so that a cell of a notebook has one thing to drop.
    pub(crate) parts: Sealed<Parts>,
}

/// What a model is made of.
#[derive(Clone)]
pub(crate) struct Parts {
    pub shapes: Vec<Arc<dyn Shape>>,
    /// How many parameters each has: names are made anew whenever they are asked for.
    counts: Vec<usize>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Model({})", self.text())
    }
}

impl Model {
    pub(crate) fn of(shape: impl Shape + 'static) -> Self {
        let counts = vec![shape.parameters().len()];
        Self { parts: Sealed::new(Parts { shapes: vec![Arc::new(shape)], counts }) }
    }

    /// The sum of both.
    #[inline(never)]
    pub(crate) fn and(mut self, other: Self) -> Self {
        let other = other.parts.into_inner();
        self.parts.shapes.extend(other.shapes);
        self.parts.counts.extend(other.counts);
        self
    }

    /// The model in words: `Gaussian + Line`.
    ///
    /// ```
    /// assert_eq!((hist::Gaussian + hist::Line).text(), "Gaussian + Line");
    /// ```
    pub fn text(&self) -> String {
        self.parts.shapes.iter().map(|shape| shape.name()).collect::<Vec<_>>().join(" + ")
    }

    /// The names of all parameters; names that come again have a number: `mean`, `mean2`.
    ///
    /// ```
    /// assert_eq!((hist::Gaussian + hist::Gaussian).names()[3..], ["height2", "mean2", "sigma2"]);
    /// ```
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.parts.shapes.iter().flat_map(|shape| shape.parameters()) {
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
        self.each().map(|(_, place)| place).collect()
    }

    /// The shapes, and where the parameters of each are.
    fn each(&self) -> impl Iterator<Item = (&dyn Shape, std::ops::Range<usize>)> {
        self.parts.shapes.iter().zip(&self.parts.counts).scan(0, |until, (shape, count)| {
            let from = *until;
            *until += count;
            Some((&**shape, from..*until))
        })
    }

    /// For each parameter, whether only its size matters.
    pub(crate) fn unsigned(&self) -> Vec<bool> {
        let shapes = self.parts.shapes.iter();
        shapes.flat_map(|shape| (0..shape.parameters().len()).map(|at| shape.unsigned(at))).collect()
    }

    /// The sum of something over the shapes, each with its own parameters.
    pub(crate) fn sum(&self, parameters: &[f64], of: impl Fn(&dyn Shape, &[f64]) -> f64) -> f64 {
        self.each().fold(0.0, |sum, (shape, place)| sum + of(shape, &parameters[place]))
    }

    pub(crate) fn value(&self, x: f64, parameters: &[f64], frame: &Frame) -> f64 {
        self.sum(parameters, |shape, own| shape.value(x, own, frame))
    }

    /// The value at each of some places.
    pub(crate) fn values(&self, x: &[f64], parameters: &[f64], frame: &Frame, values: &mut [f64]) {
        values.fill(0.0);
        self.each().for_each(|(shape, place)| shape.add_values(x, &parameters[place], frame, values));
    }
}

impl<M: Into<Model>> std::ops::Add<M> for Model {
    type Output = Self;

    fn add(self, other: M) -> Self {
        self.and(other.into())
    }
}
