//! What was asked of a group: a chain of steps as a value that prints.
//!
//! In comes what a cell types (texts, expressions, closures, bin counts), out goes a [`chain::Chain`] or a
//! [`booking::Booking`]. It must not know processes, files or the engine's run: a step is checked in `lower`, against a schema.

pub(crate) mod asof;
pub(crate) mod booking;
pub(crate) mod chain;
pub(crate) mod rows;
pub(crate) mod selection;
pub(crate) mod vary;
pub(crate) mod windows;
