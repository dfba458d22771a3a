//! Stock evcxr with Polars, in a process of its own.

use crate::{ROUNDS, median};
use evcxr::CommandContext;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The first line of the peer's answer that is ours.
const MARK: &str = "stock evcxr: ";

/// Medians of stock evcxr.
#[derive(Debug, Serialize, Deserialize)]
pub struct Theirs {
    /// From its start until Polars can be used.
    pub ready: Duration,
    /// A selection and a column, printed.
    pub chain: Duration,
    /// The same, kept in a variable.
    pub binding: Duration,
}

/// Whether this process is the child in which evcxr runs cells.
pub fn is_runtime() -> bool {
    std::env::var_os("EVCXR_IS_RUNTIME").is_some() || std::env::var_os("EVCXR_RUSTC_WRAPPER").is_some()
}

/// Starts the peer on one parquet file and waits for its times.
pub fn run(file: &Path) -> Theirs {
    let program = std::env::current_exe().expect("a benchmark knows its own program");
    // Its Polars is kept for the next run: building it takes a quarter of an hour.
    let folder = std::env::temp_dir().join("recoil-bench").join("evcxr");
    std::fs::create_dir_all(&folder).expect("a folder for the peer");
    let mut command = Command::new(program);
    command.arg("--peer").arg(file).env("EVCXR_TMPDIR", folder);
    // What `cargo bench` sets for this program is watched by build scripts below Polars: with it, all is built again.
    let set = std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("CARGO_"));
    for name in set.filter(|name| name != "CARGO_HOME") {
        command.env_remove(name);
    }
    let output = command.output().expect("starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.strip_prefix(MARK));
    let answer = answer.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(answer).expect("what the peer wrote")
}

/// The peer itself.
pub fn main() {
    evcxr::runtime_hook();
    let file = std::env::args().skip_while(|argument| argument != "--peer").nth(1).expect("a file");
    let start = Instant::now();
    let (mut context, outputs) = CommandContext::new().expect("evcxr starts");
    // It waits until its output is taken.
    std::thread::spawn(move || outputs.stdout.into_iter().for_each(drop));
    std::thread::spawn(move || outputs.stderr.into_iter().for_each(|line| eprintln!("{line}")));
    let mut time = |code: &str| {
        let start = Instant::now();
        if let Err(error) = context.execute(code) {
            panic!("{code}\n{error:?}");
        }
        start.elapsed()
    };
    time(":dep polars = { version = \"0.55\", features = [\"lazy\", \"parquet\"] }");
    time("use polars::prelude::*;");
    time(&format!(
        "let frame: DataFrame = ParquetReader::new(std::fs::File::open({file:?}).unwrap()).finish().unwrap();"
    ));
    let ready = start.elapsed();
    let chain = |round: u32| {
        format!(
            "frame.clone().lazy().filter(col(\"pRecoil\").gt(lit(2.0)).and(col(\"pRecoilTheta\").lt(lit(2.{round})))\
             .and(col(\"pRecoilTheta\").gt(lit(0.3)))).select([col(\"mu1P\")]).collect().unwrap()"
        )
    };
    // Printed, because a value without evcxr's own display method costs it a second build.
    let cell = |round| format!("println!(\"{{}}\", {});", chain(round));
    time(&cell(0));
    let times = Theirs {
        ready,
        chain: median((0..ROUNDS).map(|round| time(&cell(100 + round))).collect()),
        binding: median(
            (0..ROUNDS).map(|round| time(&format!("let h: DataFrame = {};", chain(200 + round)))).collect(),
        ),
    };
    println!("{MARK}{}", serde_json::to_string(&times).expect("numbers"));
}
