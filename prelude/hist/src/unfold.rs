//! Iterative Bayes unfolding: from measured bins back to true ones.
//!
//! Sources: D'Agostini, NIM A 362 (1995) 487, for the iteration; Adye, PHYSTAT 2011 (arXiv:1105.1160), for the covariance,
//! which follows how each step depends on the measured counts through the one before it.

use crate::axis::{Axis, Part};
use crate::cells::{Cells, Storage};
use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::slots::strides;
use nalgebra::{DMatrix, DVector};
use std::fmt;

/// An unfolded histogram, with covariances of its bins.
///
/// ```
/// # use hist::{Axis, Hist, Storage, unfold};
/// # let axis = || Axis::regular(2, 0.0, 2.0);
/// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
/// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
/// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
/// # response.fill_slices(&[&truth, &seen], None, None)?;
/// # let mut measured = Hist::new(axis()?)?;
/// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
/// # let unfolded = unfold(&measured, &response, 4)?;
/// assert!((unfolded.values()[0] - 100.0).abs() < 1.0 && (unfolded.values()[1] - 100.0).abs() < 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Unfolded {
    hist: Hist,
    truth: Hist,
    covariance: DMatrix<f64>,
    efficiency: Vec<f64>,
    iterations: usize,
    change: f64,
}

/// Unfolds a measured histogram by Bayes' theorem, again and again, so many times.
///
/// `response` is a histogram of simulation of two axes, first the true value, then the measured one, whose axis has the bins
/// of `measured`. A simulated entry that is in the flow of the measured axis, or whose measured value is missing, is one that
/// was not found: fill it with every true value, found or not. True values in the flow of the first axis are a source of their
/// own, which is unfolded too and not shown. The first guess is the simulated spectrum; more iterations depend on it less and
/// have larger errors.
///
/// Errors are of the statistics of the measured histogram; those of the simulation are not in them.
///
/// ```
/// use hist::{Axis, Hist, Storage, unfold};
/// let axis = || Axis::regular(2, 0.0, 2.0);
/// let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
/// // Of true values in the first bin 80 % are measured there and 10 % in the second; 10 % are lost.
/// let lost = f64::NAN;
/// let (truth, seen) = ([vec![0.5; 100], vec![1.5; 100]].concat(),
///     [vec![0.5; 80], vec![1.5; 10], vec![lost; 10], vec![1.5; 90], vec![0.5; 10]].concat());
/// response.fill_slices(&[&truth, &seen], None, None)?;
/// let mut measured = Hist::new(axis()?)?;
/// measured.fill(&[vec![0.5; 250], vec![1.5; 120]].concat())?;
/// let unfolded = unfold(&measured, &response, 50)?;
/// // 0.8 a + 0.1 b = 250 and 0.1 a + 0.9 b = 120.
/// assert!(unfolded.last_change() < 1e-3);
/// assert!((unfolded.values()[0] - 299.9).abs() < 0.5 && (unfolded.values()[1] - 100.0).abs() < 0.5);
/// # Ok::<(), hist::Error>(())
/// ```
///
/// # Errors
/// When axes do not fit, bins are means or negative, or nothing was measured or simulated.
pub fn unfold(
    measured: &(impl AsRef<Hist> + ?Sized),
    response: &(impl AsRef<Hist> + ?Sized),
    iterations: usize,
) -> Result<Unfolded> {
    let problem = Problem::new(measured.as_ref(), response.as_ref())?;
    if iterations == 0 {
        return Err(Error::Fit("an unfolding needs at least one iteration".to_owned()));
    }
    problem.solve(iterations)
}

/// Causes are bins of the true value, and one more for all of its flow; effects are bins of the measured value.
struct Problem<'a> {
    truth: &'a Axis,
    measured: &'a Hist,
    /// The chance that a cause is seen as an effect; a row for each effect.
    chance: DMatrix<f64>,
    /// The chance that a cause is seen at all.
    efficiency: DVector<f64>,
    simulated: DVector<f64>,
    simulated_hist: Hist,
}

