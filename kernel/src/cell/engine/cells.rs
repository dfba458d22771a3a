//! The thread that runs cells, one after the other.

use super::WORKER_PATIENCE;
use super::folders::{File, Module, PathCrate};
use super::job::{Job, Logged, MagicEffects, RunStats, Task};
use super::superseded::Live;
use super::waiters::Waiters;
use crate::assist::Assistant;
use crate::cell::compile::early::Frame;
use crate::cell::compile::linker;
use crate::cell::compile::lock::Lock;
use crate::cell::compile::plan::{Plan, SESSION};
use crate::cell::compile::waiting::PRELUDE;
use crate::cell::evcxr::startup::{links, new_context, worker_environment};
use crate::cell::failure::{failure, interrupted};
use crate::cell::report::diagnose::ItemOrigin;
use crate::cell::shared::Shared;
use crate::cell::source::definitions::Definitions;
use crate::cell::source::files::Broken;
use crate::cell::source::magic;
use crate::cell::source::makers::TIME;
use crate::evaluator::{Bundle, Cell, Event, Failure, Outcome, Output, Sink, Stream};
use crate::install::config::Config;
use crate::lock::lock;
use crate::variables::Table;
use evcxr::{CommandContext, Error, EvalOutputs};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Compilers that wait are ended after this time without a cell, but for the one for cells like the last one.
const IDLE: Duration = Duration::from_secs(600);

/// The next one of cells that are run together comes in this time after the one before.
const AT_ONCE: Duration = Duration::from_millis(30);

/// Everything that lives as long as the session.
pub(crate) struct Engine {
    pub(super) config: Config,
    pub(super) sink: Sink,
    pub(super) shared: Arc<Shared>,
    pub(super) assistant: Arc<Assistant>,
    pub(super) context: CommandContext,
    pub(super) table: Table,
    pub(super) origins: Vec<ItemOrigin>,
    pub(super) cells: HashMap<u32, String>,
    pub(super) definitions: Definitions,
    pub(super) statics: Vec<Live>,
    /// How many times each text of a cell has run, by its hash.
    pub(super) runs: HashMap<u64, u32>,
    /// All added crates.
    pub(super) crates: BTreeSet<String>,
    /// Whether crates were added since types were looked at last.
    pub(super) crates_changed: bool,
    /// Added crates that lie in folders, whose types can change.
    pub(super) path_crates: Vec<PathCrate>,
    /// Files of Rust that stand in items, and others that they include.
    pub(super) modules: Vec<Module>,
    pub(super) files: Vec<File>,
    /// Files of Rust that are not Rust now.
    pub(super) broken: Vec<Broken>,
    pub(super) log: Vec<Logged>,
    pub(super) sequence: u64,
    pub(super) opt_level: String,
    pub(super) linker: Vec<String>,
    /// The lock of added crates, beside the notebook.
    pub(super) lock: PathBuf,
    /// Imports for evcxr, to be given with the next cell.
    pub(super) imports: Vec<String>,
    /// Compilers that wait for cells.
    pub(super) waiters: Waiters,
    /// What evcxr will write around the next cell; `None` when that is not known.
    pub(super) frame: Option<Frame>,
}

/// The next cell; `None` when there will be none. Compilers for cells of other kinds than the last one are started when it does
/// not come at once: they would take the processors from it.
fn next(engine: Option<&mut Engine>, inbox: &Receiver<Job>) -> Option<Job> {
    let Some(engine) = engine else { return inbox.recv().ok() };
    engine.settle_waiters();
    engine.waiters.prepare_latest();
    match inbox.recv_timeout(AT_ONCE) {
        Ok(job) => return Some(job),
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => engine.waiters.prepare(),
    }
    match inbox.recv_timeout(IDLE) {
        Ok(job) => Some(job),
        Err(RecvTimeoutError::Timeout) => {
            // What waits takes memory.
            engine.waiters.keep(1);
            inbox.recv().ok()
        }
        Err(RecvTimeoutError::Disconnected) => None,
    }
}

impl Engine {
    /// The thread's body.
    pub fn run(config: Config, sink: Sink, shared: Arc<Shared>, assistant: Arc<Assistant>, inbox: Receiver<Job>) {
        let mut engine = Self::start(config, sink, shared.clone(), assistant);
        while let Some(job) = next(engine.as_mut().ok(), &inbox) {
            let outcome = match &mut engine {
                Ok(engine) => engine.execute(&job.cell),
                Err(error) => Outcome::Failed(error.clone()),
            };
            // The receiver is gone when the kernel shuts down.
            let _ = job.reply.send(outcome);
        }
        engine.iter_mut().for_each(|engine| engine.waiters.keep(0));
        shared.listener.end();
    }

