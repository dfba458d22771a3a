//! A sheet to draw on: SVG with attributes only, no style sheet, no script, no reference to anything outside.
//!
//! All drawing ends here: our marks and axes call it by its own methods, plotters by `backend`.

use super::pen::{Anchor, Area, Pen, Script, opacity_of, path, place, rectangle, short};
use crate::font;
use crate::label::{Label, SMALL};
use crate::text::{self, escape};
use crate::theme::Color;
use std::fmt::Write;

/// Elements that dots are spread over when they shine through one another.
const VEILS: usize = 24;

/// An SVG document in the making. Units are pixels, from the upper left corner.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
    /// The smallest and the largest coordinates of what was drawn.
    reach: [(f64, f64); 2],
}

/// A mark may leave its area by this much without being cut: less than the frame's line covers.
const OVERHANG: f64 = 0.05;

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        let reach = [(f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY)];
        Self { width, height, body: String::new(), reach }
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// The words on the sheet.
    pub(super) fn words(&self) -> String {
        text::without_tags(&self.body)
    }

    /// The document, with a title and a description for those who do not see it.
    pub(super) fn finish(self, title: &str, description: &str, background: Color) -> String {
        let (width, height) = (short(self.width), short(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{}\"><title>{}</title><desc>{}</desc>\
             <rect width=\"{width}\" height=\"{height}\" rx=\"4\" fill=\"{}\"/>{}</svg>",
            font::FAMILY,
            escape(title),
            escape(description),
            background.hex(),
            self.body
        )
    }

    fn touch(&mut self, points: impl IntoIterator<Item = (f64, f64)>) {
        let [least, most] = &mut self.reach;
        // What is no number is drawn at zero, outside of every frame.
        for (x, y) in points.into_iter().map(|(x, y)| (x.max(f64::MIN), y.max(f64::MIN))) {
            *least = (least.0.min(x), least.1.min(y));
            *most = (most.0.max(x), most.1.max(y));
        }
    }

    fn stays_in(&self, area: Area) -> bool {
        let [least, most] = self.reach;
        let (left, top) = (area.left - OVERHANG, area.top - OVERHANG);
        let (right, bottom) = (area.right() + OVERHANG, area.bottom() + OVERHANG);
        least.0 >= left && least.1 >= top && most.0 <= right && most.1 <= bottom
    }

    pub(super) fn rect(&mut self, area: Area, fill: Color) {
        self.touch(area.corners());
        let _ = write!(self.body, "<rect {} fill=\"{}\"/>", place(area), fill.hex());
    }

    /// Many rectangles, one element for each colour.
    pub(super) fn rects(&mut self, rects: &[(Area, Color)]) {
        let mut by_color: Vec<(Color, String)> = Vec::new();
        self.touch(rects.iter().flat_map(|(area, _)| area.corners()));
        for (area, color) in rects {
            let at = by_color.iter().position(|(known, _)| known == color).unwrap_or_else(|| {
                by_color.push((*color, String::new()));
                by_color.len() - 1
            });
            by_color[at].1 += &rectangle(area);
        }
        for (color, data) in by_color {
            let _ = write!(self.body, "<path d=\"{data}\" fill=\"{}\"/>", color.hex());
        }
    }

    /// Rectangles that are seen through.
    pub(super) fn veil(&mut self, areas: &[Area], fill: Color, opacity: f64) {
        self.touch(areas.iter().flat_map(Area::corners));
        if !areas.is_empty() {
            let (data, opacity) = (areas.iter().map(rectangle).collect::<String>(), short(opacity));
            let _ = write!(self.body, "<path d=\"{data}\" fill=\"{}\" fill-opacity=\"{opacity}\"/>", fill.hex());
        }
    }

    pub(super) fn frame(&mut self, area: Area, pen: Pen) {
        self.touch(area.corners());
        let _ = write!(self.body, "<rect {} fill=\"none\" {}/>", place(area), pen.attributes());
    }

    /// A picture of pixels, stretched without smoothing.
    pub(super) fn image(&mut self, area: Area, png: &str) {
        self.touch(area.corners());
        let _ = write!(
            self.body,
            "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" href=\"data:image/png;base64,{png}\"/>",
            place(area)
        );
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) {
        self.touch([from, to]);
        let (x1, y1, x2, y2) = (short(from.0), short(from.1), short(to.0), short(to.1));
        let _ = write!(self.body, "<path d=\"M{x1} {y1}L{x2} {y2}\" {}/>", pen.attributes());
    }

    /// Many separate lines in one element.
    pub(super) fn strokes(&mut self, lines: &[((f64, f64), (f64, f64))], pen: Pen) {
        if lines.is_empty() {
            return;
        }
        self.touch(lines.iter().flat_map(|(from, to)| [*from, *to]));
        let mut data = String::new();
        for (from, to) in lines {
            let _ = write!(data, "M{} {}L{} {}", short(from.0), short(from.1), short(to.0), short(to.1));
        }
        let _ = write!(self.body, "<path d=\"{data}\" {}/>", pen.attributes());
    }

    pub(super) fn polyline(&mut self, points: &[(f64, f64)], pen: Pen) {
        self.touch(points.iter().copied());
        if points.len() > 1 {
            let data = path(points);
            let _ =
                write!(self.body, "<path d=\"{data}\" fill=\"none\" stroke-linejoin=\"round\" {}/>", pen.attributes());
        }
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: Color, opacity: f64) {
        self.touch(points.iter().copied());
        if points.len() > 2 {
            let opacity = opacity_of("fill", opacity);
            let _ = write!(self.body, "<path d=\"{}Z\" fill=\"{}\"{opacity}/>", path(points), fill.hex());
        }
    }

    pub(super) fn dots(&mut self, points: &[(f64, f64)], radius: f64, fill: Color, opacity: f64) {
        if points.is_empty() {
            return;
        }
        self.touch(points.iter().copied());
        // A dot is a line without length and with round ends: a quarter of the characters of a circle. Dots of one element
        // do not shine through one another, so those that should are spread over several.
        let elements = if opacity < 1.0 { points.len().min(VEILS) } else { 1 };
        let pen = Pen { opacity, ..Pen::new(fill, 2.0 * radius) }.attributes();
        for element in 0..elements {
            let dot = |(x, y): &(f64, f64)| format!("M{} {}h.01", short(*x), short(*y));
            let data: String = points.iter().skip(element).step_by(elements).map(dot).collect();
            let _ = write!(self.body, "<path d=\"{data}\" stroke-linecap=\"round\" {pen}/>");
        }
    }

    /// A circle that is not filled.
    pub(super) fn ring(&mut self, (x, y): (f64, f64), radius: f64, pen: Pen) {
        self.touch([(x - radius, y - radius), (x + radius, y + radius)]);
        let (left, y, radius, across) = (short(x - radius), short(y), short(radius), short(2.0 * radius));
        let half = |across: &str| format!("a{radius} {radius} 0 1 0 {across} 0");
        let (there, back) = (half(&across), half(&format!("-{across}")));
        let _ = write!(self.body, "<path d=\"M{left} {y}{there}{back}\" fill=\"none\" {}/>", pen.attributes());
    }

    /// Draws inside an area only.
    pub(super) fn clip(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let mut inner = Self::new(self.width, self.height);
        draw(&mut inner);
        // Cutting costs the making of the PNG more than all the rest of it, and most pictures have nothing to cut.
        if inner.stays_in(area) {
            self.body.push_str(&inner.body);
            return;
        }
        // A nested document clips by itself and needs no id, which two pictures on one page could share.
        let _ = write!(
            self.body,
            "<svg {} viewBox=\"{} {} {} {}\">{}</svg>",
            place(area),
            short(area.left),
            short(area.top),
            short(area.width),
            short(area.height),
            inner.body
        );
    }

    /// A label whose base line starts, is centred or ends at a point.
    pub(super) fn text(&mut self, x: f64, y: f64, label: &Label, script: Script) {
        if label.is_empty() {
            return;
        }
        // How far letters reach is not known here.
        self.touch([(f64::NEG_INFINITY, f64::NEG_INFINITY)]);
        let (x, y) = (short(x), short(y));
        let anchor = match script.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let bold = if script.bold { " font-weight=\"bold\"" } else { "" };
        let slanted = if script.slanted { " font-style=\"italic\"" } else { "" };
        let turn = match script.turn {
            0 => String::new(),
            degrees => format!(" transform=\"rotate({degrees} {x} {y})\""),
        };
        let _ = write!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"{anchor}{bold}{slanted}{turn}>{}</text>",
            short(script.size),
            script.color.hex(),
            spans(label, script)
        );
    }
}

