//! The sheet as what plotters draws on, so that drawings of the user's own take the same way to the page as our marks do:
//! the same fonts, whose widths are known, the same numbers, the same document.

use super::canvas::Canvas;
use super::pen::{Anchor, Area, Pen, Script};
use crate::font;
use crate::label::Label;
use crate::theme::Color;
use base64::Engine;
use plotters::prelude::DrawingBackend;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontStyle, FontTransform,
};
use std::convert::Infallible;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// plotters gives the height of a line as the size of a font; letters of that size are smaller.
const LINE: f64 = 1.24;
/// How far the base line is below a point that is the top of a text or its middle, and above one that is its bottom, in
/// sizes of the font.
const BELOW_TOP: f64 = 0.76;
const BELOW_MIDDLE: f64 = 0.26;
const ABOVE_BOTTOM: f64 = 0.26;

/// The page of a [`figure`](super::figure): what plotters draws on. Units are pixels, from the upper left corner.
///
/// ```
/// use plotters::coord::Shift;
/// use plotters::prelude::*;
/// fn box_on(page: &DrawingArea<show::Page<'_>, Shift>) -> Result<(), Box<dyn std::error::Error>> {
///     Ok(page.draw(&Rectangle::new([(20, 20), (180, 80)], BLUE.filled()))?)
/// }
/// let drawing = show::figure(200, 100, |page| box_on(&page))?;
/// assert!(drawing.svg().contains("M20 20h160v60h-160z"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Page<'a> {
    canvas: &'a mut Canvas,
}

impl<'a> Page<'a> {
    pub(super) fn new(canvas: &'a mut Canvas) -> Self {
        Self { canvas }
    }
}

fn color(color: BackendColor) -> Color {
    let (red, green, blue) = color.rgb;
    Color(red, green, blue)
}

fn pen(style: &impl BackendStyle) -> Pen {
    let paint = style.color();
    Pen { opacity: paint.alpha, ..Pen::new(color(paint), f64::from(style.stroke_width())) }
}

fn point((x, y): BackendCoord) -> (f64, f64) {
    (f64::from(x), f64::from(y))
}

/// The rectangle between two of its corners.
fn between(one: BackendCoord, other: BackendCoord) -> Area {
    let ((left, top), (right, bottom)) = (point(one), point(other));
    Area { left: left.min(right), top: top.min(bottom), width: (right - left).abs(), height: (bottom - top).abs() }
}

fn bold(style: &impl BackendTextStyle) -> bool {
    matches!(style.style(), FontStyle::Bold)
}

/// How a text is set, and where its base line begins.
fn placed(style: &impl BackendTextStyle, at: BackendCoord) -> (Script, (f64, f64)) {
    let size = style.size() / LINE;
    let anchor = match style.anchor().h_pos {
        HPos::Left => Anchor::Start,
        HPos::Center => Anchor::Middle,
        HPos::Right => Anchor::End,
    };
    let below = match style.anchor().v_pos {
        VPos::Top => BELOW_TOP * size,
        VPos::Center => BELOW_MIDDLE * size,
        VPos::Bottom => -ABOVE_BOTTOM * size,
    };
    let (x, y) = point(at);
    // The base line is moved along with the text that is turned.
    let (turn, at) = match style.transform() {
        FontTransform::None => (0, (x, y + below)),
        FontTransform::Rotate90 => (90, (x - below, y)),
        FontTransform::Rotate180 => (180, (x, y - below)),
        FontTransform::Rotate270 => (-90, (x + below, y)),
    };
    let slanted = matches!(style.style(), FontStyle::Italic | FontStyle::Oblique);
    let script = Script { bold: bold(style), slanted, ..Script::new(size, color(style.color())) };
    (script.at(anchor).turned(turn), at)
}

