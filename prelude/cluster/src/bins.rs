//! In which cell of an axis a value lies, by the arithmetic of the room `hist`.

use crate::expression::{call, col, is_there, when};
use hist::{Axis, Kind};

use recoil_spark_connect::Expression;
use segment::{Error, Result};

/// Edges and categories that are compared one by one at most.
const MOST: usize = 2_000;

/// The cell of the value of a column along an axis; `own` is its name on the server, where numbers are `double`.
pub(crate) fn slot(axis: &Axis, own: &str, server: &impl std::fmt::Display) -> Result<Expression> {
    let bins = axis.bins();
    let x = || col(own);
    let missing = || is_there(&x(), axis_is_of_numbers(axis)).call("not", []);
    let refused = |what: &str| {
        Err(Error::request(format!("histograms with {what} are not filled on {server}; leave .on(..) out")))
    };
    if axis.is_circular() {
        return refused("a circular axis");
    }
    if axis.clock().is_some() {
        return refused("an axis of times");
    }
    let inside = match axis.kind() {
        &Kind::Regular { lower, upper, closed, .. } => {
            let at = |x: Expression| {
                let from = x.call("-", [lower.into()]);
                from.call("/", [(upper - lower).into()]).call("*", [(bins as f64).into()])
            };
            match closed {
                false => open(x(), at, bins),
                true => closed_slot(x(), at, (lower, upper), bins),
            }
        }
        &Kind::Log { lower, upper, .. } => {
            let (low, width) = (lower.ln(), upper.ln() - lower.ln());
            let at = |x: Expression| {
                let from = positive(x).call("ln", []).call("-", [low.into()]);
                from.call("/", [width.into()]).call("*", [(bins as f64).into()])
            };
            when(x().call("<=", [0_f64.into()]), Expression::integer(0), open(x(), at, bins))
        }
        &Kind::Integer { lower, .. } => {
            let (low, high) = (lower as f64, lower as f64 + bins as f64);
            let at = call("floor", [between(x(), low, high)]).cast("double").call("-", [low.into()]);
            let bin = at.cast("int").call("+", [Expression::integer(1)]);
            outside(x(), low, x().call(">=", [high.into()]), bins, bin)
        }
        Kind::Variable { edges, closed, .. } if edges.len() <= MOST => {
            let mut edges = edges.to_vec();
            if let (true, Some(last)) = (*closed, edges.last_mut()) {
                *last = last.next_up();
            }
            among(&x(), &edges, 0)
        }
        Kind::Strings(names) if names.len() <= MOST => {
            chosen(x(), names.iter().map(|name| Expression::from(name.as_str())), bins)
        }
        Kind::Integers(numbers) if numbers.len() <= MOST => {
            chosen(x(), numbers.iter().map(|number| (*number as f64).into()), bins)
        }
        Kind::Boolean => when(x().call("==", [0_f64.into()]), Expression::integer(0), Expression::integer(1)),
        _ => return refused("so many edges or categories"),
    };
    let cells = cells(axis);
    Ok(when(missing(), Expression::integer(cells as i32 - 1), inside))
}

/// Whether an axis is filled from numbers, and not from texts.
pub(crate) fn axis_is_of_numbers(axis: &Axis) -> bool {
    !matches!(axis.kind(), Kind::Strings(_))
}

/// Cells along an axis: underflow, bins, overflow, missing.
pub(crate) fn cells(axis: &Axis) -> usize {
    axis.bins() + usize::from(axis.has_underflow()) + usize::from(axis.has_overflow()) + 1
}

/// The value where a logarithm has one.
fn positive(x: Expression) -> Expression {
    call("when", [x.clone().call(">", [0_f64.into()]), x])
}

/// The value where it lies from `low` up to `high`: rounding it to an integer cannot fail.
fn between(x: Expression, low: f64, high: f64) -> Expression {
    let inside = x.clone().call(">=", [low.into()]).call("and", [x.clone().call("<=", [high.into()])]);
    call("when", [inside, x])
}

/// Underflow, overflow, or a bin.
fn outside(x: Expression, low: f64, above: Expression, bins: usize, bin: Expression) -> Expression {
    let bin = when(above, Expression::integer(bins as i32 + 1), bin);
    when(x.call("<", [low.into()]), Expression::integer(0), bin)
}

/// The cell of a position in units of bins.
fn open(x: Expression, at: impl Fn(Expression) -> Expression, bins: usize) -> Expression {
    let position = at(x);
    let bin = call("floor", [between(position.clone(), 0.0, bins as f64)]).cast("int");
    let above = position.clone().call(">=", [(bins as f64).into()]);
    outside(position, 0.0, above, bins, bin.call("+", [Expression::integer(1)]))
}

/// The same where the upper end is in the last bin, and bins are corrected by the edges themselves.
fn closed_slot(
    x: Expression,
    at: impl Fn(Expression) -> Expression,
    (lower, upper): (f64, f64),
    bins: usize,
) -> Expression {
    let step = (upper - lower) / bins as f64;
    let last = Expression::integer(bins as i32 - 1);
    let near = call("floor", [between(at(between(x.clone(), lower, upper)), 0.0, f64::MAX)]).cast("int");
    let near = call("least", [near, last.clone()]);
    let edge = |bin: Expression| bin.cast("double").call("*", [step.into()]).call("+", [lower.into()]);
    let next = near.clone().call("+", [Expression::integer(1)]);
    let below =
        x.clone().call("<", [edge(near.clone())]).call("and", [near.clone().call(">", [Expression::integer(0)])]);
    let above = x.clone().call(">=", [edge(next.clone())]).call("and", [next.clone().call("<=", [last])]);
    let bin = when(below, near.clone(), when(above, next.clone().call("+", [Expression::integer(1)]), next));
    outside(x.clone(), lower, x.call(">", [upper.into()]), bins, bin)
}

/// How many of the edges are not above the value, and `from` more: halved again and again.
fn among(x: &Expression, edges: &[f64], from: usize) -> Expression {
    let Some(&edge) = edges.get(edges.len() / 2) else { return Expression::integer(from as i32) };
    let half = edges.len() / 2;
    let above = among(x, &edges[half + 1..], from + half + 1);
    when(x.clone().call(">=", [edge.into()]), above, among(x, &edges[..half], from))
}

/// The place of a value among categories; behind them where it is none.
fn chosen(x: Expression, categories: impl DoubleEndedIterator<Item = Expression>, bins: usize) -> Expression {
    let mut cases: Vec<Expression> = Vec::new();
    for (at, category) in categories.enumerate() {
        cases.extend([x.clone().call("==", [category]), Expression::integer(at as i32)]);
    }
    cases.push(Expression::integer(bins as i32));
    call("when", cases)
}
