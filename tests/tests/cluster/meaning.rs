//! Each operator of the selection language over NaN, infinities, missing values, both zeros, f32 and negative integers.

use super::{Under, near, servers, servers_with_and_without_errors, together};
use polars::prelude::*;

/// Every pair of special values of two columns, and all integers of a range.
fn special() -> DataFrame {
    let values = [
        Some(f64::NAN),
        None,
        Some(f64::INFINITY),
        Some(f64::NEG_INFINITY),
        Some(0.0),
        Some(-0.0),
        Some(1.0),
        Some(-1.0),
        Some(0.1),
        Some(2.5),
        Some(-2.5),
        Some(0.5),
        Some(-7.0),
        Some(3.0),
        Some(1e300),
        Some(9_007_199_254_740_993.0),
        Some(0.499_999_999_999_999_94),
    ];
    let rows = values.len() * values.len();
    let (first, second) = (|row: usize| values[row / values.len()], |row: usize| values[row % values.len()]);
    let integer = |row: usize| row as i64 % 15 - 7;
    let big = [i64::MAX, i64::MIN, 0, -1, 1, 9_007_199_254_740_993];
    df!(
        "row" => (0..rows as i64).collect::<Vec<_>>(),
        "x" => (0..rows).map(first).collect::<Vec<_>>(),
        "y" => (0..rows).map(second).collect::<Vec<_>>(),
        "f" => (0..rows).map(|row| first(row).map(|value| value as f32)).collect::<Vec<_>>(),
        "g" => (0..rows).map(|row| second(row).map(|value| value as f32)).collect::<Vec<_>>(),
        "i" => (0..rows).map(|row| (row % 13 != 5).then(|| integer(row) as i32)).collect::<Vec<_>>(),
        "j" => (0..rows).map(|row| (integer(row / 15)) as i16).collect::<Vec<_>>(),
        "u" => (0..rows).map(|row| (row % 5) as u8).collect::<Vec<_>>(),
        "l" => (0..rows).map(|row| big[row % big.len()]).collect::<Vec<_>>(),
        "q" => (0..rows).map(|row| [u64::MAX, 0, 1, 1 << 63][row % 4]).collect::<Vec<_>>(),
        "b" => (0..rows).map(|row| [Some(true), Some(false), None][row % 3]).collect::<Vec<_>>(),
        "s" => (0..rows).map(|row| [Some("gamma"), Some("K_S0"), None, Some("πß'\\")][row % 4]).collect::<Vec<_>>(),
    )
    .expect("a frame")
}

const CONDITIONS: &[&str] = &[
    "x > 2",
    "x >= 2.5",
    "x < 0",
    "x <= 0",
    "x == 0",
    "x != 0",
    "x == y",
    "x != y",
    "x < y",
    "x >= y",
    "2 > x > 0.3",
    "not (x > 2)",
    "~(x == y)",
    "x > 2 | y > 2",
    "x > 2 & y < 2",
    "not (x > 2 & y < 2)",
    "f > 0.1",
    "f == 0.1",
    "f != 0.1",
    "f >= 0.1",
    "f > x",
    "f < g",
    "f == g",
    "f != g",
    "f in [0.1, 2.5, 0]",
    "x in [0, 0.1, 1]",
    "x not in [0, 0.1, 1]",
    "i in [1, 2, -7]",
    "i not in [1, 2, -7]",
    "s in ['gamma', 'x']",
    "s not in ['gamma', 'x']",
    "i > 2",
    "i > 2.5",
    "i != 3",
    "i == j",
    "i < j",
    "i > x",
    "j == u",
    "l > 9007199254740992",
    "l == 9007199254740993",
    "l < 9007199254740993.0",
    "q > 9223372036854775807",
    "q == 18446744073709551615",
    "q > l",
    "l < q",
    "l != q",
    "q in [1, 18446744073709551615]",
    "b",
    "not b",
    "b == True",
    "b != True",
    "b & x > 0",
    "s == 'gamma'",
    "s != 'gamma'",
    "s < 'b'",
    "s == \"πß'\\\\\"",
    "isnan(x)",
    "not isnan(x)",
    "x.isnull()",
    "i.isnull()",
    "s.isnull()",
    "b.isnull()",
    "x.notnull()",
    "isinf(x)",
    "isfinite(x)",
    "isfinite(f)",
    "x + y > 1",
    "x / y > 1",
    "x / y == inf",
    "i / j > 1",
    "x % y > 1",
    "i % 3 == 1",
    "i // 2 < 0",
    "l + 1 > 0",
    "l - l == 0",
    "l * 2 > 0",
    "-l > 0",
    "abs(l) > 5",
    "q + 1 > 5",
    "s.str.startswith('g')",
    "s.str.contains('S')",
    "s.str.endswith(('a', '0'))",
    "s.str.len() > 4",
    "s.str.lower() == 'k_s0'",
    "s.str.upper() == 'GAMMA'",
    "min(x, y) > 0",
    "max(x, y) > 0",
    "where(x > 0, x, y) > 1",
    "sqrt(x) > 1",
    "log(x) < 0",
    "x ** 2 > 1",
    "x ** y >= 1 & x.notnull() & y.notnull()",
    "(x > 0) != (y > 0)",
];