impl<'a> Problem<'a> {
    fn new(measured: &'a Hist, response: &'a Hist) -> Result<Self> {
        let wrong = |what: String| Error::Different(what);
        let ([axis], [truth, seen]) = (measured.axes(), response.axes()) else {
            return Err(wrong(format!(
                "an unfolding needs a measured histogram of one axis and a response of two (true, measured), not of {} and {}",
                measured.dimensions(),
                response.dimensions()
            )));
        };
        if measured.is_profile() || response.is_profile() {
            return Err(wrong("an unfolding needs counts, and these are means".to_owned()));
        }
        if !axis.same_bins(seen) {
            return Err(wrong(format!("the second axis of the response is {seen}, and what was measured has {axis}")));
        }
        let (causes, effects) = (truth.bins() + 1, seen.bins());
        let mut counts = DMatrix::zeros(effects, causes);
        let mut simulated = DVector::zeros(causes);
        let strides = strides(&response.parts.axes);
        for cell in 0..response.parts.cells.len() {
            let part = |at: usize, axis: &Axis| axis.part(cell / strides[at] % axis.extent());
            let cause = match part(0, truth) {
                Part::Bin(bin) => bin,
                Part::Under | Part::Over => truth.bins(),
                // Without a true value it is not known from where it comes: as any other source.
                Part::Missing => truth.bins(),
            };
            let count = response.parts.cells.count(cell);
            simulated[cause] += count;
            if let Part::Bin(effect) = part(1, seen) {
                counts[(effect, cause)] += count;
            }
        }
        if let Some(bad) =
            measured.counts().into_iter().chain(counts.iter().copied()).find(|count| count.is_nan() || *count < 0.0)
        {
            return Err(Error::Fit(format!("an unfolding needs counts, and a bin holds {bad}")));
        }
        let mut chance = counts;
        for (cause, total) in simulated.iter().enumerate() {
            let scale = if *total > 0.0 { 1.0 / total } else { 0.0 };
            chance.column_mut(cause).scale_mut(scale);
        }
        let efficiency = DVector::from_iterator(causes, chance.column_iter().map(|column| column.sum()));
        if !(efficiency.sum() > 0.0 && measured.sum() > 0.0) {
            return Err(Error::Fit("an unfolding needs entries, measured and simulated ones".to_owned()));
        }
        let mut simulated_hist = response.project([0])?;
        simulated_hist.parts.processes = Default::default();
        Ok(Self { truth, measured, chance, efficiency, simulated, simulated_hist })
    }

    fn solve(&self, iterations: usize) -> Result<Unfolded> {
        let seen = DVector::from_vec(self.measured.counts());
        let (effects, causes) = self.chance.shape();
        let mut guess = self.simulated.clone();
        // How the guess depends on what was measured.
        let mut slopes: DMatrix<f64> = DMatrix::zeros(causes, effects);
        let mut change = f64::INFINITY;
        for _ in 0..iterations {
            let expected = &self.chance * &guess;
            if let Some(effect) = (0..effects).find(|&effect| seen[effect] > 0.0 && expected[effect] <= 0.0) {
                let (low, high) = (self.measured.edges()[effect], self.measured.edges()[effect + 1]);
                return Err(Error::Fit(format!(
                    "{} entries were measured between {low} and {high}, where the simulation has none: unfold a range \
                     that it covers",
                    seen[effect]
                )));
            }
            // The share of an effect that comes from a cause, over the efficiency of the cause.
            let mixing = DMatrix::from_fn(causes, effects, |cause, effect| {
                if self.efficiency[cause] > 0.0 && expected[effect] > 0.0 {
                    self.chance[(effect, cause)] * guess[cause] / (self.efficiency[cause] * expected[effect])
                } else {
                    0.0
                }
            });
            let next = &mixing * &seen;
            slopes = self.slopes(&mixing, &seen, &guess, &next, &slopes);
            change = (&next - &guess).norm() / next.norm();
            guess = next;
        }
        let variances = DMatrix::from_diagonal(&DVector::from_vec(self.measured.variances()));
        let covariance = &slopes * variances * slopes.transpose();
        self.result(&guess, covariance, iterations, change)
    }

    /// d(next) / d(seen), by the chain rule through the guess.
    fn slopes(
        &self,
        mixing: &DMatrix<f64>,
        seen: &DVector<f64>,
        guess: &DVector<f64>,
        next: &DVector<f64>,
        before: &DMatrix<f64>,
    ) -> DMatrix<f64> {
        let over = |value: f64, by: f64| if by > 0.0 { value / by } else { 0.0 };
        let causes = guess.len();
        let direct = DMatrix::from_diagonal(&DVector::from_fn(causes, |at, _| over(next[at], guess[at])));
        let weighted = DMatrix::from_fn(causes, seen.len(), |at, effect| mixing[(at, effect)] * seen[effect]);
        let other = DMatrix::from_fn(seen.len(), causes, |effect, at| {
            over(mixing[(at, effect)] * self.efficiency[at], guess[at])
        });
        mixing + (direct - weighted * other) * before
    }

