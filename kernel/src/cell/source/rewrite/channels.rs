//! Loops over the messages of channels.

use super::super::edits::Edit;
use super::super::parsed::range;
use super::{MESSAGES, Rewriter};
use std::ops::Range;
use syn::Expr;
use syn::spanned::Spanned;

impl Rewriter<'_> {
    /// A loop over the messages of a channel waits for each of them. Whether it is one only the compiler knows; where it is
    /// not, it finds no such method, and gets the plain iterator.
    pub(super) fn receives(&mut self, over: &Expr) {
        let name = |expression: &Expr| match expression {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Field(field) => Some(self.code[range(field.member.span())].to_owned()),
            _ => None,
        };
        let (inner, borrowed) = match over {
            Expr::Reference(reference) => (&*reference.expr, true),
            Expr::MethodCall(call) if call.method == "iter" && call.args.is_empty() => (&*call.receiver, false),
            other => (other, false),
        };
        let Some(name) = name(inner) else { return };
        let said = ["channel", "sync_channel", "Receiver"].iter().any(|word| self.parsed.words.contains(*word));
        if !said && !(self.notebook.holds_messages)(&name) {
            return;
        }
        let [(_, whole), (_, by_reference)] = MESSAGES;
        match over {
            Expr::MethodCall(call) => {
                let Range { start, end } = range(call.method.span());
                self.parsed.edits.push(Edit { start, end, text: by_reference.into() });
            }
            _ if borrowed => self.around(range(over.span()), "(", &format!(").{whole}()")),
            _ => self.insert(range(over.span()).end, &format!(".{whole}()")),
        }
    }
}
