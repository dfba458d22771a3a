//! Events as they are.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};

use super::{Options, Stop};
use crate::content::event::Event;
use crate::content::structure::{Number, Numbers, STRING, Structure};
use crate::read::reader::Reader;

pub(super) fn dump(options: &Options, out: &mut dyn Write) -> Result<u8, Stop> {
    let reader = Reader::open(&options.files[0])?;
    for bank in &options.banks {
        reader.bank(bank)?;
    }
    let mut events = reader.events();
    if !options.tags.is_empty() {
        events = events.with_tags(options.tags.iter().copied());
    }
    if options.event > 0 {
        events.goto(options.event - 1)?;
    }
    for _ in 0..options.count.unwrap_or(10) {
        let next = events.next()?;
        let Some(event) = next else { break };
        let table = tables(&event, &reader, options)?;
        let (tag, bytes) = (event.tag(), event.bytes().len());
        let number = events.position() - 1;
        if options.json {
            let banks: Vec<Value> = table.iter().map(Table::json).collect();
            writeln!(out, "{}", json!({"event": number, "tag": tag, "bytes": bytes, "banks": banks}))?;
        } else {
            writeln!(out, "event {number}, tag {tag}, {bytes} bytes")?;
            table.iter().try_for_each(|table| out.write_all(table.text().as_bytes()))?;
        }
    }
    Ok(0)
}

/// A structure as a table of named columns, or a text.
struct Table {
    name: String,
    rows: usize,
    columns: Vec<(String, usize, Numbers)>,
    text: Option<String>,
}

fn tables(event: &Event<'_>, reader: &Reader, options: &Options) -> crate::model::error::Result<Vec<Table>> {
    let mut tables = Vec::new();
    for found in event.structures() {
        let found = found.map_err(|fault| event.locate(fault))?;
        let table = table(&found, reader).map_err(|fault| event.locate(fault))?;
        if options.banks.is_empty() || options.banks.contains(&table.name) {
            tables.push(table);
        }
    }
    Ok(tables)
}

fn table(found: &Structure<'_>, reader: &Reader) -> Result<Table, crate::model::error::Fault> {
    let numbers = format!("({},{})", found.group, found.item);
    if let Some(composite) = found.composite() {
        let composite = composite?;
        let column = |field: usize| Some((field.to_string(), 1, composite.column(field)?));
        let columns = (0..composite.fields().len()).filter_map(column).collect();
        let name = format!("{numbers} composite {}", composite.format());
        return Ok(Table { name, rows: composite.rows(), columns, text: None });
    }
    match reader.dictionary().by_number(found.group, found.item) {
        Some(schema) if found.kind != STRING => {
            let bank = found.bank(schema);
            let columns = schema.columns().iter().enumerate();
            let columns =
                columns.filter_map(|(index, column)| Some((column.name.clone(), column.count, bank.column(index)?)));
            Ok(Table { name: schema.name().into(), rows: bank.rows(), columns: columns.collect(), text: None })
        }
        _ => {
            let columns: Vec<_> = found.numbers().map(|numbers| (String::new(), 1, numbers)).into_iter().collect();
            let rows = columns.first().map_or(0, |(_, _, numbers)| numbers.len());
            let text = match (found.kind, columns.is_empty()) {
                (STRING, _) => Some(found.text()),
                (kind, true) => Some(format!("{} bytes of type {kind}, not in the dictionary", found.payload.len())),
                _ => None,
            };
            Ok(Table { name: numbers, rows, columns, text })
        }
    }
}

/// Numbers of JSON are finite: others become text.
pub(super) fn number_json(number: Number) -> Value {
    match number {
        Number::Integer(value) => value.into(),
        Number::F32(value) if value.is_finite() => {
            // The shortest text that reads back as this f32, not the digits of its f64.
            value.to_string().parse::<f64>().map_or(Value::Null, Value::from)
        }
        Number::F64(value) if value.is_finite() => value.into(),
        other => other.to_string().into(),
    }
}

impl Table {
    fn json(&self) -> Value {
        let column = |(name, _, numbers): &(String, usize, Numbers)| {
            let values = (0..numbers.len()).filter_map(|row| numbers.get(row)).map(number_json);
            (name.clone(), values.collect::<Vec<Value>>().into())
        };
        let columns: serde_json::Map<String, Value> = self.columns.iter().map(column).collect();
        json!({"bank": self.name, "rows": self.rows, "columns": columns, "text": self.text})
    }

    fn text(&self) -> String {
        let mut text = format!("  {}, {} rows\n", self.name, self.rows);
        if let Some(words) = &self.text {
            let _ = writeln!(text, "    {words}");
        }
        let cell = |numbers: &Numbers, count: usize, row: usize| {
            let cells =
                (row * count..(row + 1) * count).filter_map(|at| numbers.get(at)).map(|number| number.to_string());
            cells.collect::<Vec<_>>().join(" ")
        };
        let column = |(name, count, numbers): &(String, usize, Numbers)| {
            let cells: Vec<String> = (0..self.rows).map(|row| cell(numbers, *count, row)).collect();
            let width = cells.iter().map(String::len).chain([name.chars().count()]).max().unwrap_or(0);
            (name.clone(), cells, width)
        };
        let columns: Vec<(String, Vec<String>, usize)> = self.columns.iter().map(column).collect();
        if columns.iter().any(|(name, ..)| !name.is_empty()) {
            let names = columns.iter().map(|(name, _, width)| format!("{name:>width$}"));
            let _ = writeln!(text, "    {}", names.collect::<Vec<_>>().join("  "));
        }
        for row in 0..self.rows {
            let cells = columns.iter().map(|(_, cells, width)| format!("{:>width$}", cells[row]));
            let _ = writeln!(text, "    {}", cells.collect::<Vec<_>>().join("  "));
        }
        text
    }
}
