//! The eight queries of the ADL benchmark over 4 M events, beside RDataFrame (compiled), awkward, DuckDB and Polars:
//! `cargo bench --bench adl -- [million events]` prints tables in Markdown.
//!
//! The events are made by `gen.py` of the shared cases, from 1000 real ones that are turned, mirrored and smeared. RDataFrame
//! reads a TTree, all others the same parquet file; both are compressed with zstd. Every query of everybody runs in a
//! process of its own, several times after a run that warms up; the least processor seconds and the least wall seconds count.
//! `first` forgets all that is cached before each run; `again` is the same query once more; `budget` is a chain under
//! `memory_budget_gb(0.05)`, which keeps no columns. Peers come from PyPI into a private environment; the RDataFrame program is
//! compiled by `g++ -O3`. All histograms must agree.

use data::{Group, Histogram};
use recoil_tests::cases;
use recoil_tests::python::environment;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The prelude's allocator.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const RUNS: usize = 5;
const QUERIES: usize = 8;
const PACKAGES: [&str; 7] = ["numpy", "pyarrow", "awkward", "duckdb", "polars", "uproot", "root"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [child, query, file] = arguments.as_slice()
        && matches!(child.as_str(), "kept" | "budget")
    {
        return ours(query.parse().expect("a query"), Path::new(file), child == "budget");
    }
    let million: f64 = arguments.first().and_then(|argument| argument.parse().ok()).unwrap_or(4.0);
    let Some(python) = environment("bench adl", "adl", &PACKAGES) else { return };
    let folder = sample(&python, (million * 1e6) as usize);
    let compiled = compiled(&python, &folder);
    let (parquet, root) = (folder.join("data/nano.parquet"), folder.join("data/nano.root"));
    let mut all: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for query in 1..=QUERIES {
        let number = query.to_string();
        let runs = RUNS.to_string();
        for (name, child) in [("ours", "kept"), ("ours, budget", "budget")] {
            let mut command = Command::new(std::env::current_exe().expect("this program"));
            command.args([child, &number]).arg(&parquet);
            all.entries(name, told(&mut command));
        }
        if let Some(program) = &compiled {
            for (name, threads) in [("RDataFrame", "1"), ("RDataFrame, 2 threads", "2")] {
                let mut command = Command::new(program);
                command.arg(&number).arg(&root).args([&runs, threads]);
                all.entries(name, told(&mut command));
            }
        }
        for peer in ["awkward", "duckdb", "polars"] {
            let mut command = Command::new(&python);
            let script = cases::project().join("tests/bench/peers/adl.py");
            command.arg(script).args([peer, &number]).arg(&parquet).arg(&runs);
            all.entries(peer, told(&mut command));
        }
        agree(query, &all);
    }
    println!("{million} M events; least of {RUNS} runs\n");
    table("processor seconds", &all, |told| told.cpu, |told| told.again_cpu);
    table("wall seconds", &all, |told| told.wall, |told| told.again_wall);
    table("peak MB", &all, |told| told.peak, |_| None);
}

trait Entries {
    fn entries(&mut self, name: &'static str, told: Told);
}

impl Entries for BTreeMap<&str, Vec<Told>> {
    fn entries(&mut self, name: &'static str, told: Told) {
        self.entry(name).or_default().push(told);
    }
}

/// What a process says of a query.
struct Told {
    cpu: f64,
    wall: f64,
    peak: f64,
    again_cpu: Option<f64>,
    again_wall: Option<f64>,
    counts: Vec<f64>,
}

fn told(command: &mut Command) -> Told {
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (times, counts) = text.rsplit_once(" | ").unwrap_or(("", text.as_str()));
    let mut counts: Vec<f64> = counts.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let mut again = times.split_whitespace().map(|word| word.parse().ok());
    let (again_cpu, again_wall) = (again.next().flatten(), again.next().flatten());
    let rest = counts.split_off(3);
    Told { cpu: counts[0], wall: counts[1], peak: counts[2], again_cpu, again_wall, counts: rest }
}

/// Entries may lie on the other side of an edge by the last digit of a sum.
fn agree(query: usize, all: &BTreeMap<&str, Vec<Told>>) {
    let own = &all["ours"][query - 1].counts;
    assert_eq!(own.len(), 100);
    for (name, told) in all {
        let apart = own.iter().zip(&told[query - 1].counts).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart <= 3.0, "query {query}: {name} differs by {apart} entries in a bin");
    }
}

