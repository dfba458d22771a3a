//! What is known of a cell once it is taken apart.

use super::edits::Edit;
use super::errors::Errors;
use super::files::{Broken, Inside, Named};
use super::statics::Static;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;
use syn::visit::{self, Visit};

/// A variable that a cell makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    pub name: String,
    pub mutable: bool,
}

/// A cell, taken apart. Byte ranges are into the code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parsed {
    /// Inner attributes and items, in order.
    pub items: Vec<Range<usize>>,
    /// Calls of macros that make items, by their first byte, with a name for what they make.
    pub made: BTreeMap<usize, String>,
    /// Statics, of which there shall be one for all cells.
    pub statics: Vec<Static>,
    /// Copies of macros that make statics, as items of their own.
    pub copies: Vec<String>,
    /// The last expression, if the cell ends in one without a semicolon.
    pub tail: Option<Range<usize>>,
    /// Whether there is anything but items.
    pub statements: bool,
    /// Variables that live on, in order; the last of a name counts.
    pub bindings: Vec<Binding>,
    /// Every word that may name a variable, also inside format strings and queries.
    pub words: BTreeSet<String>,
    /// What is changed before compiling.
    pub edits: Vec<Edit>,
    /// Whether statements wait for futures.
    pub awaits: bool,
    /// Whether the cell names tokio, whose functions need a runtime around them also where nothing waits.
    pub names_tokio: bool,
    /// Whether the cell loops or takes closures, so that optimised code pays.
    pub heavy: bool,
    /// Files of Rust that stand in its items, and other files that they include.
    pub inside: Vec<Inside>,
    pub named: Vec<Named>,
    /// A file of Rust that cannot be parsed.
    pub broken: Option<Broken>,
    /// The notebook's error types, of which the prelude is told.
    pub errors: Errors,
}
/// The bytes of a span.
pub(super) fn range(span: proc_macro2::Span) -> Range<usize> {
    span.byte_range()
}

/// Every identifier of the code, and every word in its strings that follows `{` or `@`.
pub(crate) fn words(code: &str) -> BTreeSet<String> {
    fn collect(tokens: TokenStream, into: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    // A raw name is also found by its plain form, which strings have.
                    let name = name.to_string();
                    into.extend(name.strip_prefix("r#").map(str::to_owned));
                    into.insert(name);
                }
                TokenTree::Group(group) => collect(group.stream(), into),
                TokenTree::Literal(literal) => in_string(&literal.to_string(), into),
                TokenTree::Punct(_) => {}
            }
        }
    }
    let mut found = BTreeSet::new();
    match TokenStream::from_str(code) {
        Ok(tokens) => collect(tokens, &mut found),
        Err(_) => found.extend(code.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned)),
    }
    found
}

fn in_string(literal: &str, into: &mut BTreeSet<String>) {
    for (at, _) in literal.match_indices(['{', '@', '$']) {
        let word = literal[at + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '_');
        let word: String = word.collect();
        if !word.is_empty() {
            into.insert(word);
        }
    }
}

/// Names that patterns of a cell bind, such as the arguments of closures.
pub(crate) fn bound(code: &str) -> BTreeSet<String> {
    struct Bound(BTreeSet<String>);
    impl<'ast> Visit<'ast> for Bound {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            self.0.insert(pattern.ident.to_string());
            visit::visit_pat_ident(self, pattern);
        }
    }
    let mut found = Bound(BTreeSet::new());
    if let Ok(block) = syn::parse_str::<syn::Block>(&format!("{{{code}\n}}")) {
        found.visit_block(&block);
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_cell_binds_are_its_own() {
        let names = |code: &str| bound(code).into_iter().collect::<Vec<_>>();
        assert_eq!(
            names("let c = |x, (y, _)| x; for i in 0..z { if let Some(n) = f(i) {} }"),
            ["c", "i", "n", "x", "y"]
        );
    }
}
