//! Fits: the curve over the histogram, the parameters in the box, the result as a table.

use super::Plot;
use super::model::{Layer, Mark, Paint};
use crate::text::number;
use crate::{Bundle, Cell, Display, Table};
use hist::FitResult;

const POINTS: usize = 400;

impl Plot {
    /// The curve of a fit over its range, its parts as thin lines when there are several, and its parameters in the
    /// statistics box instead of mean and width.
    #[must_use]
    pub fn fit(mut self, fit: &FitResult) -> Self {
        if self.map.is_some() {
            return Self::impossible("a fit of one dimension cannot be drawn over a map");
        }
        let components = fit.components(POINTS);
        let several = components.len() > 1;
        let layers = &mut self.scene.panels[0].layers;
        layers.push(Layer::new(fit.model(), Paint::Solid(1), Mark::Curve(fit.curve(POINTS))));
        for (at, (name, points)) in components.into_iter().enumerate().filter(|_| several) {
            layers.push(Layer::new(name, Paint::Line(2 + at), Mark::Curve(points)));
        }
        self.scene.statistics.retain(|(name, _)| !name.starts_with("Mean") && !name.starts_with("Std dev"));
        for parameter in &fit.parameters {
            let value =
                if parameter.fixed { number(parameter.value, 5) } else { measured(parameter.value, parameter.error) };
            self.scene.statistics.push((parameter.name.clone(), value));
        }
        let words = fit.parameters.iter().map(|p| format!("{} {}", p.name, measured(p.value, p.error)));
        self.scene.summary += &format!("; {} fitted: {}", fit.model(), words.collect::<Vec<_>>().join(", "));
        self.scene.statistics.push((r"\chi^2 / ndf".into(), format!("{} / {}", number(fit.chi2, 4), fit.ndf)));
        self
    }
}

impl Display for FitResult {
    fn bundle(&self) -> Bundle {
        let mut table = Table::new(["parameter", "value", "error"]).row_heads().caption(self.model());
        for parameter in &self.parameters {
            let error = if parameter.fixed { Cell::text("fixed") } else { Cell::number(parameter.error) };
            table.push([Cell::text(&parameter.name), Cell::number(parameter.value), error]);
        }
        let (chi2, p) = (number(self.chi2, 5), number(self.p_value, 3));
        let (low, high) = (number(self.range.0, 6), number(self.range.1, 6));
        table =
            table.note(format!("χ² / ndf = {chi2} / {}, p = {p}; {} bins from {low} to {high}", self.ndf, self.bins));
        if self.skipped > 0 {
            table = table.note(format!("{} bins without variance were left out", self.skipped));
        }
        if !self.errors_reliable {
            table = table.note("the minimum is not a good one: look at the curve before you use the errors");
        }
        table.bundle()
    }
}

/// A value and its error, with two digits of the error.
pub(super) fn measured(value: f64, error: f64) -> String {
    if !error.is_finite() || error <= 0.0 {
        return format!("{} ± ?", number(value, 5));
    }
    let decimals = 1 - error.log10().floor() as i32;
    match decimals {
        0..=9 => format!("{value:.places$} ± {error:.places$}", places = decimals as usize),
        _ => format!("{} ± {}", number(value, 6), number(error, 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn errors_have_two_digits_and_values_as_many_places() {
        assert_eq!(measured(90.8264, 0.0312), "90.826 ± 0.031");
        assert_eq!(measured(1234.56, 35.2), "1235 ± 35");
        assert_eq!(measured(1.0, f64::NAN), "1 ± ?");
    }
}
