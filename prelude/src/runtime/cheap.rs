//! Copies of variables of the prelude's own types, for cells.

use super::store::copy;

/// Types that cells get copies of, made by functions that are compiled in the prelude. That they are `Clone` is no help to
/// a cell: there a call of `Clone::clone` has rustc read and order all impls of that trait, thousands in Polars alone.
pub trait Cheap: Sized {
    /// A copy of a variable, which stays in the store. Only called when [`super::fits`] has said that it is there with this
    /// type.
    fn copied(name: &str) -> Self;
}

macro_rules! cheap {
    ($($kind:ty),*) => { $(
        impl Cheap for $kind {
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
