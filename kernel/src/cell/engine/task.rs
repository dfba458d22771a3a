//! One piece of Rust, from its text to what it leaves behind: parsed, generated, compiled, run, and learnt from.

use super::cells::Engine;
use super::depends;
use super::folders;
use super::job::{RunStats, Task};
use super::superseded::{Live, conflicts, replace_impls, superseded};
use crate::cell::compile::early::Early;
use crate::cell::compile::plan::{Compiled, Plan, Shape, Superseded, compiled_path, plan_path};
use crate::cell::failure::{failure, interrupted};
use crate::cell::report::diagnose::ItemOrigin;
use crate::cell::source::definitions::{Definitions, item_name};
use crate::cell::source::generate::{Generated, generate};
use crate::cell::source::parsed::{Parsed, words};
use crate::evaluator::{Bundle, Event, Failure, Output};
use crate::lock::lock;
use crate::proof::{Begun, KEY, MEASURES};
use crate::variables::{Known, short};
use std::ops::Range;
use std::time::Instant;

/// The name of the crate that every cell is.
const CRATE: &str = "ctx";

/// What the notebook's items become when a cell has run well.
pub(super) struct Next {
    pub definitions: Definitions,
    pub origins: Vec<ItemOrigin>,
    pub statics: Vec<Live>,
    pub superseded: Superseded,
}

/// What earlier passes over a cell have found, so that this one must do it otherwise.
#[derive(Clone, Default)]
struct Again {
    /// Statics that begin anew, by their symbols.
    statics: Vec<String>,
    /// Numbers of earlier items, with ranges of their text that the cell defines again.
    items: Vec<(usize, Range<usize>)>,
}

impl Again {
    /// With more; `None` if there is nothing that was not known.
    fn and(&self, statics: Vec<String>, items: Vec<(usize, Range<usize>)>) -> Option<Self> {
        let mut all = self.clone();
        all.statics.extend(statics.into_iter().filter(|symbol| !self.statics.contains(symbol)));
        for item in items {
            if !all.items.contains(&item) {
                all.items.push(item);
            }
        }
        (all.statics.len() > self.statics.len() || all.items.len() > self.items.len()).then_some(all)
    }
}

/// A piece of Rust and what was made of it.
pub(super) struct Piece<'a> {
    pub task: &'a Task<'a>,
    pub parsed: &'a Parsed,
    pub generated: &'a Generated,
}

/// What a cell would have brought.
struct Failing {
    cell: u32,
    names: Vec<String>,
}

/// The variables that a cell takes from earlier ones.
pub(super) fn taken<'a>(parsed: &Parsed, generated: &'a Generated) -> &'a [String] {
    &generated.variables[..generated.variables.len() - parsed.bindings.len()]
}

impl Failing {
    fn new(task: &Task<'_>, parsed: &Parsed) -> Self {
        let items = parsed.items.iter().filter_map(|range| item_name(&task.code[range.clone()]));
        Self { cell: task.number, names: parsed.bindings.iter().map(|made| made.name.clone()).chain(items).collect() }
    }
}

impl Engine {
    /// Runs a piece of Rust to its end.
    pub(super) fn rust(&mut self, task: &Task<'_>) -> Result<RunStats, Failure> {
        self.read_files();
        self.rust_again(task, &Again::default())
    }

