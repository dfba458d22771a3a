//! Files that the Rust of a cell names: `mod x;`, `include!("x.rs")`, `include_str!("x.txt")`.
//!
//! rustc would look for them beside the generated source. They are meant from the folder of the cells, and what is in
//! them must change the compiled cell, which is kept by its text. So items of a file take the place of its name, changed as
//! those of a cell are. The path of any other file becomes a whole one, with a hash behind it.

use super::edits::{Edit, Source};
use super::notebook::{Around, hash};
use super::statics::Static;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file that an item includes, by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub path: PathBuf,
    /// What is written of its contents in the item, and stands for them.
    pub hash: String,
}

impl Named {
    /// The hash of its contents now.
    pub fn hash_now(&self) -> Option<String> {
        Some(mark(&std::fs::read(&self.path).ok()?))
    }
}

/// A file of Rust, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inlined {
    /// What messages call it: its path from the folder of the cells.
    pub name: String,
    pub path: PathBuf,
    /// Its text.
    pub original: String,
    /// What is compiled of it.
    pub source: Source,
}

/// What an item has in place of the name of a file of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inside {
    pub origin: Origin,
    /// The file, behind those that it names in turn.
    pub files: Vec<Inlined>,
    pub statics: Vec<Static>,
    /// Other files that they include.
    pub named: Vec<Named>,
    /// Whether they loop or take closures.
    pub heavy: bool,
}

/// Where a file of Rust is, and what it is to the item that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub path: PathBuf,
    /// Where the files of its own modules are.
    pub inner: PathBuf,
    /// Whether it is a module, or is included.
    pub is_module: bool,
    pub around: Around,
    /// How many statics come before it in the text that names it.
    pub first: usize,
}

impl Inside {
    /// What stands in the item.
    pub fn text(&self) -> String {
        let text = self.files.last().map(|file| file.source.text.as_str()).unwrap_or_default();
        // Behind a comment that has no end of its line.
        if self.origin.is_module { format!("{{{text}\n}}") } else { format!("{text}\n") }
    }

    /// Whether one of the files has another text now. One that is not there any more stays what it was.
    pub fn is_changed(&self) -> bool {
        let other = |file: &Inlined| read(&file.path).is_some_and(|text| text != file.original);
        self.files.iter().any(other)
    }

    /// The text of all files.
    pub fn original(&self) -> String {
        self.files.iter().rev().map(|file| file.original.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// A file that is not Rust, or names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub name: String,
    pub text: String,
    pub message: String,
    /// The outermost module that it is in, in the notebook.
    pub module: Option<String>,
}

/// The one path of a file, whatever it is called by.
pub(super) fn whole(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

/// The text of a file, without what may stand in front of Rust.
pub(crate) fn read(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    Some(if text.starts_with("#!/") { text.replacen("#!", "// ", 1) } else { text })
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
pub(super) fn mark(contents: &[u8]) -> String {
    format!("{:016x}", hash(&String::from_utf8_lossy(contents)))
}

/// The file of a module whose text is in one, and the folder of its own modules. `beside` is the folder that a path of the module
/// is meant from, `modules` that of files with names of modules.
pub(super) fn of_module(item: &syn::ItemMod, beside: &Path, modules: &Path) -> Option<(PathBuf, PathBuf)> {
    if item.content.is_some() {
        return None;
    }
    if let Some(path) = said_path(item) {
        let path = beside.join(path);
        let inner = path.parent().map(Path::to_path_buf).unwrap_or_default();
        return path.is_file().then_some((path, inner));
    }
    let inner = modules.join(name_of(item));
    let candidates = [inner.with_extension("rs"), inner.join("mod.rs")];
    candidates.into_iter().find(|path| path.is_file()).map(|path| (path, inner))
}

/// The name of a module as files have it.
pub(super) fn name_of(item: &syn::ItemMod) -> String {
    item.ident.to_string().trim_start_matches("r#").to_owned()
}

/// The path in `#[path = "x.rs"] mod y;`.
pub(super) fn said_path(item: &syn::ItemMod) -> Option<String> {
    item.attrs.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// The path in a call that includes a file, meant from a folder, and where it stands.
fn included(call: &syn::Macro, folder: &Path) -> Option<(PathBuf, Range<usize>)> {
    let name = call.path.segments.last()?.ident.to_string();
    if !matches!(name.as_str(), "include_str" | "include_bytes" | "include") {
        return None;
    }
    let literal: syn::LitStr = call.parse_body().ok()?;
    Some((folder.join(literal.value()), literal.span().byte_range()))
}

/// The change for a macro that includes a file, and the file.
pub(super) fn include(call: &syn::Macro, folder: &Path) -> Option<(Edit, Named)> {
    let (path, Range { start, end }) = included(call, folder)?;
    let mut named = Named { path, hash: String::new() };
    named.hash = named.hash_now()?;
    let text = format!("{:?} /* {} */", named.path.display().to_string(), named.hash);
    Some((Edit { start, end, text }, named))
}

/// The file of items that a call includes.
pub(super) fn of_items(call: &syn::Macro, folder: &Path) -> Option<PathBuf> {
    let is_include = call.path.segments.last().is_some_and(|last| last.ident == "include");
    let (path, _) = included(call, folder).filter(|_| is_include)?;
    let text = read(&path)?;
    let is_empty = || text.parse::<proc_macro2::TokenStream>().is_ok_and(|tokens| tokens.is_empty());
    let has_items = syn::parse_file(&text).is_ok_and(|file| !file.items.is_empty());
    (has_items || is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_from_the_folder_of_the_cells() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        std::fs::write(at.join("x.rs"), "pub fn f() {}").unwrap();
        std::fs::create_dir(at.join("y")).unwrap();
        std::fs::write(at.join("y/mod.rs"), "pub fn f() {}").unwrap();
        let module = |text: &str| of_module(&syn::parse_str(text).unwrap(), at, at);
        assert_eq!(module("pub mod x;"), Some((at.join("x.rs"), at.join("x"))));
        assert_eq!(module("mod y;"), Some((at.join("y/mod.rs"), at.join("y"))));
        assert_eq!(module("#[path = \"y/mod.rs\"] mod z;"), Some((at.join("y/mod.rs"), at.join("y"))));
        assert_eq!((module("mod z;"), module("mod x {}")), (None, None));
        let call: syn::Macro = syn::parse_str("include_str!(\"x.rs\")").unwrap();
        let (edit, named) = include(&call, at).unwrap();
        assert_eq!((edit.start, edit.end), (13, 19));
        std::fs::write(at.join("x.rs"), "pub fn g() {}").unwrap();
        assert_ne!(named.hash_now(), Some(named.hash));
        let included: syn::Macro = syn::parse_str("include!(\"x.rs\")").unwrap();
        assert_eq!((of_items(&included, at), of_items(&call, at)), (Some(at.join("x.rs")), None));
        std::fs::write(at.join("x.rs"), "1 + 1").unwrap();
        assert_eq!(of_items(&included, at), None);
        assert_eq!(include(&syn::parse_str("vec![\"x.rs\"]").unwrap(), at), None);
    }

    #[test]
    fn what_stands_in_front_of_rust_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.rs");
        for (written, read_as) in [("\u{feff}fn f() {}", "fn f() {}"), ("#!/bin/x\nfn f() {}", "// /bin/x\nfn f() {}")]
        {
            std::fs::write(&path, written).unwrap();
            assert_eq!(read(&path).as_deref(), Some(read_as));
        }
    }
}
