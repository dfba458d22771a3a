//! Whole numbers beyond 64 bits, decimals and times, digit for digit: no way leads through a floating point number.

use crate::syntax::expr::Compare;
use crate::value::Value;
use std::cmp::Ordering;

/// A number as digits, and how many of them stand behind the point.
pub(crate) type Exact = (i128, u8);

/// Reads a number as it is written in a cut: `-1_000.25`, `.5`, `1e-3`. `None` when it has more digits than fit.
pub(crate) fn parse(text: &str) -> Option<Exact> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (mut number, mut scale, mut behind, mut any) = (0_i128, 0_i32, false, false);
    for sign in digits.chars() {
        match sign {
            '.' if !behind => behind = true,
            '_' => {}
            _ => {
                number = number.checked_mul(10)?.checked_add(i128::from(sign.to_digit(10)?))?;
                scale += i32::from(behind);
                any = true;
            }
        }
    }
    scale = scale.checked_sub(exponent)?;
    while scale > 0 && number % 10 == 0 {
        (number, scale) = (number / 10, scale - 1);
    }
    if scale < 0 {
        (number, scale) = (number.checked_mul(power(scale.unsigned_abs())?)?, 0);
    }
    any.then_some((if negative { -number } else { number }, u8::try_from(scale).ok()?))
}

/// A literal as digits; of a floating point number the shortest that are read back as it.
pub(crate) fn of(value: &Value) -> Option<Exact> {
    match value {
        Value::Bool(value) => Some((i128::from(*value), 0)),
        Value::Int(value) | Value::Sized(value, _) | Value::Time(value) => Some((*value, 0)),
        Value::Duration(value) => Some((i128::from(*value), 0)),
        Value::Decimal(digits, scale) => Some((*digits, *scale)),
        Value::Float(value) => parse(&value.to_string()),
        _ => None,
    }
}

/// The nearest floating point number.
pub(crate) fn float((digits, scale): Exact) -> f64 {
    if scale == 0 {
        return digits as f64;
    }
    if digits.unsigned_abs() < 1 << 53 && scale <= 22 {
        // Both are exact, so that the quotient is rounded once.
        return digits as f64 / 10f64.powi(scale.into());
    }
    format!("{digits}e-{scale}").parse().unwrap_or(f64::NAN)
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// The order of two numbers.
pub(crate) fn compare(a: Exact, b: Exact) -> Ordering {
    if a.1 > b.1 {
        return compare(b, a).reverse();
    }
    match power(u32::from(b.1 - a.1)).and_then(|power| a.0.checked_mul(power)) {
        Some(digits) => digits.cmp(&b.0),
        // Larger than every number of the other scale.
        None => a.0.cmp(&0),
    }
}

/// A number as digits of another scale; `None` where it has more of them.
pub(crate) fn rescaled((digits, scale): Exact, to: u8) -> Option<i128> {
    if scale <= to {
        return digits.checked_mul(power(u32::from(to - scale))?);
    }
    let power = power(u32::from(scale - to))?;
    (digits % power == 0).then_some(digits / power)
}

/// The comparison of the digits of a column that means the same as one with a number, or the truth that holds for all.
pub(crate) fn at_scale(op: Compare, number: Exact, scale: u8) -> Result<(Compare, i128), bool> {
    if number.1 <= scale {
        return match rescaled(number, scale) {
            Some(bound) => Ok((op, bound)),
            None if number.0 > 0 => Err(matches!(op, Compare::Lt | Compare::Le | Compare::Ne)),
            None => Err(matches!(op, Compare::Gt | Compare::Ge | Compare::Ne)),
        };
    }
    // Below one unit whatever the digits are where the power does not fit.
    in_units(op, number.0, power(u32::from(number.1 - scale)).unwrap_or(i128::MAX))
}

/// The comparison of a column of whole units (`unit` of something finer) that means the same as one with a number of the
/// finer ones.
pub(crate) fn in_units(op: Compare, number: i128, unit: i128) -> Result<(Compare, i128), bool> {
    let floor = number.div_euclid(unit);
    if number.rem_euclid(unit) == 0 {
        return Ok((op, floor));
    }
    match op {
        Compare::Lt | Compare::Le => Ok((Compare::Le, floor)),
        Compare::Gt | Compare::Ge => Ok((Compare::Gt, floor)),
        _ => Err(op == Compare::Ne),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_digit_for_digit() {
        assert_eq!(parse("12345678901234567890.12"), Some((1_234_567_890_123_456_789_012, 2)));
        assert_eq!(parse("-.50"), Some((-5, 1)));
        assert_eq!(parse("1_000e-2"), Some((10, 0)));
        assert_eq!(parse("2.5e3"), Some((2500, 0)));
        assert_eq!((parse("1e40"), parse("e1"), parse("nan"), parse("")), (None, None, None, None));
        assert_eq!(of(&Value::Float(0.1)), Some((1, 1)));
        assert_eq!(float((1_234_567_890_123_456_789_012, 2)), 12345678901234567890.12);
        assert_eq!(float((1, 1)), 0.1);
    }

    #[test]
    fn orders_hold_where_digits_do_not_fit() {
        assert_eq!(compare((i128::MAX, 0), (1, 38)), Ordering::Greater);
        assert_eq!(compare((i128::MIN, 0), (-1, 38)), Ordering::Less);
        assert_eq!(compare((1, 1), (10, 2)), Ordering::Equal);
        assert_eq!(compare((11, 2), (1, 1)), Ordering::Greater);
    }

    /// Against the definition, over all comparisons.
    #[test]
    fn a_bound_in_other_units_keeps_the_same_rows() {
        use Compare::{Eq, Ge, Gt, Le, Lt, Ne};
        for op in [Lt, Le, Gt, Ge, Eq, Ne] {
            for number in -25..=25_i128 {
                for value in -3..=3_i128 {
                    let holds = |op: Compare, a: i128, b: i128| match op {
                        Lt => a < b,
                        Le => a <= b,
                        Gt => a > b,
                        Ge => a >= b,
                        Eq => a == b,
                        _ => a != b,
                    };
                    let bounded = |bound: Result<(Compare, i128), bool>| {
                        bound.map_or_else(|truth| truth, |(op, bound)| holds(op, value, bound))
                    };
                    assert_eq!(
                        bounded(in_units(op, number, 10)),
                        holds(op, value * 10, number),
                        "{value} {op:?} {number}"
                    );
                    assert_eq!(bounded(at_scale(op, (number, 1), 0)), holds(op, value * 10, number));
                    assert_eq!(bounded(at_scale(op, (number, 0), 1)), holds(op, value, number * 10));
                }
            }
        }
    }
}
