//! Generated code in an order of its own.
//!
//! evcxr writes items in the random order of a hash map and numbers its functions. Neither means anything, but both
//! would make the same cell look different each time. Here the order becomes that of the items' text (macros first,
//! because their order matters and evcxr's is random anyway), and the function gets one name. On the way, items that the
//! session has replaced are left out, and calls of macros that make items lose the wrapping that made evcxr keep them.

use super::plan::Superseded;
use crate::cell::source::marks::{MADE, MADE_CLOSE, MADE_OPEN};
use crate::cell::source::statics::SYMBOL;
use crate::worker::{CELL_FUNCTION, HAS_STATICS};
use quote::ToTokens;
use std::borrow::Cow;
use syn::Item;
use syn::spanned::Spanned;

const NUMBERED: &str = "fn run_user_code_";
/// What evcxr writes in front of a cell's statements.
const CATCH: &str = "if std::panic::catch_unwind(||{";
/// What it writes behind them, and in front of a block.
const CAUGHT: &str = "}).is_err() {";

/// The same crate with one order and one name.
pub(crate) fn canonical(source: &str, superseded: &Superseded) -> String {
    let mut source = renamed(source);
    for (old, new) in &superseded.symbols {
        source = source.replace(old, new);
    }
    let Ok(file) = syn::parse_file(&source) else {
        // Not Rust: rustc will say so, and nothing will be cached.
        return source;
    };
    let mut out = String::new();
    for attribute in &file.attrs {
        out.push_str(&attribute.to_token_stream().to_string());
        out.push('\n');
    }
    let mut items: Vec<_> = file
        .items
        .iter()
        .map(|item| {
            let text = unwrapped(text_of(&source, item));
            let left = superseded.items.iter().find(|(old, _)| old.trim() == text.trim());
            (rank(item), guarded(left.map_or(text, |(_, left)| left)))
        })
        .collect();
    items.sort();
    items.dedup();
    for (_, text) in items {
        out.push_str(&text);
        out.push('\n');
    }
    if out.contains(SYMBOL) {
        out.push_str(&format!("#[unsafe(no_mangle)] pub static {HAS_STATICS}: u8 = 1;\n"));
    }
    out
}

fn renamed(source: &str) -> String {
    let Some(start) = source.find(NUMBERED) else { return source.to_owned() };
    let name_end = source[start + NUMBERED.len()..].find(|c: char| !c.is_ascii_digit());
    let end = name_end.map_or(source.len(), |end| start + NUMBERED.len() + end);
    format!("{}fn {CELL_FUNCTION}{}", &source[..start], &source[end..])
}

fn rank(item: &Item) -> u8 {
    match item {
        Item::Macro(item) if item.ident.as_ref().is_none_or(|name| name.to_string().starts_with("recoil_items_")) => 1,
        Item::Macro(_) => 0,
        Item::Fn(function) if function.sig.ident == CELL_FUNCTION => 3,
        _ => 2,
    }
}

/// The cell's function, whose panics the prelude catches: evcxr has it call the standard library for that, and each cell would
/// compile a dozen functions of it anew.
fn guarded(text: &str) -> Cow<'_, str> {
    let parts = text.split_once(CATCH).and_then(|(before, rest)| Some((before, rest.rsplit_once(CAUGHT)?)));
    match parts {
        Some((before, (cell, after))) if text.contains(CELL_FUNCTION) => {
            let after = after.split_once('}').map_or(after, |(_, after)| after);
            Cow::Owned(format!("{before}fn recoil_cell() {{{cell}}}\n::recoil::runtime::guard(recoil_cell);{after}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The call of a macro that makes items, without the macro around it.
fn unwrapped(text: &str) -> &str {
    let inner = text.strip_prefix(MADE).and_then(|rest| rest.split_once(MADE_OPEN));
    inner.and_then(|(_, rest)| rest.trim_end().strip_suffix(MADE_CLOSE)).unwrap_or(text)
}

/// The item as it was written, comments inside included; a semicolon behind a macro call goes with it.
fn text_of<'a>(source: &'a str, item: &Item) -> &'a str {
    let range = item.span().byte_range();
    let after = &source[range.end..];
    let semicolon = matches!(item, Item::Macro(_)) && after.trim_start().starts_with(';');
    let end = if semicolon { range.end + after.find(';').map_or(0, |at| at + 1) } else { range.end };
    &source[range.start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_number_do_not_matter() {
        let one = "#![allow(dead_code)]\nuse a::b;\nfn f() { /* x */ }\nmacro_rules! m { () => {} }\npub extern \"C\" fn run_user_code_3(x: *mut u8) -> *mut u8 { x }";
        let two = "#![allow(dead_code)]\nmacro_rules! m { () => {} }\nfn f() { /* x */ }\npub extern \"C\" fn run_user_code_12(x: *mut u8) -> *mut u8 { x }use a::b;\n";
        let canonical = |source: &str| super::canonical(source, &Superseded::default());
        assert_eq!(canonical(one), canonical(two));
        assert!(canonical(one).contains("/* x */"));
        assert_ne!(canonical(one), canonical(&one.replace("x }", "y }")));
    }

    #[test]
    fn the_prelude_catches_what_a_cell_throws() {
        let source = "pub extern \"C\" fn run_user_code_3(\ns: *mut u8) -> *mut u8 {\nif std::panic::catch_unwind(||{\nf(|| {\n1 }); if \
                      catch(|| {}).is_err() { g() }\n}).is_err() {\n    println!(\"PANIC\");\n}\ns\n}\n";
        let text = canonical(source, &Superseded::default());
        assert!(!text.contains("PANIC") && text.contains("fn recoil_cell() {\nf(|| {"), "{text}");
        assert!(
            text.contains("if catch(|| {}).is_err() { g() }\n}\n::recoil::runtime::guard(recoil_cell);\ns\n}"),
            "{text}"
        );
        syn::parse_file(&text).unwrap();
    }

    #[test]
    fn superseded_items_go_and_made_items_lose_their_wrapping() {
        let source = "impl A { fn f() {} fn g() {} }\nmacro_rules! m { () => {} }\n\
                      macro_rules! recoil_items_m_X { () => { m!(X); } }\nstatic S: u8 = recoil_static_1;";
        let superseded = Superseded {
            items: vec![("impl A { fn f() {} fn g() {} }".into(), "impl A {           fn g() {} }".into())],
            symbols: vec![("recoil_static_1".into(), "recoil_static_2".into())],
        };
        let text = canonical(source, &superseded);
        assert!(text.contains("impl A {           fn g() {} }") && !text.contains("fn f()"), "{text}");
        assert!(text.contains("macro_rules! m { () => {} }\nm!(X);\n"), "{text}");
        assert!(text.contains("recoil_static_2") && text.contains(HAS_STATICS), "{text}");
    }
}
