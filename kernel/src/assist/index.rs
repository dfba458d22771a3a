//! What there is to call: every public method, function and type of the prelude and of Polars with its documentation,
//! read from their sources once and kept beside the prelude; of the standard library from the toolchain's
//! documentation or sources, whichever is installed. The items of a notebook are read in the same way, private ones too.

use super::entry::Entry;
use super::exports::{self, is_hidden};
use super::standard;
use crate::install::prelude::Prelude;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, TraitItem, Visibility};

/// Rooms of the prelude.
const ROOMS: [&str; 13] =
    ["src", "data", "banks", "recordings", "belle2", "toy", "hist", "show", "flow", "cut", "segment", "hipo", "events"];
const FILE: &str = "index-3.json";

/// All entries, and which type has which traits and derefs to which type.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Index {
    pub entries: Vec<Entry>,
    pub traits: BTreeMap<String, Vec<String>>,
    pub derefs: BTreeMap<String, String>,
    /// Names that a cell knows without importing them, with their kind if they have no entry; of a notebook none, as all of
    /// its names are known.
    pub exported: BTreeSet<String>,
}

impl Index {
    /// Reads the index that is kept beside the prelude, or makes it.
    pub fn load(prelude: &Prelude) -> Self {
        let path = prelude.crates.join(FILE);
        let kept = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        kept.unwrap_or_else(|| {
            let index = Self::make(prelude);
            if let Ok(text) = serde_json::to_vec(&index) {
                // Another kernel may do the same; the last one wins with the same content.
                let temporary = prelude.crates.join(format!("{FILE}.{}", std::process::id()));
                let kept = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &path));
                if kept.is_err() {
                    let _ = std::fs::remove_file(temporary);
                }
            }
            index
        })
    }

    fn make(prelude: &Prelude) -> Self {
        let mut index = Self::default();
        for room in ROOMS {
            let folder = prelude.home.join("prelude").join(room);
            let folder = if room == "src" { folder } else { folder.join("src") };
            index.read_folder(&folder, true);
        }
        index.exported = exports::names(&prelude.home.join("prelude/src/exports.rs"));
        for folder in exports::polars_folders() {
            index.read_folder(&folder.join("src"), false);
        }
        index.entries.extend(standard::entries(&prelude.toolchain));
        for (kind, target) in [("Vec", "slice"), ("String", "str"), ("Data", "Group")] {
            index.derefs.entry(kind.into()).or_insert_with(|| target.into());
        }
        index
    }

    fn read_folder(&mut self, folder: &Path, own: bool) {
        let Ok(files) = std::fs::read_dir(folder) else { return };
        for path in files.flatten().map(|file| file.path()) {
            if path.is_dir() {
                self.read_folder(&path, own);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && let Ok(text) = std::fs::read_to_string(&path)
                && let Ok(file) = syn::parse_file(&text)
            {
                let place = Place { text: &text, path: &path, own, private: false };
                for item in &file.items {
                    self.read_item(item, &place);
                }
            }
        }
    }

    /// The items of a notebook, of which the last with a name counts.
    pub fn of_notebook(text: &str) -> Self {
        let mut index = Self::default();
        let place = Place { text, path: Path::new(""), own: true, private: true };
        let items = syn::parse_file(text).map(|file| file.items).unwrap_or_default();
        items.iter().rev().for_each(|item| index.read_item(item, &place));
        index
    }

    fn read_item(&mut self, item: &Item, place: &Place<'_>) {
        let span = item.span();
        match item {
            Item::Fn(syn::ItemFn { attrs, .. })
            | Item::Struct(syn::ItemStruct { attrs, .. })
            | Item::Enum(syn::ItemEnum { attrs, .. })
            | Item::Trait(syn::ItemTrait { attrs, .. })
                if is_hidden(attrs) => {}
            Item::Impl(block) => self.read_impl(block, place),
            Item::Trait(definition) if place.shows(&definition.vis) => {
                let name = definition.ident.to_string();
                self.entries.push(place.entry("", &name, "trait", span, &definition.attrs));
                for member in &definition.items {
                    if let TraitItem::Fn(function) = member {
                        let method = function.sig.ident.to_string();
                        self.entries.push(place.entry(&name, &method, "method", function.sig.span(), &function.attrs));
                    }
                }
            }
            Item::Fn(f) if place.shows(&f.vis) => {
                let name = f.sig.ident.to_string();
                let entry = Entry {
                    signature: place.slice(f.sig.span()),
                    ..place.entry("", &name, "function", span, &f.attrs)
                };
                self.entries.push(entry);
            }
            Item::Struct(s) if place.shows(&s.vis) => {
                let name = s.ident.to_string();
                let entry = place.entry("", &name, "struct", span, &s.attrs);
                self.entries.push(place.whole(entry, s.struct_token.span, span));
                self.read_fields(&name, &s.fields, place);
                self.read_derives(&name, &s.attrs);
            }
            Item::Enum(e) if place.shows(&e.vis) => {
                let name = e.ident.to_string();
                let entry = place.entry("", &name, "enum", span, &e.attrs);
                self.entries.push(place.whole(entry, e.enum_token.span, span));
                let variants = e.variants.iter().map(|variant| {
                    place.entry(&name, &variant.ident.to_string(), "variant", variant.span(), &variant.attrs)
                });
                self.entries.extend(variants);
                self.read_derives(&name, &e.attrs);
            }
            Item::Mod(module) => {
                let test = module.ident == "tests";
                let items = module.content.iter().flat_map(|(_, items)| items).filter(|_| !test);
                items.for_each(|item| self.read_item(item, place));
            }
            _ => self.read_small(item, place),
        }
    }

    /// Items that are a name and a line.
    fn read_small(&mut self, item: &Item, place: &Place<'_>) {
        let (name, kind, attributes) = match item {
            Item::Const(item) if place.private => (&item.ident, "const", &item.attrs),
            Item::Static(item) if place.private => (&item.ident, "static", &item.attrs),
            Item::Type(item) if place.private => (&item.ident, "type", &item.attrs),
            Item::Union(item) if place.private => (&item.ident, "union", &item.attrs),
            Item::Macro(item) if place.private => match &item.ident {
                Some(name) => (name, "macro", &item.attrs),
                None => return,
            },
            _ => return,
        };
        self.entries.push(place.entry("", &name.to_string(), kind, item.span(), attributes));
    }

    fn read_fields(&mut self, owner: &str, fields: &syn::Fields, place: &Place<'_>) {
        for (number, field) in fields.iter().enumerate().filter(|(_, field)| place.shows(&field.vis)) {
            let name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
            let signature = format!("{name}: {}", place.slice(field.ty.span()));
            self.entries.push(Entry { signature, ..place.entry(owner, &name, "field", field.span(), &field.attrs) });
        }
    }

    fn read_derives(&mut self, owner: &str, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
            // What is not understood has no methods here.
            let _ = attribute.parse_nested_meta(|meta| {
                let name = meta.path.segments.last().map(|segment| segment.ident.to_string());
                self.traits.entry(owner.to_owned()).or_default().extend(name);
                Ok(())
            });
        }
    }

    fn read_impl(&mut self, block: &syn::ItemImpl, place: &Place<'_>) {
        let Some(owner) = last_name(&block.self_ty) else { return };
        if let Some((_, path, _)) = &block.trait_ {
            let name = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
            if name == "Deref" {
                let target = block.items.iter().find_map(|item| match item {
                    ImplItem::Type(target) => last_name(&target.ty),
                    _ => None,
                });
                self.derefs.extend(target.map(|target| (owner.clone(), target)));
            }
            let traits = self.traits.entry(owner).or_default();
            if !traits.contains(&name) {
                traits.push(name);
            }
            return;
        }
        for item in &block.items {
            if let ImplItem::Fn(function) = item
                && place.shows(&function.vis)
                && !is_hidden(&function.attrs)
            {
                let name = function.sig.ident.to_string();
                let kind = if function.sig.receiver().is_some() { "method" } else { "function" };
                let signature = place.slice(function.sig.span());
                let entry = place.entry(&owner, &name, kind, item.span(), &function.attrs);
                self.entries.push(Entry { signature, ..entry });
            }
        }
    }

    /// Functions and variants of a type, behind `Type::`.
    pub fn associated<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.owner == owner && entry.kind != "field")
    }

    /// A free item by name: of those that a cell knows, of the prelude, of the others.
    pub fn item(&self, name: &str) -> Option<&Entry> {
        let named = || self.entries.iter().filter(|entry| entry.owner.is_empty() && entry.name == name);
        named().find(|entry| entry.own).or_else(|| named().next())
    }

    /// Free items that a cell may name as they are.
    pub fn known(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.exported.is_empty();
        let free = self.entries.iter().filter(|entry| entry.owner.is_empty());
        let known = free.filter(move |entry| all || entry.kind == "type" || self.exported.contains(&entry.name));
        let named = known.map(|entry| (entry.name.as_str(), entry.kind.as_str()));
        // What is exported and has no entry is defined by a macro or by another crate.
        named.chain(self.exported.iter().map(|name| (name.as_str(), "item")))
    }
}

