//! Clauses over sliced frames: every case as it is cut, and cut into slices of one row, of three and not at all, and from
//! Parquet files; each through every engine. Cases for which a chain has the words are also asked by a chain over files.

#[path = "pipeline/answer.rs"]
mod answer;
#[path = "pipeline/chains.rs"]
mod chains;
#[path = "pipeline/frames.rs"]
mod frames;
#[path = "pipeline/plan.rs"]
mod plan;

use flow::{InMemory, Integrated, Options, Query, Streaming};
use polars::prelude::*;
use recoil_tests::cases;
use serde_json::Value as Json;
use sources::memory::Memory;
use sources::parquet::WriteOptions;
use sources::{Identity, Index, SegmentInfo, Source};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

type Outcome<T> = Result<T, String>;

#[test]
fn pipeline() {
    let Some(folder) = cases::folder("pipeline") else { return };
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    let all: Json = serde_json::from_str(&text).unwrap();
    let all = all["cases"].as_array().unwrap();
    let differ: Vec<String> =
        all.iter().filter_map(|case| check(case).err().map(|why| format!("{}: {why}", case["name"]))).collect();
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), all.len(), differ.join("\n"));
    let asked: Vec<_> = all.iter().filter_map(|case| Some((case, chains::ask(case)?))).collect();
    let differ: Vec<String> = asked
        .iter()
        .filter_map(|(case, answer)| Some(format!("{}: {}", case["name"], answer.as_ref().err()?)))
        .collect();
    assert!(differ.is_empty(), "{} of {} chains differ:\n{}", differ.len(), asked.len(), differ.join("\n"));
    assert!(asked.len() >= 60, "{} chains", asked.len());
}

fn check(case: &Json) -> Outcome<()> {
    for rows in [None, Some(1), Some(3), Some(usize::MAX)] {
        for engine in 0..3 {
            // Only the large frames are worth several workers, and one row per segment of them is not worth the time.
            let large = case["plan"]["inputs"]["s"]["rows"].as_u64().unwrap_or(0) > 1_000;
            if large && rows.is_some_and(|rows| rows < 10) {
                continue;
            }
            run(case, rows, engine, None).map_err(|why| format!("{why} (rows {rows:?}, engine {engine})"))?;
        }
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for engine in 0..3 {
        run(case, None, engine, Some(folder.path())).map_err(|why| format!("{why} (files, engine {engine})"))?;
    }
    Ok(())
}

/// The table as a Parquet file of short row groups; what has no columns stays in memory.
fn filed(memory: Memory, path: &Path) -> Outcome<Arc<dyn Source>> {
    let fail = |error: String| format!("no file: {error}");
    let (index, memory): (_, Arc<dyn Source>) = (memory.index().cloned(), Arc::new(memory));
    if memory.schema().is_empty() {
        return Ok(memory);
    }
    let (frame, _) = Query::new().over(memory).collect().map_err(|error| fail(error.to_string()))?;
    let options = WriteOptions { row_group: if frame.height() > 1_000 { 2_000 } else { 3 }, ..WriteOptions::default() };
    sources::parquet::write(path, &frame, &options).map_err(|error| fail(error.to_string()))?;
    let file = sources::open(path).map_err(|error| fail(error.to_string()))?;
    match index {
        Some(index) => sources::indexed(file, index).map_err(|error| fail(error.to_string())),
        None => Ok(file),
    }
}

fn run(case: &Json, rows: Option<usize>, engine: usize, files: Option<&Path>) -> Outcome<()> {
    let plan = &case["plan"];
    let mut inputs = Inputs::default();
    for (name, frame) in plan["inputs"].as_object().unwrap() {
        let memory = frames::table(name, frame, &plan["segments"][name], rows)?;
        let source = match files {
            Some(folder) => filed(memory, &folder.join(format!("{name}.parquet")))?,
            None => Arc::new(memory),
        };
        inputs.0.insert(name.clone(), Counting::new(source));
    }
    let answer = plan::scan(plan, &inputs).and_then(|scan| {
        let options = Options { chunk_size: rows.unwrap_or(100_000).clamp(1, 1 << 40), ..Options::default() };
        let scan = scan.options(options);
        let scan = match engine {
            0 => scan.engine(InMemory),
            1 => scan.engine(Streaming),
            _ => scan.engine(Integrated),
        };
        scan.collect().map_err(|error| error.to_string())
    });
    if let Some(wanted) = case.get("expected_error") {
        let message = match answer {
            Ok(_) => return Err("was not refused".into()),
            Err(message) => message,
        };
        let words = std::iter::once(&wanted["culprit"]).chain(wanted["or"].as_array().into_iter().flatten());
        let named = words.filter_map(Json::as_str).any(|word| has_word(&message, word));
        let read = inputs.reads();
        return match (named, read) {
            (false, _) => Err(format!("the message names no culprit: {message}")),
            (true, 0) => Ok(()),
            (true, read) => Err(format!("refused after {read} segments were read")),
        };
    }
    let (answer, report) = answer?;
    answer::compare(&answer, &case["expected"])?;
    if let (Some(most), None, None) = (case["segments_read"].as_u64(), rows, files)
        && (inputs.segments() > most || report.segments_read > most)
    {
        return Err(format!(
            "{} segments were read, {} reported; {most} are enough",
            inputs.segments(),
            report.segments_read
        ));
    }
    Ok(())
}

/// The frames of a case.
#[derive(Default)]
struct Inputs(BTreeMap<String, Arc<Counting>>);

impl Inputs {
    fn source(&self, name: &str) -> Outcome<Arc<dyn Source>> {
        self.0
            .get(name)
            .map(|source| source.clone() as Arc<dyn Source>)
            .ok_or_else(|| format!("there is no frame `{name}`"))
    }

    fn reads(&self) -> usize {
        self.0.values().map(|source| source.reads.load(Ordering::Relaxed)).sum()
    }

    /// Different segments that were read.
    fn segments(&self) -> u64 {
        self.0.values().map(|source| source.segments.lock().unwrap().len() as u64).sum()
    }
}

/// A source that counts what is read of it.
#[derive(Debug)]
struct Counting {
    inner: Arc<dyn Source>,
    reads: AtomicUsize,
    segments: std::sync::Mutex<std::collections::HashSet<Identity>>,
}

impl Counting {
    fn new(inner: Arc<dyn Source>) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicUsize::new(0), segments: Default::default() })
    }
}

impl Source for Counting {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.inner.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.inner.segments()
    }

    fn index(&self) -> Option<&Index> {
        self.inner.index()
    }

    fn in_memory(&self) -> bool {
        self.inner.in_memory()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: std::ops::Range<usize>) -> segment::Result<DataFrame> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.segments.lock().unwrap().insert(self.inner.segments()[segment].identity);
        self.inner.read(segment, columns, rows)
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&word).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + word.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}
