//! ROOT files beside uproot and RDataFrame: `cargo bench --locked --bench root`.
//!
//! Flat: ntuples of 60 columns as basf2 writes them, per compression; a cut on four columns and a histogram of a fifth.
//! Lists: events as NanoAOD has them, as a TTree and as an RNTuple; a histogram of all jets. Every run on two threads, files
//! in the cache, medians of five, wall seconds and processor seconds. `decoder` is the decoder alone on the bytes of the five
//! columns, `crate` the crate `root` into buffers, clusters side by side as the engine reads them, `recoil` the whole pass with
//! nothing kept from the pass before. The files are written by ROOT (PyPI `root`); without Python, or without ROOT, it says so
//! and measures nothing.
//!
//! `RECOIL_ROOT_ROWS`: rows (1,000,000); `RECOIL_ROOT_ONLY`: what is measured, as `lz4,stored` (everything);
//! `RECOIL_ROOT_FILES`: a folder in which files are kept and found again. `MB` is the most memory that the process held
//! while it passed over the rows; it fails when that is more than the budget of the engine.

use rayon::prelude::*;
use recoil_tests::python::environment;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The prelude's allocator.
#[global_allocator]
static ALLOCATOR: recoil_allocator::Pooled<mimalloc::MiMalloc> = recoil_allocator::Pooled::new(mimalloc::MiMalloc);

const RUNS: usize = 5;
const SETTINGS: [(u32, &str); 4] = [(101, "zlib"), (404, "lz4"), (505, "zstd"), (0, "stored")];
const COLUMNS: [&str; 5] = ["pRecoil", "mu1P", "pRecoilTheta", "clusterTiming", "mRecoil"];
const CUT: &str = "pRecoil > 0.5 & mu1P < 3 & 0.3 < pRecoilTheta & pRecoilTheta < 2.6 & clusterTiming > -2";
/// Events with lists.
const EVENTS: u64 = 2_000_000;
/// The memory that the engine may hold.
const BUDGET_GB: f64 = 1.0;

fn main() {
    let Some(python) = environment("bench root", "root", &["uproot==5.7.7", "root"]) else { return };
    // SAFETY: nothing else runs yet.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", "2") };
    let rows = std::env::var("RECOIL_ROOT_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000_u64);
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let kept = std::env::var_os("RECOIL_ROOT_FILES").map(PathBuf::from);
    let folder = kept.clone().unwrap_or_else(|| temporary.path().to_owned());
    println!(
        "wall s / cpu s     decoder       crate        recoil       uproot       rdf          rdf jit      x better peer, share of decoder, MB"
    );
    let only = std::env::var("RECOIL_ROOT_ONLY").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|one| one == name);
    for (setting, name) in SETTINGS.into_iter().filter(|(_, name)| wanted(name)) {
        let path = folder.join(format!("n{setting}-{rows}.root"));
        if !path.exists() {
            run(&python, "root_ntuple.py", &[&text(&path), &rows.to_string(), &setting.to_string()]);
        }
        let (decoder, decoded) = (median(|| stored(&path)), median(|| decoded(&path)));
        forget_memory();
        let recoil = median(|| flat(&path));
        line(name, decoder, decoded, recoil, &peers(&python, "flat", &path));
        if kept.is_none() {
            std::fs::remove_file(&path).expect("the file");
        }
    }
    let lists = [("nano_tree.root", "lists"), ("nano_ntuple.root", "rntuple")];
    if lists.iter().any(|(_, name)| wanted(name)) {
        measure_lists(&python, &folder, lists.into_iter().filter(|(_, name)| wanted(name)));
    }
}

