//! Damaged files: whatever the bytes are, the answer is values or an error, and what is cut short is never other values.

#[path = "answers/hash.rs"]
mod hash;

use std::path::PathBuf;

/// Small files of several kinds; they stand beside this file.
const FILES: [&str; 6] = [
    "alias.root",
    "directory_and_top.root",
    "arrays.root",
    "mixed_compression.root",
    "objects.root",
    "test_int_float_rntuple_v1-0-0-0.root",
];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect(name)
}

/// The hashes of all columns of all tables, as far as they can be read. Names of tables have no checksum, and a file that
/// is cut short has lost its directories.
fn read(name: &str, bytes: Vec<u8>) -> Vec<(String, Result<String, String>)> {
    let Ok(file) = root::File::from_bytes(name, bytes) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in file.tables() {
        let Ok(table) = file.table(&entry.path) else { continue };
        let _ = (table.clusters(), table.skipped());
        for (number, column) in table.columns().iter().enumerate() {
            let values = table.read(&[number], 0..table.rows());
            let hash = values.map(|values| hash::hash(&values[0])).map_err(|error| error.to_string());
            found.push((format!("{} of {} rows", column.name, table.rows()), hash));
        }
    }
    found
}

#[test]
fn what_is_cut_short_is_right_or_an_error() {
    for name in FILES {
        let whole = bytes(name);
        let right = read(name, whole.clone());
        assert!(!right.is_empty() && right.iter().all(|(_, hash)| hash.is_ok()), "{name}: {right:?}");
        let step = (whole.len() / 400).max(1);
        for end in (0..whole.len()).step_by(step) {
            for (column, hash) in read(name, whole[..end].to_vec()) {
                if let Ok(hash) = hash {
                    let same = right.iter().any(|(have, right)| *have == column && *right == Ok(hash.clone()));
                    assert!(same, "{name}, first {end} bytes: {column} has other values");
                }
            }
        }
    }
}

#[test]
fn flipped_bits_never_panic() {
    for name in FILES {
        let whole = bytes(name);
        let step = (whole.len() / 1500).max(1);
        for at in (0..whole.len()).step_by(step) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            read(name, damaged);
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            read(name, damaged);
        }
    }
}

/// An ntuple has checksums of everything: no flipped bit gives other values.
#[test]
fn flipped_bits_of_an_ntuple_are_found() {
    let name = "test_int_float_rntuple_v1-0-0-0.root";
    let whole = bytes(name);
    let right = read(name, whole.clone());
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        for (column, hash) in read(name, damaged) {
            let same = right.iter().any(|(have, right)| *have == column && *right == hash);
            assert!(same || hash.is_err(), "byte {at}: {column} has other values");
        }
    }
}

#[test]
fn errors_say_where() {
    let name = "mixed_compression.root";
    let mut damaged = bytes(name);
    let block = damaged.windows(2).position(|two| two == b"ZS").expect("a block of zstd");
    damaged[block + 20] ^= 0xff;
    let file = root::File::from_bytes(name, damaged).expect("the directory is whole");
    let table = file.table("ntuple").expect("the tree is whole");
    let errors: Vec<_> =
        (0..table.columns().len()).filter_map(|one| table.read(&[one], 0..table.rows()).err()).collect();
    let [error] = &errors[..] else { panic!("one column is damaged: {errors:?}") };
    let text = error.to_string();
    let parts = [name, "object `ntuple`", "branch `x`", "basket 0", "byte ", "zstd"];
    parts.iter().for_each(|part| assert!(text.contains(part), "`{part}` is not in: {text}"));
}
