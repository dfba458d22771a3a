//! How axes are made, and what makes none.

use crate::axis::{Axis, Kind, MOST_CELLS};
use crate::error::{Error, Result};
use std::fmt;

impl Axis {
    /// `bins` bins of equal width from `lower` to `upper`.
    ///
    /// # Errors
    /// When there are no bins, or the range is empty, reversed or not finite.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::regular(2, 0.0, 1.0)?.edges(), [0.0, 0.5, 1.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn regular(bins: usize, lower: f64, upper: f64) -> Result<Self> {
        check_range(bins, lower, upper)?;
        Ok(Kind::Regular { bins, lower, upper, closed: false, circular: false }.into())
    }

    /// As [`Axis::regular`], with the upper end in the last bin: what `numpy.histogram` does with the range it finds.
    ///
    /// # Errors
    /// As [`Axis::regular`].
    ///
    /// ```
    /// # use hist::Axis;
    /// let mut hist = hist::Hist::new(Axis::regular_closed(2, 0.0, 1.0)?)?;
    /// hist.fill(&[1.0])?;
    /// assert_eq!(hist.values(), [0.0, 1.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn regular_closed(bins: usize, lower: f64, upper: f64) -> Result<Self> {
        check_range(bins, lower, upper)?;
        Ok(Kind::Regular { bins, lower, upper, closed: true, circular: false }.into())
    }

    /// `bins` bins of equal width on a circle: for an angle, `Axis::circular(36, -PI, PI)`.
    ///
    /// # Errors
    /// As [`Axis::regular`].
    ///
    /// ```
    /// # use hist::Axis;
    /// let mut hist = hist::Hist::new(Axis::circular(2, 0.0, 360.0)?)?;
    /// hist.fill(&[370.0])?;
    /// assert_eq!(hist.values(), [1.0, 0.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn circular(bins: usize, lower: f64, upper: f64) -> Result<Self> {
        check_range(bins, lower, upper)?;
        Ok(Kind::Regular { bins, lower, upper, closed: false, circular: true }.into())
    }

    /// `bins` bins of equal width in the logarithm. Values of 0 and below are underflow.
    ///
    /// # Errors
    /// As [`Axis::regular`], and when `lower` is not positive.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert!(Axis::log(3, 1.0, 1000.0)?.edges().iter().zip([1.0, 10.0, 100.0, 1000.0]).all(|(a, b)| (a - b).abs() < 1e-9));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn log(bins: usize, lower: f64, upper: f64) -> Result<Self> {
        check_range(bins, lower, upper)?;
        if lower <= 0.0 {
            return Err(Error::axis(format!("a logarithmic axis begins above 0, not at {lower}")));
        }
        Ok(Kind::Log { bins, lower, upper }.into())
    }

    /// Bins between the given edges.
    ///
    /// # Errors
    /// When there are fewer than two edges, or they are not finite and increasing.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::variable([0.0, 1.0, 5.0])?.widths(), [1.0, 4.0]);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn variable(edges: impl Into<Vec<f64>>) -> Result<Self> {
        let edges: Vec<f64> = edges.into();
        if edges.len() < 2 {
            return Err(Error::axis(format!("edges of bins must be at least two, not {}", edges.len())));
        }
        check_count(edges.len() - 1)?;
        if let Some(at) = edges.iter().position(|edge| !edge.is_finite()) {
            return Err(Error::axis(format!("edge {at} is {}, not a finite number", edges[at])));
        }
        if let Some(at) = edges.windows(2).position(|pair| pair[0] >= pair[1]) {
            let (left, right) = (edges[at], edges[at + 1]);
            return Err(Error::axis(format!("edges must increase, but edge {at} is {left} and the next is {right}")));
        }
        Ok(Kind::Variable { edges: edges.into(), closed: false, circular: false }.into())
    }

    /// One bin for each integer from `lower` up to and without `upper`.
    ///
    /// # Errors
    /// When `upper` is not above `lower`, or there are too many bins.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::integer(0, 3)?.bins(), 3);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn integer(lower: i64, upper: i64) -> Result<Self> {
        if upper <= lower {
            return Err(Error::axis(format!("an integer axis from {lower} up to and without {upper} has no bins")));
        }
        check_count(upper.abs_diff(lower).try_into().unwrap_or(usize::MAX))?;
        // Edges are shown as floating point numbers: beyond 2^53 they could not tell neighbours apart.
        if lower.unsigned_abs().max(upper.unsigned_abs()) > 1 << 53 {
            return Err(Error::axis("an integer axis must lie within ±2^53; subtract an offset first"));
        }
        Ok(Kind::Integer { lower, upper, circular: false }.into())
    }

    /// One bin for each of the given texts. Other texts are counted as `other` (the overflow bin).
    ///
    /// # Errors
    /// When there is no text or the same twice.
    ///
    /// ```
    /// # use hist::Axis;
    /// let axis = Axis::category(["e", "mu"])?;
    /// assert_eq!(axis.categories(), Some(vec!["e".to_owned(), "mu".to_owned()]));
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn category<S: Into<String>>(categories: impl IntoIterator<Item = S>) -> Result<Self> {
        let categories: Vec<String> = categories.into_iter().map(Into::into).collect();
        check_distinct(&categories)?;
        Ok(Kind::Strings(categories.into()).into())
    }

    /// One bin for each of the given integers (particle codes, run numbers), in this order.
    ///
    /// # Errors
    /// When there is no integer or the same twice.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::integer_category([11, 13])?.bins(), 2);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn integer_category(categories: impl Into<Vec<i64>>) -> Result<Self> {
        let categories: Vec<i64> = categories.into();
        check_distinct(&categories)?;
        Ok(Kind::Integers(categories.into()).into())
    }

    /// Two bins: false and true.
    ///
    /// ```
    /// # use hist::Axis;
    /// assert_eq!(Axis::boolean().bins(), 2);
    /// # Ok::<(), hist::Error>(())
    /// ```
    pub fn boolean() -> Self {
        Kind::Boolean.into()
    }
}

fn check_count(bins: usize) -> Result<()> {
    if bins == 0 || bins > MOST_CELLS {
        return Err(Error::axis(format!("an axis has between 1 and {MOST_CELLS} bins, not {bins}")));
    }
    Ok(())
}

fn check_range(bins: usize, lower: f64, upper: f64) -> Result<()> {
    check_count(bins)?;
    if !lower.is_finite() || !upper.is_finite() || !(upper - lower).is_finite() {
        let (lower, upper) = (brief(lower), brief(upper));
        let text = format!("the range of an axis must be finite, and so must its width, not from {lower} to {upper}");
        return Err(Error::axis(text));
    }
    if lower >= upper {
        let (lower, upper) = (brief(lower), brief(upper));
        return Err(Error::axis(format!("the range of an axis must increase, not go from {lower} to {upper}")));
    }
    Ok(())
}

/// A number for people: no hundreds of zeros.
fn brief(value: f64) -> String {
    if value == 0.0 || (1e-5..1e15).contains(&value.abs()) { value.to_string() } else { format!("{value:e}") }
}

fn check_distinct<T: PartialEq + fmt::Debug + Ord>(categories: &[T]) -> Result<()> {
    check_count(categories.len())?;
    let mut sorted: Vec<&T> = categories.iter().collect();
    sorted.sort();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Error::axis(format!("category {:?} is listed twice", pair[0]))),
        None => Ok(()),
    }
}
