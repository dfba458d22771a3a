//! Two dimensions as colours: densities with a colour bar and projections, and matrices.

use super::axis::Axis;
use super::canvas::Canvas;
use super::draw::{AXIS_TEXT, TICK_TEXT, header, x_labels, x_ticks, y_marks};
use super::model::{AxisSpec, PlotSpec};
use super::pen::{Anchor, Area, Pen, Script};
use crate::label::Label;
use crate::theme::{Color, Theme};
use base64::Engine;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

/// More cells than this are drawn as one picture of pixels.
const RECTANGLES: usize = 1600;
/// Shades of a density: more are not told apart, and cells of one shade are one element.
const SHADES: f64 = 128.0;
const BAR: f64 = 16.0;
const SIDE: f64 = 62.0;

/// Cells between edges.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Map {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    /// By x, then by y.
    pub(super) cells: Vec<f64>,
    pub(super) z: AxisSpec,
    pub(super) log: bool,
    pub(super) shade: Shade,
    pub(super) projections: bool,
    /// Whether the numbers are written into the cells.
    pub(super) written: bool,
    /// What is written into the cells instead of the values, line by line; empty where it is the values.
    pub(super) words: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shade {
    /// From nothing to much.
    Density,
    /// From minus this to this.
    Signed(f64),
}

impl Map {
    fn rows(&self) -> usize {
        self.y.len().saturating_sub(1)
    }

    fn columns(&self) -> usize {
        self.x.len().saturating_sub(1)
    }

    pub(super) fn cell(&self, column: usize, row: usize) -> f64 {
        self.cells.get(column * self.rows() + row).copied().unwrap_or(f64::NAN)
    }

    /// What is written into a cell.
    fn written_in(&self, column: usize, row: usize) -> Vec<String> {
        match self.words.get(column * self.rows() + row) {
            Some(words) => words.clone(),
            None => vec![format!("{:.2}", self.cell(column, row))],
        }
    }

    /// The axis of the colours.
    fn colors(&self) -> Axis {
        if let Shade::Signed(limit) = self.shade {
            return Axis::linear(-limit, limit);
        }
        let finite = || self.cells.iter().copied().filter(|z| z.is_finite());
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        if self.log {
            return Axis::log(finite().filter(|z| *z > 0.0).fold(f64::INFINITY, f64::min), high);
        }
        Axis::linear(finite().fold(0.0, f64::min), if high > 0.0 { high } else { 1.0 })
    }

    /// The colour of a value; nothing for what is empty.
    fn color(&self, axis: &Axis, value: f64, theme: &Theme) -> Option<Color> {
        match self.shade {
            Shade::Signed(limit) => value.is_finite().then(|| theme.signed((value / limit).clamp(-1.0, 1.0))),
            Shade::Density if !value.is_finite() || value == 0.0 || (self.log && value < 0.0) => None,
            Shade::Density => Some(theme.density((axis.place(value) * SHADES).round() / SHADES)),
        }
    }
}

pub(super) fn svg(scene: &PlotSpec, map: &Map, theme: &Theme) -> String {
    let mut canvas = Canvas::new(scene.width, scene.height);
    let (x, y, colors) = (axis(&scene.x, &map.x), axis(&scene.panels[0].y, &map.y), map.colors());
    let (up, shades) = (y.ticks(5), colors.ticks(5));
    let widest = |ticks: &super::axis::Ticks| {
        ticks.major.iter().map(|(_, label)| label.width(false) * TICK_TEXT).fold(14.0, f64::max)
    };
    let left = (widest(&up) + 44.0).min(220.0);
    let side = if map.projections { SIDE + 8.0 } else { 0.0 };
    let right = BAR + widest(&shades) + 16.0 + 32.0;
    let head = if scene.header.is_empty() && shades.factor.is_none() { 14.0 } else { 34.0 };
    let top = head + side;
    let area = Area { left, top, width: scene.width - left - right - side, height: scene.height - top - 54.0 };
    cells(&mut canvas, map, area, (&x, &y, &colors), theme);
    canvas.frame(area, Pen::new(theme.ink, 1.2));
    let across = x.ticks((area.width / 80.0) as usize);
    if !map.written {
        x_ticks(&mut canvas, area, &across, scene.x.names.is_some(), theme);
    }
    x_labels(&mut canvas, area, &across, theme);
    y_marks(&mut canvas, area, &up, (false, map.written), theme);
    titles(&mut canvas, scene, area, theme);
    if map.projections {
        projections(&mut canvas, map, area, (&x, &y), theme);
    }
    let bar = Area { left: area.right() + side + 14.0, top: area.top, width: BAR, height: area.height };
    color_bar(&mut canvas, map, &colors, bar, theme);
    let frame = Area { top: head, width: area.width + side + 14.0 + BAR, ..area };
    header(&mut canvas, &scene.header, frame, 0.0, theme);
    canvas.finish(&scene.title, &scene.summary, theme.background)
}

