//! A shape from a function of the user's.

use crate::fit::shape::{Frame, Guess, Role, Shape};
use std::sync::Arc;

/// A function of x and its parameters.
type Curve = dyn Fn(f64, &[f64]) -> f64 + Send + Sync;

/// A function of your own, made by [`FitFunction::new`].
///
/// ```
/// # use hist::{Axis, Constant, Fitting, Gaussian, Hist};
/// # let logistic = |k: i32| { let u = f64::from(k) / 1000.0; (u / (1.0 - u)).ln() };
/// # let mut hist = Hist::new(Axis::regular(20, -5.0, 5.0)?)?;
/// # hist.fill(&(1..1000).map(logistic).collect::<Vec<f64>>())?;
/// use hist::FitFunction;
/// let peak = FitFunction::new([("height", 150.0), ("width", 1.0)], |x, p| p[0] / (1.0 + (x / p[1]).powi(2)));
/// assert!(hist.fit(peak)?["width"].value > 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FitFunction {
    names: Vec<String>,
    start: Vec<f64>,
    function: Arc<Curve>,
}

impl FitFunction {
    /// A function of x and of parameters with these names and start values:
    /// `FitFunction::new([("a", 1.0), ("b", 0.0)], |x, p| p[0] * (x - p[1]).cos())`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let line = hist::FitFunction::new([("a", 1.0)], |x, p| p[0] * x);
    /// assert_eq!(hist.fit(line)?.parameters[0].name, "a");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new<'a>(
        parameters: impl IntoIterator<Item = (&'a str, f64)>,
        function: impl Fn(f64, &[f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let (names, start) = parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).unzip();
        Self { names, start, function: Arc::new(function) }
    }
}

impl std::fmt::Debug for FitFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function({})", self.names.join(", "))
    }
}

impl Shape for FitFunction {
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
