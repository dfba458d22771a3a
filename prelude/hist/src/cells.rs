//! What is kept per cell, and how it adds up.

/// What a histogram keeps per bin.
///
/// ```
/// # use hist::{Axis, Hist, Storage};
/// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
/// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
/// assert_eq!(profile.storage(), Storage::Mean);
/// assert_eq!(profile.values(), [2.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// The number of entries; its variance is itself.
    Count,
    /// The sum of weights and the sum of squared weights (the variance).
    Weight,
    /// The number, mean and spread of samples: a profile.
    Mean,
    /// The same with weights.
    WeightedMean,
}

/// The cells of a histogram, underflow, overflow and missing included; the last axis varies fastest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cells {
    Count(Vec<f64>),
    Weight(Vec<[f64; 2]>),
    Mean(Vec<Profile>),
    WeightedMean(Vec<Profile>),
}

/// Mean and spread of weighted samples, updated without loss of digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Profile {
    pub(crate) weights: f64,
    pub(crate) squares: f64,
    pub(crate) mean: f64,
    /// Weighted sum of squared distances from the mean.
    pub(crate) spread: f64,
}

impl Profile {
    #[inline]
    pub(crate) fn add(&mut self, weight: f64, sample: f64) {
        self.weights += weight;
        self.squares += weight * weight;
        let distance = sample - self.mean;
        if self.weights != 0.0 {
            self.mean += weight * distance / self.weights;
        }
        self.spread += weight * distance * (sample - self.mean);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.weights == 0.0 {
            // Nothing there, or weights that cancel: there is no mean to move towards.
            self.squares += other.squares;
            self.spread += other.spread;
            return;
        }
        if self.weights == 0.0 && self.squares == 0.0 {
            *self = *other;
            return;
        }
        let weights = self.weights + other.weights;
        let distance = other.mean - self.mean;
        if weights != 0.0 {
            self.mean += other.weights * distance / weights;
            self.spread += other.spread + distance * distance * self.weights * other.weights / weights;
        }
        self.weights = weights;
        self.squares += other.squares;
    }

    /// Whether there is no sample.
    pub(crate) fn is_empty(&self) -> bool {
        self.weights == 0.0 && self.squares == 0.0
    }

    /// The weight that is left to tell a spread. Rounding must not make a spread of one sample.
    pub(crate) fn free(&self) -> f64 {
        let free = self.weights - self.squares / self.weights;
        if free > 1e-12 * self.weights { free } else { 0.0 }
    }

    /// The variance of the samples; 0 where there are too few to tell.
    pub(crate) fn variance(&self) -> f64 {
        let free = self.free();
        if free > 0.0 { self.spread / free } else { 0.0 }
    }

    /// How many unweighted entries would tell as much.
    pub(crate) fn effective(&self) -> f64 {
        if self.squares > 0.0 { self.weights * self.weights / self.squares } else { 0.0 }
    }

    /// The profile that has these moments: what is read back from a file.
    pub(crate) fn from_moments(weights: f64, squares: f64, mean: f64, variance: f64) -> Self {
        let free = weights - squares / weights;
        let spread = if free > 0.0 && variance.is_finite() { variance * free } else { 0.0 };
        Self { weights, squares, mean, spread }
    }
}

impl Cells {
    pub(crate) fn new(storage: Storage, count: usize) -> Self {
        match storage {
            Storage::Count => Self::Count(vec![0.0; count]),
            Storage::Weight => Self::Weight(vec![[0.0; 2]; count]),
            Storage::Mean => Self::Mean(vec![Profile::default(); count]),
            Storage::WeightedMean => Self::WeightedMean(vec![Profile::default(); count]),
        }
    }

    pub(crate) fn storage(&self) -> Storage {
        match self {
            Self::Count(_) => Storage::Count,
            Self::Weight(_) => Storage::Weight,
            Self::Mean(_) => Storage::Mean,
            Self::WeightedMean(_) => Storage::WeightedMean,
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Count(cells) => cells.len(),
            Self::Weight(cells) => cells.len(),
            Self::Mean(cells) | Self::WeightedMean(cells) => cells.len(),
        }
    }

