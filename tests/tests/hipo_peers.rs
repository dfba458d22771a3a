//! Files we write are read identically by hipopy 2.0.1 (the C++ library) and oxihipo.

use std::path::Path;
use std::process::Command;

use hipo::{Compression, EventBuilder, Numbers, Reader, Schema, Writer};
use serde_json::{Value, json};

const PACKAGES: [&str; 3] = ["hipopy==2.0.1", "oxihipo==0.9.0", "numpy"];

/// Prints, per bank and column, the values of every event; floats as bits.
const HIPOPY: &str = r#"
import json, struct, sys
import hipopy.hipopy as hipopy
bits = lambda t, v: struct.unpack("<I" if t == "F" else "<Q", struct.pack("<f" if t == "F" else "<d", v))[0]
schemas = json.loads(sys.argv[2])
out = {bank: {column: [] for column in columns} for bank, columns in schemas.items()}
file = hipopy.open(sys.argv[1], mode="r")
get = {"B": "getBytes", "S": "getShorts", "I": "getInts", "L": "getLongs", "F": "getFloats", "D": "getDoubles"}
for event in file:
    for bank, columns in schemas.items():
        for column, kind in columns.items():
            values = getattr(file, get[kind])(bank, column)
            out[bank][column].append([bits(kind, v) if kind in "FD" else int(v) for v in values])
print(json.dumps(out))
"#;

const OXIHIPO: &str = r#"
import json, sys
import numpy
import oxihipo
schemas = json.loads(sys.argv[2])
chain = oxihipo.open(sys.argv[1])
out = {}
for bank, columns in schemas.items():
    out[bank] = {}
    for column, kind in columns.items():
        values, offsets, _ = chain.numpy(bank, column)
        if kind in "FD":
            values = values.view(numpy.uint32 if kind == "F" else numpy.uint64)
        values, offsets = values.tolist(), offsets.tolist()
        out[bank][column] = [values[a:b] for a, b in zip(offsets, offsets[1:])]
config = chain.user_config() if callable(chain.user_config) else chain.user_config
print(json.dumps({"banks": out, "config": dict(config)}))
"#;

#[test]
fn hipopy_and_oxihipo_read_our_files_as_we_do() {
    let Some(python) = recoil_tests::python::environment("hipo peers", "hipo", &PACKAGES) else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    // C++ decodes whatever is compressed as LZ4: gzip is for oxihipo (and Java) alone.
    for compression in [Compression::None, Compression::Lz4, Compression::Lz4High, Compression::Gzip] {
        let path = folder.path().join(format!("{}.hipo", compression.name()));
        write(&path, compression, false);
        let ours = read(&path);
        if compression != Compression::Gzip {
            assert_eq!(peer(&python, HIPOPY, &path), ours, "hipopy, {compression:?}");
        }
        let theirs = peer(&python, OXIHIPO, &path);
        assert_eq!(theirs["banks"], ours, "oxihipo, {compression:?}");
    }
    // hipopy 2.0.1 ends the process on any user configuration, whoever wrote it; oxihipo reads it.
    let path = folder.path().join("config.hipo");
    write(&path, Compression::Lz4, true);
    let theirs = peer(&python, OXIHIPO, &path);
    assert_eq!((&theirs["banks"], &theirs["config"]), (&read(&path), &json!({"run": "5032", "note": "é μ"})));
}

fn schemas() -> Vec<Schema> {
    let texts = [
        "{REC::Particle/300/31}{pid/I,px/F,py/D,charge/B,status/S,time/L}",
        "{RUN::config/10000/11}{run/I,event/I,trigger/L}",
        "{ODD::numbers/65535/255}{x/B}",
    ];
    texts.iter().map(|text| Schema::parse(text).expect("a schema")).collect()
}

