//! The folder of a session: sockets, the crate that evcxr writes, compiled cells. It goes when the session ends; one that
//! a killed kernel left is removed by the next session that starts.

use std::fs::File;
use std::path::{Path, PathBuf};

const PREFIX: &str = "recoil-";
/// Locked for as long as the session's process lives.
const ALIVE: &str = "alive";

/// A folder that no other session uses.
pub(crate) struct Folder {
    path: PathBuf,
    _alive: File,
}

impl Folder {
    pub fn new() -> std::io::Result<Self> {
        Self::within(&std::env::temp_dir())
    }

    fn within(parent: &Path) -> std::io::Result<Self> {
        sweep(parent);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        // Locked before it has its name: who sees it can tell at once that somebody holds it. A file system without locks
        // gives it no name, and nobody takes the folder for that of a dead session.
        let unnamed = folder.path().join("unnamed");
        let alive = File::create(&unnamed)?;
        if alive.lock().is_ok() {
            std::fs::rename(unnamed, folder.path().join(ALIVE))?;
        }
        Ok(Self { path: folder.keep(), _alive: alive })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it; what still runs in it finds nothing there.
    pub fn remove(&self) {
        // What cannot be removed now is found by the next session.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Removes the folders of sessions that have ended without doing it themselves.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let folders = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for folder in folders.map(|entry| entry.path()) {
        let ended = File::open(folder.join(ALIVE)).is_ok_and(|alive| alive.try_lock().is_ok());
        if ended {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_dead_are_removed_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let [dead, foreign] = ["recoil-dead", "recoil-foreign"].map(|name| parent.path().join(name));
        std::fs::create_dir_all(dead.join("evcxr")).unwrap();
        std::fs::write(dead.join(ALIVE), "").unwrap();
        std::fs::create_dir(&foreign).unwrap();
        let first = Folder::within(parent.path()).unwrap();
        assert!(!dead.exists() && foreign.exists());
        let second = Folder::within(parent.path()).unwrap();
        assert!(first.path().exists() && second.path().exists());
        let path = first.path().to_path_buf();
        drop(first);
        assert!(!path.exists());
    }
}
