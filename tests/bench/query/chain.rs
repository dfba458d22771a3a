//! Whole chains in memory: the example of the source document, one candidate per event, and ten thousand steps.

use super::{frame, median, threads};
use data::Data;
use hist::{Axis, Hist, RangeFinder};
use polars::prelude::*;
use std::process::Command;
use std::time::Instant;

const CUT: &str = "pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3";
const KEYS: [&str; 4] = ["__experiment__", "__run__", "__event__", "__production__"];
const STEPS: usize = 10_000;

/// What a chain gives: something that both sides must agree on.
type Answer = Vec<f64>;

/// The table of chains: ours, Polars with the same meaning, pandas.
pub(super) fn table(rows: usize) {
    let mut frame = with_keys(rows);
    let pandas = pandas(&mut frame);
    let data = Data::from_frames([("P16M16rd_mc_mumu_p16_v1", frame.clone())]).expect("a data set");
    println!("\n| chain | ours | Polars | ratio | pandas | ratio |\n|---|---|---|---|---|---|");
    let chain = || data.group("mumu").query(CUT).oneCandOnly().hist("mu1P", 50).expect("a histogram").counts();
    let single = || vec![data.group("mumu").oneCandOnly().count().expect("a number") as f64];
    line("query, one candidate, histogram", rows, &chain, &|| polars_chain(&frame), pandas.first());
    line("one candidate per event", rows, &single, &|| polars_candidates(&frame), pandas.get(1));
}

fn line(
    name: &str,
    rows: usize,
    ours: &dyn Fn() -> Answer,
    theirs: &dyn Fn() -> Answer,
    pandas: Option<&(f64, Answer)>,
) {
    let (mut own, mut other) = (Vec::new(), Vec::new());
    let seconds = median(|| own = ours());
    let polars = median(|| other = theirs());
    assert_eq!(own, other, "both give the same answer to: {name}");
    let rate = |seconds: f64| rows as f64 / seconds / 1e6;
    let python = pandas.map_or_else(
        || "- | -".to_owned(),
        |(taken, answer)| {
            assert_eq!(&own, answer, "pandas gives the same answer to: {name}");
            format!("{:.1} | {:.1}", rate(*taken), taken / seconds)
        },
    );
    println!("| {name} | {:.0} | {:.0} | {:.1} | {python} |", rate(seconds), rate(polars), polars / seconds);
}

/// All columns of the cuts with event keys: two candidates per event, as basf2 writes them.
fn with_keys(rows: usize) -> DataFrame {
    let mut frame = frame(rows);
    let event = |row: usize| row / 2;
    let keys = [
        Column::new(KEYS[0].into(), vec![1003_i32; rows]),
        Column::new(KEYS[1].into(), (0..rows).map(|row| (event(row) / 1500) as i32).collect::<Vec<_>>()),
        Column::new(KEYS[2].into(), (0..rows).map(|row| (event(row) % 1500) as u32).collect::<Vec<_>>()),
        Column::new(KEYS[3].into(), vec![7_i32; rows]),
    ];
    for key in keys {
        frame.with_column(key).expect("columns of one length");
    }
    frame
}

/// Polars' own filter and first row of each event; filling the histogram is left to us.
fn polars_chain(frame: &DataFrame) -> Answer {
    let typed = cut::parse(CUT).and_then(|cut| cut.check(frame.schema())).expect("a cut");
    let names: Vec<PlSmallStr> = KEYS.into_iter().map(Into::into).collect();
    let lazy = frame
        .clone()
        .lazy()
        .filter(typed.expr())
        .select(KEYS.iter().chain(&["mu1P"]).map(|n| col(*n)).collect::<Vec<_>>());
    let kept =
        lazy.unique_stable(Some(by_name(names, true, false)), UniqueKeepStrategy::First).collect().expect("rows");
    let values = kept.column("mu1P").expect("a column").as_materialized_series();
    let mut finder = RangeFinder::new();
    finder.see_series(values).expect("numbers");
    let axis: Axis = finder.axis(50).expect("an axis");
    let mut h = Hist::new(axis).expect("a histogram");
    h.fill_series(&[values], None).expect("numbers");
    h.counts()
}

fn polars_candidates(frame: &DataFrame) -> Answer {
    let names: Vec<PlSmallStr> = KEYS.into_iter().map(Into::into).collect();
    let lazy = frame.clone().lazy().unique_stable(Some(by_name(names, true, false)), UniqueKeepStrategy::First);
    let counted = lazy.select([len().alias("n")]).collect().expect("a number");
    vec![f64::from(counted.column("n").and_then(|column| Ok(column.u32()?.get(0))).ok().flatten().unwrap_or(0))]
}

/// Seconds and answers of pandas, in the order of the table; empty without pandas.
fn pandas(frame: &mut DataFrame) -> Vec<(f64, Answer)> {
    let packages = ["pandas", "numexpr", "pyarrow"];
    let Some(python) = recoil_tests::python::environment("bench query", "pandas", &packages) else { return Vec::new() };
    let folder = tempfile::tempdir().expect("a folder");
    let parquet = folder.path().join("frame.parquet");
    ParquetWriter::new(std::fs::File::create(&parquet).expect("a file")).finish(frame).expect("parquet");
    let script = recoil_tests::cases::project().join("tests/bench/peers/chain.py");
    let output = Command::new(python).arg(script).arg(&parquet).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers = |line: &str| -> Vec<f64> { line.split(' ').filter_map(|number| number.parse().ok()).collect() };
    text.lines().map(numbers).map(|numbers| (numbers[0], numbers[1..].to_vec())).collect()
}

/// Ten thousand steps in a process of its own, whose peak memory is then that of the steps.
pub(super) fn steps() {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program).arg("steps").output().expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("\n{}", String::from_utf8_lossy(&output.stdout).trim());
}

/// What the other process does and says: the table is a file that is gone before the steps, so nothing can be read.
pub(super) fn steps_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("P16M16rd_mc_mumu_p16_v1.parquet");
    let mut table = with_keys(1_000);
    ParquetWriter::new(std::fs::File::create(&path).expect("a file")).finish(&mut table).expect("parquet");
    drop(table);
    let data = data::load(&path).expect("opens");
    std::fs::remove_file(&path).expect("removes");
    let before = peak();
    let start = Instant::now();
    let mut group = data.group("mumu");
    for step in 0..STEPS {
        group = match step % 4 {
            0 => group.query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3"),
            1 => group.define(format!("x{step}"), "mu1P * 2"),
            2 => group.weight("mu1P"),
            _ => group.one_cand_only(),
        };
    }
    let taken = start.elapsed();
    println!(
        "{STEPS} steps: {:.1} ms, peak of the process {:.1} MB, {:.1} MB of it for the steps, nothing read ({} threads)",
        taken.as_secs_f64() * 1e3,
        peak(),
        peak() - before,
        threads()
    );
    assert!(peak() < 50.0, "ten thousand steps stay under 50 MB");
    assert!(group.count().is_err(), "the file is gone, so a terminal fails");
}

/// The most memory this process has had, in MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e3
}
