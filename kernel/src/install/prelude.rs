//! Builds the prelude, the one dylib that cells link to, and checks that it fits the compiler.
//!
//! The dylib and the cells must come from the same rustc, and a later build must not pull files away from under a
//! running kernel. So a build ends in a snapshot: hard links to the dylib and to the metadata of every crate in it, in
//! a folder named after its content, with a stamp that says which rustc made it.

use super::package::{self, Installed};
use super::snapshot::{DYLIB, identity_of, reached, snapshot};
use super::toolchain::{PreludeError, Toolchain, at, first_line};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const STAMP: &str = "prelude.json";

/// A prelude that is ready for cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prelude {
    /// The project's folder.
    pub home: PathBuf,
    /// The dylib.
    pub dylib: PathBuf,
    /// Folder with the metadata of every crate in it.
    pub crates: PathBuf,
    /// Changes whenever a cell must be compiled again.
    pub identity: String,
    /// What made it, and makes cells.
    pub toolchain: Toolchain,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    rustc: String,
    identity: String,
}

/// The project's folder: `RECOIL_HOME`, or what came with an installed program, or where this program was built.
///
/// # Errors
/// [`PreludeError::NoHome`] when there is no project.
pub fn home() -> Result<PathBuf, PreludeError> {
    if let Some(installed) = from_wheel() {
        return Ok(installed.unpacked()?.join("home"));
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_path_buf();
    let home = std::env::var_os("RECOIL_HOME").map_or(built, PathBuf::from);
    if home.join("prelude/Cargo.toml").is_file() { Ok(home) } else { Err(PreludeError::NoHome(home)) }
}

/// The prelude of the wheel from which this program was installed, unless `RECOIL_HOME` names a project.
pub(super) fn from_wheel() -> Option<Installed> {
    std::env::var_os("RECOIL_HOME").is_none().then(package::installed).flatten()
}

fn find_installed(installed: &Installed) -> Result<Prelude, PreludeError> {
    let toolchain = Toolchain::of_installed(installed)?;
    let folder = installed.unpacked()?;
    let crates = folder.join("crates");
    let dylib = crates.join(DYLIB);
    Ok(Prelude { home: folder.join("home"), dylib, crates, identity: installed.identity.clone(), toolchain })
}

fn target(home: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => home.join(folder),
        None => home.join("target"),
    }
}

fn snapshots(home: &Path) -> PathBuf {
    target(home).join("recoil")
}

/// The prelude that is there, without building anything; costs two short runs of rustc.
///
/// # Errors
/// [`PreludeError`] when there is none, or it does not fit the compiler.
pub fn find() -> Result<Prelude, PreludeError> {
    if let Some(installed) = from_wheel() {
        return find_installed(&installed);
    }
    let home = home()?;
    let toolchain = Toolchain::find(&home)?;
    let folder = snapshots(&home);
    let stamp = std::fs::read(folder.join(STAMP)).map_err(|_| PreludeError::Missing)?;
    let stamp: Stamp = serde_json::from_slice(&stamp).map_err(|_| PreludeError::Missing)?;
    if stamp.rustc != toolchain.version {
        let built = first_line(&stamp.rustc).to_owned();
        return Err(PreludeError::OtherCompiler { built, now: toolchain.name().to_owned() });
    }
    let crates = folder.join(&stamp.identity);
    let dylib = crates.join(DYLIB);
    if !dylib.is_file() {
        return Err(PreludeError::Missing);
    }
    Ok(Prelude { home, dylib, crates, identity: stamp.identity, toolchain })
}

/// Builds what has changed and returns the prelude. Interrupted builds go on where they stopped.
/// `tell` gets a line for each crate that is compiled.
///
/// # Errors
/// [`PreludeError`], with what cargo said.
pub fn ensure(tell: &mut dyn FnMut(&str)) -> Result<Prelude, PreludeError> {
    if let Some(installed) = from_wheel() {
        return find_installed(&installed);
    }
    let home = home()?;
    let toolchain = Toolchain::find(&home)?;
    let folder = snapshots(&home);
    std::fs::create_dir_all(&folder).map_err(at(&folder))?;
    let built = build(&home, &folder, tell)?;
    let identity = identity_of(&built, &toolchain)?;
    let reached = reached(&built, &toolchain);
    snapshot(&built, &folder.join(&identity), &target(&home).join("release/deps"), &reached)?;
    let stamp = Stamp { rustc: toolchain.version.clone(), identity };
    let text = serde_json::to_vec(&stamp).map_err(|error| PreludeError::Build(error.to_string()))?;
    let temporary = folder.join(format!("{STAMP}.{}", std::process::id()));
    std::fs::write(&temporary, text).map_err(at(&temporary))?;
    std::fs::rename(&temporary, folder.join(STAMP)).map_err(at(&folder))?;
    find()
}

