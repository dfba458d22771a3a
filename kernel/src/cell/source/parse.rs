//! A cell as Rust sees it: items, which live on as text; statements, which run once; the variables it makes and uses.

use super::edits::Edit;
use super::files;
use super::notebook::Notebook;
use super::statics::{self, Static};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Item, Local, Stmt};

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
    /// Whether the cell loops or takes closures, so that optimised code pays.
    pub heavy: bool,
}

/// Methods that wait, with nothing given to them, and what cells call in their place: waiting that can be interrupted.
/// The prelude's trait fits the standard library's types; where the compiler does not find it, the name is put back.
pub(crate) const WAITS: [(&str, &str); 7] = [
    ("recv", "recoil_recv"),
    ("join", "recoil_join"),
    ("wait", "recoil_wait"),
    ("wait_with_output", "recoil_wait_with_output"),
    ("status", "recoil_status"),
    ("output", "recoil_output"),
    ("accept", "recoil_accept"),
];
/// Methods of iterators whose closures may be called without end.
const ADAPTERS: [&str; 24] = [
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
const SOURCES: [&str; 3] = ["from_fn", "repeat_with", "successors"];
const CHECKPOINT: &str = " ::recoil::runtime::checkpoint();";

/// `display(x)` becomes `display_bundle({ .. })`, which takes whatever can be shown.
const DISPLAY: &str = "::recoil::runtime::display_bundle";
const DISPLAY_OPEN: &str = "{ #[allow(unused_imports)] use ::recoil::runtime::tail_kinds::*; match &(";
const DISPLAY_CLOSE: &str = ") { recoil_shown => (&&&&::recoil::runtime::Shown(::recoil::runtime::opened_or_stop(\
                             (&&&::recoil::runtime::Opened(recoil_shown)).opened()))).shown() } }";
const OF_CELL: &str = "::recoil::runtime::of_cell(";

/// Takes a cell apart.
///
/// # Errors
/// syn's, when this is not Rust; rustc will say it better.
pub(crate) fn parse(code: &str, notebook: &Notebook<'_>) -> syn::Result<Parsed> {
    let body = |input: syn::parse::ParseStream<'_>| Ok((Attribute::parse_inner(input)?, Block::parse_within(input)?));
    let (attributes, statements) = body.parse_str(code)?;
    let mut parsed = Parsed { words: words(code), ..Parsed::default() };
    parsed.items.extend(attributes.iter().map(|attribute| range(attribute.span())));
    let sleeps = notebook.imports_sleep || (code.contains("std::thread::") && code.contains("sleep"));
    let mut visitor = Rewriter { code, notebook, parsed: &mut parsed, nested: 0, sleeps, awaited: None };
    for statement in &statements {
        visitor.visit_stmt(statement);
    }
    for (index, statement) in statements.iter().enumerate() {
        match statement {
            Stmt::Item(item) => {
                let range = item_range(code, item);
                if let Item::Macro(call) = item
                    && call.ident.is_none()
                {
                    item_macro(code, notebook, &call.mac, range.clone(), &mut parsed);
                }
                parsed.items.push(range);
            }
            Stmt::Macro(call) if makes_items(notebook, &call.mac) => {
                let range = with_semicolon(code, range(call.span()));
                item_macro(code, notebook, &call.mac, range.clone(), &mut parsed);
                parsed.items.push(range);
            }
            Stmt::Local(local) => {
                parsed.statements = true;
                bindings(local, &mut parsed.bindings);
            }
            Stmt::Expr(expression, None) => {
                parsed.statements = true;
                let range = range(expression.span());
                if index + 1 == statements.len() && !diverges(expression) {
                    parsed.tail = Some(range);
                } else if index + 1 == statements.len() {
                    // Without a value nothing says of which type it would be.
                    parsed.edits.push(Edit { start: range.end, end: range.end, text: ";".into() });
                }
            }
            Stmt::Macro(call) if call.semi_token.is_none() && index + 1 == statements.len() => {
                parsed.statements = true;
                parsed.tail = Some(range(call.span()));
            }
            Stmt::Expr(..) | Stmt::Macro(_) => parsed.statements = true,
        }
    }
    Ok(parsed)
}

fn makes_items(notebook: &Notebook<'_>, call: &syn::Macro) -> bool {
    call.path.segments.last().is_some_and(|last| (notebook.makes_items)(&last.ident.to_string()))
        // What defines a macro in turn cannot be put into one.
        && !call.tokens.to_string().contains('$')
}

/// A call of a macro that makes items: those that make statics are written out, others get a name.
fn item_macro(code: &str, notebook: &Notebook<'_>, call: &syn::Macro, whole: Range<usize>, parsed: &mut Parsed) {
    let mut count = parsed.statics.len();
    let mut symbol = || {
        count += 1;
        statics::symbol(code, count - 1, notebook.runs)
    };
    if let Some((edits, statics)) = statics::written_out(code, call, &whole, &mut symbol) {
        parsed.edits.extend(edits);
        parsed.statics.extend(statics);
        return;
    }
    let macro_name = call.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    let words = ["pub", "struct", "enum", "fn", "const", "static", "type", "trait", "mod"];
    let first = call.tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if !words.contains(&word.to_string().as_str()) => Some(word.to_string()),
        _ => None,
    });
    parsed.made.insert(whole.start, format!("{macro_name}_{}", first.unwrap_or_default()));
}

