//! `inspect_request` and its reply.

use super::{Object, object};
use crate::evaluator::Bundle;
use serde::Deserialize;
use serde_json::json;

/// The name at the cursor.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InspectRequest {
    /// The cell.
    pub code: String,
    /// The cursor in code points; the end when missing.
    pub cursor_pos: Option<usize>,
    /// 1 adds the source.
    pub detail_level: u8,
}

/// The reply.
pub fn reply(found: Option<Bundle>) -> Object {
    let is_found = found.is_some();
    let bundle = found.unwrap_or_default();
    object(json!({"status": "ok", "found": is_found, "data": bundle.data, "metadata": bundle.metadata}))
}
