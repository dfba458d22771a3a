//! Limits of parameters: an inner coordinate without limits, and the value that belongs to it.

/// Between which values a parameter lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bounds {
    Free,
    Above(f64),
    Below(f64),
    Between(f64, f64),
}

impl Bounds {
    pub(crate) fn new(lower: f64, upper: f64) -> Self {
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) => Self::Between(lower, upper),
            (true, false) => Self::Above(lower),
            (false, true) => Self::Below(upper),
            (false, false) => Self::Free,
        }
    }

    /// The value of an inner coordinate. Far from limits, a step of 1 is about `scale`.
    pub(crate) fn outer(self, inner: f64, scale: f64) -> f64 {
        match self {
            Self::Free => inner * scale,
            Self::Above(lower) => lower + scale * (inner.hypot(1.0) - 1.0),
            Self::Below(upper) => upper - scale * (inner.hypot(1.0) - 1.0),
            Self::Between(lower, upper) => {
                lower + (upper - lower) * 0.5 * (1.0 + (inner * scale / (upper - lower)).sin())
            }
        }
    }

    /// The inner coordinate of a value; one at a limit or beyond it moves a little inside, where it can still be moved.
    pub(crate) fn inner(self, value: f64, scale: f64) -> f64 {
        let above = |distance: f64| ((distance / scale).max(1e-3) + 1.0).powi(2) - 1.0;
        match self {
            Self::Free => value / scale,
            Self::Above(lower) => above(value - lower).sqrt(),
            Self::Below(upper) => above(upper - value).sqrt(),
            Self::Between(lower, upper) => {
                let share = ((value - lower) / (upper - lower)).clamp(1e-3, 1.0 - 1e-3);
                (2.0 * share - 1.0).asin() * (upper - lower) / scale
            }
        }
    }

    /// The change of the value with the inner coordinate.
    pub(crate) fn slope(self, inner: f64, scale: f64) -> f64 {
        match self {
            Self::Free => scale,
            Self::Above(_) => scale * inner / inner.hypot(1.0),
            Self::Below(_) => -scale * inner / inner.hypot(1.0),
            Self::Between(lower, upper) => 0.5 * scale * (inner * scale / (upper - lower)).cos(),
        }
    }

    /// The limit at which a value lies, if it lies at one: within a thousandth of what matters.
    pub(crate) fn touched(self, value: f64, matters: f64) -> Option<f64> {
        let little = |width: f64| (1e-3 * matters).min(1e-3 * width);
        match self {
            Self::Free => None,
            Self::Above(limit) | Self::Below(limit) => ((value - limit).abs() <= 1e-3 * matters).then_some(limit),
            Self::Between(lower, upper) => {
                let little = little(upper - lower);
                [lower, upper].into_iter().find(|limit| (value - limit).abs() <= little)
            }
        }
    }

    /// The value, or the limit beyond which it lies.
    pub(crate) fn nearest(self, value: f64) -> f64 {
        match self {
            Self::Free => value,
            Self::Above(lower) => value.max(lower),
            Self::Below(upper) => value.min(upper),
            Self::Between(lower, upper) => value.clamp(lower, upper),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_in_and_come_out() {
        for (bounds, value) in [
            (Bounds::new(f64::NEG_INFINITY, f64::INFINITY), -3.0),
            (Bounds::new(2.0, f64::INFINITY), 2.5),
            (Bounds::new(f64::NEG_INFINITY, 2.0), -7.0),
            (Bounds::new(-1.0, 4.0), 3.9),
        ] {
            let inner = bounds.inner(value, 0.7);
            assert!((bounds.outer(inner, 0.7) - value).abs() < 1e-12, "{bounds:?}");
            let slope = (bounds.outer(inner + 1e-6, 0.7) - bounds.outer(inner - 1e-6, 0.7)) / 2e-6;
            assert!((slope - bounds.slope(inner, 0.7)).abs() < 1e-7, "{bounds:?}");
        }
        assert_eq!(Bounds::Between(0.0, 1.0).touched(0.99999, 0.1), Some(1.0));
        assert_eq!(Bounds::Above(0.0).touched(0.5, 0.1), None);
    }
}
