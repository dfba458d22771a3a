//! Grouping, text, the best rows and joins over a table on disk, beside Polars (streaming) and DuckDB:
//! `cargo bench --bench frames -- [million rows]` prints tables in Markdown.
//!
//! The table is made by `peers/frames.py` (pyarrow, zstd, row groups of 262,144 rows). Each query runs in a process of its own,
//! several times after a run that warms up; the least processor seconds and the least wall seconds count. Our first pass forgets
//! all decoded columns before it, but not the footers of the files, which the plan of Polars keeps, too; `again` is the same
//! query once more. All answers must agree: before anything is measured each row and value with those of the Polars that is
//! linked here, and what the peers find in numbers of rows and sums.
//!
//! `-- budget [million rows] [gigabytes]` groups by a tenth as many keys as rows under a memory budget and prints the peak.
//! `-- only QUERY [million rows]` runs one of our queries alone, for a profile of it.

use data::Group;
use flow::{mean, sum};
use polars::prelude::*;
use recoil_tests::cases;
use recoil_tests::python::environment;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The prelude's allocator.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const RUNS: usize = 3;
const PACKAGES: [&str; 4] = ["numpy", "pyarrow", "duckdb", "polars"];
const QUERIES: [&str; 9] = [
    "group by pairs of integers, one of two rows begins a group",
    "group by integers, five rows a group",
    "group by 40,000 texts",
    "a part of a text",
    "a regular expression",
    "the best 10 rows",
    "join with 100,000 rows",
    "three of a thousand columns",
    "equality of texts",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |at: usize, other: f64| arguments.get(at).and_then(|one| one.parse().ok()).unwrap_or(other);
    match arguments.first().map(String::as_str) {
        Some("child") => return ours(number(1, 1.0) as usize, Path::new(&arguments[2])),
        Some("check") => return (1..=QUERIES.len()).for_each(|query| check(query, Path::new(&arguments[1]))),
        Some("budget") => return within_budget(number(1, 100.0), number(2, 0.5)),
        _ => {}
    }
    let only = arguments.first().is_some_and(|first| first == "only").then(|| number(1, 1.0) as usize);
    let million = number(if only.is_some() { 2 } else { 0 }, 15.0);
    let Some(python) = environment("bench frames", "frames", &PACKAGES) else { return };
    let folder = tables(&python, (million * 1e6) as usize);
    if let Some(query) = only {
        return ours(query, &folder);
    }
    let mut checks = Command::new(std::env::current_exe().expect("this program"));
    assert!(
        checks.arg("check").arg(&folder).status().expect("a process").success(),
        "answers differ from those of Polars"
    );
    let mut all: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for query in 1..=QUERIES.len() {
        let (number, runs) = (query.to_string(), RUNS.to_string());
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        all.entry("ours").or_default().push(told(child.args(["child", &number]).arg(&folder)));
        for peer in ["duckdb", "polars"] {
            let mut command = Command::new(&python);
            command.arg(script()).args([peer, &number]).arg(&folder).arg(&runs);
            all.entry(peer).or_default().push(told(&mut command));
        }
        for (name, told) in &all {
            let (own, other) = (&all["ours"][query - 1], &told[query - 1]);
            let same = own.rows == other.rows && (own.sum - other.sum).abs() <= 1e-12 * own.sum.abs();
            assert!(
                same,
                "query {query}: {} rows {} beside {} rows {} of {name}",
                own.rows, own.sum, other.rows, other.sum
            );
        }
    }
    println!("{million} M rows; least of {RUNS} runs\n");
    table("processor seconds", &all, |told| told.cpu, |told| told.again_cpu);
    table("wall seconds", &all, |told| told.wall, |told| told.again_wall);
    table("peak MB", &all, |told| told.peak, |told| told.peak);
}

/// What a process says of a query.
struct Told {
    cpu: f64,
    wall: f64,
    peak: f64,
    rows: f64,
    sum: f64,
    again_cpu: f64,
    again_wall: f64,
}

fn told(command: &mut Command) -> Told {
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().last().unwrap_or_default();
    let all: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert!(all.len() >= 5, "{command:?}: {text}");
    let again = |at: usize| all.get(at).copied().unwrap_or(f64::NAN);
    let [cpu, wall, peak, rows, sum] = [all[0], all[1], all[2], all[3], all[4]];
    Told { cpu, wall, peak, rows, sum, again_cpu: again(5), again_wall: again(6) }
}

