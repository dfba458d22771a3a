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
fn what_is_wrong_in_every_process_names_none() {
    let other = df!("pRecoil" => [1.0], "extra" => [1.0]).unwrap();
    let data = data::Data::from_frames([("mumu", frame()), ("taupair", other)]).unwrap();
    let everywhere = message(data.query("nothing > 2").count());
    assert!(everywhere.contains("no column `nothing`") && !everywhere.contains("in process"), "{everywhere}");
    let one = message(data.query("mu1P > 2").count());
    says(&one, &["in process taupair", "no column `mu1P`"]);
    says(&message(data.group("charged").count()), &["there are the groups all", "the processes mumu, taupair"]);
}

#[test]
fn a_head_of_few_rows_shows_its_rows() {
    let data = data::Data::from_frames([("mumu", frame())]).unwrap();
    let text = |group: &data::Group| show::Display::bundle(group).get("text/plain").unwrap_or_default().to_owned();
    let shown = text(&data.head(2));
    assert!(shown.contains("pRecoil") && shown.contains("0.5") && shown.contains("2 rows"), "{shown}");
    assert!(!text(&data.query("pRecoil > 1")).contains("0.5"));
}

#[test]
fn files_that_disagree_are_named_with_the_column() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("P16M16rd_mc_mumu_p16_v1");
    write(&folder.join("a.parquet"), &mut frame());
    write(&folder.join("b.parquet"), &mut df!("pRecoil" => ["1"], "mu1P" => [0.5], "none" => [0.5]).unwrap());
    says(
        &message(load(root.path())),
        &["a.parquet", "b.parquet", "`pRecoil`", "str", "f64", "P16M16rd_mc_mumu_p16_v1"],
    );
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
fn a_branch_that_is_no_column_says_why() {
    let files = recoil_tests::cases::project().join("prelude/root/tests/data");
    let data = load(files.join("branches_differ.root")).unwrap();
    assert_eq!(data.query("x >= 40").count().unwrap(), 60);
    says(&message(data.query("y > 1").count()), &["no column `y`", "it has 60 entries and the tree 100"]);
    let told = show::Display::bundle(&data.columns()).data["text/plain"].to_string();
    assert!(told.contains("column `y` of type double is not supported"), "{told}");
    let both = files.join("directory_and_top.root").display().to_string();
    says(&message(load(&both)), &["several trees: `ntuple`, `sub/other`", "directory_and_top.root:ntuple"]);
    assert_eq!(load(format!("{both}:sub/other")).unwrap().count().unwrap(), 20);
    let arrays = load(files.join("arrays.root")).unwrap().collect().unwrap();
    let AnyValue::List(row) = arrays.column("pt").unwrap().get(3).unwrap() else { panic!("{arrays}") };
    assert_eq!(row.f32().unwrap().iter().collect::<Vec<_>>(), [Some(3.0), Some(3.5), Some(4.0)]);
}

#[test]
fn a_file_without_the_tree_is_left_out_and_said() {
    let from = recoil_tests::cases::project().join("prelude/root/tests/data");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("sig")).unwrap();
    for (file, name) in [("alias.root", "a.root"), ("branches_differ.root", "b.root"), ("strings.root", "c.root")] {
        std::fs::copy(from.join(file), folder.path().join("sig").join(name)).unwrap();
    }
    let data = load(format!("{}/sig/*.root:ntuple", folder.path().display()));
    let told = match &data {
        Ok(data) => show::Display::bundle(&data.processes()).data["text/plain"].to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(data.unwrap().query("x < 10").count().unwrap(), 20, "{told}");
    assert!(told.contains("ROOT files without the tree") && told.contains("c.root"), "{told}");
}

