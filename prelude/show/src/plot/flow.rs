//! A cut flow as SVG: a row for each step, with its whole name, a bar, and what is left.

use super::canvas::Canvas;
use super::draw::{TICK_TEXT, header};
use super::model::PlotSpec;
use super::pen::{Anchor, Area, Pen, Script};
use crate::label::Label;
use crate::text::{number, one_line, percent, thousands};
use crate::theme::Theme;

/// What is left after a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) left: f64,
}

/// The height of a row.
pub(super) const ROW: f64 = 30.0;

/// Whole numbers with their thousands apart, weighted ones to six digits.
pub(super) fn rounded(left: f64) -> String {
    match left.fract() == 0.0 && (0.0..1e15).contains(&left) {
        true => thousands(left as u64),
        false => number(left, 6),
    }
}

/// The shares of the first step and of the step before, as `41.3 %`.
fn shares(steps: &[Step], at: usize) -> [String; 2] {
    let of = |whole: f64| if whole > 0.0 { percent(steps[at].left / whole) } else { "-".to_owned() };
    [of(steps[0].left), of(steps[at.saturating_sub(1)].left)]
}

pub(super) fn svg(scene: &PlotSpec, steps: &[Step], theme: &Theme) -> String {
    let top = if scene.header.is_empty() { 34.0 } else { 60.0 };
    let mut canvas = Canvas::new(scene.width, top + ROW * steps.len() as f64 + 16.0);
    let columns = columns(scene, steps);
    let frame = Area { left: 20.0, top: top - 24.0, width: scene.width - 40.0, height: ROW * steps.len() as f64 };
    header(&mut canvas, &scene.header, frame, 0.0, theme);
    let head = Script::new(TICK_TEXT, theme.soft);
    let [numbers, whole, before] = columns.ends;
    for (x, word) in
        [(numbers, scene.panels[0].y.label.plain()), (whole, "of all".into()), (before, "of before".into())]
    {
        canvas.text(x, top - 8.0, &Label::verbatim(&word), head.at(Anchor::End));
    }
    let most = steps.iter().map(|step| step.left).fold(0.0, f64::max);
    for (at, step) in steps.iter().enumerate() {
        let y = top + ROW * at as f64;
        let line = y + 0.5 * ROW + 4.5;
        let name = one_line(&step.name, (columns.bars / (0.62 * TICK_TEXT)) as usize);
        canvas.text(20.0, line, &Label::verbatim(&name), Script::new(TICK_TEXT, theme.ink));
        let share = if most > 0.0 && step.left > 0.0 { step.left / most } else { 0.0 };
        let bar = Area { left: columns.bars, top: y + 5.0, width: columns.room * share, height: ROW - 10.0 };
        canvas.rect(Area { width: columns.room, ..bar }, theme.background.toward(theme.grid, 0.5));
        canvas.rect(bar, theme.line(0));
        let [of_all, of_before] = shares(steps, at);
        for (x, words) in [(numbers, rounded(step.left)), (whole, of_all), (before, of_before)] {
            canvas.text(x, line, &Label::verbatim(&words), Script::new(TICK_TEXT, theme.ink).at(Anchor::End));
        }
    }
    let foot = top + ROW * steps.len() as f64 + 2.0;
    canvas.line((20.0, top), (scene.width - 20.0, top), Pen::new(theme.grid, 1.0));
    canvas.line((20.0, foot), (scene.width - 20.0, foot), Pen::new(theme.grid, 1.0));
    canvas.finish(&scene.title, &scene.summary, theme.background)
}

/// Where the bars begin, how long they may be, and where the three columns of numbers end.
struct Columns {
    bars: f64,
    room: f64,
    ends: [f64; 3],
}

fn columns(scene: &PlotSpec, steps: &[Step]) -> Columns {
    let width = |text: &str| Label::verbatim(text).width(false) * TICK_TEXT * 1.14;
    let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| width(&text)).fold(0.0, f64::max);
    let names = widest(&mut steps.iter().map(|step| step.name.clone())).min(0.5 * scene.width);
    let head = scene.panels[0].y.label.plain();
    let numbers = widest(&mut steps.iter().map(|step| rounded(step.left)).chain([head]));
    let right = scene.width - 20.0;
    let ends = [right - 2.0 * 80.0, right - 80.0, right];
    let bars = 20.0 + names + 16.0;
    Columns { bars, room: (ends[0] - numbers - 16.0 - bars).max(20.0), ends }
}
