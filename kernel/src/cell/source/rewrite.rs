//! What is changed inside of a cell's statements and items before they are compiled, and what is learnt on the way.

mod channels;
mod lasting;
pub(crate) mod modules;
mod places;
mod stops;

use super::copies;
use super::definitions::Imports;
use super::edits::Edit;
use super::notebook::Notebook;
use super::parsed::{Parsed, range};
use super::statics::{self, Static};
use super::tries;
use places::Constant;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use stops::{ADAPTERS, SOURCES};
use syn::Expr;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Methods that wait, with nothing given to them, and what cells call in their place: waiting that can be interrupted.
/// The prelude's trait fits the standard library's types; where the compiler does not find it, the name is put back.
const WAITS: [(&str, &str); 7] = [
    ("recv", "recoil_recv"),
    ("join", "recoil_join"),
    ("wait", "recoil_wait"),
    ("wait_with_output", "recoil_wait_with_output"),
    ("status", "recoil_status"),
    ("output", "recoil_output"),
    ("accept", "recoil_accept"),
];
/// Methods that make an iterator of a channel's messages, and what cells call in their place, where it may be one.
const MESSAGES: [(&str, &str); 2] = [("into_iter", "recoil_messages"), ("iter", "recoil_message_iter")];

/// All methods that are called by another name in a cell, with that name.
pub(crate) fn renamed() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    WAITS.iter().chain(&MESSAGES)
}

pub(crate) const CHECKPOINT: &str = " ::recoil::runtime::checkpoint();";

/// `display(x)` becomes `display_bundle({ .. })`, which takes everything that can be shown.
const DISPLAY: &str = "::recoil::runtime::display_bundle";
const DISPLAY_OPEN: &str = "{ #[allow(unused_imports)] use ::recoil::runtime::tail_kinds::*; match &(";
const DISPLAY_CLOSE: &str = ") { recoil_shown => (&&&&::recoil::runtime::Shown(::recoil::runtime::opened_or_stop(\
                             (&&&::recoil::runtime::Opened(recoil_shown)).opened()))).shown() } }";
/// Two counts are whole numbers, and so is what `/` makes of them: said, where the ratio was meant.
const COUNTS_OPEN: &str = "::recoil::runtime::divided_counts(";
const COUNTS_CLOSE: &str = ")";
const OF_CELL: &str = "::recoil::runtime::of_cell(";
const TASK_OF_CELL: &str = "::recoil::runtime::task_of_cell(";
/// Finds what must be changed, and what must be known, inside the statements and items.
pub(super) struct Rewriter<'a> {
    pub code: &'a str,
    pub notebook: &'a Notebook<'a>,
    pub parsed: &'a mut Parsed,
    /// Depth of functions and async blocks around.
    pub nested: usize,
    /// Paths of the names that the cell imports.
    pub imports: HashMap<String, String>,
    /// First byte of a method's name that `.await` follows.
    pub awaited: Option<usize>,
    /// Whether what is visited lives on, as items do.
    pub lasting: bool,
    /// What statics get their names from.
    identity: String,
    /// The folder that paths of modules are meant from, and that of modules, where this is inside of others.
    beside: [PathBuf; 2],
    /// The modules around.
    modules: Vec<String>,
}

impl<'a> Rewriter<'a> {
    /// For the text of a cell, of which nothing is visited yet.
    pub fn new(code: &'a str, notebook: &'a Notebook<'a>, parsed: &'a mut Parsed, imports: Imports) -> Self {
        let imports = imports.0.into_iter().collect();
        Self {
            code,
            notebook,
            parsed,
            nested: 0,
            imports,
            awaited: None,
            lasting: false,
            identity: code.to_owned(),
            beside: notebook.beside.clone(),
            modules: notebook.around.modules.clone(),
        }
    }
}

impl Rewriter<'_> {
    /// The path of a function from the root of its crate, as far as imports say it.
    fn whole_path(&self, text: &str) -> String {
        let text = text.trim_start_matches("::");
        let (first, rest) = text.split_once("::").unwrap_or((text, ""));
        let imported = self.imports.get(first).cloned().or_else(|| (self.notebook.stands_for)(first));
        let known = match first {
            "thread" | "io" => Some(format!("std::{first}")),
            _ => None,
        };
        // `thread::{self}` is imported as `thread::self`.
        let first = imported.map(|path| path.trim_end_matches("::self").to_owned()).or(known);
        let first = first.unwrap_or_else(|| text.split("::").next().unwrap_or_default().to_owned());
        if rest.is_empty() { first } else { format!("{first}::{rest}") }
    }

    fn insert(&mut self, at: usize, text: &str) {
        self.parsed.edits.push(Edit { start: at, end: at, text: text.into() });
    }

    /// Puts text around an expression.
    fn around(&mut self, inner: Range<usize>, before: &str, after: &str) {
        self.insert(inner.start, before);
        self.insert(inner.end, after);
    }

    /// Whether a macro waits for futures without a word `await`: those of tokio and of futures do.
    fn waits(&self, path: &syn::Path) -> bool {
        let Some(name) = path.segments.last().map(|last| last.ident.to_string()) else { return false };
        let of_futures = |name: &str| matches!(name, "tokio" | "futures");
        let first = path.segments.first().map(|first| first.ident.to_string()).unwrap_or_default();
        matches!(name.as_str(), "join" | "try_join" | "select")
            && (of_futures(&first)
                || (path.segments.len() == 1 && self.parsed.words.iter().any(|word| of_futures(word))))
    }

    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        self.nested += 1;
        visit(self);
        self.nested -= 1;
    }
}