    /// Runs a piece of Rust with what earlier passes have found.
    fn rust_again(&mut self, task: &Task<'_>, again: &Again) -> Result<RunStats, Failure> {
        let (mut parsed, definitions) = self.parsed(task)?;
        self.check_files(task, &parsed)?;
        parsed.errors = definitions.errors.clone();
        self.lose_redefined(&parsed, &definitions);
        let opt_level = self.opt_level_for(&parsed, &task.opt_level);
        let mut generated = generate(task.code, &parsed, &self.table);
        for import in &self.imports {
            generated.code.push_str(import);
            generated.code.push('\n');
        }
        let next = self.next(&parsed, &generated, definitions, again);
        let plan = self.plan_for(&parsed, &generated, &next, opt_level);
        let early = self.begin_early(plan, &generated)?;
        let workers = self.shared.listener.workers();
        self.check_interrupt()?;
        let origin = self.note_begun(task, &parsed, &generated);
        self.shared.listener.begin(task.token, task.number, task.allow_stdin, task.muted, origin);
        let start = Instant::now();
        let result = self.context.execute(&generated.code);
        let seconds = start.elapsed().as_secs_f64();
        early.into_iter().for_each(Early::end);
        self.note_crates(task.token);
        let Compiled { changed, changed_statics, source, diagnostics, .. } = self.compiled().unwrap_or_default();
        let conflicts = conflicts(&self.map(task, &generated), &source, &diagnostics);
        let more = again.and(changed_statics, conflicts);
        if !changed.is_empty() || more.is_some() {
            self.shared.listener.give_up();
            self.lose(changed.iter().filter_map(|index| generated.variables.get(*index)).cloned().collect());
            return self.rust_again(task, &more.unwrap_or_else(|| again.clone()));
        }
        let names = Failing::new(task, &parsed);
        let ended = self.ended(&Piece { task, parsed: &parsed, generated: &generated }, next, result, workers);
        self.shared.listener.give_up();
        self.note_failed(ended.is_err(), names);
        let run_seconds = self.shared.listener.ran_for().as_secs_f64();
        ended.map(|(bundle, compiled)| RunStats { bundle, compiled, seconds, run_seconds })
    }

    /// Writes the plan, and begins to compile the cell if it is known what evcxr will make of it.
    fn begin_early(&mut self, plan: Plan, generated: &Generated) -> Result<Option<Early>, Failure> {
        let frame = self.frame.clone().filter(|_| generated.is_plain() && self.imports.is_empty());
        let early = frame.as_ref().map(|_| self.shared.folder.join(format!("early-{}", self.sequence)));
        let plan = self.write_plan(Plan { early, ..plan })?;
        let early = frame.and_then(|frame| Early::start(&plan, &frame, &generated.code));
        if early.is_none() && plan.early.is_some() {
            self.write_plan(Plan { early: None, ..plan })?;
        }
        Ok(early)
    }

    /// Notes what the cell is made from, as far as that is known before it runs.
    fn note_begun(&self, task: &Task<'_>, parsed: &Parsed, generated: &Generated) -> String {
        if task.number == 0 {
            return String::new();
        }
        let variables = taken(parsed, generated).iter().map(|name| (name.as_str(), self.may_change(name))).collect();
        let items = depends::items(&self.origins, &parsed.words);
        let mut ledger = lock(&self.shared.ledger);
        ledger.uses(&Begun { variables, items });
        let inside = parsed.inside.iter().flat_map(|inside| inside.files.iter().map(|file| &file.path));
        inside.chain(parsed.named.iter().map(|named| &named.path)).for_each(|path| ledger.reads(path));
        ledger.origin()
    }

    /// Says and notes which versions of added crates a compilation has used.
    pub(super) fn note_crates(&self, token: u64) {
        let Some(compiled) = self.compiled() else { return };
        lock(&self.shared.ledger).crates(&compiled.crates);
        let Some(note) = compiled.note else { return };
        let bundle = Bundle::text(note).note(KEY, serde_json::json!({ MEASURES: "machine" }));
        (self.sink)(Event { token, output: Output::Display { bundle, id: None } });
    }

    /// Whether a cell that takes a variable may leave another value behind.
    fn may_change(&self, name: &str) -> bool {
        self.table.known.get(name).is_some_and(|known| known.mutable)
    }

