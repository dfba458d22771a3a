//! Plots of things: histograms, stacks, points, cut flows, correlations.

use super::Plot;
use super::clock;
use super::map::{Map, Shade};
use super::model::{AxisSpec, Layer, Mark, Paint, Panel, PlotSpec, Point, StepStyle};
use super::names::{Part, Parts, colors};
use crate::label::Label;
use crate::text::{number, percent, thousands};
use crate::variables;
use hist::{Axis, Hist, Sample, Storage};
use segment::Text;

/// A histogram: one dimension as a staircase (stacked when it knows its processes), means as points, two as a map.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// assert!(show::histogram(&hist).text().contains("[1, 2)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn histogram(hist: impl Part) -> Plot {
    histogram_of(&hist)
}

/// The same, compiled once and not in each cell.
fn histogram_of(hist: &dyn Part) -> Plot {
    let (spread, hist) = (hist.spread(), &hist.part(0).1);
    let plot = match hist.dimensions() {
        1 if hist.is_profile() => profile(hist),
        1 if hist.by_process().len() > 1 => stack(hist),
        1 => single(hist),
        2 => Plot::of(scene(hist, Panel { y: wish(&hist.axes()[1]), ..Panel::default() })).with_map(map(hist)),
        many => Plot::impossible(format!("{many} dimensions; project the histogram on one or two axes first")),
    };
    plot.around(spread)
}

/// Histograms on top of one another, from the bottom: simulation under data.
/// Give histograms, `(name, histogram)` pairs, or one histogram that knows its processes.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # data.fill(&[0.6, 1.5, 2.7])?;
/// # use show::theme::LIGHT;
/// let svg = show::stack([("mumu", &hist), ("taupair", &data)]).data(&hist).svg(&LIGHT)?;
/// assert!(svg.contains("taupair"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn stack(parts: impl Parts) -> Plot {
    stack_of(&parts)
}

fn stack_of(parts: &dyn Parts) -> Plot {
    let (spread, parts) = (parts.spread(), parts.parts());
    let total = match total(&parts) {
        Ok(total) => total,
        Err(why) => return Plot::impossible(why),
    };
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let edges = edges(&total);
    let mut base = vec![0.0; total.values().len()];
    let mut layers = Vec::new();
    for ((name, hist), color) in parts.iter().zip(colors(&names)) {
        let values: Vec<f64> = base.iter().zip(hist.values()).map(|(b, y)| b + y).collect();
        let mark = Mark::Steps { edges: edges.clone(), values: values.clone(), base, style: StepStyle::Filled };
        layers.push(Layer::new(name, Paint::Fill(color), mark));
        base = values;
    }
    let statistics = base.iter().zip(total.errors());
    let (low, high) = statistics.map(|(y, error)| (y - error, y + error)).unzip();
    layers.push(Layer::new("Stat. unc.", Paint::Ink, Mark::Band { edges, low, high }));
    let mut plot = Plot::of(scene(&total, counts_panel(&total, layers)));
    plot.drawing.scene.summary = format!("{} parts, {}", parts.len(), summary(&total));
    plot.drawing.reference = Some(total);
    plot.around(spread)
}

/// Outlines of histograms over one another. [`Plot::ratio`] adds a panel with the others over the first.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
/// # data.fill(&[0.6, 1.5, 2.7])?;
/// # use show::theme::LIGHT;
/// let svg = show::overlay([("before", &hist), ("after", &data)]).svg(&LIGHT)?;
/// assert!(svg.contains("before") && svg.contains("after"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn overlay(parts: impl Parts) -> Plot {
    overlay_of(&parts)
}

fn overlay_of(parts: &dyn Parts) -> Plot {
    let parts = parts.parts();
    if let Some((name, _)) = parts.iter().find(|(_, hist)| hist.dimensions() != 1) {
        return Plot::impossible(format!("`{name}` has more than one dimension"));
    }
    let Some((_, first)) = parts.first() else { return Plot::impossible("there is no histogram to draw") };
    let outlines = parts.iter().enumerate().map(|(at, (name, hist))| outline(name, hist, at));
    let panel = counts_panel(first, outlines.collect());
    let mut plot = Plot::of(scene(first, panel));
    plot.drawing.scene.summary = format!("{} histograms", parts.len());
    plot.drawing.outlines = parts;
    plot
}

