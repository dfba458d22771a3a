//! HIPO columns against oxihipo and hipopy on the same generated file: `cargo bench --bench hipo`.
//!
//! Every reading runs in a process of its own, which prints its times, its peak memory and a checksum; a row counts
//! only when all checksums agree. The data are synthetic. `RECOIL_BENCH_EVENTS` sets the size (400,000 events are about
//! 320 MB decompressed), `RECOIL_BENCH_PASSES` the number of passes (5).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use hipo::{BankRequest, ColumnQuery, EventBuilder, Numbers, Reader, Schema, Writer};
use serde_json::{Value, json};

const PARTICLE: &str =
    "{REC::Particle/300/31}{pid/I,px/F,py/F,pz/F,vx/F,vy/F,vz/F,vt/F,charge/B,beta/F,chi2pid/F,status/S}";
const CALORIMETER: &str = "{REC::Calorimeter/300/32}{index/S,pindex/S,detector/B,sector/B,layer/B,energy/F,time/F,path/F,\
                           chi2/F,x/F,y/F,z/F,status/S}";
const CONFIG: &str =
    "{RUN::config/10000/11}{run/I,event/I,unixtime/I,trigger/L,timestamp/L,type/B,mode/B,torus/F,solenoid/F}";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--one-reading") {
        return one_reading(&arguments[at + 1..]);
    }
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (events, passes) = (number("RECOIL_BENCH_EVENTS", 400_000), number("RECOIL_BENCH_PASSES", 5));
    let folder = tempfile::tempdir()?;
    let (small, large) = (folder.path().join("small.hipo"), folder.path().join("large.hipo"));
    let start = Instant::now();
    generate(&small, events)?;
    let (seconds, bytes) = (start.elapsed().as_secs_f64(), std::fs::metadata(&small)?.len());
    println!("{events} events, {} MB on disk, generated and written in {seconds:.2} s\n", bytes / 1_000_000);
    let python =
        recoil_tests::python::environment("hipo benchmark", "hipo", &["hipopy==2.0.1", "oxihipo==0.9.0", "numpy"]);
    compare(&small, python.as_deref(), passes)?;
    generate(&large, 10 * events)?;
    memory(&small, &large)
}

/// A table of all readers, all numbers of columns and threads.
fn compare(file: &Path, python: Option<&Path>, passes: u64) -> Result<(), Failure> {
    println!("| reading | threads | reader | median s | min s | peak MB | ours is |");
    println!("|---|---|---|---|---|---|---|");
    for (columns, threads) in [("one", 1), ("one", 2), ("all", 1), ("all", 2)] {
        let ours = run(&mut this_program()?, file, columns, threads, passes)?;
        row(columns, threads, "this one", &ours, &ours);
        let Some(python) = python else { continue };
        for peer in ["oxihipo", "hipopy"] {
            // hipopy has no threads and reads all columns of a bank whichever is asked for.
            if peer == "hipopy" && (threads > 1 || columns == "all") {
                continue;
            }
            let passes = if peer == "hipopy" { 1 } else { passes };
            let script = recoil_tests::cases::project().join("tests/bench/peers/hipo.py");
            let mut command = Command::new(python);
            command.arg(script).arg(peer);
            let theirs = run(&mut command, file, columns, threads, passes)?;
            row(columns, threads, peer, &theirs, &ours);
            let (a, b) = (ours["sum"].as_f64().unwrap_or(f64::NAN), theirs["sum"].as_f64().unwrap_or(f64::NAN));
            if ours["rows"] != theirs["rows"] || (a - b).abs() > 1e-6 * a.abs().max(1.0) {
                return Err(format!("{peer} read something else: {theirs}, not {ours}").into());
            }
        }
    }
    Ok(())
}

/// Peak memory of a scan must not grow with the file.
fn memory(small: &Path, large: &Path) -> Result<(), Failure> {
    println!("\n| scan of all columns, histogram of one | MB on disk | median s | peak MB |\n|---|---|---|---|");
    for file in [small, large] {
        let scan = run(&mut this_program()?, file, "scan", 2, 1)?;
        let megabytes = std::fs::metadata(file)?.len() / 1_000_000;
        println!("| | {megabytes} | {:.3} | {} |", median(&scan), scan["peak_kb"].as_u64().unwrap_or(0) / 1000);
    }
    Ok(())
}

fn this_program() -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--one-reading");
    Ok(command)
}

