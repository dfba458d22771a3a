//! Archives from anybody: good ones become folders, others are refused by name and leave nothing behind.

use super::describe::DESCRIPTION;
use super::error::Refusal;
use super::{CrateError, Missing, unpack};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

const NOTEBOOK: &str = "a b.ipynb";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The description of a notebook and of these files.
fn description(files: &[(&str, &[u8])]) -> String {
    let entity = |(name, bytes): &(&str, &[u8])| {
        let id = super::describe::id(name);
        format!(r#"{{"@id": "{id}", "contentSize": "{}", "sha256": "{}"}}"#, bytes.len(), sha256(bytes))
    };
    let entities: Vec<String> = files.iter().map(entity).collect();
    format!(r##"{{"@graph": [{{"@id": "./", "mainEntity": {{"@id": "a%20b.ipynb"}}}}, {}]}}"##, entities.join(", "))
}

struct Archive {
    folder: tempfile::TempDir,
    zip: zip::ZipWriter<File>,
}

impl Archive {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let zip = zip::ZipWriter::new(File::create(folder.path().join("a.zip")).unwrap());
        Self { folder, zip }
    }

    /// An archive with a notebook, these files, and a description of all of them.
    fn of(files: &[(&str, &[u8])]) -> Self {
        let all: Vec<(&str, &[u8])> = [(NOTEBOOK, &b"abc"[..])].into_iter().chain(files.iter().copied()).collect();
        let text = description(&all);
        all.iter()
            .fold(Self::new().file(DESCRIPTION, text.as_bytes()), |archive, (name, bytes)| archive.file(name, bytes))
    }

    fn file(mut self, name: &str, bytes: &[u8]) -> Self {
        self.zip.start_file(name, SimpleFileOptions::default()).unwrap();
        self.zip.write_all(bytes).unwrap();
        self
    }

    fn done(self) -> (tempfile::TempDir, PathBuf) {
        self.zip.finish().unwrap();
        let path = self.folder.path().join("a.zip");
        (self.folder, path)
    }

    /// What is said of it; nothing may be left behind.
    fn error(self, most: Option<u64>) -> CrateError {
        let (folder, path) = self.done();
        refused(folder.path(), &path, most)
    }

    fn refusal(self) -> Refusal {
        match self.error(None) {
            CrateError::Refused { refusal, .. } => refusal,
            other => panic!("{other}"),
        }
    }
}

fn refused(folder: &Path, archive: &Path, most: Option<u64>) -> CrateError {
    let error = unpack(archive, &folder.join("out"), most).unwrap_err();
    let names = |folder: &Path| -> Vec<_> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(names(folder), ["a.zip"], "something is left: {error}");
    // Neither in a folder that was there.
    std::fs::create_dir(folder.join("out")).unwrap();
    unpack(archive, &folder.join("out"), most).unwrap_err();
    assert!(names(&folder.join("out")).is_empty(), "{error}");
    error
}

/// Changes a number of four bytes wherever it stands.
fn patch(path: &Path, was: u32, is: u32) {
    let mut bytes = std::fs::read(path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == was.to_le_bytes()).collect();
    assert_eq!(places.len(), 2, "the file's own header and the directory's");
    places.iter().for_each(|at| bytes[*at..*at + 4].copy_from_slice(&is.to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_crate_is_unpacked_and_checked() {
    let far = r##"{"@id": "#d/x.root", "name": "d/x.root", "sha256": "00"}"##;
    let text = description(&[(NOTEBOOK, b"abc"), ("d/y.csv", b"x\n1\n")]).replace("]}", &format!(", {far}]}}"));
    let archive = Archive::new().file(NOTEBOOK, b"abc").file("d/y.csv", b"x\n1\n").file(DESCRIPTION, text.as_bytes());
    let (folder, path) = archive.file("ro-crate-preview.html", b"<p>").done();
    let out = folder.path().join("out");
    let unpacked = unpack(&path, &out, None).unwrap();
    assert_eq!((unpacked.notebook, unpacked.checked), (out.join(NOTEBOOK), 2));
    assert_eq!(unpacked.missing, [Missing { path: out.join("d/x.root"), url: None, sha256: "00".into() }]);
    assert_eq!(std::fs::read(out.join("d/y.csv")).unwrap(), b"x\n1\n");
    assert!(matches!(unpack(&path, &out, None), Err(CrateError::NotEmpty(_))));
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in ["../evil", "a/../../evil", "/tmp/evil", "..\\evil", "C:\\evil", "a\0b", "\u{1b}[2Jx", "d/.."] {
        let refusal = Archive::of(&[]).file(name, b"x").refusal();
        assert!(matches!(&refusal, Refusal::Outside(_)), "{name:?}: {refusal}");
        assert!(!refusal.to_string().contains('\u{1b}'), "it would reach the terminal");
    }
    // Nor may the description name such a place.
    let text = description(&[(NOTEBOOK, b"abc"), ("../x", b"x")]);
    let archive = Archive::new().file(NOTEBOOK, b"abc").file(DESCRIPTION, text.as_bytes());
    assert_eq!(archive.refusal(), Refusal::Outside("../x".into()));
    let text = description(&[(NOTEBOOK, b"abc")]).replace("a%20b.ipynb\"}}", "../../etc/a.ipynb\"}}");
    let error = Archive::new().file(NOTEBOOK, b"abc").file(DESCRIPTION, text.as_bytes()).error(None);
    assert!(error.to_string().contains("describes no notebook"), "{error}");
}

#[test]
fn links_devices_and_places_taken_twice_are_refused() {
    let mut archive = Archive::of(&[]);
    archive.zip.add_symlink("link", "/etc", SimpleFileOptions::default()).unwrap();
    assert_eq!(archive.file("link/passwd", b"x").refusal(), Refusal::Link("link".into()));
    let mut archive = Archive::of(&[]);
    archive.zip.start_file("pipe", SimpleFileOptions::default()).unwrap();
    let (folder, path) = archive.done();
    // The mode of a regular file in the directory, made that of a pipe.
    let mut bytes = std::fs::read(&path).unwrap();
    let last =
        (0..bytes.len() - 4).rev().find(|at| bytes[*at..*at + 4] == (0o100_644_u32 << 16).to_le_bytes()).unwrap();
    bytes[last..last + 4].copy_from_slice(&(0o010_644_u32 << 16).to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = refused(folder.path(), &path, None).to_string();
    assert!(error.contains("`pipe` is neither a file nor a folder"), "{error}");
    let twice = Archive::of(&[("d/a", b"1")]).file("d//a", b"1");
    assert_eq!(twice.refusal(), Refusal::Twice("d//a".into()));
    let clash = Archive::of(&[("d", b"1"), ("d/a", b"1")]);
    assert_eq!(clash.refusal(), Refusal::Clash("d".into()));
}

#[test]
fn what_is_not_as_described_is_refused() {
    assert_eq!(Archive::of(&[]).file("extra.csv", b"x").refusal(), Refusal::Undescribed("extra.csv".into()));
    let text = description(&[(NOTEBOOK, b"abc"), ("d/a.csv", b"x")]);
    let lacking = Archive::new().file(NOTEBOOK, b"abc").file(DESCRIPTION, text.as_bytes());
    assert_eq!(lacking.refusal(), Refusal::Lacking("d/a.csv".into()));
    let text = description(&[(NOTEBOOK, b"abc")]);
    let size = Archive::new().file(NOTEBOOK, b"abcd").file(DESCRIPTION, text.as_bytes());
    assert_eq!(size.refusal(), Refusal::Size { name: NOTEBOOK.into(), was: 3, is: 4 });
    let hash = Archive::new().file(NOTEBOOK, b"abd").file(DESCRIPTION, text.as_bytes()).error(None);
    assert!(matches!(&hash, CrateError::Changed(name) if name == NOTEBOOK), "{hash}");
    for (name, text) in [("no description", &b"x"[..]), (DESCRIPTION, b"{"), (DESCRIPTION, b"[]")] {
        Archive::new().file(name, text).error(None);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    std::fs::write(&path, "no zip").unwrap();
    refused(folder.path(), &path, None);
}

#[test]
fn bombs_are_refused_before_they_are_written() {
    let zeros = vec![0; 1_000_000];
    let archive = || Archive::of(&[("zeros", &zeros)]);
    match archive().error(Some(100_000)) {
        CrateError::Refused { refusal: Refusal::Bomb { bytes, most, .. }, .. } => {
            assert!(bytes > 1_000_000 && most == 100_000);
        }
        other => panic!("{other}"),
    }
    let (folder, path) = archive().done();
    assert_eq!(unpack(&path, &folder.path().join("out"), None).unwrap().checked, 2);
    // An archive that says it holds four gigabytes is believed.
    let text = description(&[(NOTEBOOK, b"abc"), ("zeros", &zeros)]).replace("\"contentSize\": \"1000000\", ", "");
    let lying =
        || Archive::new().file(NOTEBOOK, b"abc").file(DESCRIPTION, text.as_bytes()).file("zeros", &zeros).done();
    let (folder, path) = lying();
    patch(&path, 1_000_000, u32::MAX - 1);
    let error = refused(folder.path(), &path, None).to_string();
    assert!(error.contains("more than the") && error.contains("--most 429"), "{error}");
    // One that says it holds less is stopped where it should have ended.
    let (folder, path) = lying();
    patch(&path, 1_000_000, 10);
    let error = refused(folder.path(), &path, None).to_string();
    assert!(error.contains("`zeros` has 11 bytes, and 10 are described"), "{error}");
}
