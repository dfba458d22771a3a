//! Values with errors over the bins of histograms: what a division or a comparison of two of them gives.

use crate::axis::Axis;
use crate::compare::{Agreement, Compared, Comparison, chi2, compare};
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::interval::{Efficiency, ONE_SIGMA, efficiency, efficiency_wilson};
use crate::text::short;
use std::fmt;
use std::ops::Div;

/// A value with its errors for each bin, the last axis varying fastest; NaN where there is nothing to divide by.
///
/// ```
/// use hist::{Axis, Hist};
/// let (mut all, mut passed) = (Hist::new(Axis::regular(2, 0.0, 2.0)?)?, Hist::new(Axis::regular(2, 0.0, 2.0)?)?);
/// all.fill(&[0.5; 10])?;
/// passed.fill(&[0.5; 9])?;
/// let efficiency = passed.efficiency(&all)?;
/// assert!(efficiency.values()[0] == 0.9 && efficiency.values()[1].is_nan());
/// let (low, high) = efficiency.intervals()[0];
/// assert!(0.70 < low && high < 0.99);
/// # Ok::<(), hist::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    axes: Vec<Axis>,
    what: Comparison,
    bins: Vec<Compared>,
}

impl Values {
    fn new(hist: &Hist, what: Comparison, bins: Vec<Compared>) -> Self {
        Self { axes: hist.axes().to_vec(), what, bins }
    }

    /// The value of each bin.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &b).ratio()?.values(), [0.5, 0.75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> Vec<f64> {
        self.bins.iter().map(|bin| bin.value).collect()
    }

    /// The error of each value: the mean of that below and that above.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &b).ratio()?.errors().len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn errors(&self) -> Vec<f64> {
        self.bins.iter().map(|bin| 0.5 * (bin.high - bin.low)).collect()
    }

    /// The ends of one standard deviation below and above each value.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// let (low, high) = hist::pair(&a, &b).ratio()?.intervals()[0];
    /// assert!(low < 0.5 && high > 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn intervals(&self) -> Vec<(f64, f64)> {
        self.bins.iter().map(|bin| (bin.low, bin.high)).collect()
    }

    /// The axes of the histograms.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &b).ratio()?.axes(), a.axes());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The edges of the bins of the first axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &b).ratio()?.edges(), [0.0, 1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn edges(&self) -> Vec<f64> {
        self.axes[0].edges()
    }

    /// What the values are.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &b).pull()?.what(), hist::Comparison::Pull);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn what(&self) -> Comparison {
        self.what
    }
}

impl fmt::Display for Values {
    /// A line per bin, at most a hundred.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 100;
        let axes: Vec<String> = self.axes.iter().map(ToString::to_string).collect();
        write!(f, "{:?} in {}", self.what, axes.join(" x "))?;
        let mut names = vec![String::new()];
        for axis in &self.axes {
            let bins = axis.categories().unwrap_or_else(|| {
                axis.edges().windows(2).map(|pair| format!("[{}, {})", short(pair[0]), short(pair[1]))).collect()
            });
            names = names.iter().flat_map(|name| bins.iter().map(move |bin| format!("{name} {bin}"))).collect();
        }
        for (name, bin) in names.iter().zip(&self.bins).take(MOST) {
            let (down, up) = (bin.value - bin.low, bin.high - bin.value);
            match bin.value.is_nan() {
                true => write!(f, "\n{name}  -")?,
                false => write!(f, "\n{name}  {} -{} +{}", short(bin.value), short(down), short(up))?,
            }
        }
        if names.len() > MOST { write!(f, "\n... and {} bins more", names.len() - MOST) } else { Ok(()) }
    }
}

/// Two histograms to be compared: see [`pair`].
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let compared: hist::Pair = hist::pair(&a, &b);
/// assert_eq!(compared.ratio()?.values(), [0.5, 0.75]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    a: &'a Hist,
    b: &'a Hist,
}

