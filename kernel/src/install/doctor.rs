//! Looks at everything a cell needs and says what to do where something is missing.

use super::kernelspec;
use super::prelude;
use super::toolchain::Toolchain;
use std::path::Path;
use std::process::{Command, Stdio};

/// One thing that was looked at.
#[derive(Debug)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is, or what is wrong.
    pub found: Result<String, String>,
    /// What mends it.
    pub mend: String,
    /// Whether cells cannot run without it.
    pub needed: bool,
}

/// Looks at compiler, standard library, prelude, linker, kernelspecs, JupyterLab and history.
pub fn examine() -> Vec<Check> {
    let home = prelude::home();
    let toolchain = match prelude::from_wheel() {
        Some(installed) => Some(Toolchain::of_installed(&installed)),
        None => home.as_ref().ok().map(|home| Toolchain::find(home)),
    };
    let rustc = match (&home, &toolchain) {
        (Err(error), _) => Err(error.to_string()),
        (_, Some(Ok(toolchain))) => Ok(format!("{} ({})", toolchain.name(), toolchain.rustc.display())),
        (_, Some(Err(error))) => Err(error.to_string()),
        (_, None) => Err("not looked for".to_owned()),
    };
    let library = match &toolchain {
        Some(Ok(toolchain)) => Ok(toolchain.libraries.display().to_string()),
        _ => Err("no compiler that has one".to_owned()),
    };
    let prelude = prelude::find().map(|prelude| prelude.dylib.display().to_string()).map_err(|error| error.to_string());
    vec![
        check("compiler", rustc, "install Rust from https://rustup.rs", true),
        check("shared standard library", library, "use a toolchain from rustup: distributions leave it out", true),
        check("prelude", prelude, "run `recoil doctor --build`", true),
        check("linker", linker(), "install a C compiler: `apt install gcc`", true),
        check("kernelspec", kernelspecs(), "run `recoil install --user`, or `recoil lab`", false),
        check("JupyterLab", jupyter(), "run `recoil lab`: it installs a private one", false),
        check("history", history(), "set RECOIL_HISTORY to a file that can be written", false),
    ]
}

fn check(name: &'static str, found: Result<String, String>, mend: &str, needed: bool) -> Check {
    Check { name, found, mend: mend.to_owned(), needed }
}

fn linker() -> Result<String, String> {
    first_line("cc", &["--version"])
}

fn jupyter() -> Result<String, String> {
    first_line("jupyter", &["lab", "--version"])
}

fn first_line(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("`{program}` does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match output.status.success() {
        true => Ok(format!("{program} {}", text.lines().next().unwrap_or_default())),
        false => Err(format!("`{program} {}` fails", arguments.join(" "))),
    }
}

fn kernelspecs() -> Result<String, String> {
    let installed = kernelspec::installed();
    if let Some(broken) = installed.iter().find(|spec| !spec.program.is_file()) {
        return Err(format!("{} starts {}, which is not there", broken.folder.display(), broken.program.display()));
    }
    let folders: Vec<String> = installed.iter().map(|spec| spec.folder.display().to_string()).collect();
    if folders.is_empty() {
        Err("none for the user or the active environment".to_owned())
    } else {
        Ok(folders.join(", "))
    }
}

fn history() -> Result<String, String> {
    let path = crate::session::default_history_path();
    let folder = path.parent().unwrap_or(Path::new("."));
    let writable = std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    match writable {
        Ok(_) => Ok(path.display().to_string()),
        Err(error) => Err(format!("{}: {error}", folder.display())),
    }
}
