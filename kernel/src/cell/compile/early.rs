//! A cell that is compiled before evcxr asks for it.
//!
//! evcxr takes a cell apart, analyses it and starts a program that it takes for cargo, all before a compiler is asked. What it
//! will write for a cell without items is known beforehand: the crate of the cell before, with other statements. So the kernel
//! has that compiled at the same time, on a thread of its own. The cargo shim waits for the end of it ([`super::handed`]) and
//! compares: where its own cell has another key, all of this was for nothing.

use super::cache::Cache;
use super::handed::{begin, library, tell};
use super::invocation::Environment;
use super::plan::{Compiled, Plan, Waiting, Wish};
use super::running::Running;
use super::rustc::{Place, compile_early};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// What evcxr writes in front of a cell's statements.
const BEFORE: &str = "if std::panic::catch_unwind(||{\n";
/// What it writes behind them.
const AFTER: &str = "\n}).is_err() {\n";
/// The end of a crate without statements, and what stands there in its place in one with statements.
const EMPTY: &str = "mut x: *mut std::os::raw::c_void) -> *mut std::os::raw::c_void {x}\n";
const FULL: [&str; 2] =
    ["evcxr_variable_store: *mut u8) -> *mut u8 {\n", "    println!(\"\");\n}\nevcxr_variable_store\n}\n"];

/// What evcxr writes around the statements of a cell.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Where the crate lies.
    folder: PathBuf,
    /// What rustc sees of the environment that evcxr gives to cargo.
    environment: Environment,
    before: String,
    after: String,
    /// Whether no cell of the session has run yet.
    is_first: bool,
}

impl Frame {
    /// That of the crate that evcxr has written last. `None` when there is no telling what it will be the next time.
    pub fn of(compiled: &Compiled) -> Option<Self> {
        let wish = compiled.wishes.first().filter(|_| compiled.crates.is_empty())?;
        let folder = wish.invocation.folder.clone();
        let source = std::fs::read_to_string(folder.join("src/lib.rs")).ok()?;
        Self::around(folder, wish.environment.clone(), &source)
    }

    fn around(folder: PathBuf, environment: Environment, source: &str) -> Option<Self> {
        let first = source.strip_suffix(EMPTY);
        let (before, after) = match first {
            Some(before) => ([before, FULL[0]].concat(), FULL[1].to_owned()),
            None => {
                let (before, rest) = source.rsplit_once(BEFORE)?;
                (before.to_owned(), rest.rsplit_once(AFTER)?.1.to_owned())
            }
        };
        Some(Self { folder, environment, before, after, is_first: first.is_some() })
    }

    /// The crate with other statements.
    fn with(&self, statements: &str) -> String {
        [&self.before, BEFORE, statements.trim_end(), AFTER, &self.after].concat()
    }
}

/// A compilation that is under way on a thread of its own.
#[derive(Debug)]
pub(crate) struct Early {
    running: Arc<Running>,
    thread: JoinHandle<Option<String>>,
}

impl Early {
    /// Begins to compile the cell that evcxr will write: that of the frame, with these statements. The plan says where the
    /// result will be; `None` when the system gives no thread or no file. When the cell is compiled and no compiler is left for
    /// one like it, another one is ordered.
    pub fn start(
        plan: &Plan,
        frame: &Frame,
        statements: &str,
        order: impl FnOnce(Wish) + Send + 'static,
    ) -> Option<Self> {
        let path = plan.early.clone()?;
        let file = begin(&path).ok()?;
        let (plan, frame, source) = (plan.clone(), frame.clone(), frame.with(statements));
        let running = Arc::new(Running::new());
        let of_thread = running.clone();
        let compile = move || {
            let library = library(&path);
            let begun = Instant::now();
            let place = Place { folder: &frame.folder, environment: Some(frame.environment), running: &of_thread };
            let mut found = compile_early(&plan, place, &source, &library)?;
            found.seconds = begun.elapsed().as_secs_f64();
            let bytes = tell(file, &found, &library);
            // The first cell starts everything that it works with, and needs the processors for that.
            if let Some(wish) = missing(&plan, &found).filter(|_| !frame.is_first) {
                order(wish);
            }
            if let Some(bytes) = bytes {
                // Nobody waits for this. A full disk must not fail the cell.
                let _ = Cache::new(&plan.cache).keep(&found.key, &bytes, &found.source, &found);
            }
            of_thread.reap();
            found.given_to
        };
        let thread = std::thread::Builder::new().name("recoil-early".into()).spawn(compile).ok()?;
        Some(Self { running, thread })
    }

    /// Ends what still runs of it. The name of the waiting compiler that was given the cell.
    pub fn end(self) -> Option<String> {
        self.running.end();
        self.thread.join().ok().flatten()
    }
}

/// What a compiler for another cell like this one is to be like, if none is left.
fn missing(plan: &Plan, found: &Compiled) -> Option<Wish> {
    let wish = found.wishes.first()?;
    let is_left = |one: &Waiting| wish.is_met_by(one) && found.given_to.as_ref() != Some(&one.name);
    (!plan.waiting.iter().any(is_left)).then(|| wish.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_takes_other_statements() {
        let source =
            |cell: &str| format!("use a::b;\nfn run_user_code_3() {{\n{BEFORE}{cell}{AFTER}    x();\n}}\n}}\n");
        let frame = Frame::around(PathBuf::new(), Vec::new(), &source("one(|| 1);")).unwrap();
        assert_eq!(frame.with("two();\n"), source("two();"));
        assert!(Frame::around(PathBuf::new(), Vec::new(), "fn f() {}").is_none());
        let first = format!("use a::b;\npub fn run_user_code_0(\n{EMPTY}");
        let first = Frame::around(PathBuf::new(), Vec::new(), &first).unwrap().with("two();");
        assert!(first.starts_with("use a::b;\npub fn run_user_code_0(\n") && !first.contains(EMPTY), "{first}");
        syn::parse_file(&first).unwrap();
    }
}
