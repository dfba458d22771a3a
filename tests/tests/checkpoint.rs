//! A pass that was stopped or killed goes on where it was, with the same answer bit for bit; whatever is not its own
//! checkpoint is refused.

use flow::{Best, Candidates, Checkpoint, Clause, Define, Options, Query, Report, Scan, Sink, Streaming};
use hist::{Axis, Hist};
use polars::prelude::*;
use segment::Segment;
use sources::parquet::{Compression, WriteOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Interrupts belong to the process: these tests take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let guard = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    segment::work::interrupt(false);
    guard
}

/// A weighted histogram and a profile.
struct Fill(usize);

impl Fill {
    fn empty(&self) -> [Hist; 2] {
        let axis = || Axis::regular(self.0, 0.0, 1_000.0).unwrap();
        let profile = Hist::with(vec![axis()], hist::Storage::WeightedMean).unwrap();
        [Hist::weighted(axis()).unwrap(), profile]
    }
}

impl Sink for Fill {
    type Part = [Hist; 2];

    fn part(&self) -> [Hist; 2] {
        self.empty()
    }

    fn take(&self, part: &mut [Hist; 2], segment: Segment) -> flow::Result<()> {
        let column = |name: &str| segment.frame.column(name).unwrap().as_materialized_series().clone();
        let (x, w) = (column("x"), column("w"));
        // Filling stops, too, when it is asked to.
        let told = |error| match error {
            hist::Error::Segment(error) => flow::Error::Segment(error),
            other => flow::Error::request(other.to_string()),
        };
        part[0].fill_series(&[&x], Some(&w)).map_err(told)?;
        let entries = hist::Entries { columns: &[&x], weight: Some(&w), sample: Some(&w), mask: None };
        part[1].fill_entries(&entries).map_err(told)
    }

    fn merge(&self, whole: &mut [Hist; 2], next: [Hist; 2]) -> flow::Result<()> {
        whole.iter_mut().zip(&next).for_each(|(whole, next)| whole.merge(next).unwrap());
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        Some(format!("{} bins", self.0))
    }

    fn save(&self, part: &[Hist; 2]) -> Vec<u8> {
        part.iter().flat_map(Hist::contents).collect()
    }

    fn restore(&self, bytes: &[u8]) -> Option<[Hist; 2]> {
        let [first, second] = self.empty();
        let (a, b) = bytes.split_at_checked(first.contents().len())?;
        Some([first.with_contents(a).ok()?, second.with_contents(b).ok()?])
    }
}

const ROWS: usize = 100_000;

/// Events of three rows, and in between some that are longer than several row groups.
fn event(row: usize) -> i64 {
    if (40_000..60_000).contains(&row) {
        1_000_000 + row as i64 / 4_500
    } else {
        row as i64 / 3 + row as i64 / 50_000 * 2_000_000
    }
}

fn write(path: &Path, rows: usize) {
    let frame = df!(
        "__event__" => (0..rows).map(event).collect::<Vec<_>>(),
        "x" => (0..rows).map(|row| ((row * 7919) % 1_000) as f64).collect::<Vec<_>>(),
        "y" => (0..rows).map(|row| ((row * 31) % 997) as f64).collect::<Vec<_>>(),
        "w" => (0..rows).map(|row| 1.0 / (1.0 + (row % 777) as f64)).collect::<Vec<_>>(),
    )
    .unwrap();
    let options = WriteOptions { compression: Compression::None, row_group: 1_000, ..WriteOptions::default() };
    sources::parquet::write(path, &frame, &options).unwrap();
}

fn query(best: Best) -> Query {
    Query::new()
        .filter(cut::parse("y > 20").unwrap())
        .candidates(Candidates::new(best))
        .filter(cut::parse("x > 5").unwrap())
}

fn scan(folder: &Path, query: &Query) -> Scan {
    let read = flow::ReadRange { columns: Some(vec!["x".into(), "w".into()]), ..Default::default() };
    query.over(sources::open(folder.join("a.parquet")).unwrap()).read(read).engine(Streaming)
}

