use super::*;
use crate::Source;
use crate::csv::text::kind::Rules;

fn table(bytes: &[u8], options: &Csv) -> Result<(DataFrame, Vec<String>)> {
    let read = parse(bytes.to_vec(), options, &Place::file("t.csv"))?;
    let mut pieces = read.pieces.into_iter();
    let mut all = pieces.next().unwrap_or_else(|| DataFrame::empty_with_schema(&read.schema));
    for piece in pieces {
        all.vstack_mut(&piece)?;
    }
    Ok((all, read.notes))
}

fn plain(text: &str) -> DataFrame {
    table(text.as_bytes(), &Csv::new()).unwrap().0
}

fn error(text: &str, options: &Csv) -> String {
    table(text.as_bytes(), options).unwrap_err().to_string()
}

/// Every value as text, missing ones as `-`.
fn rows(frame: &DataFrame) -> Vec<Vec<String>> {
    let value = |column: &Column, row| match column.get(row).unwrap() {
        AnyValue::Null => "-".to_owned(),
        AnyValue::String(text) => text.to_owned(),
        AnyValue::StringOwned(text) => text.to_string(),
        other => other.to_string(),
    };
    (0..frame.height()).map(|row| frame.columns().iter().map(|column| value(column, row)).collect()).collect()
}

#[test]
fn any_line_end_and_any_encoding_give_the_same_table() {
    let text = "größe,name\n1,x\n2,\"y\nz\"\n";
    let frame = plain(text);
    assert_eq!(rows(&frame), [["1", "x"], ["2", "y\nz"]]);
    assert_eq!(frame.get_column_names(), ["größe", "name"]);
    let le: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let be: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (bytes, note) in [(le, "UTF-16"), (be, "UTF-16 (big endian)"), (zstd, "zstd")] {
        let (same, notes) = table(&bytes, &Csv::new()).unwrap();
        assert!(same.equals(&frame));
        assert_eq!(notes, [note]);
    }
    for end in ["\r\n", "\r"] {
        let other = text.replace('\n', end).replace(&format!("y{end}z"), "y\nz");
        assert!(plain(&other).equals(&frame), "{end:?}");
    }
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    assert!(table(&latin, &Csv::new().encoding("latin-1")).unwrap().0.equals(&frame));
    let refused = table(&latin, &Csv::new()).unwrap_err().to_string();
    assert!(refused.contains("byte 2") && refused.contains("latin-1"), "{refused}");
}

#[test]
fn values_keep_what_they_are() {
    let frame = plain("i,f,b,d,t,s,e\n1, 2.5,true,2024-01-01,2024-01-01 10:00:00,NA,\n+5,nan,FALSE,NA,2024-01-02,,\n");
    let types: Vec<String> = frame.dtypes().iter().map(ToString::to_string).collect();
    assert_eq!(types, ["i64", "f64", "bool", "date", "datetime[μs]", "str", "str"]);
    assert_eq!(
        rows(&frame),
        [
            ["1", "2.5", "true", "2024-01-01", "2024-01-01 10:00:00", "NA", "-"],
            ["5", "NaN", "false", "-", "2024-01-02 00:00:00", "-", "-"]
        ]
    );
    let wide = plain("u,h,z\n12345678901234567890,99999999999999999999999,007\n1,1,012\n");
    assert_eq!(rows(&wide)[0], ["12345678901234567890", "99999999999999999999999", "007"]);
    assert_eq!(wide.dtypes(), [DataType::UInt64, DataType::String, DataType::String]);
    // A text that is empty is not one that is missing.
    assert_eq!(rows(&plain("a,b\n\"\",x\n,y\n"))[..], [["", "x"], ["-", "y"]]);
    assert_eq!(rows(&plain("a,b\n\"1\",\"2.5\"\n\"\",\"4.5\"\n"))[..], [["1", "2.5"], ["-", "4.5"]]);
}

/// A column of so many integers, and then other values.
fn late(others: &[&str]) -> String {
    let mut text = String::from("x,k\n");
    (0..3_000).for_each(|row| text.push_str(&format!("{row},{row}\n")));
    others.iter().for_each(|other| text.push_str(&format!("{other},1\n")));
    text
}

