//! The page about the language, written from the list of its words. What the examples give is computed.

use crate::cut::parse;
use crate::words::{FUNCTIONS, METHODS, OPERATORS, Word};
use polars::prelude::{AnyValue, DataFrame, NamedFrom, PolarsResult, Series, df};
use std::fmt::Write;

const HEAD: &str = "\
# The language, word by word

This page is written by the code: the names are those that a selection accepts, and what the examples give is computed. After a change:
`RECOIL_WRITE=1 cargo test --release -p cut the_page_is_that_of_the_code`. In a notebook it is shown by `?query` and `%help query`;
[The selection language](selections.md) and [Lists](lists.md) explain it.
";

const TABLE: &str = "
## The table of the examples

`x` = 2.5, `y` = -1.5, `n` = 7 (an integer), `m` = NaN, `s` = 'Z -> mumu'; in `x` follow 1.5 and 3.5. `Jet_pt` = [50, 40, 20], `Jet_eta` =
[0.5, -1.5, 2], `Jet_phi` = [0, 3, -3], `Jet_mass` = [5, 4, 3]; `Muon_charge` = [1, -1].
";

const OPERATORS_HEAD: &str = "
## Operators

From the weakest to the strongest; a line separates those that bind differently. Comparisons chain: `3 > x > 2` means both.

| operator | written | meaning | example | gives |
|---|---|---|---|---|
";

const MISSING_HEAD: &str = "
## Missing values

What conditions and expressions give for a number, for NaN, and for null.

| expression | x = 1.5 | x = NaN | x is null |
|---|---|---|---|
";

/// Expressions whose value for missing numbers people ask for.
const MISSING: [&str; 19] = [
    "x > 1",
    "x < 1",
    "x == 1.5",
    "x != 1.5",
    "x == x",
    "x != x",
    "~(x > 1)",
    "not x > 1",
    "x > 1 | x <= 1",
    "x in [1.5, 2]",
    "x not in [1.5, 2]",
    "isnan(x)",
    "isfinite(x)",
    "x.fillna(0)",
    "x + 1",
    "x ** 0",
    "max(x, 1)",
    "where(x > 1, 1, 0)",
    "abs(x)",
];

const LITERALS: &str = "
## Names and values

| written | is |
|---|---|
| `mu1P` | a column |
| `` `my column` `` | a column whose name has blanks or other signs in it |
| `@cut` | a variable of the notebook, bound by `query!(\"x > @cut\")` or `.bind(\"cut\", 2.0)`; `@f(x)` calls a function or a table of corrections |
| `2`, `1_000`, `0x1f`, `0b101`, `2.5`, `1e-3` | numbers |
| `'text'`, `\"text\"`, `r'\\d'` | texts; in the last one a backslash is a backslash |
| `True`, `False`, `None` | truth values, missing |
| `'2024-01-31 12:00'` | a time, where it is compared with times |
| `# ..` | a comment, to the end of the line |
";

/// The page about the language in Markdown: every operator, function and method with its meaning, an example and its value,
/// and what missing values do.
///
/// # Errors
/// When an example cannot be evaluated; a test makes sure that all can.
///
/// ```
/// let page = cut::page()?;
/// assert!(page.contains("`arctan2(y, x)`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn page() -> segment::Result<String> {
    let frame = table().map_err(|error| segment::Error::request(error.to_string()))?;
    let mut page = format!("{HEAD}{TABLE}{LITERALS}{OPERATORS_HEAD}");
    let mut before = OPERATORS[0].0;
    for (strength, word) in &OPERATORS {
        if *strength != before {
            page += "| | | | | |\n";
            before = *strength;
        }
        row(&mut page, word, &frame, "")?;
    }
    for (heading, words) in FUNCTIONS {
        section(&mut page, heading, words, &frame, "")?;
    }
    for (heading, words) in METHODS {
        section(&mut page, heading, words, &frame, ".")?;
    }
    page += MISSING_HEAD;
    for expression in MISSING {
        let values = evaluated(expression, &missing())?;
        let values: Vec<String> = (0..3).map(|row| shown(&values.get(row).unwrap_or(AnyValue::Null))).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(page, "| {} | {} |", code(expression), values.join(" | "));
    }
    Ok(page)
}

fn section(page: &mut String, heading: &str, words: &[Word], frame: &DataFrame, dot: &str) -> segment::Result<()> {
    let _ = write!(page, "\n## {heading}\n\n| name | written | meaning | example | gives |\n|---|---|---|---|---|\n");
    words.iter().try_for_each(|word| row(page, word, frame, dot))
}

