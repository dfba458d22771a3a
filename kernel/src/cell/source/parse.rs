//! A cell as Rust sees it: items, which live on as text; statements, which run once; the variables it makes and uses.

use super::edits::Edit;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
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

const CHECKPOINT: &str = " ::recoil::runtime::checkpoint();";

/// Takes a cell apart. `group_of` tells which field accesses on which variables mean a group (`data.mumu`).
///
/// # Errors
/// syn's, when this is not Rust; rustc will say it better.
pub(crate) fn parse(code: &str, is_group: &dyn Fn(&str, &str) -> bool) -> syn::Result<Parsed> {
    let body = |input: syn::parse::ParseStream<'_>| Ok((Attribute::parse_inner(input)?, Block::parse_within(input)?));
    let (attributes, statements) = body.parse_str(code)?;
    let mut parsed = Parsed { words: words(code), ..Parsed::default() };
    parsed.items.extend(attributes.iter().map(|attribute| range(attribute.span())));
    let mut visitor = Rewriter { code, is_group, parsed: &mut parsed, nested: 0 };
    for statement in &statements {
        visitor.visit_stmt(statement);
    }
    for (index, statement) in statements.iter().enumerate() {
        match statement {
            Stmt::Item(item) => parsed.items.push(item_range(code, item)),
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
    let error = parse(code, &|_, _| false).err()?;
    let text = error.to_string();
    Some(text.starts_with("unexpected end of input"))
}

fn range(span: proc_macro2::Span) -> Range<usize> {
    span.byte_range()
}

/// The item with a semicolon that syn does not count to it.
fn item_range(code: &str, item: &Item) -> Range<usize> {
    let mut range = range(item.span());
    let rest = &code[range.end..];
    let after = rest.trim_start();
    if matches!(item, Item::Macro(_)) && after.starts_with(';') {
        range.end += rest.len() - after.len() + 1;
    }
    range
}

/// Names that a `let` of the cell's top level makes; the latest of a name wins.
fn bindings(local: &Local, into: &mut Vec<Binding>) {
    struct Names<'a>(&'a mut Vec<Binding>);
    impl<'ast> Visit<'ast> for Names<'_> {
        fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
            let name = pattern.ident.to_string();
            // `None` and constants look like names here.
            let constant = name.starts_with(|first: char| first.is_uppercase());
            if !constant {
                self.0.retain(|binding| binding.name != name);
                self.0.push(Binding { name, mutable: pattern.mutability.is_some() });
            }
            visit::visit_pat_ident(self, pattern);
        }
        // Not the names inside of closures and blocks in the initialiser.
        fn visit_expr(&mut self, _: &'ast Expr) {}
    }
    Names(into).visit_pat(&local.pat);
}

/// Finds what must be changed, and what must be known, inside the statements and items.
struct Rewriter<'a> {
    code: &'a str,
    is_group: &'a dyn Fn(&str, &str) -> bool,
    parsed: &'a mut Parsed,
    /// Depth of functions and async blocks around.
    nested: usize,
}

impl Rewriter<'_> {
    fn insert(&mut self, at: usize, text: &str) {
        self.parsed.edits.push(Edit { start: at, end: at, text: text.into() });
    }

    fn looped(&mut self, body: &Block) {
        self.parsed.heavy = true;
        self.insert(range(body.brace_token.span.open()).end, CHECKPOINT);
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
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}

    fn visit_expr_async(&mut self, expression: &'ast syn::ExprAsync) {
        self.inside(|visitor| visit::visit_expr_async(visitor, expression));
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        self.parsed.awaits |= self.nested == 0;
        visit::visit_expr_await(self, expression);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let Expr::Path(function) = &*call.func {
            let path = range(function.span());
            let text: String = self.code[path.clone()].split_whitespace().collect();
            if matches!(text.as_str(), "std::thread::sleep" | "thread::sleep" | "::std::thread::sleep") {
                let text = "::recoil::runtime::sleep".into();
                self.parsed.edits.push(Edit { start: path.start, end: path.end, text });
            }
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_field(&mut self, field: &'ast syn::ExprField) {
        if let (Expr::Path(base), syn::Member::Named(name)) = (&*field.base, &field.member)
            && let Some(base) = base.path.get_ident()
            && (self.is_group)(&base.to_string(), &name.to_string())
        {
            self.parsed.edits.push(group_edit(self.code, range(field.dot_token.span()).start, range(name.span())));
        }
        visit::visit_expr_field(self, field);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
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
                    into.insert(name.to_string().trim_start_matches("r#").to_owned());
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
        parse(code, &|variable, _| variable == "data").unwrap()
    }

    fn rewritten(code: &str) -> String {
        let parsed = parsed(code);
        Source::new(code, 0, code.len(), &parsed.edits).text
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
    fn fields_of_data_are_groups() {
        assert_eq!(rewritten("data.mumu.count()?"), "data.group(\"mumu\").count()?");
        assert_eq!(rewritten("other.mumu.count()?"), "other.mumu.count()?");
        assert_eq!(rewritten("data.query(\"x\")"), "data.query(\"x\")");
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
