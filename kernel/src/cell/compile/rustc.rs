//! From evcxr's generated crate to a shared library: one pass of rustc, or none.
//!
//! What the cell's own code cannot know is repaired here, by compiling again: a variable that the cell moved away or
//! that borrows from it is not stored; `data.mumu` becomes a group where only the compiler knew the type of `data`.

use super::cache::Cache;
use super::canonical::canonical;
use super::dependencies;
use super::handed;
use super::invocation::{Environment, MIR, environment};
use super::linker;
use super::mir;
use super::names::Names;
use super::plan::{Compiled, Invocation, Plan, Shape, Wish};
use super::process::with_parent;
use super::reactor::entered;
use super::refusal::{is_last_word, without_followers};
use super::repair::repaired;
use super::running::Running;
use super::serde::with_json;
use super::shape;
use super::unused;
use super::waiting;
use crate::cell::source::marks::PUT;
use crate::cell::source::tries::as_written;
use crate::process::Process;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

/// More passes than variables that can go wrong in a sensible cell.
const MOST_PASSES: u32 = 12;

/// A cell on its way through rustc.
struct Way<'a> {
    plan: &'a Plan,
    place: Place<'a>,
    library: &'a Path,
    /// Arguments that name added crates.
    extra: &'a [String],
}

/// Where compilers run.
pub(super) struct Place<'a> {
    /// The crate's folder.
    pub folder: &'a Path,
    /// What they see of the environment; `None` when it is not all text.
    pub environment: Option<Environment>,
    /// Where they are noted.
    pub running: &'a Running,
}

/// Compiles `source` to `library`, in `folder`.
pub(crate) fn compile(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let nothing = Compiled { sequence: plan.sequence, ..Compiled::default() };
    let dependencies = match dependencies::build(folder, plan) {
        Ok(dependencies) => dependencies,
        Err(error) => return Compiled { failure: Some(error), ..nothing },
    };
    let source = entered(canonical(source, &plan.superseded), &dependencies.arguments);
    let (source, extra) = with_json(source, dependencies.arguments);
    let key = key(plan, &source, &dependencies.identity);
    let early = plan.early.as_deref().and_then(handed::result).filter(|early| early.key == key);
    let refused = early.as_ref().is_some_and(|early| !early.diagnostics.is_empty());
    if let (Some(early), Some(path), false) = (&early, &plan.early, refused)
        && handed::take(path, library).is_ok()
    {
        return early.clone();
    }
    let running = Running::new();
    let place = Place { folder, environment: environment(), running: &running };
    let way = Way { plan, place, library, extra: &extra };
    let wishes = way.wishes(&source, dependencies.cacheable);
    let cache = Cache::new(&plan.cache);
    if let Some(found) = cache.fetch(&key, library) {
        let (note, crates) = (dependencies.note, dependencies.identity);
        return Compiled { note, crates, ..way.cached(found, key, wishes) };
    }
    let mut compiled = early.filter(|_| refused).unwrap_or(Compiled { key, ..nothing });
    let errors = refused.then(|| std::mem::take(&mut compiled.diagnostics));
    way.run(source, wishes.first(), errors, &mut compiled);
    if compiled.failure.is_none() && compiled.diagnostics.is_empty() && dependencies.cacheable {
        // A full disk must not fail the cell: it is compiled already.
        let _ =
            std::fs::read(library).and_then(|library| cache.keep(&compiled.key, &library, &compiled.source, &compiled));
    }
    compiled.changed = changed(plan, &compiled);
    compiled.changed_statics = changed_statics(plan, &compiled);
    compiled.note = dependencies.note;
    compiled.crates = dependencies.identity;
    compiled.wishes = wishes;
    compiled
}

