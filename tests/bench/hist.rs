//! Filling histograms: ours against boost-histogram, on the same values with the same number of threads, one after the
//! other in the same run. `cargo bench --bench hist -- [million rows] [threads]` prints a table in
//! Markdown; 100 million rows (the default) need 4 GB of memory.

use hist::{Axis, Hist, Storage};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::process::Command;
use std::time::Instant;

const PASSES: usize = 5;

fn main() {
    let numbers: Vec<f64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let rows = (numbers.first().copied().unwrap_or(100.0) * 1e6) as usize;
    let threads = numbers.get(1).map_or(2, |&threads| threads as usize);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().expect("the first pool");
    let (x, y, w) = values(rows);
    println!("{rows} rows of f64 in memory, {threads} threads; median of {PASSES}, Mrows/s\n");
    let ours: Vec<(f64, Hist)> = (0..NAMES.len()).map(|which| measure(which, &x, &y, &w)).collect();
    let theirs = boost(&x, &y, &w, threads);
    println!("| histogram | ours | boost-histogram | ratio | largest difference |\n|---|---|---|---|---|");
    let rate = |seconds: f64| rows as f64 / seconds / 1e6;
    for (which, (name, (seconds, h))) in NAMES.iter().zip(&ours).enumerate() {
        let Some((other, counts)) = theirs.as_ref().map(|theirs| &theirs[which]) else {
            println!("| {name} | {:.0} | - | - | - |", rate(*seconds));
            continue;
        };
        let off = h.counts().iter().zip(counts).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max);
        assert!(off < 1e-9, "both fill the same: {off}");
        println!("| {name} | {:.0} | {:.0} | {:.2} | {off:.0e} |", rate(*seconds), rate(*other), other / seconds);
    }
}

const NAMES: [&str; 5] = [
    "1D, 100 bins, weights",
    "1D, 100 bins, counts",
    "1D, 40 variable bins, weights",
    "2D, 50 x 50 bins, weights",
    "1D, 100 bins, automatic range, counts (numpy)",
];

/// A peak and weights around 1.
fn values(rows: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut random = SmallRng::seed_from_u64(1);
    let mut column = |low: f64, high: f64| -> Vec<f64> {
        // The sum of three uniform numbers is bell-shaped enough.
        (0..rows).map(|_| (0..3).map(|_| random.random_range(low..high)).sum()).collect()
    };
    (column(-0.1, 1.1), column(-0.1, 1.1), column(0.2, 0.5))
}

fn edges() -> Vec<f64> {
    (0..=40).map(|at| 3.0 * (f64::from(at) / 40.0).powi(2)).collect()
}

fn measure(which: usize, x: &[f64], y: &[f64], w: &[f64]) -> (f64, Hist) {
    let regular = |bins: usize| Axis::regular(bins, 0.0, 3.0).expect("an axis");
    let empty = || match which {
        0 => Hist::weighted(regular(100)),
        1 => Hist::new(regular(100)),
        2 => Hist::weighted(Axis::variable(edges()).expect("an axis")),
        3 => Hist::with([regular(50), regular(50)], Storage::Weight),
        _ => {
            let mut finder = hist::RangeFinder::new();
            finder.see(x);
            Hist::new(finder.axis(100).expect("an axis"))
        }
    };
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..=PASSES {
        let start = Instant::now();
        let mut h = empty().expect("a histogram");
        let (one, both) = ([x], [x, y]);
        let columns = if which == 3 { &both[..] } else { &one[..] };
        h.fill_slices(columns, (h.storage() == Storage::Weight).then_some(w), None).expect("rows fit");
        seconds.push(start.elapsed().as_secs_f64());
        last = Some(h);
    }
    (median(&mut seconds), last.expect("a pass"))
}

/// Without the first pass, which warms up.
fn median(seconds: &mut [f64]) -> f64 {
    let seconds = &mut seconds[1..];
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Seconds and counts of each histogram in Python.
fn boost(x: &[f64], y: &[f64], w: &[f64], threads: usize) -> Option<Vec<(f64, Vec<f64>)>> {
    let python =
        recoil_tests::python::environment("histogram benchmark", "boost", &["boost-histogram==1.8.1", "numpy"])?;
    let folder = tempfile::tempdir().expect("a folder");
    for (name, values) in [("x", x), ("y", y), ("w", w)] {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(folder.path().join(name), bytes).expect("room for the values");
    }
    let script = recoil_tests::cases::project().join("tests/bench/peers/hist.py");
    let mut command = Command::new(python);
    command.arg(script).arg(folder.path()).args([threads.to_string(), PASSES.to_string()]);
    let edges: Vec<String> = edges().iter().map(f64::to_string).collect();
    let output = command.arg(edges.join(" ")).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers = |line: &str| -> Vec<f64> { line.split(' ').filter_map(|number| number.parse().ok()).collect() };
    Some(text.lines().map(numbers).map(|numbers| (numbers[0], numbers[1..].to_vec())).collect())
}
