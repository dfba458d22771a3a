//! How much background goes with how much signal, over all places of a cut.

use crate::error::{Error, Result};
use crate::hist::Hist;
use crate::optimise::kept::{Side, kept};
use crate::optimise::merit::check;
use std::fmt;

/// The shares of signal and of background that a cut keeps, for every place of it.
///
/// ```
/// # use hist::{Axis, Hist, roc};
/// # let axis = Axis::regular(2, 0.0, 2.0)?;
/// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # signal.fill(&[0.5, 1.5, 1.5, 1.5])?;
/// # background.fill(&[0.5, 0.5, 0.5, 1.5])?;
/// let curve: hist::Roc = roc(&signal, &background)?;
/// assert_eq!(curve.area(), 0.75);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// What is cut on, or empty.
    pub name: String,
    points: Vec<RocPoint>,
}

/// One place of a cut.
///
/// ```
/// # use hist::{Axis, Hist, roc};
/// # let axis = Axis::regular(2, 0.0, 2.0)?;
/// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// # signal.fill(&[0.5, 1.5, 1.5, 1.5])?;
/// # background.fill(&[0.5, 0.5, 0.5, 1.5])?;
/// let loosest: hist::RocPoint = roc(&signal, &background)?.points()[0];
/// assert_eq!((loosest.signal, loosest.background), (1.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RocPoint {
    /// Where the cut is.
    pub cut: f64,
    /// The share of signal that is kept.
    pub signal: f64,
    /// The share of background that is kept.
    pub background: f64,
}

/// The curve of signal efficiency against background efficiency when a variable is cut, values above kept. Shares are of
/// all entries, flow and missing values included.
///
/// ```
/// use hist::{Axis, Hist, roc};
/// let axis = Axis::regular(2, 0.0, 2.0)?;
/// let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
/// signal.fill(&[0.5, 1.5, 1.5, 1.5])?;
/// background.fill(&[0.5, 0.5, 0.5, 1.5])?;
/// assert_eq!(roc(&signal, &background)?.area(), 0.75);
/// # Ok::<(), hist::Error>(())
/// ```
///
/// # Errors
/// When the histograms have other bins, more than one axis or means, or one of them is empty.
pub fn roc(signal: &(impl AsRef<Hist> + ?Sized), background: &(impl AsRef<Hist> + ?Sized)) -> Result<Roc> {
    Roc::new(signal.as_ref(), background.as_ref(), Side::Above)
}

impl Roc {
    fn new(signal: &Hist, background: &Hist, side: Side) -> Result<Self> {
        check(signal, background)?;
        let [axis] = signal.parts.axes.as_slice() else {
            return Err(Error::Different(format!("a curve needs one axis, not {}", signal.parts.axes.len())));
        };
        let (all_signal, all_background) = (signal.total(), background.total());
        if !(all_signal > 0.0 && all_background > 0.0) {
            return Err(Error::Missing("a curve needs entries of signal and of background".to_owned()));
        }
        let (signal, background) = (kept(signal, &[side])?, kept(background, &[side])?);
        let point = |(cut, (signal, background)): (f64, (&[f64; 2], &[f64; 2]))| RocPoint {
            cut,
            signal: signal[0] / all_signal,
            background: background[0] / all_background,
        };
        let mut points: Vec<RocPoint> =
            axis.edges().into_iter().zip(signal.iter().zip(&background)).map(point).collect();
        if side == Side::Below {
            points.reverse();
        }
        Ok(Self { name: axis.name.clone(), points })
    }

    /// Every place of the cut, from the loosest to the tightest.
    ///
    /// ```
    /// # use hist::{Axis, Hist, roc};
    /// # let axis = Axis::regular(2, 0.0, 2.0)?;
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[0.5, 1.5, 1.5, 1.5])?;
    /// # background.fill(&[0.5, 0.5, 0.5, 1.5])?;
    /// let points = roc(&signal, &background)?.points().to_vec();
    /// assert!(points.iter().any(|point| (point.signal, point.background) == (0.75, 0.25)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn points(&self) -> &[RocPoint] {
        &self.points
    }

    /// The area under the curve: 0.5 for a variable that does not separate, 1 for one that separates all. Between the places
    /// of the cut the curve is a straight line, and it goes on to (1, 1) and (0, 0). Below 0.5 the other side separates.
    ///
    /// ```
    /// # use hist::{Axis, Hist, roc};
    /// # let axis = Axis::regular(2, 0.0, 2.0)?;
    /// # let (mut signal, mut background) = (Hist::new(axis.clone())?, Hist::new(axis)?);
    /// # signal.fill(&[0.5, 1.5, 1.5, 1.5])?;
    /// # background.fill(&[0.5, 0.5, 0.5, 1.5])?;
    /// assert_eq!(roc(&signal, &signal)?.area(), 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn area(&self) -> f64 {
        let inner = self.points.iter().map(|point| (point.background, point.signal));
        let all: Vec<(f64, f64)> = [(1.0, 1.0)].into_iter().chain(inner).chain([(0.0, 0.0)]).collect();
        all.windows(2).map(|pair| (pair[0].0 - pair[1].0) * 0.5 * (pair[0].1 + pair[1].1)).sum()
    }
}

impl fmt::Display for Roc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "area under the curve {:.4}, {} places of a cut", self.area(), self.points.len())?;
        if self.name.is_empty() { Ok(()) } else { write!(f, " on {}", self.name) }
    }
}
