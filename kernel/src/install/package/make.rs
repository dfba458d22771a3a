//! Makes the wheel of a built prelude.

use super::wheel::Wheel;
use super::{STAMP, Stamp, archive};
use crate::install::kernelspec;
use crate::install::prelude::Prelude;
use crate::install::snapshot::DYLIB;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Why no wheel could be made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The symbols of the dylib could not be removed.
    #[error("`strip` failed on {}: {said}. Install binutils", path.display())]
    Strip {
        /// The copy that was to be stripped.
        path: PathBuf,
        /// What it printed.
        said: String,
    },
}

/// A finished wheel.
#[derive(Debug)]
pub struct Packaged {
    /// The file.
    pub wheel: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Files of crates in the archive.
    pub crates: usize,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
const MODULE: &str = include_str!("main.py");

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> PackageError {
    let path = path.to_path_buf();
    move |source| PackageError::File { path, source }
}

/// Makes the wheel of `prelude` and of the running program in `folder`, compressed at a `level` of xz.
///
/// # Errors
/// [`PackageError`] when a file cannot be read or written, or there is no `strip`.
pub fn make(prelude: &Prelude, folder: &Path, level: u32) -> Result<Packaged, PackageError> {
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    let scratch = tempfile::tempdir_in(folder).map_err(at(folder))?;
    let program = scratch.path().join("recoil");
    let running = std::env::current_exe().map_err(at(Path::new("recoil")))?;
    strip(&running, &program)?;
    let dylib = scratch.path().join(DYLIB);
    strip(&prelude.dylib, &dylib)?;

    let mut files = vec![(dylib.clone(), format!("crates/{DYLIB}"))];
    files.extend(under(&prelude.crates, "crates")?.into_iter().filter(|(path, _)| *path != prelude.dylib));
    strip_macros(&mut files, scratch.path())?;
    let crates = files.len();
    files.extend(under(&prelude.home.join("notebooks"), "home/notebooks")?.into_iter().filter(is_tutorial));
    let archived = archive::write(scratch.path(), &files, level).map_err(at(scratch.path()))?;

    let tag = format!("py3-none-{}", platform(&[&program, &dylib])?);
    let wheel = folder.join(format!("recoil-{VERSION}-{tag}.whl"));
    let stamp = Stamp { rustc: prelude.toolchain.version.clone(), identity: prelude.identity.clone() };
    write(&wheel, &program, &archived, &stamp, &tag).map_err(at(&wheel))?;
    let bytes = std::fs::metadata(&wheel).map_err(at(&wheel))?.len();
    Ok(Packaged { wheel, bytes, crates })
}

fn write(path: &Path, program: &Path, archived: &[PathBuf], stamp: &Stamp, tag: &str) -> std::io::Result<()> {
    let data = format!("recoil-{VERSION}.data");
    let mut wheel = Wheel::create(path, "recoil", VERSION)?;
    wheel.text(
        "recoil/__init__.py",
        &format!("\"\"\"Recoil, a Jupyter kernel for Rust.\"\"\"\n\n__version__ = \"{VERSION}\"\n"),
    )?;
    wheel.text("recoil/__main__.py", MODULE)?;
    wheel.file(&format!("{data}/scripts/recoil"), true, program)?;
    wheel.text(&format!("{data}/data/share/recoil/{STAMP}"), &serde_json::to_string(stamp)?)?;
    for (name, path) in archive::PARTS.iter().zip(archived) {
        wheel.file(&format!("{data}/data/share/recoil/{name}"), false, path)?;
    }
    for (name, content) in kernelspec::files_of_wheel() {
        wheel.bytes(&format!("{data}/data/share/jupyter/kernels/{}/{name}", kernelspec::NAME), &content)?;
    }
    let release = stamp.rustc.lines().find_map(|line| line.strip_prefix("release: ")).unwrap_or_default();
    wheel.finish(&metadata(release), tag)
}

/// What pip shows. The compiler is not on PyPI, so the page says how to get it.
fn metadata(release: &str) -> String {
    format!(
        "Metadata-Version: 2.1\nName: recoil\nVersion: {VERSION}\n\
         Summary: A Jupyter kernel for Rust with selections and histograms for tables of any size\n\
         License: MIT OR Apache-2.0\nRequires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n\
         # Recoil\n\nA Jupyter kernel for Rust whose cells start with a physics dataframe prelude.\n\n\
         Cells are compiled by rustc {release}. If it is not there:\n\n\
         \x20   rustup toolchain install {release} --profile minimal\n\n\
         and a C compiler for linking (`apt install gcc`). `recoil doctor` says what is missing.\n"
    )
}

/// Copies a program or library without the symbols that only a debugger reads. The crate metadata of the dylib, which
/// rustc reads, is in a section of its own and stays.
fn strip(from: &Path, to: &Path) -> Result<(), PackageError> {
    let output =
        Command::new("strip").args(["--strip-unneeded", "--keep-section=.rustc", "-o"]).arg(to).arg(from).output();
    let failed = |said: String| PackageError::Strip { path: to.to_path_buf(), said };
    let output = output.map_err(|error| failed(error.to_string()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

/// Puts stripped copies in place of procedural macros, which are libraries for the compiler.
fn strip_macros(files: &mut [(PathBuf, String)], scratch: &Path) -> Result<(), PackageError> {
    for (path, name) in files.iter_mut().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "so")) {
        let copy = scratch.join(Path::new(name.as_str()).file_name().unwrap_or_default());
        if *path != copy {
            strip(path, &copy)?;
            *path = copy;
        }
    }
    Ok(())
}

/// All files under a folder with their names in the archive, sorted.
fn under(folder: &Path, name: &str) -> Result<Vec<(PathBuf, String)>, PackageError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let name = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
        if path.is_dir() {
            files.extend(under(&path, &name)?);
        } else {
            files.push((path, name));
        }
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files)
}

