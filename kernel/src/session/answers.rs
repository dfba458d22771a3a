//! Requests other than cells: each is answered on a lane, with `busy` before and `idle` after, in all cases.

use super::Session;
use crate::channels::Outgoing;
use crate::evaluator::{Completions, Evaluator};
use crate::lock::lock;
use crate::wire::complete::{self, CompleteRequest};
use crate::wire::execute::refused;
use crate::wire::inspect::{self, InspectRequest};
use crate::wire::is_complete::{self, IsCompleteRequest};
use crate::wire::{self, Message, Object, Parent, WireError, history, kernel_info, text};
use jupyter_protocol::ExecutionState;
use serde_json::json;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// How long completion waits for an evaluator that is still starting.
const PATIENCE: Duration = Duration::from_millis(800);

impl Session {
    /// A message on the shell socket.
    pub(super) fn on_shell(self: &Arc<Self>, message: Message) {
        if message.subshell().is_some() {
            return self.refuse_subshell(&message);
        }
        match message.kind() {
            "execute_request" => self.enqueue(&message),
            "shutdown_request" => self.on_shutdown(&message, &self.shell),
            _ => self.on_lane(message),
        }
    }

    fn on_lane(self: &Arc<Self>, message: Message) {
        let session = self.clone();
        let lane = match message.kind() {
            "complete_request" | "inspect_request" => "assist",
            _ => "quick",
        };
        let work = Box::new(move || session.answer(&message, &session.shell));
        self.lanes.send(lane, work);
    }

    /// Answers one request over `via`.
    pub(super) fn answer(&self, message: &Message, via: &Outgoing) {
        let origin = message.origin();
        self.iopub.status(&origin, ExecutionState::Busy);
        let answered = catch_unwind(AssertUnwindSafe(|| self.handle(message, &origin, via)));
        let problem = match answered {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(("BadRequest", error.to_string())),
            Err(_) => Some(("KernelError", format!("the kernel failed to answer a {}", message.kind()))),
        };
        if let Some((name, value)) = problem {
            tracing::error!(kind = message.kind(), value, "a request failed");
            if message.kind().ends_with("_request") {
                self.reply(via, &origin, refused(name, &value));
            }
        }
        self.idle(&origin);
    }

    fn handle(&self, message: &Message, origin: &Parent, via: &Outgoing) -> Result<(), WireError> {
        let content = &message.content;
        let reply = match message.kind() {
            "kernel_info_request" => kernel_info::reply(&self.rust_version()),
            "complete_request" => self.complete(&wire::request(content)?),
            "inspect_request" => self.inspect(&wire::request(content)?),
            "is_complete_request" => self.is_complete(&wire::request(content)?),
            "history_request" => self.history(&wire::request(content)?),
            "comm_info_request" => self.comm_info(&wire::request(content)?),
            "comm_open" | "comm_msg" | "comm_close" => {
                self.on_comm(message, origin);
                return Ok(());
            }
            "connect_request" => {
                self.connect(via, origin);
                return Ok(());
            }
            kind if kind.ends_with("_request") => refused("Unsupported", &format!("this kernel knows no {kind}")),
            kind => {
                tracing::warn!(kind, "a message of unknown type was ignored");
                return Ok(());
            }
        };
        self.reply(via, origin, reply);
        Ok(())
    }

    fn ready(&self) -> Option<&Arc<dyn Evaluator>> {
        self.evaluator(PATIENCE).and_then(|evaluator| evaluator.as_ref().ok())
    }

    fn complete(&self, request: &CompleteRequest) -> Object {
        let cursor = cursor(&request.code, request.cursor_pos);
        let none = Completions { candidates: Vec::new(), start: cursor, end: cursor };
        let completions = self.ready().map_or(none, |evaluator| evaluator.complete(&request.code, cursor));
        complete::reply(&request.code, &completions)
    }

    fn inspect(&self, request: &InspectRequest) -> Object {
        let cursor = cursor(&request.code, request.cursor_pos);
        let found = self.ready().and_then(|evaluator| evaluator.inspect(&request.code, cursor, request.detail_level));
        inspect::reply(found)
    }

    fn is_complete(&self, request: &IsCompleteRequest) -> Object {
        match self.ready() {
            Some(evaluator) => is_complete::reply(&evaluator.is_complete(&request.code)),
            None => wire::object(json!({"status": "unknown"})),
        }
    }

    fn history(&self, request: &history::HistoryRequest) -> Object {
        let entries = lock(&self.history).find(request);
        history::reply(&entries, request.output)
    }

    /// Cells change one state, one after the other: there are no subshells, and none are announced. Questions are answered
    /// beside a cell that runs all the same.
    fn refuse_subshell(&self, message: &Message) {
        let origin = message.origin();
        let id = message.subshell().unwrap_or_default();
        self.iopub.status(&origin, ExecutionState::Busy);
        self.reply(&self.shell, &origin, refused("NoSubshell", &format!("there is no subshell `{id}`")));
        self.idle(&origin);
    }

    /// The compiler's version, for `language_info`; asked once, at start.
    pub(super) fn ask_rust_version(&self) {
        let output = std::process::Command::new("rustc").arg("--version").output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let version = text.split_whitespace().nth(1).unwrap_or(env!("CARGO_PKG_RUST_VERSION"));
        self.rust.get_or_init(|| version.to_owned());
    }

    fn rust_version(&self) -> String {
        // A first answer may not wait for a slow toolchain.
        for _ in 0..30 {
            match self.rust.get() {
                Some(version) => return version.clone(),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
        env!("CARGO_PKG_RUST_VERSION").to_owned()
    }
}

fn cursor(code: &str, position: Option<usize>) -> usize {
    position.map_or(code.len(), |position| text::byte_offset(code, position))
}
