//! Inputs that public reports and other writers brought: `cargo test --release --test reports`.
//!
//! Every entry of `cases.json` in the folder `RECOIL_REPORTS` (default `../shared/cases/reports`) is read through the public
//! API. `RECOIL_REPORTS_ONLY=csv/` runs those whose path begins so. All that differ are named.

#[path = "reports/npz.rs"]
mod npz;
#[path = "reports/recordings.rs"]
mod recordings;
#[path = "reports/tables.rs"]
mod tables;

use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// Entries that fail today, and why. An entry that passes must leave this list.
const KNOWN: &[(&str, &str)] = &[];

/// Longer than any entry takes on a slow machine: what has no answer by then hangs.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn reports() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("cases.json")).expect("the reports have a cases.json");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("cases.json is a list");
    let only = std::env::var("RECOIL_REPORTS_ONLY").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in &cases {
        let name = case["path"].as_str().expect("an entry names its path");
        if !name.starts_with(&only) {
            continue;
        }
        tried += 1;
        let known = KNOWN.iter().find(|(path, _)| *path == name).map(|(_, why)| *why);
        match (answered(&folder, name, case), known) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some(why)) => wrong.push(format!("{name}: is right now; take it off the list ({why})")),
            (Err(why), None) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(tried > 0, "no entry of {} begins with {only:?}", folder.display());
    assert!(wrong.is_empty(), "{} of {tried} entries differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn folder() -> Option<PathBuf> {
    let beside = || recoil_tests::cases::project().join("../shared/cases/reports");
    let folder = std::env::var_os("RECOIL_REPORTS").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    recoil_tests::skipped("reports", &format!("no folder {} (set RECOIL_REPORTS)", folder.display()));
    None
}

/// Whether an entry is as it should be; a panic and a hang never are.
fn answered(folder: &Path, name: &str, case: &Value) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let (folder, name, case) = (folder.to_owned(), name.to_owned(), case.clone());
    std::thread::spawn(move || {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| entry(&folder, &name, &case)));
        // Nobody waits any more when this took too long.
        let _ = sender.send(outcome.unwrap_or_else(|panic| Err(format!("panics: {}", said(&*panic)))));
    });
    receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| Err(format!("no answer after {} s", PATIENCE.as_secs())))
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

fn entry(folder: &Path, name: &str, case: &Value) -> Result<(), String> {
    let path = folder.join(name);
    let outcome = match name.split('/').next() {
        Some("events") => recordings::events(folder, &path, case),
        Some("hipo") => recordings::hipo(&path, case),
        _ => tables::table(&path, case),
    };
    judged(outcome, case)
}

/// What an entry answers.
enum Outcome {
    /// It was read; what is wrong with that.
    Read(Result<(), String>),
    /// It was refused, with this error.
    Refused(String),
}

fn judged(outcome: Outcome, case: &Value) -> Result<(), String> {
    let says =
        |key: &str, error: &str| case[key].as_str().map(|wanted| error.to_lowercase().contains(&wanted.to_lowercase()));
    match outcome {
        Outcome::Read(_) if case["refused"].is_string() => Err("should be refused, but is read".to_owned()),
        Outcome::Read(_) | Outcome::Refused(_) if case["no_panic"] == Value::Bool(true) => Ok(()),
        Outcome::Read(checked) => checked,
        Outcome::Refused(error) => match (says("refused", &error), says("or_refused", &error)) {
            (Some(true), _) | (None, Some(true)) => Ok(()),
            (Some(false), _) | (None, Some(false)) => Err(format!("the refusal does not say what it should: {error}")),
            (None, None) => Err(error),
        },
    }
}
