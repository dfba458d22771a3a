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
use super::shape;
use super::unused;
use crate::cell::source::marks::{KEEP, PUT, TAKE};
use crate::cell::source::parse::WAITS;
use crate::variables::{is_cheap, is_dict_of_data};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// More passes than variables that can go wrong in a sensible cell.
const MOST_PASSES: u32 = 12;
/// Why a variable that borrows is not stored.
const BORROWS: &str = "it borrows from another value, and lives only as long as its cell runs";
/// Where rustc writes its intermediate representation, in the crate's folder.
const MIR: &str = "target/ctx.mir";

/// Compiles `source` to `library`, in `folder`.
pub(crate) fn compile(plan: &Plan, folder: &Path, source: &str, library: &Path) -> Compiled {
    let nothing = Compiled { sequence: plan.sequence, ..Compiled::default() };
    let dependencies = match dependencies::build(folder, &plan.cache, &plan.compiler) {
        Ok(dependencies) => dependencies,
        Err(error) => return Compiled { failure: Some(error), ..nothing },
    };
    let source = canonical(source, &plan.superseded);
    let changing = plan.changing.join(",");
    let key = Cache::key(&[&source, &plan.identity, &plan.opt_level, &dependencies.identity, &changing]);
    let cache = Cache::new(&plan.cache);
    if let Some(found) = cache.fetch(&key, library) {
        let found = Compiled { sequence: plan.sequence, cached: true, passes: 0, key, ..found };
        return Compiled { changed: changed(plan, &found), ..found };
    }
    let mut compiled = Compiled { key, ..nothing };
    run(plan, folder, source, library, &dependencies.arguments, &mut compiled);
    if compiled.failure.is_none() && compiled.diagnostics.is_empty() && dependencies.cacheable {
        // A full disk must not fail the cell: it is compiled already.
        let _ = cache.keep(&compiled.key, library, &compiled.source, &compiled);
    }
    compiled.changed = changed(plan, &compiled);
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
    let said = rustc(plan, folder, file, extra, &emit)?;
    let vanishing = vanishing(plan, folder, &compiled.source, extra, &said.unused)?;
    compiled.compile_seconds += start.elapsed().as_secs_f64();
    let errors = if said.errors.is_empty() { vanishing } else { said.errors };
    if !errors.is_empty() || !direct {
        return Ok(errors);
    }
    let start = Instant::now();
    if linker::link(&plan.linker, &object, library).is_err() {
        rustc(plan, folder, file, extra, &format!("link={}", library.display()))?;
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
    let said = rustc(plan, folder, FILE, extra, "metadata=target/unused.rmeta")?;
    Ok(unused::errors(warnings, &said.errors))
}

/// What rustc has said of a cell.
#[derive(Debug, Default)]
struct Said {
    errors: Vec<Value>,
    /// Warnings of unused results, when there are no errors.
    unused: Vec<Value>,
}

fn rustc(plan: &Plan, folder: &Path, file: &str, extra: &[String], emit: &str) -> Result<Said, String> {
    let mut command = Command::new(&plan.rustc);
    command.current_dir(folder).arg(file).args(["--crate-name", "ctx", "--crate-type", "cdylib", "--edition", "2024"]);
    // One name and one metadata for all cells: a type that two cells define with the same words is one type.
    command.args(["-Cprefer-dynamic", "-Cmetadata=recoil", "-Ccodegen-units=1", "-Coverflow-checks=on"]);
    command.arg(format!("-Copt-level={}", plan.opt_level));
    // Descriptions of types, where types can change.
    command.arg(if plan.changing.is_empty() { "-Cdebuginfo=0" } else { "-Cdebuginfo=2" });
    command.arg("--extern").arg(format!("recoil={}", plan.dylib.display()));
    command.arg("-L").arg(format!("dependency={}", plan.crates.display()));
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

fn is_error(message: &Value) -> bool {
    let text = message["message"].as_str().unwrap_or_default();
    message["level"].as_str().is_some_and(|level| level.starts_with("error")) && !text.starts_with("aborting due to")
}

/// A better source, or `None` when the errors are the user's.
fn repaired(
    source: &str,
    errors: &[Value],
    dropped: &mut Vec<(usize, String)>,
    imports: &mut Vec<String>,
) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut without: Vec<(usize, Option<String>)> = Vec::new();
    let mut edits = Vec::new();
    let known = imports.len();
    for error in errors {
        if let Some((line, index, reason)) = unstorable(&lines, error) {
            if without.iter().all(|(other, _)| *other != line) {
                // Dropped now, so that what it borrows from can be stored.
                let borrower = lines.get(line).filter(|_| reason == BORROWS).and_then(|line| stored_name(line));
                without.push((line, borrower.map(|name| format!("::core::mem::drop({name});"))));
                dropped.push((index, reason));
            }
        } else if let Some(edit) = repaired_in_place(source, error) {
            edits.push(edit);
        } else if let Some(import) = meant(source, error).filter(|import| !imports.contains(import)) {
            imports.push(import);
        }
    }
    if without.is_empty() && edits.is_empty() && imports.len() == known {
        return None;
    }
    edits.sort_by_key(|(start, _, _)| std::cmp::Reverse(*start));
    edits.dedup();
    let mut better = source.to_owned();
    for (start, end, text) in edits {
        better.replace_range(start..end, &text);
    }
    // Lines stay where they are: emptied, not removed.
    let instead = |index: usize| without.iter().find(|(line, _)| *line == index).map(|(_, instead)| instead);
    let kept = better.split('\n').enumerate().map(|(index, line)| match instead(index) {
        Some(instead) => instead.as_deref().unwrap_or_default(),
        None => line,
    });
    let mut better = kept.collect::<Vec<_>>().join("\n");
    for import in &imports[known..] {
        better.push_str(import);
        better.push('\n');
    }
    Some(better)
}

/// The import that settles an ambiguity between the prelude's names and those of a `use path::*` of the user, in the
/// user's favour.
fn meant(source: &str, error: &Value) -> Option<String> {
    if error["code"]["code"] != "E0659" && error["code"]["code"] != "ambiguous_glob_imports" {
        return None;
    }
    let name = error["message"].as_str()?.split('`').nth(1)?;
    let children = error["children"].as_array()?;
    let globs = children.iter().flat_map(spans).filter_map(|span| {
        let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
        let end = usize::try_from(span["byte_end"].as_u64()?).ok()?;
        source.get(start..end)?.strip_suffix("::*")
    });
    let path = globs.filter(|path| *path != "recoil").last()?;
    Some(format!("use {path}::{name};"))
}

/// The name in a line that stores a variable.
fn stored_name(line: &str) -> Option<&str> {
    let name = line.split("::recoil::runtime::Peek(&").nth(1)?.split(')').next()?;
    line.trim_start().starts_with(PUT).then_some(name)
}

/// The marked line at fault in an error, with the index of its variable and the reason.
fn unstorable(lines: &[&str], error: &Value) -> Option<(usize, usize, String)> {
    let code = error["code"]["code"].as_str().unwrap_or_default();
    let marked: Vec<(usize, usize)> = spans(error)
        .filter_map(|span| Some(span["line_start"].as_u64()? as usize))
        .filter_map(|line| Some((line - 1, marked_index(lines.get(line.checked_sub(1)?)?)?)))
        .collect();
    let reason = match code {
        "E0382" | "E0381" | "E0425" | "E0507" => "its value was moved away in its cell",
        "E0597" | "E0505" | "E0506" | "E0502" | "E0716" | "E0521" | "E0515" | "E0373" | "E0310" | "E0499" => BORROWS,
        "E0603" | "E0433" | "E0412" | "E0107" | "E0423" => "its type is private and cannot be named in another cell",
        _ => "its type cannot be kept from cell to cell",
    };
    // When a value is moved into the store while another variable borrows from it, the other one is at fault: the
    // line named last.
    let (line, index) = if matches!(code, "E0505" | "E0597") { *marked.last()? } else { *marked.first()? };
    Some((line, index, reason.to_owned()))
}

fn spans(error: &Value) -> impl Iterator<Item = &Value> {
    error["spans"].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

/// The variable's index on a marked line.
fn marked_index(line: &str) -> Option<usize> {
    [PUT, KEEP, TAKE].iter().find_map(|mark| {
        let rest = line.trim_start().strip_prefix(mark)?;
        rest.split("*/").next()?.trim().parse().ok()
    })
}

fn repaired_in_place(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    group_access(source, error).or_else(|| other_wait(source, error)).or_else(|| cloned(source, error))
}

/// Where a value of the prelude is given away that is used again, or taken out of a dict: a clone, which is cheap.
fn cloned(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let message = error["message"].as_str()?;
    let labelled = |wanted: &dyn Fn(&Value) -> bool| spans(error).find(|span| wanted(span));
    let span = match error["code"]["code"].as_str()? {
        "E0382" => {
            let children = error["children"].as_array()?;
            let kind = children.iter().filter_map(|child| child["message"].as_str()).find_map(|text| {
                text.strip_prefix("move occurs because `")?.split_once("has type `")?.1.split('`').next()
            });
            let kind = kind.or_else(|| {
                let labels = spans(error).filter_map(|span| span["label"].as_str());
                labels.filter_map(|text| text.split_once("has type `")?.1.split('`').next()).next()
            })?;
            if !is_cheap(kind) || message.contains("partially") {
                return None;
            }
            labelled(&|span| span["label"].as_str().is_some_and(|label| label.starts_with("value moved here")))?
        }
        "E0507" if message.starts_with("cannot move out of index of `") => {
            let kind = spans(error)
                .filter_map(|span| span["label"].as_str()?.split_once("has type `")?.1.split('`').next())
                .next()?;
            if !is_cheap(kind) {
                return None;
            }
            labelled(&|span| span["is_primary"] == true)?
        }
        _ => return None,
    };
    let end = span["byte_end"].as_u64()? as usize;
    let start = span["byte_start"].as_u64()? as usize;
    // Only a name or an indexed name: a clone of anything else would be of the wrong part.
    let plain = source.get(start..end)?.chars().all(|c| c.is_alphanumeric() || "_[]\".&:/* ".contains(c));
    plain.then(|| (end, end, ".clone()".to_owned()))
}

/// A method that is called like one that waits, on a type of another kind: its own name, with blanks so that places stay.
fn other_wait(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let span = spans(error).find(|span| span["is_primary"] == true)?;
    let start = span["byte_start"].as_u64()? as usize;
    let end = span["byte_end"].as_u64()? as usize;
    let name = source.get(start..end)?;
    let (own, _) = WAITS.iter().find(|(_, ours)| *ours == name)?;
    Some((start, end, format!("{own:0$}", name.len())))
}

/// `.mumu` on a `Data` or a `Group` that has no such field: start, end and new text.
fn group_access(source: &str, error: &Value) -> Option<(usize, usize, String)> {
    let message = error["message"].as_str()?;
    let missing = message.starts_with("no field `");
    let kind = message.split("on type ").nth(1)?.split('`').nth(1)?;
    let kind = kind.trim_start_matches("&mut ").trim_start_matches('&');
    if !missing || !is_dict_of_data(kind) {
        return None;
    }
    let span = spans(error).find(|span| span["is_primary"] == true)?;
    let start = span["byte_start"].as_u64()? as usize;
    let end = span["byte_end"].as_u64()? as usize;
    let name = source.get(start..end)?;
    Some((start, end, format!("group(\"{}\")", name.trim_start_matches("r#"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moved_variable_is_not_stored() {
        let source = format!("a\n{PUT}0*/ put(a);\n{PUT}1*/ put(b);\nend");
        let error = json!({"code": {"code": "E0382"}, "message": "use of moved value: `a`",
            "spans": [{"line_start": 1, "is_primary": false}, {"line_start": 2, "is_primary": true}]});
        let mut dropped = Vec::new();
        let better = repaired(&source, &[error], &mut dropped, &mut Vec::new()).unwrap();
        assert_eq!(better, format!("a\n\n{PUT}1*/ put(b);\nend"));
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].0, 0);
    }

    #[test]
    fn errors_of_the_user_are_not_repaired() {
        let error =
            json!({"code": {"code": "E0425"}, "message": "cannot find value `x`", "spans": [{"line_start": 1}]});
        assert_eq!(repaired("x", &[error], &mut Vec::new(), &mut Vec::new()), None);
    }

    #[test]
    fn the_users_glob_wins_over_the_preludes() {
        let source = "use recoil::*;\nuse polars::prelude::*;\ncol";
        let at = source.find("polars").unwrap();
        let error = json!({"code": {"code": "E0659"}, "message": "`col` is ambiguous", "spans": [{"line_start": 3}],
            "children": [{"spans": [{"byte_start": 4, "byte_end": 13}]},
                         {"spans": [{"byte_start": at, "byte_end": at + 18}]}]});
        let mut imports = Vec::new();
        let better = repaired(source, &[error], &mut Vec::new(), &mut imports).unwrap();
        assert!(better.ends_with("use polars::prelude::col;\n"), "{better}");
        assert_eq!(imports, ["use polars::prelude::col;"]);
    }

    #[test]
    fn values_of_the_prelude_are_cloned_where_they_are_given_away() {
        let source = "let g = data; data.count()";
        let error = json!({"code": {"code": "E0382"}, "message": "borrow of moved value: `data`",
            "spans": [{"line_start": 1, "byte_start": 14, "byte_end": 18, "is_primary": true, "label": "value borrowed here after move"},
                {"line_start": 1, "byte_start": 8, "byte_end": 12, "is_primary": false, "label": "value moved here"}],
            "children": [{"message": "move occurs because `data` has type `recoil::Data`, which does not implement the `Copy` trait"}]});
        let better = repaired(source, std::slice::from_ref(&error), &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("let g = data.clone(); data.count()"));
        let other = serde_json::from_str(&error.to_string().replace("recoil::Data", "std::vec::Vec<u8>")).unwrap();
        assert_eq!(repaired(source, &[other], &mut Vec::new(), &mut Vec::new()), None);
    }

    #[test]
    fn other_methods_that_are_called_like_waits_get_their_names_back() {
        let source = "x.recoil_recv()";
        let error = json!({"code": {"code": "E0599"}, "message": "no method named `recoil_recv`",
            "spans": [{"line_start": 1, "byte_start": 2, "byte_end": 13, "is_primary": true}]});
        let better = repaired(source, &[error], &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("x.recv       ()"));
    }

    #[test]
    fn fields_of_data_become_groups() {
        let source = "f().mumu.count()";
        let error = json!({"code": {"code": "E0609"}, "message": "no field `mumu` on type `recoil::Data`",
            "spans": [{"line_start": 1, "byte_start": 4, "byte_end": 8, "is_primary": true}]});
        let better = repaired(source, &[error], &mut Vec::new(), &mut Vec::new());
        assert_eq!(better.as_deref(), Some("f().group(\"mumu\").count()"));
        let other = json!({"code": {"code": "E0609"}, "message": "no field `mumu` on type `Data`",
            "spans": [{"line_start": 1, "byte_start": 4, "byte_end": 8, "is_primary": true}]});
        assert_eq!(repaired(source, &[other], &mut Vec::new(), &mut Vec::new()), None);
    }
}
