//! What is in folders and behind globs, here and elsewhere.

use super::DiscoverError;
use sources::Listed;
use std::path::{Path, PathBuf};

/// A file or folder that was found.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
    /// Bytes of a file; `None` where the system does not say them.
    pub(super) size: Option<u64>,
}

impl Entry {
    /// What is at a path on this machine.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), is_folder: metadata.is_dir(), size: Some(metadata.len()) })
    }

    /// Its name, without what an address asks of its server.
    pub(super) fn name(&self) -> String {
        bare(&self.path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl From<Listed> for Entry {
    fn from(listed: Listed) -> Self {
        Self { path: listed.path, is_folder: listed.is_folder, size: Some(listed.size) }
    }
}

/// A path as names are taken of it: an address without its query (the part after `?`).
pub(super) fn bare(path: &Path) -> PathBuf {
    if !sources::is_elsewhere(path) {
        return path.to_owned();
    }
    let shown = sources::shown(path);
    PathBuf::from(shown.strip_suffix("?…").unwrap_or(&shown))
}

/// What a folder holds, in the order of the names.
pub(super) fn entries(folder: &Path) -> Result<Vec<Entry>, DiscoverError> {
    let wrong = |why: String| DiscoverError::Unreadable { path: sources::shown(folder), why };
    if sources::is_elsewhere(folder) {
        return Ok(sources::list(folder).map_err(wrong)?.into_iter().map(Entry::from).collect());
    }
    let told = |error: std::io::Error| wrong(error.to_string());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        // A link to nothing is told when it is taken for a table.
        entries.push(Entry::of(&path).unwrap_or(Entry { path, is_folder: false, size: None }));
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Whether a path has wildcards.
pub(super) fn is_glob(path: &str) -> bool {
    match sources::is_elsewhere(Path::new(path)) {
        // A question mark begins what an address asks of its server.
        true => path.contains(['*', '[']),
        false => path.contains(['*', '?', '[']),
    }
}

/// What a glob matches, in order.
pub(super) fn matching(pattern: &str) -> Result<Vec<Entry>, DiscoverError> {
    let wrong = |why: String| DiscoverError::Unreadable { path: pattern.to_owned(), why };
    if !sources::is_elsewhere(Path::new(pattern)) {
        let found = glob::glob(pattern).map_err(|error| wrong(format!("not a glob: {error}")))?;
        let entry = |path: PathBuf| Entry::of(&path).unwrap_or(Entry { path, is_folder: false, size: None });
        return found.map(|path| path.map(entry).map_err(|error| wrong(error.to_string()))).collect();
    }
    let found = sources::matching(Path::new(pattern)).map_err(wrong)?;
    Ok(found.into_iter().map(Entry::from).collect())
}
