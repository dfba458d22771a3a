//! The thread that runs cells, one after the other.

use super::cache::Cache;
use super::diagnose::{Map, Origin};
use super::evaluator::{Config, Shared, lock};
use super::generate::{Generated, generate};
use super::magic;
use super::parse::{Parsed, parse};
use super::plan::{Compiled, Plan, SESSION, compiled_path, plan_path};
use super::standin::REAL_PATH;
use super::table::{Definitions, Known, Table, short};
use super::{linker, mir, syntax};
use crate::assist::Assistant;
use crate::evaluator::{Bundle, Cell, Event, Failure, Outcome, Output, Sink, Stream};
use crate::worker::{self, Finished};
use evcxr::{CommandContext, Error, EvalContext, EvalOutputs};
use port::Ending;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a worker may take to come up, on a busy machine.
const WORKER_PATIENCE: Duration = Duration::from_secs(60);
/// How long the last message of a cell may be behind evcxr's.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(10);

/// A cell, and where its outcome goes.
pub(super) struct Job {
    pub cell: Cell,
    pub reply: Sender<Outcome>,
}

/// A cell that ran to its end, for `%restore`.
#[derive(Debug, Clone)]
struct Logged {
    number: u32,
    code: String,
    opt_level: String,
}

/// Everything that lives as long as the session.
pub(super) struct Engine {
    config: Config,
    sink: Sink,
    pub(super) shared: Arc<Shared>,
    assistant: Arc<Assistant>,
    context: CommandContext,
    pub(super) table: Table,
    origins: Vec<Origin>,
    cells: HashMap<u32, String>,
    definitions: Definitions,
    log: Vec<Logged>,
    sequence: u64,
    opt_level: String,
    linker: Vec<String>,
    /// Imports for evcxr, to be given with the next cell.
    imports: Vec<String>,
}

/// What a piece of Rust came to.
pub(super) struct Ran {
    pub bundle: Option<Bundle>,
    pub compiled: Compiled,
    /// In evcxr, compiling and running.
    pub seconds: f64,
    /// Running.
    pub run_seconds: f64,
}

/// How to run a piece of Rust.
pub(super) struct Task<'a> {
    pub token: u64,
    pub number: u32,
    pub code: &'a str,
    pub allow_stdin: bool,
    /// `-Copt-level`; `auto` decides by the code.
    pub opt_level: String,
    /// A replay, whose outputs have been seen before.
    pub muted: bool,
}

pub(super) fn failure(name: &str, value: impl Into<String>) -> Failure {
    let value = value.into();
    Failure { name: name.into(), traceback: vec![format!("\x1b[1;31m{name}\x1b[0m\x1b[1m: {value}\x1b[0m")], value }
}

impl Engine {
    /// The thread's body.
    pub fn run(config: Config, sink: Sink, shared: Arc<Shared>, assistant: Arc<Assistant>, inbox: Receiver<Job>) {
        let mut engine = Self::start(config, sink, shared.clone(), assistant);
        for job in inbox {
            let outcome = match &mut engine {
                Ok(engine) => engine.execute(&job.cell),
                Err(error) => Outcome::Failed(error.clone()),
            };
            // Whoever asked is gone when the kernel shuts down.
            let _ = job.reply.send(outcome);
        }
        shared.listener.end();
    }

