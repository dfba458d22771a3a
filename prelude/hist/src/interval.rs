//! Intervals for counts and efficiencies.

use crate::cells::Storage;
use crate::error::{Error, Result};
use crate::hist::Hist;
use statrs::function::beta::checked_beta_reg;
use statrs::function::erf::erf_inv;
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
///
/// ```
/// let (low, high) = hist::clopper_pearson(5.0, 10.0, 0.95);
/// assert!((low - 0.1871).abs() < 1e-4 && (high - 0.8129).abs() < 1e-4);
/// ```
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

/// The interval of efficiencies by Wilson's score: those whose own normal error reaches `passed` of `total`. It covers `level` on
/// average, where that of Clopper and Pearson covers it at least. Numbers may be fractional (effective entries).
///
/// ```
/// let (low, high) = hist::wilson(9.0, 10.0, hist::ONE_SIGMA);
/// assert!((low - 0.7661).abs() < 1e-4 && (high - 0.9611).abs() < 1e-4);
/// ```
pub fn wilson(passed: f64, total: f64, level: f64) -> (f64, f64) {
    if !(passed >= 0.0 && total >= passed && total > 0.0 && total.is_finite() && level > 0.0 && level < 1.0) {
        return (f64::NAN, f64::NAN);
    }
    let (share, z) = (passed / total, std::f64::consts::SQRT_2 * erf_inv(level));
    let scale = 1.0 / (1.0 + z * z / total);
    let centre = (share + 0.5 * z * z / total) * scale;
    let reach = z * scale * (share * (1.0 - share) / total + 0.25 * z * z / (total * total)).sqrt();
    let low = if passed == 0.0 { 0.0 } else { centre - reach };
    let high = if passed == total { 1.0 } else { centre + reach };
    (low, high)
}

/// The efficiency in one bin, with its interval.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let first: hist::Efficiency = hist::efficiency(&a, &b, hist::ONE_SIGMA)?[0];
/// assert_eq!((first.value, first.passed, first.total), (0.5, 1.0, 2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// The efficiency in each bin, with intervals at `level` (such as [`ONE_SIGMA`]). `passed` is a part of `total`.
///
/// Counts have Clopper-Pearson intervals. With weights `w`, the efficiency `e` has the variance
/// `((1 - 2e) * sum of w² of what passed + e² * sum of w² of all) / (sum of w of all)²`, and the interval is symmetric.
/// Where all or nothing passed, that variance is 0 and says nothing: there, Clopper-Pearson with the number of effective
/// entries gives the interval.
///
/// # Errors
/// When axes differ, bins are means, or more passed than there was.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let bins = hist::efficiency(&a, &b, hist::ONE_SIGMA)?;
/// assert!(bins[1].low < 0.75 && bins[1].high > 0.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn efficiency(passed: &Hist, total: &Hist, level: f64) -> Result<Vec<Efficiency>> {
    passed.compatible(total)?;
    if total.is_profile() {
        return Err(Error::Different("an efficiency is made of counts, not of means".to_owned()));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::Different(format!("the level of an interval lies between 0 and 1, not at {level}")));
    }
    let weighted = [passed, total].iter().any(|hist| hist.storage() == Storage::Weight);
    let (part, whole) =
        (passed.counts().into_iter().zip(passed.variances()), total.counts().into_iter().zip(total.variances()));
    let bins = part.zip(whole).enumerate();
    bins.map(|(bin, (part, whole))| {
        let part = Part { weighted, passed: part, total: whole };
        if part.is_impossible() {
            let ((share, _), (sum, _)) = (part.passed, part.total);
            return Err(Error::Different(format!("in bin {bin}, {share} of {sum} cannot have passed")));
        }
        Ok(part.efficiency(level))
    })
    .collect()
}

/// The same with Wilson's interval in every bin; with weights, of the number of effective entries.
pub(crate) fn efficiency_wilson(passed: &Hist, total: &Hist, level: f64) -> Result<Vec<Efficiency>> {
    let squares = total.variances();
    let bins = efficiency(passed, total, level)?.into_iter().zip(squares);
    let one = |(bin, squares): (Efficiency, f64)| {
        let effective = if squares > 0.0 { bin.total * bin.total / squares } else { 0.0 };
        let (low, high) = wilson(bin.value * effective, effective, level);
        Efficiency { low, high, ..bin }
    };
    Ok(bins.map(one).collect())
}

/// What passed and what there was: sums of weights, and of their squares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) weighted: bool,
    pub(crate) passed: (f64, f64),
    pub(crate) total: (f64, f64),
}

impl Part {
    /// Whether one cannot be a part of the other. Sums of weights may do what they like where some are negative; sums of
    /// squares only grow. Weights added in another order differ in the last digits.
    fn is_impossible(&self) -> bool {
        let more = |(part, whole): (f64, f64)| part > whole * (1.0 + 1e-12) || part < 0.0;
        match self.weighted {
            true => more((self.passed.1, self.total.1)),
            false => more((self.passed.0, self.total.0)),
        }
    }

