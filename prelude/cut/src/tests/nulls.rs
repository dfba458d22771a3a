//! Nulls under every operator and function: an expression asked in a condition means what it means as a column, and a null
//! operand makes a number missing, also where IEEE has an answer for NaN (`x ** 0`, `1 ** x`, `hypot(inf, x)`).

use super::{text, typed};
use crate::words::{FUNCTIONS, OPERATORS};
use polars::prelude::*;

/// Every type with nulls in it, so that each pair of columns meets with one null, the other, and both.
fn frame() -> DataFrame {
    let floats = [Some(1.0), None, Some(f64::NAN), Some(f64::INFINITY), Some(-0.0), Some(2.5), None, Some(-1.0)];
    let whole = [Some(0), Some(1), None, Some(-3), Some(2), None, Some(7), Some(1)];
    let x = |at: usize| floats[at % 8];
    let n = |at: usize| whole[at / 3 % 8];
    let u = |at: usize| whole[at / 5 % 8].map(i32::unsigned_abs);
    let rows = 0..48;
    df!(
        "x" => rows.clone().map(x).collect::<Vec<_>>(),
        "f" => rows.clone().map(|at| x(at / 2 + 3).map(|x| x as f32)).collect::<Vec<_>>(),
        "n" => rows.clone().map(|at| n(at).map(i64::from)).collect::<Vec<_>>(),
        "m" => rows.clone().map(|at| n(at + 7).map(|n| n as i8)).collect::<Vec<_>>(),
        "u" => rows.clone().map(u).collect::<Vec<_>>(),
        "b" => rows.clone().map(|at| n(at + 2).map(|n| n > 0)).collect::<Vec<_>>(),
        "s" => rows.map(|at| n(at).map(|n| if n > 0 { "Mu" } else { "" })).collect::<Vec<_>>(),
    )
    .unwrap()
}

const NUMBERS: [&str; 6] = ["x", "f", "n", "m", "u", "b"];
const LITERALS: [&str; 7] = ["0", "1", "2", "-1", "0.5", "inf", "None"];
const METHODS: [&str; 9] = [
    "{}.fillna(1)",
    "{}.clip(0, 2)",
    "{}.abs()",
    "{}.round()",
    "{}.pow(0)",
    "where({} > 1, {}, 0)",
    "where({}.isna(), 1, {})",
    "-{}",
    "~{}",
];

/// Expressions of one operation, and the columns that are its operands.
fn operations() -> Vec<(String, Vec<&'static str>)> {
    let mut all = Vec::new();
    let arithmetic = OPERATORS.iter().map(|(_, word)| word).filter(|word| word.form == format!("a {} b", word.name));
    let two: Vec<&str> = arithmetic.map(|word| word.name).filter(|name| !name.contains(['=', '<', '>', 'i'])).collect();
    assert!(two.contains(&"**") && two.contains(&"&") && two.len() > 7, "{two:?}");
    let mut both = |form: &dyn Fn(&str, &str) -> String| {
        for a in NUMBERS {
            for b in NUMBERS {
                all.push((form(a, b), vec![a, b]));
            }
            for literal in LITERALS {
                all.push((form(a, literal), vec![a]));
                all.push((form(literal, a), vec![a]));
            }
        }
    };
    for name in two.into_iter().chain(["<<", ">>"]) {
        both(&|a, b| format!("({a}) {name} ({b})"));
    }
    let mut one = Vec::new();
    let numbers =
        FUNCTIONS.iter().find(|(title, _)| *title == "Functions of numbers").map(|(_, words)| *words).unwrap();
    for word in numbers {
        match word.form.contains(", y") {
            true => both(&|a, b| format!("{}({a}, {b})", word.name)),
            false => one.extend(NUMBERS.map(|a| (format!("{}({a})", word.name), vec![a]))),
        }
    }
    all.extend(one);
    for method in METHODS {
        all.extend(NUMBERS.map(|a| (method.replace("{}", a), vec![])));
    }
    all.sort();
    all.dedup();
    all
}

/// The rows that a condition keeps.
fn rows(condition: &str, frame: &DataFrame) -> Option<Vec<bool>> {
    let typed = text(condition).check(frame.schema()).ok()?.selection().ok()?;
    Some(typed.mask(frame).unwrap().iter().map(|kept| kept == Some(true)).collect())
}

const CONDITIONS: [&str; 8] =
    ["{} >= 1", "{} < 1", "{} != 1", "not {} >= 1", "{} in [0, 1, 2]", "{}.isna()", "{} >= x", "{}.fillna(-7) == -7"];

#[test]
fn a_condition_asks_what_the_column_says() {
    let frame = frame();
    let mut asked = 0;
    for (expression, _) in operations() {
        let Ok(typed) = text(&expression).check(frame.schema()) else { continue };
        let Ok(values) = typed.values(&frame) else { continue };
        let mut with = frame.clone();
        with.with_column(values.with_name("v".into()).into_column()).unwrap();
        for condition in CONDITIONS {
            let inline = rows(&condition.replace("{}", &format!("({expression})")), &frame);
            let defined = rows(&condition.replace("{}", "v"), &with);
            let (Some(inline), Some(defined)) = (inline, defined) else { continue };
            assert_eq!(inline, defined, "{condition} of {expression}: {:?}", with.column("v").unwrap());
            asked += 1;
        }
    }
    assert!(asked > 10_000, "{asked}");
}

#[test]
fn a_null_operand_makes_a_number_missing() {
    let frame = frame();
    let mut seen = 0;
    for (expression, operands) in operations() {
        let Ok(typed) = text(&expression).check(frame.schema()) else { continue };
        if typed.dtype() == DataType::Boolean {
            continue;
        }
        let Ok(values) = typed.values(&frame) else { continue };
        let is_null: Vec<_> = operands.iter().map(|name| frame.column(name).unwrap().is_null()).collect();
        let missing = values.is_null();
        for row in 0..frame.height() {
            if is_null.iter().any(|nulls| nulls.get(row) == Some(true)) {
                assert_eq!(missing.get(row), Some(true), "{expression}, row {row}: {values:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10_000, "{seen}");
}

#[test]
fn powers_of_nothing_are_as_documented() {
    let frame = df!("x" => [Some(1.5), Some(f64::NAN), None]).unwrap();
    assert_eq!(rows("x ** 0 >= 1", &frame).unwrap(), [true, true, false]);
    assert_eq!(rows("x ** 0 != 1", &frame).unwrap(), [false, false, true]);
    assert_eq!(rows("1 ** x == 1", &frame).unwrap(), [true, true, false]);
    assert_eq!(rows("hypot(x, inf) > 1", &frame).unwrap(), [true, true, false]);
    assert_eq!(
        typed(text("x ** 0"), &frame).values(&frame).unwrap().f64().unwrap().to_vec(),
        [Some(1.0), Some(1.0), None]
    );
}
