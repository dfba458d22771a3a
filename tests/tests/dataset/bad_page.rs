//! The page of the documentation `bad-input.md`: every line is asked here, and says what the page says it does.
//!
//! A line of its tables is an input and what is said of it; all that stands between back quotes in the second column must be in
//! the message. A line without a case here, and a case without a line, fail.

use data::{Csv, Data, Group, Loader, load, load_with};
use flow::{mean, sum};
use hist::{Axis, Gaussian, Line};
use polars::prelude::*;
use recordings::EventLoader;
use std::path::{Path, PathBuf};

/// An input as the page names it, and what is said of it, in an empty folder.
type Case = (&'static str, fn(&Path) -> String);

/// What an answer says when it is none.
fn said<T>(answer: data::Result<T>) -> String {
    answer.map_or_else(|error| error.to_string(), |_| "nothing is said".to_owned())
}

/// What is shown, as plain text.
fn shown(what: &impl show::Display) -> String {
    what.bundle().plain().to_owned()
}

fn file(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn parquet(folder: &Path, name: &str, mut frame: DataFrame) -> PathBuf {
    let path = file(folder, name, "");
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    path
}

fn frame() -> DataFrame {
    df!("pRecoil" => [1.0, 2.0, 3.0], "n" => [1_i64, 2, i64::MAX], "name" => ["a", "b", "c"]).unwrap()
}

fn table() -> Group {
    Data::from_frames([("mumu", frame())]).unwrap().all().clone()
}

fn half(path: PathBuf) -> PathBuf {
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    path
}

/// A table of one column of times.
fn times(zone: Option<&str>) -> Group {
    let zone = TimeZone::opt_try_new(zone).unwrap();
    let times = Series::new("t".into(), [0_i64]).cast(&DataType::Datetime(TimeUnit::Microseconds, zone)).unwrap();
    Data::from_frames([("p", times.into_frame())]).unwrap().all().clone()
}

fn root_file(name: &str) -> PathBuf {
    recoil_tests::cases::project().join("prelude/root/tests/data").join(name)
}

fn hipo_file(folder: &Path) -> PathBuf {
    let rows = df!("__event__" => [0_i64, 1, 2], "x" => [1.0_f32, 2.0, 3.0]).unwrap();
    let path = folder.join("a.hipo");
    banks::write_hipo(&rows, &path, "A::b", 1, 1).unwrap();
    path
}

fn aedat(chip: &str) -> Vec<u8> {
    let mut bytes = format!("#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.{chip}\r\n").into_bytes();
    (0..100_u32).for_each(|k| bytes.extend([(k << 1).to_be_bytes(), (10 * k).to_be_bytes()].concat()));
    bytes
}

const FILES: &[Case] = &[
    ("a path that is not there", |folder| {
        parquet(folder, "ntuple.parquet", frame());
        said(load(folder.join("ntupel.parquet")))
    }),
    ("an empty folder", |folder| said(load(folder))),
    ("temporary and empty files beside others", |folder| {
        parquet(folder, "a/a.parquet", frame());
        file(folder, "a/b.parquet", "");
        shown(&load(folder).unwrap().processes())
    }),
    ("a Parquet file that is cut short", |folder| said(load(half(parquet(folder, "a.parquet", frame()))))),
    ("a file that is called Parquet and is none", |folder| {
        said(load(file(folder, "a.parquet", "pRecoil,n\n1.0,2\n3.0,4\n")))
    }),
    ("an Arrow file that is cut short", |folder| {
        let path = folder.join("a.arrow");
        table().write_arrow(&path).unwrap();
        said(load(half(path)))
    }),
    ("a ROOT file of which only the head is there", |folder| {
        let path = folder.join("a.root");
        table().write_root(format!("{}:t", path.display())).unwrap();
        let head = std::fs::read(&path).unwrap()[..60].to_vec();
        std::fs::write(&path, head).unwrap();
        said(load(path).and_then(|data| data.count()))
    }),
    ("a ROOT file of several trees", |_| said(load(root_file("directory_and_top.root")))),
    ("a branch of ROOT that is no column", |_| {
        said(load(root_file("branches_differ.root")).unwrap().query("y > 1").count())
    }),
    ("files of a process whose columns disagree", |folder| {
        parquet(folder, "mumu/a.parquet", frame());
        parquet(folder, "mumu/b.parquet", df!("pRecoil" => ["1"]).unwrap());
        said(load(folder))
    }),
    ("files of a process, of which one has a zone in its times and one has none", |folder| {
        parquet(folder, "p/a.parquet", times(None).collect().unwrap());
        parquet(folder, "p/b.parquet", times(Some("UTC")).collect().unwrap());
        said(load(folder))
    }),
    ("one table twice, `mumu.root` beside `mumu.parquet`", |folder| {
        parquet(folder, "p/mumu.parquet", frame());
        table().write_root(format!("{}:t", folder.join("p/mumu.root").display())).unwrap();
        said(load(folder))
    }),
    ("the same events in two files of a process", |folder| {
        let events = df!("__experiment__" => [7, 7], "__run__" => [1, 1], "__event__" => [1_i64, 2], "x" => [0.5, 1.5]);
        parquet(folder, "p/a.parquet", events.clone().unwrap());
        parquet(folder, "p/b.parquet", events.unwrap());
        shown(load(folder).unwrap().one_cand_only().hist("x", (2, 0.0, 2.0)).unwrap().performance_report())
    }),
    ("a column of a kind that cannot be held", |folder| {
        let apache = recoil_tests::cases::apache();
        let integration = apache.path().join("arrow-testing/data/arrow-ipc-stream/integration/cpp-21.0.0");
        let path = folder.join("views.arrow");
        std::fs::copy(integration.join("generated_list_view.arrow_file"), &path).unwrap();
        shown(&load(path).unwrap().columns())
    }),
    ("a file that is encrypted", |folder| {
        file(
            folder,
            "a.parquet",
            [&b"PAR1 some bytes that are not to be read"[..], &8_u32.to_le_bytes(), b"PARE"].concat(),
        );
        said(load(folder.join("a.parquet")))
    }),
    ("a HIPO file or a recording given to `load`", |folder| said(load(hipo_file(folder)))),
];

const TEXTS: &[Case] = &[
    ("a record with too few or too many fields", |folder| said(load(file(folder, "a.csv", "a,b\n1,2\n3\n")))),
    ("a quote that is not closed", |folder| said(load(file(folder, "a.csv", "a,b\n1,\"x\n2,y\n")))),
    ("a value that is not of the type that is asked for", |folder| {
        let path = file(folder, "a.csv", "a,b\n1,2\nx,4\n");
        said(load_with(path, Csv::new().column_type("a", DataType::Int64)))
    }),
    ("an encoding that is not known", |folder| {
        said(load_with(file(folder, "a.csv", "a,b\n1,2\n"), Csv::new().encoding("klingon")))
    }),
    ("a byte that is not of the encoding", |folder| said(load(file(folder, "a.csv", b"a,b\n1,\xff\xfe\n")))),
    ("a line of JSON lines that is no object", |folder| said(load(file(folder, "a.jsonl", "{\"x\": 1}\n[2]\n")))),
    ("a field that a line of JSON lines has twice", |folder| {
        said(load(file(folder, "a.jsonl", "{\"x\": 1, \"x\": 2}\n")))
    }),
    ("a version that a Delta table does not have", |folder| {
        file(
            folder,
            "t/_delta_log/00000000000000000000.json",
            "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n",
        );
        said(Loader::new(folder.join("t")).version(7).load())
    }),
];

const DEVICES: &[Case] = &[
    ("a file of another kind in the place of a recording", |folder| {
        said(recordings::events(file(folder, "a.raw", "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\n")))
    }),
    ("a chip that is not known", |folder| said(recordings::events(file(folder, "a.aedat", aedat("DVS999"))))),
    ("a format without a signature under another name", |folder| {
        said(recordings::events(file(folder, "made.dat", [7_u8; 4_096])))
    }),
    ("`.flipped()` without the size of the sensor", |folder| {
        said(EventLoader::new(file(folder, "a.csv", "t,x,y,p\n1,2,3,1\n4,5,6,0\n")).flipped().load())
    }),
    ("a HIPO file that is cut short", |folder| {
        said(banks::hipo(half(hipo_file(folder)).to_str().unwrap()).and_then(|run| run.count()))
    }),
    ("a bank that is not in the file", |folder| {
        said(banks::hipo(hipo_file(folder).to_str().unwrap()).unwrap().bank("A::c").count())
    }),
];

const CUTS: &[Case] = &[
    ("a column that is not there", |_| said(table().query("pRecol > 2").count())),
    ("a group that is not there", |_| said(Data::from_frames([("mumu", frame())]).unwrap()["mumuu"].count())),
    ("a number used as a selection", |_| said(table().query("pRecoil").count())),
    ("a text compared with a number", |_| said(table().query("name > 2").count())),
    ("a bracket that is not closed", |_| said(table().query("(pRecoil > 2").count())),
    ("a function that is not known", |_| said(table().query("sqr(pRecoil) > 2").count())),
    ("a variable that is not bound", |_| said(table().query("pRecoil > @cut").count())),
    ("a day that no calendar has", |_| said(times(None).query("t > '2024-02-31'").count())),
    ("an hour that the clocks skip", |_| said(times(Some("Europe/Berlin")).query("t > '2024-03-31 02:30'").count())),
    ("an hour that the clocks show twice", |_| {
        said(times(Some("Europe/Berlin")).query("t > '2024-10-27 02:30'").count())
    }),
    ("a new column of whole numbers beyond 64 bits", |_| said(table().define("twice", "2 * n").collect())),
    ("a new column with a name that is reserved", |_| said(table().define("__recoil_x", "n > 1").collect())),
    ("whole numbers beyond 2^127", |_| {
        let wide = UInt128Chunked::from_slice("u".into(), &[u128::MAX]).into_series().into_frame();
        said(Data::from_frames([("p", wide)]))
    }),
];

const ANSWERS: &[Case] = &[
    ("a histogram of texts with numbers as bins", |_| said(table().hist("name", (5, 0.0, 1.0)))),
    ("a histogram of numbers with texts as bins", |_| said(table().hist("pRecoil", Axis::category(["a"])))),
    ("a range that has no width or no end", |_| said(table().hist("pRecoil", (5, 1.0, 1.0)))),
    ("a weight that is a text", |_| said(table().weight("name").hist("pRecoil", (5, 0.0, 1.0)))),
    ("a sum of texts", |_| said(table().agg([sum("name")]))),
    ("a sum of whole numbers that does not fit", |_| {
        let frame = df!("n" => [i64::MAX, i64::MAX]).unwrap();
        said(Data::from_frames([("p", frame)]).unwrap().agg([sum("n")]))
    }),
    ("the mean of a column whose weights are missing", |_| {
        let frame = df!("x" => [1.0, 2.0], "w" => [Some(1.0), None]).unwrap();
        said(Data::from_frames([("p", frame)]).unwrap().weight("w").agg([mean("x")]))
    }),
    ("a fit of too few bins", |_| {
        said(table().hist("pRecoil", (2, 0.0, 4.0)).and_then(|hist| Ok(hist.fit(Gaussian + Line)?)))
    }),
    ("a join by a column that only one side has", |_| said(table().join(&df!("k" => [1]).unwrap(), "k").count())),
];

/// The page, as pairs of an input and what must be said of it.
fn lines(page: &str) -> Vec<(String, Vec<String>)> {
    let rows = page.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let cells = rows.filter_map(|line| line.trim_matches('|').split_once(" | "));
    cells
        .filter(|(input, _)| input.trim() != "input")
        .map(|(input, said)| (input.trim().to_owned(), quoted(said)))
        .collect()
}

/// What stands between back quotes; between two of them where one stands in it.
fn quoted(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('`') {
        let mark = if rest[at..].starts_with("``") { "``" } else { "`" };
        let inside = &rest[at + mark.len()..];
        let end = inside.find(mark).expect("a back quote that is closed");
        found.push(inside[..end].trim().to_owned());
        rest = &inside[end + mark.len()..];
    }
    found
}

#[test]
fn every_line_of_the_page_is_said() {
    let page = std::fs::read_to_string(recoil_tests::cases::project().join("docs/src/bad-input.md")).unwrap();
    let lines = lines(&page);
    let cases: Vec<&Case> = [FILES, TEXTS, DEVICES, CUTS, ANSWERS].into_iter().flatten().collect();
    let mut wrong = Vec::new();
    for (input, ask) in &cases {
        let folder = tempfile::tempdir().unwrap();
        let answer = ask(folder.path());
        match lines.iter().find(|(line, _)| line == input) {
            None => wrong.push(format!("`{input}` is not on the page: {answer}")),
            Some((_, parts)) if parts.is_empty() => wrong.push(format!("`{input}` quotes nothing: {answer}")),
            Some((_, parts)) => wrong.extend(
                parts
                    .iter()
                    .filter(|part| !answer.contains(*part))
                    .map(|part| format!("`{input}`: `{part}` is not in: {answer}")),
            ),
        }
    }
    let unasked = lines.iter().filter(|(line, _)| !cases.iter().any(|(input, _)| input == line));
    wrong.extend(unasked.map(|(line, _)| format!("nobody asks for `{line}`")));
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
