//! What the session asks of an evaluator of cells: the one border between the protocol side
//! (`wire`, `channels`, `session`) and the evaluation side (`cell`, `worker`, `assist`).
//!
//! Requests go in as plain values, outputs come back live through one [`Sink`], and every call
//! that runs a cell ends in exactly one [`Outcome`]. Nothing here knows Jupyter frames or rustc.

use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::mpsc::Sender;

pub use port::{Bundle, Comm};

/// One cell to run.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Chosen by the caller; every output of this cell carries it, also those of threads that outlive the cell.
    pub token: u64,
    /// The number shown as `In[n]`, used in errors.
    pub number: u32,
    /// What the user typed.
    pub code: String,
    /// Whether `input()` may ask the user.
    pub allow_stdin: bool,
    /// `user_expressions` to evaluate after a success, name to code.
    pub expressions: Vec<(String, String)>,
}

/// Which of the two standard streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a running cell shows, live and in order.
#[derive(Debug)]
pub enum Output {
    /// Text as it comes, partial lines included; always whole UTF-8 characters.
    Text(Stream, String),
    /// `display(..)`, with an id when it may be updated later.
    Display { bundle: Bundle, id: Option<String> },
    /// `update_display(id, ..)`.
    Update { bundle: Bundle, id: String },
    /// `clear_output(wait)`.
    Clear { wait: bool },
    /// `input(prompt)` or `password(prompt)`: the answer goes to `reply`; dropping `reply` means "no answer possible".
    Input { prompt: String, password: bool, reply: Sender<String> },
    /// A value in the worker talks to its counterpart in the front end.
    Comm { id: String, event: Comm },
    /// The worker has ended, and with it its ends of all comms.
    CommsLost,
}

/// An output and the cell it belongs to.
#[derive(Debug)]
pub struct Event {
    /// [`Cell::token`] of the cell that made it.
    pub token: u64,
    /// What is shown.
    pub output: Output,
}

/// Where outputs go. Called from evaluator threads; must not block for long.
pub type Sink = Arc<dyn Fn(Event) + Send + Sync>;

/// Why a cell failed; exactly one per failed cell, shown as one Jupyter `error`.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Short kind, such as `CompileError`, `Panic`, `Interrupted`, `Error`, `WorkerDied`.
    pub name: String,
    /// One line of what happened.
    pub value: String,
    /// Lines for people, with ANSI colours from the 16 base colours, pointing into `In[n]`.
    pub traceback: Vec<String>,
}

/// How a cell ended. All its outputs have been given to the sink before.
// One outcome per cell: its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran to its end.
    Done {
        /// The value of a tail expression, if there is one to show.
        result: Option<Bundle>,
        /// What the pager shows (`?item`).
        page: Option<Bundle>,
        /// Text for the next input cell (`%load`), and whether it replaces the current one.
        next_input: Option<(String, bool)>,
        /// Values of [`Cell::expressions`], each a bundle or a failure.
        expressions: Vec<(String, Result<Bundle, Failure>)>,
    },
    /// It did not compile, panicked, returned an error, was interrupted, or took its worker down.
    Failed(Failure),
}

/// Candidates for the text between `start` and `end` (byte offsets into the code).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completions {
    /// Candidates with their kind (`function`, `column`, `group`, `method`, ...), best first.
    pub candidates: Vec<(String, String)>,
    /// First byte that a candidate replaces.
    pub start: usize,
    /// One past the last byte that a candidate replaces.
    pub end: usize,
}

/// Whether a cell could be run as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It can be run.
    Complete,
    /// More lines are wanted, indented by this much.
    Incomplete { indent: String },
    /// It can never compile, with any continuation.
    Invalid,
}

/// What printed text was made from, which has no metadata of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// Metadata for the cell, or for an output beside the text.
    pub metadata: Map<String, Value>,
    /// Whether the text comes from nothing but the cell's own code.
    pub of_code_alone: bool,
}

/// Runs cells one at a time; everything but `execute` may be called while a cell runs, from any thread.
pub trait Evaluator: Send + Sync + 'static {
    /// Runs a cell to its end; blocks the calling thread.
    fn execute(&self, cell: Cell) -> Outcome;
    /// Asks the running cell (or its compilation) to end; does nothing when idle.
    fn interrupt(&self);
    /// Completion at a byte offset; answers within about a second, with less rather than late.
    fn complete(&self, code: &str, cursor: usize) -> Completions;
    /// Type and documentation of the name at a byte offset; `detail` 1 adds the source.
    fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle>;
    /// The front end talks to a value in the worker.
    fn comm(&self, id: &str, event: Comm);
    /// What the last cell was made from, for a cell that has only printed.
    fn origin_of_text(&self) -> Option<Origin> {
        None
    }
    /// What the session was made from, for the metadata of a notebook: inputs, prelude, compiler.
    fn provenance(&self) -> Option<Value> {
        None
    }
    /// Whether the code is complete.
    fn is_complete(&self, code: &str) -> Completeness;
    /// Ends the worker and forgets all variables; the evaluator can be dropped afterwards.
    fn shutdown(&self);
}
