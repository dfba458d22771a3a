//! What the engine and the cargo shim tell each other, through two small files in the session's folder.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Environment variable with the session's folder; evcxr gives it to what it believes to be cargo.
pub(crate) const SESSION: &str = "RECOIL_SESSION";

/// How the next cell is to be compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Numbers the plans of a session.
    pub sequence: u64,
    /// The compiler.
    pub rustc: PathBuf,
    /// The prelude's dylib.
    pub dylib: PathBuf,
    /// Folder with the metadata of the crates in it.
    pub crates: PathBuf,
    /// Prelude and compiler in one word.
    pub identity: String,
    /// The compiler's version.
    pub compiler: String,
    /// `-Copt-level`.
    pub opt_level: String,
    /// Names by index, as the marked lines count them.
    pub variables: Vec<String>,
    /// Where compiled cells are kept.
    pub cache: PathBuf,
    /// The lock of added crates, beside the notebook.
    pub lock: PathBuf,
    /// Whether evcxr is only to take in what every cell begins with: nothing is compiled, and nothing runs.
    pub begins: bool,
    /// Whether the cell makes variables.
    pub makes: bool,
    /// The program to link with, and its first arguments.
    pub linker: Vec<String>,
    /// What evcxr still has and the session has not.
    pub superseded: Superseded,
    /// Crates whose types can change under their names, when the cell may keep values of them.
    pub changing: Vec<String>,
    /// What the types of the variables that the cell takes looked like when they were stored, by index.
    pub shapes: Vec<(usize, Shape)>,
    /// What the types of statics looked like when they began to live, by symbol.
    pub statics: Vec<(String, u64)>,
    /// Compilers that have been started already.
    pub waiting: Vec<Waiting>,
    /// The file for the result, when the kernel itself has begun to compile the cell.
    pub early: Option<PathBuf>,
}

/// Parts of evcxr's items that have been replaced by later ones which it does not take for the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Superseded {
    /// Whole items, with what is left of them.
    pub items: Vec<(String, String)>,
    /// Symbols of statics, with those that take their place.
    pub symbols: Vec<(String, String)>,
}

/// What is known of a type at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// A hash of its layout.
    pub layout: u64,
    /// Whether the texts behind it have changed since.
    pub text_changed: bool,
}

/// A rustc without a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Invocation {
    /// The compiler.
    pub rustc: PathBuf,
    /// Where it runs.
    pub folder: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// How a rustc must have been started to be of use for a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wish {
    pub invocation: Invocation,
    pub environment: Vec<(String, String)>,
    /// The attributes of the whole crate, which cannot stand in an included file.
    pub attributes: String,
}

/// A rustc that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// That of the wish it was started for.
    pub key: String,
    /// What its files are called.
    pub name: String,
    /// The number of its process.
    pub process: libc::pid_t,
}

/// What became of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Compiled {
    /// The plan's number.
    pub sequence: u64,
    /// Name of the cell in the cache; its source has it as file name.
    pub key: String,
    /// Whether rustc was not needed.
    pub cached: bool,
    /// How many times rustc ran.
    pub passes: u32,
    /// Whether a rustc that was waiting has made what runs.
    #[serde(default)]
    pub by_waiting: bool,
    /// Compilers that would have been of use: for this cell, and for one that differs in whether it makes variables.
    #[serde(default)]
    pub wishes: Vec<Wish>,
    /// Seconds in rustc.
    pub compile_seconds: f64,
    /// Seconds in the linker.
    pub link_seconds: f64,
    /// Seconds in the cargo shim, all in all.
    pub seconds: f64,
    /// Types by index of variable.
    pub types: Vec<(usize, String)>,
    /// Layouts by index of variable, of types that can change.
    #[serde(default)]
    pub shapes: Vec<(usize, u64)>,
    /// Variables that the cell takes and whose types have changed: it must not run.
    #[serde(default)]
    pub changed: Vec<usize>,
    /// Layouts of the types of statics, by symbol.
    #[serde(default)]
    pub statics: Vec<(String, u64)>,
    /// Statics whose types have changed: the cell must not run.
    #[serde(default)]
    pub changed_statics: Vec<String>,
    /// Variables that cannot outlive the cell, with the reason.
    pub dropped: Vec<(usize, String)>,
    /// Imports that settled ambiguities; the next cell brings them along.
    #[serde(default)]
    pub imports: Vec<String>,
    /// rustc's JSON, if it failed.
    pub diagnostics: Vec<serde_json::Value>,
    /// What was compiled, if it failed (otherwise it is in the cache).
    pub source: String,
    /// What failed apart from the code itself.
    pub failure: Option<String>,
    /// What the user should know of the versions of added crates.
    #[serde(default)]
    pub note: Option<String>,
    /// Changes with the added crates; empty without any.
    #[serde(default)]
    pub crates: String,
}

pub(crate) fn plan_path(session: &Path) -> PathBuf {
    session.join("plan.json")
}

pub(crate) fn compiled_path(session: &Path) -> PathBuf {
    session.join("compiled.json")
}

/// Holds the process id of the cargo shim while it compiles.
pub(crate) fn process_path(session: &Path) -> PathBuf {
    session.join("compiling")
}
