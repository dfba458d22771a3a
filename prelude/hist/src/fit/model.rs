use crate::error::{Error, Result};
use crate::fit::bin::Bin;
use std::sync::Arc;

/// What is minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The sum of squared distances in units of the errors of the data; bins with error 0 are left out.
    ChiSquare,
    /// -2 ln of the Poisson likelihood ratio (Baker and Cousins): right for few entries too, empty bins included.
    Likelihood,
}

/// The range of a fit, in which backgrounds are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) middle: f64,
    pub(crate) half: f64,
}

/// A function of x with parameters.
pub(crate) trait Shape: Send + Sync {
    fn name(&self) -> String;
    fn parameters(&self) -> Vec<String>;
    /// Start values, and by how much a parameter must change to matter.
    fn guess(&self, data: &Guess) -> Vec<(f64, f64)>;
    fn value(&self, x: f64, parameters: &[f64], frame: &Frame) -> f64;
    /// Whether it stands on top of a background.
    fn is_peak(&self) -> bool;
    /// Parameters of which only the size matters, such as widths.
    fn unsigned(&self, _parameter: usize) -> bool {
        false
    }
}

/// What the data look like at first sight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guess {
    pub(crate) height: f64,
    pub(crate) mean: f64,
    pub(crate) sigma: f64,
    /// Values at the ends of the range.
    pub(crate) ends: (f64, f64),
    pub(crate) frame: Frame,
    /// Whether another shape already explains the level of the background.
    pub(crate) covered: bool,
}

/// A sum of shapes: `Gaussian + Line`.
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
    pub fn text(&self) -> String {
        self.shapes.iter().map(|shape| shape.name()).collect::<Vec<_>>().join(" + ")
    }

    /// The names of all parameters; names that come again have a number: `mean`, `mean2`.
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

    pub(crate) fn value(&self, x: f64, parameters: &[f64], frame: &Frame) -> f64 {
        let places = self.shapes.iter().zip(self.places());
        places.map(|(shape, place)| shape.value(x, &parameters[place], frame)).sum()
    }
}

impl<M: Into<Model>> std::ops::Add<M> for Model {
    type Output = Self;

    fn add(mut self, other: M) -> Self {
        self.shapes.extend(other.into().shapes);
        self
    }
}

/// A model, and how to fit it.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(crate) model: Model,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) method: Method,
    pub(crate) averaged: bool,
    starts: Vec<(String, f64)>,
    fixed: Vec<(String, f64)>,
}

impl<M: Into<Model>> From<M> for Fit {
    fn from(model: M) -> Self {
        Self {
            model: model.into(),
            range: None,
            method: Method::ChiSquare,
            averaged: false,
            starts: Vec::new(),
            fixed: Vec::new(),
        }
    }
}

/// What can be chosen for a fit; works on shapes, on sums of shapes, and on what these methods return.
pub trait Fitting: Into<Fit> {
    /// Only bins whose middles lie here.
    fn range(self, lower: f64, upper: f64) -> Fit {
        Fit { range: Some((lower, upper)), ..self.into() }
    }

    /// Begin with this value of a parameter.
    fn start(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.starts.push((parameter.to_owned(), value));
        fit
    }

    /// Keep a parameter at this value.
    fn fix(self, parameter: &str, value: f64) -> Fit {
        let mut fit = self.into();
        fit.fixed.push((parameter.to_owned(), value));
        fit
    }

    /// Maximise the Poisson likelihood instead of minimising chi-square: for counts, few ones too.
    fn likelihood(self) -> Fit {
        Fit { method: Method::Likelihood, ..self.into() }
    }

    /// Compare each bin with the average of the model over it, not with the model at its middle.
    fn averaged(self) -> Fit {
        Fit { averaged: true, ..self.into() }
    }
}

impl<T: Into<Fit>> Fitting for T {}

/// Where a parameter begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) value: f64,
    pub(crate) scale: f64,
    pub(crate) fixed: bool,
}

impl Fit {
    /// Start values: the user's, or guessed from the data.
    pub(crate) fn starts(&self, names: &[String], bins: &[Bin], frame: &Frame) -> Result<Vec<Start>> {
        let peaks = self.model.shapes.iter().any(|shape| shape.is_peak());
        let background = self.model.shapes.iter().any(|shape| !shape.is_peak());
        let mut guess = first_sight(bins, frame, peaks, background);
        let mut starts = Vec::new();
        for shape in &self.model.shapes {
            for (value, scale) in shape.guess(&guess) {
                starts.push(Start { value, scale: scale.abs().max(f64::MIN_POSITIVE), fixed: false });
            }
            // A second background begins at nothing.
            guess.covered |= !shape.is_peak();
        }
        let chosen = self.starts.iter().map(|(name, value)| (name, value, false));
        for (name, &value, fixed) in chosen.chain(self.fixed.iter().map(|(name, value)| (name, value, true))) {
            let Some(at) = names.iter().position(|known| known == name) else {
                let known = names.join(", ");
                return Err(Error::Fit(format!("the model has no parameter `{name}`; it has {known}")));
            };
            if !value.is_finite() {
                return Err(Error::Fit(format!("`{name}` cannot be {value}")));
            }
            starts[at].value = value;
            starts[at].fixed |= fixed;
        }
        Ok(starts)
    }
}

fn first_sight(bins: &[Bin], frame: &Frame, peaks: bool, background: bool) -> Guess {
    let level = |bins: &[Bin]| bins.iter().map(Bin::density).sum::<f64>() / bins.len().max(1) as f64;
    let few = bins.len().div_ceil(10);
    let ends = (level(&bins[..few.min(bins.len())]), level(&bins[bins.len().saturating_sub(few)..]));
    let line = |x: f64| {
        let share = (x - frame.middle + frame.half) / (2.0 * frame.half);
        if background { ends.0 + share * (ends.1 - ends.0) } else { 0.0 }
    };
    let above = |bin: &Bin| bin.density() - line(bin.middle());
    let top = bins.iter().max_by(|a, b| above(a).total_cmp(&above(b)));
    let (height, mean) = top.map_or((1.0, frame.middle), |bin| (above(bin), bin.middle()));
    // The part of the range that lies above half of the peak.
    let half: f64 = bins.iter().filter(|bin| above(bin) > 0.5 * height).map(|bin| bin.upper - bin.lower).sum();
    let sigma = (half / 2.355).max(frame.half * 1e-3);
    let ends = if peaks { ends } else { (ends.0.max(0.0), ends.1.max(0.0)) };
    Guess { height: if height > 0.0 { height } else { 1.0 }, mean, sigma, ends, frame: *frame, covered: false }
}
