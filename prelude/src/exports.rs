//! Every name that a cell knows without importing it.
//!
//! `Result` and `Error` of the rooms are left out on purpose: a cell's `Result` is the standard library's.

#[path = "runtime/mod.rs"]
pub mod runtime;

pub use ::toy::toy;
pub use banks::{Bank, Hipo, WriteHipo, hipo, write_hipo};
pub use cut::{col, lit};
/// The earlier name of [`CutflowCounts`].
#[doc(hidden)]
pub use data::CutflowCounts as Left;
pub use data::{
    AsOf, Band, BeforeCuts, Bootstrap, Correction, Corrections, Correlations, Csv, Cutflow, CutflowCounts, Data,
    Direction, Down, Envelope, Finding, Findings, GoodRuns, Group, GroupedBy, Hessian, Highest, Histogram,
    IntoVariation, JsonLines, Listing, Loader, LookupTable, Lowest, NMinusOne, Norm, Normalisation, Order, Predicate,
    Replicas, Rms, RootCompression, RowClosure, SWeight, Sample, Selection, Server, SourceEffect, Sources, Up,
    Variation, Window, Workspace, WriteOptions, WriteRoot, corrections, cumulative_count, cumulative_max,
    cumulative_min, cumulative_sum, difference, good_runs, lag, load, load_belle2_vpho_integrated, load_with, lookup,
    rank, row_number, sweight, workspace,
};
pub use flow::{Aggregation, QueryBuilder, count, first, last, max, mean, median, min, n_unique, quantile, std, sum};
/// The earlier name of [`FitFunction`].
#[doc(hidden)]
pub use hist::FitFunction as Function;
pub use hist::{
    Argus, Axis, Best, BreitWigner, Chebyshev, Comparison, Constant, Convolved, CrystalBall, CutScan,
    DoubleCrystalBall, Exponential, Fit, FitFunction, FitResult, Fitting, Gaussian, Hist, Johnson, Line, Merit, Model,
    Parameter, Polynomial, Roc, Side, Simultaneous, Storage, Template, Unfolded, Values, Voigt, cut_scan, fit_values,
    loc, pair as compare, roc, unfold,
};
pub use macros::query;
pub use polars;
pub use polars::df;
pub use polars::prelude::{self as pl, Column, DataFrame, DataType, IntoLazy, LazyFrame, NamedFrom, Series};
pub use recordings::{
    EventData, EventGrid, EventInfo, EventLoader, EventPicture, EventPlayer, Geometry, IndexCache, RefractoryFilter,
    TimeUnit, events, write_events,
};
pub use runtime::{
    Browse, BrowseError, Browser, ProgressExt, Widget, WidgetError, clear_output, display, display_with_id, input,
    password, progress, slider, update_display,
};
#[doc(hidden)]
pub use runtime::{
    LoopsOverMessages as _, StopsCell as _, WaitsForCommand as _, WaitsForConnection as _, WaitsForMessage as _,
    WaitsForProcess as _, WaitsForThread as _,
};
pub use serde_json;
pub use show::{
    Bundle, Cell, Display, Figure, Grid, Html, Interactive, Latex, Markdown, Plot, Png, Profile, Report, Svg, Table,
    correlation, correlations, covariance, efficiency, figure, grid, histogram, overlay, plotters, points, scatter,
    stack, variables,
};
pub use tokio;

/// `dbg!` of a cell, which prints its place in the notebook.
#[doc(hidden)]
#[macro_export]
macro_rules! recoil_dbg {
    ($place:literal) => {
        ::std::eprintln!("[{}]", $place)
    };
    ($place:literal, $value:expr $(,)?) => {
        match $value {
            value => {
                ::std::eprintln!("[{}] {} = {:#?}", $place, ::std::stringify!($value), &value);
                value
            }
        }
    };
    ($place:literal, $($value:expr),+ $(,)?) => {
        ($($crate::recoil_dbg!($place, $value)),+,)
    };
}
