//! Where code that may run without end looks at the interrupt: loops, and closures that iterators call.

use super::super::parsed::range;
use super::{CHECKPOINT, Rewriter};
use syn::spanned::Spanned;
use syn::{Block, Expr};

/// Methods of iterators whose closures may be called without end.
pub(super) const ADAPTERS: [&str; 24] = [
    "for_each",
    "map",
    "filter",
    "fold",
    "take_while",
    "skip_while",
    "map_while",
    "flat_map",
    "filter_map",
    "inspect",
    "scan",
    "try_for_each",
    "try_fold",
    "any",
    "all",
    "find",
    "find_map",
    "position",
    "reduce",
    "partition",
    "max_by_key",
    "min_by_key",
    "retain",
    "then",
];
/// Functions that make endless iterators of closures.
pub(super) const SOURCES: [&str; 3] = ["from_fn", "repeat_with", "successors"];

impl Rewriter<'_> {
    /// A checkpoint at the head of a loop.
    pub(super) fn looped(&mut self, body: &Block) {
        self.parsed.heavy = true;
        self.insert(range(body.brace_token.span.open()).end, CHECKPOINT);
    }

    /// A checkpoint at the head of a closure's body.
    pub(super) fn stoppable(&mut self, argument: &Expr) {
        let Expr::Closure(closure) = argument else { return };
        match &*closure.body {
            Expr::Block(body) if body.label.is_none() => {
                self.insert(range(body.block.brace_token.span.open()).end, CHECKPOINT);
            }
            // `async` blocks are polled, not called.
            Expr::Async(_) => {}
            body => self.around(range(body.span()), &format!("{{{CHECKPOINT} "), " }"),
        }
    }
}
