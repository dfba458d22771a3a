//! What lives on: statics, and those that macros make.

use super::super::edits::Edit;
use super::super::notebook::hash;
use super::super::parse::with_semicolon;
use super::super::parsed::range;
use super::super::{copies, statics};
use super::Rewriter;
use proc_macro2::TokenStream;
use std::ops::Range;
use syn::spanned::Spanned;

impl Rewriter<'_> {
    /// A macro that makes statics gets a copy for this call.
    pub(super) fn copied(&mut self, name: &proc_macro2::Ident, arguments: &TokenStream) {
        let (identity, runs, first) = (&self.identity, self.notebook.around.runs, self.parsed.statics.len());
        let call = format!("{:016x}_{first}", hash(identity));
        let mut symbol = |index| statics::symbol(identity, first + index, runs);
        let made = copies::copied(&name.to_string(), arguments, &call, self.notebook.definition_of, &mut symbol);
        let Some(made) = made else { return };
        let Range { start, end } = range(name.span());
        self.parsed.edits.push(Edit { start, end, text: made.name });
        self.parsed.copies.extend(made.definitions);
        self.parsed.statics.extend(made.statics);
    }

    /// Writes a `thread_local!` out as statics, wherever it stands in an item; says whether it is one.
    pub(super) fn written_out(&mut self, call: &syn::Macro) -> bool {
        if !self.lasting {
            return false;
        }
        let whole = with_semicolon(self.code, range(call.span()));
        let (identity, runs, mut count) = (&self.identity, self.notebook.around.runs, self.parsed.statics.len());
        let mut symbol = || {
            count += 1;
            statics::symbol(identity, count - 1, runs)
        };
        let Some((edits, statics)) = statics::written_out(self.code, call, &whole, &mut symbol) else { return false };
        self.parsed.edits.extend(edits);
        self.parsed.statics.extend(statics);
        true
    }
}
