//! Frames on disk: compressed, checksummed, in a file that has no name. The system frees it when the process ends,
//! however it ends, so nothing is ever left over.

use crate::error::{Error, Result};
use crate::hash::Fold;
use parking_lot::Mutex;
use polars::prelude::*;
use std::fs::{File, OpenOptions};
use std::hash::Hasher;
use std::io::Cursor;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How strongly what is spilled is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// LZ4, while memory is there.
    Lz4,
    /// Zstandard of this level, when it gets tight.
    Zstd(i32),
}

impl Level {
    /// The level for a pressure between 0 and 1.
    pub fn for_pressure(pressure: f64) -> Self {
        match pressure {
            pressure if pressure < 0.8 => Self::Lz4,
            pressure if pressure < 0.9 => Self::Zstd(3),
            _ => Self::Zstd(9),
        }
    }
}

/// Where a frame lies.
#[derive(Debug, Clone)]
pub struct SpillHandle(Arc<Extent>);

#[derive(Debug)]
struct Extent {
    start: u64,
    stored: usize,
    raw: usize,
    level: Level,
    sum: u64,
    file: Arc<Disk>,
}

#[derive(Debug)]
struct Disk {
    file: File,
    space: Mutex<Space>,
}

/// Bytes of a file: how far it was written, and how many of them can still be asked for. Both change together, so that
/// nothing is written where the file has just begun anew.
#[derive(Debug, Default)]
struct Space {
    end: u64,
    used: u64,
}

impl Disk {
    /// Room for so many bytes, until the extent that begins there is dropped.
    fn take(&self, bytes: usize) -> u64 {
        let mut space = self.space.lock();
        let start = space.end;
        space.end += bytes as u64;
        space.used += bytes as u64;
        start
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        // Nobody can ask for it anymore: when nothing else is left either, the file starts anew.
        let mut space = self.file.space.lock();
        space.used -= self.stored as u64;
        if space.used == 0 && self.file.file.set_len(0).is_ok() {
            space.end = 0;
        }
    }
}

/// A place on disk for frames.
#[derive(Debug)]
pub struct Spill {
    folder: PathBuf,
    /// The file that is written to.
    disk: Mutex<Option<Arc<Disk>>>,
    /// Bytes after which a new file is begun, so that space becomes free again although something is always left.
    part: u64,
    refused: OnceLock<String>,
}

impl Spill {
    /// A place in this folder; nothing is made before it is used.
    pub fn new(folder: &Path) -> Self {
        Self::in_parts(folder, u64::MAX)
    }

    /// A place for what memory has no room for: the chosen folder, or that for temporary files; `None` where that is memory
    /// itself, so that nothing would be won.
    pub(crate) fn beyond_memory(chosen: Option<&Path>) -> Option<Arc<Self>> {
        let folder = chosen.map_or_else(super::volume::folder, Path::to_owned);
        let is_memory = chosen.is_none() && super::volume::Volume::of(&folder).is_some_and(|volume| volume.in_memory);
        (!is_memory).then(|| Arc::new(Self::new(&folder)))
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same in several files of about so many bytes; each is removed when nothing in it can be asked for any more.
    pub(crate) fn in_parts(folder: &Path, part: u64) -> Self {
        Self { folder: folder.to_owned(), disk: Mutex::new(None), part, refused: OnceLock::new() }
    }

    /// Whether a write has failed; then nothing more is spilled.
    pub fn is_full(&self) -> bool {
        self.refused.get().is_some()
    }

    /// Why the disk refused.
    pub fn refusal(&self) -> Option<String> {
        self.refused.get().cloned()
    }

    fn refuse(&self, what: &str, error: &std::io::Error) -> Error {
        let text = format!("the spill disk {} {what}: {error}", self.folder.display());
        Error::request(self.refused.get_or_init(|| text).clone())
    }

    /// The file that is written to now.
    fn disk(&self) -> Result<Arc<Disk>> {
        let mut disk = self.disk.lock();
        if let Some(disk) = &*disk
            && disk.space.lock().end < self.part
        {
            return Ok(disk.clone());
        }
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!(".recoil-spill-{}-{number}", std::process::id()));
        let failed = |error: std::io::Error| self.refuse("cannot be written", &error);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).map_err(failed)?;
        std::fs::remove_file(&path).map_err(failed)?;
        let made = Arc::new(Disk { file, space: Mutex::default() });
        *disk = Some(made.clone());
        Ok(made)
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// A disk that is full or read-only; from then on no write is tried.
    pub fn write(&self, frame: &DataFrame) -> Result<SpillHandle> {
        self.write_at(frame, Level::for_pressure(super::pressure()))
    }