    fn start(config: Config, sink: Sink, shared: Arc<Shared>, assistant: Arc<Assistant>) -> Result<Self, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| failure("StartError", format!("the evaluator cannot start: {error}"));
        let path = links(&config, &shared.folder).map_err(|error| failed(&error))?;
        let mut command = Command::new(&config.program);
        worker_environment(&mut command, &config, &shared, &path);
        let context = new_context(command, &config, &shared.folder).map_err(|error| failed(&error))?;
        shared.listener.wait_for_worker(0, WORKER_PATIENCE).ok_or_else(|| failed(&"the worker does not answer"))?;
        let lock = config.folder.join(Lock::NAME);
        let linker = linker::program(&config.prelude.toolchain);
        let mut engine = Self {
            config,
            sink,
            shared,
            assistant,
            context,
            table: Table::default(),
            origins: Vec::new(),
            cells: HashMap::new(),
            definitions: Definitions::default(),
            statics: Vec::new(),
            runs: HashMap::new(),
            crates: BTreeSet::new(),
            crates_changed: false,
            path_crates: Vec::new(),
            modules: Vec::new(),
            files: Vec::new(),
            broken: Vec::new(),
            log: Vec::new(),
            sequence: 0,
            opt_level: "auto".into(),
            linker,
            lock,
            imports: Vec::new(),
            waiters: Waiters::default(),
            frame: None,
        };
        engine.begin_session().map_err(|error| failed(&error.value))?;
        Ok(engine)
    }

    /// Tells evcxr where the session is, and what every cell can use.
    fn begin_session(&mut self) -> Result<(), Failure> {
        let session = format!(":build_env {SESSION}={}", self.shared.folder.display());
        self.command(&session)?;
        self.write_plan(Plan { begins: true, ..self.empty_plan() })?;
        self.context.execute(PRELUDE).map_err(|error| failure("StartError", error.to_string()))?;
        self.frame = self.compiled().as_ref().and_then(Frame::of);
        self.definitions.add(PRELUDE);
        Ok(())
    }

    fn execute(&mut self, cell: &Cell) -> Outcome {
        let outcome = self.lines_and_rust(cell).unwrap_or_else(Outcome::Failed);
        let items: Vec<_> = self.origins.iter().map(|origin| origin.now().text.as_str()).collect();
        self.assistant.update(&cell.code, &self.table, items.join("\n"));
        outcome
    }

    fn lines_and_rust(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        lock(&self.shared.ledger).begin(cell.number, &cell.code);
        let (lines, rest) = magic::split(&cell.code);
        let mut done = MagicEffects { opt_level: self.opt_level.clone(), code: rest, ..MagicEffects::default() };
        for line in lines {
            self.line(cell, line, &mut done)?;
        }
        let start = Instant::now();
        let mut result = None;
        if !done.code.trim().is_empty() {
            let task = Task {
                token: cell.token,
                number: cell.number,
                code: &done.code,
                allow_stdin: cell.allow_stdin,
                opt_level: done.opt_level.clone(),
                muted: false,
            };
            let ran = self.rust(&task)?;
            if done.time {
                self.tell_time(cell.token, &ran, start.elapsed());
            }
            if !done.code.contains("recoil::runtime::timeit") {
                let (code, whole) = (done.code.clone(), cell.code.clone());
                self.log.push(Logged { number: cell.number, code, whole, opt_level: done.opt_level });
            }
            result = ran.bundle;
            result.iter_mut().for_each(|bundle| lock(&self.shared.ledger).stamp(bundle));
        }
        let expressions = self.expressions(cell);
        let result = result.or(done.result);
        Ok(Outcome::Done { result, page: done.page, next_input: done.next_input, expressions })
    }

    /// Each expression is a small cell of its own, whose variables and items are not visible elsewhere.
    fn expressions(&mut self, cell: &Cell) -> Vec<(String, Result<Bundle, Failure>)> {
        let mut results = Vec::new();
        for (name, code) in &cell.expressions {
            let code = format!("{{ {code} }}");
            let task = Task {
                token: cell.token,
                number: cell.number,
                code: &code,
                allow_stdin: false,
                opt_level: "0".into(),
                muted: false,
            };
            let result = self.rust(&task).map(|ran| ran.bundle.unwrap_or_default());
            results.push((name.clone(), result));
        }
        results
    }

    fn tell_time(&self, token: u64, ran: &RunStats, all: Duration) {
        let compiled = &ran.compiled;
        let how = match compiled.passes {
            _ if compiled.cached => "compiled before".to_owned(),
            passes => {
                let (rustc, linker) = (compiled.compile_seconds * 1e3, compiled.link_seconds * 1e3);
                let which = if compiled.by_waiting { ", which was waiting," } else { "" };
                format!("{passes} pass(es) of rustc{which} {rustc:.0} ms, linker {linker:.0} ms")
            }
        };
        let around = (ran.seconds - compiled.seconds - ran.run_seconds).max(0.0) * 1e3;
        let text = format!(
            "{:.3}{TIME}{:.1} ms, compiling {:.0} ms ({how}), around it {around:.0} ms\n",
            all.as_secs_f64(),
            ran.run_seconds * 1e3,
            compiled.seconds * 1e3,
        );
        self.print(token, text);
    }

    pub(super) fn print(&self, token: u64, text: String) {
        (self.sink)(Event { token, output: Output::Text(Stream::Stdout, text) });
    }

    pub(super) fn assistant(&self) -> &Assistant {
        &self.assistant
    }

    pub(super) fn set_opt_level(&mut self, level: &str) {
        level.clone_into(&mut self.opt_level);
    }

    pub(super) fn opt_level(&self) -> &str {
        &self.opt_level
    }

    /// Has evcxr do one of its own commands; some of them compile an empty cell.
    pub(super) fn command(&mut self, line: &str) -> Result<EvalOutputs, Failure> {
        self.frame = None;
        self.write_plan(self.empty_plan())?;
        let workers = self.shared.listener.workers();
        let result = self.context.execute(line);
        if result.is_err() && lock(&self.shared.running).interrupted {
            return Err(interrupted());
        }
        let compiled = self.compiled().unwrap_or_default();
        if let Some(failed) = compiled.failure {
            return Err(failure("DependencyError", failed));
        }
        if result.is_err() && !compiled.diagnostics.is_empty() {
            return Err(self.items_failure(&compiled));
        }
        if matches!(result, Err(Error::SubprocessTerminated(_))) {
            self.table.lose_all("the worker that held it has ended");
            self.shared.listener.wait_for_worker(workers, WORKER_PATIENCE);
        }
        result.map_err(|error| failure("CommandError", error.to_string()))
    }

    /// Forgets everything, and starts a new worker. Added crates stay built.
    pub(super) fn reset(&mut self) -> Result<(), Failure> {
        let workers = self.shared.listener.workers();
        self.context.execute(":clear").map_err(|error| failure("CommandError", error.to_string()))?;
        self.shared.listener.wait_for_worker(workers, WORKER_PATIENCE);
        self.table.clear();
        self.imports.clear();
        self.frame = None;
        self.origins.clear();
        self.definitions = Definitions::default();
        self.statics.clear();
        self.modules.clear();
        self.files.clear();
        self.runs.clear();
        self.log.clear();
        lock(&self.shared.ledger).forget();
        self.begin_session()
    }

    /// Runs all cells of the session again in a new worker; they come out of the cache.
    pub(super) fn restore(&mut self, token: u64) -> Result<String, Failure> {
        let log = std::mem::take(&mut self.log);
        self.reset()?;
        let start = Instant::now();
        let mut compiled = 0;
        for (index, logged) in log.iter().enumerate() {
            if lock(&self.shared.running).interrupted {
                self.log = log[..index].to_vec();
                return Err(failure("Interrupted", format!("restored {index} of {} cells", log.len())));
            }
            let task = Task {
                token,
                number: logged.number,
                code: &logged.code,
                allow_stdin: false,
                opt_level: logged.opt_level.clone(),
                muted: true,
            };
            lock(&self.shared.ledger).begin(logged.number, &logged.whole);
            let ran = self.rust(&task).map_err(|error| {
                let value = format!("In[{}] failed when it was run again: {}", logged.number, error.value);
                Failure { value, ..error }
            });
            if ran.is_err() {
                self.log = log[..index].to_vec();
            }
            compiled += usize::from(!ran?.compiled.cached);
        }
        let variables = self.table.known.len();
        let seconds = start.elapsed().as_secs_f64();
        let cells = log.len();
        self.log = log;
        Ok(format!(
            "{cells} cells run again in {seconds:.2} s, {compiled} of them compiled; {variables} variables are back"
        ))
    }
}
