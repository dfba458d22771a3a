//! HDF5 tables of other writers: their rows are those that pandas has.

use polars::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: [&str; 4] = ["pandas==3.1.1", "tables==3.11.1", "h5py==3.16.0", "pyarrow==26.0.1"];

fn tables() -> Option<PathBuf> {
    let python = recoil_tests::python::environment("HDF5 tables", "hdf5", &PACKAGES)?;
    let folder = tempfile::tempdir().expect("a folder").keep();
    let script = recoil_tests::cases::project().join("tests/tests/peers/hdf5.py");
    let output = Command::new(python).arg(script).arg(&folder).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

#[test]
fn the_rows_are_those_of_pandas() {
    let Some(folder) = tables() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "txt") {
            continue;
        }
        let table = std::fs::read_to_string(&path).expect("the name of a table");
        let wanted = frame(&path.with_extension("parquet"));
        let found = frame(&folder.join(table.trim()));
        compare(&found, &wanted, &table);
        seen += 1;
    }
    assert_eq!(seen, 11);
    refused(&folder);
    chosen(&folder);
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

fn frame(path: &Path) -> DataFrame {
    data::load(path).unwrap_or_else(|error| panic!("{error}")).collect().expect("its rows")
}

fn compare(found: &DataFrame, wanted: &DataFrame, table: &str) {
    assert_eq!(found.get_column_names(), wanted.get_column_names(), "{table}");
    for (found, wanted) in found.columns().iter().zip(wanted.columns()) {
        let name = found.name();
        assert_eq!(found.dtype(), wanted.dtype(), "{table}, {name}");
        let found = missing_is_null(found);
        let wanted = missing_is_null(wanted);
        assert!(found.equals_missing(&wanted), "{table}: {found} {wanted}");
    }
}

/// Parquet of pandas has nulls where its frames have NaN.
fn missing_is_null(column: &Column) -> Series {
    let series = column.as_materialized_series();
    if !series.dtype().is_float() {
        return series.clone();
    }
    let values = series.cast(&DataType::Float64).expect("numbers");
    let values = values.f64().expect("numbers").iter().map(|value| value.filter(|value| !value.is_nan()));
    Float64Chunked::from_iter_options(series.name().clone(), values).into_series()
}

fn error(path: PathBuf) -> String {
    match data::load(&path) {
        Ok(data) => data.count().expect_err("refused").to_string(),
        Err(error) => error.to_string(),
    }
}

/// What is not there is said with what there is; damage is an error with its place.
fn refused(folder: &Path) {
    let message = error(folder.join("several.h5"));
    assert!(message.contains("deep/down") && message.contains("several.h5:"), "{message}");
    let message = error(folder.join("several.h5:nothing"));
    assert!(message.contains("no table `nothing`") && message.contains("fixed"), "{message}");
    let whole = std::fs::read(folder.join("vtt_blosc_lz4.h5")).expect("the file");
    let short = folder.join("short.h5");
    std::fs::write(&short, &whole[..whole.len() / 2]).expect("room");
    assert!(error(short).contains("short.h5"));
}

/// Columns and cuts of a chain read the same.
fn chosen(folder: &Path) {
    let data = data::load(folder.join("vtt_blosc_lz4.h5")).expect("the file");
    let all = data.collect().expect("its rows");
    let kept = data.query("M > 2 & __experiment__ == 3").select(["__event__", "M"]).collect().expect("rows");
    let (m, experiment) =
        (all.column("M").unwrap().f64().unwrap(), all.column("__experiment__").unwrap().i32().unwrap());
    let rows = m.iter().zip(experiment.iter()).filter(|(m, e)| m.is_some_and(|m| m > 2.0) && *e == Some(3)).count();
    assert!(rows > 100, "{rows}");
    assert_eq!((kept.height(), kept.width()), (rows, 2));
}
