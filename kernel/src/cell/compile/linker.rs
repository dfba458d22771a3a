//! Linking a cell without rustc and without the compiler driver, which take four times as long as all the rest of it.
//!
//! A cell is one object file. Everything it calls is in the prelude and in the shared standard library, which the worker
//! has loaded for everybody, so the linker need not look at either: names that are left open are found when the cell is
//! loaded, and a name that is nowhere makes the loading fail with that name. Cells with added crates are linked by
//! rustc, which knows what belongs to them.

use super::process::with_parent;
use crate::install::toolchain::Toolchain;
use crate::worker::CELL_FUNCTION;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program to link with and its first arguments; empty when there is none, and rustc must do it.
pub(crate) fn program(toolchain: &Toolchain) -> Vec<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // The plain one is the fastest for so little work.
    let plain =
        ["ld.bfd", "ld"].iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    if let Some(plain) = plain.into_iter().find(|path| path.is_file()) {
        return vec![plain.display().to_string()];
    }
    let own: PathBuf = toolchain.libraries.join("../bin/rust-lld");
    if own.is_file() { vec![own.display().to_string(), "-flavor".into(), "gnu".into()] } else { Vec::new() }
}

/// Links one object file to a library that is loaded into a worker.
pub(crate) fn link(program: &[String], object: &Path, library: &Path) -> Result<(), String> {
    let [linker, first @ ..] = program else { return Err("there is no linker".into()) };
    let mut command = Command::new(linker);
    command.args(first).args([
        "-shared",
        // Statics that are exported are those of the cell that was loaded first.
        "-Bsymbolic-functions",
        "--eh-frame-hdr",
        "--gc-sections",
        "-z",
        "now",
        "-z",
        "noexecstack",
    ]);
    command.args(["-u", CELL_FUNCTION]).arg("-o").arg(library).arg(object);
    command.stdin(Stdio::null()).env_remove("LD_LIBRARY_PATH");
    let output = with_parent(&mut command).output().map_err(|error| format!("cannot run {linker}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
