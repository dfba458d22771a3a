//! Questions to the user: at most one is open.

use super::Outgoing;
use crate::wire::{Message, Parent, content};
use jupyter_protocol::InputRequest;
use serde_json::Value;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

struct Question {
    id: String,
    reply: Sender<String>,
}

/// Asks the front end that sent the running cell; dropping the answer's sender means "no answer".
#[derive(Clone)]
pub struct Stdin {
    outgoing: Outgoing,
    open: Arc<Mutex<Option<Question>>>,
}

impl Stdin {
    /// Over the queue of the stdin socket.
    pub fn new(outgoing: Outgoing) -> Self {
        Self { outgoing, open: Arc::default() }
    }

    /// Sends `input_request` to the client that sent `origin`.
    pub fn ask(&self, origin: &Parent, prompt: &str, password: bool, reply: Sender<String>) {
        let message =
            Message::to(origin, "input_request", content(&InputRequest { prompt: prompt.to_owned(), password }));
        let id = text(message.header.get("msg_id")).to_owned();
        *self.open() = Some(Question { id, reply });
        self.outgoing.send(message);
    }

    /// Takes an `input_reply`; one that answers an older question is ignored.
    pub(crate) fn answer(&self, message: &Message) {
        if message.kind() != "input_reply" {
            tracing::warn!(kind = message.kind(), "not an input_reply on stdin");
            return;
        }
        let mut open = self.open();
        let parent = text(message.parent_header.get("msg_id"));
        // jupyter_client sends no parent header.
        let stale = |question: &Question| !parent.is_empty() && parent != question.id;
        if open.as_ref().is_none_or(stale) {
            tracing::warn!("an input_reply to no open question was ignored");
            return;
        }
        if let Some(question) = open.take() {
            let _ = question.reply.send(text(message.content.get("value")).to_owned());
        }
    }

    /// Gives up an open question: the asking cell gets no answer.
    pub fn cancel(&self) {
        self.open().take();
    }

    /// The client of this question has no stdin socket.
    pub(crate) fn undelivered(&self, message: &Message) {
        let id = text(message.header.get("msg_id"));
        let mut open = self.open();
        if open.as_ref().is_some_and(|question| question.id == id) {
            open.take();
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Option<Question>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
