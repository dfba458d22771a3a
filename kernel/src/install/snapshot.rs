//! The prelude as kernels use it: the dylib with the metadata of the crates in it, in a folder that no later build changes.

use super::toolchain::{PreludeError, Toolchain, at};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// The prelude's file.
pub(super) const DYLIB: &str = "librecoil.so";

/// A hash of the dylib and of the compiler.
pub(super) fn identity_of(dylib: &Path, toolchain: &Toolchain) -> Result<String, PreludeError> {
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
pub(super) fn reached(dylib: &Path, toolchain: &Toolchain) -> HashSet<String> {
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

/// Links the dylib and the metadata of the crates it reaches into `folder`, and removes snapshots that were not used
/// for a week.
pub(super) fn snapshot(
    dylib: &Path,
    folder: &Path,
    deps: &Path,
    reached: &HashSet<String>,
) -> Result<(), PreludeError> {
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
    fn the_compilers_listing_names_the_crates() {
        let listing = "Crate info:\nname x-1\n=External Dependencies=\n1 std-d1 hash 34 host_hash None kind Unconditional public\n2 a_b-9f hash 1 host_hash None kind MacrosOnly public\n\n=Lib features=\n";
        assert_eq!(crates_in(listing), HashSet::from(["std-d1".to_owned(), "a_b-9f".to_owned()]));
        assert!(crates_in("error: unknown flag").is_empty());
    }
}
