//! Room `flow`: clauses as a printable plan, and what runs it.
//!
//! A [`Query`] is a list of [`Clause`]s over a [`Source`](sources::Source). Before anything is read it is checked against
//! the schema, cut into stages, and what can be decided early is decided: which columns are needed, which rows,
//! which segments ([`Query::explain`] prints it). Then an [`Engine`] reads segment by segment, in parallel and within
//! a budget of bytes, and a terminal takes what comes out: [`collect`](Query::collect) a frame, or [`run`] any [`Sink`], for
//! instance many histograms in one pass.
//!
//! In goes a source and clauses, out come segments in order and a [`Report`]. It must not know physics, histograms or
//! how anything is displayed.

mod aggregate;
mod ahead;
mod candidates;
mod checkpoint;
mod clause;
mod compact;
mod compile;
mod engine;
mod error;
mod execute;
mod explain;
mod global;
mod grouping;
mod groups;
mod join;
mod joined;
mod load;
mod names;
mod neighbours;
mod options;
mod query;
mod ranges;
mod report;
mod resample;
mod running;
mod runs;
mod scan;
mod sink;
mod stage;
mod structure;
mod store;
#[cfg(test)]
mod tests;
mod timeline;
mod together;
mod told;
mod unit;

pub mod memory;

pub use aggregate::{Aggregation, Function, count, first, last, max, mean, median, min, n_unique, quantile, std, sum};
pub use candidates::{Best, Candidates};
pub use checkpoint::Checkpoint;
pub use clause::{Clause, ColumnFunction, Custom, Define};
pub use engine::{Engine, InMemory, Integrated, Mode, Streaming};
pub use error::{Error, Result};
pub use explain::Explanation;
pub use grouping::{Gathered, Grouping};
pub use join::{Join, Part};
pub use names::Names;
pub use options::Options;
pub use query::{Query, QueryBuilder};
pub use ranges::{ReadRange, time};
pub use report::{Operation, Report};
pub use resample::{Closed, Origin, Resample};
pub use scan::{Scan, run};
pub use sink::{Collect, Count, Each, Sink};
pub use store::{EntityId, Store};
pub use timeline::Span;

/// The name of the column of row numbers of the source, for whoever asks for it: it is made on the way, never stored.
pub const ROW: &str = "__row__";
