//! Cells through the real evaluator, without Jupyter: what they show, how they end, what they leave behind.
//!
//! One evaluator serves all cells of a test function, because it is the way of a notebook. The tests need the prelude,
//! which is built once for all of them.

#[path = "cells/again.rs"]
mod again;
#[path = "cells/early.rs"]
mod early;
#[path = "cells/errors.rs"]
mod errors;
#[path = "cells/interrupts.rs"]
mod interrupts;
#[path = "cells/layouts.rs"]
mod layouts;
#[path = "cells/macros.rs"]
mod macros;
#[path = "cells/outside.rs"]
mod outside;
#[path = "cells/own.rs"]
mod own;
#[path = "cells/statics.rs"]
mod statics;
#[path = "cells/table.rs"]
mod table;
#[path = "cells/thin.rs"]
mod thin;
#[path = "cells/waiting.rs"]
mod waiting;

use recoil_kernel::cell::{Config, RustEvaluator};
use recoil_kernel::evaluator::{Cell, Completeness, Evaluator, Event, Failure, Outcome, Output, Sink, Stream};
use recoil_tests::kernel;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A notebook's evaluator, and what its cells have shown.
struct Notebook {
    evaluator: Arc<RustEvaluator>,
    shown: Arc<Mutex<Vec<Output>>>,
    /// What was printed, with the number of the cell that it belongs to.
    texts: Arc<Mutex<Vec<(u64, String)>>>,
    number: AtomicU64,
}

impl Notebook {
    fn new(cache: &Path) -> Self {
        let program = kernel::prepared();
        let prelude = recoil_kernel::install::prelude::find().expect("the prelude is there");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let texts = Arc::new(Mutex::new(Vec::new()));
        let (into, into_texts) = (shown.clone(), texts.clone());
        let sink: Sink = Arc::new(move |event: Event| match event.output {
            Output::Input { prompt, reply, .. } => {
                let _ = reply.send(format!("answer to {prompt}"));
            }
            output => {
                if let Output::Text(_, text) = &output {
                    into_texts.lock().unwrap().push((event.token, text.clone()));
                }
                into.lock().unwrap().push(output);
            }
        });
        let (folder, patience) = (cache.to_path_buf(), Duration::from_secs(60));
        let config = Config { program, prelude, cache: cache.to_path_buf(), folder, patience };
        let evaluator = Arc::new(RustEvaluator::start(config, sink).expect("starts"));
        Self { evaluator, shown, texts, number: AtomicU64::new(0) }
    }

    fn run(&self, code: &str) -> Outcome {
        self.run_with(code, &[])
    }

    /// A cell with the front end's own expressions, by name.
    fn run_with(&self, code: &str, expressions: &[(&str, &str)]) -> Outcome {
        let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
        let expressions = expressions.iter().map(|(name, code)| ((*name).to_owned(), (*code).to_owned())).collect();
        let cell = Cell { token: number, number: number as u32, code: code.into(), allow_stdin: true, expressions };
        self.evaluator.execute(cell)
    }

    /// The text of a cell's value; empty when it has none.
    fn value(&self, code: &str) -> String {
        match self.run(code) {
            Outcome::Done { result, .. } => {
                let text = result.and_then(|bundle| bundle.data["text/plain"].as_str().map(str::to_owned));
                text.unwrap_or_default()
            }
            Outcome::Failed(failure) => panic!("{code}\nfailed: {}\n{}", failure.value, failure.traceback.join("\n")),
        }
    }

    fn failure(&self, code: &str) -> Failure {
        match self.run(code) {
            Outcome::Failed(failure) => failure,
            done => panic!("{code}\ndid not fail: {done:?}"),
        }
    }

    /// What was printed since the last call.
    fn printed(&self, wanted: Stream) -> String {
        let shown = std::mem::take(&mut *self.shown.lock().unwrap());
        let text = shown.into_iter().filter_map(|output| match output {
            Output::Text(stream, text) if stream == wanted => Some(text),
            _ => None,
        });
        text.collect()
    }

