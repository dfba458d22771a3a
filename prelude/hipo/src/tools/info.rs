//! What a file is: header, tags, banks, dictionary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};

use super::{Options, Report, Stop};
use crate::read::parallel::ReaderStream;
use crate::read::reader::Reader;

/// Records, events and bytes.
#[derive(Clone, Copy, Default)]
struct Sums {
    records: u64,
    events: u64,
    bytes: u64,
}

pub(super) fn info(options: &Options, file: &str, _: &mut dyn Write) -> Result<Report, Stop> {
    let reader = Reader::open(file)?;
    let mut tags: BTreeMap<i64, Sums> = BTreeMap::new();
    for entry in reader.index().records() {
        let sums = tags.entry(entry.tag).or_default();
        *sums =
            Sums { records: sums.records + 1, events: sums.events + entry.events, bytes: sums.bytes + entry.length };
    }
    let rows = if options.rows { Some(count_rows(&reader)?) } else { None };
    let header = reader.header();
    let (order, records, events) = (header.order.name(), reader.index().records().len(), reader.len());
    let mut text = format!(
        "{file}: HIPO version {}, {order}-endian, {} bytes, {records} records, {events} events\n",
        header.bit_info.version(),
        reader.stream().length()
    );
    for note in reader.notes() {
        let _ = writeln!(text, "note: {note}");
    }
    let _ = writeln!(text, "\n{:>12}  {:>9}  {:>12}  {:>14}", "tag", "records", "events", "bytes");
    for (tag, sums) in &tags {
        let _ = writeln!(text, "{tag:>12}  {:>9}  {:>12}  {:>14}", sums.records, sums.events, sums.bytes);
    }
    for (key, value) in reader.config() {
        let _ = writeln!(text, "\nconfiguration {key}:\n{value}");
    }
    let _ = write!(text, "\n{}", reader.dictionary());
    if let Some(rows) = &rows {
        let _ = writeln!(text, "\n{:>14}  {:>12}  bank", "rows", "events");
        for (bank, (rows, events)) in rows {
            let _ = writeln!(text, "{rows:>14}  {events:>12}  {bank}");
        }
    }
    let tag_json = |(tag, sums): (&i64, &Sums)| json!({"tag": tag, "records": sums.records, "events": sums.events, "bytes": sums.bytes});
    let rows_json = rows.map(|rows| {
        let bank = |(bank, (rows, events)): (String, (u64, u64))| (bank, json!({"rows": rows, "events": events}));
        Value::Object(rows.into_iter().map(bank).collect())
    });
    let json = json!({
        "file": file, "version": header.bit_info.version(), "order": order, "bytes": reader.stream().length(),
        "records": records, "events": events, "notes": reader.notes(), "config": reader.config(),
        "tags": tags.iter().map(tag_json).collect::<Vec<_>>(), "schemas": schemas_json(&reader), "rows": rows_json,
    });
    Ok(Report { text, json, well: reader.cut_tail().is_none() })
}

/// Rows and events of every bank that occurs.
fn count_rows(reader: &Reader) -> crate::model::error::Result<BTreeMap<String, (u64, u64)>> {
    let mut all: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let work = |record: &crate::container::record::Record| {
        let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for event in record.events() {
            let event = event?;
            for found in event.structures() {
                let found = found.map_err(|fault| event.locate(fault))?;
                let schema = reader.dictionary().by_number(found.group, found.item);
                let (name, rows) = match schema {
                    Some(schema) => (schema.name().to_string(), found.bank(schema).rows() as u64),
                    None => (format!("({},{})", found.group, found.item), 0),
                };
                let count = counts.entry(name).or_default();
                *count = (count.0 + rows, count.1 + 1);
            }
        }
        Ok(counts)
    };
    ReaderStream::new(reader).records(work, |counts| {
        for (bank, (rows, events)) in counts {
            let count = all.entry(bank).or_default();
            *count = (count.0 + rows, count.1 + events);
        }
        Ok(())
    })?;
    Ok(all)
}

pub(super) fn schemas(_: &Options, file: &str, _: &mut dyn Write) -> Result<Report, Stop> {
    let reader = Reader::open(file)?;
    let mut text = String::new();
    for schema in reader.dictionary().schemas() {
        let _ = writeln!(text, "{} ({},{})  {}", schema.name(), schema.group(), schema.item(), schema.description());
        let width = schema.columns().iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
        for column in schema.columns() {
            let count = if column.count > 1 { format!("#{}", column.count) } else { String::new() };
            let kind = format!("{}{count}", column.kind.letter());
            let line = format!("    {:width$}  {kind:5}  {}", column.name, column.description);
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    Ok(Report { text, json: json!({"file": file, "schemas": schemas_json(&reader)}), well: true })
}

fn schemas_json(reader: &Reader) -> Vec<Value> {
    let schemas = reader.dictionary().schemas().iter();
    // The JSON form of a schema is JSON: it was just made.
    schemas.map(|schema| serde_json::from_str(&schema.to_json()).unwrap_or_default()).collect()
}