/// The pieces of a label; those raised or lowered move the line and move it back.
fn spans(label: &Label, script: Script) -> String {
    let mut out = String::new();
    let mut height = 0.0;
    // How far the next run must move right to clear the text above or below it.
    let mut clear = 0.0;
    for (at, run) in label.0.iter().enumerate() {
        let wanted = match run.level {
            1 => -0.38 * script.size,
            -1 => 0.22 * script.size,
            _ => 0.0,
        };
        let mut attributes = String::new();
        let own = run.width(script.bold) * script.size;
        let mut shift = std::mem::take(&mut clear);
        if label.stacked(at) {
            let before = label.0[at - 1].width(script.bold) * script.size;
            shift -= before;
            clear = (before - own).max(0.0);
        }
        if shift != 0.0 {
            let _ = write!(attributes, " dx=\"{}\"", short(shift));
        }
        if wanted != height {
            let _ = write!(attributes, " dy=\"{}\"", short(wanted - height));
        }
        if run.level != 0 {
            let _ = write!(attributes, " font-size=\"{}\"", short(script.size * SMALL));
        }
        if run.slanted && !script.slanted {
            attributes.push_str(" font-style=\"italic\"");
        }
        height = wanted;
        let text = escape(&run.text);
        let _ = if attributes.is_empty() {
            write!(out, "{text}")
        } else {
            write!(out, "<tspan{attributes}>{text}</tspan>")
        };
    }
    out
}