    fn result(&self, guess: &DVector<f64>, whole: DMatrix<f64>, iterations: usize, change: f64) -> Result<Unfolded> {
        let bins = self.truth.bins();
        let covariance = whole.view((0, 0), (bins, bins)).into_owned();
        let mut hist = Hist::with([self.truth.clone()], Storage::Weight)?;
        let cells = hist.bin_cells();
        if let Cells::Weight(sums) = &mut hist.parts.cells {
            cells.iter().enumerate().for_each(|(bin, &cell)| sums[cell] = [guess[bin], covariance[(bin, bin)]]);
        }
        let efficiency = self.efficiency.iter().take(bins).copied().collect();
        let truth = self.simulated_hist.clone();
        Ok(Unfolded { hist, truth, covariance, efficiency, iterations, change })
    }
}

impl Unfolded {
    /// The unfolded histogram; its errors are the roots of the variances.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert_eq!(unfolded.hist().counts(), unfolded.values());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hist(&self) -> &Hist {
        &self.hist
    }

    /// The number of entries in each bin of the true value.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert!((unfolded.values()[0] - 100.0).abs() < 1.0, "80 % of them were seen");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> Vec<f64> {
        self.hist.values()
    }

    /// Their errors.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert_eq!(unfolded.errors()[0], unfolded.covariance()[0][0].sqrt());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn errors(&self) -> Vec<f64> {
        self.hist.errors()
    }

    /// The edges of the bins of the true value.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert_eq!(unfolded.edges(), [0.0, 1.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn edges(&self) -> Vec<f64> {
        self.hist.edges()
    }

    /// The covariances of the bins: a row for each of them.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert!(unfolded.covariance()[0][0] > 100.0, "more than of 100 entries that are all seen");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn covariance(&self) -> Vec<Vec<f64>> {
        self.covariance.row_iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// The correlations of the bins: a row for each of them; NaN where a bin has no error.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert!((unfolded.correlations()[1][1] - 1.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn correlations(&self) -> Vec<Vec<f64>> {
        let errors = |a: usize, b: usize| (self.covariance[(a, a)] * self.covariance[(b, b)]).sqrt();
        let row = |a: usize| (0..self.efficiency.len()).map(|b| self.covariance[(a, b)] / errors(a, b)).collect();
        (0..self.efficiency.len()).map(row).collect()
    }

    /// The chance that an entry of a bin is found.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert!((unfolded.efficiency()[1] - 0.9).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn efficiency(&self) -> &[f64] {
        &self.efficiency
    }

    /// The simulated spectrum, which was the first guess.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert_eq!(unfolded.simulated().counts(), [100.0, 100.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn simulated(&self) -> &Hist {
        &self.truth
    }

    /// How many times Bayes' theorem was used.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert_eq!(unfolded.iterations(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// By what part of itself the spectrum changed in the last iteration.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage, unfold};
    /// # let axis = || Axis::regular(2, 0.0, 2.0);
    /// # let mut response = Hist::with([axis()?, axis()?], Storage::Count)?;
    /// # let truth = [vec![0.5; 100], vec![1.5; 100]].concat();
    /// # let seen = [vec![0.5; 80], vec![1.5; 20], vec![1.5; 90], vec![f64::NAN; 10]].concat();
    /// # response.fill_slices(&[&truth, &seen], None, None)?;
    /// # let mut measured = Hist::new(axis()?)?;
    /// # measured.fill(&[vec![0.5; 80], vec![1.5; 110]].concat())?;
    /// # let unfolded = unfold(&measured, &response, 4)?;
    /// assert!(unfolded.last_change() < 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_change(&self) -> f64 {
        self.change
    }
}

impl AsRef<Hist> for Unfolded {
    fn as_ref(&self) -> &Hist {
        &self.hist
    }
}

