//! `comm_open`, `comm_msg`, `comm_close` and `comm_info_request`.

use super::{Object, object};
use serde::Deserialize;
use serde_json::{Value, json};

/// Any of the three comm messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Comm {
    /// Which comm.
    pub comm_id: String,
    /// Who answers it; only in `comm_open`.
    pub target_name: String,
    /// What is said.
    pub data: Value,
}

/// Which comms are open?
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommInfoRequest {
    /// Only those of this target.
    pub target_name: Option<String>,
}

/// Content of a `comm_open`.
pub fn open(comm_id: &str, target: &str, data: Value) -> Object {
    object(json!({"comm_id": comm_id, "target_name": target, "data": data}))
}

/// Content of a `comm_msg` or `comm_close`.
pub fn message(comm_id: &str, data: Value) -> Object {
    object(json!({"comm_id": comm_id, "data": data}))
}

/// Reply to `comm_info_request`: id and target of the open comms.
pub fn info<'a>(open: impl Iterator<Item = (&'a String, &'a String)>) -> Object {
    let comms: Object = open.map(|(id, target)| (id.clone(), json!({"target_name": target}))).collect();
    object(json!({"status": "ok", "comms": comms}))
}
