//! An archive as a folder again.

use super::describe::path_of;
use super::{CrateError, DESCRIPTION, at, in_archive};
use crate::proof::whole;
use serde_json::Value;
use std::fs::File;
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

/// Unpacks an archive into a folder that is empty or not there yet, and checks its files.
///
/// # Errors
/// An archive that is damaged or no crate with a notebook, a name that leads out of the folder, a file that is not the one
/// that is described.
pub fn unpack(archive: &Path, folder: &Path) -> Result<Unpacked, CrateError> {
    let mut zip = zip::ZipArchive::new(File::open(archive).map_err(at(archive))?).map_err(in_archive(archive))?;
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(CrateError::NotEmpty(folder.to_path_buf()));
    }
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(in_archive(archive))?;
        let outside = || format!("`{}` leads out of the folder", entry.name());
        let Some(inside) = entry.enclosed_name() else { return Err(in_archive(archive)(outside())) };
        let path = folder.join(inside);
        if entry.is_dir() {
            std::fs::create_dir_all(&path).map_err(at(&path))?;
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(at(parent))?;
        let mut file = File::create(&path).map_err(at(&path))?;
        std::io::copy(&mut entry, &mut file).map_err(at(&path))?;
    }
    let path = folder.join(DESCRIPTION);
    let text = std::fs::read(&path).map_err(at(&path))?;
    let description: Value = serde_json::from_slice(&text).map_err(in_archive(&path))?;
    let graph = description["@graph"].as_array().cloned().unwrap_or_default();
    let (checked, missing) = check(&graph, folder)?;
    let root = graph.iter().find(|entity| entity["@id"] == "./");
    let notebook = root.and_then(|root| root["mainEntity"]["@id"].as_str()).map(path_of);
    let notebook = notebook.and_then(|name| within(folder, &name)).filter(|path| path.is_file());
    let notebook = notebook.ok_or_else(|| in_archive(archive)("it describes no notebook as its main entity"))?;
    Ok(Unpacked { notebook, checked, missing })
}

/// A path of the description, if it stays in the folder.
fn within(folder: &Path, name: &str) -> Option<PathBuf> {
    use std::path::Component;
    let path = Path::new(name);
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)).then(|| folder.join(path))
}

/// Compares every file with its description.
fn check(graph: &[Value], folder: &Path) -> Result<(usize, Vec<Missing>), CrateError> {
    let mut checked = 0;
    let mut missing = Vec::new();
    for entity in graph {
        let (Some(id), Some(sha256)) = (entity["@id"].as_str(), entity["sha256"].as_str()) else { continue };
        let url = id.contains("://").then(|| id.to_owned());
        if url.is_some() || id.starts_with('#') {
            let name = entity["name"].as_str().unwrap_or_default();
            let path = within(folder, name).unwrap_or_else(|| PathBuf::from(name));
            missing.push(Missing { path, url, sha256: sha256.to_owned() });
            continue;
        }
        let name = path_of(id);
        let path =
            within(folder, &name).ok_or_else(|| in_archive(folder)(format!("`{name}` leads out of the folder")))?;
        if whole(&path).map_err(at(&path))? != sha256 {
            return Err(CrateError::Changed(name));
        }
        checked += 1;
    }
    Ok((checked, missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    fn archive(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
        let path = folder.join("a.zip");
        let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, text) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn a_crate_is_unpacked_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let described = |hash: &str| {
            format!(
                r##"{{"@graph": [{{"@id": "./", "mainEntity": {{"@id": "a%20b.ipynb"}}}}, {{"@id": "a%20b.ipynb", "sha256": "{hash}"}},
                {{"@id": "#d/x.root", "name": "d/x.root", "sha256": "00"}}]}}"##
            )
        };
        let good = archive(folder.path(), &[("a b.ipynb", "abc"), (DESCRIPTION, &described(sha))]);
        let out = folder.path().join("out");
        let unpacked = unpack(&good, &out).unwrap();
        assert_eq!((unpacked.notebook, unpacked.checked), (out.join("a b.ipynb"), 1));
        let missing = Missing { path: out.join("d/x.root"), url: None, sha256: "00".into() };
        assert_eq!(unpacked.missing, [missing]);
        assert!(matches!(unpack(&good, &out), Err(CrateError::NotEmpty(_))));
        let bad = archive(folder.path(), &[("a b.ipynb", "abd"), (DESCRIPTION, &described(sha))]);
        assert!(matches!(unpack(&bad, &folder.path().join("two")), Err(CrateError::Changed(_))));
        let out = archive(folder.path(), &[("../evil", "x"), (DESCRIPTION, &described(sha))]);
        assert!(unpack(&out, &folder.path().join("three")).unwrap_err().to_string().contains("leads out"));
        std::fs::write(&bad, "no zip").unwrap();
        assert!(unpack(&bad, &folder.path().join("four")).is_err());
    }
}