/// Two histograms to be compared, bin by bin or as a whole: `compare(&data, &simulation).ratio()?` in a cell.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// assert_eq!(hist::pair(&a, &b).difference()?.values(), [-1.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn pair<'a>(a: &'a (impl AsRef<Hist> + ?Sized), b: &'a (impl AsRef<Hist> + ?Sized)) -> Pair<'a> {
    Pair { a: a.as_ref(), b: b.as_ref() }
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $how:ident $result:literal;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the axes differ, or one has means and the other has not.
        ///
        /// ```
        /// # use hist::{Axis, Hist, pair};
        /// # let of = |rows| -> hist::Result<Hist> {
        /// #     let mut hist = Hist::new(Axis::regular(1, 0.0, 1.0)?)?;
        /// #     hist.fill(&vec![0.5; rows])?;
        /// #     Ok(hist)
        /// # };
        /// let (a, b) = (of(9)?, of(16)?); // so many entries in one bin
        #[doc = concat!("assert!((pair(&a, &b).", stringify!($name), "()?.values()[0] - ", $result, ").abs() < 1e-5);")]
        /// # Ok::<(), hist::Error>(())
        /// ```
        pub fn $name(&self) -> Result<Values> {
            Ok(Values::new(self.a, Comparison::$how, compare(self.a, self.b, Comparison::$how)?))
        }
    )* };
}

impl Pair<'_> {
    comparisons! {
        /// a / b, with the errors of both as of independent histograms.
        ratio Ratio "0.5625";
        /// (a - b) / error of the difference.
        pull Pull "-1.22051";
        /// a - b, with the errors of both.
        difference Difference "-7.0";
        /// (a - b) / b, with the errors of both.
        relative_difference RelativeDifference "-0.4375";
        /// (a - b) / (a + b), with the errors of both.
        asymmetry Asymmetry "-0.28";
    }

    /// The share of b that is a, where a is a part of b: see [`efficiency`](crate::interval::efficiency()).
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
    /// assert_eq!(hist::pair(&a, &b).efficiency()?.values(), [0.5, 0.75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn efficiency(&self) -> Result<Values> {
        self.a.efficiency(self.b)
    }

    /// The share of b that is a, with Wilson's score intervals ([`wilson`](crate::interval::wilson())): shorter than those of Clopper
    /// and Pearson, and right on average. With weights they are those of the number of effective entries.
    ///
    /// # Errors
    /// When axes differ, bins are means, or more passed than there was.
    ///
    /// ```
    /// use hist::{Axis, Hist, pair};
    /// let (mut all, mut passed) = (Hist::new(Axis::regular(1, 0.0, 1.0)?)?, Hist::new(Axis::regular(1, 0.0, 1.0)?)?);
    /// all.fill(&[0.5; 10])?;
    /// passed.fill(&[0.5; 9])?;
    /// assert_eq!(pair(&passed, &all).wilson()?.intervals()[0], hist::wilson(9.0, 10.0, hist::ONE_SIGMA));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn wilson(&self) -> Result<Values> {
        Ok(of_shares(self.a, efficiency_wilson(self.a, self.b, ONE_SIGMA)?))
    }

    /// See [`chi2`](crate::compare::chi2()).
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
    /// assert_eq!(hist::pair(&a, &b).chi2()?.bins, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chi2(&self) -> Result<Agreement> {
        chi2(self.a, self.b)
    }

    /// See [`Hist::kolmogorov`].
    ///
    /// # Errors
    /// As [`Hist::kolmogorov`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert_eq!(hist::pair(&a, &a).kolmogorov()?.distance, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kolmogorov(&self) -> Result<Kolmogorov> {
        self.a.kolmogorov(self.b)
    }
}

fn of_shares(hist: &Hist, bins: Vec<Efficiency>) -> Values {
    let one = |bin: Efficiency| Compared { value: bin.value, low: bin.low, high: bin.high, band: f64::NAN };
    Values::new(hist, Comparison::Efficiency, bins.into_iter().map(one).collect())
}

