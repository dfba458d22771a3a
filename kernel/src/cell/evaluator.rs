//! The door of this room: [`Evaluator`] for Rust cells.

use super::engine::{Engine, Job};
use super::folder::Folder;
use super::magic;
use crate::assist::{self, Assistant};
use crate::evaluator::{Bundle, Cell, Comm, Completeness, Completions, Evaluator, Failure, Outcome, Sink};
use crate::install::prelude::{Prelude, PreludeError};
use crate::worker::{Listener, Restful};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A cell that does not react to an interrupt for this long costs its worker.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an evaluator needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// The program `recoil`, which is also the worker and the stand-in for cargo.
    pub program: PathBuf,
    /// The prelude that cells link to.
    pub prelude: Prelude,
    /// Where compiled cells are kept.
    pub cache: PathBuf,
}

impl Config {
    /// The present program, the prelude that is built, and the user's cache.
    ///
    /// # Errors
    /// When there is no prelude that fits.
    pub fn new() -> Result<Self, StartError> {
        let program = std::env::current_exe().map_err(StartError::Io)?;
        let prelude = crate::install::prelude::find()?;
        Ok(Self { program, prelude, cache: super::cache::default_folder() })
    }
}

/// Why no cell can be run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No prelude that fits.
    #[error(transparent)]
    Prelude(#[from] PreludeError),
    /// The session's folder, socket or threads could not be made.
    #[error("a session cannot be started: {0}")]
    Io(#[from] std::io::Error),
}

/// What the running cell is, for whoever wants to stop it.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Its token; `None` when idle.
    pub token: Option<u64>,
    /// Whether the user asked to stop it.
    pub interrupted: bool,
    /// Whether its worker was ended because it did not stop.
    pub killed: bool,
    /// A shell command that it waits for.
    pub child: Option<u32>,
}

/// Shared between the engine's thread and everybody else.
pub(super) struct Shared {
    pub running: Mutex<Running>,
    pub listener: Listener,
    pub folder: PathBuf,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

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
        let listener = Listener::start(folder.path(), sink.clone())?;
        let shared = Arc::new(Shared { running: Mutex::default(), listener, folder: folder.path().to_path_buf() });
        let assistant = Arc::new(Assistant::new(&config, folder.path()));
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

/// Ends a cell: its compilation, its code by the flag, and if that does not help, its worker.
fn stop(shared: &Shared, token: u64) {
    let still = || lock(&shared.running).token == Some(token);
    let mut asked: Option<Instant> = None;
    while still() {
        if let Some(child) = lock(&shared.running).child {
            end_process(child);
        }
        if let Some(compiler) = compiling(shared) {
            end_process(compiler);
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
                Some(_) => {}
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The stand-in for cargo that compiles now.
fn compiling(shared: &Shared) -> Option<u32> {
    std::fs::read_to_string(super::plan::process_path(&shared.folder)).ok()?.parse().ok()
}

fn end_process(id: u32) {
    if let Ok(id) = i32::try_from(id) {
        // SAFETY: `kill` has no memory effects; the process is one that this session has started and still waits for.
        unsafe { libc::kill(id, libc::SIGKILL) };
    }
}
