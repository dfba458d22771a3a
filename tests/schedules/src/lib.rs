//! Files of the rooms that threads share, compiled with the locks of a model checker in the place of the usual ones, and
//! scenarios that run them in many orders of their threads. A wait that nobody ends, or a wrong answer, fails with the order
//! in which it was found.
//!
//! What these files import from the rest of their rooms stands here in its shortest form.
#![allow(dead_code)]

extern crate self as polars;
extern crate self as segment;
extern crate self as sources;

mod error;
#[path = "../../../kernel/src/evaluator.rs"]
mod evaluator;
mod lock;
pub mod memory;
pub mod prelude;
mod process;
mod report;
pub mod run;

mod sync;
pub mod work;
pub mod worker;

/// Runs what may panic.
pub fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, error::Error> {
    Ok(run())
}