    /// Runs a cell and does something to it when it has printed `ready`.
    fn disturbed(&self, code: &str, disturb: impl Fn(&RustEvaluator) + Sync) -> Outcome {
        self.printed(Stream::Stdout);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..6000 {
                    let ready = |output: &Output| matches!(output, Output::Text(_, text) if text.contains("ready"));
                    if self.shown.lock().unwrap().iter().any(ready) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
                disturb(&self.evaluator);
            });
            self.run(code)
        })
    }
}

impl Drop for Notebook {
    fn drop(&mut self) {
        self.evaluator.shutdown();
    }
}

fn kill(evaluator: &RustEvaluator) {
    let worker = evaluator.worker_pid().expect("a worker");
    // SAFETY: `kill` has no memory effects; the process is this test's own worker.
    unsafe { libc::kill(i32::try_from(worker).unwrap(), libc::SIGKILL) };
}

#[test]
fn values_variables_and_items_go_from_cell_to_cell() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    assert_eq!(notebook.value("6 * 7"), "42");
    assert_eq!(notebook.value("6 * 7;"), "");
    assert_eq!(notebook.value("\"a \\\"b\""), "\"a \\\"b\"");
    // Types that nobody has written down.
    notebook.value("use std::collections::HashMap;\nlet (mut words, n) = (HashMap::new(), 2usize); words.insert(\"a\", vec![Some(1.5)]);");
    assert_eq!(notebook.value("words.insert(\"b\", vec![None]); words.len() + n"), "4");
    notebook.value(
        "let frame = polars::df!(\"x\" => [1, 2, 3])?; let lazy = polars::prelude::IntoLazy::lazy(frame.clone());",
    );
    assert!(
        notebook.value("lazy.clone().collect()?").contains("(3, 1)")
            || notebook.value("lazy.clone().collect()?").contains('x')
    );
    // Items, generic ones too, and functions that use them later.
    notebook.value("#[derive(Debug, Clone)] struct Pair<T> { a: T, b: T }\nimpl<T: Copy + std::ops::Add<Output = T>> Pair<T> { fn sum(&self) -> T { self.a + self.b } }\nlet p = Pair { a: 1.5, b: 2.0 };");
    assert_eq!(notebook.value("fn twice(x: f64) -> f64 { 2.0 * x }\ntwice(p.sum())"), "7.0");
    // A boxed closure lives on, a bare one cannot, and says so.
    notebook
        .value("let boxed: Box<dyn Fn(i32) -> i32> = Box::new(move |x| x + n as i32); let bare = |x: i32| x; bare(1);");
    assert_eq!(notebook.value("boxed(3)"), "5");
    let failure = notebook.failure("bare(1)");
    assert!(failure.traceback.concat().contains("it is a closure"), "{failure:?}");
    // Moved and borrowing variables do not make a cell fail.
    notebook.value("let whole = vec![1, 2]; let part = &whole[..1]; drop(p);");
    assert_eq!(notebook.value("whole.len()"), "2");
    assert!(notebook.failure("part.len()").traceback.concat().contains("borrows"));
    assert!(notebook.failure("p.sum()").traceback.concat().contains("moved away"));
    // async
    assert_eq!(notebook.value("async fn later() -> i32 { tokio::time::sleep(std::time::Duration::from_millis(1)).await; 5 }\nlater().await"), "5");
    // A type that is defined anew does not turn old bytes into something else.
    notebook.value("struct Old { x: f64 }\nlet old = Old { x: 1.0 };");
    notebook.value("struct Old { x: String }");
    assert!(notebook.failure("old.x").traceback.concat().contains("defined anew"));
    assert_eq!(notebook.value("let name = input(\"who\"); name"), "\"answer to who\"");
}

