//! The queries of a tick store, beside ArcticDB: the same table in slices of 100,000 rows, LZ4, warm cache, each query
//! in processes of its own.
//!
//! `cargo bench --bench arcticdb -- [million rows]` prints a table in Markdown. Both must give the same
//! answer (rows, and the sum over all numbers). Appending is left out: there is no store yet.

use flow::{Query, ReadRange, Streaming, first, last, max, mean, min, sum};
use polars::prelude::*;
use sources::parquet::{Compression, WriteOptions, Writer};
use sources::{Index, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The prelude's allocator.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const START: i64 = 1_704_067_200_000_000_000;
const SECOND: i64 = 1_000_000_000;
const QUERIES: [&str; 9] = [
    "1 filter, 1 % kept",
    "2 text equality",
    "3 projection",
    "4 group by 100 texts",
    "5 group by 100,000 integers",
    "6 bars, factor 100",
    "7 one day of 2 columns of 50",
    "8 selective filter, statistics",
    "9 filter, then the first 10",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "one") {
        return one(arguments[at + 1].parse().expect("a number of a query"), Path::new(&arguments[at + 2]));
    }
    let million = arguments.iter().find_map(|argument| argument.parse::<f64>().ok()).unwrap_or(10.0);
    let rows = (million * 1e6) as usize;
    let folder = std::env::temp_dir().join("recoil-bench").join(format!("ticks-{rows}"));
    make(&folder, rows);
    let python = recoil_tests::python::environment(
        "bench arcticdb",
        "arcticdb",
        &["arcticdb==6.28.2", "pandas<3", "pyarrow", "polars"],
    );
    let script = recoil_tests::cases::project().join("tests/bench/peers/ticks.py");
    println!(
        "{rows} rows, slices of 100,000, LZ4; median of 5, milliseconds; memory: peak anonymous above the start, MB\n"
    );
    println!("| query | ours | ArcticDB | ratio | our memory | its memory |\n|---|---|---|---|---|---|");
    let own = std::env::current_exe().expect("this program");
    for (number, name) in QUERIES.iter().enumerate() {
        let run = |command: &mut std::process::Command| {
            let output = command.output().expect("it runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text.lines().last().unwrap_or_default().to_owned();
            line.split(' ').filter_map(|number| number.parse::<f64>().ok()).collect::<Vec<_>>()
        };
        let ours = run(std::process::Command::new(&own).arg("one").arg(number.to_string()).arg(&folder));
        let theirs = python
            .as_ref()
            .map(|python| run(std::process::Command::new(python).arg(&script).arg(number.to_string()).arg(&folder)));
        let text = theirs.map_or("- | - | ".to_owned(), |theirs| {
            assert!(near(ours[2], theirs[2]) && near(ours[3], theirs[3]), "{name}: {ours:?} {theirs:?}");
            format!("{:.1} | {:.2} | {:.0} | {:.0}", theirs[0] * 1e3, theirs[0] / ours[0], ours[1], theirs[1])
        });
        println!("| {name} | {:.1} | {text} |", ours[0] * 1e3);
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs())
}

fn make(folder: &Path, rows: usize) {
    std::fs::create_dir_all(folder).expect("a folder");
    let options = WriteOptions { compression: Compression::Lz4, row_group: 100_000, ..WriteOptions::default() };
    let write = |path: PathBuf, rows: usize, make: &dyn Fn(usize, usize) -> DataFrame| {
        if path.exists() {
            return;
        }
        let mut writer = Writer::create(&path, make(0, 0).schema(), &options).expect("a file");
        for start in (0..rows).step_by(100_000) {
            writer.push(make(start, 100_000.min(rows - start))).expect("room on the disk");
        }
        writer.finish().expect("room on the disk");
    };
    write(folder.join("ticks.parquet"), rows, &ticks);
    write(folder.join("wide.parquet"), rows / 10, &wide);
}

fn times(start: usize, rows: usize) -> Column {
    let times: Vec<i64> = (start..start + rows).map(|row| START + row as i64 * SECOND).collect();
    let times = Int64Chunked::from_vec("ts".into(), times).into_series();
    times.cast(&DataType::Datetime(TimeUnit::Nanoseconds, None)).expect("times").into_column()
}

fn ticks(start: usize, rows: usize) -> DataFrame {
    let each = || start as u64..(start + rows) as u64;
    let columns = vec![
        times(start, rows),
        Column::new("id1".into(), each().map(|row| format!("id{:03}", row * 7919 % 100)).collect::<Vec<_>>()),
        Column::new("id6".into(), each().map(|row| (row * 40503 % 100_000) as i64).collect::<Vec<_>>()),
        Column::new("v1".into(), each().map(|row| (row * 31 % 5) as i32 + 1).collect::<Vec<_>>()),
        Column::new(
            "v3".into(),
            each().map(|row| (row * 2_654_435_761 % 1_000_003) as f64 / 10_000.03).collect::<Vec<_>>(),
        ),
        Column::new("k".into(), each().map(|row| (row / 1_000) as i64).collect::<Vec<_>>()),
    ];
    DataFrame::new(rows, columns).expect("columns")
}

fn wide(start: usize, rows: usize) -> DataFrame {
    let value =
        |column: usize| (start..start + rows).map(|row| (row * (column + 3) % 1_009) as f64).collect::<Vec<_>>();
    let columns = std::iter::once(times(start, rows))
        .chain((0..50).map(|column| Column::new(format!("c{column:02}").into(), value(column))));
    DataFrame::new(rows, columns.collect()).expect("columns")
}

/// Runs one query; prints the median seconds, the peak memory in MB, and rows and sum of the answer.
fn one(number: usize, folder: &Path) {
    let open = |name: &str| -> Arc<dyn Source> {
        let file = sources::open(folder.join(name)).expect("the table");
        sources::indexed(file, Index::ascending("ts")).expect("an index")
    };
    let source = open(if number == 6 { "wide.parquet" } else { "ticks.parquet" });
    let cut = |text: &str| cut::parse(text).expect("a cut");
    let all = Query::new;
    let (query, columns): (Query, Option<&[&str]>) = match number {
        0 => (all().filter(cut("v3 < 1.0")), Some(&["v1"])),
        1 => (all().filter(cut("id1 == 'id001'")), Some(&["v1", "v3"])),
        2 => (all().define("p", cut("v1 * v3")), Some(&["p"])),
        3 => (all().groupby(["id1"]).agg([sum("v1")]), None),
        4 => (all().groupby(["id6"]).agg([sum("v1"), mean("v3")]), None),
        5 => {
            let bars = [
                first("v3").alias("o"),
                max("v3").alias("h"),
                min("v3").alias("l"),
                last("v3").alias("c"),
                sum("v1").alias("v"),
            ];
            (all().resample("100s").agg(bars), None)
        }
        6 => {
            let day = START + 5 * 86_400 * SECOND;
            (all().date_range(day, day + 86_400 * SECOND - 1), Some(&["c07", "c31"]))
        }
        7 => (all().filter(cut("k == 5000")), Some(&["v1", "v3"])),
        _ => (all().filter(cut("v3 < 1.0")).head(10), Some(&["v1", "v3"])),
    };
    let read = ReadRange {
        columns: columns.map(|names| names.iter().map(|name| (*name).into()).collect()),
        ..Default::default()
    };
    let scan = query.over(source).read(read).engine(Streaming);
    let memory = Memory::watch();
    let mut answer = DataFrame::empty();
    let mut seconds: Vec<f64> = (0..5)
        .map(|_| {
            answer = DataFrame::empty();
            let start = Instant::now();
            answer = scan.collect().expect("an answer").0;
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let total: f64 = answer
        .columns()
        .iter()
        .filter(|column| column.dtype().is_primitive_numeric() && column.name() != "id6")
        .map(|column| column.cast(&DataType::Float64).expect("numbers").f64().expect("numbers").sum().unwrap_or(0.0))
        .sum();
    println!("{} {} {} {total}", seconds[2], memory.peak(), answer.height());
}

/// Watches the anonymous memory of this process.
struct Memory {
    start: f64,
    peak: Arc<std::sync::Mutex<f64>>,
    stop: Arc<AtomicBool>,
}

impl Memory {
    fn watch() -> Self {
        let start = Self::now();
        let (peak, stop) = (Arc::new(std::sync::Mutex::new(start)), Arc::new(AtomicBool::new(false)));
        let (shared, ended) = (peak.clone(), stop.clone());
        std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                let now = Self::now();
                let mut peak = shared.lock().expect("the peak");
                *peak = peak.max(now);
                drop(peak);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { start, peak, stop }
    }

    fn now() -> f64 {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("RssAnon:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
    }

    fn peak(&self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        *self.peak.lock().expect("the peak") - self.start
    }
}
