//! Sums, differences and multiples of histograms, and what follows from them.

use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::hist::Hist;
use std::ops::{Add, Div, Mul, Sub};

impl Hist {
    /// Every entry with `factor` times its weight: values times `factor`, variances times its square. Counts times 1
    /// stay counts, with the errors of counts.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.scaled(2.0).values(), [2.0, 4.0, 0.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn scaled(&self, factor: f64) -> Self {
        let mut new = self.clone();
        if factor == 1.0 {
            return new;
        }
        new.parts.moments.iter_mut().flatten().for_each(|moments| *moments = moments.scaled(factor));
        new.parts.cells = new.parts.cells.take().scaled(factor);
        new.parts.processes = self.parts.processes.map(|part| part.scaled(factor));
        new
    }

    /// Scaled so that the bins add up to 1; flow and processes with it.
    ///
    /// # Errors
    /// When the bins add up to 0 or to no number.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.normalised()?.sum(), 1.0);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn normalised(&self) -> Result<Self> {
        self.normalised_to(1.0)
    }

    /// Scaled so that the bins add up to `sum`; flow and processes with it.
    ///
    /// # Errors
    /// When the bins add up to 0 or to no number.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.normalised_to(6.0)?.values(), [2.0, 4.0, 0.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn normalised_to(&self, sum: f64) -> Result<Self> {
        let have = self.sum();
        if have == 0.0 || !have.is_finite() {
            return Err(Error::Different(format!("the bins add up to {have}, which no factor turns into {sum}")));
        }
        Ok(self.scaled(sum / have))
    }

    /// Values divided by their sum and by the size of each bin (its width, or area): integrates to 1.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let integral: f64 = hist.density().iter().zip(hist.sizes()).map(|(value, size)| value * size).sum();
    /// assert!((integral - 1.0).abs() < 1e-12);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn density(&self) -> Vec<f64> {
        let sum = self.sum();
        self.counts().iter().zip(self.sizes()).map(|(count, size)| count / sum / size).collect()
    }

    /// The widths of bins, or their areas, volumes...; the last axis varies fastest.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.sizes(), [1.0; 6]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sizes(&self) -> Vec<f64> {
        let mut sizes = vec![1.0];
        for axis in &self.parts.axes {
            let widths = axis.widths();
            sizes = sizes.iter().flat_map(|&size| widths.iter().map(move |width| size * width)).collect();
        }
        sizes
    }

    /// Each bin with the sum of all entries up to its upper edge, underflow included: how much a cut `x < edge` keeps.
    ///
    /// Underflow, overflow and missing stay what they are. The result has no mean of its own values any more.
    ///
    /// # Errors
    /// When there is more than one axis, or bins are means.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.cumulative()?.values(), [1.0, 3.0, 3.0, 3.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn cumulative(&self) -> Result<Self> {
        self.running(false)
    }

    /// Each bin with the sum of all entries from its lower edge on, overflow included: how much a cut `x > edge` keeps.
    ///
    /// # Errors
    /// As [`Hist::cumulative`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.cumulative_from_above()?.values(), [4.0, 3.0, 1.0, 1.0], "with the overflow");
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn cumulative_from_above(&self) -> Result<Self> {
        self.running(true)
    }

    fn running(&self, from_above: bool) -> Result<Self> {
        if self.parts.axes.len() != 1 || self.is_profile() {
            return Err(Error::axis("a running sum needs one axis and bins that add up (no means)"));
        }
        let mut new = self.clone();
        let axis = &self.parts.axes[0];
        let mut bins = self.bin_cells();
        // What lies outside passes the cut too. Categories have no order: their `other` lies on neither side.
        if axis.has_underflow() {
            bins.insert(0, axis.first() - 1);
            bins.push(axis.first() + axis.bins());
        }
        if from_above {
            bins.reverse();
        }
        let outside = usize::from(axis.has_underflow());
        let bins = &bins[..bins.len() - outside];
        new.parts.moments.fill(None);
        match &mut new.parts.cells {
            Cells::Count(counts) => bins.windows(2).for_each(|pair| counts[pair[1]] += counts[pair[0]]),
            Cells::Weight(sums) => bins.windows(2).for_each(|pair| {
                let [sum, square] = sums[pair[0]];
                sums[pair[1]] = [sums[pair[1]][0] + sum, sums[pair[1]][1] + square];
            }),
            // Refused above.
            Cells::Mean(_) | Cells::WeightedMean(_) => {}
        }
        new.parts.processes = self.parts.processes.try_map(|part| part.running(from_above))?;
        Ok(new)
    }

    fn subtract(&self, other: &Self) -> Result<Self> {
        self.compatible(other)?;
        if self.is_profile() {
            return Err(Error::Different("means cannot be subtracted".to_owned()));
        }
        let mut new = self.clone();
        new.parts.cells = new.parts.cells.take().weighted();
        // A weight of -1 keeps variances positive: they add.
        new.parts.cells.merge(&other.parts.cells.clone().scaled(-1.0));
        new.parts.entries += other.parts.entries;
        let negative: Vec<_> =
            other.parts.moments.iter().map(|known| known.map(|moments| moments.scaled(-1.0))).collect();
        new.merge_moments(&negative);
        // Parts of a difference add up to it only if both sides have them: leave them out rather than mislead.
        new.parts.processes = Default::default();
        Ok(new)
    }
}

