//! From a chain to a plan of the room `flow`, one per process, and the run of them all.
//!
//! In come a group and the columns that a terminal wants, out come checked clauses and a [`pass::GroupPlan`] that runs them over each
//! process and reports the cost. It must not know what a terminal does with the rows.

mod alone;
pub(crate) mod asof;
mod beside;
pub(crate) mod best;
pub(crate) mod clauses;
pub(crate) mod objects;
pub(crate) mod pass;
pub(crate) mod plan;
mod process;
pub(crate) mod ranges;
pub(crate) mod remote;
pub(crate) mod report;
mod running;
mod tables;
pub(crate) mod universes;
mod vary;
pub(crate) mod whole;
