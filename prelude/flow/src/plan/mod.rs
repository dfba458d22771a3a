//! Storey `plan`: what is asked, as values that print: clauses, queries, ranges, buckets, options. Nothing is read and
//! nothing runs here. It knows sources only as what a query can be tied to.

pub(crate) mod aggregation;
pub(crate) mod calendar;
pub(crate) mod candidates;
pub(crate) mod clause;
pub(crate) mod concat;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod query;
pub(crate) mod ranges;
pub(crate) mod resample;
pub(crate) mod row;
pub(crate) mod structure;
pub(crate) mod time;
