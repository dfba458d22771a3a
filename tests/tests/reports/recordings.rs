//! Recordings of event cameras and HIPO files.

use super::{Outcome, npz};
use serde_json::Value;
use std::path::Path;

/// A recording, by the prelude's `events(..)`.
pub(super) fn events(folder: &Path, path: &Path, case: &Value) -> Outcome {
    match recordings::events(path).and_then(|recording| recording.read()) {
        Ok(events) => Outcome::Read(counted(events.len(), case).and_then(|()| truth(folder, &events, case))),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

fn counted(found: usize, case: &Value) -> Result<(), String> {
    match case["events"].as_u64() {
        Some(wanted) if wanted != found as u64 => Err(format!("{found} events, not {wanted}")),
        _ => Ok(()),
    }
}

/// All events are those that the `truth` has, in its order.
fn truth(folder: &Path, events: &events::Events, case: &Value) -> Result<(), String> {
    let Some(file) = case["truth"].as_str() else { return Ok(()) };
    let (t, x, y) = (events.t.clone(), widened(&events.x), widened(&events.y));
    let on = events.polarity.iter().map(|&polarity| i64::from(polarity > 0)).collect();
    for (name, found) in [("t", t), ("x", x), ("y", y), ("p", on)] {
        let wanted = npz::column(&folder.join(file), name)?;
        if found.len() != wanted.len() {
            return Err(format!("{} events, not {}", found.len(), wanted.len()));
        }
        if let Some(at) = found.iter().zip(&wanted).position(|(found, wanted)| found != wanted) {
            return Err(format!("`{name}` of event {at} is {}, not {}", found[at], wanted[at]));
        }
    }
    Ok(())
}

fn widened(values: &[u16]) -> Vec<i64> {
    values.iter().map(|&value| value.into()).collect()
}

/// A HIPO file, by the prelude's `hipo(..)`.
pub(super) fn hipo(path: &Path, case: &Value) -> Outcome {
    match banks::hipo(path.display().to_string()).and_then(|run| run.count()) {
        Ok(events) => Outcome::Read(counted(events as usize, case)),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}
