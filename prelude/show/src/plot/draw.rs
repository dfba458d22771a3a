//! A scene as SVG: panels from the top, ticks inside on all four sides, labels at the ends of their axes.

use super::axis::{Axis, Scale, Ticks};
use super::canvas::{Canvas, hatch};
use super::layout::{Placed, place_legend, x_axis, y_axis};
use super::legend::Legend;
use super::model::{Header, Layer, Mark, Panel, PlotSpec, Point, StepStyle};
use super::pen::{Anchor, Area, Pen, Script};
use crate::label::Label;
use crate::theme::{Color, DASHES, Theme};

pub(super) const TICK_TEXT: f64 = 13.0;
pub(super) const AXIS_TEXT: f64 = 15.0;
const HEADER_TEXT: f64 = 17.0;
const HEADER: f64 = 34.0;
const FOOT: f64 = 54.0;
/// Height of a line under the picture.
const NOTE: f64 = 20.0;
const RIGHT: f64 = 22.0;
const BETWEEN: f64 = 10.0;
const LONG: f64 = 8.0;
const SHORT: f64 = 4.0;

/// The SVG of a scene in the colours of a theme.
pub(super) fn svg(scene: &PlotSpec, theme: &Theme) -> String {
    let mut canvas = Canvas::new(scene.width, scene.height);
    let x = x_axis(scene);
    let legend = Legend::of(scene);
    let mut axes: Vec<Axis> = scene.panels.iter().map(|panel| y_axis(panel, &x)).collect();
    let before = ticks(scene, &axes);
    let mut left = left_margin(&before);
    let mut width = scene.width - left - RIGHT;
    let head = |ticks: &[Ticks]| if scene.header.is_empty() && ticks[0].factor.is_none() { 14.0 } else { HEADER };
    let inside = legend.as_ref().and_then(|legend| {
        let frame = frames(scene, left, width, head(&before))[0];
        place_legend(&scene.panels[0], legend, frame, &x, &axes[0])
    });
    if let Some(Placed { y, .. }) = &inside {
        axes[0] = y.clone();
    }
    // An axis that has grown for the legend may have longer labels.
    let ticks = ticks(scene, &axes);
    width -= left_margin(&ticks).max(left) - left;
    left = left_margin(&ticks).max(left);
    if let Some(legend) = legend.as_ref().filter(|_| inside.is_none()) {
        width -= (legend.size(1).0 + 14.0).min(0.5 * width);
    }
    let frames = frames(scene, left, width, head(&ticks));
    for (at, panel) in scene.panels.iter().enumerate() {
        let last = at + 1 == scene.panels.len();
        self::panel(&mut canvas, panel, frames[at], &x, &axes[at], theme);
        frame(&mut canvas, frames[at], &x, &axes[at], panel, last.then_some(scene), theme);
    }
    match (&legend, &inside) {
        (Some(legend), Some(placed)) => legend.draw(&mut canvas, placed.left, placed.top, placed.columns, theme),
        (Some(legend), None) => legend.draw(&mut canvas, frames[0].right() + 14.0, frames[0].top, 1, theme),
        _ => {}
    }
    let factor = ticks[0].factor.as_ref().map_or(0.0, |factor| factor.width(false) * TICK_TEXT + 10.0);
    header(&mut canvas, &scene.header, frames[0], factor, theme);
    for (line, note) in scene.notes.iter().rev().enumerate() {
        let label = fitting(note, (scene.width - 20.0) / TICK_TEXT);
        let script = Script::new(TICK_TEXT, theme.line(1)).at(Anchor::End);
        canvas.text(scene.width - RIGHT, scene.height - 8.0 - NOTE * line as f64, &label, script);
    }
    canvas.finish(&scene.title, &scene.summary, theme.background)
}

fn ticks(scene: &PlotSpec, axes: &[Axis]) -> Vec<Ticks> {
    axes.iter().zip(&scene.panels).map(|(y, panel)| y_ticks(y, panel)).collect()
}

/// At least five labels on a panel that has room for them.
fn y_ticks(y: &Axis, panel: &Panel) -> Ticks {
    if panel.share < 0.6 {
        return y.ticks(3);
    }
    let finer = (5..=9).map(|wanted| y.ticks(wanted)).find(|ticks| ticks.major.len() >= 5);
    finer.unwrap_or_else(|| y.ticks(5))
}

/// Room for the widest tick label and the axis label.
fn left_margin(ticks: &[Ticks]) -> f64 {
    let widest = ticks.iter().flat_map(|ticks| &ticks.major).map(|(_, label)| label.width(false)).fold(1.2, f64::max);
    (widest * TICK_TEXT + 44.0).min(200.0)
}

