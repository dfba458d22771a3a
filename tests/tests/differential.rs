//! Our selections against pandas: random expressions, row for row.

#[path = "differential/compared.rs"]
mod compared;
#[path = "differential/corrections.rs"]
mod corrections;
#[path = "differential/hist.rs"]
mod hist;
#[path = "differential/lists.rs"]
mod lists;
#[path = "differential/nasty.rs"]
mod nasty;
#[path = "differential/numbers.rs"]
mod numbers;
#[path = "differential/root.rs"]
mod root_files;

use polars::prelude::*;
use std::fmt::Write;
use std::process::Command;

const EXPRESSIONS: usize = 10_000;
const ROWS: usize = 61;
/// What pandas 3.1 with numexpr 2.14 answered for the first expressions, for where there is no pandas.
const PINNED: &str = include_str!("differential/pinned.txt");

/// A generator of our own, so that the pinned answers never change.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn number(&mut self) -> f64 {
        (self.below(801) as f64 - 400.0) / 100.0
    }
}

/// Every kind of column, with every kind of missing value.
fn frame() -> DataFrame {
    let mut random = Random(7);
    let mut float = |missing: usize| -> Vec<f64> {
        (0..ROWS).map(|_| if random.below(missing) == 0 { f64::NAN } else { random.number() }).collect()
    };
    let (x, y, f) = (float(6), float(9), float(8));
    let f: Vec<f32> = f.into_iter().map(|value| value as f32).collect();
    let mut random = Random(8);
    let mut int =
        |low: i64, bound: usize| -> Vec<i64> { (0..ROWS).map(|_| low + random.below(bound) as i64).collect() };
    let (i, u, n) = (int(-5, 11), int(0, 9), int(-1000, 2000));
    let text: Vec<Option<&str>> = (0..ROWS)
        .map(|_| if random.below(7) == 0 { None } else { Some(random.of(&["ee", "mumu", "taupair", "m"])) })
        .collect();
    let flag: Vec<bool> = (0..ROWS).map(|_| random.below(3) == 0).collect();
    df!(
        "row" => (0..ROWS as i64).collect::<Vec<_>>(),
        "x" => x, "y" => y, "f" => f,
        "i" => i.iter().map(|v| *v as i8).collect::<Vec<_>>(),
        "u" => u.iter().map(|v| *v as u32).collect::<Vec<_>>(),
        "n" => n, "s" => text, "b" => flag
    )
    .expect("columns of one length")
}

/// Writes expressions by the grammar, so that every rule of precedence is used.
struct Writer {
    random: Random,
    depth: usize,
}

impl Writer {
    fn or(&mut self) -> String {
        let mut out = self.and();
        while self.random.below(4) == 0 {
            let sign = self.random.of(&[" | ", " or ", "|"]);
            write!(out, "{sign}{}", self.and()).expect("a string");
        }
        out
    }

    fn and(&mut self) -> String {
        let mut out = self.not();
        while self.random.below(3) == 0 {
            let sign = self.random.of(&[" & ", " and ", "&"]);
            write!(out, "{sign}{}", self.not()).expect("a string");
        }
        out
    }

    fn not(&mut self) -> String {
        self.depth += 1;
        let deep = self.depth > 3;
        let out = match self.random.below(12) {
            0 if !deep => format!("not {}", self.not()),
            1 if !deep => format!("~({})", self.or()),
            2 | 3 if !deep => format!("({})", self.or()),
            4 => self.random.of(&["b", "~b", "not b", "b == True", "b != True", "b == False"]).to_owned(),
            5 => self.membership(),
            6 => self.text(),
            7 => self.method(),
            _ => self.comparison(),
        };
        self.depth -= 1;
        out
    }

    fn comparison(&mut self) -> String {
        const SIGNS: [&str; 6] = [" < ", ">", " <= ", " >= ", " == ", "!="];
        let sign = self.random.of(&SIGNS);
        match self.random.below(5) {
            0 => {
                let (low, high) = (self.literal(), self.literal());
                format!("{low}{sign}{}{}{high}", self.sum(), self.random.of(&SIGNS))
            }
            1 => format!("{}{sign}{}", self.sum(), self.sum()),
            // Without a sign: pandas rounds 2.51 to f32 beside an f32 column, but not -2.51; we round both.
            2 => format!("f{sign}{}", self.random.number().abs()),
            3 => format!("{}{sign}{}", self.literal(), self.sum()),
            _ => format!("{}{sign}{}", self.sum(), self.literal()),
        }
    }

    fn literal(&mut self) -> String {
        match self.random.below(6) {
            0 => (self.random.below(9) as i64 - 4).to_string(),
            1 => "@cut".to_owned(),
            2 => self.random.of(&["1e-3", ".5", "2.", "0x2", "1_0", "-1.5e0", "- 2"]).to_owned(),
            _ => self.random.number().to_string(),
        }
    }

    fn sum(&mut self) -> String {
        let mut out = self.product();
        if self.random.below(4) == 0 {
            let sign = self.random.of(&[" + ", " - "]);
            write!(out, "{sign}{}", self.product()).expect("a string");
        }
        out
    }

    fn product(&mut self) -> String {
        let first = self.factor();
        match self.random.below(10) {
            0 => format!("{first} * {}", self.factor()),
            1 => format!("{first} / {}", self.factor()),
            2 => format!("{first} % {}", self.random.of(&["2", "1.5", "-2", "3"])),
            3 => format!("{first} // {}", self.random.of(&["2", "1.5", "-2"])),
            _ => first,
        }
    }

