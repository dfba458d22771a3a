//! Drawings of the user's own, made with plotters and shown in the theme of the page.
//!
//! plotters draws once, in the colours that the user names, on the sheet that our marks are drawn on. For a dark page the
//! finished document is coloured anew: greys run from the theme's ink to its background, as black on white did, and a colour that would not be
//! seen on the dark page is lightened.

use super::backend::Page;
use super::canvas::Canvas;
use super::pictures;
use crate::bundle::{Bundle, Display};
use crate::raster;
use crate::theme::{Color, DARK};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea};
use std::error::Error;

/// Contrast with the page that a line keeps (WCAG 2.1, graphical objects).
const CONTRAST: f64 = 3.0;

/// Paper of a light page.
const PAPER: Color = Color(255, 255, 255);

/// A drawing made with plotters. Displays like any plot of ours, light or dark as the page is.
///
/// ```
/// # use plotters::prelude::*;
/// # let drawing = show::figure(200, 100, |page| {
/// #     page.draw(&Rectangle::new([(20, 20), (180, 80)], BLUE.filled()))?;
/// #     Ok(())
/// # })?;
/// let drawing: show::Figure = drawing;
/// assert!(drawing.svg().contains("<rect"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    /// What is written on it.
    words: String,
}

/// A drawing of your own with the plotters crate, on a page of so many pixels; white, and dark where the front end is.
///
/// ```
/// use plotters::prelude::*;
/// use show::Display;
/// let drawing = show::figure(200, 100, |page| {
///     page.draw(&Rectangle::new([(20, 20), (180, 80)], BLUE.filled()))?;
///     Ok(())
/// })?;
/// assert!(drawing.bundle().get("image/svg+xml").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What plotters reports, or what `draw` returns.
pub fn figure<F>(width: u32, height: u32, draw: F) -> Result<Figure, Box<dyn Error>>
where
    F: FnOnce(DrawingArea<Page<'_>, Shift>) -> Result<(), Box<dyn Error>>,
{
    let mut canvas = Canvas::new(f64::from(width), f64::from(height));
    draw(Page::new(&mut canvas).into_drawing_area())?;
    let words = canvas.words();
    let words = if words.trim().is_empty() { "[drawing]".to_owned() } else { words };
    Ok(Figure { svg: canvas.finish("drawing", &words, PAPER), words })
}

impl Figure {
    /// The SVG document.
    ///
    /// ```
    /// # use plotters::prelude::*;
    /// # let drawing = show::figure(200, 100, |page| {
    /// #     page.draw(&Rectangle::new([(20, 20), (180, 80)], BLUE.filled()))?;
    /// #     Ok(())
    /// # })?;
    /// assert!(drawing.svg().starts_with("<svg"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Writes the drawing as the ending of the file's name says: `.svg`, `.png`, `.pdf`.
    ///
    /// # Errors
    /// When the ending is another one, or the file cannot be written.
    ///
    /// ```
    /// # use plotters::prelude::*;
    /// # let drawing = show::figure(200, 100, |page| {
    /// #     page.draw(&Rectangle::new([(20, 20), (180, 80)], BLUE.filled()))?;
    /// #     Ok(())
    /// # })?;
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// drawing.save(folder.join("drawing.png"))?;
    /// assert!(std::fs::read(folder.join("drawing.png"))?.starts_with(b"\x89PNG"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), raster::Error> {
        raster::save(&self.svg, path.as_ref())
    }
}

impl Display for Figure {
    fn bundle(&self) -> Bundle {
        pictures(|| self.words.clone(), &self.words, &self.svg, || Some(dark(&self.svg)))
    }
}

/// The document with the colours of a dark page.
fn dark(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find("=\"#") {
        let (before, color) = rest.split_at(at + 2);
        out.push_str(before);
        match color.get(..7).and_then(Color::parse) {
            Some(known) if color[7..].starts_with('"') => {
                out.push_str(&on_dark(known).hex());
                rest = &color[7..];
            }
            _ => rest = color,
        }
    }
    out + rest
}

fn on_dark(color: Color) -> Color {
    let Color(red, green, blue) = color;
    if red == green && green == blue {
        return DARK.ink.toward(DARK.background, f64::from(red) / 255.0);
    }
    let lighter = (0..=10).map(|step| color.toward(DARK.ink, f64::from(step) / 10.0));
    lighter.into_iter().find(|color| color.contrast(DARK.background) >= CONTRAST).unwrap_or(DARK.ink)
}

#[cfg(test)]
mod tests {
    use super::*;
    // Plotters has a trait of this name.
    use crate::theme::Color;
    use plotters::prelude::*;
    use plotters::style::Color as _;

    #[test]
    fn plotters_draws_on_our_page() {
        let drawing = figure(200, 100, |root| {
            let mut chart = ChartBuilder::on(&root).margin(5).build_cartesian_2d(0f64..1f64, 0f64..1f64)?;
            chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], &BLUE))?;
            Ok(())
        });
        let bundle = drawing.unwrap().bundle();
        assert!(bundle.get("text/html").unwrap().contains("recoil-dark"));
        assert!(bundle.get("image/svg+xml").unwrap().contains("stroke-linejoin") && bundle.get("image/png").is_some());
    }

    #[test]
    fn a_dark_page_has_dark_paper_and_light_ink() {
        let svg = figure(40, 30, |root| {
            root.draw(&Rectangle::new([(5, 5), (20, 20)], BLACK.filled()))?;
            root.draw(&Rectangle::new([(5, 5), (20, 20)], BLUE.filled()))?;
            Ok(root.draw(&Text::new("#000000 =\"#", (1, 1), ("sans-serif", 8)))?)
        })
        .unwrap()
        .svg;
        let dark = dark(&svg);
        assert!(dark.contains(&DARK.background.hex()) && dark.contains(&DARK.ink.hex()), "{dark}");
        assert!(!dark.contains("#0000ff") && dark.contains("#000000 ="), "{dark}");
        for (r, g, b) in [(0, 0, 255), (139, 0, 0), (0, 0, 0), (10, 20, 10)] {
            assert!(on_dark(Color(r, g, b)).contrast(DARK.background) >= CONTRAST);
        }
        assert_eq!(on_dark(Color(255, 200, 0)), Color(255, 200, 0));
    }
}