fn kept(folder: &Path) -> PathBuf {
    folder.join("pass.checkpoint")
}

/// Options that keep everything that is joined at once.
fn options(folder: &Path) -> Options {
    Options {
        threads: 2,
        cache: false,
        checkpoint: Some(Checkpoint { path: kept(folder), every: Duration::ZERO }),
        ..Options::default()
    }
}

/// Calls `act` when so many units are done.
fn after(options: Options, units: usize, act: fn()) -> Options {
    let done = AtomicUsize::new(0);
    options.progress_callback(move |_| {
        if done.fetch_add(1, Ordering::SeqCst) + 1 == units {
            act();
        }
    })
}

fn bits(hists: &[Hist; 2]) -> Vec<u8> {
    hists.iter().flat_map(Hist::contents).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.collect();
    names.sort();
    names
}

fn run(folder: &Path, query: &Query, options: Options) -> flow::Result<(Vec<u8>, Report)> {
    scan(folder, query).options(options).run(&Fill(50)).map(|(hists, report)| (bits(&hists), report))
}

fn plain() -> Options {
    Options { threads: 2, cache: false, ..Options::default() }
}

#[test]
fn a_pass_that_was_stopped_goes_on() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    for best in [Best::First, Best::Lowest("y".into()), Best::Random(3)] {
        let query = query(best);
        let wanted = run(folder, &query, plain()).unwrap().0;
        let places = [1, 5, 20, 41, 47, 50, 58, 77, 99, 100];
        for (units, threads) in places.into_iter().flat_map(|units| [(units, 1), (units, 2)]) {
            let stopping = after(options(folder).threads(threads), units, || segment::work::interrupt(true));
            let stopped = run(folder, &query, stopping);
            segment::work::interrupt(false);
            assert!(stopped.is_err_and(|error| error.is_interrupt()), "after {units} units");
            let (answer, report) = run(folder, &query, options(folder)).unwrap();
            assert!(answer == wanted, "after {units} units");
            assert_eq!(report.resumed_rows + report.rows_in, ROWS as u64);
            // What is lost is what was in work and what waits for it: with one worker a stretch, or two at a border.
            let least = if threads == 1 { units.saturating_sub(4) as u64 * 1_000 } else { 0 };
            assert!(report.resumed_rows >= least, "{units} units, {}", report.resumed_rows);
            assert_eq!(report.notes.iter().any(|note| note.contains("earlier process")), report.resumed_rows > 0);
            assert_eq!(names(folder), ["a.parquet"], "nothing is left");
        }
    }
}

#[test]
fn events_that_come_back_have_one_candidate_over_the_whole_table() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    // There are 997 values of this key, and every one comes back a hundred times.
    let candidates = Candidates::new(Best::Highest("w".into())).keys(["y"]);
    let query = Query::new().filter(cut::parse("x > 5").unwrap()).candidates(candidates);
    let (wanted, report) = run(folder, &query, plain()).unwrap();
    assert_eq!(report.passes, 3, "a first look, a search, and the answer");
    for units in [30, 90, 130, 250] {
        let stopping = after(options(folder), units, || segment::work::interrupt(true));
        assert!(run(folder, &query, stopping).is_err());
        segment::work::interrupt(false);
        let (answer, report) = run(folder, &query, options(folder)).unwrap();
        assert!(answer == wanted && report.resumed_rows <= ROWS as u64, "after {units} units");
        // The later passes begin anew, the first does not.
        assert!(units < 100 || report.resumed_rows > 90_000, "{}", report.resumed_rows);
        assert_eq!(names(folder), ["a.parquet"], "nothing is left");
    }
}