/// Fields and methods of a type as rustc names it, its own first, then those of its traits and of what it derefs to; of
/// several indices the first ones come first.
pub(super) fn members<'a>(indices: &[&'a Index], kind: &str) -> Vec<&'a Entry> {
    let mut found: Vec<&Entry> = Vec::new();
    let mut next = Some(owner_of(kind));
    for _ in 0..4 {
        let Some(owner) = next.take() else { break };
        let traits: Vec<&String> =
            indices.iter().flat_map(|index| index.traits.get(&owner).into_iter().flatten()).collect();
        let all = || indices.iter().flat_map(|index| &index.entries);
        let of = |kind: &'static str| {
            let owner = owner.clone();
            all().filter(move |entry| entry.kind == kind && entry.owner == owner)
        };
        let of_traits = |entry: &&Entry| entry.kind == "method" && traits.contains(&&entry.owner);
        for entry in of("field").chain(of("method")).chain(all().filter(of_traits)) {
            if found.iter().all(|known| known.name != entry.name) {
                found.push(entry);
            }
        }
        next = indices.iter().find_map(|index| index.derefs.get(&owner).cloned());
    }
    found
}

struct Place<'a> {
    text: &'a str,
    path: &'a Path,
    own: bool,
    /// Whether private things count, too: a cell sees all of its notebook.
    private: bool,
}

