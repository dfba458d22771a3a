//! What is said of each cell, for people and as JSON.

use super::Difference;
use serde_json::{Value, json};

/// How a cell compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It gives the same.
    Same,
    /// It gives something else.
    Different,
    /// It fails now.
    Failed,
    /// It was not run, because one before it failed.
    NotReached,
    /// The notebook asks that it is not compared.
    Skipped,
    /// It shows nothing, neither then nor now.
    Silent,
}

impl Kind {
    /// Whether the notebook does not give the same again.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Different | Self::Failed | Self::NotReached)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
            Self::Skipped => "skipped",
            Self::Silent => "nothing to compare",
        }
    }
}

/// What is said of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The number of the cell among those that are run, from 1.
    pub cell: u32,
    /// The first line of its code.
    pub code: String,
    /// How it compares.
    pub kind: Kind,
    /// The first difference.
    pub difference: Option<Difference>,
    /// What it comes from; of a cell that gives the same, what has changed all the same.
    pub reasons: Vec<String>,
    /// Outputs that tell of times, and were left out.
    pub left_out: usize,
}

impl Verdict {
    pub(super) fn new(cell: u32, code: &str) -> Self {
        let first = code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let code = first.trim().chars().take(60).collect();
        Self { cell, code, kind: Kind::Same, difference: None, reasons: Vec::new(), left_out: 0 }
    }

    fn json(&self) -> Value {
        let difference = self.difference.as_ref().map(|d| json!({ "place": d.place, "was": d.was, "is": d.is }));
        json!({ "cell": self.cell, "code": self.code, "verdict": self.kind.word(), "difference": difference,
            "reasons": self.reasons, "left_out": self.left_out })
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "cell {}: ", self.cell)?;
        match (&self.difference, self.kind) {
            (Some(difference), Kind::Failed) => write!(out, "fails: {}", difference.is)?,
            (Some(difference), _) => write!(out, "{difference}")?,
            (None, kind) => write!(out, "{}", kind.word())?,
        }
        if self.left_out > 0 {
            write!(out, " ({} left out: times)", self.left_out)?;
        }
        if !self.reasons.is_empty() {
            write!(out, "; {}{}", if self.kind.is_bad() { "" } else { "although " }, self.reasons.join("; "))?;
        }
        Ok(())
    }
}

/// What is said of a notebook.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// One for each cell.
    pub verdicts: Vec<Verdict>,
    /// How the program that made the outputs differs from this one.
    pub program: Vec<String>,
}

impl Report {
    /// Whether the notebook gives the same again. One without any output to compare has shown nothing.
    pub fn is_same(&self) -> bool {
        self.compared() > 0 && !self.verdicts.iter().any(|verdict| verdict.kind.is_bad())
    }

    /// How many cells were compared.
    pub fn compared(&self) -> usize {
        self.verdicts.iter().filter(|verdict| matches!(verdict.kind, Kind::Same | Kind::Different)).count()
    }

    /// The last line: what all of it comes to.
    pub fn summary(&self) -> String {
        let same = self.verdicts.iter().filter(|verdict| verdict.kind == Kind::Same).count();
        let bad = self.verdicts.iter().filter(|verdict| verdict.kind.is_bad()).count();
        let program = match self.program.as_slice() {
            [] => String::new(),
            parts => format!("; {}", parts.join(", ")),
        };
        match self.compared() {
            0 => format!("no cell has an output to compare: run the notebook first{program}"),
            _ if bad == 0 => format!("all {same} cells with outputs give the same{program}"),
            _ => format!("{bad} of {} cells with outputs do not give the same{program}", same + bad),
        }
    }

    /// The report as JSON.
    pub fn json(&self, notebook: &str) -> Value {
        let cells: Vec<Value> = self.verdicts.iter().map(Verdict::json).collect();
        json!({ "notebook": notebook, "same": self.is_same(), "program": self.program, "cells": cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_line() {
        let mut verdict = Verdict::new(7, "\n  data.count()?\n");
        assert_eq!((verdict.to_string().as_str(), verdict.code.as_str()), ("cell 7: same", "data.count()?"));
        verdict.reasons = vec!["input `a.csv` changed (hash)".into()];
        assert_eq!(verdict.to_string(), "cell 7: same; although input `a.csv` changed (hash)");
        let (place, was, is) = ("text, line 1".into(), "10227".into(), "10231".into());
        verdict = Verdict { kind: Kind::Different, difference: Some(Difference { place, was, is }), ..verdict };
        assert_eq!(verdict.to_string(), "cell 7: 10227 -> 10231 (text, line 1); input `a.csv` changed (hash)");
        let report = Report { verdicts: vec![verdict, Verdict::new(8, "")], program: vec![] };
        assert!(!report.is_same());
        assert_eq!(report.summary(), "1 of 2 cells with outputs do not give the same");
        assert_eq!(report.json("a.ipynb")["cells"][0]["verdict"], "different");
        assert!(!Report { verdicts: vec![], program: vec![] }.is_same(), "nothing compared is nothing shown");
    }
}
