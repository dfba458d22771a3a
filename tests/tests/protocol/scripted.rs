//! An evaluator whose cells are little scripts, and a kernel around it in this process.

use crate::front::{Front, connection};
use recoil_kernel::evaluator::{
    Bundle, Cell, Comm, Completeness, Completions, Evaluator, Event, Failure, Outcome, Output, Sink, Stream,
};
use recoil_kernel::session::{Options, Start, serve};
use recoil_kernel::wire::Connection;
use serde_json::json;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

pub struct Scripted {
    sink: Sink,
    interrupted: AtomicBool,
    running: AtomicBool,
    /// The cell that runs, or ran last.
    last: AtomicU64,
}

pub fn bundle(text: &str) -> Bundle {
    Bundle { data: [("text/plain".to_owned(), json!(text))].into_iter().collect(), ..Bundle::default() }
}

fn failure(name: &str, value: &str) -> Failure {
    Failure { name: name.into(), value: value.into(), traceback: vec![format!("\u{1b}[31m{name}\u{1b}[0m: {value}")] }
}

fn done(result: Option<Bundle>) -> Outcome {
    Outcome::Done { result, page: None, next_input: None, expressions: Vec::new() }
}

impl Scripted {
    fn show(&self, token: u64, output: Output) {
        (self.sink)(Event { token, output });
    }

    fn print(&self, token: u64, text: String) {
        self.show(token, Output::Text(Stream::Stdout, text));
    }

    fn line(&self, cell: &Cell, line: &str) -> Result<Option<Bundle>, Failure> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "print" => self.print(cell.token, format!("{rest}\n")),
            "partial" => self.print(cell.token, rest.to_owned()),
            "eprint" => self.show(cell.token, Output::Text(Stream::Stderr, format!("{rest}\n"))),
            "value" => return Ok(Some(bundle(rest))),
            "fail" => return Err(failure("Error", rest)),
            "panic" => panic!("{rest}"),
            "display" => self.show(cell.token, Output::Display { bundle: bundle(rest), id: None }),
            "displays" => (0..rest.parse().unwrap_or(0)).for_each(|number: u32| {
                self.show(cell.token, Output::Display { bundle: bundle(&number.to_string()), id: None });
            }),
            "updates" => self.updates(cell.token, rest.parse().unwrap_or(0)),
            "clear" => self.show(cell.token, Output::Clear { wait: rest == "wait" }),
            "flood" => self.flood(cell.token, rest.parse().unwrap_or(0)),
            "alternate" => self.alternate(cell.token, rest.parse().unwrap_or(0)),
            "pause" => std::thread::sleep(Duration::from_millis(rest.parse().unwrap_or(0))),
            "widget" => self.comm(
                rest,
                Comm::Open {
                    target: "jupyter.widget".into(),
                    data: json!({"state": {}}),
                    metadata: [("version".to_owned(), json!("2.1.0"))].into_iter().collect(),
                },
            ),
            "die" => self.show(cell.token, Output::CommsLost),
            "hang" => return self.hang().map(|()| None),
            "late" => self.late(cell.token, rest.to_owned()),
            "ask" => return self.question(cell, rest, false),
            "secret" => return self.question(cell, rest, true),
            _ => return Err(failure("CompileError", &format!("no command `{word}`"))),
        }
        Ok(None)
    }

    fn updates(&self, token: u64, count: u32) {
        let id = Some("bar".to_owned());
        self.show(token, Output::Display { bundle: bundle("0"), id });
        for number in 1..=count {
            self.show(token, Output::Update { bundle: bundle(&number.to_string()), id: "bar".into() });
        }
    }

    fn flood(&self, token: u64, megabytes: usize) {
        let line = format!("{}\n", "x".repeat(99));
        let chunk = line.repeat(1_000);
        (0..megabytes * 10).for_each(|_| self.print(token, chunk.clone()));
        self.print(token, "the end\n".into());
    }

    fn alternate(&self, token: u64, lines: u32) {
        for number in 0..lines {
            self.print(token, format!("{number}\n"));
            self.show(token, Output::Text(Stream::Stderr, format!("{number}\n")));
        }
    }

    fn hang(&self) -> Result<(), Failure> {
        while !self.interrupted.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(2));
        }
        Err(failure("Interrupted", "interrupted"))
    }

    fn late(&self, token: u64, text: String) {
        let sink = self.sink.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            sink(Event { token, output: Output::Text(Stream::Stdout, text) });
        });
    }

    fn question(&self, cell: &Cell, prompt: &str, password: bool) -> Result<Option<Bundle>, Failure> {
        let (reply, answer) = channel();
        self.show(cell.token, Output::Input { prompt: prompt.into(), password, reply });
        match answer.recv() {
            Ok(answer) => Ok(Some(bundle(&answer))),
            Err(_) if self.interrupted.load(Ordering::SeqCst) => Err(failure("Interrupted", "interrupted")),
            Err(_) => Err(failure("Error", "no answer possible")),
        }
    }
}