/// Events with 0 to 5 rows, extreme numbers among them, in records of 16 events, some of tag 1.
fn write(path: &Path, compression: Compression, config: bool) {
    let mut builder = Writer::builder().compression(compression).limits(16, 1 << 20);
    if config {
        builder = builder.config("run", "5032").config("note", "é μ");
    }
    for schema in schemas() {
        builder = builder.schema(schema).expect("no conflict");
    }
    let mut writer = builder.create(path).expect("a file");
    for number in 0..100_i64 {
        let mut event = EventBuilder::new();
        event.set_tag(i32::from(number % 10 == 0));
        for (at, schema) in schemas().iter().enumerate() {
            let rows = (number as usize * (at + 1)) % 6;
            let mut bank = writer.bank(schema.name(), rows).expect("a bank");
            for column in schema.columns() {
                bank.put_column(&column.name, &numbers(column.kind, rows, number)).expect("numbers");
            }
            event.add_bank(&bank).expect("it fits");
        }
        writer.write(&mut event).expect("written");
    }
    writer.finish().expect("closed");
}

fn numbers(kind: hipo::ColumnType, rows: usize, number: i64) -> Numbers {
    let row = |row: usize| number * 31 + row as i64 - 1500;
    match kind {
        hipo::ColumnType::I8 => Numbers::I8((0..rows).map(|at| row(at) as i8).collect()),
        hipo::ColumnType::I16 => Numbers::I16((0..rows).map(|at| (row(at) * 21) as i16).collect()),
        hipo::ColumnType::I32 => Numbers::I32((0..rows).map(|at| (row(at) << 20) as i32).collect()),
        hipo::ColumnType::I64 => Numbers::I64((0..rows).map(|at| row(at) << 50).collect()),
        hipo::ColumnType::F32 => {
            let odd = [f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::MIN_POSITIVE, 1e-45, f32::MAX];
            Numbers::F32((0..rows).map(|at| if number % 7 == 0 { odd[at] } else { row(at) as f32 / 7.0 }).collect())
        }
        hipo::ColumnType::F64 => Numbers::F64((0..rows).map(|at| (row(at) as f64).exp()).collect()),
    }
}

fn columns() -> Value {
    let columns = |schema: &Schema| -> Value {
        let columns =
            schema.columns().iter().map(|column| (column.name.clone(), column.kind.letter().to_string().into()));
        Value::Object(columns.collect())
    };
    Value::Object(schemas().iter().map(|schema| (schema.name().to_string(), columns(schema))).collect())
}

fn read(path: &Path) -> Value {
    let reader = Reader::open(path).expect("our own file");
    let bank = |schema: &Schema| -> Value {
        let bank = reader.read_columns::<&str>(schema.name(), &[]).expect("our own bank");
        let column = |column: &hipo::Column| {
            let events = (0..bank.events()).map(|event| {
                let rows = bank.rows_of(event);
                rows.map(|row| bits(&column.values, row)).collect::<Vec<Value>>()
            });
            (column.name.clone(), json!(events.collect::<Vec<_>>()))
        };
        Value::Object(bank.columns.iter().map(column).collect())
    };
    Value::Object(schemas().iter().map(|schema| (schema.name().to_string(), bank(schema))).collect())
}

fn bits(numbers: &Numbers, row: usize) -> Value {
    match numbers {
        Numbers::I8(values) => values[row].into(),
        Numbers::I16(values) => values[row].into(),
        Numbers::I32(values) => values[row].into(),
        Numbers::I64(values) => values[row].into(),
        Numbers::F32(values) => values[row].to_bits().into(),
        Numbers::F64(values) => values[row].to_bits().into(),
    }
}

fn peer(python: &Path, program: &str, file: &Path) -> Value {
    let output = Command::new(python).args(["-c", program]).arg(file).arg(columns().to_string()).output();
    let output = output.expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let json = text.lines().rev().find(|line| line.starts_with('{'));
    json.and_then(|line| serde_json::from_str(line).ok())
        .unwrap_or_else(|| panic!("{}{text}", String::from_utf8_lossy(&output.stderr)))
}
