//! Storey `operators`: loops over rows. Frames come in; groups, the rows of a choice, and states of aggregations go out.
//! An operator knows its frame and its options, and neither files nor workers.
//!
//! Aggregation has two phases: each task of rows is reduced to one state per group, states are merged in order. Memory
//! grows with the groups, not with the rows (but for medians, quantiles and distinct counts). Where most rows begin a group
//! they are put apart by the hash of their keys instead, and grouped part by part at the end.

pub(crate) mod attached;
pub(crate) mod buckets;
pub(crate) mod budget;
pub(crate) mod by_group;
pub(crate) mod compact;
pub(crate) mod events;
pub(crate) mod global;
pub(crate) mod groups;
pub(crate) mod kept;
pub(crate) mod neighbours;
pub(crate) mod one_per_event;
pub(crate) mod order;
pub(crate) mod partners;
pub(crate) mod runs;
pub(crate) mod scattered;
pub(crate) mod score;
pub(crate) mod state;
pub(crate) mod stored;
mod sums;
pub(crate) mod table;
mod text_keys;
pub(crate) mod values;
pub(crate) mod word_keys;
pub(crate) mod words;
