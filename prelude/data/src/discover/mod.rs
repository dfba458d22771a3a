//! Which files of a path belong to which process; looks at names and sizes only.
//!
//! A directory holds processes: its subdirectories (`<NAME>/**`, `sample_name=<NAME>/**`) and the single files in it.
//! A directory that is itself named like a process is one. With a glob, the component at the first wildcard names
//! the process. Folders `column=value` name no process: they are columns of the files below, and with `sub00/`, `sub01/`,
//! the parts that grid jobs write, they belong to the process that the folder above them names. Temporary, hidden and empty
//! files are left out, and said. Two copies of one table in a process are refused.

mod entries;
mod folders;
#[cfg(test)]
mod tests;
mod twice;

pub(crate) use folders::{Key, columns, constants};

use belle2::names;
use entries::{Entry, bare, entries, is_glob, matching};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file, and what the folders above it say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Columns of folders, outermost first.
    pub keys: Vec<Key>,
}

/// The files of each process, and what was left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// Files by process, both sorted by name.
    pub processes: BTreeMap<String, Vec<File>>,
    /// The tree to read in ROOT files, if the path said so (`f.root:tree`).
    pub tree: Option<String>,
    /// What was left out, and why.
    pub skipped: Vec<(PathBuf, &'static str)>,
    /// Folders that are taken together as one process, by process.
    pub parts: BTreeMap<String, BTreeSet<PathBuf>>,
}

/// What the user says about which files are taken, and of which process they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// Only files with this ending.
    pub ending: Option<String>,
    /// All files are of this process.
    pub one_process: Option<String>,
}

/// Why nothing can be opened.
///
/// ```
/// use data::{DiscoverError, Error};
/// let error = data::load("no such folder").err().unwrap();
/// assert!(matches!(error, Error::Discover(DiscoverError::Missing { .. })));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// The path does not exist.
    #[error("no file or directory `{path}`{}", hint(.nearest))]
    Missing {
        /// The path.
        path: String,
        /// Names beside it that look alike.
        nearest: Vec<String>,
    },
    /// The path exists but there is nothing to read.
    #[error("nothing to read in `{path}`: {why}")]
    Nothing {
        /// The path.
        path: String,
        /// What is there instead.
        why: String,
    },
    /// The system does not let us look.
    #[error("cannot look into `{path}`: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// What the system says.
        why: String,
    },
    /// One table as two files.
    #[error("process {process} is found twice, as {one} and as {two}: its rows would count twice; {}", way_out(.root, .ending))]
    Twice {
        /// The process.
        process: String,
        /// A file.
        one: String,
        /// What seems to be its copy.
        two: String,
        /// What was opened.
        root: String,
        /// An ending that only one of them has.
        ending: Option<&'static str>,
    },
}

fn way_out(root: &str, ending: &Option<&'static str>) -> String {
    match ending {
        Some(ending) => {
            format!("take one, with `Loader::new(\"{root}\").ending(\"{ending}\").load()` or a glob, or move one away")
        }
        None => "take one with a glob, or move one away".to_owned(),
    }
}

