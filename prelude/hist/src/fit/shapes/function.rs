//! A shape from a function of the user's.

use crate::fit::shape::{Frame, Guess, Role, Shape};
use std::sync::Arc;

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

    fn role(&self) -> Role {
        Role::Free
    }
}
