//! Macros that say where they stand, or name a file: what they say of generated code would mean nothing to the user.

use super::super::copies;
use super::super::edits::{Edit, line_and_column};
use super::super::parsed::range;
use super::Rewriter;
use proc_macro2::TokenStream;
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
        let whole = range(call.span());
        let (line, column) = line_and_column(self.code, whole.start);
        let text = match call.path.get_ident().map(ToString::to_string).as_deref() {
            Some("line") if call.tokens.is_empty() => format!("{line}_u32"),
            Some("column") if call.tokens.is_empty() => format!("{column}_u32"),
            Some("file") if call.tokens.is_empty() => format!("{:?}", self.notebook.place),
            _ => return,
        };
        self.parsed.edits.push(Edit { start: whole.start, end: whole.end, text });
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

/// What is evaluated inside of the compiler.
pub(super) struct Constant<'a, 'b>(pub &'a mut Rewriter<'b>);

impl<'ast> Visit<'ast> for Constant<'_, '_> {
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.0.includes(call);
        self.0.placed(call);
    }
}
