//! The tools behind `recoil hipo`: info, schemas, dump, check, salvage and convert, as text or JSON.

mod convert;
mod dump;
mod info;

use std::io::Write;

use serde_json::{Value, json};

use crate::damage::check::check;
use crate::damage::salvage::salvage;
use crate::model::error::{Error, Result};

/// What the tools can do.
pub const USAGE: &str = "\
usage: recoil hipo COMMAND [--json] FILE..

  info FILE..          header, records and events by tag, banks with their rows (--rows reads the whole file)
  schemas FILE..       the dictionary: banks, columns, types, descriptions
  dump FILE            events; --bank NAME (again and again), --event N (from 0), --count N (10), --tag T
  check FILE..         reads everything and lists every fault with record, byte and event
  salvage FILE NEW     writes all that is whole of a damaged file to a new one
  convert FILE.. OUT   by OUT's ending: .hipo (--compression none|lz4|lz4hc|gzip, --bank NAME or PATTERN, --tag T),
                       .csv or .json (--bank NAME, a line per row); parquet is written from a cell:
                       hipo(\"run.hipo\")?.bank(\"REC::Particle\").write_parquet(\"out.parquet\")?

exit status: 0 all is well, 1 a file is damaged, was never closed or cannot be read, 2 the command is wrong
";

/// Runs a tool: `arguments` are those after `recoil hipo`. Results go to `out`, errors and progress to `messages`.
/// Returns the exit status.
///
/// ```
#[doc = include_str!("../example.txt")]
/// # let reader = hipo::Reader::open(&path)?;
/// let (mut out, mut messages) = (Vec::new(), Vec::new());
/// let arguments = ["info".to_string(), path.display().to_string()];
/// assert_eq!(hipo::tools::run(&arguments, &mut out, &mut messages), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(arguments: &[String], out: &mut dyn Write, messages: &mut dyn Write) -> u8 {
    let outcome = Options::parse(arguments).and_then(|options| command(&options, out, messages));
    match outcome {
        Ok(status) => status,
        Err(Stop::Usage(what)) => {
            say(messages, &format!("{what}\n\n{USAGE}"));
            2
        }
        Err(Stop::Failed(error)) => {
            say(messages, &format!("error: {error}\n"));
            1
        }
        // The reader of the output has closed it.
        Err(Stop::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(Stop::Output(error)) => {
            say(messages, &format!("error: cannot write the output: {error}\n"));
            1
        }
    }
}

/// Messages are printed as long as the output is open.
fn say(messages: &mut dyn Write, text: &str) {
    let _ = messages.write_all(text.as_bytes()).and_then(|()| messages.flush());
}

enum Stop {
    Usage(String),
    Failed(Error),
    Output(std::io::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<crate::model::error::Fault> for Stop {
    fn from(fault: crate::model::error::Fault) -> Self {
        Self::Failed(fault.into())
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

/// What the command line says.
#[derive(Default)]
struct Options {
    command: String,
    files: Vec<String>,
    json: bool,
    rows: bool,
    banks: Vec<String>,
    event: u64,
    count: Option<u64>,
    tags: Vec<i32>,
    compression: Option<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Stop> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Stop::Usage(format!("{argument} needs a value")));
            match argument.as_str() {
                "--json" => options.json = true,
                "--rows" => options.rows = true,
                "--bank" => options.banks.push(value()?.clone()),
                "--event" => options.event = number(argument, value()?)?,
                "--count" => options.count = Some(number(argument, value()?)?),
                "--tag" => options.tags.push(number(argument, value()?)?),
                "--compression" => options.compression = Some(value()?.clone()),
                "--help" | "-h" => options.command = "help".into(),
                flag if flag.starts_with("--") => return Err(Stop::Usage(format!("there is no option {flag}"))),
                command if options.command.is_empty() => options.command = command.into(),
                file => options.files.push(file.into()),
            }
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, Stop> {
    text.parse().map_err(|_| Stop::Usage(format!("{option} needs a number, not {text:?}")))
}

fn command(options: &Options, out: &mut dyn Write, messages: &mut dyn Write) -> Result<u8, Stop> {
    let files = options.files.len();
    match options.command.as_str() {
        "help" => out.write_all(USAGE.as_bytes()).map(|()| 0).map_err(Stop::Output),
        "" => Err(Stop::Usage("a command is needed".into())),
        "info" | "schemas" | "check" if files == 0 => Err(Stop::Usage("a file is needed".into())),
        "info" => each(options, out, messages, info::info),
        "schemas" => each(options, out, messages, info::schemas),
        "check" => each(options, out, messages, check_file),
        "dump" if files == 1 => dump::dump(options, out),
        "dump" => Err(Stop::Usage("dump needs one file".into())),
        "salvage" if files == 2 => salvage_file(options, out, messages),
        "salvage" => Err(Stop::Usage("salvage needs the damaged file and a new one".into())),
        "convert" if files >= 2 => convert::convert(options, out, messages),
        "convert" => Err(Stop::Usage("convert needs a file and where to write".into())),
        other => Err(Stop::Usage(format!("there is no command {other:?}"))),
    }
}

/// One report per file: text and JSON, and whether all is well with it.
struct Report {
    text: String,
    json: Value,
    well: bool,
}

/// A report of every file; one that cannot be read does not hide the others.
fn each(
    options: &Options,
    out: &mut dyn Write,
    messages: &mut dyn Write,
    report: impl Fn(&Options, &str, &mut dyn Write) -> Result<Report, Stop>,
) -> Result<u8, Stop> {
    let (mut status, mut all) = (0, Vec::new());
    for file in &options.files {
        let report = match report(options, file, messages) {
            Ok(report) => report,
            Err(Stop::Failed(error)) => {
                let text = format!("error: {error}\n");
                Report { text, json: json!({"file": file, "error": error.to_string()}), well: false }
            }
            Err(other) => return Err(other),
        };
        if !report.well {
            status = 1;
        }
        if options.json {
            all.push(report.json);
        } else {
            out.write_all(report.text.as_bytes())?;
        }
    }
    if options.json {
        let value = if all.len() == 1 { all.swap_remove(0) } else { Value::Array(all) };
        writeln!(out, "{value:#}")?;
    }
    Ok(status)
}

/// Says now and then how far a long work is.
fn progress<'m>(label: &'m str, messages: &'m mut dyn Write) -> impl FnMut(u64, u64) -> Result<()> + 'm {
    let start = std::time::Instant::now();
    let mut said = None;
    move |done, all| {
        let seconds = start.elapsed().as_secs();
        let last = said.is_some() && done >= all;
        if seconds > said.unwrap_or(1) || last {
            let percent = (100 * u128::from(done)).checked_div(u128::from(all)).unwrap_or(100);
            say(messages, &format!("\r{label}: {percent} %, {seconds} s{}", if last { "\n" } else { "" }));
            said = Some(seconds);
        }
        Ok(())
    }
}

fn check_file(_: &Options, file: &str, messages: &mut dyn Write) -> Result<Report, Stop> {
    let report = check(file, &mut progress(file, messages))?;
    let mut text = String::new();
    for fault in &report.faults {
        text += &format!("{}: {}\n", fault.place, fault.fault);
    }
    if report.more_faults > 0 {
        text += &format!("{file}: and {} more faults\n", report.more_faults);
    }
    for note in &report.notes {
        text += &format!("{file}: note: {note}\n");
    }
    let word = if report.is_whole() { "whole" } else { "DAMAGED" };
    let (records, events, bytes) = (report.records, report.events, report.bytes);
    text += &format!("{file}: {word}: {records} records, {events} events, {bytes} bytes\n");
    let json = json!({
        "file": file, "whole": report.is_whole(), "records": records, "events": events, "bytes": bytes,
        "faults": report.faults.iter().map(fault_json).collect::<Vec<_>>(), "more_faults": report.more_faults,
        "notes": report.notes,
    });
    Ok(Report { text, json, well: report.is_whole() && !report.unclosed })
}

fn salvage_file(options: &Options, out: &mut dyn Write, messages: &mut dyn Write) -> Result<u8, Stop> {
    let (damaged, new) = (&options.files[0], &options.files[1]);
    let report = salvage(damaged, new, &mut progress(damaged, messages))?;
    let written = report.written;
    if options.json {
        let json = json!({
            "file": damaged, "new": new, "events": written.events, "records": written.records, "bytes": written.bytes,
            "lost_records": report.lost_records, "lost_bytes": report.lost_bytes, "lost_events": report.lost_events,
            "repaired_events": report.repaired_events, "more_faults": report.more_faults,
            "faults": report.faults.iter().map(fault_json).collect::<Vec<_>>(),
        });
        writeln!(out, "{json:#}")?;
        return Ok(0);
    }
    for fault in &report.faults {
        writeln!(out, "{}: {}", fault.place, fault.fault)?;
    }
    writeln!(
        out,
        "{new}: {} events in {} records kept; lost: {} records ({} bytes), {} single events; {} events kept in part",
        written.events,
        written.records,
        report.lost_records,
        report.lost_bytes,
        report.lost_events,
        report.repaired_events
    )?;
    Ok(0)
}

fn fault_json(error: &Error) -> Value {
    let place = &error.place;
    json!({"record": place.record, "offset": place.offset, "event": place.event, "what": error.fault.to_string()})
}