fn hint(nearest: &[String]) -> String {
    nearest.first().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Finds the files behind a file name, a directory, or a glob.
///
/// # Errors
/// A path that is not there, or has nothing to read.
pub(crate) fn discover(path: &str, choice: &Choice) -> Result<Found, DiscoverError> {
    let (file, tree) = sources::root::split(Path::new(path));
    let path = &*file.to_string_lossy();
    let mut found = Found { tree, ..Found::default() };
    if is_glob(path) && !Path::new(path).exists() {
        globbed(path, &mut found)?;
    } else {
        named(path, &mut found)?;
    }
    choose(&mut found, choice);
    for files in found.processes.values_mut() {
        files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    if found.processes.is_empty() {
        return Err(DiscoverError::Nothing { path: sources::shown(&file), why: why_nothing(&found.skipped) });
    }
    Ok(found)
}

/// Leaves only what the user wants.
fn choose(found: &mut Found, choice: &Choice) {
    if let Some(wanted) = choice.ending.as_deref().map(|ending| ending.trim_start_matches('.').to_lowercase()) {
        for files in found.processes.values_mut() {
            let (kept, other) = std::mem::take(files)
                .into_iter()
                .partition::<Vec<_>, _>(|file| sources::ending(&file.path).is_some_and(|ending| ending == wanted));
            *files = kept;
            found.skipped.extend(other.into_iter().map(|file| (file.path, "of another ending")));
        }
        found.processes.retain(|_, files| !files.is_empty());
    }
    if let Some(name) = &choice.one_process
        && !found.processes.is_empty()
    {
        let all: Vec<File> = std::mem::take(&mut found.processes).into_values().flatten().collect();
        let folders = all.iter().filter_map(|file| file.path.parent()).map(Path::to_owned).collect();
        found.processes.insert(name.clone(), all);
        found.parts = BTreeMap::from([(name.clone(), folders)]);
    }
}

/// Refuses processes whose rows would count twice.
///
/// # Errors
/// Two files that seem to be copies of one table.
pub(crate) fn refuse_copies(path: &str, processes: &BTreeMap<String, Vec<File>>) -> Result<(), DiscoverError> {
    processes.iter().try_for_each(|(process, files)| twice::refuse(path, process, files))
}

fn named(path: &str, found: &mut Found) -> Result<(), DiscoverError> {
    let place = Path::new(path);
    // Whether a file that is elsewhere is there is seen when it is opened: what is not called as a table is a folder.
    let entry = match sources::is_elsewhere(place) {
        true => {
            let is_folder = sources::ending(place).is_none() && sources::has_folders(place);
            Entry { path: place.to_owned(), is_folder, size: Some(1) }
        }
        false => Entry::of(place).map_err(|error| missing(path, &error))?,
    };
    if !entry.is_folder {
        let name = bare(place);
        let below = Below { process: process_of_file(&name), keys: folders::above(&name).0 };
        return take(&entry, &below, found, Asked::Name);
    }
    let full = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    if sources::delta::is_table(place) {
        let process = names::bare(&file_name(&full)).to_owned();
        delta(place, &Below { process, keys: Vec::new() }, found);
        return Ok(());
    }
    let (keys, holder) = folders::above(&full.join("file"));
    // The folder that is opened, or the one that holds it if it is a column.
    let own = holder.unwrap_or_else(|| "table".to_owned());
    let process = names::bare(&own).to_owned();
    let whole = !keys.is_empty() || folders::names_a_process(&own) || names::Grammar::default().parse(&own).is_ok();
    let below = Below { process, keys };
    if whole {
        return walk(place, &below, found);
    }
    for entry in entries(place)? {
        let name = entry.name();
        if let Some(why) = temporary(&name) {
            found.skipped.push((entry.path, why));
        } else if sources::delta::is_table(&entry.path) {
            delta(&entry.path, &below.as_process(&name), found);
        } else if entry.is_folder {
            let inside = below.entering(&entry.path, found).unwrap_or_else(|| below.as_process(&name));
            walk(&entry.path, &inside, found)?;
        } else {
            take(&entry, &below.as_process(&process_of_file(&bare(&entry.path))), found, Asked::Directory)?;
        }
    }
    Ok(())
}

fn globbed(pattern: &str, found: &mut Found) -> Result<(), DiscoverError> {
    let level = Path::new(pattern)
        .components()
        .position(|part| part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .unwrap_or_default();
    for entry in matching(pattern)? {
        if let Some(why) = temporary(&entry.name()) {
            found.skipped.push((entry.path, why));
            continue;
        }
        let name = bare(&entry.path);
        let is_last = name.components().count() == level + 1;
        let process = match is_last && !entry.is_folder {
            true => process_of_file(&name),
            false => process_at(&name, level, found),
        };
        let file = if entry.is_folder { name.join("file") } else { name };
        let below = Below { process, keys: folders::above(&file).0 };
        if entry.is_folder {
            walk(&entry.path, &below, found)?;
        } else {
            take(&entry, &below, found, Asked::Glob)?;
        }
    }
    if found.processes.is_empty() && found.skipped.is_empty() {
        return Err(DiscoverError::Nothing { path: pattern.to_owned(), why: "the glob matches nothing".to_owned() });
    }
    Ok(())
}

/// The process that the component of a path at a level names; columns and parts leave it to the folder above them.
fn process_at(entry: &Path, level: usize, found: &mut Found) -> String {
    let mut parts = Vec::new();
    let process = holder(entry, level, &mut parts);
    if !parts.is_empty() {
        found.parts.entry(process.clone()).or_default().extend(parts);
    }
    process
}

fn holder(entry: &Path, level: usize, parts: &mut Vec<PathBuf>) -> String {
    let full = folders::full(entry);
    let below = entry.components().count() - level - 1;
    for folder in full.ancestors().skip(below) {
        let name = file_name(folder);
        if folders::key(&name).is_none() && !folders::is_part(&name) {
            return names::bare(&name).to_owned();
        }
        if folders::is_part(&name) {
            parts.push(folder.to_owned());
        }
    }
    "table".to_owned()
}

/// What the folders above a place say of the files below it.
#[derive(Debug, Clone)]
struct Below {
    process: String,
    keys: Vec<Key>,
}

impl Below {
    /// What is said inside a folder, if its name says a column, a part or a process.
    fn entering(&self, folder: &Path, found: &mut Found) -> Option<Self> {
        let name = file_name(folder);
        if folders::names_a_process(&name) {
            return Some(self.as_process(&name));
        }
        if folders::is_part(&name) {
            found.parts.entry(self.process.clone()).or_default().insert(folder.to_owned());
            return Some(self.clone());
        }
        let key = folders::key(&name)?;
        Some(Self { keys: self.keys.iter().cloned().chain([key]).collect(), process: self.process.clone() })
    }

    fn as_process(&self, name: &str) -> Self {
        Self { process: names::bare(name).to_owned(), keys: self.keys.clone() }
    }
}

/// All files below a directory belong to one process, unless a folder names another.
fn walk(directory: &Path, below: &Below, found: &mut Found) -> Result<(), DiscoverError> {
    for entry in entries(directory)? {
        let name = entry.name();
        if let Some(why) = temporary(&name) {
            found.skipped.push((entry.path, why));
        } else if sources::delta::is_table(&entry.path) {
            delta(&entry.path, &below.as_process(&name), found);
        } else if entry.is_folder {
            let inside = below.entering(&entry.path, found).unwrap_or_else(|| below.clone());
            walk(&entry.path, &inside, found)?;
        } else {
            take(&entry, below, found, Asked::Directory)?;
        }
    }
    Ok(())
}

/// A Delta table is one file of its process: its log says which files are in it.
fn delta(folder: &Path, below: &Below, found: &mut Found) {
    let file = File { path: folder.to_owned(), keys: below.keys.clone() };
    found.processes.entry(below.process.clone()).or_default().push(file);
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// How a file came to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// By its name: if it cannot be read, that is an error.
    Name,
    Glob,
    /// It lies in a directory.
    Directory,
}

fn take(entry: &Entry, below: &Below, found: &mut Found, asked: Asked) -> Result<(), DiscoverError> {
    let file = &*entry.path;
    let nothing = |why: String| Err(DiscoverError::Nothing { path: sources::shown(file), why });
    match sources::ending(file) {
        Some(ending) if asked != Asked::Directory || sources::is_surely_a_table(ending) => {}
        Some(_) => {
            found.skipped.push((file.to_owned(), "text (a table of text must be named)"));
            return Ok(());
        }
        None if asked == Asked::Name => {
            let ending =
                bare(file).extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
            return nothing(other_kind(&ending));
        }
        None => {
            found.skipped.push((file.to_owned(), "not a table"));
            return Ok(());
        }
    }
    let unreadable =
        |error: std::io::Error| DiscoverError::Unreadable { path: sources::shown(file), why: error.to_string() };
    let size = entry
        .size
        .map_or_else(|| Entry::of(file).map(|entry| entry.size), |size| Ok(Some(size)))
        .map_err(unreadable)?;
    if size == Some(0) {
        if asked == Asked::Name {
            return nothing("the file is empty (0 bytes)".to_owned());
        }
        found.skipped.push((file.to_owned(), "empty"));
        return Ok(());
    }
    let taken = File { path: file.to_owned(), keys: below.keys.clone() };
    found.processes.entry(below.process.clone()).or_default().push(taken);
    Ok(())
}

fn process_of_file(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = match sources::ending(file) {
        Some(ending) => &name[..name.len() - ending.len() - 1],
        None => &name,
    };
    names::bare(stem).to_owned()
}

fn temporary(name: &str) -> Option<&'static str> {
    if name.contains("-luigi-tmp-") || name.ends_with(".tmp") || name.ends_with(".part") {
        Some("temporary")
    } else if name.starts_with('.') || (name.starts_with('_') && !name.contains('=')) {
        // `__experiment__=26` is the folder of a key, which partitioned writers name so.
        Some("hidden")
    } else {
        None
    }
}

fn other_kind(ending: &str) -> String {
    match ending {
        "hipo" => "a HIPO file; open it with hipo(..)".to_owned(),
        "raw" | "dat" | "aedat" | "aedat4" | "h5" | "hdf5" | "bin" => {
            "perhaps a recording of an event camera; open it with events(..)".to_owned()
        }
        _ => format!("files that end in `.{ending}` are not tables; known are {}", sources::EXTENSIONS.join(", ")),
    }
}

fn why_nothing(skipped: &[(PathBuf, &'static str)]) -> String {
    if skipped.is_empty() {
        return "it is empty".to_owned();
    }
    let mut counts = BTreeMap::new();
    for (_, why) in skipped {
        *counts.entry(*why).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts.into_iter().map(|(why, count)| format!("{count} {why}")).collect();
    format!("only files that were left out ({})", counts.join(", "))
}

fn missing(path: &str, error: &std::io::Error) -> DiscoverError {
    if error.kind() != std::io::ErrorKind::NotFound {
        return DiscoverError::Unreadable { path: path.to_owned(), why: error.to_string() };
    }
    let place = Path::new(path);
    let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside: Vec<String> = entries(parent).unwrap_or_default().iter().map(Entry::name).collect();
    let nearest = segment::nearest(&name, beside.iter().map(String::as_str));
    let nearest = nearest.into_iter().map(|name| place.with_file_name(name).display().to_string()).collect();
    DiscoverError::Missing { path: path.to_owned(), nearest }
}
