//! What can be written for a histogram that is wanted: columns or expressions, and their bins.

use crate::error::{Error, Result};
use hist::{Bins, IntoBins};

/// Bins of a column of which nothing is said, neither by the user nor by the variable registry.
const USUAL_BINS: usize = 50;

/// One histogram as asked for: what is filled on each axis, and its bins.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// use data::{Booking, IntoBooking};
/// let booking: Booking = ("x", (2, 0.5, 4.5)).into_booking()?;
/// assert_eq!(data.hists([booking])?[0].counts(), [2.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Booking {
    /// Columns or expressions; a profile has one more than there are axes.
    pub(crate) columns: Vec<String>,
    /// Bins of each axis.
    pub(crate) bins: Vec<Bins>,
}

/// One histogram: `("mu1P", 50)`, `("mu1P", (50, 0.0, 3.0))`, in two dimensions `("mu1P", 50, "mu2P", 50)`, or `"mu1P"` with
/// the bins of the variable registry.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hists = data.hists((("x", 2), ("x", (4, 0.5, 4.5), "2 * x", (4, 1.0, 9.0))))?;
/// assert_eq!(hists[1].dimensions(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoBooking {
    /// The histogram meant.
    ///
    /// # Errors
    /// Bins that make no axis.
    ///
    /// ```
    /// use data::IntoBooking;
    /// assert!(("x", (2, 0.0, 1.0)).into_booking().is_ok());
    /// assert!(("x", (0, 0.0, 1.0)).into_booking().is_err(), "no bins");
    /// ```
    fn into_booking(self) -> Result<Booking>;
}

/// Several histograms: a list of one kind of [`IntoBooking`], or a tuple of different ones.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let hists = data.hists([("x", (2, 0.5, 4.5)), ("2 * x", (2, 1.0, 9.0))])?;
/// assert_eq!(hists[0].counts(), hists[1].counts());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoBookings {
    /// The histograms meant, in order.
    ///
    /// # Errors
    /// Bins that make no axis; no histogram at all.
    ///
    /// ```
    /// use data::IntoBookings;
    /// assert_eq!([("x", 50), ("y", 50)].into_bookings()?.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn into_bookings(self) -> Result<Vec<Booking>>;
}

impl Booking {
    pub(crate) fn new(columns: &[&str], bins: Vec<Bins>) -> Self {
        Self { columns: columns.iter().map(|&column| column.to_owned()).collect(), bins }
    }
}

impl IntoBooking for Booking {
    fn into_booking(self) -> Result<Booking> {
        Ok(self)
    }
}

impl<C: AsRef<str>, B: IntoBins> IntoBooking for (C, B) {
    fn into_booking(self) -> Result<Booking> {
        Ok(Booking::new(&[self.0.as_ref()], vec![self.1.into_bins()?]))
    }
}

impl<X: AsRef<str>, B: IntoBins, Y: AsRef<str>, C: IntoBins> IntoBooking for (X, B, Y, C) {
    fn into_booking(self) -> Result<Booking> {
        Ok(Booking::new(&[self.0.as_ref(), self.2.as_ref()], vec![self.1.into_bins()?, self.3.into_bins()?]))
    }
}

/// The bins that the variable registry has for a column.
fn usual(column: &str) -> Result<Booking> {
    let known = show::variables::get(column).unwrap_or_default();
    let count = known.bins.unwrap_or(USUAL_BINS);
    let bins = match known.range {
        Some([low, high]) => (count, low, high).into_bins()?,
        None => count.into_bins()?,
    };
    Ok(Booking::new(&[column], vec![bins]))
}

macro_rules! columns {
    ($($text:ty)*) => {$(
        impl IntoBooking for $text {
            fn into_booking(self) -> Result<Booking> {
                usual(self.as_ref())
            }
        }
    )*};
}
columns! { &str String }

impl<T: IntoBooking + Clone> IntoBooking for &T {
    fn into_booking(self) -> Result<Booking> {
        self.clone().into_booking()
    }
}

fn all(bookings: impl IntoIterator<Item = impl IntoBooking>) -> Result<Vec<Booking>> {
    let all = bookings.into_iter().map(IntoBooking::into_booking).collect::<Result<Vec<_>>>()?;
    match all.is_empty() {
        true => Err(Error::request("hists([..]) needs at least one column")),
        false => Ok(all),
    }
}

macro_rules! lists {
    ($([$($generic:tt)*] $list:ty;)*) => {$(
        impl<T: IntoBooking $($generic)*> IntoBookings for $list {
            fn into_bookings(self) -> Result<Vec<Booking>> {
                all(self)
            }
        }
    )*};
}
lists! {
    [] Vec<T>;
    [+ Clone] &Vec<T>;
    [+ Clone] &[T];
    [, const N: usize] [T; N];
    [+ Clone, const N: usize] &[T; N];
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        #[allow(non_snake_case)] // a type parameter and its value share a name
        impl<$($name: IntoBooking),*> IntoBookings for ($($name,)*) {
            fn into_bookings(self) -> Result<Vec<Booking>> {
                let ($($name,)*) = self;
                Ok(vec![$($name.into_booking()?),*])
            }
        }
    )*};
}
tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_kind_and_a_tuple_any() {
        let list = [("a", 5), ("b", 6)].into_bookings().unwrap();
        assert_eq!((list[1].columns[0].as_str(), list[1].bins[0].clone()), ("b", Bins::Automatic(6)));
        let mixed = (("a", 5), ("b", (6, 0.0, 1.0)), ("a", 5, "b", vec![0, 1, 4]), "pRecoil").into_bookings().unwrap();
        assert_eq!(mixed.iter().map(|one| one.columns.len()).collect::<Vec<_>>(), [1, 1, 2, 1]);
        assert_eq!(mixed[3].bins[0], usual("pRecoil").unwrap().bins[0]);
        assert!(Vec::<(&str, usize)>::new().into_bookings().unwrap_err().to_string().contains("at least one"));
    }

    #[test]
    fn a_variable_without_bins_gets_the_usual_number() {
        assert_eq!(usual("nobody knows").unwrap().bins[0], Bins::Automatic(USUAL_BINS));
    }
}
