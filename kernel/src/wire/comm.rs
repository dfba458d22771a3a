//! `comm_open`, `comm_msg`, `comm_close` and `comm_info_request`.

use super::{Object, content, object};
use jupyter_protocol::{CommClose, CommId, CommInfo, CommInfoReply, CommMsg, CommOpen};
use serde::Deserialize;
use serde_json::Value;

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

/// Content of a `comm_open`. Data that is no object is left out: the protocol allows nothing else.
pub fn open(comm_id: &str, target: &str, data: Value) -> Object {
    let comm_id = CommId(comm_id.to_owned());
    content(&CommOpen { comm_id, target_name: target.to_owned(), data: object(data), target_module: None })
}

/// Content of a `comm_msg`.
pub fn message(comm_id: &str, data: Value) -> Object {
    content(&CommMsg { comm_id: CommId(comm_id.to_owned()), data: object(data) })
}

/// Content of a `comm_close`; data may say why.
pub fn close(comm_id: &str, data: Object) -> Object {
    content(&CommClose { comm_id: CommId(comm_id.to_owned()), data })
}

/// Reply to `comm_info_request`: id and target of the open comms.
pub fn info<'a>(open: impl Iterator<Item = (&'a String, &'a String)>) -> Object {
    let comms = open.map(|(id, target)| (CommId(id.clone()), CommInfo { target_name: target.clone() })).collect();
    content(&CommInfoReply { comms, ..CommInfoReply::default() })
}
