//! Processes and folders that end with the test program at the latest: values in statics are never dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// What is still to be ended. No process of it was waited for, so that no number names another process.
static LEFT: Mutex<Left> = Mutex::new(Left { processes: Vec::new(), folders: Vec::new() });

struct Left {
    processes: Vec<u32>,
    folders: Vec<PathBuf>,
}

/// A running process. It is killed when this is dropped. A value in a static is never dropped: its process is killed when
/// the program exits.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts a process.
    ///
    /// # Errors
    /// What the system says against it.
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        let mut left = left();
        let child = command.spawn()?;
        left.processes.push(child.id());
        Ok(Self(child))
    }

    /// The process, for its streams and its state.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        left().processes.retain(|id| *id != self.0.id());
        // Some servers end with their input.
        drop(self.0.stdin.take());
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A temporary folder. It is removed when the program exits.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn until_exit() -> Self {
        let mut left = left();
        let path = tempfile::tempdir().expect("a folder").keep();
        left.folders.push(path.clone());
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// What is left, and the promise that it ends.
fn left() -> MutexGuard<'static, Left> {
    static AT_EXIT: Once = Once::new();
    // SAFETY: the function is safe to call at any time, and stays where it is as long as the program.
    AT_EXIT.call_once(|| assert_eq!(unsafe { libc::atexit(end_all) }, 0, "the system keeps no more such functions"));
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn end_all() {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    for id in left.processes.drain(..) {
        // SAFETY: the call only sends a signal; the number is that of a child that nobody waited for.
        unsafe { libc::kill(id as libc::pid_t, libc::SIGKILL) };
    }
    for folder in left.folders.drain(..) {
        std::fs::remove_dir_all(folder).ok();
    }
}
