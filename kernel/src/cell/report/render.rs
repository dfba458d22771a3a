//! Errors for people: rustc's diagnostics with frames of the user's own code.
//!
//! Words have the page's own colour and are bold at most: no colour of a front end's palette has enough contrast both on
//! a light and on a dark page. Only signs are coloured, such as the carets.

use crate::cell::source::edits::line_and_column;
use std::fmt::Write;

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const BLUE: &str = "\x1b[34m";
const CYAN: &str = "\x1b[36m";
const GREEN: &str = "\x1b[32m";
const OFF: &str = "\x1b[0m";

/// A text of the user's: a cell, by its number, or a file that an item of one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Cell(u32),
    File(String),
}

/// A marked stretch of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub text: Text,
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What is said at that place.
    pub label: String,
    /// Whether this is the place of the error itself.
    pub primary: bool,
}

/// An error, warning or note.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// `error`, `note`, `help`.
    pub level: String,
    /// Such as `E0425`.
    pub code: Option<String>,
    /// One sentence.
    pub message: String,
    /// Places in cells.
    pub marks: Vec<Mark>,
    /// What rustc adds.
    pub notes: Vec<Report>,
}

/// `In[3]:2:5` and the like.
fn place(text: &Text, code: &str, offset: usize) -> String {
    let (line, column) = line_and_column(code, offset);
    match text {
        Text::Cell(cell) => format!("In[{cell}]:{line}:{column}"),
        Text::File(name) => format!("{name}:{line}:{column}"),
    }
}

/// Renders a report. `code_of` gives what is in a text.
pub(crate) fn render<'a>(report: &Report, code_of: &dyn Fn(&Text) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let colour = colour(&report.level);
    let code = report.code.as_ref().map_or_else(String::new, |code| format!("[{code}]"));
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{BOLD}{}{code}: {}{OFF}", report.level, report.message);
    let mut texts: Vec<&Text> = Vec::new();
    let primary_first = report.marks.iter().filter(|mark| mark.primary).chain(&report.marks);
    for mark in primary_first {
        if !texts.contains(&&mark.text) {
            texts.push(&mark.text);
        }
    }
    for text in texts {
        if let Some(code) = code_of(text) {
            let marks: Vec<_> = report.marks.iter().filter(|mark| mark.text == *text).collect();
            frame(&mut out, code, &marks, colour);
        }
    }
    for note in &report.notes {
        if note.marks.is_empty() {
            let message = note.message.replace('\n', "\n          ");
            let _ = writeln!(out, "  {BLUE}= {OFF}{BOLD}{}{OFF}: {message}", note.level);
        } else {
            out.push_str(&render(note, code_of));
            out.push('\n');
        }
    }
    out.trim_end().to_owned()
}

fn colour(level: &str) -> &'static str {
    match level {
        "help" => CYAN,
        "note" => GREEN,
        _ => RED,
    }
}

/// The lines of one text that are marked, with what is wrong under them.
fn frame(out: &mut String, code: &str, marks: &[&Mark], colour: &str) {
    let main = marks.iter().find(|mark| mark.primary).or(marks.first());
    let Some(main) = main else { return };
    let lines: Vec<&str> = code.split('\n').collect();
    let mut rows: Vec<usize> = marks.iter().map(|mark| line_and_column(code, mark.start).0).collect();
    rows.sort_unstable();
    rows.dedup();
    let width = rows.last().map_or(1, |last| last.to_string().len());
    let _ = writeln!(out, "{:width$}{BLUE}-->{OFF} {}", "", place(&main.text, code, main.start));
    let _ = writeln!(out, "{:width$} {BLUE}|{OFF}", "");
    let mut previous = None;
    for row in rows {
        if previous.is_some_and(|previous| row > previous + 1) {
            let _ = writeln!(out, "{BLUE}...{OFF}");
        }
        previous = Some(row);
        let line = lines.get(row - 1).copied().unwrap_or_default();
        let _ = writeln!(out, "{row:>width$} {BLUE}|{OFF} {}", line.replace('\t', "    "));
        let mut here: Vec<_> = marks.iter().filter(|mark| line_and_column(code, mark.start).0 == row).collect();
        here.sort_by_key(|mark| (!mark.primary, mark.start));
        for mark in here {
            let (_, column) = line_and_column(code, mark.start);
            let before: String = line.chars().take(column - 1).collect();
            let indent: usize = before.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
            let marked = code.get(mark.start..mark.end.max(mark.start)).unwrap_or_default();
            let length = marked.split('\n').next().unwrap_or_default().chars().count().max(1);
            let (sign, colour) = if mark.primary { ("^", colour) } else { ("-", BLUE) };
            let under = sign.repeat(length);
            let label = mark.label.replace('\n', " ");
            let space = " ".repeat(indent);
            let text = format!("{:width$} {BLUE}|{OFF} {space}{colour}{under}{OFF} {label}", "");
            let _ = writeln!(out, "{}", text.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_points_at_the_place() {
        let code = "let a = 1;\nlet b = a + \"é\" ;";
        let start = code.find("\"é\"").unwrap();
        let report = Report {
            level: "error".into(),
            code: Some("E0277".into()),
            message: "cannot add".into(),
            marks: vec![
                Mark { text: Text::Cell(3), start, end: start + 4, label: "no such".into(), primary: true },
                Mark { text: Text::Cell(3), start: 4, end: 5, label: "an integer".into(), primary: false },
            ],
            notes: vec![Report { level: "help".into(), message: "try 1".into(), ..Report::default() }],
        };
        let text = render(&report, &|_| Some(code));
        let mut plain = text.clone();
        for escape in [BOLD, RED, BLUE, CYAN, GREEN, OFF] {
            plain = plain.replace(escape, "");
        }
        let expected = "\
error[E0277]: cannot add
 --> In[3]:2:13
  |
1 | let a = 1;
  |     - an integer
2 | let b = a + \"é\" ;
  |             ^^^ no such
  = help: try 1";
        assert_eq!(plain, expected);
        assert!(text.contains(RED));
        // What is coloured has no letters.
        let coloured = text.split("\x1b[3").skip(1).map(|run| run.split_once('m').map_or("", |(_, rest)| rest));
        for run in coloured.map(|run| run.split('\x1b').next().unwrap_or_default()) {
            assert!(!run.chars().any(char::is_alphanumeric), "{run:?} is coloured");
        }
    }
}