fn row(page: &mut String, word: &Word, frame: &DataFrame, dot: &str) -> segment::Result<()> {
    let names: Vec<String> =
        std::iter::once(&word.name).chain(word.also).map(|name| code(&format!("{dot}{name}"))).collect();
    let values = evaluated(word.example, frame)?;
    let gives = shown(&values.get(0).unwrap_or(AnyValue::Null));
    let meaning = word.meaning.replace('|', "\\|");
    let _ =
        writeln!(page, "| {} | {} | {meaning} | {} | {gives} |", names.join(" "), code(word.form), code(word.example));
    Ok(())
}

/// Code in a cell of a Markdown table, where a bar would end the cell.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

fn evaluated(text: &str, frame: &DataFrame) -> segment::Result<Series> {
    let cut = parse(text).map_err(segment::Error::from)?;
    cut.check(frame.schema()).map_err(segment::Error::from)?.values(frame)
}

fn shown(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => "missing".to_owned(),
        AnyValue::Boolean(value) => value.to_string(),
        AnyValue::Float64(value) => number(*value),
        AnyValue::String(value) => format!("'{value}'"),
        AnyValue::StringOwned(value) => format!("'{value}'"),
        AnyValue::List(values) => {
            let all: Vec<String> = values.iter().map(|value| shown(&value)).collect();
            format!("[{}]", all.join(", "))
        }
        other => other.to_string(),
    }
}

/// Six digits.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "missing".to_owned();
    }
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// The table of the examples.
fn table() -> PolarsResult<DataFrame> {
    let lists = |first: &[f64]| -> [Series; 3] {
        let of = |values: &[f64]| Series::new("".into(), values);
        [of(first), of(&[]), of(&first[..1])]
    };
    df!(
        "x" => [2.5, 1.5, 3.5], "y" => [-1.5, 0.0, 1.0], "n" => [7i64, 8, 9], "m" => [f64::NAN, 1.0, 2.0],
        "s" => ["Z -> mumu", "Z -> ee", "W"],
        "Jet_pt" => lists(&[50.0, 40.0, 20.0]), "Jet_eta" => lists(&[0.5, -1.5, 2.0]),
        "Jet_phi" => lists(&[0.0, 3.0, -3.0]), "Jet_mass" => lists(&[5.0, 4.0, 3.0]),
        "Muon_pt" => lists(&[25.0, 15.0]), "Muon_charge" => lists(&[1.0, -1.0])
    )
}

fn missing() -> DataFrame {
    df!("x" => [Some(1.5), Some(f64::NAN), None]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::functions::NAMES;
    use crate::syntax::token::SIGNS;
    use crate::words;

    #[test]
    fn the_page_is_that_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/language.md");
        let page = page().unwrap();
        if std::env::var_os("RECOIL_WRITE").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(page == committed, "docs/src/language.md is older than the code; its first lines say how to write it");
    }

    #[test]
    fn every_operator_and_function_is_listed() {
        // Brackets and what parts arguments are no operators; the others are refused with a word about what to write.
        const OTHER: [&str; 17] =
            ["<>", ":=", "->", "=", "^", "(", ")", "]", "{", "}", ",", "@", ":", ";", "?", "[", "."];
        let listed: Vec<&str> =
            OPERATORS.iter().flat_map(|(_, word)| word.also.iter().copied().chain(word.name.split(' '))).collect();
        for sign in SIGNS {
            assert!(listed.contains(&sign) || OTHER.contains(&sign), "the operator `{sign}` is not listed");
        }
        for sign in OTHER {
            assert!(!listed.contains(&sign) || [".", "["].contains(&sign), "`{sign}` is both");
        }
        for (name, _) in NAMES {
            assert!(words::is_function(name), "the function `{name}` is not listed");
        }
    }

    /// One expression for each pair of neighbours in the list, whose value shows which of the two binds more strongly.
    #[test]
    fn operators_bind_in_the_order_of_the_list() {
        let frame = table().unwrap();
        for (text, value) in [
            ("x > 2 | x > 2 & x < 0", "true"),
            ("not x < 2 & x < 0", "false"),
            ("not n < 2", "true"),
            ("n < 1 << 3", "true"),
            ("1 << 1 + 1", "4"),
            ("1 + 2 * 3", "7"),
            ("2 * -3 + 1", "-5"),
            ("-2 ** 2", "-4"),
            ("2 ** 3 ** 2", "512"),
            ("-Jet[0].pt ** 2", "-2500"),
        ] {
            let values = evaluated(text, &frame).unwrap();
            assert_eq!(shown(&values.get(0).unwrap()), value, "{text}");
        }
    }

    #[test]
    fn what_is_not_listed_is_refused() {
        let frame = table().unwrap();
        for text in ["gamma(x)", "x.cumsum()", "s.str.title()", "cbrt(x)"] {
            assert!(evaluated(text, &frame).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_six_digits() {
        assert_eq!([number(2.0), number(1.0 / 3.0), number(f64::NAN)], ["2", "0.333333", "missing"]);
    }
}
