//! The engine from parquet in the page cache, beside Polars' streaming engine (in this process), DuckDB and pandas:
//! a cut on six columns with a weighted histogram, the cut of the photon study with one candidate per event, many
//! histograms in one pass, a file that is not in the page cache, a cache that is too small, and a billion rows.
//!
//! `cargo bench --bench engine -- [million rows] [six|study|many|cold|tiers|billion|toy|all] [guard]`
//! prints tables in Markdown. Files are made in the folder for temporary files, and kept for the next run.
//! `guard` compares with the committed ratios in `engine.baseline` and fails below 85 % of one.

#[path = "engine/billion.rs"]
mod billion;
#[path = "engine/cold.rs"]
mod cold;
#[path = "engine/tiers.rs"]
mod tiers;

use flow::memory::Cache;
use flow::{Best, Candidates, Options, Query, Scan, Sink, Streaming};
use hist::{Axis, Hist};
use polars::prelude::*;
use segment::Segment;
use sources::parquet::{Compression, WriteOptions, Writer};
use sources::{SegmentInfo, Source};
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// The prelude's allocator: for Polars here it is the same.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const BINS: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let million = arguments.iter().find_map(|argument| argument.parse::<f64>().ok()).unwrap_or(20.0);
    let rows = (million * 1e6) as usize;
    let wants = |name: &str| arguments.iter().any(|argument| argument == name || argument == "all");
    let any = ["six", "study", "many", "cold", "tiers", "billion", "toy", "all"]
        .iter()
        .any(|name| arguments.iter().any(|a| a == name));
    let mut ratios = Vec::new();
    if let Some(at) = arguments.iter().position(|argument| argument == "killed") {
        return billion::run_until_killed(&arguments[at + 1]);
    }
    if !any || wants("six") {
        six(rows, &mut ratios);
    }
    if !any || wants("study") {
        study(rows, &mut ratios);
    }
    if !any || wants("many") {
        many(rows * 4);
    }
    if wants("cold") {
        cold::cold(rows);
    }
    if wants("tiers") {
        tiers::tiers(rows);
    }
    if wants("billion") {
        billion::billion();
    }
    if wants("toy") {
        billion::toy();
    }
    if arguments.iter().any(|argument| argument == "guard") {
        guard(&ratios);
    }
}

