//! How users say which axis and which bins: by position, by name, by value.

use crate::axis::{Axis, Kind, Part};
use crate::error::{Error, Result};
use crate::slots::Binner;
use std::ops::{Add, Bound, Range, RangeBounds, Sub};

/// A bin, by position or by a value that falls into it. See [`loc`].
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// let after: hist::Locator = hist::loc(0.2) + 1;
/// assert_eq!(hist.at([after])?.0, 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Locator {
    at: At,
    shift: i64,
}

#[derive(Debug, Clone, PartialEq)]
enum At {
    Position(i64),
    Value(f64),
    Text(String),
}

/// The bin into which a value falls, or the bin of a category: `h.slice(0, loc(0.2)..loc(0.8))`.
/// `loc(0.2) + 1` is the bin after it.
///
/// ```
/// # use hist::{Axis, Hist};
/// # let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0)?.named("x"))?;
/// # hist.fill(&[0.5, 1.5, 1.7, 9.0])?;
/// assert_eq!(hist.slice(0, hist::loc(1.2)..hist::loc(3.0))?.counts(), [2.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn loc(value: impl Into<Place>) -> Locator {
    let at = match value.into() {
        Place::Value(value) => At::Value(value),
        Place::Text(text) => At::Text(text),
    };
    Locator { at, shift: 0 }
}

/// A value or a category, for [`loc`].
///
/// ```
/// use hist::{Axis, Hist, Place, loc};
/// let mut hist = Hist::with([Axis::category(["ee", "mumu"])?], hist::Storage::Count)?;
/// assert_eq!(hist.at([loc(Place::Text("mumu".to_string()))])?.0, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// A number.
    Value(f64),
    /// A category.
    Text(String),
}

impl From<f64> for Place {
    fn from(value: f64) -> Self {
        Self::Value(value)
    }
}

impl From<i32> for Place {
    fn from(value: i32) -> Self {
        Self::Value(value.into())
    }
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<usize> for Locator {
    fn from(position: usize) -> Self {
        Self { at: At::Position(position as i64), shift: 0 }
    }
}

impl From<i32> for Locator {
    fn from(position: i32) -> Self {
        Self { at: At::Position(position.into()), shift: 0 }
    }
}

impl From<&Locator> for Locator {
    fn from(locator: &Locator) -> Self {
        locator.clone()
    }
}

impl Add<i64> for Locator {
    type Output = Self;

    fn add(mut self, bins: i64) -> Self {
        self.shift += bins;
        self
    }
}

impl Sub<i64> for Locator {
    type Output = Self;

    fn sub(self, bins: i64) -> Self {
        self + -bins
    }
}

impl Locator {
    /// The bin meant; values below the axis give 0, values above give the number of bins.
    fn bound(&self, axis: &Axis) -> Result<usize> {
        let bin = match &self.at {
            At::Position(position) => *position,
            At::Value(value) => match axis.part_of(*value) {
                Part::Under => 0,
                Part::Bin(bin) => bin as i64,
                Part::Over => axis.bins() as i64,
                Part::Missing => return Err(Error::Missing(format!("{value} is nowhere on the axis `{axis}`"))),
            },
            At::Text(text) => axis.position_of(text)? as i64,
        };
        Ok((bin + self.shift).clamp(0, axis.bins() as i64) as usize)
    }

