//! Items that a cell replaces and evcxr would keep beside the new ones: `impl` blocks, which have no name, and statics
//! whose types have changed.

use crate::cell::compile::plan::Superseded;
use crate::cell::report::diagnose::{ItemOrigin, Map};
use crate::cell::source::definitions::Definitions;
use crate::cell::source::edits::Source;
use crate::cell::source::statics::{Static, of_run};
use quote::ToTokens;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{ImplItem, Item, ItemImpl};

/// Numbers of runs from here on are for statics that start anew because their types have changed.
const CHANGED: u32 = 5000;

/// Errors of things that are defined twice.
const CONFLICTS: [&str; 3] = ["E0119", "E0428", "E0592"];

/// A static that lives in the worker.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Live {
    /// As it was exported first, and as it is exported now.
    original: String,
    pub current: String,
    kind: String,
    /// What its type was made of when it began to live.
    definition: BTreeMap<String, String>,
    /// How often names had been defined anew then.
    redefined: u32,
    /// Whether its type is made of the standard library's types alone.
    pub plain: bool,
    /// What its type looked like in memory, once the compiler has said it.
    pub shape: Option<u64>,
    changes: u32,
}

impl Live {
    pub fn new(one: &Static, definitions: &Definitions, crates: &BTreeSet<String>) -> Self {
        let Static { symbol, kind } = one.clone();
        let (definition, plain) = (definitions.closure(&kind), definitions.is_plain(&kind, crates));
        let redefined = definitions.redefined;
        Self { original: symbol.clone(), current: symbol, kind, definition, redefined, plain, shape: None, changes: 0 }
    }

    /// Whether it is this one.
    pub fn is(&self, one: &Static) -> bool {
        self.original == one.symbol
    }

    /// A text with the static as it is exported now.
    pub fn written(&self, text: &str) -> String {
        text.replace(&self.original, &self.current)
    }

    /// A static whose type means something else now starts anew. Whether its layout has changed is the compiler's to say;
    /// the texts say it where the compiler cannot, which is behind a `dyn`, and where it was not asked.
    pub fn follow(&mut self, definitions: &Definitions, words: &BTreeSet<String>, crates: &BTreeSet<String>) {
        let behind_dyn = definitions.behind_dyn(&self.kind);
        let other_methods = !behind_dyn.is_empty() && definitions.is_changed_behind_dyn(&self.kind, &self.definition);
        let hidden = definitions.redefined != self.redefined && definitions.hides_types(&self.kind, words);
        if other_methods || hidden {
            return self.renew(definitions);
        }
        let now = definitions.closure(&self.kind);
        let plain = definitions.is_plain(&self.kind, crates);
        let only_more = self.definition.iter().all(|(name, text)| now.get(name) == Some(text));
        let same = now == self.definition || (self.plain && plain && only_more);
        if same || self.shape.is_some() {
            (self.definition, self.plain) = (now, plain);
        } else {
            self.renew(definitions);
        }
    }

    /// Begins anew, under another symbol.
    pub fn renew(&mut self, definitions: &Definitions) {
        self.changes += 1;
        self.current = of_run(&self.original, CHANGED + self.changes);
        (self.definition, self.redefined) = (definitions.closure(&self.kind), definitions.redefined);
        self.shape = None;
    }
}

/// What is to be left out of what evcxr has kept.
pub(super) fn superseded(origins: &[ItemOrigin], statics: &[Live]) -> Superseded {
    let items =
        origins.iter().filter_map(|origin| Some((origin.item.text.clone(), origin.left.as_ref()?.text.clone())));
    let symbols = statics.iter().filter(|live| live.original != live.current);
    Superseded {
        symbols: symbols.map(|live| (live.original.clone(), live.current.clone())).collect(),
        items: items.collect(),
    }
}

/// What of earlier items the new ones of a cell define again, by rustc's errors: numbers of items, with ranges of their text.
/// evcxr knows items by their names, and rustc alone knows whether two `impl` blocks, or calls of macros, are about the same.
pub(super) fn conflicts(map: &Map<'_>, source: &str, errors: &[Value]) -> Vec<(usize, Range<usize>)> {
    let mut found = Vec::new();
    for error in errors.iter().filter(|error| CONFLICTS.iter().any(|code| error["code"]["code"] == *code)) {
        let spans = error["spans"].as_array().into_iter().flatten();
        let places: Vec<_> = spans.filter_map(|span| map.item_at(source, span)).collect();
        if !places.iter().any(|(index, _)| index.is_none()) {
            continue;
        }
        for (index, at) in places.iter().filter_map(|(index, at)| Some(((*index)?, *at))) {
            let text = &map.origins[index].now().text;
            let at = at + (text.len() - text.trim_start().len());
            let twice_named = error["code"]["code"] == "E0428";
            let whole = || Some(0..text.len()).filter(|_| twice_named);
            let item = syn::parse_str::<Item>(text).ok();
            let Some(range) = item.and_then(|item| defining(&item, at)).or_else(whole) else { continue };
            found.push((index, range));
        }
    }
    found
}