/// How far the running shares of two histograms are apart.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// let same: hist::Kolmogorov = a.kolmogorov(&a)?;
/// assert_eq!((same.distance, same.p_value), (0.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kolmogorov {
    /// The largest distance of the running shares.
    pub distance: f64,
    /// The chance of a larger one, if both came from one distribution. Bins make it too large rather than too small.
    pub p_value: f64,
}

impl Hist {
    /// The share of `total` in this histogram, which is a part of it: values with errors. Counts have Clopper-Pearson
    /// intervals, weights the variance of a weighted share ([`efficiency`](crate::interval::efficiency())).
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
    /// assert_eq!(a.efficiency(&b)?.values(), [0.5, 0.75]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn efficiency(&self, total: &Self) -> Result<Values> {
        Ok(of_shares(self, efficiency(self, total, ONE_SIGMA)?))
    }

    /// Chi-square with another histogram, its number of bins and its p value: see [`chi2`](crate::compare::chi2()).
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
    /// assert_eq!(a.chi2(&a)?.chi2, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn chi2(&self, other: &Self) -> Result<Agreement> {
        chi2(self, other)
    }

    /// The Kolmogorov-Smirnov distance to another histogram of one axis: shapes alone are compared, without flow. The p
    /// value is that of unbinned data, with the effective numbers of entries.
    ///
    /// # Errors
    /// When the axes differ, there are several, bins are means or categories, or one side adds up to 0.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert!((a.kolmogorov(&b)?.distance - (1.0 / 3.0 - 0.25)).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kolmogorov(&self, other: &Self) -> Result<Kolmogorov> {
        self.compatible(other)?;
        if self.dimensions() != 1 || self.is_profile() || self.axes()[0].categories().is_some() {
            return Err(Error::Different("a running share needs one axis with an order, and counts".to_owned()));
        }
        let sums = [self.sum(), other.sum()];
        if sums.iter().any(|sum| sum.is_nan() || *sum <= 0.0) {
            return Err(Error::Different(format!("the bins add up to {} and {}", sums[0], sums[1])));
        }
        let (mut distance, mut shares) = (0.0_f64, [0.0; 2]);
        for (a, b) in self.counts().into_iter().zip(other.counts()) {
            shares = [shares[0] + a / sums[0], shares[1] + b / sums[1]];
            distance = distance.max((shares[0] - shares[1]).abs());
        }
        let (n, m) = (self.effective_entries(), other.effective_entries());
        Ok(Kolmogorov { distance, p_value: kolmogorov_tail(distance * (n * m / (n + m)).sqrt()) })
    }

    /// Each bin divided by its size: entries per unit of the axis (of all axes), with their errors. Flow stays as it is,
    /// and the histogram is one of weights.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// let edges = Axis::variable([0.0, 1.0, 3.0])?;
    /// let mut hist = Hist::new(edges)?;
    /// hist.fill(&[0.5, 1.5, 2.5])?;
    /// assert_eq!(hist.per_unit().values(), [1.0, 1.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    #[must_use]
    pub fn per_unit(&self) -> Self {
        let mut new = self.clone();
        if self.is_profile() {
            return new;
        }
        new.parts.cells = new.parts.cells.take().weighted();
        for (cell, size) in self.bin_cells().into_iter().zip(self.sizes()) {
            if let crate::cells::Cells::Weight(sums) = &mut new.parts.cells {
                sums[cell] = [sums[cell][0] / size, sums[cell][1] / (size * size)];
            }
        }
        new.parts.processes = self.parts.processes.map(Self::per_unit);
        new
    }

    /// Underflow added to the first bin and overflow to the last one, on all axes that have them; missing values stay.
    ///
    /// # Errors
    /// Never for a histogram that exists: what a larger one would have.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.with_flow_in_edge_bins()?.values(), [1.0, 2.0, 0.0, 1.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn with_flow_in_edge_bins(&self) -> Result<Self> {
        let mut new = self.clone();
        for axis in 0..self.dimensions() {
            new = new.flow_moved(axis)?;
        }
        Ok(new)
    }
}

impl Div for &Hist {
    type Output = Result<Values>;

