//! Runs the code cells of a notebook, in order, until one fails.

use super::Collector;
use crate::evaluator::{Cell, Evaluator, Failure, Outcome};
use crate::proof::{KEY, measures};
use nbformat::v4;
use std::time::{Duration, Instant};

/// A cell begins or has ended.
#[derive(Debug)]
pub struct Progress<'a> {
    /// Which of the code cells, from 1.
    pub cell: u32,
    /// How many there are.
    pub cells: u32,
    /// Its code.
    pub code: &'a str,
    /// How long it took; `None` when it begins.
    pub took: Option<Duration>,
}

/// The first cell that failed.
#[derive(Debug)]
pub struct Failed {
    /// Which of the code cells, from 1.
    pub cell: u32,
    /// Why.
    pub failure: Failure,
}

/// Runs every code cell; outputs and numbers are put into the notebook, also those of the cell that failed.
/// Cells tagged `raises-exception` may fail. `collector` must be the evaluator's sink.
///
/// # Errors
/// The first cell that failed.
pub fn run(
    notebook: &mut v4::Notebook,
    evaluator: &dyn Evaluator,
    collector: &Collector,
    tell: &mut dyn FnMut(&Progress<'_>),
) -> Result<(), Failed> {
    let is_code = |cell: &v4::Cell| matches!(cell, v4::Cell::Code { .. });
    let cells = u32::try_from(notebook.cells.iter().filter(|cell| is_code(cell)).count()).unwrap_or(u32::MAX);
    forget(notebook);
    let mut number = 0;
    let mut tokens = Vec::new();
    let mut failed = None;
    for (index, cell) in notebook.cells.iter().enumerate() {
        let v4::Cell::Code { source, metadata, .. } = cell else { continue };
        let code = source.concat();
        if code.trim().is_empty() {
            continue;
        }
        number += 1;
        tell(&Progress { cell: number, cells, code: &code, took: None });
        let begun = Instant::now();
        let outcome = one(evaluator, collector, number, &code);
        tokens.push((index, number, evaluator.origin_of_text()));
        tell(&Progress { cell: number, cells, code: &code, took: Some(begun.elapsed()) });
        let may_fail = metadata.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "raises-exception"));
        if let Err(failure) = outcome
            && !may_fail
        {
            failed = Some(Failed { cell: number, failure });
            break;
        }
    }
    // At the end, because later cells may have updated the displays of earlier ones.
    for (index, number, origin) in tokens {
        if let v4::Cell::Code { execution_count, outputs, metadata, .. } = &mut notebook.cells[index] {
            *execution_count = i32::try_from(number).ok();
            *outputs = collector.outputs(number.into());
            // Printed text has no metadata of its own.
            if !outputs.is_empty() && !outputs.iter().any(has_fingerprint) {
                metadata.additional.extend(origin.into_iter().flat_map(|origin| origin.metadata));
            }
        }
    }
    notebook.metadata.additional.extend(evaluator.provenance().map(|made_from| (KEY.to_owned(), made_from)));
    failed.map_or(Ok(()), Err)
}

fn one(evaluator: &dyn Evaluator, collector: &Collector, number: u32, code: &str) -> Result<(), Failure> {
    let token = number.into();
    let cell = Cell { token, number, code: code.to_owned(), allow_stdin: false, expressions: Vec::new() };
    match evaluator.execute(cell) {
        Outcome::Done { result, page, .. } => {
            if let Some(bundle) = result.or(page) {
                collector.result(token, number, bundle);
            }
            Ok(())
        }
        Outcome::Failed(failure) => {
            collector.error(token, &failure);
            Err(failure)
        }
    }
}

fn has_fingerprint(output: &v4::Output) -> bool {
    let metadata = match output {
        v4::Output::DisplayData(display) => &display.metadata,
        v4::Output::ExecuteResult(result) => &result.metadata,
        _ => return false,
    };
    metadata.contains_key(KEY) && !measures(metadata)
}

/// What an earlier run left behind would look like this run's.
fn forget(notebook: &mut v4::Notebook) {
    for cell in &mut notebook.cells {
        if let v4::Cell::Code { execution_count, outputs, metadata, .. } = cell {
            *execution_count = None;
            outputs.clear();
            metadata.additional.remove(KEY);
        }
    }
}
