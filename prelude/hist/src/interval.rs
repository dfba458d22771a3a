//! Intervals for counts and efficiencies.

use crate::error::{Error, Result};
use crate::hist::Hist;
use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

/// The probability within one standard deviation of a normal distribution.
pub const ONE_SIGMA: f64 = 0.682_689_492_137_085_9;

/// The interval of expected counts that do not make `count` surprising (Garwood): with probability `level` it
/// contains the truth. The count may be fractional; below 0 the interval is empty at 0.
///
/// ```
/// let (low, high) = hist::poisson_interval(0.0, hist::ONE_SIGMA);
/// assert!(low == 0.0 && (high - 1.841).abs() < 1e-3);
/// ```
pub fn poisson_interval(count: f64, level: f64) -> (f64, f64) {
    let tail = tail(level);
    if !(count.is_finite() && count >= 0.0 && tail > 0.0) {
        return if count < 0.0 { (0.0, 0.0) } else { (f64::NAN, f64::NAN) };
    }
    // Where the chance of `count` or more, and of `count` or fewer, falls to `tail`.
    let low = if count == 0.0 {
        0.0
    } else {
        solve(0.0, count, |mean| at_zero(mean, || checked_gamma_lr(count, mean).ok()) < tail)
    };
    let mut above = 2.0 * count + 10.0;
    let fewer = |mean: f64| checked_gamma_ur(count + 1.0, mean).unwrap_or(0.0);
    while fewer(above) > tail && above.is_finite() {
        above *= 2.0;
    }
    (low, solve(count, above, |mean| mean <= 0.0 || fewer(mean) > tail))
}

/// The interval of efficiencies that do not make `passed` of `total` surprising (Clopper-Pearson): with at least
/// probability `level` it contains the truth. Numbers may be fractional (effective entries).
pub fn clopper_pearson(passed: f64, total: f64, level: f64) -> (f64, f64) {
    let tail = tail(level);
    if !(passed >= 0.0 && total >= passed && total > 0.0 && total.is_finite() && tail > 0.0) {
        return (f64::NAN, f64::NAN);
    }
    let failed = total - passed;
    let beta =
        |a: f64, b: f64, x: f64| at_zero(x, || if x >= 1.0 { Some(1.0) } else { checked_beta_reg(a, b, x).ok() });
    let low = if passed == 0.0 { 0.0 } else { solve(0.0, 1.0, |share| beta(passed, failed + 1.0, share) < tail) };
    let high =
        if failed == 0.0 { 1.0 } else { solve(0.0, 1.0, |share| beta(passed + 1.0, failed, share) < 1.0 - tail) };
    (low, high)
}

/// The efficiency in one bin, with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficiency {
    /// The share that passed; NaN where there was nothing.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// What passed.
    pub passed: f64,
    /// What there was.
    pub total: f64,
}

/// The efficiency in each bin, with Clopper-Pearson intervals at `level` (such as [`ONE_SIGMA`]).
///
/// With weights, the numbers of effective entries take the place of counts: a common approximation.
///
/// # Errors
/// When axes differ, bins are means, or more passed than there was.
pub fn efficiency(passed: &Hist, total: &Hist, level: f64) -> Result<Vec<Efficiency>> {
    passed.compatible(total)?;
    if total.is_profile() {
        return Err(Error::Different("an efficiency is made of counts, not of means".to_owned()));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::Different(format!("the level of an interval lies between 0 and 1, not at {level}")));
    }
    let (shares, sums, squares) = (passed.counts(), total.counts(), total.variances());
    let mut bins = Vec::with_capacity(sums.len());
    for (bin, ((&share, &sum), &square)) in shares.iter().zip(&sums).zip(&squares).enumerate() {
        // Weights added in another order differ in the last digits.
        if share > sum * (1.0 + 1e-12) || share < 0.0 {
            return Err(Error::Different(format!("in bin {bin}, {share} of {sum} cannot have passed")));
        }
        // Not `f64::min`, which would turn an empty bin's NaN into 1.
        let value = if share > sum { 1.0 } else { share / sum };
        let effective = if square > 0.0 { sum * sum / square } else { 0.0 };
        let (low, high) = clopper_pearson(value * effective, effective, level);
        bins.push(Efficiency { value, low, high, passed: share, total: sum });
    }
    Ok(bins)
}