/// Points with errors: `(x, y, error of y)`.
///
/// ```
/// let plot = show::points(&[(1.0, 2.0, 0.1), (2.0, 2.5, 0.2)]).x_label("run");
/// assert!(!show::Display::bundle(&plot).is_refused());
/// ```
pub fn points(values: &[(f64, f64, f64)]) -> Plot {
    let point = |&(x, y, error): &(f64, f64, f64)| Point { x, y, down: error, up: error, ..Point::default() };
    let layer = Layer::new("", Paint::Line(0), Mark::Points(values.iter().map(point).collect()));
    let panel = Panel { layers: vec![layer], y: AxisSpec::named(Label::verbatim("y"), None), ..Panel::default() };
    let mut scene = PlotSpec::new("points", AxisSpec::named(Label::verbatim("x"), None), panel);
    scene.summary = format!("{} points", values.len());
    Plot::of(scene)
}

/// A cloud of points. Pairs with a value that is not finite are left out, and the picture says how many.
/// Of more than 20 000 points an even selection is drawn, and the picture says so.
///
/// ```
/// # use show::theme::LIGHT;
/// let svg = show::scatter(("p", &[1.0, 2.0, f64::NAN]), ("theta", &[0.1, 0.2, 0.3])).svg(&LIGHT)?;
/// assert!(svg.contains("theta"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scatter(x: (&str, &[f64]), y: (&str, &[f64])) -> Plot {
    const MOST: usize = 20_000;
    if x.1.len() != y.1.len() {
        return Plot::impossible(format!("{} values of {} and {} of {}", x.1.len(), x.0, y.1.len(), y.0));
    }
    let pairs = x.1.iter().copied().zip(y.1.iter().copied());
    let all: Vec<(f64, f64)> = pairs.filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let left_out = x.1.len() - all.len();
    let step = all.len().div_ceil(MOST).max(1);
    let drawn: Vec<_> = all.iter().copied().step_by(step).collect();
    let mut summary = format!("{} points", thousands(all.len() as u64));
    if step > 1 {
        summary += &format!(", every {step}th drawn");
    }
    if left_out > 0 {
        summary += &format!(", {} left out as not finite", thousands(left_out as u64));
    }
    let (y_label, y_unit) = variables::label(y.0);
    let (x_label, x_unit) = variables::label(x.0);
    let layer = Layer::new("", Paint::Line(0), Mark::Dots(drawn));
    let panel = Panel { layers: vec![layer], y: AxisSpec::named(y_label, y_unit), ..Panel::default() };
    let mut scene = PlotSpec::new(format!("{} against {}", y.0, x.0), AxisSpec::named(x_label, x_unit), panel);
    if step > 1 || left_out > 0 {
        scene.header.right.clone_from(&summary);
    }
    scene.summary = summary;
    Plot::of(scene)
}

/// A function between two values.
///
/// ```
/// let plot = show::curve("sine", 0.0, 6.0, f64::sin);
/// assert!(!show::Display::bundle(&plot).is_refused());
/// ```
pub fn curve(name: &str, low: f64, high: f64, f: impl Fn(f64) -> f64) -> Plot {
    let layer = Layer::new(name, Paint::Line(0), Mark::Curve(super::curves::sample(low, high, f)));
    let panel = Panel { layers: vec![layer], y: AxisSpec::named(Label::verbatim("y"), None), ..Panel::default() };
    Plot::of(PlotSpec::new(name, AxisSpec::named(Label::verbatim("x"), None), panel))
}

/// What remains after each step of a selection: a row for each step with its name, a bar, and the rounded number.
///
/// ```
/// # use show::theme::LIGHT;
/// let svg = show::cutflow(&[("all", 1000.0), ("p > 2", 250.0)]).svg(&LIGHT)?;
/// assert!(svg.contains("p &gt; 2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cutflow<S: Text>(steps: &[(S, f64)]) -> Plot {
    let first = steps.first().map_or(0.0, |step| step.1);
    let names = steps.iter().map(|(name, left)| {
        let share = if first > 0.0 { percent(left / first) } else { "-".into() };
        format!("{} ({share})", crate::text::one_line(name.text(), 60))
    });
    let names = names.map(|name| Label::verbatim(&name)).collect();
    let wish = AxisSpec { names: Some(names), ..AxisSpec::default() };
    let edges: Vec<f64> = (0..=steps.len()).map(|at| at as f64).collect();
    let values: Vec<f64> = steps.iter().map(|step| step.1).collect();
    let mark = Mark::Steps { edges, base: vec![0.0; values.len()], values, style: StepStyle::Tinted };
    let layers = vec![Layer::new("", Paint::Line(0), mark)];
    let y = AxisSpec::named(Label::verbatim("Left"), None);
    let mut scene = PlotSpec::new("cut flow", wish, Panel { layers, y, from_zero: true, ..Panel::default() });
    let last = steps.last().map_or(0.0, |step| step.1);
    let (last, first) = (super::flow::rounded(last), super::flow::rounded(first));
    scene.summary = format!("{last} of {first} left after {} steps", steps.len());
    scene.width = 760.0;
    scene.height = 76.0 + super::flow::ROW * steps.len() as f64;
    let steps = steps.iter().map(|(name, left)| super::flow::Step { name: name.text().to_owned(), left: *left });
    let mut plot = Plot::of(scene);
    plot.drawing.flow = Some(steps.collect());
    plot
}

