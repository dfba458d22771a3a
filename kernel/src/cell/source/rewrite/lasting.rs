//! What lives on: statics, those that macros make, and files that items name.

use super::super::edits::Edit;
use super::super::notebook::hash;
use super::super::parse::with_semicolon;
use super::super::parsed::range;
use super::super::{copies, files, statics};
use super::Rewriter;
use proc_macro2::TokenStream;
use std::ops::Range;
use syn::spanned::Spanned;

impl Rewriter<'_> {
    /// A macro that makes statics gets a copy for this call.
    pub(super) fn copied(&mut self, name: &proc_macro2::Ident, arguments: &TokenStream) {
        let (code, runs, first) = (self.code, self.notebook.runs, self.parsed.statics.len());
        let call = format!("{:016x}_{first}", hash(code));
        let mut symbol = |index| statics::symbol(code, first + index, runs);
        let made = copies::copied(&name.to_string(), arguments, &call, self.notebook.definition_of, &mut symbol);
        let Some(made) = made else { return };
        let Range { start, end } = range(name.span());
        self.parsed.edits.push(Edit { start, end, text: made.name });
        self.parsed.copies.extend(made.definitions);
        self.parsed.statics.extend(made.statics);
    }

    /// A file, with the change that names it.
    pub(super) fn names(&mut self, named: Option<(Edit, files::Named)>) {
        let Some((edit, file)) = named else { return };
        self.parsed.edits.push(edit);
        if self.lasting {
            self.parsed.files.push(file);
        }
    }

    /// Writes a `thread_local!` out as statics, wherever it stands in an item; says whether it is one.
    pub(super) fn written_out(&mut self, call: &syn::Macro) -> bool {
        if !self.lasting {
            return false;
        }
        let whole = with_semicolon(self.code, range(call.span()));
        let (code, runs, mut count) = (self.code, self.notebook.runs, self.parsed.statics.len());
        let mut symbol = || {
            count += 1;
            statics::symbol(code, count - 1, runs)
        };
        let Some((edits, statics)) = statics::written_out(code, call, &whole, &mut symbol) else { return false };
        self.parsed.edits.extend(edits);
        self.parsed.statics.extend(statics);
        true
    }
}