#[test]
fn failures_are_told_once_and_leave_no_trace() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    notebook.value("let kept = 1;");
    let failure = notebook.failure("let lost = 2;\npanic!(\"boom {kept}\")");
    assert_eq!((failure.name.as_str(), failure.value.as_str()), ("Panic", "boom 1"));
    assert!(failure.traceback.concat().contains("In[2]:2:1"), "{failure:?}");
    assert_eq!(notebook.failure("lost").name, "CompileError");
    // An item of a cell that failed when it ran is not there either.
    notebook.failure("fn ghost() -> i32 { 1 }\nlet x: i32 = \"x\".parse()?;");
    assert!(notebook.failure("ghost()").value.contains("ghost"));
    assert!(notebook.failure("x").value.contains('x'));
    // A failing last expression shows the error.
    let failure = notebook.failure("\"x\".parse::<i32>()");
    assert_eq!((failure.name.as_str(), failure.value.as_str()), ("ParseIntError", "invalid digit found in string"));
    let failure = notebook.failure("let y = 1 +\n  undefined;");
    assert!(failure.value.contains("E0425") && failure.traceback.concat().contains("In[8]:2:3"), "{failure:?}");
    let failure = notebook.failure("let z = (1, 2;");
    assert_eq!(failure.name, "SyntaxError");
    assert!(failure.traceback.concat().contains("In[9]:1:"), "{failure:?}");
    // A panic in a function of an earlier cell points there.
    notebook.value("fn inverse(x: i32) -> i32 {\n    if x == 0 { panic!(\"zero\") }\n    1 / x\n}");
    assert!(notebook.failure("inverse(0)").traceback.concat().contains("In[10]:2:"), "In[10]");
    assert_eq!(notebook.value("kept"), "1");
    assert_eq!(notebook.printed(Stream::Stderr), "");
}

#[test]
fn outputs_come_in_order() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    notebook
        .value("print!(\"part\"); display(Html(\"<b>x</b>\")); println!(\"end\"); eprint!(\"é\"); clear_output(true);");
    let shown = std::mem::take(&mut *notebook.shown.lock().unwrap());
    let kinds: Vec<_> = shown
        .iter()
        .map(|output| match output {
            Output::Text(Stream::Stdout, text) => format!("out {text}"),
            Output::Text(Stream::Stderr, text) => format!("err {text}"),
            Output::Display { bundle, .. } => format!("show {}", bundle.data["text/html"]),
            Output::Clear { wait } => format!("clear {wait}"),
            other => format!("{other:?}"),
        })
        .collect();
    // Between displays, standard output and error are two streams with an order each.
    assert_eq!(kinds[..2], ["out part", "show \"<b>x</b>\""]);
    assert!(kinds.contains(&"out end\n".to_owned()) && kinds.contains(&"err é".to_owned()), "{kinds:?}");
    assert_eq!(kinds.last().map(String::as_str), Some("clear true"));
}