fn single(hist: &Hist) -> Plot {
    let edges = edges(hist);
    let values = hist.values();
    let base = vec![0.0; values.len()];
    let steps = Mark::Steps { edges, values, base, style: StepStyle::Tinted };
    let mut layers = vec![Layer::new("", Paint::Line(0), steps)];
    if hist.axes()[0].bins() <= 200 {
        layers.push(Layer::new("", Paint::Line(0), Mark::Errors(points_of(hist, true))));
    }
    let mut plot = Plot::of(scene(hist, counts_panel(hist, layers)));
    plot.drawing.scene.statistics = statistics(hist);
    plot.drawing.reference = Some(hist.clone());
    plot
}

fn profile(hist: &Hist) -> Plot {
    let filled = points_of(hist, true).into_iter().filter(|point| point.y.is_finite());
    let layers = vec![Layer::new("", Paint::Line(0), Mark::Points(filled.collect()))];
    let y = mean_of(hist);
    Plot::of(scene(hist, Panel { layers, y, ..Panel::default() }))
}

fn map(hist: &Hist) -> Map {
    let z = if hist.is_profile() { mean_of(hist) } else { AxisSpec::named(Label::verbatim("Entries"), None) };
    let [x, y] = [0, 1].map(|at| axis_edges(&hist.axes()[at]));
    Map {
        x,
        y,
        cells: hist.values(),
        z,
        log: false,
        shade: Shade::Density,
        projections: !hist.is_profile(),
        written: false,
        words: Vec::new(),
    }
}

/// An outline of a histogram; errors as bars when there are few bins.
pub(super) fn outline(name: &str, hist: &Hist, at: usize) -> Layer {
    let values = hist.values();
    let base = vec![0.0; values.len()];
    Layer::new(name, Paint::Line(at), Mark::Steps { edges: edges(hist), values, base, style: StepStyle::Outline })
}

/// The bins of a histogram as points; Poisson errors when its bins are plain counts.
pub(super) fn points_of(hist: &Hist, with_width: bool) -> Vec<Point> {
    let edges = edges(hist);
    let cells = edges.windows(2).zip(hist.values().into_iter().zip(hist.intervals()));
    let point = |(edge, (y, (low, high))): (&[f64], (f64, (f64, f64)))| {
        let half = if with_width { (edge[1] - edge[0]) / 2.0 } else { 0.0 };
        Point { x: (edge[0] + edge[1]) / 2.0, y, left: half, right: half, down: y - low, up: high - y }
    };
    cells.map(point).collect()
}

/// The sum of histograms with the same bins.
fn total(parts: &[(String, Hist)]) -> Result<Hist, String> {
    let Some((_, first)) = parts.first() else { return Err("there is no histogram to stack".into()) };
    if first.dimensions() != 1 || first.is_profile() {
        return Err("only counts in one dimension can be stacked".into());
    }
    let mut total = first.clone();
    for (name, part) in &parts[1..] {
        if !same_bins(&total, part) {
            return Err(format!("`{name}` has other bins than `{}`", parts[0].0));
        }
        total.merge(part).map_err(|error| error.to_string())?;
    }
    Ok(total)
}

pub(super) fn same_bins(a: &Hist, b: &Hist) -> bool {
    a.dimensions() == b.dimensions()
        && a.axes().iter().zip(b.axes()).all(|(a, b)| a.same_bins(b) || a.edges() == b.edges())
}

/// The edges of the first axis; whole numbers for names.
pub(super) fn edges(hist: &Hist) -> Vec<f64> {
    axis_edges(&hist.axes()[0])
}

pub(super) fn axis_edges(axis: &Axis) -> Vec<f64> {
    if axis.categories().is_some() { (0..=axis.bins()).map(|at| at as f64).collect() } else { axis.edges() }
}

fn scene(hist: &Hist, panel: Panel) -> PlotSpec {
    let x = wish(&hist.axes()[0]);
    let names: Vec<String> = hist.axes().iter().map(|axis| wish(axis).label.plain()).collect();
    let mut scene = PlotSpec::new(names.join(" × "), x, panel);
    scene.summary = summary(hist);
    scene
}