impl Add for &Hist {
    type Output = Result<Hist>;

    fn add(self, other: Self) -> Result<Hist> {
        let mut sum = self.clone();
        sum.merge(other)?;
        Ok(sum)
    }
}

impl Sub for &Hist {
    type Output = Result<Hist>;

    fn sub(self, other: Self) -> Result<Hist> {
        self.subtract(other)
    }
}

impl Add for Hist {
    type Output = Result<Hist>;

    fn add(self, other: Self) -> Result<Hist> {
        &self + &other
    }
}

impl Sub for Hist {
    type Output = Result<Hist>;

    fn sub(self, other: Self) -> Result<Hist> {
        &self - &other
    }
}

impl Mul<f64> for &Hist {
    type Output = Hist;

    fn mul(self, factor: f64) -> Hist {
        self.scaled(factor)
    }
}

impl Mul<f64> for Hist {
    type Output = Hist;

    fn mul(self, factor: f64) -> Hist {
        self.scaled(factor)
    }
}

impl Mul<&Hist> for f64 {
    type Output = Hist;

    fn mul(self, hist: &Hist) -> Hist {
        hist.scaled(self)
    }
}

impl Mul<Hist> for f64 {
    type Output = Hist;

    fn mul(self, hist: Hist) -> Hist {
        hist.scaled(self)
    }
}

impl Div<f64> for &Hist {
    type Output = Hist;

    fn div(self, divisor: f64) -> Hist {
        self.scaled(1.0 / divisor)
    }
}

impl Div<f64> for Hist {
    type Output = Hist;

    fn div(self, divisor: f64) -> Hist {
        self.scaled(1.0 / divisor)
    }
}

/// The sum of histograms, such as those of several runs.
///
/// # Errors
/// When there is none, or their axes or storages differ.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let of = |values: &[f64]| -> hist::Result<Hist> {
/// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
/// #     hist.fill(values)?;
/// #     Ok(hist)
/// # };
/// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
/// assert_eq!(hist::sum([&a, &b])?.counts(), [3.0, 7.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sum<'a>(hists: impl IntoIterator<Item = &'a Hist>) -> Result<Hist> {
    let mut hists = hists.into_iter();
    let first = hists.next().ok_or_else(|| Error::Missing("there is no histogram to sum".to_owned()))?;
    hists.try_fold(first.clone(), |mut sum, hist| sum.merge(hist).map(|()| sum))
}

#[cfg(test)]
mod tests {
    use crate::{Axis, Hist};

    fn one(axis: Axis, values: &[f64], weight: f64) -> Hist {
        let mut h = Hist::weighted(axis).unwrap();
        h.fill_weighted(values, &vec![weight; values.len()]).unwrap();
        h
    }

    fn axis() -> Axis {
        Axis::regular(3, 0.0, 3.0).unwrap()
    }

    #[test]
    fn sums_and_differences_add_variances() {
        let (a, b) = (one(axis(), &[0.5, 1.5, 9.0], 2.0), one(axis(), &[0.5], 3.0));
        let sum = (&a + &b).unwrap();
        assert_eq!((sum.counts(), sum.variances(), sum.entries()), (vec![5.0, 2.0, 0.0], vec![13.0, 4.0, 0.0], 4));
        let difference = (&a - &b).unwrap();
        assert_eq!((difference.counts(), difference.variances()), (vec![-1.0, 2.0, 0.0], vec![13.0, 4.0, 0.0]));
        let half = &a / 2.0;
        assert_eq!((half.counts(), half.variances(), half.overflow()), (vec![1.0, 1.0, 0.0], vec![1.0, 1.0, 0.0], 1.0));
    }

