//! Cells are compiled before evcxr asks for them, and what was learnt of types once is not asked again. None of it changes what a
//! cell means.

use super::Notebook;
use super::waiting::{end_all, until, waiting};
use recoil_kernel::evaluator::Stream;
use recoil_tests::kernel;
use std::time::Duration;

/// What `%time` says of a cell.
fn timed(notebook: &Notebook, code: &str) -> String {
    notebook.printed(Stream::Stdout);
    notebook.value(&format!("%time\n{code}"));
    notebook.printed(Stream::Stdout)
}

#[test]
fn types_are_asked_for_once() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("1");
    for (code, passes) in [
        ("let a = vec![Some(1.5)];", 2),
        ("let b = vec![Some(2.5)];", 1),
        ("let c = (a.len(), df!(\"x\" => [1, 2])?);", 2),
        ("let d = (b.len(), df!(\"x\" => [3])?); let e = a.clone();", 1),
        // Optimised: named while it is compiled.
        ("let f = |x: u8| x + 1; let g = b.clone();", 1),
    ] {
        let told = timed(&notebook, code);
        assert!(told.contains(&format!("({passes} pass(es)")), "{code}: {told}");
    }
    assert_eq!(notebook.value("(c.0, d.1.height(), e.len(), g[0])"), "(1, 1, 1, Some(2.5))");
    assert!(notebook.failure("f(1)").traceback.join("\n").contains("closure"));
    // Another session knows them, too.
    drop(notebook);
    let notebook = Notebook::new(cache.path());
    assert!(timed(&notebook, "let z = vec![Some(7.5)];").contains("(1 pass(es)"));
    // Those of the notebook can change.
    for (field, value) in [("u8", "3"), ("f64", "3.0")] {
        notebook.value(&format!("#[derive(Debug)] struct P {{ x: {field} }} let p = vec![P {{ x: 3 as {field} }}];"));
        assert_eq!(notebook.value("p"), format!("[P {{ x: {value} }}]"));
    }
}

#[test]
fn a_variable_keeps_its_type_whatever_hides_it() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("fn hidden() -> impl Iterator<Item = u8> { vec![1, 2].into_iter() }");
    notebook.run("let hidden_one = hidden();");
    notebook.value("let mut open = vec![1u8, 2].into_iter();");
    assert_eq!(notebook.value("open.next()"), "Some(1)");
    notebook.run("let again = hidden();");
    assert_eq!(notebook.value("open.next()"), "Some(2)");
}

#[test]
fn statements_are_compiled_as_evcxr_has_them() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    for (code, value) in [
        ("\n\n  1 + 1  // two\n\n", "2"),
        ("fn twice(x: u8) -> u8 { 2 * x }\ntwice(4)", "8"),
        ("/* a */ twice(5)", "10"),
        ("let text = \"if std::panic::catch_unwind(||{\\n}).is_err() {\\n\"; text.len()", "46"),
        ("use std::collections::BTreeMap as Map;", ""),
        ("Map::from([(1, \"{}\")])", "{1: \"{}\"}"),
        ("fn twice(x: u8) -> u8 { 3 * x }", ""),
        ("twice(5)", "15"),
        ("use std::fmt::Write; let mut s = String::new(); write!(s, \"{}\", 7)?; s", "\"7\""),
        ("let n = twice(1); n + 1", "4"),
    ] {
        assert_eq!(notebook.value(code), value, "{code}");
    }
}

#[test]
fn errors_are_told_in_the_same_words_with_and_without_a_compiler_that_waits() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("let n = 1; fn half(x: u32) -> Option<u32> { x.checked_div(2) }");
    for code in [
        "let h = half(n)?;\nh + 1",
        "let x: i32 = \"7\".parse()?;\nx.lenght()",
        "std::fs::read_to_string(\"a\")?.missing(n)?",
        "let a = vec![1]; drop(a); a.len()",
        "let x: u8 = std::fs::read(\"a\")?;",
        "\"7\".parse()?",
        "let d = toy_table().qery(\"x > 1\")?;",
        "std::fs::metadata(\"a\")?.lenn()?; std::fs::raed(\"b\")?",
    ] {
        let told = |waits: bool| {
            until("no compiler waits", |all| !all.is_empty());
            if !waits {
                end_all();
            }
            let failure = notebook.failure(code);
            let text = failure.traceback.join("\n");
            text.split("In[").map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect::<String>()
        };
        assert_eq!(told(true), told(false), "{code}");
    }
}

#[test]
fn one_compiler_serves_cell_after_cell() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    // Already for the first cell, which is not waited for.
    assert!(timed(&notebook, "1").contains("which was waiting"));
    let before = waiting();
    assert_eq!(before.len(), 1);
    let told: Vec<String> = (2..8).map(|n| timed(&notebook, &format!("let n = {n};"))).collect();
    assert!(told.iter().all(|told| told.contains("which was waiting")), "{told:?}");
    assert!(notebook.failure("n.missing()").value.contains("missing"));
    assert_eq!(notebook.value("n"), "7");
    assert_eq!(waiting(), before);
    // One that has ended is replaced.
    end_all();
    assert_eq!(notebook.value("n + 1"), "8");
    until("no compiler takes its place", |all| all.len() == 1 && *all != before);
    // Cells of different kinds have compilers of their own, but not many.
    for code in ["for i in 0..3 { n; }", "struct P(u8); let p = P(1);", "let q = P(2);", "p.0", "n"] {
        notebook.value(code);
    }
    std::thread::sleep(Duration::from_millis(500));
    assert!((2..=3).contains(&waiting().len()));
}