    /// The efficiency with its interval; NaN where there was nothing, no interval where the numbers cannot be.
    pub(crate) fn efficiency(&self, level: f64) -> Efficiency {
        let ((passed, passed_squares), (total, squares)) = (self.passed, self.total);
        let everything = match self.weighted {
            true => passed_squares >= squares * (1.0 - 1e-12),
            false => passed >= total,
        };
        let value = if everything && !self.is_impossible() && total != 0.0 { 1.0 } else { passed / total };
        let (low, high) = if self.is_impossible() {
            (f64::NAN, f64::NAN)
        } else if self.weighted && passed_squares > 0.0 && !everything {
            let variance = ((1.0 - 2.0 * value) * passed_squares + value * value * squares) / (total * total);
            let reach = std::f64::consts::SQRT_2 * erf_inv(level) * variance.sqrt();
            (value - reach, value + reach)
        } else {
            let effective = if squares > 0.0 { total * total / squares } else { 0.0 };
            clopper_pearson(value * effective, effective, level)
        };
        Efficiency { value, low, high, passed, total }
    }
}

/// The efficiency of sums of weights with sums of their squares: `(sum, squares)` of what passed and of all, as of one
/// bin. Where both are counts (sum and squares are equal) the interval is that of counts. Nothing where there was nothing.
///
/// ```
/// let one = hist::share((3.0, 3.0), (4.0, 4.0)).unwrap();
/// assert_eq!(one.value, 0.75);
/// assert!(hist::share((0.0, 0.0), (0.0, 0.0)).is_none());
/// ```
pub fn share(passed: (f64, f64), total: (f64, f64)) -> Option<Efficiency> {
    let counted = |(sum, squares): (f64, f64)| sum == squares && sum.fract() == 0.0;
    let part = Part { weighted: !(counted(passed) && counted(total)), passed, total };
    (total.0 > 0.0).then(|| part.efficiency(ONE_SIGMA))
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

    /// Numbers that look random, the same in every run: SplitMix64.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    #[test]
    fn the_error_with_weights_is_the_spread_of_toys() {
        const TOYS: usize = 20_000;
        let mut random = Random(20_261_128);
        // Few heavy entries, which pass more often than light ones: the weights of what passed are not those of all.
        let (mut values, mut errors, mut old) = (Vec::new(), 0.0, 0.0);
        for _ in 0..TOYS {
            let (mut passed, mut total) = ((0.0, 0.0), (0.0, 0.0));
            for _ in 0..1000 {
                let (weight, chance) = if random.next() < 0.05 { (4.0, 0.9) } else { (0.5, 0.1) };
                total = (total.0 + weight, total.1 + weight * weight);
                if random.next() < chance {
                    passed = (passed.0 + weight, passed.1 + weight * weight);
                }
            }
            let bin = Part { weighted: true, passed, total }.efficiency(ONE_SIGMA);
            values.push(bin.value);
            errors += (bin.high - bin.value).powi(2) / TOYS as f64;
            // What the number of effective entries alone would give.
            old += bin.value * (1.0 - bin.value) * total.1 / (total.0 * total.0) / TOYS as f64;
        }
        let mean = values.iter().sum::<f64>() / TOYS as f64;
        let spread = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / TOYS as f64).sqrt();
        // The formula is that of a ratio to first order. The one of effective entries is far off.
        assert!((errors.sqrt() / spread - 1.0).abs() < 0.02, "{} against {spread}", errors.sqrt());
        assert!((old.sqrt() / spread - 1.0).abs() > 0.1, "{}", old.sqrt());
    }

    #[test]
    fn weights_give_the_variance_of_a_weighted_share() {
        let axis = Axis::regular(3, 0.0, 3.0).unwrap();
        let (mut passed, mut total) = (Hist::weighted(axis.clone()).unwrap(), Hist::weighted(axis.clone()).unwrap());
        total.fill_weighted(&[0.5, 0.5, 0.5, 1.5, 1.5], &[1.0, 2.0, 3.0, 2.0, 2.0]).unwrap();
        passed.fill_weighted(&[0.5, 0.5], &[1.0, 3.0]).unwrap();
        let bins = efficiency(&passed, &total, ONE_SIGMA).unwrap();
        let value: f64 = 4.0 / 6.0;
        let error = (((1.0 - 2.0 * value) * 10.0 + value * value * 14.0) / 36.0).sqrt();
        close((bins[0].low, bins[0].high), (value - error, value + error));
        // Nothing passed of two entries: an upper limit, not 0 with the error 0.
        close((bins[1].low, bins[1].high), clopper_pearson(0.0, 2.0, ONE_SIGMA));
        assert!(bins[2].value.is_nan());
        // Weights that are all 1 give the binomial error of counts.
        let mut counts = Hist::new(axis).unwrap();
        counts.fill(&[0.5, 0.5, 0.5, 0.5]).unwrap();
        let mut ones = counts.empty_like();
        ones.fill(&[0.5]).unwrap();
        let plain = efficiency(&ones, &counts, ONE_SIGMA).unwrap()[0];
        close((plain.low, plain.high), clopper_pearson(1.0, 4.0, ONE_SIGMA));
        let one = Part { weighted: true, passed: (1.0, 1.0), total: (4.0, 4.0) }.efficiency(ONE_SIGMA);
        close((one.low, one.high), (0.25 - (0.25 * 0.75 / 4.0_f64).sqrt(), 0.25 + (0.25 * 0.75 / 4.0_f64).sqrt()));
        assert!(efficiency(&total, &passed, ONE_SIGMA).unwrap_err().to_string().contains("cannot have passed"));
    }
}
