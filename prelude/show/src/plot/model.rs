//! What a picture says, before anyone decides where its pixels go: panels of layers over one x axis.
//! The SVG, the words and the interactive form are all made from this one description.

use crate::label::Label;
use crate::theme::{Color, Theme};
use hist::Clock;

/// A picture of one or more panels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlotSpec {
    pub(super) title: String,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) header: Header,
    pub(super) x: AxisSpec,
    pub(super) panels: Vec<Panel>,
    /// Lines of a box beside the legend: name and value.
    pub(super) statistics: Vec<(String, String)>,
    pub(super) legend: bool,
    /// What the text form begins with.
    pub(super) summary: String,
    /// Lines under the picture: what to know before its numbers are used.
    pub(super) notes: Vec<String>,
}

/// The line above the frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Header {
    /// Words of the user, when there is no experiment.
    pub(super) words: String,
    /// The experiment, bold.
    pub(super) experiment: String,
    /// What the picture is, slanted: `own work`, `simulation`.
    pub(super) status: String,
    /// Integrated luminosity in inverse femtobarn.
    pub(super) luminosity: Option<f64>,
    /// Free words on the right, when there is no luminosity.
    pub(super) right: String,
}

/// What is asked of an axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct AxisSpec {
    pub(super) label: Label,
    pub(super) unit: Option<String>,
    pub(super) log: bool,
    pub(super) range: Option<(f64, f64)>,
    pub(super) names: Option<Vec<Label>>,
    /// How its values are shown as times.
    pub(super) clock: Option<Clock>,
}

/// One frame with its own y axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Panel {
    pub(super) layers: Vec<Layer>,
    pub(super) y: AxisSpec,
    /// Height relative to the other panels.
    pub(super) share: f64,
    /// Whether the y axis begins at zero by default.
    pub(super) from_zero: bool,
    /// Values with a dashed line across.
    pub(super) guides: Vec<f64>,
    /// What the user has put on it.
    pub(super) annotations: Vec<Annotation>,
}

/// A line, an arrow or words on a panel, in the values of its axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Annotation {
    Vertical(f64),
    Line { from: (f64, f64), to: (f64, f64), arrow: bool },
    Words { at: (f64, f64), label: Label },
}

/// One thing drawn in a panel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    /// Its name in the legend; nothing when it is not to be listed.
    pub(super) name: String,
    pub(super) paint: Paint,
    pub(super) mark: Mark,
}

