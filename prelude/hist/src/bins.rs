//! What a user may write for `bins`, and the range that is found from the data.

use crate::axis::Axis;
use crate::column::Column;
use crate::error::{Error, Result};
use polars::prelude::Series;
use segment::lists::Lists;

/// Bins as asked for: an axis, or a number of bins whose range the data decide.
///
/// ```
/// use hist::{Bins, IntoBins};
/// assert!(matches!(50.into_bins()?, Bins::Automatic(50)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// So many bins between the smallest and the largest finite value, both included: see [`RangeFinder`].
    Automatic(usize),
    /// These bins.
    Axis(Axis),
    /// So many bins of equal length between two times, which are read by the clocks of the column's zone. Where those are put
    /// forward or back in between, a bin for each day is a little shorter or longer than 24 hours.
    Times(usize, [String; 2]),
}

/// What can be written for `bins`: `50`, `(50, 0.0, 3.0)`, `(50, [0.0, 3.0])`, `(50, 0.0..3.0)`, `vec![0.0, 1.0, 5.0]`, an
/// [`Axis`], or, for a column of times, `(31, "2024-03-01", "2024-04-01")`.
///
/// ```
/// use hist::IntoBins;
/// assert_eq!((2, 0.0..1.0).into_bins()?, (2, [0.0, 1.0]).into_bins()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoBins {
    /// The bins meant.
    ///
    /// # Errors
    /// When they make no axis.
    ///
    /// ```
    /// use hist::IntoBins;
    /// assert_eq!(vec![0.0, 1.0, 5.0].into_bins()?.axis().unwrap().bins(), 2);
    /// assert!((0, 0.0, 1.0).into_bins().is_err(), "no bins");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn into_bins(self) -> Result<Bins>;
}

/// A number in the description of bins.
///
/// ```
/// use hist::IntoBins;
/// assert_eq!((10, 0, 3).into_bins()?, (10, 0.0, 3.0).into_bins()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Number: Copy {
    /// As floating point.
    ///
    /// ```
    /// use hist::Number;
    /// assert_eq!(3_i32.to_f64(), 3.0);
    /// ```
    fn to_f64(self) -> f64;
}

