//! The table of bad input: each case, and what it says.

use data::load;
use polars::prelude::*;
use std::path::Path;

fn write(path: &Path, frame: &mut DataFrame) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(frame).unwrap();
}

fn frame() -> DataFrame {
    df!("pRecoil" => [1.0, 2.0, 3.0], "mu1P" => [0.5, 1.5, f64::NAN], "none" => [f64::NAN; 3]).unwrap()
}

/// A directory with one process, and the text of an error that must come.
fn message<T>(result: data::Result<T>) -> String {
    match result {
        Ok(_) => panic!("this must fail"),
        Err(error) => error.to_string(),
    }
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not said in: {text}");
    }
}

#[test]
fn a_missing_column_has_a_caret_and_a_suggestion() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet"), &mut frame());
    let data = load(root.path()).unwrap();
    says(&message(data.query("pRecol > 2 & mu1P < 1").count()), &["pRecol > 2", "^^^^^^", "pRecoil"]);
    says(&message(data.hist("pRecol", 50)), &["no column `pRecol`", "did you mean `pRecoil`"]);
}

#[test]
fn a_misspelt_group_lists_the_nearest() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet"), &mut frame());
    let data = load(root.path()).unwrap();
    says(&message(data["mumuu"].count()), &["no group or process `mumuu`", "did you mean `mumu`"]);
    says(&message(data.group("zzzzzz").hist("pRecoil", 3)), &["there are the groups all, mumu"]);
}

#[test]
fn files_that_disagree_are_named_with_the_column() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("P16M16rd_mc_mumu_p16_v1");
    write(&folder.join("a.parquet"), &mut frame());
    write(&folder.join("b.parquet"), &mut df!("pRecoil" => [1_i32], "mu1P" => [0.5], "none" => [0.5]).unwrap());
    says(&message(load(root.path())), &["b.parquet", "`pRecoil`", "i32", "f64", "P16M16rd_mc_mumu_p16_v1"]);
}

#[test]
fn a_truncated_parquet_is_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet");
    write(&path, &mut frame());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    says(&message(load(root.path())), &["a.parquet"]);
}

#[test]
fn a_directory_without_tables_and_a_path_that_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    says(&message(load(root.path())), &["nothing to read", "it is empty"]);
    says(&message(load(root.path().join("ntuple"))), &["no file or directory"]);
    std::fs::write(root.path().join("x.hipo"), b"x").unwrap();
    says(&message(load(root.path().join("x.hipo"))), &["hipo(..)"]);
}

#[test]
fn zero_rows_and_columns_of_nan_are_answers() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet"), &mut frame());
    write(&root.path().join("P16M16rd_mc_ee_p16_v1/a.parquet"), &mut frame().head(Some(0)));
    let data = load(root.path()).unwrap();
    assert_eq!(data["ee"].count().unwrap(), 0);
    assert_eq!(data["ee"].hist("pRecoil", (3, 0.0, 1.0)).unwrap().sum(), 0.0);
    assert_eq!(data.query("pRecoil > 1").count().unwrap(), 2);
    let nan = data["mumu"].hist("none", (3, 0.0, 1.0)).unwrap();
    assert_eq!((nan.sum(), nan.nan()), (0.0, 3.0));
    assert_eq!(data["mumu"].hist("none", 3).unwrap().nan(), 3.0);
}

#[test]
fn a_root_file_that_cannot_be_read_says_what_to_do() {
    let sample = recoil_tests::cases::project().join("../shared/samples/uproot-HZZ-zstd.root");
    if !sample.exists() {
        return recoil_tests::skipped("ROOT with ZSTD", "no shared samples");
    }
    says(&message(load(&sample)), &["uproot-HZZ-zstd.root", "ZSTD"]);
}

#[test]
fn a_number_is_no_selection() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet"), &mut frame());
    says(&message(load(root.path()).unwrap().query("pRecoil").count()), &["not a condition", "pRecoil"]);
}
