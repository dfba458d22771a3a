//! The door of this room: [`Evaluator`] for Rust cells.

use super::compile::plan::process_path;
use super::engine::cells::Engine;
use super::engine::job::Job;
use super::evcxr::folder::Folder;
use super::shared::{Running, Shared};
use super::source::magic;
use crate::assist::{self, Assistant};
use crate::evaluator::{Bundle, Cell, Comm, Completeness, Completions, Evaluator, Failure, Origin, Outcome, Sink};
use crate::install::config::{Config, StartError, own_cache};
use crate::lock::lock;
use crate::process::Process;
use crate::proof::{Ledger, Program, stamping};
use crate::worker::{Listener, Restful};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A cell that does not react to an interrupt for half as long is left where it is, and where that cannot be, costs its worker.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs cells in a worker process, through evcxr.
pub struct RustEvaluator {
    jobs: Mutex<Option<Sender<Job>>>,
    shared: Arc<Shared>,
    assistant: Arc<Assistant>,
    folder: Folder,
}

impl RustEvaluator {
    /// Starts an evaluator. Returns at once: worker and evcxr come up on a thread of their own, and the first cell
    /// waits for them.
    ///
    /// # Errors
    /// [`StartError::Io`].
    pub fn start(config: Config, sink: Sink) -> Result<Self, StartError> {
        let folder = Folder::new()?;
        let ledger = Arc::new(Mutex::new(ledger(&config, folder.path())));
        let sink = stamping(sink, ledger.clone());
        let listener = Listener::start(folder.path(), sink.clone())?;
        let folder_path = folder.path().to_path_buf();
        let shared = Arc::new(Shared { running: Mutex::default(), listener, folder: folder_path, ledger });
        let (of_cells, first) = (shared.clone(), config.folder.clone());
        let folder_of_cells = move || of_cells.listener.folder().unwrap_or_else(|| first.clone());
        let assistant = Arc::new(Assistant::new(&config, folder.path(), folder_of_cells));
        let (jobs, inbox) = channel::<Job>();
        let engine_shared = shared.clone();
        let engine_assistant = assistant.clone();
        std::thread::Builder::new().name("recoil-engine".into()).stack_size(32 << 20).spawn(move || {
            // The worker lives as long as this thread: it is told to die with its parent.
            Engine::run(config, sink, engine_shared, engine_assistant, inbox);
        })?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), shared, assistant, folder })
    }

    /// Process id of the worker, for tests of what happens when it dies.
    pub fn worker_pid(&self) -> Option<u32> {
        self.shared.listener.pid()
    }
}

/// The ledger of a new session, whose cells begin in the present folder.
fn ledger(config: &Config, session: &Path) -> Ledger {
    let program = Program::of(&config.prelude);
    let folder = config.folder.clone();
    let own = vec![session.to_path_buf(), config.cache.clone(), own_cache(), config.prelude.crates.clone()];
    Ledger::new(program, folder, Listener::opened_in(session), own, config.patience)
}

fn ended() -> Outcome {
    let value = "the kernel is shutting down".to_owned();
    Outcome::Failed(Failure { name: "Shutdown".into(), traceback: vec![value.clone()], value })
}

impl Evaluator for RustEvaluator {
    fn execute(&self, cell: Cell) -> Outcome {
        let (reply, outcome) = channel();
        {
            let mut running = lock(&self.shared.running);
            *running = Running { token: Some(cell.token), ..Running::default() };
        }
        let sent = match &*lock(&self.jobs) {
            Some(jobs) => jobs.send(Job { cell, reply }).is_ok(),
            None => false,
        };
        let outcome = if sent { outcome.recv().unwrap_or_else(|_| ended()) } else { ended() };
        *lock(&self.shared.running) = Running::default();
        outcome
    }

    fn interrupt(&self) {
        let token = {
            let mut running = lock(&self.shared.running);
            let Some(token) = running.token.filter(|_| !running.interrupted) else { return };
            running.interrupted = true;
            token
        };
        let shared = self.shared.clone();
        // On a thread, because the caller's must stay free to answer.
        let _ = std::thread::Builder::new().name("recoil-interrupt".into()).spawn(move || stop(&shared, token));
    }

    fn complete(&self, code: &str, cursor: usize) -> Completions {
        self.assistant.complete(code, cursor)
    }

    fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        self.assistant.inspect(code, cursor, detail)
    }

    fn comm(&self, id: &str, event: Comm) {
        self.shared.listener.comm(id, event);
    }

    fn origin_of_text(&self) -> Option<Origin> {
        lock(&self.shared.ledger).origin_of_text()
    }

    fn provenance(&self) -> Option<serde_json::Value> {
        serde_json::to_value(lock(&self.shared.ledger).provenance()).ok()
    }

    fn is_complete(&self, code: &str) -> Completeness {
        assist::completeness(magic::rust_part(code))
    }

    fn shutdown(&self) {
        lock(&self.jobs).take();
        self.shared.listener.kill();
        self.shared.listener.end();
        // Not left to `drop`: a program that ends does not wait for all its threads.
        self.folder.remove();
    }
}

impl Drop for RustEvaluator {
    fn drop(&mut self) {
        self.shutdown();
    }
}

/// Ends a cell: its compilation, its code by the flag, and if that does not help, by leaving it where it is, or else with its
/// worker.
fn stop(shared: &Shared, token: u64) {
    let still = || lock(&shared.running).token == Some(token);
    let mut asked: Option<Instant> = None;
    while still() {
        if let Some(compiler) = compiling(shared) {
            compiler.end_group();
        }
        if shared.listener.running() {
            match asked {
                None => {
                    shared.listener.cancel();
                    asked = Some(Instant::now());
                }
                Some(asked)
                    if asked.elapsed() > PATIENCE && shared.listener.rest(token, Duration::ZERO) == Restful::No =>
                {
                    let mut running = lock(&shared.running);
                    if running.token == Some(token) {
                        running.killed = true;
                        shared.listener.kill();
                    }
                    return;
                }
                Some(asked)
                    if asked.elapsed() > PATIENCE / 2 && shared.listener.rest(token, Duration::ZERO) == Restful::No =>
                {
                    let mut running = lock(&shared.running);
                    running.abandoned |= running.token == Some(token) && shared.listener.abandon();
                }
                Some(_) => {}
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The cargo shim that compiles now. It leads a group of all that it has started: cargo, and the compilers of added crates.
fn compiling(shared: &Shared) -> Option<Process> {
    let id = std::fs::read_to_string(process_path(&shared.folder)).ok()?.parse().ok()?;
    // The file may be of a shim that was killed, whose number another process has by now.
    Process::open(id).filter(|shim| shim.kin().is_some_and(|kin| kin.parent.cast_unsigned() == std::process::id()))
}
