//! Failures that are not rustc's.

use crate::evaluator::Failure;

pub(crate) fn failure(name: &str, value: impl Into<String>) -> Failure {
    let value = value.into();
    Failure { name: name.into(), traceback: vec![format!("\x1b[1m{name}: {value}\x1b[0m")], value }
}

pub(crate) fn interrupted() -> Failure {
    failure("Interrupted", "stopped by the user; variables are kept")
}
