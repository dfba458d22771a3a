//! Files that the Rust of a cell names: `mod x;`, `include_str!("x.txt")`.
//!
//! rustc would look for them beside the generated source. They are meant from the folder of the cells, and what is in
//! them must change the compiled cell, which is kept by its text: so the path becomes a whole one, with a hash behind it.

use super::edits::Edit;
use super::notebook::hash;
use std::ops::Range;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;

/// A file that an item names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// The module that it is; `None` for one that is included.
    pub module: Option<String>,
    pub path: PathBuf,
    /// What is written of its contents in the item, and stands for them.
    pub hash: String,
}

impl Named {
    /// Its text, with that of the files that belong to it.
    pub fn text(&self) -> Option<String> {
        let mut text = String::from_utf8_lossy(&std::fs::read(&self.path).ok()?).into_owned();
        if self.module.is_some() {
            let beside = match self.path.file_name() {
                Some(name) if name == "mod.rs" => self.path.parent().map(Path::to_path_buf),
                _ => Some(self.path.with_extension("")),
            };
            let inner = beside.into_iter().flat_map(|folder| texts(&folder)).filter(|(path, _)| *path != self.path);
            inner.for_each(|(_, more)| text += &more);
        }
        Some(text)
    }
}

/// More than this many files of a module or a crate are not read.
const MOST_FILES: usize = 1000;

/// The Rust in a folder and in those inside of it, in order.
pub(crate) fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            // Not through links, which may lead in a circle.
            if kind.is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && found.len() < MOST_FILES {
                found.extend(std::fs::read_to_string(&path).ok().map(|text| (path, text)));
            }
        }
    }
    found.sort();
    found
}

/// The text of a hash.
pub(crate) fn mark(text: &str) -> String {
    format!("{:016x}", hash(text))
}

/// The change for a module whose text is in a file, and the file.
pub(crate) fn module(item: &syn::ItemMod, folder: &Path) -> Option<(Edit, Named)> {
    let placed = item.attrs.iter().any(|attribute| attribute.path().is_ident("path"));
    if item.content.is_some() || placed {
        return None;
    }
    let name = item.ident.to_string();
    let name = name.trim_start_matches("r#");
    let candidates = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
    let path = candidates.into_iter().find(|path| path.is_file())?;
    let mut named = Named { module: Some(name.to_owned()), path, hash: String::new() };
    named.hash = mark(&named.text()?);
    let at = item.mod_token.span().byte_range().start;
    let text = format!("#[path = {:?}] #[doc = \"{}\"] ", named.path.display().to_string(), named.hash);
    Some((Edit { start: at, end: at, text }, named))
}

/// The change for a macro that includes a file, and the file. Relative paths are meant from the folder of the cells.
pub(crate) fn include(call: &syn::Macro, folder: &Path) -> Option<(Edit, Named)> {
    let name = call.path.segments.last()?.ident.to_string();
    if !matches!(name.as_str(), "include_str" | "include_bytes" | "include") {
        return None;
    }
    let literal: syn::LitStr = call.parse_body().ok()?;
    let mut named = Named { module: None, path: folder.join(literal.value()), hash: String::new() };
    named.hash = mark(&named.text()?);
    let range: Range<usize> = literal.span().byte_range();
    let text = format!("{:?} /* {} */", named.path.display().to_string(), named.hash);
    Some((Edit { start: range.start, end: range.end, text }, named))
}

/// Whether a call includes a file of items.
pub(crate) fn includes_items(call: &syn::Macro, folder: &Path) -> bool {
    let is_include = call.path.segments.last().is_some_and(|last| last.ident == "include");
    let text = || include(call, folder).and_then(|(_, named)| named.text());
    is_include && text().and_then(|text| syn::parse_file(&text).ok()).is_some_and(|file| !file.items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_from_the_folder_of_the_cells() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.rs"), "pub fn f() {}").unwrap();
        let item: syn::ItemMod = syn::parse_str("pub mod x;").unwrap();
        let (edit, named) = module(&item, folder.path()).unwrap();
        assert_eq!((named.module.as_deref(), named.text().as_deref()), (Some("x"), Some("pub fn f() {}")));
        assert_eq!(edit.start, 4);
        assert!(edit.text.contains("x.rs\"] #[doc"), "{}", edit.text);
        std::fs::write(folder.path().join("x.rs"), "pub fn g() {}").unwrap();
        assert_ne!(module(&item, folder.path()).unwrap().0.text, edit.text);
        let before = mark(&named.text().unwrap());
        std::fs::create_dir(folder.path().join("x")).unwrap();
        std::fs::write(folder.path().join("x/inner.rs"), "pub struct Y;").unwrap();
        assert_ne!(mark(&named.text().unwrap()), before, "a module inside of it");
        assert_eq!(module(&syn::parse_str("mod y;").unwrap(), folder.path()), None);
        let call: syn::Macro = syn::parse_str("include_str!(\"x.rs\")").unwrap();
        assert_eq!(include(&call, folder.path()).map(|(edit, _)| (edit.start, edit.end)), Some((13, 19)));
        let included: syn::Macro = syn::parse_str("include!(\"x.rs\")").unwrap();
        assert!(includes_items(&included, folder.path()) && !includes_items(&call, folder.path()));
        std::fs::write(folder.path().join("x.rs"), "1 + 1").unwrap();
        assert!(!includes_items(&included, folder.path()));
        assert_eq!(include(&syn::parse_str("vec![\"x.rs\"]").unwrap(), folder.path()), None);
    }
}