fn axis(wish: &AxisSpec, edges: &[f64]) -> Axis {
    let (low, high) = match edges {
        [first, .., last] => (*first, *last),
        _ => (0.0, 1.0),
    };
    let (low, high) = wish.range.unwrap_or((low, high));
    if let Some(clock) = &wish.clock {
        return Axis::times(low, high, clock);
    }
    match (&wish.names, (low, high)) {
        (Some(names), _) => Axis::names(names.clone()),
        (None, (low, high)) if wish.log => Axis::log(low, high),
        (None, (low, high)) => Axis::linear(low, high),
    }
}

fn titles(canvas: &mut Canvas, scene: &PlotSpec, area: Area, theme: &Theme) {
    let script = Script::new(AXIS_TEXT, theme.ink).at(Anchor::End);
    canvas.text(area.right(), area.bottom() + 42.0, &scene.x.title(), script);
    canvas.text(20.0, area.top, &scene.panels[0].y.title(), script.upward());
}

fn cells(canvas: &mut Canvas, map: &Map, area: Area, (x, y, colors): (&Axis, &Axis, &Axis), theme: &Theme) {
    if map.rows() * map.columns() > RECTANGLES {
        if let Some(png) = pixels(map, area, (x, y, colors), theme) {
            canvas.image(area, &png);
        }
        return;
    }
    let across = |value: f64| area.left + x.place(value).clamp(0.0, 1.0) * area.width;
    let down = |value: f64| area.bottom() - y.place(value).clamp(0.0, 1.0) * area.height;
    let (mut colored, mut written) = (Vec::new(), Vec::new());
    for column in 0..map.columns() {
        for row in 0..map.rows() {
            let value = map.cell(column, row);
            let Some(color) = map.color(colors, value, theme) else { continue };
            let (left, right) = (across(map.x[column]), across(map.x[column + 1]));
            let (top, bottom) = (down(map.y[row + 1]), down(map.y[row]));
            let cell = Area { left, top, width: right - left, height: bottom - top };
            colored.push((overlapping(cell, area), color));
            if map.written {
                written.push((cell, map.written_in(column, row), color));
            }
        }
    }
    canvas.rects(&colored);
    written.into_iter().for_each(|(cell, lines, color)| write_value(canvas, cell, &lines, color));
}

/// The cell, a little larger to the right and below, so that no seam of background shows between cells.
fn overlapping(cell: Area, area: Area) -> Area {
    let width = (cell.width + 0.4).min(area.right() - cell.left);
    let height = (cell.height + 0.4).min(area.bottom() - cell.top);
    Area { width, height, ..cell }
}

fn write_value(canvas: &mut Canvas, cell: Area, lines: &[String], color: Color) {
    let labels: Vec<Label> = lines.iter().map(|line| Label::verbatim(&line.replace('-', "−"))).collect();
    let widest = labels.iter().map(|label| label.width(false)).fold(1.0, f64::max);
    let size = (cell.width / widest * 0.8).min(cell.height * 0.6 / (1.2 * lines.len() as f64 - 0.2)).min(14.0);
    let script = Script::new(size, color.opposite()).at(Anchor::Middle);
    for (at, label) in labels.iter().enumerate() {
        // Lines stand around the middle of the cell.
        let line = 1.2 * size * (at as f64 - 0.5 * (lines.len() as f64 - 1.0));
        canvas.text(cell.left + cell.width / 2.0, cell.top + cell.height / 2.0 + line + size * 0.35, label, script);
    }
}

