//! Comms: conversations beside the cells. One target is ours, `recoil.session`; others are closed politely.

use super::{Session, lock};
use crate::channels::Outgoing;
use crate::wire::comm::{self, Comm, CommInfoRequest};
use crate::wire::{self, Message, Object, Origin};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Says the number of the next cell and whether one runs, at opening and whenever it is asked anything.
const SESSION: &str = "recoil.session";

/// Id and target of the open comms.
#[derive(Default)]
pub(crate) struct Comms(BTreeMap<String, String>);

impl Session {
    /// Handles the three comm messages; they have no reply.
    pub(super) fn on_comm(&self, message: &Message, origin: &Origin) {
        let comm: Comm = match wire::request(&message.content) {
            Ok(comm) => comm,
            Err(error) => {
                tracing::warn!(%error, kind = message.kind(), "a comm message was ignored");
                return;
            }
        };
        let known = lock(&self.comms).0.contains_key(&comm.comm_id);
        match message.kind() {
            "comm_open" if comm.target_name == SESSION => {
                lock(&self.comms).0.insert(comm.comm_id.clone(), comm.target_name);
                self.say(origin, &comm.comm_id);
            }
            "comm_open" => {
                let why = format!("no comm target `{}` in this kernel", comm.target_name);
                self.iopub.publish(origin, "comm_close", comm::message(&comm.comm_id, json!({"error": why})));
            }
            "comm_msg" if known => self.say(origin, &comm.comm_id),
            "comm_close" if known => {
                lock(&self.comms).0.remove(&comm.comm_id);
            }
            kind => tracing::debug!(kind, comm.comm_id, "no such comm"),
        }
    }

    /// Reply to `comm_info_request`.
    pub(super) fn comm_info(&self, request: &CommInfoRequest) -> Object {
        let comms = lock(&self.comms);
        let wanted = |target: &String| request.target_name.as_ref().is_none_or(|name| name == target);
        comm::info(comms.0.iter().filter(|(_, target)| wanted(target)))
    }

    fn say(&self, origin: &Origin, comm_id: &str) {
        let busy = lock(&self.running).is_some();
        let state: Value = json!({"next_cell": self.number.load(Ordering::SeqCst), "busy": busy});
        self.iopub.publish(origin, "comm_msg", comm::message(comm_id, state));
    }

    /// Reply to `connect_request`.
    pub(super) fn connect(&self, via: &Outgoing, origin: &Origin) {
        let connection = &self.connection;
        let ports = json!({
            "status": "ok", "shell_port": connection.shell_port, "iopub_port": connection.iopub_port,
            "stdin_port": connection.stdin_port, "control_port": connection.control_port,
            "hb_port": connection.hb_port,
        });
        self.reply(via, origin, wire::object(ports));
    }
}
