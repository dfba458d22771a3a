//! Which files the cells open, by any means: the prelude's readers, Polars, or the cell by itself.
//!
//! The standard library opens every file through the C library's `open64`. This program defines a function of that name;
//! the loader binds the calls of the prelude and of all cells to it, because a program's own names come first. It does
//! what the original does and writes down, in the worker only, which regular files were opened. What a cell opens is
//! what its answer can depend on, also when its code does not say so.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::ffi::{CStr, OsStr, c_char, c_int};
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Added to the output pipe's path for the list.
pub(crate) const SUFFIX: &str = ".opened";
/// Files of the system, which belong to the machine and not to an analysis.
const SYSTEM: [&str; 8] = ["/proc", "/sys", "/dev", "/run", "/etc", "/usr/lib", "/usr/share", "/lib"];

/// One file that was opened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// Its whole path.
    pub path: PathBuf,
    /// Which file it is, under any name.
    pub file: (u64, u64),
    /// Whether it was opened for writing.
    pub written: bool,
}

struct Recorder {
    list: File,
    known: HashSet<Opened>,
}

static RECORDS: AtomicBool = AtomicBool::new(false);
static RECORDER: Mutex<Option<Recorder>> = Mutex::new(None);

/// Begins to write down what is opened.
pub(super) fn record(list: &Path) -> std::io::Result<()> {
    let list = File::options().create(true).append(true).open(list)?;
    *RECORDER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Recorder { list, known: HashSet::new() });
    RECORDS.store(true, Ordering::Release);
    Ok(())
}

/// A cell begins: what it opens is written down again.
pub(super) fn begin() {
    if let Some(recorder) = &mut *RECORDER.lock().unwrap_or_else(PoisonError::into_inner) {
        recorder.known.clear();
    }
}

/// What was written down behind `offset`, which moves on.
pub(crate) fn since(list: &Path, offset: &mut u64) -> Vec<Opened> {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> std::io::Result<String> {
        let mut file = File::open(list)?;
        file.seek(SeekFrom::Start(*offset))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(text)
    };
    let Ok(text) = read() else { return Vec::new() };
    // A line that is being written has no end yet.
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    *offset += whole as u64;
    text[..whole].lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The C library's `open64`, with a note of what was opened.
///
/// # Safety
/// As the C library's: `path` is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: the arguments are those of the caller; without a reason to make a file the system ignores `mode`. `openat`
    // from the present folder is what the C library makes of `open`.
    let opened = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags | libc::O_LARGEFILE, mode) };
    let descriptor = opened as c_int;
    if descriptor >= 0 && RECORDS.load(Ordering::Acquire) {
        // SAFETY: the caller gave a C string, as the system has just seen.
        note(unsafe { CStr::from_ptr(path) }, flags, descriptor);
    }
    descriptor
}

/// Writes down a file that was opened, once for each cell.
fn note(path: &CStr, flags: c_int, descriptor: c_int) {
    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
    if SYSTEM.iter().any(|system| path.starts_with(system)) {
        return;
    }
    let Some(file) = regular(descriptor) else { return };
    let whole = if path.is_absolute() {
        Some(path.to_path_buf())
    } else {
        std::env::current_dir().ok().map(|folder| folder.join(path))
    };
    let Some(path) = whole else { return };
    let opened = Opened { path, file, written: flags & libc::O_ACCMODE != libc::O_RDONLY };
    let mut recorder = RECORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(recorder) = &mut *recorder else { return };
    if let Ok(line) = serde_json::to_string(&opened)
        && recorder.known.insert(opened)
    {
        // In one call, so that lines stay whole. A full disk must not end a cell.
        let _ = recorder.list.write_all(format!("{line}\n").as_bytes());
    }
}

/// Device and number of a regular file; `None` for anything else.
fn regular(descriptor: c_int) -> Option<(u64, u64)> {
    // SAFETY: all bytes zero is a valid `stat`, which the call fills.
    let mut status: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor was opened just now, and `status` is as large as the system writes.
    let good = unsafe { libc::fstat(descriptor, &raw mut status) } == 0;
    (good && status.st_mode & libc::S_IFMT == libc::S_IFREG).then_some((status.st_dev, status.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_written_down_once_a_cell() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("out.opened");
        let (read, made) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        std::fs::write(&read, "1").unwrap();
        record(&list).unwrap();
        begin();
        for _ in 0..2 {
            std::fs::read(&read).unwrap();
        }
        std::fs::write(&made, "2").unwrap();
        assert!(std::fs::read(folder.path().join("nowhere")).is_err());
        let _ = std::fs::read("/proc/self/status");
        begin();
        std::fs::read(&read).unwrap();
        let mut offset = 0;
        let mut opened = since(&list, &mut offset);
        RECORDS.store(false, Ordering::Release);
        // Other tests of this program open files at the same time.
        opened.retain(|opened| opened.path.starts_with(folder.path()) && opened.path != list);
        let seen: Vec<_> = opened.iter().map(|opened| (opened.path.clone(), opened.written)).collect();
        assert_eq!(seen, [(read.clone(), false), (made, true), (read, false)]);
        assert_eq!(opened[0].file, opened[2].file);
        assert!(since(&list, &mut offset).len() < 3);
    }
}