#[test]
fn rows_are_written_as_a_tree_and_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.root");
    let frame =
        df!("x" => [1.0, 2.0, f64::NAN], "n" => [1i32, 2, 3], "name" => ["a", "", "ä"], "ok" => [true, false, true]);
    let lists = [vec![1.5f32, 2.5], vec![], vec![3.5]].map(|row| Series::new("".into(), row));
    let mut frame = frame.unwrap();
    frame.with_column(Series::new("pt".into(), lists).into()).unwrap();
    let data = data::Data::from_frames([("all", frame.clone())]).unwrap();
    assert_eq!(data.query("n != 2").write_root(format!("{}:events", path.display())).unwrap(), 2);
    let back = load(format!("{}:events", path.display())).unwrap();
    let read = back.collect().unwrap();
    let rows = frame.filter(&frame.column("n").unwrap().i32().unwrap().not_equal(2)).unwrap();
    let same = |name: &str| read.column(name).unwrap().equals_missing(rows.column(name).unwrap());
    assert!(["x", "n", "name", "ok", "pt"].iter().all(|name| same(name)), "{read}");
    let dates = df!("t" => [1i64]).unwrap().lazy().with_column(col("t").cast(DataType::Date)).collect().unwrap();
    let dates = data::Data::from_frames([("all", dates)]).unwrap();
    says(&message(dates.write_root(folder.path().join("no.root"))), &["column `t` is date", "cast it"]);
    assert!(!folder.path().join("no.root").exists());
}

#[test]
fn a_number_is_no_selection() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("P16M16rd_mc_mumu_p16_v1/a.parquet"), &mut frame());
    says(&message(load(root.path()).unwrap().query("pRecoil").count()), &["not a condition", "pRecoil"]);
}

#[test]
fn what_cannot_be_filled_or_weighted_is_said_before_anything_is_read() {
    let frame = df!("x" => [1.0, f64::NAN], "s" => ["a", "b"], "w" => [Some(2.0), None]).unwrap();
    let data = data::Data::from_frames([("all rows", frame.clone()), ("no rows", frame.head(Some(0)))]).unwrap();
    let none = &data["no rows"];
    for group in [none, data.all()] {
        says(&message(group.hist("s", 5)), &["column `s` is str, not numbers"]);
        says(&message(group.hist("s", (5, 0.0, 1.0))), &["column `s` is str, not numbers"]);
        says(&message(group.hist("x", hist::Axis::category(["a"]))), &["text categories", "column `x` is f64"]);
        says(&message(group.profile("x", 5, "s")), &["column `s` is str"]);
        says(&message(group.hist2d("x", 5, "s", 5)), &["column `s` is str"]);
        says(&message(group.weight("s").hist("x", 5)), &["weight s", "it is str"]);
        says(&message(group.filter(col("x")).count()), &["filter col(\"x\")", "Boolean"]);
    }
    let text = message(data.filter(col("x")).count());
    assert!(text.lines().count() == 1, "{text}");
    assert!(data["all rows"].hist("s", hist::Axis::category(["a"])).unwrap().overflow() == 1.0);
    // A missing weight shows in a cutflow as it does in a histogram.
    let weighted = data["all rows"].weight("w");
    assert!(weighted.query("w != 3").cutflow().unwrap().total()[1].weighted.is_nan());
    assert!(weighted.query("x > 0").cutflow().unwrap().total()[1].weighted == 2.0);
    assert!(weighted.hist("x", (1, 0.0, 2.0)).unwrap().nan().is_nan());
    let wide = df!("x" => [1e308, -1e308]).unwrap();
    let wide = message(data::Data::from_frames([("p", wide)]).unwrap().hist("x", 5));
    says(&wide, &["so must its width, not from -1e308 to 1e308"]);
}

#[test]
fn a_join_with_a_key_twice_gives_every_pair_and_a_cutflow() {
    let data = data::Data::from_frames([("p", df!("k" => [1, 2], "x" => [1.0, 2.0]).unwrap())]).unwrap();
    let joined = data.join(&df!("k" => [1, 1, 1], "y" => [1.0, 2.0, 3.0]).unwrap(), "k");
    assert_eq!((joined.count().unwrap(), joined.cutflow().unwrap().total()[1].candidates), (3, 3));
}
