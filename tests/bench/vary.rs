//! Systematic variations: ten weighted histograms of 10 M rows, nominal alone and in eleven universes, beside RDataFrame's `Vary`
//! and boost-histogram's `MultiCell`: `cargo bench --bench vary -- [million rows]` prints a table in Markdown.
//!
//! The rows are made by `gen_flat.py` of the shared cases. RDataFrame reads TTrees, the others Parquet; all are compressed with
//! zstd. Six universes are weights, two scale both momenta, two the missing momentum. Everybody runs in processes of their own, one after the
//! other; processor seconds of all threads count. `first` forgets all that is cached before, `again` is the same once
//! more. All sums of all histograms in all universes must agree.

use data::{Down, Group, Histogram, Up};
use recoil_tests::cases;
use recoil_tests::python::environment;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The prelude's allocator.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const RUNS: usize = 3;
const PACKAGES: [&str; 5] = ["numpy", "pyarrow", "uproot", "boost-histogram==1.8.1", "root"];
const SOURCES: [&str; 5] = ["id", "trig", "pileup", "muscale", "metscale"];
const HISTOGRAMS: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [child, what, folder] = arguments.as_slice()
        && child == "child"
    {
        return ours(what == "vary", Path::new(folder));
    }
    let million: f64 = arguments.first().and_then(|argument| argument.parse().ok()).unwrap_or(10.0);
    let Some(python) = environment("bench vary", "vary", &PACKAGES) else { return };
    let folder = sample(&python, (million * 1e6) as usize);
    let own = ["nominal", "vary"].map(|what| {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        told(child.args(["child", what]).arg(&folder))
    });
    let peer = |name: &str| {
        ["nominal", "vary"].map(|what| {
            let script = cases::project().join("tests/bench/peers/vary.py");
            told(Command::new(&python).arg(script).args([name, what]).arg(&folder))
        })
    };
    let (multicell, rdf, jit) = (peer("multicell"), peer("rdf"), peer("jit"));
    for (name, peer) in [("MultiCell", &multicell), ("RDataFrame", &rdf)] {
        own.iter().zip(peer).for_each(|(own, peer)| agree(name, &own.sums, &peer.sums));
    }
    println!("{million} M rows, {HISTOGRAMS} histograms; least of {RUNS} runs of ours, one run of the others\n");
    println!(
        "| processor seconds | nominal | 11 universes | ratio | ours is faster by | wall | peak MB |\n|---|---|---|---|---|---|---|"
    );
    let best = own[1].times[0];
    let row = |name: &str, [nominal, vary]: [[f64; 2]; 2], peak: f64| {
        let (ratio, faster) = (vary[0] / nominal[0], vary[0] / best);
        println!(
            "| {name} | {:.2} | {:.2} | {ratio:.1} | {faster:.1} | {:.2}, {:.2} | {peak:.0} |",
            nominal[0], vary[0], nominal[1], vary[1]
        );
    };
    let first = |told: &Told| [told.times[0], told.times[1]];
    let again = |told: &Told| [told.times[2], told.times[3]];
    row("ours, first", [first(&own[0]), first(&own[1])], own[1].peak);
    row("ours, again", [again(&own[0]), again(&own[1])], own[1].peak);
    row("numpy and MultiCell, by hand", [first(&multicell[0]), first(&multicell[1])], multicell[1].peak);
    row("RDataFrame, 2 threads", [first(&rdf[0]), first(&rdf[1])], rdf[1].peak);
    let less = |at: usize| [rdf[at].times[0] - jit[at].times[0], rdf[at].times[1] - jit[at].times[1]];
    row("RDataFrame without what it compiles", [less(0), less(1)], rdf[1].peak);
}

/// What a process says.
struct Told {
    /// Processor and wall seconds; ours the second time, too.
    times: Vec<f64>,
    peak: f64,
    sums: Vec<f64>,
}

fn told(command: &mut Command) -> Told {
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers = |text: &str| text.split_whitespace().filter_map(|word| word.parse().ok()).collect::<Vec<f64>>();
    let (times, rest) = match text.split_once(" | ") {
        Some((times, rest)) => (numbers(times), numbers(rest)),
        None => {
            let all = numbers(&text);
            (all[..2].to_vec(), all[2..].to_vec())
        }
    };
    Told { times, peak: rest[0], sums: rest[1..].to_vec() }
}

/// Columns are `f32` for everybody, and functions of them differ in their last digits: a row may pass here and not there.
fn agree(name: &str, ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let (universe, histogram) = (at / HISTOGRAMS, at % HISTOGRAMS);
        assert!((a - b).abs() < 1e-5 * b.abs(), "{name}, universe {universe}, histogram {histogram}: {a} and {b}");
    }
}

