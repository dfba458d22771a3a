//! Two histograms bin by bin: the numbers of a ratio or pull panel.

use crate::cells::Storage;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::interval::{ONE_SIGMA, clopper_pearson, poisson_interval};

/// How to compare a first histogram (data) with a second (simulation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// a / b, with the uncertainties of both.
    Ratio,
    /// a / b with the uncertainty of a; that of b is the band.
    SplitRatio,
    /// (a - b) / uncertainty of the difference.
    Pull,
    /// a - b, with the uncertainties of both.
    Difference,
    /// (a - b) / b, with the uncertainties of both.
    RelativeDifference,
    /// (a - b) / (a + b).
    Asymmetry,
    /// a / b where a is a part of b, with Clopper-Pearson intervals.
    Efficiency,
}

/// A comparison in one bin. NaN where there is nothing to divide by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// The value.
    pub value: f64,
    /// The lower end of its uncertainty of one standard deviation.
    pub low: f64,
    /// The upper end of its uncertainty of one standard deviation.
    pub high: f64,
    /// Half the width of the band of the second histogram alone, around the value that says "equal".
    pub band: f64,
}

/// Compares two histograms bin by bin; the last axis varies fastest.
///
/// Counts have Poisson (Garwood) uncertainties, weights the roots of their sums of squares.
///
/// # Errors
/// When the axes differ, or one has means and the other has not.
pub fn compare(a: &Hist, b: &Hist, how: Comparison) -> Result<Vec<Compared>> {
    a.compatible(b)?;
    if a.is_profile() && how == Comparison::Efficiency {
        return Err(Error::Different("an efficiency is made of counts, not of means".to_owned()));
    }
    let left = a.values().into_iter().zip(a.intervals());
    let right = b.values().into_iter().zip(b.variances());
    Ok(left.zip(right).map(|((x, interval), (y, variance))| bin(how, x, interval, y, variance)).collect())
}

fn bin(how: Comparison, x: f64, (low, high): (f64, f64), y: f64, variance: f64) -> Compared {
    let (down, up, error) = (x - low, high - x, variance.sqrt());
    // Values, and the errors of both sides as they come out: those of a below and above, that of b.
    let (value, scale, of_b, band) = match how {
        Comparison::Ratio => (x / y, 1.0 / y, x / (y * y) * error, error / y),
        Comparison::SplitRatio => (x / y, 1.0 / y, 0.0, error / y),
        Comparison::Difference => (x - y, 1.0, error, error),
        Comparison::RelativeDifference => ((x - y) / y, 1.0 / y, x / (y * y) * error, error / y),
        Comparison::Asymmetry => {
            let sum = x + y;
            ((x - y) / sum, 2.0 * y / (sum * sum), 2.0 * x / (sum * sum) * error, error / sum)
        }
        Comparison::Pull => {
            // The error of a on the side of b.
            let side = if y > x { up } else { down };
            let sigma = side.hypot(error);
            return cleaned(Compared { value: (x - y) / sigma, low: f64::NAN, high: f64::NAN, band: 1.0 }, |value| {
                (value - 1.0, value + 1.0)
            });
        }
        Comparison::Efficiency => {
            let effective = if variance > 0.0 { y * y / variance } else { 0.0 };
            let (low, high) = clopper_pearson(x / y * effective, effective, ONE_SIGMA);
            return cleaned(Compared { value: x / y, low, high, band: f64::NAN }, |_| (low, high));
        }
    };
    let (down, up) = ((down * scale).abs().hypot(of_b), (up * scale).abs().hypot(of_b));
    cleaned(Compared { value, low: 0.0, high: 0.0, band: band.abs() }, |value| (value - down, value + up))
}

/// Without the infinities that a division by nothing gives.
fn cleaned(compared: Compared, interval: impl Fn(f64) -> (f64, f64)) -> Compared {
    if !compared.value.is_finite() {
        return Compared { value: f64::NAN, low: f64::NAN, high: f64::NAN, band: f64::NAN };
    }
    let (low, high) = interval(compared.value);
    Compared { low, high, ..compared }
}

impl Hist {
    /// The interval of one standard deviation around each value: Poisson (Garwood) for counts, symmetric otherwise.
    pub fn intervals(&self) -> Vec<(f64, f64)> {
        let poisson = self.storage() == Storage::Count;
        let values = self.values().into_iter().zip(self.errors());
        values
            .map(|(value, error)| match poisson && value >= 0.0 {
                true => poisson_interval(value, ONE_SIGMA),
                false => (value - error, value + error),
            })
            .collect()
    }
}

