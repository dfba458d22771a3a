//! Event-camera decoding against faery, expelliarmus, evutils and evlib on the same generated files:
//! `cargo bench --locked --bench events`.
//!
//! EVT2 and EVT3 to frames of Polars, chunk by chunk, warm cache. `RECOIL_BENCH_EVENTS` sets the size (20,000,000),
//! `RECOIL_BENCH_PASSES` the number of passes (9). What two threads gain is compared with what two processes gain that read
//! at the same time: more the machine does not have. With `RECOIL_BENCH_STREAM=1000000000` instead a file of so many EVT2
//! events (4 GB) is written, filtered, filled into a histogram, indexed, sliced and collected, and the peak memory is read.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use events::{Events, Geometry, IndexCache, PolaritySelection, ReadOptions, Recording, Roi, Selection};
use polars::prelude::*;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

const GEOMETRY: Geometry = Geometry { width: 1280, height: 720 };

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one-reading") {
        return one_reading(&arguments[at + 1..]);
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let events = number("RECOIL_BENCH_EVENTS").unwrap_or(20_000_000);
    let passes = number("RECOIL_BENCH_PASSES").unwrap_or(9);
    let folder = tempfile::tempdir()?;
    if let Some(events) = number("RECOIL_BENCH_STREAM") {
        return stream(&folder.path().join("large.raw"), events);
    }
    let packages = ["faery==0.7.1", "expelliarmus==1.1.12", "evutils==0.3.18", "evlib==0.13.2", "numpy"];
    let python = recoil_tests::python::environment("events benchmark", "events", &packages);
    println!("| format | reader | threads | million events/s, median | best | ours is |");
    println!("|---|---|---|---|---|---|");
    for format in ["evt2", "evt3"] {
        let file = folder.path().join(format!("{format}.raw"));
        generate(&file, format, events)?;
        let ours = reading(&file, "chunks", 1, passes)?;
        row(format, "this one", 1, &ours, &ours);
        let two = reading(&file, "chunks", 2, passes)?;
        row(format, "this one", 2, &two, &ours);
        scaling(format, &ours, &two, side_by_side(&file, passes)?);
        let Some(python) = &python else { continue };
        let script = recoil_tests::cases::project().join("tests/bench/peers/events.py");
        for peer in ["faery", "expelliarmus", "expelliarmus-chunks", "evutils", "evutils-windows", "evlib"] {
            let passes = if peer == "evlib" { 1 } else { passes };
            let theirs =
                answer(Command::new(python).arg(&script).args([peer, format]).arg(&file).arg(passes.to_string()))?;
            row(format, peer, 1, &theirs, &ours);
            if theirs["events"] != ours["events"] {
                println!("| {format} | {peer} | | counts {} events, not {} | | |", theirs["events"], ours["events"]);
            }
        }
    }
    Ok(())
}

/// What a process of its own says of a reading.
fn reading(file: &Path, what: &str, threads: u64, passes: u64) -> Result<Value, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    answer(command.args(["--one-reading", what, &threads.to_string(), &passes.to_string()]).arg(file))
}

/// Two processes that read the same file at the same time with one thread each: the median of the slower.
fn side_by_side(file: &Path, passes: u64) -> Result<f64, Failure> {
    let both: Vec<_> = std::thread::scope(|scope| {
        let run = || scope.spawn(|| reading(file, "chunks", 1, passes).map_err(|error| error.to_string()));
        [run(), run()].map(|thread| thread.join().unwrap_or_else(|_| Err("a reading panicked".to_string()))).into()
    });
    let medians = both.into_iter().map(|said| said.map(|said| said["median"].as_f64().unwrap_or(f64::NAN)));
    Ok(medians.collect::<Result<Vec<f64>, String>>()?.into_iter().fold(0.0, f64::max))
}

/// How many times as fast two threads are, and two processes.
fn scaling(format: &str, one: &Value, two: &Value, processes: f64) {
    let median = |of: &Value| of["median"].as_f64().unwrap_or(f64::NAN);
    let (threads, most) = (median(one) / median(two), 2.0 * median(one) / processes);
    println!("| {format} | 2 threads for 1 | | | | {threads:.2}, where two processes gain {most:.2} |");
}

fn answer(command: &mut Command) -> Result<Value, Failure> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
}

fn row(format: &str, reader: &str, threads: u64, theirs: &Value, ours: &Value) {
    let rate =
        |of: &Value, which: &str| of["events"].as_f64().unwrap_or(0.0) / of[which].as_f64().unwrap_or(f64::NAN) / 1e6;
    let (median, best) = (rate(theirs, "median"), rate(theirs, "best"));
    let times = rate(ours, "median") / median;
    println!("| {format} | {reader} | {threads} | {median:.0} | {best:.0} | {times:.1} times as fast |");
}

/// Events in order of time, ten per microsecond; neighbours share rows as in real scenes.
fn generate(path: &Path, format: &str, count: u64) -> Result<(), Failure> {
    let mut events = Events::default();
    let (mut seed, mut t, mut y) = (88_172_645_463_325_252u64, 64_000, 100);
    for _ in 0..count {
        let dice = next(&mut seed);
        t += i64::from(dice.is_multiple_of(10));
        y = if dice.is_multiple_of(3) { (dice >> 20) % 720 } else { y };
        events.push(t, ((dice >> 40) % 1280) as u16, y as u16, (dice >> 63) as i8);
    }
    let write = if format == "evt2" { events::write::evt2 } else { events::write::evt3 };
    std::fs::write(path, write(&events, Some(GEOMETRY))?)?;
    Ok(())
}

fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// A file of any size, written as it is made.
fn generate_large(path: &Path, count: u64) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    out.write_all(b"% evt 2.0\n% format EVT2;height=720;width=1280\n% end\n")?;
    let (mut seed, mut base) = (88_172_645_463_325_252u64, u32::MAX);
    for k in 0..count {
        let dice = next(&mut seed) as u32;
        let t = k / 10;
        if base != (t >> 6) as u32 {
            base = (t >> 6) as u32;
            out.write_all(&(8 << 28 | base).to_le_bytes())?;
        }
        let word = (dice >> 31) << 28 | ((t & 63) as u32) << 22 | ((dice >> 4) % 1280) << 11 | ((dice >> 17) % 720);
        out.write_all(&word.to_le_bytes())?;
    }
    out.flush()?;
    Ok(())
}

/// The large file, each question in a process of its own.
fn stream(file: &Path, count: u64) -> Result<(), Failure> {
    generate_large(file, count)?;
    println!("\n{count} EVT2 events, {} MB\n", std::fs::metadata(file)?.len() / 1_000_000);
    println!("| question | threads | seconds | million events/s | peak MB | bytes per event |");
    println!("|---|---|---|---|---|---|");
    for (what, threads) in [
        ("filter", 1),
        ("filter", 2),
        ("slice", 1),
        ("slice", 2),
        ("open and slice", 2),
        ("frame of a slice", 2),
        ("collect", 2),
    ] {
        let said = reading(file, what, threads, if what.contains("slice") { 9 } else { 1 })?;
        let (seconds, events) = (said["median"].as_f64().unwrap_or(f64::NAN), said["events"].as_f64().unwrap_or(0.0));
        let peak = said["peak"].as_f64().unwrap_or(f64::NAN);
        println!(
            "| {what} | {threads} | {seconds:.3} | {:.0} | {:.0} | {:.1} |",
            events / seconds / 1e6,
            peak / 1e6,
            peak / events
        );
    }
    Ok(())
}

fn one_reading(arguments: &[String]) -> Result<(), Failure> {
    let [what, threads, passes, file] = arguments else { return Err("which reading?".into()) };
    let cache = Path::new(file).with_extension("cache");
    let options = || ReadOptions {
        threads: threads.parse().unwrap_or(1),
        index_cache: if what == "chunks" { IndexCache::Off } else { IndexCache::Folder(cache.clone()) },
        ..ReadOptions::default()
    };
    // As many threads as asked for, also where the work is not the reader's.
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?;
    let mut seconds = Vec::new();
    let mut events = 0;
    for _ in 0..passes.parse::<u64>()? {
        let (took, found) = timed(file, what, &options)?;
        seconds.push(took);
        events = found;
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "{}",
        json!({"median": seconds[seconds.len() / 2], "best": seconds[0], "events": events, "peak": peak_memory()})
    );
    Ok(())
}

/// Seconds and events of one answer. What is asked for is there when the clock stops, and given back later.
fn timed(file: &str, what: &str, options: &dyn Fn() -> ReadOptions) -> Result<(f64, u64), Failure> {
    let mut start = Instant::now();
    if what == "frame of a slice" {
        // The same as a cell asks for it.
        let options = options();
        let data = recordings::EventLoader::new(file).index_cache(options.index_cache).load()?;
        let (from, to) = one_hundredth(data.recording())?;
        start = Instant::now();
        let events = data.slice(from, to).collect()?;
        return Ok((start.elapsed().as_secs_f64(), events.height() as u64));
    }
    let recording = Recording::open_with(file, options())?;
    if what != "open and slice" {
        start = Instant::now();
    }
    let events = match what {
        "chunks" | "filter" => {
            let events = if what == "chunks" { chunks(&recording)? } else { filter(&recording)? };
            return Ok((start.elapsed().as_secs_f64(), events));
        }
        "collect" => recording.read()?,
        _ => {
            let (from, to) = one_hundredth(&recording)?;
            if what == "slice" {
                start = Instant::now();
            }
            recording.slice(from, to)?
        }
    };
    Ok((start.elapsed().as_secs_f64(), std::hint::black_box(&events).len() as u64))
}

/// Frames of Polars, block after block; each is looked at and dropped.
fn chunks(recording: &Recording) -> Result<u64, Failure> {
    let mut rows = 0;
    for block in recording.stream().blocks() {
        let block = block?;
        let columns = vec![
            Int64Chunked::from_vec("t".into(), block.t).into_column(),
            UInt16Chunked::from_vec("x".into(), block.x).into_column(),
            UInt16Chunked::from_vec("y".into(), block.y).into_column(),
            Int8Chunked::from_vec("polarity".into(), block.polarity).into_column(),
        ];
        let height = columns[0].len();
        rows += std::hint::black_box(DataFrame::new(height, columns)?).height() as u64;
    }
    Ok(rows)
}

/// ON events of a quarter of the sensor, counted per millisecond.
fn filter(recording: &Recording) -> Result<u64, Failure> {
    let mut bins: Vec<u64> = Vec::new();
    let roi = Some(Roi { x0: 0, y0: 0, x1: 640, y1: 360 });
    let selection = Selection { roi, polarity: PolaritySelection::On, ..Selection::default() };
    let report = recording.stream().select(selection).memory_limit_mb(256).for_each(|events| {
        for &t in &events.t {
            let bin = (t / 1000) as usize;
            if bin >= bins.len() {
                bins.resize(bin + 1, 0);
            }
            bins[bin] += 1;
        }
        Ok(())
    })?;
    std::hint::black_box(&bins);
    Ok(report.events)
}

/// A stretch of time of one hundredth of the recording.
fn one_hundredth(recording: &Recording) -> Result<(i64, i64), Failure> {
    let (first, last) = recording.time_bounds()?.ok_or("a recording without events")?;
    let width = (last - first) / 100;
    Ok((first + 40 * width, first + 41 * width))
}

/// The most memory this process has had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) * 1024
}
