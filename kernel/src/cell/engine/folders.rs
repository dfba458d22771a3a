//! Modules in files, and added crates that lie in folders: their types and traits can change from one cell to the next, without
//! a word in the notebook.

use super::cells::Engine;
use super::superseded::Live;
use crate::cell::source::definitions::Definitions;
use crate::cell::source::files::{Broken, Inside, Named, texts};
use crate::cell::source::rewrite::modules;
use crate::lock::lock;
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

/// A file that an item of the notebook includes.
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
}

/// A file of Rust that stands in an item of the notebook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Module {
    /// What evcxr has kept.
    first: String,
    pub inside: Inside,
}

impl Module {
    pub fn new(inside: &Inside) -> Self {
        Self { first: inside.text(), inside: inside.clone() }
    }
}

/// What to write in place of what evcxr has kept.
pub(super) fn changes(modules: &[Module], files: &[File]) -> Vec<(String, String)> {
    let modules = modules.iter().map(|module| (module.first.clone(), module.inside.text()));
    let files = files.iter().map(|file| (file.named.hash.clone(), file.hash.clone()));
    modules.chain(files).filter(|(first, now)| first != now).collect()
}

/// Takes in what a file defines.
pub(super) fn define(inside: &Inside, definitions: &mut Definitions) {
    match &inside.origin.module {
        Some(module) => definitions.add_module(module, &inside.original()),
        None => definitions.add_file(&inside.original()),
    }
}

impl Engine {
    /// Reads the files of modules, and crates in folders, which may define other things now.
    ///
    /// # Errors
    /// A file that is not Rust.
    pub(super) fn read_files(&mut self) -> Result<(), Broken> {
        for file in &mut self.files {
            // One that is not there any more stays what it was.
            let now = file.named.hash_now().unwrap_or_else(|| file.hash.clone());
            if now != file.hash {
                lock(&self.shared.ledger).reads(&file.named.path);
                self.origins.iter_mut().for_each(|origin| origin.replace(&file.hash, &now));
                file.hash = now;
            }
        }
        for index in 0..self.modules.len() {
            let inside = &self.modules[index].inside;
            if !inside.is_changed() {
                continue;
            }
            if let Some(now) = modules::inside(inside.origin.clone()) {
                self.change_module(index, now?);
            }
        }
        for one in &mut self.path_crates {
            if one.read() {
                self.definitions.add_module(&one.name, &one.text);
            }
        }
        Ok(())
    }

    /// Puts another text in place of a module's. Its statics begin anew.
    fn change_module(&mut self, index: usize, now: Inside) {
        let before = std::mem::replace(&mut self.modules[index].inside, now);
        let now = &self.modules[index].inside;
        now.files.iter().for_each(|file| lock(&self.shared.ledger).reads(&file.path));
        let old = self.statics.iter().fold(before.text(), |text, live| live.written(&text));
        let new = now.text();
        for origin in &mut self.origins {
            origin.replace(&old, &new);
        }
        define(now, &mut self.definitions);
        self.statics.retain(|live| !before.statics.iter().any(|gone| live.is(gone)));
        let (definitions, crates) = (&self.definitions, &self.crates);
        self.statics.extend(now.statics.iter().map(|one| Live::new(one, definitions, crates)));
        self.files.extend(now.named.iter().map(File::new));
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