    pub(crate) fn write_at(&self, frame: &DataFrame, level: Level) -> Result<SpillHandle> {
        if let Some(why) = self.refusal() {
            return Err(Error::request(why));
        }
        let disk = self.disk()?;
        let mut raw = Vec::new();
        IpcWriter::new(&mut raw).finish(&mut frame.clone())?;
        let stored = match level {
            Level::Lz4 => lz4_flex::block::compress(&raw),
            Level::Zstd(level) => {
                zstd::bulk::compress(&raw, level).map_err(|error| Error::request(error.to_string()))?
            }
        };
        let start = disk.take(stored.len());
        let extent =
            Extent { start, stored: stored.len(), raw: raw.len(), level, sum: sum(&stored), file: disk.clone() };
        disk.file.write_all_at(&stored, start).map_err(|error| self.refuse("cannot take more", &error))?;
        Ok(SpillHandle(Arc::new(extent)))
    }

    /// Reads a frame back.
    ///
    /// # Errors
    /// Bytes that are no longer what was written.
    pub fn read(&self, ticket: &SpillHandle) -> Result<DataFrame> {
        ticket.read()
    }
}

impl SpillHandle {
    /// Bytes on disk.
    pub(super) fn stored(&self) -> u64 {
        self.0.stored as u64
    }

    /// The number of the file, and how far it was written.
    #[cfg(test)]
    pub(super) fn file(&self) -> (usize, u64) {
        (Arc::as_ptr(&self.0.file).addr(), self.0.file.space.lock().end)
    }

    /// Reads the frame back.
    ///
    /// # Errors
    /// Bytes that are no longer what was written.
    pub fn read(&self) -> Result<DataFrame> {
        let extent = &*self.0;
        let damaged =
            |what: &str| Error::request(format!("a spilled table is damaged on disk ({what}); run the query again"));
        let mut stored = vec![0; extent.stored];
        extent.file.file.read_exact_at(&mut stored, extent.start).map_err(|error| damaged(&error.to_string()))?;
        if sum(&stored) != extent.sum {
            return Err(damaged("its checksum differs"));
        }
        let raw = match extent.level {
            Level::Lz4 => {
                lz4_flex::block::decompress(&stored, extent.raw).map_err(|error| damaged(&error.to_string()))?
            }
            Level::Zstd(_) => {
                zstd::bulk::decompress(&stored, extent.raw).map_err(|error| damaged(&error.to_string()))?
            }
        };
        Ok(IpcReader::new(Cursor::new(raw)).finish()?)
    }
}

fn sum(bytes: &[u8]) -> u64 {
    let mut fold = Fold::default();
    fold.write(bytes);
    fold.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path());
        let frame = df!("x" => [1.0, f64::NAN], "s" => [Some("a"), None]).unwrap();
        for level in [Level::Lz4, Level::Zstd(3)] {
            let ticket = spill.write_at(&frame, level).unwrap();
            assert!(spill.read(&ticket).unwrap().equals_missing(&frame));
            ticket.0.file.file.write_all_at(&[0xff; 8], ticket.0.start + 20).unwrap();
            assert!(spill.read(&ticket).unwrap_err().to_string().contains("checksum"));
        }
        let used = spill.disk().unwrap().space.lock().used;
        assert_eq!(used, 0, "what nobody can ask for is free");
    }

    #[test]
    fn many_write_while_others_forget() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let spill = &spill;
                scope.spawn(move || {
                    for round in 0..2_000 {
                        let frame = df!("x" => [thread, round]).unwrap();
                        let ticket = spill.write_at(&frame, Level::Lz4).unwrap();
                        assert!(ticket.read().unwrap().equals(&frame), "nobody else wrote there");
                    }
                });
            }
        });
    }

    #[test]
    fn a_disk_that_refuses_is_not_asked_again() {
        let spill = Spill::new(Path::new("/nonexistent/folder"));
        let frame = df!("x" => [1.0]).unwrap();
        assert!(spill.write(&frame).unwrap_err().to_string().contains("/nonexistent/folder"));
        assert!(spill.is_full());
    }

    #[test]
    fn pressure_compresses_more() {
        assert_eq!([0.1, 0.85, 0.95].map(Level::for_pressure), [Level::Lz4, Level::Zstd(3), Level::Zstd(9)]);
    }
}
