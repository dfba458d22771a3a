//! Answers from a copy of what is known of the notebook.

use super::context::{Context, context, word_start};
use super::entry::Entry;
use super::index::{Index, members, owner_of};
use super::probe::{self, Probe};
use super::standard;
use crate::cell::source::parse::parse_error;
use crate::cell::source::rewrite::CHECKPOINT;
use crate::evaluator::{Bundle, Completions};
use crate::install::config::Config;
use crate::lock::lock;
use crate::variables::{Known, Table};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A user who types gets fewer candidates rather than late ones.
const PATIENCE: Duration = Duration::from_millis(700);
/// A cell that asks waits until the answer is there, also on a busy machine.
const PATIENCE_OF_CELLS: Duration = Duration::from_secs(60);
/// More candidates than anybody reads.
const MOST: usize = 400;
/// Methods whose strings name groups and processes.
const GROUP_METHODS: [&str; 4] = ["group", "groups", "process", "index"];
const KEYWORDS: [&str; 24] = [
    "let", "mut", "fn", "struct", "enum", "impl", "trait", "use", "for", "while", "loop", "if", "else", "match",
    "return", "break", "continue", "async", "move", "true", "false", "const", "static", "type",
];
const MAGICS: [&str; 15] = [
    "%help", "%vars", "%reset", "%restore", "%opt", "%%rust", "%time", "%timeit", "%load", "%cd", "%pwd", "%env",
    ":dep", ":help", ":version",
];

/// A copy of the notebook's state.
#[derive(Debug, Default)]
struct Snapshot {
    variables: BTreeMap<String, Known>,
    /// Items of all cells, as text.
    items: String,
    /// The same as an index, made when it is first asked for.
    own: OnceLock<Index>,
}

impl Snapshot {
    fn own(&self) -> &Index {
        self.own.get_or_init(|| Index::of_notebook(&self.items))
    }

    /// What is there to call: the notebook's own items, then the prelude's and the standard library's.
    fn indices<'a>(&'a self, index: Option<&'a Index>) -> Vec<&'a Index> {
        [self.own()].into_iter().chain(index).collect()
    }
}

/// Completes and inspects, at any time, from any thread.
pub(crate) struct Assistant {
    snapshot: Mutex<Arc<Snapshot>>,
    index: Arc<OnceLock<Index>>,
    /// The toolchain's libraries: sources and documentation lie beside them.
    libraries: PathBuf,
    // One question to rustc at a time: they share a folder, and two would be slower than one after the other.
    probe: Mutex<Probe>,
}

impl Assistant {
    pub fn new(config: &Config, folder: &Path) -> Self {
        let index = Arc::new(OnceLock::new());
        let (filled, prelude) = (index.clone(), config.prelude.clone());
        // Without the thread there is less to complete, and nothing else.
        let _ = std::thread::Builder::new().name("recoil-index".into()).spawn(move || {
            let _ = filled.set(Index::load(&prelude));
        });
        let libraries = config.prelude.toolchain.libraries.clone();
        Self { snapshot: Mutex::default(), index, libraries, probe: Mutex::new(Probe::new(config, folder)) }
    }