/// The tutorials and their data, without what running them leaves beside them.
fn is_tutorial((path, name): &(PathBuf, String)) -> bool {
    let in_data = name.starts_with("home/notebooks/data/");
    let top = name.matches('/').count() == 2;
    in_data || (top && path.extension().is_some_and(|extension| extension == "ipynb"))
}

/// The platform tag: the newest version of the C library of which a symbol is used.
fn platform(files: &[&Path]) -> Result<String, PackageError> {
    let mut newest = 17;
    for file in files {
        newest = newest.max(newest_glibc(&std::fs::read(file).map_err(at(file))?));
    }
    Ok(format!("manylinux_2_{newest}_{}", std::env::consts::ARCH))
}

/// The largest N of the version names `GLIBC_2.N` in a file.
fn newest_glibc(bytes: &[u8]) -> u32 {
    const NAME: &[u8] = b"GLIBC_2.";
    let starts = bytes.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME);
    let minor = |(at, _): (usize, &[u8])| {
        let digits: String = bytes[at + NAME.len()..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .take(3)
            .map(|&byte| byte as char)
            .collect();
        digits.parse().unwrap_or(0)
    };
    starts.map(minor).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_the_c_library_counts() {
        assert_eq!(newest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE"), 34);
        assert_eq!(newest_glibc(b"none"), 0);
    }

    #[test]
    fn a_wheel_has_what_pip_and_jupyter_look_for() {
        let folder = tempfile::tempdir().unwrap();
        let (program, archived) = (folder.path().join("recoil"), folder.path().join("a"));
        std::fs::write(&program, "program").unwrap();
        std::fs::write(&archived, "archive").unwrap();
        let stamp = Stamp { rustc: "rustc 1.95.0\nrelease: 1.95.0".into(), identity: "abc".into() };
        let path = folder.path().join("recoil.whl");
        write(&path, &program, &[archived.clone(), archived], &stamp, "py3-none-any").unwrap();
        let mut wheel = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        let names: Vec<String> = wheel.file_names().map(str::to_owned).collect();
        for wanted in [
            "recoil/__main__.py",
            ".data/scripts/recoil",
            "kernels/recoil/kernel.json",
            "kernels/recoil/logo-64x64.png",
            "/RECORD",
        ] {
            assert!(names.iter().any(|name| name.ends_with(wanted)), "{wanted} in {names:?}");
        }
        let mut text = |end: &str| {
            let name = names.iter().find(|name| name.ends_with(end)).unwrap();
            std::io::read_to_string(wheel.by_name(name).unwrap()).unwrap()
        };
        // Of the standard library of Python: base64.urlsafe_b64encode(hashlib.sha256(b"program").digest()).
        let record = text("/RECORD");
        assert!(record.contains("scripts/recoil,sha256=ExDKLIky29EYZovZdEJVij4fVGteFcaWmd-9YCT1SNg,7"), "{record}");
        assert!(text("/METADATA").contains("rustup toolchain install 1.95.0"));
        assert!(text("kernel.json").contains("-m"));
    }
}
