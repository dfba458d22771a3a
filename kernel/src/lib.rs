//! The kernel.
pub mod evaluator;
