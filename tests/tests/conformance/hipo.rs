//! HIPO: files of four implementations and damaged ones, each as its manifest entry says.

use std::collections::BTreeMap;
use std::path::Path;

use hipo::{ColumnType, Event, Numbers, Reader, Record, Schema, Structure};
use serde_json::{Map, Value, json};

#[test]
fn hipo() {
    let Some(folder) = recoil_tests::cases::folder("hipo") else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).expect("the cases have a manifest");
    let manifest: Vec<Value> = serde_json::from_str(&manifest).expect("the manifest is JSON");
    let mut different = Vec::new();
    for case in &manifest {
        let name = case["file"].as_str().expect("a case names its file");
        let expected = case["expected"].as_str().map(|text| text.split(' ').next().unwrap_or_default());
        let outcome = match expected {
            Some(expected) => reads_as(&folder.join(name), &folder.join(expected)),
            None => refuses(&folder.join(name)),
        };
        if let Err(why) = outcome {
            different.push(format!("{name}: {why}"));
        }
    }
    assert!(!manifest.is_empty());
    assert!(different.is_empty(), "{} of {} cases differ:\n{}", different.len(), manifest.len(), different.join("\n"));
}

/// The file holds what the expected JSON says. Damage inside an event is refused with its place, and what salvage keeps
/// of the file then is what the JSON says.
fn reads_as(file: &Path, expected: &Path) -> Result<(), String> {
    let expected = std::fs::read_to_string(expected).map_err(|error| error.to_string())?;
    let expected: Value = serde_json::from_str(&expected).map_err(|error| error.to_string())?;
    let reader = Reader::open(file).map_err(|error| error.to_string())?;
    let found = match describe(&reader, expected["totals"].is_object()) {
        Err(error) if error.is_damage() && error.place.event.is_some() => return salvages_to(file, &expected),
        other => other.map_err(|error| error.to_string())?,
    };
    compare("", &found, &expected)?;
    if let Some(stopped) = expected["scan_stopped"].as_str().and_then(|text| text.split(':').next()) {
        let told = reader.notes().iter().any(|note| note.contains(&format!(" at byte {stopped} is cut")));
        if !told {
            return Err(format!("the cut record at byte {stopped} is not told: {:?}", reader.notes()));
        }
    }
    columns_agree(&reader, &expected)
}

fn salvages_to(file: &Path, expected: &Value) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let new = folder.path().join("salvaged.hipo");
    let report = hipo::salvage(file, &new, &mut |_, _| Ok(())).map_err(|error| error.to_string())?;
    if report.repaired_events == 0 || report.faults.is_empty() {
        return Err("salvage does not tell what was wrong".into());
    }
    let reader = Reader::open(&new).map_err(|error| error.to_string())?;
    let found = describe(&reader, false).map_err(|error| error.to_string())?;
    let (found, expected) = (&found["events"], &expected["events"]);
    let banks = |events: &Value| events.as_array().into_iter().flatten().map(|event| event["banks"].clone()).collect();
    compare("salvaged events", &banks(found), &banks(expected))?;
    columns_agree(&reader, &json!({ "events": expected }))
}

/// Opening or reading the file gives an error that names it.
fn refuses(file: &Path) -> Result<(), String> {
    let read = Reader::open(file).and_then(|reader| describe(&reader, false).map(|_| ()));
    let Err(error) = read else { return Err("damaged, but read without an error".into()) };
    let message = error.to_string();
    let name = file.display().to_string();
    if !message.contains(&name) {
        return Err(format!("the error does not name the file: {message}"));
    }
    let located = error.place.offset.is_some() || matches!(error.fault, hipo::Fault::NotHipo { .. });
    if located { Ok(()) } else { Err(format!("the error does not say where: {message}")) }
}