/// Numbers that look random and are the same everywhere.
fn noise(row: usize, column: u64) -> f64 {
    let mut word = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ column.wrapping_mul(0xd1b5_4a32_d192_ed03);
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((word ^ word >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

fn file(name: &str, rows: usize, compression: Compression, make: impl Fn(usize, usize) -> DataFrame) -> PathBuf {
    // Who is started by a benchmark has a folder for temporary files of its own, but shares the files.
    let shared = std::env::var_os("RECOIL_BENCH_FILES").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = shared.join("recoil-bench");
    std::fs::create_dir_all(&folder).expect("a folder for the files");
    // Another number for every change of what the writer does.
    let path = folder.join(format!("{name}-2-{rows}-{compression:?}.parquet"));
    if !path.exists() {
        let part = 262_144;
        let options = WriteOptions { compression, row_group: part, ..WriteOptions::default() };
        let mut writer = Writer::create(&path, make(0, 0).schema(), &options).expect("a file");
        for start in (0..rows).step_by(part) {
            writer.push(make(start, part.min(rows - start))).expect("room on the disk");
        }
        writer.finish().expect("room on the disk");
    }
    cached(&path);
    path
}

/// The same rows by Polars' own writer, which compresses every page: our writer stores pages that hardly shrink.
fn file_of_polars(name: &str, rows: usize, make: impl Fn(usize, usize) -> DataFrame) -> PathBuf {
    let path = std::env::temp_dir().join("recoil-bench").join(format!("{name}-polars-{rows}.parquet"));
    if !path.exists() {
        let part = 262_144;
        let half = path.with_extension("half");
        let writer = ParquetWriter::new(std::fs::File::create(&half).expect("a file"))
            .with_compression(ParquetCompression::Zstd(None))
            .with_row_group_size(Some(part));
        let mut writer = writer.batched(make(0, 0).schema()).expect("a file");
        for start in (0..rows).step_by(part) {
            writer.write_batch(&make(start, part.min(rows - start))).expect("room on the disk");
        }
        writer.finish().expect("room on the disk");
        std::fs::rename(half, &path).expect("its name");
    }
    cached(&path);
    path
}

/// Reads a file once, so that the page cache has it.
fn cached(path: &Path) {
    let mut file = std::fs::File::open(path).expect("the file");
    std::io::copy(&mut file, &mut std::io::sink()).expect("the file");
}

fn six_columns(start: usize, rows: usize) -> DataFrame {
    let f64s = |column: u64| (start..start + rows).map(|row| noise(row, column) * 10.0).collect::<Vec<f64>>();
    let f32s = |column: u64| (start..start + rows).map(|row| noise(row, column) as f32).collect::<Vec<f32>>();
    df!("x" => f64s(1), "y" => f64s(2), "z" => f64s(3), "a" => f32s(4), "b" => f32s(5), "w" => f32s(6))
        .expect("columns")
}

fn six_files(rows: usize) -> [(&'static str, PathBuf); 3] {
    [
        ("none", file("six", rows, Compression::None, six_columns)),
        ("zstd", file("six", rows, Compression::Zstd, six_columns)),
        ("zstd-polars", file_of_polars("six", rows, six_columns)),
    ]
}

const SIX: &str = "x > 2.0 & y < 6.0 & 8.0 > z > 2.0 & a < 0.9 & b > 0.05 & w > 0.02";

/// A weighted histogram of one column.
struct Fill<'a> {
    empty: Vec<Hist>,
    columns: Vec<&'a str>,
    weight: Option<&'a str>,
}

impl<'a> Fill<'a> {
    fn one(column: &'a str, weight: Option<&'a str>, lower: f64, upper: f64) -> Self {
        let axis = Axis::regular(BINS, lower, upper).expect("an axis");
        let empty = if weight.is_some() { Hist::weighted(axis) } else { Hist::new(axis) };
        Self { empty: vec![empty.expect("a histogram")], columns: vec![column], weight }
    }
}

impl Sink for Fill<'_> {
    type Part = Vec<Hist>;

    fn part(&self) -> Vec<Hist> {
        self.empty.clone()
    }

    fn take(&self, part: &mut Vec<Hist>, segment: Segment) -> flow::Result<()> {
        let column = |name: &str| Ok::<_, PolarsError>(segment.frame.column(name)?.as_materialized_series().clone());
        let weight = self.weight.map(column).transpose()?;
        for (hist, name) in part.iter_mut().zip(&self.columns) {
            let filled = hist.fill_series(&[&column(name)?], weight.as_ref());
            filled.map_err(|error| flow::Error::request(error.to_string()))?;
        }
        Ok(())
    }

    fn merge(&self, whole: &mut Vec<Hist>, next: Vec<Hist>) -> flow::Result<()> {
        for (whole, next) in whole.iter_mut().zip(&next) {
            whole.merge(next).map_err(|error| flow::Error::request(error.to_string()))?;
        }
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        let axes: Vec<_> = self.empty.iter().map(|hist| (hist.axes(), hist.storage())).collect();
        Some(format!("{axes:?} {:?} {:?}", self.columns, self.weight))
    }

    fn save(&self, part: &Vec<Hist>) -> Vec<u8> {
        part.iter().flat_map(Hist::contents).collect()
    }

    fn restore(&self, mut bytes: &[u8]) -> Option<Vec<Hist>> {
        let one = |empty: &Hist| {
            let (own, rest) = bytes.split_at_checked(empty.contents().len())?;
            bytes = rest;
            empty.clone().with_contents(own).ok()
        };
        self.empty.iter().map(one).collect()
    }
}

fn six(rows: usize, ratios: &mut Vec<(String, f64)>) {
    println!(
        "\n## Cut on six columns and a weighted histogram, {rows} rows from the page cache, {} threads\n",
        threads()
    );
    println!(
        "| file | ours Mrows/s | another cut, columns cached | the same cut again | Polars streaming | DuckDB | pandas | ours / best |\n|---|---|---|---|---|---|---|---|"
    );
    for (name, path) in six_files(rows) {
        let source: Arc<dyn Source> = Arc::new(sources::parquet::open(&path).expect("a parquet file"));
        let query = Query::new().filter(cut::parse(SIX).expect("a cut"));
        let fill = Fill::one("x", Some("w"), 0.0, 10.0);
        let options = Options { memory_budget: 4 << 30, ..Options::default() };
        let scan = with_columns(query.over(source.clone()).options(options.clone()), &["x", "w"]);
        let mut duckdb = Peer::start("six", "duckdb", &path);
        let mut pandas = Peer::start("six", "pandas", &path);
        let [mut first, mut another, mut again, mut polars] = [const { Vec::new() }; 4];
        let (mut counts, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..7 {
            Cache::shared().clear();
            timed(&mut first, || counts = scan.clone().engine(Streaming).run(&fill).expect("a pass").0[0].counts());
            let _ = scan.run(&fill).expect("a pass");
            timed(&mut again, || counts = scan.run(&fill).expect("a pass").0[0].counts());
            // A cut that nobody has asked for before, so that no selection is remembered.
            let text = SIX.replace("x > 2.0", &format!("x > 2.{round:03}1"));
            let query = Query::new().filter(cut::parse(&text).expect("a cut"));
            let other = with_columns(query.over(source.clone()).options(options.clone()), &["x", "w"]);
            timed(&mut another, || {
                let report = other.run(&fill).expect("a pass").1;
                assert_eq!((report.hit_rate(), report.selections_reused), (Some(1.0), 0), "only columns are cached");
            });
            Cache::shared().clear();
            timed(&mut polars, || theirs = polars_six(&path));
            assert!(near(&counts, &theirs), "both fill the same histogram");
            duckdb.iter_mut().for_each(|peer| peer.round(&counts));
            if round < 3 {
                pandas.iter_mut().for_each(|peer| peer.round(&counts));
            }
        }
        let peer = |peer: &Option<Peer>| peer.as_ref().map(|peer| middle(&peer.seconds));
        let (first, another, again, polars) = (middle(&first), middle(&another), middle(&again), middle(&polars));
        let rate = |seconds: f64| rows as f64 / seconds / 1e6;
        let best = peer(&duckdb).map_or(polars, |duckdb| duckdb.min(polars));
        let text = |seconds: Option<f64>| seconds.map_or("-".into(), |seconds| format!("{:.0}", rate(seconds)));
        println!(
            "| {name} | {:.0} | {:.0} ({:.1} x) | {:.0} ({:.1} x) | {:.0} | {} | {} | {:.2} |",
            rate(first),
            rate(another),
            first / another,
            rate(again),
            first / again,
            rate(polars),
            text(peer(&duckdb)),
            text(peer(&pandas)),
            best / first
        );
        ratios.push((format!("six-{name}"), best / first));
    }
}

fn with_columns(scan: Scan, columns: &[&str]) -> Scan {
    let columns = columns.iter().map(|name| PlSmallStr::from(*name)).collect();
    scan.read(flow::ReadRange { columns: Some(columns), ..Default::default() })
}

fn polars_six(path: &Path) -> Vec<f64> {
    let bin = (col("x") * lit(BINS as f64 / 10.0)).floor().cast(DataType::Int32).alias("bin");
    // Values are never missing here, so that Polars' own comparisons mean the same.
    let keep = col("x")
        .gt(lit(2.0))
        .and(col("y").lt(lit(6.0)))
        .and(col("z").lt(lit(8.0)))
        .and(col("z").gt(lit(2.0)))
        .and(col("a").lt(lit(0.9_f32)))
        .and(col("b").gt(lit(0.05_f32)))
        .and(col("w").gt(lit(0.02_f32)));
    let weight = || col("w").cast(DataType::Float64);
    let scan = LazyFrame::scan_parquet(PlRefPath::new(path.to_str().expect("a path")), ScanArgsParquet::default());
    let answer = scan
        .expect("a scan")
        .filter(keep)
        .select([bin, weight().alias("w")])
        .group_by([col("bin")])
        .agg([col("w").sum().alias("sum"), (col("w") * col("w")).sum().alias("sum2")])
        .collect_with_engine(Engine::Streaming)
        .expect("an answer")
        .unwrap_single();
    let mut counts = vec![0.0; BINS];
    let bins = answer.column("bin").expect("bins").i32().expect("integers").clone();
    let sums = answer.column("sum").expect("sums").f64().expect("numbers").clone();
    for (bin, sum) in bins.iter().zip(sums.iter()) {
        counts[bin.unwrap_or(0) as usize] += sum.unwrap_or(0.0);
    }
    counts
}

fn near(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 * (1.0 + a.abs()))
}

/// A peer in Python that waits for its turn: rounds of all alternate, so that a machine that is slow for a while is slow
/// for all of them.
struct Peer {
    child: Child,
    answers: BufReader<ChildStdout>,
    seconds: Vec<f64>,
}

impl Peer {
    /// The peer, where it is installed.
    fn start(what: &str, name: &str, path: &Path) -> Option<Self> {
        let packages = ["duckdb", "pandas", "pyarrow", "numexpr"];
        let python = recoil_tests::python::environment("bench engine", "engine", &packages)?;
        let script = recoil_tests::cases::project().join("tests/bench/peers/engine.py");
        let mut child = Command::new(python)
            .arg(script)
            .args([what, name])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        Some(Self { child, answers, seconds: Vec::new() })
    }

    /// One round; it must find the same histogram.
    fn round(&mut self, counts: &[f64]) {
        let mut input = self.child.stdin.as_ref().expect("its input");
        input.write_all(b"go\n").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        assert!(numbers.len() > 1 && near(counts, &numbers[1..]), "the peer fills the same histogram: {line}");
        self.seconds.push(numbers[0]);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn middle(seconds: &[f64]) -> f64 {
    let mut seconds = seconds.to_vec();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn timed(seconds: &mut Vec<f64>, run: impl FnOnce()) {
    let start = Instant::now();
    run();
    seconds.push(start.elapsed().as_secs_f64());
}

/// The cut of the photon study: fifteen comparisons on twelve columns, three of which are made here.
const STUDY: &str = "mu1nCDCHits>4 & mu2nCDCHits>4 & 0.8>mu1clusterEoP & 0.8>mu2clusterEoP & \
    2.6179938779914944>pRecoilTheta>0.29670597283903605 & 11>totalMuonMomentum & absdPhi>1.5707963267948966 & \
    (absdPhiMu1>.4|absdThetaMu1>.4) & min_deltaMuPRecoil>-0.01 & 0.35>mu1clusterE & 0.35>mu2clusterE";

const STUDY_COLUMNS: [&str; 12] = [
    "mu1nCDCHits",
    "mu2nCDCHits",
    "mu1clusterEoP",
    "mu2clusterEoP",
    "pRecoilTheta",
    "totalMuonMomentum",
    "absdPhi",
    "absdPhiMu1",
    "absdThetaMu1",
    "min_deltaMuPRecoil",
    "mu1clusterE",
    "mu2clusterE",
];

/// The names and types of the columns of the photon study.
fn study_schema() -> Schema {
    let measured = STUDY_COLUMNS.into_iter().map(|name| (name, DataType::Float64));
    let event = [("__event__", DataType::UInt32), ("__run__", DataType::Int32), ("__experiment__", DataType::Int32)];
    measured.chain(event).map(|(name, dtype)| (name.into(), dtype)).collect()
}

fn study_column(name: &str, rows: Range<usize>) -> Column {
    const SCALE: [f64; 12] = [60.0, 60.0, 1.0, 1.0, 3.0, 12.0, 3.2, 1.5, 1.5, 2.0, 0.5, 0.5];
    match name {
        "__event__" => {
            let events: Vec<u32> = rows.map(|row| (row / 3 * 2 + row % 3 / 2) as u32).collect();
            Column::new(name.into(), events)
        }
        "__run__" => Column::new(name.into(), vec![7_i32; rows.len()]),
        "__experiment__" => Column::new(name.into(), vec![1003_i32; rows.len()]),
        _ => {
            let at = STUDY_COLUMNS.iter().position(|known| *known == name).expect("a column of the study");
            let value = |row| {
                let value = noise(row, at as u64);
                // One value in fifty is not available, as in real ntuples; hits are counted, the rest is measured.
                match at {
                    _ if value < 0.02 => f64::NAN,
                    0 | 1 => (value * SCALE[at]).floor(),
                    _ => value * SCALE[at],
                }
            };
            Column::new(name.into(), rows.map(value).collect::<Vec<f64>>())
        }
    }
}

fn study_columns(start: usize, rows: usize) -> DataFrame {
    let columns = study_schema().iter_names().map(|name| study_column(name, start..start + rows)).collect();
    DataFrame::new(rows, columns).expect("columns")
}

fn study(rows: usize, ratios: &mut Vec<(String, f64)>) {
    println!(
        "\n## Fifteen comparisons, one candidate per event and a histogram; {rows} rows, zstd parquet, {} threads\n",
        threads()
    );
    println!("| file | ours Mrows/s | again | pandas | ours / pandas |\n|---|---|---|---|---|");
    let files = [
        ("zstd", file("study", rows, Compression::Zstd, study_columns)),
        ("zstd-polars", file_of_polars("study", rows, study_columns)),
    ];
    for (name, path) in files {
        study_of(name, &path, rows, ratios);
    }
}

fn study_of(name: &str, path: &Path, rows: usize, ratios: &mut Vec<(String, f64)>) {
    let source: Arc<dyn Source> = Arc::new(sources::parquet::open(path).expect("a parquet file"));
    let query = Query::new().filter(cut::parse(STUDY).expect("a cut")).candidates(Candidates::new(Best::First));
    let scan = with_columns(
        query.over(source).options(Options { memory_budget: 6 << 30, ..Options::default() }),
        &["pRecoilTheta"],
    );
    let fill = Fill::one("pRecoilTheta", None, 0.0, 3.0);
    let mut peer = Peer::start("study", "pandas", path);
    let [mut first, mut again] = [const { Vec::new() }; 2];
    let mut counts = Vec::new();
    for round in 0..5 {
        Cache::shared().clear();
        timed(&mut first, || counts = scan.clone().engine(Streaming).run(&fill).expect("a pass").0[0].counts());
        let _ = scan.run(&fill).expect("a pass");
        timed(&mut again, || counts = scan.run(&fill).expect("a pass").0[0].counts());
        Cache::shared().clear();
        if round < 2 {
            peer.iter_mut().for_each(|peer| peer.round(&counts));
        }
    }
    let (first, again) = (middle(&first), middle(&again));
    let pandas = peer.as_ref().map(|peer| middle(&peer.seconds));
    let rate = |seconds: f64| rows as f64 / seconds / 1e6;
    let text = pandas.map_or("- | -".into(), |seconds| format!("{:.2} | {:.1}", rate(seconds), seconds / first));
    println!("| {name} | {:.1} | {:.1} | {text} |", rate(first), rate(again));
    ratios.extend(pandas.map(|seconds| (format!("study-{name}"), seconds / first)));
}

fn many(rows: usize) {
    println!("\n## Ten histograms in one pass, {rows} rows\n");
    println!("| histograms | seconds | peak memory above the start, MB |\n|---|---|---|");
    let path = file("six", rows, Compression::None, six_columns);
    let source: Arc<dyn Source> = Arc::new(sources::parquet::open(&path).expect("a parquet file"));
    Cache::shared().clear();
    let before = resident();
    let of = |count: usize| {
        let columns: Vec<&str> = ["x", "y", "z", "a", "b"].into_iter().cycle().take(count).collect();
        let empty = Hist::weighted(Axis::regular(BINS, 0.0, 10.0).expect("an axis")).expect("a histogram");
        let fill = Fill { empty: vec![empty; count], columns, weight: Some("w") };
        let scan = Query::new().filter(cut::parse(SIX).expect("a cut")).over(source.clone()).engine(Streaming);
        (with_columns(scan, &["x", "y", "z", "a", "b", "w"]), fill)
    };
    let all = [of(1), of(10)];
    let mut seconds = [const { Vec::new() }; 2];
    let mut memory = [0; 2];
    for _ in 0..5 {
        for (at, (scan, fill)) in all.iter().enumerate() {
            forget_peak();
            timed(&mut seconds[at], || drop(scan.run(fill).expect("a pass")));
            memory[at] = memory[at].max(peak().saturating_sub(before));
        }
    }
    let seconds = seconds.map(|seconds| middle(&seconds));
    for (at, count) in [1, 10].into_iter().enumerate() {
        println!("| {count} | {:.2} | {:.0} |", seconds[at], memory[at] as f64 / 1e6);
    }
    println!("\nten cost {:.2} times one", seconds[1] / seconds[0]);
}

fn guard(ratios: &[(String, f64)]) {
    let path = recoil_tests::cases::project().join("tests/bench/engine.baseline");
    let text = std::fs::read_to_string(&path).expect("the committed ratios");
    let mut lost = Vec::new();
    for (name, ratio) in ratios {
        match text.lines().find_map(|line| line.strip_prefix(name.as_str())?.trim().parse::<f64>().ok()) {
            Some(wanted) if *ratio >= 0.85 * wanted => {}
            Some(wanted) => lost.push(format!("{name}: {ratio:.2}, was {wanted:.2}")),
            None => lost.push(format!("{name}: {ratio:.2}, and no ratio is committed")),
        }
    }
    assert!(lost.is_empty(), "slower than the baseline by more than 15 %: {}", lost.join("; "));
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn status(key: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn resident() -> u64 {
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

/// Lets the peak begin anew, where the system can.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
