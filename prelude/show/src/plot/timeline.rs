//! Which thread did what when.

use super::axis::Axis;
use super::canvas::Canvas;
use super::draw::{AXIS_TEXT, TICK_TEXT, x_labels, x_ticks};
use super::pen::{Anchor, Area, Pen, Script};
use crate::label::Label;
use crate::report::Span;
use crate::theme::{DARK, LIGHT, Theme};

const WIDTH: f64 = 720.0;
const LANE: f64 = 24.0;
const LEFT: f64 = 84.0;
/// More spans than this are thinned out: the longest stay.
const MOST: usize = 1500;

/// HTML with the timeline of some spans, for light and dark pages.
pub(crate) fn timeline(spans: &[Span], seconds: f64) -> String {
    let mut longest: Vec<&Span> =
        spans.iter().filter(|span| span.start.is_finite() && span.seconds.is_finite()).collect();
    longest.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    longest.truncate(MOST);
    let title = format!("timeline of {} pieces of work", spans.len());
    super::images(&title, &svg(&longest, seconds, &title, &LIGHT), &svg(&longest, seconds, &title, &DARK))
}

fn svg(spans: &[&Span], seconds: f64, title: &str, theme: &Theme) -> String {
    let lanes = spans.iter().map(|span| span.thread + 1).max().unwrap_or(1).min(64);
    let mut names: Vec<&str> = spans.iter().map(|span| span.operation.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let area = Area { left: LEFT, top: 34.0, width: WIDTH - LEFT - 20.0, height: lanes as f64 * LANE + 6.0 };
    let mut canvas = Canvas::new(WIDTH, area.bottom() + 54.0);
    let end = spans.iter().map(|span| span.start + span.seconds).fold(seconds, f64::max);
    let (scale, unit) = if end < 1e-3 {
        (1e6, "µs")
    } else if end < 1.0 {
        (1e3, "ms")
    } else {
        (1.0, "s")
    };
    let x = Axis::linear(0.0, (end * scale).max(1e-9));
    let mut pieces = Vec::with_capacity(spans.len());
    for span in spans.iter().filter(|span| span.thread < lanes) {
        let place = |time: f64| area.left + x.place(time * scale).clamp(0.0, 1.0) * area.width;
        let (left, right) = (place(span.start), place(span.start + span.seconds));
        let color = names.iter().position(|name| *name == span.operation).unwrap_or(0);
        let top = area.top + 5.0 + span.thread as f64 * LANE;
        pieces.push((Area { left, top, width: (right - left).max(0.5), height: LANE - 6.0 }, theme.fill(color)));
    }
    canvas.rects(&pieces);
    for lane in 0..lanes {
        let y = area.top + (lane as f64 + 0.5) * LANE + 8.0;
        let script = Script::new(TICK_TEXT, theme.ink).at(Anchor::End);
        canvas.text(area.left - 8.0, y, &Label::verbatim(&format!("thread {lane}")), script);
    }
    canvas.frame(area, Pen::new(theme.ink, 1.2));
    let ticks = x.ticks(7);
    x_ticks(&mut canvas, area, &ticks, false, theme);
    x_labels(&mut canvas, area, &ticks, theme);
    let script = Script::new(AXIS_TEXT, theme.ink).at(Anchor::End);
    canvas.text(area.right(), area.bottom() + 42.0, &Label::verbatim(&format!("time [{unit}]")), script);
    legend(&mut canvas, &names, area, theme);
    canvas.finish(title, &names.join(", "), theme.background)
}

fn legend(canvas: &mut Canvas, names: &[&str], area: Area, theme: &Theme) {
    let mut left = area.left;
    for (at, name) in names.iter().enumerate().take(8) {
        let label = Label::verbatim(&crate::text::one_line(name, 18));
        canvas.rect(Area { left, top: area.top - 20.0, width: 14.0, height: 12.0 }, theme.fill(at));
        canvas.text(left + 19.0, area.top - 9.5, &label, Script::new(TICK_TEXT, theme.ink));
        left += 19.0 + label.width(false) * TICK_TEXT + 16.0;
    }
}
