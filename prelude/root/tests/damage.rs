//! Damaged files: whatever the bytes are, the answer is values or an error, and what is cut short is never other values.

#[path = "answers/hash.rs"]
mod hash;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's memory, and the most that was asked for at once.
struct Watched;

static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator as it comes.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        MOST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: the caller's.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;

/// What an algorithm makes at most of a byte; see `block::can_hold`.
const RATIO: usize = 1 << 16;

/// Small files of several kinds; they stand beside this file.
const FILES: [&str; 9] = [
    "alias.root",
    "index.root",
    "leaf_lists.root",
    "variants.root",
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

/// No panic, and never more memory than so many bytes can hold: no count is believed before it is compared with them.
#[test]
fn flipped_bits_never_panic_and_ask_for_no_absurd_memory() {
    for name in FILES {
        let whole = bytes(name);
        let step = (whole.len() / 1500).max(1);
        for at in (0..whole.len()).step_by(step) {
            for value in [whole[at] ^ 1 << (at % 8), 0xff, 0x7f, 0] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                read(name, damaged);
            }
        }
    }
    let largest = FILES.iter().map(|name| bytes(name).len()).max().unwrap_or(0);
    let most = MOST.load(Ordering::Relaxed);
    assert!(most <= largest * RATIO, "{most} bytes were asked for at once, of files of at most {largest}");
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
