//! The queue of cells: one at a time, in order; a failure aborts what waits behind it.

use super::{Session, Start};
use crate::evaluator::{Bundle, Cell, Evaluator, Failure, Outcome};
use crate::lock::lock;
use crate::wire::execute::{self, ExecuteRequest};
use crate::wire::{self, Message, Object, Parent};
use jupyter_protocol::ExecutionState;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

/// One `execute_request`.
pub(crate) struct Job {
    origin: Arc<Parent>,
    request: ExecuteRequest,
}

impl Session {
    /// Takes an `execute_request` into the queue.
    pub(super) fn enqueue(&self, message: &Message) {
        let origin = message.origin();
        match wire::request(&message.content) {
            Ok(request) => {
                if let Some(jobs) = lock(&self.jobs).as_ref() {
                    let _ = jobs.send(Job { origin, request });
                }
            }
            Err(error) => {
                self.iopub.status(&origin, ExecutionState::Busy);
                self.reply(&self.shell, &origin, execute::refused("BadRequest", &error.to_string()));
                self.idle(&origin);
            }
        }
    }

    /// The thread of the cells: starts the evaluator, then runs what comes.
    pub(super) fn run_cells(&self, start: Start, queue: &Receiver<Job>) {
        let sink = self.outputs.sink();
        let started = catch_unwind(AssertUnwindSafe(|| start(sink)));
        let started = started.unwrap_or_else(|panic| Err(kernel_panic(&*panic)));
        if let Err(failure) = &started {
            tracing::error!(failure.value, "the evaluator did not start");
        }
        let evaluator = self.evaluator.get_or_init(|| started);
        let mut token = 0;
        while let Ok(job) = queue.recv() {
            token += 1;
            self.run_cell(evaluator, token, &job, queue);
        }
    }

    /// Runs one cell; a failure aborts what waits in the queue.
    fn run_cell(&self, evaluator: &Result<Arc<dyn Evaluator>, Failure>, token: u64, job: &Job, queue: &Receiver<Job>) {
        let Job { origin, request } = job;
        self.begin(origin);
        let blank = request.code.trim().is_empty();
        let stored = request.stored() && !blank;
        let number = self.number.load(Ordering::SeqCst);
        if !request.silent {
            self.iopub.publish(origin, "execute_input", execute::input(&request.code, number));
        }
        if stored {
            lock(&self.history).store(number.into(), &request.code);
        }
        self.outputs.begin(token, origin, request.silent, request.allow_stdin);
        let outcome = match evaluator {
            _ if blank && request.user_expressions.is_empty() => nothing(),
            Ok(evaluator) => evaluate(evaluator, cell(token, number, request)),
            Err(failure) => Outcome::Failed(failure.clone()),
        };
        self.outputs.end(token);
        if let (Ok(evaluator), Outcome::Done { result: None, .. }) = (evaluator, &outcome) {
            self.outputs.note_origin(token, || evaluator.origin_of_text());
        }
        if stored {
            self.number.fetch_add(1, Ordering::SeqCst);
        }
        let failed = matches!(outcome, Outcome::Failed(_));
        // Taken before the reply: what a client sends because of the reply did not wait behind the failure.
        let waiting: Vec<Job> = match failed && request.stop_on_error {
            true => queue.try_iter().collect(),
            false => Vec::new(),
        };
        let reply = self.show(job, number, stored, outcome);
        self.iopub.flush_blocking();
        self.reply(&self.shell, origin, reply);
        self.finish(origin);
        waiting.iter().for_each(|waiting| self.abort(waiting));
    }

    /// Publishes how a cell ended; returns the content of its reply.
    fn show(&self, job: &Job, number: u32, stored: bool, outcome: Outcome) -> Object {
        let Job { origin, request } = job;
        match outcome {
            Outcome::Done { result, page, next_input, expressions } => {
                if let Some(bundle) = result.filter(|_| !request.silent) {
                    if stored && let Some(text) = plain(&bundle) {
                        lock(&self.history).store_output(number.into(), text);
                    }
                    self.iopub.publish(origin, "execute_result", execute::result(bundle, number));
                }
                let page = page.map(execute::page);
                let next_input = next_input.map(|(text, replace)| execute::next_input(&text, replace));
                let expressions = expressions.into_iter().map(|(name, value)| (name, execute::expression(value)));
                execute::ok(number, page.into_iter().chain(next_input).collect(), expressions.collect())
            }
            Outcome::Failed(failure) => {
                if !request.silent {
                    self.iopub.publish(origin, "error", execute::error(&failure));
                }
                execute::failed(number, &failure)
            }
        }
    }

    /// Answers a cell that is not run.
    fn abort(&self, job: &Job) {
        self.iopub.status(&job.origin, ExecutionState::Busy);
        self.reply(&self.shell, &job.origin, execute::aborted(self.number.load(Ordering::SeqCst)));
        self.idle(&job.origin);
    }

    fn begin(&self, origin: &Arc<Parent>) {
        let mut running = lock(&self.running);
        *running = Some(origin.clone());
        self.iopub.status(origin, ExecutionState::Busy);
    }

    fn finish(&self, origin: &Parent) {
        let mut running = lock(&self.running);
        *running = None;
        self.iopub.status(origin, ExecutionState::Idle);
    }
}

fn cell(token: u64, number: u32, request: &ExecuteRequest) -> Cell {
    let code = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let expressions = request.user_expressions.iter().map(|(name, value)| (name.clone(), code(value)));
    Cell {
        token,
        number,
        code: request.code.clone(),
        allow_stdin: request.allow_stdin,
        expressions: expressions.collect(),
    }
}

fn nothing() -> Outcome {
    Outcome::Done { result: None, page: None, next_input: None, expressions: Vec::new() }
}

/// A panic of the kernel's own is a failed cell, not a hanging front end.
fn evaluate(evaluator: &Arc<dyn Evaluator>, cell: Cell) -> Outcome {
    let outcome = catch_unwind(AssertUnwindSafe(|| evaluator.execute(cell)));
    outcome.unwrap_or_else(|panic| Outcome::Failed(kernel_panic(&*panic)))
}

fn kernel_panic(panic: &(dyn std::any::Any + Send)) -> Failure {
    let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned());
    let value = format!("the kernel itself failed: {what}; please report this");
    Failure { name: "KernelError".to_owned(), traceback: vec![value.clone()], value }
}

fn plain(bundle: &Bundle) -> Option<&str> {
    bundle.data.get("text/plain").and_then(Value::as_str)
}
