//! ROOT files as data sets: several objects in one file, ntuples, friends, files without rows.

use data::{Data, Loader, RootCompression, WriteRoot, load};
use hist::{Axis, Hist};
use polars::prelude::*;

fn data(rows: i64) -> Data {
    let lists: ListChunked =
        (0..rows).map(|row| Some(Series::new("".into(), vec![row as f32 / 2.0; (row % 3) as usize]))).collect();
    let texts: Vec<String> = (0..rows).map(|row| "x".repeat((row % 4) as usize)).collect();
    let frame = df!(
        "n" => (0..rows).collect::<Vec<_>>(),
        "x" => (0..rows).map(|row| row as f64 / 8.0).collect::<Vec<_>>(),
        "pt" => lists.into_series(),
        "name" => texts
    );
    Data::from_frames([("mumu", frame.expect("columns"))]).expect("a frame")
}

#[test]
fn objects_of_a_file_stay_when_others_are_added() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| format!("{}{name}", folder.path().join("all.root").display());
    let data = data(1_000);
    data.write_root(path(":tree")).expect("a tree");
    let options = WriteRoot::new().format("rntuple").compression(RootCompression::Lz4);
    assert_eq!(data.query("n < 600").write_root_with(path(":ntuple"), options).expect("an ntuple"), 600);
    let mut hist = Hist::new(Axis::regular(4, 0.0, 4.0).expect("an axis")).expect("a histogram");
    hist.fill(&[1.0, 2.0, 3.5]).expect("values");
    hist.write_root(path(""), "h").expect("a histogram");
    let same = |name: &str, rows: usize| {
        let found = load(path(name)).expect("the table").collect().expect("rows");
        let expected = data.collect().expect("rows").head(Some(rows));
        let columns = ["n", "x", "pt", "name"];
        assert!(found.select(columns).expect("columns").equals(&expected.select(columns).expect("columns")), "{name}");
    };
    same(":tree", 1_000);
    same(":ntuple", 600);
    let classes = || {
        let file = root::File::open(path("")).expect("the file");
        let mut all: Vec<_> = file.entries().into_iter().map(|entry| (entry.path, entry.class)).collect();
        all.sort();
        all
    };
    let entry = |name: &str, class: &str| (name.to_owned(), class.to_owned());
    // Beside each table stands what was before its cuts.
    let beside = |name: &str| entry(&format!("{name}_recoil_normalisation"), "TNamed");
    let tables = [entry("ntuple", "ROOT::RNTuple"), beside("ntuple"), entry("tree", "TTree"), beside("tree")];
    assert_eq!(classes(), [vec![entry("h", "TH1D")], tables.to_vec()].concat());
    // The same name again replaces one object and leaves the others.
    data.query("n < 10").write_root(path(":tree")).expect("a tree");
    same(":tree", 10);
    same(":ntuple", 600);
    assert_eq!(classes().len(), 5);
    // A file with nothing else is new, and does not grow.
    let alone = folder.path().join("alone.root");
    let size = || std::fs::metadata(&alone).expect("the file").len();
    data.write_root(&alone).expect("a tree");
    let before = size();
    data.write_root(&alone).expect("a tree");
    assert_eq!(size(), before);
}

#[test]
fn what_cannot_be_added_to_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.root");
    std::fs::write(&path, "no file of ROOT").expect("a file");
    let error = data(3).write_root(&path).expect_err("no ROOT file").to_string();
    assert!(error.contains("not a ROOT file"), "{error}");
    assert_eq!(std::fs::read(&path).expect("the file"), b"no file of ROOT");
    let error = data(3).write_root_with(folder.path().join("a.root"), WriteRoot::new().format("xml"));
    let error = error.expect_err("no such format").to_string();
    assert!(error.contains("\"xml\"") && error.contains("rntuple"), "{error}");
}