const VALUES: &[&str] = &[
    "x + y",
    "x - y",
    "x * y",
    "x / y",
    "x / 0",
    "x / -0.0",
    "1 / y",
    "x // y",
    "x % y",
    "x // 2",
    "x % 2",
    "x % -2.5",
    "x ** y",
    "x ** 2",
    "x ** 3",
    "x ** 0.5",
    "-x",
    "abs(x)",
    "f + g",
    "f * g",
    "f / g",
    "f - 0.1",
    "f * 0.1",
    "f % g",
    "f // g",
    "f ** 2",
    "-f",
    "f + x",
    "f + i",
    "i + j",
    "i - j",
    "i * j",
    "i / j",
    "i // 3",
    "i % 3",
    "i // -3",
    "i % -3",
    "i % j",
    "i // j",
    "-i",
    "abs(i)",
    "u + u",
    "u - u",
    "u * u",
    "-u",
    "i ** 2",
    "j ** 3",
    "i + 1.5",
    "l / 2",
    "l * 1.0",
    "q * 1.0",
    "i & 6",
    "i | 6",
    "~i",
    "sqrt(x)",
    "sqrt(f)",
    "exp(x)",
    "expm1(x)",
    "log(x)",
    "log2(x)",
    "log10(x)",
    "log1p(x)",
    "log(f)",
    "sin(x)",
    "cos(x)",
    "tan(x)",
    "arcsin(x)",
    "arccos(x)",
    "arctan(x)",
    "sinh(x)",
    "cosh(x)",
    "tanh(x)",
    "arcsinh(x)",
    "arccosh(x)",
    "arctanh(x)",
    "floor(x)",
    "ceil(x)",
    "round(x)",
    "round(x, 1)",
    "floor(f)",
    "sign(x)",
    "radians(x)",
    "degrees(x)",
    "arctan2(x, y)",
    "arctan2(f, g)",
    "hypot(x, y)",
    "min(x, y)",
    "max(x, y)",
    "min(i, j)",
    "max(i, u)",
    "min(f, g)",
    "max(x, 0)",
    "where(x > y, x, y)",
    "where(b, i, j)",
    "where(s == 'gamma', 'a', s)",
    "where(x > 0, 1, 0)",
    "x > 2",
    "isnan(x)",
    "s.str.lower()",
    "s.str.upper()",
    "s.str.len()",
    "i",
    "x",
    "f",
    "q",
    "l",
    "b",
    "s",
    "sqrt(x ** 2 + y ** 2) / (1 + abs(x / y))",
];

struct Files {
    _folder: tempfile::TempDir,
    data: data::Data,
}

fn files() -> Files {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("special.parquet");
    let options = sources::parquet::WriteOptions { row_group: 50, ..Default::default() };
    sources::parquet::write(&path, &special(), &options).expect("a file");
    Files { data: data::load(&path).expect("the file"), _folder: folder }
}

