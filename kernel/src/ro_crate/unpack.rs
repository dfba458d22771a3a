//! An archive as a folder again.

use super::describe::path_of;
use super::entries::{self, Described, Entry};
use super::error::{CrateError, Refusal, at, in_archive};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// An archive that was unpacked.
#[derive(Debug)]
pub struct Unpacked {
    /// The notebook.
    pub notebook: PathBuf,
    /// How many files were found to be those that are described.
    pub checked: usize,
    /// Inputs that are not in the archive.
    pub missing: Vec<Missing>,
}

/// An input that is not in the archive.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    /// Where it belongs.
    pub path: PathBuf,
    /// Where it can be had, if that is known.
    pub url: Option<String>,
    /// Its SHA-256.
    pub sha256: String,
}

type Zip = zip::ZipArchive<File>;

/// Unpacks an archive into a folder that is empty or not there yet, and checks its files. `most` is how many bytes it may
/// write; otherwise a hundred times the archive's and a gigabyte.
///
/// # Errors
/// An archive that is damaged or no crate with a notebook; one that holds what is not unpacked, such as a name that leads
/// out of the folder, a link, or far too many bytes (`Refusal`); a file that is not the one that is described. The
/// folder is as it was then.
pub fn unpack(archive: &Path, folder: &Path, most: Option<u64>) -> Result<Unpacked, CrateError> {
    let file = File::open(archive).map_err(at(archive))?;
    let bytes = file.metadata().map_err(at(archive))?.len();
    let mut zip = Zip::new(file).map_err(in_archive(archive))?;
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CrateError::NotEmpty(folder.to_path_buf()));
    }
    let text = entries::description(&mut zip).map_err(in_archive(archive))?;
    let description: Value = serde_json::from_slice(&text).map_err(in_archive(archive))?;
    let graph = description["@graph"].as_array().cloned().unwrap_or_default();
    let refused = |refusal| CrateError::Refused { path: archive.to_path_buf(), refusal };
    let described = entries::described(&graph).map_err(refused)?;
    let most = most.unwrap_or_else(|| entries::most(bytes));
    let files = entries::entries(&mut zip, &described, bytes, most).map_err(in_archive(archive))?.map_err(refused)?;
    let root = graph.iter().find(|entity| entity["@id"] == "./");
    let notebook =
        root.and_then(|root| root["mainEntity"]["@id"].as_str()).and_then(|id| entries::relative(&path_of(id)));
    let notebook = notebook.filter(|path| described.contains_key(path));
    let notebook = notebook.ok_or_else(|| in_archive(archive)("it describes no notebook as its main entity"))?;
    let was_there = folder.exists();
    let checked =
        write(&mut zip, archive, folder, &files, &described).inspect_err(|_| tidy(folder, was_there, &files))?;
    Ok(Unpacked { notebook: folder.join(notebook), checked, missing: missing(&graph, folder) })
}

/// Writes the files; says how many were found to be those that are described.
fn write(
    zip: &mut Zip,
    archive: &Path,
    folder: &Path,
    files: &[Entry],
    described: &BTreeMap<PathBuf, Described>,
) -> Result<usize, CrateError> {
    std::fs::create_dir_all(folder).map_err(at(folder))?;
    let mut checked = 0;
    for Entry { index, path, size } in files {
        let place = folder.join(path);
        let parent = place.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(at(parent))?;
        let entry = zip.by_index(*index).map_err(in_archive(archive))?;
        let (written, sha256) = copy(entry, *size, &place).map_err(at(&place))?;
        let name = entries::shown(&path.to_string_lossy());
        if written != *size {
            let refusal = Refusal::Size { name, was: *size, is: written };
            return Err(CrateError::Refused { path: archive.to_path_buf(), refusal });
        }
        match described.get(path) {
            Some(described) if described.sha256 != sha256 => return Err(CrateError::Changed(name)),
            known => checked += usize::from(known.is_some()),
        }
    }
    Ok(checked)
}

/// Writes an entry of `size` bytes to a new file; of more, one byte is counted and none written. Returns how many bytes it
/// has, and their SHA-256.
fn copy(entry: impl Read, size: u64, place: &Path) -> std::io::Result<(u64, String)> {
    let mut file = File::create_new(place)?;
    let mut hash = Sha256::new();
    let mut entry = entry.take(size.saturating_add(1));
    let mut buffer = vec![0; 1 << 16];
    let mut count = 0;
    loop {
        let read = entry.read(&mut buffer)?;
        count += read as u64;
        if read == 0 || count > size {
            break;
        }
        hash.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
    }
    Ok((count, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

/// Takes away what was written before something was found to be wrong.
fn tidy(folder: &Path, was_there: bool, files: &[Entry]) {
    // What cannot be removed is left; the error that is reported is the one that led here.
    if !was_there {
        let _ = std::fs::remove_dir_all(folder);
        return;
    }
    for first in files.iter().filter_map(|file| file.path.components().next()) {
        let place = folder.join(first);
        let _ = std::fs::remove_dir_all(&place).or_else(|_| std::fs::remove_file(&place));
    }
}

/// The inputs that are described and not in the archive.
fn missing(graph: &[Value], folder: &Path) -> Vec<Missing> {
    let one = |entity: &Value| {
        let (id, sha256) = (entity["@id"].as_str()?, entity["sha256"].as_str()?);
        let name = entity["name"].as_str().unwrap_or_default();
        let path =
            entries::relative(name).map_or_else(|| PathBuf::from(entries::shown(name)), |path| folder.join(path));
        let url = id.contains("://").then(|| entries::shown(id));
        entries::is_elsewhere(id).then(|| Missing { path, url, sha256: entries::shown(sha256) })
    };
    graph.iter().filter_map(one).collect()
}