/// What of an item defines what rustc points to: an `impl`, of one without a trait the one part, or a call of a macro. Nothing of
/// a type with a derive, which is more than that.
fn defining(item: &Item, at: usize) -> Option<Range<usize>> {
    match item {
        Item::Impl(block) if block.trait_.is_none() => {
            let parts = block.items.iter().map(|part| part.span().byte_range());
            parts.into_iter().find(|range| range.contains(&at)).or_else(|| Some(block.span().byte_range()))
        }
        Item::Impl(block) => Some(block.span().byte_range()),
        Item::Macro(call) if call.ident.is_none() => Some(call.span().byte_range()),
        Item::Mod(module) => {
            let inner = module.content.iter().flat_map(|(_, items)| items);
            inner.into_iter().find(|item| item.span().byte_range().contains(&at)).and_then(|item| defining(item, at))
        }
        _ => None,
    }
}

/// Takes out of earlier `impl` blocks what those of a new cell define again, as far as their words say so.
pub(super) fn replace_impls(origins: &mut [ItemOrigin], new: &[Source]) {
    for item in new {
        // The same words again: evcxr has them twice, and one of them counts.
        let is_same = |origin: &ItemOrigin| origin.item.text.trim() == item.text.trim();
        origins.iter_mut().filter(|origin| is_same(origin)).for_each(|origin| origin.left = None);
        let Some(block) = parsed(&item.text) else { continue };
        for origin in origins.iter_mut().filter(|origin| !is_same(origin)) {
            let now = origin.left.as_ref().unwrap_or(&origin.item);
            let Some(earlier) = parsed(&now.text) else { continue };
            let again = defined_again(&earlier, &block, now.text.len());
            if !again.is_empty() {
                origin.left = Some(now.blanked(&again));
            }
        }
    }
}

fn parsed(item: &str) -> Option<ItemImpl> {
    if item.contains("impl") { syn::parse_str(item).ok() } else { None }
}

/// Ranges of `earlier` that `new` defines again: all of it for a trait, methods and constants by name otherwise.
fn defined_again(earlier: &ItemImpl, new: &ItemImpl, length: usize) -> Vec<Range<usize>> {
    let head = |block: &ItemImpl| {
        let of = block.trait_.as_ref().map(|(_, path, _)| path.to_token_stream().to_string());
        (of, block.self_ty.to_token_stream().to_string(), block.generics.params.to_token_stream().to_string())
    };
    if head(earlier) != head(new) {
        return Vec::new();
    }
    if earlier.trait_.is_some() {
        return vec![0..length];
    }
    let name = |item: &ImplItem| match item {
        ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
        ImplItem::Const(constant) => Some(constant.ident.to_string()),
        _ => None,
    };
    let names: BTreeSet<_> = new.items.iter().filter_map(name).collect();
    let again = earlier.items.iter().filter(|item| name(item).is_some_and(|name| names.contains(&name)));
    again.map(|item| item.span().byte_range()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(text, 0, text.len(), &[])
    }

    fn left(earlier: &str, new: &str) -> Option<String> {
        let mut origins = [ItemOrigin { cell: 1, item: source(earlier), left: None }];
        replace_impls(&mut origins, &[source(new)]);
        origins[0].left.as_ref().map(|left| left.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn an_edited_impl_replaces_what_it_defines_again() {
        let earlier = "impl A { fn f() { 1; } const N: u8 = 1; fn g(&self) {} }";
        assert_eq!(
            left(earlier, "impl A { fn f() { 2; } }").as_deref(),
            Some("impl A { const N: u8 = 1; fn g(&self) {} }")
        );
        assert_eq!(left(earlier, "impl A { fn h() {} }"), None);
        assert_eq!(left(earlier, "impl B { fn f() {} }"), None);
        assert_eq!(left(earlier, earlier), None);
        assert_eq!(left("impl T for A { fn f() {} }", "impl T for A { fn f() { 2; } }").as_deref(), Some(""));
        assert_eq!(left("impl From<u8> for A { }", "impl From<u16> for A { }"), None);
        assert_eq!(left("fn f() {}", "fn f() { 1; }"), None);
    }

    #[test]
    fn a_static_starts_anew_when_its_type_changes() {
        let mut definitions = Definitions::default();
        definitions.add("struct P(u8);");
        let one = Static { symbol: "recoil_static_x_0_0000".into(), kind: "Mutex<Vec<P>>".into() };
        let none = BTreeSet::new();
        let mut live = Live::new(&one, &definitions, &none);
        live.follow(&definitions, &none, &none);
        assert!(superseded(&[], &[live.clone()]).symbols.is_empty());
        let mut known = Live { shape: Some(1), ..live.clone() };
        definitions.add("struct P(u64);");
        live.follow(&definitions, &none, &none);
        known.follow(&definitions, &none, &none);
        assert!(superseded(&[], &[known]).symbols.is_empty(), "the compiler says it");
        let symbols = superseded(&[], &[live]).symbols;
        assert_eq!(symbols, [("recoil_static_x_0_0000".to_owned(), "recoil_static_x_0_5001".to_owned())]);
    }
}
