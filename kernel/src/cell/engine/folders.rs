//! Modules in files, and added crates that lie in folders: their types and traits can change from one cell to the next, without
//! a word in the notebook.

use crate::cell::source::definitions::Definitions;
use crate::cell::source::files::{Inside, Named, texts};
use std::path::{Path, PathBuf};

/// An added crate in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathCrate {
    pub name: String,
    folder: PathBuf,
    /// The text of its files, when it was looked at last.
    pub text: String,
}

impl PathCrate {
    /// The crate that `:dep name = { path = ".." }` names; `folder` is that of the cells.
    pub fn of(name: &str, wish: &str, folder: &Path) -> Option<Self> {
        Some(Self { name: name.to_owned(), folder: folder.join(written(wish)?), text: String::new() })
    }

    /// Reads its files; whether they are others than before.
    pub fn read(&mut self) -> bool {
        let text: String = texts(&self.folder.join("src")).into_iter().map(|(_, text)| text + "\n").collect();
        let changed = text != self.text;
        self.text = text;
        changed
    }
}

/// The path in `{ path = ".." }`.
fn written(wish: &str) -> Option<&str> {
    let (_, behind) = wish.split_once("path")?;
    behind.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?.split('"').next()
}

/// The same wish with the path from the root: evcxr means it from the folder in which the kernel was started.
pub(super) fn from_root(wish: &str, folder: &Path) -> String {
    // The name in front may have such a word in it.
    match wish.split_once('=').and_then(|(_, behind)| written(behind)) {
        Some(path) => {
            wish.replacen(&format!("\"{path}\""), &format!("{:?}", folder.join(path).display().to_string()), 1)
        }
        None => wish.to_owned(),
    }
}

/// A file that an item of the notebook includes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub named: Named,
    /// The hash of its contents now.
    pub hash: String,
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
    match inside.origin.around.modules.last() {
        Some(module) if inside.origin.is_module => definitions.add_module(module, &inside.original()),
        _ => definitions.add_file(&inside.original()),
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
        assert_eq!(from_root(":dep x = { path = \"a\" }", Path::new("/b")), ":dep x = { path = \"/b/a\" }");
        assert_eq!(from_root(":dep mypath = {path=\"a\"}", Path::new("/b")), ":dep mypath = {path=\"/b/a\"}");
        assert_eq!(from_root(":dep x = \"1\"", Path::new("/b")), ":dep x = \"1\"");
    }
}