fn frames(scene: &PlotSpec, left: f64, width: f64, head: f64) -> Vec<Area> {
    let shares: f64 = scene.panels.iter().map(|panel| panel.share).sum();
    let foot = FOOT + NOTE * scene.notes.len() as f64;
    let free = scene.height - head - foot - BETWEEN * (scene.panels.len() - 1) as f64;
    let mut top = head;
    let frame = |panel: &Panel| {
        let height = free * panel.share / shares;
        let area = Area { left, top, width, height };
        top += height + BETWEEN;
        area
    };
    scene.panels.iter().map(frame).collect()
}

/// Experiment, status and luminosity above the frame; or the user's title when there is nothing of these.
pub(super) fn header(canvas: &mut Canvas, header: &Header, frame: Area, indent: f64, theme: &Theme) {
    let y = frame.top - 10.0;
    let mut x = frame.left + indent;
    let right = match header.luminosity {
        Some(luminosity) => format!(r"\int $L$ d$t$ = {} fb^{{-1}}", crate::text::number(luminosity, 4)),
        None => header.right.clone(),
    };
    let right = Label::parse(&right);
    canvas.text(frame.right(), y, &right, Script::new(AXIS_TEXT - 1.0, theme.ink).at(Anchor::End));
    if !header.experiment.is_empty() {
        let name = Label::verbatim(&header.experiment);
        canvas.text(x, y, &name, Script::new(HEADER_TEXT, theme.ink).bold());
        x += name.width(true) * HEADER_TEXT + 7.0;
    }
    let words = if header.experiment.is_empty() && header.status.is_empty() { &header.words } else { &header.status };
    let free = frame.right() - x - right.width(false) * AXIS_TEXT - 10.0;
    let script = Script::new(AXIS_TEXT, theme.ink);
    let script = if header.status.is_empty() { script } else { script.slanted() };
    canvas.text(x, y, &fitting(words, free / AXIS_TEXT), script);
}

/// As much of a text as fits a width.
fn fitting(words: &str, width: f64) -> Label {
    let label = Label::parse(words);
    if label.width(false) <= width {
        return label;
    }
    let columns = (width / 0.56).max(1.0) as usize;
    Label::verbatim(&crate::text::one_line(&label.plain(), columns))
}

/// What is drawn inside a frame.
fn panel(canvas: &mut Canvas, panel: &Panel, area: Area, x: &Axis, y: &Axis, theme: &Theme) {
    let pens = Pens { area, x, y, theme };
    canvas.clip(area, |canvas| {
        for guide in &panel.guides {
            let height = pens.y(*guide);
            let pen = Pen::new(theme.soft, 1.0).dashed(DASHES[1]);
            canvas.line((area.left, height), (area.right(), height), pen);
        }
        panel.layers.iter().for_each(|layer| pens.layer(canvas, layer));
        let place = |(x, y): (f64, f64)| (pens.x(x), pens.y(y));
        super::annotations::draw(canvas, &panel.annotations, place, (area.top, area.bottom()), theme);
    });
}

struct Pens<'a> {
    area: Area,
    x: &'a Axis,
    y: &'a Axis,
    theme: &'a Theme,
}