impl fmt::Display for Unfolded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "unfolded in {} iterations, the last of which changed {:.1e} of it; errors of the measured statistics",
            self.iterations, self.change
        )?;
        write!(f, "{}", self.hist)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The response and the measured counts of the reference: true bins in rows, then how many were lost.
    const RESPONSE: [([usize; 5], usize); 4] =
        [([60, 20, 5, 0, 0], 15), ([15, 80, 25, 5, 0], 10), ([0, 20, 90, 30, 5], 20), ([0, 0, 10, 40, 30], 40)];
    const MEASURED: [usize; 5] = [130, 200, 210, 120, 45];
    /// Values by PyUnfold 0.5.0 from the simulated spectrum on; errors and a covariance by differences of its iteration with
    /// respect to each measured count (its own errors of several iterations are up to 0.6 % off these).
    const ANSWERS: [(usize, [f64; 4], [f64; 4], f64); 3] = [
        (
            1,
            [171.070_889_894_419_3, 224.335_384_615_384_6, 265.304_660_856_385, 178.087_912_087_912_1],
            [11.102_928_722_6, 10.928_217_598_59, 12.789_697_409_6, 12.409_013_381],
            56.637_076_226,
        ),
        (
            4,
            [174.273_371_347_926_06, 225.478_370_186_341_64, 269.490_216_734_112_3, 166.899_944_618_024_25],
            [17.514_655_122_2, 19.056_900_167_5, 21.101_317_099_2, 19.792_682_224_3],
            -58.492_440_908,
        ),
        (
            10,
            [174.815_155_544_422_34, 223.030_136_506_549_9, 274.057_688_754_447_5, 163.588_735_750_497_85],
            [20.075_925_701_8, 25.858_364_028_7, 27.902_143_912_4, 23.094_151_252_6],
            -212.198_902_343,
        ),
    ];

    fn response() -> (Hist, Hist) {
        let (truth, seen) = (Axis::regular(4, 0.0, 4.0).unwrap(), Axis::regular(5, 0.0, 5.0).unwrap());
        let mut response = Hist::with([truth, seen.clone()], Storage::Count).unwrap();
        let mut fill = |cause: usize, effect: f64, count: usize| {
            response.fill_slices(&[&vec![cause as f64 + 0.5; count], &vec![effect; count]], None, None).unwrap();
        };
        for (cause, (row, lost)) in RESPONSE.into_iter().enumerate() {
            row.into_iter().enumerate().for_each(|(effect, count)| fill(cause, effect as f64 + 0.5, count));
            fill(cause, f64::NAN, lost);
        }
        let mut measured = Hist::new(seen).unwrap();
        for (bin, count) in MEASURED.into_iter().enumerate() {
            measured.fill(&vec![bin as f64 + 0.5; count]).unwrap();
        }
        (measured, response)
    }

    #[test]
    fn values_and_covariances_are_those_of_the_reference() {
        let (measured, response) = response();
        for (iterations, values, errors, covariance) in ANSWERS {
            let found = unfold(&measured, &response, iterations).unwrap();
            for at in 0..4 {
                assert!(
                    (found.values()[at] - values[at]).abs() < 1e-9 * values[at],
                    "{iterations}: {:?}",
                    found.values()
                );
                assert!(
                    (found.errors()[at] - errors[at]).abs() < 1e-6 * errors[at],
                    "{iterations}: {:?}",
                    found.errors()
                );
            }
            assert!((found.covariance()[0][1] - covariance).abs() < 1e-6 * covariance.abs());
            assert!((found.correlations()[2][2] - 1.0).abs() < 1e-12);
        }
        let found = unfold(&measured, &response, 4).unwrap();
        assert!((found.efficiency()[0] - 0.85).abs() < 1e-12);
        assert_eq!(found.simulated().counts(), [100.0, 135.0, 165.0, 120.0]);
        assert!(found.to_string().starts_with("unfolded in 4 iterations"));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (measured, response) = response();
        let say = |result: Result<Unfolded>| result.unwrap_err().to_string();
        assert!(say(unfold(&measured, &measured, 4)).contains("a response of two (true, measured), not of 1 and 1"));
        assert!(
            say(unfold(&response.project([0]).unwrap(), &response, 4)).contains("the second axis of the response is")
        );
        assert!(say(unfold(&measured, &response, 0)).contains("at least one iteration"));
        let empty = measured.empty_like();
        assert!(say(unfold(&empty, &response, 1)).contains("needs entries"));
        let only = response.slice(1, 0..3).unwrap().slice(0, 0..1).unwrap();
        let seen = measured.slice(0, 0..3).unwrap();
        // True bin 0 alone can be seen in all three bins; the flow of the true axis holds the others.
        assert!(unfold(&seen, &only, 2).is_ok());
    }
}