/// Whether an expression plainly never has a value.
fn diverges(expression: &Expr) -> bool {
    let ends = |path: &syn::Path, names: &[&str]| {
        path.segments.last().is_some_and(|last| names.contains(&&*last.ident.to_string()))
    };
    let panics = |call: &syn::Macro| ends(&call.path, &["panic", "unreachable", "todo", "unimplemented"]);
    let block = |block: &Block| match block.stmts.last() {
        Some(Stmt::Expr(last, _)) => diverges(last),
        Some(Stmt::Macro(call)) => panics(&call.mac),
        _ => false,
    };
    match expression {
        // A block with a label has the value of its `break`.
        Expr::Block(inner) => inner.label.is_none() && block(&inner.block),
        Expr::Unsafe(inner) => block(&inner.block),
        Expr::Macro(call) => panics(&call.mac),
        // Under its full name only: a function of the user's may be called `exit`, and have a value.
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if ends(&path.path, &["exit", "abort"])
            && path.path.segments.iter().rev().nth(1).is_some_and(|module| module.ident == "process")),
        Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => true,
        Expr::Paren(inner) => diverges(&inner.expr),
        _ => false,
    }
}

/// Whether code fails to parse, and if so, whether it is because it ends too early.
pub(crate) fn parse_error(code: &str) -> Option<bool> {
    let error = parse(code, &Notebook::empty()).err()?;
    let text = error.to_string();
    Some(text.starts_with("unexpected end of input"))
}

fn range(span: proc_macro2::Span) -> Range<usize> {
    span.byte_range()
}

/// The item with a semicolon that syn does not count to it.
fn item_range(code: &str, item: &Item) -> Range<usize> {
    let range = range(item.span());
    if matches!(item, Item::Macro(_)) { with_semicolon(code, range) } else { range }
}

fn with_semicolon(code: &str, mut range: Range<usize>) -> Range<usize> {
    let rest = &code[range.end..];
    let after = rest.trim_start();
    if after.starts_with(';') {
        range.end += rest.len() - after.len() + 1;
    }
    range
}

/// Names that a `let` of the cell's top level makes; the latest of a name wins.
fn bindings(local: &Local, into: &mut Vec<Binding>) {
    struct Names<'a>(&'a mut Vec<Binding>, bool);
    impl<'ast> Visit<'ast> for Names<'_> {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            let name = pattern.ident.to_string();
            // Where a pattern may fail to match, `None` and constants look like names.
            let constant = self.1 && name.starts_with(|first: char| first.is_uppercase());
            if !constant {
                self.0.retain(|binding| binding.name != name);
                self.0.push(Binding { name, mutable: pattern.mutability.is_some() });
            }
            visit::visit_pat_ident(self, pattern);
        }
        // Not the names inside of closures and blocks in the initialiser.
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    let may_fail = local.init.as_ref().is_some_and(|init| init.diverge.is_some());
    Names(into, may_fail).visit_pat(&local.pat);
}