/// Areas of uncertainty: a veil and slanted lines, so that they are seen over any fill and without colour.
pub(super) fn hatch(canvas: &mut Canvas, areas: &[Area], color: Color) {
    const PITCH: f64 = 5.0;
    canvas.veil(areas, color, 0.16);
    let mut lines = Vec::new();
    for area in areas {
        // Lines x + y = n * PITCH, clipped by arithmetic, go on from bin to bin.
        let first = ((area.left + area.top) / PITCH).ceil() as i64;
        let last = ((area.right() + area.bottom()) / PITCH).ceil() as i64;
        for sum in (first..last.min(first + 400)).map(|n| n as f64 * PITCH) {
            let from = area.left.max(sum - area.bottom());
            let to = area.right().min(sum - area.top);
            if to > from {
                lines.push(((from, sum - from), (to, sum - to)));
            }
        }
    }
    canvas.strokes(&lines, Pen::new(color, 0.7));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::LIGHT;

    #[test]
    fn indices_move_the_line_and_move_it_back() {
        let mut canvas = Canvas::new(100.0, 50.0);
        canvas.text(10.0, 20.0, &Label::parse("m^2_{r} <GeV>"), Script::new(10.0, LIGHT.ink).upward());
        insta::assert_snapshot!(canvas.finish("a & b", "", LIGHT.background));
    }

    #[test]
    fn only_what_leaves_an_area_is_cut() {
        let area = Area { left: 10.0, top: 10.0, width: 50.0, height: 30.0 };
        let cut = |to: (f64, f64)| {
            let mut canvas = Canvas::new(100.0, 50.0);
            canvas.clip(area, |canvas| canvas.line((10.0, 10.0), to, Pen::new(LIGHT.ink, 1.0)));
            canvas.finish("", "", LIGHT.background).contains("viewBox=\"10 10 50 30\"")
        };
        assert!(!cut((60.0, 40.0)) && cut((60.1, 40.0)) && cut((30.0, 9.0)) && cut((f64::NAN, 20.0)));
    }

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        assert_eq!([1.0, 1.005, -0.001, f64::NAN, 12.3456].map(short), ["1", "1", "0", "0", "12.35"]);
        assert_eq!(path(&[(0.0, 0.0), (0.0, 5.0), (3.0, 5.0), (4.0, 6.0)]), "M0 0V5H3L4 6");
    }
}