impl DrawingBackend for Page<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        let (width, height) = self.canvas.size();
        (width as u32, height as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, paint: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &paint, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        if style.color().alpha > 0.0 {
            self.canvas.line(point(from), point(to), pen(style));
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, one: BackendCoord, other: BackendCoord, style: &S, fill: bool) -> Drawn {
        let (area, paint) = (between(one, other), style.color());
        match fill {
            _ if paint.alpha <= 0.0 => {}
            false => self.canvas.frame(area, pen(style)),
            true if paint.alpha < 1.0 => self.canvas.veil(&[area], color(paint), paint.alpha),
            true => self.canvas.rects(&[(area, color(paint))]),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if style.color().alpha > 0.0 {
            self.canvas.polyline(&path.into_iter().map(point).collect::<Vec<_>>(), pen(style));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let (at, radius, paint) = (point(center), f64::from(radius), style.color());
        match fill {
            _ if paint.alpha <= 0.0 => {}
            true => self.canvas.dots(&[at], radius, color(paint), paint.alpha),
            false => self.canvas.ring(at, radius, pen(style)),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let paint = style.color();
        if paint.alpha > 0.0 {
            let corners: Vec<_> = corners.into_iter().map(point).collect();
            self.canvas.polygon(&corners, color(paint), paint.alpha);
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        if style.color().alpha > 0.0 {
            let (script, (x, y)) = placed(style, at);
            self.canvas.text(x, y, &Label::verbatim(text), script);
        }
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size() / LINE;
        Ok(((font::width(text, bold(style)) * size).ceil() as u32, size.ceil() as u32))
    }

    /// Pixels, three bytes each: red, green and blue.
    fn blit_bitmap(&mut self, at: BackendCoord, (width, height): (u32, u32), pixels: &[u8]) -> Drawn {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(pixels));
        // Pixels that do not fill the rectangle are no picture.
        if written.is_ok() {
            let area = between(at, (at.0 + width as i32, at.1 + height as i32));
            self.canvas.image(area, &base64::engine::general_purpose::STANDARD.encode(file));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::figure;
    use super::*;
    use crate::theme::LIGHT;
    use plotters::prelude::{
        BLACK, BLUE, Circle, Color as _, FontTransform, GREEN, IntoFont, IntoTextStyle, PathElement, Polygon, RED,
        Rectangle, ShapeStyle, Text,
    };
    use plotters_backend::text_anchor::Pos;

    #[test]
    fn every_call_of_plotters_draws_what_it_says() {
        let drawing = figure(100, 80, |page| {
            page.draw(&Circle::new((20, 20), 5, ShapeStyle::from(&RED).stroke_width(2)))?;
            page.draw(&Circle::new((40, 20), 5, RED.mix(0.5).filled()))?;
            page.draw(&PathElement::new([(1, 2), (3, 2), (3, 9)], BLUE.mix(0.25)))?;
            page.draw(&Rectangle::new([(50, 40), (30, 10)], GREEN.filled()))?;
            page.draw(&Polygon::new([(0, 0), (9, 0), (9, 9)], BLACK.mix(0.5)))?;
            page.draw_pixel((7, 8), &BLACK)?;
            let upward = ("sans-serif", 12.4).into_font().transform(FontTransform::Rotate270).color(&BLACK);
            page.draw(&Text::new("a < b", (60, 70), upward.pos(Pos::new(HPos::Center, VPos::Top))))?;
            Ok(())
        });
        let svg = drawing.unwrap().svg().to_owned();
        for expected in [
            "M15 20a5 5 0 1 0 10 0a5 5 0 1 0 -10 0\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"2\"",
            "M40 20h.01\" stroke-linecap=\"round\" stroke=\"#ff0000\" stroke-width=\"10\" stroke-opacity=\"0.5\"",
            "M1 2H3V9\" fill=\"none\" stroke-linejoin=\"round\" stroke=\"#0000ff\" stroke-width=\"1\" stroke-opacity=\"0.25\"",
            "M30 10h20v30h-20z\" fill=\"#00ff00\"",
            "M0 0H9V9Z\" fill=\"#000000\" fill-opacity=\"0.5\"",
            "M7 8h1v1h-1z\" fill=\"#000000\"",
            "x=\"67.6\" y=\"70\" font-size=\"10\" fill=\"#000000\" text-anchor=\"middle\" transform=\"rotate(-90 67.6 70)\">a &lt; b<",
        ] {
            assert!(svg.contains(expected), "{expected}\n{svg}");
        }
    }

    #[test]
    fn pixels_are_a_picture_when_they_fill_it() {
        let mut canvas = Canvas::new(10.0, 10.0);
        let drawn =
            |canvas: &mut Canvas, bytes: usize| Page::new(canvas).blit_bitmap((1, 2), (2, 1), &vec![255; bytes]);
        assert!(drawn(&mut canvas, 6).is_ok() && drawn(&mut canvas, 5).is_ok());
        let svg = canvas.finish("", "", LIGHT.background);
        assert_eq!(svg.matches("<image x=\"1\" y=\"2\" width=\"2\" height=\"1\"").count(), 1, "{svg}");
    }

    #[test]
    fn a_chart_leaves_room_for_the_widths_of_our_letters() {
        let mut room = (0, 0);
        let drawing = figure(200, 100, |page| {
            room = page.estimate_text_size("00", &("sans-serif", 31).into_text_style(&page))?;
            Ok(())
        });
        drawing.unwrap();
        // 25 pixels, and 1.1123 of them for two digits of Arial.
        assert_eq!(room, (28, 25));
    }
}
