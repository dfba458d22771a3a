//! Fits: the curve over the histogram, the parameters in the box, the result as a table.

use super::Plot;
use super::model::{Layer, Mark, Paint};
use crate::bundle::{Bundle, Display};
use crate::table::{Cell, Table};
use crate::text::number;
use hist::FitResult;

const POINTS: usize = 400;

impl Plot {
    /// The curve of a fit over its range, its parts as thin lines when there are several, and its parameters in the
    /// statistics box instead of mean and width. What is wrong with the fit is said in one line under the picture, and
    /// [`Plot::pull`] adds a panel with its pulls.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("mu1P"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// # use show::theme::LIGHT;
    /// let fit = hist.fit(hist::Constant)?;
    /// let svg = show::histogram(&hist).fit(&fit).svg(&LIGHT)?;
    /// assert!(svg.contains("constant"), "its parameter is in the box");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fit(mut self, fit: &FitResult) -> Self {
        if self.drawing.map.is_some() {
            return Self::impossible("a fit of one dimension cannot be drawn over a map");
        }
        // The curve counts entries per bin of the fit; the picture may have other bins.
        let factor = match self.drawing.reference.as_ref().map(|hist| hist.edges()) {
            Some(edges) if edges.len() > 1 => {
                let average = (edges[edges.len() - 1] - edges[0]) / (edges.len() - 1) as f64;
                average / fit.bin_width()
            }
            _ => 1.0,
        };
        let scaled = |points: Vec<(f64, f64)>| points.into_iter().map(|(x, y)| (x, factor * y)).collect();
        let components = fit.components(POINTS);
        let several = components.len() > 1;
        let layers = &mut self.drawing.scene.panels[0].layers;
        layers.push(Layer::new(fit.model(), Paint::Solid(1), Mark::Curve(scaled(fit.curve(POINTS)))));
        for (at, (name, points)) in components.into_iter().enumerate().filter(|_| several) {
            layers.push(Layer::new(name, Paint::Line(2 + at), Mark::Curve(scaled(points))));
        }
        self.drawing.scene.statistics.retain(|(name, _)| !name.starts_with("Mean") && !name.starts_with("Std dev"));
        let rounded = fit.rounded();
        self.drawing
            .scene
            .statistics
            .extend(rounded.iter().map(|(name, value, error)| (name.clone(), measured(value, error))));
        let words = rounded.iter().map(|(name, value, error)| format!("{name} {}", measured(value, error)));
        self.drawing.scene.summary += &format!("; {} fitted: {}", fit.model(), words.collect::<Vec<_>>().join(", "));
        self.drawing.scene.statistics.push((r"\chi^2 / ndf".into(), format!("{} / {}", number(fit.chi2, 4), fit.ndf)));
        self.drawing.fitted = Some(fit.fitted_bins());
        if let Some(warning) = fit.warning() {
            self.drawing.scene.notes.push(warning.clone());
            self.drawing.scene.summary += &format!("; {warning}");
        }
        self
    }
}

impl Display for FitResult {
    fn bundle(&self) -> Bundle {
        let mut table = Table::new(["parameter", "value", "error"]).row_heads().caption(self.model());
        for (name, value, error) in self.rounded() {
            let error = if error.is_empty() { Cell::text("fixed") } else { Cell::Number(error) };
            table.push([Cell::text(name), Cell::Number(value), error]);
        }
        let (chi2, p) = (number(self.chi2, 5), number(self.p_value, 3));
        let (low, high) = (number(self.range.0, 6), number(self.range.1, 6));
        table =
            table.note(format!("χ² / ndf = {chi2} / {}, p = {p}; {} bins from {low} to {high}", self.ndf, self.bins));
        if self.skipped > 0 {
            table = table.note(format!("{} bins without variance were left out", self.skipped));
        }
        if let Some(warning) = self.warning() {
            table = table.note(warning);
        }
        table.bundle()
    }
}

/// A value and its error, both rounded; a fixed value has none.
fn measured(value: &str, error: &str) -> String {
    match error {
        "" => format!("{value} (fixed)"),
        "NaN" => format!("{value} ± ?"),
        _ => format!("{value} ± {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn a_value_has_its_error_or_a_word_instead() {
        assert_eq!(measured("90.826", "0.031"), "90.826 ± 0.031");
        assert_eq!(measured("1", "NaN"), "1 ± ?");
        assert_eq!(measured("2.1", ""), "2.1 (fixed)");
    }
}
