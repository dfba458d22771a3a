//! The way of a cell: parse it, rewrite it, compile it, run it, and tell how it ended.
//!
//! In comes what the user typed; out go outputs (live, through the sink) and one outcome. evcxr keeps the notebook's
//! items and added crates, generates the crate and drives the worker process; this room stands on both sides of it. In
//! front: [`parse`] and [`generate`] make of a cell what evcxr gets. Behind: [`standin`] is what evcxr takes for cargo,
//! and [`compile`]s with one pass of rustc against the prelude, or with none when [`cache`] has the cell.
//! The room knows nothing of Jupyter's messages.
//!
//! Variables do not go through evcxr's own store, because it would have to be told each type before the first pass of
//! the compiler. They live in the prelude, are stored by inference, and [`mir`] reads their types from what rustc says
//! about that same pass.

mod analyzer;
mod cache;
mod canonical;
mod compile;
mod death;
mod dependencies;
mod diagnose;
mod engine;
mod evaluator;
mod folder;
mod generate;
mod lines;
mod linker;
mod magic;
mod mir;
mod parse;
mod plan;
mod render;
mod source;
mod standin;
mod startup;
mod syntax;
mod table;
mod task;

pub use evaluator::{Config, RustEvaluator, StartError};
pub(crate) use parse::parse_error;
pub use standin::hook;
pub(crate) use table::{Known, Table};

/// The function that every compiled cell exports; evcxr's own name for it has a number.
pub(crate) const CELL_FUNCTION: &str = "run_user_code";
/// A line that makes evcxr take back what the cell has defined: it believes that a variable has changed its type, and
/// compiles again, which the stand-in for cargo refuses.
pub(crate) const FAILED_MARK: &str = "EVCXR_VARIABLE_CHANGED_TYPE:recoil";
/// What the stand-in says then.
pub(crate) const REFUSED: &str = "the cell has failed";
