//! Text tables as a cell opens them: rules, options, what the listing says; and tables that pandas and Python's csv wrote.

use data::{Csv, Data, JsonLines, Loader, load, load_with};
use polars::prelude::*;
use recoil_tests::python;
use std::path::Path;
use std::process::Command;

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn listing(data: &Data) -> String {
    show::Display::bundle(&data.processes()).plain().to_owned()
}

#[test]
fn what_was_decided_is_said_in_the_listing_when_it_is_not_plain() {
    let folder = tempfile::tempdir().unwrap();
    let plain = load(file(folder.path(), "plain.csv", "a,b\n1,2\n")).unwrap();
    assert!(!listing(&plain).contains("plain.csv:"), "{}", listing(&plain));
    let other = load(file(folder.path(), "other.csv", "# by hand\na;b\n1,5;2\n")).unwrap();
    for part in ["other.csv: separator `;`", "1 comment line", "decimal_comma()"] {
        assert!(listing(&other).contains(part), "`{part}` is not said in: {}", listing(&other));
    }
}

#[test]
fn options_reach_the_reader_and_cuts_see_what_it_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "x.csv", "day;e;id\n24.12.2024;1,5;007\n31.12.2024;-;008\n");
    let options = Csv::new().decimal_comma().nulls(["-"]).dates("%d.%m.%Y");
    let data = load_with(&path, options).unwrap();
    assert_eq!(data.query("day > '2024-12-25'").count().unwrap(), 1);
    assert_eq!(data.query("e > 1.4").count().unwrap(), 1);
    assert_eq!(data.query("id == '007'").count().unwrap(), 1);
    let error = load(file(folder.path(), "y.csv", "a,b\n1,2\n3\n")).err().expect("an error").to_string();
    for part in ["in process y", "y.csv, line 3", "1 field where the table has 2", "`3`"] {
        assert!(error.contains(part), "`{part}` is not said in: {error}");
    }
}

#[test]
fn packed_tables_and_text_files_are_opened_when_they_are_meant() {
    let folder = tempfile::tempdir().unwrap();
    let zstd = zstd::encode_all(&b"a,b\n1,x\n"[..], 1).unwrap();
    file(folder.path(), "packed.csv.zst", zstd);
    file(folder.path(), "README.txt", "notes\nof somebody\n");
    let data = load(folder.path()).unwrap();
    assert_eq!(data.processes(), ["packed"]);
    assert!(listing(&data).contains("README.txt"), "{}", listing(&data));
    assert_eq!(load(folder.path().join("*.txt")).unwrap().processes(), ["README"]);
    assert_eq!(load(folder.path().join("README.txt")).unwrap().count().unwrap(), 1);
    assert!(sources::EXTENSIONS.contains(&"csv.zst"));
}

/// A table in one line: its names and types, and its rows.
fn told(data: data::Result<Data>) -> String {
    let frame = match data.and_then(|data| data.collect()) {
        Ok(frame) => frame,
        Err(error) => return format!("error: {error}"),
    };
    let head = frame.schema().iter().map(|(name, dtype)| format!("{name}:{dtype}")).collect::<Vec<_>>().join(",");
    let cell = |row: usize, column: &Column| column.get(row).unwrap().to_string();
    let row = |row: usize| frame.columns().iter().map(|column| cell(row, column)).collect::<Vec<_>>().join(",");
    std::iter::once(head).chain((0..frame.height()).map(row)).collect::<Vec<_>>().join(" / ")
}

