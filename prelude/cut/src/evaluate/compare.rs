//! Comparisons of lanes: by value for any widths, missing values as pandas has them.

use crate::check::exact;
use crate::evaluate::kernel::{self, Arg};
use crate::evaluate::lane::{Data, Lane, integer};
use crate::syntax::expr::Compare;
use crate::value::Value;
use std::collections::HashSet;
use std::sync::Arc;

/// Compares integers of any width with a literal by value, in the width of the integers.
#[allow(clippy::too_many_arguments)] // one call per width above, and nowhere else
pub(crate) fn narrow<T: PartialOrd + Copy>(
    op: Compare,
    values: &[T],
    literal: &Value,
    min: i128,
    max: i128,
    cast: fn(i128) -> T,
    and: bool,
    out: &mut [u8],
) {
    match threshold(op, literal, min, max) {
        Ok((op, bound)) => kernel::compare_one(op, values, cast(bound), and, out),
        Err(true) if and => {}
        Err(truth) => out.fill(u8::from(truth)),
    }
}

/// The comparison of integers in `min..=max` that means the same, or the truth that holds for all of them.
fn threshold(op: Compare, literal: &Value, min: i128, max: i128) -> Result<(Compare, i128), bool> {
    let bound = match literal {
        Value::Float(value) if value.is_nan() => return Err(op == Compare::Ne),
        Value::Float(value) => match op {
            Compare::Lt | Compare::Ge => value.ceil() as i128,
            Compare::Gt | Compare::Le => value.floor() as i128,
            _ if value.fract() != 0.0 || value.is_infinite() => return Err(op == Compare::Ne),
            _ => *value as i128,
        },
        other => integer(other),
    };
    if bound < min {
        return Err(matches!(op, Compare::Gt | Compare::Ge | Compare::Ne));
    }
    if bound > max {
        return Err(matches!(op, Compare::Lt | Compare::Le | Compare::Ne));
    }
    Ok((op, bound))
}

/// Compares digits of any two scales.
pub(crate) fn compare_exact(op: Compare, left: &Lane, right: &Lane, marks: &mut [u8]) {
    let ((left, a), (right, b)) = (left.digits(), right.digits());
    for (row, mark) in marks.iter_mut().enumerate() {
        *mark = u8::from(holds(op, exact::compare((left.get(row), a), (right.get(row), b))));
    }
}

/// Compares times in units of so many nanoseconds.
pub(crate) fn compare_times(op: Compare, left: &(Lane, i128), right: &(Lane, i128), marks: &mut [u8]) {
    let ((one, unit), (other, next)) = (left, right);
    let narrow = |lane: &Lane| !matches!(lane.data, Data::One(_) | Data::I128(..));
    if unit == next && narrow(one) && narrow(other) {
        return kernel::compare(op, &one.i64(), &other.i64(), marks);
    }
    let (one, other) = (one.digits().0, other.digits().0);
    for (row, mark) in marks.iter_mut().enumerate() {
        *mark = u8::from(holds(op, (one.get(row) * unit).cmp(&(other.get(row) * next))));
    }
}

pub(crate) fn holds(op: Compare, order: std::cmp::Ordering) -> bool {
    match op {
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
        Compare::Eq | Compare::In => order.is_eq(),
        Compare::Ne | Compare::NotIn => order.is_ne(),
    }
}

pub(crate) fn compare_texts(op: Compare, left: &Lane, right: &Lane, marks: &mut [u8]) {
    // Equality with one text is the common case, and needs no order.
    if let (Compare::Eq | Compare::Ne, Data::Text(texts), Data::One(Value::Text(text))) = (op, &left.data, &right.data)
    {
        texts.equal(text, marks);
        if op == Compare::Ne {
            marks.iter_mut().for_each(|mark| *mark = 1 - *mark);
        }
        return;
    }
    for (row, mark) in marks.iter_mut().enumerate() {
        *mark = u8::from(holds(op, left.text(row).cmp(right.text(row))));
    }
}

/// A comparison with a missing value is false, `!=` is true.
pub(crate) fn respect_missing(op: Compare, left: &Lane, right: &Lane, marks: &mut [u8]) {
    let truth = u8::from(op == Compare::Ne);
    for valid in [&left.valid, &right.valid].into_iter().flatten() {
        for (mark, valid) in marks.iter_mut().zip(valid.iter()) {
            if *valid == 0 {
                *mark = truth;
            }
        }
    }
}

pub(crate) fn contained<T: PartialOrd + Copy>(values: &Arg<T>, set: &[T], rows: usize) -> Vec<u8> {
    let Arg::Many(values) = values else {
        let found = (rows > 0).then(|| set.iter().any(|member| *member == values.get(0)));
        return vec![u8::from(found == Some(true)); rows];
    };
    if set.len() > 8 {
        let find =
            |x: &T| set.binary_search_by(|member| member.partial_cmp(x).unwrap_or(std::cmp::Ordering::Less)).is_ok();
        return values.iter().map(|x| u8::from(find(x))).collect();
    }
    let mut marks = vec![0; values.len()];
    let mut part = vec![0; values.len()];
    for member in set {
        kernel::compare_one(Compare::Eq, values, *member, false, &mut part);
        marks.iter_mut().zip(&part).for_each(|(mark, part)| *mark |= part);
    }
    marks
}

pub(crate) fn texts_contained(lane: &Lane, set: &HashSet<Arc<str>>, rows: usize) -> Vec<u8> {
    let mut marks = vec![0; rows];
    match &lane.data {
        Data::Text(texts) if set.len() <= 8 => {
            let mut part = vec![0; rows];
            for member in set {
                texts.equal(member, &mut part);
                marks.iter_mut().zip(&part).for_each(|(mark, part)| *mark |= part);
            }
        }
        _ => marks.iter_mut().enumerate().for_each(|(row, mark)| *mark = u8::from(set.contains(lane.text(row)))),
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_bound_for_integers_is_the_right_integer() {
        let value = Value::Float(2.5);
        assert_eq!(threshold(Compare::Gt, &value, 0, 255), Ok((Compare::Gt, 2)));
        assert_eq!(threshold(Compare::Lt, &value, 0, 255), Ok((Compare::Lt, 3)));
        assert_eq!(threshold(Compare::Eq, &value, 0, 255), Err(false));
        assert_eq!(threshold(Compare::Lt, &Value::Int(300), 0, 255), Err(true));
        assert_eq!(threshold(Compare::Gt, &Value::Float(f64::NAN), 0, 255), Err(false));
        assert_eq!(threshold(Compare::Lt, &Value::Float(f64::INFINITY), 0, 255), Err(true));
    }
}
