//! Comms: conversations beside the cells. Values in the worker (widgets) begin theirs, and this room carries what is
//! said; of those that a front end begins, one target is ours, `recoil.session`, and others are closed politely.

use super::Session;
use crate::channels::{Iopub, Outgoing};
use crate::evaluator::Comm as Event;
use crate::lock::lock;
use crate::wire::comm::{self, Comm, CommInfoRequest};
use crate::wire::{self, Message, Object, Parent};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Says the number of the next cell and whether one runs, at opening and whenever it is asked anything.
const SESSION: &str = "recoil.session";

/// Id and target of the open comms.
#[derive(Default)]
pub(crate) struct Comms {
    /// Those that this kernel answers itself.
    own: BTreeMap<String, String>,
    /// Those of values in the worker.
    workers: BTreeMap<String, String>,
}

impl Comms {
    /// A value in the worker says something to its counterpart.
    pub(super) fn said(&mut self, iopub: &Iopub, origin: &Parent, id: &str, event: Event) {
        match event {
            Event::Open { target, data, metadata } => {
                let content = comm::open(id, &target, data);
                self.workers.insert(id.to_owned(), target);
                iopub.publish_with(origin, "comm_open", content, metadata);
            }
            Event::Message { data } => iopub.publish(origin, "comm_msg", comm::message(id, data)),
            Event::Close => {
                self.workers.remove(id);
                iopub.publish(origin, "comm_close", comm::close(id, Object::new()));
            }
        }
    }

    /// The worker has ended: its comms have no other end any more.
    pub(super) fn lose(&mut self, iopub: &Iopub, origin: &Parent) {
        for id in std::mem::take(&mut self.workers).into_keys() {
            iopub.publish(origin, "comm_close", comm::close(&id, Object::new()));
        }
    }
}

impl Session {
    /// Handles the three comm messages; they have no reply.
    pub(super) fn on_comm(&self, message: &Message, origin: &Parent) {
        let comm: Comm = match wire::request(&message.content) {
            Ok(comm) => comm,
            Err(error) => {
                tracing::warn!(%error, kind = message.kind(), "a comm message was ignored");
                return;
            }
        };
        let (known, workers) = {
            let comms = lock(&self.comms);
            (comms.own.contains_key(&comm.comm_id), comms.workers.contains_key(&comm.comm_id))
        };
        match message.kind() {
            "comm_open" if comm.target_name == SESSION => {
                lock(&self.comms).own.insert(comm.comm_id.clone(), comm.target_name);
                self.say(origin, &comm.comm_id);
            }
            "comm_open" => {
                let why = format!("no comm target `{}` in this kernel", comm.target_name);
                self.iopub.publish(
                    origin,
                    "comm_close",
                    comm::close(&comm.comm_id, wire::object(json!({"error": why}))),
                );
            }
            "comm_msg" if known => self.say(origin, &comm.comm_id),
            "comm_close" if known => {
                lock(&self.comms).own.remove(&comm.comm_id);
            }
            "comm_msg" if workers => self.tell_worker(&comm.comm_id, Event::Message { data: comm.data }),
            "comm_close" if workers => {
                lock(&self.comms).workers.remove(&comm.comm_id);
                self.tell_worker(&comm.comm_id, Event::Close);
            }
            kind => tracing::debug!(kind, comm.comm_id, "no such comm"),
        }
    }

    fn tell_worker(&self, id: &str, event: Event) {
        if let Some(Ok(evaluator)) = self.evaluator.get() {
            evaluator.comm(id, event);
        }
    }

    /// Reply to `comm_info_request`.
    pub(super) fn comm_info(&self, request: &CommInfoRequest) -> Object {
        let comms = lock(&self.comms);
        let wanted = |target: &String| request.target_name.as_ref().is_none_or(|name| name == target);
        comm::info(comms.own.iter().chain(&comms.workers).filter(|(_, target)| wanted(target)))
    }

    fn say(&self, origin: &Parent, comm_id: &str) {
        let busy = lock(&self.running).is_some();
        let state: Value = json!({"next_cell": self.number.load(Ordering::SeqCst), "busy": busy});
        self.iopub.publish(origin, "comm_msg", comm::message(comm_id, state));
    }

    /// Reply to `connect_request`.
    pub(super) fn connect(&self, via: &Outgoing, origin: &Parent) {
        let connection = &self.connection;
        let ports = json!({
            "status": "ok", "shell_port": connection.shell_port, "iopub_port": connection.iopub_port,
            "stdin_port": connection.stdin_port, "control_port": connection.control_port,
            "hb_port": connection.hb_port,
        });
        self.reply(via, origin, wire::object(ports));
    }
}