/// Differences of what was found from what the JSON expects; keys the JSON does not have are free.
fn compare(path: &str, found: &Value, expected: &Value) -> Result<(), String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected.iter().try_for_each(|(key, expected)| {
            let free = path.is_empty() && matches!(key.as_str(), "scan_stopped");
            if free {
                return Ok(());
            }
            let found = found.get(key).ok_or_else(|| format!("{path}.{key} is missing"))?;
            compare(&format!("{path}.{key}"), found, expected)
        }),
        (Value::Array(found), Value::Array(expected)) => {
            if found.len() != expected.len() {
                return Err(format!("{path} has {} entries, not {}", found.len(), expected.len()));
            }
            let mut pairs = found.iter().zip(expected).enumerate();
            pairs.try_for_each(|(index, (found, expected))| compare(&format!("{path}[{index}]"), found, expected))
        }
        (Value::String(found), Value::String(expected)) if path.starts_with(".schemas") => {
            let same = Schema::parse(expected).is_ok_and(|schema| schema.to_string() == *found);
            if same { Ok(()) } else { Err(format!("{path} is {found}, not {expected}")) }
        }
        _ if found == expected || (found.is_number() && found.as_f64() == expected.as_f64()) => Ok(()),
        _ => Err(format!("{path} is {found}, not {expected}")),
    }
}