    /// Adds other cells, one by one. Both have the same number; counts become weights when they meet weights.
    pub(crate) fn merge(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Count(mine), Self::Count(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
            }
            (Self::Weight(mine), Self::Weight(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(a, b)| (a[0], a[1]) = (a[0] + b[0], a[1] + b[1]));
            }
            (Self::Weight(mine), Self::Count(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(a, b)| (a[0], a[1]) = (a[0] + b, a[1] + b));
            }
            (Self::Count(_), Self::Weight(_)) => {
                *self = std::mem::replace(self, Self::Count(Vec::new())).weighted();
                self.merge(other);
            }
            (Self::Mean(mine) | Self::WeightedMean(mine), Self::Mean(theirs) | Self::WeightedMean(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(a, b)| a.merge(b));
                if other.storage() == Storage::WeightedMean {
                    *self = std::mem::replace(self, Self::Count(Vec::new())).weighted();
                }
            }
            // Sums and profiles are kept apart by `Hist::compatible`.
            (Self::Count(_) | Self::Weight(_), _) | (Self::Mean(_) | Self::WeightedMean(_), _) => {}
        }
    }

    /// These cells; none are left.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Count(Vec::new()))
    }

    /// The same cells with room for weights.
    pub(crate) fn weighted(self) -> Self {
        match self {
            Self::Count(cells) => Self::Weight(cells.into_iter().map(|count| [count, count]).collect()),
            Self::Mean(cells) => Self::WeightedMean(cells),
            other => other,
        }
    }

    /// Every entry with `factor` times its weight.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        match self.weighted() {
            Self::Weight(cells) => {
                Self::Weight(cells.into_iter().map(|[sum, square]| [sum * factor, square * factor * factor]).collect())
            }
            Self::WeightedMean(cells) => Self::WeightedMean(
                cells
                    .into_iter()
                    .map(|cell| Profile {
                        weights: cell.weights * factor,
                        squares: cell.squares * factor * factor,
                        mean: cell.mean,
                        spread: cell.spread * factor,
                    })
                    .collect(),
            ),
            other => other,
        }
    }

    /// The cells moved together: cell `i` goes to cell `target[i]` of `count`, or nowhere when that is `NOWHERE`.
    pub(crate) fn gathered(&self, targets: &[u32], count: usize) -> Self {
        fn gather<T: Copy + Default>(cells: &[T], targets: &[u32], count: usize, merge: impl Fn(&mut T, &T)) -> Vec<T> {
            let mut out = vec![T::default(); count];
            for (cell, &target) in cells.iter().zip(targets) {
                if target != NOWHERE {
                    merge(&mut out[target as usize], cell);
                }
            }
            out
        }
        match self {
            Self::Count(cells) => Self::Count(gather(cells, targets, count, |a, b| *a += b)),
            Self::Weight(cells) => Self::Weight(gather(cells, targets, count, |a, b| *a = [a[0] + b[0], a[1] + b[1]])),
            Self::Mean(cells) => Self::Mean(gather(cells, targets, count, Profile::merge)),
            Self::WeightedMean(cells) => Self::WeightedMean(gather(cells, targets, count, Profile::merge)),
        }
    }

    /// Number of entries or sum of weights of one cell.
    pub(crate) fn count(&self, at: usize) -> f64 {
        match self {
            Self::Count(cells) => cells[at],
            Self::Weight(cells) => cells[at][0],
            Self::Mean(cells) | Self::WeightedMean(cells) => cells[at].weights,
        }
    }

    /// Sum of squared weights of one cell.
    pub(crate) fn square(&self, at: usize) -> f64 {
        match self {
            Self::Count(cells) => cells[at],
            Self::Weight(cells) => cells[at][1],
            Self::Mean(cells) | Self::WeightedMean(cells) => cells[at].squares,
        }
    }

    /// What is drawn: count, sum of weights, or mean of the samples; NaN where there is none.
    pub(crate) fn value(&self, at: usize) -> f64 {
        match self {
            Self::Count(cells) => cells[at],
            Self::Weight(cells) => cells[at][0],
            Self::Mean(cells) | Self::WeightedMean(cells) => {
                if cells[at].is_empty() {
                    f64::NAN
                } else {
                    cells[at].mean
                }
            }
        }
    }

    /// The variance of [`Cells::value`]; NaN for a mean of too few samples.
    pub(crate) fn variance(&self, at: usize) -> f64 {
        match self {
            Self::Count(cells) => cells[at],
            Self::Weight(cells) => cells[at][1],
            Self::Mean(cells) | Self::WeightedMean(cells) => {
                // One sample, or weights that cancel, tell no spread.
                let cell = &cells[at];
                if cell.free() > 0.0 { cell.variance() / cell.effective() } else { f64::NAN }
            }
        }
    }
}

/// The target of cells that are left out.
pub(crate) const NOWHERE: u32 = u32::MAX;