/// A number of bins.
///
/// ```
/// use hist::IntoBins;
/// assert_eq!((4_u8, 0, 1).into_bins()?, (4_usize, 0.0, 1.0).into_bins()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Count: Copy {
    /// As a size, when it is one.
    ///
    /// ```
    /// use hist::Count;
    /// assert_eq!((50.to_count(), (-1).to_count()), (Some(50), None));
    /// ```
    fn to_count(self) -> Option<usize>;
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl Number for $number {
            fn to_f64(self) -> f64 {
                self as f64
            }
        }
    )* };
}
numbers!(f64 f32 i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! counts {
    ($($number:ty)*) => { $(
        impl Count for $number {
            fn to_count(self) -> Option<usize> {
                usize::try_from(self).ok()
            }
        }

        impl IntoBins for $number {
            fn into_bins(self) -> Result<Bins> {
                Ok(Bins::Automatic(count(self)?))
            }
        }
    )* };
}
counts!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

/// A whole number, as `1e2` is.
impl IntoBins for f64 {
    fn into_bins(self) -> Result<Bins> {
        match self.fract() == 0.0 && self.abs() < 1e9 {
            true => (self as i64).into_bins(),
            false => Err(Error::axis(format!("a histogram cannot have {self} bins"))),
        }
    }
}

fn count(bins: impl Count + std::fmt::Display) -> Result<usize> {
    counted(bins.to_count(), &bins)
}

// Not generic: cells compile their own copies of what is.
#[inline(never)]
fn counted(count: Option<usize>, bins: &dyn std::fmt::Display) -> Result<usize> {
    count.filter(|&count| count > 0).ok_or_else(|| Error::axis(format!("a histogram cannot have {bins} bins")))
}

#[inline(never)]
fn regular(count: Option<usize>, bins: &dyn std::fmt::Display, low: f64, high: f64) -> Result<Bins> {
    Axis::regular(counted(count, bins)?, low, high).map(Bins::Axis)
}

#[inline(never)]
fn variable(edges: Vec<f64>) -> Result<Bins> {
    Axis::variable(edges).map(Bins::Axis)
}

impl<C: Count + std::fmt::Display, L: Number, U: Number> IntoBins for (C, L, U) {
    fn into_bins(self) -> Result<Bins> {
        regular(self.0.to_count(), &self.0, self.1.to_f64(), self.2.to_f64())
    }
}

impl<C: Count + std::fmt::Display> IntoBins for (C, &str, &str) {
    fn into_bins(self) -> Result<Bins> {
        Ok(Bins::Times(count(self.0)?, [self.1, self.2].map(str::to_owned)))
    }
}

impl<C: Count + std::fmt::Display> IntoBins for (C, [&str; 2]) {
    fn into_bins(self) -> Result<Bins> {
        let (count, [low, high]) = self;
        (count, low, high).into_bins()
    }
}

macro_rules! ranges {
    ($($range:ty, |$ends:ident| $low:expr, $high:expr;)*) => { $(
        impl<C: Count + std::fmt::Display, N: Number> IntoBins for (C, $range) {
            fn into_bins(self) -> Result<Bins> {
                let (count, $ends) = self;
                (count, $low, $high).into_bins()
            }
        }
    )* };
}
ranges! {
    (N, N), |ends| ends.0, ends.1;
    [N; 2], |ends| ends[0], ends[1];
    std::ops::Range<N>, |ends| ends.start, ends.end;
    std::ops::RangeInclusive<N>, |ends| *ends.start(), *ends.end();
}

impl<N: Number> IntoBins for Vec<N> {
    fn into_bins(self) -> Result<Bins> {
        self.as_slice().into_bins()
    }
}

impl<N: Number, const COUNT: usize> IntoBins for [N; COUNT] {
    fn into_bins(self) -> Result<Bins> {
        self.as_slice().into_bins()
    }
}

impl<N: Number> IntoBins for &[N] {
    fn into_bins(self) -> Result<Bins> {
        let edges: Vec<f64> = self.iter().map(|edge| edge.to_f64()).collect();
        variable(edges)
    }
}

impl<N: Number> IntoBins for &Vec<N> {
    fn into_bins(self) -> Result<Bins> {
        self.as_slice().into_bins()
    }
}

impl<N: Number, const COUNT: usize> IntoBins for &[N; COUNT] {
    fn into_bins(self) -> Result<Bins> {
        self.as_slice().into_bins()
    }
}

impl IntoBins for Axis {
    fn into_bins(self) -> Result<Bins> {
        Ok(Bins::Axis(self))
    }
}

impl IntoBins for &Axis {
    fn into_bins(self) -> Result<Bins> {
        Ok(Bins::Axis(self.clone()))
    }
}

impl IntoBins for &Bins {
    fn into_bins(self) -> Result<Bins> {
        Ok(self.clone())
    }
}

impl IntoBins for Bins {
    fn into_bins(self) -> Result<Bins> {
        Ok(self)
    }
}

/// So that `Axis::regular(50, 0.0, 3.0)` need not be unwrapped first.
impl<B: IntoBins> IntoBins for Result<B> {
    fn into_bins(self) -> Result<Bins> {
        self?.into_bins()
    }
}

impl Bins {
    /// The axis, when it does not depend on the data.
    ///
    /// ```
    /// use hist::IntoBins;
    /// assert_eq!((50, 0.0, 3.0).into_bins()?.axis().unwrap().bins(), 50);
    /// assert!(50.into_bins()?.axis().is_none(), "its range depends on the data");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn axis(&self) -> Option<&Axis> {
        match self {
            Self::Automatic(_) | Self::Times(..) => None,
            Self::Axis(axis) => Some(axis),
        }
    }

    /// The axis, with the range of `found` where the data decide.
    ///
    /// # Errors
    /// When the values span more than floating point numbers can.
    ///
    /// ```
    /// use hist::{IntoBins, RangeFinder};
    /// let axis = 2.into_bins()?.resolve(&RangeFinder::of(Some((1.0, 3.0))))?;
    /// assert_eq!(axis.edges(), [1.0, 2.0, 3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resolve(&self, found: &RangeFinder) -> Result<Axis> {
        match self {
            Self::Automatic(bins) => found.axis(*bins),
            Self::Axis(axis) => Ok(axis.clone()),
            Self::Times(_, [low, high]) => Err(Error::axis(format!(
                "the range from \"{low}\" to \"{high}\" is of times; give it in seconds since 1970"
            ))),
        }
    }
}