#[test]
fn a_late_value_makes_the_column_wider_and_loses_none() {
    for (others, dtype, last) in [
        (&["2.5"][..], DataType::Float64, "2.5"),
        (&["nan"], DataType::Float64, "NaN"),
        (&["12345678901234567890"], DataType::UInt64, "12345678901234567890"),
        (&["99999999999999999999999"], DataType::String, "99999999999999999999999"),
        (&["NA"], DataType::Int64, "-"),
        (&["NA", "DE"], DataType::String, "DE"),
        (&["007"], DataType::String, "007"),
        (&["2024-01-01"], DataType::String, "2024-01-01"),
    ] {
        let (frame, notes) = table(late(others).as_bytes(), &Csv::new()).unwrap();
        assert_eq!(frame.column("x").unwrap().dtype(), &dtype, "{others:?}");
        let read = rows(&frame);
        assert_eq!(
            (read[7][0].as_str(), read.last().unwrap()[0].as_str()),
            (if dtype == DataType::Float64 { "7.0" } else { "7" }, last)
        );
        assert_eq!(notes.len(), usize::from(dtype == DataType::String), "{notes:?}");
        assert_eq!(frame.column("k").unwrap().dtype(), &DataType::Int64);
    }
    let (frame, notes) = table(late(&["NA", "DE"]).as_bytes(), &Csv::new()).unwrap();
    assert_eq!(rows(&frame)[3_000][0], "NA");
    assert_eq!(notes, ["column `x` is text: line 3003 has `DE`"]);
    // A column that is empty at first takes what comes.
    let mut text = String::from("x,k\n");
    (0..3_000).for_each(|row| text.push_str(&format!(",{row}\n")));
    let frame = plain(&format!("{text}2.5,1\n"));
    assert_eq!(
        (frame.column("x").unwrap().dtype(), frame.column("x").unwrap().null_count()),
        (&DataType::Float64, 3_000)
    );
}

#[test]
fn options_decide_what_cannot_be_found_out() {
    let of = |text: &str, options: Csv| rows(&table(text.as_bytes(), &options).unwrap().0);
    assert_eq!(of("x;y\n1,5;2\n", Csv::new().decimal_comma()), [["1.5", "2"]]);
    assert_eq!(of("a,b\n1,-\n-,2\n", Csv::new().nulls(["-"])), [["1", "-"], ["-", "2"]]);
    assert_eq!(of("a,b\n-999,x\n3,-999\n", Csv::new().nulls(["-999"])), [["-", "x"], ["3", "-"]]);
    assert_eq!(of("d\n24.12.2024\n", Csv::new().dates("%d.%m.%Y")), [["2024-12-24"]]);
    assert_eq!(of("a,b\n1,2\n", Csv::new().header(false)), [["a", "b"], ["1", "2"]]);
    assert_eq!(of("1,2\n3,4\n", Csv::new().header(true)), [["3", "4"]]);
    assert_eq!(of("a,b\n1,2\n% no\n3,4\n", Csv::new().comment('%')), [["1", "2"], ["3", "4"]]);
    assert_eq!(of("a \"b c\"\nx 1\n", Csv::new().separator(' ')), [["x", "1"]]);
    assert_eq!(of("a,b\n\"x,1\n", Csv::new().no_quotes()), [["\"x", "1"]]);
    let typed = Csv::new().column_type("x", DataType::Float32).column_type("id", DataType::String);
    let (frame, _) = table(b"x,id\n1.0D+03,12\n2,13\n", &typed).unwrap();
    assert_eq!(
        (frame.dtypes(), &rows(&frame)[0][..]),
        (vec![DataType::Float32, DataType::String], &["1000.0".into(), "12".into()][..])
    );
}

#[test]
fn errors_name_line_column_and_text() {
    for (text, options, parts) in [
        ("a,b\n1,2\n\n3,4,5\n", Csv::new(), &["t.csv, line 4", "3 fields where the table has 2", "`3,4,5`"][..]),
        ("a,b\n1,2\n# end\n", Csv::new(), &["line 3", "comment('#')"]),
        ("a,b\n\"x,1\ny,2\n", Csv::new(), &["line 2, column 1 (`a`)", "quote", "`\"x,1", "no_quotes"]),
        ("a,b\n\"x\"y,1\n", Csv::new(), &["line 2, column 1", "after a closing quote"]),
        (
            "a,b\n1,2\n3,x\n",
            Csv::new().column_type("b", DataType::Int64),
            &["line 3, column 2 (`b`)", "`x` is not an integer"],
        ),
        ("a,b\n1,300\n", Csv::new().column_type("b", DataType::Int8), &["column `b` as i8"]),
        ("a,b\n1,2\n", Csv::new().column_type("c", DataType::Int8), &["no column `c`"]),
        ("a,b\n", Csv::new().encoding("klingon"), &["latin-1"]),
        ("a,b\n", Csv::new().separator('é'), &["ASCII"]),
        ("", Csv::new(), &["t.csv", "empty"]),
    ] {
        let error = error(text, &options);
        parts.iter().for_each(|part| assert!(error.contains(part), "`{part}` is not said in: {error}"));
    }
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "a,b\n").unwrap();
    let source = open(&path, None).unwrap();
    assert_eq!((source.rows(), source.schema().len(), source.segments().len()), (0, 2, 0));
}

