//! Mean and standard deviation of a histogram: of the values that were filled, or of the bins.

use crate::axis::{Axis, Kind};
use crate::error::Result;
use crate::hist::Hist;
use crate::locate::AxisAt;

impl Hist {
    /// The mean of the values filled on the first axis, underflow and overflow included: what numpy gives for the column.
    ///
    /// NaN and infinite values do not count. A histogram that does not know its values any more (a running sum, one
    /// read from a file of another program) has the [mean of its bins](Hist::binned_mean): [`Hist::is_unbinned`] tells.
    ///
    /// ```
    /// use hist::{Axis, Hist};
    /// let mut h = Hist::new(Axis::regular(3, 0.0, 3.0)?)?;
    /// h.fill(&[0.1, 0.2, 9.0, f64::NAN])?;
    /// assert!((h.mean() - 3.1).abs() < 1e-12 && h.binned_mean() == 0.5);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn mean(&self) -> f64 {
        self.parts.moments[0].map_or_else(|| self.binned_mean(), |moments| moments.mean())
    }

    /// The standard deviation of the values filled on the first axis (the root of the mean squared distance from
    /// [`Hist::mean`], as `numpy.std` has it), underflow and overflow included.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert!((a.std_dev() - 0.481).abs() < 1e-3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn std_dev(&self) -> f64 {
        self.parts.moments[0].map_or_else(|| self.binned_std_dev(), |moments| moments.variance().sqrt())
    }

    /// As [`Hist::mean`], for any axis.
    ///
    /// # Errors
    /// When there is no such axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert_eq!(hist.mean_of("y")?, 1.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mean_of(&self, axis: impl AxisAt) -> Result<f64> {
        let axis = axis.position(self.axes())?;
        Ok(self.parts.moments[axis].map_or_else(|| self.binned(axis).0, |moments| moments.mean()))
    }

    /// As [`Hist::std_dev`], for any axis.
    ///
    /// # Errors
    /// When there is no such axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// assert!((hist.std_dev_of("y")? - (2_f64 / 3.0).sqrt()).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn std_dev_of(&self, axis: impl AxisAt) -> Result<f64> {
        let axis = axis.position(self.axes())?;
        Ok(self.parts.moments[axis].map_or_else(|| self.binned(axis).1, |moments| moments.variance().sqrt()))
    }

    /// Whether [`Hist::mean`] and [`Hist::std_dev`] are those of the values filled, not of the middles of bins.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let of = |values: &[f64]| -> hist::Result<Hist> {
    /// #     let mut hist = Hist::new(Axis::regular(2, 0.0, 2.0)?)?;
    /// #     hist.fill(values)?;
    /// #     Ok(hist)
    /// # };
    /// # let (a, b) = (of(&[0.5, 1.5, 1.6, 1.7])?, of(&[0.5, 0.6, 1.5, 1.6, 1.7, 1.8])?);
    /// assert!(a.is_unbinned());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_unbinned(&self) -> bool {
        self.parts.moments[0].is_some()
    }

    /// The mean of the first axis from the middles of its bins (from the integers, where bins are integers), without
    /// underflow and overflow. NaN for texts.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!((hist.binned_mean() - (0.5 + 1.5 + 1.5) / 3.0).abs() < 1e-12);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn binned_mean(&self) -> f64 {
        self.binned(0).0
    }

    /// The standard deviation along the first axis from the middles of its bins, without underflow and overflow.
    ///
    /// ```
    /// # use hist::{Axis, Hist};
    /// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?)?;
    /// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
    /// assert!((hist.binned_std_dev() - 2f64.sqrt() / 3.0).abs() < 1e-12);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn binned_std_dev(&self) -> f64 {
        self.binned(0).1
    }

    fn binned(&self, axis: usize) -> (f64, f64) {
        let counts = self.counts();
        let places = self.parts.axes[axis].places();
        let inner: usize = self.parts.axes[axis + 1..].iter().map(Axis::bins).product();
        let place = |at: usize| places[at / inner % places.len()];
        let sum: f64 = counts.iter().sum();
        let mean = counts.iter().enumerate().map(|(at, count)| count * place(at)).sum::<f64>() / sum;
        let squares: f64 = counts.iter().enumerate().map(|(at, count)| count * (place(at) - mean).powi(2)).sum();
        (mean, (squares / sum).max(0.0).sqrt())
    }
}

impl Axis {
    /// The value that represents each bin: its middle, or the integer that it is. NaN for texts.
    fn places(&self) -> Vec<f64> {
        match &self.kind {
            Kind::Integer { lower, .. } => (0..self.bins()).map(|at| (lower + at as i64) as f64).collect(),
            Kind::Integers(numbers) => numbers.iter().map(|&number| number as f64).collect(),
            Kind::Boolean => vec![0.0, 1.0],
            Kind::Strings(names) => vec![f64::NAN; names.len()],
            _ => self.centres(),
        }
    }
}