/// Which of the theme's colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Paint {
    Ink,
    Soft,
    Line(usize),
    /// As a line, but never dashed.
    Solid(usize),
    Fill(usize),
    /// A colour of the user's, the same on light and dark pages.
    Own(Color),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mark {
    /// One value per bin, as a staircase. `base` is where the area begins, for stacks.
    Steps { edges: Vec<f64>, values: Vec<f64>, base: Vec<f64>, style: StepStyle },
    /// An uncertainty per bin.
    Band { edges: Vec<f64>, low: Vec<f64>, high: Vec<f64> },
    /// Values with errors.
    Points(Vec<Point>),
    /// Errors alone, over something that shows the values.
    Errors(Vec<Point>),
    /// A line.
    Curve(Vec<(f64, f64)>),
    /// Many dots.
    Dots(Vec<(f64, f64)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepStyle {
    /// An outline over a light area, down to the axis.
    Tinted,
    /// A full area.
    Filled,
    /// An outline.
    Outline,
}

/// A value with errors; the errors are lengths.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) down: f64,
    pub(super) up: f64,
}

impl Paint {
    pub(super) fn color(self, theme: &Theme) -> Color {
        match self {
            Self::Ink => theme.ink,
            Self::Soft => theme.soft,
            Self::Line(at) | Self::Solid(at) => theme.line(at),
            Self::Fill(at) => theme.fill(at),
            Self::Own(color) => color,
        }
    }

    pub(super) fn place(self) -> usize {
        match self {
            Self::Line(at) | Self::Fill(at) => at,
            _ => 0,
        }
    }
}

impl Header {
    /// Whether there is nothing to write above the frame.
    pub(super) fn is_empty(&self) -> bool {
        let texts = [&self.words, &self.experiment, &self.status, &self.right];
        texts.iter().all(|text| text.is_empty()) && self.luminosity.is_none()
    }
}

impl AxisSpec {
    pub(super) fn named(label: Label, unit: Option<String>) -> Self {
        Self { label, unit, ..Self::default() }
    }

    /// Label and unit in brackets.
    pub(super) fn title(&self) -> Label {
        match &self.unit {
            Some(unit) if !unit.is_empty() => self.label.clone().then(Label::parse(&format!(" [{unit}]"))),
            _ => self.label.clone(),
        }
    }
}

impl PlotSpec {
    pub(super) fn new(title: impl Into<String>, x: AxisSpec, panel: Panel) -> Self {
        Self {
            title: title.into(),
            width: 640.0,
            height: 440.0,
            header: Header::default(),
            x,
            panels: vec![Panel { share: 1.0, ..panel }],
            statistics: Vec::new(),
            legend: true,
            summary: String::new(),
            notes: Vec::new(),
        }
    }

    /// The smallest and largest x of everything drawn.
    pub(super) fn x_extent(&self) -> Option<(f64, f64)> {
        let layers = self.panels.iter().flat_map(|panel| &panel.layers);
        let mut ends = layers.filter_map(|layer| layer.mark.x_extent()).filter(|(a, b)| a.is_finite() && b.is_finite());
        let first = ends.next()?;
        Some(ends.fold(first, |(low, high), (a, b)| (low.min(a), high.max(b))))
    }

    /// Whether bins or curves give the x axis its ends.
    pub(super) fn is_binned(&self) -> bool {
        let marks = self.panels.iter().flat_map(|panel| &panel.layers).map(|layer| &layer.mark);
        !marks.into_iter().all(|mark| matches!(mark, Mark::Points(_) | Mark::Errors(_) | Mark::Dots(_)))
    }

    /// The smallest positive x of everything drawn, for logarithmic axes.
    pub(super) fn x_positive(&self) -> Option<f64> {
        let layers = self.panels.iter().flat_map(|panel| &panel.layers);
        layers.flat_map(|layer| layer.mark.abscissas()).filter(|x| *x > 0.0 && x.is_finite()).reduce(f64::min)
    }
}

impl Layer {
    pub(super) fn new(name: impl Into<String>, paint: Paint, mark: Mark) -> Self {
        Self { name: name.into(), paint, mark }
    }
}

impl Mark {
    fn abscissas(&self) -> Vec<f64> {
        match self {
            Self::Steps { edges, .. } | Self::Band { edges, .. } => edges.clone(),
            Self::Points(points) | Self::Errors(points) => {
                points.iter().flat_map(|p| [p.x - p.left, p.x + p.right]).collect()
            }
            Self::Curve(points) | Self::Dots(points) => points.iter().map(|p| p.0).collect(),
        }
    }

    fn x_extent(&self) -> Option<(f64, f64)> {
        let places = self.abscissas().into_iter().filter(|x| x.is_finite());
        places.fold(None, |ends, x| Some(ends.map_or((x, x), |(low, high): (f64, f64)| (low.min(x), high.max(x)))))
    }

    /// The extent over each stretch of x: from, to, lowest and highest y.
    pub(super) fn spans(&self) -> Vec<[f64; 4]> {
        match self {
            Self::Steps { edges, values, base, .. } => {
                edges.windows(2).zip(values).zip(base).map(|((x, y), b)| [x[0], x[1], b.min(*y), b.max(*y)]).collect()
            }
            Self::Band { edges, low, high } => {
                edges.windows(2).zip(low).zip(high).map(|((x, a), b)| [x[0], x[1], *a, *b]).collect()
            }
            Self::Points(points) | Self::Errors(points) => {
                points.iter().map(|p| [p.x - p.left, p.x + p.right, p.y - p.down, p.y + p.up]).collect()
            }
            Self::Curve(points) => {
                points.windows(2).map(|p| [p[0].0, p[1].0, p[0].1.min(p[1].1), p[0].1.max(p[1].1)]).collect()
            }
            Self::Dots(points) => points.iter().map(|p| [p.0, p.0, p.1, p.1]).collect(),
        }
    }

    /// The values themselves, without errors and bases.
    pub(super) fn values(&self) -> Vec<f64> {
        match self {
            Self::Steps { values, .. } => values.clone(),
            Self::Band { low, high, .. } => low.iter().chain(high).copied().collect(),
            Self::Points(points) | Self::Errors(points) => points.iter().map(|p| p.y).collect(),
            Self::Curve(points) | Self::Dots(points) => points.iter().map(|p| p.1).collect(),
        }
    }
}
