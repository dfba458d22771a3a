//! Starts what runs cells.

use super::Problem;
use crate::evaluator::{Evaluator, Failure, Sink};
use crate::install::prelude::{self, Prelude};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::time::Duration;

/// The evaluator over the prelude that is there; a missing one is a failure with its mend.
pub(super) fn evaluator(_sink: Sink) -> Result<Arc<dyn Evaluator>, Failure> {
    let failure = |value: String| Failure { name: "NoPrelude".to_owned(), traceback: vec![value.clone()], value };
    let _prelude = prelude::find().map_err(|error| failure(error.to_string()))?;
    Err(failure("no evaluator".to_owned()))
}

/// The prelude, built when something has changed; shows what is compiled.
pub(super) fn prelude() -> Result<Prelude, Problem> {
    let bar = ProgressBar::new_spinner().with_message("looking at the prelude");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} building the prelude: {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut crates = 0_u64;
    let hidden = bar.is_hidden();
    let built = prelude::ensure(&mut |line| {
        crates += u64::from(line.starts_with("Compiling"));
        bar.set_message(format!("{crates} crates compiled, {line}"));
        // Without a terminal: a sign of life now and then.
        if hidden && crates % 25 == 1 && line.starts_with("Compiling") {
            eprintln!("building the prelude: {crates} crates compiled, {line}");
        }
    });
    bar.finish_and_clear();
    Ok(built?)
}