/// One pixel per pixel of the frame, each with the colour of the cell it is in, so that any axis works.
fn pixels(map: &Map, area: Area, (x, y, colors): (&Axis, &Axis, &Axis), theme: &Theme) -> Option<String> {
    let (width, height) = (area.width.round() as usize * 2, area.height.round() as usize * 2);
    let mut picture = Pixmap::new(width as u32, height as u32)?;
    let find = |axis: &Axis, edges: &[f64], share: f64| {
        let value = axis.value(share);
        edges.partition_point(|edge| *edge <= value).checked_sub(1).filter(|at| at + 1 < edges.len())
    };
    let columns: Vec<_> = (0..width).map(|at| find(x, &map.x, (at as f64 + 0.5) / width as f64)).collect();
    let data = picture.pixels_mut();
    for row in 0..height {
        let Some(inside) = find(y, &map.y, 1.0 - (row as f64 + 0.5) / height as f64) else { continue };
        for (at, column) in columns.iter().enumerate() {
            let color = column.and_then(|column| map.color(colors, map.cell(column, inside), theme));
            if let Some(pixel) = color.and_then(|c| PremultipliedColorU8::from_rgba(c.0, c.1, c.2, 255)) {
                data[row * width + at] = pixel;
            }
        }
    }
    let png = crate::png::encode(&picture).ok()?;
    Some(base64::engine::general_purpose::STANDARD.encode(png))
}

fn color_bar(canvas: &mut Canvas, map: &Map, axis: &Axis, area: Area, theme: &Theme) {
    const STEPS: usize = 64;
    let height = area.height / STEPS as f64;
    for step in 0..STEPS {
        let place = (step as f64 + 0.5) / STEPS as f64;
        let color = match map.shade {
            Shade::Signed(limit) => theme.signed(axis.value(place) / limit),
            Shade::Density => theme.density(place),
        };
        let top = area.bottom() - height * (step + 1) as f64;
        canvas.rect(overlapping(Area { top, height, ..area }, area), color);
    }
    canvas.frame(area, Pen::new(theme.ink, 1.0));
    let ticks = axis.ticks(5);
    let mut lines = Vec::new();
    for (place, label) in &ticks.major {
        let y = area.bottom() - place * area.height;
        lines.push(((area.right(), y), (area.right() + 4.0, y)));
        canvas.text(area.right() + 7.0, y + TICK_TEXT * 0.35, label, Script::new(TICK_TEXT, theme.ink));
    }
    canvas.strokes(&lines, Pen::new(theme.ink, 1.0));
    if let Some(factor) = &ticks.factor {
        canvas.text(area.left, area.top - 8.0, factor, Script::new(TICK_TEXT, theme.ink));
    }
    let widest = ticks.major.iter().map(|(_, label)| label.width(false) * TICK_TEXT).fold(14.0, f64::max);
    let script = Script::new(AXIS_TEXT, theme.ink).at(Anchor::End).upward();
    canvas.text(area.right() + widest + 26.0, area.top, &map.z.title(), script);
}

/// The sums over columns above and over rows beside the map.
fn projections(canvas: &mut Canvas, map: &Map, area: Area, (x, y): (&Axis, &Axis), theme: &Theme) {
    let sum = |values: Vec<f64>| values.into_iter().filter(|z| z.is_finite()).sum::<f64>();
    let over: Vec<f64> = (0..map.columns()).map(|c| sum((0..map.rows()).map(|r| map.cell(c, r)).collect())).collect();
    let beside: Vec<f64> = (0..map.rows()).map(|r| sum((0..map.columns()).map(|c| map.cell(c, r)).collect())).collect();
    let top = |values: &[f64]| values.iter().copied().fold(1e-300, f64::max) * 1.08;
    let (high, wide) = (top(&over), top(&beside));
    let bottom = area.top - 8.0;
    let left = area.right() + 8.0;
    let mut line = vec![(area.left, bottom)];
    for (edge, value) in map.x.windows(2).zip(&over) {
        let y = bottom - (value / high).max(0.0) * SIDE;
        line.extend([edge[0], edge[1]].map(|edge| (area.left + x.place(edge) * area.width, y)));
    }
    line.push((area.right(), bottom));
    outline(canvas, &line, theme);
    let mut line = vec![(left, area.bottom())];
    for (edge, value) in map.y.windows(2).zip(&beside) {
        let x = left + (value / wide).max(0.0) * SIDE;
        line.extend([edge[0], edge[1]].map(|edge| (x, area.bottom() - y.place(edge) * area.height)));
    }
    line.push((left, area.top));
    outline(canvas, &line, theme);
}

