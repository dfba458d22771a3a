//! What goes wrong around a query ends it with a message, or does not change its answer: disks that are full, files
//! that change, bytes that are damaged, users who stop, many queries at once.

use flow::memory::{Cache, MemoryGate};
use flow::{Best, Candidates, Custom, InMemory, Integrated, Options, Query, Scan, Streaming};
use polars::prelude::*;
use sources::Source;
use sources::parquet::{Compression, WriteOptions};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Interrupts and the cache belong to the process: these tests take turns. Whatever happened in one, no query leaves
/// memory taken or an entity behind.
struct Turn {
    _guard: MutexGuard<'static, ()>,
}

fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    let guard = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    segment::work::interrupt(false);
    Turn { _guard: guard }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(MemoryGate::shared().in_work(), 0, "no memory stays taken");
            assert_eq!(flow::Store::alive(), 0, "the entity store is empty at the end of every query");
        }
    }
}

fn frame(rows: usize) -> DataFrame {
    df!(
        "__event__" => (0..rows).map(|row| (row / 3) as i64).collect::<Vec<_>>(),
        "x" => (0..rows).map(|row| ((row * 7919) % 1_000) as f64).collect::<Vec<_>>(),
        "y" => (0..rows).map(|row| row as f64).collect::<Vec<_>>(),
    )
    .unwrap()
}

fn write(path: &Path, rows: usize, compression: Compression) {
    let options = WriteOptions { compression, row_group: 5_000, ..WriteOptions::default() };
    sources::parquet::write(path, &frame(rows), &options).unwrap();
}

fn open(path: &Path) -> Arc<dyn Source> {
    sources::open(path).unwrap()
}

/// A step that does something when the rows come by for the n-th time.
struct At {
    when: usize,
    calls: AtomicUsize,
    act: Box<dyn Fn() + Send + Sync>,
}

impl At {
    fn new(when: usize, act: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { when, calls: AtomicUsize::new(0), act: Box::new(act) })
    }
}

impl std::fmt::Debug for At {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "at {}", self.when)
    }
}

impl Custom for At {
    fn name(&self) -> String {
        "look".into()
    }

    fn schema(&self, input: &Schema) -> flow::Result<Schema> {
        Ok(input.clone())
    }

    fn needs(&self, outputs: &[PlSmallStr]) -> Vec<PlSmallStr> {
        outputs.to_vec()
    }

    fn process(&self, frame: DataFrame) -> flow::Result<DataFrame> {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.when {
            (self.act)();
        }
        Ok(frame)
    }
}

#[test]
fn a_stop_ends_every_stage_and_leaves_the_process_usable() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 60_000, Compression::Zstd);
    let stop = |when| At::new(when, || segment::work::interrupt(true));
    let filter = || Query::new().filter(cut::parse("x > 100").unwrap());
    let build: [(&str, fn(Query, Arc<At>) -> Query); 5] = [
        ("filter", |query, stop| query.custom(stop)),
        ("candidates", |query, stop| query.candidates(Candidates::new(Best::Highest("x".into()))).custom(stop)),
        ("collect", |query, stop| query.head(50_000).custom(stop)),
        ("group", |query, stop| query.custom(stop).groupby(["x"]).agg([flow::sum("y")])),
        ("behind a group", |query, stop| query.groupby(["__event__"]).agg([flow::sum("y")]).custom(stop)),
    ];
    for (name, build) in build {
        for threads in [1, 2] {
            let step = stop(0);
            let query = build(filter(), step.clone());
            let scan = query.over(open(&path)).options(Options::default().threads(threads));
            for scan in [scan.clone().engine(Streaming), scan.clone().engine(InMemory), scan.engine(Integrated)] {
                step.calls.store(0, Ordering::SeqCst);
                let error = scan.collect().unwrap_err();
                assert!(error.is_interrupt(), "{name}: {error}");
                let after = step.calls.load(Ordering::SeqCst);
                assert!(after <= 2 * threads, "{name}: {after} segments went through after the stop");
                segment::work::interrupt(false);
                assert_eq!(MemoryGate::shared().in_work(), 0, "{name}: no memory stays taken");
            }
        }
    }
    assert_eq!(filter().over(open(&path)).count().unwrap().0, 60_000 / 1_000 * 899);
}

#[test]
fn a_file_that_is_replaced_is_never_mixed_with_the_new_one() {
    let _turn = turn();
    Cache::shared().clear();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 60_000, Compression::None);
    let source = open(&path);
    let new = folder.path().join("b.parquet");
    write(&new, 45_000, Compression::None);
    let target = path.clone();
    let replace = At::new(1, move || std::fs::rename(&new, &target).unwrap());
    let query = Query::new().filter(cut::parse("y >= 0").unwrap()).custom(replace);
    let scan = query.over(source.clone()).options(Options::default().threads(1)).engine(Streaming);
    let error = scan.collect().unwrap_err().to_string();
    assert!(error.contains("a.parquet, row group") && error.contains("has changed"), "{error}");
    let error = Query::new().over(source).collect().unwrap_err().to_string();
    assert!(error.contains("load it again"), "{error}");
    assert_eq!(Query::new().over(open(&path)).count().unwrap().0, 45_000);
}