#[test]
fn interrupts_keep_variables_and_deaths_are_told() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    notebook.value("let mut kept = vec![1, 2, 3];");
    notebook.evaluator.interrupt();
    assert_eq!(notebook.value("kept.len()"), "3");
    for code in [
        "println!(\"ready\"); let mut n = 0u64; loop { n += 1; kept[0] = 7; }",
        "println!(\"ready\"); std::thread::sleep(std::time::Duration::from_secs(600));",
        "println!(\"ready\"); tokio::time::sleep(std::time::Duration::from_secs(600)).await;",
    ] {
        match notebook.disturbed(code, |evaluator| evaluator.interrupt()) {
            Outcome::Failed(failure) => assert_eq!(failure.name, "Interrupted", "{failure:?}"),
            done => panic!("{done:?}"),
        }
        assert_eq!(notebook.value("kept[0]"), "7");
    }
    // What cannot be stopped costs the worker, and that is said.
    // No other cell can run while a panic is on its way.
    let foreign = "struct Stuck;\nimpl Drop for Stuck { fn drop(&mut self) { println!(\"ready\"); std::thread::park(); } }\n\
                   let stuck = Stuck; panic!(\"on its way\");";
    match notebook.disturbed(foreign, |evaluator| evaluator.interrupt()) {
        Outcome::Failed(failure) => assert!(failure.value.contains("lost: kept"), "{failure:?}"),
        done => panic!("{done:?}"),
    }
    // Compiled cells bring the variables back.
    notebook.value("%restore");
    assert!(notebook.printed(Stream::Stdout).contains(" 0 of them compiled"));
    assert_eq!(notebook.value("kept.len()"), "3");
    for (code, word) in [
        ("std::process::exit(3)", "exit(3)"),
        ("std::process::abort()", "SIGABRT"),
        ("unsafe { std::ptr::null_mut::<i32>().write_volatile(1) }", "worker"),
    ] {
        let failure = notebook.failure(code);
        assert_eq!(failure.name, "WorkerDied");
        assert!(failure.value.contains(word), "{failure:?}");
        assert_eq!(notebook.value("1 + 1"), "2");
    }
    match notebook.disturbed("println!(\"ready\"); loop {}", kill) {
        Outcome::Failed(failure) => assert_eq!(failure.name, "WorkerDied"),
        done => panic!("{done:?}"),
    }
    kill(&notebook.evaluator);
    assert_eq!(notebook.failure("2").name, "WorkerDied");
    assert_eq!(notebook.value("2"), "2");
}

#[test]
fn a_cell_is_compiled_once_for_all_kernels() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let cells = [
        "use std::fmt::Write;",
        "fn f(x: i32) -> i32 { x + 1 }\nlet a = f(1);",
        "let mut s = String::new(); write!(s, \"{a}\")?; s",
    ];
    let first = Notebook::new(cache.path());
    cells.iter().for_each(|cell| drop(first.value(cell)));
    drop(first);
    let count = || std::fs::read_dir(cache.path()).unwrap().count();
    let compiled = count();
    let second = Notebook::new(cache.path());
    assert_eq!(second.value(cells[0]), "");
    second.value(cells[1]);
    assert_eq!(second.value(&format!("%time\n{}", cells[2]).replace("%time\n", "")), "\"2\"");
    assert_eq!(count(), compiled, "a second kernel compiled something");
}

#[test]
fn lines_that_are_not_rust() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    notebook.value("let mut list = vec![1.5];");
    assert!(notebook.value("%vars").contains("mut Vec<f64>"));
    let help = notebook.value("%help");
    assert!(help.contains("%restore") && help.contains(".oneCandOnly()"), "{help}");
    assert!(notebook.value("%help query").contains("arctan2(y, x)"));
    notebook.value("!echo one two");
    assert_eq!(notebook.printed(Stream::Stdout), "one two\n");
    notebook.value("%timeit list.len()");
    assert!(notebook.printed(Stream::Stdout).contains("per run"));
    assert!(notebook.failure("%nonsense").value.contains("%nonsense"));
    assert!(notebook.failure(":dep polars = \"0.50\"").value.contains("part of the prelude"));
    notebook.value("%reset");
    assert_eq!(notebook.failure("list").name, "CompileError");
    assert_eq!(notebook.evaluator.is_complete("let x = ("), Completeness::Incomplete { indent: "    ".into() });
    assert_eq!(notebook.evaluator.is_complete("%time\nlet x = 1;"), Completeness::Complete);
}

#[test]
fn strings_and_members_are_completed_while_a_cell_runs() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(cache.path());
    notebook.value("let frame = polars::df!(\"pRecoil\" => [1.0], \"mu1P\" => [2.0])?; let numbers = vec![1.0];");
    notebook.value("let made = Data::from_frames([(\"mumu\", frame.clone())])?.define(\"pt\", \"pRecoil * 2\");");
    let outcome = notebook.disturbed("println!(\"ready\"); loop {}", |evaluator| {
        let complete = |code: &str| {
            let found = evaluator.complete(code, code.len());
            found.candidates.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let columns = complete("frame.query(\"pRe");
        let made = complete("made.hist(\"p");
        let words = complete("num");
        evaluator.interrupt();
        assert_eq!(columns, ["pRecoil"]);
        assert_eq!(made, ["pRecoil", "pt"]);
        assert!(words.contains(&"numbers".to_owned()), "{words:?}");
    });
    assert!(matches!(outcome, Outcome::Failed(failure) if failure.name == "Interrupted"));
    let page = notebook.evaluator.inspect("numbers", 7, 0).expect("known");
    assert!(page.data["text/plain"].as_str().unwrap().contains("Vec<f64>"));
}

