//! Paths as messages have them: from the notebook's folder.

use std::path::{Component, Path, PathBuf};

/// A path without `.` and `..`, as far as that can be told from its text.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

/// A path as it is written from a folder, upwards where it must be; whole when they have nothing in common.
pub(crate) fn relative(folder: &Path, path: &Path) -> String {
    let folder = plain(folder);
    let common = folder.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 && folder.components().count() > 1 {
        return path.display().to_string();
    }
    let up = std::iter::repeat_n(Component::ParentDir, folder.components().count() - common);
    let relative: PathBuf = up.chain(path.components().skip(common)).collect();
    relative.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_the_notebook() {
        let from = |folder: &str, path: &str| relative(Path::new(folder), Path::new(path));
        assert_eq!(from("/home/a/book", "/home/a/book/data/x.csv"), "data/x.csv");
        assert_eq!(from("/home/a/book", "/home/a/data/x.csv"), "../data/x.csv");
        assert_eq!(from("/home/a/book", "/data/x.csv"), "/data/x.csv");
        assert_eq!(plain(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
