//! What the names of folders say: columns, parts of a process, and one table that is found twice.

use data::{Data, Loader, load};
use flow::sum;
use polars::prelude::*;
use std::path::Path;

fn write(path: &Path, x: &[f64]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut frame = df!("x" => x, "__event__" => (0..x.len() as i64).collect::<Vec<_>>()).unwrap();
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

fn listing(data: &Data) -> String {
    show::Display::bundle(&data.processes()).plain().to_owned()
}

fn hive() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (folder, x) in [
        ("year=2020/city=K%C3%B6ln", [1.0, 2.0]),
        ("year=2020/city=x%3Dy", [3.0, 4.0]),
        ("year=2021/city=K%C3%B6ln", [5.0, 6.0]),
        ("year=__HIVE_DEFAULT_PARTITION__/city=b", [7.0, 8.0]),
    ] {
        write(&root.path().join("table").join(folder).join("a.parquet"), &x);
    }
    root
}

#[test]
fn folders_are_columns_in_cuts_groups_frames_and_histograms() {
    let root = hive();
    let data = load(root.path().join("table")).unwrap();
    assert_eq!(data.processes(), ["table"]);
    assert_eq!(data.columns(), ["x", "__event__", "year", "city"]);
    assert_eq!(data.count().unwrap(), 8);
    assert_eq!(data.query("year == 2020").count().unwrap(), 4);
    assert_eq!(data.query("city == 'Köln' & x > 1.5").count().unwrap(), 3);
    assert_eq!(data.query("year > 2020 or x < 2").count().unwrap(), 3);
    assert_eq!(data.define("next", "year + 1").query("next == 2022").count().unwrap(), 2);
    let h = data.hist("year", (2, 2019.5, 2021.5)).unwrap();
    assert_eq!(h.counts(), [4.0, 2.0]);
    let groups = data.group_by("city").agg(sum("x")).unwrap();
    let city: Vec<_> = groups.column("city").unwrap().str().unwrap().iter().flatten().collect();
    assert_eq!(
        (city, groups.column("x").unwrap().f64().unwrap().to_vec()),
        (vec!["Köln", "b", "x=y"], vec![Some(14.0), Some(15.0), Some(7.0)])
    );
    let frame = data.collect().unwrap();
    assert_eq!(frame.column("year").unwrap().dtype(), &DataType::Int64);
    assert_eq!(frame.column("year").unwrap().null_count(), 2);
    assert!(data.lazy().collect().unwrap().equals_missing(&frame));
    assert!(data.select(["year"]).collect().unwrap().equals_missing(&frame.select(["year"]).unwrap()));
    assert_eq!(data.one_cand_only().query("year == 2021").count().unwrap(), 0, "event keys are the files' own");
}

#[test]
fn a_cut_on_a_folder_reads_no_other() {
    let root = hive();
    let data = load(root.path().join("table")).unwrap();
    let first = data.query("year == 2021").hist("x", (2, 0.0, 8.0)).unwrap();
    let text = show::Display::bundle(&first.performance_report()).plain().to_owned();
    // Where the folders of other years cannot be opened anymore, the answer is the same: they are not read.
    for folder in ["year=2020/city=K%C3%B6ln", "year=2020/city=x%3Dy", "year=__HIVE_DEFAULT_PARTITION__/city=b"] {
        std::fs::remove_file(root.path().join("table").join(folder).join("a.parquet")).unwrap();
    }
    let h = data.query("year == 2021 & x > 0").hist("x", (2, 0.0, 8.0)).unwrap();
    assert_eq!(h.counts(), [0.0, 2.0], "{text}");
    assert!(data.query("year == 2020 & x > 0").count().is_err());
}

#[test]
fn processes_keep_their_names_beside_columns_of_folders() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("sample_name=mumu/year=2020/a.parquet"), &[1.0]);
    write(&root.path().join("sample_name=mumu/year=2021/a.parquet"), &[2.0]);
    write(&root.path().join("ee/a.parquet"), &[3.0]);
    let data = load(root.path()).unwrap();
    assert_eq!(data.processes(), ["ee", "mumu"]);
    assert_eq!(data["mumu"].query("year == 2021").count().unwrap(), 1);
    assert_eq!(data["ee"].query("year == 2021").count().unwrap(), 0, "missing where no folder says it");
}