fn run(command: &mut Command, file: &Path, columns: &str, threads: usize, passes: u64) -> Result<Value, Failure> {
    let output = command.arg(file).arg(columns).arg(threads.to_string()).arg(passes.to_string()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    Ok(serde_json::from_str(text.lines().last().unwrap_or_default())?)
}

fn median(result: &Value) -> f64 {
    let mut seconds: Vec<f64> = result["seconds"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn row(columns: &str, threads: usize, reader: &str, result: &Value, ours: &Value) {
    let seconds = result["seconds"].as_array().into_iter().flatten().filter_map(Value::as_f64);
    let least = seconds.fold(f64::INFINITY, f64::min);
    let (time, ratio) = (median(result), median(result) / median(ours));
    let peak = result["peak_kb"].as_u64().unwrap_or(0) / 1000;
    println!("| {columns} | {threads} | {reader} | {time:.3} | {least:.3} | {peak} | {ratio:.2} x as fast |");
}

/// `FILE one|all|scan THREADS PASSES`: prints one line of JSON.
fn one_reading(arguments: &[String]) -> Result<(), Failure> {
    let [file, columns, threads, passes] = arguments else { return Err("FILE COLUMNS THREADS PASSES".into()) };
    let wanted: &[&str] = if columns == "one" { &["px"] } else { &[] };
    let query = ColumnQuery::new().bank(BankRequest::new("REC::Particle", wanted)).threads(threads.parse()?);
    let (mut seconds, mut rows, mut sum) = (Vec::new(), 0, 0.0);
    for _ in 0..passes.parse::<usize>()? {
        let start = Instant::now();
        let reader = Reader::open(PathBuf::from(file))?;
        if columns == "scan" {
            (rows, sum) = scan(&reader, &query)?;
            seconds.push(start.elapsed().as_secs_f64());
            continue;
        }
        let banks = reader.read(&query)?;
        seconds.push(start.elapsed().as_secs_f64());
        rows = banks[0].rows();
        sum = total(&banks[0].column("px")?.values);
    }
    println!("{}", json!({"seconds": seconds, "rows": rows, "sum": sum, "peak_kb": peak_kilobytes()}));
    Ok(())
}

/// A histogram of px over all records: memory of a few records.
fn scan(reader: &Reader, query: &ColumnQuery) -> Result<(usize, f64), Failure> {
    let (mut rows, mut bins) = (0, vec![0_u64; 100]);
    reader.scan(query, |block| {
        rows += block.banks[0].rows();
        if let Numbers::F32(values) = &block.banks[0].column("px")?.values {
            values.iter().for_each(|px| bins[((px + 5.0) * 10.0).clamp(0.0, 99.0) as usize] += 1);
        }
        Ok(())
    })?;
    Ok((rows, bins.iter().sum::<u64>() as f64))
}

fn total(numbers: &Numbers) -> f64 {
    (0..numbers.len()).filter_map(|row| numbers.as_f64(row)).sum()
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Deterministic events: about 8 particles and 16 clusters each.
fn generate(path: &Path, events: u64) -> Result<(), Failure> {
    let mut writer = Writer::builder();
    for schema in [PARTICLE, CALORIMETER, CONFIG] {
        writer = writer.schema(Schema::parse(schema)?)?;
    }
    let mut writer = writer.create(path)?;
    let (mut random, mut event) = (Random(1), EventBuilder::new());
    for number in 0..events {
        event.reset();
        for (bank, rows) in
            [("RUN::config", 1), ("REC::Particle", 3 + random.below(10)), ("REC::Calorimeter", 6 + random.below(20))]
        {
            let mut bank = writer.bank(bank, rows)?;
            let schema = bank.schema().clone();
            for column in schema.columns() {
                let numbers = random.column(&column.name, column.kind, rows, number);
                bank.put_column(&column.name, &numbers)?;
            }
            event.add_bank(&bank)?;
        }
        writer.write(&mut event)?;
    }
    writer.finish()?;
    Ok(())
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    fn column(&mut self, name: &str, kind: hipo::ColumnType, rows: usize, event: u64) -> Numbers {
        let mut numbers = Numbers::zeros(kind, rows);
        match &mut numbers {
            Numbers::I8(values) => values.iter_mut().for_each(|value| *value = (self.next() % 7) as i8),
            Numbers::I16(values) => values.iter_mut().enumerate().for_each(|(row, value)| *value = row as i16 / 2),
            Numbers::I32(values) if name == "event" => values.fill(event as i32),
            Numbers::I32(values) => {
                let pids = [11, 211, -211, 2212, 22, 2112];
                values.iter_mut().for_each(|value| *value = pids[self.below(6)]);
            }
            Numbers::I64(values) => values.fill(event as i64),
            Numbers::F32(values) => {
                values.iter_mut().for_each(|value| *value = (self.next() % 100_000) as f32 * 1e-4 - 5.0);
            }
            Numbers::F64(values) => values.iter_mut().for_each(|value| *value = (self.next() % 1000) as f64),
        }
        numbers
    }
}