#[test]
fn friends_stand_beside_the_same_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    data(1_000).write_root(path("a.root:tree")).expect("a tree");
    let scores =
        df!("score" => (0..1_000).map(|row| f64::from(row % 10)).collect::<Vec<_>>(), "x" => vec![-1.0; 1_000]);
    let scores = Data::from_frames([("scores", scores.expect("columns"))]).expect("a frame");
    scores.write_root(path("b.root:scores")).expect("a tree");
    let both = load(path("a.root:tree")).expect("the tree").friend(path("b.root:scores"));
    assert_eq!(both.query("score == 3 & n < 500").count().expect("rows"), 50);
    // A name that both have: that of the friend has the name of its tree before it.
    let frame = both.query("score == 3").select(["n", "scores_x", "x"]).collect().expect("rows");
    assert_eq!(frame.height(), 100);
    assert_eq!(frame.column("n").expect("n").i64().expect("integers").get(1), Some(13));
    assert_eq!(frame.column("scores_x").expect("a column").f64().expect("floats").sum(), Some(-100.0));
    // Steps before do not move the rows.
    let behind = load(path("a.root:tree")).expect("the tree").query("n >= 990").friend(path("b.root:scores"));
    assert_eq!(behind.query("score >= 8").count().expect("rows"), 2);
    data(10).write_root(path("short.root:tree")).expect("a tree");
    let error = load(path("a.root:tree")).expect("the tree").friend(path("short.root")).count();
    let error = error.expect_err("other rows").to_string();
    assert!(error.contains("1000 rows") && error.contains("10") && error.contains("left_join"), "{error}");
}

/// A small file that ROOT wrote.
fn of_root(name: &str) -> String {
    recoil_tests::cases::project().join("prelude/root/tests/data").join(name).display().to_string()
}

/// A friend whose tree has an index is joined by it: the rows are those of ROOT's `GetEntryNumberFriend`.
#[test]
fn friends_with_an_index_are_found_by_it() {
    let events = load(format!("{}:events", of_root("index.root"))).expect("the tree");
    let both = events.friend(format!("{}:scores", of_root("index.root")));
    let frame = both.select(["x", "score", "name"]).collect().expect("rows");
    let scores: Vec<Option<f64>> = frame.column("score").expect("score").f64().expect("floats").iter().collect();
    let expected: Vec<Option<f64>> = (0..20).map(|row| (row % 3 != 2).then_some(100.0 + f64::from(row))).collect();
    assert_eq!(scores, expected);
    let names: Vec<Option<&str>> = frame.column("name").expect("name").str().expect("texts").iter().collect();
    assert_eq!(names[..4], [Some("n0"), Some("n1"), None, Some("n3")]);
    assert_eq!(both.query("score > 109.5 & x < 9").count().expect("rows"), 5);
    // One number, in another tree.
    let weighed = events.friend(format!("{}:by_event", of_root("index.root")));
    let frame = weighed.query("event >= 4").select(["event", "weight"]).collect().expect("rows");
    let weights: Vec<Option<i64>> = frame.column("weight").expect("weight").i64().expect("integers").iter().collect();
    let once = [None, Some(40), Some(30), Some(20), Some(10), Some(0)];
    assert_eq!(weights, [once, once].concat());
    // Without the columns of the index ROOT takes the same rows.
    let same = events.friend(format!("{}:other_names", of_root("index.root")));
    assert_eq!(same.query("x == 3.5").mean("weight").expect("a mean"), 70.0);
    let error = events.friend(format!("{}:by_expression", of_root("index.root"))).count();
    let error = error.expect_err("an expression").to_string();
    assert!(error.contains("`event + 1`") && error.contains("left_join"), "{error}");
    // Several files, of which each has its index.
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a.root", "b.root"] {
        std::fs::copy(of_root("index.root"), folder.path().join(name)).expect("a copy");
    }
    let glob = |tree: &str| format!("{}:{tree}", folder.path().join("*.root").display());
    let friends = Loader::new(glob("events")).one_process("mumu").load().expect("the files").friend(glob("scores"));
    assert_eq!(friends.query("score == 777").count().expect("rows"), 0);
    assert_eq!(friends.query("score == 107").count().expect("rows"), 2);
}

