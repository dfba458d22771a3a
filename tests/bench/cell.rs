//! What a cell costs, beside stock evcxr with Polars in the same run: `cargo bench --bench cell`.
//!
//! The peer is the evaluator of evcxr 0.22 as `evcxr_jupyter` runs it, with `:dep polars` (features `lazy` and
//! `parquet`), in a process of its own and without the cost of its protocol; building Polars for it takes a quarter of an
//! hour, the first time.
//! `--alone` leaves it out. Both read the same file; every cell is new, so that nothing comes out of a cache,
//! and comes half a second after the one before, but for the row that says otherwise.

#[path = "../tests/protocol/front.rs"]
#[allow(dead_code)]
mod front;
#[path = "cell/peer.rs"]
mod peer;

use front::{Channel, Front};
use recoil_kernel::cell::{Config, RustEvaluator};
use recoil_kernel::evaluator::{Cell, Evaluator, Outcome, Sink};
use recoil_tests::kernel;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 20;
/// A user reads and types between cells, and the kernel prepares for the next one.
const PAUSE: Duration = Duration::from_millis(500);

struct Notebook {
    evaluator: RustEvaluator,
    next: u64,
}

impl Notebook {
    fn new(cache: &Path) -> Self {
        let program = kernel::prepared();
        let prelude = recoil_kernel::install::prelude::find().expect("the prelude is there");
        let sink: Sink = Arc::new(|_| {});
        let (folder, patience) = (cache.to_path_buf(), Duration::from_secs(60));
        let config = Config { program, prelude, cache: cache.to_path_buf(), folder, patience };
        Self { evaluator: RustEvaluator::start(config, sink).expect("starts"), next: 0 }
    }

    fn time(&mut self, code: &str) -> Duration {
        self.next += 1;
        let number = u32::try_from(self.next).expect("few cells");
        let cell = Cell { token: self.next, number, code: code.into(), allow_stdin: false, expressions: vec![] };
        let start = Instant::now();
        match self.evaluator.execute(cell) {
            Outcome::Done { .. } => start.elapsed(),
            Outcome::Failed(failure) => panic!("{code}\n{}", failure.traceback.join("\n")),
        }
    }

