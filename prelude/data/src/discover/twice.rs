//! One table that is found twice: as a file and as its own conversion beside it.

use super::{DiscoverError, File};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Refuses a process in which two files of one folder have one stem (`mumu.root` beside `mumu.parquet`), or which is a
/// folder and also a file beside it (`dy/events.parquet` beside `dy.root`): its rows would count twice.
pub(super) fn refuse(path: &str, process: &str, files: &[File]) -> Result<(), DiscoverError> {
    let Some((one, two)) = same_stem(files).or_else(|| beside_its_folder(files)) else { return Ok(()) };
    let ending = |file: &Path| sources::ending(file).unwrap_or_default();
    Err(DiscoverError::Twice {
        process: process.to_owned(),
        one: one.display().to_string(),
        two: two.display().to_string(),
        root: path.to_owned(),
        ending: match ending(one) {
            first if first == ending(two) => None,
            first => Some(first),
        },
    })
}

/// A path without the ending of a table.
fn stem(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let length = sources::ending(path).map_or(name.len(), |ending| name.len() - ending.len() - 1);
    path.with_file_name(&name[..length])
}

fn same_stem(files: &[File]) -> Option<(&Path, &Path)> {
    let mut known: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    files.iter().find_map(|file| known.insert(stem(&file.path), &file.path).map(|first| (first, &*file.path)))
}

fn beside_its_folder(files: &[File]) -> Option<(&Path, &Path)> {
    let folders: BTreeSet<&Path> = files.iter().flat_map(|file| file.path.ancestors().skip(1)).collect();
    let alone = files.iter().find(|file| folders.contains(&*stem(&file.path)))?;
    let folder = stem(&alone.path);
    let inside = files.iter().find(|file| file.path.starts_with(&folder))?;
    Some((&inside.path, &alone.path))
}