fn table(
    what: &str,
    all: &BTreeMap<&str, Vec<Told>>,
    first: impl Fn(&Told) -> f64,
    again: impl Fn(&Told) -> Option<f64>,
) {
    let digits = if what.contains("MB") { 0 } else { 3 };
    let row = |name: &str, values: Vec<f64>| {
        let values: Vec<String> = values.iter().map(|value| format!("{value:.digits$}")).collect();
        println!("| {name} | {} |", values.join(" | "));
    };
    let numbers: Vec<String> = (1..=QUERIES).map(|query| format!("Q{query}")).collect();
    println!("| {what} | {} |\n|---|{}", numbers.join(" | "), "---|".repeat(QUERIES));
    for (name, told) in all {
        row(if *name == "ours" { "ours, first" } else { name }, told.iter().map(&first).collect());
    }
    let (ours, bounded) = (&all["ours"], &all["ours, budget"]);
    let cached: Vec<f64> = ours.iter().filter_map(again).collect();
    let peers = all.iter().filter(|(name, _)| !name.starts_with("ours"));
    let best = |at: usize| peers.clone().map(|(_, told)| first(&told[at])).fold(f64::INFINITY, f64::min);
    let digits = 2;
    let ratio = |name: &str, values: &[f64]| {
        let ratios: Vec<String> =
            values.iter().enumerate().map(|(at, value)| format!("{:.digits$}", best(at) / value)).collect();
        println!("| {name} | {} |", ratios.join(" | "));
    };
    if cached.len() == QUERIES {
        row("ours, again", cached.clone());
    }
    ratio("best peer / ours, first", &ours.iter().map(&first).collect::<Vec<_>>());
    if cached.len() == QUERIES {
        ratio("best peer / ours, again", &cached);
    }
    ratio("best peer / ours, budget", &bounded.iter().map(&first).collect::<Vec<_>>());
    println!();
}

/// The folder of the events, made by `gen.py` where they are not there yet.
fn sample(python: &Path, events: usize) -> PathBuf {
    let shared = std::env::var_os("RECOIL_BENCH_FILES").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = shared.join("recoil-bench").join(format!("adl-{events}"));
    if folder.join("ready").exists() {
        return folder;
    }
    let jagged = cases::folder("jagged").expect("the shared cases with gen.py");
    let name = "Run2012B_SingleMu-restructured-1000.parquet";
    for part in ["ref", "data"] {
        std::fs::create_dir_all(folder.join(part)).expect("a folder for the events");
    }
    let real = jagged.join("../../samples").join(name);
    std::fs::copy(&real, folder.join("ref").join(name)).expect("the real events");
    let mut command = Command::new(python);
    command.arg(jagged.canonicalize().expect("its path").join("gen.py")).arg(events.to_string()).current_dir(&folder);
    assert!(command.output().is_ok_and(|output| output.status.success()), "{command:?}");
    std::fs::write(folder.join("ready"), "").expect("room on the disk");
    folder
}

