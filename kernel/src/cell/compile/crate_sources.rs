//! What crates in folders are made of: the files that cargo compiles of them, and their manifests, with a hash of each.
//!
//! Such a crate has no version that says which code it is. Its files are written into `recoil.lock` instead, and what has
//! changed since is said.

use crate::proof::{relative, whole};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The files of crates in folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CrateSources {
    /// The folders of these crates, from the lock's folder.
    pub folders: BTreeSet<String>,
    /// SHA-256 of each file, by its path from the lock's folder.
    pub files: BTreeMap<String, String>,
}

/// What cargo has compiled in `target`, apart from what lies in `own`, the folder of the manifest that names the crates;
/// paths are told from `folder`.
pub(super) fn crate_sources(target: &Path, own: &Path, folder: &Path) -> CrateSources {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let lists = std::fs::read_dir(target.join("debug")).into_iter().flatten().flatten().map(|entry| entry.path());
    let lists = lists.filter(|path| path.extension().is_some_and(|ending| ending == "d"));
    let texts = lists.filter_map(|path| std::fs::read_to_string(path).ok());
    let mut files: BTreeSet<PathBuf> = texts.flat_map(|text| named(&text)).collect();
    files.retain(|file| !file.starts_with(own) && !file.starts_with(target));
    let packages: BTreeSet<PathBuf> = files.iter().filter_map(|file| package(file)).collect();
    files.extend(packages.iter().flat_map(|package| manifests(package)));
    let hash = |file: &PathBuf| Some((relative(&folder, file), whole(file).ok()?));
    CrateSources {
        folders: packages.iter().map(|package| relative(&folder, package)).collect(),
        files: files.iter().filter_map(hash).collect(),
    }
}

/// The files that a list of cargo's names, behind the one that is made of them.
fn named(text: &str) -> Vec<PathBuf> {
    let mut names = vec![String::new()];
    for line in text.lines() {
        let Some((_, list)) = line.split_once(": ") else { continue };
        let mut characters = list.chars();
        while let Some(c) = characters.next() {
            match (c, names.last_mut()) {
                // A blank in a name has a backslash in front of it.
                ('\\', Some(last)) => last.extend(characters.next()),
                (' ', _) => names.push(String::new()),
                (c, Some(last)) => last.push(c),
                (_, None) => {}
            }
        }
        names.push(String::new());
    }
    names.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

/// The folder of the package that a file belongs to.
fn package(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).find(|folder| folder.join("Cargo.toml").is_file()).map(Path::to_path_buf)
}

/// The manifest of a package, and that of its workspace.
fn manifests(package: &Path) -> Vec<PathBuf> {
    let own = package.join("Cargo.toml");
    let says = |file: &Path, word: &str| std::fs::read_to_string(file).is_ok_and(|text| text.contains(word));
    let mut above = package.ancestors().skip(1).map(|folder| folder.join("Cargo.toml"));
    let workspace = above.find(|file| says(file, "[workspace")).filter(|_| says(&own, "workspace"));
    [own].into_iter().chain(workspace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_manifests_of_crates_in_folders_are_found() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let place = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        place("all/Cargo.toml", "[workspace]\nmembers = [\"my crate\"]\n");
        place("all/my crate/Cargo.toml", "[package]\nname = \"x\"\nversion.workspace = true\n");
        let source = place("all/my crate/src/lib.rs", "pub fn f() {}");
        let table = place("all/table.txt", "1");
        let own = place("session/src/lib.rs", "");
        let escaped = |path: &Path| path.display().to_string().replace(' ', "\\ ");
        let list = [&source, &table, &own].map(|path| escaped(path)).join(" ");
        place("session/target/debug/libctx.d", &format!("/somewhere/libctx.rlib: {list}\n"));
        std::fs::create_dir(root.join("notebook")).unwrap();
        let found = crate_sources(&root.join("session/target"), &root.join("session"), &root.join("notebook"));
        let names: Vec<&str> = found.files.keys().map(String::as_str).collect();
        let expected =
            ["../all/Cargo.toml", "../all/my crate/Cargo.toml", "../all/my crate/src/lib.rs", "../all/table.txt"];
        assert_eq!(names, expected);
        assert!(found.folders.contains("../all/my crate"));
        assert_eq!(found.files[expected[3]].len(), 64);
        std::fs::write(table, "2").unwrap();
        assert_ne!(crate_sources(&root.join("session/target"), &root.join("session"), &root.join("notebook")), found);
    }
}
