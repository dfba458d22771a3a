//! The processes of a data set: their names, files and groups.

use crate::discover::{self, Choice, File, Found};
use crate::error::{Error, Result};
use crate::steps::chain::Chain;
use belle2::names::{Grammar, ProcessName};
use polars::prelude::DataFrame;
use rayon::prelude::*;
use sources::memory::{Cutting, Memory};
use sources::{Chaining, Opened, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One process: a table over all its files, and what its name says.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// Its name, as directories and files give it.
    pub name: Arc<str>,
    /// What the name says, if it follows a grammar.
    pub parsed: Option<ProcessName>,
    /// All its rows.
    pub source: Arc<dyn Source>,
    /// How many files.
    pub files: usize,
    /// What was decided when they were opened, where that is not the plain case.
    pub notes: Vec<String>,
}

/// What the user says about how files are opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// How text tables are read.
    pub read: sources::Options,
    /// Which files are taken.
    pub choice: Choice,
    /// What is done where files of a process disagree.
    pub chaining: Chaining,
}

/// All processes, and the groups they form.
#[derive(Clone)]
pub(crate) struct Catalog {
    /// Where it was opened.
    pub path: Arc<str>,
    /// Sorted by name.
    pub processes: Vec<Arc<Process>>,
    /// Positions in `processes`, by group.
    pub groups: BTreeMap<String, Vec<usize>>,
    /// Files that were left out, and why.
    pub skipped: Vec<(PathBuf, &'static str)>,
    /// Steps that processes had before they came together here, by position; empty where none had any.
    pub before: Vec<Chain>,
}

static NO_STEPS: Chain = Chain::none();

impl Process {
    /// A frame as a process.
    pub(crate) fn in_memory(name: &str, frame: DataFrame, grammar: &Grammar) -> Result<Self> {
        let source = Memory::cut(name, frame, None, &Cutting::default())?;
        Ok(Self {
            name: name.into(),
            parsed: grammar.parse(name).ok(),
            source: Arc::new(source),
            files: 0,
            notes: Vec::new(),
        })
    }
}

impl Catalog {
    /// Opens all files behind a path; reads their metadata only, in parallel.
    pub(crate) fn open(path: &str, grammar: &Grammar, only: Option<&str>, options: &Options) -> Result<Self> {
        let Found { mut processes, tree, mut skipped, parts } = discover::discover(path, &options.choice)?;
        if let Some(only) = only {
            let pattern = glob::Pattern::new(only)
                .map_err(|error| Error::request(format!("process filter `{only}`: {error}")))?;
            processes.retain(|name, _| pattern.matches(name) || name.contains(only));
            if processes.is_empty() {
                return Err(Error::request(format!(
                    "the process filter `{only}` leaves no process of `{}`",
                    sources::shown(Path::new(path))
                )));
            }
        }
        let lacking = without_tree(&mut processes, tree.as_deref());
        skipped.extend(lacking.into_iter().map(|file| (file, "ROOT files without the tree")));
        discover::refuse_copies(path, &processes)?;
        let columns = discover::columns(processes.values().flatten().map(|file| &*file.keys));
        let open = Open { tree: tree.as_deref(), options, columns: &columns };
        let opened: Vec<_> = processes
            .into_par_iter()
            .map(|(name, files)| {
                let (source, mut notes) = open.process(&files).map_err(|error| error.of(&name))?;
                notes.extend(parts.get(&name).filter(|folders| folders.len() > 1).map(together));
                let (parsed, count) = (grammar.parse(&name).ok(), files.len());
                Ok(Process { name: (*name).into(), parsed, source, files: count, notes })
            })
            .collect::<Result<_>>()?;
        opened.iter().for_each(warn);
        Ok(Self::of(path, opened, grammar, skipped))
    }

    /// A catalogue of processes that are open already.
    pub(crate) fn of(
        path: &str,
        processes: Vec<Process>,
        grammar: &Grammar,
        skipped: Vec<(PathBuf, &'static str)>,
    ) -> Self {
        let processes: Vec<_> = processes.into_iter().map(Arc::new).collect();
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, process) in processes.iter().enumerate() {
            if let Some(parsed) = &process.parsed {
                groups.entry(parsed.group.clone()).or_default().push(at);
            }
            for (group, members) in grammar.groups() {
                if members.iter().any(|member| member == &*process.name) {
                    groups.entry(group.clone()).or_default().push(at);
                }
            }
        }
        groups.insert("all".to_owned(), (0..processes.len()).collect());
        for members in groups.values_mut() {
            members.sort_unstable();
            members.dedup();
        }
        let path = sources::shown(Path::new(path));
        Self { path: path.into(), processes, groups, skipped, before: Vec::new() }
    }

    /// Steps that the process at a position had before it came here.
    pub(crate) fn before(&self, at: usize) -> &Chain {
        self.before.get(at).unwrap_or(&NO_STEPS)
    }

    /// A process by its name, or the members of a group.
    pub(crate) fn find(&self, name: &str) -> Result<Vec<usize>> {
        let bare = belle2::names::bare(name);
        if let Some(at) = self.processes.iter().position(|process| &*process.name == bare) {
            return Ok(vec![at]);
        }
        if let Some(members) = self.groups.get(bare) {
            return Ok(members.clone());
        }
        Err(Error::Group { name: name.to_owned(), hint: self.hint(bare) })
    }

