//! New values of old ones, row by row: never wrapping around, with Python's rounding.

use crate::check::types::Type;
use crate::evaluate::kernel::{Arg, zip};
use crate::evaluate::lane::{Data, Lane, valid_in_all};
use crate::syntax::expr::Binary;
use std::borrow::Cow;

pub(crate) fn collect<T: Copy, R>(rows: usize, values: &Arg<T>, apply: impl Fn(T) -> R) -> Vec<R> {
    match values {
        Arg::Many(values) => values.iter().map(|x| apply(*x)).collect(),
        Arg::One(value) => (0..rows).map(|_| apply(*value)).collect(),
    }
}

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

pub(crate) fn negate<'a>(dtype: &Type, lane: &Lane, rows: usize) -> Lane<'a> {
    let data = match dtype {
        Type::F32 => Data::F32(collect(rows, &lane.f32(), |x| -x).into()),
        Type::F64 => Data::F64(collect(rows, &lane.f64(), |x| -x).into()),
        _ => Data::I64(collect(rows, &lane.i64(), i64::saturating_neg).into()),
    };
    map(lane, data)
}

pub(crate) fn absolute<'a>(dtype: &Type, lane: &Lane, rows: usize) -> Lane<'a> {
    let data = match dtype {
        Type::F32 => Data::F32(collect(rows, &lane.f32(), f32::abs).into()),
        Type::F64 => Data::F64(collect(rows, &lane.f64(), f64::abs).into()),
        Type::Int(width) if !width.signed => Data::U64(collect(rows, &lane.u64(), |x| x).into()),
        Type::Bool => Data::U64(collect(rows, &lane.u64(), |x| x).into()),
        _ => Data::I64(collect(rows, &lane.i64(), i64::saturating_abs).into()),
    };
    map(lane, data)
}

/// Integers of 64 bits stop at the largest and smallest there is; they never wrap around.
pub(crate) fn arithmetic<'a>(op: Binary, dtype: &Type, left: &Lane, right: &Lane, rows: usize) -> Lane<'a> {
    let data = match dtype {
        Type::F32 => Data::F32(arithmetic_f32(op, &left.f32(), &right.f32(), rows).into()),
        Type::F64 => Data::F64(arithmetic_f64(op, &left.f64(), &right.f64(), rows).into()),
        Type::Int(width) if !width.signed => Data::U64(arithmetic_u64(op, &left.u64(), &right.u64(), rows).into()),
        _ => Data::I64(arithmetic_i64(op, left, right, rows).into()),
    };
    Lane { data, valid: valid_in_all(&[left, right]) }
}

fn arithmetic_f64(op: Binary, a: &Arg<f64>, b: &Arg<f64>, rows: usize) -> Vec<f64> {
    match op {
        Binary::Add => zip(rows, a, b, |x, y| x + y),
        Binary::Sub => zip(rows, a, b, |x, y| x - y),
        Binary::Mul => zip(rows, a, b, |x, y| x * y),
        Binary::Div | Binary::Xor => zip(rows, a, b, |x, y| x / y),
        Binary::FloorDiv => zip(rows, a, b, |x, y| floor_divide(x, y).0),
        Binary::Mod => zip(rows, a, b, |x, y| floor_divide(x, y).1),
        Binary::Pow => match b {
            Arg::One(2.0) => zip(rows, a, b, |x, _| x * x),
            _ => zip(rows, a, b, f64::powf),
        },
    }
}

fn arithmetic_f32(op: Binary, a: &Arg<f32>, b: &Arg<f32>, rows: usize) -> Vec<f32> {
    match op {
        Binary::Add => zip(rows, a, b, |x, y| x + y),
        Binary::Sub => zip(rows, a, b, |x, y| x - y),
        Binary::Mul => zip(rows, a, b, |x, y| x * y),
        Binary::Div | Binary::Xor => zip(rows, a, b, |x, y| x / y),
        Binary::FloorDiv => zip(rows, a, b, |x, y| floor_divide(x.into(), y.into()).0 as f32),
        Binary::Mod => zip(rows, a, b, |x, y| floor_divide(x.into(), y.into()).1 as f32),
        Binary::Pow => zip(rows, a, b, f32::powf),
    }
}

fn arithmetic_u64(op: Binary, a: &Arg<u64>, b: &Arg<u64>, rows: usize) -> Vec<u64> {
    match op {
        Binary::Add => zip(rows, a, b, u64::saturating_add),
        Binary::Sub => zip(rows, a, b, u64::saturating_sub),
        Binary::Mul => zip(rows, a, b, u64::saturating_mul),
        Binary::Pow => zip(rows, a, b, |x, y| match u32::try_from(y) {
            Ok(y) => x.saturating_pow(y),
            Err(_) => {
                if x < 2 {
                    x
                } else {
                    u64::MAX
                }
            }
        }),
        Binary::FloorDiv => zip(rows, a, b, |x, y| x.checked_div(y).unwrap_or(0)),
        Binary::Mod | Binary::Div | Binary::Xor => zip(rows, a, b, |x, y| x.checked_rem(y).unwrap_or(0)),
    }
}

fn arithmetic_i64(op: Binary, left: &Lane, right: &Lane, rows: usize) -> Vec<i64> {
    if op == Binary::Sub && (matches!(left.data, Data::U64(_)) || matches!(right.data, Data::U64(_))) {
        // Differences of large unsigned numbers may be small.
        let difference = |x: i128, y: i128| (x - y).clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        return zip(rows, &left.digits().0, &right.digits().0, difference);
    }
    let (a, b) = (&left.i64(), &right.i64());
    match op {
        Binary::Add => zip(rows, a, b, i64::saturating_add),
        Binary::Sub => zip(rows, a, b, i64::saturating_sub),
        Binary::Mul => zip(rows, a, b, i64::saturating_mul),
        Binary::Pow => zip(rows, a, b, |x, y| match u32::try_from(y) {
            Ok(y) => x.saturating_pow(y),
            Err(_) if x == -1 && y % 2 != 0 => -1,
            Err(_) => {
                if x.abs() < 2 {
                    x.abs()
                } else {
                    i64::MAX
                }
            }
        }),
        Binary::FloorDiv => zip(rows, a, b, |x, y| floor_divide_i64(x, y).0),
        Binary::Mod | Binary::Div | Binary::Xor => zip(rows, a, b, |x, y| floor_divide_i64(x, y).1),
    }
}

fn floor_divide_i64(x: i64, y: i64) -> (i64, i64) {
    let (Some(quotient), Some(rest)) = (x.checked_div(y), x.checked_rem(y)) else {
        return if y == 0 { (0, 0) } else { (i64::MAX, 0) };
    };
    if rest != 0 && (rest < 0) != (y < 0) { (quotient - 1, rest + y) } else { (quotient, rest) }
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
        assert_eq!(floor_divide_i64(-7, 2), (-4, 1));
        assert_eq!(floor_divide_i64(i64::MIN, -1), (i64::MAX, 0));
        assert_eq!(floor_divide(1.0, 0.0).0, f64::INFINITY);
    }
}