/// Bytes that are not UTF-8 stay what they are, and the run says so.
#[test]
fn texts_that_are_not_utf8_are_kept_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let texts = ["K\u{f6}ln", "abc", "\u{e9}"];
    let bytes: Vec<Vec<u8>> = texts.iter().map(|text| text.chars().map(|c| c as u8).collect()).collect();
    let columns = [
        ("city".to_owned(), root::Type::Text),
        ("plain".to_owned(), root::Type::Text),
        ("n".to_owned(), root::Type::I32),
    ];
    let text = |rows: &[Vec<u8>]| {
        let mut all = root::Text { offsets: vec![0], bytes: Vec::new() };
        for row in rows {
            all.bytes.extend_from_slice(row);
            all.offsets.push(all.bytes.len() as i64);
        }
        root::Values::Text(all)
    };
    let rows = || vec![text(&bytes), text(&vec![b"plain".to_vec(); 3]), root::Values::I32(vec![1, 2, 3])];
    let path = folder.path().join("old.root");
    let mut file = root::Writer::create(&path, RootCompression::default()).expect("a file");
    let mut tree = root::TreeWriter::new("tree", &columns).expect("columns");
    tree.push(&mut file, rows()).expect("rows");
    tree.finish(&mut file).expect("a tree");
    let mut ntuple = root::NtupleWriter::new("ntuple", &columns).expect("columns");
    ntuple.push(&mut file, rows()).expect("rows");
    ntuple.finish(&mut file).expect("an ntuple");
    file.finish().expect("the file");
    for table in ["tree", "ntuple"] {
        let data = load(format!("{}:{table}", path.display())).expect("the table");
        let frame = data.collect().expect("rows");
        let found: Vec<_> = frame.column("city").expect("city").str().expect("texts").iter().flatten().collect();
        assert_eq!(found, texts, "{table}");
        let notes = |cut: &str| {
            let hist = data.query(cut).hist("n", (3, 0.5, 3.5)).expect("a histogram");
            let notes = hist.performance_report().notes.clone();
            (hist.entries(), notes.into_iter().filter(|note| note.contains("UTF-8")).collect::<Vec<_>>())
        };
        let (entries, said) = notes("city == 'K\u{f6}ln' & plain == 'plain'");
        assert_eq!(entries, 1);
        let [note] = &said[..] else { panic!("once per column: {said:?}") };
        assert!(note.contains(&format!("old.root:{table}: 2 texts of column `city` are not UTF-8")), "{note}");
        // A run that does not read the column says nothing of it.
        assert_eq!(notes("plain == 'plain'"), (3, Vec::new()));
    }
}

/// What is no column is listed with its type and the reason, and asking for it says that.
#[test]
fn branches_that_are_no_columns_are_listed() {
    let data = load(of_root("leaf_lists.root")).expect("the tree");
    let listed = show::Display::bundle(&data.columns()).data["text/plain"].to_string();
    assert!(listed.contains("clones") && listed.contains("TClonesArray") && listed.contains("split level"), "{listed}");
    assert!(data.columns().iter().any(|name| name == "h.x"), "{listed}");
    let error = data.query("clones > 0").count().expect_err("no column").to_string();
    assert!(error.contains("TClonesArray") && error.contains("split level"), "{error}");
    let alternatives = load(of_root("variants.root")).expect("the ntuple");
    assert_eq!(alternatives.query("len(`v._0`) == 1").count().expect("rows"), 15);
}

#[test]
fn files_without_rows_are_left_out_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("mumu");
    std::fs::create_dir(&dir).expect("a folder");
    data(100).write_root(dir.join("a.root:t")).expect("a tree");
    data(50).write_root(dir.join("c.root:t")).expect("a tree");
    // A job that found nothing wrote a branch of another type.
    let nothing = df!("n" => Vec::<f32>::new(), "other" => Vec::<i32>::new()).expect("columns");
    let nothing = Data::from_frames([("mumu", nothing)]).expect("a frame");
    assert_eq!(nothing.write_root(dir.join("b.root:t")).expect("a tree"), 0);
    let glob = format!("{}:t", folder.path().join("mumu/*.root").display());
    let all = Loader::new(glob).one_process("mumu").load().expect("the files");
    assert_eq!(all.count().expect("rows"), 150);
    assert_eq!(all.collect().expect("rows").column("n").expect("n").dtype(), &DataType::Int64);
    let said = show::Display::bundle(&all.processes()).data["text/plain"].to_string();
    assert!(said.contains("without rows are left out: b.root"), "{said}");
}

#[test]
fn bounds_that_were_learned_change_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.root");
    let n: Vec<i64> = (0..300_000).collect();
    let x: Vec<f64> = n.iter().map(|n| if n % 7 == 0 { f64::NAN } else { *n as f64 }).collect();
    let frame = df!("n" => n, "x" => x).expect("columns");
    Data::from_frames([("mumu", frame)]).expect("a frame").write_root(&path).expect("a tree");
    let data = load(&path).expect("the tree");
    let ask = |cut: &str| data.query(cut).count().expect("rows");
    let all = ["x > 250000", "n >= 299999", "~(x < 1e9)", "x < 0", "n < 10 & x > 5"];
    let first: Vec<_> = all.iter().map(|cut| ask(cut)).collect();
    assert_eq!(first, [49_999 - 7_143, 1, 42_858, 0, 3]);
    let again: Vec<_> = all.iter().map(|cut| ask(cut)).collect();
    assert_eq!(first, again);
}
