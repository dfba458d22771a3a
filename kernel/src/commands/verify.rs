//! `recoil verify`: whether notebooks give the same again.

use super::notebook::{Running, at, evaluator};
use super::{Problem, VerifyArguments};
use crate::headless;
use crate::verify::{Report, verify};
use std::path::Path;
use std::process::ExitCode;

/// The exit code when a notebook could not be compared at all; 1 is that of differences.
const PROBLEM: u8 = 2;

pub(super) fn run(arguments: &VerifyArguments) -> ExitCode {
    let mut all_same = true;
    let mut problem = false;
    let mut reports = Vec::new();
    for notebook in &arguments.notebooks {
        let name = notebook.display().to_string();
        match one(notebook, arguments.data.as_deref()) {
            Ok(report) => {
                all_same &= report.is_same();
                if arguments.json {
                    reports.push(report.json(&name));
                } else {
                    tell(&name, &report, arguments.notebooks.len() > 1);
                }
            }
            Err(error) => {
                problem = true;
                eprintln!("recoil: {error}");
            }
        }
    }
    if arguments.json {
        println!("{:#}", serde_json::Value::Array(reports));
    }
    match (problem, all_same) {
        (true, _) => ExitCode::from(PROBLEM),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    }
}

/// Verifies a notebook and says what came of it.
pub(super) fn tell_one(notebook: &Path) -> ExitCode {
    run(&VerifyArguments { notebooks: vec![notebook.to_path_buf()], data: None, json: false })
}

fn tell(name: &str, report: &Report, several: bool) {
    if several {
        println!("{name}");
    }
    report.verdicts.iter().for_each(|verdict| println!("{verdict}"));
    println!("{}", report.summary());
}

/// Verifies one notebook. Paths in its cells are taken from `data`, or else from its own folder.
fn one(notebook: &Path, data: Option<&Path>) -> Result<Report, Problem> {
    let was = headless::read(notebook)?;
    let own = notebook.parent().filter(|folder| !folder.as_os_str().is_empty());
    let before = std::env::current_dir()?;
    if let Some(folder) = data.or(own) {
        std::env::set_current_dir(folder).map_err(at(folder))?;
    }
    let report = compared(&was);
    // The next notebook is named from where the program was started.
    std::env::set_current_dir(&before).map_err(at(&before))?;
    report
}

fn compared(was: &nbformat::v4::Notebook) -> Result<Report, Problem> {
    let Running { evaluator, collector } = evaluator()?;
    let verified = verify(was, &*evaluator, &collector, &mut |_| {});
    evaluator.shutdown();
    Ok(verified?.0)
}
