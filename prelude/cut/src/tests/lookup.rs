//! Tables that cuts look up.

use super::{kept, values};
use crate::{Cut, Given, Lookup, Value, Wanted};
use polars::prelude::{DataFrame, df};

/// `@f(x, kind)`: ten times x between 0 and 7, with "up" one more; nothing outside.
struct Tenfold;

impl Lookup for Tenfold {
    fn name(&self) -> &str {
        "tenfold"
    }

    fn inputs(&self) -> Vec<Wanted> {
        vec![Wanted { name: "x".to_owned(), text: false }, Wanted { name: "kind".to_owned(), text: true }]
    }

    fn least(&self) -> usize {
        1
    }

    fn refuses(&self, _: usize, text: &str) -> Option<String> {
        (!["up", "nominal"].contains(&text)).then(|| format!("there is no \"{text}\""))
    }

    fn value(&self, given: &[Given<'_>]) -> Result<f64, String> {
        let x = match given[0] {
            Given::Number(x) if x.is_nan() => return Ok(f64::NAN),
            Given::Number(x) => x,
            Given::Integer(x) => x as f64,
            _ => return Ok(f64::NAN),
        };
        if !(0.0..7.0).contains(&x) {
            return Err(format!("`x` is {x}"));
        }
        match given.get(1) {
            None | Some(Given::Text("nominal")) => Ok(10.0 * x),
            Some(Given::Text("up")) => Ok(10.0 * x + 1.0),
            Some(Given::Missing) => Ok(f64::NAN),
            Some(other) => Err(format!("{other:?}")),
        }
    }

    fn identity(&self) -> String {
        "tenfold 1".to_owned()
    }
}

fn cut(text: &str) -> Cut {
    super::text(text).bind("f", Value::table(Tenfold))
}

fn frame() -> DataFrame {
    let x = [1.0, f64::NAN, 6.5, 9.0, -1.0, 2.0];
    let kind = [Some("up"), Some("up"), Some("nominal"), Some("up"), None, None];
    df!("x" => x, "i" => [Some(1_i32), Some(2), None, Some(8), Some(3), Some(0)], "kind" => kind).unwrap()
}

#[test]
fn a_table_is_asked_only_for_rows_that_pass_the_rest() {
    let frame = frame();
    assert_eq!(kept(cut("@f(x) > 15 & x < 7 & x >= 0"), &frame), [2, 5]);
    assert_eq!(kept(cut("(0 <= x & x < 7 & @f(x, kind) > 10.5) | i == 8"), &frame), [0, 2, 3]);
    assert_eq!(kept(cut("where(x >= 0 & x < 7, @f(x), 100) > 30"), &frame), [1, 2, 3, 4]);
    let all = values(cut("where(x >= 0 & x < 7, @f(x, kind) + @f(x), -1)"), &frame);
    let all: Vec<f64> = all.f64().unwrap().iter().map(|value| value.unwrap_or(f64::NAN)).collect();
    assert_eq!((all[0], all[2], all[1], all[3]), (21.0, 130.0, -1.0, -1.0));
    assert!(all[5].is_nan());
    let whole = values(cut("@f(i % 3, \"up\")"), &frame);
    assert_eq!(whole.f64().unwrap().get(0), Some(11.0));
    assert!(whole.f64().unwrap().get(2).unwrap().is_nan());
}

#[test]
fn a_row_without_a_value_is_an_error() {
    let frame = frame();
    let typed = cut("@f(x) > 15").check(frame.schema()).unwrap();
    let said = typed.mask(&frame).unwrap_err().to_string();
    assert!(said.starts_with("the table `tenfold` has no value for a row: `x` is 9; select rows"), "{said}");
    let typed = cut("@f(x)").check(frame.schema()).unwrap();
    assert!(typed.values(&frame).unwrap_err().to_string().contains("`x` is 9"));
}

#[test]
fn what_is_given_is_checked_before_rows_are_read() {
    let say = |text: &str| cut(text).check(frame().schema()).unwrap_err().to_string();
    assert!(say("@f() > 1").contains("the table takes @f(x, kind?: text), not 0 values"));
    assert!(say("@f(x, 'upp') > 1").contains("there is no \"upp\""));
    assert!(say("@f(kind) > 1").contains("kind is text, not a number"));
    assert!(say("@f(x, i) > 1").contains("i is i32, and `kind` is a text"));
    let typed = cut("@f(x, 'up') > 1").check(frame().schema()).unwrap();
    assert!(typed.fingerprint().unwrap().contains("tenfold 1"), "{:?}", typed.fingerprint());
}
