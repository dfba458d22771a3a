//! Items that a cell replaces and evcxr would keep beside the new ones: `impl` blocks, which have no name, and statics
//! whose types have changed.

use crate::cell::compile::plan::Superseded;
use crate::cell::report::diagnose::ItemOrigin;
use crate::cell::source::definitions::Definitions;
use crate::cell::source::edits::Source;
use crate::cell::source::statics::{Static, of_run};
use quote::ToTokens;
use std::collections::BTreeSet;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::{ImplItem, ItemImpl};

/// Numbers of runs from here on are for statics that start anew because their types have changed.
const CHANGED: u32 = 5000;

/// A static that lives in the worker.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Live {
    /// As it was exported first, and as it is exported now.
    original: String,
    current: String,
    kind: String,
    /// What its type was made of when it began to live.
    definition: String,
    changes: u32,
}

impl Live {
    pub fn new(one: &Static, definitions: &Definitions) -> Self {
        let Static { symbol, kind } = one.clone();
        let definition = definitions.of(&kind);
        Self { original: symbol.clone(), current: symbol, kind, definition, changes: 0 }
    }

    /// A static whose type means something else now starts anew.
    pub fn follow(&mut self, definitions: &Definitions) {
        let now = definitions.of(&self.kind);
        if now != self.definition {
            self.changes += 1;
            self.current = of_run(&self.original, CHANGED + self.changes);
            self.definition = now;
        }
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

/// Takes out of earlier `impl` blocks what those of a new cell define again.
pub(super) fn replace_impls(origins: &mut [ItemOrigin], new: &[Source]) {
    for item in new {
        let Some(block) = parsed(&item.text) else { continue };
        for origin in origins.iter_mut() {
            // The same words again: evcxr has them twice, and one of them counts.
            if origin.item.text.trim() == item.text.trim() {
                origin.left = None;
                continue;
            }
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
        let mut live = Live::new(&one, &definitions);
        live.follow(&definitions);
        assert!(superseded(&[], &[live.clone()]).symbols.is_empty());
        definitions.add("struct P(u64);");
        live.follow(&definitions);
        let symbols = superseded(&[], &[live]).symbols;
        assert_eq!(symbols, [("recoil_static_x_0_0000".to_owned(), "recoil_static_x_0_5001".to_owned())]);
    }
}
