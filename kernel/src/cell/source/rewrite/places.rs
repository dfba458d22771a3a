//! Macros that say where they stand, or name a file: what they say of generated code would mean nothing to the user.

use super::super::copies;
use super::super::edits::{Edit, line_and_column};
use super::super::parsed::range;
use super::Rewriter;
use proc_macro2::{TokenStream, TokenTree};
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::Visit;

impl Rewriter<'_> {
    /// A `dbg!`, whose place would be one in generated code: its name, the bracket behind it, and whether nothing is inside.
    pub(super) fn debugged(&mut self, name: Range<usize>, open: Range<usize>, is_empty: bool) {
        let (line, column) = line_and_column(self.code, name.start);
        let place = format!("{:?}", format!("{}:{line}:{column}", self.notebook.place));
        let comma = if is_empty { "" } else { ", " };
        self.parsed.edits.push(Edit { start: name.start, end: name.end, text: "::recoil::recoil_dbg".into() });
        self.insert(open.end, &format!("{place}{comma}"));
    }

    /// The macros that say where they stand.
    pub(super) fn placed(&mut self, call: &syn::Macro) {
        let path: Vec<_> = call.path.segments.iter().map(|part| part.ident.to_string()).collect();
        let name = match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [name] | ["std" | "core", name] if call.tokens.is_empty() => (*name).to_owned(),
            _ => return,
        };
        self.place(&name, range(call.span()));
    }

    /// Puts the place of one of these macros in place of its call.
    fn place(&mut self, name: &str, whole: Range<usize>) {
        let (line, column) = line_and_column(self.code, whole.start);
        let text = match name {
            "line" => format!("{line}_u32"),
            "column" => format!("{column}_u32"),
            "file" => format!("{:?}", self.notebook.place),
            _ => return,
        };
        self.parsed.edits.push(Edit { start: whole.start, end: whole.end, text });
    }

    /// The same of calls among the arguments of other macros, and files that are included there. In the rules of a macro, a place
    /// is that of its call.
    pub(super) fn placed_in(&mut self, tokens: TokenStream, rules: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match (token, tokens.get(at + 1), tokens.get(at + 2)) {
                (TokenTree::Ident(name), Some(TokenTree::Punct(bang)), Some(TokenTree::Group(group)))
                    if bang.as_char() == '!' =>
                {
                    let start = start_of_path(&tokens[..at]).unwrap_or_else(|| range(name.span()).start);
                    if group.stream().is_empty() && !rules {
                        self.place(&name.to_string(), start..range(group.span_close()).end);
                    } else if let Ok(call) = syn::parse2::<syn::Macro>(tokens[at..at + 3].iter().cloned().collect()) {
                        self.included(&call);
                    }
                }
                (TokenTree::Group(group), _, _) => self.placed_in(group.stream(), rules),
                _ => {}
            }
        }
    }

    /// Every `dbg!` among tokens.
    pub(super) fn debugged_in(&mut self, tokens: &TokenStream) {
        copies::called(tokens, &mut |name, group| {
            if name == "dbg" {
                self.debugged(range(name.span()), range(group.span_open()), group.stream().is_empty());
            }
        });
    }
}

/// Where `std::` begins that tokens end in.
fn start_of_path(before: &[TokenTree]) -> Option<usize> {
    match before {
        [.., TokenTree::Ident(name), TokenTree::Punct(one), TokenTree::Punct(other)]
            if (name == "std" || name == "core") && one.as_char() == ':' && other.as_char() == ':' =>
        {
            Some(range(name.span()).start)
        }
        _ => None,
    }
}

/// What is evaluated inside of the compiler.
pub(super) struct Constant<'a, 'b>(pub &'a mut Rewriter<'b>);

impl<'ast> Visit<'ast> for Constant<'_, '_> {
    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.0.visit_item_static(item);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.0.includes(call);
        self.0.placed(call);
        self.0.placed_in(call.tokens.clone(), false);
    }
}