    fn median(&mut self, pause: Duration, code: impl Fn(u32) -> String) -> Duration {
        let paused = |round| {
            std::thread::sleep(pause);
            self.time(&code(round))
        };
        median((0..ROUNDS).map(paused).collect())
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// rustc alone on an empty crate of the kind that cells are.
fn floor(folder: &Path) -> Duration {
    let rustc = recoil_kernel::install::prelude::find().expect("the prelude is there").toolchain.rustc;
    let source = folder.join("empty.rs");
    std::fs::write(&source, "").expect("a file");
    let once = || {
        let mut command = Command::new(&rustc);
        command.arg(&source).args(["--crate-type=cdylib", "-Cprefer-dynamic", "-o"]).arg(folder.join("empty.so"));
        let start = Instant::now();
        assert!(command.status().expect("rustc runs").success());
        start.elapsed()
    };
    median((0..ROUNDS).map(|_| once()).collect())
}

/// From the start of the program to the answer of `kernel_info`, and from there to the end of the first cell.
fn startup(folder: &Path, first: &str) -> (Duration, Duration) {
    let connection = front::connection("bench");
    let file = folder.join("connection.json");
    std::fs::write(&file, serde_json::to_vec(&connection).expect("json")).expect("writes");
    let mut command = Command::new(kernel::prepared());
    command.arg("kernel").arg("-f").arg(&file).stdin(Stdio::null());
    command.env("RECOIL_HISTORY", folder.join("history.sqlite")).env("RECOIL_CACHE", folder.join("startup"));
    let start = Instant::now();
    let mut child = command.spawn().expect("starts");
    let mut front = Front::connect_first(&connection);
    front.ask(Channel::Shell, "kernel_info_request", json!({}));
    let ready = start.elapsed();
    let caused = front.execute(first);
    let done = start.elapsed() - ready;
    assert_eq!(caused.reply["status"], "ok", "{caused:?}");
    front.shut_down();
    child.wait().expect("ends");
    std::fs::remove_dir_all(folder.join("startup")).expect("the cache was made");
    (ready, done)
}

/// Ends the compilers that wait for the next cell, which are children of this process.
fn end_waiting() {
    let own = format!("PPid:\t{}\n", std::process::id());
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        let waits = String::from_utf8_lossy(&read("cmdline")).contains("\0waiting-");
        let id = entry.file_name().to_str().and_then(|name| name.parse::<libc::pid_t>().ok());
        let is_own = waits && String::from_utf8_lossy(&read("status")).contains(&own);
        if let Some(id) = id.filter(|_| is_own) {
            // SAFETY: `kill` has no memory effects; the process is a child of this one.
            unsafe { libc::kill(id, libc::SIGKILL) };
        }
    }
    std::thread::sleep(Duration::from_millis(20));
}

struct Ours {
    chain: Duration,
    binding: Duration,
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ours(folder: &Path, toy: &Path) -> Ours {
    let floor = floor(folder);
    let row = |name: &str, time: Duration| {
        println!("| {name} | {:.1} | {:.1} |", milliseconds(time), time.as_secs_f64() / floor.as_secs_f64());
    };
    println!("| cell | median, ms | times rustc on an empty crate |\n|---|---|---|");
    row("rustc alone on an empty crate", floor);
    let load = format!("load({toy:?})?");
    let first = format!("{load}.group(\"mumu\").oneCandOnly().hist(\"mu1P\", 50)?");
    let starts: Vec<_> = (0..5).map(|_| startup(folder, &first)).collect();
    row("start of the kernel to kernel_info", median(starts.iter().map(|start| start.0).collect()));
    row("from there to the end of the first cell, a histogram", median(starts.iter().map(|start| start.1).collect()));
    let mut notebook = Notebook::new(&folder.join("cells"));
    notebook.time(&format!("let data = {load};"));
    let chain = |round| {
        format!(
            "data.group(\"mumu\").query(\"pRecoil > 2.0 & 2.{round} > pRecoilTheta > 0.3\").oneCandOnly()\
             .hist(\"mu1P\", 50)?"
        )
    };
    let fresh = notebook.median(PAUSE, |round| chain(100 + round));
    row("a chain of the prelude to a histogram", fresh);
    row("such a chain right after another cell", notebook.median(Duration::ZERO, |round| chain(300 + round)));
    let alone = |first: u32| {
        move |round: u32| {
            end_waiting();
            chain(first + round)
        }
    };
    row("such a chain when no compiler waits", notebook.median(PAUSE, alone(400)));
    row("such a chain right after another cell, when none waits", notebook.median(Duration::ZERO, alone(500)));
    let binding = notebook.median(PAUSE, |round| format!("let h = {};", chain(200 + round)));
    row("`let` of such a chain", binding);
    row("expression of the standard library", notebook.median(PAUSE, |round| format!("{round} + 1")));
    row("`let` of the standard library", notebook.median(PAUSE, |round| format!("let v = vec![{round}.5];")));
    let again = notebook.median(PAUSE, |_| chain(100));
    row("a chain that was compiled before", again);
    // What the chain itself takes: a hundred of them in one cell.
    let many = format!("for _ in 0..100 {{ {}; }}", chain(100));
    notebook.time(&many);
    let work = notebook.time(&many) / 100;
    row("its own work", work);
    println!("compiled before, above its own work: {:.1} ms", milliseconds(again) - milliseconds(work));
    Ours { chain: fresh, binding }
}

fn main() {
    if std::env::args().any(|argument| argument == "--peer") || peer::is_runtime() {
        return peer::main();
    }
    let folder = tempfile::tempdir().expect("a folder");
    let toy = folder.path().join("toy");
    recoil::toy(&toy, 20_000, 1).expect("toy data");
    let ours = ours(folder.path(), &toy);
    if std::env::args().any(|argument| argument == "--alone") {
        return;
    }
    let file = std::fs::read_dir(toy.join("P16M16rd_mc_mumu_p16_v1")).expect("a process").flatten().next();
    let theirs = peer::run(&file.expect("a file").path());
    println!("\n| cell | ours, ms | stock evcxr with Polars, ms | ratio |\n|---|---|---|---|");
    for (name, ours, theirs) in
        [("chain", ours.chain, theirs.chain), ("`let` of a chain", ours.binding, theirs.binding)]
    {
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        println!("| {name} | {:.0} | {:.0} | {ratio:.1} |", milliseconds(ours), milliseconds(theirs));
    }
    println!("stock evcxr before its first cell with Polars: {:.1} s", theirs.ready.as_secs_f64());
}
