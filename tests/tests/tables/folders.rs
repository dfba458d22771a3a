//! Files of one process that do not have the same columns, or not of the same types.

use data::load;
use polars::prelude::*;
use std::path::Path;

fn write(path: &Path, mut frame: DataFrame) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    ParquetWriter::new(std::fs::File::create(path).expect("a file")).finish(&mut frame).expect("writes");
}

/// What a process of two files holds.
fn both(one: DataFrame, two: DataFrame) -> Result<DataFrame, String> {
    let root = tempfile::tempdir().expect("a folder");
    write(&root.path().join("p/a.parquet"), one);
    write(&root.path().join("p/b.parquet"), two);
    let data = load(root.path()).map_err(|error| error.to_string())?;
    let frame = data.collect().map_err(|error| error.to_string())?;
    let lazy = data.lazy().collect().map_err(|error| error.to_string())?;
    assert!(lazy.equals_missing(&frame), "lazily {lazy} and not {frame}");
    assert_eq!(data.processes().len(), 1);
    Ok(frame)
}

fn times(unit: TimeUnit, zone: Option<&str>, values: &[i64]) -> Series {
    let zone = TimeZone::opt_try_new(zone.map(PlSmallStr::from_str)).expect("a zone");
    Series::new("t".into(), values).cast(&DataType::Datetime(unit, zone)).expect("times")
}

#[test]
fn a_column_that_a_file_does_not_have_is_null_there() {
    let read = both(df!("x" => [1, 2]).unwrap(), df!("y" => [0.5], "x" => [3]).unwrap()).unwrap();
    assert!(read.equals_missing(&df!("x" => [1, 2, 3], "y" => [None, None, Some(0.5)]).unwrap()), "{read}");
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("p/a.parquet"), df!("x" => [1, 2]).unwrap());
    write(&root.path().join("p/b.parquet"), df!("y" => [0.5], "x" => [3]).unwrap());
    let data = load(root.path()).unwrap();
    for (query, rows) in [("y > 0", 1), ("y < 1 | x < 3", 3), ("y != 0.5", 2), ("x == 3", 1)] {
        assert_eq!(data.query(query).count().unwrap(), rows, "{query}");
    }
}

#[test]
fn the_wider_type_is_taken() {
    let read = both(df!("x" => [1_i32, 2]).unwrap(), df!("x" => [i64::MAX]).unwrap()).unwrap();
    assert!(read.equals(&df!("x" => [1, 2, i64::MAX]).unwrap()), "{read}");
    let read = both(df!("x" => [1_i64]).unwrap(), df!("x" => [0.5_f32]).unwrap()).unwrap();
    assert!(read.equals(&df!("x" => [1.0, 0.5]).unwrap()), "{read}");
    let read = both(df!("x" => [u32::MAX]).unwrap(), df!("x" => [-1_i32]).unwrap()).unwrap();
    assert!(read.equals(&df!("x" => [i64::from(u32::MAX), -1]).unwrap()), "{read}");
    let text = Series::new("x".into(), ["a", "b"]);
    let numbered = text.cast(&DataType::from_categories(Categories::global())).unwrap();
    let read = both(numbered.into_frame(), text.clone().into_frame()).unwrap();
    assert!(read.equals(&df!("x" => ["a", "b", "a", "b"]).unwrap()), "{read}");
    let times = |unit, value| times(unit, None, &[value]).into_frame();
    let read = both(times(TimeUnit::Microseconds, 5), times(TimeUnit::Nanoseconds, 5_001)).unwrap();
    let physical = read.column("t").unwrap().to_physical_repr();
    assert_eq!(physical.i64().unwrap().to_vec(), [Some(5_000), Some(5_001)]);
}

#[test]
fn a_value_that_the_wider_type_changes_is_refused_with_its_file() {
    let error = both(df!("x" => [(1_i64 << 54) + 1]).unwrap(), df!("x" => [0.5]).unwrap()).unwrap_err();
    assert!(error.contains("a.parquet") && error.contains("column `x`") && error.contains("2^53"), "{error}");
    let far = times(TimeUnit::Microseconds, None, &[253_402_300_799_000_000]).into_frame();
    let error = both(far, times(TimeUnit::Nanoseconds, None, &[0]).into_frame()).unwrap_err();
    assert!(error.contains("a.parquet") && error.contains("2262"), "{error}");
}

#[test]
fn types_without_a_common_one_name_both_files() {
    let error = both(df!("x" => [1]).unwrap(), df!("x" => ["a"]).unwrap()).unwrap_err();
    assert!(error.contains("a.parquet") && error.contains("b.parquet") && error.contains("`x` is i32"), "{error}");
}

#[test]
fn times_without_a_zone_beside_times_of_one_are_refused_unless_the_zone_is_said() {
    let root = tempfile::tempdir().unwrap();
    let zone = Some("Europe/Berlin");
    write(&root.path().join("p/a.parquet"), times(TimeUnit::Microseconds, None, &[0]).into_frame());
    write(&root.path().join("p/b.parquet"), times(TimeUnit::Microseconds, zone, &[0]).into_frame());
    let Err(error) = load(root.path()) else { panic!("refused") };
    let error = error.to_string();
    assert!(["a.parquet", "b.parquet", "UTC", "naive_times"].iter().all(|part| error.contains(part)), "{error}");
    let data = data::Loader::new(root.path()).naive_times("Europe/Berlin").load().unwrap();
    let read = data.collect().unwrap();
    let physical = read.column("t").unwrap().to_physical_repr();
    assert_eq!(physical.i64().unwrap().to_vec(), [Some(-3_600_000_000), Some(0)]);
}
