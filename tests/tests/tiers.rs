//! The third tier from outside: columns that memory has no room for come back from a disk, a disk that refuses changes no
//! answer, and whoever is killed leaves nothing there.

use flow::memory::{Cache, Decision};
use flow::{Options, Query, Report};
use polars::prelude::*;
use sources::{SegmentInfo, Source};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A table that takes its time: its columns are worth to be kept.
#[derive(Debug)]
struct Slow(Arc<dyn Source>);

impl Source for Slow {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.schema()
    }

    fn segments(&self) -> &[SegmentInfo] {
        self.0.segments()
    }

    fn read(&self, segment: usize, columns: &[PlSmallStr], rows: Range<usize>) -> segment::Result<DataFrame> {
        std::thread::sleep(Duration::from_millis(2));
        self.0.read(segment, columns, rows)
    }
}

/// Rows of three columns in segments of 5,000.
fn table(folder: &Path, rows: usize) -> Arc<dyn Source> {
    let values = |factor: usize| (0..rows).map(|row| ((row * factor) % 99_991) as f64).collect::<Vec<_>>();
    let frame = df!("x" => values(7_919), "y" => values(31), "z" => values(104_729)).unwrap();
    let path = folder.join("a.parquet");
    let options = sources::parquet::WriteOptions { row_group: 5_000, ..Default::default() };
    sources::parquet::write(&path, &frame, &options).unwrap();
    Arc::new(Slow(sources::open(path).unwrap()))
}

/// A memory that has room for four fifths of so many rows.
fn options(rows: usize, spill: Option<&Path>) -> Options {
    let budget = rows as u64 * 3 * 8 * 11 / 10;
    let spill = spill.map(Path::to_owned);
    Options { memory_budget: budget, streaming_threshold: budget / 2, spill, threads: 2, ..Options::default() }
}

fn run(table: &Arc<dyn Source>, options: &Options) -> (DataFrame, Report) {
    let answer = Query::new().over(table.clone()).options(options.clone()).collect().unwrap();
    Cache::shared().settle();
    answer
}

#[test]
fn what_memory_has_no_room_for_comes_back_from_a_disk() {
    const ROWS: usize = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let spill = tempfile::tempdir().unwrap();
    let table = table(folder.path(), ROWS);
    let wanted = Query::new().over(table.clone()).engine(flow::Streaming).collect().unwrap().0;
    if flow::memory::pressure() > 0.8 {
        return recoil_tests::skipped("tiers", "the machine's memory is in use");
    }
    // Nothing was said of a disk, and one in particular.
    for place in [None, Some(spill.path())] {
        let options = options(ROWS, place);
        Cache::shared().clear();
        let (answer, first) = run(&table, &options);
        assert!(answer.equals(&wanted) && first.hits_disk == 0 && first.misses == 36, "{first:?}");
        let (answer, second) = run(&table, &options);
        assert!(answer.equals(&wanted), "what came back is right");
        assert!(second.hits_disk > 3 && second.hits_memory > 20 && second.misses < 3, "{second:?}");
        assert!(second.notes.is_empty() && second.disk_bytes > 0 && second.disk_bytes <= second.disk_budget);
        let told = second.materialized.entries().iter().find(|entry| entry.what == "decoded columns on disk");
        let told = told.expect("the table says what lies there");
        assert_eq!((told.decision, told.bytes), (Decision::Spill, second.disk_bytes));
        assert!(told.why.contains("cost more to decode than to read back"), "{}", told.why);
        assert!(second.materialized.to_string().contains("decoded columns on disk"));
    }
    assert_eq!(std::fs::read_dir(spill.path()).unwrap().count(), 0, "files there have no names");
    // A file is no folder: every write there fails, as on a full disk. It is told once.
    let file = folder.path().join("a.parquet");
    let options = options(ROWS, Some(&file));
    Cache::shared().clear();
    let mut notes = Vec::new();
    for _ in 0..3 {
        let (answer, report) = run(&table, &options);
        assert!(answer.equals(&wanted) && report.hits_disk == 0);
        notes.extend(report.notes);
    }
    assert!(notes.len() == 1 && notes[0].contains("a.parquet") && notes[0].contains("decoded anew"), "{notes:?}");
    assert_eq!(Cache::shared().statistics().spilled, 0);
}

#[test]
fn whoever_is_killed_leaves_no_columns_on_the_disk() {
    const ROLE: &str = "RECOIL_TO_BE_KILLED_WITH_A_DISK_IN";
    const ROWS: usize = 200_000;
    // This test is also the one who is killed.
    if let Some(folder) = std::env::var_os(ROLE) {
        let folder = Path::new(&folder);
        let table = table(folder, ROWS);
        loop {
            Cache::shared().clear();
            let _ = run(&table, &options(ROWS, Some(&folder.join("spill"))));
            std::fs::write(folder.join("spilled"), "").unwrap();
        }
    }
    if flow::memory::pressure() > 0.8 {
        return recoil_tests::skipped("tiers", "the machine's memory is in use");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("spill")).unwrap();
    for wait in [0, 37, 91, 133] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "whoever_is_killed_leaves_no_columns_on_the_disk"])
            .env(ROLE, folder)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while !folder.join("spilled").exists() {
            assert!(child.try_wait().unwrap().is_none(), "it runs until it is killed");
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(wait));
        let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap().flatten();
        let files = open.filter_map(|file| std::fs::read_link(file.path()).ok());
        let spills = files.filter(|file| file.to_string_lossy().contains("recoil-spill")).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(spills > 0, "it had columns on the disk");
        std::fs::remove_file(folder.join("spilled")).unwrap();
        assert_eq!(std::fs::read_dir(folder.join("spill")).unwrap().count(), 0, "nothing is left");
    }
}