    /// The bin meant, which must be one.
    pub(crate) fn bin(&self, axis: &Axis) -> Result<usize> {
        let outside = match &self.at {
            At::Position(position) => {
                usize::try_from(position + self.shift).map_or(true, |position| position >= axis.bins())
            }
            At::Value(value) => !matches!(axis.part_of(*value), Part::Bin(_)),
            At::Text(_) => false,
        };
        let bin = self.bound(axis)?;
        if outside || bin >= axis.bins() {
            let said = match &self.at {
                At::Position(position) => format!("bin {}", position + self.shift),
                At::Value(value) => format!("{value}"),
                At::Text(text) => format!("`{text}`"),
            };
            return Err(Error::Missing(format!("{said} lies outside the bins of the axis `{axis}`")));
        }
        Ok(bin)
    }
}

/// The bins of a range on an axis; a range to or from nowhere is open.
pub(crate) fn bins_of<L: Into<Locator> + Clone>(axis: &Axis, range: &impl RangeBounds<L>) -> Result<Range<usize>> {
    let bound = |place: &L| place.clone().into().bound(axis);
    let from = match range.start_bound() {
        Bound::Included(place) => bound(place)?,
        Bound::Excluded(place) => bound(place)? + 1,
        Bound::Unbounded => 0,
    };
    let until = match range.end_bound() {
        Bound::Included(place) => (bound(place)? + 1).min(axis.bins()),
        Bound::Excluded(place) => bound(place)?,
        Bound::Unbounded => axis.bins(),
    };
    if from >= until {
        return Err(Error::Missing(format!("from bin {from} up to and without bin {until} there are no bins")));
    }
    Ok(from..until)
}

/// An axis, by position or by name.
///
/// ```
/// # use hist::{Axis, Hist, Storage};
/// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
/// # let mut hist = Hist::with([x, y], Storage::Count)?;
/// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
/// assert_eq!(hist.sum_over("x")?, hist.sum_over(0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait AxisAt {
    /// The position of the axis meant among those of a histogram.
    ///
    /// # Errors
    /// When there is no such axis.
    ///
    /// ```
    /// # use hist::{Axis, Hist, Storage};
    /// # let (x, y) = (Axis::regular(2, 0.0, 2.0)?.named("x"), Axis::regular(3, 0.0, 3.0)?.named("y"));
    /// # let mut hist = Hist::with([x, y], Storage::Count)?;
    /// # hist.fill_slices(&[&[0.5, 0.6, 1.5], &[0.5, 1.5, 2.5]], None, None)?;
    /// use hist::AxisAt;
    /// assert_eq!("y".position(hist.axes())?, 1);
    /// assert!("z".position(hist.axes()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn position(&self, axes: &[Axis]) -> Result<usize>;
}

impl AxisAt for usize {
    fn position(&self, axes: &[Axis]) -> Result<usize> {
        if *self < axes.len() {
            return Ok(*self);
        }
        Err(Error::Missing(format!("there is no axis {self}; the histogram has {}, counted from 0", axes.len())))
    }
}

impl AxisAt for i32 {
    fn position(&self, axes: &[Axis]) -> Result<usize> {
        usize::try_from(*self).unwrap_or(usize::MAX).position(axes)
    }
}

impl AxisAt for &str {
    fn position(&self, axes: &[Axis]) -> Result<usize> {
        let names = || axes.iter().map(|axis| axis.name.as_str());
        let found = names().position(|name| name == *self);
        found.ok_or_else(|| Error::Missing(format!("no axis is called `{self}`, {}", hint(self, names()))))
    }
}

fn hint<'a>(wanted: &str, names: impl Iterator<Item = &'a str> + Clone) -> String {
    match segment::nearest(wanted, names.clone()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}

impl Axis {
    /// The bin into which a value falls, if it falls into one.
    ///
    /// ```
    /// # use hist::Axis;
    /// let axis = Axis::regular(2, 0.0, 1.0)?;
    /// assert_eq!((axis.index(0.7), axis.index(1.0)), (Some(1), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn index(&self, value: f64) -> Option<usize> {
        match self.part_of(value) {
            Part::Bin(bin) => Some(bin),
            _ => None,
        }
    }

    /// The part of the axis a value belongs to.
    pub(crate) fn part_of(&self, value: f64) -> Part {
        let value = match &self.kind {
            Kind::Integers(numbers) if !value.is_nan() => {
                let found = numbers.iter().position(|&number| number as f64 == value);
                found.unwrap_or(numbers.len()) as f64
            }
            Kind::Strings(_) => return Part::Over,
            _ => value,
        };
        let mut slot = [0];
        Binner::new(self, 1).add(&[value], &mut slot);
        self.part(slot[0] as usize)
    }

    fn position_of(&self, category: &str) -> Result<usize> {
        let Some(names) = self.categories() else {
            return Err(Error::Missing(format!("the axis `{self}` has no categories: locate its bins by numbers")));
        };
        let found = names.iter().position(|name| name == category);
        found.ok_or_else(|| {
            let hint = hint(category, names.iter().map(String::as_str));
            Error::Missing(format!("no category `{category}` on the axis `{self}`; {hint}"))
        })
    }
}
