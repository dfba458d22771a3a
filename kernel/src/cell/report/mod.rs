//! Errors for people.
//!
//! In come rustc's JSON, places in generated code and what is known of the session's cells; out go failures that point
//! into what the user typed: [`diagnose`] finds the way back, [`syntax`] does it for cells that are not Rust, [`render`]
//! draws, [`advice`] has a line for what newcomers type. This storey changes nothing and runs no cell.

mod advice;
pub(crate) mod diagnose;
pub(crate) mod render;
pub(crate) mod syntax;
