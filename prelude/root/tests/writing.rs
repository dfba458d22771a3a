//! Files that are written are read again, here and by the programs they are written for.

use root::{Axis, Compression, Hist, Profile, Text, TreeWriter, Type, Values, Writer};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own for a test, emptied.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn columns() -> Vec<(String, Type)> {
    let named = |name: &str, of: Type| (name.to_owned(), of);
    vec![
        named("x", Type::F64),
        named("e", Type::U32),
        named("big", Type::I64),
        named("small", Type::I8),
        named("ok", Type::Bool),
        named("name", Type::Text),
        named("pt", Type::List(Box::new(Type::F32))),
        named("good", Type::List(Box::new(Type::Bool))),
        named("p", Type::Fixed(Box::new(Type::I16), 3)),
    ]
}

/// Rows `from` to `to` of all columns.
fn rows(from: usize, to: usize) -> Vec<Values> {
    let all = from..to;
    let mut offsets = vec![0];
    let (mut pt, mut good) = (Vec::new(), Vec::new());
    let mut text = Text { offsets: vec![0], bytes: Vec::new() };
    for row in all.clone() {
        for at in 0..row % 4 {
            pt.push(row as f32 + at as f32 / 4.0);
            good.push((row + at) % 3 == 0);
        }
        offsets.push(pt.len() as i64);
        // Empty, short, and longer than one byte can say.
        let length = [0, 3, 300][row % 3];
        text.bytes.extend(std::iter::repeat_n(b'a' + (row % 26) as u8, length));
        text.offsets.push(text.bytes.len() as i64);
    }
    vec![
        Values::F64(all.clone().map(|row| row as f64 / 8.0).collect()),
        Values::U32(all.clone().map(|row| u32::MAX - row as u32).collect()),
        Values::I64(all.clone().map(|row| -(1i64 << 40) * row as i64).collect()),
        Values::I8(all.clone().map(|row| row as i8).collect()),
        Values::Bool(all.clone().map(|row| row % 3 == 0).collect()),
        Values::Text(text),
        Values::List { offsets: offsets.clone(), values: Box::new(Values::F32(pt)) },
        Values::List { offsets, values: Box::new(Values::Bool(good)) },
        Values::Fixed {
            size: 3,
            rows: all.len(),
            values: Box::new(Values::I16(all.flat_map(|row| (0..3).map(move |at| (row * 3 + at) as i16)).collect())),
        },
    ]
}

const ROWS: usize = 300_000;

fn write(path: &Path, compression: Compression) {
    let mut file = Writer::create(path, compression).expect("a file");
    let mut tree = TreeWriter::new("events", &columns()).expect("columns");
    for from in (0..ROWS).step_by(70_001) {
        tree.push(&mut file, rows(from, (from + 70_001).min(ROWS))).expect("rows");
    }
    assert_eq!(tree.finish(&mut file).expect("a tree"), ROWS as u64);
    let hist = Hist {
        title: "one axis".into(),
        axes: vec![Axis { title: "x".into(), edges: vec![0.0, 1.0, 2.0, 4.0], regular: false }],
        values: vec![1.0, 2.0, 3.5, 4.0, 5.0],
        variances: Some(vec![1.0, 2.5, 3.0, 4.0, 5.0]),
        entries: 15.0,
    };
    file.hist("h1", &hist).expect("a histogram");
    let regular = |edges: &[f64]| Axis { title: "y".into(), edges: edges.to_vec(), regular: true };
    let values: Vec<f64> = (0..20).map(f64::from).collect();
    let two = Hist {
        title: "two axes".into(),
        axes: vec![regular(&[0.0, 1.0, 2.0, 3.0]), regular(&[0.0, 2.0, 4.0])],
        values,
        variances: None,
        entries: 190.0,
    };
    file.hist("h2", &two).expect("a histogram");
    let profile = Profile {
        title: "profile".into(),
        axis: regular(&[0.0, 1.0, 2.0]),
        sums: vec![0.0, 6.0, 5.0, 0.0],
        squares: vec![0.0, 14.0, 13.0, 0.0],
        weights: vec![0.0, 3.0, 2.0, 0.0],
        weights2: vec![0.0, 3.0, 2.0, 0.0],
        entries: 5.0,
    };
    file.profile("p", &profile).expect("a profile");
    file.finish().expect("the file");
}