/// Every option after a first read with another: what one way of reading has found must not be given for another. A table is
/// the same whenever it is read in the same way, and no two ways give the same.
#[test]
fn every_option_of_a_text_table_is_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let text = "a;b;d\n%1;'x;y';01.02.2024\n1,5;-;02.02.2024\n2,5;\u{80};03.02.2024\n";
    let latin: Vec<u8> = text.chars().map(|sign| sign as u8).collect();
    let path = file(folder.path(), "x.csv", latin);
    let base = || Csv::new().encoding("latin-1").separator(';').quote('\'');
    let ways: [(&str, fn(Csv) -> Csv); 11] = [
        ("plain", |csv| csv),
        ("encoding", |csv| csv.encoding("windows-1252")),
        ("separator", |csv| csv.separator(',').no_quotes()),
        ("one column", Csv::one_column),
        ("comment", |csv| csv.comment('%')),
        ("comma", |csv| csv.comment('%').decimal_comma()),
        ("header", |csv| csv.header(false)),
        ("names", |csv| csv.names(["p", "q", "r"])),
        ("skip", |csv| csv.skip(1)),
        ("nulls", |csv| csv.nulls(["-"])),
        ("dates", |csv| csv.dates("%d.%m.%Y")),
    ];
    let read = |way: fn(Csv) -> Csv| told(load_with(&path, way(base())));
    let first: Vec<String> = ways.iter().map(|(_, way)| read(*way)).collect();
    for (at, (name, way)) in ways.iter().enumerate() {
        assert_eq!(read(*way), first[at], "{name}");
        assert!(!first[..at].contains(&first[at]), "{name} shows nothing: {}", first[at]);
    }
    assert!(first[0].starts_with("a:str,b:str,d:str / \"%1\",\"x;y\""), "{}", first[0]);
    assert!(first[5].starts_with("a:f64") && first[10].contains("d:date"), "{first:?}");
    let typed = |dtype: DataType| told(load_with(&path, base().comment('%').decimal_comma().column_type("a", dtype)));
    for _ in 0..2 {
        assert!(typed(DataType::Float32).starts_with("a:f32"));
        assert!(typed(DataType::String).starts_with("a:str"));
    }
}

#[test]
fn every_option_of_a_loader_is_another_table() {
    let folder = tempfile::tempdir().unwrap();
    let lines = file(folder.path(), "x.jsonl", "{\"at\": {\"day\": \"2024-01-31\"}, \"x\": 1}\n");
    file(folder.path(), "tree/mumu/a.csv", "x\n1\n2\n");
    file(folder.path(), "tree/mumu/b.tsv", "x\n3\n");
    file(folder.path(), "tree/ee/a.csv", "x\n4\n");
    let (tree, json) =
        (folder.path().join("tree"), |options: JsonLines| told(Loader::new(&lines).json(options).load()));
    for _ in 0..2 {
        assert!(json(JsonLines::new()).contains("at:struct"), "{}", json(JsonLines::new()));
        assert!(json(JsonLines::new().flatten()).starts_with("at.day:str"), "{}", json(JsonLines::new().flatten()));
        assert!(json(JsonLines::new().column_type("x", DataType::Float32)).contains("x:f32"));
        let sum = |loader: Loader| loader.load().unwrap().hist("x", (1, 0.0, 10.0)).unwrap().sum();
        assert_eq!(sum(Loader::new(&tree)), 4.0);
        assert_eq!(sum(Loader::new(&tree).ending("csv")), 3.0);
        assert_eq!(sum(Loader::new(&tree).process_filter("ee")), 1.0);
        assert_eq!(Loader::new(&tree).one_process("all of it").load().unwrap().processes(), ["all of it"]);
        let root = |tree: &str| {
            let files = recoil_tests::cases::project().join("prelude/root/tests/data/directory_and_top.root");
            load(format!("{}:{tree}", files.display())).unwrap().count().unwrap()
        };
        assert_ne!(root("ntuple"), root("sub/other"));
    }
}