    /// The index, which a kernel that has just started may still be reading.
    fn index(&self, patience: Duration) -> Option<&Index> {
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
    pub fn update(&self, table: &Table, items: String) {
        *lock(&self.snapshot) = Arc::new(Snapshot { variables: table.known.clone(), items, own: OnceLock::new() });
    }

    pub fn complete(&self, code: &str, cursor: usize) -> Completions {
        let cursor = floor(code, cursor);
        let snapshot = lock(&self.snapshot).clone();
        let context = context(code, cursor);
        let (candidates, start) = match &context {
            Context::Text { method, receiver, word_start } => (names(&snapshot, method, receiver), *word_start),
            Context::Member { receiver, receiver_start, word_start } => {
                (self.members(&snapshot, code, receiver, *receiver_start), *word_start)
            }
            Context::Path { path, word_start } => (self.in_path(&snapshot, path), *word_start),
            Context::Word { word_start } => (self.words(&snapshot, &code[..*word_start]), *word_start),
            Context::Magic { word_start } => {
                (MAGICS.iter().map(|magic| ((*magic).to_owned(), "magic".to_owned())).collect(), *word_start)
            }
        };
        let typed = &code[start..cursor];
        let end = cursor
            + code[cursor..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .map(char::len_utf8)
                .sum::<usize>();
        let mut candidates: Vec<_> = candidates.into_iter().filter(|(name, _)| fits(name, typed)).collect();
        candidates.truncate(MOST);
        // Inside strings the rest of a word is kept: there may be no end of the string yet.
        let end = if matches!(context, Context::Text { .. }) { cursor } else { end };
        Completions { candidates, start, end }
    }

    /// Methods and fields, fields that are groups, and what the type derefs to.
    fn members(&self, snapshot: &Snapshot, code: &str, receiver: &str, at: usize) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let Some(kind) = self.type_of(snapshot, code, receiver, at, probe::PATIENCE) else { return found };
        if matches!(owner_of(&kind).as_str(), "Data" | "Group")
            && let Some(known) = snapshot.variables.get(receiver)
        {
            let plain = known.groups.iter().filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
            found.extend(plain.map(|name| (name.clone(), "group".to_owned())));
        }
        let indices = snapshot.indices(self.index(PATIENCE));
        found.extend(members(&indices, &kind).into_iter().map(|entry| (entry.name.clone(), entry.kind.clone())));
        found
    }

    /// The type of an expression behind all cells so far, for a cell that asks.
    pub fn type_of_expression(&self, expression: &str) -> Option<String> {
        let snapshot = lock(&self.snapshot).clone();
        self.type_of(&snapshot, "", expression, 0, PATIENCE_OF_CELLS)
    }

    fn type_of(
        &self,
        snapshot: &Snapshot,
        code: &str,
        expression: &str,
        at: usize,
        patience: Duration,
    ) -> Option<String> {
        if let Some(known) = snapshot.variables.get(expression) {
            return Some(known.kind.clone());
        }
        // Whole statements in front of the one that is typed may define what it uses.
        let before = &code[..at];
        let before = before.rfind(';').map_or("", |end| &before[..=end]);
        let before = if parse_error(before).is_none() { before } else { "" };
        lock(&self.probe).type_of(&snapshot.variables, &snapshot.items, [before, expression], patience)
    }

    fn in_path(&self, snapshot: &Snapshot, path: &str) -> Vec<(String, String)> {
        if matches!(path.split("::").next(), Some("std" | "core" | "alloc"))
            && let Some(names) = standard::module(&self.libraries, path)
        {
            return names.into_iter().map(|name| (name, "item".to_owned())).collect();
        }
        let owner = path.rsplit("::").next().unwrap_or(path);
        let mut found = Vec::new();
        for entry in snapshot.indices(self.index(PATIENCE)).into_iter().flat_map(|index| index.associated(owner)) {
            if found.iter().all(|(name, _)| *name != entry.name) {
                found.push((entry.name.clone(), entry.kind.clone()));
            }
        }
        found
    }

    /// Variables of the notebook, names of the cell in front of the cursor, items of the prelude, keywords.
    fn words(&self, snapshot: &Snapshot, before: &str) -> Vec<(String, String)> {
        let mut found: Vec<_> = snapshot.variables.keys().map(|name| (name.clone(), "variable".to_owned())).collect();
        for name in declared(before) {
            if found.iter().all(|(other, _)| *other != name) {
                found.push((name, "variable".to_owned()));
            }
        }
        for index in snapshot.indices(self.index(PATIENCE)) {
            let own =
                index.entries.iter().filter(|entry| entry.owner.is_empty() && (entry.own || entry.kind == "type"));
            for entry in own {
                if found.iter().all(|(name, _)| *name != entry.name) {
                    found.push((entry.name.clone(), entry.kind.clone()));
                }
            }
        }
        found.extend(KEYWORDS.iter().map(|word| ((*word).to_owned(), "keyword".to_owned())));
        found
    }

    pub fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        self.inspect_within(code, cursor, detail, PATIENCE)
    }

    /// What is known of an item, for a cell that asks.
    pub fn page(&self, item: &str, detail: u8) -> Option<Bundle> {
        self.inspect_within(item, item.len(), detail, PATIENCE_OF_CELLS)
    }

