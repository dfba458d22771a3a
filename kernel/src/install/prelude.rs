//! Builds the prelude, the one dylib that cells link to, and checks that it fits the compiler.
//!
//! The dylib and the cells must come from the same rustc, and a later build must not pull files away from under a
//! running kernel. So a build ends in a snapshot: hard links to the dylib and to the metadata of every crate in it, in
//! a folder named after its content, with a stamp that says which rustc made it.

use super::InstallError;
use super::package::{self, Installed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const STAMP: &str = "prelude.json";
pub(super) const DYLIB: &str = "librecoil.so";

/// The prelude could not be built or does not fit.
#[derive(Debug, thiserror::Error)]
pub enum PreludeError {
    /// No source of the prelude.
    #[error("no Recoil project in `{0}`: set RECOIL_HOME to the folder that holds its Cargo.toml")]
    NoHome(PathBuf),
    /// No compiler.
    #[error("cannot run `{program}`: {source}. Install Rust from https://rustup.rs, or put it into PATH")]
    NoCompiler {
        /// What was run.
        program: String,
        /// Why it did not run.
        source: std::io::Error,
    },
    /// The compiler does not even tell its version.
    #[error(
        "`{program}` failed with {status} and said:\n{said}\nInstall Rust from https://rustup.rs, or set RUSTC to a compiler"
    )]
    Compiler {
        /// What was run.
        program: String,
        /// How it ended.
        status: String,
        /// What it said.
        said: String,
    },
    /// The compiler has no shared standard library.
    #[error(
        "the toolchain in `{0}` has no libstd-*.so, which cells share with the prelude: use a toolchain from rustup"
    )]
    NoStd(PathBuf),
    /// Never built.
    #[error("the prelude has not been built yet: run `recoil doctor --build`, or `recoil lab`, which builds it")]
    Missing,
    /// Built by another compiler.
    #[error("the prelude was built by `{built}`, but rustc is now `{now}`: run `recoil lab` once to build it again")]
    OtherCompiler {
        /// First line of `rustc -vV` then.
        built: String,
        /// First line of `rustc -vV` now.
        now: String,
    },
    /// Installed from a wheel, and the compiler it was made for is not there.
    #[error(
        "cells need rustc {release}, with which this Recoil was built; {found}. Run `rustup toolchain install {release} --profile minimal` (rustup is at https://rustup.rs)"
    )]
    NeedsCompiler {
        /// The release, such as `1.95.0`.
        release: String,
        /// What is there instead.
        found: String,
    },
    /// The prelude of the wheel could not be unpacked.
    #[error(transparent)]
    Unpack(#[from] InstallError),
    /// Cargo failed.
    #[error("the prelude could not be built:\n{0}")]
    Build(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// The compiler that builds cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The real rustc, not rustup's stand-in, which would cost 20 ms per cell.
    pub rustc: PathBuf,
    /// All that `rustc -vV` prints.
    pub version: String,
    /// Folder with the target's libraries, libstd among them.
    pub libraries: PathBuf,
}

impl Toolchain {
    /// Asks the rustc that is used in `home`.
    ///
    /// # Errors
    /// [`PreludeError::NoCompiler`] and [`PreludeError::NoStd`].
    pub fn find(home: &Path) -> Result<Self, PreludeError> {
        let rustc = std::env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
        Self::ask(&rustc, home)
    }

    /// The compiler of an installed prelude: the one in the search path, or the one that rustup has of that release.
    ///
    /// # Errors
    /// [`PreludeError::NeedsCompiler`] when neither is the compiler that built the prelude.
    pub fn of_installed(installed: &Installed) -> Result<Self, PreludeError> {
        let here = Path::new(".");
        let release = installed.release();
        let first = Self::find(here);
        let fits = |toolchain: &Self| toolchain.version == installed.rustc;
        if let Some(toolchain) = first.as_ref().ok().filter(|toolchain| fits(toolchain)) {
            return Ok(toolchain.clone());
        }
        let mut command = Command::new("rustup");
        let which = command.args(["which", "--toolchain", release, "rustc"]).stdin(Stdio::null()).output();
        let path = which.ok().filter(|output| output.status.success());
        let path = path.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        let second = path.and_then(|path| Self::ask(&path, here).ok()).filter(fits);
        second.ok_or_else(|| PreludeError::NeedsCompiler {
            release: release.to_owned(),
            found: match first {
                Ok(toolchain) => format!("found {}", toolchain.name()),
                Err(_) => "no rustc was found".to_owned(),
            },
        })
    }

    fn ask(rustc: &Path, home: &Path) -> Result<Self, PreludeError> {
        let ask = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            // A cargo that started this process may have set it to something that forbids asking.
            command.args(arguments).current_dir(home).env_remove("RUSTC_BOOTSTRAP").stdin(Stdio::null());
            let output = command
                .output()
                .map_err(|source| PreludeError::NoCompiler { program: program.display().to_string(), source })?;
            if !output.status.success() {
                let (program, status) = (program.display().to_string(), output.status.to_string());
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err(PreludeError::Compiler { program, status, said });
            }
            Ok::<_, PreludeError>(String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let version = ask(rustc, &["-vV"])?.trim().to_owned();
        let paths = ask(rustc, &["--print", "sysroot", "--print", "target-libdir"])?;
        let mut paths = paths.lines().map(PathBuf::from);
        let sysroot = paths.next().unwrap_or_default();
        let libraries = paths.next().unwrap_or_default();
        let real = sysroot.join("bin/rustc");
        let rustc = if real.is_file() { real } else { rustc.to_path_buf() };
        let found = std::fs::read_dir(&libraries).is_ok_and(|mut files| {
            files.any(|file| file.is_ok_and(|file| is_shared_std(&file.file_name().to_string_lossy())))
        });
        if found { Ok(Self { rustc, version, libraries }) } else { Err(PreludeError::NoStd(sysroot)) }
    }

    /// The first line of `rustc -vV`.
    pub fn name(&self) -> &str {
        first_line(&self.version)
    }
}

fn is_shared_std(name: &str) -> bool {
    name.starts_with("libstd-") && name.ends_with(std::env::consts::DLL_SUFFIX)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

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

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> PreludeError {
    let path = path.to_path_buf();
    move |source| PreludeError::File { path, source }
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

/// A hash of the dylib and of the compiler.
fn identity_of(dylib: &Path, toolchain: &Toolchain) -> Result<String, PreludeError> {
    let mut file = std::fs::File::open(dylib).map_err(at(dylib))?;
    let mut hash = Sha256::new();
    hash.update(toolchain.version.as_bytes());
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(at(dylib))?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    Ok(hash.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect())
}

/// Names of the crates that the dylib's metadata refers to, as `name-hash`. The compiler's own listing is the only list
/// that is exact; it is behind a flag for its developers, so no answer means "all".
fn reached(dylib: &Path, toolchain: &Toolchain) -> HashSet<String> {
    let mut command = Command::new(&toolchain.rustc);
    command.arg("-Zls=root").arg(dylib).env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    crates_in(&String::from_utf8_lossy(&output))
}

/// Reads lines such as `20 polars_core-fdea31648b31808a hash 7b2b.. kind Unconditional public`.
fn crates_in(listing: &str) -> HashSet<String> {
    let dependencies = listing.lines().skip_while(|line| *line != "=External Dependencies=");
    let name = |line: &str| {
        let mut words = line.split_whitespace();
        let number = words.next()?.parse::<u32>().ok()?;
        (number > 0).then(|| words.next().map(str::to_owned)).flatten()
    };
    dependencies.filter_map(name).collect()
}

/// Links the dylib and the metadata of the crates it reaches into `folder`, and removes snapshots that nobody has used
/// for a week.
fn snapshot(dylib: &Path, folder: &Path, deps: &Path, reached: &HashSet<String>) -> Result<(), PreludeError> {
    if folder.join(DYLIB).is_file() {
        return Ok(());
    }
    let temporary = folder.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&temporary).map_err(at(&temporary))?;
    for file in std::fs::read_dir(deps).map_err(at(deps))?.flatten() {
        let name = file.file_name();
        let text = name.to_string_lossy();
        // Metadata of libraries; and procedural macros, which are libraries of the compiler itself.
        let library =
            text.strip_suffix(".rmeta").or(text.strip_suffix(".so").filter(|name| !name.starts_with("librecoil")));
        let wanted = |name: &str| reached.is_empty() || reached.contains(name);
        if library.and_then(|name| name.strip_prefix("lib")).is_some_and(wanted) {
            link_or_copy(&file.path(), &temporary.join(&name))?;
        }
    }
    link_or_copy(dylib, &temporary.join(DYLIB))?;
    match std::fs::rename(&temporary, folder) {
        // Another kernel was faster, with the same content.
        Err(_) if folder.join(DYLIB).is_file() => std::fs::remove_dir_all(&temporary).map_err(at(&temporary))?,
        result => result.map_err(at(folder))?,
    }
    sweep(folder);
    Ok(())
}

fn link_or_copy(from: &Path, to: &Path) -> Result<(), PreludeError> {
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).map_err(at(from))?;
    }
    Ok(())
}

fn sweep(present: &Path) {
    const UNUSED: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);
    let Some(folders) = present.parent().and_then(|parent| std::fs::read_dir(parent).ok()) else { return };
    for folder in folders.flatten().map(|entry| entry.path()).filter(|path| path.is_dir() && path != present) {
        let age = folder.metadata().and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > UNUSED) {
            // A kernel that still has it open keeps its mapping; the folder is only wanted for new cells.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
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
    fn the_compilers_listing_names_the_crates() {
        let listing = "Crate info:\nname x-1\n=External Dependencies=\n1 std-d1 hash 34 host_hash None kind Unconditional public\n2 a_b-9f hash 1 host_hash None kind MacrosOnly public\n\n=Lib features=\n";
        assert_eq!(crates_in(listing), HashSet::from(["std-d1".to_owned(), "a_b-9f".to_owned()]));
        assert!(crates_in("error: unknown flag").is_empty());
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
