//! `complete_request` and its reply.

use super::{Object, content, object, text};
use crate::evaluator::Completions;
use jupyter_protocol::CompleteReply;
use serde::Deserialize;
use serde_json::{Value, json};

/// What could stand at the cursor?
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CompleteRequest {
    /// The cell.
    pub code: String,
    /// The cursor in code points; the end when missing.
    pub cursor_pos: Option<usize>,
}

/// The reply; offsets become code points.
pub fn reply(code: &str, completions: &Completions) -> Object {
    let start = text::position(code, completions.start);
    let end = text::position(code, completions.end);
    let matches = completions.candidates.iter().map(|(name, _)| name.clone()).collect();
    let kinds: Vec<Value> = completions
        .candidates
        .iter()
        .map(|(name, kind)| json!({"start": start, "end": end, "text": name, "type": kind, "signature": ""}))
        .collect();
    let metadata = object(json!({"_jupyter_types_experimental": kinds}));
    content(&CompleteReply { matches, cursor_start: start, cursor_end: end, metadata, ..CompleteReply::default() })
}
