//! Damaged files: what is wrong with one, and what can be saved of it.

pub(crate) mod check;
pub(crate) mod salvage;