fn outline(canvas: &mut Canvas, line: &[(f64, f64)], theme: &Theme) {
    canvas.polygon(line, theme.line(0), 0.22);
    canvas.polyline(line, Pen::new(theme.line(0), 1.2));
}

/// The map in words: a table when it is small, else blocks whose darkness is the density.
pub(super) fn text(scene: &PlotSpec, map: &Map) -> String {
    let mut out = format!("{}: {}", scene.title, scene.summary);
    if map.written || (map.columns() <= 10 && map.rows() <= 20) {
        let name = |wish: &AxisSpec, edges: &[f64], at: usize| match &wish.names {
            Some(names) => names.get(at).map(Label::plain).unwrap_or_default(),
            None => format!("[{}, {})", crate::text::number(edges[at], 4), crate::text::number(edges[at + 1], 4)),
        };
        let heads = (0..map.columns()).map(|at| name(&scene.x, &map.x, at));
        let corner = format!("{} \\ {}", scene.panels[0].y.title().plain(), scene.x.title().plain());
        let mut table = crate::table::Table::new([corner].into_iter().chain(heads)).row_heads();
        for row in (0..map.rows()).rev() {
            let value = |column: usize| match map.words.is_empty() {
                true => crate::table::Cell::number(rounded(map, map.cell(column, row))),
                false => crate::table::Cell::text(map.written_in(column, row).join(" ")),
            };
            let values = (0..map.columns()).map(value);
            table.push([crate::table::Cell::text(name(&scene.panels[0].y, &map.y, row))].into_iter().chain(values));
        }
        return out + "\n" + &table.to_text();
    }
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let (across, down) = (map.columns().div_ceil(80), map.rows().div_ceil(30));
    let block = |column: usize, row: usize| -> f64 {
        let rows = (row * down)..((row + 1) * down).min(map.rows());
        rows.flat_map(|r| (column * across..((column + 1) * across).min(map.columns())).map(move |c| (c, r)))
            .map(|(c, r)| map.cell(c, r))
            .filter(|z| z.is_finite())
            .sum()
    };
    let (width, height) = (map.columns().div_ceil(across), map.rows().div_ceil(down));
    let all: Vec<f64> =
        (0..height).flat_map(|row| (0..width).map(move |c| (c, row))).map(|(c, r)| block(c, r)).collect();
    let high = all.iter().copied().fold(1e-300, f64::max);
    for row in (0..height).rev() {
        let line = all[row * width..(row + 1) * width]
            .iter()
            .map(|z| if *z > 0.0 { SHADES[((z / high * 4.0).ceil() as usize).min(4)] } else { ' ' });
        out += &format!("\n│{}│", line.collect::<String>());
    }
    let ends = |edges: &[f64]| {
        edges
            .first()
            .zip(edges.last())
            .map_or(String::new(), |(a, b)| format!("{} to {}", crate::text::number(*a, 4), crate::text::number(*b, 4)))
    };
    out + &format!(
        "\nacross: {}, {}; up: {}, {}; █ is {} entries",
        scene.x.title().plain(),
        ends(&map.x),
        scene.panels[0].y.title().plain(),
        ends(&map.y),
        crate::text::number(high, 4)
    )
}

fn rounded(map: &Map, value: f64) -> f64 {
    if matches!(map.shade, Shade::Signed(_)) { (value * 1000.0).round() / 1000.0 } else { value }
}
