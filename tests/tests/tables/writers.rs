//! Files of pyarrow, pandas, fastparquet, DuckDB and Polars in random schemas: every value is what pyarrow reads, in whole
//! row groups, in parts of them and in single rows; and no selection finds other rows because row groups are skipped.

use super::compared::{agree, whole};
use flow::Query;
use polars::prelude::*;
use recoil_tests::running::Folder;
use serde_json::Value;
use sources::{Index, SegmentInfo, Source, Unreadable};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};

pub(super) const PACKAGES: [&str; 6] =
    ["pyarrow==26.0.1", "pandas==2.3.3", "fastparquet==2026.9.0", "duckdb==2.0.1", "polars==2.1.0", "numpy"];

/// The files, made once; `None`, said visibly, without Python.
fn files() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<Folder>> = OnceLock::new();
    let make = || {
        let python = recoil_tests::python::environment("files of other writers", "tables", &PACKAGES)?;
        let folder = Folder::until_exit();
        let script = recoil_tests::cases::project().join("tests/tests/peers/tables.py");
        let output =
            Command::new(python).arg(script).arg(folder.path()).args(["7", "180"]).output().expect("python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(folder)
    };
    FOLDER.get_or_init(make).as_ref().map(Folder::path)
}

fn names(folder: &Path) -> Vec<String> {
    let ends = |name: String| name.strip_suffix(".parquet").map(str::to_owned);
    let entries = std::fs::read_dir(folder).expect("the folder");
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| ends(entry.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

#[test]
fn values_are_those_that_pyarrow_reads() {
    let Some(folder) = files() else { return };
    let names = names(folder);
    let mut wrong = Vec::new();
    for name in &names {
        let path = folder.join(format!("{name}.parquet"));
        let oracle = std::fs::File::open(folder.join(format!("{name}.arrow"))).expect("the oracle's file");
        let wanted = IpcReader::new(oracle).finish().expect("the oracle's file");
        if let Err(why) = read_alike(&path, &wanted) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(names.len() >= 180, "{} files", names.len());
    assert!(wrong.is_empty(), "{} of {} files differ:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}

fn read_alike(path: &Path, wanted: &DataFrame) -> Result<(), String> {
    let source = sources::parquet::open(path).map_err(|error| error.to_string())?;
    if source.schema().len() != wanted.width() {
        return Err(format!("{} columns, not {}: {:?}", source.schema().len(), wanted.width(), source.unreadable()));
    }
    agree(&whole(&source)?, wanted)?;
    parts_alike(&source, wanted)?;
    // Polars' own scan is used where the source says that it gives the same.
    if source.parquet_files().is_some() {
        let theirs = ParquetReader::new(std::fs::File::open(path).map_err(|error| error.to_string())?);
        agree(&theirs.finish().map_err(|error| error.to_string())?, wanted).map_err(|why| format!("Polars: {why}"))?;
    }
    Ok(())
}

/// Parts of row groups and single rows are those of the whole.
fn parts_alike(source: &dyn Source, wanted: &DataFrame) -> Result<(), String> {
    let columns: Vec<PlSmallStr> = source.schema().iter_names_cloned().collect();
    for (segment, info) in source.segments().iter().enumerate() {
        let (rows, first) = (info.len(), info.rows.start as i64);
        for part in [0..rows / 3, rows / 3..rows - rows / 4, rows - 1..rows] {
            let read = source.read(segment, &columns, part.clone()).map_err(|error| error.to_string())?;
            agree(&read, &wanted.slice(first + part.start as i64, part.len()))
                .map_err(|why| format!("rows {part:?}: {why}"))?;
        }
        let every: Vec<IdxSize> = (0..rows as IdxSize).filter(|row| row % 7 == 3 || row % 11 < 2).collect();
        let read = source.pick(segment, &columns, &every).map_err(|error| error.to_string())?;
        let at = IdxCa::from_vec("".into(), every.iter().map(|row| row + first as IdxSize).collect());
        agree(&read, &wanted.take(&at).map_err(|error| error.to_string())?)
            .map_err(|why| format!("single rows: {why}"))?;
    }
    Ok(())
}

/// A table of which nothing is known before it is read, so that nothing of it can be skipped.
#[derive(Debug)]
struct Unknown {
    inner: Arc<dyn Source>,
    segments: Vec<SegmentInfo>,
}

impl Unknown {
    fn new(inner: Arc<dyn Source>) -> Self {
        let mut segments = inner.segments().to_vec();
        segments.iter_mut().for_each(|info| info.statistics.columns.clear());
        Self { inner, segments }
    }
}

impl Source for Unknown {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        &self.segments
    }

    fn unreadable(&self) -> &[Unreadable] {
        self.inner.unreadable()
    }

    fn index(&self) -> Option<&Index> {
        self.inner.index()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        self.inner.read(segment, columns, rows)
    }
}

#[test]
fn no_selection_loses_rows_by_what_is_skipped() {
    let Some(folder) = files() else { return };
    let text = std::fs::read_to_string(folder.join("queries.json")).expect("the queries");
    let asked: BTreeMap<String, Vec<String>> =
        serde_json::from_value(serde_json::from_str::<Value>(&text).expect("JSON"))
            .expect("lists of selections by file");
    let (mut wrong, mut tried, mut skipped) = (Vec::new(), 0, BTreeMap::<String, u64>::new());
    for (name, queries) in &asked {
        let source: Arc<dyn Source> =
            Arc::new(sources::parquet::open(folder.join(format!("{name}.parquet"))).expect("opens"));
        let unknown: Arc<dyn Source> = Arc::new(Unknown::new(source.clone()));
        let writer = name.split('_').nth(1).expect("a writer").to_owned();
        for query in queries {
            let scan = Query::new().filter(query.as_str()).over(source.clone());
            let with = scan.count().map(|(rows, _)| rows).map_err(|error| error.to_string());
            let without = Query::new().filter(query.as_str()).over(unknown.clone()).count();
            let without = without.map(|(rows, _)| rows).map_err(|error| error.to_string());
            tried += 1;
            let by = scan.explain().map_or(0, |plan| plan.segments_total - plan.segments_kept);
            *skipped.entry(writer.clone()).or_default() += by;
            if with != without || with.is_err() {
                wrong.push(format!("{name} `{query}`: {with:?}, without skipping {without:?}"));
            }
        }
    }
    eprintln!("{tried} selections; row groups skipped by writer: {skipped:?}");
    assert!(tried > 2_000 && skipped.len() == 5 && skipped.values().all(|&groups| groups > 0), "{tried} {skipped:?}");
    assert!(wrong.is_empty(), "{} of {tried} selections differ:\n{}", wrong.len(), wrong.join("\n"));
}
