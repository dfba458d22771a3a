//! The test files of Apache Parquet and Arrow: rows and sums as pyarrow has them, and no panic over what is damaged.
//!
//! `tests/data/apache.tar.zst` holds them: all files that `apache.json` says something of, and those of Arrow's fuzzers.

use super::compared::{agree, whole};
use polars::prelude::*;
use recoil_tests::cases::apache;
use serde_json::{Map, Value, json};
use sources::Source;
use std::path::Path;
use std::sync::Arc;

/// Files that pyarrow reads and we do not, or not so, and why that is right.
const OTHERWISE: &[(&str, &str)] = &[
    (
        "data/int96_from_spark.parquet",
        "its last value is -9.36e18 us, which 64 bits do not hold: Spark has wrapped the year 290000, and pyarrow gives a third one",
    ),
    ("data/incorrect_map_schema.parquet", "pyarrow wants keys to be required"),
    ("data/large_string_map.brotli.parquet", "pyarrow cannot put the chunks together"),
];

fn pinned(repository: &str) -> Vec<Value> {
    let text = include_str!("apache.json");
    let all: Map<String, Value> = serde_json::from_str(text).expect("the pinned table is JSON");
    all[repository].as_array().expect("a list of files").clone()
}

fn open(path: &Path) -> segment::Result<Arc<dyn Source>> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("parquet" | "encrypted") => Ok(Arc::new(sources::parquet::open(path)?)),
        _ => Ok(Arc::new(sources::arrow::open(path)?)),
    }
}

#[test]
fn all_files_of_parquet_testing_are_read_as_pyarrow_reads_them() {
    compare(&apache().path().join("parquet-testing"), &pinned("parquet-testing"));
}

#[test]
fn all_files_of_arrow_testing_are_read_as_pyarrow_reads_them() {
    compare(&apache().path().join("arrow-testing"), &pinned("arrow-testing"));
}

