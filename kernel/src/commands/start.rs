//! Starts what runs cells.

use super::Problem;
use crate::cell::RustEvaluator;
use crate::evaluator::{Evaluator, Failure, Sink};
use crate::install::config::{Config, StartError};
use crate::install::prelude::{self, Prelude};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::time::Duration;

/// The evaluator over the prelude that is there; a missing one is a failure with its mend.
pub(super) fn evaluator(sink: Sink) -> Result<Arc<dyn Evaluator>, Failure> {
    with(sink, |_| {})
}

/// The same for runs without a front end: outputs wait until everything they were made from is hashed.
pub(super) fn patient(sink: Sink) -> Result<Arc<dyn Evaluator>, Failure> {
    with(sink, |config| config.patience = Duration::from_secs(3600))
}

fn with(sink: Sink, change: impl FnOnce(&mut Config)) -> Result<Arc<dyn Evaluator>, Failure> {
    let failure = |error: StartError| {
        let value = error.to_string();
        Failure { name: "StartError".to_owned(), traceback: vec![value.clone()], value }
    };
    let mut config = Config::new().map_err(failure)?;
    change(&mut config);
    Ok(Arc::new(RustEvaluator::start(config, sink).map_err(failure)?))
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
