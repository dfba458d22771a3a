//! What may be unpacked of an archive, decided before anything is written.
//!
//! Archives come from anybody. An entry is a file or a folder inside the target folder, each place once; every file is
//! described with its size; and all of them together are no larger than what may be written.

use super::describe::{DESCRIPTION, path_of};
use super::error::Refusal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

/// A description is not larger than this.
const LARGEST_DESCRIPTION: u64 = 64 << 20;
/// A picture of the crate for people, which the standard allows beside what is described.
const PREVIEW: &str = "ro-crate-preview";
/// An archive may become so many times as large, and so many bytes more. Columns of numbers become a tenth at best.
const TIMES: u64 = 100;
const AND: u64 = 1 << 30;

/// The type of a file in its mode, and what it may be.
const TYPE: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// A file that is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Described {
    /// Bytes, if the description says them.
    pub size: Option<u64>,
    /// SHA-256 in hexadecimal letters.
    pub sha256: String,
}

/// One file to unpack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its number in the archive.
    pub index: usize,
    /// Its place in the folder.
    pub path: PathBuf,
    /// The bytes that it has; more are not written.
    pub size: u64,
}

/// How many bytes an archive of `bytes` may unpack to by default.
pub(super) fn most(bytes: u64) -> u64 {
    bytes.saturating_mul(TIMES).saturating_add(AND)
}

/// A place in a folder: names and nothing else.
pub(super) fn relative(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let plain = !name.is_empty() && !name.chars().any(|c| c.is_control() || c == '\\');
    let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    (plain && inside).then(|| path.components().collect())
}

/// A foreign text without control characters, which can do anything to a terminal.
pub(super) fn shown(text: &str) -> String {
    let safe = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(safe).collect()
}

/// The text of the description, if there is one that is not too large.
pub(super) fn description<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<Vec<u8>, ZipError> {
    let entry = zip.by_name(DESCRIPTION)?;
    if entry.size() > LARGEST_DESCRIPTION {
        return Err(ZipError::InvalidArchive("its description is larger than 64 MB".into()));
    }
    let mut text = Vec::new();
    entry.take(LARGEST_DESCRIPTION).read_to_end(&mut text)?;
    Ok(text)
}

/// The files that a description names, by their places.
pub(super) fn described(graph: &[Value]) -> Result<BTreeMap<PathBuf, Described>, Refusal> {
    let mut files = BTreeMap::new();
    for entity in graph {
        let (Some(id), Some(sha256)) = (entity["@id"].as_str(), entity["sha256"].as_str()) else { continue };
        if is_elsewhere(id) {
            continue;
        }
        let name = path_of(id);
        let path = relative(&name).ok_or_else(|| Refusal::Outside(shown(&name)))?;
        let size = &entity["contentSize"];
        let size = size.as_u64().or_else(|| size.as_str()?.parse().ok());
        if files.insert(path, Described { size, sha256: sha256.to_owned() }).is_some() {
            return Err(Refusal::Twice(shown(&name)));
        }
    }
    Ok(files)
}

/// Whether an entity is a file that is not in the archive.
pub(super) fn is_elsewhere(id: &str) -> bool {
    id.contains("://") || id.starts_with('#')
}

/// The files of an archive of `bytes`, if all of it may be unpacked.
pub(super) fn entries<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    described: &BTreeMap<PathBuf, Described>,
    bytes: u64,
    most: u64,
) -> Result<Result<Vec<Entry>, Refusal>, ZipError> {
    let mut files = Vec::new();
    let mut folders = BTreeSet::new();
    let mut places = BTreeSet::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index)?;
        let name = shown(entry.name());
        let Some(path) = relative(entry.name().trim_end_matches('/')) else { return Ok(Err(Refusal::Outside(name))) };
        match entry.unix_mode().map(|mode| mode & TYPE) {
            _ if entry.is_symlink() => return Ok(Err(Refusal::Link(name))),
            Some(0 | FILE | FOLDER) | None => {}
            Some(_) => return Ok(Err(Refusal::Special(name))),
        }
        folders.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        if entry.is_dir() {
            folders.insert(path);
            continue;
        }
        let size = entry.size();
        if let Err(refusal) = as_described(&path, &name, size, described) {
            return Ok(Err(refusal));
        }
        if !places.insert(path.clone()) {
            return Ok(Err(Refusal::Twice(name)));
        }
        files.push(Entry { index, path, size });
    }
    Ok(together(files, &places, &folders, described, bytes, most))
}

/// Whether a file is one that is described, as far as its header says.
fn as_described(path: &Path, name: &str, size: u64, described: &BTreeMap<PathBuf, Described>) -> Result<(), Refusal> {
    let own = path == Path::new(DESCRIPTION) || name.starts_with(PREVIEW);
    match described.get(path) {
        None if own => Ok(()),
        None => Err(Refusal::Undescribed(name.to_owned())),
        Some(Described { size: Some(was), .. }) if *was != size => {
            Err(Refusal::Size { name: name.to_owned(), was: *was, is: size })
        }
        Some(_) => Ok(()),
    }
}

/// What only all entries together show.
fn together(
    files: Vec<Entry>,
    places: &BTreeSet<PathBuf>,
    folders: &BTreeSet<PathBuf>,
    described: &BTreeMap<PathBuf, Described>,
    archive: u64,
    most: u64,
) -> Result<Vec<Entry>, Refusal> {
    let named = |path: &PathBuf| shown(&path.to_string_lossy());
    if let Some(both) = places.intersection(folders).next() {
        return Err(Refusal::Clash(named(both)));
    }
    if let Some(lacking) = described.keys().find(|path| !places.contains(*path)) {
        return Err(Refusal::Lacking(named(lacking)));
    }
    let bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    if bytes > most {
        return Err(Refusal::Bomb { archive, bytes, most });
    }
    Ok(files)
}