    /// The ratio of two independent histograms. For a part and its whole: [`Hist::efficiency`].
    fn div(self, other: Self) -> Result<Values> {
        pair(self, other).ratio()
    }
}

impl Div for Hist {
    type Output = Result<Values>;

    fn div(self, other: Self) -> Result<Values> {
        &self / &other
    }
}

/// The chance that the Kolmogorov distribution exceeds a value.
fn kolmogorov_tail(value: f64) -> f64 {
    if value < 0.2 {
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * value * value).exp()
    };
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: &[(f64, usize)]) -> Hist {
        let mut h = Hist::new(Axis::variable([0.0, 1.0, 3.0]).unwrap()).unwrap();
        values.iter().for_each(|&(x, many)| h.fill(&vec![x; many]).unwrap());
        h
    }

    #[test]
    fn histograms_divide_into_values_with_errors() {
        let (a, b) = (counts(&[(0.5, 100)]).scaled(0.5), counts(&[(0.5, 400), (2.0, 3)]).scaled(0.5));
        let ratio = (&a / &b).unwrap();
        let error = 0.25 * (1.0 / 100.0 + 1.0 / 400.0_f64).sqrt();
        assert!((ratio.values()[0] - 0.25).abs() < 1e-12 && (ratio.errors()[0] - error).abs() < 1e-12);
        assert_eq!(ratio.values()[1], 0.0);
        let pair = pair(&a, &b);
        assert!((pair.difference().unwrap().values()[0] + 150.0).abs() < 1e-9);
        assert!((pair.relative_difference().unwrap().values()[0] + 0.75).abs() < 1e-12);
        assert!((pair.asymmetry().unwrap().values()[0] + 0.6).abs() < 1e-12);
        assert!((pair.pull().unwrap().values()[0] + 150.0 / 125.0_f64.sqrt()).abs() < 1e-9);
        assert!(ratio.to_string().contains("[0, 1)  0.25 -0.0279508 +0.0279508"), "{ratio}");
        assert!((&a / &Hist::new(Axis::boolean()).unwrap()).is_err());
    }

    #[test]
    fn distances_of_shapes_have_their_p_values() {
        let axis = Axis::regular(5, 0.0, 5.0).unwrap();
        let fill = |counts: [usize; 5]| {
            let mut h = Hist::new(axis.clone()).unwrap();
            counts.iter().enumerate().for_each(|(bin, &many)| h.fill(&vec![bin as f64 + 0.5; many]).unwrap());
            h
        };
        let (a, b) = (fill([10, 20, 30, 20, 10]), fill([20, 20, 20, 20, 20]));
        let found = a.kolmogorov(&b).unwrap();
        // scipy.special.kolmogorov(d * sqrt(90 * 100 / 190)) with d = 0.2 - 10/90.
        assert!((found.distance - (0.2 - 1.0 / 9.0)).abs() < 1e-12, "{found:?}");
        assert!((found.p_value - P).abs() < 1e-12, "{found:?}");
        assert_eq!(a.kolmogorov(&a.scaled(0.1)).unwrap().p_value, 1.0);
        assert!(a.kolmogorov(&a.empty_like()).is_err());
    }

    const P: f64 = 0.848_317_367_895_351_4;

    #[test]
    fn bins_per_unit_and_flow_in_edge_bins() {
        let h = counts(&[(0.5, 4), (2.0, 6), (-1.0, 2), (7.0, 3), (f64::NAN, 1)]);
        let density = h.per_unit();
        assert_eq!((density.counts(), density.variances(), density.overflow()), (vec![4.0, 3.0], vec![4.0, 1.5], 3.0));
        let whole = h.with_flow_in_edge_bins().unwrap();
        assert_eq!((whole.counts(), whole.underflow(), whole.overflow(), whole.nan()), (vec![6.0, 9.0], 0.0, 0.0, 1.0));
        assert_eq!((whole.mean(), whole.entries()), (h.mean(), h.entries()));
        assert_eq!(whole.intervals()[0], crate::poisson_interval(6.0, ONE_SIGMA));
    }
}