    fn hint(&self, name: &str) -> String {
        let names = self.groups.keys().map(String::as_str).chain(self.processes.iter().map(|process| &*process.name));
        match segment::nearest(name, names).as_slice() {
            [] => {
                let groups: Vec<_> = self.groups.keys().cloned().collect();
                let listed: Vec<_> = self.processes.iter().take(MOST_LISTED).map(|process| &*process.name).collect();
                let more = if self.processes.len() > MOST_LISTED { ", .." } else { "" };
                format!("; there are the groups {} and the processes {}{more}", groups.join(", "), listed.join(", "))
            }
            nearest => format!(
                "; did you mean {}?",
                nearest.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
            ),
        }
    }
}

/// Processes that an error lists.
const MOST_LISTED: usize = 12;

/// Takes the ROOT files out that lack the tree, as long as others have it.
fn without_tree(processes: &mut BTreeMap<String, Vec<File>>, tree: Option<&str>) -> Vec<PathBuf> {
    let root = |file: &&PathBuf| file.extension().is_some_and(|end| end.eq_ignore_ascii_case("root"));
    let files: Vec<&PathBuf> = processes.values().flatten().map(|file| &file.path).collect();
    if files.len() < 2 {
        return Vec::new();
    }
    let lacks = |file: &&PathBuf| root(file) && sources::root::lacks(file, tree);
    let lacking: Vec<PathBuf> = files.par_iter().copied().filter(lacks).cloned().collect();
    if lacking.is_empty() || lacking.len() == files.len() {
        // When all lack it, the error of the first says what there is.
        return Vec::new();
    }
    for files in processes.values_mut() {
        files.retain(|file| !lacking.contains(&file.path));
    }
    processes.retain(|_, files| !files.is_empty());
    lacking
}

/// How the files of a process are opened.
struct Open<'a> {
    tree: Option<&'a str>,
    options: &'a Options,
    /// Columns of folders, and whether they are integers.
    columns: &'a [(String, bool)],
}

impl Open<'_> {
    /// One table of all files, and what was decided.
    fn process(&self, files: &[File]) -> Result<(Arc<dyn Source>, Vec<String>)> {
        let opened = files.par_iter().map(|file| self.file(file)).collect::<segment::Result<Vec<_>>>()?;
        let (files, opened, empty) = with_rows(files, opened);
        let mut notes = noted(&files, &opened);
        notes.extend(empty);
        for (name, _) in self.columns {
            if opened.iter().any(|file| file.source.schema().contains(name.as_str())) {
                notes.push(format!("folders are called `{name}=`, but files have a column `{name}`, which is taken"));
            }
        }
        let with = |(file, opened): (&&File, Opened)| {
            sources::with_constants(opened.source, discover::constants(self.columns, &file.keys))
        };
        let source = sources::chain_with(files.iter().zip(opened).map(with).collect(), self.options.chaining.clone())?;
        Ok((source, notes))
    }

    fn file(&self, file: &File) -> segment::Result<Opened> {
        let opened = match self.tree {
            Some(tree) => {
                let source = sources::open_tree(&file.path, tree)?;
                Opened { source, notes: Vec::new() }
            }
            None => sources::open_with(&file.path, &self.options.read)?,
        };
        segment::record::rows(&file.path, opened.source.rows());
        Ok(opened)
    }
}

/// Folders that are one process, for the listing.
fn together(folders: &BTreeSet<PathBuf>) -> String {
    let name = |folder: Option<&PathBuf>| folder.map(|folder| folder.display().to_string()).unwrap_or_default();
    format!("{} folders are one process, from {} to {}", folders.len(), name(folders.first()), name(folders.last()))
}

/// Leaves out ROOT files whose tree has no rows, as long as others have some, and says so: jobs that select nothing write
/// trees without branches, or with branches of any type.
fn with_rows(files: &[File], opened: Vec<Opened>) -> (Vec<&File>, Vec<Opened>, Option<String>) {
    let root = |file: &File| sources::ending(&file.path) == Some("root");
    let is_empty = |(file, opened): &(&File, Opened)| root(file) && opened.source.rows() == 0;
    let all = files.iter().zip(opened);
    let (empty, full): (Vec<_>, Vec<_>) = all.partition(is_empty);
    if empty.is_empty() || full.is_empty() {
        let (files, opened) = empty.into_iter().chain(full).unzip();
        return (files, opened, None);
    }
    const SAID: usize = 3;
    let names: Vec<_> = empty.iter().take(SAID).map(|(file, _)| name(file)).collect();
    let more = if empty.len() > SAID { " .." } else { "" };
    let said = format!("{} ROOT files without rows are left out: {}{more}", empty.len(), names.join(", "));
    let (files, opened) = full.into_iter().unzip();
    (files, opened, Some(said))
}

/// The name of a file, for messages.
fn name(file: &File) -> String {
    let shown = PathBuf::from(sources::shown(&file.path));
    shown.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What was decided about the files of a process, each decision once.
fn noted(files: &[&File], opened: &[Opened]) -> Vec<String> {
    let mut by_note: BTreeMap<String, Vec<&File>> = BTreeMap::new();
    for (file, opened) in files.iter().zip(opened).filter(|(_, opened)| !opened.notes.is_empty()) {
        by_note.entry(opened.notes.join("; ")).or_default().push(file);
    }
    let said = |(note, of): (String, Vec<&File>)| match of.as_slice() {
        [file] => format!("{}: {note}", name(file)),
        [file, rest @ ..] => format!("{} and {} more: {note}", name(file), rest.len()),
        [] => note,
    };
    by_note.into_iter().map(said).collect()
}

/// Says once, when a process is opened, what is otherwise than its files say by themselves.
fn warn(process: &Process) {
    const SAID: usize = 5;
    let notes = process.source.notes();
    notes.iter().take(SAID).for_each(|note| eprintln!("note: process {}: {note}", process.name));
    if notes.len() > SAID {
        eprintln!(
            "note: process {}: and {} more such columns; .columns() lists them",
            process.name,
            notes.len() - SAID
        );
    }
}
