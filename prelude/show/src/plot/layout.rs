//! Where things go: the ranges of the axes, and the place of the legend, which never covers what is drawn.

use super::axis::{Axis, Scale};
use super::legend::Legend;
use super::model::{AxisSpec, Mark, Panel, PlotSpec};
use super::pen::Area;

/// Space between what is drawn and the upper end of the frame, as a share of the height.
const AIR: f64 = 0.06;

/// The x axis of all panels.
pub(super) fn x_axis(scene: &PlotSpec) -> Axis {
    if let Some(names) = &scene.x.names {
        return Axis::names(names.clone());
    }
    let extent = scene.x.range.or_else(|| scene.x_extent()).unwrap_or((0.0, 1.0));
    if !scene.x.log {
        let Axis { low, high, .. } = Axis::linear(extent.0, extent.1);
        // Bins end at the frame; points and dots must not sit on it.
        let air = if scene.x.range.is_some() || scene.is_binned() { 0.0 } else { 0.04 * (high - low) };
        return match &scene.x.clock {
            Some(clock) => Axis::times(low - air, high + air, clock),
            None => Axis::linear(low - air, high + air),
        };
    }
    let low = if extent.0 > 0.0 { extent.0 } else { scene.x_positive().unwrap_or(extent.1 * 1e-3) };
    Axis::log(low, extent.1)
}

/// The y axis of a panel, before any legend asks for room.
pub(super) fn y_axis(panel: &Panel, x: &Axis) -> Axis {
    if let Some((low, high)) = panel.y.range {
        return axis(&panel.y, low, high);
    }
    let spans: Vec<_> = visible(panel, x).collect();
    let low = spans.iter().map(|s| s[2]).chain(panel.guides.iter().copied()).fold(f64::INFINITY, f64::min);
    let high = spans.iter().map(|s| s[3]).chain(panel.guides.iter().copied()).fold(f64::NEG_INFINITY, f64::max);
    if !(low.is_finite() && high.is_finite()) {
        return axis(&panel.y, if panel.y.log { 0.5 } else { 0.0 }, 1.0);
    }
    if panel.y.log {
        return log_axis(panel, x, high);
    }
    if panel.from_zero && low >= 0.0 {
        return Axis::linear(0.0, if high > 0.0 { high / (1.0 - AIR) } else { 1.0 });
    }
    let air = (high - low) * AIR;
    Axis::linear(low - air, high + air)
}

fn axis(wish: &AxisSpec, low: f64, high: f64) -> Axis {
    if wish.log { Axis::log(low, high) } else { Axis::linear(low, high) }
}

/// From half the smallest positive value upward, but not more than nine decades.
fn log_axis(panel: &Panel, x: &Axis, high: f64) -> Axis {
    let inside = |layer: &&super::model::Layer| !matches!(layer.mark, Mark::Band { .. });
    let values = panel.layers.iter().filter(inside).flat_map(|layer| {
        let spans = layer.mark.spans().into_iter().zip(layer.mark.values());
        spans.filter(|(span, _)| seen(x, span)).map(|(_, value)| value).collect::<Vec<_>>()
    });
    let least = values.filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
    let low = (if least.is_finite() { least * 0.5 } else { high * 1e-3 }).max(high * 1e-9);
    let high = if high > low { high } else { low * 10.0 };
    Axis::log(low, high * (high / low).powf(AIR / (1.0 - AIR)))
}

/// The stretches of a panel that the x axis shows.
fn visible<'a>(panel: &'a Panel, x: &'a Axis) -> impl Iterator<Item = [f64; 4]> + 'a {
    let spans = panel.layers.iter().flat_map(|layer| layer.mark.spans());
    spans.filter(|span| span[2].is_finite() && span[3].is_finite() && seen(x, span))
}

fn seen(x: &Axis, span: &[f64; 4]) -> bool {
    let (from, to) = (x.place(span[0]), x.place(span[1]));
    to >= -1e-9 && from <= 1.0 + 1e-9
}

