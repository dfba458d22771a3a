//! What a cell costs: `cargo bench -p recoil-tests --bench cell`.
//!
//! Prints medians of warm cells, of cells that were compiled before, and of rustc alone on an empty crate, which is the
//! floor. Run it on an idle machine.

use recoil_kernel::cell::{Config, RustEvaluator};
use recoil_kernel::evaluator::{Cell, Evaluator, Outcome, Sink};
use recoil_tests::kernel;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 20;

struct Notebook {
    evaluator: RustEvaluator,
    next: u64,
}

impl Notebook {
    fn new(cache: &Path) -> Self {
        let program = kernel::prepared();
        let prelude = recoil_kernel::install::prelude::find().expect("the prelude is there");
        let sink: Sink = Arc::new(|_| {});
        let config = Config { program, prelude, cache: cache.to_path_buf() };
        Self { evaluator: RustEvaluator::start(config, sink).expect("starts"), next: 0 }
    }

    fn time(&mut self, code: &str) -> Duration {
        self.next += 1;
        let cell = Cell {
            token: self.next,
            number: self.next as u32,
            code: code.into(),
            allow_stdin: false,
            expressions: vec![],
        };
        let start = Instant::now();
        match self.evaluator.execute(cell) {
            Outcome::Done { .. } => start.elapsed(),
            Outcome::Failed(failure) => panic!("{code}\n{}", failure.traceback.join("\n")),
        }
    }

    fn median(&mut self, code: impl Fn(u32) -> String) -> Duration {
        median((0..ROUNDS).map(|round| self.time(&code(round))).collect())
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

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("cells");
    let floor = floor(folder.path());
    let begin = Instant::now();
    let mut notebook = Notebook::new(&cache);
    notebook.time("1");
    let first = begin.elapsed();
    notebook.time("let frame = polars::df!(\"x\" => [1.0, 2.0, 3.0])?;");
    let row = |name: &str, time: Duration| {
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!("| {name} | {:.1} | {ratio:.1} |", time.as_secs_f64() * 1e3);
    };
    println!("| cell | median, ms | times rustc on an empty crate |\n|---|---|---|");
    row("rustc alone on an empty crate", floor);
    row("start of the kernel to the end of the first cell", first);
    row("expression", notebook.median(|round| format!("{round} + 1")));
    row("call of the prelude", notebook.median(|round| format!("frame.head(Some({round})).height()")));
    row("`let` with an inferred type", notebook.median(|round| format!("let v = vec![{round}.5];")));
    row("compiled before", notebook.median(|_| "frame.height()".into()));
    row("does not compile", {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            notebook.next += 1;
            let code = format!("undefined_{round}");
            let cell = Cell { token: notebook.next, number: 1, code, allow_stdin: false, expressions: vec![] };
            let start = Instant::now();
            assert!(matches!(notebook.evaluator.execute(cell), Outcome::Failed(_)));
            times.push(start.elapsed());
        }
        median(times)
    });
}