impl<'ast> Visit<'ast> for Rewriter<'_> {
    fn visit_expr_for_loop(&mut self, expression: &'ast syn::ExprForLoop) {
        self.looped(&expression.body);
        self.receives(&expression.expr);
        visit::visit_expr_for_loop(self, expression);
    }

    fn visit_expr_while(&mut self, expression: &'ast syn::ExprWhile) {
        self.looped(&expression.body);
        visit::visit_expr_while(self, expression);
    }

    fn visit_expr_loop(&mut self, expression: &'ast syn::ExprLoop) {
        self.looped(&expression.body);
        visit::visit_expr_loop(self, expression);
    }

    fn visit_expr_closure(&mut self, expression: &'ast syn::ExprClosure) {
        self.parsed.heavy = true;
        self.inside(|visitor| visit::visit_expr_closure(visitor, expression));
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        // A constant function cannot be stopped: it may run inside the compiler.
        match function.sig.constness {
            None => self.inside(|visitor| visit::visit_item_fn(visitor, function)),
            Some(_) => Constant(self).visit_block(&function.block),
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        match function.sig.constness {
            None => self.inside(|visitor| visit::visit_impl_item_fn(visitor, function)),
            Some(_) => Constant(self).visit_block(&function.block),
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.inside(|visitor| visit::visit_trait_item_fn(visitor, function));
    }

    fn visit_expr_try(&mut self, tried: &'ast syn::ExprTry) {
        if self.nested == 0 && !self.lasting {
            let question = range(tried.question_token.span());
            self.parsed.edits.extend(tries::matched(range(tried.expr.span()), question));
        }
        visit::visit_expr_try(self, tried);
    }

    // What runs inside of the compiler cannot be stopped; but it may name files.
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        Constant(self).visit_item_const(item);
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        Constant(self).visit_impl_item_const(item);
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        Constant(self).visit_trait_item_const(item);
    }

    fn visit_expr_const(&mut self, block: &'ast syn::ExprConst) {
        Constant(self).visit_expr_const(block);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.in_module(item, |visitor| visit::visit_item_mod(visitor, item));
        } else {
            self.module(item);
        }
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        Constant(self).visit_type(&item.ty);
        Constant(self).visit_expr(&item.expr);
        if statics::is_placed(&item.attrs) {
            return;
        }
        let symbol = statics::symbol(&self.identity, self.parsed.statics.len(), self.notebook.around.runs);
        let at = match &item.vis {
            syn::Visibility::Inherited => range(item.static_token.span),
            visibility => range(visibility.span()),
        };
        self.insert(at.start, &statics::exported(&symbol));
        let kind = self.code[range(item.ty.span())].to_owned();
        self.parsed.statics.push(Static { symbol, kind });
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if !self.written_out(&item.mac) {
            visit::visit_item_macro(self, item);
        }
    }

    fn visit_stmt_macro(&mut self, statement: &'ast syn::StmtMacro) {
        if !self.written_out(&statement.mac) {
            visit::visit_stmt_macro(self, statement);
        }
    }

    fn visit_expr_async(&mut self, expression: &'ast syn::ExprAsync) {
        self.inside(|visitor| visit::visit_expr_async(visitor, expression));
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        self.parsed.awaits |= self.nested == 0;
        if let Expr::MethodCall(call) = &*expression.base {
            self.awaited = Some(range(call.method.span()).start);
        }
        visit::visit_expr_await(self, expression);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let path = range(function.span());
            let text: String = self.code[path.clone()].split_whitespace().collect();
            let whole = self.whole_path(&text);
            if whole == "std::thread::sleep" && call.args.len() == 1 {
                let text = "::recoil::runtime::sleep".into();
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text });
            }
            if whole == "std::io::stdin" {
                let text = "::recoil::runtime::stdin".into();
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text });
            }
            // Everything that can be the value of a cell can also be displayed.
            if text == "display"
                && let (Some(shown), 1) = (call.args.first(), call.args.len())
            {
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text: DISPLAY.into() });
                self.around(range(shown.span()), DISPLAY_OPEN, DISPLAY_CLOSE);
            }
            let knows_cell = match whole.as_str() {
                "std::thread::spawn" | "tokio::task::spawn_blocking" => Some(OF_CELL),
                "tokio::spawn" | "tokio::task::spawn" => Some(TASK_OF_CELL),
                _ => None,
            };
            if let (Some(knows_cell), Some(work)) = (knows_cell, call.args.first()) {
                self.around(range(work.span()), knows_cell, ")");
            }
            if text.rsplit("::").next().is_some_and(|name| SOURCES.contains(&name)) {
                call.args.iter().for_each(|argument| self.stoppable(argument));
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let place = range(call.method.span());
        if let Some((_, text)) = WAITS.iter().find(|(waits, _)| *waits == name)
            && call.args.is_empty()
            && self.awaited != Some(place.start)
        {
            self.parsed.edits.push(Edit { start: place.start, end: place.end, text: (*text).into() });
        }
        // `profile(true)` is the old name of `profiling(true)`: `profile("x", 50, "y")` has it now.
        if let ("profile", Some(Expr::Lit(literal))) = (name.as_str(), call.args.first())
            && matches!(literal.lit, syn::Lit::Bool(_))
            && call.args.len() == 1
        {
            self.parsed.edits.push(Edit { start: place.start, end: place.end, text: "profiling".into() });
        }
        // `query("x > @cut")` binds as `query!` does.
        if let ("query" | "filter", Some(Expr::Lit(literal))) = (name.as_str(), call.args.first())
            && let syn::Lit::Str(text) = &literal.lit
            && text.value().contains('@')
            && call.args.len() == 1
        {
            self.around(range(text.span()), "::recoil::query!(", ")");
        }
        match call.args.first() {
            Some(Expr::Closure(work)) if name == "spawn" && work.inputs.is_empty() && call.args.len() == 1 => {
                self.around(range(work.span()), OF_CELL, ")");
            }
            _ if ADAPTERS.contains(&name.as_str()) => {
                call.args.iter().for_each(|argument| self.stoppable(argument));
            }
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_binary(&mut self, division: &'ast syn::ExprBinary) {
        if matches!(division.op, syn::BinOp::Div(_)) && is_count(&division.left) && is_count(&division.right) {
            self.around(range(division.span()), COUNTS_OPEN, COUNTS_CLOSE);
        }
        visit::visit_expr_binary(self, division);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let (Expr::Path(base), syn::Member::Named(name)) = (&*field.base, &field.member)
            && let Some(base) = base.path.get_ident()
            && (self.notebook.is_group)(&base.to_string(), &name.to_string())
        {
            self.parsed.edits.push(group_edit(self.code, range(field.dot_token.span()).start, range(name.span())));
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if self.lasting && !call.path.is_ident("macro_rules") {
            if let Some(name) = call.path.get_ident() {
                self.copied(name, &call.tokens);
            }
            copies::called(&call.tokens, &mut |name, group| self.copied(name, &group.stream()));
        }
        self.includes(call);
        if call.path.is_ident("dbg") {
            let open = match &call.delimiter {
                syn::MacroDelimiter::Paren(paren) => range(paren.span.open()),
                syn::MacroDelimiter::Brace(brace) => range(brace.span.open()),
                syn::MacroDelimiter::Bracket(bracket) => range(bracket.span.open()),
            };
            self.debugged(range(call.path.span()), open, call.tokens.is_empty());
        }
        // Those among the arguments of others, and in the rules of a macro of the user's.
        self.debugged_in(&call.tokens);
        self.placed(call);
        self.placed_in(call.tokens.clone(), call.path.is_ident("macro_rules"));
        // What is inside is not parsed: `.await` and loops there are rare, and `.await` is found as tokens.
        self.parsed.awaits |= self.nested == 0 && (self.waits(&call.path) || contains_await(call.tokens.clone()));
        visit::visit_macro(self, call);
    }
}

/// `.name` becomes `.group("name")`.
pub(crate) fn group_edit(code: &str, dot: usize, name: Range<usize>) -> Edit {
    let text = format!(".group(\"{}\")", code[name.clone()].trim_start_matches("r#"));
    Edit { start: dot, end: name.end, text }
}

/// Whether an expression is `x.count()?`.
fn is_count(expression: &Expr) -> bool {
    let Expr::Try(tried) = expression else { return false };
    matches!(&*tried.expr, Expr::MethodCall(call) if call.method == "count" && call.args.is_empty())
}

fn contains_await(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "await",
        TokenTree::Group(group) => contains_await(group.stream()),
        _ => false,
    })
}
