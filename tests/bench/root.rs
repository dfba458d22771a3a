//! ROOT ntuples as basf2 writes them, per compression, beside uproot and RDataFrame: `cargo bench --locked --bench root`.
//!
//! A cut on four columns and a histogram of a fifth, of 1 M rows and 60 columns; every run on two threads, files in the
//! cache, medians of five. `decoded` is the crate alone, in frames of no kind: five columns into buffers. The files are
//! written by ROOT (PyPI `root`); without Python, or without ROOT, it says so and measures nothing.

use recoil_tests::python::environment;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const ROWS: u64 = 1_000_000;
const RUNS: usize = 5;
const SETTINGS: [(u32, &str); 4] = [(101, "zlib"), (404, "lz4"), (505, "zstd"), (0, "stored")];
const COLUMNS: [&str; 5] = ["pRecoil", "mu1P", "pRecoilTheta", "clusterTiming", "mRecoil"];
const CUT: &str = "pRecoil > 0.5 & mu1P < 3 & 0.3 < pRecoilTheta & pRecoilTheta < 2.6 & clusterTiming > -2";

fn main() {
    let Some(python) = environment("bench root", "root", &["uproot==5.7.7", "root"]) else { return };
    // SAFETY: nothing else runs yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "2") };
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{:8} {:>9} {:>9} {:>9} {:>9}  seconds; passed", "", "decoded", "recoil", "uproot", "rdf");
    for (setting, name) in SETTINGS {
        let path = files().unwrap_or_else(|| folder.path().to_owned()).join(format!("n{setting}.root"));
        if !path.exists() {
            run(&python, "root_ntuple.py", &[&path.display().to_string(), &ROWS.to_string(), &setting.to_string()]);
        }
        let (decoded, _) = median(|| decoded(&path));
        let (recoil, passed) = median(|| recoil(&path));
        let peers = run(&python, "root_peers.py", &[&path.display().to_string(), &RUNS.to_string()]);
        let peers: Vec<f64> = peers.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [uproot, rdf, theirs] = peers[..] else { panic!("the peers say {peers:?}") };
        assert_eq!(passed, theirs as u64, "other rows pass");
        println!("{name:8} {decoded:9.3} {recoil:9.3} {uproot:9.3} {rdf:9.3}  {passed}");
    }
}

/// Where files are that were made before: `n101.root` and so on.
fn files() -> Option<PathBuf> {
    std::env::var_os("RECOIL_ROOT_FILES").map(PathBuf::from)
}

fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn median(work: impl Fn() -> u64) -> (f64, u64) {
    let mut times: Vec<(f64, u64)> = (0..=RUNS)
        .map(|_| {
            let start = Instant::now();
            let answer = work();
            (start.elapsed().as_secs_f64(), answer)
        })
        .skip(1)
        .collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times[RUNS / 2]
}

fn decoded(path: &Path) -> u64 {
    let file = root::File::open(path).expect("the file");
    let table = file.table("variables").expect("the tree");
    let position = |name: &&str| table.columns().iter().position(|column| column.name == *name).expect("the column");
    let columns: Vec<usize> = COLUMNS.iter().map(position).collect();
    let starts = table.clusters();
    let ends = starts.iter().skip(1).copied().chain([table.rows()]);
    let clusters = starts.iter().copied().zip(ends);
    clusters.map(|(start, end)| table.read(&columns, start..end).expect("values")[0].len() as u64).sum()
}

fn recoil(path: &Path) -> u64 {
    let data = data::load(format!("{}:variables", path.display())).expect("the tree");
    let hist = data.query(CUT).hist("mRecoil", (100, -5.0, 5.0)).expect("a histogram");
    hist.entries()
}
