//! The chain of the README on this machine and on clusters: `cargo bench --locked --bench cluster -- [million rows]`.
//!
//! 20 M rows in four Parquet files: a cut, one candidate per event, a histogram whose range is looked up first. Sail as one
//! process and with two workers, Apache Spark with two threads and 1 GB, all on this machine, from PyPI; what cannot be had
//! is left out, and that is said. Medians of three after one that warms up; the histograms are compared.

use data::Server;
use polars::prelude::*;
use recoil_tests::sail::Sail;
use recoil_tests::spark::Spark;
use std::path::Path;
use std::time::Instant;

const RUNS: usize = 3;
const FILES: usize = 4;
/// Rows that are made together.
const PART: usize = 500_000;

fn main() {
    let million = std::env::args().find_map(|argument| argument.parse::<f64>().ok()).unwrap_or(20.0);
    let rows = (million * 1e6) as usize / FILES / PART * PART;
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), rows);
    let data = data::load(folder.path()).expect("the files");
    println!("{} rows, {} bytes\n\n| where | seconds |\n|---|---|", rows * FILES, bytes(folder.path()));
    let Some(here) = timed("this machine", &data) else { return };
    let ordered = |url: &str| {
        let server = Server::at(url).expect("an address");
        data.on(server.ordered_by(["__run__", "__event__", "__candidate__"]))
    };
    for (name, workers) in [("Sail", 0), ("Sail, two workers", 2)] {
        if let Some(sail) = Sail::start("bench cluster", workers) {
            same(timed(name, &ordered(&sail.url())), &here);
        }
    }
    if let Some(spark) = Spark::start("bench cluster") {
        same(timed("Spark", &data.on(spark.url())), &here);
    }
}

fn same(there: Option<Vec<f64>>, here: &[f64]) {
    there.iter().for_each(|there| assert_eq!(there, here));
}

/// The median of seconds, printed, and the bins; what goes wrong is printed in their place.
fn timed(name: &str, data: &data::Data) -> Option<Vec<f64>> {
    let mut times = Vec::new();
    let mut counts = Vec::new();
    for _ in 0..=RUNS {
        let start = Instant::now();
        let chain = data.group("mumu").query("pRecoil > 2.0 & 2.6 > pRecoilTheta > 0.3").oneCandOnly();
        match chain.hist("mu1P", 50) {
            Ok(hist) => counts = hist.counts(),
            Err(error) => {
                println!("| {name} | {error} |");
                return None;
            }
        }
        times.push(start.elapsed().as_secs_f64());
    }
    let first = times.remove(0);
    times.sort_by(f64::total_cmp);
    println!("| {name} | {:.2} (the first time {first:.2}) |", times[RUNS / 2]);
    Some(counts)
}

fn bytes(folder: &Path) -> u64 {
    let below = std::fs::read_dir(folder).expect("a folder").flatten();
    below
        .map(|entry| if entry.path().is_dir() { bytes(&entry.path()) } else { entry.metadata().expect("a file").len() })
        .sum()
}

/// Numbers that look random and are the same everywhere.
fn noise(row: usize, column: usize) -> f64 {
    let mixed = ((row * 8 + column) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 11) as f64 / (1_u64 << 53) as f64
}

fn write(folder: &Path, rows: usize) {
    use sources::parquet::{WriteOptions, Writer};
    let below = folder.join("P16M16rd_mc_mumu_p16_v1");
    std::fs::create_dir(&below).expect("a folder");
    for file in 0..FILES {
        let mut writer: Option<Writer> = None;
        for start in (0..rows).step_by(PART) {
            let frame = frame(file * rows + start);
            let path = below.join(format!("part-{file}.parquet"));
            let create = || Writer::create(&path, frame.schema(), &WriteOptions::default()).expect("a file");
            writer.get_or_insert_with(create).push(frame.clone()).expect("rows");
        }
        writer.map(Writer::finish).transpose().expect("a file");
    }
}

/// Every eighth event has a second candidate.
fn frame(first: usize) -> DataFrame {
    let rows = || first..first + PART;
    let number = |column: usize, scale: f64| rows().map(|row| scale * noise(row, column)).collect::<Vec<_>>();
    df!(
        "__experiment__" => rows().map(|_| 26_i32).collect::<Vec<_>>(),
        "__run__" => rows().map(|row| (row / 90_000) as i32).collect::<Vec<_>>(),
        "__event__" => rows().map(|row| (row - (row + 1) / 9) as u32).collect::<Vec<_>>(),
        "__candidate__" => rows().map(|row| i32::from(row % 9 == 8)).collect::<Vec<_>>(),
        "pRecoil" => number(0, 5.0),
        "pRecoilTheta" => number(1, std::f64::consts::PI),
        "mu1P" => number(2, 6.0),
        "mu2P" => number(3, 6.0),
    )
    .expect("a frame")
}