/// Everything in a file, in the form of the expected JSON.
fn describe(reader: &Reader, totals_only: bool) -> hipo::Result<Value> {
    let header = reader.header();
    let schemas: Vec<String> = reader.dictionary().schemas().iter().map(|schema| schema.to_string()).collect();
    let config: Map<String, Value> =
        reader.config().iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    let (mut records, mut events) = (Vec::new(), Vec::new());
    let mut totals = BTreeMap::new();
    let mut record = Record::new();
    for number in 0..reader.index().records().len() {
        reader.load(number, &mut record)?;
        records.push(describe_record(&record));
        for event in record.events() {
            let event = event?;
            event.check()?;
            if totals_only {
                add_totals(&event, reader, &mut totals)?;
            } else {
                events.push(describe_event(&event, reader)?);
            }
        }
    }
    let mut described = json!({
        "header": {
            "id": latin(&header.id), "file_number": header.file_number, "header_words": header.header_words,
            "record_count": header.record_count, "index_len": header.index_length,
            "version": header.bit_info.version(), "bitinfo": format!("{:08x}", header.bit_info.0),
            "user_header_len": header.user_header_length, "user_register": header.user_register,
            "trailer_position": header.trailer_position, "user_int1": header.user_integer_one,
            "user_int2": header.user_integer_two, "size": reader.stream().length(),
            "endian": if header.order == hipo::ByteOrder::Little { "little" } else { "big" },
        },
        "schemas": schemas, "config": config, "records": records, "events": events,
        "n_events": reader.len(), "totals": totals,
    });
    if header.trailer_position != 0 {
        record.load(&**reader.stream(), header.trailer_position, 0)?;
        let trailer = record.header().expect("it was just loaded");
        described["trailer"] = json!({
            "position": header.trailer_position, "bitinfo": format!("{:08x}", trailer.bit_info.0),
            "compression": trailer.compression(), "record_number": trailer.number,
        });
    }
    Ok(described)
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn describe_record(record: &Record) -> Value {
    let header = record.header().expect("it was just loaded");
    json!({
        "position": record.position(), "length": header.length(), "entries": record.len(), "tag": header.tag,
        "user2": header.user_register, "compression": header.compression(), "record_number": header.number,
        "bitinfo": format!("{:08x}", header.bit_info.0), "data_len": header.data_length,
        "comp_words": header.compression_word & 0x0fff_ffff,
    })
}

fn describe_event(event: &Event<'_>, reader: &Reader) -> hipo::Result<Value> {
    let mut banks = Vec::new();
    for structure in event.structures() {
        let mut described = json!({});
        let structure = structure?;
        describe_structure(&structure, event, reader, &mut described)?;
        banks.push(described);
    }
    Ok(json!({
        "magic": latin(&event.id()), "size": event.stated_size(), "tag": event.tag(), "mask": event.mask(), "banks": banks,
    }))
}

fn describe_structure(
    structure: &Structure<'_>,
    event: &Event<'_>,
    reader: &Reader,
    out: &mut Value,
) -> hipo::Result<()> {
    out["group"] = structure.group.into();
    out["item"] = structure.item.into();
    out["type"] = structure.kind.into();
    out["bytes"] = structure.payload.len().into();
    if structure.format_length > 0 {
        out["format_len"] = structure.format_length.into();
    }
    if let Some(composite) = structure.composite() {
        let composite = composite?;
        out["format"] = composite.format().into();
        out["rows"] = composite.rows().into();
        let columns = (0..composite.fields().len()).filter_map(|field| composite.column(field));
        out["data"] = columns.map(|column| values(&column)).collect();
    } else if let Some(schema) = reader.dictionary().by_number(structure.group, structure.item)
        && structure.kind != hipo::STRING
    {
        out["name"] = schema.name().into();
        // The structure itself, also when it is a duplicate that `Event::bank` passes over.
        let bank = structure.bank(schema);
        out["rows"] = bank.rows().into();
        let columns = schema.columns().iter().enumerate();
        let columns = columns.filter_map(|(index, column)| Some((column.name.clone(), values(&bank.column(index)?))));
        out["columns"] = Value::Object(columns.collect());
    } else if structure.kind == hipo::STRING {
        out["string"] = String::from_utf8_lossy(structure.payload).into();
    } else if let Some(numbers) = structure.numbers() {
        out["data"] = values(&numbers);
    } else {
        out["raw"] = structure.payload.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    }
    // What is found by number is the first of its kind.
    let first = event.structure(structure.group, structure.item)?.expect("it is there");
    assert!(first.payload.as_ptr() <= structure.payload.as_ptr());
    Ok(())
}

/// Floats as their bits, so that NaN, -0 and infinity are told apart.
fn values(numbers: &Numbers) -> Value {
    match numbers {
        Numbers::I8(values) => json!(values),
        Numbers::I16(values) => json!(values),
        Numbers::I32(values) => json!(values),
        Numbers::I64(values) => json!(values),
        Numbers::F32(values) => values.iter().map(|value| format!("{:08x}", value.to_bits())).collect(),
        Numbers::F64(values) => values.iter().map(|value| format!("{:016x}", value.to_bits())).collect(),
    }
}

fn add_totals(event: &Event<'_>, reader: &Reader, totals: &mut BTreeMap<String, f64>) -> hipo::Result<()> {
    for schema in reader.dictionary().schemas() {
        let bank = event.bank(schema)?;
        *totals.entry(format!("rows {}", schema.name())).or_default() += bank.rows() as f64;
        for (index, column) in schema.columns().iter().enumerate() {
            let sum = totals.entry(format!("sum {}.{}", schema.name(), column.name)).or_default();
            let numbers = bank.column(index).unwrap_or_else(|| Numbers::zeros(ColumnType::I8, 0));
            *sum += (0..numbers.len()).filter_map(|row| numbers.as_f64(row)).sum::<f64>();
        }
    }
    Ok(())
}

/// The columnar path gives what the events gave: the first bank of a name in each event.
fn columns_agree(reader: &Reader, expected: &Value) -> Result<(), String> {
    let Some(events) = expected["events"].as_array() else { return Ok(()) };
    for schema in reader.dictionary().schemas() {
        let columns = reader.read_columns::<&str>(schema.name(), &[]).map_err(|error| error.to_string())?;
        if columns.events() != events.len() {
            return Err(format!("{}: {} events as columns, not {}", schema.name(), columns.events(), events.len()));
        }
        let first = |event: &Value| {
            let banks = event["banks"].as_array().cloned().unwrap_or_default();
            let same = |bank: &Value| bank["group"] == schema.group() && bank["item"] == schema.item();
            banks.into_iter().find(same)
        };
        let firsts: Vec<Option<Value>> = events.iter().map(first).collect();
        for column in &columns.columns {
            let each = firsts.iter().flatten().flat_map(|bank| bank["columns"][&column.name].as_array().cloned());
            let wanted: Vec<Value> = each.flatten().collect();
            compare(
                &format!("{}.{} as a column", schema.name(), column.name),
                &values(&column.values),
                &wanted.into(),
            )?;
        }
        for (event, first) in firsts.iter().enumerate() {
            let rows = first.as_ref().and_then(|bank| bank["rows"].as_u64()).unwrap_or(0);
            if columns.rows_of(event).len() as u64 != rows {
                return Err(format!("{}: {rows} rows in event {event} are not told by the offsets", schema.name()));
            }
        }
    }
    Ok(())
}