    /// Notes what the cell has left behind.
    pub(super) fn note_ended(&self, piece: &Piece<'_>, well: bool, notes: &[port::Note]) {
        if piece.task.number == 0 {
            return;
        }
        let made: Vec<String> = piece.parsed.bindings.iter().filter(|_| well).map(|made| made.name.clone()).collect();
        let changed: Vec<String> =
            taken(piece.parsed, piece.generated).iter().filter(|name| self.may_change(name)).cloned().collect();
        lock(&self.shared.ledger).end(&made, &changed, notes);
    }

    /// Remembers why the names of a cell that failed are not there.
    fn note_failed(&mut self, failed: bool, names: Failing) {
        for name in names.names {
            if failed && !self.table.known.contains_key(&name) && !self.definitions.defines(&name) {
                self.table.gone.entry(name).or_insert_with(|| format!("its cell In[{}] failed", names.cell));
            } else if !failed && self.table.gone.get(&name).is_some_and(|why| why.ends_with("failed")) {
                self.table.gone.remove(&name);
            }
        }
    }

    /// What the notebook's items will be when this cell has run well.
    fn next(&self, parsed: &Parsed, generated: &Generated, definitions: Definitions, again: &Again) -> Next {
        let mut origins = self.origins.clone();
        replace_impls(&mut origins, &generated.items);
        for (index, range) in &again.items {
            origins[*index].left = Some(origins[*index].now().blanked(std::slice::from_ref(range)));
        }
        let mut statics = self.statics.clone();
        for live in &mut statics {
            live.follow(&definitions, &parsed.words, &self.crates);
            if again.statics.contains(&live.current) {
                live.renew(&definitions);
            }
        }
        let renewed = self.statics.iter().zip(&statics).filter(|(before, now)| before.current != now.current);
        for (before, now) in renewed {
            origins.iter_mut().for_each(|origin| origin.replace(&before.current, &now.current));
        }
        let superseded = self.superseded_by(&origins, &statics);
        statics.extend(parsed.statics.iter().map(|one| Live::new(one, &definitions, &self.crates)));
        Next { definitions, origins, statics, superseded }
    }

    /// Variables whose methods were compiled for types that are others now, or that would show a value as one of them.
    fn lose_redefined(&mut self, parsed: &Parsed, definitions: &Definitions) {
        let changed = |known: &Known| {
            definitions.is_changed_behind_dyn(&known.kind, &known.behind_dyn)
                || (definitions.redefined != known.redefined && definitions.hides_types(&known.kind, &parsed.words))
        };
        let used = self.table.known.iter().filter(|(name, known)| parsed.words.contains(*name) && changed(known));
        let lost: Vec<_> = used.map(|(name, _)| name.clone()).collect();
        self.lose(lost);
    }

    /// Variables whose types mean something else now: a type's name would still fit, its layout would not.
    fn lose(&mut self, names: Vec<String>) {
        for name in &names {
            if let Some(known) = self.table.known.remove(name) {
                let kind = short(&known.kind);
                self.table.gone.insert(name.clone(), format!("its type `{kind}` was defined anew; run its cell again"));
            }
        }
        if !names.is_empty() {
            self.shared.listener.forget(names);
        }
    }

