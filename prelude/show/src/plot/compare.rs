//! Data over a reference, and the panel that compares them.

use super::constructors::{edges, same_bins};
use super::model::{AxisSpec, Layer, Mark, Paint, Panel, Point, StepStyle};
use super::{Part, Parts, Plot};
use crate::label::Label;
use hist::{Compared, Comparison, Fitted, Hist};

impl Plot {
    /// Data points over the histogram or stack, with Poisson errors when they are plain counts.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).data(&data).svg(&LIGHT)?;
    /// assert!(svg.contains("Data"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data(self, data: impl Part) -> Self {
        self.data_named("Data", data)
    }

    /// Data points with a name of your own in the legend.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).data_named("run 7", &data).svg(&LIGHT)?;
    /// assert!(svg.contains("run 7"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn data_named(self, name: &str, data: impl Part) -> Self {
        self.data_of(name, &data)
    }

    fn data_of(mut self, name: &str, data: &dyn Part) -> Self {
        let data = &data.part(0).1;
        if data.dimensions() != 1 || self.drawing.map.is_some() {
            return Self::impossible("data points need a histogram of one dimension");
        }
        if let Some(reference) = &self.drawing.reference
            && !same_bins(reference, data)
        {
            return Self::impossible("the data has other bins than what it is drawn over");
        }
        let points = super::constructors::points_of(data, false).into_iter().filter(|point| point.y != 0.0).collect();
        self.drawing.scene.panels[0].layers.push(Layer::new(name, Paint::Ink, Mark::Points(points)));
        self.drawing.scene.statistics.clear();
        self.drawing.data = Some(data.clone());
        self
    }

    /// A panel with data over reference. The band is the statistical error of the reference, inside of that of all that is
    /// uncertain where it is known. Of histograms over one another, a panel with the others over the first.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).data(&data).ratio().svg(&LIGHT)?;
    /// assert_ne!(svg, show::histogram(&hist).data(&data).svg(&LIGHT)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ratio(self) -> Self {
        self.compare(Comparison::SplitRatio)
    }

    /// A panel with the difference in units of its error; of a plot with a fit and no data over it, the pulls of the fit.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// let plot = show::histogram(&hist).data(&data).pull();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pull(self) -> Self {
        self.compare(Comparison::Pull)
    }

    /// A panel with data minus reference.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// let plot = show::histogram(&hist).data(&data).difference();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn difference(self) -> Self {
        self.compare(Comparison::Difference)
    }

    /// A panel with the data as a share of the reference that contains it.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).data(&hist).efficiency();
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn efficiency(self) -> Self {
        self.compare(Comparison::Efficiency)
    }

    /// A panel under the plot that compares data with what it is drawn over.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # let mut data = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # data.fill(&[0.6, 1.5, 2.7])?;
    /// let plot = show::histogram(&hist).data(&data).compare(hist::Comparison::Asymmetry);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compare(self, how: Comparison) -> Self {
        if let (Comparison::Pull, None, Some(fitted)) = (how, &self.drawing.data, &self.drawing.fitted) {
            let panel = pulls(fitted);
            return self.under(panel);
        }
        if let (Comparison::SplitRatio, None, [(name, first), others @ ..]) =
            (how, &self.drawing.data, &self.drawing.outlines[..])
            && !others.is_empty()
        {
            let panel = over_first(name, first, others);
            return self.under(panel);
        }
        let (Some(data), Some(reference)) = (&self.drawing.data, &self.drawing.reference) else {
            return if self.drawing.problem.is_some() {
                self
            } else {
                Self::impossible(
                    "a comparison needs data and something to compare with: stack(&simulation).data(&measured)",
                )
            };
        };
        let mut panel = match panel(data, reference, how) {
            Ok(panel) => panel,
            Err(error) => return Self::impossible(error.to_string()),
        };
        if let (Comparison::SplitRatio, Some(uncertainty)) = (how, &self.drawing.uncertainty) {
            // Statistics stands over it, darker.
            panel
                .layers
                .iter_mut()
                .filter(|layer| layer.paint == Paint::Soft)
                .for_each(|layer| layer.paint = Paint::Ink);
            panel.layers.insert(0, uncertainty.around_one(reference));
        }
        self.under(panel)
    }

    fn under(mut self, panel: Panel) -> Self {
        self.drawing.scene.panels.truncate(1);
        self.drawing.scene.panels.push(panel);
        self.drawing.scene.height = self.drawing.scene.height.max(560.0);
        self
    }

    /// The same plot with outlines of other histograms over it.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).with_overlay([("half", &hist.scaled(0.5))]);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn with_overlay(self, others: impl Parts) -> Self {
        self.overlay_of(&others)
    }

    fn overlay_of(self, others: &dyn Parts) -> Self {
        let mut plot = self;
        for (name, hist) in others.parts() {
            if hist.dimensions() != 1 || plot.drawing.map.is_some() {
                return Self::impossible("only histograms of one dimension can be drawn over one another");
            }
            let at = plot.drawing.scene.panels[0].layers.len();
            plot.drawing.scene.panels[0].layers.push(super::constructors::outline(&name, &hist, at));
        }
        plot
    }
}

