//! One piece of Rust, from its text to what it leaves behind: parsed, generated, compiled, run, and learnt from.

use super::cells::Engine;
use super::job::{Ran, Task};
use crate::cell::compile::cache::Cache;
use crate::cell::compile::mir;
use crate::cell::compile::plan::{Compiled, Plan, compiled_path, plan_path};
use crate::cell::failure::{failure, interrupted};
use crate::cell::report::diagnose::{Map, Origin};
use crate::cell::report::syntax;
use crate::cell::shared::lock;
use crate::cell::source::generate::{Generated, generate};
use crate::cell::source::parse::{Parsed, parse, words};
use crate::evaluator::{Bundle, Failure};
use crate::variables::{Known, short};
use crate::worker::{self, Finished};
use evcxr::{Error, EvalOutputs};
use port::Ending;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the last message of a cell may be behind evcxr's.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(10);

impl Engine {
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
            let names = |text: &str| words(text).iter().any(|word| parsed.words.contains(word));
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

    pub(super) fn write_plan(&mut self, variables: &[String], makes: bool, opt_level: &str) -> Result<(), Failure> {
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

    pub(super) fn compiled(&self) -> Option<Compiled> {
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
}
