use crate::wrap::Svg;
use crate::{Bundle, Display, raster};
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend, WHITE};
use std::error::Error;

/// A drawing made with plotters. Displays like any plot of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    svg: String,
}

/// A drawing of your own with the plotters crate, on a white page of so many pixels.
///
/// # Errors
/// What plotters reports, or what `draw` returns.
pub fn figure<F>(width: u32, height: u32, draw: F) -> Result<Figure, Box<dyn Error>>
where
    F: FnOnce(DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), Box<dyn Error>>,
{
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
    area.fill(&WHITE)?;
    draw(area)?;
    Ok(Figure { svg })
}

impl Figure {
    /// The SVG document.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Writes the drawing as the ending of the file's name says: `.svg`, `.png`, `.pdf`.
    ///
    /// # Errors
    /// When the ending is another one, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), raster::Error> {
        raster::save(&self.svg, path.as_ref())
    }
}

impl Display for Figure {
    fn bundle(&self) -> Bundle {
        Svg(&self.svg).bundle()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::prelude::*;

    #[test]
    fn plotters_draws_on_our_page() {
        let drawing = figure(200, 100, |root| {
            let mut chart = ChartBuilder::on(&root).margin(5).build_cartesian_2d(0f64..1f64, 0f64..1f64)?;
            chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], &BLUE))?;
            Ok(())
        });
        let bundle = drawing.unwrap().bundle();
        assert!(bundle.get("image/svg+xml").unwrap().contains("<polyline") && bundle.get("image/png").is_some());
    }
}