#[test]
fn a_pass_that_is_killed_again_and_again_comes_to_its_end() {
    const ROLE: &str = "RECOIL_TO_BE_KILLED_IN";
    let query = query(Best::Highest("y".into()));
    // This test is also the one who is killed, by itself and in the middle.
    if let Some(folder) = std::env::var_os(ROLE) {
        let folder = PathBuf::from(folder);
        let kill = || {
            // SAFETY: it ends this process, which was started for that.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        };
        run(&folder, &query, after(options(&folder), 13, kill)).unwrap();
        return;
    }
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    let wanted = run(folder, &query, plain()).unwrap().0;
    let (mut killed, mut done) = (0, 0);
    loop {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_pass_that_is_killed_again_and_again_comes_to_its_end"])
            .env(ROLE, folder)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        let left = names(folder);
        if child.success() {
            assert_eq!(left, ["a.parquet"], "the last one came to the end");
            break;
        }
        killed += 1;
        assert!(killed < 500, "they get further");
        assert!(left.iter().all(|name| ["a.parquet", "pass.checkpoint", "pass.checkpoint.half"].contains(&&**name)));
        // What it left leads to the same answer, here and now, on a copy.
        let copy = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.join("a.parquet"), copy.path().join("other")).unwrap();
        let copied = std::fs::copy(kept(folder), kept(copy.path())).is_ok();
        let options = Options { checkpoint: options(copy.path()).checkpoint, ..plain() };
        let (answer, report) = run(folder, &query, options).unwrap();
        assert!(answer == wanted, "killed {killed} times");
        // The first ones may be killed before there is anything to keep.
        assert!(copied || done == 0, "killed {killed} times");
        assert_eq!(report.resumed_rows > 0, copied, "{:?}", report.notes);
        assert!(report.resumed_rows >= done, "nobody loses what another has done");
        done = report.resumed_rows;
        assert_eq!(names(copy.path()), ["other"]);
    }
    println!("killed {killed} times");
    assert!(killed >= 7, "{killed} were killed");
}

#[test]
fn what_is_not_its_own_checkpoint_is_refused() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    let of_first = query(Best::First);
    let wanted = run(folder, &of_first, plain()).unwrap().0;
    let stop = || {
        let stopping = after(options(folder), 60, || segment::work::interrupt(true));
        assert!(run(folder, &of_first, stopping).is_err());
        segment::work::interrupt(false);
        std::fs::read(kept(folder)).unwrap()
    };
    let good = stop();
    // Another query, and other bins.
    let other = query(Best::Lowest("y".into()));
    let (answer, report) = run(folder, &other, options(folder)).unwrap();
    assert!(answer == run(folder, &other, plain()).unwrap().0 && report.resumed_rows == 0);
    assert!(report.notes[0].contains("another query") && report.notes.len() == 1, "{:?}", report.notes);
    std::fs::write(kept(folder), &good).unwrap();
    let report = scan(folder, &of_first).options(options(folder)).run(&Fill(51)).unwrap().1;
    assert!(report.resumed_rows == 0 && report.notes[0].contains("another query"), "{:?}", report.notes);
    // Damaged, or cut short anywhere.
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let short = [0, 10, 24, 40, good.len() / 2, good.len() - 1].map(|length| good[..length].to_vec());
    for bytes in short.into_iter().chain([flipped]) {
        std::fs::write(kept(folder), &bytes).unwrap();
        let (answer, report) = run(folder, &of_first, options(folder)).unwrap();
        assert!(answer == wanted && report.resumed_rows == 0);
        assert!(report.notes[0].contains("damaged") && report.notes.len() == 1, "{:?}", report.notes);
    }
    // What is something else is left alone.
    std::fs::write(kept(folder), "results of a long night").unwrap();
    let error = run(folder, &of_first, options(folder)).unwrap_err().to_string();
    assert!(error.contains("is no checkpoint") && error.contains("another name"), "{error}");
    assert_eq!(std::fs::read(kept(folder)).unwrap(), b"results of a long night");
    // Other files: the same rows, written again.
    std::fs::write(kept(folder), &good).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    write(&folder.join("a.parquet"), ROWS);
    let (answer, report) = run(folder, &of_first, options(folder)).unwrap();
    assert!(answer == wanted && report.notes[0].contains("files have changed"), "{:?}", report.notes);
    assert_eq!(names(folder), ["a.parquet"]);
}