/// Runs cargo for the dylib. Only that one crate may prefer the shared standard library: the flag on every crate
/// would build Polars a second time, and no flag would give a dylib that swallows std, to which no cell links.
fn build(home: &Path, folder: &Path, tell: &mut dyn FnMut(&str)) -> Result<PathBuf, PreludeError> {
    let wrapper = folder.join("rustc-wrapper");
    let script = "#!/bin/sh\ncase \" $* \" in\n*\" --crate-name recoil \"*\" --crate-type dylib \"*) exec \"$@\" -Cprefer-dynamic ;;\nesac\nexec \"$@\"\n";
    if std::fs::read_to_string(&wrapper).ok().as_deref() != Some(script) {
        let temporary = folder.join(format!("rustc-wrapper.{}", std::process::id()));
        std::fs::write(&temporary, script).map_err(at(&temporary))?;
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&temporary, executable).map_err(at(&temporary))?;
        std::fs::rename(&temporary, &wrapper).map_err(at(&wrapper))?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--release", "--locked", "--example", "recoil", "--features", "recoil/dylib"]);
    command.arg("--message-format=json-render-diagnostics").current_dir(home).env("RUSTC_WRAPPER", &wrapper);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(set_for_a_crate)) {
        command.env_remove(name);
    }
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let no_cargo = |source| PreludeError::NoCompiler { program: cargo.to_string_lossy().into_owned(), source };
    let mut child = child.map_err(no_cargo)?;
    let stdout = child.stdout.take();
    let artifacts = std::thread::spawn(move || stdout.and_then(|stdout| dylib_in(BufReader::new(stdout))));
    let mut said = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            tell(line.trim());
            said.push(line);
        }
    }
    let status = child.wait().map_err(no_cargo)?;
    let dylib = artifacts.join().ok().flatten();
    match dylib {
        Some(dylib) if status.success() => Ok(dylib),
        _ => Err(PreludeError::Build(said[said.len().saturating_sub(40)..].join("\n"))),
    }
}

/// Whether a cargo that runs us (`cargo run`, `cargo test`) has set this variable for our crate. Build scripts watch some of
/// them (ring watches `CARGO_PKG_VERSION_MAJOR`): if they reached other crates, all that depends on those, Polars too,
/// would be built again.
fn set_for_a_crate(name: &str) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_CFG_", "CARGO_FEATURE_"];
    let names = ["CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR", "RUSTC_BOOTSTRAP", "LD_LIBRARY_PATH"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name)
}

/// Finds the dylib in cargo's JSON messages.
fn dylib_in(messages: impl BufRead) -> Option<PathBuf> {
    let mut found = None;
    for line in messages.lines().map_while(Result::ok) {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line) else { continue };
        let target = &message["target"];
        if message["reason"] == "compiler-artifact" && target["name"] == "recoil" && target["kind"][0] == "example" {
            let files = message["filenames"].as_array()?;
            let shared = files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".so"));
            found = shared.map(PathBuf::from);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_sets_for_one_crate_does_not_reach_others() {
        assert!(["CARGO_PKG_VERSION_MAJOR", "OUT_DIR", "CARGO_MANIFEST_DIR"].into_iter().all(set_for_a_crate));
        assert!(!["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_NET_RETRY", "PATH"].into_iter().any(set_for_a_crate));
    }

    #[test]
    fn the_dylib_is_found_among_messages() {
        let lines = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"recoil","kind":["lib"]},"filenames":["/x/librecoil.rlib"]}"#,
            "\nnot json\n",
            r#"{"reason":"compiler-artifact","target":{"name":"recoil","kind":["example"]},"filenames":["/x/librecoil.so"]}"#,
        );
        assert_eq!(dylib_in(lines.as_bytes()), Some(PathBuf::from("/x/librecoil.so")));
    }
}
