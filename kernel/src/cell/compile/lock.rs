//! `recoil.lock`, beside the notebooks of a folder: which versions of crates `:dep` has meant there, so that it means the
//! same next year. For each set of wishes it has the lock that cargo made of it, and for crates in folders the hashes of
//! their files.

use super::cache::place;
use super::crate_sources::CrateSources;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The versions that the notebooks of a folder were run with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// The prelude of a packed notebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prelude: Option<String>,
    /// The compiler of a packed notebook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rustc: Option<String>,
    /// The lines of cargo's lock, by the lines of its manifest.
    #[serde(default)]
    pub dependencies: BTreeMap<String, Vec<String>>,
    /// SHA-256 of the files of crates in folders, by their paths from the lock.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, String>,
}

impl Lock {
    /// The name of the file.
    pub const NAME: &str = "recoil.lock";

    /// Reads a lock; one that is not there is empty.
    ///
    /// # Errors
    /// A file that is no lock.
    pub fn read(path: &Path) -> Result<Self, String> {
        match std::fs::read(path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                format!("this is not a lock ({error}): bring it back, or remove it to resolve versions anew")
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        format!("{:#}\n", serde_json::to_value(self).unwrap_or_default())
    }

    /// Cargo's lock for these wishes.
    pub(super) fn of(&self, wanted: &str) -> Option<String> {
        self.dependencies.get(wanted).map(|lines| lines.join("\n") + "\n")
    }

    /// Cargo's lock for as many of these wishes as there is one for: adding a crate keeps the versions of the others.
    pub(super) fn nearest(&self, wanted: &str) -> Option<String> {
        let lines: BTreeSet<&str> = wanted.lines().collect();
        let part_of = |other: &&String| other.lines().all(|line| lines.contains(line));
        let nearest = self.dependencies.keys().filter(part_of).max_by_key(|other| other.lines().count())?;
        self.of(nearest)
    }

    /// Writes down what cargo has resolved and compiled; says what was not there already, and what has changed.
    pub(super) fn keep(mut self, path: &Path, wanted: &str, resolved: &str, sources: CrateSources) -> Option<String> {
        let lines: Vec<String> = resolved.lines().map(str::to_owned).collect();
        let mut said = Vec::new();
        if self.dependencies.get(wanted) != Some(&lines) {
            self.dependencies.insert(wanted.to_owned(), lines);
            said.push(format!(
                "{} now has {}: keep it with the notebook",
                Self::NAME,
                versions(wanted, resolved).join(", ")
            ));
        }
        said.extend(self.take(sources));
        if said.is_empty() {
            return None;
        }
        let text = self.to_text();
        if let Err(error) = place(path, |file| std::fs::write(file, &text)) {
            said.push(format!("it cannot be written ({error}), so the next run may have others"));
        }
        Some(said.join("; "))
    }

    /// Takes in the files of crates in folders; says which of them have changed.
    fn take(&mut self, sources: CrateSources) -> Option<String> {
        let CrateSources { folders, files } = sources;
        let inside = |path: &str| folders.iter().any(|folder| Path::new(path).starts_with(folder));
        let (before, mut all): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.sources)
            .into_iter()
            .partition(|(path, _)| inside(path) || files.contains_key(path));
        let paths: BTreeSet<&String> = before.keys().chain(files.keys()).collect();
        let changed: Vec<&String> = paths.into_iter().filter(|path| before.get(*path) != files.get(*path)).collect();
        let name = Self::NAME;
        let said = match changed.as_slice() {
            [] => None,
            _ if before.is_empty() => {
                Some(format!("{name} has the hashes of {} files of crates in folders", files.len()))
            }
            [first, others @ ..] => {
                let others = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
                Some(format!("`{first}`{others} changed since {name} was written, which has the new files from now on"))
            }
        };
        all.extend(files);
        self.sources = all;
        said
    }
}

/// Names and versions of the crates that the wishes name, as cargo's lock has them.
fn versions(wanted: &str, resolved: &str) -> Vec<String> {
    let names: BTreeSet<&str> = wanted.lines().filter_map(|line| Some(line.split_once('=')?.0.trim())).collect();
    let mut found = Vec::new();
    let mut name = "";
    for line in resolved.lines() {
        let value = |key: &str| line.strip_prefix(key)?.trim().strip_prefix('"')?.strip_suffix('"');
        if let Some(value) = value("name =") {
            name = value;
        } else if let Some(version) = value("version =").filter(|_| names.contains(name)) {
            found.push(format!("{name} {version}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOLVED: &str = "version = 4\n\n[[package]]\nname = \"rand\"\nversion = \"0.9.1\"\n\n[[package]]\nname = \"libc\"\nversion = \"0.2.1\"\n";

    #[test]
    fn what_was_resolved_is_kept_and_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Lock::NAME);
        let empty = Lock::read(&path).unwrap();
        let said = empty.keep(&path, "rand = \"0.9\"", RESOLVED, CrateSources::default()).unwrap();
        assert!(said.contains("rand 0.9.1") && !said.contains("libc"), "{said}");
        let lock = Lock::read(&path).unwrap();
        assert_eq!(lock.of("rand = \"0.9\"").unwrap(), RESOLVED);
        assert_eq!(lock.nearest("rand = \"0.9\"\nhex = \"1\"").unwrap(), RESOLVED);
        assert_eq!(lock.nearest("hex = \"1\""), None);
        assert_eq!(lock.clone().keep(&path, "rand = \"0.9\"", RESOLVED, CrateSources::default()), None);
        let sources = |hash: &str| CrateSources {
            folders: ["../x".to_owned()].into(),
            files: [("../x/src/lib.rs".to_owned(), hash.to_owned())].into(),
        };
        let keep = |hash: &str| Lock::read(&path).unwrap().keep(&path, "rand = \"0.9\"", RESOLVED, sources(hash));
        assert!(keep("aa").is_some_and(|said| said.contains("hashes of 1 files")));
        assert_eq!(keep("aa"), None);
        let said = keep("bb").unwrap();
        assert!(said.contains("`../x/src/lib.rs` changed since recoil.lock was written"), "{said}");
        assert_eq!(keep("bb"), None);
        std::fs::write(&path, "{").unwrap();
        assert!(Lock::read(&path).unwrap_err().contains("not a lock"));
    }
}