fn table(what: &str, all: &BTreeMap<&str, Vec<Told>>, first: impl Fn(&Told) -> f64, again: impl Fn(&Told) -> f64) {
    println!("| {what} | ours | ours, again | DuckDB | Polars | best peer / ours |\n|---|---|---|---|---|---|");
    let digits = if what.contains("MB") { 0 } else { 3 };
    for (at, name) in QUERIES.iter().enumerate() {
        let [own, duckdb, polars] = ["ours", "duckdb", "polars"].map(|who| &all[who][at]);
        let (mine, best) = (first(own), first(duckdb).min(first(polars)));
        println!(
            "| {name} | {mine:.digits$} | {:.digits$} | {:.digits$} | {:.digits$} | {:.2} |",
            again(own),
            first(duckdb),
            first(polars),
            best / mine
        );
    }
    println!();
}

fn script() -> PathBuf {
    cases::project().join("tests/bench/peers/frames.py")
}

/// The folder of the tables, made where they are not there yet.
fn tables(python: &Path, rows: usize) -> PathBuf {
    let shared = std::env::var_os("RECOIL_BENCH_FILES").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = shared.join("recoil-bench").join(format!("frames-{rows}"));
    if folder.join("ready").exists() {
        return folder;
    }
    std::fs::create_dir_all(&folder).expect("a folder for the tables");
    let mut command = Command::new(python);
    command.arg(script()).arg("make").arg(&folder).arg(rows.to_string());
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(folder.join("ready"), "").expect("room on the disk");
    folder
}

/// Runs a query in this process and prints what [`told`] reads.
fn ours(query: usize, folder: &Path) {
    let mut least = [f64::INFINITY; 4];
    let start = resident("VmRSS");
    let mut answer = DataFrame::empty();
    for run in 0..=RUNS {
        flow::memory::Cache::shared().clear();
        drop(std::mem::take(&mut answer));
        let (cpu, wall, first) = timed(|| ask(query, folder));
        drop(first);
        let (again_cpu, again_wall, again) = timed(|| ask(query, folder));
        answer = again;
        if run > 0 {
            for (least, now) in least.iter_mut().zip([cpu, wall, again_cpu, again_wall]) {
                *least = least.min(now);
            }
        }
    }
    let peak = resident("VmHWM") - start;
    let (rows, sum) = (answer.height(), floats(&answer));
    println!("{} {} {peak} {rows} {sum} {} {}", least[0], least[1], least[2], least[3]);
}

fn ask(query: usize, folder: &Path) -> DataFrame {
    let open = |name: &str| data::load(folder.join(name)).expect("the table");
    let rows = || open("rows.parquet");
    let grouped = |keys: &[&str]| rows().group_by(keys.to_vec()).agg([sum("x"), mean("y")]);
    let kept = |cut: &str| rows().query(cut).select(["x", "y"]).collect();
    let sums = |data: Group, names: &[&str]| data.agg(names.iter().map(|name| sum(*name)));
    let answer = match query {
        1 => grouped(&["a", "b"]),
        2 => grouped(&["k"]),
        3 => grouped(&["s"]),
        4 => kept("s.str.contains('777')"),
        5 => kept("s.str.contains('7[0-4]5$')"),
        6 => rows().select(["a", "b", "k", "s", "x", "y"]).top(10, "x"),
        7 => {
            let small = open("small.parquet").collect().expect("the small table");
            sums(rows().join(&small, ["j"]), &["x", "w"])
        }
        8 => sums(open("wide.parquet").select(["c101", "c502", "c903"]), &["c101", "c502", "c903"]),
        _ => kept("s == 'customer-0007919'"),
    };
    answer.expect("an answer")
}