/// Finds what must be changed, and what must be known, inside the statements and items.
struct Rewriter<'a> {
    code: &'a str,
    notebook: &'a Notebook<'a>,
    parsed: &'a mut Parsed,
    /// Depth of functions and async blocks around.
    nested: usize,
    /// Whether `sleep` is that of the standard library's threads.
    sleeps: bool,
    /// First byte of a method's name that `.await` stands behind.
    awaited: Option<usize>,
}

impl Rewriter<'_> {
    fn insert(&mut self, at: usize, text: &str) {
        self.parsed.edits.push(Edit { start: at, end: at, text: text.into() });
    }

    fn looped(&mut self, body: &Block) {
        self.parsed.heavy = true;
        self.insert(range(body.brace_token.span.open()).end, CHECKPOINT);
    }

    /// Puts text around an expression.
    fn around(&mut self, inner: Range<usize>, before: &str, after: &str) {
        self.insert(inner.start, before);
        self.insert(inner.end, after);
    }

    /// A checkpoint at the head of a closure's body.
    fn stoppable(&mut self, argument: &Expr) {
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

    fn inside(&mut self, visit: impl FnOnce(&mut Self)) {
        self.nested += 1;
        visit(self);
        self.nested -= 1;
    }
}

impl<'ast> Visit<'ast> for Rewriter<'_> {
    fn visit_expr_for_loop(&mut self, expression: &'ast syn::ExprForLoop) {
        self.looped(&expression.body);
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
        if function.sig.constness.is_none() {
            self.inside(|visitor| visit::visit_item_fn(visitor, function));
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if function.sig.constness.is_none() {
            self.inside(|visitor| visit::visit_impl_item_fn(visitor, function));
        }
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.parsed.edits.extend(files::module(item, &self.notebook.folder));
        visit::visit_item_mod(self, item);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        if statics::is_placed(&item.attrs) {
            return;
        }
        let symbol = statics::symbol(self.code, self.parsed.statics.len(), self.notebook.runs);
        let at = match &item.vis {
            syn::Visibility::Inherited => range(item.static_token.span),
            visibility => range(visibility.span()),
        };
        self.insert(at.start, &statics::exported(&symbol));
        let kind = self.code[range(item.ty.span())].to_owned();
        self.parsed.statics.push(Static { symbol, kind });
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
            let sleeps = matches!(text.as_str(), "std::thread::sleep" | "thread::sleep" | "::std::thread::sleep");
            if (sleeps || (text == "sleep" && self.sleeps)) && call.args.len() == 1 {
                let text = "::recoil::runtime::sleep".into();
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text });
            }
            if matches!(text.as_str(), "std::io::stdin" | "io::stdin" | "::std::io::stdin") {
                let text = "::recoil::runtime::stdin".into();
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text });
            }
            // What stands as the last line of a cell can also be displayed.
            if text == "display"
                && let (Some(shown), 1) = (call.args.first(), call.args.len())
            {
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text: DISPLAY.into() });
                self.around(range(shown.span()), DISPLAY_OPEN, DISPLAY_CLOSE);
            }
            if matches!(text.as_str(), "std::thread::spawn" | "thread::spawn" | "::std::thread::spawn") {
                let work = call.args.first().map(|work| range(work.span()));
                work.into_iter().for_each(|work| self.around(work, OF_CELL, ")"));
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
        self.parsed.edits.extend(files::include(call, &self.notebook.folder));
        // The place of `dbg!` would be one in generated code.
        if call.path.is_ident("dbg") {
            let name = range(call.path.span());
            let (line, column) = super::edits::line_and_column(self.code, name.start);
            let place = format!("\"In[{}]:{line}:{column}\"", self.notebook.cell);
            let open = match &call.delimiter {
                syn::MacroDelimiter::Paren(paren) => range(paren.span.open()),
                syn::MacroDelimiter::Brace(brace) => range(brace.span.open()),
                syn::MacroDelimiter::Bracket(bracket) => range(bracket.span.open()),
            };
            let comma = if call.tokens.is_empty() { "" } else { ", " };
            self.parsed.edits.push(Edit { start: name.start, end: name.end, text: "::recoil::recoil_dbg".into() });
            self.insert(open.end, &format!("{place}{comma}"));
        }
        // What is inside is not parsed: `.await` and loops there are rare, and `.await` is found as tokens.
        let waits = |tokens: TokenStream| contains_await(tokens);
        self.parsed.awaits |= self.nested == 0 && waits(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// `.name` becomes `.group("name")`.
pub(crate) fn group_edit(code: &str, dot: usize, name: Range<usize>) -> Edit {
    let text = format!(".group(\"{}\")", code[name.clone()].trim_start_matches("r#"));
    Edit { start: dot, end: name.end, text }
}

fn contains_await(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "await",
        TokenTree::Group(group) => contains_await(group.stream()),
        _ => false,
    })
}

