//! Lines, arrows and words that a user puts on a plot, and colours of parts by name.

use super::Plot;
use super::canvas::Canvas;
use super::model::{Annotation, Mark, Paint, StepStyle};
use super::pen::{Anchor, Pen, Script};
use crate::label::Label;
use crate::theme::{Color, DASHES, Theme};
use hist::Number;

impl Plot {
    /// A dashed line from the foot to the head of the upper panel, such as where a cut is.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).vertical_line(2.0);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn vertical_line(self, x: impl Number) -> Self {
        self.annotated(Annotation::Vertical(x.to_f64()))
    }

    /// A dashed line across the upper panel.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).horizontal_line(1.0);
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn horizontal_line(mut self, y: impl Number) -> Self {
        self.drawing.scene.panels[0].guides.push(y.to_f64());
        self
    }

    /// A line between two points of the upper panel, in the values of its axes.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::histogram(&hist).line((0.0, 0.0), (4.0, 2.0));
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn line(self, from: (f64, f64), to: (f64, f64)) -> Self {
        self.annotated(Annotation::Line { from, to, arrow: false })
    }

    /// An arrow from one point of the upper panel to another, in the values of its axes.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).arrow((3.0, 1.5), (2.0, 1.0)).svg(&LIGHT)?;
    /// assert_ne!(svg, show::histogram(&hist).svg(&LIGHT)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn arrow(self, from: (f64, f64), to: (f64, f64)) -> Self {
        self.annotated(Annotation::Line { from, to, arrow: true })
    }

    /// Words in the upper panel, beginning at a point in the values of its axes: `.words(2.5, 100.0, "cut at 2.4 GeV")`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::histogram(&hist).words(2.5, 1.0, "cut here").svg(&LIGHT)?;
    /// assert!(svg.contains("cut here"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn words(self, x: impl Number, y: impl Number, words: &str) -> Self {
        self.annotated(Annotation::Words { at: (x.to_f64(), y.to_f64()), label: Label::parse(words) })
    }

    /// The colour `#rrggbb` for the part of this name: a process of a stack, a histogram of an overlay, a curve.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// let svg = show::overlay([("mumu", &hist)]).color("mumu", "#ff8000").svg(&LIGHT)?;
    /// assert!(svg.contains("#ff8000"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn color(mut self, name: &str, hex: &str) -> Self {
        let Some(color) = Color::parse(hex) else {
            return Self::impossible(format!("`{hex}` is no colour: write it as #rrggbb, such as #1f6fc4"));
        };
        let mut layers = self.drawing.scene.panels[0].layers.iter_mut().filter(|layer| layer.name == name).peekable();
        if layers.peek().is_none() {
            let known: Vec<&str> = self.drawing.scene.panels[0]
                .layers
                .iter()
                .map(|layer| &*layer.name)
                .filter(|name| !name.is_empty())
                .collect();
            return Self::impossible(format!("nothing here is called `{name}`; there are {}", known.join(", ")));
        }
        layers.for_each(|layer| layer.paint = Paint::Own(color));
        self
    }

    /// How the part of this name is drawn: `"filled"`, `"outline"`, or `"tinted"` (an outline over a light area).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let plot = show::stack(&[("signal", &hist), ("rest", &hist)]).style("signal", "outline").color("signal", "#c2185b");
    /// assert!(!show::Display::bundle(&plot).is_refused());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn style(mut self, name: &str, style: &str) -> Self {
        let wanted = match style {
            "filled" => StepStyle::Filled,
            "outline" => StepStyle::Outline,
            "tinted" => StepStyle::Tinted,
            _ => return Self::impossible(format!("`{style}` is no style: write filled, outline or tinted")),
        };
        let layers = &mut self.drawing.scene.panels[0].layers;
        let steps = layers.iter_mut().filter_map(|layer| match &mut layer.mark {
            Mark::Steps { style, .. } if layer.name == name => Some(style),
            _ => None,
        });
        if steps.map(|style| *style = wanted).count() == 0 {
            return Self::impossible(format!("nothing here with bins is called `{name}`"));
        }
        self
    }

    fn annotated(mut self, annotation: Annotation) -> Self {
        self.drawing.scene.panels[0].annotations.push(annotation);
        self
    }
}

/// Draws what was put on a panel; `place` says where values lie, `ends` how high the panel reaches.
pub(super) fn draw(
    canvas: &mut Canvas,
    annotations: &[Annotation],
    place: impl Fn((f64, f64)) -> (f64, f64),
    ends: (f64, f64),
    theme: &Theme,
) {
    let pen = Pen::new(theme.ink, 1.4);
    for annotation in annotations {
        match annotation {
            Annotation::Vertical(x) => {
                let (x, _) = place((*x, 0.0));
                canvas.line((x, ends.0), (x, ends.1), pen.dashed(DASHES[1]));
            }
            Annotation::Line { from, to, arrow } => {
                let (from, to) = (place(*from), place(*to));
                canvas.line(from, to, pen);
                if *arrow {
                    head(canvas, from, to, theme);
                }
            }
            Annotation::Words { at, label } => {
                let (x, y) = place(*at);
                canvas.text(x, y, label, Script::new(13.0, theme.ink).at(Anchor::Start));
            }
        }
    }
}

/// The head of an arrow.
fn head(canvas: &mut Canvas, from: (f64, f64), to: (f64, f64), theme: &Theme) {
    const LENGTH: f64 = 9.0;
    let (x, y) = (to.0 - from.0, to.1 - from.1);
    let length = x.hypot(y);
    if length > 0.0 {
        let (x, y) = (x / length * LENGTH, y / length * LENGTH);
        let foot = (to.0 - x, to.1 - y);
        canvas.polygon(
            &[to, (foot.0 - 0.4 * y, foot.1 + 0.4 * x), (foot.0 + 0.4 * y, foot.1 - 0.4 * x)],
            theme.ink,
            1.0,
        );
    }
}
