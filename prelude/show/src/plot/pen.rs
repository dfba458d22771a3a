//! What a mark on the sheet looks like and where it is: rectangles, lines, letters, and how their numbers are written.

use crate::theme::Color;
use std::fmt::Write;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pen {
    pub(super) color: Color,
    pub(super) width: f64,
    pub(super) dash: &'static str,
    /// 1 is not seen through.
    pub(super) opacity: f64,
}

/// How text is set: size in pixels, colour, weight, and which of its points is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Script {
    pub(super) size: f64,
    pub(super) color: Color,
    pub(super) bold: bool,
    pub(super) slanted: bool,
    pub(super) anchor: Anchor,
    /// Degrees by which it is turned clockwise around its point.
    pub(super) turn: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Area {
    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(super) fn corners(&self) -> [(f64, f64); 2] {
        [(self.left, self.top), (self.right(), self.bottom())]
    }
}

impl Pen {
    pub(super) fn new(color: Color, width: f64) -> Self {
        Self { color, width, dash: "", opacity: 1.0 }
    }

    pub(super) fn dashed(self, dash: &'static str) -> Self {
        Self { dash, ..self }
    }

    pub(super) fn attributes(&self) -> String {
        let dash = if self.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", self.dash) };
        let opacity = opacity_of("stroke", self.opacity);
        format!("stroke=\"{}\" stroke-width=\"{}\"{dash}{opacity}", self.color.hex(), short(self.width))
    }
}

impl Script {
    pub(super) fn new(size: f64, color: Color) -> Self {
        Self { size, color, bold: false, slanted: false, anchor: Anchor::Start, turn: 0 }
    }

    pub(super) fn at(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn slanted(self) -> Self {
        Self { slanted: true, ..self }
    }

    /// Runs upward instead of to the right.
    pub(super) fn upward(self) -> Self {
        self.turned(-90)
    }

    pub(super) fn turned(self, turn: i16) -> Self {
        Self { turn, ..self }
    }
}

/// A coordinate with two decimals at most: a hundredth of a pixel is not seen, its digits fill notebooks.
pub(super) fn short(value: f64) -> String {
    // Not a number and infinite coordinates come from no drawing of ours; zero keeps the document valid if one did.
    let value = if value.is_finite() { (value * 100.0).round() / 100.0 } else { 0.0 };
    let text = format!("{}", if value == 0.0 { 0.0 } else { value });
    text
}

/// The attribute of a paint that is seen through.
pub(super) fn opacity_of(of: &str, opacity: f64) -> String {
    if opacity < 1.0 { format!(" {of}-opacity=\"{}\"", short(opacity)) } else { String::new() }
}

pub(super) fn rectangle(area: &Area) -> String {
    let (width, height) = (short(area.width.max(0.0)), short(area.height));
    format!("M{} {}h{width}v{height}h-{width}z", short(area.left), short(area.top))
}

pub(super) fn place(area: Area) -> String {
    let (left, top) = (short(area.left), short(area.top));
    format!("x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"", short(area.width), short(area.height))
}

pub(super) fn path(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    let mut last = (String::new(), String::new());
    for (at, (x, y)) in points.iter().enumerate() {
        let (x, y) = (short(*x), short(*y));
        if at == 0 {
            let _ = write!(data, "M{x} {y}");
        } else if x == last.0 {
            let _ = write!(data, "V{y}");
        } else if y == last.1 {
            let _ = write!(data, "H{x}");
        } else {
            let _ = write!(data, "L{x} {y}");
        }
        last = (x, y);
    }
    data
}
