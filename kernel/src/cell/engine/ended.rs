//! What a piece of Rust comes to: its value or its failure, and what the session knows afterwards.

use super::cells::Engine;
use super::folders::{File, Module};
use super::job::Task;
use super::task::{Next, Piece, taken};
use crate::cell::compile::cache::Cache;
use crate::cell::compile::early::Frame;
use crate::cell::compile::mir;
use crate::cell::compile::plan::Compiled;
use crate::cell::compile::shape::of_static;
use crate::cell::failure::{failure, interrupted};
use crate::cell::report::diagnose::{ItemOrigin, Map};
use crate::cell::source::definitions::item_name;
use crate::cell::source::generate::Generated;
use crate::cell::source::notebook::hash;
use crate::evaluator::{Bundle, Failure};
use crate::lock::lock;
use crate::variables::Known;
use crate::worker::Finished;
use evcxr::{Error, EvalOutputs};
use port::Ending;
use std::path::Path;
use std::time::Duration;

/// How long the last message of a cell may be behind evcxr's.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(10);

impl Engine {
    /// What evcxr's answer means, and what follows from it.
    pub(super) fn ended(
        &mut self,
        piece: &Piece<'_>,
        next: Next,
        result: Result<EvalOutputs, Error>,
        workers: u64,
    ) -> Result<(Option<Bundle>, Compiled), Failure> {
        let Piece { task, generated, .. } = *piece;
        let compiled = self.compiled().unwrap_or_default();
        if !compiled.key.is_empty() && compiled.failure.is_none() && compiled.diagnostics.is_empty() {
            *self.runs.entry(hash(task.code)).or_default() += 1;
        }
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
        let Finished { ending, variables, notes } = finished;
        self.note_ended(piece, matches!(ending, Ending::Value(_)), &notes);
        let abandoned = matches!(ending, Ending::Interrupted) && lock(&self.shared.running).abandoned;
        let bundle = match self.bundle_of(task, generated, ending) {
            Err(_) if abandoned => Err(self.abandoned(taken(piece.parsed, piece.generated), &variables)),
            bundle => bundle,
        };
        self.learn(piece, bundle.is_ok().then_some(next), &compiled, &variables);
        Ok((bundle?, compiled))
    }

    pub(super) fn map<'a>(&'a self, task: &'a Task<'a>, generated: &'a Generated) -> Map<'a> {
        Map {
            cell: task.number,
            code: task.code,
            generated,
            origins: &self.origins,
            cells: &self.cells,
            files: self.modules.iter().rev().flat_map(|module| &module.inside.files).collect(),
            table: &self.table,
        }
    }

    /// What is wrong with the notebook's items, after a command that has changed what they are compiled with.
    pub(super) fn items_failure(&self, compiled: &Compiled) -> Failure {
        let task = Task { token: 0, number: 0, code: "", allow_stdin: false, opt_level: String::new(), muted: false };
        let failure = self.map(&task, &Generated::default()).compile_error(&compiled.source, &compiled.diagnostics);
        Failure { value: format!("items of the notebook do not compile with this: {}", failure.value), ..failure }
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
            Ending::Value(bundle) => Ok(bundle),
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

    /// Brings the table up to date with what the worker has. `next` is there when the cell ran to its end.
    fn learn(&mut self, piece: &Piece<'_>, next: Option<Next>, compiled: &Compiled, variables: &[port::Variable]) {
        let Piece { task, generated, .. } = *piece;
        let well = next.is_some();
        let reason_of = |name: &str| {
            let dropped =
                compiled.dropped.iter().find(|(index, _)| generated.variables.get(*index).is_some_and(|n| n == name));
            dropped.map(|(_, reason)| format!("{reason} (In[{}])", task.number))
        };
        if let Some(next) = next {
            self.definitions = next.definitions;
            self.files.extend(piece.parsed.named.iter().map(File::new));
            let items = piece.parsed.items.iter().map(|range| &piece.task.code[range.clone()]);
            self.drop_modules(&items.filter_map(item_name).collect());
            self.modules.extend(piece.parsed.inside.iter().map(Module::new));
            self.origins = next.origins;
            self.statics = next.statics;
            for live in &mut self.statics {
                live.shape = of_static(&compiled.statics, &live.current).or(live.shape);
            }
            self.crates_changed &= compiled.statics.is_empty();
            self.learn_bindings(piece, compiled, &reason_of);
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
            self.frame = Frame::of(compiled);
        }
        if well && task.number > 0 {
            let items =
                generated.items.iter().map(|item| ItemOrigin { cell: task.number, item: item.clone(), left: None });
            self.origins.extend(items);
            self.cells.insert(task.number, task.code.to_owned());
        }
    }

    fn learn_bindings(&mut self, piece: &Piece<'_>, compiled: &Compiled, reason_of: &dyn Fn(&str) -> Option<String>) {
        let Piece { task, parsed, generated } = *piece;
        let used = generated.variables.len() - parsed.bindings.len();
        let mut unusable = Vec::new();
        for (offset, binding) in parsed.bindings.iter().enumerate() {
            let name = &binding.name;
            let kind = compiled.types.iter().find(|(index, _)| *index == used + offset).map(|(_, kind)| kind.clone());
            match kind {
                Some(kind) if mir::can_be_written(&kind) => {
                    self.table.gone.remove(name);
                    let definition = self.definitions.of(&kind);
                    let behind_dyn = self.definitions.behind_dyn(&kind);
                    let redefined = self.definitions.redefined;
                    let shape =
                        compiled.shapes.iter().find(|(index, _)| *index == used + offset).map(|(_, shape)| *shape);
                    let (mutable, cell) = (binding.mutable, task.number);
                    let known =
                        Known { kind, definition, behind_dyn, redefined, shape, mutable, cell, ..Known::default() };
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
