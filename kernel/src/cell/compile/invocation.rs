//! How rustc is run for a cell: everything but the file with its source.
//!
//! A rustc that is started before the cell is known ([`super::waiting`]) must be the same in all of this, so it can be
//! written down and compared.

use super::plan::{Invocation, Plan};
use super::serde::serde_of_prelude;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where rustc writes its intermediate representation, in the crate's folder.
pub(super) const MIR: &str = "target/ctx.mir";
/// Variables that rustc must not see; the last one is for the cargo shim alone.
const HIDDEN: [&str; 5] =
    ["RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "LD_LIBRARY_PATH", "EVCXR_EXECUTION_SO_PATH"];
/// Variables that rustc must see. Paths that can be written in code are an unstable option of the compiler. And a cell is over
/// before its allocator would have to give anything back: large pages save it the asking for small ones.
const SHOWN: [(&str, &str); 2] =
    [("RUSTC_BOOTSTRAP", "1"), ("MALLOC_CONF", "thp:always,narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1")];

impl Invocation {
    /// For a cell; `emit` says what is made of it, `asks` whether the types of variables are asked for.
    pub fn new(plan: &Plan, folder: &Path, source: &str, extra: &[String], emit: &str, asks: bool) -> Self {
        let mut all: Vec<String> = Vec::new();
        let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["--crate-name", "ctx", "--crate-type", "cdylib", "--edition", "2024"]);
        // One name and one metadata for all cells: a type that two cells define with the same words is one type.
        add(&["-Cprefer-dynamic", "-Cmetadata=recoil", "-Ccodegen-units=1", "-Coverflow-checks=on"]);
        // What `cfg(debug_assertions)` says must not go with the level, which is another one for cells with loops: types may depend
        // on it. The checks that the standard library then makes would slow optimised cells down.
        add(&["-Cdebug-assertions=on"]);
        if plan.opt_level != "0" {
            add(&["-Zub-checks=no"]);
        }
        add(&[&format!("-Copt-level={}", plan.opt_level)]);
        // Descriptions of types, where types can change.
        add(&[if plan.changing.is_empty() { "-Cdebuginfo=0" } else { "-Cdebuginfo=2" }]);
        add(&["--extern", &format!("recoil={}", plan.dylib.display())]);
        add(&["-L", &format!("dependency={}", plan.crates.display())]);
        if let Some(serde) = serde_of_prelude(plan, source, extra) {
            add(&["--extern", &serde]);
        }
        // Naming the types costs rustc a search through all crates.
        let types = if asks { format!(",mir={MIR}") } else { String::new() };
        add(&[&format!("--emit={emit}{types}"), "--error-format=json", "-Awarnings"]);
        all.extend_from_slice(extra);
        let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
        // Two `use path::*` with the same name: rustc would silently take one, and perhaps not the user's.
        add(&["-Dambiguous_glob_imports"]);
        // Also where code says to allow all warnings.
        add(&["--force-warn=unused_must_use"]);
        // Cells may use no other unstable option.
        add(&["-Ztrim-diagnostic-paths=no", "-Zwrite-long-types-to-disk=no", "-Zallow-features="]);
        // Generic code that the prelude's crates have compiled already is compiled again: to find it, rustc would read the lists
        // of three hundred crates. What a cell calls is as thin as it can be, so there is little of it.
        add(&["-Zshare-generics=no"]);
        // Symbols that name types.
        add(&["-Csymbol-mangling-version=v0"]);
        // Calls that store variables stay where [`super::mir`] and [`super::shape`] look for them.
        add(&["-Zinline-mir=no"]);
        Self { rustc: plan.rustc.clone(), folder: folder.to_path_buf(), arguments: all }
    }

    /// The command that compiles `file`, which lies in the folder. It names what it has written.
    pub fn command(&self, file: &str) -> Command {
        let mut command = Command::new(&self.rustc);
        command.current_dir(&self.folder).arg(file).args(&self.arguments).arg("--json=artifacts");
        for name in HIDDEN {
            command.env_remove(name);
        }
        command.envs(SHOWN).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Whether rustc has said that all is written that is asked for. That comes behind all warnings; then it only gives back
    /// its memory, which takes milliseconds.
    pub fn has_all(&self, messages: &[Value]) -> bool {
        let emit = self.arguments.iter().find_map(|argument| argument.strip_prefix("--emit="));
        let mut kinds = emit.into_iter().flat_map(|emit| emit.split(',')).filter_map(|output| output.split('=').next());
        let is_written =
            |kind| messages.iter().any(|message| message["$message_type"] == "artifact" && message["emit"] == kind);
        kinds.all(is_written)
    }
}

/// What rustc sees of an environment.
pub(super) type Environment = Vec<(String, String)>;

/// The environment that rustc sees when this process starts it; `None` when it is not all text.
pub(super) fn environment() -> Option<Environment> {
    let mut all = Vec::new();
    for (name, value) in std::env::vars_os() {
        let name = name.into_string().ok()?;
        if !HIDDEN.contains(&name.as_str()) && SHOWN.iter().all(|(shown, _)| *shown != name) {
            all.push((name, value.into_string().ok()?));
        }
    }
    all.extend(SHOWN.map(|(name, value)| (name.to_owned(), value.to_owned())));
    all.sort();
    Some(all)
}
