//! What cells do with the prelude's own types, compiled here: copies of variables, and errors that end a cell.

use super::cell::fits;
use super::ending::{Failed, Stop};
use super::store::copy;

/// Types that cells get copies of, made by functions that are compiled in the prelude. That they are `Clone` is no help to
/// a cell: there a call of `Clone::clone` has rustc read and order all impls of that trait, thousands in Polars alone.
pub trait Cheap: Sized {
    /// See [`fits`].
    fn fits(name: &str, ok: bool) -> bool;

    /// A copy of a variable, which stays in the store. Only called when [`super::fits`] has said that it is there with this
    /// type.
    fn copied(name: &str) -> Self;
}

macro_rules! cheap {
    ($($kind:ty),*) => { $(
        impl Cheap for $kind {
            fn fits(name: &str, ok: bool) -> bool {
                fits::<Self>(name, ok)
            }

            fn copied(name: &str) -> Self {
                copy::<Self, 0>(name)
            }
        }
    )* };
}

cheap! {
    data::Data, data::Group, data::Histogram, hist::Hist,
    polars::prelude::DataFrame, polars::prelude::LazyFrame, polars::prelude::Series, polars::prelude::Column
}

macro_rules! errors {
    ($($kind:ty),*) => { $(
        impl Failed<$kind> {
            /// What ends the cell. The methods of a type come before those of traits, so a cell finds this one, and compiles
            /// neither how the error is told nor how it is dropped.
            #[track_caller]
            #[inline(never)]
            pub fn recoil_stop(self) -> Stop {
                Stop::of(&self.0)
            }
        }
    )* };
}

errors! {
    data::Error, hist::Error, flow::Error, segment::Error, polars::error::PolarsError, std::io::Error,
    serde_json::Error
}

macro_rules! borrowing {
    ($($kind:ident),*) => { $(
        impl<T> Failed<std::sync::$kind<T>> {
            /// What ends the cell: of an error that holds what could not be had, which may borrow from a variable.
            #[track_caller]
            pub fn recoil_stop(self) -> Stop {
                Stop::without_causes(&self.0, stringify!($kind))
            }
        }
    )* };
}

borrowing! { PoisonError, TryLockError }