    fn factor(&mut self) -> String {
        let column = self.random.of(&["x", "y", "i", "u", "n", "x", "y"]);
        match self.random.below(14) {
            0 => format!("-{column}"),
            1 => format!("abs({column})"),
            2 => format!("{column} ** 2"),
            3 => format!("-{column} ** 2"),
            4 => format!(
                "{}({})",
                self.random.of(&["sqrt", "sin", "cos", "exp", "log1p", "arctan", "floor", "ceil"]),
                self.random.of(&["x", "y"])
            ),
            5 => format!("arctan2({column}, y)"),
            6 if self.depth < 3 => {
                self.depth += 1;
                let out = format!("({})", self.sum());
                self.depth -= 1;
                out
            }
            _ => column.to_owned(),
        }
    }

    fn membership(&mut self) -> String {
        let column = self.random.of(&["i", "u", "n", "i"]);
        let list = self.random.of(&["[1, 3]", "[-2, 0, 4, 5]", "(1, 2)", "[2]", "@lst", "[]"]);
        match self.random.below(4) {
            0 => format!("{column} in {list}"),
            1 => format!("{column} not in {list}"),
            2 if list != "(1, 2)" => format!("{column} == {list}"),
            _ => format!("{column}.isin({})", if list == "(1, 2)" { "[1, 2]" } else { list }),
        }
    }

    fn text(&mut self) -> String {
        let word = self.random.of(&["'mumu'", "\"ee\"", "'m'", "'none'"]);
        match self.random.below(5) {
            0 => format!("s == {word}"),
            1 => format!("s != {word}"),
            2 => format!("s in [{word}, 'taupair']"),
            3 => format!("s not in ['ee', {word}]"),
            _ => format!("s > {word}"),
        }
    }

    fn method(&mut self) -> String {
        let column = self.random.of(&["x", "y", "f"]);
        match self.random.below(4) {
            0 => format!("{column}.isna()"),
            1 => format!("{column}.notnull()"),
            2 => format!("{column}.between(-1, {})", self.random.number()),
            _ => format!("{column} == {column}"),
        }
    }
}

fn expressions(count: usize) -> Vec<String> {
    let mut writer = Writer { random: Random(20_261_120), depth: 0 };
    (0..count).map(|_| writer.or()).collect()
}

/// The mask of an expression by both evaluators.
fn masks(expression: &str, frame: &DataFrame) -> Result<[u64; 2], String> {
    let cut = cut::parse(expression).map_err(|error| error.to_string())?.bind("cut", 0.5).bind("lst", [1, 3, -2]);
    let typed = cut.check(frame.schema()).and_then(cut::Typed::selection).map_err(|error| error.to_string())?;
    let mask = typed.mask(frame).map_err(|error| error.to_string())?;
    let kept = frame.clone().lazy().filter(typed.expr()).collect().map_err(|error| error.to_string())?;
    let rows = kept.column("row").and_then(|column| Ok(column.i64()?.clone())).map_err(|error| error.to_string())?;
    let own = mask.iter().enumerate().filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| 1 << row).sum();
    Ok([own, rows.iter().flatten().map(|row| 1 << row).sum()])
}

fn compare<'a>(frame: &DataFrame, answers: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
    let (mut compared, mut differ) = (0, Vec::new());
    for (expression, answer) in answers {
        let Ok(expected) = u64::from_str_radix(answer, 16) else { continue };
        compared += 1;
        match masks(expression, frame) {
            Ok([own, polars]) if own == expected && polars == expected => {}
            Ok([own, polars]) => differ
                .push(format!("{expression}\n  pandas {expected:016x}\n  ours   {own:016x}\n  Polars {polars:016x}")),
            Err(error) => differ.push(format!("{expression}\n  {error}")),
        }
    }
    let shown = differ.iter().take(60).cloned().collect::<Vec<_>>().join("\n");
    assert!(differ.is_empty(), "{} of {compared} expressions differ, the first:\n{shown}", differ.len());
    compared
}

#[test]
fn pinned_answers_of_pandas_are_ours() {
    let compared =
        compare(&frame(), PINNED.lines().filter_map(|line| line.split_once('\t')).map(|(answer, text)| (text, answer)));
    assert!(compared > 900, "only {compared} pinned answers");
}

/// What pandas answers: a mask in hexadecimal per expression, or why it refuses. `None` without pandas.
fn answers(frame: &mut DataFrame, expressions: &[String]) -> Option<String> {
    let python = recoil_tests::python::environment("differential", "pandas", &["pandas", "numexpr", "pyarrow"])?;
    let folder = tempfile::tempdir().expect("a folder");
    let (parquet, list) = (folder.path().join("frame.parquet"), folder.path().join("expressions.txt"));
    ParquetWriter::new(std::fs::File::create(&parquet).expect("a file")).finish(frame).expect("parquet");
    std::fs::write(&list, expressions.join("\n")).expect("a file");
    let script = recoil_tests::cases::project().join("tests/tests/differential/reference.py");
    let output = Command::new(python).arg(script).args([&parquet, &list]).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn pandas_agrees_on_random_expressions() {
    let expressions = expressions(EXPRESSIONS);
    let Some(answers) = answers(&mut frame(), &expressions) else { return };
    if let Some(file) = std::env::var_os("RECOIL_PIN") {
        let pinned: String = answers
            .lines()
            .zip(&expressions)
            .take(1000)
            .fold(String::new(), |all, (answer, text)| all + answer + "\t" + text + "\n");
        std::fs::write(file, pinned).expect("a file");
    }
    let compared = compare(&frame(), expressions.iter().map(String::as_str).zip(answers.lines()));
    assert!(compared * 100 > EXPRESSIONS * 97, "pandas answered only {compared} of {EXPRESSIONS}");
}