/// Compiles a cell before evcxr asks for it: takes it out of the cache, or has it compiled once. Errors are those of the one
/// pass. `None` when something else failed.
pub(super) fn compile_early(plan: &Plan, place: Place<'_>, source: &str, library: &Path) -> Option<Compiled> {
    let source = canonical(source, &plan.superseded);
    let key = key(plan, &source, "");
    let way = Way { plan, place, library, extra: &[] };
    let wishes = way.wishes(&source, true);
    if let Some(found) = Cache::new(&plan.cache).fetch(&key, library) {
        return Some(way.cached(found, key, wishes));
    }
    let mut compiled = Compiled { sequence: plan.sequence, key, passes: 1, source, ..Compiled::default() };
    way.hold(wishes.first());
    let file = way.file(&compiled);
    compiled.diagnostics = way.pass(&file, wishes.first(), &mut compiled).ok()?;
    if compiled.diagnostics.is_empty() {
        way.learn(&file, &mut compiled);
    }
    let (changed, changed_statics) = (changed(plan, &compiled), changed_statics(plan, &compiled));
    Some(Compiled { changed, changed_statics, wishes, ..compiled })
}

/// The name of a cell in the cache.
fn key(plan: &Plan, source: &str, crates: &str) -> String {
    Cache::key(&[source, &plan.identity, &plan.opt_level, crates, &plan.changing.join(",")])
}

/// Makes nothing of the crate with which a session begins. It only knows which compilers could wait for the first cell.
pub(crate) fn begin(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let source = canonical(source, &plan.superseded);
    let running = Running::new();
    let place = Place { folder, environment: environment(), running: &running };
    let way = Way { plan, place, library, extra: &[] };
    Compiled { sequence: plan.sequence, wishes: way.wishes(&source, true), ..Compiled::default() }
}

/// Variables whose types do not look any more as they did when the values were stored.
fn changed(plan: &Plan, compiled: &Compiled) -> Vec<usize> {
    let differs = |index: usize, before: Shape| match compiled.shapes.iter().find(|(other, _)| *other == index) {
        Some((_, now)) => *now != before.layout,
        // The compiler has left the type out: only the texts can tell.
        None => before.text_changed,
    };
    let all_well = compiled.failure.is_none() && compiled.diagnostics.is_empty();
    plan.shapes.iter().filter(|(index, before)| all_well && differs(*index, *before)).map(|(index, _)| *index).collect()
}

/// Statics whose types do not look any more as they did when they began to live.
fn changed_statics(plan: &Plan, compiled: &Compiled) -> Vec<String> {
    let all_well = compiled.failure.is_none() && compiled.diagnostics.is_empty();
    let now = |symbol: &str| shape::of_static(&compiled.statics, symbol);
    let changed = plan.statics.iter().filter(|(symbol, before)| now(symbol).is_some_and(|now| now != *before));
    changed.filter(|_| all_well).map(|(symbol, _)| symbol.clone()).collect()
}

/// What rustc has said of a cell.
#[derive(Debug, Default)]
struct Said {
    errors: Vec<Value>,
    /// Warnings of unused results, when there are no errors.
    unused: Vec<Value>,
}

