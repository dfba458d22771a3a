//! Arithmetic of whole numbers, decimals and times that never wraps around and never stops at the largest number: what does
//! not fit in 64 bits goes on in 128, and what does not fit in those is an error.

use crate::check::exact::{self, Exact};
use crate::check::types::Type;
use crate::evaluate::kernel::{Arg, collect, zip};
use crate::evaluate::lane::{Data, Lane, integer};
use crate::syntax::expr::Binary;
use crate::value::Value;
use std::cell::Cell;

/// A result that no type holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beyond(String);

impl Beyond {
    fn of(written: String, bits: u8) -> Self {
        Self(format!(
            "`{written}` does not fit in {bits} bits; multiply by 1.0 first to go on with floating point numbers"
        ))
    }

    /// A value of a column, which has 64 bits.
    pub fn column(value: i128) -> Self {
        Self::of(value.to_string(), 64)
    }

    /// With the text of the expression, where it is known.
    pub fn error(&self, text: &str) -> segment::Error {
        let Self(reason) = self;
        segment::Error::request(if text.is_empty() { reason.clone() } else { format!("{text}: {reason}") })
    }
}

/// Integers, decimals or times of two sides; `wide` says that one of them has 64 bits or more.
pub(crate) fn arithmetic<'a>(
    op: Binary,
    dtype: &Type,
    wide: bool,
    (left, right): (&Lane, &Lane),
    valid: Option<&[u8]>,
    rows: usize,
) -> Result<Data<'a>, Beyond> {
    let quick = match dtype {
        Type::Exact(_) => None,
        Type::Int(width) if !width.signed => unsigned(op, wide, left, right, rows).map(|made| Data::U64(made.into())),
        _ => signed(op, wide, left, right, rows).map(|made| Data::I64(made.into())),
    };
    if let Some(data) = quick {
        return Ok(data);
    }
    let ((a, s), (b, t)) = (left.digits(), right.digits());
    let one = |row: usize| {
        let (x, y) = ((a.get(row), s), (b.get(row), t));
        let number = |(digits, scale): Exact| Value::Decimal(digits, scale);
        calculated(op, x, y, decimals(dtype))
            .ok_or_else(|| Beyond::of(format!("{} {} {}", number(x), op.symbol(), number(y)), 128))
    };
    each(valid, rows, one).map(|values| narrowed(values, dtype))
}

/// `-x`, `abs(x)` and `~x` by a function of the digits.
pub(crate) fn unary<'a>(
    dtype: &Type,
    lane: &Lane,
    rows: usize,
    (quick, exact): (fn(i64) -> Option<i64>, fn(i128) -> Option<i128>),
) -> Result<Data<'a>, Beyond> {
    if !matches!(dtype, Type::Exact(_)) && fits_i64(lane) {
        let beyond = Cell::new(false);
        let made = collect(rows, &lane.i64(), |x| {
            quick(x).unwrap_or_else(|| {
                beyond.set(true);
                0
            })
        });
        if !beyond.get() {
            return Ok(Data::I64(made.into()));
        }
    }
    let (digits, scale) = lane.digits();
    let one = |row: usize| {
        let x = digits.get(row);
        exact(x).ok_or_else(|| Beyond::of(Value::Decimal(x, scale).to_string(), 128))
    };
    each(lane.valid.as_deref(), rows, one).map(|values| narrowed(values, dtype))
}

/// Python's `//` and `%` of integers by anything, zero included, as the nearest floating point numbers.
pub(crate) fn divided(op: Binary, left: &Lane, right: &Lane, rows: usize) -> Vec<f64> {
    let ((a, s), (b, t)) = (left.digits(), right.digits());
    let one = |row: usize| {
        let (x, y) = ((a.get(row), s), (b.get(row), t));
        let scale = if op == Binary::Mod { s.max(t) } else { 0 };
        match (y.0, calculated(op, x, y, scale)) {
            (0, _) if op == Binary::Mod => f64::NAN,
            (0, _) => exact::float(x) / 0.0,
            (_, Some(digits)) => exact::float((digits, scale)),
            (_, None) => f64::NAN,
        }
    };
    let missing = |row: usize| !left.is_valid(row) || !right.is_valid(row);
    (0..rows).map(|row| if missing(row) { f64::NAN } else { one(row) }).collect()
}

/// Values as digits of one scale.
pub(crate) fn at_scale(lane: &Lane, scale: u8, rows: usize) -> Result<Vec<i128>, Beyond> {
    let (digits, own) = lane.digits();
    let one = |row: usize| {
        let number = (digits.get(row), own);
        let too_long = || Beyond::of(Value::Decimal(number.0, own).to_string(), 128);
        exact::rescaled(number, scale).ok_or_else(too_long)
    };
    each(lane.valid.as_deref(), rows, one)
}

