//! Loops over slices, in the shape that the compiler turns into vector instructions.

use crate::syntax::expr::Compare;
use std::borrow::Cow;

/// One value for all rows, or a value per row.
#[derive(Debug, Clone)]
pub(crate) enum Arg<'a, T: Clone> {
    One(T),
    Many(Cow<'a, [T]>),
}

impl<T: Copy> Arg<'_, T> {
    #[inline]
    pub fn get(&self, row: usize) -> T {
        match self {
            Self::One(value) => *value,
            Self::Many(values) => values[row],
        }
    }
}

/// A new value per row.
pub(crate) fn collect<T: Copy, R>(rows: usize, values: &Arg<T>, apply: impl Fn(T) -> R) -> Vec<R> {
    match values {
        Arg::Many(values) => values.iter().map(|x| apply(*x)).collect(),
        Arg::One(value) => (0..rows).map(|_| apply(*value)).collect(),
    }
}

/// Makes `$name` choose at run time among versions of `$body` for wider vectors.
macro_rules! wide {
    ($name:ident, $body:ident, <$t:ident: $bound:path>, ($($arg:ident: $type:ty),*)) => {
        #[inline]
        pub(crate) fn $name<$t: $bound + Copy>($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
                fn widest<$t: $bound + Copy>($($arg: $type),*) {
                    $body($($arg),*);
                }
                #[target_feature(enable = "avx2")]
                fn wider<$t: $bound + Copy>($($arg: $type),*) {
                    $body($($arg),*);
                }
                if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("avx512dq") {
                    // SAFETY: the processor has just said that it has these instructions (avx512bw implies avx512f).
                    return unsafe { widest($($arg),*) };
                }
                if is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just said that it has these instructions.
                    return unsafe { wider($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}

wide!(compare_one, compare_one_body, <T: PartialOrd>, (op: Compare, values: &[T], bound: T, and: bool, out: &mut [u8]));
wide!(compare_two, compare_two_body, <T: PartialOrd>, (op: Compare, left: &[T], right: &[T], and: bool, out: &mut [u8]));

#[inline(always)]
fn compare_one_body<T: PartialOrd + Copy>(op: Compare, values: &[T], bound: T, and: bool, out: &mut [u8]) {
    match op {
        Compare::Lt => one(values, |x| x < bound, and, out),
        Compare::Le => one(values, |x| x <= bound, and, out),
        Compare::Gt => one(values, |x| x > bound, and, out),
        Compare::Ge => one(values, |x| x >= bound, and, out),
        Compare::Eq | Compare::In => one(values, |x| x == bound, and, out),
        Compare::Ne | Compare::NotIn => one(values, |x| x != bound, and, out),
    }
}

#[inline(always)]
fn one<T: Copy>(values: &[T], holds: impl Fn(T) -> bool, and: bool, out: &mut [u8]) {
    if and {
        for (mark, value) in out.iter_mut().zip(values) {
            *mark &= u8::from(holds(*value));
        }
    } else {
        for (mark, value) in out.iter_mut().zip(values) {
            *mark = u8::from(holds(*value));
        }
    }
}

#[inline(always)]
fn compare_two_body<T: PartialOrd + Copy>(op: Compare, left: &[T], right: &[T], and: bool, out: &mut [u8]) {
    match op {
        Compare::Lt => two(left, right, |x, y| x < y, and, out),
        Compare::Le => two(left, right, |x, y| x <= y, and, out),
        Compare::Gt => two(left, right, |x, y| x > y, and, out),
        Compare::Ge => two(left, right, |x, y| x >= y, and, out),
        Compare::Eq | Compare::In => two(left, right, |x, y| x == y, and, out),
        Compare::Ne | Compare::NotIn => two(left, right, |x, y| x != y, and, out),
    }
}

#[inline(always)]
fn two<T: Copy>(left: &[T], right: &[T], holds: impl Fn(T, T) -> bool, and: bool, out: &mut [u8]) {
    if and {
        for ((mark, x), y) in out.iter_mut().zip(left).zip(right) {
            *mark &= u8::from(holds(*x, *y));
        }
    } else {
        for ((mark, x), y) in out.iter_mut().zip(left).zip(right) {
            *mark = u8::from(holds(*x, *y));
        }
    }
}

/// Compares two sides, each one value or one per row.
pub(crate) fn compare<T: PartialOrd + Copy>(op: Compare, left: &Arg<T>, right: &Arg<T>, out: &mut [u8]) {
    match (left, right) {
        (Arg::Many(left), Arg::Many(right)) => compare_two(op, left, right, false, out),
        (Arg::Many(left), Arg::One(right)) => compare_one(op, left, *right, false, out),
        (Arg::One(left), Arg::Many(right)) => compare_one(op.swap(), right, *left, false, out),
        (Arg::One(left), Arg::One(right)) => {
            let mut mark = [0];
            compare_one(op, &[*left], *right, false, &mut mark);
            out.fill(mark[0]);
        }
    }
}

/// Applies a function of two numbers row by row.
#[inline(always)]
pub(crate) fn zip<T: Copy, R>(rows: usize, left: &Arg<T>, right: &Arg<T>, apply: impl Fn(T, T) -> R) -> Vec<R> {
    match (left, right) {
        (Arg::Many(left), Arg::Many(right)) => left.iter().zip(right.iter()).map(|(x, y)| apply(*x, *y)).collect(),
        (Arg::Many(left), Arg::One(right)) => left.iter().map(|x| apply(*x, *right)).collect(),
        (Arg::One(left), Arg::Many(right)) => right.iter().map(|y| apply(*left, *y)).collect(),
        (Arg::One(left), Arg::One(right)) => (0..rows).map(|_| apply(*left, *right)).collect(),
    }
}

/// Rows marked with 1.
pub(crate) fn count(marks: &[u8]) -> usize {
    const WIDE: usize = 64;
    let mut total = 0;
    // 255 marks of 1 cannot overflow the sum of a byte, and bytes add up 64 at a time.
    for part in marks.chunks(255 * WIDE) {
        let mut sums = [0u8; WIDE];
        let (wides, rest) = part.as_chunks::<WIDE>();
        for wide in wides {
            for (sum, mark) in sums.iter_mut().zip(wide) {
                *sum += mark;
            }
        }
        total += sums.iter().chain(rest).map(|sum| usize::from(*sum)).sum::<usize>();
    }
    total
}

/// The positions of the marks that are 1.
pub(crate) fn positions(marks: &[u8]) -> Vec<u32> {
    let (eights, rest) = marks.as_chunks::<8>();
    let mut out = Vec::new();
    for (position, eight) in eights.iter().enumerate() {
        let mut word = u64::from_le_bytes(*eight);
        // Most words are 0 when few rows are left.
        while word != 0 {
            out.push((position * 8) as u32 + word.trailing_zeros() / 8);
            word &= word - 1;
        }
    }
    let done = eights.len() * 8;
    out.extend(rest.iter().enumerate().filter(|(_, mark)| **mark == 1).map(|(row, _)| (done + row) as u32));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_and_found() {
        let marks: Vec<u8> = (0..77).map(|row| u8::from(row % 3 == 0 || row % 7 == 1)).collect();
        let rows: Vec<u32> = (0..77).filter(|row| row % 3 == 0 || row % 7 == 1).collect();
        assert_eq!(positions(&marks), rows);
        assert_eq!(count(&marks), rows.len());
        assert_eq!(count(&vec![1; 100_001]), 100_001);
    }

    #[test]
    fn nan_compares_as_ieee_says() {
        let values = [1.0, f64::NAN, 3.0];
        let mut out = [0; 3];
        for (op, expected) in [(Compare::Gt, [0, 0, 1]), (Compare::Ne, [1, 1, 1]), (Compare::Le, [1, 0, 0])] {
            compare_one(op, &values, 2.0, false, &mut out);
            assert_eq!(out, expected, "{op:?}");
        }
        compare_one(Compare::Eq, &values, f64::NAN, false, &mut out);
        assert_eq!(out, [0; 3]);
    }
}
