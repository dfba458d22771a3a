//! A cell as Rust sees it: items, which live on as text; statements, which run once; the variables it makes and uses.

use super::definitions::Imports;
use super::edits::Edit;
use super::files;
use super::notebook::{Notebook, hash};
use super::parsed::{Binding, Parsed, range, words};
use super::rewrite::Rewriter;
use super::statics;
use std::ops::Range;
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Item, Local, Stmt};

/// Takes a cell apart.
///
/// # Errors
/// syn's, when this is not Rust; rustc will say it better.
pub(crate) fn parse(code: &str, notebook: &Notebook<'_>) -> syn::Result<Parsed> {
    let body = |input: syn::parse::ParseStream<'_>| Ok((Attribute::parse_inner(input)?, Block::parse_within(input)?));
    let (attributes, statements) = body.parse_str(code)?;
    let words = words(code);
    let mut parsed = Parsed { names_tokio: words.contains("tokio"), words, ..Parsed::default() };
    parsed.items.extend(attributes.iter().map(|attribute| range(attribute.span())));
    let mut imports = Imports::default();
    statements.iter().for_each(|statement| imports.visit_stmt(statement));
    let mut visitor = Rewriter::new(code, notebook, &mut parsed, imports);
    for statement in &statements {
        visitor.lasting = match statement {
            Stmt::Item(_) => true,
            Stmt::Macro(call) => makes_items(notebook, &call.mac),
            _ => false,
        };
        visitor.visit_stmt(statement);
    }
    for (index, statement) in statements.iter().enumerate() {
        match statement {
            Stmt::Item(item) => {
                let range = item_range(code, item);
                if let Item::Macro(call) = item
                    && call.ident.is_none()
                {
                    item_macro(&call.mac, range.clone(), &mut parsed);
                }
                parsed.items.push(range);
            }
            Stmt::Macro(call) if makes_items(notebook, &call.mac) => {
                let range = with_semicolon(code, range(call.span()));
                item_macro(&call.mac, range.clone(), &mut parsed);
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
    let made = call.path.segments.last().is_some_and(|last| (notebook.makes_items)(&last.ident.to_string()))
        // What defines a macro in turn cannot be put into one.
        && !call.tokens.to_string().contains('$');
    made || files::of_items(call, &notebook.beside[0]).is_some()
}

/// A call of a macro that makes items gets a name, unless it is written out as statics already.
fn item_macro(call: &syn::Macro, whole: Range<usize>, parsed: &mut Parsed) {
    if statics::can_be_written_out(call) {
        return;
    }
    let macro_name = call.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
    // The same words again replace what they have made; of others that make the same thing the compiler will tell.
    let words = call.tokens.to_string();
    parsed.made.insert(whole.start, format!("{macro_name}_{:016x}", hash(&words)));
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

/// The item with a semicolon that syn does not count to it.
fn item_range(code: &str, item: &Item) -> Range<usize> {
    let range = range(item.span());
    if matches!(item, Item::Macro(_)) { with_semicolon(code, range) } else { range }
}

pub(super) fn with_semicolon(code: &str, mut range: Range<usize>) -> Range<usize> {
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
#[cfg(test)]
mod tests {
    use super::super::edits::Source;
    use super::super::tries::{CLOSE, OPEN};
    use super::*;

    fn parsed(code: &str) -> Parsed {
        let notebook = Notebook { is_group: &|variable, _| variable == "data", ..Notebook::empty() };
        parse(code, &notebook).unwrap()
    }

    fn rewritten(code: &str) -> String {
        matched(code).replace(OPEN, "").replace(CLOSE, "?")
    }

    /// With every `?` in other words.
    fn matched(code: &str) -> String {
        let parsed = parsed(code);
        Source::new(code, 0, code.len(), &parsed.edits).text
    }

    #[test]
    fn only_what_ends_the_cell_is_said_in_other_words() {
        for (code, count) in [
            ("data.hist(\"x\", 5)?", 1),
            ("let n: f64 = (a()?.count()? + 1) as f64; { b()?; }", 3),
            ("for x in xs()? { f(x)?; }\nif let Some(y) = g()? { h(S { y }.z()?) }", 4),
            ("let Some(x) = f()? else { return Ok(None) };", 1),
            ("x.await?", 1),
            ("let f = |x| Ok(g(x)?); std::thread::spawn(|| h()?);", 0),
            (
                "fn f() -> Result<(), E> { g()? }\ntrait T { fn t() -> Option<u8> { Some(u()?) } }\nimpl A { fn a() { b()? } }",
                0,
            ),
            ("{ trait T { fn t() -> Option<u8> { Some(u()?) } } 1 }", 0),
            ("let f = async { g()? }; println!(\"{}\", h()?);", 0),
        ] {
            let text = matched(code);
            assert_eq!((text.matches(OPEN).count(), text.matches(CLOSE).count()), (count, count), "{text}");
            syn::parse_str::<syn::Block>(&format!("{{ {text} }}")).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(rewritten(code).matches('?').count(), code.matches('?').count(), "{text}");
        }
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
            ("tokio::spawn(f());", "tokio::spawn(::recoil::runtime::task_of_cell(f()));"),
            (
                "use tokio::task; task::spawn_blocking(f);",
                "use tokio::task; task::spawn_blocking(::recoil::runtime::of_cell(f));",
            ),
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
            ("println!(\"{}\", f(vec![dbg!()]));", "println!(\"{}\", f(vec![::recoil::recoil_dbg!(\"In[0]:1:23\")]));"),
            (
                "macro_rules! m { () => { dbg!(1) } }",
                "macro_rules! m { () => { ::recoil::recoil_dbg!(\"In[0]:1:26\", 1) } }",
            ),
            ("\n f(line!(), column!(), file!())", "\n f(2_u32, 13_u32, \"In[0]\")"),
            ("println!(\"{}\", std::line!() + f!(file!()));", "println!(\"{}\", 1_u32 + f!(\"In[0]\"));"),
            ("macro_rules! m { () => { line!() } }", "macro_rules! m { () => { line!() } }"),
            ("std::io::stdin().read_line(&mut s)?;", "::recoil::runtime::stdin().read_line(&mut s)?;"),
            ("use tokio::time::sleep; sleep(d);", "use tokio::time::sleep; sleep(d);"),
            ("use std::thread::sleep as nap; nap(d);", "use std::thread::sleep as nap; ::recoil::runtime::sleep(d);"),
            ("use std::thread as th; th::sleep(d);", "use std::thread as th; ::recoil::runtime::sleep(d);"),
            (
                "use std::{io, thread::{self, sleep}}; thread::sleep(d); sleep(d);",
                "use std::{io, thread::{self, sleep}}; ::recoil::runtime::sleep(d); ::recoil::runtime::sleep(d);",
            ),
            ("use std::io::stdin; stdin().lines();", "use std::io::stdin; ::recoil::runtime::stdin().lines();"),
            ("fn stdin() {} stdin();", "fn stdin() {} stdin();"),
            ("use std::thread::spawn; spawn(f);", "use std::thread::spawn; spawn(::recoil::runtime::of_cell(f));"),
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
        let constant = "const fn f() -> &'static u8 { static N: u8 = 1; &N }\nconst C: &u8 = { static M: u8 = 1; &M };";
        assert_eq!(self::parsed(constant).statics.len(), 2);
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
        let made = |name: &str, words: &str| format!("{name}_{:016x}", hash(words));
        assert_eq!(
            parsed.made.values().cloned().collect::<Vec<_>>(),
            &[made("make", "Foo"), made("make", "pub struct Bar")]
        );
        assert_eq!(&code[parsed.tail.unwrap()], "vec![1]");
        assert_eq!(&code[parsed.items[0].clone()], "make!(Foo);");
    }

    #[test]
    fn macros_that_make_statics_are_copied_where_they_last() {
        let definition = "macro_rules! make { ($n:ident) => { static $n: u8 = 1; } }";
        let notebook = Notebook {
            makes_items: &|name| name == "make",
            definition_of: &|name| (name == "make").then(|| definition.to_owned()),
            ..Notebook::empty()
        };
        let code = "make!(LOG);\nfn f() { println!(\"{}\", { make!(A); A }); }\nlet x = { make!(B); B };";
        let parsed = parse(code, &notebook).unwrap();
        assert_eq!((parsed.copies.len(), parsed.statics.len()), (2, 2));
        let text = Source::new(code, 0, code.len(), &parsed.edits).text;
        assert_eq!(text.matches("recoil_copy_").count(), 2);
        assert!(text.contains("let x = { make!(B); B };"), "{text}");
        assert_ne!(parsed.statics[0].symbol, parsed.statics[1].symbol);
        let generated = super::super::generate::generate(code, &parsed, &crate::variables::Table::default());
        assert_eq!(generated.code.matches("macro_rules! recoil_copy_").count(), 2);
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
        assert!(parsed("let (a, b) = tokio::join!(f(), g());").awaits);
        assert!(parsed("use tokio::select; select! { _ = f() => {} }").awaits);
        assert!(parsed("futures::try_join!(f(), g())?").awaits);
        assert!(!parsed("async fn h() { tokio::join!(f(), g()); }").awaits);
        assert!(!parsed("crossbeam::select! { recv(r) -> _ => {} }").awaits);
        assert!(parsed("let h = tokio::spawn(async { 1 });").names_tokio);
        assert!(!parsed("let h = tokio::spawn(async { 1 });").awaits);
    }

    #[test]
    fn positions_are_bytes() {
        let code = "let ä = \"äöü\"; ä";
        assert_eq!(&code[parsed(code).tail.unwrap()], "ä");
    }
}
