//! Recoil from outside: what the tests share.
//!
//! It finds the conformance cases and a Python with the wanted packages, and says visibly when a test is
//! skipped for want of either. It must not know any room's inside.

pub mod cases;
pub mod python;

/// Says on standard error that a test did not run, and why; under `CI=true` that is a failure.
///
/// # Panics
/// When `CI=true`: there nothing may be skipped.
pub fn skipped(test: &str, why: &str) {
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{test} cannot be skipped under CI=true: {why}"
    );
    // The test harness captures print macros, not the descriptor: a skip is seen in every run.
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}
