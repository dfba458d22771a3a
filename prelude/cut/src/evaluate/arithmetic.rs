//! New values of old ones, row by row, with Python's rounding.

use crate::check::types::Type;
use crate::evaluate::integers::{self, Beyond};
use crate::evaluate::kernel::{Arg, collect, zip};
use crate::evaluate::lane::{Data, Lane, valid_in_all};
use crate::syntax::expr::Binary;
use std::borrow::Cow;

pub(crate) fn select<T: Copy>(marks: &[u8], yes: &Arg<T>, no: &Arg<T>) -> Vec<T> {
    marks.iter().enumerate().map(|(row, mark)| if *mark == 1 { yes.get(row) } else { no.get(row) }).collect()
}

pub(crate) fn pick<T: PartialOrd + Copy>(largest: bool, x: T, y: T) -> T {
    match x.partial_cmp(&y) {
        Some(std::cmp::Ordering::Less) => {
            if largest {
                y
            } else {
                x
            }
        }
        Some(_) => {
            if largest {
                x
            } else {
                y
            }
        }
        // One of them is NaN: that one.
        None => {
            if x.partial_cmp(&x).is_none() {
                x
            } else {
                y
            }
        }
    }
}

/// New values, missing where the old ones were.
pub(crate) fn map<'a>(lane: &Lane, data: Data<'a>) -> Lane<'a> {
    Lane { data, valid: lane.valid.as_ref().map(|valid| Cow::Owned(valid.to_vec())) }
}

pub(crate) fn negate<'a>(dtype: &Type, lane: &Lane, rows: usize) -> Result<Lane<'a>, Beyond> {
    let data = match dtype {
        Type::F32 => Data::F32(collect(rows, &lane.f32(), |x| -x).into()),
        Type::F64 => Data::F64(collect(rows, &lane.f64(), |x| -x).into()),
        _ => integers::unary(dtype, lane, rows, (i64::checked_neg, i128::checked_neg))?,
    };
    Ok(map(lane, data))
}

pub(crate) fn absolute<'a>(dtype: &Type, lane: &Lane, rows: usize) -> Result<Lane<'a>, Beyond> {
    let whole = || lane.digits().0;
    let data = match (dtype, &lane.data) {
        (Type::F32, _) => Data::F32(collect(rows, &lane.f32(), f32::abs).into()),
        (Type::F64, _) => Data::F64(collect(rows, &lane.f64(), f64::abs).into()),
        (Type::Int(width), Data::I128(..)) if !width.signed => Data::I128(collect(rows, &whole(), |x| x).into(), 0),
        (Type::Int(width), _) if !width.signed => Data::U64(collect(rows, &lane.u64(), |x| x).into()),
        (Type::Bool, _) => Data::Bool(collect(rows, &lane.bytes(), |x| x).into()),
        _ => integers::unary(dtype, lane, rows, (i64::checked_abs, i128::checked_abs))?,
    };
    Ok(map(lane, data))
}

pub(crate) fn invert<'a>(dtype: &Type, lane: &Lane, rows: usize) -> Result<Lane<'a>, Beyond> {
    integers::unary(dtype, lane, rows, (|x| Some(!x), |x| Some(!x))).map(|data| map(lane, data))
}

/// `sides` are the types of the sides.
pub(crate) fn arithmetic<'a>(
    op: Binary,
    dtype: &Type,
    sides: [&Type; 2],
    (left, right): (&Lane, &Lane),
    rows: usize,
) -> Result<Lane<'a>, Beyond> {
    let valid = valid_in_all(&[left, right]);
    let wide = sides.iter().any(|side| side.is_wide());
    let digits = !sides.iter().any(|side| side.is_float());
    let data = match dtype {
        Type::F32 => Data::F32(arithmetic_f32(op, &left.f32(), &right.f32(), rows).into()),
        Type::F64 if wide && digits && matches!(op, Binary::FloorDiv | Binary::Mod) => {
            Data::F64(integers::divided(op, left, right, rows).into())
        }
        Type::F64 => Data::F64(arithmetic_f64(op, &left.f64(), &right.f64(), rows).into()),
        _ => integers::arithmetic(op, dtype, wide, (left, right), valid.as_deref(), rows)?,
    };
    Ok(Lane { data, valid })
}

fn arithmetic_f64(op: Binary, a: &Arg<f64>, b: &Arg<f64>, rows: usize) -> Vec<f64> {
    match op {
        Binary::Add => zip(rows, a, b, |x, y| x + y),
        Binary::Sub => zip(rows, a, b, |x, y| x - y),
        Binary::Mul => zip(rows, a, b, |x, y| x * y),
        Binary::FloorDiv => zip(rows, a, b, |x, y| floor_divide(x, y).0),
        Binary::Mod => zip(rows, a, b, |x, y| floor_divide(x, y).1),
        Binary::Pow => match b {
            Arg::One(2.0) => zip(rows, a, b, |x, _| x * x),
            _ => zip(rows, a, b, f64::powf),
        },
        // Bits are those of integers.
        _ => zip(rows, a, b, |x, y| x / y),
    }
}

fn arithmetic_f32(op: Binary, a: &Arg<f32>, b: &Arg<f32>, rows: usize) -> Vec<f32> {
    match op {
        Binary::Add => zip(rows, a, b, |x, y| x + y),
        Binary::Sub => zip(rows, a, b, |x, y| x - y),
        Binary::Mul => zip(rows, a, b, |x, y| x * y),
        Binary::FloorDiv => zip(rows, a, b, |x, y| floor_divide(x.into(), y.into()).0 as f32),
        Binary::Mod => zip(rows, a, b, |x, y| floor_divide(x.into(), y.into()).1 as f32),
        Binary::Pow => zip(rows, a, b, f32::powf),
        _ => zip(rows, a, b, |x, y| x / y),
    }
}

/// Python's `//` and `%`: the remainder has the sign of the divisor.
fn floor_divide(x: f64, y: f64) -> (f64, f64) {
    if y == 0.0 {
        return (x / y, f64::NAN);
    }
    let mut rest = x % y;
    let mut quotient = (x - rest) / y;
    if rest != 0.0 {
        if (y < 0.0) != (rest < 0.0) {
            rest += y;
            quotient -= 1.0;
        }
    } else {
        rest = 0.0f64.copysign(y);
    }
    let mut floored = quotient.floor();
    if quotient - floored > 0.5 {
        floored += 1.0;
    }
    (if quotient == 0.0 { 0.0f64.copysign(x / y) } else { floored }, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down_as_python_does() {
        assert_eq!(floor_divide(-7.0, 2.0), (-4.0, 1.0));
        assert_eq!(floor_divide(7.0, -2.0), (-4.0, -1.0));
        assert_eq!(floor_divide(1.0, 0.0).0, f64::INFINITY);
    }
}