/// `.lazy()` hands a file to Polars where the source says that Polars reads the same in it.
#[test]
fn polars_reads_the_same_in_the_files_that_it_may_read() {
    let folder = apache();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for repository in ["parquet-testing", "arrow-testing"] {
        let listed = pinned(repository);
        let names = listed.iter().filter_map(|entry| entry["path"].as_str()).filter(|name| name.ends_with(".parquet"));
        for name in names {
            let path = folder.path().join(repository).join(name);
            let Ok(source) = sources::parquet::open(&path) else { continue };
            let (Some(_), Ok(ours)) = (source.parquet_files(), whole(&source)) else { continue };
            let theirs = || ParquetReader::new(std::fs::File::open(&path).expect("it is there")).finish();
            let theirs = std::panic::catch_unwind(theirs).map_err(|_| "panics".to_owned());
            let found = theirs.and_then(|read| read.map_err(|error| error.to_string()));
            compared += 1;
            if let Err(why) = found.and_then(|theirs| agree(&theirs, &ours)) {
                wrong.push(format!("{name}: {why}"));
            }
        }
    }
    assert!(compared >= 40, "{compared} files");
    assert!(wrong.is_empty(), "{} of {compared} files differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Files that a fuzzer made: any answer is right that is none of a panic, a hang, a crash.
#[test]
fn no_file_of_a_fuzzer_is_more_than_an_error() {
    let folder = apache();
    let mut files = 0;
    for kind in ["arrow-ipc-file", "arrow-ipc-stream", "parquet/fuzzing", "parquet/encoding-fuzzing"] {
        let entries = std::fs::read_dir(folder.path().join("arrow-testing/data").join(kind))
            .expect("the archive has this folder");
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            let parquet = || sources::parquet::open(&path).map(|table| whole(&table));
            let arrow = || sources::arrow::open(&path).map(|table| whole(&table));
            let _ = std::hint::black_box((parquet(), arrow()));
            files += 1;
        }
    }
    assert!(files > 250, "{files} files");
}

fn compare(folder: &Path, entries: &[Value]) {
    let mut wrong = Vec::new();
    for entry in entries {
        let name = entry["path"].as_str().expect("a path");
        // A stream beside a file holds the same.
        let stream = folder.join(name).with_extension("stream");
        let outcome = std::panic::catch_unwind(|| {
            alike(&folder.join(name), entry)?;
            let found = if stream.exists() { alike(&stream, entry) } else { Ok(()) };
            found.map_err(|why| format!("the stream: {why}"))
        });
        let outcome = outcome.unwrap_or_else(|_| Err("panics".to_owned()));
        match (outcome, OTHERWISE.iter().find(|(path, _)| *path == name)) {
            (Ok(()), None) | (Err(_), Some(_)) => {}
            (Ok(()), Some((_, why))) => wrong.push(format!("{name}: is as in pyarrow; take it off the list ({why})")),
            (Err(why), None) => wrong.push(format!("{name}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {} files differ:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
}

/// What is said of columns whose values no column can hold: random integers that a generator calls times.
const BEYOND: [&str; 2] = ["holds seconds beyond what milliseconds can hold", "holds times of day that are none"];

/// A file is refused with its name where pyarrow refuses it; else all that pyarrow has of it is so here, but for the
/// columns of types that are not supported, which are listed, and those of values that cannot be held, which say so.
fn alike(path: &Path, entry: &Value) -> Result<(), String> {
    let opened = open(path).map_err(|error| error.to_string());
    let named = |error: &str| error.contains(&*path.file_name().unwrap_or_default().to_string_lossy());
    let source = match opened {
        Err(error) if entry["refused"].is_string() && named(&error) => return Ok(()),
        opened => opened?,
    };
    if entry["refused"].is_string() {
        return match whole(source.as_ref()) {
            Ok(_) => Err(format!("is read, but pyarrow says: {}", entry["refused"])),
            Err(error) if named(&error) => Ok(()),
            Err(error) => Err(error),
        };
    }
    if entry["rows"].as_u64() != Some(source.rows()) {
        return Err(format!("{} rows, not {}", source.rows(), entry["rows"]));
    }
    for (name, wanted) in entry["columns"].as_object().into_iter().flatten() {
        if source.unreadable().iter().any(|column| column.name == name.as_str()) {
            continue;
        }
        match one(source.as_ref(), name) {
            Ok(column) => compared(name, &measure(column.as_materialized_series())?, wanted)?,
            Err(error) if named(&error) && BEYOND.iter().any(|why| error.contains(why)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// All rows of one column.
fn one(source: &dyn Source, name: &str) -> Result<Column, String> {
    let dtype = source.schema().get(name).cloned().ok_or_else(|| format!("no column `{name}`"))?;
    let mut all = Column::new_empty(name.into(), &dtype);
    for (segment, info) in source.segments().iter().enumerate() {
        let frame = source.read(segment, &[name.into()], 0..info.len()).map_err(|error| error.to_string())?;
        all.append(frame.column(name).map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    }
    Ok(all)
}

fn compared(path: &str, found: &Value, wanted: &Value) -> Result<(), String> {
    if wanted["unreadable"].is_string() {
        return Ok(());
    }
    if let (Value::Object(found), Value::Object(wanted)) = (found, wanted) {
        return wanted.iter().try_for_each(|(key, wanted)| {
            compared(&format!("{path}.{key}"), found.get(key).unwrap_or(&Value::Null), wanted)
        });
    }
    let near = match (found.as_f64(), wanted.as_f64()) {
        (Some(found), Some(wanted)) => (found - wanted).abs() <= 1e-6 * wanted.abs().max(1e-300),
        _ => false,
    };
    if found == wanted || near { Ok(()) } else { Err(format!("{path} is {found}, not {wanted}")) }
}

/// Counts and sums of a column, into its lists and structs, as `peers/apache.py` takes them.
fn measure(series: &Series) -> Result<Value, String> {
    let failed = |error: PolarsError| error.to_string();
    let mut found = json!({"n": series.len(), "nulls": series.null_count()});
    let mut put = |key: &str, value: Value| found[key] = value;
    match series.dtype() {
        DataType::Null => {}
        // What lies below a list that is null is of no list.
        DataType::List(_) => put("items", measure(&series.drop_nulls().list().map_err(failed)?.get_inner())?),
        DataType::Array(..) => put("items", measure(&series.drop_nulls().array().map_err(failed)?.get_inner())?),
        DataType::Struct(_) => {
            let fields = series.struct_().map_err(failed)?.fields_as_series();
            let present = series.is_not_null();
            let mut all = Map::new();
            for field in fields {
                let field = field.zip_with(&present, &Series::full_null(field.name().clone(), 1, field.dtype()));
                let field = field.map_err(failed)?;
                all.insert(field.name().to_string(), measure(&field)?);
            }
            put("fields", all.into());
        }
        DataType::Float32 | DataType::Float64 | DataType::Float16 => {
            let wide = series.cast(&DataType::Float64).map_err(failed)?;
            let values: Vec<f64> = wide.f64().map_err(failed)?.iter().flatten().collect();
            put("sum", values.iter().filter(|value| value.is_finite()).sum::<f64>().into());
            put("nan", values.iter().filter(|value| value.is_nan()).count().into());
        }
        DataType::String | DataType::Categorical(..) | DataType::Enum(..) => {
            let text = series.cast(&DataType::String).map_err(failed)?;
            bytes(&mut put, text.str().map_err(failed)?.iter().flatten().map(str::as_bytes));
        }
        DataType::Binary => bytes(&mut put, series.binary().map_err(failed)?.iter().flatten()),
        dtype => put("sum", sum(series, dtype)?.to_string().into()),
    }
    Ok(found)
}

fn bytes<'a>(put: &mut impl FnMut(&str, Value), values: impl Iterator<Item = &'a [u8]>) {
    let (mut count, mut hash) = (0, 0xcbf2_9ce4_8422_2325_u64);
    for value in values {
        count += value.len();
        hash = value.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    }
    put("bytes", count.into());
    put("fnv", format!("{hash:016x}").into());
}

/// The sum of whole numbers: of times in microseconds, of dates in days, of decimals in units of the last digit.
fn sum(series: &Series, dtype: &DataType) -> Result<i128, String> {
    let failed = |error: PolarsError| error.to_string();
    let physical = series.to_physical_repr().cast(&DataType::Int128).map_err(failed)?;
    let values = physical.i128().map_err(failed)?.iter().flatten();
    let scaled = |value: i128| match dtype {
        DataType::Datetime(TimeUnit::Nanoseconds, _) | DataType::Duration(TimeUnit::Nanoseconds) | DataType::Time => {
            value.div_euclid(1_000)
        }
        DataType::Datetime(TimeUnit::Milliseconds, _) | DataType::Duration(TimeUnit::Milliseconds) => value * 1_000,
        _ => value,
    };
    Ok(values.fold(0, |sum, value| sum.wrapping_add(scaled(value))))
}
