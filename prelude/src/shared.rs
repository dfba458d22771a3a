//! Compiled here once, for all cells: how values of the prelude and of Polars are dropped.
//!
//! A cell that holds a value needs the code that drops it. Without the instances below, rustc makes it in every cell
//! anew, down to the last field of the last type, which takes longer than all the rest of a cell. The dylib is built with
//! shared generics, so a cell finds them here.

use crate::*;
use std::hint::black_box;
use std::ptr::drop_in_place;

macro_rules! dropped {
    ($($kind:ty),* $(,)?) => {
        /// Never called: it is there for what it refers to.
        #[doc(hidden)]
        #[inline(never)]
        pub fn shared() {
            $(black_box(drop_in_place::<$kind> as unsafe fn(*mut $kind));)*
        }
    };
}

type Outcome<T> = Result<T, data::Error>;

dropped!(
    Data,
    Group,
    GroupedBy<'static>,
    Histogram,
    Cutflow,
    Listing,
    Loader,
    Hipo,
    Bank,
    EventData,
    EventLoader,
    EventGrid,
    EventPicture,
    EventPlayer,
    EventInfo,
    Hist,
    FitResult,
    Fit,
    Model,
    Plot,
    Figure,
    Bundle,
    Table,
    Report,
    Interactive,
    Profile,
    QueryBuilder,
    Aggregation,
    DataFrame,
    LazyFrame,
    Series,
    Column,
    pl::Expr,
    pl::PolarsError,
    Widget,
    port::Bundle,
    runtime::Stop,
    runtime::Ended,
    data::Error,
    serde_json::Value,
    Option<port::Bundle>,
    Result<Option<port::Bundle>, runtime::Stop>,
    Outcome<Data>,
    Outcome<Group>,
    Outcome<Histogram>,
    Outcome<Vec<Histogram>>,
    Outcome<DataFrame>,
    Outcome<Cutflow>,
    Outcome<u64>,
    Outcome<Hipo>,
    Outcome<EventData>,
    Vec<Histogram>,
    Vec<String>,
    String,
    pl::PolarsResult<DataFrame>,
    pl::PolarsResult<LazyFrame>,
);
