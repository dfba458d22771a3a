//! The folder of a session: sockets, the crate that evcxr writes, compiled cells. It goes when the session ends; one that
//! a killed kernel left is removed by the next session that starts.

use crate::install::home;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
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
    /// In the system's folder for temporary files, or in another one if that is of no use here.
    pub fn new() -> std::io::Result<Self> {
        let cache = home().map(|home| home.join(".cache"));
        let others = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from);
        let wanted = std::env::temp_dir();
        let parent = [wanted.clone()].into_iter().chain(others).chain(cache).find(|parent| is_usable(parent));
        Self::within(&parent.unwrap_or(wanted))
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

/// Whether programs can be run there, sockets be opened (their paths are short) and evcxr told of it (it splits at blanks).
fn is_usable(parent: &Path) -> bool {
    /// A socket's path has at most 107 bytes; a session adds about 20.
    const LONGEST: usize = 80;
    let text = parent.as_os_str().as_bytes();
    let plain = text.len() <= LONGEST && !text.iter().any(u8::is_ascii_whitespace) && std::str::from_utf8(text).is_ok();
    plain && parent.is_dir() && runs_programs(parent)
}

/// Whether the file system allows to run what lies on it.
fn runs_programs(folder: &Path) -> bool {
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else { return false };
    // SAFETY: all bytes of the structure may be zero.
    let mut facts: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: `path` is a C string, and `facts` is valid for the call.
    let asked = unsafe { libc::statvfs(path.as_ptr(), &raw mut facts) };
    asked == 0 && facts.f_flag & (libc::ST_NOEXEC | libc::ST_RDONLY) == 0
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
    fn folders_that_are_of_no_use_are_told() {
        let parent = tempfile::tempdir().unwrap();
        assert!(is_usable(parent.path()));
        let blank = parent.path().join("with blank");
        let long = parent.path().join("x".repeat(90));
        for folder in [&blank, &long] {
            std::fs::create_dir(folder).unwrap();
            assert!(!is_usable(folder), "{}", folder.display());
        }
        assert!(!is_usable(&parent.path().join("none")));
    }

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
