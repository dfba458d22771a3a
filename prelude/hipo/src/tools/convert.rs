//! HIPO to HIPO (another compression, fewer banks, several files into one), to CSV and to JSON lines.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::dump::number_json;
use super::{Options, Stop, progress};
use crate::container::compression::Compression;
use crate::content::columns::BankColumns;
use crate::model::error::Error;
use crate::read::chain::Chain;
use crate::read::query::{BankRequest, ColumnQuery};
use crate::write::skim::Skim;

pub(super) fn convert(options: &Options, out: &mut dyn Write, messages: &mut dyn Write) -> Result<u8, Stop> {
    let Some((target, files)) = options.files.split_last() else {
        return Err(Stop::Usage("convert needs a file and where to write".into()));
    };
    let chain = Chain::open(files)?;
    let ending = Path::new(target).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let rows = match ending {
        "hipo" => return rewrite(options, &chain, target, out, messages),
        "csv" => write_rows(options, &chain, target, &mut csv_row, true)?,
        "json" | "jsonl" => write_rows(options, &chain, target, &mut json_row, false)?,
        "parquet" => {
            return Err(Stop::Usage(
                "parquet is written from a cell: hipo(\"run.hipo\")?.bank(\"NAME\").write_parquet(\"out.parquet\")?"
                    .into(),
            ));
        }
        other => return Err(Stop::Usage(format!("{target}: the ending {other:?} is not one of hipo, csv, json"))),
    };
    for note in chain.notes() {
        super::say(messages, &format!("note: {note}\n"));
    }
    writeln!(out, "{target}: {rows} rows")?;
    Ok(0)
}

fn rewrite(
    options: &Options,
    chain: &Chain,
    target: &str,
    out: &mut dyn Write,
    messages: &mut dyn Write,
) -> Result<u8, Stop> {
    let mut skim = Skim::new();
    if let Some(name) = &options.compression {
        skim = skim.compression(Compression::from_name(name)?);
    }
    if !options.banks.is_empty() {
        skim = skim.banks(&options.banks);
    }
    if !options.tags.is_empty() {
        skim = skim.tags(options.tags.iter().copied());
    }
    for note in chain.notes() {
        super::say(messages, &format!("note: {note}\n"));
    }
    let report = skim.write(chain, target, &mut progress(target, messages))?;
    let written = report.written;
    writeln!(
        out,
        "{target}: {} of {} events in {} records, {} bytes",
        written.events, report.read, written.records, written.bytes
    )?;
    Ok(0)
}

type WriteRow<'w> = &'w mut dyn FnMut(&mut dyn Write, u64, &BankColumns, usize) -> std::io::Result<()>;

/// One bank, a line per row with the number of its event in front; the file appears when it is whole.
fn write_rows(options: &Options, chain: &Chain, target: &str, row: WriteRow<'_>, head: bool) -> Result<u64, Stop> {
    let [bank] = options.banks.as_slice() else {
        return Err(Stop::Usage("--bank NAME says which bank, one, to convert".into()));
    };
    let schema = chain.dictionary().get(bank)?.clone();
    let mut query = ColumnQuery::new().bank(BankRequest::new::<&str>(bank, &[]));
    if !options.tags.is_empty() {
        query = query.event_tags(options.tags.iter().copied());
    }
    let failed = |error: std::io::Error| Error::in_file(target, error);
    let partial = format!("{target}.part");
    let mut file = BufWriter::new(File::create(&partial).map_err(failed)?);
    let mut written = 0;
    let mut work = || -> Result<(), Error> {
        if head {
            let columns = schema.columns().iter().flat_map(|column| match column.count {
                1 => vec![column.name.clone()],
                count => (0..count).map(|index| format!("{}[{index}]", column.name)).collect(),
            });
            let names: Vec<String> = std::iter::once("event".to_string()).chain(columns).collect();
            writeln!(file, "{}", names.join(",")).map_err(failed)?;
        }
        chain.scan(&query, |number, block| {
            for (index, event) in block.events.iter().enumerate() {
                for at in block.banks[0].rows_of(index) {
                    row(&mut file, chain.first_event(number) + event, &block.banks[0], at).map_err(failed)?;
                    written += 1;
                }
            }
            Ok(())
        })?;
        file.flush().map_err(failed)
    };
    let done = work().and_then(|()| std::fs::rename(&partial, target).map_err(failed));
    if let Err(error) = done {
        // What is left of a failed conversion is of no use.
        let _ = std::fs::remove_file(&partial);
        return Err(error.into());
    }
    Ok(written)
}

fn csv_row(out: &mut dyn Write, event: u64, bank: &BankColumns, row: usize) -> std::io::Result<()> {
    write!(out, "{event}")?;
    for column in &bank.columns {
        for at in row * column.count..(row + 1) * column.count {
            match column.values.get(at) {
                Some(number) => write!(out, ",{number}")?,
                None => write!(out, ",")?,
            }
        }
    }
    writeln!(out)
}

fn json_row(out: &mut dyn Write, event: u64, bank: &BankColumns, row: usize) -> std::io::Result<()> {
    let mut line = Map::new();
    line.insert("event".into(), event.into());
    for column in &bank.columns {
        let cells = row * column.count..(row + 1) * column.count;
        let mut values: Vec<Value> = cells.filter_map(|at| column.values.get(at)).map(number_json).collect();
        let value = if column.count == 1 { values.pop().unwrap_or_default() } else { values.into() };
        line.insert(column.name.clone(), value);
    }
    writeln!(out, "{}", Value::Object(line))
}