    fn inspect_within(&self, code: &str, cursor: usize, detail: u8, patience: Duration) -> Option<Bundle> {
        let cursor = floor(code, cursor);
        let end = cursor
            + code[cursor..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .map(char::len_utf8)
                .sum::<usize>();
        // Behind an opening parenthesis the function in front of it is meant.
        let end = if word_start(code, end) == end { code[..end].trim_end_matches(['(', ' ', '!']).len() } else { end };
        let name = code.get(word_start(code, end)..end).filter(|name| !name.is_empty())?;
        let snapshot = lock(&self.snapshot).clone();
        let index = self.index(patience);
        match context(code, end) {
            Context::Member { receiver, receiver_start, .. } => {
                let kind = self.type_of(&snapshot, code, &receiver, receiver_start, patience.max(probe::PATIENCE))?;
                let found = members(&snapshot.indices(index), &kind);
                let entry = found.into_iter().find(|entry| entry.name == name)?;
                Some(page(entry, detail, &snapshot.items))
            }
            Context::Path { path, .. } => {
                let owner = path.rsplit("::").next().unwrap_or_default().to_owned();
                let indices = snapshot.indices(index);
                let found = indices.iter().find_map(|index| index.associated(&owner).find(|entry| entry.name == name));
                let found = found.or_else(|| indices.iter().find_map(|index| index.item(name)));
                found.map(|entry| page(entry, detail, &snapshot.items))
            }
            _ => match snapshot.variables.get(name) {
                Some(known) => Some(of_variable(name, known, &snapshot.indices(index))),
                None => {
                    let found = snapshot.indices(index).into_iter().find_map(|index| index.item(name));
                    found.map(|entry| page(entry, detail, &snapshot.items))
                }
            },
        }
    }
}

/// Group and column names for a string, of the variable that the chain begins with, or of all.
fn names(snapshot: &Snapshot, method: &str, receiver: &str) -> Vec<(String, String)> {
    let root: String = receiver.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let of: Vec<&Known> = match snapshot.variables.get(&root) {
        Some(known) => vec![known],
        None => snapshot.variables.values().collect(),
    };
    let groups = GROUP_METHODS.contains(&method) || method.is_empty();
    let kind = if groups { "group" } else { "column" };
    let mut found: Vec<(String, String)> = Vec::new();
    for known in of {
        let names = if groups { &known.groups } else { &known.columns };
        for name in names {
            if found.iter().all(|(other, _)| other != name) {
                found.push((name.clone(), kind.to_owned()));
            }
        }
    }
    if !groups {
        found.extend(defined(receiver).map(|name| (name, kind.to_owned())));
    }
    found
}

/// Columns that a chain makes itself: the names that its `define` and `define_with` give.
fn defined(chain: &str) -> impl Iterator<Item = String> {
    let named = |call: &str| {
        let arguments = match call.strip_prefix("_with") {
            // Behind the list of the columns that are read.
            Some(with) => with.split_once([']', ')'])?.1,
            None => call,
        };
        arguments.split('"').nth(1).map(str::to_owned)
    };
    chain.split(".define").skip(1).filter_map(named)
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

fn floor(code: &str, cursor: usize) -> usize {
    let mut cursor = cursor.min(code.len());
    while !code.is_char_boundary(cursor) {
        cursor -= 1;
    }
    cursor
}

fn bundle(plain: String, markdown: String) -> Bundle {
    Bundle::text(plain).with("text/markdown", markdown)
}

/// What is shown of an entry; `items` are the notebook's.
fn page(entry: &Entry, detail: u8, items: &str) -> Bundle {
    let owner = if entry.owner.is_empty() { String::new() } else { format!("{}::", entry.owner) };
    let mut plain = format!("{} {owner}{}\n\n{}\n\n{}", entry.kind, entry.name, entry.signature, entry.docs);
    let mut markdown = format!("**{owner}{}**\n\n```rust\n{}\n```\n\n{}", entry.name, entry.signature, entry.docs);
    if detail > 0
        && let Some(source) = source(entry, items)
    {
        plain = format!("{plain}\n\n{source}");
        markdown = format!("{markdown}\n\n```rust\n{source}\n```");
    }
    bundle(plain.trim_end().to_owned(), markdown.trim_end().to_owned())
}

fn source(entry: &Entry, items: &str) -> Option<String> {
    let text = if entry.file.is_empty() { Some(items.to_owned()) } else { std::fs::read_to_string(&entry.file).ok() }?;
    let (first, last) = entry.lines;
    let lines: Vec<_> = text.lines().skip(first.checked_sub(1)?).take(last + 1 - first).collect();
    // As the user wrote it.
    Some(lines.join("\n").replace(CHECKPOINT, ""))
}

fn of_variable(name: &str, known: &Known, indices: &[&Index]) -> Bundle {
    let kind = owner_of(&known.kind);
    let docs = indices.iter().find_map(|index| index.item(&kind)).map_or("", |entry| entry.docs.as_str());
    let mutable = if known.mutable { "mut " } else { "" };
    let mut facts = format!("made in In[{}]", known.cell);
    for (what, names) in [("groups", &known.groups), ("columns", &known.columns)] {
        if !names.is_empty() {
            facts = format!("{facts}\n{what}: {}", names.join(", "));
        }
    }
    let head = format!("let {mutable}{name}: {}", known.kind);
    bundle(
        format!("{head}\n\n{facts}\n\n{docs}").trim_end().to_owned(),
        format!("```rust\n{head}\n```\n\n{facts}\n\n{docs}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_knows_the_columns_that_it_makes() {
        let chain =
            "data.define(\"pt\", \"p * sin(theta)\").define_with([\"a\", \"b\"], \"sum\", |a: f64, b: f64| a + b)";
        assert_eq!(defined(chain).collect::<Vec<_>>(), ["pt", "sum"]);
        let known = Known { columns: vec!["p".into()], ..Known::default() };
        let snapshot = Snapshot { variables: [("data".to_owned(), known)].into(), ..Snapshot::default() };
        let columns: Vec<_> = names(&snapshot, "hist", chain).into_iter().map(|(name, _)| name).collect();
        assert_eq!(columns, ["p", "pt", "sum"]);
        assert_eq!(names(&snapshot, "group", chain), []);
    }
}