    #[test]
    fn different_axes_do_not_add() {
        let (a, b) = (one(axis(), &[0.5], 1.0), one(Axis::regular(3, 0.0, 4.0).unwrap(), &[0.5], 1.0));
        let error = (&a + &b).unwrap_err().to_string();
        assert!(error.contains("axis 0 is `x: 3 bins in [0, 3)` in one and `x: 3 bins in [0, 4)` in the other"));
    }

    #[test]
    fn counts_become_weights_when_they_meet_them() {
        let mut counts = Hist::new(axis()).unwrap();
        counts.fill(&[0.5, 0.6]).unwrap();
        let sum = (&counts + &one(axis(), &[0.5], 3.0)).unwrap();
        assert_eq!((sum.counts()[0], sum.variances()[0]), (5.0, 11.0));
        assert_eq!(counts.scaled(0.5).variances()[0], 0.5);
    }

    #[test]
    fn processes_go_with_the_total() {
        let parts = [("mumu", one(axis(), &[0.5, 1.5], 2.0)), ("ee", one(axis(), &[0.5], 1.0))];
        let h = Hist::from_processes(parts).unwrap();
        assert_eq!(h.counts(), [3.0, 2.0, 0.0]);
        assert_eq!(h.by_process()["mumu"].counts(), [2.0, 2.0, 0.0]);
        let normal = h.normalised().unwrap();
        assert_eq!(normal.by_process()["ee"].counts(), [0.2, 0.0, 0.0]);
        assert_eq!(h.cumulative().unwrap().by_process()["mumu"].counts(), [2.0, 4.0, 4.0]);
        assert_eq!(h.cumulative_from_above().unwrap().counts(), [5.0, 2.0, 0.0]);
        assert_eq!(h.by_process().names().collect::<Vec<_>>(), ["mumu", "ee"]);
        let twice = (&h + &h).unwrap();
        assert_eq!(twice.by_process()["ee"].counts(), [2.0, 0.0, 0.0]);
    }

    #[test]
    fn a_running_sum_begins_outside() {
        let mut h = Hist::new(axis()).unwrap();
        h.fill(&[-1.0, -2.0, 0.5, 2.5, 2.6, 9.0]).unwrap();
        let (up, down) = (h.cumulative().unwrap(), h.cumulative_from_above().unwrap());
        assert_eq!((up.counts(), up.underflow(), up.overflow()), (vec![3.0, 3.0, 5.0], 2.0, 1.0));
        assert_eq!((down.counts(), down.underflow(), down.overflow()), (vec![4.0, 3.0, 3.0], 2.0, 1.0));
        // Texts have no order: what is not listed lies on neither side.
        let mut h = Hist::new(Axis::integer_category([3, 1]).unwrap()).unwrap();
        h.fill(&[3.0, 1.0, 1.0, 7.0]).unwrap();
        assert_eq!(h.cumulative_from_above().unwrap().counts(), [3.0, 2.0]);
        let mut h = Hist::new(Axis::circular(2, 0.0, 2.0).unwrap()).unwrap();
        h.fill(&[0.5, 1.5, 2.5]).unwrap();
        assert_eq!(h.cumulative().unwrap().counts(), [2.0, 3.0]);
    }

    #[test]
    fn counts_times_one_stay_counts() {
        let mut counts = Hist::new(axis()).unwrap();
        counts.fill(&[0.5]).unwrap();
        let interval = counts.intervals()[1];
        assert!((interval.1 - 1.841).abs() < 1e-3);
        assert_eq!((counts.scaled(1.0).intervals()[1], (&counts / 1.0).intervals()[1]), (interval, interval));
    }

    #[test]
    fn density_integrates_to_one() {
        let h = one(Axis::variable([0.0, 1.0, 3.0]).unwrap(), &[0.5, 1.5, 2.5, 2.6], 0.5);
        assert_eq!(h.density(), [0.25, 0.375]);
    }
}