fn measure_lists<'a>(python: &Path, folder: &Path, files: impl Iterator<Item = (&'a str, &'a str)>) {
    let nano = folder.join(format!("nano-{EVENTS}"));
    if !nano.exists() {
        std::fs::create_dir_all(&nano).expect("a folder");
        run(python, "root_nano.py", &[&text(&nano), &EVENTS.to_string()]);
    }
    for (file, name) in files {
        let path = nano.join(file);
        let all = median(|| jets(&path, false));
        forget_memory();
        let recoil = median(|| jets(&path, true));
        line(name, all, all, recoil, &peers(python, "list", &path));
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Wall seconds, processor seconds, answer.
type Measured = (f64, f64, u64);

fn line(name: &str, decoder: Measured, decoded: Measured, recoil: Measured, peers: &[Measured]) {
    assert_eq!(recoil.2, peers[0].2, "other rows pass than for the peers");
    let shown = |one: &Measured| format!("{:5.3} {:5.3}  ", one.0, one.1);
    let all: String = [decoder, decoded, recoil].iter().chain(peers).map(shown).collect();
    let best = peers.iter().map(|peer| peer.0).fold(f64::INFINITY, f64::min);
    let (times, share, memory) = (best / recoil.0, 100.0 * decoder.0 / decoded.0, most_memory());
    println!("{name:16} {all} {times:5.2} x  {share:3.0} %  {memory} MB  {}", recoil.2);
    assert!(memory as f64 <= BUDGET_GB * 1e3, "{memory} MB, where the engine may hold {} MB", BUDGET_GB * 1e3);
}

fn peers(python: &Path, what: &str, path: &Path) -> Vec<Measured> {
    let answer = run(python, "root_peers.py", &[what, &text(path), &RUNS.to_string()]);
    let number = |word: Option<&str>| word.and_then(|word| word.parse::<f64>().ok()).expect("a number");
    let one = |line: &str| {
        let mut words = line.split_whitespace();
        (number(words.next()), number(words.next()), number(words.next()) as u64)
    };
    answer.lines().map(one).collect()
}

fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peers").join(script);
    let output = Command::new(python).arg(script).args(arguments).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn median(work: impl Fn() -> u64) -> Measured {
    let one = |_| {
        // What an earlier pass has decoded is forgotten.
        flow::memory::Cache::shared().clear();
        let (start, before) = (Instant::now(), cpu());
        let answer = work();
        (start.elapsed().as_secs_f64(), cpu() - before, answer)
    };
    let mut times: Vec<Measured> = (0..=RUNS).map(one).skip(1).collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    times[RUNS / 2]
}

/// Processor seconds of this process so far.
fn cpu() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call fills the place that it is given; zeros are a value of the type, too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Begins anew to look for the most memory that this process holds.
fn forget_memory() {
    // Without the right to do it the most since the start is what is told.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Megabytes that this process held at most.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_000
}

fn columns(table: &root::Table, names: &[&str]) -> Vec<usize> {
    let position = |name: &&str| table.columns().iter().position(|column| column.name == *name).expect("the column");
    names.iter().map(position).collect()
}

/// Reads and unpacks the baskets of the five columns and does nothing with them.
fn stored(path: &Path) -> u64 {
    let file = root::File::open(path).expect("the file");
    let table = file.table("variables").expect("the tree");
    let ranges = table.ranges(&columns(&table, &COLUMNS), 0..table.rows());
    let bytes = std::fs::File::open(path).expect("the file");
    let sizes = ranges.par_iter().map_init(
        || (Vec::new(), Vec::new()),
        |(packed, plain), range| {
            packed.resize((range.end - range.start) as usize, 0);
            std::os::unix::fs::FileExt::read_exact_at(&bytes, packed, range.start).expect("the basket");
            unpack(packed, plain)
        },
    );
    sizes.sum()
}

/// The blocks behind the key of a record.
fn unpack(record: &[u8], out: &mut Vec<u8>) -> u64 {
    let size = u32::from_be_bytes([record[6], record[7], record[8], record[9]]) as usize;
    let mut rest = &record[usize::from(u16::from_be_bytes([record[14], record[15]]))..];
    out.resize(size.max(out.len()), 0);
    if rest.len() == size {
        out[..size].copy_from_slice(rest);
        return size as u64;
    }
    let mut done = 0;
    while done < size {
        let three =
            |at: usize| usize::from(rest[at]) | usize::from(rest[at + 1]) << 8 | usize::from(rest[at + 2]) << 16;
        let (packed, plain) = (three(3), three(6));
        let (body, to) = (&rest[9..9 + packed], &mut out[done..done + plain]);
        match &rest[..2] {
            b"ZL" => {
                let mut decoder = flate2::Decompress::new(true);
                decoder.decompress(body, to, flate2::FlushDecompress::Finish).expect("zlib");
            }
            b"L4" => {
                lz4::block::decompress_to_buffer(&body[8..], Some(plain as i32), to).expect("lz4");
            }
            b"ZS" => {
                zstd::bulk::decompress_to_buffer(body, to).expect("zstd");
            }
            other => panic!("blocks of {other:?}"),
        }
        done += plain;
        rest = &rest[9 + packed..];
    }
    size as u64
}

fn decoded(path: &Path) -> u64 {
    let file = root::File::open(path).expect("the file");
    let table = file.table("variables").expect("the tree");
    let columns = columns(&table, &COLUMNS);
    let starts = table.clusters();
    let ends = starts.iter().skip(1).copied().chain([table.rows()]);
    let clusters: Vec<_> = starts.iter().copied().zip(ends).collect();
    let read = |values: &mut Vec<root::Values>, (start, end): (u64, u64)| {
        table.read_into(&columns, start..end, values).expect("values");
        values[0].len() as u64
    };
    clusters.into_par_iter().map_init(Vec::new, read).sum()
}

fn flat(path: &Path) -> u64 {
    let data = data::load(format!("{}:variables", path.display())).expect("the tree").memory_budget_gb(BUDGET_GB);
    let hist = data.query(CUT).hist("mRecoil", (100, -5.0, 5.0)).expect("a histogram");
    hist.entries()
}

/// A histogram of all jets, or the values alone.
fn jets(path: &Path, hist: bool) -> u64 {
    if hist {
        let data = data::load(format!("{}:Events", path.display())).expect("the table").memory_budget_gb(BUDGET_GB);
        return data.hist("Jet_pt", (100, 0.0, 200.0)).expect("a histogram").entries();
    }
    let table = root::File::open(path).and_then(|file| file.table("Events")).expect("the table");
    let column = columns(&table, &["Jet_pt"]);
    let starts = table.clusters();
    let ends = starts.iter().skip(1).copied().chain([table.rows()]);
    let number = |(start, end): (u64, u64)| match &table.read(&column, start..end).expect("values")[0] {
        root::Values::List { offsets, .. } => offsets.last().copied().unwrap_or(0) as u64,
        other => panic!("jets that are {}", other.of()),
    };
    starts.iter().copied().zip(ends).map(number).sum()
}
