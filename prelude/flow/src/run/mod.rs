//! Storey `run`: what runs a plan. A query and a source come in; clauses become stages, stages become units of rows, and
//! workers take them through the operators into a terminal. All state of a running query is here.

pub(crate) mod ahead;
pub(crate) mod apart;
pub(crate) mod checkpoint;
pub(crate) mod compile;
pub(crate) mod concatenated;
pub(crate) mod decide;
pub(crate) mod engine;
pub(crate) mod execute;
pub(crate) mod expected;
pub(crate) mod explain;
pub(crate) mod fused;
pub(crate) mod gather;
pub(crate) mod grouping;
pub(crate) mod input;
pub(crate) mod lengths;
pub(crate) mod load;
pub(crate) mod notes;
pub(crate) mod over;
pub(crate) mod queue;
pub(crate) mod running;
pub(crate) mod scan;
pub(crate) mod search;
pub(crate) mod stage;
pub(crate) mod store;
pub(crate) mod structure;
pub(crate) mod unit;