/// The folder of the rows, made by `gen_flat.py` where they are not there yet.
fn sample(python: &Path, rows: usize) -> PathBuf {
    let shared = std::env::var_os("RECOIL_BENCH_FILES").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = shared.join("recoil-bench").join(format!("vary-{rows}"));
    if folder.join("ready").exists() {
        return folder;
    }
    std::fs::create_dir_all(&folder).expect("a folder for the rows");
    let script = cases::folder("systematics").expect("the shared cases with gen_flat.py").join("gen_flat.py");
    let mut command = Command::new(python);
    command.arg(script.canonicalize().expect("its path")).arg(rows.to_string()).current_dir(&folder);
    assert!(command.output().is_ok_and(|output| output.status.success()), "{command:?}");
    std::fs::write(folder.join("ready"), "").expect("room on the disk");
    folder
}

/// Fills in this process and prints what [`told`] reads.
fn ours(vary: bool, folder: &Path) {
    let mut least = [f64::INFINITY; 4];
    let mut sums = Vec::new();
    for _ in 0..RUNS {
        flow::memory::Cache::shared().clear();
        let (cpu, wall, first) = timed(|| fill(vary, folder));
        let (again_cpu, again_wall, again) = timed(|| fill(vary, folder));
        let now = summed(&first, vary);
        assert_eq!(now, summed(&again, vary), "the second time");
        for (least, now) in least.iter_mut().zip([cpu, wall, again_cpu, again_wall]) {
            *least = least.min(now);
        }
        sums = now;
    }
    let words = |numbers: &[f64]| numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" ");
    println!("{} | {} {}", words(&least), usage().1, words(&sums));
}

fn fill(vary: bool, folder: &Path) -> Vec<Histogram> {
    let data = data::Loader::new(folder.join("flat")).ending("parquet").load().expect("the files");
    let mut mc: Group = data.difference(&data.group("data"));
    if vary {
        mc = mc
            .vary("id", ("sf_id", "sf_id_up", "sf_id_dn"))
            .vary("trig", ("sf_trig", "sf_trig_up", "sf_trig_dn"))
            .vary("pileup", ("pu", "pu_up", "pu_dn"))
            .vary("muscale", [("pt1", "pt1 * 1.002", "pt1 * 0.998"), ("pt2", "pt2 * 1.002", "pt2 * 0.998")])
            .vary("metscale", ("met", "met * 1.05", "met * 0.95"));
    }
    mc.weight("w * sf_id * sf_trig * pu")
        .define("m", "sqrt(2 * pt1 * pt2 * (cosh(eta1 - eta2) - cos(phi1 - phi2)))")
        .define("pt12", "sqrt(pt1 * pt1 + pt2 * pt2 + 2 * pt1 * pt2 * cos(phi1 - phi2))")
        .query("pt1 > 25 & pt2 > 20 & abs(eta1) < 2.4 & abs(eta2) < 2.4")
        .query("met < 150")
        .hists([
            ("m", (60, 60.0, 180.0)),
            ("pt12", (50, 0.0, 200.0)),
            ("pt1", (50, 25.0, 175.0)),
            ("pt2", (50, 20.0, 120.0)),
            ("eta1", (48, -2.4, 2.4)),
            ("eta2", (48, -2.4, 2.4)),
            ("phi1", (64, -3.2, 3.2)),
            ("phi2", (64, -3.2, 3.2)),
            ("met", (50, 0.0, 200.0)),
            ("njet", (10, 0.0, 10.0)),
        ])
        .expect("histograms")
}

/// The sums of all histograms, nominal first.
fn summed(hists: &[Histogram], vary: bool) -> Vec<f64> {
    let mut sums: Vec<f64> = hists.iter().map(|hist| hist.sum()).collect();
    for source in SOURCES.iter().filter(|_| vary) {
        for direction in [Up, Down] {
            sums.extend(hists.iter().map(|hist| hist.varied(source, direction).expect("a source").sum()));
        }
    }
    sums
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, f64, T) {
    let (start, before) = (Instant::now(), usage().0);
    let answer = work();
    (usage().0 - before, start.elapsed().as_secs_f64(), answer)
}

/// Processor seconds of all threads, and the peak memory in MB.
fn usage() -> (f64, f64) {
    // SAFETY: the structure is plain numbers, for which zeros are values, and the call fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss as f64 / 1024.0)
}