/// Finds the smallest and the largest finite value of a column, segment by segment.
///
/// The result does not depend on the order of segments or on threads, so it can be merged in any order.
///
/// ```
/// # use hist::RangeFinder;
/// # let mut found = RangeFinder::new();
/// found.see(&[2.0, f64::NAN, -1.0]);
/// assert_eq!(found.range(), Some((-1.0, 2.0)));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RangeFinder {
    range: Option<(f64, f64)>,
}

impl RangeFinder {
    /// A finder that has seen nothing.
    ///
    /// ```
    /// assert_eq!(hist::RangeFinder::new().range(), None);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// A finder that has seen these as the smallest and the largest finite value, or none.
    ///
    /// ```
    /// assert_eq!(hist::RangeFinder::of(Some((0.0, 3.0))).range(), Some((0.0, 3.0)));
    /// ```
    pub fn of(range: Option<(f64, f64)>) -> Self {
        Self { range }
    }

    /// Takes values into account.
    ///
    /// ```
    /// # use hist::RangeFinder;
    /// # let mut found = RangeFinder::new();
    /// found.see(&[1.5, f64::INFINITY]);
    /// assert_eq!(found.range(), Some((1.5, 1.5)), "only finite values count");
    /// ```
    pub fn see(&mut self, values: &[f64]) {
        const LANES: usize = 8;
        let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
        let mut take = |lane: usize, value: f64| {
            // An infinite or missing value becomes the neutral element of either comparison.
            let finite = value.abs() < f64::INFINITY;
            let (for_low, for_high) =
                (if finite { value } else { f64::INFINITY }, if finite { value } else { f64::NEG_INFINITY });
            low[lane] = if for_low < low[lane] { for_low } else { low[lane] };
            high[lane] = if for_high > high[lane] { for_high } else { high[lane] };
        };
        let chunks = values.chunks_exact(LANES);
        for &value in chunks.remainder() {
            take(0, value);
        }
        for chunk in chunks {
            for (lane, &value) in chunk.iter().enumerate() {
                take(lane, value);
            }
        }
        let low = low.into_iter().fold(f64::INFINITY, f64::min);
        let high = high.into_iter().fold(f64::NEG_INFINITY, f64::max);
        if low <= high {
            self.merge(&Self { range: Some((low, high)) });
        }
    }

