//! Modules in files, and added crates that lie in folders: their types and traits can change from one cell to the next, without
//! a word in the notebook.

use crate::cell::source::definitions::Definitions;
use crate::cell::source::files::{Named, mark, texts};
use std::path::{Path, PathBuf};

/// An added crate in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathCrate {
    pub name: String,
    folder: PathBuf,
    /// The text of its files, when it was looked at last.
    text: String,
}

impl PathCrate {
    /// The crate that `:dep name = { path = ".." }` names; `folder` is that of the cells.
    pub fn of(name: &str, wish: &str, folder: &Path) -> Option<Self> {
        let (_, behind) = wish.split_once("path")?;
        let path = behind.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?.split('"').next()?;
        Some(Self { name: name.to_owned(), folder: folder.join(path), text: String::new() })
    }

    /// Reads its files; whether they are others than before.
    fn read(&mut self) -> bool {
        let text: String = texts(&self.folder.join("src")).into_iter().map(|(_, text)| text + "\n").collect();
        let changed = text != self.text;
        self.text = text;
        changed
    }
}

/// A file that an item of the notebook names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    named: Named,
    /// The hash of its contents now.
    hash: String,
}

impl File {
    pub fn new(named: &Named) -> Self {
        Self { named: named.clone(), hash: named.hash.clone() }
    }

    /// The hash that stands in the item, and the one that is to stand there, if they are not the same.
    pub fn change(&self) -> Option<(String, String)> {
        (self.named.hash != self.hash).then(|| (self.named.hash.clone(), self.hash.clone()))
    }
}

/// Takes in what a file defines.
pub(super) fn define(named: &Named, definitions: &mut Definitions) {
    let text = named.text().unwrap_or_default();
    match &named.module {
        Some(module) => definitions.add_module(module, &text),
        None => definitions.add_file(&text),
    }
}

/// What the files of modules, and crates in folders, define now.
pub(super) fn read(files: &mut [File], crates: &mut [PathCrate], definitions: &mut Definitions) {
    for file in files {
        // One that is not there any more stays what it was.
        let Some(text) = file.named.text() else { continue };
        let hash = mark(&text);
        if hash != file.hash {
            file.hash = hash;
            define(&file.named, definitions);
        }
    }
    for one in crates {
        if one.read() {
            definitions.add_module(&one.name, &one.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_crate_is_found_and_its_changes_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("x/src/inner");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("a.rs"), "pub struct A;").unwrap();
        let mut one = PathCrate::of("x", "{ path = \"x\", features = [] }", folder.path()).unwrap();
        assert!(one.read() && !one.read());
        assert_eq!(one.text, "pub struct A;\n");
        std::fs::write(source.join("a.rs"), "pub struct A(u8);").unwrap();
        assert!(one.read());
        assert_eq!(PathCrate::of("x", "\"1\"", folder.path()), None);
    }
}
