//! Reading ahead, and bounds that are kept.

use super::{Compression, Writer, open};
use crate::source::Source;
use polars::prelude::*;
use segment::Scalar;
use std::path::Path;
use std::sync::Arc;

const ROWS: i64 = 1 << 20;

/// A tree with two columns of numbers that are not packed.
fn write(path: &Path) {
    let x: Vec<f64> = (0..ROWS).map(|row| row as f64 * 0.5).collect();
    let frame = df!("x" => x, "n" => (0..ROWS).collect::<Vec<_>>()).unwrap();
    let mut writer = Writer::create(path, frame.schema(), Compression::None).unwrap();
    writer.push(&frame).unwrap();
    writer.finish().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn baskets_that_are_expected_are_read_ahead() {
    use crate::ahead::tests::{arrives, evict, folder};
    let folder = folder();
    let path = folder.path().join("a.root");
    write(&path);
    let source = open(&path, None).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    if !evict(&file) {
        return eprintln!("skipped: files of this folder cannot leave the page cache");
    }
    let table = ::root::File::open(&path).unwrap().table("tree").unwrap();
    assert!(evict(&file));
    let last = source.segments().len() - 1;
    let rows = source.segments()[last].rows.clone();
    let x = table.columns().iter().position(|column| column.name == "x").unwrap();
    source.expect(last, &["x".into()], 0..(rows.end - rows.start) as usize);
    for range in table.ranges(&[x], rows) {
        // The system need not read the page in which the part ends.
        let pages = ((range.end - range.start) / 4_096) as usize;
        assert!(pages > 100 && arrives(&file, &range, pages), "{range:?}");
    }
    // How much the system reads around it is its own choice: here up to 8 MB.
}

#[test]
fn bounds_are_kept_of_segments_that_were_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.root");
    write(&path);
    let source = open(&path, None).unwrap();
    assert!(source.segments().len() > 1);
    let rows = source.segments()[1].rows.clone();
    source.read(1, &["x".into()], 0..10).unwrap();
    assert_eq!(source.learned(1), None);
    source.read(1, &["x".into()], 0..(rows.end - rows.start) as usize).unwrap();
    let known = source.learned(1).unwrap();
    let bounds = &known.columns["x"];
    let (low, high) = (rows.start as f64 * 0.5, (rows.end - 1) as f64 * 0.5);
    assert_eq!((&bounds.min, &bounds.max), (&Some(Scalar::Float(low)), &Some(Scalar::Float(high))));
    assert_eq!((known.columns.len(), source.learned(0)), (1, None));
}

/// A tree of a small file that ROOT wrote.
fn of_root(tree: &str) -> Arc<dyn Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../root/tests/data/index.root");
    Arc::new(open(path, Some(tree)).unwrap())
}

/// The rows are those of ROOT's `GetEntryNumberFriend`.
#[test]
fn a_friend_is_found_by_the_index_of_its_tree() {
    let both = crate::beside(of_root("events"), of_root("scores"), "scores").unwrap();
    let names: Vec<PlSmallStr> = ["score", "x", "name", "scores_run"].map(Into::into).to_vec();
    let frame = both.read(0, &names, 0..20).unwrap();
    let scores: Vec<Option<f64>> = frame.column("score").unwrap().f64().unwrap().iter().collect();
    let expected: Vec<Option<f64>> = (0..20).map(|row| (row % 3 != 2).then_some(100.0 + f64::from(row))).collect();
    assert_eq!(scores, expected);
    assert_eq!(frame.column("x").unwrap().f64().unwrap().get(19), Some(9.5));
    assert_eq!(frame.column("name").unwrap().str().unwrap().get(4), Some("n4"));
    assert_eq!(frame.column("scores_run").unwrap().i32().unwrap().get(12), Some(2));
    let picked = both.pick(0, &names, &[2, 3, 19]).unwrap();
    let scores: Vec<Option<f64>> = picked.column("score").unwrap().f64().unwrap().iter().collect();
    assert_eq!(scores, [None, Some(103.0), Some(119.0)]);
    // Rows that the friend does not have at all.
    let none = both.read(0, &names[..1], 2..3).unwrap();
    assert_eq!((none.height(), none.column("score").unwrap().null_count()), (1, 1));
    // Without the columns of the index the rows are the same; over an expression there is no way.
    let same = crate::beside(of_root("events"), of_root("other_names"), "n").unwrap();
    let weights = same.read(0, &["weight".into()], 7..8).unwrap();
    assert_eq!(weights.column("weight").unwrap().i64().unwrap().get(0), Some(70));
    let error = crate::beside(of_root("events"), of_root("by_expression"), "n").unwrap_err().to_string();
    assert!(error.contains("`event + 1`") && error.contains("left_join"), "{error}");
    let chained = crate::chain(vec![of_root("scores"), of_root("scores")]).unwrap();
    let two = crate::beside(of_root("events"), chained, "scores").unwrap();
    assert_eq!(two.read(0, &names[..1], 0..20).unwrap(), frame.select(["score"]).unwrap());
}

#[test]
fn texts_that_are_not_utf8_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.root");
    let columns = [("city".to_owned(), ::root::Type::Text), ("plain".to_owned(), ::root::Type::Text)];
    let text = |bytes: &[u8], end: i64| ::root::Text { offsets: vec![0, 1, end], bytes: bytes.to_vec() };
    let rows = vec![::root::Values::Text(text(b"aK\xf6ln", 5)), ::root::Values::Text(text(b"ab", 2))];
    let mut file = ::root::Writer::create(&path, Compression::Default).unwrap();
    let mut tree = ::root::TreeWriter::new("t", &columns).unwrap();
    tree.push(&mut file, rows).unwrap();
    tree.finish(&mut file).unwrap();
    file.finish().unwrap();
    let source = open(&path, None).unwrap();
    let names: Vec<PlSmallStr> = ["city", "plain"].map(Into::into).to_vec();
    assert!(source.remarks(&names).is_empty());
    let frame = source.read(0, &names, 0..2).unwrap();
    assert_eq!(frame.column("city").unwrap().str().unwrap().get(1), Some("K\u{f6}ln"));
    let said = source.remarks(&names);
    assert!(said.len() == 1 && said[0].contains("1 text of column `city` is not UTF-8"), "{said:?}");
    assert!(source.remarks(&names[1..]).is_empty());
}
