//! Which files of a path belong to which process; looks at names and sizes only.
//!
//! A directory holds processes: its subdirectories (`<NAME>/**`, `sample_name=<NAME>/**`) and the single files in it.
//! A directory that is itself named like a process is one. With a glob, the component at the first wildcard names
//! the process. Temporary, hidden and empty files are left out, and said.

use belle2::names;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Endings of files that can be read, as they are looked for.
const ENDINGS: [&str; 8] = ["parquet", "pq", "arrow", "ipc", "feather", "csv", "tsv", "root"];

/// The files of each process, and what was left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// Files by process, both sorted by name.
    pub processes: BTreeMap<String, Vec<PathBuf>>,
    /// The tree to read in ROOT files, if the path said so (`f.root:tree`).
    pub tree: Option<String>,
    /// What was left out, and why.
    pub skipped: Vec<(PathBuf, &'static str)>,
}

/// Why nothing can be opened.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
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
}

fn hint(nearest: &[String]) -> String {
    nearest.first().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Finds the files behind a file name, a directory, or a glob.
pub(crate) fn discover(path: &str) -> Result<Found, DiscoverError> {
    let (path, tree) = split_tree(path);
    let mut found = Found { tree, ..Found::default() };
    if path.contains(['*', '?', '[']) && !Path::new(path).exists() {
        globbed(path, &mut found)?;
    } else {
        named(path, &mut found)?;
    }
    for files in found.processes.values_mut() {
        files.sort();
    }
    if found.processes.is_empty() {
        return Err(DiscoverError::Nothing { path: path.to_owned(), why: why_nothing(&found.skipped) });
    }
    Ok(found)
}

/// `dir/f.root:tree` is a file and a tree in it.
fn split_tree(path: &str) -> (&str, Option<String>) {
    match path.split_once(".root:") {
        Some((stem, tree)) if !tree.is_empty() => (&path[..stem.len() + ".root".len()], Some(tree.to_owned())),
        _ => (path, None),
    }
}

fn named(path: &str, found: &mut Found) -> Result<(), DiscoverError> {
    let place = Path::new(path);
    let metadata = std::fs::metadata(place).map_err(|error| missing(path, &error))?;
    if metadata.is_file() {
        let name = process_of_file(place);
        return take(place, name, found, true);
    }
    let own =
        place.canonicalize().ok().and_then(|full| full.file_name().map(|name| name.to_string_lossy().into_owned()));
    if let Some(own) = own.filter(|own| own.contains("sample_name=") || names::Grammar::default().parse(own).is_ok()) {
        return walk(place, names::bare(&own), found);
    }
    for entry in entries(place)? {
        let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(why) = temporary(&name) {
            found.skipped.push((entry, why));
        } else if entry.is_dir() {
            walk(&entry, names::bare(&name), found)?;
        } else {
            let name = process_of_file(&entry);
            take(&entry, name, found, false)?;
        }
    }
    Ok(())
}

fn globbed(pattern: &str, found: &mut Found) -> Result<(), DiscoverError> {
    let wrong = |why: String| DiscoverError::Unreadable { path: pattern.to_owned(), why };
    let level = Path::new(pattern)
        .components()
        .position(|part| part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .unwrap_or_default();
    for entry in glob::glob(pattern).map_err(|error| wrong(format!("not a glob: {error}")))? {
        let entry = entry.map_err(|error| wrong(error.to_string()))?;
        let part = entry
            .components()
            .nth(level)
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .unwrap_or_default();
        if let Some(why) = temporary(&entry.file_name().unwrap_or_default().to_string_lossy()) {
            found.skipped.push((entry, why));
            continue;
        }
        let is_last = entry.components().count() == level + 1;
        if entry.is_dir() {
            walk(&entry, names::bare(&part), found)?;
        } else {
            let name = if is_last { process_of_file(&entry) } else { names::bare(&part).to_owned() };
            take(&entry, name, found, false)?;
        }
    }
    if found.processes.is_empty() && found.skipped.is_empty() {
        return Err(DiscoverError::Nothing { path: pattern.to_owned(), why: "the glob matches nothing".to_owned() });
    }
    Ok(())
}

/// All files below a directory belong to one process.
fn walk(directory: &Path, process: &str, found: &mut Found) -> Result<(), DiscoverError> {
    for entry in entries(directory)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(why) = temporary(&name) {
            found.skipped.push((entry, why));
        } else if entry.is_dir() {
            walk(&entry, process, found)?;
        } else {
            take(&entry, process.to_owned(), found, false)?;
        }
    }
    Ok(())
}

fn take(file: &Path, process: String, found: &mut Found, asked_for: bool) -> Result<(), DiscoverError> {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let unreadable = |why: String| DiscoverError::Unreadable { path: file.display().to_string(), why };
    if !ENDINGS.contains(&ending.as_str()) {
        if asked_for {
            return Err(DiscoverError::Nothing { path: file.display().to_string(), why: other_kind(&ending) });
        }
        found.skipped.push((file.to_owned(), "not a table"));
        return Ok(());
    }
    let size = std::fs::metadata(file).map_err(|error| unreadable(error.to_string()))?.len();
    if size == 0 {
        if asked_for {
            return Err(DiscoverError::Nothing {
                path: file.display().to_string(),
                why: "the file is empty (0 bytes)".to_owned(),
            });
        }
        found.skipped.push((file.to_owned(), "empty"));
        return Ok(());
    }
    found.processes.entry(process).or_default().push(file.to_owned());
    Ok(())
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, DiscoverError> {
    let wrong = |error: std::io::Error| DiscoverError::Unreadable {
        path: directory.display().to_string(),
        why: error.to_string(),
    };
    let mut entries: Vec<_> = std::fs::read_dir(directory)
        .map_err(wrong)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    entries.sort();
    Ok(entries)
}

fn process_of_file(file: &Path) -> String {
    names::bare(&file.file_stem().unwrap_or_default().to_string_lossy()).to_owned()
}

fn temporary(name: &str) -> Option<&'static str> {
    if name.contains("-luigi-tmp-") || name.ends_with(".tmp") || name.ends_with(".part") {
        Some("temporary")
    } else if name.starts_with('.') || name.starts_with('_') {
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
        _ => format!("files that end in `.{ending}` are not tables; known are {}", ENDINGS.join(", ")),
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
    let beside: Vec<String> = entries(parent)
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| entry.file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    let nearest = segment::nearest(&name, beside.iter().map(String::as_str));
    let nearest = nearest.into_iter().map(|name| place.with_file_name(name).display().to_string()).collect();
    DiscoverError::Missing { path: path.to_owned(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, usize)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (file, size) in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![b'x'; *size]).unwrap();
        }
        root
    }

    fn processes(found: &Found) -> Vec<(&str, usize)> {
        found.processes.iter().map(|(name, files)| (name.as_str(), files.len())).collect()
    }

    #[test]
    fn directories_and_files_are_processes() {
        let root = tree(&[
            ("P16M16rd_mc_mumu_p16_v1/subtasks/a.parquet", 4),
            ("P16M16rd_mc_mumu_p16_v1/subtasks/b.parquet", 4),
            ("sample_name='P16M16rd_data_p16_v2'/x.parquet", 4),
            ("mc16-mumu-prompt.parquet", 4),
            ("x-luigi-tmp-123.parquet", 4),
            ("P16M16rd_mc_mumu_p16_v1/empty.parquet", 0),
            ("README.md", 3),
        ]);
        let found = discover(root.path().to_str().unwrap()).unwrap();
        assert_eq!(
            processes(&found),
            [("P16M16rd_data_p16_v2", 1), ("P16M16rd_mc_mumu_p16_v1", 2), ("mc16-mumu-prompt", 1)]
        );
        let mut why: Vec<_> = found.skipped.iter().map(|(_, why)| *why).collect();
        why.sort_unstable();
        assert_eq!(why, ["empty", "not a table", "temporary"]);
    }

    #[test]
    fn a_glob_names_processes_by_its_first_wildcard() {
        let root = tree(&[("a/x.parquet", 1), ("b/x.parquet", 1), ("b/y.parquet", 1)]);
        let at = |pattern: &str| discover(&format!("{}/{pattern}", root.path().display())).unwrap();
        assert_eq!(processes(&at("*/*.parquet")), [("a", 1), ("b", 2)]);
        assert_eq!(processes(&at("b/*.parquet")), [("x", 1), ("y", 1)]);
        assert_eq!(processes(&at("[ab]")), [("a", 1), ("b", 2)]);
    }

    #[test]
    fn a_tree_is_chosen_behind_a_colon() {
        let root = tree(&[("f.root", 1)]);
        let found = discover(&format!("{}/f.root:ntuple", root.path().display())).unwrap();
        assert_eq!((found.tree.as_deref(), found.processes.len()), (Some("ntuple"), 1));
    }

    #[test]
    fn a_miss_says_what_is_there() {
        let root = tree(&[("ntuples/a.parquet", 1), ("e.parquet", 0)]);
        let path = |name: &str| root.path().join(name).display().to_string();
        assert!(discover(&path("ntuple")).unwrap_err().to_string().contains("did you mean `"));
        assert!(discover(&path("e.parquet")).unwrap_err().to_string().contains("empty"));
        let empty = tree(&[]);
        assert!(discover(empty.path().to_str().unwrap()).unwrap_err().to_string().contains("it is empty"));
    }
}
