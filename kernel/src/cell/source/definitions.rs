//! What the notebook has defined, as text: which definitions a type depends on, and which macros make items.
//!
//! Whether a stored value still fits its type is the compiler's to say (`compile::shape`). This is for what it cannot
//! say: the methods of a trait behind a `dyn`, and the contents of a static.

mod reach;
#[cfg(test)]
mod tests;

use super::errors::Errors;
use super::parsed::words;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use reach::defined_in;
use std::collections::{BTreeMap, BTreeSet};
use syn::Item;
use syn::visit_mut::VisitMut;

/// Words that begin an item.
const ITEM_WORDS: [&str; 12] =
    ["struct", "enum", "union", "fn", "impl", "static", "const", "mod", "trait", "type", "use", "macro_rules"];
/// Macros of well-known crates that make items.
const ITEM_MACROS: [&str; 8] = [
    "thread_local",
    "lazy_static",
    "bitflags",
    "cfg_if",
    "quick_error",
    "error_chain",
    "construct_uint",
    "construct_fixed_hash",
];

/// Words that stand in definitions of types, and fragments that may be such.
const TYPE_WORDS: [&str; 13] =
    ["struct", "enum", "union", "impl", "trait", "type", "mod", "const", "use", "macro_rules", "item", "tt", "stmt"];
/// Macros of the standard library, and of well-known crates, that define no types.
const PLAIN_MACROS: [&str; 16] = [
    "vec",
    "format",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "assert",
    "assert_eq",
    "panic",
    "matches",
    "concat",
    "stringify",
    "thread_local",
    "lazy_static",
];

/// The notebook's own definitions by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Definitions {
    items: BTreeMap<String, String>,
    /// Heads of functions, which no type is made of.
    functions: BTreeMap<String, String>,
    /// Associated types, constants and constant functions by the words that lead to them (their names, the trait, the type),
    /// and then by the head of the `impl`; and calls of macros that make items, by the words in them.
    associated: BTreeMap<String, BTreeMap<String, String>>,
    /// Words in the paths of `use a::*`, and of those inside of modules.
    globs: BTreeSet<String>,
    /// Names that modules define, by the module.
    within: BTreeMap<String, BTreeSet<String>>,
    item_macros: BTreeSet<String>,
    /// Macros that make functions and statics, but no types and nothing that types are made of.
    typeless_macros: BTreeSet<String>,
    /// Whether anything defines a type.
    types: bool,
    /// Types that are errors.
    pub errors: Errors,
    /// How often a name was defined as something else than before.
    pub redefined: u32,
    /// Whether an item asks values for their hidden types.
    downcasts: bool,
}

impl Definitions {
    /// Takes in an item; a later definition of a name replaces an earlier one.
    pub fn add(&mut self, item: &str) {
        let Ok(item) = syn::parse_str::<Item>(item) else { return };
        self.errors.add(&item);
        // Without comments and blanks, which change nothing.
        let text = plain(&item).to_token_stream().to_string();
        self.downcasts |= reach::asks_for_types(&words(&text));
        let name = match &item {
            Item::Struct(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            Item::Union(item) => item.ident.to_string(),
            Item::Type(item) => item.ident.to_string(),
            Item::Const(item) => item.ident.to_string(),
            Item::Mod(item) => item.ident.to_string(),
            Item::Static(item) => item.ident.to_string(),
            Item::Fn(item) => {
                let name = item.sig.ident.to_string();
                if item.sig.constness.is_some() {
                    return self.define(name, text);
                }
                // Only its head: what it does changes no type.
                let head = item.sig.to_token_stream().to_string();
                let before = self.functions.insert(name, head.clone());
                self.redefined += u32::from(before.is_some_and(|before| before != head));
                return;
            }
            Item::Trait(item) => item.ident.to_string(),
            Item::Macro(item) => return self.add_macro(item, text),
            Item::Use(item) => {
                let mut names = Vec::new();
                used(&item.tree, String::new(), &mut names);
                self.globs.extend(reach::globs(&item.tree));
                return names.into_iter().for_each(|(name, path)| self.define(name, path));
            }
            Item::Impl(item) => return self.add_impl(item),
            _ => return,
        };
        self.types |= matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Mod(_));
        if let Item::Mod(item) = &item {
            self.add_inner(&name, item.content.iter().flat_map(|(_, items)| items));
        }
        self.define(name, text);
    }