fn all() -> [(&'static str, Compression); 4] {
    [
        ("zstd", Compression::Zstd(3)),
        ("zlib", Compression::Zlib(1)),
        ("lz4", Compression::Lz4),
        ("none", Compression::None),
    ]
}

#[test]
fn what_is_written_is_read_again() {
    let folder = folder("read_again");
    for (name, compression) in all() {
        let path = folder.join(format!("{name}.root"));
        write(&path, compression);
        let file = root::File::open(&path).expect("the file");
        assert!(!file.recovered());
        let table = file.table("events").expect("the tree");
        assert_eq!(table.rows(), ROWS as u64);
        assert!(table.clusters().len() > 1, "{:?}", table.clusters());
        assert!(table.skipped().is_empty(), "{:?}", table.skipped());
        let expected = rows(0, ROWS);
        for ((column, of), expected) in columns().iter().zip(expected) {
            let position = table.columns().iter().position(|one| one.name == *column).expect("the column");
            assert_eq!(table.columns()[position].of, *of);
            let values = table.read(&[position], 0..table.rows()).expect("values");
            assert!(values[0] == expected, "{name}: {column} has other values");
        }
    }
}

/// Whole baskets are decoded into their places, parts of baskets are not.
#[test]
fn rows_out_of_the_middle_are_those_of_whole_baskets() {
    let folder = folder("middle");
    let mut random = 7u64;
    let mut below = |end: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % end
    };
    for (name, compression) in all() {
        let path = folder.join(format!("{name}.root"));
        write(&path, compression);
        let table = root::File::open(&path).and_then(|file| file.table("events")).expect("the tree");
        let positions: Vec<usize> = (0..table.columns().len()).collect();
        let order = |values: Vec<Values>| -> Vec<(String, Values)> {
            table.columns().iter().map(|column| column.name.clone()).zip(values).collect()
        };
        for _ in 0..20 {
            let from = below(ROWS);
            let to = from + below((ROWS - from).min(90_000) + 1);
            let found = order(table.read(&positions, from as u64..to as u64).expect("values"));
            let expected = columns().into_iter().map(|(name, _)| name).zip(rows(from, to));
            for (column, expected) in expected {
                let values = found.iter().find(|(found, _)| *found == column).map(|(_, values)| values);
                assert!(values == Some(&expected), "{name}: {column} has other values in {from}..{to}");
            }
        }
    }
}

#[test]
fn a_file_that_is_not_finished_leaves_nothing() {
    let folder = folder("unfinished");
    let mut file = Writer::create(folder.join("a.root"), Compression::Default).expect("a file");
    let mut tree = TreeWriter::new("t", &columns()).expect("columns");
    tree.push(&mut file, rows(0, 10)).expect("rows");
    drop(file);
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0);
}

#[test]
fn what_cannot_be_written_is_said() {
    let nested = [("vv".to_owned(), Type::List(Box::new(Type::List(Box::new(Type::F32)))))];
    let error = TreeWriter::new("t", &nested).expect_err("lists of lists").to_string();
    assert!(error.contains("`vv` is list[list[f32]]"), "{error}");
}

/// ROOT and uproot read the same: `RECOIL_ROOT_PYTHON` names a Python that has them.
#[test]
fn other_programs_read_what_is_written() {
    let Some(python) = std::env::var_os("RECOIL_ROOT_PYTHON") else {
        println!("skipped: set RECOIL_ROOT_PYTHON to a Python with uproot (and ROOT)");
        return;
    };
    let folder = folder("peers");
    for (name, compression) in all() {
        write(&folder.join(format!("{name}.root")), compression);
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers.py");
    let output = Command::new(python).arg(script).arg(&folder).output().expect("Python runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{text}");
    assert!(output.status.success(), "{text}");
}
