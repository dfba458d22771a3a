//! Figures of merit over places of a cut, curves of signal against background, and unfolded spectra.

use super::Plot;
use super::constructors::wish;
use super::map::{Map, Shade};
use super::model::{Annotation, AxisSpec, Layer, Mark, Paint, Panel, PlotSpec, Point};
use crate::bundle::{Bundle, Display};
use crate::label::Label;
use crate::text::number;
use hist::{CutScan, Roc, Unfolded};

/// The figure of merit against the place of the cut, with the best place; of two cuts as a map.
///
/// ```
/// # let axis = hist::Axis::regular(4, 0.0, 4.0)?.named("x");
/// # let (mut signal, mut background) = (hist::Hist::new(axis.clone())?, hist::Hist::new(axis)?);
/// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// let scan = hist::cut_scan(&signal, &background)?;
/// assert!(!show::Display::bundle(&show::merit(&scan)).is_refused());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merit(scan: &CutScan) -> Plot {
    let label = Label::verbatim(&scan.figure().to_string());
    let mut plot = match scan.axes() {
        [axis] => {
            let values = axis.edges().into_iter().zip(scan.values());
            let points = values.filter(|(_, (y, _))| y.is_finite());
            let points = points.map(|(x, (y, error))| Point { x, y, down: error, up: error, ..Point::default() });
            let layers = vec![Layer::new("", Paint::Line(0), Mark::Points(points.collect()))];
            let y = AxisSpec::named(label, None);
            Plot::of(PlotSpec::new(
                "figure of merit",
                wish(axis),
                Panel { layers, y, from_zero: true, ..Panel::default() },
            ))
        }
        [first, second] => {
            let map = Map {
                x: around(&first.edges()),
                y: around(&second.edges()),
                cells: scan.values().into_iter().map(|(value, _)| value).collect(),
                z: AxisSpec::named(label, None),
                log: false,
                shade: Shade::Density,
                projections: false,
                written: false,
                words: Vec::new(),
            };
            let free = |axis| AxisSpec { range: None, ..wish(axis) };
            let panel = Panel { y: free(second), ..Panel::default() };
            Plot::of(PlotSpec::new("figure of merit", free(first), panel)).with_map(map)
        }
        axes => return Plot::impossible(format!("{} cuts at once cannot be drawn", axes.len())),
    };
    match scan.best() {
        Ok(best) => {
            match best.places[..] {
                [x] => plot.drawing.scene.panels[0].annotations.push(Annotation::Vertical(x)),
                // A map has no box for numbers.
                _ => plot.drawing.scene.header.right = format!("best: {}", best.cut),
            }
            plot.drawing.scene.statistics = vec![
                ("Best".into(), best.cut.clone()),
                ("There".into(), format!("{} ± {}", number(best.value, 4), number(best.error, 2))),
                ("Signal kept".into(), format!("{} %", number(100.0 * best.signal_efficiency, 3))),
                ("Background kept".into(), format!("{} %", number(100.0 * best.background_efficiency, 3))),
            ];
            plot.drawing.scene.summary = scan.to_string();
        }
        Err(error) => return Plot::impossible(error.to_string()),
    }
    plot
}

/// Edges of cells in whose middle these values lie.
fn around(values: &[f64]) -> Vec<f64> {
    let middles = values.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
    let (first, last) = (values[0], values[values.len() - 1]);
    let (start, end) = (values[1] - first, last - values[values.len() - 2]);
    [first - 0.5 * start].into_iter().chain(middles).chain([last + 0.5 * end]).collect()
}

/// Signal that is kept against background that is kept; several curves have their names in the legend.
///
/// ```
/// # let axis = hist::Axis::regular(4, 0.0, 4.0)?.named("x");
/// # let (mut signal, mut background) = (hist::Hist::new(axis.clone())?, hist::Hist::new(axis)?);
/// # signal.fill(&[vec![2.5; 60], vec![3.5; 40]].concat())?;
/// # background.fill(&[vec![0.5; 900], vec![1.5; 90], vec![2.5; 10]].concat())?;
/// # use show::theme::LIGHT;
/// let curve = hist::roc(&signal, &background)?;
/// assert!(show::curves(&[("likelihood", &curve)]).svg(&LIGHT)?.contains("likelihood (area"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn curves(all: &[(&str, &Roc)]) -> Plot {
    let layer = |(at, (name, roc)): (usize, &(&str, &Roc))| {
        let inner = roc.points().iter().map(|point| (point.background, point.signal));
        let points = [(1.0, 1.0)].into_iter().chain(inner).chain([(0.0, 0.0)]).collect();
        let name = if name.is_empty() { roc.name.as_str() } else { name };
        Layer::new(format!("{name} (area {:.3})", roc.area()), Paint::Line(at), Mark::Curve(points))
    };
    let layers = all.iter().enumerate().map(layer).collect();
    let share = |words: &str| AxisSpec { range: Some((0.0, 1.0)), ..AxisSpec::named(Label::verbatim(words), None) };
    let panel = Panel { layers, y: share("Signal kept"), ..Panel::default() };
    let mut scene = PlotSpec::new("signal against background", share("Background kept"), panel);
    scene.summary = all.iter().map(|(_, roc)| roc.to_string()).collect::<Vec<_>>().join("; ");
    Plot::of(scene)
}

/// The unfolded spectrum as points over the simulated one.
///
/// ```
/// # let axis = || hist::Axis::regular(2, 0.0, 2.0);
/// # let mut response = hist::Hist::with([axis()?, axis()?], hist::Storage::Count)?;
/// # response.fill_slices(&[&[0.5, 0.5, 1.5, 1.5], &[0.5, 1.5, 1.5, 1.5]], None, None)?;
/// # let mut measured = hist::Hist::new(axis()?)?;
/// # measured.fill(&[0.5, 1.5, 1.5])?;
/// # use show::theme::LIGHT;
/// let unfolded = hist::unfold(&measured, &response, 4)?;
/// assert!(show::unfolded(&unfolded).svg(&LIGHT)?.contains("Unfolded"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn unfolded(unfolded: &Unfolded) -> Plot {
    let mut plot = super::overlay([("Simulated", unfolded.simulated())]).data_named("Unfolded", unfolded.hist());
    plot.drawing.scene.summary = unfolded.to_string();
    plot
}

impl Display for CutScan {
    fn bundle(&self) -> Bundle {
        merit(self).bundle()
    }
}

impl Display for Roc {
    fn bundle(&self) -> Bundle {
        curves(&[("", self)]).bundle()
    }
}

impl Display for Unfolded {
    fn bundle(&self) -> Bundle {
        unfolded(self).bundle()
    }
}
