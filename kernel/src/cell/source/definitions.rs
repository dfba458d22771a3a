//! What the notebook has defined, as text: which definitions a type depends on, and which macros make items.
//!
//! Whether a stored value still fits its type is the compiler's to say (`compile::shape`). This is for what it cannot
//! say: the methods of a trait behind a `dyn`, and the contents of a static.

use super::errors::Errors;
use super::parsed::words;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
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
    /// Associated types and constants, by trait and then by the head of the `impl`; and calls of macros that make
    /// items, by the words in them.
    associated: BTreeMap<String, BTreeMap<String, String>>,
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
        self.downcasts |= asks_for_types(&words(&text));
        let name = match &item {
            Item::Struct(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            Item::Union(item) => item.ident.to_string(),
            Item::Type(item) => item.ident.to_string(),
            Item::Const(item) => item.ident.to_string(),
            Item::Mod(item) => item.ident.to_string(),
            Item::Static(item) => item.ident.to_string(),
            Item::Fn(item) => {
                // Only its head: what it does changes no type.
                let head = item.sig.to_token_stream().to_string();
                let text = if item.sig.constness.is_some() { text } else { head };
                return self.define(item.sig.ident.to_string(), text);
            }
            Item::Trait(item) => item.ident.to_string(),
            Item::Macro(item) => return self.add_macro(item, text),
            Item::Use(item) => {
                let mut names = Vec::new();
                used(&item.tree, String::new(), &mut names);
                return names.into_iter().for_each(|(name, path)| self.define(name, path));
            }
            Item::Impl(item) => return self.add_impl(item),
            _ => return,
        };
        self.types |= matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Mod(_));
        self.define(name, text);
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
        let Some((_, path, _)) = &item.trait_ else { return };
        let Some(name) = path.segments.last() else { return };
        // An `impl` without associated types says nothing of any type.
        let parts = item.items.iter().filter(|part| matches!(part, syn::ImplItem::Type(_) | syn::ImplItem::Const(_)));
        let text: Vec<_> = parts.map(|part| part.to_token_stream().to_string()).collect();
        let head = format!("{} for {}", path.to_token_stream(), item.self_ty.to_token_stream());
        let associated = self.associated.entry(name.ident.to_string()).or_default();
        match text.is_empty() {
            true => associated.remove(&head),
            false => associated.insert(head, text.join("\n")),
        };
    }

    /// Whether the notebook has an item of this name.
    pub fn defines(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    /// The path of a name that was imported.
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

    fn closure(&self, kind: &str) -> BTreeMap<String, String> {
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        let mut wanted = words(kind);
        while let Some(word) = wanted.pop_first() {
            let own = self.items.get(&word).map(|text| (word.clone(), text.clone()));
            let associated = self.associated.get(&word).into_iter().flatten();
            let associated = associated.map(|(head, text)| (head.clone(), format!("{head}\n{text}")));
            for (name, text) in own.into_iter().chain(associated) {
                if let std::collections::btree_map::Entry::Vacant(place) = found.entry(name) {
                    wanted.extend(words(&text));
                    place.insert(text);
                }
            }
        }
        found
    }
}

fn is_dynamic(kind: &str, closure: &BTreeMap<String, String>) -> bool {
    kind.contains("dyn ") || closure.values().any(|text| text.contains("dyn "))
}