    fn plan_for(&self, parsed: &Parsed, generated: &Generated, next: &Next, opt_level: String) -> Plan {
        let used = generated.variables.len() - parsed.bindings.len();
        let known = generated.variables[..used].iter().enumerate();
        let known = known.filter_map(|(index, name)| Some((index, self.table.known.get(name)?)));
        let shapes: Vec<_> = known
            .filter_map(|(index, known)| {
                let text_changed = next.definitions.of(&known.kind) != known.definition;
                Some((index, Shape { layout: known.shape?, text_changed }))
            })
            .collect();
        let may_change = next.definitions.has_types() || !self.path_crates.is_empty();
        // Types of statics change with the notebook's items, with crates, and with files: also with the length of one.
        let files = !self.modules.is_empty() || !self.files.is_empty();
        let elsewhere = self.crates_changed || !self.path_crates.is_empty() || files;
        let asked = !parsed.items.is_empty() || elsewhere;
        let about_statics = asked && next.statics.iter().any(|live| !live.plain);
        let described = !shapes.is_empty() || (may_change && !parsed.bindings.is_empty()) || about_statics;
        let path_crates = self.path_crates.iter().map(|one| one.name.clone());
        let changing = [CRATE.to_owned()].into_iter().chain(path_crates).collect();
        Plan {
            opt_level,
            variables: generated.variables.clone(),
            makes: !parsed.bindings.is_empty(),
            superseded: next.superseded.clone(),
            changing: if described { changing } else { Vec::new() },
            shapes,
            statics: next.statics.iter().filter_map(|live| Some((live.current.clone(), live.shape?))).collect(),
            ..self.empty_plan()
        }
    }

    fn opt_level_for(&self, parsed: &Parsed, wanted: &str) -> String {
        let wanted = if wanted == "auto" { self.opt_level.as_str() } else { wanted };
        if wanted != "auto" {
            return wanted.to_owned();
        }
        let calls_loops = || {
            let loops = |origin: &&ItemOrigin| origin.now().text.contains("::recoil::runtime::checkpoint()");
            let names = |text: &str| words(text).iter().any(|word| parsed.words.contains(word));
            self.origins
                .iter()
                .filter(loops)
                .any(|origin| names(origin.now().text.split('(').next().unwrap_or_default()))
        };
        if parsed.heavy || calls_loops() { "2".into() } else { "0".into() }
    }

    pub(super) fn check_interrupt(&self) -> Result<(), Failure> {
        if lock(&self.shared.running).interrupted { Err(interrupted()) } else { Ok(()) }
    }

    fn superseded_by(&self, origins: &[ItemOrigin], statics: &[Live]) -> Superseded {
        let mut all = superseded(origins, statics);
        all.symbols.splice(0..0, folders::changes(&self.modules, &self.files));
        all
    }

    /// A plan for an empty cell.
    pub(super) fn empty_plan(&self) -> Plan {
        let prelude = &self.config.prelude;
        Plan {
            sequence: 0,
            rustc: prelude.toolchain.rustc.clone(),
            dylib: prelude.dylib.clone(),
            crates: prelude.crates.clone(),
            identity: prelude.identity.clone(),
            compiler: prelude.toolchain.version.clone(),
            opt_level: "0".into(),
            variables: Vec::new(),
            cache: self.config.cache.clone(),
            lock: self.lock.clone(),
            begins: false,
            makes: false,
            linker: self.linker.clone(),
            superseded: self.superseded_by(&self.origins, &self.statics),
            changing: Vec::new(),
            shapes: Vec::new(),
            statics: Vec::new(),
            waiting: Vec::new(),
            early: None,
        }
    }

    pub(super) fn write_plan(&mut self, plan: Plan) -> Result<Plan, Failure> {
        self.settle_waiters();
        self.sequence += 1;
        let plan = Plan { sequence: self.sequence, waiting: self.waiters.ready(), ..plan };
        let _ = std::fs::remove_file(compiled_path(&self.shared.folder));
        let text = serde_json::to_vec(&plan).map_err(|error| failure("InternalError", error.to_string()))?;
        let path = plan_path(&self.shared.folder);
        let failed = |error| failure("InternalError", format!("{}: {error}", path.display()));
        std::fs::write(&path, text).map_err(failed)?;
        Ok(plan)
    }

    /// Takes account of what the last compilation has used and would have used.
    pub(super) fn settle_waiters(&mut self) {
        self.waiters.settle(self.compiled().as_ref());
    }

    pub(super) fn compiled(&self) -> Option<Compiled> {
        let compiled = std::fs::read(compiled_path(&self.shared.folder)).ok()?;
        serde_json::from_slice(&compiled).ok()
    }
}
