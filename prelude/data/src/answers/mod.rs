//! Terminals: everything that reads.
//!
//! In comes a group, out go counts, frames, histograms, cutflows, tables and files, each by one [`GroupPlan`](crate::lower::pass::Pass).
//! Every terminal gives a `Result`; all errors of the steps are said before a row is read. It must not parse texts or check steps.

pub(crate) mod attached;
pub(crate) mod band;
pub(crate) mod bootstrap;
pub(crate) mod correlations;
pub(crate) mod cutflow;
pub(crate) mod explain;
pub(crate) mod fill;
pub(crate) mod fitting;
pub(crate) mod frames;
pub(crate) mod grouping;
pub(crate) mod histogram;
pub(crate) mod labels;
pub(crate) mod lazy;
pub(crate) mod listing;
pub(crate) mod n_minus_one;
pub(crate) mod normalisation;
pub(crate) mod numbers;
pub(crate) mod pages;
pub(crate) mod remote_cutflow;
pub(crate) mod remote_groups;
pub(crate) mod rows_of;
pub(crate) mod slots;
pub(crate) mod sources;
pub(crate) mod terminals;
pub(crate) mod variations;
pub(crate) mod weighing;
pub(crate) mod weighted;
pub(crate) mod workspace;
pub(crate) mod write;