#[test]
fn a_checkpoint_that_cannot_be_written_costs_only_itself() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    let query = query(Best::First);
    let wanted = run(folder, &query, plain()).unwrap().0;
    let nowhere = Options { checkpoint: Some(Checkpoint::new(folder.join("nowhere/pass"))), ..plain() };
    let (answer, report) = run(folder, &query, nowhere).unwrap();
    assert!(answer == wanted);
    assert!(report.notes.len() == 1 && report.notes[0].contains("cannot be written"), "{:?}", report.notes);
}

#[test]
fn what_cannot_go_on_says_so_before_it_reads() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), 3_000);
    let message = |query: &Query| run(folder, query, options(folder)).unwrap_err().to_string();
    let function = Define::Function {
        name: "z".into(),
        inputs: vec!["x".into()],
        dtype: DataType::Float64,
        function: std::sync::Arc::new(|frame: &DataFrame| Ok(frame.column("x")?.as_materialized_series().clone())),
    };
    let own = Query::new().clause(Clause::Define(function)).filter(cut::parse("z > 1").unwrap());
    let said = message(&own);
    assert!(said.contains("a function of your own") && said.contains("write it as an expression"), "{said}");
    let said = message(&Query::new().filter(cut::parse("x > 1").unwrap()).head(2_000));
    assert!(said.contains("several stages") && said.contains("leave the checkpoint out"), "{said}");
    let said = scan(folder, &Query::new()).options(options(folder)).collect().unwrap_err().to_string();
    assert!(said.contains("this terminal cannot go on"), "{said}");
    let rows = scan(folder, &Query::new()).options(options(folder)).count().unwrap().0;
    assert_eq!((rows, names(folder)), (3_000, vec!["a.parquet".to_owned()]));
}

/// Asks the process to stop when it hears of progress for the n-th time.
struct Impatient(AtomicUsize);

impl segment::work::Listener for Impatient {
    fn progress(&self, _: &segment::work::Progress) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            segment::work::interrupt(true);
        }
    }
}

#[test]
fn a_cell_that_was_stopped_goes_on() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(&folder.join("a.parquet"), ROWS);
    let passes = folder.join("passes");
    let data = data::load(folder.join("a.parquet")).unwrap();
    let cell = |data: &data::Data| {
        let chosen = data.query("y > 20").one_cand_only().weight("w");
        chosen.hists((("x", (50, 0.0, 1_000.0)), ("y", (7, 0.0, 1_000.0))))
    };
    let wanted = cell(&data).unwrap();
    let kept = data.checkpoint(&passes);
    segment::work::listen(Some(std::sync::Arc::new(Impatient(AtomicUsize::new(60)))));
    let stopped = cell(&kept);
    segment::work::listen(None);
    segment::work::interrupt(false);
    assert!(stopped.is_err_and(|error| error.to_string().to_lowercase().contains("interrupt")));
    let left = names(&passes);
    assert!(left.len() == 1 && left[0].ends_with(".checkpoint"), "{left:?}");
    // Other bins are another pass, which leaves this one alone.
    kept.query("y > 20").hist("x", (3, 0.0, 1_000.0)).unwrap();
    assert_eq!(names(&passes), left);
    let answer = cell(&kept).unwrap();
    for (answer, wanted) in answer.iter().zip(&wanted) {
        assert!(answer.contents() == wanted.contents());
        let parts = [answer, wanted].map(|hist| hist.by_process().iter().next().unwrap().1.contents());
        assert!(parts[0] == parts[1]);
    }
    let report = answer[0].performance_report();
    assert!(report.notes.iter().any(|note| note.contains("earlier process")), "{:?}", report.notes);
    assert!(names(&passes).is_empty());
}