impl Evaluator for Scripted {
    fn execute(&self, cell: Cell) -> Outcome {
        self.interrupted.store(false, Ordering::SeqCst);
        self.running.store(true, Ordering::SeqCst);
        self.last.store(cell.token, Ordering::SeqCst);
        let mut result = None;
        for line in cell.code.lines() {
            match self.line(&cell, line) {
                Ok(value) => result = value,
                Err(failure) => return Outcome::Failed(failure),
            }
        }
        self.running.store(false, Ordering::SeqCst);
        match cell.code.as_str() {
            "value page" => {
                let page = Some(bundle("a page"));
                Outcome::Done { result: None, page, next_input: Some(("next".into(), true)), expressions: Vec::new() }
            }
            _ if cell.expressions.is_empty() => done(result),
            _ => {
                let evaluate = |(name, code): (String, String)| {
                    let value = code.strip_prefix("value ").map(bundle);
                    (name, value.ok_or_else(|| failure("CompileError", &code)))
                };
                let expressions = cell.expressions.into_iter().map(evaluate).collect();
                Outcome::Done { result, page: None, next_input: None, expressions }
            }
        }
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
    }

    fn complete(&self, code: &str, cursor: usize) -> Completions {
        assert!(!code.contains("crash"), "the completer crashed");
        let start = code[..cursor].rfind(' ').map_or(0, |space| space + 1);
        Completions { candidates: vec![("print".into(), "keyword".into())], start, end: cursor }
    }

    fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        code.starts_with("value").then(|| bundle(&format!("at {cursor}, detail {detail}")))
    }

    fn comm(&self, id: &str, event: Comm) {
        // Says back what it hears.
        self.show(self.last.load(Ordering::SeqCst), Output::Comm { id: id.to_owned(), event });
    }

    fn is_complete(&self, code: &str) -> Completeness {
        match code {
            "" => Completeness::Invalid,
            _ if code.ends_with('\\') => Completeness::Incomplete { indent: "  ".into() },
            _ => Completeness::Complete,
        }
    }

    fn shutdown(&self) {}
}

/// A kernel in this process, with its first front end; shut down when dropped.
pub struct Kernel {
    front: Option<Front>,
    pub connection: Connection,
    served: Option<JoinHandle<()>>,
    _state: tempfile::TempDir,
}

impl Kernel {
    pub fn start() -> Self {
        Self::start_with(connection("a secret"), |sink| Ok(Arc::new(scripted(sink))))
    }

    pub fn start_with(
        connection: Connection,
        start: impl FnOnce(Sink) -> Result<Arc<dyn Evaluator>, Failure> + Send + 'static,
    ) -> Self {
        let state = tempfile::tempdir().expect("a folder");
        let options = Options { history: state.path().join("history.sqlite"), signals: false };
        let start: Start = Box::new(start);
        let served = std::thread::spawn({
            let connection = connection.clone();
            move || serve(connection, start, &options).expect("serves")
        });
        let front = Some(Front::connect_first(&connection));
        Self { front, connection, served: Some(served), _state: state }
    }

    /// Waits until the kernel has returned; the front end must have shut it down.
    pub fn join(mut self) {
        self.front.take();
        self.served.take().expect("served").join().expect("ends well");
    }
}

pub fn scripted(sink: Sink) -> Scripted {
    Scripted { sink, interrupted: AtomicBool::new(false), running: AtomicBool::new(false), last: AtomicU64::new(0) }
}

impl Deref for Kernel {
    type Target = Front;
    fn deref(&self) -> &Front {
        self.front.as_ref().expect("a front end")
    }
}

impl DerefMut for Kernel {
    fn deref_mut(&mut self) -> &mut Front {
        self.front.as_mut().expect("a front end")
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if let Some(front) = &mut self.front {
            front.shut_down();
        }
        self.front.take();
        if let Some(served) = self.served.take() {
            served.join().expect("ends well");
        }
    }
}
