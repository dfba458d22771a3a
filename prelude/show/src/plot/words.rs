//! A scene in words: the same numbers as the picture, for terminals and for those who do not see it.

use super::axis::Axis;
use super::model::{Layer, Mark, Panel, PlotSpec, Point};
use crate::label::Label;
use crate::text::{bar, number, pad, thousands, width};

/// Bins that are listed one by one; more are joined, and the text says so.
const LINES: usize = 60;
const BAR: usize = 40;

pub(super) fn text(scene: &PlotSpec) -> String {
    let mut out = vec![];
    let head: Vec<&str> =
        [scene.title.as_str(), scene.summary.as_str()].into_iter().filter(|s| !s.is_empty()).collect();
    if !head.is_empty() {
        out.push(head.join(": "));
    }
    for panel in &scene.panels {
        let y = panel.y.title().plain();
        let listed = listed(panel).into_iter();
        let columns: Vec<Vec<Row>> = listed.clone().map(rows).collect();
        let names: Vec<String> = listed.map(|layer| Label::parse(&layer.name).plain()).collect();
        if columns.iter().all(Vec::is_empty) {
            continue;
        }
        let x = scene.x.title().plain();
        out.extend(if columns.len() == 1 {
            bars(scene, panel, &columns[0], (&x, &y))
        } else {
            side_by_side(scene, panel, &columns, &names, (&x, &y))
        });
    }
    out.join("\n")
}

/// The layers that are told: those with names, or else the one that knows the errors. Curves only when alone;
/// what they say of data is in the summary.
fn listed(panel: &Panel) -> Vec<&Layer> {
    let is_curve = |layer: &&Layer| matches!(layer.mark, Mark::Curve(_));
    let named: Vec<_> = panel.layers.iter().filter(|layer| !layer.name.is_empty() && !is_curve(layer)).collect();
    if !named.is_empty() {
        // A histogram under named data has no name of its own.
        let unnamed = panel.layers.iter().filter(|layer| matches!(layer.mark, Mark::Errors(_)));
        return unnamed.chain(named).collect();
    }
    let data = panel.layers.iter().rfind(|layer| !is_curve(layer) && !matches!(layer.mark, Mark::Band { .. }));
    data.or(panel.layers.first()).into_iter().collect()
}

/// A bin or a point: where, and what.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Row {
    from: f64,
    to: f64,
    value: f64,
    error: f64,
}

fn rows(layer: &Layer) -> Vec<Row> {
    match &layer.mark {
        Mark::Steps { edges, values, base, style } => {
            let filled = *style == super::model::StepStyle::Filled;
            let own = |value: &f64, base: &f64| if filled { value - base } else { *value };
            let cells = edges.windows(2).zip(values.iter().zip(base));
            cells
                .map(|(e, (value, base))| Row { from: e[0], to: e[1], value: own(value, base), error: f64::NAN })
                .collect()
        }
        Mark::Band { edges, low, high } => {
            let cells = edges.windows(2).zip(low.iter().zip(high));
            cells.map(|(e, (a, b))| Row { from: e[0], to: e[1], value: (a + b) / 2.0, error: (b - a) / 2.0 }).collect()
        }
        Mark::Points(points) | Mark::Errors(points) => points.iter().map(point).collect(),
        Mark::Curve(points) => {
            let few = points.iter().step_by(points.len().div_ceil(LINES / 3).max(1));
            few.map(|p| Row { from: p.0, to: p.0, value: p.1, error: f64::NAN }).collect()
        }
        Mark::Dots(points) => {
            points.iter().take(LINES).map(|p| Row { from: p.0, to: p.0, value: p.1, error: f64::NAN }).collect()
        }
    }
}

fn point(p: &Point) -> Row {
    Row { from: p.x - p.left, to: p.x + p.right, value: p.y, error: (p.down + p.up) / 2.0 }
}