/// Writes tables in many dialects and says what is in them, a line of JSON each.
const WRITER: &str = r#"
import csv, json, random, sys
import numpy as np, pandas as pd
folder, seed = sys.argv[1], int(sys.argv[2])
pick = random.Random(seed)
texts = ["plain", "with, comma", "semi;colon", "tab\there", 'a "quote"', "two\nlines", "größe", "NA", "12", "a|b", "it's"]
for number in range(120):
    rows, columns, kinds = pick.randint(2, 30), {}, []
    na = pick.choice(["", "", "NA", "NULL", "nan", "None"])
    latin = pick.random() < 0.1
    numeric = pick.random() < 0.3
    end = pick.choice(["\n", "\r\n", "\r"])
    for at in range(pick.randint(2, 5)):
        kind = pick.choice(["int", "float"] if numeric else ["int", "float", "text", "bool", "time", "date"])
        gap = kind not in ("text", "bool") and not numeric and pick.random() < 0.4
        if kind == "int":
            values = [pick.randint(-2**62, 2**62) for _ in range(rows)]
        elif kind == "float":
            values = [pick.uniform(-1, 1) * 10.0 ** pick.randint(-8, 8) for _ in range(rows)]
        elif kind == "text":
            values = ["plain"] + [pick.choice(texts if end != "\r" else texts[:5]) for _ in range(rows - 1)]
        elif kind == "bool":
            values = [pick.random() < 0.5 for _ in range(rows)]
        elif kind == "date":
            values = [str((pd.Timestamp("2000-01-01") + pd.Timedelta(days=pick.randint(0, 9000))).date()) for _ in range(rows)]
        else:
            values = [str(pd.Timestamp("2000-01-01") + pd.Timedelta(seconds=pick.randint(0, 10**9))) for _ in range(rows)]
        if gap:
            values[1:] = [None if pick.random() < 0.3 else value for value in values[1:]]
        kinds.append(kind)
        columns[f"c{at}"] = values
    frame = pd.DataFrame({name: pd.Series(values, dtype="Int64" if kind == "int" else object if kind != "float" else "float64")
                          for (name, values), kind in zip(columns.items(), kinds)})
    decimal = pick.choice([".", ".", ","])
    separator = pick.choice([";", "\t", "|"] if decimal == "," else [",", ";", "\t", "|"])
    encoding = "latin-1" if latin else pick.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
    header = not numeric or pick.random() < 0.5
    packed = pick.random() < 0.2
    name = f"t{number}.csv" + (".gz" if packed else "")
    path = f"{folder}/{name}"
    if pick.random() < 0.3 and not packed and decimal == ".":
        with open(path, "w", newline="", encoding=encoding) as out:
            writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=pick.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
            if header:
                writer.writerow(columns)
            for row in zip(*columns.values()):
                writer.writerow([na if value is None else repr(value) if isinstance(value, float) else value for value in row])
    else:
        quoting = csv.QUOTE_MINIMAL if decimal == "," else pick.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
        frame.to_csv(path, sep=separator, na_rep=na, index=False, header=header, lineterminator=end, decimal=decimal,
                     encoding=encoding, quoting=quoting, compression="gzip" if packed else None)
    shown = [[None if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
             for values in columns.values()]
    print(json.dumps({"file": name, "decimal": decimal, "latin": latin, "header": header, "nan": na == "nan", "kinds": kinds, "values": shown}))
"#;

#[test]
fn tables_of_pandas_and_python_come_back_as_they_were() {
    let test = "tables_of_pandas_and_python_come_back_as_they_were";
    let Some(python) = python::environment(test, "pandas", &["pandas==2.3.3", "numpy==2.3.5"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = file(folder.path(), "writer.py", WRITER);
    let output = Command::new(python).arg(script).arg(folder.path()).arg("7").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = String::from_utf8(output.stdout).unwrap();
    assert_eq!(cases.lines().count(), 120);
    for case in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(case).unwrap();
        let name = case["file"].as_str().unwrap();
        let options = if case["decimal"] == "," { Csv::new().decimal_comma() } else { Csv::new() };
        let options = if case["latin"] == true { options.encoding("latin-1") } else { options };
        let data = load_with(folder.path().join(name), options).unwrap_or_else(|error| panic!("{name}: {error}"));
        let frame = data.collect().unwrap();
        let values = case["values"].as_array().unwrap();
        assert_eq!(frame.width(), values.len(), "{name}");
        for ((column, values), kind) in frame.columns().iter().zip(values).zip(case["kinds"].as_array().unwrap()) {
            same(name, column, values.as_array().unwrap(), kind.as_str().unwrap(), case["nan"] == true);
        }
    }
}

/// Every value of a column is the one that was written.
fn same(name: &str, column: &Column, values: &[serde_json::Value], kind: &str, nan: bool) {
    assert_eq!(column.len(), values.len(), "{name} {column:?}");
    for (row, wanted) in values.iter().enumerate() {
        let found = column.get(row).unwrap();
        let Some(wanted) = wanted.as_str() else {
            let is_nan = nan && found.extract::<f64>().is_some_and(f64::is_nan);
            assert!(found.is_null() || is_nan, "{name}, row {row}: {found:?} of {column:?}");
            continue;
        };
        let equal = match (kind, &found) {
            ("int", AnyValue::Int64(value)) => value.to_string() == wanted,
            ("float", AnyValue::Float64(value)) => value.to_bits() == wanted.parse::<f64>().unwrap().to_bits(),
            ("bool", AnyValue::Boolean(value)) => value.to_string() == wanted.to_lowercase(),
            ("text", AnyValue::String(value)) => *value == wanted,
            ("date", AnyValue::Date(_)) => found.to_string() == wanted,
            ("time", AnyValue::Datetime(..)) => found.to_string().starts_with(wanted),
            _ => false,
        };
        assert!(equal, "{name}, row {row}: {found:?} is not {wanted} ({kind}) of {column:?}");
    }
}