#[test]
fn each_condition_keeps_the_same_rows() {
    let _turn = together();
    let files = files();
    for Under { name, server } in servers_with_and_without_errors("meaning") {
        let there = files.data.on(&server);
        let mut wrong = Vec::new();
        for condition in CONDITIONS {
            let here =
                files.data.query(*condition).column("row").unwrap_or_else(|error| panic!("{condition}: {error}"));
            match there.query(*condition).column("row") {
                Ok(rows) if rows == here => {}
                Ok(rows) => wrong.push(format!("{condition}: {} rows here, {} there", here.len(), rows.len())),
                Err(error) => wrong.push(format!("{condition}: {error}")),
            }
        }
        assert!(wrong.is_empty(), "{name}: {} of {} differ:\n{}", wrong.len(), CONDITIONS.len(), wrong.join("\n"));
    }
}

/// What is at a row, but for the last digits of functions that libraries round differently.
fn equal(one: &AnyValue<'_>, other: &AnyValue<'_>) -> bool {
    let missing = |value: &AnyValue<'_>| match value {
        AnyValue::Null => true,
        AnyValue::Float64(value) => value.is_nan(),
        AnyValue::Float32(value) => value.is_nan(),
        _ => false,
    };
    match (one, other) {
        (one, other) if missing(one) || missing(other) => missing(one) && missing(other),
        (AnyValue::Float64(one), AnyValue::Float64(other)) => near(*one, *other),
        (AnyValue::Float32(one), AnyValue::Float32(other)) => {
            one == other || (one - other).abs() <= 1e-6 * one.abs().max(other.abs())
        }
        (one, other) => one == other,
    }
}

#[test]
fn each_expression_has_the_same_values() {
    let _turn = together();
    let files = files();
    for Under { name, server } in servers_with_and_without_errors("meaning") {
        let mut wrong = Vec::new();
        for text in VALUES {
            let frame = |data: &data::Group| data.define("made", *text).select(["x", "y", "made"]).collect();
            let here = frame(&files.data).unwrap_or_else(|error| panic!("{text}: {error}"));
            let there = match frame(&files.data.on(&server)) {
                Ok(there) => there,
                Err(error) => {
                    wrong.push(format!("{text}: {error}"));
                    continue;
                }
            };
            let (one, other) = (here.column("made").unwrap(), there.column("made").unwrap());
            if one.dtype() != other.dtype() || one.len() != other.len() {
                wrong.push(format!("{text}: {} x {} and {} x {}", one.dtype(), one.len(), other.dtype(), other.len()));
                continue;
            }
            let differs = (0..one.len()).find(|&row| !equal(&one.get(row).unwrap(), &other.get(row).unwrap()));
            if let Some(row) = differs {
                let at = |frame: &DataFrame, name: &str| frame.column(name).unwrap().get(row).unwrap().to_string();
                wrong.push(format!(
                    "{text}: row {row} (x {}, y {}) is {} here, {} there",
                    at(&here, "x"),
                    at(&here, "y"),
                    at(&here, "made"),
                    at(&there, "made")
                ));
            }
        }
        assert!(wrong.is_empty(), "{name}: {} of {} differ:\n{}", wrong.len(), VALUES.len(), wrong.join("\n"));
    }
}

#[test]
fn what_has_no_exact_words_is_refused_by_name() {
    let _turn = together();
    let files = files();
    for Under { name, server } in servers("meaning") {
        let there = files.data.on(&server);
        for (text, word) in [
            ("x > x.mean()", "x.mean()"),
            ("s.str.contains('g.m', regex=True)", "regular expressions"),
            ("s.str.strip() == 'a'", "spaces"),
        ] {
            let error = there.query(text).count().unwrap_err().to_string();
            assert!(error.contains(word) && error.contains("write_parquet"), "{name}: {text}: {error}");
        }
        let f = cut::Value::function(|x| x[0]);
        let error = there.query("@f(x) > 1").bind("f", f).count().unwrap_err().to_string();
        assert!(error.contains("function"), "{name}: {error}");
    }
}