    /// What a module defines, which others may see by a `use m::*`.
    fn add_inner<'a>(&mut self, module: &str, items: impl Iterator<Item = &'a Item> + Clone) {
        items.clone().for_each(|item| self.note_inner_macros(item));
        let (names, globs) = defined_in(items);
        self.globs.extend(globs);
        self.within.insert(module.to_owned(), names);
    }

    /// Macros of a module that make items: others call them by their path, by a `use`, or exported.
    fn note_inner_macros(&mut self, item: &Item) {
        match item {
            Item::Macro(item) => {
                let makes = transcribes_items(item.mac.tokens.clone(), &|name| self.makes_items(name));
                self.item_macros.extend(item.ident.as_ref().filter(|_| makes).map(ToString::to_string));
            }
            Item::Mod(item) => {
                item.content.iter().flat_map(|(_, items)| items).for_each(|item| self.note_inner_macros(item));
            }
            _ => {}
        }
    }

    /// Takes in a module whose text is elsewhere: in a file, or in the files of a crate.
    pub fn add_module(&mut self, name: &str, text: &str) {
        self.types = true;
        match syn::parse_file(text) {
            Ok(file) => self.add_inner(name, file.items.iter()),
            Err(_) => drop(self.within.insert(name.to_owned(), words(text))),
        }
        self.define(name.to_owned(), text.to_owned());
    }

    /// Takes in the items of a file that is included.
    pub fn add_file(&mut self, text: &str) {
        let items = syn::parse_file(text).map(|file| file.items).unwrap_or_default();
        items.iter().for_each(|item| self.add(&item.to_token_stream().to_string()));
    }

    fn define(&mut self, name: String, text: String) {
        let before = self.items.insert(name, text.clone());
        self.redefined += u32::from(before.is_some_and(|before| before != text));
    }

    fn add_macro(&mut self, item: &syn::ItemMacro, text: String) {
        match &item.ident {
            Some(name) => {
                let name = name.to_string();
                self.item_macros.remove(&name);
                self.typeless_macros.remove(&name);
                if is_typeless(item.mac.tokens.clone(), &|called| {
                    *called == name || self.typeless_macros.contains(called)
                }) {
                    self.typeless_macros.insert(name.clone());
                }
                if transcribes_items(item.mac.tokens.clone(), &|name| self.makes_items(name)) {
                    self.item_macros.insert(name.clone());
                }
                self.define(name, text);
            }
            None if item.mac.path.get_ident().is_some_and(|name| self.typeless_macros.contains(&name.to_string())) => {}
            // It may define any of the names in it.
            None => {
                self.types = true;
                for word in words(&text) {
                    self.associated.entry(word).or_default().insert(text.clone(), text.clone());
                }
            }
        }
    }

    fn add_impl(&mut self, item: &syn::ItemImpl) {
        let kind = item.self_ty.to_token_stream().to_string();
        // An `impl` without associated types and constants says nothing of any type.
        let parts: Vec<_> = item.items.iter().filter_map(reach::associated).collect();
        match &item.trait_ {
            Some((_, path, _)) => {
                let of = path.segments.last().map(|name| name.ident.to_string()).unwrap_or_default();
                let head = format!("{} for {kind}", path.to_token_stream());
                self.associated.values_mut().for_each(|heads| drop(heads.remove(&head)));
                let text: Vec<_> = parts.iter().map(|(_, text)| text.as_str()).collect();
                let names = parts.iter().map(|(name, _)| name.clone());
                let leading: BTreeSet<String> = names.chain([of]).chain(words(&kind)).collect();
                for word in leading.into_iter().filter(|_| !parts.is_empty()) {
                    self.associated.entry(word).or_default().insert(head.clone(), text.join("\n"));
                }
            }
            // Others may define more of the same type.
            None => {
                for (name, text) in parts {
                    for word in [name.clone()].into_iter().chain(words(&kind)) {
                        self.associated.entry(word).or_default().insert(format!("{kind}::{name}"), text.clone());
                    }
                }
            }
        }
    }

    /// Whether the notebook has an item of this name.
    pub fn defines(&self, name: &str) -> bool {
        self.items.contains_key(name) || self.functions.contains_key(name)
    }

    /// The path of a name that was imported, or the text of what has this name.
    pub fn stands_for(&self, name: &str) -> Option<&str> {
        self.items.get(name).map(String::as_str)
    }

    /// Whether the notebook has types of its own.
    pub fn has_types(&self) -> bool {
        self.types
    }

    /// Whether a macro of this name makes items.
    pub fn makes_items(&self, name: &str) -> bool {
        ITEM_MACROS.contains(&name) || self.item_macros.contains(name)
    }

    /// The definition of what has this name, which may be a macro.
    pub fn definition_of(&self, name: &str) -> Option<String> {
        self.items.get(name).cloned()
    }
}

