//! The uncertainty of what is drawn, where it is more than statistics: a band, in the comparison as well.

use super::Plot;
use super::constructors::edges;
use super::model::{Layer, Mark, Paint};
use super::names::Spread;
use hist::Hist;

/// Distances from the reference, bin by bin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Uncertainty {
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Plot {
    /// A hatched band around the histogram or the stack: lengths upwards and downwards, a number per bin. A panel with a ratio
    /// has it around 1, with the statistical error inside.
    ///
    /// ```
    /// let mut h = hist::Hist::new(hist::Axis::regular(2, 0.0, 2.0)?)?;
    /// h.fill(&[0.5, 1.5, 1.7])?;
    /// let plot = show::histogram(&h).band("systematic", &[0.5, 0.5], &[0.25, 0.25]);
    /// assert!(plot.text().contains("systematic"));
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn band(mut self, name: &str, up: &[f64], down: &[f64]) -> Self {
        let Some(reference) = &self.drawing.reference else {
            return if self.drawing.problem.is_some() {
                self
            } else {
                Self::impossible("a band needs a histogram or a stack to be around")
            };
        };
        let values = reference.values();
        if (up.len(), down.len()) != (values.len(), values.len()) {
            let why = format!("a band of {} and {} numbers around {} bins", up.len(), down.len(), values.len());
            return Self::impossible(why);
        }
        let high = values.iter().zip(up).map(|(value, up)| value + up).collect();
        let low = values.iter().zip(down).map(|(value, down)| value - down).collect();
        let edges = edges(reference);
        self.drawing.scene.panels[0].layers.push(Layer::new(name, Paint::Soft, Mark::Band { edges, low, high }));
        self.drawing.uncertainty = Some(Uncertainty { up: up.to_vec(), down: down.to_vec() });
        self
    }
}

impl Plot {
    /// The band of what is drawn, where it knows one.
    pub(super) fn around(self, spread: Option<Spread>) -> Self {
        match spread {
            Some(Spread { name, up, down }) => self.band(&name, &up, &down),
            None => self,
        }
    }
}

impl Uncertainty {
    /// The band around 1 in a panel of ratios.
    pub(super) fn around_one(&self, reference: &Hist) -> Layer {
        let values = reference.values();
        let high = values.iter().zip(&self.up).map(|(value, up)| 1.0 + up / value).collect();
        let low = values.iter().zip(&self.down).map(|(value, down)| 1.0 - down / value).collect();
        Layer::new("", Paint::Soft, Mark::Band { edges: edges(reference), low, high })
    }
}
