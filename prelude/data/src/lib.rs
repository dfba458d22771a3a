//! Room `data`: what the physicist types.
//!
//! [`load`] opens a directory of processes as [`Data`], the lazy dict; a [`Group`] is some of them with a chain of steps
//! over their rows. Terminals read: they lower the chain to a plan of the room `flow`, run it once for all results
//! asked for, and give histograms, frames, counts, cutflows, each with a report.
//!
//! Storeys, each importing only from those before it: `steps` (what was asked, as a value), `lower` (a plan for each process, checked),
//! `answers` (the terminals). `algebra` puts groups together.
//!
//! In comes what a cell says, out goes what `show` displays. What is known of Belle II comes from the
//! room `belle2`. It knows no sockets.

mod algebra;
mod answers;
mod catalog;
mod corrections;
mod dataset;
mod discover;
mod error;
mod frames;
mod friends;
mod good_runs;
mod group;
mod loader;
mod lookup;
mod lower;
mod on;
mod settings;
mod steps;
mod tables;

pub use crate::corrections::{Correction, Corrections, IntoInputs, corrections};
pub use crate::lookup::{IntoLookup, LookupTable, lookup};
pub use answers::band::Band;
pub use answers::bootstrap::Bootstrap;
pub use answers::correlations::Correlations;
pub use answers::cutflow::{Cutflow, CutflowCounts};
pub use answers::fitting::{SWeight, sweight};
pub use answers::grouping::GroupedBy;
pub use answers::histogram::Histogram;
pub use answers::listing::Listing;
pub use answers::n_minus_one::NMinusOne;
pub use answers::normalisation::{BeforeCuts, Normalisation};
pub use answers::pages::Pages;
pub use answers::rows_of::IntoBin;
pub use answers::sources::{SourceEffect, Sources};
pub use answers::workspace::{Finding, Findings, Workspace, workspace};
pub use answers::write::{RowWriter, Written};
pub use cluster::{IntoServer, Server};
pub use dataset::Data;
pub use discover::DiscoverError;
pub use error::{Error, Result};
pub use frames::Resampling;
pub use good_runs::{GoodRuns, good_runs};
pub use group::Group;
pub use loader::{Loader, load, load_belle2_vpho_integrated, load_with};
pub use lower::plan::TOTAL_WEIGHT;
pub use sources::csv::Csv;
pub use sources::json::JsonLines;
pub use sources::parquet::WriteOptions;
pub use sources::root::{Compression as RootCompression, WriteRoot};
pub use steps::asof::AsOf;
pub use steps::booking::{Booking, IntoBooking, IntoBookings};
pub use steps::chain::{Highest, IntoOrder, Lowest, Order};
pub use steps::rows::{Names, RowClosure};
pub use steps::selection::{Predicate, Selection};
pub use steps::vary::{
    Combine, Direction, Down, Envelope, Hessian, IntoVariation, Norm, Replicas, Rms, Sample, Up, Variation,
};
pub use steps::windows::{
    Ties, Window, cumulative_count, cumulative_max, cumulative_min, cumulative_sum, difference, lag, rank, row_number,
};
pub use tables::ProcessSource;
