//! A cell that is compiled before evcxr asks for it.
//!
//! evcxr takes a cell apart, analyses it and starts a program that it takes for cargo, all before a compiler is asked. What it
//! will write for a cell without items is known beforehand: the crate of the cell before, with other statements. So the kernel
//! has that compiled at the same time, on a thread of its own. The cargo shim waits for the end of it ([`super::handed`]) and
//! compares: where its own cell has another key, all of this was for nothing.

use super::cache::Cache;
use super::handed::{begin, library, tell};
use super::invocation::Environment;
use super::plan::{Compiled, Plan};
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
        Some(Self { folder, environment, before, after })
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
    thread: JoinHandle<()>,
}

impl Early {
    /// Begins to compile the cell that evcxr will write: that of the frame, with these statements. The plan says where the
    /// result will be; `None` when the system gives no thread or no file.
    pub fn start(plan: &Plan, frame: &Frame, statements: &str) -> Option<Self> {
        let path = plan.early.clone()?;
        let file = begin(&path).ok()?;
        let (plan, frame, source) = (plan.clone(), frame.clone(), frame.with(statements));
        let running = Arc::new(Running::new());
        let of_thread = running.clone();
        let compile = move || {
            let library = library(&path);
            let begun = Instant::now();
            let place = Place { folder: &frame.folder, environment: Some(frame.environment), running: &of_thread };
            let Some(mut found) = compile_early(&plan, place, &source, &library) else { return };
            found.seconds = begun.elapsed().as_secs_f64();
            if let Some(bytes) = tell(file, &found, &library) {
                // Nobody waits for this. A full disk must not fail the cell.
                let _ = Cache::new(&plan.cache).keep(&found.key, &bytes, &found.source, &found);
            }
            of_thread.reap();
        };
        let thread = std::thread::Builder::new().name("recoil-early".into()).spawn(compile).ok()?;
        Some(Self { running, thread })
    }

    /// Ends what still runs of it.
    pub fn end(self) {
        self.running.end();
        // A thread that has panicked has handed on nothing.
        let _ = self.thread.join();
    }
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
