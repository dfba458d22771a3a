//! Whether a notebook gives the same again, and if not, why.
//!
//! A notebook with outputs comes in; it is run from top to bottom in a new session, and every cell's outputs are compared
//! with those that it had. Out goes a [`Verdict`] for each cell: the first difference, and what it comes from, which the
//! fingerprints on both outputs say. Text, tables and numbers must be equal; pictures must have the same marks; what is
//! marked as telling of times is left out.

mod compare;
mod explain;
mod outputs;
mod picture;
mod report;

pub use compare::{Difference, compare};
pub use explain::{Cells, changes, explain, unlike};
pub use outputs::Shown;
pub use report::{Kind, Report, Verdict};

use crate::evaluator::Evaluator;
use crate::headless::{self, Collector, Failed, Progress};
use crate::proof::{Fingerprint, KEY, code_hash};
use nbformat::v4;

/// A cell with this tag is run and not compared.
const NOT_COMPARED: &str = "recoil-skip";
/// A cell with this tag and a number behind it may give numbers that differ by that part of themselves.
const TOLERANCE: &str = "recoil-tolerance=";

/// Runs a notebook from top to bottom and compares what it gives with what it gave; `collector` must be the evaluator's
/// sink. Returns the notebook as it is now, too.
///
/// # Errors
/// A tag that says no tolerance.
pub fn verify(
    was: &v4::Notebook,
    evaluator: &dyn Evaluator,
    collector: &Collector,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<(Report, v4::Notebook), String> {
    let wishes: Vec<Wish> = code_cells(was).map(Wish::of).collect::<Result<_, _>>()?;
    let mut is = was.clone();
    let failed = headless::run(&mut is, evaluator, collector, tell).err();
    let cells = Cells::new(code_cells(was).map(|cell| code_hash(&source(cell))), &fingerprints(was));
    let pairs = code_cells(was).zip(code_cells(&is)).zip(wishes);
    let verdicts = (1..).zip(pairs).map(|(number, ((was, is), wish))| {
        let reached = failed.as_ref().is_none_or(|failed| number <= failed.cell);
        match &failed {
            Some(Failed { cell, failure }) if *cell == number => Verdict {
                kind: Kind::Failed,
                difference: Some(Difference::failed(&failure.name, &failure.value)),
                reasons: because(&cells, number, was, is, true),
                ..Verdict::new(number, &source(was))
            },
            _ if !reached => Verdict { kind: Kind::NotReached, ..Verdict::new(number, &source(was)) },
            _ => judge(&cells, number, was, is, &wish),
        }
    });
    let verdicts = verdicts.collect();
    let program = unlike(&first_fingerprint(was), &first_fingerprint(&is));
    Ok((Report { verdicts, program }, is))
}

fn judge(cells: &Cells, number: u32, was: &v4::Cell, is: &v4::Cell, wish: &Wish) -> Verdict {
    let verdict = Verdict::new(number, &source(was));
    let (before, now) = (Shown::of(was), Shown::of(is));
    let left_out = before.left_out.max(now.left_out);
    let verdict = Verdict { left_out, ..verdict };
    match *wish {
        Wish::NotCompared => return Verdict { kind: Kind::Skipped, ..verdict },
        _ if before.is_empty() && now.is_empty() => {
            return Verdict { kind: if left_out > 0 { Kind::Same } else { Kind::Silent }, ..verdict };
        }
        _ => {}
    }
    let tolerance = if let Wish::Tolerance(tolerance) = wish { Some(*tolerance) } else { None };
    let difference = compare(&before, &now, tolerance);
    let mut reasons = because(cells, number, was, is, difference.is_some());
    if difference.is_some() && reasons.is_empty() {
        reasons.push(explain::nothing_changed(&source(was), fingerprint(was).is_some()));
    }
    Verdict { kind: if difference.is_some() { Kind::Different } else { Kind::Same }, difference, reasons, ..verdict }
}

/// What has changed for a cell, and if it differs, what that comes from.
fn because(cells: &Cells, number: u32, was: &v4::Cell, is: &v4::Cell, differs: bool) -> Vec<String> {
    let Some(before) = fingerprint(was) else { return Vec::new() };
    let tell = if differs { explain } else { changes };
    tell(cells, number, &before, fingerprint(is).as_ref())
}

/// What the notebook asks for.
enum Wish {
    Exact,
    Tolerance(f64),
    NotCompared,
}

impl Wish {
    fn of(cell: &v4::Cell) -> Result<Self, String> {
        let tags = cell.metadata().tags.clone().unwrap_or_default();
        if tags.iter().any(|tag| tag == NOT_COMPARED) {
            return Ok(Self::NotCompared);
        }
        let Some(number) = tags.iter().find_map(|tag| tag.strip_prefix(TOLERANCE)) else { return Ok(Self::Exact) };
        match number.trim().parse::<f64>() {
            Ok(tolerance) if tolerance >= 0.0 && tolerance.is_finite() => Ok(Self::Tolerance(tolerance)),
            _ => {
                Err(format!("the tag `{TOLERANCE}{number}` says no tolerance: write a number such as {TOLERANCE}1e-9"))
            }
        }
    }
}

/// The cells that are run, in order; they are counted from 1.
fn code_cells(notebook: &v4::Notebook) -> impl Iterator<Item = &v4::Cell> {
    notebook.cells.iter().filter(|cell| matches!(cell, v4::Cell::Code { .. }) && !source(cell).trim().is_empty())
}

fn source(cell: &v4::Cell) -> String {
    match cell {
        v4::Cell::Code { source, .. } => source.concat(),
        _ => String::new(),
    }
}

/// What a cell's outputs were made from: the last fingerprint on them, which knows most.
fn fingerprint(cell: &v4::Cell) -> Option<Fingerprint> {
    let v4::Cell::Code { metadata, outputs, .. } = cell else { return None };
    let of = |metadata: &serde_json::Map<String, serde_json::Value>| {
        Fingerprint::read(&serde_json::Value::Object(metadata.clone()))
    };
    let on_output = outputs.iter().rev().find_map(|output| match output {
        v4::Output::DisplayData(display) => of(&display.metadata),
        v4::Output::ExecuteResult(result) => of(&result.metadata),
        _ => None,
    });
    on_output.or_else(|| Fingerprint::read(&serde_json::json!({ KEY: metadata.additional.get(KEY)? })))
}

/// The first fingerprint of a notebook.
pub fn first_fingerprint(notebook: &v4::Notebook) -> Option<Fingerprint> {
    code_cells(notebook).find_map(fingerprint)
}

/// All fingerprints of a notebook, by the number of their cells.
pub fn fingerprints(notebook: &v4::Notebook) -> Vec<(u32, Fingerprint)> {
    (1..).zip(code_cells(notebook)).filter_map(|(number, cell)| Some((number, fingerprint(cell)?))).collect()
}
