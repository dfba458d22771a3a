//! Curves over a plot: fits, expectations.

use super::Plot;
use super::model::{Layer, Mark, Paint};

/// Points of a curve: enough that a peak as narrow as a bin stays round.
const POINTS: usize = 400;

impl Plot {
    /// A function over the plot, from end to end of its x axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).curve("f(x) = x", |x| x);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn curve(self, name: &str, f: impl Fn(f64) -> f64) -> Self {
        let (low, high) = self.drawing.scene.x.range.or_else(|| self.drawing.scene.x_extent()).unwrap_or((0.0, 1.0));
        self.curve_between(name, low, high, f)
    }

    /// A function over the plot between two values of x: a fit over its range.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).curve_between("f(x) = x", 1.0, 3.0, |x| x);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn curve_between(mut self, name: &str, low: f64, high: f64, f: impl Fn(f64) -> f64) -> Self {
        if self.drawing.map.is_some() {
            return Self::impossible("a curve cannot be drawn over a map");
        }
        let curves =
            self.drawing.scene.panels[0].layers.iter().filter(|layer| matches!(layer.mark, Mark::Curve(_))).count();
        let paint = if curves == 0 { Paint::Solid(1) } else { Paint::Line(1 + curves) };
        self.drawing.scene.panels[0].layers.push(Layer::new(name, paint, Mark::Curve(sample(low, high, f))));
        self
    }
}

pub(super) fn sample(low: f64, high: f64, f: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let x = (0..=POINTS).map(|at| low + (high - low) * at as f64 / POINTS as f64);
    x.map(|x| (x, f(x))).filter(|point| point.1.is_finite()).collect()
}
