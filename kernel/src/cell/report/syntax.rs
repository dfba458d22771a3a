//! Errors of a cell, or of a file that it names, that is not Rust: rustc's own words about the text.

use super::advice::{Seen, advice};
use super::render::{Mark, Report, Text, render};
use crate::evaluator::Failure;
use crate::install::toolchain::Toolchain;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// On the first line, in front of the cell's first character.
const OPEN: &str = "fn recoil_cell() {";

/// The failure of a text that cannot be parsed. `fallback` is used when rustc finds nothing wrong.
pub(crate) fn failure(toolchain: &Toolchain, folder: &Path, text: &Text, code: &str, fallback: &str) -> Failure {
    let (open, close) = around(text);
    let errors = errors(toolchain, folder, &format!("{open}{code}{close}")).unwrap_or_default();
    let mut reports: Vec<_> = errors.iter().map(|error| report(error, text, code)).collect();
    if reports.is_empty() {
        reports.push(Report { level: "error".into(), message: fallback.to_owned(), ..Report::default() });
    }
    if matches!(text, Text::Cell(_)) {
        reports[0].notes.extend(misplaced(code));
    }
    let traceback = reports.iter().map(|report| render(report, &|_| Some(code))).collect();
    Failure { name: "SyntaxError".into(), value: reports[0].message.clone(), traceback }
}

/// What is compiled around a text: a file stands alone.
fn around(text: &Text) -> (&'static str, &'static str) {
    match text {
        Text::Cell(_) => (OPEN, "\n}\n"),
        Text::File(_) => ("", ""),
    }
}

/// What to say of lines one of which would be none of Rust at the head of a cell.
pub(super) fn misplaced(code: &str) -> Option<Report> {
    let line = code.lines().find(|line| line.starts_with(['!', '%']) || line.starts_with(":dep "))?;
    let message = format!("lines such as `{}` stand in front of the Rust of a cell", line.trim_end());
    Some(Report { level: "help".into(), message, ..Report::default() })
}

fn errors(toolchain: &Toolchain, folder: &Path, code: &str) -> Option<Vec<Value>> {
    let path = folder.join("syntax.rs");
    std::fs::write(&path, code).ok()?;
    let mut command = Command::new(&toolchain.rustc);
    command.arg(&path).args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json"]);
    command.args(["-Awarnings", "-o"]).arg(folder.join("syntax.rmeta")).env_remove("RUSTC_BOOTSTRAP");
    let output = command.stdin(Stdio::null()).output().ok()?;
    let lines = String::from_utf8_lossy(&output.stderr);
    let parsed = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    // Parsing errors have no codes, those of quotes excepted; an error with one comes from a later phase, for which the
    // cell was not made.
    let quotes = ["E0762", "E0763", "E0765", "E0766", "E0758"];
    let is_syntax = |error: &Value| {
        error["level"] == "error"
            && (error["code"].is_null() || quotes.iter().any(|code| error["code"]["code"] == *code))
            && error["spans"].as_array().is_some_and(|spans| !spans.is_empty())
            // Files are meant from elsewhere, and the text stands alone.
            && !error["message"].as_str().is_some_and(|text| text.starts_with("couldn't read"))
    };
    Some(parsed.filter(is_syntax).collect())
}

fn report(error: &Value, text: &Text, code: &str) -> Report {
    let spans = error["spans"].as_array().map(Vec::as_slice).unwrap_or_default();
    let children = error["children"].as_array().map(Vec::as_slice).unwrap_or_default();
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    // The bracket behind the cell is not the user's.
    let open = around(text).0.len();
    let behind = open + code.trim_end().len();
    let at_end =
        spans.iter().any(|span| span["is_primary"] == true && span["byte_end"].as_u64() >= Some(behind as u64));
    let message =
        if at_end { message.replace("found `}`", &format!("found the end of the {}", kind(text))) } else { message };
    let seen = Seen { code: error["code"]["code"].as_str().unwrap_or_default(), message: &message, ..Seen::default() };
    let helps = advice(&seen).map(|message| Report { level: "help".into(), message, ..Report::default() });
    Report {
        level: error["level"].as_str().unwrap_or("error").to_owned(),
        code: None,
        // The closing one behind a cell is ours.
        message: if message == "this file contains an unclosed delimiter"
            || (at_end && message.starts_with("mismatched closing"))
        {
            format!("this {} contains an unclosed delimiter", kind(text))
        } else {
            message
        },
        marks: spans.iter().filter_map(|span| mark(span, text, code)).collect(),
        notes: match helps {
            Some(line) => vec![line],
            None => {
                children.iter().map(|child| report(child, text, code)).filter(|note| !note.message.is_empty()).collect()
            }
        },
    }
}

fn kind(text: &Text) -> &'static str {
    match text {
        Text::Cell(_) => "cell",
        Text::File(_) => "file",
    }
}

fn mark(span: &Value, text: &Text, code: &str) -> Option<Mark> {
    let open = around(text).0.len();
    let at = |name: &str| Some(usize::try_from(span[name].as_u64()?).ok()?.saturating_sub(open).min(code.len()));
    let (start, end) = (at("byte_start")?, at("byte_end")?);
    let label = span["label"].as_str().unwrap_or_default().to_owned();
    // The brace in front of the cell is ours.
    let ours = span["byte_start"].as_u64()? < open as u64;
    (!ours).then_some(Mark { text: text.clone(), start, end, label, primary: span["is_primary"] == true })
}