/// Digits in the narrowest form that holds all of them.
pub(crate) fn narrowed<'a>(values: Vec<i128>, dtype: &Type) -> Data<'a> {
    let whole_u64 = || values.iter().map(|x| u64::try_from(*x).ok()).collect::<Option<Vec<_>>>();
    let whole_i64 = || values.iter().map(|x| i64::try_from(*x).ok()).collect::<Option<Vec<_>>>();
    let narrow = match dtype {
        Type::Exact(_) => None,
        Type::Int(width) if !width.signed => whole_u64().map(|made| Data::U64(made.into())),
        _ => whole_i64().map(|made| Data::I64(made.into())),
    };
    narrow.unwrap_or_else(|| Data::I128(values.into(), decimals(dtype)))
}

/// How many digits of a type stand behind the point.
pub(crate) fn decimals(dtype: &Type) -> u8 {
    if let Type::Exact(scale) = dtype { *scale } else { 0 }
}

fn each(valid: Option<&[u8]>, rows: usize, one: impl Fn(usize) -> Result<i128, Beyond>) -> Result<Vec<i128>, Beyond> {
    // What stands where a value is missing means nothing.
    (0..rows).map(|row| if valid.is_some_and(|valid| valid[row] == 0) { Ok(0) } else { one(row) }).collect()
}

fn fits_i64(lane: &Lane) -> bool {
    match &lane.data {
        Data::U64(values) => values.iter().all(|x| i64::try_from(*x).is_ok()),
        Data::I128(..) => false,
        Data::One(Value::Decimal(..)) => false,
        Data::One(value) => i64::try_from(integer(value)).is_ok(),
        _ => true,
    }
}

fn fits_u64(lane: &Lane) -> bool {
    match &lane.data {
        Data::I128(..) | Data::One(Value::Decimal(..)) => false,
        Data::One(value) => u64::try_from(integer(value)).is_ok(),
        _ => true,
    }
}

/// `None` when a result does not fit.
fn signed(op: Binary, wide: bool, left: &Lane, right: &Lane, rows: usize) -> Option<Vec<i64>> {
    if wide && !(fits_i64(left) && fits_i64(right)) {
        return None;
    }
    let (a, b) = (&left.i64(), &right.i64());
    let beyond = Cell::new(false);
    let note = |(value, over): (i64, bool)| {
        beyond.set(beyond.get() | (wide & over));
        value
    };
    let made = match op {
        Binary::Add => zip(rows, a, b, |x, y| note(x.overflowing_add(y))),
        Binary::Sub => zip(rows, a, b, |x, y| note(x.overflowing_sub(y))),
        Binary::Mul => zip(rows, a, b, |x, y| note(x.overflowing_mul(y))),
        Binary::FloorDiv if nonzero(b) => zip(rows, a, b, |x, y| note((floor_divide(x, y).0, over(x, y)))),
        Binary::Mod if nonzero(b) => zip(rows, a, b, |x, y| note((floor_divide(x, y).1, over(x, y)))),
        Binary::BitAnd => zip(rows, a, b, |x, y| x & y),
        Binary::BitOr => zip(rows, a, b, |x, y| x | y),
        _ => return None,
    };
    (!beyond.get()).then_some(made)
}

/// The one quotient that does not fit.
fn over(x: i64, y: i64) -> bool {
    x == i64::MIN && y == -1
}

fn nonzero<T: Copy + Default + PartialEq>(divisor: &Arg<T>) -> bool {
    matches!(divisor, Arg::One(value) if *value != T::default())
}

fn floor_divide(x: i64, y: i64) -> (i64, i64) {
    let (quotient, rest) = (x.wrapping_div(y), x.wrapping_rem(y));
    if rest != 0 && (rest < 0) != (y < 0) { (quotient - 1, rest + y) } else { (quotient, rest) }
}

/// `None` when a result does not fit.
fn unsigned(op: Binary, wide: bool, left: &Lane, right: &Lane, rows: usize) -> Option<Vec<u64>> {
    if wide && !(fits_u64(left) && fits_u64(right)) {
        return None;
    }
    let (a, b) = (&left.u64(), &right.u64());
    let beyond = Cell::new(false);
    let note = |(value, over): (u64, bool)| {
        beyond.set(beyond.get() | (wide & over));
        value
    };
    let made = match op {
        Binary::Add => zip(rows, a, b, |x, y| note(x.overflowing_add(y))),
        Binary::Mul => zip(rows, a, b, |x, y| note(x.overflowing_mul(y))),
        Binary::FloorDiv if nonzero(b) => zip(rows, a, b, |x, y| x / y),
        Binary::Mod if nonzero(b) => zip(rows, a, b, |x, y| x % y),
        Binary::BitAnd => zip(rows, a, b, |x, y| x & y),
        Binary::BitOr => zip(rows, a, b, |x, y| x | y),
        _ => return None,
    };
    (!beyond.get()).then_some(made)
}

