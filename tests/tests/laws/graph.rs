//! Which file of a room imports which, read from the syntax of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::visit::{self, Visit};

/// The files that each file imports; a file is named by its path in `src`.
pub type Graph = BTreeMap<String, BTreeSet<String>>;

/// The graph of one room, with `files` relative to its folder `src`.
pub fn of_room(src: &Path, files: &[std::path::PathBuf]) -> Graph {
    let modules: BTreeMap<Vec<String>, String> =
        files.iter().map(|file| (module_of(file), file.display().to_string())).collect();
    let mut graph = Graph::new();
    for file in files {
        let text =
            std::fs::read_to_string(src.join(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let own = module_of(file);
        let mut paths = Paths { own: own.clone(), found: BTreeSet::new() };
        paths.visit_file(&parsed);
        let imported = paths.found.iter().filter_map(|path| {
            let longest = (1..=path.len()).rev().find_map(|length| modules.get_key_value(&path[..length]));
            // A folder's `mod.rs` re-exports what is below it.
            longest.filter(|(module, _)| !own.starts_with(module)).map(|(_, file)| file.clone())
        });
        graph.insert(file.display().to_string(), imported.collect());
    }
    graph
}

/// `a/b.rs` and `a/b/mod.rs` are the module `a::b`.
fn module_of(file: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        file.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|last| last == "mod") {
        names.pop();
    }
    names
}

/// Groups of files that import one another, directly or through others; each sorted.
pub fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph.keys().map(|file| (file, reach(graph, file))).collect();
    let mut found = BTreeSet::new();
    for file in graph.keys() {
        let together: Vec<String> = graph
            .keys()
            .filter(|other| reached[file].contains(other) && reached[other].contains(file))
            .cloned()
            .collect();
        if together.len() > 1 {
            found.insert(together);
        }
    }
    found.into_iter().collect()
}

fn reach<'a>(graph: &'a Graph, from: &'a String) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for next in graph.get(file).into_iter().flatten() {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// Collects the paths of a file that begin at `crate`, `self` or `super`, as paths from the crate's root.
struct Paths {
    own: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Paths {
    fn take(&mut self, path: &[String]) {
        let mut at = match path.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("self" | "super") => self.own.clone(),
            _ => return,
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(at.pop()),
                name => at.push(name.to_owned()),
            }
        }
        self.found.insert(at);
    }

    fn tree(&mut self, before: &mut Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
                before.pop();
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
            syn::UseTree::Name(syn::UseName { ident }) | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                before.push(ident.to_string());
                self.take(before);
                before.pop();
            }
            syn::UseTree::Glob(_) => self.take(before),
        }
    }
}

fn only_in_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if only_in_tests(&item.attrs) {
            return;
        }
        self.own.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.own.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.take(&names);
        visit::visit_path(self, path);
    }
}