/// Every identifier of the code, and every word in its strings that stands behind `{` or `@`.
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

#[cfg(test)]
mod tests {
    use super::super::edits::Source;
    use super::*;

    fn parsed(code: &str) -> Parsed {
        let notebook = Notebook { is_group: &|variable, _| variable == "data", ..Notebook::empty() };
        parse(code, &notebook).unwrap()
    }

    fn rewritten(code: &str) -> String {
        let parsed = parsed(code);
        Source::new(code, 0, code.len(), &parsed.edits).text
    }

    #[test]
    fn the_old_switch_of_profiling_is_the_new_one() {
        assert_eq!(
            rewritten("load(\"a\")?.profile(true).hist(\"x\", 5)"),
            "load(\"a\")?.profiling(true).hist(\"x\", 5)"
        );
        for other in ["data.profile(\"x\", 50, \"y\")", "data.profile(on)", "profile(true)"] {
            assert_eq!(rewritten(other), other);
        }
    }

    #[test]
    fn items_statements_and_tail_are_told_apart() {
        let code = "use std::fmt;\n// about f\nfn f() -> i32 { 1 }\nlet (mut a, b) = (f(), 2);\nlet Some(c) = Some(3) else { panic!() };\na + b";
        let parsed = parsed(code);
        let items: Vec<_> = parsed.items.iter().map(|range| &code[range.clone()]).collect();
        assert_eq!(items, ["use std::fmt;", "fn f() -> i32 { 1 }"]);
        assert_eq!(&code[parsed.tail.unwrap()], "a + b");
        let names: Vec<_> = parsed.bindings.iter().map(|b| (b.name.as_str(), b.mutable)).collect();
        assert_eq!(names, [("a", true), ("b", false), ("c", false)]);
        assert!(parsed.statements && !parsed.awaits && !parsed.heavy);
    }

    #[test]
    fn semicolons_hide_the_value() {
        assert!(parsed("1 + 1;").tail.is_none());
        assert!(parsed("println!(\"x\");").tail.is_none());
        assert!(parsed("vec![1]").tail.is_some());
        for never in ["{ panic!(\"x\") }", "std::process::exit(3)", "{ 1; return Ok(()) }", "(unreachable!())"] {
            assert!(parsed(never).tail.is_none(), "{never}");
        }
        for valued in ["exit(3)", "'a: { break 'a 1 }"] {
            assert!(parsed(valued).tail.is_some(), "{valued}");
        }
    }

    #[test]
    fn loops_get_checkpoints_and_sleep_can_be_woken() {
        assert_eq!(
            rewritten("for i in 0..3 { std::thread::sleep(d); }"),
            "for i in 0..3 { ::recoil::runtime::checkpoint(); ::recoil::runtime::sleep(d); }"
        );
        assert_eq!(rewritten("fn f() { loop {} }"), "fn f() { loop { ::recoil::runtime::checkpoint();} }");
        assert_eq!(rewritten("const fn f() { loop {} }"), "const fn f() { loop {} }");
        assert_eq!(
            rewritten("let x = 'a: while true {};"),
            "let x = 'a: while true { ::recoil::runtime::checkpoint();};"
        );
    }

