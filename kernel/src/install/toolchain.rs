//! The compiler that builds the prelude and the cells, and why there may be none that fits.

use super::InstallError;
use super::package::Installed;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// The variable of the environment that names the compiler of the cells in a process with a kernel, where `RUSTC` names nothing:
/// see `cell::evcxr::startup`.
pub(crate) const REAL_RUSTC: &str = "RECOIL_REAL_RUSTC";

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
        // In a process with a kernel, `RUSTC` names nothing.
        let named = [REAL_RUSTC, "RUSTC"].into_iter().find_map(std::env::var_os);
        let rustc = named.map_or_else(|| PathBuf::from("rustc"), PathBuf::from);
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

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

pub(super) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> PreludeError {
    let path = path.to_path_buf();
    move |source| PreludeError::File { path, source }
}