fn tail(level: f64) -> f64 {
    if level > 0.0 && level < 1.0 { 0.5 * (1.0 - level) } else { f64::NAN }
}

/// A distribution function, which is 0 at 0 where the library does not say so.
fn at_zero(x: f64, function: impl Fn() -> Option<f64>) -> f64 {
    if x <= 0.0 { 0.0 } else { function().unwrap_or(f64::NAN) }
}

/// Where `below` turns from true to false between `low` and `high`, to the last digits.
fn solve(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..2000 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high || high - low < 1e-15 * high {
            break;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Axis;

    fn close(have: (f64, f64), want: (f64, f64)) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs().max(1e-12);
        assert!(near(have.0, want.0) && near(have.1, want.1), "{have:?} {want:?}");
    }

    #[test]
    fn intervals_agree_with_scipy() {
        // scipy.stats.chi2.ppf and beta.ppf at the tails of ONE_SIGMA.
        close(poisson_interval(0.0, ONE_SIGMA), (0.0, 1.8410216450092631));
        close(poisson_interval(1.0, ONE_SIGMA), (0.17275377902344996, 3.299526559115855));
        close(poisson_interval(3.5, ONE_SIGMA), (1.7209297791525193, 6.54410562564468));
        close(poisson_interval(10.0, ONE_SIGMA), (6.891305560638357, 14.266949761009391));
        close(poisson_interval(250.0, ONE_SIGMA), (234.19918336835494, 266.83248806455765));
        close(poisson_interval(100000.0, ONE_SIGMA), (99683.77276110365, 100317.228820182));
        close(clopper_pearson(0.0, 10.0, ONE_SIGMA), (0.0, 0.1681491861379764));
        close(clopper_pearson(10.0, 10.0, ONE_SIGMA), (0.8318508138620236, 1.0));
        close(clopper_pearson(9.0, 10.0, ONE_SIGMA), (0.705864610361533, 0.9828729858632718));
        close(clopper_pearson(1.0, 3.0, ONE_SIGMA), (0.05595797234606913, 0.7478680396182573));
        close(clopper_pearson(930.0, 1000.0, ONE_SIGMA), (0.9209720880278738, 0.9381151026005232));
        close(clopper_pearson(2.5, 7.25, ONE_SIGMA), (0.1471949884642231, 0.5961163913534336));
        close(clopper_pearson(99999.0, 100000.0, ONE_SIGMA), (0.999967005113774, 0.999998272463702));
    }

    #[test]
    fn nonsense_gives_no_interval() {
        assert!(clopper_pearson(3.0, 2.0, 0.68).0.is_nan());
        assert!(poisson_interval(f64::NAN, 0.68).0.is_nan());
        assert!(poisson_interval(3.0, 1.5).0.is_nan());
    }

    #[test]
    fn an_efficiency_per_bin() {
        let axis = Axis::regular(2, 0.0, 2.0).unwrap();
        let (mut passed, mut total) = (Hist::new(axis.clone()).unwrap(), Hist::new(axis).unwrap());
        total.fill(&[0.5; 10]).unwrap();
        passed.fill(&[0.5; 9]).unwrap();
        let bins = efficiency(&passed, &total, ONE_SIGMA).unwrap();
        assert_eq!(bins[0].value, 0.9);
        close((bins[0].low, bins[0].high), clopper_pearson(9.0, 10.0, ONE_SIGMA));
        assert!(bins[1].value.is_nan() && bins[1].low.is_nan());
        assert!(efficiency(&total, &passed, ONE_SIGMA).unwrap_err().to_string().contains("10 of 9"));
    }
}