    fn start(config: Config, sink: Sink, shared: Arc<Shared>, assistant: Arc<Assistant>) -> Result<Self, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| failure("StartError", format!("the evaluator cannot start: {error}"));
        let path = links(&config, &shared.folder).map_err(|error| failed(&error))?;
        let mut command = Command::new(&config.program);
        worker_environment(&mut command, &config, &shared, &path);
        let context = new_context(command, &shared.folder).map_err(|error| failed(&error))?;
        shared.listener.wait_for_worker(0, WORKER_PATIENCE).ok_or_else(|| failed(&"the worker does not answer"))?;
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
            log: Vec::new(),
            sequence: 0,
            opt_level: "auto".into(),
            linker,
            imports: Vec::new(),
        };
        engine.begin_session().map_err(|error| failed(&error.value))?;
        Ok(engine)
    }

    /// Tells evcxr where the session is, and what every cell can use.
    fn begin_session(&mut self) -> Result<(), Failure> {
        let session = format!(":build_env {SESSION}={}", self.shared.folder.display());
        self.command(&session)?;
        let task = Task {
            token: 0,
            number: 0,
            code: "use recoil::*;",
            allow_stdin: false,
            opt_level: "0".into(),
            muted: true,
        };
        self.rust(&task).map(|_| ())
    }

    fn execute(&mut self, cell: &Cell) -> Outcome {
        let outcome = self.lines_and_rust(cell).unwrap_or_else(Outcome::Failed);
        let items: Vec<_> = self.origins.iter().map(|origin| origin.item.text.as_str()).collect();
        self.assistant.update(&self.table, items.join("\n"));
        outcome
    }

    fn lines_and_rust(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        let (lines, rest) = magic::split(&cell.code);
        let mut done = Finish { opt_level: self.opt_level.clone(), code: rest, ..Finish::default() };
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
                self.log.push(Logged { number: cell.number, code: done.code.clone(), opt_level: done.opt_level });
            }
            result = ran.bundle;
        }
        let expressions = self.expressions(cell);
        let result = result.or(done.result);
        Ok(Outcome::Done { result, page: done.page, next_input: done.next_input, expressions })
    }

    /// Each expression is a small cell of its own, whose variables and items nobody sees.
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

    fn tell_time(&self, token: u64, ran: &Ran, all: Duration) {
        let compiled = &ran.compiled;
        let how = match compiled.passes {
            _ if compiled.cached => "compiled before".to_owned(),
            passes => {
                let (rustc, linker) = (compiled.compile_seconds * 1e3, compiled.link_seconds * 1e3);
                format!("{passes} pass(es) of rustc {rustc:.0} ms, linker {linker:.0} ms")
            }
        };
        let around = (ran.seconds - compiled.seconds - ran.run_seconds).max(0.0) * 1e3;
        let text = format!(
            "{:.3} s in all: running {:.1} ms, compiling {:.0} ms ({how}), around it {around:.0} ms\n",
            all.as_secs_f64(),
            ran.run_seconds * 1e3,
            compiled.seconds * 1e3,
        );
        self.print(token, text);
    }

    pub(super) fn print(&self, token: u64, text: String) {
        (self.sink)(Event { token, output: Output::Text(Stream::Stdout, text) });
    }

    pub(super) fn sink(&self) -> Sink {
        self.sink.clone()
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
        self.write_plan(&[], false, "0")?;
        let workers = self.shared.listener.workers();
        let result = self.context.execute(line);
        if let Some(failed) = self.compiled().and_then(|compiled| compiled.failure) {
            return Err(failure("DependencyError", failed));
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
        self.origins.clear();
        self.definitions = Definitions::default();
        self.log.clear();
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

    /// Runs a piece of Rust to its end.
    pub(super) fn rust(&mut self, task: &Task<'_>) -> Result<Ran, Failure> {
        let parsed = match parse(task.code, &|variable, name| self.table.is_group(variable, name)) {
            Ok(parsed) => parsed,
            Err(error) => {
                let text = error.to_string();
                return Err(syntax::failure(
                    &self.config.prelude.toolchain,
                    &self.shared.folder,
                    task.number,
                    task.code,
                    &text,
                ));
            }
        };
        self.lose_redefined(task, &parsed);
        let opt_level = self.opt_level_for(&parsed, &task.opt_level);
        let mut generated = generate(task.code, &parsed, &self.table);
        for import in &self.imports {
            generated.code.push_str(import);
            generated.code.push('\n');
        }
        self.write_plan(&generated.variables, !parsed.bindings.is_empty(), &opt_level)?;
        let workers = self.shared.listener.workers();
        self.check_interrupt()?;
        self.shared.listener.begin(task.token, task.allow_stdin, task.muted);
        let start = Instant::now();
        let result = self.context.execute(&generated.code);
        let seconds = start.elapsed().as_secs_f64();
        let ended = self.ended(task, &parsed, &generated, result, workers);
        self.shared.listener.give_up();
        let run_seconds = self.shared.listener.ran_for().as_secs_f64();
        ended.map(|(bundle, compiled)| Ran { bundle, compiled, seconds, run_seconds })
    }

    /// Variables whose types mean something else now: a type's name would still fit, its layout would not.
    fn lose_redefined(&mut self, task: &Task<'_>, parsed: &Parsed) {
        let mut definitions = self.definitions.clone();
        parsed.items.iter().for_each(|range| definitions.add(&task.code[range.clone()]));
        let changed = |known: &Known| definitions.of(&known.kind) != known.definition;
        let used = self.table.known.iter().filter(|(name, known)| parsed.words.contains(*name) && changed(known));
        let lost: Vec<_> = used.map(|(name, known)| (name.clone(), short(&known.kind))).collect();
        for (name, kind) in &lost {
            self.table.known.remove(name);
            self.table.gone.insert(name.clone(), format!("its type `{kind}` was defined anew; run its cell again"));
        }
        if !lost.is_empty() {
            self.shared.listener.forget(lost.into_iter().map(|(name, _)| name).collect());
        }
    }

    fn opt_level_for(&self, parsed: &Parsed, wanted: &str) -> String {
        let wanted = if wanted == "auto" { self.opt_level.as_str() } else { wanted };
        if wanted != "auto" {
            return wanted.to_owned();
        }
        let calls_loops = || {
            let loops = |origin: &&Origin| origin.item.text.contains("::recoil::runtime::checkpoint()");
            let names = |text: &str| super::parse::words(text).iter().any(|word| parsed.words.contains(word));
            self.origins
                .iter()
                .filter(loops)
                .any(|origin| names(origin.item.text.split('(').next().unwrap_or_default()))
        };
        if parsed.heavy || calls_loops() { "2".into() } else { "0".into() }
    }

    fn check_interrupt(&self) -> Result<(), Failure> {
        if lock(&self.shared.running).interrupted { Err(interrupted()) } else { Ok(()) }
    }

    fn write_plan(&mut self, variables: &[String], makes: bool, opt_level: &str) -> Result<(), Failure> {
        self.sequence += 1;
        let plan = Plan {
            sequence: self.sequence,
            rustc: self.config.prelude.toolchain.rustc.clone(),
            dylib: self.config.prelude.dylib.clone(),
            crates: self.config.prelude.crates.clone(),
            identity: self.config.prelude.identity.clone(),
            opt_level: opt_level.to_owned(),
            variables: variables.to_vec(),
            cache: self.config.cache.clone(),
            makes,
            linker: self.linker.clone(),
        };
        let _ = std::fs::remove_file(compiled_path(&self.shared.folder));
        let text = serde_json::to_vec(&plan).map_err(|error| failure("InternalError", error.to_string()))?;
        let path = plan_path(&self.shared.folder);
        std::fs::write(&path, text).map_err(|error| failure("InternalError", format!("{}: {error}", path.display())))
    }

    fn compiled(&self) -> Option<Compiled> {
        let compiled = std::fs::read(compiled_path(&self.shared.folder)).ok()?;
        serde_json::from_slice(&compiled).ok()
    }

    /// What evcxr's answer means, and what follows from it.
    fn ended(
        &mut self,
        task: &Task<'_>,
        parsed: &Parsed,
        generated: &Generated,
        result: Result<EvalOutputs, Error>,
        workers: u64,
    ) -> Result<(Option<Bundle>, Compiled), Failure> {
        let compiled = self.compiled().unwrap_or_default();
        if let Err(Error::SubprocessTerminated(message)) = &result {
            return Err(self.worker_died(message, workers));
        }
        if let Some(text) = &compiled.failure {
            return Err(if self.check_interrupt().is_err() { interrupted() } else { failure("CompileError", text) });
        }
        if !compiled.diagnostics.is_empty() {
            let map = self.map(task, generated);
            return Err(map.compile_error(&compiled.source, &compiled.diagnostics));
        }
        let ran = !compiled.key.is_empty();
        if !ran {
            self.check_interrupt()?;
            let text = result.err().map_or_else(|| "the cell was not compiled".into(), |error| error.to_string());
            return Err(failure("InternalError", text));
        }
        let Some(finished) = self.shared.listener.finished(MESSAGE_PATIENCE) else {
            let text = result
                .err()
                .map_or_else(|| "the worker did not tell how the cell ended".into(), |error| error.to_string());
            return Err(failure("InternalError", text));
        };
        let Finished { ending, variables } = finished;
        let bundle = self.bundle_of(task, generated, ending);
        self.learn(task, parsed, generated, &compiled, &variables, bundle.is_ok());
        Ok((bundle?, compiled))
    }

    fn map<'a>(&'a self, task: &'a Task<'a>, generated: &'a Generated) -> Map<'a> {
        Map {
            cell: task.number,
            code: task.code,
            generated,
            origins: &self.origins,
            cells: &self.cells,
            table: &self.table,
        }
    }

    fn bundle_of(&self, task: &Task<'_>, generated: &Generated, ending: Ending) -> Result<Option<Bundle>, Failure> {
        let map = self.map(task, generated);
        let source = |place: &Option<port::Place>| {
            let file = &place.as_ref()?.file;
            let key = Path::new(file).file_stem()?.to_str()?.to_owned();
            let cached = Cache::new(&self.config.cache).source(&key);
            // A cell that could not be cached.
            cached.or_else(|| self.compiled().filter(|compiled| compiled.key == key).map(|compiled| compiled.source))
        };
        match ending {
            Ending::Value(bundle) => Ok(bundle.map(worker::converted)),
            Ending::Interrupted => Err(interrupted()),
            Ending::Error { message, kind, causes, place } => {
                let notes: Vec<_> = causes.iter().map(|cause| format!("because {cause}")).collect();
                let source = source(&place);
                // A place in the prelude says nothing to the user.
                let place = place.filter(|_| source.is_some());
                Err(map.run_error(&kind, &message, place.as_ref(), source.as_deref(), &notes))
            }
            Ending::Panicked { message, place } => {
                let source = source(&place);
                Err(map.run_error("Panic", &message, place.as_ref(), source.as_deref(), &[]))
            }
        }
    }

    /// Brings the table up to date with what the worker has.
    fn learn(
        &mut self,
        task: &Task<'_>,
        parsed: &Parsed,
        generated: &Generated,
        compiled: &Compiled,
        variables: &[port::Variable],
        well: bool,
    ) {
        let reason_of = |name: &str| {
            let dropped =
                compiled.dropped.iter().find(|(index, _)| generated.variables.get(*index).is_some_and(|n| n == name));
            dropped.map(|(_, reason)| format!("{reason} (In[{}])", task.number))
        };
        if well {
            generated.items.iter().for_each(|item| self.definitions.add(&item.text));
            self.learn_bindings(task, parsed, generated, compiled, &reason_of);
        }
        let there = |name: &String| variables.iter().any(|variable| variable.name == *name);
        let lost: Vec<_> = self.table.known.keys().filter(|name| !there(name)).cloned().collect();
        for name in lost {
            self.table.known.remove(&name);
            let reason = reason_of(&name).unwrap_or_else(|| format!("its value was moved away in In[{}]", task.number));
            self.table.gone.insert(name, reason);
        }
        for variable in variables {
            if let Some(known) = self.table.known.get_mut(&variable.name) {
                known.groups.clone_from(&variable.groups);
                known.columns.clone_from(&variable.columns);
            }
        }
        if well {
            // evcxr has taken those that came with this cell.
            self.imports.clone_from(&compiled.imports);
        }
        if well && task.number > 0 {
            let items = generated.items.iter().map(|item| Origin { cell: task.number, item: item.clone() });
            self.origins.extend(items);
            self.cells.insert(task.number, task.code.to_owned());
        }
    }

    fn learn_bindings(
        &mut self,
        task: &Task<'_>,
        parsed: &Parsed,
        generated: &Generated,
        compiled: &Compiled,
        reason_of: &dyn Fn(&str) -> Option<String>,
    ) {
        let used = generated.variables.len() - parsed.bindings.len();
        let mut unusable = Vec::new();
        for (offset, binding) in parsed.bindings.iter().enumerate() {
            let name = &binding.name;
            let kind = compiled.types.iter().find(|(index, _)| *index == used + offset).map(|(_, kind)| kind.clone());
            match kind {
                Some(kind) if mir::can_be_written(&kind) => {
                    self.table.gone.remove(name);
                    let definition = self.definitions.of(&kind);
                    let known =
                        Known { kind, definition, mutable: binding.mutable, cell: task.number, ..Known::default() };
                    self.table.known.insert(name.clone(), known);
                }
                kind => {
                    let written = kind.map(|kind| mir::why_not(&kind));
                    if written.is_some() {
                        unusable.push(name.clone());
                    }
                    let reason = written.or_else(|| reason_of(name)).unwrap_or_else(|| "it was not stored".into());
                    self.table.known.remove(name);
                    self.table.gone.insert(name.clone(), reason);
                }
            }
        }
        if !unusable.is_empty() {
            self.shared.listener.forget(unusable);
        }
    }

    /// The worker has ended under a cell: say what happened and what was lost.
    fn worker_died(&mut self, message: &str, workers: u64) -> Failure {
        let running = lock(&self.shared.running);
        let (asked, killed) = (running.interrupted, running.killed);
        drop(running);
        let what = if killed {
            "the cell did not stop when it was interrupted, so its worker was ended".to_owned()
        } else {
            describe_end(message)
        };
        let lost = self.table.lose_all("the worker that held it has ended; %restore brings it back");
        let lost = match lost.len() {
            0 => "no variables were lost".to_owned(),
            1..=12 => format!("lost: {}", lost.join(", ")),
            many => format!("lost: {} and {} more", lost[..10].join(", "), many - 10),
        };
        let back = if self.log.is_empty() { "" } else { ". %restore runs the cells again without compiling them" };
        self.shared.listener.wait_for_worker(workers, WORKER_PATIENCE);
        let name = if asked { "Interrupted" } else { "WorkerDied" };
        failure(name, format!("{what}; {lost}{back}"))
    }
}

/// What a cell's lines before its Rust have brought about.
#[derive(Debug, Default)]
pub(super) struct Finish {
    pub opt_level: String,
    pub code: String,
    pub time: bool,
    pub result: Option<Bundle>,
    pub page: Option<Bundle>,
    pub next_input: Option<(String, bool)>,
}

pub(super) fn interrupted() -> Failure {
    failure("Interrupted", "stopped by the user; variables are kept")
}

/// evcxr's text about the end of a process, in words.
fn describe_end(message: &str) -> String {
    let status = message.split_once("with status: ").map_or(message, |(_, status)| status).trim();
    let signals = [
        ("(SIGSEGV)", "the worker died of a segmentation fault (SIGSEGV): unsafe or foreign code, or a stack overflow"),
        (
            "(SIGABRT)",
            "the worker aborted (SIGABRT): out of memory, stack overflow, a panic in a destructor, or `abort()`",
        ),
        ("(SIGKILL)", "the worker was killed (SIGKILL): most likely the system was out of memory"),
        ("(SIGBUS)", "the worker died of a bus error (SIGBUS): a memory-mapped file has changed or the disk is full"),
        ("(SIGILL)", "the worker died of an illegal instruction (SIGILL)"),
        ("(SIGFPE)", "the worker died of an arithmetic fault (SIGFPE)"),
    ];
    if let Some((_, text)) = signals.iter().find(|(signal, _)| status.contains(signal)) {
        return (*text).to_owned();
    }
    match status.strip_prefix("exit status: ") {
        Some(code) => format!("the cell ended its worker with exit({code})"),
        None => format!("the worker has ended: {status}"),
    }
}

/// A folder with this program under the names that evcxr looks for; returns the user's own `PATH`.
fn links(config: &Config, folder: &Path) -> std::io::Result<OsString> {
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin)?;
    for name in ["cargo", "rustup"] {
        std::os::unix::fs::symlink(&config.program, bin.join(name))?;
    }
    Ok(std::env::var_os(REAL_PATH).or_else(|| std::env::var_os("PATH")).unwrap_or_default())
}

