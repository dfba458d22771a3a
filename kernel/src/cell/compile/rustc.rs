//! From evcxr's generated crate to a shared library: one pass of rustc, or none.
//!
//! What the cell's own code cannot know is repaired here, by compiling again: a variable that the cell moved away or
//! that borrows from it is not stored; `data.mumu` becomes a group where only the compiler knew the type of `data`.

use super::cache::Cache;
use super::canonical::canonical;
use super::dependencies;
use super::linker;
use super::mir;
use super::plan::{Compiled, Plan, Shape};
use super::process::with_parent;
use super::reactor::entered;
use super::repair::repaired;
use super::shape;
use super::unused;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// More passes than variables that can go wrong in a sensible cell.
const MOST_PASSES: u32 = 12;
/// Where rustc writes its intermediate representation, in the crate's folder.
const MIR: &str = "target/ctx.mir";

/// Compiles `source` to `library`, in `folder`.
pub(crate) fn compile(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let nothing = Compiled { sequence: plan.sequence, ..Compiled::default() };
    let dependencies = match dependencies::build(folder, plan) {
        Ok(dependencies) => dependencies,
        Err(error) => return Compiled { failure: Some(error), ..nothing },
    };
    let source = entered(canonical(source, &plan.superseded), &dependencies.arguments);
    let changing = plan.changing.join(",");
    let key = Cache::key(&[&source, &plan.identity, &plan.opt_level, &dependencies.identity, &changing]);
    let cache = Cache::new(&plan.cache);
    if let Some(found) = cache.fetch(&key, library) {
        let (note, crates) = (dependencies.note, dependencies.identity);
        let found = Compiled { sequence: plan.sequence, cached: true, passes: 0, key, note, crates, ..found };
        return Compiled { changed: changed(plan, &found), ..found };
    }
    let mut compiled = Compiled { key, ..nothing };
    run(plan, folder, source, library, &dependencies.arguments, &mut compiled);
    if compiled.failure.is_none() && compiled.diagnostics.is_empty() && dependencies.cacheable {
        // A full disk must not fail the cell: it is compiled already.
        let _ = cache.keep(&compiled.key, library, &compiled.source, &compiled);
    }
    compiled.changed = changed(plan, &compiled);
    compiled.note = dependencies.note;
    compiled.crates = dependencies.identity;
    compiled
}

/// Variables whose types do not look any more as they did when the values were stored.
fn changed(plan: &Plan, compiled: &Compiled) -> Vec<usize> {
    let differs = |index: usize, before: Shape| match compiled.shapes.iter().find(|(other, _)| *other == index) {
        Some((_, now)) => *now != before.layout,
        // The compiler has left the type out: only the texts can tell.
        None => before.text_changed,
    };
    let all_well = compiled.failure.is_none() && compiled.diagnostics.is_empty();
    plan.shapes.iter().filter(|(index, before)| all_well && differs(*index, *before)).map(|(index, _)| *index).collect()
}

/// Passes of rustc until it succeeds or nothing can be repaired.
fn run(plan: &Plan, folder: &Path, mut source: String, library: &Path, extra: &[String], compiled: &mut Compiled) {
    let file = format!("{}.rs", compiled.key);
    loop {
        compiled.passes += 1;
        compiled.source.clone_from(&source);
        if let Err(error) = std::fs::write(folder.join(&file), &source) {
            compiled.failure = Some(format!("{}: {error}", folder.join(&file).display()));
            return;
        }
        let errors = match pass(plan, folder, &file, library, extra, compiled) {
            Ok(errors) => errors,
            Err(error) => {
                compiled.failure = Some(error);
                return;
            }
        };
        if errors.is_empty() {
            let mir = std::fs::read_to_string(folder.join(MIR)).unwrap_or_default();
            compiled.types = mir::types(&mir);
            if !plan.changing.is_empty() {
                compiled.shapes = shape::shapes(library, &plan.changing);
            }
            let _ = std::fs::remove_file(folder.join(&file));
            return;
        }
        let better = repaired(&source, &errors, &mut compiled.dropped, &mut compiled.imports);
        match better {
            Some(better) if compiled.passes < MOST_PASSES => source = better,
            _ => {
                compiled.diagnostics = errors;
                return;
            }
        }
    }
}

/// One pass of rustc, and of the linker when it succeeds; returns the errors of the code.
fn pass(
    plan: &Plan,
    folder: &Path,
    file: &str,
    library: &Path,
    extra: &[String],
    compiled: &mut Compiled,
) -> Result<Vec<Value>, String> {
    let direct = extra.is_empty() && !plan.linker.is_empty();
    let object = folder.join("target/ctx.o");
    let emit = if direct { format!("obj={}", object.display()) } else { format!("link={}", library.display()) };
    let start = Instant::now();
    let said = rustc(plan, folder, file, &compiled.source, extra, &emit)?;
    let vanishing = vanishing(plan, folder, &compiled.source, extra, &said.unused)?;
    compiled.compile_seconds += start.elapsed().as_secs_f64();
    let errors = if said.errors.is_empty() { vanishing } else { said.errors };
    if !errors.is_empty() || !direct {
        return Ok(errors);
    }
    let start = Instant::now();
    if linker::link(&plan.linker, &object, library).is_err() {
        rustc(plan, folder, file, &compiled.source, extra, &format!("link={}", library.display()))?;
    }
    compiled.link_seconds += start.elapsed().as_secs_f64();
    Ok(Vec::new())
}

