//! Answers from a copy of what is known of the notebook.

use super::context::{Call, Context, context};
use super::index::{Index, members};
use super::probe::{self, Probe};
use super::rank::{self, Candidate, Wanted};
use super::scan::is_word;
use super::snapshot::Snapshot;
use super::texts::{self, Purpose};
use super::{chain, modules, standard};
use crate::cell::source::parse::parse_error;
use crate::evaluator::Completions;
use crate::install::config::Config;
use crate::lock::lock;
use crate::variables::{Table, is_dict_of_data};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A user who types gets fewer candidates rather than late ones.
pub(super) const PATIENCE: Duration = Duration::from_millis(700);
/// A cell that asks waits until the answer is there, also on a busy machine.
pub(super) const PATIENCE_OF_CELLS: Duration = Duration::from_secs(60);
/// More candidates than anybody reads.
const MOST: usize = 400;
const KEYWORDS: [&str; 24] = [
    "let", "mut", "fn", "struct", "enum", "impl", "trait", "use", "for", "while", "loop", "if", "else", "match",
    "return", "break", "continue", "async", "move", "true", "false", "const", "static", "type",
];
const MAGICS: [&str; 15] = [
    "%help", "%vars", "%reset", "%restore", "%opt", "%%rust", "%time", "%timeit", "%load", "%cd", "%pwd", "%env",
    ":dep", ":help", ":version",
];

/// Completes and inspects, at any time, from any thread.
pub(crate) struct Assistant {
    pub(super) snapshot: Mutex<Arc<Snapshot>>,
    index: Arc<OnceLock<Index>>,
    /// The toolchain's libraries: sources and documentation lie beside them.
    libraries: PathBuf,
    /// Where cells run.
    folder: Box<dyn Fn() -> PathBuf + Send + Sync>,
    // One question to rustc at a time: they share a folder, and two would be slower than one after the other.
    probe: Mutex<Probe>,
}

impl Assistant {
    /// An assistant of a session in `folder`, whose cells run in the folder that `of_cells` says.
    pub fn new(config: &Config, folder: &Path, of_cells: impl Fn() -> PathBuf + Send + Sync + 'static) -> Self {
        let index = Arc::new(OnceLock::new());
        let (filled, prelude) = (index.clone(), config.prelude.clone());
        // Without the thread there is less to complete, and nothing else.
        let _ = std::thread::Builder::new().name("recoil-index".into()).spawn(move || {
            let _ = filled.set(Index::load(&prelude));
        });
        let libraries = config.prelude.toolchain.libraries.clone();
        let probe = Mutex::new(Probe::new(config, folder));
        Self { snapshot: Mutex::default(), index, libraries, folder: Box::new(of_cells), probe }
    }

