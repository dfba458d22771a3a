//! Any archive: it becomes a folder of files and folders within its bounds, or nothing at all; outside nothing changes.
#![no_main]

// Only what unpacks, not the kernel with its compiler: a fuzz build takes seconds.
#[allow(dead_code)]
#[path = "../../../kernel/src/ro_crate"]
mod ro_crate {
    mod describe;
    mod entries;
    mod error;
    mod unpack;
    pub use unpack::unpack;

    pub fn id(path: &str) -> String {
        describe::id(path)
    }
}

use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::OnceLock;
use zip::write::SimpleFileOptions;

/// Bytes that an archive may unpack to.
const MOST: u64 = 1 << 20;

/// The next part of the input, with its length in front.
fn part<'a>(data: &mut &'a [u8]) -> &'a [u8] {
    let length = data.first().copied().unwrap_or_default() as usize;
    let start = 1.min(data.len());
    let end = (start + length).min(data.len());
    let (found, rest) = (&data[start..end], &data[end..]);
    *data = rest;
    found
}

/// An archive with a notebook and what the input says: files, folders and links under any names, described well, badly or
/// not at all.
fn built(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut entities = vec![serde_json::json!({"@id": "./", "mainEntity": {"@id": "n.ipynb"}})];
    let mut describe = |name: &str, bytes: &[u8], kind: u8| {
        let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let size = bytes.len() + usize::from(kind & 64 != 0);
        entities
            .push(serde_json::json!({"@id": ro_crate::id(name), "sha256": sha256, "contentSize": size.to_string()}));
    };
    let options = SimpleFileOptions::default();
    zip.start_file("n.ipynb", options).ok()?;
    zip.write_all(b"{}").ok()?;
    describe("n.ipynb", b"{}", 0);
    while let [kind, rest @ ..] = data {
        data = rest;
        let name = String::from_utf8_lossy(part(&mut data)).into_owned();
        let content = part(&mut data);
        // A name that is there already, exactly, is the writer's error and not our matter.
        let added = match kind % 4 {
            0 => zip.add_directory(&name, options),
            1 => zip.add_symlink(&name, String::from_utf8_lossy(content), options),
            _ => zip.start_file(&name, options).and_then(|()| Ok(zip.write_all(content)?)),
        };
        added.ok()?;
        if kind & 32 == 0 {
            describe(&name, content, *kind);
        }
    }
    zip.start_file("ro-crate-metadata.json", options).ok()?;
    zip.write_all(serde_json::json!({"@graph": entities}).to_string().as_bytes()).ok()?;
    Some(zip.finish().ok()?.into_inner())
}

/// Bytes of all files; there is nothing but files and folders.
fn bytes_in(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a type");
        assert!(kind.is_file() || kind.is_dir(), "{:?} is something else", entry.path());
        bytes += if kind.is_dir() { bytes_in(&entry.path()) } else { entry.metadata().expect("its size").len() };
    }
    bytes
}

fuzz_target!(|data: &[u8]| {
    static ROOT: OnceLock<std::path::PathBuf> = OnceLock::new();
    let root = ROOT.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("recoil-fuzz-unpack-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).expect("a folder");
        folder
    });
    let [how, data @ ..] = data else { return };
    let raw = || Some(data.to_vec());
    let Some(mut archive) = (if how & 1 == 0 { raw() } else { built(data) }) else { return };
    if how & 2 != 0 && !archive.is_empty() {
        let at = data.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let length = archive.len();
        archive[at % length] ^= 1 << (how >> 5);
    }
    let inner = root.join("inner");
    let (path, out) = (inner.join("a.zip"), inner.join("out"));
    std::fs::write(&path, &archive).expect("writes");
    match ro_crate::unpack(&path, &out, Some(MOST)) {
        Ok(unpacked) => {
            assert!(unpacked.notebook.starts_with(&out) && unpacked.notebook.is_file());
            assert!(bytes_in(&out) <= MOST);
            std::fs::remove_dir_all(&out).expect("removes");
        }
        Err(error) => {
            assert!(!error.to_string().contains('\u{1b}'));
            assert!(!out.exists(), "{error}");
        }
    }
    let names = |folder: &Path| std::fs::read_dir(folder).expect("a folder").count();
    assert_eq!((names(root), names(&inner)), (1, 1), "something was written outside");
});
