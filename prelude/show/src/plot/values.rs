//! Efficiencies, ratios and other values with errors over bins.

use super::Plot;
use super::constructors::{axis_edges, same_bins, wish};
use super::map::{Map, Shade};
use super::model::{AxisSpec, Layer, Mark, Paint, Panel, PlotSpec, Point};
use super::names::Part;
use crate::bundle::{Bundle, Display};
use crate::label::Label;
use crate::text::number;
use hist::{Comparison, Values};

/// The share of entries that pass, bin by bin: as points with Clopper-Pearson errors (with weights, those of a weighted
/// share), in two dimensions as a map. `passed` is a part of `all`. [`Plot::values`] and [`Plot::errors`] give the numbers.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// assert_eq!(show::efficiency(&hist, &hist).values()[1], 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn efficiency(passed: impl Part, all: impl Part) -> Plot {
    efficiency_of(&passed, &all)
}

fn efficiency_of(passed: &dyn Part, all: &dyn Part) -> Plot {
    let (passed, all) = (&passed.part(0).1, &all.part(0).1);
    if !same_bins(passed, all) || all.dimensions() > 2 {
        return Plot::impossible("an efficiency needs two histograms of one or two dimensions with the same bins");
    }
    let cells = match passed.efficiency(all) {
        Ok(cells) => cells,
        Err(error) => return Plot::impossible(error.to_string()),
    };
    let mut plot = values(&cells);
    // Everything in one bin has the efficiency of all.
    let whole = |hist: &hist::Hist| {
        let bins = hist.counts().into_iter().zip(hist.variances());
        bins.fold((0.0, 0.0), |(sum, squares), (count, variance)| (sum + count, squares + variance))
    };
    if let Some(share) = hist::share(whole(passed), whole(all)) {
        let (up, down) = (number(share.high - share.value, 2), number(share.value - share.low, 2));
        let whole = format!("{} +{up} −{down}", number(share.value, 4));
        plot.drawing.scene.statistics.push(("All bins".into(), whole.clone()));
        plot.drawing.scene.summary = format!("efficiency {whole}");
    }
    plot
}

/// Values with errors, such as `(&data / &simulation)?`: points in one dimension, a map with numbers in two.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # data.fill(&[0.6, 1.5, 2.7])?;
/// let plot = show::values(&hist::pair(&data, &hist).ratio()?);
/// assert_eq!(plot.values()[1], 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn values(values: &Values) -> Plot {
    let (name, guides, range) = match values.what() {
        Comparison::Efficiency => ("Efficiency", vec![1.0], Some((0.0, 1.1))),
        Comparison::Ratio | Comparison::SplitRatio => ("Ratio", vec![1.0], None),
        Comparison::Pull => ("Pull", vec![-3.0, 0.0, 3.0], None),
        Comparison::Difference => ("Difference", vec![0.0], None),
        Comparison::RelativeDifference => ("Relative difference", vec![0.0], None),
        Comparison::Asymmetry => ("Asymmetry", vec![0.0], None),
    };
    let mut plot = match values.axes() {
        [_] => line(values, AxisSpec { range, ..AxisSpec::named(Label::verbatim(name), None) }, guides),
        [_, _] => map(values, name),
        axes => {
            return Plot::impossible(format!("{} dimensions; project the histograms on one or two first", axes.len()));
        }
    };
    plot.drawing.scene.title = format!("{} against {}", name.to_lowercase(), plot.drawing.scene.x.label.plain());
    let finite = values.values().into_iter().filter(|value| value.is_finite());
    let (count, low, high) = finite.fold((0, f64::INFINITY, f64::NEG_INFINITY), |(count, low, high), value: f64| {
        (count + 1, low.min(value), high.max(value))
    });
    plot.drawing.scene.summary = match count {
        0 => "no bin has a value".to_owned(),
        _ => format!("{count} bins from {} to {}", number(low, 4), number(high, 4)),
    };
    plot.drawing.values = Some(values.clone());
    plot
}

fn line(values: &Values, y: AxisSpec, guides: Vec<f64>) -> Plot {
    let edges = axis_edges(&values.axes()[0]);
    let cells = values.values().into_iter().zip(values.intervals());
    let point = |(edge, (y, (low, high))): (&[f64], (f64, (f64, f64)))| {
        let half = (edge[1] - edge[0]) / 2.0;
        Point { x: (edge[0] + edge[1]) / 2.0, y, left: half, right: half, down: y - low, up: high - y }
    };
    let points = edges.windows(2).zip(cells).map(point).filter(|point| point.y.is_finite()).collect();
    let layers = vec![Layer::new("", Paint::Line(0), Mark::Points(points))];
    Plot::of(PlotSpec::new("", wish(&values.axes()[0]), Panel { layers, y, guides, ..Panel::default() }))
}

fn map(values: &Values, name: &str) -> Plot {
    /// More cells than this have no room for numbers.
    const WRITTEN: usize = 144;
    let [x, y] = [0, 1].map(|at| axis_edges(&values.axes()[at]));
    let cells = values.values();
    let map = Map {
        x,
        y,
        written: cells.len() <= WRITTEN,
        words: cells.iter().zip(values.errors()).map(|(value, error)| with_error(*value, error)).collect(),
        cells,
        z: AxisSpec::named(Label::verbatim(name), None),
        log: false,
        shade: Shade::Density,
        projections: false,
    };
    let panel = Panel { y: wish(&values.axes()[1]), ..Panel::default() };
    Plot::of(PlotSpec::new("", wish(&values.axes()[0]), panel)).with_map(map)
}

/// A value and its error below it, to two digits of the error.
fn with_error(value: f64, error: f64) -> Vec<String> {
    if !(error > 0.0 && error.is_finite()) {
        return vec![number(value, 3)];
    }
    let digits = (1 - error.log10().floor() as i32).clamp(0, 6) as usize;
    vec![format!("{value:.digits$}"), format!("±{error:.digits$}")]
}

impl Display for Values {
    fn bundle(&self) -> Bundle {
        values(self).bundle()
    }
}
