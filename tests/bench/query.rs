//! Mask evaluation in memory: our cut, the same cut as a Polars expression (guarded, so that NaN means what IEEE says),
//! and pandas with numexpr; then whole chains in memory. `cargo bench --bench query -- [million rows]` prints tables in
//! Markdown.

#[path = "query/chain.rs"]
mod chain;

use polars::prelude::*;
use std::process::Command;
use std::time::Instant;

/// The selection of the photon study: fifteen comparisons on fourteen columns.
const FULL: &str = "mu1nCDCHits>4 & mu2nCDCHits>4 & 0.8>mu1clusterEoP & 0.8>mu2clusterEoP & \
    2.6179938779914944>pRecoilTheta>0.29670597283903605 & 11>totalMuonMomentum & absdPhi>1.5707963267948966 & \
    (absdPhiMu1>.4|absdThetaMu1>.4) & (absdPhiMu2>.4|absdThetaMu2>.4) & min_deltaMuPRecoil>-0.01 & \
    0.35>mu1clusterE & 0.35>mu2clusterE";

const CUTS: [(&str, &str); 6] = [
    ("15 comparisons", FULL),
    ("2 comparisons", "pRecoil > 2.0 & mu1P < 5.0"),
    ("chain of 5, few kept", "pRecoil > 5.5 & mu1P < 1.0 & 0.8>mu1clusterEoP & absdPhi>1.5 & 11>totalMuonMomentum"),
    ("arithmetic", "abs(mu1P - mu2P) < 0.5 & mu1P * mu2P > 6"),
    ("functions", "sqrt(mu1P**2 + mu2P**2) > 5 & cos(pRecoilTheta) < 0.5"),
    ("membership and integers", "__candidate__ in [0, 2] & 600 - __event__ > 0 & isSignal == 1"),
];

fn main() {
    if std::env::args().any(|argument| argument == "steps") {
        return chain::steps_alone();
    }
    let million: f64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(4.0);
    let rows = (million * 1e6) as usize;
    let mut frame = frame(rows);
    let pandas = pandas(&mut frame);
    println!("{rows} rows of {} columns in memory, {} threads; median of 7, Mrows/s\n", frame.width(), threads());
    println!("| cut | kept | ours | Polars | ratio | pandas | ratio |\n|---|---|---|---|---|---|---|");
    for (position, (name, text)) in CUTS.iter().enumerate() {
        let typed =
            cut::parse(text).and_then(|cut| cut.check(frame.schema())).unwrap_or_else(|error| panic!("{error}"));
        let mut kept = 0;
        let own = median(|| kept = typed.mask(&frame).expect("a mask").sum().unwrap_or(0));
        let mut theirs = 0;
        let polars = median(|| {
            let counted = frame.clone().lazy().select([typed.expr().sum().alias("kept")]).collect().expect("a sum");
            theirs = counted.column("kept").and_then(|column| Ok(column.u32()?.get(0))).ok().flatten().unwrap_or(0);
        });
        assert_eq!(kept, theirs, "both keep the same rows of {name}");
        let rate = |seconds: f64| rows as f64 / seconds / 1e6;
        let other = pandas.as_ref().and_then(|answers| answers.get(position)).map_or_else(
            || "- | -".to_owned(),
            |(seconds, count)| {
                assert_eq!(u64::from(kept), *count, "pandas keeps the same rows of {name}");
                format!("{:.1} | {:.1}", rate(*seconds), seconds / own)
            },
        );
        println!("| {name} | {kept} | {:.0} | {:.0} | {:.1} | {other} |", rate(own), rate(polars), polars / own);
    }
    drop(frame);
    chain::table(rows);
    chain::steps();
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn median(mut run: impl FnMut()) -> f64 {
    let mut seconds: Vec<f64> = (0..8)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        })
        .skip(1)
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Columns with about the pass rates of real ntuples, a fifth of one of them NaN.
fn frame(rows: usize) -> DataFrame {
    let mut state = 1u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let floats = [
        ("mu1nCDCHits", 4.5, 60.0),
        ("mu2nCDCHits", 4.5, 60.0),
        ("mu1clusterEoP", 0.0, 0.83),
        ("mu2clusterEoP", 0.0, 0.83),
        ("pRecoilTheta", 0.0, 3.0),
        ("totalMuonMomentum", 2.0, 11.1),
        ("absdPhi", 1.2, 3.1),
        ("absdPhiMu1", 0.0, 2.0),
        ("absdThetaMu1", 0.0, 2.0),
        ("absdPhiMu2", 0.0, 2.0),
        ("absdThetaMu2", 0.0, 2.0),
        ("min_deltaMuPRecoil", 0.0, 1.5),
        ("mu1clusterE", 0.0, 0.37),
        ("mu2clusterE", 0.0, 0.37),
        ("pRecoil", 0.0, 6.0),
        ("mu1P", 0.5, 6.0),
        ("mu2P", 0.5, 6.0),
    ];
    let mut columns: Vec<Column> = Vec::new();
    for (name, low, high) in floats {
        let missing = if name.contains("cluster") { 0.02 } else { 0.0 };
        let mut value = || if uniform() < missing { f64::NAN } else { low + (high - low) * uniform() };
        columns.push(Column::new(name.into(), (0..rows).map(|_| value()).collect::<Vec<f64>>()));
    }
    columns.push(Column::new(
        "isSignal".into(),
        (0..rows).map(|_| f64::from(u8::from(uniform() < 0.8))).collect::<Vec<f64>>(),
    ));
    columns.push(Column::new("__event__".into(), (0..rows).map(|row| (row / 2) as u32 % 1500).collect::<Vec<u32>>()));
    columns.push(Column::new("__candidate__".into(), (0..rows).map(|row| (row % 3) as i32).collect::<Vec<i32>>()));
    DataFrame::new(rows, columns).expect("columns of one length")
}

/// Seconds and kept rows per cut, when there is a Python with pandas.
fn pandas(frame: &mut DataFrame) -> Option<Vec<(f64, u64)>> {
    let python = recoil_tests::python::environment("bench query", "pandas", &["pandas", "numexpr", "pyarrow"])?;
    let folder = tempfile::tempdir().ok()?;
    let (parquet, cuts) = (folder.path().join("frame.parquet"), folder.path().join("cuts.txt"));
    ParquetWriter::new(std::fs::File::create(&parquet).ok()?).finish(frame).ok()?;
    std::fs::write(&cuts, CUTS.map(|(_, text)| text).join("\n")).ok()?;
    let script = recoil_tests::cases::project().join("tests/bench/peers/query.py");
    let output = Command::new(python).arg(script).args([&parquet, &cuts]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line =
        |line: &str| line.split_once(' ').and_then(|(seconds, kept)| Some((seconds.parse().ok()?, kept.parse().ok()?)));
    text.lines().map(line).collect()
}
