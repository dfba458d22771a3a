//! Legend and statistics box, as one block.

use super::canvas::Canvas;
use super::model::{Layer, Mark, PlotSpec, StepStyle};
use super::pen::{Anchor, Area, Pen, Script};
use crate::label::Label;
use crate::theme::{DASHES, Theme};

const SIZE: f64 = 13.0;
const ROW: f64 = 20.0;
const SWATCH: f64 = 26.0;
const GAP: f64 = 18.0;
/// Fonts that stand in for ours where it is not installed are up to so much wider.
const WIDER: f64 = 1.14;

/// The entries in the order in which they are listed, and the lines of the statistics box.
pub(super) struct Legend<'a> {
    entries: Vec<(&'a Layer, Label)>,
    statistics: Vec<(Label, Label)>,
}

impl<'a> Legend<'a> {
    pub(super) fn of(scene: &'a PlotSpec) -> Option<Self> {
        let layers = scene.panels.first()?.layers.iter().filter(|layer| !layer.name.is_empty());
        let mut entries: Vec<_> = layers.map(|layer| (layer, Label::parse(&layer.name))).collect();
        // Points first and a stack from its top, as the eye meets them.
        let rank = |layer: &Layer| match &layer.mark {
            Mark::Points(_) => 0,
            Mark::Curve(_) => 1,
            Mark::Steps { style: StepStyle::Filled, .. } => 3,
            Mark::Band { .. } => 4,
            _ => 2,
        };
        if entries.iter().any(|(layer, _)| rank(layer) == 3) {
            entries.reverse();
        }
        entries.sort_by_key(|(layer, _)| rank(layer));
        if !scene.legend || entries.len() + scene.statistics.len() == 0 {
            return None;
        }
        let line = |(name, value): &(String, String)| (Label::parse(name), Label::parse(value));
        Some(Self { entries, statistics: scene.statistics.iter().map(line).collect() })
    }

    /// Width and height in pixels with the entries in so many columns.
    pub(super) fn size(&self, columns: usize) -> (f64, f64) {
        let entries = self.column_widths(columns).iter().sum::<f64>() + GAP * (columns.max(1) - 1) as f64;
        let rows = self.entries.len().div_ceil(columns) + self.statistics.len();
        let between = if self.entries.is_empty() || self.statistics.is_empty() { 0.0 } else { 6.0 };
        (entries.max(self.statistics_width()), rows as f64 * ROW + between)
    }

    fn column_widths(&self, columns: usize) -> Vec<f64> {
        let rows = self.entries.len().div_ceil(columns).max(1);
        let width = |label: &Label| SWATCH + 8.0 + label.width(false) * SIZE * WIDER;
        self.entries.chunks(rows).map(|chunk| chunk.iter().map(|(_, label)| width(label)).fold(0.0, f64::max)).collect()
    }

    fn statistics_width(&self) -> f64 {
        let widest = |side: fn(&(Label, Label)) -> &Label| {
            self.statistics.iter().map(|line| side(line).width(false) * SIZE * WIDER).fold(0.0, f64::max)
        };
        if self.statistics.is_empty() { 0.0 } else { widest(|line| &line.0) + widest(|line| &line.1) + 16.0 }
    }

    /// Draws the block from its upper left corner. Text that would stand on the right edge of the block ends there.
    pub(super) fn draw(&self, canvas: &mut Canvas, left: f64, top: f64, columns: usize, theme: &Theme) {
        let rows = self.entries.len().div_ceil(columns).max(1);
        let mut x = left;
        for (chunk, width) in self.entries.chunks(rows).zip(self.column_widths(columns)) {
            for (row, (layer, label)) in chunk.iter().enumerate() {
                let y = top + row as f64 * ROW;
                swatch(canvas, layer, Area { left: x, top: y + 3.0, width: SWATCH, height: ROW - 7.0 }, theme);
                canvas.text(x + SWATCH + 8.0, y + 14.0, label, Script::new(SIZE, theme.ink));
            }
            x += width + GAP;
        }
        let (width, height) = self.size(columns);
        let start = top + height - self.statistics.len() as f64 * ROW;
        let right = left + width;
        for (row, (name, value)) in self.statistics.iter().enumerate() {
            let y = start + row as f64 * ROW + 14.0;
            canvas.text(right - self.statistics_width(), y, name, Script::new(SIZE, theme.soft));
            canvas.text(right, y, value, Script::new(SIZE, theme.ink).at(Anchor::End));
        }
    }
}

fn swatch(canvas: &mut Canvas, layer: &Layer, area: Area, theme: &Theme) {
    let color = layer.paint.color(theme);
    let middle = area.top + area.height / 2.0;
    let (from, to) = ((area.left, middle), (area.right(), middle));
    let pen = Pen::new(color, 2.0).dashed(DASHES[layer.paint.place() % DASHES.len()]);
    match &layer.mark {
        Mark::Steps { style: StepStyle::Filled, .. } => canvas.rect(area, color),
        Mark::Steps { style: StepStyle::Tinted, .. } => {
            canvas.veil(&[area], color, 0.22);
            canvas.frame(area, Pen::new(color, 1.6));
        }
        Mark::Steps { style: StepStyle::Outline, .. } | Mark::Curve(_) => canvas.line(from, to, pen),
        Mark::Band { .. } => super::canvas::hatch(canvas, &[area], color),
        Mark::Points(_) | Mark::Errors(_) => {
            let x = area.left + area.width / 2.0;
            canvas.line((x, area.top - 1.0), (x, area.bottom() + 1.0), Pen::new(color, 1.4));
            canvas.dots(&[(x, middle)], 3.6, color, 1.0);
        }
        Mark::Dots(_) => canvas.dots(&[(area.left + area.width / 2.0, middle)], 3.0, color, 1.0),
    }
}