    /// The index, which a kernel that has just started may still be reading.
    pub(super) fn index(&self, patience: Duration) -> Option<&Index> {
        let until = Instant::now() + patience;
        loop {
            match self.index.get() {
                Some(index) => return Some(index),
                None if Instant::now() >= until => return None,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Takes a copy of the notebook's state; called after every cell.
    pub fn update(&self, code: &str, table: &Table, items: String) {
        let mut snapshot = lock(&self.snapshot);
        let after = snapshot.after(code, table.known.clone(), items);
        *snapshot = Arc::new(after);
    }

    pub fn complete(&self, code: &str, cursor: usize) -> Completions {
        let cursor = floor(code, cursor);
        let snapshot = lock(&self.snapshot).clone();
        let context = context(code, cursor);
        let (candidates, start) = match &context {
            Context::Text { call, quote, word_start } => {
                self.in_text(&snapshot, &code[..cursor], call, *quote, *word_start)
            }
            Context::Member { receiver, receiver_start, word_start } => {
                (self.members(&snapshot, code, receiver, *receiver_start), *word_start)
            }
            Context::Path { path, word_start } => (self.in_path(&snapshot, path), *word_start),
            Context::Word { call, word_start } => {
                (self.words(&snapshot, &code[..*word_start], call.as_ref()), *word_start)
            }
            Context::Magic { word_start } => {
                (MAGICS.iter().map(|magic| ((*magic).to_owned(), "magic".to_owned())).collect(), *word_start)
            }
            Context::MagicPath { from } => {
                let (files, start) = texts::files(&(self.folder)(), &code[*from..cursor]);
                (files, from + start)
            }
        };
        let typed = &code[start..cursor];
        let mut candidates: Vec<_> = candidates.into_iter().filter(|(name, _)| fits(name, typed)).collect();
        candidates.truncate(MOST);
        // Inside strings the rest of a word is kept: there may be no end of the string yet.
        let in_string = matches!(context, Context::Text { .. } | Context::MagicPath { .. });
        let end = if in_string { cursor } else { word_end(code, cursor) };
        Completions { candidates, start, end }
    }

    /// What can stand inside a string that is open at the end of `code`, and where it begins.
    fn in_text(
        &self,
        snapshot: &Snapshot,
        code: &str,
        call: &Call,
        quote: usize,
        word_start: usize,
    ) -> (Vec<Candidate>, usize) {
        let variables = &snapshot.variables;
        let typed = &code[quote + 1..];
        match self.purpose(snapshot, call) {
            Purpose::Files => {
                let (files, start) = texts::files(&(self.folder)(), typed);
                (files, quote + 1 + start)
            }
            Purpose::Groups => (texts::names(variables, true, &call.receiver), word_start),
            Purpose::Names => (texts::names(variables, false, &call.receiver), word_start),
            Purpose::Selection => {
                // A macro stands inside of the call that it is for: its columns are those of all variables.
                (texts::selection(variables, &call.receiver, typed, word_start.max(quote + 1) - quote - 1), word_start)
            }
        }
    }

    /// What the string in an argument is for.
    pub(super) fn purpose(&self, snapshot: &Snapshot, call: &Call) -> Purpose {
        let indices = snapshot.indices(self.index(PATIENCE));
        let receiver = chain::type_of(&snapshot.variables, &indices, &call.receiver);
        let called = chain::called(&indices, receiver.as_deref(), &call.name, !call.receiver.is_empty());
        texts::purpose(call, &called, receiver.as_deref())
    }

    /// Methods and fields, fields that are groups, and what the type derefs to.
    fn members(&self, snapshot: &Snapshot, code: &str, receiver: &str, at: usize) -> Vec<Candidate> {
        let mut found = Vec::new();
        let Some(kind) = self.type_of(snapshot, code, receiver, at, probe::PATIENCE) else { return found };
        if let Some(known) = snapshot.variables.get(receiver).filter(|known| is_dict_of_data(&known.kind)) {
            let plain = known.groups.iter().filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
            found.extend(plain.map(|name| (name.clone(), "group".to_owned())));
        }
        let indices = snapshot.indices(self.index(PATIENCE));
        found.extend(members(&indices, &kind).into_iter().map(|entry| (entry.name.clone(), entry.kind.clone())));
        rank::members(&mut found, &snapshot.used);
        found
    }

    /// The type of an expression behind all cells so far, for a cell that asks.
    pub fn type_of_expression(&self, expression: &str) -> Option<String> {
        let snapshot = lock(&self.snapshot).clone();
        self.ask_type(&snapshot, "", expression, PATIENCE_OF_CELLS)
    }

    /// The type of `expression`, which stands at `at` in `code`.
    pub(super) fn type_of(
        &self,
        snapshot: &Snapshot,
        code: &str,
        expression: &str,
        at: usize,
        patience: Duration,
    ) -> Option<String> {
        // Whole statements in front of the one that is typed may define what it uses.
        let before = &code[..at];
        let before = before.rfind(';').map_or("", |end| &before[..=end]);
        let before = if parse_error(before).is_none() { before } else { "" };
        let root: String = expression.chars().take_while(|c| is_word(*c)).collect();
        if !declared(before).contains(&root) {
            let indices = snapshot.indices(self.index(patience));
            let known = chain::type_of(&snapshot.variables, &indices, expression);
            if known.is_some() {
                return known;
            }
        }
        self.ask_type(snapshot, before, expression, patience)
    }

    fn ask_type(&self, snapshot: &Snapshot, before: &str, expression: &str, patience: Duration) -> Option<String> {
        if let Some(known) = snapshot.variables.get(expression).filter(|_| before.is_empty()) {
            return Some(known.kind.clone());
        }
        let [before, expression] = [before, expression].map(|text| chain::with_groups(&snapshot.variables, text));
        lock(&self.probe).type_of(&snapshot.variables, &snapshot.items, [&before, &expression], patience)
    }

    fn in_path(&self, snapshot: &Snapshot, path: &str) -> Vec<Candidate> {
        if matches!(path.split("::").next(), Some("std" | "core" | "alloc"))
            && let Some(names) = standard::module(&self.libraries, path)
        {
            return names.into_iter().map(|name| (name, "item".to_owned())).collect();
        }
        if let Some(names) = modules::names(&snapshot.items, path) {
            return names;
        }
        let owner = path.rsplit("::").next().unwrap_or(path);
        let mut indices = snapshot.indices(self.index(PATIENCE));
        // A type of the notebook's own has nothing of those that are called the same.
        if indices.first().is_some_and(|own| own.item(owner).is_some()) {
            indices.truncate(1);
        }
        let mut found = Vec::new();
        for entry in indices.into_iter().flat_map(|index| index.associated(owner)) {
            if found.iter().all(|(name, _)| *name != entry.name) {
                found.push((entry.name.clone(), entry.kind.clone()));
            }
        }
        found
    }

    /// Variables of the notebook, names of the cell in front of the cursor, items of the prelude, keywords.
    fn words(&self, snapshot: &Snapshot, before: &str, call: Option<&Call>) -> Vec<Candidate> {
        let mut found: Vec<_> = snapshot.variables.keys().map(|name| (name.clone(), "variable".to_owned())).collect();
        let mut seen: BTreeSet<String> = snapshot.variables.keys().cloned().collect();
        let indices = snapshot.indices(self.index(PATIENCE));
        let known = indices.iter().flat_map(|index| index.known());
        let known = known.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let declared = declared(before).into_iter().map(|name| (name, "variable".to_owned()));
        let keywords = KEYWORDS.iter().map(|word| ((*word).to_owned(), "keyword".to_owned()));
        for candidate in declared.chain(known).chain(keywords) {
            if seen.insert(candidate.0.clone()) {
                found.push(candidate);
            }
        }
        let wanted = call.map(|call| {
            let receiver = chain::type_of(&snapshot.variables, &indices, &call.receiver);
            let called = chain::called(&indices, receiver.as_deref(), &call.name, !call.receiver.is_empty());
            Wanted::of(&called, call.argument)
        });
        let fits =
            |candidate: &Candidate| wanted.as_ref().is_some_and(|wanted| wanted.fits(candidate, &snapshot.variables));
        rank::words(&mut found, &snapshot.used, &fits);
        found
    }
}

/// Names that a cell declares in front of the cursor; read from the text, as what is being typed does not parse yet.
fn declared(before: &str) -> Vec<String> {
    let words: Vec<&str> =
        before.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let mut names = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if matches!(*word, "let" | "for" | "fn" | "struct" | "enum" | "const" | "static" | "mod" | "trait") {
            let name = words[at + 1..].iter().find(|name| !matches!(**name, "mut" | "ref"));
            names.extend(name.map(|name| (*name).to_owned()));
        }
    }
    names
}

fn fits(name: &str, typed: &str) -> bool {
    name.starts_with(typed) && name != typed || (typed.is_empty() && !name.starts_with('_'))
}

/// End of the word at `at`.
pub(super) fn word_end(code: &str, at: usize) -> usize {
    let rest = code[at..].chars().take_while(|c| is_word(*c));
    at + rest.map(char::len_utf8).sum::<usize>()
}

pub(super) fn floor(code: &str, cursor: usize) -> usize {
    let mut cursor = cursor.min(code.len());
    while !code.is_char_boundary(cursor) {
        cursor -= 1;
    }
    cursor
}