/// A generator that gives the same numbers everywhere.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// One column of values, and how they are written.
fn column(noise: &mut Noise, rows: usize) -> (Series, Vec<Option<String>>) {
    let kind = noise.next(6);
    let none = |noise: &mut Noise| noise.next(7) == 0;
    let texts = [
        "plain",
        "with, comma",
        "semi;colon",
        "tab\there",
        "a \"quote\"",
        "two\nlines",
        "größe",
        "NA",
        "12",
        "#x",
        "|",
        "'",
    ];
    macro_rules! of {
        ($make:expr, $write:expr) => {{
            let values: Vec<Option<_>> = (0..rows).map(|_| (!none(noise)).then(|| $make(noise))).collect();
            (Series::new("".into(), &values), values.iter().map(|value| value.as_ref().map($write)).collect())
        }};
    }
    match kind {
        0 => of!(|noise: &mut Noise| noise.next(1 << 30) as i64 - (1 << 29), |value: &i64| value.to_string()),
        1 => of!(|noise: &mut Noise| (noise.next(1 << 30) as f64 - 5e8) / 977.0, |value: &f64| format!("{value:?}")),
        2 => of!(|noise: &mut Noise| noise.next(2) == 0, |value: &bool| value.to_string()),
        3 => of!(|noise: &mut Noise| u64::MAX - noise.next(1 << 30) as u64, |value: &u64| value.to_string()),
        4 => of!(|noise: &mut Noise| texts[noise.next(2)].to_owned(), |value: &String| value.clone()),
        _ => of!(|noise: &mut Noise| texts[noise.next(texts.len())].to_owned(), |value: &String| value.clone()),
    }
}

/// Writes a table in a dialect, by other means than those that read it.
fn written(columns: &[Vec<Option<String>>], separator: char, end: &str, always: bool) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let field = |value: &Option<String>| match value {
        None => String::new(),
        Some(text) if always || text.contains([separator, '"', '\n', '\r', '#', '\'']) => quoted(text),
        Some(text) => text.clone(),
    };
    let sep = separator.to_string();
    let mut text = (0..columns.len()).map(|at| format!("name{at}")).collect::<Vec<_>>().join(&sep) + end;
    for row in 0..columns[0].len() {
        text += &columns.iter().map(|column| field(&column[row])).collect::<Vec<_>>().join(&sep);
        text += end;
    }
    text
}

#[test]
fn random_tables_come_back_in_every_dialect_and_in_pieces() {
    let mut noise = Noise(11);
    for turn in 0..400 {
        let (rows, width) = (1 + noise.next(40), 2 + noise.next(4));
        let (values, texts): (Vec<_>, Vec<_>) = (0..width).map(|_| column(&mut noise, rows)).unzip();
        // Whether a column of text in which only words and numbers stand is text cannot be told; the first row says it.
        let separator = [',', ';', '\t', '|'][noise.next(4)];
        let end = ["\n", "\r\n", "\r"][noise.next(3)];
        let text = written(&texts, separator, end, noise.next(2) == 0);
        let options = Csv::new().header(true).separator(separator);
        let options = if noise.next(2) == 0 { options } else { options.quote('"') };
        let (frame, _) =
            table(text.as_bytes(), &options).unwrap_or_else(|error| panic!("turn {turn}: {error}\n{text}"));
        assert_eq!(frame.shape(), (rows, width), "turn {turn}\n{text}");
        for ((column, series), texts) in frame.columns().iter().zip(&values).zip(&texts) {
            let all_missing = texts.iter().all(Option::is_none);
            let is_text = |dtype: &DataType| *dtype == DataType::String;
            if all_missing || (is_text(series.dtype()) && !is_text(column.dtype())) {
                // Text of nothing but numbers reads as numbers, and the words among them as missing.
                let numbers = texts.iter().flatten().all(|text| text == "NA" || text == "12");
                assert!(all_missing || numbers, "turn {turn}: {series:?}\n{text}");
                continue;
            }
            assert!(
                column.as_materialized_series().equals_missing(series),
                "turn {turn}: {column:?} {series:?}\n{text}"
            );
        }
        let rules = Rules::default();
        let layout = sniff(text.as_bytes(), &options.wish().unwrap(), &rules).unwrap();
        let pieces = Text { text: &text, layout: &layout, rules: &rules, piece: 1 + noise.next(30) };
        let pieces = pieces.read(&vec![None; width]).unwrap().pieces;
        let mut all = pieces[0].clone();
        for piece in &pieces[1..] {
            all.vstack_mut(piece).unwrap();
        }
        assert!(all.equals_missing(&frame), "turn {turn}: pieces");
    }
}

#[test]
fn the_dialect_of_random_tables_is_found() {
    let mut noise = Noise(5);
    for turn in 0..400 {
        let (rows, width) = (3 + noise.next(40), 2 + noise.next(4));
        let numbers: Vec<Vec<Option<String>>> = (0..width)
            .map(|_| (0..rows).map(|_| Some((noise.next(1000) as f64 / 8.0).to_string())).collect())
            .collect();
        let separator = [',', ';', '\t', '|'][noise.next(4)];
        let end = ["\n", "\r\n", "\r"][noise.next(3)];
        let text = written(&numbers, separator, end, noise.next(3) == 0);
        let layout = sniff(text.as_bytes(), &Csv::new().wish().unwrap(), &Rules::default()).unwrap();
        assert_eq!((layout.dialect.separator, layout.names.len()), (separator as u8, width), "turn {turn}\n{text}");
        assert_eq!(layout.names[0], "name0");
    }
}