fn panel(data: &Hist, reference: &Hist, how: Comparison) -> Result<Panel, hist::Error> {
    let (label, guides, range) = match how {
        Comparison::Ratio | Comparison::SplitRatio => ("Data / MC", vec![1.0], None),
        Comparison::Pull => ("Pull", vec![-3.0, 0.0, 3.0], None),
        Comparison::Difference => ("Data − MC", vec![0.0], None),
        Comparison::RelativeDifference => ("(Data − MC) / MC", vec![0.0], None),
        Comparison::Asymmetry => ("Asymmetry", vec![0.0], None),
        Comparison::Efficiency => ("Efficiency", vec![1.0], Some((0.0, 1.1))),
    };
    let cells = hist::compare(data, reference, how)?;
    let guide = guides[guides.len() / 2];
    let edges = edges(reference);
    let point = |(edge, cell): (&[f64], &Compared)| Point {
        x: (edge[0] + edge[1]) / 2.0,
        y: cell.value,
        down: cell.value - cell.low,
        up: cell.high - cell.value,
        ..Point::default()
    };
    let empty = |at: usize| data.values()[at] == 0.0 && reference.values()[at] == 0.0;
    let points: Vec<Point> = edges.windows(2).zip(&cells).map(point).collect();
    let shown = points.into_iter().enumerate().filter(|(at, p)| p.y.is_finite() && !empty(*at));
    let points: Vec<Point> = shown.map(|(_, p)| p).collect();
    let least = if how == Comparison::Pull { 3.6 } else { 0.0 };
    // A ratio keeps to what can be read: bins beyond are arrows at the edge.
    let readable = |(low, high): (f64, f64)| match how {
        Comparison::Ratio | Comparison::SplitRatio => (low.max(0.0), high.min(2.0)),
        _ => (low, high),
    };
    let range = range.or_else(|| sensible(&points, guide, least).map(readable));
    let wish = AxisSpec { range, ..AxisSpec::named(Label::verbatim(label), None) };
    let mut layers = Vec::new();
    // Where the error of the reference is in the points already, a band would count it twice.
    if matches!(how, Comparison::SplitRatio) {
        let low = cells.iter().map(|cell| guide - cell.band).collect();
        let high = cells.iter().map(|cell| guide + cell.band).collect();
        layers.push(Layer::new("", Paint::Soft, Mark::Band { edges, low, high }));
    }
    layers.push(Layer::new("", Paint::Ink, Mark::Points(points)));
    Ok(Panel { layers, y: wish, share: 0.36, guides, ..Panel::default() })
}

/// Histograms over the first of them, as lines around 1.
fn over_first(name: &str, first: &Hist, others: &[(String, Hist)]) -> Panel {
    let edges = edges(first);
    let ratios = |hist: &Hist| -> Vec<f64> {
        let pairs = hist.values().into_iter().zip(first.values());
        pairs.map(|(value, first)| if first == 0.0 { 1.0 } else { value / first }).collect()
    };
    let all: Vec<Vec<f64>> = others.iter().filter(|(_, hist)| same_bins(first, hist)).map(|(_, h)| ratios(h)).collect();
    let points: Vec<Point> = all.iter().flatten().map(|&y| Point { y, ..Point::default() }).collect();
    let layer = |(at, values): (usize, &Vec<f64>)| {
        let mark = Mark::Steps {
            edges: edges.clone(),
            values: values.clone(),
            // The line begins where its first bin is.
            base: values.clone(),
            style: StepStyle::Outline,
        };
        Layer::new("", Paint::Line(at + 1), mark)
    };
    let layers = all.iter().enumerate().map(layer).collect();
    let label = Label::verbatim(&format!("Ratio to {name}"));
    let wish = AxisSpec { range: sensible(&points, 1.0, 0.0), ..AxisSpec::named(label, None) };
    Panel { layers, y: wish, share: 0.36, guides: vec![1.0], ..Panel::default() }
}

/// The pulls of a fit: bars from 0, with lines where three errors are.
fn pulls(fitted: &[Fitted]) -> Panel {
    let point =
        |bin: &Fitted| Point { x: 0.5 * (bin.lower + bin.upper), y: bin.pull, down: 1.0, up: 1.0, ..Point::default() };
    let points: Vec<Point> = fitted.iter().map(point).filter(|point| point.y.is_finite()).collect();
    let range = sensible(&points, 0.0, 3.6);
    let wish = AxisSpec { range, ..AxisSpec::named(Label::verbatim("Pull"), None) };
    let layers = vec![Layer::new("", Paint::Ink, Mark::Points(points))];
    Panel { layers, y: wish, share: 0.36, guides: vec![-3.0, 0.0, 3.0], ..Panel::default() }
}

/// A range around the guide that most points are in: one wild bin must not make the rest a line.
fn sensible(points: &[Point], guide: f64, least: f64) -> Option<(f64, f64)> {
    let mut distances: Vec<f64> = points.iter().map(|p| (p.y - guide).abs() + (p.up + p.down) / 4.0).collect();
    distances.retain(|d| d.is_finite());
    distances.sort_by(f64::total_cmp);
    let reach = (1.25 * *distances.get(distances.len().saturating_sub(1) * 9 / 10)?).max(least);
    (reach > 0.0).then_some((guide - reach, guide + reach))
}
