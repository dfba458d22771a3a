//! The way of a cell: parse it, rewrite it, compile it, run it, and tell how it ended.
//!
//! In comes what the user typed; out go outputs (live, through the sink) and one outcome. evcxr keeps the notebook's
//! items and added crates, generates the crate and drives the worker process; this room is on both sides of it. In
//! front: `source` makes of a cell what evcxr gets. Behind: `evcxr` has what evcxr takes for cargo, which
//! `compile`s with one pass of rustc against the prelude, or with none when the cell was compiled before. `report`
//! tells errors to people, `engine` is the thread that does all of it in turn. Each folder imports only from those
//! named before it. The room knows nothing of Jupyter's messages.
//!
//! Variables do not go through evcxr's own store, because it would have to be told each type before the first pass of
//! the compiler. They live in the prelude, are stored by inference, and `compile` reads their types from what rustc says
//! about that same pass.

pub(crate) mod compile;
pub(crate) mod engine;
mod evaluator;
pub(crate) mod evcxr;
pub(crate) mod failure;
pub(crate) mod report;
pub(crate) mod shared;
pub(crate) mod source;

pub use crate::install::config::{Config, StartError};
pub use compile::lock::Lock;
pub use evaluator::RustEvaluator;
pub use evcxr::cargo_shim::hook;
