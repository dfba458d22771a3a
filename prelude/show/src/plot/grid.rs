//! Several plots as one picture, in rows.

use super::names::Part;
use super::{Plot, pictures, size};
use crate::bundle::{Bundle, Display};
use crate::font;
use crate::raster;
use crate::text::escape;
use crate::theme::{DARK, LIGHT, Theme};
use std::fmt::Write;

/// Pixels between two plots.
const GAP: u32 = 8;

/// Plots side by side, as one picture to look at and to save.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
/// # h.fill(&[0.5, 1.5, 1.7])?;
/// let four = show::grid([show::histogram(&h), show::histogram(&h).log_y(), show::histogram(&h), show::histogram(&h)]);
/// assert!(four.svg(&show::theme::LIGHT)?.matches("<svg").count() >= 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    plots: Vec<Plot>,
    columns: usize,
}

/// What can stand in a [`grid`]: a plot, or what has one.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
/// use show::IntoPlot;
/// let plots = [(&h).into_plot(), show::histogram(&h).log_y()];
/// assert!(show::Display::bundle(&show::grid(plots)).get("image/png").is_some());
/// # Ok::<(), hist::Error>(())
/// ```
pub trait IntoPlot {
    /// The plot.
    fn into_plot(self) -> Plot;
}

impl IntoPlot for Plot {
    fn into_plot(self) -> Plot {
        self
    }
}

impl IntoPlot for &Plot {
    fn into_plot(self) -> Plot {
        self.clone()
    }
}

impl<P: Part> IntoPlot for P {
    fn into_plot(self) -> Plot {
        self.plot()
    }
}

/// Several plots or histograms as one picture, about as many in a row as there are rows; `.columns(3)` says how many.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
/// let picture = show::grid([show::histogram(&h), show::histogram(&h).log_y()]);
/// assert!(show::Display::bundle(&picture).get("image/svg+xml").is_some());
/// # Ok::<(), hist::Error>(())
/// ```
pub fn grid(plots: impl IntoIterator<Item = impl IntoPlot>) -> Grid {
    let plots: Vec<Plot> = plots.into_iter().map(IntoPlot::into_plot).collect();
    let columns = (plots.len() as f64).sqrt().ceil() as usize;
    Grid { plots, columns: columns.max(1) }
}

impl Grid {
    /// So many plots in a row, at least one.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// let in_a_row = show::grid([&h, &h, &h]).columns(3);
    /// assert!(show::Display::bundle(&in_a_row).get("image/png").is_some());
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn columns(self, columns: usize) -> Self {
        Self { columns: columns.max(1), ..self }
    }

    /// The SVG document in the colours of a theme.
    ///
    /// # Errors
    /// With the reason why one of the plots cannot be drawn, or that there is none.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// let svg = show::grid([&h, &h]).svg(&show::theme::DARK)?;
    /// assert!(svg.starts_with("<svg"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn svg(&self, theme: &Theme) -> Result<String, raster::Error> {
        if self.plots.is_empty() {
            return Err(raster::Error::Svg("a grid needs at least one plot".into()));
        }
        let parts = self.plots.iter().map(|plot| plot.svg(theme)).collect::<Result<Vec<_>, _>>()?;
        let mut body = String::new();
        let (mut width, mut top) = (0, 0);
        for row in parts.chunks(self.columns) {
            let (mut left, mut height) = (0, 0);
            for part in row {
                let (w, h) = size(part);
                let inner = part.replacen("<svg ", &format!("<svg x=\"{left}\" y=\"{top}\" "), 1);
                body.push_str(&inner);
                (left, height) = (left + w + GAP, height.max(h));
            }
            (width, top) = (width.max(left - GAP), top + height + GAP);
        }
        let height = top - GAP;
        let mut out = String::with_capacity(body.len() + 400);
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" font-family=\"{}\"><title>{}</title><rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>{body}</svg>",
            font::FAMILY,
            escape(&self.spoken()),
            theme.background.hex()
        );
        Ok(out)
    }

    /// Writes the picture as the ending of the file's name says: `.svg`, `.png`, `.pdf`.
    ///
    /// # Errors
    /// See [`Plot::save`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let h = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// let file = std::env::temp_dir().join(format!("recoil-example-{}-grid.pdf", std::process::id()));
    /// show::grid([&h, &h]).save(&file)?;
    /// # std::fs::remove_file(file)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), raster::Error> {
        raster::save(&self.svg(&LIGHT)?, path.as_ref())
    }

    fn spoken(&self) -> String {
        self.plots.iter().map(Plot::spoken).collect::<Vec<_>>().join("; ")
    }
}

impl Display for Grid {
    fn bundle(&self) -> Bundle {
        let words = || self.plots.iter().map(Plot::text).collect::<Vec<_>>().join("\n\n");
        match self.svg(&LIGHT) {
            Ok(light) => pictures(words, &self.spoken(), &light, || self.svg(&DARK).ok()),
            Err(why) => Bundle::refused(why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hist::{Axis, Hist};

    fn hist() -> Hist {
        let mut hist = Hist::new(Axis::regular(3, 0.0, 3.0).unwrap().named("p")).unwrap();
        hist.fill(&[0.5, 1.5, 1.7]).unwrap();
        hist
    }

    #[test]
    fn plots_stand_in_rows() {
        let plot = super::super::histogram(hist());
        let (width, height) = size(&plot.svg(&LIGHT).unwrap());
        let three = grid([&plot, &plot, &plot]);
        let svg = three.svg(&LIGHT).unwrap();
        assert_eq!(size(&svg), (2 * width + GAP, 2 * height + GAP));
        assert!(svg.contains(&format!("<svg x=\"{}\" y=\"0\" ", width + GAP)));
        assert!(svg.contains(&format!("<svg x=\"0\" y=\"{}\" ", height + GAP)));
        assert_eq!(size(&three.columns(3).svg(&LIGHT).unwrap()), (3 * width + 2 * GAP, height));
        let bundle = grid([hist(), hist()]).bundle();
        assert!(bundle.get("image/png").is_some() && bundle.get("text/html").unwrap().contains("recoil-dark"));
        assert!(bundle.plain().matches("[1, 2)").count() >= 2, "{}", bundle.plain());
    }

    #[test]
    fn a_grid_with_a_plot_that_cannot_be_drawn_says_why() {
        let wrong = grid([super::super::histogram(hist()).ratio()]);
        assert!(wrong.bundle().plain().contains("needs data"));
        assert!(grid(Vec::<Plot>::new()).bundle().plain().contains("at least one"));
    }
}