/// Errors for the unused results of the prelude: asked of rustc in a pass of its own, when there are any.
fn vanishing(
    plan: &Plan,
    folder: &Path,
    source: &str,
    extra: &[String],
    warnings: &[Value],
) -> Result<Vec<Value>, String> {
    const FILE: &str = "unused.rs";
    if warnings.is_empty() {
        return Ok(Vec::new());
    }
    let path = folder.join(FILE);
    std::fs::write(&path, unused::question(source, warnings))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let said = rustc(plan, folder, FILE, source, extra, "metadata=target/unused.rmeta")?;
    Ok(unused::errors(warnings, &said.errors))
}

/// What rustc has said of a cell.
#[derive(Debug, Default)]
struct Said {
    errors: Vec<Value>,
    /// Warnings of unused results, when there are no errors.
    unused: Vec<Value>,
}

fn rustc(plan: &Plan, folder: &Path, file: &str, source: &str, extra: &[String], emit: &str) -> Result<Said, String> {
    let mut command = Command::new(&plan.rustc);
    command.current_dir(folder).arg(file).args(["--crate-name", "ctx", "--crate-type", "cdylib", "--edition", "2024"]);
    // One name and one metadata for all cells: a type that two cells define with the same words is one type.
    command.args(["-Cprefer-dynamic", "-Cmetadata=recoil", "-Ccodegen-units=1", "-Coverflow-checks=on"]);
    command.arg(format!("-Copt-level={}", plan.opt_level));
    // Descriptions of types, where types can change.
    command.arg(if plan.changing.is_empty() { "-Cdebuginfo=0" } else { "-Cdebuginfo=2" });
    command.arg("--extern").arg(format!("recoil={}", plan.dylib.display()));
    command.arg("-L").arg(format!("dependency={}", plan.crates.display()));
    if let Some(serde) = serde_of_prelude(plan, source, extra) {
        command.arg("--extern").arg(serde);
    }
    // Naming the types costs rustc a search through all crates, so it is only done when there are variables to keep.
    let types = if plan.makes { format!(",mir={MIR}") } else { String::new() };
    command.arg(format!("--emit={emit}{types}")).args(["--error-format=json", "-Awarnings"]).args(extra);
    // Two `use path::*` with the same name: rustc would silently take one, and perhaps not the user's.
    command.arg("-Dambiguous_glob_imports");
    // Also where code says to allow all warnings.
    command.arg("--force-warn=unused_must_use");
    // Paths that can be written in code are an unstable option of the compiler; cells may use no other one.
    command
        .args(["-Ztrim-diagnostic-paths=no", "-Zwrite-long-types-to-disk=no", "-Zallow-features="])
        .env("RUSTC_BOOTSTRAP", "1");
    // A cell is over before rustc's allocator has given anything back: large pages save it the asking for small ones.
    command.env("MALLOC_CONF", "thp:always,narenas:1");
    for name in ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let output = with_parent(&mut command).output();
    let output = output.map_err(|error| format!("cannot run {}: {error}", plan.rustc.display()))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    if output.status.success() {
        return Ok(Said { unused: messages.filter(unused::is_unused_result).collect(), ..Said::default() });
    }
    let errors: Vec<Value> = messages.filter(is_error).collect();
    match errors.is_empty() {
        true => Err(format!("rustc failed with {}:\n{text}", output.status)),
        false => Ok(Said { errors, ..Said::default() }),
    }
}

/// The prelude's serde, for cells that name it: `#[derive(serde::Serialize)]` needs a crate of that name, and what it makes
/// must fit the prelude's `serde_json`. A serde that the user has added comes first.
fn serde_of_prelude(plan: &Plan, source: &str, extra: &[String]) -> Option<String> {
    if !source.contains("serde") || extra.iter().any(|argument| argument.starts_with("serde=")) {
        return None;
    }
    let files = std::fs::read_dir(&plan.crates).ok()?.flatten();
    let is_serde = |name: &str| name.starts_with("libserde-") && name.ends_with(".rmeta");
    let file = files
        .map(|file| file.path())
        .find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_serde))?;
    Some(format!("serde={}", file.display()))
}

fn is_error(message: &Value) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    message["level"].as_str().is_some_and(|level| level.starts_with("error")) && !text.starts_with("aborting due to")
}