/// The program of RDataFrame; `None` without a compiler.
fn compiled(python: &Path, folder: &Path) -> Option<PathBuf> {
    let asked = Command::new(python).args(["-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]).output();
    let site = String::from_utf8(asked.ok()?.stdout).ok()?;
    let root = Path::new(site.trim()).join("ROOT");
    let (program, lib) = (folder.join("adl"), root.join("lib"));
    let libraries = ["Core", "RIO", "Hist", "Tree", "TreePlayer", "ROOTDataFrame", "ROOTVecOps", "MathCore", "Imt"];
    let mut command = Command::new("g++");
    command.args(["-O3", "-march=native", "-std=c++17"]).arg(format!("-I{}", root.join("include").display()));
    command.arg(cases::project().join("tests/bench/peers/adl.cpp")).arg("-o").arg(&program);
    command.arg(format!("-L{}", lib.display())).args(libraries.map(|name| format!("-l{name}")));
    command.arg(format!("-Wl,-rpath,{}", lib.display())).arg("-Wl,--allow-shlib-undefined");
    match command.output() {
        Ok(output) if output.status.success() => Some(program),
        Ok(output) => {
            recoil_tests::skipped("RDataFrame", &String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            recoil_tests::skipped("RDataFrame", &format!("no g++: {error}"));
            None
        }
    }
}

/// Runs a query in this process and prints what [`told`] reads.
fn ours(query: usize, file: &Path, budget: bool) {
    let open = || {
        let data = data::load(file).expect("the file");
        if budget { data.memory_budget_gb(0.05) } else { data }
    };
    let mut least = [f64::INFINITY; 4];
    let mut counts = Vec::new();
    for run in 0..=RUNS {
        flow::memory::Cache::shared().clear();
        let (cpu, wall, histogram) = timed(|| ask(query, &open()));
        let (again_cpu, again_wall, again) = timed(|| ask(query, &open()));
        assert_eq!(histogram.counts(), again.counts(), "the second time");
        if run > 0 {
            for (least, now) in least.iter_mut().zip([cpu, wall, again_cpu, again_wall]) {
                *least = least.min(now);
            }
        }
        counts = histogram.counts();
    }
    let counts: Vec<String> = counts.iter().map(|count| format!("{count:.0}")).collect();
    println!("{} {} | {} {} {} {}", least[2], least[3], least[0], least[1], peak(), counts.join(" "));
}

fn ask(query: usize, data: &Group) -> Histogram {
    let met = (100, 0.0, 2000.0);
    let answer = match query {
        1 => data.hist("MET.pt", met),
        2 => data.hist("Jet.pt", (100, 15.0, 60.0)),
        3 => data.hist("Jet[abs(eta) < 1].pt", (100, 15.0, 60.0)),
        4 => data.query("count(Jet.pt > 40) > 1").hist("MET.pt", met),
        5 => {
            let z = "any(60 < mass(a, b) < 120 & a.charge != b.charge for a, b in pairs(Muon))";
            data.query(z).hist("MET.pt", met)
        }
        6 => {
            let top = data.define("top", "argmin(abs(mass(t) - 172.5) for t in triples(Jet))");
            let both = top.hists([("pt(top)", (100, 15.0, 40.0)), ("max(top.btag)", (100, 0.0, 1.0))]);
            both.map(|mut both| both.remove(0))
        }
        7 => {
            let good = "[j for j in Jet if j.pt > 30 & all(dR(j, l) >= 0.4 for l in lepton)]";
            let data = data.define("lepton", "(Muon + Electron)[pt > 10]").define("good", good);
            data.query("len(good) > 0").hist("sum(good.pt)", (100, 15.0, 200.0))
        }
        _ => {
            let z =
                "argmin(abs(mass(a, b) - 91.2) for a, b in pairs(lepton) if a.charge != b.charge & a.kind == b.kind)";
            let data = data.define("lepton", "Muon + Electron").query("len(lepton) > 2");
            let mt = "mt(MET, argmax(l.pt for l in lepton if l not in Z))";
            data.define("Z", z).query("has(Z)").hist(mt, (100, 15.0, 250.0))
        }
    };
    answer.expect("a histogram")
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, f64, T) {
    let (start, before) = (Instant::now(), usage().0);
    let answer = work();
    (usage().0 - before, start.elapsed().as_secs_f64(), answer)
}

/// The peak memory of this process, in MB.
fn peak() -> f64 {
    usage().1
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
