//! What rooms offer to others is used: by another room, a test, an example, or the docs.

use super::{all_files, folder_of, rooms};
use recoil_tests::cases::project;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::{ImplItem, Item, UseTree, Visibility};

/// Names that a room offers: those of its public modules, and those that these export from private ones.
#[derive(Default)]
struct Offered {
    names: BTreeSet<String>,
    /// Names of public functions, with the file and the type.
    functions: Vec<(PathBuf, Option<String>, String)>,
}

fn parsed(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn exported(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => exported(&path.tree, names),
        UseTree::Group(group) => group.items.iter().for_each(|tree| exported(tree, names)),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(rename) => drop(names.insert(rename.ident.to_string())),
        UseTree::Glob(_) => {}
    }
}

/// The names of public modules, from `file` on, whose own modules are in `folder`.
fn public_modules(file: &Path, folder: &Path, offered: &mut Offered) {
    for item in parsed(file).items {
        match item {
            Item::Use(item) if is_public(&item.vis) => exported(&item.tree, &mut offered.names),
            Item::Mod(item) if is_public(&item.vis) && item.content.is_none() => {
                let name = item.ident.to_string();
                let inner = folder.join(&name);
                let alone = folder.join(format!("{name}.rs"));
                let file = if alone.exists() { alone } else { inner.join("mod.rs") };
                if file.exists() {
                    public_modules(&file, &inner, offered);
                }
            }
            Item::Fn(item) if is_public(&item.vis) => drop(offered.names.insert(item.sig.ident.to_string())),
            Item::Struct(item) if is_public(&item.vis) => drop(offered.names.insert(item.ident.to_string())),
            Item::Enum(item) if is_public(&item.vis) => drop(offered.names.insert(item.ident.to_string())),
            _ => {}
        }
    }
}

/// Notes the public functions of a file that others can name.
fn functions(path: &Path, offered: &mut Offered) {
    for item in parsed(path).items {
        match item {
            Item::Fn(item) if is_public(&item.vis) && offered.names.contains(&item.sig.ident.to_string()) => {
                offered.functions.push((path.to_owned(), None, item.sig.ident.to_string()));
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let syn::Type::Path(of) = &*item.self_ty else { continue };
                let of = of.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                if !offered.names.contains(&of) {
                    continue;
                }
                for function in item.items {
                    if let ImplItem::Fn(function) = function
                        && is_public(&function.vis)
                    {
                        let name = function.sig.ident.to_string();
                        offered.functions.push((path.to_owned(), Some(of.clone()), name));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned)
}

/// The words of a room's own tests and examples.
fn own_uses(text: &str) -> BTreeSet<String> {
    let comments = text.lines().filter(|line| line.trim_start().starts_with("//")).flat_map(words);
    let tests = text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests);
    comments.chain(words(tests)).collect()
}

/// The words of everything outside the rooms: tests, docs, notebooks.
fn outside() -> BTreeSet<String> {
    let mut open = ["tests", "docs", "notebooks"].map(|folder| project().join(folder)).to_vec();
    let mut found: BTreeSet<String> = ["README.md", "ARCHITECTURE.md"]
        .iter()
        .flat_map(|page| words(&std::fs::read_to_string(project().join(page)).expect("a page")).collect::<Vec<_>>())
        .collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if matches!(ending, "rs" | "md" | "ipynb" | "py") {
                found.extend(words(&String::from_utf8_lossy(&std::fs::read(&path).expect("a file"))));
            }
        }
    }
    found
}

#[test]
fn every_public_function_is_used_outside_its_room_or_shown_in_an_example() {
    let outside = outside();
    let rooms: Vec<String> = rooms().into_iter().map(|(room, _)| room).filter(|room| room != "recoil-kernel").collect();
    let texts: BTreeMap<&String, Vec<(PathBuf, String)>> = rooms
        .iter()
        .map(|room| {
            let files = all_files(&project().join(folder_of(room)));
            let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(&path).expect("a file"));
            (room, files.into_iter().map(read).collect())
        })
        .collect();
    let of_room: BTreeMap<&String, BTreeSet<String>> =
        texts.iter().map(|(room, files)| (*room, files.iter().flat_map(|(_, text)| words(text)).collect())).collect();
    let mut unused = Vec::new();
    for room in &rooms {
        let src = project().join(folder_of(room));
        let root = ["lib.rs", "exports.rs"].map(|name| src.join(name));
        let mut offered = Offered::default();
        public_modules(&root[usize::from(room == "recoil")], &src, &mut offered);
        let of_tests = |path: &Path| path.ends_with("tests.rs") || path.iter().any(|part| part == "tests");
        let mut own = BTreeSet::new();
        for (path, text) in &texts[room] {
            match of_tests(path) {
                true => own.extend(words(text)),
                false => {
                    own.extend(own_uses(text));
                    functions(path, &mut offered);
                }
            }
        }
        for (path, of, name) in &offered.functions {
            let by_others = || of_room.iter().any(|(other, words)| *other != room && words.contains(name));
            if !outside.contains(name) && !own.contains(name) && !by_others() {
                let of = of.as_ref().map_or(String::new(), |of| format!("{of}::"));
                unused.push(format!("{}: {of}{name}", path.strip_prefix(project()).unwrap_or(path).display()));
            }
        }
    }
    assert!(
        unused.is_empty(),
        "{} public functions that nobody uses and no example shows; make them private, remove them, or show how they are \
         used:\n{}",
        unused.len(),
        unused.join("\n")
    );
}
