//! Two histograms bin by bin: the numbers of a ratio or pull panel.

use crate::cells::Storage;
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::interval::{ONE_SIGMA, Part, poisson_interval};

/// How to compare a first histogram (data) with a second (simulation).
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// use hist::{Comparison, compare};
/// assert_eq!(compare(&a, &b, Comparison::Difference)?[1].value, -1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// a / b where a is a part of b, with the intervals of [`efficiency`](crate::interval::efficiency()).
    Efficiency,
}

/// A comparison in one bin. NaN where there is nothing to divide by.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let first: hist::Compared = hist::compare(&a, &b, hist::Comparison::Ratio)?[0];
/// assert_eq!(first.value, 0.5);
/// assert!(first.low < 0.5 && first.high > 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let ratio = hist::compare(&a, &b, hist::Comparison::Ratio)?;
/// assert_eq!((ratio[0].value, ratio[1].value), (0.5, 0.75));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn compare(a: &Hist, b: &Hist, how: Comparison) -> Result<Vec<Compared>> {
    a.compatible(b)?;
    if a.is_profile() && how == Comparison::Efficiency {
        return Err(Error::Different("an efficiency is made of counts, not of means".to_owned()));
    }
    if how == Comparison::Efficiency {
        return Ok(efficiencies(a, b));
    }
    let variances = b.variances();
    let mut intervals = a.intervals();
    if how == Comparison::Pull {
        // An empty bin of weighted entries has no error of its own: what is expected there has one.
        let expected = a.expected_variances(b);
        let bins = intervals.iter_mut().zip(a.variances()).zip(expected);
        for ((interval, _), expected) in bins.filter(|((_, own), _)| *own == 0.0 && a.storage() == Storage::Weight) {
            *interval = (interval.0 - expected.sqrt(), interval.1 + expected.sqrt());
        }
    }
    let left = a.values().into_iter().zip(intervals);
    let right = b.values().into_iter().zip(variances);
    Ok(left.zip(right).map(|((x, interval), (y, variance))| bin(how, x, interval, y, variance)).collect())
}

fn efficiencies(a: &Hist, b: &Hist) -> Vec<Compared> {
    let weighted = [a, b].iter().any(|hist| hist.storage() == Storage::Weight);
    let left = a.values().into_iter().zip(a.variances());
    let right = b.values().into_iter().zip(b.variances());
    let one = |(passed, total)| {
        let bin = Part { weighted, passed, total }.efficiency(ONE_SIGMA);
        cleaned(Compared { value: bin.value, low: bin.low, high: bin.high, band: f64::NAN }, |_| (bin.low, bin.high))
    };
    left.zip(right).map(one).collect()
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
        // Handled apart: it needs the squares of the weights of both.
        Comparison::Efficiency => (f64::NAN, f64::NAN, f64::NAN, f64::NAN),
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
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let (low, high) = hist.intervals()[1];
    /// assert!((low - 0.708).abs() < 1e-3 && (high - 4.638).abs() < 1e-3, "2 entries");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let agreement: hist::Agreement = a.chi2(&b)?;
/// assert_eq!(agreement.bins, 2);
/// assert!(agreement.p_value > 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
/// An empty bin has no variance of its own. There the variance is what the other histogram lets expect: its value, times
/// the mean weight (sum of squares over sum) of the empty side, which is 1 for counts. Bins that are empty on both sides
/// are left out.
///
/// # Errors
/// When the axes differ, or one has means and the other has not.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// assert_eq!(hist::chi2(&a, &a)?.chi2, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn chi2(a: &Hist, b: &Hist) -> Result<Agreement> {
    a.compatible(b)?;
    let values = a.values().into_iter().zip(b.values());
    let variances = a.expected_variances(b).into_iter().zip(b.expected_variances(a)).map(|(x, y)| x + y);
    let terms: Vec<f64> =
        values.zip(variances).filter(|(_, v)| *v > 0.0).map(|((x, y), v)| (x - y).powi(2) / v).collect();
    let chi2 = terms.iter().sum();
    Ok(Agreement { chi2, bins: terms.len(), p_value: chi2_probability(chi2, terms.len()) })
}

impl Hist {
    /// The variance of each bin; in empty ones that which the value of another histogram lets expect.
    fn expected_variances(&self, other: &Self) -> Vec<f64> {
        let variances = self.variances();
        if self.is_profile() {
            return variances;
        }
        let (sum, squares) = (self.sum(), variances.iter().sum::<f64>());
        let weight = if sum > 0.0 && squares > 0.0 { squares / sum } else { 1.0 };
        let expected = |(own, other): (f64, f64)| if own == 0.0 { other.max(0.0) * weight } else { own };
        variances.into_iter().zip(other.values()).map(expected).collect()
    }
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
    fn an_empty_bin_has_the_variance_of_what_is_expected() {
        let axis = Axis::regular(2, 0.0, 2.0).unwrap();
        let mut data = Hist::new(axis.clone()).unwrap();
        data.fill(&[0.5; 90]).unwrap();
        // 100 000 events of simulation, 4 of them expected in the bin where the data have none.
        let mut simulation = Hist::weighted(axis).unwrap();
        simulation.fill_weighted(&[vec![0.5; 10_000], vec![1.5; 400]].concat(), &[0.01; 10_400]).unwrap();
        let agreement = chi2(&data, &simulation).unwrap();
        let wanted = 100.0 / (90.0 + 1.0) + 16.0 / (4.0 + 0.04);
        assert!((agreement.chi2 - wanted).abs() < 1e-9 && agreement.bins == 2, "{agreement:?}");
        assert_eq!(chi2(&simulation, &data).unwrap(), agreement);
        let pull = compare(&data, &simulation, Comparison::Pull).unwrap()[1].value;
        assert!((pull + 4.0 / 1.841_021_645_f64.hypot(0.2)).abs() < 1e-6, "{pull}");
        // Weighted data: an entry is worth 2 there.
        let heavy = data.scaled(2.0);
        let agreement = chi2(&heavy, &simulation).unwrap();
        assert!((agreement.chi2 - 6400.0 / 361.0 - 16.0 / (8.0 + 0.04)).abs() < 1e-9, "{agreement:?}");
        let pull = compare(&heavy, &simulation, Comparison::Pull).unwrap()[1].value;
        assert!((pull + 4.0 / 8.04_f64.sqrt()).abs() < 1e-9, "{pull}");
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
