//! From evcxr's generated crate to a shared library: one pass of rustc, or none.
//!
//! What the cell's own code cannot know is repaired here, by compiling again: a variable that the cell moved away or
//! that borrows from it is not stored; `data.mumu` becomes a group where only the compiler knew the type of `data`.

use super::cache::Cache;
use super::canonical::canonical;
use super::dependencies;
use super::invocation::MIR;
use super::linker;
use super::mir;
use super::plan::{Compiled, Invocation, Plan, Shape, Wish};
use super::process::with_parent;
use super::reactor::entered;
use super::repair::repaired;
use super::shape;
use super::unused;
use super::waiting;
use crate::cell::source::tries::as_written;
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
    folder: &'a Path,
    library: &'a Path,
    /// Arguments that name added crates.
    extra: &'a [String],
}

/// Compiles `source` to `library`, in `folder`.
pub(crate) fn compile(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let nothing = Compiled { sequence: plan.sequence, ..Compiled::default() };
    let dependencies = match dependencies::build(folder, plan) {
        Ok(dependencies) => dependencies,
        Err(error) => return Compiled { failure: Some(error), ..nothing },
    };
    let source = entered(canonical(source, &plan.superseded), &dependencies.arguments);
    let changing = plan.changing.join(",");
    let key = Cache::key(&[&source, &plan.identity, &plan.opt_level, &dependencies.identity, &changing]);
    let way = Way { plan, folder, library, extra: &dependencies.arguments };
    let wishes = way.wishes(&source, dependencies.cacheable);
    let cache = Cache::new(&plan.cache);
    if let Some(found) = cache.fetch(&key, library) {
        let (note, crates) = (dependencies.note, dependencies.identity);
        let found = Compiled { sequence: plan.sequence, cached: true, passes: 0, key, note, crates, ..found };
        return Compiled { changed: changed(plan, &found), given_to: None, by_waiting: false, wishes, ..found };
    }
    let mut compiled = Compiled { key, ..nothing };
    way.run(source, wishes.first(), &mut compiled);
    if compiled.failure.is_none() && compiled.diagnostics.is_empty() && dependencies.cacheable {
        // A full disk must not fail the cell: it is compiled already.
        let _ = cache.keep(&compiled.key, library, &compiled.source, &compiled);
    }
    compiled.changed = changed(plan, &compiled);
    compiled.note = dependencies.note;
    compiled.crates = dependencies.identity;
    compiled.wishes = wishes;
    compiled
}

/// Makes nothing of the crate with which a session begins. It only knows which compilers could wait for the first cell.
pub(crate) fn begin(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let source = canonical(source, &plan.superseded);
    let way = Way { plan, folder, library, extra: &[] };
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
        self.folder.join("target/ctx.o")
    }

    fn linked(&self) -> String {
        format!("link={}", self.library.display())
    }

    fn invocation(&self, source: &str, emit: &str, makes: bool) -> Invocation {
        Invocation::new(self.plan, self.folder, source, self.extra, emit, makes)
    }

    /// What rustc is run with at first.
    fn first(&self, source: &str, makes: bool) -> Invocation {
        let emit = if self.is_direct() { format!("obj={}", self.object().display()) } else { self.linked() };
        self.invocation(source, &emit, makes)
    }

    /// Compilers that could be started before a cell like this one. A crate in a folder may change behind the back of one.
    fn wishes(&self, source: &str, cacheable: bool) -> Vec<Wish> {
        let makes = self.plan.makes;
        let of = |makes| Wish::new(self.first(source, makes), source).filter(|_| cacheable);
        [makes, !makes].into_iter().filter_map(of).collect()
    }

    /// Passes of rustc until it succeeds or nothing can be repaired.
    fn run(&self, mut source: String, mut wish: Option<&Wish>, compiled: &mut Compiled) {
        let (plan, library) = (self.plan, self.library);
        let file = format!("{}.rs", compiled.key);
        waiting::hold(plan.waiting.iter().filter(|one| wish.is_none_or(|wish| !wish.is_met_by(one))));
        loop {
            compiled.passes += 1;
            compiled.source.clone_from(&source);
            let wish = wish.take();
            let errors = match self.pass(&file, wish, compiled) {
                Ok(errors) => errors,
                Err(error) => {
                    compiled.failure = Some(error);
                    return;
                }
            };
            if errors.is_empty() {
                let mir = std::fs::read_to_string(self.folder.join(MIR)).unwrap_or_default();
                compiled.types = mir::types(&mir);
                if !plan.changing.is_empty() {
                    compiled.shapes = shape::shapes(library, &plan.changing);
                }
                let _ = std::fs::remove_file(self.folder.join(&file));
                return;
            }
            // Rules for included files may be behind it: only a rustc with the plain file has the last word.
            let included = std::mem::take(&mut compiled.by_waiting);
            let written = as_written(&source);
            if included || written.is_some() {
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
            None => self.rustc(file, &compiled.source, &self.first(&compiled.source, self.plan.makes))?,
        };
        let vanishing = self.vanishing(&compiled.source, &said.unused)?;
        compiled.compile_seconds += start.elapsed().as_secs_f64();
        let errors = if said.errors.is_empty() { vanishing } else { said.errors };
        if !errors.is_empty() || !self.is_direct() {
            return Ok(errors);
        }
        let start = Instant::now();
        if linker::link(&self.plan.linker, &self.object(), self.library).is_err() {
            let invocation = self.invocation(&compiled.source, &self.linked(), self.plan.makes);
            self.rustc(file, &compiled.source, &invocation)?;
        }
        compiled.link_seconds += start.elapsed().as_secs_f64();
        Ok(Vec::new())
    }

    /// What a rustc says that was started before the cell, if there is one like that.
    fn by_waiting(&self, file: &str, wish: Option<&Wish>, compiled: &mut Compiled) -> Option<Said> {
        let wish = wish?;
        let waiting = self.plan.waiting.iter().find(|waiting| wish.is_met_by(waiting))?;
        compiled.given_to = Some(waiting.name.clone());
        let messages = wish.compile(waiting, file, &compiled.source)?;
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
        let invocation = self.invocation(source, "metadata=target/unused.rmeta", self.plan.makes);
        let said = self.rustc(FILE, &unused::question(source, warnings), &invocation)?;
        Ok(unused::errors(warnings, &said.errors))
    }

    /// Runs rustc over the source, in a file of this name.
    fn rustc(&self, file: &str, source: &str, invocation: &Invocation) -> Result<Said, String> {
        let path = self.folder.join(file);
        std::fs::write(&path, source).map_err(|error| format!("{}: {error}", path.display()))?;
        let failed = |error| format!("cannot run {}: {error}", invocation.rustc.display());
        let mut child = with_parent(&mut invocation.command(file)).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let (mut text, mut messages) = (String::new(), Vec::new());
        for line in child.stderr.take().into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok)
        {
            messages.extend(serde_json::from_str::<Value>(&line));
            if invocation.has_all(&messages) {
                // It ends with this process at the latest.
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