impl Pens<'_> {
    fn x(&self, value: f64) -> f64 {
        self.area.left + self.x.place(value).clamp(-2.0, 3.0) * self.area.width
    }

    fn y(&self, value: f64) -> f64 {
        self.area.bottom() - self.y.place(value).clamp(-2.0, 3.0) * self.area.height
    }

    fn layer(&self, canvas: &mut Canvas, layer: &Layer) {
        let color = layer.paint.color(self.theme);
        let dash = DASHES[layer.paint.place() % DASHES.len()];
        match &layer.mark {
            Mark::Steps { edges, values, base, style } => {
                self.steps(canvas, edges, values, base, *style, (color, dash))
            }
            Mark::Band { edges, low, high } => self.band(canvas, edges, low, high, color),
            Mark::Points(points) => self.points(canvas, points, color, true),
            Mark::Errors(points) => self.points(canvas, points, color, false),
            Mark::Curve(points) => {
                let line: Vec<_> =
                    points.iter().filter(|p| p.1.is_finite()).map(|p| (self.x(p.0), self.y(p.1))).collect();
                canvas.polyline(&line, Pen::new(color, 2.0).dashed(dash));
            }
            Mark::Dots(points) => {
                let dots: Vec<_> = points.iter().map(|p| (self.x(p.0), self.y(p.1))).collect();
                let opacity = if dots.len() > 500 { 0.45 } else { 0.75 };
                canvas.dots(&dots, if dots.len() > 2000 { 1.2 } else { 2.2 }, color, opacity);
            }
        }
    }

    fn steps(
        &self,
        canvas: &mut Canvas,
        edges: &[f64],
        values: &[f64],
        base: &[f64],
        style: StepStyle,
        ink: (Color, &'static str),
    ) {
        let (color, dash) = ink;
        let top = self.staircase(edges, values);
        let mut shape = top.clone();
        shape.extend(self.staircase(edges, base).into_iter().rev());
        match style {
            StepStyle::Filled => {
                canvas.polygon(&shape, color, 1.0);
                canvas.polyline(&top, Pen::new(self.theme.background.toward(self.theme.ink, 0.75), 0.6));
            }
            StepStyle::Tinted => {
                canvas.polygon(&shape, color, 0.22);
                canvas.polyline(&self.closed(edges, values, base), Pen::new(color, 1.6));
            }
            StepStyle::Outline => canvas.polyline(&self.closed(edges, values, base), Pen::new(color, 1.8).dashed(dash)),
        }
    }

    /// A staircase with its first and last riser.
    fn closed(&self, edges: &[f64], values: &[f64], base: &[f64]) -> Vec<(f64, f64)> {
        let mut line = self.staircase(edges, values);
        if let (Some(first), Some(last), Some(a), Some(b)) = (edges.first(), edges.last(), base.first(), base.last()) {
            line.insert(0, (self.x(*first), self.y(*a)));
            line.push((self.x(*last), self.y(*b)));
        }
        line
    }

    fn staircase(&self, edges: &[f64], values: &[f64]) -> Vec<(f64, f64)> {
        let mut line: Vec<(f64, f64)> = Vec::with_capacity(2 * values.len());
        for (edge, value) in edges.windows(2).zip(values) {
            let y = self.y(if value.is_finite() { *value } else { self.y.low });
            // Bins of one height are one step: fewer numbers, the same line.
            if let Some(last) = line.last_mut().filter(|last| last.1 == y) {
                last.0 = self.x(edge[1]);
                continue;
            }
            line.push((self.x(edge[0]), y));
            line.push((self.x(edge[1]), y));
        }
        line
    }

    fn band(&self, canvas: &mut Canvas, edges: &[f64], low: &[f64], high: &[f64], color: Color) {
        let mut areas = Vec::with_capacity(low.len());
        for ((edge, low), high) in edges.windows(2).zip(low).zip(high) {
            if low.is_finite() && high.is_finite() && high > low {
                let (left, top) = (self.x(edge[0]), self.y(*high));
                areas.push(Area { left, top, width: self.x(edge[1]) - left, height: self.y(*low) - top });
            }
        }
        hatch(canvas, &areas, color);
    }

    fn points(&self, canvas: &mut Canvas, points: &[Point], color: Color, dots: bool) {
        let shown = points.iter().filter(|p| p.x.is_finite() && p.y.is_finite());
        let shown: Vec<&Point> = shown.filter(|p| !matches!(self.y.scale, Scale::Log) || p.y > 0.0).collect();
        let mut bars = Vec::new();
        // An empty bin says nothing by a bar under its neighbours.
        for p in shown.iter().filter(|p| dots || p.y != 0.0) {
            let (x, y) = (self.x(p.x), self.y(p.y));
            if p.down + p.up > 0.0 {
                bars.push(((x, self.y(p.y - p.down)), (x, self.y(p.y + p.up))));
            }
            if dots && p.left + p.right > 0.0 {
                bars.push(((self.x(p.x - p.left), y), (self.x(p.x + p.right), y)));
            }
        }
        canvas.strokes(&bars, Pen::new(color, 1.3));
        if !dots {
            return;
        }
        let radius = if shown.len() > 120 {
            2.0
        } else if shown.len() > 60 {
            2.8
        } else {
            3.4
        };
        let inside = |p: &&&Point| (-1e-9..=1.0 + 1e-9).contains(&self.y.place(p.y));
        let dots: Vec<_> = shown.iter().filter(inside).map(|p| (self.x(p.x), self.y(p.y))).collect();
        canvas.dots(&dots, radius, color, 1.0);
        shown.iter().filter(|p| !inside(p)).for_each(|p| self.beyond(canvas, p, color));
    }

    /// A point outside the frame, as a triangle at the edge: it is not forgotten.
    fn beyond(&self, canvas: &mut Canvas, p: &Point, color: Color) {
        let above = self.y.place(p.y) > 0.5;
        let (tip, foot) = if above { (self.area.top + 2.0, 9.0) } else { (self.area.bottom() - 2.0, -9.0) };
        let x = self.x(p.x);
        canvas.polygon(&[(x, tip), (x - 4.0, tip + foot), (x + 4.0, tip + foot)], color, 1.0);
    }
}

