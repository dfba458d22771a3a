//! What a program installed from a wheel finds beside itself.

use super::{STAMP, Stamp, archive};
use crate::install::{InstallError, at, user_folder};
use std::path::{Path, PathBuf};

/// The prelude that came with the program, before it is unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    folder: PathBuf,
    /// All that `rustc -vV` printed when the prelude was built.
    pub rustc: String,
    /// Changes whenever a cell must be compiled again.
    pub identity: String,
}

/// The prelude beside the running program (`../share/recoil`), if it was installed from a wheel.
pub fn installed() -> Option<Installed> {
    let program = std::env::current_exe().ok()?;
    beside(&program)
}

fn beside(program: &Path) -> Option<Installed> {
    let folder = program.parent()?.parent()?.join("share/recoil");
    let text = std::fs::read(folder.join(STAMP)).ok()?;
    let Stamp { rustc, identity } = serde_json::from_slice(&text).ok()?;
    let there = archive::PARTS.iter().all(|part| folder.join(part).is_file());
    there.then_some(Installed { folder, rustc, identity })
}

impl Installed {
    /// The release of rustc that cells need, such as `1.95.0`.
    pub fn release(&self) -> &str {
        let line = self.rustc.lines().find_map(|line| line.strip_prefix("release: "));
        line.unwrap_or_default().trim()
    }

    /// Unpacks the archive into the user's cache at the first start and returns the folder there.
    ///
    /// # Errors
    /// When the archive is damaged or the cache cannot be written.
    pub fn unpacked(&self) -> Result<PathBuf, InstallError> {
        let cache = user_folder("XDG_CACHE_HOME", ".cache").join("recoil/prelude");
        self.unpacked_into(&cache)
    }

    fn unpacked_into(&self, cache: &Path) -> Result<PathBuf, InstallError> {
        let folder = cache.join(&self.identity);
        if folder.is_dir() {
            return Ok(folder);
        }
        std::fs::create_dir_all(cache).map_err(at(cache))?;
        eprintln!("recoil: unpacking the prelude into {} (once)", folder.display());
        // Several kernels may start at once: each unpacks for itself and the first rename wins.
        let temporary = tempfile::tempdir_in(cache).map_err(at(cache))?;
        archive::unpack(&self.folder, temporary.path()).map_err(at(&self.folder))?;
        let temporary = temporary.keep();
        match std::fs::rename(&temporary, &folder) {
            Err(_) if folder.is_dir() => std::fs::remove_dir_all(&temporary).map_err(at(&temporary))?,
            renamed => renamed.map_err(at(&folder))?,
        }
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_from_a_wheel_unpacks_its_prelude_once() {
        let prefix = tempfile::tempdir().unwrap();
        let share = prefix.path().join("share/recoil");
        std::fs::create_dir_all(&share).unwrap();
        let program = prefix.path().join("bin/recoil");
        assert_eq!(beside(&program), None);
        let stamp =
            Stamp { rustc: "rustc 1.95.0 (x)\nrelease: 1.95.0\nhost: here".to_owned(), identity: "abc".to_owned() };
        std::fs::write(share.join(STAMP), serde_json::to_vec(&stamp).unwrap()).unwrap();
        let dylib = prefix.path().join("librecoil.so");
        std::fs::write(&dylib, "elf").unwrap();
        archive::write(&share, &[(dylib, "crates/librecoil.so".to_owned())], 3).unwrap();
        let found = beside(&program).expect("it is beside the program");
        assert_eq!((found.release(), found.identity.as_str()), ("1.95.0", "abc"));
        let cache = prefix.path().join("cache");
        let folder = found.unpacked_into(&cache).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join("crates/librecoil.so")).unwrap(), "elf");
        // A second start does not open the archive.
        std::fs::write(share.join(archive::PARTS[0]), "damaged").unwrap();
        assert_eq!(found.unpacked_into(&cache).unwrap(), folder);
        std::fs::remove_dir_all(&folder).unwrap();
        let error = found.unpacked_into(&cache).unwrap_err().to_string();
        assert!(error.contains("share/recoil"), "{error}");
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 0, "nothing half unpacked is left");
    }
}
