//! Room `flow`: clauses as a printable plan, and what runs it.
//!
//! A [`Query`] is a list of [`Clause`]s over a [`Source`](sources::Source). Before anything is read it is checked against
//! the schema, cut into stages, and what can be decided early is decided: which columns are needed, which rows,
//! which segments ([`Scan::explain`] prints it). Then an [`Engine`] reads segment by segment, in parallel and within
//! a budget of bytes, and a terminal takes what comes out: [`collect`](Scan::collect) a frame, or [`run`] any [`Sink`], for
//! instance many histograms in one pass.
//!
//! In goes a source and clauses, out come segments in order and a [`Report`]. It must not know physics, histograms or
//! how anything is displayed.

mod error;
mod hash;
pub mod memory;
mod operators;
mod plan;
mod report;
mod run;
mod sink;
mod sync;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use operators::attached::Attached;
pub use operators::partners::Partners;
pub use plan::aggregation::{
    AggregateFunction, Aggregation, count, first, last, max, mean, median, min, n_unique, quantile, std, sum,
};
pub use plan::candidates::{Best, Candidates, Collection};
pub use plan::clause::{Clause, ColumnFunction, Concat, Custom, Define, Joined, Known, Query, Share, Table};
pub use plan::names::Names;
pub use plan::options::{Checkpoint, Options};
pub use plan::query::QueryBuilder;
pub use plan::ranges::{ReadRange, time};
pub use plan::resample::{Origin, Resample};
pub use plan::row::{RESERVED, ROW};
pub use plan::time::{Closed, duration};
pub use report::timeline::Span;
pub use report::{Operation, Report};
pub use run::engine::{Engine, InMemory, Integrated, Mode, Streaming};
pub use run::explain::Explanation;
pub use run::grouping::{Gathered, Grouping};
pub use run::scan::{Scan, run};
pub use run::store::{EntityId, Store};
pub use sink::{Collect, Count, Each, Sink};
