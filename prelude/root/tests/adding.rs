//! Objects added to files of other programs: what was there reads as before, here and elsewhere.

#[path = "answers/hash.rs"]
mod hash;

use root::{Axis, Compression, Hist, NtupleWriter, TreeWriter, Type, Values, Writer};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of ROOT and of uproot; they stand beside this file.
const FILES: [&str; 5] =
    ["alias.root", "directory_and_top.root", "arrays.root", "objects.root", "test_int_float_rntuple_v1-0-0-0.root"];

/// The hashes of all columns of all tables.
fn read(path: &Path) -> Vec<(String, String)> {
    let file = root::File::open(path).expect("the file");
    let mut found = Vec::new();
    for entry in file.tables() {
        let table = file.table(&entry.path).expect("the table");
        for (number, column) in table.columns().iter().enumerate() {
            let values = table.read(&[number], 0..table.rows()).expect("values");
            found.push((format!("{}:{}", entry.path, column.name), hash::hash(&values[0])));
        }
    }
    found
}

fn columns() -> Vec<(String, Type)> {
    vec![("n".to_owned(), Type::I32), ("l".to_owned(), Type::List(Box::new(Type::F64)))]
}

fn rows() -> Vec<Values> {
    let values = Box::new(Values::F64(vec![0.5, 1.5, 2.5]));
    vec![Values::I32(vec![7, 8, 9]), Values::List { offsets: vec![0, 1, 1, 3], values }]
}

/// Adds a tree, an ntuple and a histogram.
fn add(path: &Path) {
    let mut file = Writer::add(path, &["new_tree", "new_ntuple", "new_hist"], Compression::Zstd(1)).expect("a file");
    let mut tree = TreeWriter::new("new_tree", &columns()).expect("columns");
    tree.push(&mut file, rows()).expect("rows");
    tree.finish(&mut file).expect("a tree");
    let mut ntuple = NtupleWriter::new("new_ntuple", &columns()).expect("columns");
    ntuple.push(&mut file, rows()).expect("rows");
    assert_eq!(ntuple.finish(&mut file).expect("an ntuple"), 3);
    let axes = vec![Axis { title: "x".into(), edges: vec![0.0, 1.0, 2.0], regular: true }];
    let values = vec![1.0, 2.0, 3.0, 4.0];
    file.hist("new_hist", &Hist { title: "h".into(), axes, values, variances: None, entries: 10.0 })
        .expect("a histogram");
    file.finish().expect("the file");
}

#[test]
fn what_was_there_stays() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("adding");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in FILES {
        let path = folder.join(name);
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name), &path).expect("a copy");
        let (before, objects) = (read(&path), root::File::open(&path).expect("the file").entries().len());
        add(&path);
        // Again: the same names are replaced.
        add(&path);
        let after = read(&path);
        assert!(before.iter().all(|one| after.contains(one)), "{name}: {before:?} became {after:?}");
        // A list of a tree is counted by a branch of its own.
        assert_eq!(after.len(), before.len() + 3 + 2, "{name}: {after:?}");
        let file = root::File::open(&path).expect("the file");
        assert_eq!(file.entries().len(), objects + 3, "{name}");
        assert!(!file.recovered());
        for table in ["new_tree", "new_ntuple"] {
            let table = file.table(table).expect("the table");
            for (column, expected) in columns().iter().zip(rows()) {
                let at = table.columns().iter().position(|one| one.name == column.0).expect("the column");
                assert_eq!(table.read(&[at], 0..3).expect("values")[0], expected);
            }
        }
    }
    others_read(&folder);
}

/// The same for ROOT and uproot: `RECOIL_ROOT_PYTHON` names a Python that has them.
fn others_read(folder: &Path) {
    let Some(python) = std::env::var_os("RECOIL_ROOT_PYTHON") else {
        println!("skipped: set RECOIL_ROOT_PYTHON to a Python with uproot (and ROOT)");
        return;
    };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = manifest.join("tests/adding.py");
    let output = Command::new(python).arg(script).arg(manifest.join("tests/data")).arg(folder).output();
    let output = output.expect("Python runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{text}");
    assert!(output.status.success(), "{text}");
}

#[test]
fn a_new_file_is_begun_where_nothing_stays() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("adding_new");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("new.root");
    add(&path);
    let size = std::fs::metadata(&path).expect("the file").len();
    add(&path);
    assert_eq!(std::fs::metadata(&path).expect("the file").len(), size, "nothing of the old file is kept");
    // An empty file is none.
    std::fs::write(&path, "").expect("a file");
    add(&path);
    assert_eq!(read(&path).len(), 5);
}

#[test]
fn files_that_cannot_be_added_to_are_refused() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("adding_refused");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("a.root");
    let whole = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/alias.root")).expect("the file");
    let refused = |bytes: &[u8], why: &str| {
        std::fs::write(&path, bytes).expect("a file");
        let error = Writer::add(&path, &["x"], Compression::Default).expect_err(why).to_string();
        assert!(error.contains(why) && error.contains("a.root"), "{error}");
        assert_eq!(std::fs::read(&path).expect("the file"), bytes, "the file is as it was");
    };
    refused(b"something else", "not a ROOT file");
    refused(&whole[..whole.len() - 10], "bytes");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 1, "nothing is left beside it");
}
