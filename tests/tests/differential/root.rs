//! Trees and ntuples that we write, of random columns, as uproot and ROOT read them.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use root::{Compression, NtupleWriter, Text, TreeWriter, Type, Values, Writer};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

const CASES: u64 = 40;

fn number(random: &mut StdRng) -> Type {
    let all = [
        Type::Bool,
        Type::I8,
        Type::U8,
        Type::I16,
        Type::U16,
        Type::I32,
        Type::U32,
        Type::I64,
        Type::U64,
        Type::F32,
        Type::F64,
    ];
    all[random.random_range(0..all.len())].clone()
}

/// A type that the format can have.
fn kind(random: &mut StdRng, ntuple: bool, depth: usize) -> Type {
    let inner =
        |random: &mut StdRng| if ntuple && depth < 2 { kind(random, ntuple, depth + 1) } else { number(random) };
    match random.random_range(0..8) {
        0 => Type::Text,
        1 | 2 => Type::List(Box::new(inner(random))),
        3 => Type::Fixed(Box::new(number(random)), random.random_range(1..5)),
        _ => number(random),
    }
}

/// Random values: small ones, the ends of the range, and for floats what is no number.
fn values(of: &Type, rows: usize, random: &mut StdRng) -> Values {
    macro_rules! numbers {
        ($kind:ident, $type:ty) => {
            Values::$kind(
                (0..rows)
                    .map(|_| match random.random_range(0..10) {
                        0 => <$type>::MIN,
                        1 => <$type>::MAX,
                        _ => random.random_range(0..100) as $type,
                    })
                    .collect(),
            )
        };
    }
    let lengths = |random: &mut StdRng, most: i64| {
        let mut end = 0;
        let next = |_| {
            end += if random.random_bool(0.3) { 0 } else { random.random_range(0..most) };
            end
        };
        std::iter::once(0).chain((0..rows).map(next)).collect::<Vec<i64>>()
    };
    match of {
        Type::Bool => Values::Bool((0..rows).map(|_| random.random_bool(0.4)).collect()),
        Type::I8 => numbers!(I8, i8),
        Type::U8 => numbers!(U8, u8),
        Type::I16 => numbers!(I16, i16),
        Type::U16 => numbers!(U16, u16),
        Type::I32 => numbers!(I32, i32),
        Type::U32 => numbers!(U32, u32),
        Type::I64 => numbers!(I64, i64),
        Type::U64 => numbers!(U64, u64),
        Type::F32 => Values::F32((0..rows).map(|_| float(random) as f32).collect()),
        Type::F64 => Values::F64((0..rows).map(|_| float(random)).collect()),
        Type::Text => {
            let offsets = lengths(random, 12);
            let end = offsets.last().map_or(0, |end| *end as usize);
            let bytes = (0..end).map(|_| b'a' + random.random_range(0..26)).collect();
            Values::Text(Text { offsets, bytes })
        }
        Type::List(inner) => {
            let offsets = lengths(random, 6);
            let end = offsets.last().map_or(0, |end| *end as usize);
            Values::List { offsets, values: Box::new(values(inner, end, random)) }
        }
        Type::Fixed(inner, size) => {
            Values::Fixed { size: *size, rows, values: Box::new(values(inner, rows * size, random)) }
        }
    }
}

fn float(random: &mut StdRng) -> f64 {
    match random.random_range(0..12) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => f64::from(f32::MIN_POSITIVE),
        _ => random.random_range(-1e3..1e3),
    }
}

/// The rows as JSON; floats as texts, which say NaN, too.
fn json(values: &Values) -> Vec<Value> {
    macro_rules! plain {
        ($all:expr) => {
            $all.iter().map(|value| json!(value)).collect()
        };
    }
    let cut = |offsets: &[i64], items: Vec<Value>| {
        offsets.windows(2).map(|pair| Value::Array(items[pair[0] as usize..pair[1] as usize].to_vec())).collect()
    };
    match values {
        Values::Bool(all) => plain!(all),
        Values::I8(all) => plain!(all),
        Values::U8(all) => plain!(all),
        Values::I16(all) => plain!(all),
        Values::U16(all) => plain!(all),
        Values::I32(all) => plain!(all),
        Values::U32(all) => plain!(all),
        Values::I64(all) => plain!(all),
        Values::U64(all) => plain!(all),
        Values::F32(all) => all.iter().map(|value| json!(format!("{:?}", f64::from(*value)))).collect(),
        Values::F64(all) => all.iter().map(|value| json!(format!("{value:?}"))).collect(),
        Values::Text(text) => (0..text.offsets.len() - 1).map(|row| json!(text.text(row))).collect(),
        Values::List { offsets, values } => cut(offsets, json(values)),
        Values::Fixed { size, rows, values } => {
            let offsets: Vec<i64> = (0..=*rows as i64).map(|row| row * *size as i64).collect();
            cut(&offsets, json(values))
        }
    }
}

/// Writes a file, in pieces of random length, and what is in it as JSON.
fn case(seed: u64, folder: &Path) {
    let mut random = StdRng::seed_from_u64(seed);
    let ntuple = seed % 2 == 1;
    let columns: Vec<(String, Type)> =
        (0..random.random_range(1..8)).map(|at| (format!("c{at}"), kind(&mut random, ntuple, 0))).collect();
    let rows = [0, 1, 9, 300][random.random_range(0..4)];
    let all: Vec<Values> = columns.iter().map(|(_, of)| values(of, rows, &mut random)).collect();
    let compressions = [Compression::None, Compression::Zlib(1), Compression::Lz4, Compression::Zstd(3)];
    let path = folder.join(format!("{seed}.root"));
    let mut file = Writer::create(&path, compressions[random.random_range(0..4)]).expect("a file");
    if ntuple {
        let mut table = NtupleWriter::new("t", &columns).expect("columns");
        table.push(&mut file, all.clone()).expect("rows");
        table.finish(&mut file).expect("an ntuple");
    } else {
        let mut table = TreeWriter::new("t", &columns).expect("columns");
        table.push(&mut file, all.clone()).expect("rows");
        table.finish(&mut file).expect("a tree");
    }
    file.finish().expect("a file");
    // What we read ourselves is what was written, of the same types.
    let table = root::File::open(&path).and_then(|file| file.table("t")).expect("the table");
    assert_eq!(table.rows(), rows as u64);
    let mut told = Map::new();
    for ((name, of), written) in columns.iter().zip(&all) {
        let at = table.columns().iter().position(|column| column.name == *name).expect("the column");
        assert_eq!(table.columns()[at].of, *of, "seed {seed}: {name}");
        let found = table.read(&[at], 0..rows as u64).expect("values");
        assert_eq!(json(&found[0]), json(written), "seed {seed}: {name}");
        told.insert(name.clone(), json!({ "type": of.to_string(), "values": json(written) }));
    }
    let told = json!({ "rows": rows, "columns": told });
    std::fs::write(path.with_extension("json"), told.to_string()).expect("a file");
}

#[test]
fn random_tables_are_read_by_uproot_and_root() {
    let folder = tempfile::tempdir().expect("a folder");
    (0..CASES).for_each(|seed| case(seed, folder.path()));
    let packages = ["uproot==5.7.7", "root"];
    let Some(python) = recoil_tests::python::environment("differential root", "root", &packages) else { return };
    let script = recoil_tests::cases::project().join("tests/tests/differential/root_written.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().expect("Python runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    println!("{text}");
}