#[test]
fn a_damaged_row_group_is_named_and_the_others_are_read() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 20_000, Compression::Zstd);
    let place = open(&path).segments()[2].place.clone();
    let mut bytes = std::fs::read(&path).unwrap();
    let start = place.offset.unwrap() as usize;
    bytes[start + 100..start + 6_000].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();
    for scan in engines(&Query::new().over(open(&path))) {
        let error = scan.collect().unwrap_err().to_string();
        assert!(error.contains("a.parquet, row group 2") && error.contains("column `"), "{error}");
    }
    assert_eq!(Query::new().head(10_000).over(open(&path)).collect().unwrap().0.height(), 10_000);
}

fn engines(scan: &Scan) -> [Scan; 3] {
    [scan.clone().engine(InMemory), scan.clone().engine(Streaming), scan.clone().engine(Integrated)]
}

#[test]
fn a_spill_disk_that_refuses_changes_no_answer() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 40_000, Compression::None);
    let query = Query::new().filter(cut::parse("x != 5").unwrap()).tail(30_000).filter(cut::parse("x > 500").unwrap());
    let scan = query.over(open(&path)).engine(Streaming);
    let wanted = scan.clone().options(Options { cache: false, ..Options::default() }).collect().unwrap().0;
    let run = |spill: &Path| {
        // So small a budget that whatever lies between two stages is spilled.
        let options = Options { memory_budget: 100_000, spill: Some(spill.to_owned()), ..Options::default() };
        scan.clone().options(options).collect().unwrap()
    };
    let (answer, report) = run(folder.path());
    assert!(answer.equals_missing(&wanted) && report.notes.is_empty(), "{:?}", report.notes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
    // A file is no folder: every write there fails, as on a full disk.
    let (answer, report) = run(&path);
    assert!(answer.equals_missing(&wanted));
    assert!(report.notes.iter().any(|note| note.contains("spill disk")), "{:?}", report.notes);
}

#[test]
fn many_queries_at_once_share_one_budget() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 30_000, Compression::Zstd);
    let source = open(&path);
    let budget = 1_000_000;
    let query = Query::new()
        .filter(cut::parse("x > 200").unwrap())
        .candidates(Candidates::new(Best::Lowest("x".into())))
        .groupby(["__event__"])
        .agg([flow::sum("y")])
        .filter(cut::parse("y > 100").unwrap());
    let wanted = query.over(source.clone()).engine(Streaming).collect().unwrap().0;
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..200)
            .map(|_| {
                scope.spawn(|| {
                    let options = Options { memory_budget: budget, threads: 2, cache: false, ..Options::default() };
                    query.over(source.clone()).options(options).engine(Streaming).collect().unwrap()
                })
            })
            .collect();
        for run in runs {
            let (answer, report) = run.join().unwrap();
            assert!(answer.equals_missing(&wanted));
            assert!(report.peak_bytes <= budget, "{} bytes were in work", report.peak_bytes);
        }
    });
    assert_eq!(MemoryGate::shared().in_work(), 0);
}

#[test]
fn repeated_operations_find_their_columns_decoded() {
    let _turn = turn();
    Cache::shared().clear();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, 50_000, Compression::Zstd);
    let source = open(&path);
    let options = || Options { memory_budget: 1 << 30, streaming_threshold: 1 << 29, ..Options::default() };
    let mut report = flow::Report::default();
    // A notebook: the same columns with other cuts, again and again.
    for step in 0..12 {
        let query = Query::new().filter(cut::parse(&format!("x > {}", step * 50)).unwrap());
        report.absorb(query.over(source.clone()).options(options()).collect().unwrap().1);
    }
    if flow::memory::pressure() < 0.8 {
        assert!(report.hit_rate().unwrap() > 0.8, "{:?}", report.hit_rate());
        assert!(report.efficiency().unwrap() > 0.5);
    }
    // Another file under the same name is another file.
    write(&path, 10_000, Compression::Zstd);
    assert_eq!(Query::new().over(open(&path)).options(options()).collect().unwrap().0.height(), 10_000);
}

#[test]
fn a_killed_query_leaves_nothing_and_runs_again() {
    const ROLE: &str = "RECOIL_TO_BE_KILLED_IN";
    let run = |folder: &Path| {
        let query =
            Query::new().filter(cut::parse("x != 5").unwrap()).tail(150_000).filter(cut::parse("x > 500").unwrap());
        // So small a budget that whatever lies between two stages is spilled.
        let options = Options { memory_budget: 100_000, spill: Some(folder.join("spill")), ..Options::default() };
        let scan = query.over(open(&folder.join("a.parquet"))).engine(Streaming).options(options);
        let answer = scan.collect().unwrap().0;
        sources::parquet::write(folder.join("out.parquet"), &answer, &WriteOptions::default()).unwrap();
        answer
    };
    // This test is also the one who is killed.
    if let Some(folder) = std::env::var_os(ROLE) {
        std::fs::write(Path::new(&folder).join("begun"), "").unwrap();
        loop {
            run(Path::new(&folder));
        }
    }
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("spill")).unwrap();
    write(&folder.path().join("a.parquet"), 200_000, Compression::Zstd);
    let wanted = run(folder.path());
    for wait in [150, 230, 310, 390] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_query_leaves_nothing_and_runs_again"])
            .env(ROLE, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let begun = folder.path().join("begun");
        while !begun.exists() {
            assert!(child.try_wait().unwrap().is_none(), "it runs until it is killed");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        std::fs::remove_file(begun).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("spill")).unwrap().count(), 0, "no spilled rows are left");
        assert!(run(folder.path()).equals_missing(&wanted), "the same answer");
        let mut left: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["a.parquet", "out.parquet", "spill"], "no half-written file is left");
    }
}
