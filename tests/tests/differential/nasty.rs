//! Selections that are easily understood wrongly, against pandas: f32 beside literals, unsigned integers, integers that no
//! double can hold, missing integers, truth values in arithmetic, dates, signs with powers and remainders, odd names.

use super::{ROWS, Random, answers, compare};
use polars::prelude::*;

const EXPRESSIONS: usize = 3_000;
/// The first integer that no double can hold is one more than this.
const EXACT: i64 = 1 << 53;

pub(super) fn frame() -> DataFrame {
    let mut random = Random(17);
    let mut float = |missing: usize| -> Vec<f64> {
        (0..ROWS).map(|_| if random.below(missing) == 0 { f64::NAN } else { random.number() }).collect()
    };
    let (x, y, spaced, called) = (float(7), float(9), float(11), float(13));
    let single = |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<_>>();
    let (f, g) = (single(float(8)), single(float(10)));
    let mut random = Random(18);
    let mut below = |bound: usize| -> Vec<usize> { (0..ROWS).map(|_| random.below(bound)).collect() };
    let (i, w, u, big, k, day, b, c, event) =
        (below(11), below(256), below(9), below(9), below(7), below(40), below(3), below(2), below(1500));
    let millisecond = 86_400_000_i64;
    let days: Vec<Option<i64>> =
        day.iter().map(|&day| (day > 2).then_some((19_723 + day as i64) * millisecond)).collect();
    let mut frame = df!(
        "row" => (0..ROWS as i64).collect::<Vec<_>>(),
        "x" => x, "y" => y, "f" => f, "g" => g,
        "i" => i.iter().map(|&v| v as i8 - 5).collect::<Vec<_>>(),
        "w" => w.iter().map(|&v| v as u8).collect::<Vec<_>>(),
        "u" => u.iter().map(|&v| v as u32).collect::<Vec<_>>(),
        "m" => big.iter().map(|&v| EXACT - 4 + v as i64).collect::<Vec<_>>(),
        "k" => k.iter().map(|&v| (v > 1).then_some(v as i32 - 3)).collect::<Vec<_>>(),
        "s" => k.iter().map(|&v| ["ee", "mumu", "Mumu", "é", "", "tau tau", "b"].get(v).copied().filter(|_| v != 6)).collect::<Vec<_>>(),
        "b" => b.iter().map(|&v| v == 0).collect::<Vec<_>>(),
        "c" => c.iter().map(|&v| v == 0).collect::<Vec<_>>(),
        "a b" => spaced, "p(E)" => called,
        "__event__" => event.iter().map(|&v| v as u32).collect::<Vec<_>>()
    )
    .expect("columns of one length");
    let days = Series::new("t".into(), days).cast(&DataType::Datetime(TimeUnit::Milliseconds, None)).expect("times");
    frame.with_column(days.into_column()).expect("a column of the same length");
    frame
}

struct Writer(Random);

