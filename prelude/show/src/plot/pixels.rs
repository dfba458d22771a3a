//! A picture of pixels with its axes, such as a frame of a camera: column and row numbers, and what its colours mean.

use super::axis::{Axis, Ticks};
use super::canvas::Canvas;
use super::draw::{AXIS_TEXT, TICK_TEXT, x_labels, x_ticks};
use super::pen::{Anchor, Area, Pen, Script};
use crate::bundle::Bundle;
use crate::label::Label;
use crate::theme::{Color, DARK, LIGHT, Theme};
use base64::Engine;

/// The longer side of the pixels on the page.
const LONG_SIDE: f64 = 480.0;
/// Room for the numbers of rows and the name of the axis.
const LEFT: f64 = 64.0;
const TOP: f64 = 34.0;
const BELOW: f64 = 54.0;

/// A picture of `columns` x `rows` pixels, given as the bytes of a PNG file, with axes that count them from the upper left
/// corner; `colors` says what each colour means, `words` what the picture shows.
///
/// ```
/// # let mut hist = hist::Hist::new(hist::Axis::regular(4, 0.0, 4.0)?)?;
/// # hist.fill(&[0.5, 1.5])?;
/// # let png = show::raster::png(&show::histogram(&hist).svg(&show::theme::LIGHT)?, 1.0)?;
/// let bundle = show::pixels(&png, (640, 480), "one frame", &[("ON", [255, 176, 64]), ("OFF", [72, 160, 255])]);
/// assert!(bundle.get("image/svg+xml").unwrap().contains("column [pixel]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pixels(png: &[u8], (columns, rows): (usize, usize), words: &str, colors: &[(&str, [u8; 3])]) -> Bundle {
    let png = base64::engine::general_purpose::STANDARD.encode(png);
    let of = |theme: &Theme| svg(&png, (columns.max(1) as f64, rows.max(1) as f64), words, colors, theme);
    super::pictures(|| words.to_owned(), words, &of(&LIGHT), || Some(of(&DARK)))
}

fn svg(png: &str, (columns, rows): (f64, f64), words: &str, colors: &[(&str, [u8; 3])], theme: &Theme) -> String {
    let times = LONG_SIDE / columns.max(rows);
    let area = Area { left: LEFT, top: TOP, width: columns * times, height: rows * times };
    let mut canvas = Canvas::new(area.right() + 20.0, area.bottom() + BELOW);
    canvas.image(area, png);
    canvas.frame(area, Pen::new(theme.ink, 1.2));
    let (x, y) = (Axis::linear(0.0, columns), Axis::linear(0.0, rows));
    let across = x.ticks((area.width / 80.0) as usize);
    x_ticks(&mut canvas, area, &across, false, theme);
    x_labels(&mut canvas, area, &across, theme);
    downward(&mut canvas, area, &y.ticks((area.height / 70.0) as usize), theme);
    let script = Script::new(AXIS_TEXT, theme.ink).at(Anchor::End);
    canvas.text(area.right(), area.bottom() + 42.0, &Label::verbatim("column [pixel]"), script);
    canvas.text(20.0, area.top, &Label::verbatim("row [pixel]"), script.upward());
    legend(&mut canvas, area, colors, theme);
    canvas.finish(words, words, theme.background)
}

/// Ticks of the rows, which are counted from above.
fn downward(canvas: &mut Canvas, area: Area, ticks: &Ticks, theme: &Theme) {
    const LONG: f64 = 8.0;
    let mut lines = Vec::new();
    for (place, label) in &ticks.major {
        let y = area.top + place * area.height;
        lines.push(((area.left, y), (area.left + LONG, y)));
        lines.push(((area.right(), y), (area.right() - LONG, y)));
        let script = Script::new(TICK_TEXT, theme.ink).at(Anchor::End);
        canvas.text(area.left - 7.0, y + TICK_TEXT * 0.35, label, script);
    }
    canvas.strokes(&lines, Pen::new(theme.soft, 1.0));
}

fn legend(canvas: &mut Canvas, area: Area, colors: &[(&str, [u8; 3])], theme: &Theme) {
    let mut left = area.left;
    for (name, [red, green, blue]) in colors {
        let label = Label::verbatim(name);
        canvas.rect(Area { left, top: 12.0, width: 14.0, height: 12.0 }, Color(*red, *green, *blue));
        canvas.text(left + 19.0, 22.5, &label, Script::new(TICK_TEXT, theme.ink));
        left += 19.0 + label.width(false) * TICK_TEXT + 16.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_from_above_and_colours_are_named() {
        let svg = svg("", (640.0, 480.0), "a frame", &[("ON", [1, 2, 3])], &LIGHT);
        let at = |label: &str| -> f64 {
            let texts: Vec<&str> =
                svg.split("<text ").filter(|text| text.contains(&format!(">{label}</text>"))).collect();
            let end = texts.iter().find(|text| text.contains("text-anchor=\"end\"")).expect("a label of the rows");
            end.split(" y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        assert!(at("100") < at("400"), "{svg}");
        assert!(svg.contains("#010203") && svg.contains(">ON<") && svg.contains("row [pixel]"));
    }
}
