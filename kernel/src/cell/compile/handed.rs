//! How the cargo shim gets what the kernel has compiled before it was asked ([`super::early`]): through a file that the kernel
//! holds locked until the result is in it, or there is none. The library lies beside it.

use super::plan::Compiled;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The file, locked.
pub(super) fn begin(path: &Path) -> std::io::Result<File> {
    let file = File::create(path)?;
    file.lock()?;
    Ok(file)
}

/// Hands on what was compiled; returns the library if it is to be kept. When nothing is handed on, the file loses its lock all the
/// same, and the shim compiles the cell.
pub(super) fn tell(file: File, found: &Compiled, library: &Path) -> Option<Vec<u8>> {
    let is_new = found.diagnostics.is_empty() && !found.cached;
    // Whoever hears of the library takes it away.
    let bytes = if is_new { std::fs::read(library).ok() } else { None };
    let told = serde_json::to_vec(found).map_err(std::io::Error::other).and_then(|text| (&file).write_all(&text));
    told.and_then(|()| file.unlock()).ok()?;
    bytes
}

/// Where the library of an early compilation is.
pub(super) fn library(early: &Path) -> PathBuf {
    early.with_extension("so")
}

/// What was compiled early: waits for it. `None` when there is nothing.
pub(super) fn result(early: &Path) -> Option<Compiled> {
    let mut file = File::open(early).ok()?;
    file.lock_shared().ok()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).ok()?;
    // Otherwise it goes with the session.
    let _ = std::fs::remove_file(early);
    serde_json::from_slice(&text).ok()
}

/// Moves the library of what was compiled early.
pub(super) fn take(early: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::rename(library(early), to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_shim_waits_for_what_the_kernel_makes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("early-1");
        let file = begin(&path).unwrap();
        let found = Compiled { key: "k".into(), ..Compiled::default() };
        std::fs::write(library(&path), "elf").unwrap();
        let got = std::thread::scope(|scope| {
            let shim = scope.spawn(|| result(&path));
            std::thread::sleep(Duration::from_millis(20));
            assert!(!shim.is_finished());
            assert_eq!(tell(file, &found, &library(&path)).unwrap(), b"elf");
            shim.join().unwrap()
        });
        assert_eq!(got.unwrap().key, "k");
        take(&path, &folder.path().join("lib.so")).unwrap();
        assert_eq!(std::fs::read(folder.path().join("lib.so")).unwrap(), b"elf");
        // A kernel that has nothing leaves an empty file.
        drop(begin(&path).unwrap());
        assert!(result(&path).is_none() && result(&path).is_none());
    }
}