/// An item without its documentation, which changes nothing.
fn plain(item: &Item) -> Item {
    struct Documentation;
    impl VisitMut for Documentation {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<syn::Attribute>) {
            attributes.retain(|attribute| !attribute.path().is_ident("doc"));
        }
    }
    let mut item = item.clone();
    Documentation.visit_item_mut(&mut item);
    item
}

/// The name of an item, if it has one.
pub(crate) fn item_name(item: &str) -> Option<String> {
    name_of(&syn::parse_str::<Item>(item).ok()?)
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Fn(item) => &item.sig.ident,
        Item::Struct(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Const(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Mod(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Names that a text imports, anywhere in it.
#[derive(Default)]
pub(super) struct Imports(pub Vec<(String, String)>);

impl<'ast> syn::visit::Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        used(&item.tree, String::new(), &mut self.0);
    }
}

/// Names that a `use` brings, with the paths behind them.
pub(super) fn used(tree: &syn::UseTree, path: String, names: &mut Vec<(String, String)>) {
    match tree {
        syn::UseTree::Path(inner) => used(&inner.tree, format!("{path}{}::", inner.ident), names),
        syn::UseTree::Name(name) => names.push((name.ident.to_string(), format!("{path}{}", name.ident))),
        syn::UseTree::Rename(name) => names.push((name.rename.to_string(), format!("{path}{}", name.ident))),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| used(tree, path.clone(), names)),
        syn::UseTree::Glob(_) => {}
    }
}

/// Whether nothing in a `macro_rules!` defines a type, or changes one. What it calls is asked for, unless it is well known.
fn is_typeless(rules: TokenStream, is_known: &dyn Fn(&String) -> bool) -> bool {
    let tokens: Vec<TokenTree> = rules.into_iter().collect();
    tokens.iter().enumerate().all(|(at, token)| match token {
        TokenTree::Group(group) => is_typeless(group.stream(), is_known),
        TokenTree::Ident(word) => {
            let word = word.to_string();
            let called = matches!(tokens.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == '!')
                && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
            !TYPE_WORDS.contains(&word.as_str())
                && (!called || PLAIN_MACROS.contains(&word.as_str()) || is_known(&word))
        }
        // Items may come in as arguments.
        TokenTree::Punct(_) | TokenTree::Literal(_) => true,
    })
}

/// Whether the first rule of a `macro_rules!` that says so makes items.
fn transcribes_items(rules: TokenStream, makes_items: &dyn Fn(&str) -> bool) -> bool {
    let tokens: Vec<TokenTree> = rules.into_iter().collect();
    tokens.windows(3).any(|window| {
        let arrow = matches!(&window[0], TokenTree::Punct(p) if p.as_char() == '=')
            && matches!(&window[1], TokenTree::Punct(p) if p.as_char() == '>');
        match &window[2] {
            TokenTree::Group(body) if arrow => begins_item(body.stream(), makes_items),
            _ => false,
        }
    })
}

fn begins_item(tokens: TokenStream, makes_items: &dyn Fn(&str) -> bool) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let called = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                match word.as_str() {
                    "pub" | "unsafe" | "async" | "extern" => {}
                    "crate" => {}
                    // `const { .. }` and `const X`: only the second one is an item; a name follows.
                    _ if called => return word == "macro_rules" || makes_items(&word),
                    _ => return ITEM_WORDS.contains(&word.as_str()),
                }
            }
            TokenTree::Punct(p) if p.as_char() == '#' => drop(tokens.next()),
            TokenTree::Punct(p) if p.as_char() == '$' => match tokens.peek() {
                // `$(#[$meta])*` and `$vis` stand in front of items, `$( struct .. )*` is items.
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                    if begins_item(group.stream(), makes_items) {
                        return true;
                    }
                    tokens.next();
                }
                _ => drop(tokens.next()),
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {}
            TokenTree::Punct(p) if matches!(p.as_char(), '*' | '+' | '?' | ',') => {}
            _ => return false,
        }
    }
    false
}
