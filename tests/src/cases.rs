//! Where the conformance cases are.

use std::path::PathBuf;

/// The folder `kind` of the conformance cases: `RECOIL_CASES`, or `../shared/cases` beside the project.
/// `None`, said visibly, when it is not there.
pub fn folder(kind: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RECOIL_CASES").map_or_else(|| project().join("../shared/cases"), PathBuf::from);
    let folder = root.join(kind);
    if folder.is_dir() {
        return Some(folder);
    }
    crate::skipped(&format!("conformance {kind}"), &format!("no folder {} (set RECOIL_CASES)", folder.display()));
    None
}

/// The folder of the project.
pub fn project() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A folder with the files of apache/parquet-testing and apache/arrow-testing that the tests know something of, and those of
/// Arrow's fuzzers: the archive `tests/data/apache.tar.zst`, unpacked.
///
/// # Panics
/// When the archive cannot be unpacked.
pub fn apache() -> tempfile::TempDir {
    let packed =
        std::fs::File::open(project().join("tests/data/apache.tar.zst")).expect("the archive is in tests/data");
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = tar::Archive::new(zstd::Decoder::new(packed).expect("Zstandard"));
    files.unpack(folder.path()).expect("the archive unpacks");
    folder
}
