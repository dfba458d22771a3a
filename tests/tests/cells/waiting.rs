//! Compilers that are started before the cell: they make the same of it, and never outlive what they were started for.

use super::Notebook;
use recoil_kernel::evaluator::{Evaluator, Outcome, Stream};
use recoil_tests::kernel;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The compilers of this process that wait, or have waited.
pub(super) fn waiting() -> BTreeSet<i32> {
    let own = std::process::id().to_string();
    let is_one = |id: &i32| {
        let read = |name: &str| std::fs::read(format!("/proc/{id}/{name}")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&read("cmdline")).into_owned();
        let status = String::from_utf8_lossy(&read("status")).into_owned();
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:").map(str::trim));
        arguments.contains("\0waiting-") && parent == Some(own.as_str())
    };
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_one).collect()
}

/// Waits until the compilers say yes to a question.
pub(super) fn until(what: &str, holds: impl Fn(&BTreeSet<i32>) -> bool) -> BTreeSet<i32> {
    let start = Instant::now();
    loop {
        let now = waiting();
        if holds(&now) {
            return now;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: {now:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The state of a process, as a letter; blank when it has ended.
fn state(process: i32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next()).unwrap_or(' ')
}

pub(super) fn end_all() {
    for process in waiting() {
        // SAFETY: `kill` has no memory effects; the process is a child of this one.
        unsafe { libc::kill(process, libc::SIGKILL) };
    }
}

/// Runs a cell in one of so many compilers that wait, or in one that starts with it; says its value.
fn value(notebook: &Notebook, code: &str, kinds: usize, waits: bool) -> String {
    until("no compiler waits", |all| all.len() >= kinds);
    if !waits {
        end_all();
    }
    notebook.printed(Stream::Stdout);
    let value = notebook.value(&format!("%time\n{code}"));
    let told = notebook.printed(Stream::Stdout);
    assert_eq!(told.contains("which was waiting"), waits, "{code}: {told}");
    value
}

#[test]
fn a_compiler_that_waits_makes_the_same_of_a_cell() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("1");
    assert_eq!(value(&notebook, "6 * 7", 1, true), "42");
    // The first cell with types of its own is compiled in another way; the next ones are expected.
    notebook.value("struct First; let first = First;");
    for (first, second) in [(true, false), (false, true), (true, true)] {
        // Types of the notebook, of the prelude and of the standard library are the same by both ways.
        let make = format!(
            "#[derive(Debug, Clone)]\nstruct P{{ x: f64, way: &'static str }}\n\
             let p = P {{ x: 1.5, way: \"{first}{second}\" }}; let frame = df!(\"x\" => [1, 2])?; let v = vec![Some(p.clone())];"
        );
        value(&notebook, &make, 3, first);
        let sum = format!("(p.x + {}.0, frame.height(), v.len())", u8::from(first) + 2 * u8::from(second));
        let expected = format!("({:?}, 2, 1)", 1.5 + f64::from(u8::from(first) + 2 * u8::from(second)));
        assert_eq!(value(&notebook, &sum, 3, second), expected);
    }
    // Places of panics.
    until("no compiler waits", |all| !all.is_empty());
    let failure = notebook.failure("let n = 1;\n\npanic!(\"{n}\")");
    assert!(failure.traceback.join("\n").contains("In[10]:3"), "{failure:?}");
}

#[test]
fn what_a_compiler_that_waits_refuses_is_compiled_by_another() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("1");
    // Hidden names of the prelude; in an included file, rustc takes them for ambiguous.
    for (code, expected) in [
        ("macro_rules! df { () => { 7 } }\ndf!()", "7"),
        ("struct Group; impl Group { fn f(&self) -> u8 { 8 } }\nGroup.f()", "8"),
        ("fn load(x: u8) -> u8 { x + 1 }\nload(8)", "9"),
        ("#![allow(unused_variables)]\nlet unused = 1; 10", "10"),
        ("let mut n = 0; for i in 0..5 { n += i + 1; } n", "15"),
    ] {
        until("no compiler waits", |all| !all.is_empty());
        assert_eq!(notebook.value(code), expected, "{code}");
    }
    // Errors are told in the same words.
    let code = "let words = vec![\"a\"];\nlet n: u32 = words;\nmissing(n)";
    until("no compiler waits", |all| !all.is_empty());
    let one = notebook.failure(code);
    until("no compiler waits", |all| !all.is_empty());
    end_all();
    let other = notebook.failure(code);
    let plain = |text: String| text.replace("In[7]", "In[6]").replace("In[8]", "In[6]");
    assert_eq!(plain(one.traceback.join("\n")), plain(other.traceback.join("\n")));
    // A variable that cannot be kept is told the same, too.
    until("no compiler waits", |all| !all.is_empty());
    notebook.value("let a = vec![1]; let b = a;");
    assert!(notebook.failure("a").traceback.join("\n").contains("moved"));
    assert_eq!(notebook.value("b"), "[1]");
}

#[test]
fn compilers_for_other_cells_stand_still_while_a_cell_is_made_and_runs() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("1");
    notebook.value("struct Own(u8); let own = Own(1);");
    let all = until("no compiler waits for cells of another kind", |all| all.len() >= 2);
    std::thread::scope(|scope| {
        scope.spawn(|| notebook.value("std::thread::sleep(std::time::Duration::from_secs(2)); 2"));
        until("no compiler is held up", |_| all.iter().any(|one| state(*one) == 'T'));
    });
    until("a compiler is still held up", |now| !now.is_empty() && now.iter().all(|one| state(*one) == 'S'));
    // At once after another one, which may have held up the compiler that this cell is given.
    assert_eq!(["3", "let n = own.0;", "n + 1", "6"].map(|code| notebook.value(code)), ["3", "", "2", "6"]);
}

#[test]
fn compilers_that_wait_end_with_interrupts_and_with_the_session() {
    let _turn = kernel::turn();
    let cache = tempfile::tempdir().expect("a folder");
    let notebook = Notebook::new(cache.path());
    notebook.value("let kept = 1;");
    let before = until("no compiler waits", |all| !all.is_empty());
    // Compiles for minutes.
    let slow = "#[allow(long_running_const_eval)]\nconst SLOW: u64 = { let mut i = 0u64; while i < 1 << 40 { i += 1; } i };\nSLOW";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(2));
            notebook.evaluator.interrupt();
        });
        match notebook.run(slow) {
            Outcome::Failed(failure) => assert_eq!(failure.name, "Interrupted", "{failure:?}"),
            done => panic!("{done:?}"),
        }
    });
    until("a compiler goes on after an interrupt", |all| all.is_disjoint(&before));
    assert_eq!(notebook.value("kept"), "1");
    let last = until("no compiler waits", |all| !all.is_empty());
    drop(notebook);
    until("a compiler outlives its session", |all| all.is_disjoint(&last));
}
