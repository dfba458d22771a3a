//! `is_complete_request` and its reply.

use super::{Object, object};
use crate::evaluator::Completeness;
use serde::Deserialize;
use serde_json::json;

/// Could this be run, or are more lines wanted?
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IsCompleteRequest {
    /// The cell so far.
    pub code: String,
}

/// The reply.
pub fn reply(completeness: &Completeness) -> Object {
    object(match completeness {
        Completeness::Complete => json!({"status": "complete"}),
        Completeness::Incomplete { indent } => json!({"status": "incomplete", "indent": indent}),
        Completeness::Invalid => json!({"status": "invalid"}),
    })
}
