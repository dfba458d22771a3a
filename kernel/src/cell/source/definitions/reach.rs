//! From the words of a type to everything that it may be made of.

use super::{Definitions, used, words};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, UseTree};

impl Definitions {
    /// Everything the notebook defines that a type may be made of.
    pub fn of(&self, kind: &str) -> String {
        self.closure(kind).into_values().collect::<Vec<_>>().join("\n")
    }

    /// What a type that has a `dyn` in it is made of. Its methods were compiled when its value was made: what they take and
    /// give must still be what it was then, and none of that shows in the layout of the value.
    pub fn behind_dyn(&self, kind: &str) -> BTreeMap<String, String> {
        let closure = self.closure(kind);
        if is_dynamic(kind, &closure) { closure } else { BTreeMap::new() }
    }

    /// Whether what a type with a `dyn` in it was made of is something else now. More, such as another `impl` of a trait,
    /// changes nothing for a value that is there.
    pub fn is_changed_behind_dyn(&self, kind: &str, before: &BTreeMap<String, String>) -> bool {
        let now = if before.is_empty() { BTreeMap::new() } else { self.behind_dyn(kind) };
        before.iter().any(|(name, text)| now.get(name) != Some(text))
    }

    /// Whether a value of a type may be asked for a type that nobody can tell from outside, by code with these words or by an
    /// item: a type that was defined anew would be taken for the old one.
    pub fn hides_types(&self, kind: &str, words: &BTreeSet<String>) -> bool {
        if !self.downcasts && !asks_for_types(words) {
            return false;
        }
        let closure = self.closure(kind);
        let hides = |text: &str| text.contains("Any") || text.contains("Error");
        is_dynamic(kind, &closure) && (hides(kind) || closure.values().any(|text| hides(text)))
    }

    /// Whether a type is made of nothing but the standard library's types, under their own names.
    pub fn is_plain(&self, kind: &str, crates: &BTreeSet<String>) -> bool {
        let of_crates = |words: &BTreeSet<String>| !words.is_disjoint(crates);
        let named_so = |(name, path): (&String, &String)| {
            let (root, last) = (path.split("::").next(), path.rsplit("::").next());
            path.contains("::") && matches!(root, Some("std" | "core" | "alloc")) && last == Some(name)
        };
        !of_crates(&self.globs) && !of_crates(&words(kind)) && self.closure(kind).iter().all(named_so)
    }

    /// Everything a type may be made of, by name.
    pub fn closure(&self, kind: &str) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut wanted = words(kind);
        let mut seen = BTreeSet::new();
        while let Some(word) = wanted.pop_first() {
            if !seen.insert(word.clone()) {
                continue;
            }
            for (name, text) in self.led_to(&word) {
                if let std::collections::btree_map::Entry::Vacant(place) = found.entry(name) {
                    wanted.extend(words(&text));
                    place.insert(text);
                }
            }
        }
        found
    }

    /// What a word leads to: what has this name, what is associated with it, and modules that it may come from by a `use m::*`.
    fn led_to(&self, word: &str) -> Vec<(String, String)> {
        let item = |name: &str| self.items.get(name).map(|text| (name.to_owned(), text.clone()));
        let associated = self.associated.get(word).into_iter().flatten();
        let associated = associated.map(|(head, text)| (head.clone(), format!("{head}\n{text}")));
        let own = item(word);
        let from_globs = self.globs.iter().filter(|_| own.is_none());
        let defines = |module: &&String| self.within.get(*module).is_some_and(|names| names.contains(word));
        let from_globs: Vec<_> = from_globs.filter(defines).filter_map(|module| item(module)).collect();
        own.into_iter().chain(associated).chain(from_globs).collect()
    }
}

fn is_dynamic(kind: &str, closure: &BTreeMap<String, String>) -> bool {
    kind.contains("dyn ") || closure.values().any(|text| text.contains("dyn "))
}

/// Whether code with these words asks a value for its type.
pub(super) fn asks_for_types(words: &BTreeSet<String>) -> bool {
    words.iter().any(|word| word.starts_with("downcast"))
}

/// The name and the text of a part of an `impl` that types may be made of.
pub(super) fn associated(part: &ImplItem) -> Option<(String, String)> {
    let name = match part {
        ImplItem::Type(part) => &part.ident,
        ImplItem::Const(part) => &part.ident,
        ImplItem::Fn(part) if part.sig.constness.is_some() => &part.sig.ident,
        _ => return None,
    };
    Some((name.to_string(), part.to_token_stream().to_string()))
}

/// The words in the paths of all `*` in a `use`.
pub(super) fn globs(tree: &UseTree) -> BTreeSet<String> {
    fn collect(tree: &UseTree, mut path: Vec<String>, found: &mut BTreeSet<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                collect(&inner.tree, path, found);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| collect(tree, path.clone(), found)),
            UseTree::Glob(_) => found.extend(path),
            UseTree::Name(_) | UseTree::Rename(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(tree, Vec::new(), &mut found);
    found
}

/// The names that items define, those in modules inside of them too, and the words in their globs. A macro may define
/// anything that is named in its call or in its rules.
pub(super) fn defined_in<'a>(items: impl Iterator<Item = &'a Item>) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut names = Names::default();
    items.for_each(|item| names.visit_item(item));
    (names.names, names.globs)
}

#[derive(Default)]
struct Names {
    names: BTreeSet<String>,
    globs: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(item) => {
                let mut names = Vec::new();
                used(&item.tree, String::new(), &mut names);
                self.names.extend(names.into_iter().map(|(name, _)| name));
                self.globs.extend(globs(&item.tree));
            }
            Item::Macro(item) => self.names.extend(words(&item.to_token_stream().to_string())),
            Item::Mod(_) => visit::visit_item(self, item),
            _ => {}
        }
        self.names.extend(super::name_of(item));
    }
}
