//! Functions of floating point numbers, with the answers that IEEE 754 and C have at the edges.

use crate::check::functions::Name;
use crate::spark::term::{Refused, Term, TermKind, call, null, when};
use std::f64::consts::{LN_2, PI};

/// From here on a number has no digits behind the point.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// A function of `double`s.
pub(crate) fn function(name: Name, mut inputs: Vec<Term>) -> Result<Term, Refused> {
    let second = (inputs.len() > 1).then(|| inputs.pop()).flatten();
    let Some(x) = inputs.pop() else { return Err("a function of nothing".to_owned()) };
    if let Some(y) = second {
        return match name {
            Name::Arctan2 => Ok(angle(x, y)),
            Name::Hypot => Ok(hypot(x, y)),
            _ => rounded_to(x, &y),
        };
    }
    Ok(match name {
        Name::Sin => x.of("sin"),
        Name::Cos => x.of("cos"),
        Name::Tan => x.of("tan"),
        Name::Arcsin => x.of("asin"),
        Name::Arccos => x.of("acos"),
        Name::Arctan => x.of("atan"),
        Name::Sinh => x.of("sinh"),
        Name::Cosh => x.of("cosh"),
        Name::Tanh => x.of("tanh"),
        Name::Exp => x.of("exp"),
        Name::Expm1 => x.of("expm1"),
        Name::Sqrt => x.of("sqrt"),
        Name::Log => above(x, 0.0, "ln"),
        Name::Log2 => above(x, 0.0, "log2"),
        Name::Log10 => above(x, 0.0, "log10"),
        Name::Log1p => above(x, -1.0, "log1p"),
        Name::Arcsinh => odd(x, |a| {
            let square = a.clone().times(a.clone());
            let root = square.clone().plus(1_f64).of("sqrt").plus(1_f64);
            let near = a.clone().plus(square.over(root)).of("log1p");
            when(a.clone().is(">", 1e8), a.of("ln").plus(LN_2), near)
        }),
        Name::Arccosh => {
            let root = x.clone().minus(1_f64).of("sqrt").times(x.clone().plus(1_f64).of("sqrt"));
            let inside = when(x.clone().is(">", 1e8), x.clone().of("ln").plus(LN_2), x.clone().plus(root).of("ln"));
            when(x.clone().is("<", 1_f64), f64::NAN, inside)
        }
        Name::Arctanh => arctanh(x),
        Name::Floor => floor(x),
        Name::Ceil => whole(x, "ceil"),
        Name::Round => rounded(x),
        Name::Sign => {
            let side = when(x.clone().is(">", 0_f64), 1_f64, -1_f64);
            let itself = x.clone().equals(0_f64).or(x.clone().of("isnan")).or(x.clone().of("isnull"));
            when(itself, x, side)
        }
        Name::Radians => x.times(PI / 180.0),
        Name::Degrees => x.times(180.0 / PI),
        _ => return Err("that function".to_owned()),
    })
}

/// A logarithm, which a server knows above `low` only: there it is minus infinity, and below no number.
fn above(x: Term, low: f64, name: &'static str) -> Term {
    // NaN is above everything there, and its logarithm is NaN.
    let inside = x.clone().is(">", low);
    let value = when(inside.clone(), x.clone(), null(low.into())).of(name);
    let below = when(x.clone().is("<", low), f64::NAN, null(low.into()));
    when(inside, value, when(x.equals(low), f64::NEG_INFINITY, below))
}

/// A function of the size that has the sign of the number.
fn odd(x: Term, of: impl Fn(Term) -> Term) -> Term {
    let size = of(x.clone().of("abs"));
    when(x.clone().is("<", 0_f64), size.clone().of("negative"), when(x.clone().equals(0_f64), x, size))
}

fn arctanh(x: Term) -> Term {
    let inside = x.clone().of("abs").is("<", 1_f64);
    let safe = when(inside.clone(), x.clone(), null(0_f64.into()));
    let ratio = safe.clone().times(2_f64).over(Term::from(1_f64).minus(safe));
    let value = ratio.of("log1p").times(0.5_f64);
    let edge = when(x.clone().equals(1_f64), f64::INFINITY, f64::NAN);
    let edge = when(x.clone().equals(-1_f64), f64::NEG_INFINITY, edge);
    when(inside, value, when(x.clone().of("isnull"), x, edge))
}

pub(crate) fn floor(x: Term) -> Term {
    whole(x, "floor")
}

/// Rounding to a whole number that a server gives as an integer: what does not fit there is whole already.
fn whole(x: Term, name: &'static str) -> Term {
    let small = x.clone().of("abs").is("<", WHOLE).and(x.clone().equals(0_f64).negated());
    let inside = when(small.clone(), x.clone(), null(0_f64.into()));
    when(small, inside.of(name).cast(crate::spark::term::Held::Double), x)
}

/// To the nearest whole number, halves to the even one: adding 2^52 leaves no digits behind the point.
fn rounded(x: Term) -> Term {
    let up = x.clone().plus(WHOLE).minus(WHOLE);
    let down = x.clone().minus(WHOLE).plus(WHOLE);
    let small = x.clone().of("abs").is("<", WHOLE).and(x.clone().equals(0_f64).negated());
    when(small, when(x.clone().is(">", 0_f64), up, down), x)
}

fn rounded_to(x: Term, digits: &Term) -> Result<Term, Refused> {
    let TermKind::Double(digits) = digits.kind else {
        return Err("rounding to a number of digits that is a column".to_owned());
    };
    let scale = 10_f64.powi(digits as i32);
    match scale.is_normal() {
        true => Ok(rounded(x.times(scale)).over(scale)),
        false => Err("rounding to so many digits".to_owned()),
    }
}

/// The angle of a point, whose sign at zero is that of the zero.
fn angle(y: Term, x: Term) -> Term {
    let left = x.clone().is("<", 0_f64).or(x.clone().equals(0_f64).and(x.clone().equals_negative_zero()));
    let below = y.clone().equals_negative_zero();
    let at_zero = when(left.clone(), when(below.clone(), -PI, PI), when(below, -0.0_f64, 0.0_f64));
    let numbers = x.clone().of("isnan").negated().and(x.clone().of("isnull").negated());
    when(y.clone().equals(0_f64).and(numbers), at_zero, call("atan2", [y, x]))
}

fn hypot(x: Term, y: Term) -> Term {
    let endless = |term: &Term| term.clone().of("abs").equals(f64::INFINITY);
    let both = x.clone().of("isnull").or(y.clone().of("isnull"));
    let value = call("hypot", [x.clone(), y.clone()]);
    when(both, null(0_f64.into()), when(endless(&x).or(endless(&y)), f64::INFINITY, value))
}

/// `x ** y` as C has it: 1 to any power is 1, and so is -1 to an infinite one; a negative power of 0 is infinite.
pub(crate) fn power(x: Term, y: Term) -> Term {
    let one = x.clone().equals(1_f64);
    let minus = x.clone().equals(-1_f64).and(y.clone().of("abs").equals(f64::INFINITY));
    let there = x.clone().of("isnull").or(y.clone().of("isnull")).negated();
    let endless = x.clone().equals(0_f64).and(y.clone().is("<", 0_f64));
    let odd = call("%", [y.clone(), 2_f64.into()]).of("abs").equals(1_f64);
    let side = when(x.clone().equals_negative_zero().and(odd), f64::NEG_INFINITY, f64::INFINITY);
    let safe = when(endless.clone(), null(0_f64.into()), x);
    when(there.and(one.or(minus)), 1_f64, when(endless, side, call("power", [safe, y])))
}
