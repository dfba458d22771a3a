//! Files in the making: written under a name beside their own, and given it when they are complete.

use segment::{Error, Place, Result};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The place of a file that is not complete yet. Dropped before it is finished, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    part: PathBuf,
}

impl Part {
    /// Begins a file; makes its folder if there is none.
    ///
    /// # Errors
    /// What the disk says.
    pub fn create(path: &Path) -> Result<(Self, File)> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        // In the same folder, so that the rename is atomic; hidden, so that no glob takes it for data.
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(format!(".{}", name.to_string_lossy()));
        let failed = |error: std::io::Error| Error::read(&place(path), format!("cannot write: {error}"));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        remove_dead_parts(path);
        let file = File::create(&part).map_err(failed)?;
        Ok((Self { path: path.to_owned(), part }, file))
    }

    /// Its own name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, when all of it is on the disk.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(self, file: &File) -> Result<()> {
        let io = |error: std::io::Error| Error::read(&place(&self.path), error.to_string());
        file.sync_all().map_err(io)?;
        std::fs::rename(&self.part, &self.path).map_err(io)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `finish` the part has been renamed and there is nothing to remove.
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Removes parts of this file that processes left behind which were killed while they wrote it.
fn remove_dead_parts(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let start = format!(".{}.", name.to_string_lossy());
    // Without this folder nothing says which processes live, and nothing is removed.
    let Ok(files) = std::fs::read_dir(folder).and_then(|files| Path::new("/proc/self").metadata().map(|_| files))
    else {
        return;
    };
    for file in files.flatten() {
        let name = file.file_name();
        let writer =
            name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(".part")?.parse::<u32>().ok());
        if writer.is_some_and(|writer| !Path::new(&format!("/proc/{writer}")).exists()) {
            // Somebody else may have removed it; then there is nothing to do.
            let _ = std::fs::remove_file(file.path());
        }
    }
}

pub(crate) fn place(path: &Path) -> Place {
    Place::file(path.display().to_string())
}
