//! Matrices with names on both sides: correlations and covariances, with their numbers.

use super::Plot;
use super::map::{Map, Shade};
use super::model::{AxisSpec, Panel, PlotSpec};
use crate::label::Label;
use crate::text::number;
use crate::variables;
use hist::{FitResult, Unfolded};
use segment::Text;

/// More names than this leave no room for numbers.
const WRITTEN: usize = 24;

/// What has covariances: the parameters of a fit, the bins of an unfolded spectrum, or names and rows of one's own.
///
/// ```
/// use show::Covariances;
/// let (names, rows) = (vec!["a", "b"], vec![vec![4.0, 1.0], vec![1.0, 1.0]]).covariances();
/// assert_eq!((names.len(), rows[0][1]), (2, 1.0));
/// ```
pub trait Covariances {
    /// Names, and a row of covariances for each of them.
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>);
}

impl Covariances for FitResult {
    /// Those of the free parameters.
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        let free: Vec<usize> = (0..self.parameters.len()).filter(|&at| !self.parameters[at].fixed).collect();
        let row = |&a: &usize| free.iter().map(|&b| self.covariance[a][b]).collect();
        (free.iter().map(|&at| self.parameters[at].name.clone()).collect(), free.iter().map(row).collect())
    }
}

impl Covariances for Unfolded {
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        (bin_names(&self.edges()), self.covariance())
    }
}

impl<S: Text> Covariances for (Vec<S>, Vec<Vec<f64>>) {
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        (self.0.iter().map(|name| name.text().to_owned()).collect(), self.1.clone())
    }
}

impl<C: Covariances + ?Sized> Covariances for &C {
    fn covariances(&self) -> (Vec<String>, Vec<Vec<f64>>) {
        (**self).covariances()
    }
}

/// Bins between edges, as names.
pub fn bin_names(edges: &[f64]) -> Vec<String> {
    edges.windows(2).map(|pair| format!("{}–{}", number(pair[0], 4), number(pair[1], 4))).collect()
}

/// A matrix of correlations, row by row, each between -1 and 1.
///
/// ```
/// # use show::theme::LIGHT;
/// let svg = show::correlation(&["x", "y"], &[1.0, 0.5, 0.5, 1.0]).svg(&LIGHT)?;
/// assert!(svg.contains("0.5"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn correlation<S: Text>(names: &[S], values: &[f64]) -> Plot {
    let n = names.len();
    if values.len() != n * n || n == 0 {
        return Plot::impossible(format!("{n} names need {} correlations, not {}", n * n, values.len()));
    }
    let names: Vec<Label> = names.iter().map(|name| variables::label(name.text()).0).collect();
    matrix(names, values, 1.0, Vec::new(), "Correlation")
}

/// The correlations of what has covariances, as a map with numbers: `correlations(&fit)`.
///
/// ```
/// let map = show::correlations((vec!["a", "b"], vec![vec![4.0, 1.0], vec![1.0, 1.0]]));
/// assert!(map.svg(&show::theme::LIGHT)?.contains("0.5"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn correlations(of: impl Covariances) -> Plot {
    let (names, rows) = of.covariances();
    let error = |at: usize| rows.get(at).and_then(|row| row.get(at)).map_or(f64::NAN, |variance| variance.sqrt());
    let row = |(a, row): (usize, &Vec<f64>)| {
        let cells = row.iter().enumerate().map(|(b, value)| value / (error(a) * error(b)));
        cells.collect::<Vec<f64>>()
    };
    let values: Vec<f64> = rows.iter().enumerate().flat_map(row).collect();
    correlation(&names, &values)
}

/// Covariances as a map with numbers: `covariance(&fit)`, `covariance(&unfolded)`. Colours say correlations, so that parameters
/// of different size can be told apart; numbers are covariances.
///
/// ```
/// use show::Display;
/// let plot = show::covariance((vec!["a", "b"], vec![vec![4.0, -1.0], vec![-1.0, 0.25]]));
/// assert!(plot.bundle().plain().contains("0.25"));
/// ```
pub fn covariance(of: impl Covariances) -> Plot {
    let (names, rows) = of.covariances();
    let n = names.len();
    if n == 0 || rows.len() != n || rows.iter().any(|row| row.len() != n) {
        return Plot::impossible(format!("{n} names need {n} rows of {n} covariances"));
    }
    let labels = names.iter().map(|name| variables::label(name).0).collect();
    let values: Vec<f64> = rows.iter().flatten().copied().collect();
    let words = values.iter().map(|value| vec![number(*value, 3)]).collect();
    let share = |at: usize| values[at] / (values[at / n * n + at / n] * values[at % n * n + at % n]).sqrt();
    let shares: Vec<f64> = (0..n * n).map(share).collect();
    let mut plot = matrix(labels, &shares, 1.0, words, "Correlation");
    plot.drawing.scene.title = "covariance matrix".to_owned();
    plot
}

/// A square of cells, the first name at the top; where there are words, they are written instead of the values.
fn matrix(names: Vec<Label>, values: &[f64], limit: f64, words: Vec<Vec<String>>, what: &str) -> Plot {
    let n = names.len();
    let wish = |names: Vec<Label>| AxisSpec { names: Some(names), ..AxisSpec::default() };
    let edges: Vec<f64> = (0..=n).map(|at| at as f64).collect();
    // Rows run downward on paper: the first name stands at the top.
    let place = |at: usize| (n - 1 - at % n) * n + at / n;
    let cells = (0..n * n).map(|at| values[place(at)]).collect();
    let words = if words.is_empty() { words } else { (0..n * n).map(|at| words[place(at)].clone()).collect() };
    let mut scene = PlotSpec::new("correlation matrix", wish(names.clone()), Panel::default());
    scene.panels[0].y = wish(names.into_iter().rev().collect());
    scene.width = (170.0 + 52.0 * n as f64).clamp(420.0, 1400.0);
    scene.height = (110.0 + 44.0 * n as f64).clamp(340.0, 1300.0);
    scene.summary = format!("{n} variables");
    let z = AxisSpec::named(Label::verbatim(what), None);
    let written = n <= WRITTEN;
    let shade = Shade::Signed(limit);
    let map = Map { x: edges.clone(), y: edges, cells, z, log: false, shade, projections: false, written, words };
    Plot::of(scene).with_map(map)
}
