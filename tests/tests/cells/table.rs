//! Notebooks as tables: each cell with what it must come to. Many were made from public reports against kernels of this
//! kind; where stock evcxr 0.22 answers otherwise, the comment says how.

use super::Notebook;
use recoil_kernel::evaluator::{Outcome, Stream};
use recoil_tests::kernel;
use std::path::Path;

/// What a cell comes to.
pub(super) enum Comes {
    /// Its value; empty for none.
    To(&'static str),
    /// A failure with these words in its text or traceback.
    Fails(&'static str),
    /// It prints this, among other things.
    Prints(&'static str),
}
use Comes::{Fails, Prints, To};

pub(super) fn check(cells: &[(&str, Comes)]) {
    check_in(tempfile::tempdir().expect("a folder").path(), cells);
}

/// The same for a notebook in this folder.
pub(super) fn check_in(folder: &Path, cells: &[(&str, Comes)]) {
    let _turn = kernel::turn();
    let notebook = Notebook::new(folder);
    let escapes = regex::Regex::new("\x1b\\[[0-9;]*m").expect("a pattern");
    let plain = |text: String| escapes.replace_all(&text, "").into_owned();
    let mut wrong = Vec::new();
    for (code, comes) in cells {
        notebook.printed(Stream::Stdout);
        let outcome = notebook.run(code);
        let (value, failure) = match outcome {
            Outcome::Done { result, .. } => {
                let text = result.and_then(|bundle| bundle.data["text/plain"].as_str().map(str::to_owned));
                (text.unwrap_or_default(), None)
            }
            Outcome::Failed(failure) => {
                let told = plain(failure.traceback.join("\n"));
                (String::new(), Some(format!("{}: {}\n{told}", failure.name, failure.value)))
            }
        };
        let good = match (comes, &failure) {
            (To(expected), None) => value == *expected,
            (Fails(words), Some(told)) => {
                told.contains(words) && !told.contains("recoil_") && !told.contains("__recoil")
            }
            (Prints(words), None) => {
                let all = std::mem::take(&mut *notebook.shown.lock().expect("not poisoned"));
                let text: String = all
                    .into_iter()
                    .filter_map(|output| match output {
                        recoil_kernel::evaluator::Output::Text(_, text) => Some(text),
                        recoil_kernel::evaluator::Output::Display { bundle, .. } => {
                            bundle.data["text/plain"].as_str().map(str::to_owned)
                        }
                        _ => None,
                    })
                    .collect();
                text.contains(words)
            }
            _ => false,
        };
        if !good {
            let expected = match comes {
                To(text) => format!("the value `{text}`"),
                Fails(text) => format!("a failure with `{text}`"),
                Prints(text) => format!("`{text}` to be printed"),
            };
            wrong.push(format!("{code}\n  expected {expected}\n  came to `{value}` {}", failure.unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// evcxr: reads foreign memory, or a segmentation fault.
#[test]
fn a_value_never_outlives_the_layout_of_its_type() {
    check(&[
        ("const N: usize = 3; struct A([u64; N]); let a = A([7; N]);", To("")),
        ("a.0", To("[7, 7, 7]")),
        ("const N: usize = 6;", To("")),
        ("a.0", Fails("defined anew")),
        // By a module's struct, in a container.
        ("mod m { pub struct B { pub x: f64 } }\nlet b = vec![m::B { x: 1.5 }];", To("")),
        ("b[0].x", To("1.5")),
        ("mod m { pub struct B { pub x: u64 } }", To("")),
        ("b[0].x", Fails("defined anew")),
        // By a `use .. as`.
        (
            "mod m1 { pub struct X(pub f64); }\nmod m2 { pub struct X(pub u64); }\nuse m1::X as Y; struct C(Y); let c = C(Y(2.5));",
            To(""),
        ),
        ("use m2::X as Y;", To("")),
        ("c.0.0", Fails("defined anew")),
        // By a macro in the place of a type.
        ("macro_rules! t { () => { Vec<u8> } }\nstruct D(t!()); let d = D(vec![1, 2]);", To("")),
        ("macro_rules! t { () => { Vec<String> } }", To("")),
        ("d.0.len()", Fails("defined anew")),
        // By an associated type.
        ("trait T { type Out; }\nimpl T for u8 { type Out = u64; }\nstruct E(<u8 as T>::Out); let e = E(3);", To("")),
        ("impl T for u8 { type Out = String; }", To("")),
        ("e.0", Fails("defined anew")),
        // By the methods behind a `dyn`.
        (
            "trait Say { fn one(&self) -> u8; }\nimpl Say for u8 { fn one(&self) -> u8 { 1 } }\nlet s: Box<dyn Say> = Box::new(1u8);",
            To(""),
        ),
        ("s.one()", To("1")),
        (
            "trait Say { fn two(&self) -> String; fn one(&self) -> u8; }\nimpl Say for u8 { fn two(&self) -> String { \"x\".into() } fn one(&self) -> u8 { 2 } }",
            To(""),
        ),
        ("s.one()", Fails("defined anew")),
        // What changes nothing in memory loses nothing.
        ("struct P { x: f64 }\nlet p = P { x: 1.0 };", To("")),
        ("#[derive(Debug, Clone)]\n/// A point.\nstruct P { x: f64 }", To("")),
        ("p.clone().x", To("1.0")),
    ]);
}

/// evcxr: each cell has statics of its own.
#[test]
fn statics_live_once() {
    check(&[
        (
            "use std::sync::atomic::{AtomicU32, Ordering::SeqCst};\nstatic COUNT: AtomicU32 = AtomicU32::new(0);\nfn next() -> u32 { COUNT.fetch_add(1, SeqCst) + 1 }",
            To(""),
        ),
        ("next()", To("1")),
        ("next() + COUNT.load(SeqCst)", To("4")),
        ("static LIST: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\nLIST.lock()?.push(1);", To("")),
        ("LIST.lock()?.push(2); LIST.lock()?.len()", To("2")),
        (
            "static ONCE: std::sync::OnceLock<String> = std::sync::OnceLock::new();\nONCE.get_or_init(|| \"first\".into());",
            To(""),
        ),
        ("ONCE.get_or_init(|| \"second\".into())", To("first")),
        ("thread_local! { static LOCAL: std::cell::Cell<u32> = std::cell::Cell::new(5); }\nLOCAL.set(6);", To("")),
        ("LOCAL.get()", To("6")),
        // In a function.
        ("fn ids() -> u32 { static ID: AtomicU32 = AtomicU32::new(10); ID.fetch_add(1, SeqCst) }\nids()", To("10")),
        ("ids()", To("11")),
        ("let mut s = 0; for i in 0..3 { s += ids(); } s", To("39")),
        // A cell that is run again defines its statics anew.
        ("static COUNT: AtomicU32 = AtomicU32::new(100);", To("")),
        ("COUNT.fetch_add(1, SeqCst)", To("100")),
        ("COUNT.load(SeqCst)", To("101")),
        ("static LIST: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());\nLIST.lock()?.push(1);", To("")),
        ("LIST.lock()?.len()", To("1")),
        // A static of a type that changes begins anew.
        (
            "struct Q(u8);\nstatic QS: std::sync::Mutex<Vec<Q>> = std::sync::Mutex::new(Vec::new());\nQS.lock()?.push(Q(1));",
            To(""),
        ),
        ("QS.lock()?.len()", To("1")),
        ("struct Q(String);", To("")),
        ("QS.lock()?.len()", To("0")),
        ("QS.lock()?.push(Q(\"x\".into())); QS.lock()?.len()", To("1")),
        // Macros that make items.
        (
            "macro_rules! make { ($n:ident, $x:expr) => { #[derive(Debug)] struct $n; impl $n { fn x(&self) -> i32 { $x } } } }\nmake!(Foo, 3);",
            To(""),
        ),
        ("Foo.x()", To("3")),
        ("make!(Foo, 4);\nFoo.x()", To("4")),
        ("Foo.x()", To("4")),
    ]);
}

/// evcxr: E0592 and E0119 at the second run.
#[test]
fn edited_impls_replace_earlier_ones() {
    check(&[
        (
            "struct A; impl A { fn f(&self) -> u8 { 1 } fn g(&self) -> u8 { 7 } }\nimpl std::fmt::Display for A { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"one\") } }",
            To(""),
        ),
        ("format!(\"{A}\") + &A.f().to_string()", To("\"one1\"")),
        ("impl A { fn f(&self) -> u8 { 2 } }", To("")),
        (
            "impl std::fmt::Display for A { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(\"two\") } }",
            To(""),
        ),
        ("format!(\"{A}\") + &(A.f() + A.g()).to_string()", To("\"two9\"")),
        ("impl A { fn f(&self) -> u8 { 3 } }", To("")),
        ("impl A { fn f(&self) -> u8 { 2 } }", To("")),
        ("A.f()", To("2")),
        // A cell that fails replaces nothing.
        ("impl A { fn f(&self) -> u8 { 9 } }\npanic!(\"no\");", Fails("no")),
        ("A.f()", To("2")),
    ]);
}

/// evcxr: E0425 for all of these.
#[test]
fn variables_are_not_lost_for_their_names() {
    check(&[
        ("let N = 5; let (E, mut Sigma) = (1.5, 2); let r#type = \"t\";", To("")),
        ("Sigma += N; Sigma", To("7")),
        ("format!(\"{E} {}\", r#type)", To("\"1.5 t\"")),
        (
            "#[derive(Debug)] struct Data { mumu: i32 }\n#[derive(Debug)] struct Group { count: i32 }\nlet d = Data { mumu: 3 }; let g = Group { count: 4 };",
            To(""),
        ),
        ("d.mumu + g.count", To("7")),
        // The owner stays, whatever borrowed from it.
        ("let m = std::sync::Mutex::new(vec![1, 2]); let guard = m.lock().unwrap();", To("")),
        ("m.lock().unwrap().len()", To("2")),
        (
            "let words = vec![String::from(\"a\")]; let first: Box<dyn Iterator<Item = &String>> = Box::new(words.iter());",
            To(""),
        ),
        ("words.len()", To("1")),
        ("first.count()", Fails("borrows")),
        ("let it = (0..3).map(|x| x + 1);", To("")),
        ("it.sum::<i32>()", Fails("collect")),
    ]);
}

#[test]
fn errors_do_not_vanish() {
    check(&[
        (
            "let data = Data::from_frames([(\"mumu\", df!(\"x\" => [1.0, 2.0, 3.0])?), (\"ee\", df!(\"x\" => [1.0])?)])?;",
            To(""),
        ),
        ("data.query(\"nonexistent > 2\").write_parquet(\"x.parquet\");\nprintln!(\"done\");", Fails("add `?`")),
        ("fn save(data: &Data) { data.count(); }", Fails("add `?`")),
        ("let _ = data.query(\"nonexistent > 2\").count();", To("")),
        // Other results are the user's own business, as in Rust.
        ("std::fs::remove_file(\"no such file\");", To("")),
        ("df!(\"x\" => [1])?.lazy().collect();", Fails("add `?`")),
        // What cannot be shown is a failure.
        ("data[\"pRecoil\"]", Fails("pRecoil")),
        ("display(&data[\"pRecoil\"]);", Fails("pRecoil")),
        ("let a = data.hist(\"x\", (3, 0.0, 3.0))?; let b = data.hist(\"x\", (5, 0.0, 3.0))?;", To("")),
        ("stack([&a, &b])", Fails("cannot be drawn")),
    ]);
}

/// Cells are compiled with a `match` in the place of `?`, and with the `?` itself where that means more than a `match` does.
#[test]
fn a_question_mark_means_in_a_cell_what_it_means_elsewhere() {
    check(&[
        ("let text = \"5\"; let n: i32 = text.parse()?; n", To("5")),
        // The type is known later, and `match` wants it at once.
        ("let n = \"5\".parse()?; let m: u16 = n; m", To("5")),
        ("let all = \"1 2\".split(' ').map(str::parse).collect::<Result<Vec<i8>, _>>()?; all", To("[1, 2]")),
        ("{ let n = (\"7\".parse::<i32>()? - 1) as f64; -\"2\".parse::<f64>()? * n }", To("-12.0")),
        ("for word in [\"1\", \"x\"] {\n    word.parse::<u8>()?;\n}", Fails("invalid digit")),
        ("let n = 1;\nlet bad =\n    \"y\".parse::<u8>()?;", Fails("In[6]:3:22")),
        // Any error that can be displayed, and those of the prelude.
        (
            "struct Big(u8);\nimpl std::fmt::Display for Big { fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"{} is too big\", self.0) } }\nlet r: Result<u8, Big> = Err(Big(9));\nr?",
            Fails("Big: 9 is too big"),
        ),
        ("let r: Result<u8, Box<dyn std::error::Error>> = Err(\"boxed\".into()); r?", Fails("boxed")),
        ("Data::from_frames([(\"mumu\", df!(\"x\" => [1.0])?)])?.query(\"y > 1\").count()?", Fails("no column `y`")),
        ("df!(\"x\" => [1.0])?.column(\"y\")?", Fails("y")),
        ("std::fs::read(\"no such file\")?", Fails("No such file")),
        // A result inside of a result is opened at the end of a cell.
        (
            "fn f(n: u8) -> Result<Result<u8, String>, String> { Ok(Err(format!(\"inner {n}\"))) }\nf(3)?",
            Fails("inner 3"),
        ),
        ("async fn g() -> Result<u8, std::fmt::Error> { Ok(3) }\ng().await?", To("3")),
        // A drop that is late, as of a temporary.
        (
            "let m = std::sync::Mutex::new(vec![1]); m.lock().map_err(|e| e.to_string())?.push(2); m.into_inner()?",
            To("[1, 2]"),
        ),
        // What it cannot be applied to is said in the same words.
        ("let o: Option<u8> = None; o?", Fails("can only be used on `Result`s")),
        ("let n = 3; n?", Fails("the `?` operator can only be applied to values")),
        ("let r: Result<u8, String> = Ok(1); (&r)?", Fails("the `?` operator can only be applied to values")),
        ("struct Dumb;\nlet r: Result<u8, Dumb> = Err(Dumb); r?", Fails("Dumb")),
    ]);
}

#[test]
fn newcomers_are_helped() {
    check(&[
        (
            "let frame = df!(\"x\" => [1.0, 2.0, 3.0], \"chi2\" => [1.0, 2.0, 3.0])?;\nlet data = Data::from_frames([(\"mumu\", frame.clone()), (\"ee\", frame)])?; let cut = 1.5;",
            To(""),
        ),
        ("let d = load(\"toys\"); d.count()", Fails("add `?`")),
        ("data.count() + 1", Fails("add `?`")),
        ("data.query(\"x > 2\")?", Fails("remove the `?`")),
        ("let g = data; data.count()?", To("6")),
        ("data.count()?", To("6")),
        ("g.count()?", To("6")),
        ("let one = data[\"mumu\"]; one.count()?", To("3")),
        ("data.mumu.count()?", To("3")),
        // Values of the prelude stay usable in later cells after they were given away.
        ("let h = data.hist(\"x\", (4, 0.0, 4.0))?; h.sum()", To("6.0")),
        ("let drawn = stack(h);", To("")),
        ("let twice = h * 2.0; twice.sum()", To("12.0")),
        ("let other = h; other.sum()", To("6.0")),
        ("h.sum() + other.sum()", To("12.0")),
        ("data[\"chi2\"].count()?", Fails("it is a column: `.column(\"chi2\")?`")),
        ("data.group(\"charged\").count()?", Fails("there are the groups")),
        ("data.query(\"nothing > 1\").count()?", Fails("nothing")),
        (
            "data.group_by(\"x\").agg([mean(\"chi2\"), std(\"chi2\")])?.get_column_names()",
            To("[\"x\", \"chi2_mean\", \"chi2_std\"]"),
        ),
        ("data.query(\"x > @cut\").count()?", To("4")),
        ("data.query('x > 2')", Fails("double quotes")),
        ("data.hist(\"x\", 50, 0, 6)?", Fails("(50, 0.0, 6.0)")),
        ("data.columns", Fails("parentheses")),
        ("data.head()", Fails("head(10)")),
        ("let f = Gaussian + Polynomial;", Fails("Polynomial(2)")),
        ("data.event_keys(\"x\").best_candidate(\"chi2\", \"lowest\").count()?", To("6")),
        ("1.0 * 3", Fails("`3.0`")),
        ("for i in range(10) {}", Fails("0..10")),
        ("println!(\"{:?}\", data.mumu);", Fails("display(..)")),
        ("print(5);", Fails("println!")),
        ("%timeit data.count()?", Prints("per run")),
        ("%time data.count()?", Prints("in all")),
        ("let broken = undefined_name; fn also_broken() -> u8 { 1 }", Fails("undefined_name")),
        ("broken + 1", Fails("its cell In[32] failed")),
        ("also_broken()", Fails("its cell In[32] failed")),
        ("data.hist(mu1P, 50)?", Fails("stands in quotes")),
        ("data.best_candidate(\"chi2\", \"best\").count()?", Fails("Lowest or Highest")),
        ("data.profile(\"x\", (1, 0.0, 4.0), \"chi2\")?.values()[0]", To("2.0")),
        ("data.profile(true).count()?", To("6")),
        (
            "data.define(\"flags\", \"where(x > 1, 128, 1)\").query(\"flags & 128\").count()?",
            Fails("(flags & 128) != 0"),
        ),
        ("data.query(\"x > 1\").count()? / data.count()?", Prints("as f64")),
        ("use polars::prelude::*;", To("")),
        ("data.group_by(\"x\").agg([mean(\"chi2\")])?", Fails("recoil::mean")),
    ]);
}

#[test]
fn lines_beside_rust_act_where_cells_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let there = folder.path().canonicalize().expect("is there").display().to_string();
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    std::fs::write(folder.path().join("cell.rs"), "let loaded = 1;").expect("writes");
    std::fs::write(folder.path().join("beside.rs"), "pub fn answer() -> usize { 42 }").expect("writes");
    check(&[
        (leak(format!("%cd {there}")), To(leak(there.clone()))),
        ("!pwd", Prints(leak(there.clone()))),
        ("std::env::current_dir()?.display().to_string()", To(leak(format!("{there:?}")))),
        ("std::env::set_current_dir(\"/\")?;", To("")),
        ("!pwd", Prints("/\n")),
        ("%env RECOIL_TEST=a b", To("")),
        ("std::env::var(\"RECOIL_TEST\")?", To("\"a b\"")),
        ("!echo $RECOIL_TEST", Prints("a b")),
        ("unsafe { std::env::set_var(\"RECOIL_TEST\", \"c\") };", To("")),
        ("!echo $RECOIL_TEST", Prints("c")),
        ("%env RECOIL_TEST", To("c")),
        ("!exit 3", Fails("exit status: 3")),
        ("!printf 'half \\303'", Prints("half \u{fffd}")),
        // A child in the background holds nobody.
        ("!sleep 30 & echo begun", Prints("begun")),
        (leak(format!("%cd {there}")), To(leak(there.clone()))),
        ("%cd no/such/folder", Fails("no/such/folder")),
        ("mod beside;\nbeside::answer()", To("42")),
        ("beside::answer() + include_str!(\"cell.rs\").len()", To("57")),
    ]);
}

#[test]
fn outputs_of_every_kind() {
    check(&[
        ("display(vec![1, 2]);", Prints("[1, 2]")),
        ("display(Some(1.5));", Prints("Some(1.5)")),
        ("display(\"text\");", Prints("text")),
        ("display(\"x\".parse::<i32>());", Fails("invalid digit")),
        ("let x = dbg!(1 + 1); x", Prints("[In[5]:1:9] 1 + 1 = 2")),
        ("fn noted() -> i32 { dbg!(7) }", To("")),
        ("noted()", Prints("[In[6]:1:21] 7 = 7")),
        ("let mut line = String::new(); std::io::stdin().read_line(&mut line)?; line", To("\"answer to \\n\"")),
    ]);
}

/// evcxr: `:toolchain`, `:time_passes` and others leave a session in which nothing compiles.
#[test]
fn commands_of_evcxr_do_not_break_the_session() {
    check(&[
        ("let x = vec![1.5];", To("")),
        (":type x.len()", To("usize")),
        (":toolchain nightly", Fails("the compiler that made the prelude")),
        (":time_passes", Fails("%time")),
        (":cache 500", Fails("always kept")),
        (":explain E0382", Prints("")),
        (":explain nothing", Fails("E0382")),
        (":nonsense", Fails(":nonsense")),
        (":doc Vec", Prints("")),
        ("x[0]", To("1.5")),
    ]);
}

/// evcxr: needs a word `.await` in the cell; serde must be added, and then does not fit the serde_json that is there.
#[test]
fn crates_of_the_prelude_work_as_if_they_were_added() {
    check(&[
        ("let h = tokio::spawn(async { 40 + 2 });", To("")),
        ("h.await?", To("42")),
        (
            "async fn twice(x: u32) -> u32 { tokio::time::sleep(std::time::Duration::from_millis(2)).await; 2 * x }",
            To(""),
        ),
        ("tokio::join!(twice(1), twice(2))", To("(2, 4)")),
        ("use tokio::select;\nselect! { x = twice(3) => x, }", To("6")),
        // A function of an earlier cell, called by one that does not name tokio.
        ("fn start() -> tokio::task::JoinHandle<u8> { tokio::spawn(async { 7 }) }", To("")),
        ("let j = start();", To("")),
        ("j.await?", To("7")),
        ("tokio::runtime::Runtime::new()?.block_on(async { 5 })", To("5")),
        (
            "#[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]\nstruct P { x: f64, name: String }",
            To(""),
        ),
        (
            "let text = serde_json::to_string(&P { x: 1.5, name: \"a\".into() })?; text",
            To(r#""{\"x\":1.5,\"name\":\"a\"}""#),
        ),
        ("serde_json::from_str::<P>(&text)? == P { x: 1.5, name: \"a\".into() }", To("true")),
        (
            "use serde::{Deserialize, Serialize};\n#[derive(Serialize)] enum E { A, B(u8) }\nserde_json::to_string(&[E::A, E::B(2)])?",
            To(r#""[\"A\",{\"B\":2}]""#),
        ),
    ]);
}

/// evcxr: a place in generated code.
#[test]
fn a_panic_of_a_thread_names_the_cell() {
    check(&[
        (
            "let n = 1;\nlet t = std::thread::spawn(move || {\n    if n > 0 { panic!(\"lost a wire\") }\n});\nt.join().is_err()",
            Prints("panicked in In[1], line 3: lost a wire"),
        ),
        (
            "fn breaks() { panic!(\"in a function\") }\nstd::thread::spawn(breaks).join().is_err()",
            Prints("panicked in code of In[2]: in a function"),
        ),
    ]);
}

#[test]
fn a_quotient_of_two_counts_says_that_it_is_whole() {
    check(&[
        ("let df = df!(\"x\" => [1.0, 2.0, 3.0])?; let data = Data::from_frames([(\"toy\", df)])?;", To("")),
        ("data.query(\"x > 2\").count()? / data.count()?", Prints("gives a whole number")),
    ]);
}
