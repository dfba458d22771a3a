//! Generated code in an order of its own.
//!
//! evcxr writes items in the random order of a hash map and numbers its functions. Neither means anything, but both
//! would make the same cell look different each time. Here the order becomes that of the items' text (macros first,
//! because their order matters and evcxr's is random anyway), and the function gets one name.

use crate::worker::CELL_FUNCTION;
use quote::ToTokens;
use syn::Item;
use syn::spanned::Spanned;

const NUMBERED: &str = "fn run_user_code_";

/// The same crate with one order and one name.
pub(crate) fn canonical(source: &str) -> String {
    let source = renamed(source);
    let Ok(file) = syn::parse_file(&source) else {
        // Not Rust: rustc will say so, and nothing will be cached.
        return source;
    };
    let mut out = String::new();
    for attribute in &file.attrs {
        out.push_str(&attribute.to_token_stream().to_string());
        out.push('\n');
    }
    let mut items: Vec<_> = file.items.iter().map(|item| (rank(item), text_of(&source, item))).collect();
    items.sort();
    items.dedup();
    for (_, text) in items {
        out.push_str(text);
        out.push('\n');
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
        Item::Macro(_) => 0,
        Item::Fn(function) if function.sig.ident == CELL_FUNCTION => 2,
        _ => 1,
    }
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
        assert_eq!(canonical(one), canonical(two));
        assert!(canonical(one).contains("/* x */"));
        assert_ne!(canonical(one), canonical(&one.replace("x }", "y }")));
    }
}
