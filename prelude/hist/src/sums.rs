//! The sums of weights of all cells as numbers: what a histogram has in another universe of a systematic variation.

use crate::axis::Axis;
use crate::cells::Cells;
use crate::error::{Error, Result};
use crate::hist::Hist;

impl Hist {
    /// The number of entries or the sum of weights of every cell, underflow, overflow and missing included; the last axis
    /// varies fastest.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let mut h = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// h.fill(&[0.5, 1.5, 1.7, 7.0])?;
    /// assert_eq!(h.sums(), [0.0, 1.0, 2.0, 1.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn sums(&self) -> Vec<f64> {
        (0..self.parts.cells.len()).map(|cell| self.parts.cells.count(cell)).collect()
    }

    /// A histogram of the same axes with these sums of weights in all its cells, of so many rows. Its variances are not known and are NaN.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let h = Hist::new(Axis::regular(2, 0.0, 2.0)?)?.with_sums(&[0.0, 1.5, 2.5, 0.0, 0.0], 3)?;
    /// assert_eq!(h.counts(), [1.5, 2.5]);
    /// assert!(h.errors()[0].is_nan());
    /// # Ok::<(), hist::Error>(())
    /// ```
    ///
    /// # Errors
    /// A number for each cell is needed; a profile has means and no sums.
    pub fn with_sums(&self, sums: &[f64], entries: u64) -> Result<Self> {
        if self.is_profile() || sums.len() != self.parts.cells.len() {
            let (have, want) = (sums.len(), self.parts.cells.len());
            return Err(Error::Different(format!("{have} sums are not those of {want} cells of a histogram")));
        }
        let mut made = self.empty_like();
        made.parts.cells = Cells::Weight(sums.iter().map(|&sum| [sum, f64::NAN]).collect());
        made.parts.entries = entries;
        made.parts.moments = vec![None; made.parts.axes.len()];
        Ok(made)
    }

    /// A histogram of one axis with these sums of weights and variances in its bins, and nothing outside of them.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let h = Hist::of_contents(Axis::regular(2, 0.0, 2.0)?, &[1.5, 2.5], &[0.25, 1.0])?;
    /// assert_eq!((h.counts(), h.errors(), h.overflow()), (vec![1.5, 2.5], vec![0.5, 1.0], 0.0));
    /// # Ok::<(), hist::Error>(())
    /// ```
    ///
    /// # Errors
    /// A value and a variance for each bin are needed.
    pub fn of_contents(axis: Axis, values: &[f64], variances: &[f64]) -> Result<Self> {
        let mut made = Self::weighted(axis)?;
        let bins = made.bin_cells();
        if (values.len(), variances.len()) != (bins.len(), bins.len()) {
            let (values, variances, bins) = (values.len(), variances.len(), bins.len());
            return Err(Error::Different(format!(
                "{values} values and {variances} variances are not those of {bins} bins"
            )));
        }
        if let Cells::Weight(cells) = &mut made.parts.cells {
            for ((cell, &value), &variance) in bins.into_iter().zip(values).zip(variances) {
                cells[cell] = [value, variance];
            }
        }
        made.parts.moments = vec![None; made.parts.axes.len()];
        Ok(made)
    }
}