/// Whether code with these words asks a value for its type.
fn asks_for_types(words: &BTreeSet<String>) -> bool {
    words.iter().any(|word| word.starts_with("downcast"))
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
    let name = match syn::parse_str::<Item>(item).ok()? {
        Item::Fn(item) => item.sig.ident,
        Item::Struct(item) => item.ident,
        Item::Enum(item) => item.ident,
        Item::Union(item) => item.ident,
        Item::Type(item) => item.ident,
        Item::Const(item) => item.ident,
        Item::Static(item) => item.ident,
        Item::Trait(item) => item.ident,
        Item::Mod(item) => item.ident,
        Item::Macro(item) => item.ident?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Names that a `use` brings, with the paths behind them.
fn used(tree: &syn::UseTree, path: String, names: &mut Vec<(String, String)>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: &[&str]) -> Definitions {
        let mut definitions = Definitions::default();
        items.iter().for_each(|item| definitions.add(item));
        definitions
    }

    #[test]
    fn definitions_are_followed() {
        let mut definitions = of(&["struct P { q: Vec<Q> }", "struct Q { x: f64 }"]);
        let before = definitions.of("Vec<P>");
        definitions.add("struct Q { x: f64, }");
        definitions.add("fn f() {}");
        assert_eq!(definitions.of("i32"), "");
        definitions.add("struct Q { x: String }");
        assert_ne!(definitions.of("Vec<P>"), before);
    }

    #[test]
    fn constants_aliases_modules_macros_and_associated_types_are_followed() {
        for (item, other) in [
            ("const N: usize = 3;", "const N: usize = 6;"),
            ("type N = f64;", "type N = u64;"),
            ("mod N { pub struct X(u8); }", "mod N { pub struct X(u16); }"),
            ("use a::X as N;", "use b::X as N;"),
            ("macro_rules! N { () => { u8 } }", "macro_rules! N { () => { u16 } }"),
            ("impl N for A { type Out = u8; }", "impl N for A { type Out = u16; }"),
        ] {
            let mut definitions = of(&["struct A(N);", item]);
            let before = definitions.of("Vec<A>");
            definitions.add(other);
            assert_ne!(definitions.of("Vec<A>"), before, "{item}");
        }
    }

    #[test]
    fn what_methods_behind_dyn_take_matters() {
        let mut definitions =
            of(&["trait T { fn f(&self, x: X); }", "struct A(Box<dyn T>);", "struct B<X: T>(X);", "struct X(u8);"]);
        for dynamic in ["A", "Box<dyn T>"] {
            let behind = definitions.behind_dyn(dynamic);
            assert!(behind.contains_key("T") && behind.contains_key("X"), "{behind:?}");
        }
        assert!(definitions.behind_dyn("B<u8>").is_empty());
        let function = "std::boxed::Box<dyn std::ops::Fn(X) -> u8>";
        let before = definitions.behind_dyn(function);
        assert!(before.contains_key("X") && !definitions.is_changed_behind_dyn(function, &before));
        let before = definitions.behind_dyn("Box<dyn T>");
        definitions.add("impl T for u64 { type Out = u8; }");
        assert!(!definitions.is_changed_behind_dyn("Box<dyn T>", &before), "another impl");
        definitions.add("struct X(u16);");
        assert!(definitions.is_changed_behind_dyn("Box<dyn T>", &before));
    }

    #[test]
    fn hidden_types_matter_to_who_asks_for_them() {
        let asks = words("b.downcast_ref::<A>()");
        let mut definitions = of(&["struct A(u8);", "struct Held(Box<dyn std::any::Any>);"]);
        assert!(definitions.hides_types("Box<dyn Any>", &asks) && definitions.hides_types("Held", &asks));
        assert!(!definitions.hides_types("Box<dyn Fn(A)>", &asks) && !definitions.hides_types("Held", &words("b")));
        definitions.add("fn f(e: &dyn Error) -> bool { e.downcast_ref::<A>().is_some() }");
        assert!(definitions.hides_types("Box<dyn Error>", &words("f(&*e)")));
        assert_eq!(definitions.redefined, 0);
        definitions.add("/// Documented.\nstruct A(u8);");
        assert_eq!(definitions.redefined, 0);
        definitions.add("struct A(u16);");
        assert_eq!(definitions.redefined, 1);
    }

    #[test]
    fn what_is_made_of_a_macro_with_types_depends_on_its_calls() {
        let calls = |rules: &str| {
            let mut definitions = of(&["struct P(u8);", rules, "make!(A, P);"]);
            let before = (definitions.of("P"), definitions.of("A"));
            definitions.add("make!(B, P);");
            (definitions.of("P"), definitions.of("A")) != before
        };
        assert!(!calls("macro_rules! make { ($n:ident, $t:ty) => { static $n: Mutex<Vec<$t>> = f(vec![]); } }"));
        for types in ["struct Q($t);", "impl $t {}", "other!($n);", "const $n: u8 = 1;"] {
            let rules = format!("macro_rules! make {{ ($n:ident, $t:ty) => {{ static $n: u8 = 1; {types} }} }}");
            assert!(calls(&rules), "{types}");
        }
    }

    #[test]
    fn macros_that_make_items_are_told_from_others() {
        for (rules, makes) in [
            ("macro_rules! m { ($n:ident) => { struct $n; } }", true),
            ("macro_rules! m { ($(#[$m:meta])* $v:vis $n:ident) => { $(#[$m])* $v struct $n(u8); } }", true),
            ("macro_rules! m { ($($n:ident),*) => { $( impl T for $n {} )* } }", true),
            ("macro_rules! m { ($n:ident) => { #[derive(Debug)] pub(crate) enum $n { A } } }", true),
            ("macro_rules! m { ($x:expr) => { $x + 1 } }", false),
            ("macro_rules! m { ($x:expr) => { println!(\"{}\", $x) } }", false),
            ("macro_rules! m { ($x:expr) => {{ let y = $x; y }} }", false),
            ("macro_rules! m { () => { bitflags! { struct A: u8 { const B = 1; } } } }", true),
        ] {
            assert_eq!(of(&[rules]).makes_items("m"), makes, "{rules}");
        }
    }
}