/// Compares each row and value of a query with those of the Polars that is linked here: keys, texts and values that are handed on
/// must be the same, sums and means agree to 1e-12.
fn check(query: usize, folder: &Path) {
    let scan = |name: &str| {
        let path = folder.join(name).to_str().expect("a path of text").to_owned();
        LazyFrame::scan_parquet(PlRefPath::new(&path), ScanArgsParquet::default()).expect("the table")
    };
    let rows = || scan("rows.parquet");
    let grouped = |keys: &[&str]| {
        let keys: Vec<Expr> = keys.iter().map(|key| col(*key)).collect();
        let groups = rows().group_by(keys.clone()).agg([col("x").sum(), col("y").mean()]);
        groups.sort_by_exprs(keys, SortMultipleOptions::default())
    };
    let kept = |cut: Expr| rows().filter(cut).select([col("x"), col("y")]);
    let sums = |table: LazyFrame, names: &[&str]| {
        table.select(names.iter().map(|name| col(*name).cast(DataType::Float64).sum()).collect::<Vec<_>>())
    };
    let theirs = match query {
        1 => grouped(&["a", "b"]),
        2 => grouped(&["k"]),
        3 => grouped(&["s"]),
        4 => kept(col("s").str().contains_literal(lit("777"))),
        5 => kept(col("s").str().contains(lit("7[0-4]5$"), true)),
        6 => {
            let best = SortMultipleOptions::default().with_order_descending(true);
            rows().select(["a", "b", "k", "s", "x", "y"].map(col)).sort(["x"], best).limit(10)
        }
        7 => {
            let both = rows().join(scan("small.parquet"), [col("j")], [col("j")], JoinArgs::new(JoinType::Inner));
            sums(both, &["x", "w"])
        }
        8 => sums(scan("wide.parquet"), &["c101", "c502", "c903"]),
        _ => kept(col("s").eq(lit("customer-0007919"))),
    };
    let theirs = theirs.collect_with_engine(Engine::Streaming).expect("an answer").unwrap_single();
    let ours = ask(query, folder);
    assert_eq!((ours.height(), ours.width()), (theirs.height(), theirs.width()), "query {query}");
    for (own, other) in ours.columns().iter().zip(theirs.columns()) {
        let other = other.cast(own.dtype()).expect("the same type");
        if !own.dtype().is_float() || matches!(query, 4..=6 | 9) {
            assert!(own.equals(&other), "query {query}: {own:?} beside {other:?}");
            continue;
        }
        for (a, b) in own.f64().expect("numbers").iter().zip(other.f64().expect("numbers").iter()) {
            let (a, b) = (a.expect("a number"), b.expect("a number"));
            assert!((a - b).abs() <= 1e-12 * a.abs().max(b.abs()), "query {query}: {a} beside {b} in {}", own.name());
        }
    }
}

/// The sum of all floating point numbers.
fn floats(frame: &DataFrame) -> f64 {
    let columns = frame.columns().iter().filter(|column| column.dtype().is_float());
    columns
        .map(|column| column.cast(&DataType::Float64).expect("numbers").f64().expect("numbers").sum().unwrap_or(0.0))
        .sum()
}

/// Groups rows that are made as they are read by a tenth as many keys, within a budget.
fn within_budget(million: f64, gigabytes: f64) {
    let rows = (million * 1e6) as u64;
    let folder = std::env::temp_dir().join("recoil-bench").join(format!("frames-keys-{rows}"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("keys.parquet");
    let keys = rows / 10;
    if !path.exists() {
        let part = |start: u64, count: u64| {
            let each = || (start..start + count).map(|row| segment::random::digest([row]));
            let key: Vec<i64> = each().map(|word| (word % keys) as i64 * 1_000_003).collect();
            let value: Vec<f64> = each().map(|word| (word >> 40) as f64).collect();
            df!("k" => key, "x" => value).expect("columns")
        };
        let options = sources::parquet::WriteOptions::default();
        let mut writer = sources::parquet::Writer::create(&path, part(0, 0).schema(), &options).expect("a file");
        for start in (0..rows).step_by(1 << 20) {
            writer.push(part(start, (rows - start).min(1 << 20))).expect("room on the disk");
        }
        writer.finish().expect("room on the disk");
    }
    let start = resident("VmRSS");
    let data = data::load(&path).expect("the table").memory_budget_gb(gigabytes);
    let (cpu, wall, frame) = timed(|| data.group_by("k").agg([sum("x")]).expect("groups"));
    let peak = resident("VmHWM") - start;
    println!(
        "{rows} rows, {} keys: {cpu:.1} s of processors, {wall:.1} s, {peak:.0} MB of {gigabytes} GB",
        frame.height()
    );
    let expected: f64 = (0..rows).map(|row| (segment::random::digest([row]) >> 40) as f64).sum();
    assert!((floats(&frame) - expected).abs() <= 1e-9 * expected, "{} beside {expected}", floats(&frame));
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, f64, T) {
    let (start, before) = (Instant::now(), processor_seconds());
    let answer = work();
    (processor_seconds() - before, start.elapsed().as_secs_f64(), answer)
}

/// A line of the system's account of this process, in MB.
fn resident(what: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(what)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

/// Of all threads.
fn processor_seconds() -> f64 {
    // SAFETY: the structure is plain numbers, for which zeros are values, and the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