/// Digits of the scale `to`.
fn calculated(op: Binary, x: Exact, y: Exact, to: u8) -> Option<i128> {
    let same = x.1.max(y.1);
    let both = || Some((exact::rescaled(x, same)?, exact::rescaled(y, same)?));
    match op {
        Binary::Add => both().and_then(|(x, y)| exact::rescaled((x.checked_add(y)?, same), to)),
        Binary::Sub => both().and_then(|(x, y)| exact::rescaled((x.checked_sub(y)?, same), to)),
        Binary::Mul => exact::rescaled((x.0.checked_mul(y.0)?, x.1 + y.1), to),
        Binary::Pow => match u32::try_from(y.0) {
            Ok(exponent) => x.0.checked_pow(exponent),
            Err(_) => match x.0 {
                0 | 1 => Some(x.0),
                -1 => Some(if y.0 % 2 == 0 { 1 } else { -1 }),
                _ => None,
            },
        },
        Binary::BitAnd => Some(x.0 & y.0),
        Binary::BitOr => Some(x.0 | y.0),
        Binary::Shl => shifted(x.0, y.0),
        Binary::Shr => shifted(x.0, y.0.checked_neg()?),
        Binary::FloorDiv | Binary::Mod | Binary::Div | Binary::Xor => {
            let (x, y) = both()?;
            let (quotient, rest) = (x.checked_div(y)?, x.checked_rem(y)?);
            let below = rest != 0 && (rest < 0) != (y < 0);
            if op == Binary::FloorDiv {
                exact::rescaled((quotient - i128::from(below), 0), to)
            } else {
                exact::rescaled((if below { rest + y } else { rest }, same), to)
            }
        }
    }
}

/// The bits of a number moved to the left, or by a negative number to the right.
fn shifted(x: i128, by: i128) -> Option<i128> {
    if by <= 0 {
        return Some(x >> by.unsigned_abs().min(127));
    }
    let power = 1_i128.checked_shl(u32::try_from(by).ok()?).filter(|power| *power > 0);
    if x == 0 { Some(0) } else { x.checked_mul(power?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down_as_python_does() {
        assert_eq!((floor_divide(-7, 2), floor_divide(7, -2)), ((-4, 1), (-4, -1)));
        assert_eq!(calculated(Binary::FloorDiv, (-7, 0), (2, 0), 0), Some(-4));
        assert_eq!(calculated(Binary::Mod, (-75, 1), (2, 0), 1), Some(5), "-7.5 % 2 == 0.5");
        assert_eq!(calculated(Binary::FloorDiv, (i64::MIN.into(), 0), (-1, 0), 0), Some(1 << 63));
    }

    #[test]
    fn bits_move() {
        let moved = |op, x, by| calculated(op, (x, 0), (by, 0), 0);
        assert_eq!((moved(Binary::Shl, 5, 3), moved(Binary::Shr, 40, 3)), (Some(40), Some(5)));
        assert_eq!((moved(Binary::Shr, -5, 1), moved(Binary::Shl, -5, -1)), (Some(-3), Some(-3)), "as Python does");
        assert_eq!((moved(Binary::Shl, 1, 126), moved(Binary::Shl, 1, 127)), (Some(1 << 126), None));
        assert_eq!((moved(Binary::Shl, 0, 1000), moved(Binary::Shl, 3, 1000)), (Some(0), None));
        assert_eq!((moved(Binary::Shr, 7, 1000), moved(Binary::Shr, -7, 1000)), (Some(0), Some(-1)));
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        assert_eq!(calculated(Binary::Pow, (10, 0), (38, 0), 0), Some(10_i128.pow(38)));
        assert_eq!(calculated(Binary::Pow, (10, 0), (39, 0), 0), None);
        assert_eq!(calculated(Binary::Pow, (-1, 0), (1 << 40, 0), 0), Some(1));
        assert_eq!(calculated(Binary::Mul, (i128::MAX, 0), (2, 0), 0), None);
        assert_eq!(calculated(Binary::Add, (15, 1), (25, 2), 2), Some(175), "1.5 + 0.25");
    }
}