/// One series: a line per bin with its bar.
fn bars(scene: &PlotSpec, panel: &Panel, rows: &[Row], (x, y): (&str, &str)) -> Vec<String> {
    let (rows, joined) = joined(rows, panel);
    let (low, high) = rows.iter().fold((0.0f64, 0.0f64), |(low, high), row| (low.min(row.value), high.max(row.value)));
    let log = panel.y.log && high > 0.0;
    let least = rows.iter().map(|row| row.value).filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min);
    let axis = if log { Axis::log(least / 2.0, high) } else { Axis::linear(low, high) };
    // Where all values are 0 there is no scale, and no bar.
    let share = |value: f64| match low < high && (log || value >= 0.0) {
        true => axis.place(value).max(0.0),
        false => 0.0,
    };
    let places: Vec<String> = rows.iter().map(|row| place(scene, row)).collect();
    let values: Vec<String> = rows.iter().map(value).collect();
    let left = places.iter().map(|s| width(s)).chain([width(x)]).max().unwrap_or(0);
    let right = values.iter().map(|s| width(s)).chain([width(y)]).max().unwrap_or(0);
    let mut out = vec![format!("{}  {}", pad(x, left, false), pad(y, right, true))];
    for ((row, place), value) in rows.iter().zip(&places).zip(&values) {
        let line = format!("{}  {}  {}", pad(place, left, false), pad(value, right, true), bar(share(row.value), BAR));
        out.push(line.trim_end().to_owned());
    }
    out.extend(note(joined));
    if let Some(Mark::Dots(dots)) = panel.layers.first().map(|layer| &layer.mark)
        && dots.len() > LINES
    {
        out.push(format!("{} more points", thousands((dots.len() - LINES) as u64)));
    }
    out
}

/// Several series: a column each.
fn side_by_side(
    scene: &PlotSpec,
    panel: &Panel,
    columns: &[Vec<Row>],
    names: &[String],
    (x, y): (&str, &str),
) -> Vec<String> {
    // Points without entries are not drawn, so some columns have gaps; the longest has all bins.
    let Some(most) = columns.iter().max_by_key(|rows| rows.len()) else { return Vec::new() };
    let found = |row: &Row| most.iter().any(|other| near(row, other));
    if !columns.iter().all(|rows| rows.iter().all(found)) {
        let each = columns.iter().zip(names);
        return each.flat_map(|(rows, name)| bars(scene, panel, rows, (x, &format!("{name} {y}")))).collect();
    }
    let complete = |rows: &Vec<Row>| -> Vec<Row> {
        let own = |bin: &Row| rows.iter().find(|row| near(row, bin)).copied();
        most.iter().map(|bin| own(bin).unwrap_or(Row { value: 0.0, error: f64::NAN, ..*bin })).collect()
    };
    let joined_columns: Vec<_> = columns.iter().map(|rows| joined(&complete(rows), panel)).collect();
    let mut table =
        crate::table::Table::new([x.to_owned()].into_iter().chain(names.iter().cloned())).row_heads().caption(y);
    for at in 0..joined_columns[0].0.len() {
        let first = crate::table::Cell::text(place(scene, &joined_columns[0].0[at]));
        let cells = joined_columns.iter().map(|(rows, _)| crate::table::Cell::Number(value(&rows[at])));
        table.push([first].into_iter().chain(cells));
    }
    let mut out: Vec<String> = table.to_text().lines().map(String::from).collect();
    out.extend(note(joined_columns[0].1));
    out
}

fn near(a: &Row, b: &Row) -> bool {
    let middle = |row: &Row| (row.from + row.to) / 2.0;
    (middle(a) - middle(b)).abs() <= 1e-9 * (1.0 + middle(a).abs())
}

/// Counts in at most [`LINES`] rows: neighbours are added up, their errors in quadrature.
/// Ratios and means cannot be added and are listed one by one.
fn joined(rows: &[Row], panel: &Panel) -> (Vec<Row>, usize) {
    let group = if panel.from_zero { rows.len().div_ceil(LINES).max(1) } else { 1 };
    let join = |rows: &[Row]| Row {
        from: rows[0].from,
        to: rows[rows.len() - 1].to,
        value: rows.iter().map(|row| row.value).sum(),
        error: rows.iter().map(|row| row.error.powi(2)).filter(|square| !square.is_nan()).sum::<f64>().sqrt(),
    };
    (rows.chunks(group).map(join).collect(), group)
}

fn note(group: usize) -> Option<String> {
    (group > 1).then(|| format!("{group} bins joined per line"))
}

fn place(scene: &PlotSpec, row: &Row) -> String {
    if let Some(names) = &scene.x.names {
        return names.get(row.from.max(0.0) as usize).map(Label::plain).unwrap_or_default();
    }
    let shown = |x: f64| scene.x.clock.as_ref().map_or_else(|| number(x, 6), |clock| clock.text(x));
    if row.from == row.to { shown(row.from) } else { format!("[{}, {})", shown(row.from), shown(row.to)) }
}

fn value(row: &Row) -> String {
    if row.error.is_nan() || row.error == 0.0 {
        let whole = row.value.fract() == 0.0 && (0.0..1e15).contains(&row.value);
        return if whole { thousands(row.value as u64) } else { number(row.value, 6) };
    }
    // Two digits of the error, and the value to the same place.
    let decimals = (1 - row.error.abs().log10().floor() as i32).clamp(0, 12) as usize;
    format!("{:.decimals$} ± {:.decimals$}", row.value, row.error)
}
