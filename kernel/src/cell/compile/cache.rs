//! Compiled cells on disk: a cell that was compiled once, with the same prelude, compiler and flags, is never compiled
//! again, by any kernel.
//!
//! An entry is three files named after the key: the library, its source (panics point into it), and what was learnt of
//! its variables. The library comes last and by renaming, so an entry is either whole or not there. Entries are
//! removed when the folder grows too large, those not used for longest first; any number of kernels may do all of this
//! at the same time.

use super::plan::Compiled;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The folder may grow to this.
const MOST_BYTES: u64 = 512 << 20;
/// Changes with the meaning of an entry.
const FORMAT: &str = "2";

/// A folder of compiled cells.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// The key of a cell: everything that can change what is compiled.
    pub fn key(parts: &[&str]) -> String {
        let mut hash = Sha256::new();
        for part in [FORMAT].iter().chain(parts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Copies a compiled cell to `library`; `None` when it is not there.
    pub fn fetch(&self, key: &str, library: &Path) -> Option<Compiled> {
        let entry = self.path(key, "so");
        let facts = std::fs::read(self.path(key, "json")).ok()?;
        let compiled: Compiled = serde_json::from_slice(&facts).ok()?;
        // A copy, because the loader takes two names of one file for one library, with one set of statics.
        std::fs::copy(&entry, library).ok()?;
        // Used now: the clean-up goes by this time. A read-only cache is still a cache.
        for extension in ["so", "rs", "json"] {
            if let Ok(file) = std::fs::File::options().append(true).open(self.path(key, extension)) {
                let _ = file.set_modified(SystemTime::now());
            }
        }
        Some(compiled)
    }

    /// Keeps a compiled cell.
    pub fn keep(&self, key: &str, library: &[u8], source: &str, compiled: &Compiled) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let facts = serde_json::to_vec(compiled)?;
        place(&self.path(key, "rs"), |path| std::fs::write(path, source))?;
        place(&self.path(key, "json"), |path| std::fs::write(path, &facts))?;
        place(&self.path(key, "so"), |path| std::fs::write(path, library))?;
        self.prune();
        Ok(())
    }

    /// The source of a compiled cell.
    pub fn source(&self, key: &str) -> Option<String> {
        std::fs::read_to_string(self.path(key, "rs")).ok()
    }

    fn path(&self, key: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{key}.{extension}"))
    }

    /// Removes the entries not used for longest when there are too many bytes.
    fn prune(&self) {
        self.prune_to(MOST_BYTES);
    }

    fn prune_to(&self, most: u64) {
        let Ok(files) = std::fs::read_dir(&self.folder) else { return };
        let mut files: Vec<_> = files
            .flatten()
            .filter_map(|file| {
                let data = file.metadata().ok()?;
                Some((data.modified().ok()?, data.len(), file.path()))
            })
            .collect();
        let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
        if bytes <= most {
            return;
        }
        files.sort();
        for (_, length, path) in files {
            // Down to three quarters, so that this does not happen again with the next cell.
            if bytes <= most / 4 * 3 {
                return;
            }
            if std::fs::remove_file(path).is_ok() {
                bytes -= length;
            }
        }
    }
}

/// Makes a file so that half of it is never found in its place.
pub(crate) fn place(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    let placed = write(temporary.as_ref()).and_then(|()| std::fs::rename(&temporary, path));
    if placed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_whole_and_the_folder_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&folder.path().join("cells"));
        let library = folder.path().join("libx.so");
        let key = Cache::key(&["a", "b"]);
        assert_ne!(key, Cache::key(&["ab", ""]));
        assert!(cache.fetch(&key, &library).is_none());
        let compiled = Compiled { types: vec![(0, "i32".into())], ..Compiled::default() };
        cache.keep(&key, &[7; 1000], "fn f() {}", &compiled).unwrap();
        let out = folder.path().join("out.so");
        assert_eq!(cache.fetch(&key, &out).unwrap().types, compiled.types);
        assert_eq!(std::fs::read(&out).unwrap(), vec![7; 1000]);
        assert_eq!(cache.source(&key).unwrap(), "fn f() {}");
        cache.prune_to(1 << 20);
        assert!(cache.fetch(&key, &out).is_some());
        cache.prune_to(100);
        assert!(cache.fetch(&key, &out).is_none());
    }
}
