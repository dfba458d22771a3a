//! Delta tables: every version is what delta-rs reads, and what is not understood is refused.

use polars::prelude::*;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGES: [&str; 2] = ["deltalake==1.6.6", "pyarrow==26.0.1"];

fn tables() -> Option<PathBuf> {
    let python = recoil_tests::python::environment("Delta tables", "delta", &PACKAGES)?;
    let folder = tempfile::tempdir().expect("a folder").keep();
    let script = recoil_tests::cases::project().join("tests/tests/peers/delta.py");
    let output = Command::new(python).arg(script).arg(&folder).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

#[test]
fn every_version_is_what_its_writer_reads() {
    let Some(folder) = tables() else { return };
    let mut versions = 0;
    for name in ["plain", "parted", "checkpointed", "widened"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("the answers");
        let answers: Map<String, Value> = serde_json::from_str(&text).expect("JSON");
        let table = folder.join(name);
        for (version, wanted) in &answers {
            let number = version.parse().expect("a version");
            let data = data::Loader::new(&table).version(number).load().unwrap_or_else(|error| panic!("{error}"));
            compare(&data.collect().unwrap(), wanted, &format!("{name}, version {version}"));
            versions += 1;
        }
        let last = answers.keys().filter_map(|version| version.parse::<u64>().ok()).max().expect("a version");
        let data = data::load(&table).unwrap();
        compare(&data.collect().unwrap(), &answers[&last.to_string()], name);
        let Err(error) = data::Loader::new(&table).version(last + 1).load() else { panic!("refused") };
        assert!(error.to_string().contains(&format!("the last is {last}")), "{error}");
    }
    assert!(versions > 20, "{versions}");
    assert_eq!(data::load(&folder).unwrap().processes().len(), 4, "each table is a process");
    let parted = data::load(folder.join("parted")).unwrap();
    assert_eq!(
        parted.query("city == 'x=y/z' & run == 2").count().unwrap(),
        parted.query("id % 4 == 2 & id % 3 == 2").count().unwrap()
    );
    std::fs::remove_dir_all(folder).expect("the folder goes");
}

fn compare(found: &DataFrame, wanted: &Value, name: &str) {
    assert_eq!(found.height() as u64, wanted["rows"].as_u64().unwrap_or(u64::MAX), "{name}");
    for (column, wanted) in wanted["columns"].as_object().into_iter().flatten() {
        let series = found.column(column).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = |value: AnyValue<'_>| match value {
            AnyValue::Null => "null".to_owned(),
            // As Python writes it.
            AnyValue::Float64(value) => format!("{value:?}"),
            value => value.str_value().into_owned(),
        };
        let mut found: Vec<Value> =
            (0..series.len()).map(|row| Value::from(text(series.get(row).expect("a value")))).collect();
        found.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        assert_eq!(&Value::from(found), wanted, "{name}, `{column}`");
    }
}

/// A log by hand, and what is said of it.
#[test]
fn what_a_reader_must_understand_and_does_not_is_refused() {
    let schema =
        r#"{\"type\":\"struct\",\"fields\":[{\"name\":\"x\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}"#;
    let log = |features: &str, configuration: &str, vector: &str| {
        format!(
            "{{\"protocol\":{{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[{features}]}}}}\n\
             {{\"metaData\":{{\"id\":\"a\",\"schemaString\":\"{schema}\",\"partitionColumns\":[],\"configuration\":{{{configuration}}}}}}}\n\
             {{\"add\":{{\"path\":\"a%20b.parquet\",\"partitionValues\":{{}},\"size\":1{vector}}}}}\n"
        )
    };
    let open = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), text);
        data::load(folder.path()).and_then(|data| data.count()).map_err(|error| error.to_string())
    };
    assert_eq!(open(&log("\"timestampNtz\"", "", "")), Ok(3));
    let refused = |text: &str| open(text).unwrap_err();
    assert!(refused(&log("\"rowsOfAnotherKind\"", "", "")).contains("rowsOfAnotherKind"));
    assert!(refused(&log("\"columnMapping\"", "\"delta.columnMapping.mode\":\"name\"", "")).contains("column mapping"));
    let vector =
        ",\"deletionVector\":{\"storageType\":\"u\",\"pathOrInlineDv\":\"x\",\"sizeInBytes\":1,\"cardinality\":1}";
    assert!(refused(&log("\"deletionVectors\"", "", vector)).contains("deleted by a vector"));
    assert!(refused("{\"add\":\n").contains("line 1"), "a damaged log");
}

fn write(folder: &Path, log: &str) {
    std::fs::create_dir(folder.join("_delta_log")).expect("a folder");
    std::fs::write(folder.join("_delta_log/00000000000000000000.json"), log).expect("a log");
    let mut frame = df!("x" => [1_i64, 2, 3]).expect("a frame");
    let file = std::fs::File::create(folder.join("a b.parquet")).expect("a file");
    ParquetWriter::new(file).finish(&mut frame).expect("a table");
}
