//! The thread that runs cells, one after the other, and everything that lives as long as the session.
//!
//! In comes a [`job::Job`], out goes one outcome. [`cells`] holds the state and splits a cell into lines and Rust,
//! [`lines`] does what the lines say, [`reading`] looks at files again, [`parsing`] takes a piece of Rust apart, [`task`] runs
//! it and [`ended`] learns from it, [`depends`] finds which items a cell uses, [`death`] says what a dead worker has cost. This is
//! the one storey with state; it knows nothing of Jupyter.

pub(crate) mod cells;
mod death;
mod depends;
mod ended;
mod folders;
pub(crate) mod job;
mod lines;
mod parsing;
mod reading;
mod superseded;
mod task;
mod waiters;

/// How long a worker may take to come up, on a busy machine.
const WORKER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