/// A legend with a place, and the y axis that leaves room for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) columns: usize,
    pub(super) y: Axis,
}

/// Tries the corners and the middle, with one and two columns, and takes the place for which the axis must grow least.
/// `None` when there is no place inside the frame that leaves most of it to the data.
pub(super) fn place_legend(panel: &Panel, legend: &Legend, frame: Area, x: &Axis, y: &Axis) -> Option<Placed> {
    const MARGIN: f64 = 12.0;
    let mut best: Option<(f64, Placed)> = None;
    for columns in [1, 2, 3] {
        let (width, height) = legend.size(columns);
        if width > frame.width - 2.0 * MARGIN {
            continue;
        }
        let right = frame.right() - MARGIN - width;
        let middle = frame.left + (frame.width - width) / 2.0;
        for left in [right, frame.left + MARGIN, middle] {
            let free = 1.0 - (height + 2.0 * MARGIN) / frame.height;
            let span = (left - 8.0, left + width + 8.0);
            let below = !panel.from_zero && free_below(panel, x, y, span, frame) > height + 2.0 * MARGIN;
            let grown = grown(panel, x, y, span, frame, free);
            let above = |y: Axis| Placed { left, top: frame.top + MARGIN, columns, y };
            let under = || Placed { left, top: frame.bottom() - MARGIN - height, columns, y: y.clone() };
            let placed = match grown {
                Some(same) if same == *y || !below => above(same),
                _ if below => under(),
                _ => continue,
            };
            let cost = growth(y, &placed.y) + 0.02 * (columns - 1) as f64 + if left == middle { 0.05 } else { 0.0 };
            if best.as_ref().is_none_or(|(least, _)| cost < *least - 1e-9) {
                best = Some((cost, placed));
            }
        }
    }
    best.filter(|(cost, _)| *cost < 0.9).map(|(_, placed)| placed)
}

/// The y axis under which nothing between two pixels reaches above a share `free` of the frame.
fn grown(panel: &Panel, x: &Axis, y: &Axis, pixels: (f64, f64), frame: Area, free: f64) -> Option<Axis> {
    let place = |pixel: f64| (pixel - frame.left) / frame.width;
    let (from, to) = (place(pixels.0), place(pixels.1));
    let under = |span: &[f64; 4]| x.place(span[1]) >= from && x.place(span[0]) <= to;
    let tallest = visible(panel, x).filter(under).map(|span| span[3]).fold(f64::NEG_INFINITY, f64::max);
    let guide = panel.guides.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let reach = y.place(tallest.max(guide)).min(1.0);
    if reach.is_nan() || reach <= free {
        return Some(y.clone());
    }
    if panel.y.range.is_some() || free < 0.25 {
        return None;
    }
    let high = match y.scale {
        Scale::Log => y.low * (y.high / y.low).powf(reach / free),
        _ => y.low + (y.high - y.low) * reach / free,
    };
    high.is_finite().then_some(Axis { high, ..y.clone() })
}

/// Pixels between the lowest thing between two pixels and the foot of the frame.
fn free_below(panel: &Panel, x: &Axis, y: &Axis, pixels: (f64, f64), frame: Area) -> f64 {
    let place = |pixel: f64| (pixel - frame.left) / frame.width;
    let (from, to) = (place(pixels.0), place(pixels.1));
    let under = |span: &[f64; 4]| x.place(span[1]) >= from && x.place(span[0]) <= to;
    let lowest = visible(panel, x).filter(under).map(|span| span[2]).chain(panel.guides.iter().copied());
    y.place(lowest.fold(f64::INFINITY, f64::min)).clamp(0.0, 1.0) * frame.height
}

/// How much taller the axis has become, relative to before.
fn growth(before: &Axis, after: &Axis) -> f64 {
    match before.scale {
        Scale::Log => (after.high / after.low).ln() / (before.high / before.low).ln() - 1.0,
        _ => (after.high - after.low) / (before.high - before.low) - 1.0,
    }
}
