//! The cargo shim: what evcxr runs when it believes to run cargo for a cell.
//!
//! evcxr finds it in `PATH`, in a folder of the session that holds links to this program. For a cell it does what cargo
//! would do, without cargo: compile one crate, or find it in the cache. Anything else goes to the real cargo.

use super::analyzer;
use crate::cell::compile::plan::{Compiled, Plan, SESSION, compiled_path, plan_path, process_path};
use crate::cell::compile::process::real;
use crate::cell::compile::rustc;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What evcxr waits for: a file with the path of the compiled library.
const LIBRARY_PATH: &str = "EVCXR_EXECUTION_SO_PATH";
/// What evcxr takes for the library of a cell, in its crate's folder.
const LIBRARY: &str = "target/libctx.so";
/// Set while evcxr starts.
pub(crate) const STARTS: &str = "RECOIL_STARTS";
/// What evcxr hears when nothing can be done any more.
const REFUSED: &str = "the cell has failed";

/// Call this first in `main`: when this program was run under the name of cargo or rustup, it does their work and does
/// not return.
pub fn hook() {
    let mut arguments = std::env::args_os();
    let name = arguments.next().map(PathBuf::from);
    match name.as_deref().and_then(Path::file_name).and_then(|name| name.to_str()) {
        Some("cargo") => std::process::exit(cargo(arguments.collect())),
        // evcxr asks rustup for the path of cargo first; without an answer it searches `PATH`.
        Some("rustup") => std::process::exit(1),
        _ => {}
    }
}

fn cargo(arguments: Vec<OsString>) -> i32 {
    let builds = arguments.iter().any(|argument| argument == "build" || argument == "check");
    let answer = match (builds, std::env::var_os(SESSION), std::env::var_os(LIBRARY_PATH)) {
        (true, Some(session), Some(answer)) => cell(Path::new(&session), Path::new(&answer)),
        (true, None, Some(answer)) => first_cell(Path::new(&answer)),
        // Only while evcxr starts: it is rust-analyzer that asks.
        _ if std::env::var_os(STARTS).is_some() => analyzer::answer(&arguments),
        _ => real_cargo(arguments),
    };
    answer.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        101
    })
}

/// evcxr's own first cell, `42`, which it runs before anything can be told to it: nothing to run will do.
fn first_cell(answer: &Path) -> std::io::Result<i32> {
    std::fs::create_dir_all("target")?;
    let library = std::env::current_dir()?.join(LIBRARY);
    std::fs::write(&library, "")?;
    std::fs::write(answer, library.as_os_str().as_encoded_bytes())?;
    Ok(0)
}

/// Compiles the planned cell, once: evcxr asks again after an error and after a failed run, and must then hear that
/// nothing can be done, so that it changes nothing.
fn cell(session: &Path, answer: &Path) -> std::io::Result<i32> {
    let plan: Plan = serde_json::from_slice(&std::fs::read(plan_path(session))?)?;
    let before = std::fs::read(compiled_path(session)).ok();
    let before = before.and_then(|bytes| serde_json::from_slice::<Compiled>(&bytes).ok());
    if before.is_some_and(|before| before.sequence == plan.sequence) {
        refuse();
        return Ok(101);
    }
    // The kernel interrupts a compilation by ending the group that this process leads.
    // SAFETY: neither call has memory effects.
    unsafe {
        libc::setpgid(0, 0);
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
    std::fs::write(process_path(session), std::process::id().to_string())?;
    let folder = std::env::current_dir()?;
    std::fs::create_dir_all(folder.join("target"))?;
    let library = folder.join(LIBRARY);
    let source = std::fs::read_to_string("src/lib.rs")?;
    let start = std::time::Instant::now();
    let mut compiled = if plan.begins {
        std::fs::write(&library, "")?;
        rustc::begin(&plan, &folder, &source, &library)
    } else {
        rustc::compile(&plan, &folder, &source, &library)
    };
    compiled.seconds = compiled.seconds.max(start.elapsed().as_secs_f64());
    let _ = std::fs::remove_file(process_path(session));
    let changed = !compiled.changed.is_empty() || !compiled.changed_statics.is_empty();
    let failed = compiled.failure.is_some() || !compiled.diagnostics.is_empty() || changed;
    let temporary = session.join("compiled.tmp");
    std::fs::write(&temporary, serde_json::to_vec(&compiled)?)?;
    std::fs::rename(temporary, compiled_path(session))?;
    if failed {
        refuse();
        return Ok(101);
    }
    std::fs::write(answer, library.as_os_str().as_encoded_bytes())?;
    Ok(0)
}

/// An error in rustc's JSON, at no place and without a code, with which evcxr can do nothing but give up.
fn refuse() {
    eprintln!(r#"{{"message":"{}","code":null,"level":"error","spans":[],"children":[],"rendered":""}}"#, REFUSED);
}

fn real_cargo(arguments: Vec<OsString>) -> std::io::Result<i32> {
    Err(real(&mut Command::new("cargo")).args(arguments).exec())
}
