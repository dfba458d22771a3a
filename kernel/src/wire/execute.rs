//! `execute_request`, its reply, and what a cell publishes: `execute_input`, `execute_result`, `error`.

use super::{Object, content, object};
use crate::evaluator::{Bundle, Failure};
use jupyter_protocol::{ErrorOutput, ExecuteInput, ExecutionCount};
use serde::Deserialize;
use serde_json::{Value, json};

/// A cell to run.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct ExecuteRequest {
    /// What the user typed.
    pub code: String,
    /// As quietly as possible: no outputs, no history, no new number.
    pub silent: bool,
    /// Whether it goes into the history; by default unless silent.
    pub store_history: Option<bool>,
    /// Expressions to evaluate after a success, name to code.
    pub user_expressions: Object,
    /// Whether the user may be asked.
    pub allow_stdin: bool,
    /// Whether a failure aborts the requests that wait behind it.
    pub stop_on_error: bool,
}

impl Default for ExecuteRequest {
    fn default() -> Self {
        Self {
            code: String::new(),
            silent: false,
            store_history: None,
            user_expressions: Object::new(),
            allow_stdin: true,
            stop_on_error: true,
        }
    }
}

impl ExecuteRequest {
    /// Whether the cell gets a number and a place in the history.
    pub fn stored(&self) -> bool {
        !self.silent && self.store_history.unwrap_or(true)
    }
}

/// Reply to a cell that ran to its end.
pub fn ok(count: u32, payload: Vec<Value>, user_expressions: Object) -> Object {
    object(json!({
        "status": "ok", "execution_count": count, "payload": payload, "user_expressions": user_expressions,
    }))
}

/// Reply to a cell that failed; also the content of its `error`, with `execution_count` and `status` added.
pub fn failed(count: u32, failure: &Failure) -> Object {
    let mut reply = error(failure);
    reply.insert("status".into(), json!("error"));
    reply.insert("execution_count".into(), json!(count));
    reply.insert("payload".into(), json!([]));
    reply.insert("user_expressions".into(), json!({}));
    reply
}

/// Reply to a cell that was not run because one before it failed.
pub fn aborted(count: u32) -> Object {
    object(json!({"status": "aborted", "execution_count": count, "payload": [], "user_expressions": {}}))
}

/// Content of `error`.
pub fn error(failure: &Failure) -> Object {
    let Failure { name, value, traceback } = failure.clone();
    content(&ErrorOutput { ename: name, evalue: value, traceback })
}

/// Content of any reply to a request that could not be answered.
pub fn refused(name: &str, value: &str) -> Object {
    object(json!({"status": "error", "ename": name, "evalue": value, "traceback": [format!("{name}: {value}")]}))
}

/// Content of `execute_input`.
pub fn input(code: &str, count: u32) -> Object {
    content(&ExecuteInput { code: code.to_owned(), execution_count: ExecutionCount::new(count as usize) })
}

/// Content of `execute_result`.
pub fn result(bundle: Bundle, count: u32) -> Object {
    let mut content = display(bundle, None);
    content.insert("execution_count".into(), json!(count));
    content
}

/// Content of `display_data` and `update_display_data`.
pub fn display(bundle: Bundle, id: Option<String>) -> Object {
    let transient = id.map_or_else(|| json!({}), |id| json!({"display_id": id}));
    object(json!({"data": bundle.data, "metadata": bundle.metadata, "transient": transient}))
}

/// One answer of `user_expressions`.
pub fn expression(value: Result<Bundle, Failure>) -> Value {
    match value {
        Ok(bundle) => json!({"status": "ok", "data": bundle.data, "metadata": bundle.metadata}),
        Err(failure) => {
            let mut content = error(&failure);
            content.insert("status".into(), json!("error"));
            Value::Object(content)
        }
    }
}

/// The payload that opens the pager.
pub fn page(bundle: Bundle) -> Value {
    json!({"source": "page", "data": bundle.data, "start": 0})
}

/// The payload that fills an input cell.
pub fn next_input(text: &str, replace: bool) -> Value {
    json!({"source": "set_next_input", "text": text, "replace": replace})
}