fn worker_environment(command: &mut Command, config: &Config, shared: &Shared, path: &OsString) {
    command.env(worker::WORKER, "1").env("PATH", path).env_remove(REAL_PATH);
    command.env(worker::SOCKET, &shared.listener.socket).env(worker::PIPES, &shared.listener.pipes);
    command.env(worker::PRELUDE, &config.prelude.dylib);
    let mut libraries = config.prelude.crates.clone().into_os_string();
    libraries.push(":");
    libraries.push(&config.prelude.toolchain.libraries);
    if let Some(more) = std::env::var_os("LD_LIBRARY_PATH") {
        libraries.push(":");
        libraries.push(more);
    }
    command.env("LD_LIBRARY_PATH", libraries);
}

/// evcxr finds cargo through `PATH` when a context is made, and only then.
fn new_context(command: Command, folder: &Path) -> Result<CommandContext, Error> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = lock(&ONE_AT_A_TIME);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut longer = folder.join("bin").into_os_string();
    longer.push(":");
    longer.push(&path);
    // SAFETY: all changes of the environment in this program are made here, under the lock. Rust's own readers lock
    // too; C code that reads the environment at the same time (name resolution, time zones) is not used by the kernel.
    unsafe {
        std::env::set_var(REAL_PATH, &path);
        std::env::set_var("PATH", &longer);
    }
    let context = EvalContext::with_subprocess_command(command);
    // SAFETY: as above.
    unsafe { std::env::set_var("PATH", &path) };
    let (context, outputs) = context?;
    // evcxr waits until somebody has read these.
    std::thread::spawn(move || {
        for line in outputs.stdout {
            tracing::debug!(line, "evcxr");
        }
    });
    std::thread::spawn(move || {
        for line in outputs.stderr {
            tracing::warn!(line, "worker, before its output was redirected");
        }
    });
    Ok(CommandContext::with_eval_context(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_described() {
        let text = describe_end("Subprocess terminated with status: signal: 11 (SIGSEGV) (core dumped)");
        assert!(text.contains("segmentation fault"));
        assert_eq!(
            describe_end("Subprocess terminated with status: exit status: 3"),
            "the cell ended its worker with exit(3)"
        );
    }
}