impl Place<'_> {
    fn shows(&self, visibility: &Visibility) -> bool {
        self.private || matches!(visibility, Visibility::Public(_))
    }

    /// The entry of a type of the notebook: with all of its definition.
    fn whole(&self, entry: Entry, from: proc_macro2::Span, to: proc_macro2::Span) -> Entry {
        let text = self.text.get(from.byte_range().start..to.byte_range().end).filter(|_| self.private);
        Entry { signature: text.map_or(entry.signature, str::to_owned), ..entry }
    }

    fn slice(&self, span: proc_macro2::Span) -> String {
        let text = self.text.get(span.byte_range()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn entry(&self, owner: &str, name: &str, kind: &str, span: proc_macro2::Span, attributes: &[Attribute]) -> Entry {
        let head = self.text.get(span.byte_range()).unwrap_or_default();
        let head = head.lines().find(|line| {
            let line = line.trim_start();
            !line.starts_with("//") && !line.starts_with('#')
        });
        Entry {
            owner: owner.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            signature: head.unwrap_or_default().trim().trim_end_matches('{').trim_end().to_owned(),
            docs: docs(attributes),
            file: self.path.display().to_string(),
            lines: (span.start().line, span.end().line),
            own: self.own,
        }
    }
}

fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let syn::Meta::NameValue(meta) = &attribute.meta else { return None };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &meta.value else { return None };
        let text = text.value();
        Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn last_name(kind: &syn::Type) -> Option<String> {
    match kind {
        syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        syn::Type::Reference(reference) => last_name(&reference.elem),
        syn::Type::Slice(_) => Some("slice".into()),
        _ => None,
    }
}

/// The name of a type that methods are looked up by: without references, boxes, paths and arguments.
pub(super) fn owner_of(kind: &str) -> String {
    let mut kind = kind.trim();
    loop {
        let shorter = kind.trim_start_matches(['&', ' ']);
        let shorter = shorter.strip_prefix("mut ").unwrap_or(shorter);
        let inner = ["std::boxed::Box<", "std::sync::Arc<", "std::rc::Rc<", "Box<", "Arc<", "Rc<"];
        let inside = inner.iter().find_map(|outer| shorter.strip_prefix(outer)?.strip_suffix('>'));
        match inside {
            Some(inside) => kind = inside,
            None if shorter == kind => break,
            None => kind = shorter,
        }
    }
    if kind.starts_with('[') {
        return "slice".into();
    }
    let head = kind.split('<').next().unwrap_or(kind);
    head.rsplit("::").next().unwrap_or(head).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_found_in_types() {
        assert_eq!(owner_of("&mut std::vec::Vec<f64>"), "Vec");
        assert_eq!(owner_of("std::boxed::Box<recoil::Data>"), "Data");
        assert_eq!(owner_of("&[f64]"), "slice");
        assert_eq!(owner_of("recoil::polars::frame::DataFrame"), "DataFrame");
    }

    #[test]
    fn sources_become_entries() {
        let text = "/// A thing.\npub struct Thing;\nimpl Thing {\n    /// Counts.\n    pub fn count(&self, of: &str) -> usize { 0 }\n    fn hidden(&self) {}\n}\nimpl std::ops::Deref for Thing { type Target = Other; fn deref(&self) -> &Other { todo() } }\nimpl Other { pub fn more(&self) {} }\n";
        let mut index = Index::default();
        let place = Place { text, path: Path::new("x.rs"), own: true, private: false };
        for item in &syn::parse_file(text).unwrap().items {
            index.read_item(item, &place);
        }
        let methods: Vec<_> =
            members(&[&index], "&Thing").iter().map(|entry| (entry.name.as_str(), entry.docs.as_str())).collect();
        assert_eq!(methods, [("count", "Counts."), ("more", "")]);
        assert_eq!(members(&[&index], "Thing")[0].signature, "fn count(&self, of: &str) -> usize");
        assert_eq!(index.item("Thing").unwrap().docs, "A thing.");
    }

    #[test]
    fn the_items_of_a_notebook_are_read_with_their_fields() {
        let text = "/// Old.\nstruct Pair;\n/// Two.\n#[derive(Debug, Clone)]\nstruct Pair<T> { a: T, b: T }\nimpl<T> Pair<T> { /// All.\n fn sum(&self) -> f64 { 0.0 } }\nenum Kind { Near, Far(f64) }\ntrait Area { fn area(&self) -> f64; }\nimpl Area for Kind { fn area(&self) -> f64 { 1.0 } }\nfn twice(x: f64) -> f64 { 2.0 * x }\nconst N: usize = 3;\nmacro_rules! m { () => {} }\n";
        let own = Index::of_notebook(text);
        let library = Index {
            entries: vec![Entry {
                owner: "Clone".into(),
                name: "clone".into(),
                kind: "method".into(),
                ..Entry::default()
            }],
            ..Index::default()
        };
        let names =
            |kind: &str| members(&[&own, &library], kind).iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
        assert_eq!(names("ctx::Pair<f64>"), ["a", "b", "sum", "clone"]);
        assert_eq!(names("Kind"), ["area"]);
        let pair = own.item("Pair").unwrap();
        assert_eq!((pair.docs.as_str(), pair.signature.as_str()), ("Two.", "struct Pair<T> { a: T, b: T }"));
        assert_eq!(own.associated("Kind").map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["Near", "Far"]);
        assert_eq!(own.associated("Pair").map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["sum"]);
        assert_eq!(own.item("twice").unwrap().signature, "fn twice(x: f64) -> f64");
        assert!(own.item("N").is_some() && own.item("m").is_some());
    }
}
