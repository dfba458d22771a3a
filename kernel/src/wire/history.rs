//! `history_request` and its reply.

use super::{Object, object};
use serde::Deserialize;
use serde_json::{Value, json};

/// Which cells of the past?
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    /// `tail`, `range` or `search`.
    pub hist_access_type: String,
    /// With the results.
    pub output: bool,
    /// As typed (all our cells are).
    pub raw: bool,
    /// For `range`: 0 is this session, negative ones count back from it.
    pub session: i64,
    /// For `range`: first line, counted from the end when negative.
    pub start: i64,
    /// For `range`: one past the last line; the end when missing.
    pub stop: Option<i64>,
    /// For `tail` and `search`: how many.
    pub n: Option<i64>,
    /// For `search`: a glob, `*` when missing.
    pub pattern: Option<String>,
    /// For `search`: every text once.
    pub unique: bool,
}

/// One cell of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number of the session.
    pub session: i64,
    /// Number of the cell in it.
    pub line: i64,
    /// What was typed.
    pub input: String,
    /// The text of its result, if it had one.
    pub output: Option<String>,
}

/// The reply.
pub fn reply(entries: &[Entry], with_output: bool) -> Object {
    let rows: Vec<Value> = entries
        .iter()
        .map(|entry| match with_output {
            true => json!([entry.session, entry.line, [entry.input, entry.output]]),
            false => json!([entry.session, entry.line, entry.input]),
        })
        .collect();
    object(json!({"status": "ok", "history": rows}))
}