/// The title of an axis of means: what they are of, and its unit.
fn mean_of(hist: &Hist) -> AxisSpec {
    let Sample { name, label, unit } = hist.sample();
    let (what, unit) = words([name, label, unit]);
    match what {
        Some(what) => AxisSpec::named(Label::verbatim("Mean of ").then(what), unit),
        None => AxisSpec::named(Label::verbatim("Mean"), unit),
    }
}

/// Label and unit of what has this name, label and unit (empty where it has none): what it says itself, else what is
/// known of its name.
fn words([name, label, unit]: [&str; 3]) -> (Option<Label>, Option<String>) {
    let (known, known_unit) = variables::label(name);
    let label = match (label, name) {
        ("", "") => None,
        ("", _) => Some(known),
        (label, _) => Some(Label::parse(label)),
    };
    (label, if unit.is_empty() { known_unit } else { Some(unit.to_owned()) })
}

/// Label, unit, names and scale of an axis: what the axis says itself, else what is known of its name.
pub(super) fn wish(axis: &Axis) -> AxisSpec {
    let (label, unit) = words([&axis.name, &axis.label, &axis.unit]);
    let label = label.unwrap_or_else(|| Label::verbatim("x"));
    let names = axis.categories().map(|names| names.iter().map(|name| Label::verbatim(name)).collect());
    let edges = axis.edges();
    let ends = edges.first().copied().zip(edges.last().copied()).filter(|(a, b)| a.is_finite() && b.is_finite());
    AxisSpec { log: axis.is_log(), names, range: ends, clock: axis.clock().cloned(), ..AxisSpec::named(label, unit) }
}

fn counts_panel(hist: &Hist, layers: Vec<Layer>) -> Panel {
    let axis = &hist.axes()[0];
    let what = if hist.storage() == Storage::Count { "Entries" } else { "Events" };
    let widths = axis.widths();
    let even = widths.iter().all(|width| (width - widths[0]).abs() < 1e-6 * widths[0].abs());
    let label = match (axis.categories(), even) {
        (None, true) if axis.clock().is_some() => Label::parse(&format!("{what} / ({})", clock::duration(widths[0]))),
        (None, true) => {
            let unit =
                wish(axis).unit.filter(|unit| !unit.is_empty()).map(|unit| format!(" {unit}")).unwrap_or_default();
            Label::parse(&format!("{what} / ({}{unit})", number(widths[0], 4)))
        }
        (None, false) => Label::parse(&format!("{what} / bin")),
        _ => Label::verbatim(what),
    };
    Panel { layers, y: AxisSpec::named(label, None), from_zero: true, ..Panel::default() }
}

/// Entries, mean, width, and what is outside.
fn statistics(hist: &Hist) -> Vec<(String, String)> {
    let mut lines = vec![("Entries".to_owned(), thousands(hist.entries()))];
    if matches!(hist.storage(), Storage::Weight | Storage::WeightedMean) {
        lines.push(("Sum of weights".into(), number(hist.sum(), 6)));
    }
    if hist.axes()[0].categories().is_none() && hist.sum() != 0.0 {
        // The mean is that of all values, also of those the axis does not show; from bins only where they are not known.
        let of = match (hist.is_unbinned(), hist.underflow() != 0.0 || hist.overflow() != 0.0) {
            (true, true) => " (with flow)",
            (true, false) => "",
            (false, _) => " (bins)",
        };
        // Weights that cancel, or values whose squares are too large, leave no number.
        let (mean, width) = (hist.mean(), hist.std_dev());
        let shown = match hist.axes()[0].clock() {
            Some(clock) => [clock.text(mean.round()), clock::about(width)],
            None => [mean, width].map(|value| number(value, 4)),
        };
        let moments = ["Mean", "Std dev"].into_iter().zip([mean, width]).zip(shown);
        let known = moments.filter(|((_, value), _)| value.is_finite());
        lines.extend(known.map(|((name, _), shown)| (format!("{name}{of}"), shown)));
    }
    let outside = [("Underflow", hist.underflow()), ("Overflow", hist.overflow()), ("NaN", hist.nan())];
    lines.extend(outside.into_iter().filter(|(_, n)| *n != 0.0).map(|(name, n)| (name.to_owned(), number(n, 6))));
    lines
}

fn summary(hist: &Hist) -> String {
    statistics(hist)
        .iter()
        .map(|(name, value)| format!("{} {value}", name.to_lowercase().replace("nan", "NaN")))
        .collect::<Vec<_>>()
        .join(", ")
}