impl Writer {
    fn of(&mut self, words: &[&'static str]) -> &'static str {
        self.0.of(words)
    }

    fn sign(&mut self) -> &'static str {
        self.of(&["<", ">", "<=", ">=", "==", "!="])
    }

    /// A literal that pandas reads beside an f32 column as we do: it does not round those with a sign.
    fn positive(&mut self) -> String {
        match self.0.below(5) {
            0 => self.of(&["0.1", "1e-3", ".25", "2.51", "3", "1_0", "0x3", "1.5e0"]).to_owned(),
            _ => self.0.number().abs().to_string(),
        }
    }

    fn literal(&mut self) -> String {
        match self.0.below(6) {
            0 => (self.0.below(13) as i64 - 6).to_string(),
            1 => self.of(&["@cut", "- 2", "-1.5e0", "+2", "0b11", "-0.0"]).to_owned(),
            _ => self.0.number().to_string(),
        }
    }

    fn atom(&mut self) -> String {
        let sign = self.sign();
        match self.0.below(16) {
            0 => {
                let (left, literal) =
                    (self.of(&["f", "g", "f + 1", "f * 2", "f - 0.5", "f / 3", "f * g"]), self.positive());
                format!("{left} {sign} {literal}")
            }
            1 => format!(
                "{} {sign} {}",
                self.of(&["f", "g", "f + g", "f * g", "abs(f)"]),
                self.of(&["x", "y", "i", "u", "g", "x + f"])
            ),
            2 => {
                let left = self.of(&[
                    "w - 200",
                    "w + w",
                    "w * w",
                    "u - 5",
                    "u - __event__",
                    "w - u",
                    "-w",
                    "-u + 3",
                    "u * u - w",
                    "600 - __event__",
                ]);
                format!("{left} {sign} {}", self.of(&["0", "-3", "300", "40000", "i", "x", "2.5", "-0.5", "u"]))
            }
            3 => {
                let left = self.of(&["m", "m - 1", "m + 1", "m - 9007199254740990", "-m", "m * 1"]);
                let right = [
                    "9007199254740992",
                    "9007199254740993",
                    "9007199254740995",
                    "-9007199254740993",
                    "3",
                    "9007199254740994.0",
                    "m",
                ];
                format!("{left} {sign} {}", self.of(&right))
            }
            4 => self
                .of(&[
                    "m in [9007199254740993]",
                    "m not in [9007199254740993, 9007199254740995]",
                    "m % 2 == 1",
                    "m // 3 > 3002399751580330",
                    "m % 7 in [1, 2]",
                ])
                .to_owned(),
            5 => {
                let left =
                    self.of(&["k", "k + 1", "-k", "abs(k)", "k * 2", "k / 2", "k % 2", "k // 2", "k ** 2", "k - i"]);
                format!("{left} {sign} {}", self.of(&["0", "1", "2", "-1", "k", "x", "0.5"]))
            }
            6 => self
                .of(&[
                    "k in [1, 2]",
                    "k not in [1, 2]",
                    "k.isna()",
                    "k.notna()",
                    "k == k",
                    "k != k",
                    "~(k > 0)",
                    "not k > 0",
                    "k == [1, 3]",
                    "k != [1]",
                    "k.between(0, 2)",
                ])
                .to_owned(),
            7 => self
                .of(&[
                    "s == 'mumu'",
                    "s != ''",
                    "s in ['ee', 'é']",
                    "s not in ['mumu']",
                    "'Mumu' == s",
                    "s < 'mumu'",
                    "s >= 'ee'",
                    "s == ''",
                    "s.isna()",
                    "s == 'tau tau'",
                    "s != s",
                    "'mumu' in s",
                    "s == ['ee', 'b']",
                    "s.str.len() > 2",
                    "s.str.contains('mu')",
                    "s.str.startswith('M')",
                ])
                .to_owned(),
            8 => {
                let left = self.of(&["b + c", "b * 2", "b * i", "b + i", "b * x", "c + 1", "b + b + c", "b * c"]);
                format!("{left} {sign} {}", self.of(&["1", "0", "2", "x", "i", "0.5"]))
            }
            9 => self
                .of(&[
                    "b & ~c",
                    "b | c",
                    "~b & ~c",
                    "not b",
                    "b == c",
                    "b != c",
                    "b == 1",
                    "c == 0",
                    "b == True",
                    "b & c == c",
                    "b > 0",
                    "b <= c",
                    "b in [True]",
                    "not (b | c)",
                    "~(b & c)",
                ])
                .to_owned(),
            // Not `==` and `!=`: for pandas no time equals its text.
            10 => {
                let sign = self.of(&["<", ">", "<=", ">="]);
                let day = self.of(&["'2024-01-15'", "'2024-01-05'", "'2024-02-01 00:00:00'", "'2024-01-10T00:00:00'"]);
                match self.0.below(4) {
                    0 => format!("{day} {sign} t"),
                    1 => format!("'2024-01-05' <= t < {day}"),
                    2 => self.of(&["t.isna()", "t.notnull()", "t == t", "t != t"]).to_owned(),
                    _ => format!("t {sign} {day}"),
                }
            }
            11 => {
                let left = [
                    "-x ** 2",
                    "(-x) ** 2",
                    "2 ** u",
                    "x ** 3",
                    "i ** 2 % 5",
                    "-i % 3",
                    "i // -2",
                    "-i // 3",
                    "x // -0.5",
                    "x % -1.5",
                    "x % 1.5",
                    "-x % 2",
                    "-7 // 2 + i",
                    "i % -4",
                    "-u % 5",
                    "u // 2 * 2",
                    "x - -y",
                    "- - x",
                    "2 ** 2 ** (u % 4)",
                    "-2 ** u",
                    "i / 2",
                    "u / w",
                    "x / y",
                    "x // 2",
                    "i % 2.5",
                    "w // 7",
                    "w % 10",
                    "f // 2",
                    "f % 1.5",
                    "-+-x",
                ];
                format!("{} {sign} {}", self.of(&left), self.literal())
            }
            12 => {
                let name = self.of(&[
                    "sqrt", "exp", "log10", "log1p", "expm1", "sinh", "cosh", "tanh", "arcsinh", "floor", "ceil",
                    "abs", "sin", "arctan", "log", "arccos",
                ]);
                format!(
                    "{name}({}) {sign} {}",
                    self.of(&["i", "u", "w", "x", "k", "i / 2", "u + 1", "f"]),
                    self.literal()
                )
            }
            13 => {
                let (a, b, c) = (
                    self.literal(),
                    self.of(&["x", "i", "u", "f", "k", "x + i"]),
                    self.of(&["y", "u", "x", "3", "@cut"]),
                );
                format!("{a} {sign} {b} {} {c}{}", self.sign(), self.of(&["", "", " != i", " < 5"]))
            }
            14 => format!(
                "{} {sign} {}",
                self.of(&["`a b`", "`p(E)`", "__event__", "`a b` + x", "-`p(E)`", "__event__ % 100"]),
                self.literal()
            ),
            _ => format!(
                "arctan2({}, {}) {sign} {}",
                self.of(&["x", "i", "u"]),
                self.of(&["y", "u", "1", "i"]),
                self.literal()
            ),
        }
    }

    fn expression(&mut self) -> String {
        let mut out = self.atom();
        for _ in 0..[0, 0, 1, 1, 2][self.0.below(5)] {
            let (join, next) = (self.of(&[" & ", " | ", " and ", " or ", "&", "|"]), self.atom());
            out = match self.0.below(6) {
                0 => format!("({out}){join}{next}"),
                1 => format!("{out}{join}not {next}"),
                2 => format!("{out}{join}~({next})"),
                3 => format!("not ({out}){join}({next})"),
                _ => format!("{out}{join}{next}"),
            };
        }
        out
    }
}

#[test]
fn pandas_agrees_on_what_is_easily_understood_wrongly() {
    let mut writer = Writer(Random(20_261_121));
    let expressions: Vec<String> = (0..EXPRESSIONS).map(|_| writer.expression()).collect();
    let frame = frame();
    let Some(answers) = answers(&mut frame.clone(), &expressions) else { return };
    let compared = compare(&frame, expressions.iter().map(String::as_str).zip(answers.lines()));
    assert!(compared * 100 > EXPRESSIONS * 85, "pandas answered only {compared} of {EXPRESSIONS}");
}
