//! The processes of a data set: their names, files and groups.

use crate::chain::Chain;
use crate::discover::{self, Found};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::names::{Grammar, ProcessName};
use polars::prelude::DataFrame;
use rayon::prelude::*;
use sources::Source;
use sources::memory::{Cutting, Memory};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
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
    before: Vec<Chain>,
}

static NO_STEPS: Chain = Chain::none();

impl Process {
    /// A frame as a process.
    pub(crate) fn in_memory(name: &str, frame: DataFrame, grammar: &Grammar) -> Result<Self> {
        let source = Memory::cut(name, frame, None, &Cutting::default())?;
        Ok(Self { name: name.into(), parsed: grammar.parse(name).ok(), source: Arc::new(source), files: 0 })
    }
}

impl Catalog {
    /// Opens all files behind a path; reads their metadata only, in parallel.
    pub(crate) fn open(path: &str, grammar: &Grammar, only: Option<&str>) -> Result<Self> {
        let Found { mut processes, tree, skipped } = discover::discover(path)?;
        if let Some(only) = only {
            let pattern = glob::Pattern::new(only)
                .map_err(|error| Error::request(format!("process filter `{only}`: {error}")))?;
            processes.retain(|name, _| pattern.matches(name) || name.contains(only));
            if processes.is_empty() {
                return Err(Error::request(format!("the process filter `{only}` leaves no process of `{path}`")));
            }
        }
        let opened: Vec<_> = processes
            .into_par_iter()
            .map(|(name, files)| open_process(&name, &files, tree.as_deref(), grammar).map_err(|error| error.of(&name)))
            .collect::<Result<_>>()?;
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
        Self { path: path.into(), processes, groups, skipped, before: Vec::new() }
    }

    /// The processes of two groups, each with the steps it has; positions are new. A process that is in both has the rows
    /// of the first and then those of the second.
    ///
    /// # Errors
    /// A process in both whose rows would count twice, whose columns differ, or which has other steps in one.
    pub(crate) fn joined(one: &Group, two: &Group) -> Result<Self> {
        let of = |group: &'_ Group, at: usize| Joined {
            process: group.catalog.processes[at].clone(),
            groups: group
                .catalog
                .groups
                .iter()
                .filter(|(_, all)| all.contains(&at))
                .map(|(name, _)| name.clone())
                .collect(),
            before: group.catalog.before(at).then(&group.chain),
        };
        let members = one.members.iter().map(|&at| of(one, at)).chain(two.members.iter().map(|&at| of(two, at)));
        let mut by_name: BTreeMap<Arc<str>, Joined> = BTreeMap::new();
        for member in members {
            let name = member.process.name.clone();
            let member = match by_name.remove(&name) {
                Some(first) => first.and(member)?,
                None => member,
            };
            by_name.insert(name, member);
        }
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, member) in by_name.values().enumerate() {
            member.groups.iter().for_each(|name| groups.entry(name.clone()).or_default().push(at));
        }
        let path = match one.catalog.path == two.catalog.path {
            true => one.catalog.path.clone(),
            false => format!("{} and {}", one.catalog.path, two.catalog.path).into(),
        };
        let mut skipped = one.catalog.skipped.clone();
        skipped.extend(two.catalog.skipped.iter().filter(|file| !one.catalog.skipped.contains(file)).cloned());
        let (processes, before) = by_name.into_values().map(|member| (member.process, member.before)).unzip();
        Ok(Self { path, processes, groups, skipped, before })
    }

    /// Steps that the process at a position had before it came here.
    pub(crate) fn before(&self, at: usize) -> &Chain {
        self.before.get(at).unwrap_or(&NO_STEPS)
    }

    /// A process by its name, or the members of a group.
    pub(crate) fn find(&self, name: &str) -> Result<Vec<usize>> {
        let bare = crate::names::bare(name);
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
            [] => format!("; there are the groups {}", self.groups.keys().cloned().collect::<Vec<_>>().join(", ")),
            nearest => format!(
                "; did you mean {}?",
                nearest.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
            ),
        }
    }
}

/// A process on its way from one catalogue into another.
struct Joined {
    process: Arc<Process>,
    groups: BTreeSet<String>,
    before: Chain,
}

impl Joined {
    /// Its rows, and then those of the same process in another group.
    fn and(self, other: Self) -> Result<Self> {
        let (one, two) = (&self.process, &other.process);
        let name = &one.name;
        if let Some(file) = shared(one, two) {
            return Err(Error::request(format!("process `{name}` is in both with {file}; its rows would count twice")));
        }
        let steps = self.before.steps();
        let why = match steps.iter().find(|step| !step.is_row_by_row()) {
            _ if !self.before.is_same(&other.before) => Some("with other steps in each".to_owned()),
            Some(step) => Some(format!("and `{step}` looks at more than one row")),
            None => None,
        };
        if let Some(why) = why {
            let text = format!("process `{name}` is in both, {why}; put the data together first, then add steps");
            return Err(Error::request(text));
        }
        let source = sources::chain(vec![one.source.clone(), two.source.clone()]);
        let source = source.map_err(|error| Error::from(error).of(name))?;
        let files = one.files + two.files;
        let process = Process { name: name.clone(), parsed: one.parsed.clone(), source, files };
        let groups = self.groups.into_iter().chain(other.groups).collect();
        Ok(Self { process: Arc::new(process), groups, before: self.before })
    }
}

/// Rows that are in both processes: the name of their file, or of the frame.
fn shared(one: &Process, two: &Process) -> Option<String> {
    let known: HashSet<_> = one.source.segments().iter().map(|segment| segment.identity).collect();
    let shared = two.source.segments().iter().find(|segment| known.contains(&segment.identity));
    match shared {
        Some(segment) => Some(format!("{}", segment.place.file)),
        // A table without rows has no segments.
        None => Arc::ptr_eq(&one.source, &two.source).then(|| one.source.name().to_owned()),
    }
}

fn open_process(name: &str, files: &[PathBuf], tree: Option<&str>, grammar: &Grammar) -> Result<Process> {
    let parts = files
        .par_iter()
        .map(|file| {
            let path = match tree {
                Some(tree) => PathBuf::from(format!("{}:{tree}", file.display())),
                None => file.clone(),
            };
            sources::open(path)
        })
        .collect::<segment::Result<Vec<_>>>()?;
    let source = sources::chain(parts)?;
    Ok(Process { name: name.into(), parsed: grammar.parse(name).ok(), source, files: files.len() })
}