#[test]
fn other_crates_can_be_added() {
    let _turn = kernel::turn();
    let folder = tempfile::tempdir().unwrap();
    let added = folder.path().join("added");
    std::fs::create_dir_all(added.join("src")).unwrap();
    let manifest = "[package]\nname = \"added\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    std::fs::write(added.join("Cargo.toml"), manifest).unwrap();
    let source = "#[derive(Debug, Clone, PartialEq)] pub struct Kaon { pub mass: f64 }\n\
                  pub fn kaon() -> Kaon { Kaon { mass: 0.493677 } }";
    std::fs::write(added.join("src/lib.rs"), source).unwrap();
    let notebook = Notebook::new(&folder.path().join("cells"));
    notebook.value("let kept = vec![1, 2];");
    notebook.value(&format!(":dep added = {{ path = {:?} }}\nlet kaon = added::kaon();", added.display().to_string()));
    assert_eq!(notebook.value("kaon.mass"), "0.493677");
    // What was there before is still there, and so is the prelude.
    assert_eq!(notebook.value("kept.len() + df!(\"x\" => [1, 2, 3])?.height()"), "5");
    // From the registry, where the network lets it.
    match notebook.run(":dep itoa = \"1\"\nitoa::Buffer::new().format(42).to_owned()") {
        Outcome::Done { result, .. } => {
            assert_eq!(result.expect("a value").data["text/plain"], "\"42\"");
        }
        Outcome::Failed(failure) => {
            assert!(std::env::var_os("CI").is_none(), "{failure:?}");
            assert_eq!(failure.name, "DependencyError", "{failure:?}");
            eprintln!("skipped: a crate of the registry cannot be had here: {}", failure.value);
        }
    }
    let failure = notebook.failure(":dep no-such-crate-of-recoil = \"1\"\n1");
    assert!(failure.traceback.concat().contains("no-such-crate-of-recoil"), "{failure:?}");
    assert_eq!(notebook.value("kept.len()"), "2");
}

#[test]
fn files_are_loaded_into_cells_and_expressions_answered_beside_them() {
    let _turn = kernel::turn();
    let folder = tempfile::tempdir().unwrap();
    let notebook = Notebook::new(&folder.path().join("cells"));
    let file = folder.path().join("cell.rs");
    std::fs::write(&file, "let a = 1;\na + 1").unwrap();
    match notebook.run(&format!("%load {}", file.display())) {
        Outcome::Done { next_input, .. } => assert_eq!(next_input, Some(("let a = 1;\na + 1".to_owned(), true))),
        failed => panic!("{failed:?}"),
    }
    let failure = notebook.failure("%load no such file");
    assert!(failure.value.contains("no such file"), "{failure:?}");
    match notebook.run_with("let n = 20;", &[("twice", "2 * n"), ("bad", "undefined"), ("worse", "panic!(\"x\")")]) {
        Outcome::Done { expressions, .. } => {
            let names: Vec<_> = expressions.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["twice", "bad", "worse"]);
            assert_eq!(expressions[0].1.as_ref().expect("a value").data["text/plain"], "40");
            assert_eq!(expressions[1].1.as_ref().expect_err("no such name").name, "CompileError");
            assert_eq!(expressions[2].1.as_ref().expect_err("it panics").name, "Panic");
        }
        failed => panic!("{failed:?}"),
    }
    assert_eq!(notebook.value("n"), "20");
}