/// Frame, ticks and labels of a panel; `last` is the scene when the panel carries the x axis.
fn frame(canvas: &mut Canvas, area: Area, x: &Axis, y: &Axis, panel: &Panel, last: Option<&PlotSpec>, theme: &Theme) {
    canvas.frame(area, Pen::new(theme.ink, 1.2));
    let across = x.ticks(x_wanted(x, area));
    x_ticks(canvas, area, &across, matches!(x.scale, Scale::Names(_)), theme);
    if let Some(scene) = last {
        x_labels(canvas, area, &across, theme);
        let title = scene.x.title();
        canvas.text(area.right(), area.bottom() + 42.0, &title, Script::new(AXIS_TEXT, theme.ink).at(Anchor::End));
    }
    let up = y_ticks(y, panel);
    y_marks(canvas, area, &up, (last.is_none(), false), theme);
    let title = panel.y.title();
    let size = AXIS_TEXT.min(area.height / title.width(false).max(1.0));
    let script = Script::new(size.max(9.0), theme.ink).at(Anchor::End).upward();
    canvas.text(20.0, area.top, &title, script);
}

fn x_wanted(x: &Axis, area: Area) -> usize {
    match x.scale {
        Scale::Log => 6,
        _ => (area.width / 85.0) as usize,
    }
}

pub(super) fn x_ticks(canvas: &mut Canvas, area: Area, ticks: &Ticks, names: bool, theme: &Theme) {
    let mut lines = Vec::new();
    let majors = ticks.major.iter().filter(|_| !names).map(|(place, _)| (*place, LONG));
    for (place, length) in majors.chain(ticks.minor.iter().map(|place| (*place, SHORT))) {
        let x = area.left + place * area.width;
        lines.push(((x, area.bottom()), (x, area.bottom() - length)));
        lines.push(((x, area.top), (x, area.top + length)));
    }
    canvas.strokes(&lines, Pen::new(theme.ink, 1.0));
}

/// Labels under the axis, smaller or thinned out when they would touch.
pub(super) fn x_labels(canvas: &mut Canvas, area: Area, ticks: &Ticks, theme: &Theme) {
    let widest = ticks.major.iter().map(|(_, label)| label.width(false) * TICK_TEXT).fold(0.0, f64::max);
    let places = ticks.major.windows(2).map(|pair| (pair[1].0 - pair[0].0) * area.width);
    let room = places.fold(f64::INFINITY, f64::min);
    let shrink = (room / (widest + 8.0)).clamp(0.7, 1.0);
    let skip = ((widest * shrink + 6.0) / room).ceil().max(1.0) as usize;
    for (place, label) in ticks.major.iter().step_by(skip) {
        let x = area.left + place * area.width;
        let script = Script::new(TICK_TEXT * shrink, theme.ink).at(Anchor::Middle);
        canvas.text(x, area.bottom() + 19.0, label, script);
    }
    if let Some(factor) = &ticks.factor {
        let script = Script::new(TICK_TEXT, theme.ink).at(Anchor::Start);
        canvas.text(area.left, area.bottom() + 38.0, factor, script);
    }
}

/// Ticks and labels of the y axis; without ticks where names stand.
pub(super) fn y_marks(
    canvas: &mut Canvas,
    area: Area,
    ticks: &Ticks,
    (crowded_below, names): (bool, bool),
    theme: &Theme,
) {
    let mut lines = Vec::new();
    let majors = ticks.major.iter().filter(|_| !names).map(|(place, _)| (*place, LONG));
    for (place, length) in majors.chain(ticks.minor.iter().map(|place| (*place, SHORT))) {
        let y = area.bottom() - place * area.height;
        lines.push(((area.left, y), (area.left + length, y)));
        lines.push(((area.right(), y), (area.right() - length, y)));
    }
    canvas.strokes(&lines, Pen::new(theme.ink, 1.0));
    for (place, label) in &ticks.major {
        // The lowest label of an upper panel would touch the highest of the one below.
        if crowded_below && *place < 0.02 {
            continue;
        }
        let y = area.bottom() - place * area.height + TICK_TEXT * 0.35;
        canvas.text(area.left - 7.0, y, label, Script::new(TICK_TEXT, theme.ink).at(Anchor::End));
    }
    if let Some(factor) = &ticks.factor {
        canvas.text(area.left, area.top - 8.0, factor, Script::new(TICK_TEXT, theme.ink));
    }
}