/// The numbers that say how well two histograms agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// The sum of squared pulls over bins where either side has an uncertainty.
    pub chi2: f64,
    /// How many bins that were.
    pub bins: usize,
    /// The chance of a larger value, if both came from one distribution.
    pub p_value: f64,
}

/// Chi-square of two histograms, with the variances of both; scales are not adjusted.
///
/// # Errors
/// When the axes differ, or one has means and the other has not.
pub fn chi2(a: &Hist, b: &Hist) -> Result<Agreement> {
    a.compatible(b)?;
    let values = a.values().into_iter().zip(b.values());
    let variances = a.variances().into_iter().zip(b.variances()).map(|(x, y)| x + y);
    let terms: Vec<f64> =
        values.zip(variances).filter(|(_, v)| *v > 0.0).map(|((x, y), v)| (x - y).powi(2) / v).collect();
    let chi2 = terms.iter().sum();
    Ok(Agreement { chi2, bins: terms.len(), p_value: chi2_probability(chi2, terms.len()) })
}

/// The chance of a larger chi-square with so many degrees of freedom; NaN when there are none.
pub(crate) fn chi2_probability(chi2: f64, free: usize) -> f64 {
    if free == 0 || chi2.is_nan() || chi2 < 0.0 {
        return f64::NAN;
    }
    if chi2 == 0.0 {
        return 1.0;
    }
    statrs::function::gamma::checked_gamma_ur(0.5 * free as f64, 0.5 * chi2).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;

    fn weighted(counts: &[f64], weight: f64) -> Hist {
        let mut h = Hist::weighted(Axis::regular(counts.len(), 0.0, counts.len() as f64).unwrap()).unwrap();
        for (bin, &count) in counts.iter().enumerate() {
            let times = (count / weight) as usize;
            h.fill_weighted(&vec![bin as f64 + 0.5; times], &vec![weight; times]).unwrap();
        }
        h
    }

    #[test]
    fn every_comparison_by_hand() {
        let (a, b) = (weighted(&[100.0, 0.0], 1.0), weighted(&[80.0, 0.0], 0.5));
        let first = |how| compare(&a, &b, how).unwrap()[0];
        let (ratio, split) = (first(Comparison::Ratio), first(Comparison::SplitRatio));
        assert_eq!(ratio.value, 1.25);
        let error = 1.25 * (0.01 + 40.0 / 6400.0_f64).sqrt();
        assert!((ratio.high - ratio.value - error).abs() < 1e-12 && (ratio.value - ratio.low - error).abs() < 1e-12);
        assert!((split.high - 1.375).abs() < 1e-12 && (split.band - 40.0_f64.sqrt() / 80.0).abs() < 1e-12);
        assert!((first(Comparison::Pull).value - 20.0 / 140.0_f64.sqrt()).abs() < 1e-12);
        let asymmetry = first(Comparison::Asymmetry);
        assert!((asymmetry.value - 1.0 / 9.0).abs() < 1e-12);
        let error = (6400.0 * 100.0 + 10000.0 * 40.0_f64).sqrt() * 2.0 / (180.0 * 180.0);
        assert!((asymmetry.high - asymmetry.value - error).abs() < 1e-12);
        assert_eq!(first(Comparison::Difference).value, 20.0);
        assert!((first(Comparison::RelativeDifference).value - 0.25).abs() < 1e-12);
        assert!(compare(&a, &b, Comparison::Ratio).unwrap()[1].value.is_nan());
        assert!((first(Comparison::Efficiency).low.is_nan()));
    }

    #[test]
    fn counts_have_poisson_intervals() {
        let mut h = Hist::new(Axis::regular(1, 0.0, 1.0).unwrap()).unwrap();
        h.fill(&[0.5; 3]).unwrap();
        assert_eq!(h.intervals()[0], poisson_interval(3.0, ONE_SIGMA));
    }

    #[test]
    fn equal_histograms_agree() {
        let a = weighted(&[10.0, 20.0, 0.0], 1.0);
        assert_eq!(chi2(&a, &a).unwrap(), Agreement { chi2: 0.0, bins: 2, p_value: 1.0 });
        let b = weighted(&[14.0, 20.0, 0.0], 1.0);
        let agreement = chi2(&a, &b).unwrap();
        // scipy.stats.chi2.sf(16/24, 2)
        assert!((agreement.p_value - 0.716_531_310_573_789_3).abs() < 1e-12, "{agreement:?}");
    }
}