#[test]
fn a_column_of_the_files_goes_before_that_of_the_folders() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("t/x=5/a.parquet"), &[1.0]);
    let data = load(root.path().join("t")).unwrap();
    assert_eq!(data.query("x == 1").count().unwrap(), 1);
    assert!(listing(&data).contains("`x=`"), "{}", listing(&data));
}

#[test]
fn parts_of_a_project_are_one_process_and_other_trees_by_option() {
    let root = tempfile::tempdir().unwrap();
    for part in ["proj/sub00/a.parquet", "proj/sub01/b.parquet", "jobs/one/a.parquet", "jobs/two/b.parquet"] {
        write(&root.path().join(part), &[1.0, 2.0]);
    }
    let data = load(root.path().join("proj")).unwrap();
    assert_eq!((data.processes().len(), data["proj"].count().unwrap()), (1, 4));
    assert!(listing(&data).contains("2 folders are one process"), "{}", listing(&data));
    assert_eq!(load(root.path().join("jobs")).unwrap().processes(), ["one", "two"]);
    let jobs = Loader::new(root.path().join("jobs")).one_process("jobs").load().unwrap();
    assert_eq!((jobs.processes().to_vec(), jobs.count().unwrap()), (vec!["jobs".to_owned()], 4));
}

#[test]
fn a_table_beside_its_conversion_is_refused() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("mumu.parquet"), &[1.0]);
    std::fs::write(root.path().join("mumu.csv"), "x,__event__\n1.0,0\n").unwrap();
    let error = load(root.path()).err().expect("an error").to_string();
    for part in ["process mumu is found twice", "mumu.parquet", "mumu.csv", "ending(\"csv\")"] {
        assert!(error.contains(part), "`{part}` is not said in: {error}");
    }
    let one = Loader::new(root.path()).ending("parquet").load().unwrap();
    assert_eq!(one.count().unwrap(), 1);
    assert!(listing(&one).contains("mumu.csv"), "{}", listing(&one));
    assert_eq!(load(root.path().join("*.parquet")).unwrap().count().unwrap(), 1);
    std::fs::remove_file(root.path().join("mumu.csv")).unwrap();
    write(&root.path().join("mumu/events.parquet"), &[1.0]);
    assert!(load(root.path()).err().expect("an error").to_string().contains("events.parquet"));
}

/// Event keys that two files of one process share are said by the first pass that reads keys, with both files; keys that
/// come back in one file, and equal keys in two processes, are no sign of a copy.
#[test]
fn equal_event_keys_in_two_files_of_a_process_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, events: &[i64]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut frame = df!("__experiment__" => vec![7; events.len()], "__run__" => vec![1; events.len()],
            "__event__" => events, "x" => vec![0.5; events.len()])
        .unwrap();
        ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
    };
    file("copied/a.parquet", &[1, 1, 2, 3]);
    file("copied/b.parquet", &[3, 2, 9]);
    file("apart/a.parquet", &[1, 2, 1]);
    file("apart/b.parquet", &[5, 6]);
    file("sound/a.parquet", &[1, 2, 2]);
    let said = |name: &str| {
        let data = load(folder.path()).unwrap();
        let hist = data[name].one_cand_only().hist("x", (1, 0.0, 1.0)).unwrap();
        (hist.sum(), show::Display::bundle(hist.performance_report()).plain().to_owned())
    };
    let (events, report) = said("copied");
    assert_eq!(events, 4.0, "one candidate of each key");
    for part in ["are in several files", "a.parquet", "b.parquet", "the same events twice"] {
        assert!(report.contains(part), "`{part}` is not said in: {report}");
    }
    let (events, report) = said("apart");
    assert_eq!(events, 4.0);
    assert!(report.contains("separate runs of rows") && !report.contains("several files"), "{report}");
    assert!(!said("sound").1.contains("separate runs"));
    let all = load(folder.path()).unwrap().one_cand_only().hist("x", (1, 0.0, 1.0)).unwrap();
    assert_eq!(all.sum(), 4.0 + 4.0 + 2.0, "equal keys of two processes are two events");
}
