//! What a histogram says in numbers: of its bins, and of what lies outside of them.

use crate::axis::Part;
use crate::cells::Cells;
use crate::hist::Hist;
use crate::slots::strides;

impl Hist {
    /// Rows filled, in any cell and with any weight.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.entries(), 4, "the overflow counts");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entries(&self) -> u64 {
        self.parts.entries
    }

    /// The edges of the bins of the first axis; those of others are `h.axes()[1].edges()`.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.edges(), [0.0, 1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn edges(&self) -> Vec<f64> {
        self.parts.axes[0].edges()
    }

    /// The middles of the bins of the first axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.centres(), [0.5, 1.5, 2.5, 3.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn centres(&self) -> Vec<f64> {
        self.parts.axes[0].centres()
    }

    /// Entries or sums of weights in the bins, without flow; the last axis varies fastest.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.counts(), [1.0, 2.0, 0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn counts(&self) -> Vec<f64> {
        self.over_bins(Cells::count)
    }

    /// What is drawn: [`Hist::counts`], or the means of a profile (NaN in a bin without samples).
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let mut profile = Hist::with([Axis::regular(2, 0.0, 2.0)?], Storage::Mean)?;
    /// # profile.fill_slices(&[&[0.5, 0.6, 1.5]], None, Some(&[1.0, 3.0, 5.0]))?;
    /// assert_eq!((profile.values(), profile.counts()), (vec![2.0, 5.0], vec![2.0, 1.0]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn values(&self) -> Vec<f64> {
        self.over_bins(Cells::value)
    }

    /// Variances of [`Hist::values`]: counts, sums of squared weights, or variances of the means. The variance of a mean
    /// is NaN where there are too few samples to tell.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.variances(), hist.counts());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn variances(&self) -> Vec<f64> {
        self.over_bins(Cells::variance)
    }

    /// Square roots of [`Hist::variances`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.errors()[1], 2_f64.sqrt());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn errors(&self) -> Vec<f64> {
        self.variances().into_iter().map(f64::sqrt).collect()
    }

    /// Entries, or weights, below the range (of at least one axis).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// hist.fill(&[-1.0])?;
    /// assert_eq!(hist.underflow(), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn underflow(&self) -> f64 {
        self.outside(Cells::count, Part::Under)
    }

    /// Entries, or weights, not below but above the range (of at least one axis).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.overflow(), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn overflow(&self) -> f64 {
        self.outside(Cells::count, Part::Over)
    }

    /// Entries, or weights, of rows with a missing value: null or NaN (on at least one axis, or of a profile's sample).
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// hist.fill(&[f64::NAN])?;
    /// assert_eq!(hist.nan(), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nan(&self) -> f64 {
        self.outside(Cells::count, Part::Missing)
    }

    /// The variance of [`Hist::underflow`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// hist.fill(&[-1.0, -2.0])?;
    /// assert_eq!((hist.underflow(), hist.underflow_variance()), (2.0, 2.0));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn underflow_variance(&self) -> f64 {
        self.outside(Cells::square, Part::Under)
    }

    /// The variance of [`Hist::overflow`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!((hist.overflow(), hist.overflow_variance()), (1.0, 1.0));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn overflow_variance(&self) -> f64 {
        self.outside(Cells::square, Part::Over)
    }

    /// The variance of [`Hist::nan`].
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// hist.fill(&[f64::NAN])?;
    /// assert_eq!((hist.nan(), hist.nan_variance()), (1.0, 1.0));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn nan_variance(&self) -> f64 {
        self.outside(Cells::square, Part::Missing)
    }

    /// The sum of the bins, without flow and missing.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!(hist.sum(), 3.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sum(&self) -> f64 {
        self.counts().iter().sum()
    }

    /// The sum of everything: bins, underflow, overflow and missing.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert_eq!((hist.sum(), hist.total()), (3.0, 4.0));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn total(&self) -> f64 {
        (0..self.parts.cells.len()).map(|at| self.parts.cells.count(at)).sum()
    }

    /// How many entries of weight 1 would tell as much: (sum of weights)² / sum of squares, in the bins.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// let mut weighted = Hist::weighted(Axis::regular(1, 0.0, 1.0)?)?;
    /// weighted.fill_weighted(&[0.5, 0.5], &[1.0, 3.0])?;
    /// assert_eq!(weighted.effective_entries(), 1.6);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn effective_entries(&self) -> f64 {
        let squares: f64 = self.over_bins(Cells::square).iter().sum();
        if squares > 0.0 { self.sum().powi(2) / squares } else { 0.0 }
    }

    /// The cells of bins, in order.
    pub(crate) fn bin_cells(&self) -> Vec<usize> {
        let mut cells = vec![0];
        for (axis, stride) in self.parts.axes.iter().zip(strides(&self.parts.axes)) {
            let slots = axis.first()..axis.first() + axis.bins();
            cells = cells.iter().flat_map(|&at| slots.clone().map(move |slot| at + slot * stride)).collect();
        }
        cells
    }

    fn over_bins(&self, what: impl Fn(&Cells, usize) -> f64) -> Vec<f64> {
        self.bin_cells().into_iter().map(|at| what(&self.parts.cells, at)).collect()
    }

    fn outside(&self, what: impl Fn(&Cells, usize) -> f64, wanted: Part) -> f64 {
        let strides = strides(&self.parts.axes);
        let parts: Vec<Vec<Part>> =
            self.parts.axes.iter().map(|axis| (0..axis.extent()).map(|slot| axis.part(slot)).collect()).collect();
        let kind = |cell: usize| {
            let mut kinds = strides.iter().zip(&parts).map(|(stride, parts)| parts[cell / stride % parts.len()]);
            let (mut under, mut over) = (false, false);
            if kinds.any(|part| {
                under |= part == Part::Under;
                over |= part == Part::Over;
                part == Part::Missing
            }) {
                Part::Missing
            } else if under {
                Part::Under
            } else if over {
                Part::Over
            } else {
                Part::Bin(0)
            }
        };
        (0..self.parts.cells.len()).filter(|&cell| kind(cell) == wanted).map(|cell| what(&self.parts.cells, cell)).sum()
    }
}