    /// Takes a column into account, or the values of its lists.
    ///
    /// # Errors
    /// When the column is not a column of numbers.
    ///
    /// ```
    /// # use hist::RangeFinder;
    /// # let mut found = RangeFinder::new();
    /// use polars::prelude::*;
    /// found.see_series(&Series::new("n".into(), [3, 1, 2]))?;
    /// assert_eq!(found.range(), Some((1.0, 3.0)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn see_series(&mut self, column: &Series) -> Result<()> {
        if let Some(lists) = Lists::of(column)? {
            return self.see_series(lists.values());
        }
        let column = Column::along_axis(column)?;
        let mut buffer = Vec::new();
        let mut from = 0;
        while from < column.len() {
            segment::work::check()?;
            let until = column.len().min(from + (1 << 14));
            self.see(column.tile(from, until, &mut buffer));
            from = until;
        }
        Ok(())
    }

    /// Takes into account what another finder has seen.
    ///
    /// ```
    /// # use hist::RangeFinder;
    /// # let mut found = RangeFinder::new();
    /// found.merge(&RangeFinder::of(Some((0.0, 1.0))));
    /// found.merge(&RangeFinder::of(Some((3.0, 4.0))));
    /// assert_eq!(found.range(), Some((0.0, 4.0)));
    /// ```
    pub fn merge(&mut self, other: &Self) {
        self.range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, None) | (None, one) => one,
        };
    }

    /// The smallest and largest finite value seen, if there was one.
    ///
    /// ```
    /// # use hist::RangeFinder;
    /// # let mut found = RangeFinder::new();
    /// found.see(&[f64::NAN]);
    /// assert_eq!(found.range(), None);
    /// ```
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// `bins` equal bins over the values seen, the largest in the last bin. A single value gets half a unit of room
    /// on each side, nothing at all gives the range from 0 to 1: as `numpy.histogram` does.
    ///
    /// # Errors
    /// When there are no bins, or the values span more than floating point numbers can.
    ///
    /// ```
    /// # use hist::RangeFinder;
    /// # let mut found = RangeFinder::new();
    /// found.see(&[1.0, 3.0]);
    /// let axis = found.axis(2)?;
    /// assert_eq!((axis.edges(), axis.index(3.0)), (vec![1.0, 2.0, 3.0], Some(1)), "the largest is in the last bin");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn axis(&self, bins: usize) -> Result<Axis> {
        let (lower, upper) = match self.range {
            None => (0.0, 1.0),
            Some((low, high)) if low == high => (low - 0.5, high + 0.5),
            Some(range) => range,
        };
        if lower == upper {
            return Err(Error::axis(format!("all values are {lower:?}, too large to put bins around: give a range")));
        }
        Axis::regular_closed(bins, lower, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(bins: impl IntoBins) -> Axis {
        bins.into_bins().unwrap().axis().unwrap().clone()
    }

    #[test]
    fn bins_can_be_written_in_every_way_of_the_contract() {
        assert_eq!(50.into_bins().unwrap(), Bins::Automatic(50));
        let regular = Axis::regular(50, 0.0, 3.0).unwrap();
        assert_eq!(axis((50, 0.0, 3.0)), regular);
        assert_eq!(axis((50, 0, 3)), regular);
        assert_eq!(axis(&regular), regular);
        assert_eq!(axis(Axis::regular(50, 0.0, 3.0)), regular);
        for same in [axis((50, (0, 3))), axis((50, [0.0, 3.0])), axis((50, 0.0..3.0)), axis((50_u8, 0.0_f32..=3.0))] {
            assert_eq!(same, regular);
        }
        assert_eq!(1e2_f64.into_bins().unwrap(), Bins::Automatic(100));
        assert!(2.5_f64.into_bins().unwrap_err().to_string().contains("2.5 bins"));
        assert_eq!(axis(vec![0.0, 1.0, 5.0]), axis([0, 1, 5]));
        assert_eq!(axis(vec![0.0, 1.0, 5.0]), axis([0, 1, 5]));
    }

    #[test]
    fn bins_that_make_no_axis_say_why() {
        let say = |bins: Result<Bins>| bins.unwrap_err().to_string();
        assert_eq!(say(0.into_bins()), "a histogram cannot have 0 bins");
        assert_eq!(say((-5).into_bins()), "a histogram cannot have -5 bins");
        assert_eq!(say((5, 3.0, 0.0).into_bins()), "the range of an axis must increase, not go from 3 to 0");
        assert!(say((5, f64::NAN, 0.0).into_bins()).contains("finite"));
        assert!(say([1.0, 1.0].into_bins()).contains("edge 0 is 1 and the next is 1"));
        assert!(say([1.0].into_bins()).contains("at least two"));
        let times = (5, "2024-01-01", "2024-02-01").into_bins().unwrap();
        assert!(times.resolve(&RangeFinder::new()).unwrap_err().to_string().contains("is of times"));
    }

    #[test]
    fn the_range_is_of_finite_values_only() {
        let mut finder = RangeFinder::new();
        assert_eq!(finder.axis(10).unwrap().edges()[10], 1.0);
        finder.see(&[f64::NAN, f64::INFINITY, 4.0]);
        let edges = finder.axis(2).unwrap().edges();
        assert_eq!(edges, [3.5, 4.0, 4.5]);
        let mut other = RangeFinder::new();
        other.see(&(0..100).map(f64::from).collect::<Vec<_>>());
        other.see(&[f64::NEG_INFINITY, -2.0]);
        finder.merge(&other);
        assert_eq!(finder.range(), Some((-2.0, 99.0)));
    }
}