impl Way<'_> {
    /// Whether the linker is called without rustc.
    fn is_direct(&self) -> bool {
        self.extra.is_empty() && !self.plan.linker.is_empty()
    }

    fn object(&self) -> PathBuf {
        self.place.folder.join("target/ctx.o")
    }

    fn linked(&self) -> String {
        format!("link={}", self.library.display())
    }

    fn invocation(&self, source: &str, emit: &str, makes: bool) -> Invocation {
        Invocation::new(self.plan, self.place.folder, source, self.extra, emit, makes)
    }

    /// Whether the types of variables are told by the symbols of the cell. Those of an optimised cell may have gone, and those
    /// of the notebook's own types stay the same when the types change.
    fn by_symbols(&self, source: &str) -> bool {
        let plain = self.plan.opt_level == "0" && self.plan.changing.is_empty() && !source.contains("serde");
        plain && self.is_direct()
    }

    /// Whether rustc is to name the types of variables while it compiles the cell.
    fn asks(&self, source: &str) -> bool {
        self.plan.makes && !self.by_symbols(source)
    }

    /// What rustc is run with at first.
    fn first(&self, source: &str, makes: bool) -> Invocation {
        let emit = if self.is_direct() { format!("obj={}", self.object().display()) } else { self.linked() };
        self.invocation(source, &emit, makes)
    }

    /// Compilers that could be started before a cell like this one. A crate in a folder may change behind the back of one.
    fn wishes(&self, source: &str, cacheable: bool) -> Vec<Wish> {
        let asks = self.asks(source);
        let environment = self.place.environment.as_ref().filter(|_| cacheable);
        let of = |asks| Wish::new(self.first(source, asks), environment?, source);
        let other = (!self.by_symbols(source)).then_some(!asks);
        [Some(asks), other].into_iter().flatten().filter_map(of).collect()
    }

    /// A cell that was in the cache.
    fn cached(&self, found: Compiled, key: String, wishes: Vec<Wish>) -> Compiled {
        let (changed, changed_statics) = (changed(self.plan, &found), changed_statics(self.plan, &found));
        let found = Compiled { sequence: self.plan.sequence, cached: true, passes: 0, key, ..found };
        Compiled { changed, changed_statics, by_waiting: false, wishes, seconds: 0.0, ..found }
    }

    /// The name of the file with the source.
    fn file(&self, compiled: &Compiled) -> String {
        format!("{}.rs", compiled.key)
    }

    /// Has compilers stand still that are not for this cell.
    fn hold(&self, wish: Option<&Wish>) {
        let given = wish.and_then(|wish| self.plan.waiting.iter().find(|one| wish.is_met_by(one)));
        waiting::hold(self.plan.waiting.iter().filter(|one| given.is_none_or(|given| given.name != one.name)));
    }

    /// What is to be learnt of a cell that is compiled.
    fn learn(&self, file: &str, compiled: &mut Compiled) {
        if self.plan.makes {
            compiled.types = self.types(file, compiled);
        }
        if !self.plan.changing.is_empty() {
            (compiled.shapes, compiled.statics) = shape::shapes(self.library, &self.plan.changing);
        }
        let _ = std::fs::remove_file(self.place.folder.join(file));
    }

    /// The types of the variables that the cell makes.
    fn types(&self, file: &str, compiled: &mut Compiled) -> Vec<(usize, String)> {
        let told = || mir::types(&std::fs::read_to_string(self.place.folder.join(MIR)).unwrap_or_default());
        let source = &compiled.source;
        if self.asks(source) {
            return told();
        }
        let object = std::fs::read(self.object()).unwrap_or_default();
        let names = Names::read(&self.plan.cache, &self.plan.identity);
        if let Some(types) = names.types(&object, source.matches(PUT).count()) {
            return types;
        }
        let start = Instant::now();
        let invocation = self.invocation(source, "metadata=target/names.rmeta", true);
        // What it does not say is no variable.
        let types = if self.rustc(file, source, &invocation).is_ok() { told() } else { Vec::new() };
        compiled.passes += 1;
        compiled.compile_seconds += start.elapsed().as_secs_f64();
        // Otherwise they are asked for again.
        let _ = names.keep(&object, &types);
        types
    }

    /// Passes of rustc until it succeeds or nothing can be repaired. `errors` are those of a first one that was made already.
    fn run(&self, mut source: String, wish: Option<&Wish>, errors: Option<Vec<Value>>, compiled: &mut Compiled) {
        let file = self.file(compiled);
        let (mut wish, mut errors) = (wish.filter(|_| errors.is_none()), errors);
        self.hold(wish);
        loop {
            compiled.passes += u32::from(errors.is_none());
            compiled.source.clone_from(&source);
            let errors = match errors.take().map_or_else(|| self.pass(&file, wish.take(), compiled), Ok) {
                Ok(errors) => errors,
                Err(error) => {
                    compiled.failure = Some(error);
                    return;
                }
            };
            if errors.is_empty() {
                return self.learn(&file, compiled);
            }
            // Rules for included files may be behind it: only a rustc with the plain file has the last word.
            let included = std::mem::take(&mut compiled.by_waiting);
            let written = as_written(&source);
            let errors = without_followers(&source, &errors);
            if (included || written.is_some()) && !is_last_word(&file, &source, &errors) {
                source = written.unwrap_or(source);
                continue;
            }
            let better = repaired(&source, &errors, &mut compiled.dropped, &mut compiled.imports);
            match better {
                Some(better) if compiled.passes < MOST_PASSES => source = better,
                _ => {
                    compiled.diagnostics = errors;
                    return;
                }
            }
        }
    }

    /// One pass of rustc, and of the linker when it succeeds; returns the errors of the code.
    fn pass(&self, file: &str, wish: Option<&Wish>, compiled: &mut Compiled) -> Result<Vec<Value>, String> {
        let start = Instant::now();
        let said = match self.by_waiting(file, wish, compiled) {
            Some(said) => said,
            None => self.rustc(file, &compiled.source, &self.first(&compiled.source, self.asks(&compiled.source)))?,
        };
        let vanishing = self.vanishing(&compiled.source, &said.unused)?;
        compiled.compile_seconds += start.elapsed().as_secs_f64();
        let errors = if said.errors.is_empty() { vanishing } else { said.errors };
        if !errors.is_empty() || !self.is_direct() {
            return Ok(errors);
        }
        let start = Instant::now();
        if linker::link(&self.plan.linker, &self.object(), self.library).is_err() {
            let invocation = self.invocation(&compiled.source, &self.linked(), self.asks(&compiled.source));
            self.rustc(file, &compiled.source, &invocation)?;
        }
        compiled.link_seconds += start.elapsed().as_secs_f64();
        Ok(Vec::new())
    }

    /// What a rustc says that was started before the cell, if there is one like that.
    fn by_waiting(&self, file: &str, wish: Option<&Wish>, compiled: &mut Compiled) -> Option<Said> {
        let wish = wish?;
        let waiting = self.plan.waiting.iter().find(|waiting| wish.is_met_by(waiting))?;
        let messages = wish.compile(waiting, file, &compiled.source, self.place.running)?;
        compiled.by_waiting = true;
        let (errors, unused) = sorted(messages);
        Some(Said { errors, unused })
    }

    /// Errors for the unused results of the prelude: asked of rustc in a pass of its own, when there are any.
    fn vanishing(&self, source: &str, warnings: &[Value]) -> Result<Vec<Value>, String> {
        const FILE: &str = "unused.rs";
        if warnings.is_empty() {
            return Ok(Vec::new());
        }
        let invocation = self.invocation(source, "metadata=target/unused.rmeta", false);
        let said = self.rustc(FILE, &unused::question(source, warnings), &invocation)?;
        Ok(unused::errors(warnings, &said.errors))
    }

    /// Runs rustc over the source, in a file of this name.
    fn rustc(&self, file: &str, source: &str, invocation: &Invocation) -> Result<Said, String> {
        let path = self.place.folder.join(file);
        std::fs::write(&path, source).map_err(|error| format!("{}: {error}", path.display()))?;
        let failed = |error| format!("cannot run {}: {error}", invocation.rustc.display());
        let mut command = invocation.command(file);
        if let Some(environment) = &self.place.environment {
            command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        }
        let mut child = with_parent(&mut command).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let process = child.id().try_into().ok().and_then(Process::open);
        process.into_iter().for_each(|process| self.place.running.add(process));
        let (mut text, mut messages) = (String::new(), Vec::new());
        for line in child.stderr.take().into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok)
        {
            messages.extend(serde_json::from_str::<Value>(&line));
            if invocation.has_all(&messages) {
                self.place.running.leave(child);
                return Ok(Said { unused: sorted(messages).1, ..Said::default() });
            }
            text += &line;
            text.push('\n');
        }
        let status = child.wait().map_err(failed)?;
        let (errors, unused) = sorted(messages);
        match (status.success(), errors.is_empty()) {
            (true, _) => Ok(Said { unused, ..Said::default() }),
            (false, true) => Err(format!("rustc failed with {status}:\n{text}")),
            (false, false) => Ok(Said { errors, ..Said::default() }),
        }
    }
}

/// Errors, and warnings of unused results.
fn sorted(messages: Vec<Value>) -> (Vec<Value>, Vec<Value>) {
    let (errors, others): (Vec<Value>, Vec<Value>) = messages.into_iter().partition(is_error);
    (errors, others.into_iter().filter(unused::is_unused_result).collect())
}

fn is_error(message: &Value) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    message["level"].as_str().is_some_and(|level| level.starts_with("error")) && !text.starts_with("aborting due to")
}
