//! What goes through the engine: the request, the piece of Rust in it, and what came of both.

use crate::cell::compile::plan::Compiled;
use crate::evaluator::{Bundle, Cell, Outcome};
use std::sync::mpsc::Sender;

/// A cell, and where its outcome goes.
pub(crate) struct Job {
    pub cell: Cell,
    pub reply: Sender<Outcome>,
}

/// A cell that ran to its end, for `%restore`.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub number: u32,
    /// The Rust of it.
    pub code: String,
    /// All of it.
    pub whole: String,
    pub opt_level: String,
}

/// What a piece of Rust came to.
pub(crate) struct RunStats {
    pub bundle: Option<Bundle>,
    pub compiled: Compiled,
    /// In evcxr, compiling and running.
    pub seconds: f64,
    /// Running.
    pub run_seconds: f64,
}

/// How to run a piece of Rust.
pub(crate) struct Task<'a> {
    pub token: u64,
    pub number: u32,
    pub code: &'a str,
    pub allow_stdin: bool,
    /// `-Copt-level`; `auto` decides by the code.
    pub opt_level: String,
    /// A replay, whose outputs have been seen before.
    pub muted: bool,
}

/// What a cell's lines before its Rust have brought about.
#[derive(Debug, Default)]
pub(crate) struct MagicEffects {
    pub opt_level: String,
    pub code: String,
    pub time: bool,
    pub result: Option<Bundle>,
    pub page: Option<Bundle>,
    pub next_input: Option<(String, bool)>,
}