    #[test]
    fn threads_closures_and_waits_can_be_stopped() {
        for (code, expected) in [
            ("std::thread::spawn(move || f());", "std::thread::spawn(::recoil::runtime::of_cell(move || f()));"),
            ("s.spawn(|| 1);", "s.spawn(::recoil::runtime::of_cell(|| 1));"),
            ("s.spawn(|_| 1);", "s.spawn(|_| 1);"),
            ("(0..).for_each(|i| f(i));", "(0..).for_each(|i| { ::recoil::runtime::checkpoint(); f(i) });"),
            ("(0..).map(|i| { i });", "(0..).map(|i| { ::recoil::runtime::checkpoint(); i });"),
            ("x.define_with(a, |i| i);", "x.define_with(a, |i| i);"),
            ("rx.recv()?;", "rx.recoil_recv()?;"),
            ("rx.recv().await;", "rx.recv().await;"),
            ("path.join(x);", "path.join(x);"),
            ("use std::thread::sleep; sleep(d);", "use std::thread::sleep; ::recoil::runtime::sleep(d);"),
            ("data.query(\"x > @cut\");", "data.query(::recoil::query!(\"x > @cut\"));"),
            ("data.query(\"x > 2\");", "data.query(\"x > 2\");"),
            ("let a = dbg!(x);", "let a = ::recoil::recoil_dbg!(\"In[0]:1:9\", x);"),
            ("std::io::stdin().read_line(&mut s)?;", "::recoil::runtime::stdin().read_line(&mut s)?;"),
            ("use tokio::time::sleep; sleep(d);", "use tokio::time::sleep; sleep(d);"),
        ] {
            assert_eq!(rewritten(code), expected);
        }
    }

    #[test]
    fn fields_of_data_are_groups() {
        assert_eq!(rewritten("data.mumu.count()?"), "data.group(\"mumu\").count()?");
        assert_eq!(rewritten("other.mumu.count()?"), "other.mumu.count()?");
        assert_eq!(rewritten("data.query(\"x\")"), "data.query(\"x\")");
    }

    #[test]
    fn names_may_be_of_any_case_and_raw() {
        let names = |code: &str| parsed(code).bindings.into_iter().map(|b| b.name).collect::<Vec<_>>();
        assert_eq!(names("let N = 5; let (E, mut Sigma) = (1, 2); let r#type = 3;"), ["N", "E", "Sigma", "r#type"]);
        assert_eq!(names("let (Some(x), None) = (a, b) else { panic!() };"), ["x"]);
        assert!(words("r#type + 1").contains("r#type"));
    }

    #[test]
    fn statics_are_exported_wherever_they_stand() {
        let code = "/// doc\nstatic A: u32 = 1;\nfn f() { pub static mut B: u8 = 2; }\n#[no_mangle]\nstatic C: u8 = 3;";
        let parsed = parsed(code);
        assert_eq!(parsed.statics.len(), 2);
        assert_eq!(parsed.statics[1].kind, "u8");
        let text = rewritten(code);
        assert_eq!(text.matches("export_name").count(), 2);
        syn::parse_file(&text).unwrap();
        let notebook = Notebook { makes_items: &|name| name == "thread_local", ..Notebook::empty() };
        let local = parse("thread_local! { static N: u8 = 1; }\n1", &notebook).unwrap();
        assert_eq!((local.items.len(), local.statics.len()), (1, 1));
    }

    #[test]
    fn macros_that_make_items_are_items() {
        let notebook = Notebook { makes_items: &|name| name == "make", ..Notebook::empty() };
        let code = "make!(Foo);\nmake! { pub struct Bar }\nvec![1]";
        let parsed = parse(code, &notebook).unwrap();
        assert_eq!(parsed.made.values().collect::<Vec<_>>(), ["make_Foo", "make_Bar"]);
        assert_eq!(&code[parsed.tail.unwrap()], "vec![1]");
        assert_eq!(&code[parsed.items[0].clone()], "make!(Foo);");
    }

    #[test]
    fn words_are_found_in_strings() {
        let words = words("println!(\"{total:?} {}\", n); q!(\"x > @cut\")");
        for word in ["total", "n", "cut", "println"] {
            assert!(words.contains(word), "{word}");
        }
    }

    #[test]
    fn awaiting_is_noticed_only_at_the_top() {
        assert!(parsed("f().await?").awaits);
        assert!(parsed("println!(\"{}\", f().await)").awaits);
        assert!(!parsed("let f = async { g().await };").awaits);
        assert!(!parsed("async fn f() { g().await }").awaits);
    }

    #[test]
    fn positions_are_bytes() {
        let code = "let ä = \"äöü\"; ä";
        assert_eq!(&code[parsed(code).tail.unwrap()], "ä");
    }
}
