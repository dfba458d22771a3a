//! The shape of a histogram, such as simulation, as a component of a model.

use crate::axis::Axis;
use crate::error::{Error, Result};
use crate::fit::shape::{Frame, Guess, Role, Shape};
use crate::hist::Hist;

/// The shape of a histogram. Its one parameter has the name of the template and is its number of entries, in
/// all its bins together.
///
/// In a likelihood fit the statistical errors of the template count by Barlow and Beeston's method, lite: one free factor
/// for the expectation in each bin.
///
/// ```
/// use hist::{Axis, Hist, Template};
/// # let axis = || Axis::regular(3, 0.0, 3.0).unwrap();
/// # let (mut data, mut a, mut b) = (Hist::new(axis())?, Hist::new(axis())?, Hist::new(axis())?);
/// # data.fill(&[vec![0.5; 40], vec![1.5; 50], vec![2.5; 60]].concat())?;
/// # a.fill(&[vec![0.5; 400], vec![1.5; 200], vec![2.5; 100]].concat())?;
/// # b.fill(&[vec![0.5; 100], vec![1.5; 200], vec![2.5; 400]].concat())?;
/// let fit = data.fit(Template::new("signal", &a)? + Template::new("background", &b)?)?;
/// assert!((fit["signal"].value + fit["background"].value - 150.0).abs() < 3.0);
/// # Ok::<(), hist::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    edges: Vec<f64>,
    /// The share of each bin, and its variance.
    shares: Vec<(f64, f64)>,
}

impl Template {
    /// The shape of a histogram of one axis.
    ///
    /// # Errors
    /// When it has several axes, categories or means, or its bins do not add up to something positive.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!(hist::Template::new("signal", &hist).is_ok());
    /// assert!(hist::Template::new("empty", &hist.empty_like()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(name: impl Into<String>, hist: &Hist) -> Result<Self> {
        let name = name.into();
        let [axis] = hist.axes() else {
            return Err(Error::Fit(format!("the template `{name}` needs one axis, not {}", hist.axes().len())));
        };
        if axis.categories().is_some() || hist.is_profile() {
            return Err(Error::Fit(format!("the template `{name}` needs bins that are intervals, and counts in them")));
        }
        let sum = hist.sum();
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(Error::Fit(format!("the bins of the template `{name}` add up to {sum}")));
        }
        let bins = hist.counts().into_iter().zip(hist.variances());
        let shares = bins.map(|(count, variance)| (count / sum, variance / (sum * sum))).collect();
        Ok(Self { name, edges: Axis::edges(axis), shares })
    }

    /// The parts of bins that lie between two values: the portion of the bin, and the bin.
    fn parts(&self, lower: f64, upper: f64) -> impl Iterator<Item = (f64, usize)> + '_ {
        let little = 1e-9 * (upper - lower);
        let first = self.edges.partition_point(|&edge| edge <= lower + little).saturating_sub(1);
        let bins = (first..self.shares.len()).take_while(move |&bin| self.edges[bin] < upper - little);
        bins.filter_map(move |bin| {
            let (from, to) = (self.edges[bin], self.edges[bin + 1]);
            let inside = to.min(upper) - from.max(lower);
            // Edges that are computed differ in their last digits.
            let portion = inside / (to - from);
            let portion = if (portion - 1.0).abs() < 1e-6 { 1.0 } else { portion };
            (portion > 1e-6).then_some((portion, bin))
        })
    }
}

impl Shape for Template {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn parameters(&self) -> Vec<String> {
        vec![self.name.clone()]
    }

    fn guess(&self, data: &Guess) -> Vec<(f64, f64)> {
        vec![(data.entries, data.entries.abs().max(1.0))]
    }

    fn value(&self, x: f64, p: &[f64], frame: &Frame) -> f64 {
        let bin = self.edges.partition_point(|&edge| edge <= x);
        match bin.checked_sub(1).and_then(|bin| Some((self.shares.get(bin)?, self.edges[bin + 1] - self.edges[bin]))) {
            Some(((share, _), width)) => p[0] * share * frame.width / width,
            None => 0.0,
        }
    }

    fn average(&self, lower: f64, upper: f64, p: &[f64], frame: &Frame) -> f64 {
        let share: f64 = self.parts(lower, upper).map(|(portion, bin)| portion * self.shares[bin].0).sum();
        p[0] * share * frame.width / (upper - lower)
    }

    fn variance(&self, lower: f64, upper: f64, p: &[f64], frame: &Frame) -> f64 {
        let variance: f64 = self.parts(lower, upper).map(|(portion, bin)| portion * portion * self.shares[bin].1).sum();
        variance * (p[0] * frame.width / (upper - lower)).powi(2)
    }

    fn role(&self) -> Role {
        Role::Template
    }
}
