//! Short ways to write expressions of a server.

use cut::{Term, TermKind};
use recoil_spark_connect::Expression;

/// A function of these values.
pub(crate) fn call(name: &str, inputs: impl IntoIterator<Item = Expression>) -> Expression {
    Expression::function(name, inputs)
}

/// `yes` where a condition is true, else `no`.
pub(crate) fn when(condition: Expression, yes: impl Into<Expression>, no: impl Into<Expression>) -> Expression {
    call("when", [condition, yes.into(), no.into()])
}

/// A value where a condition is true, and a missing value elsewhere.
pub(crate) fn only(condition: Expression, value: Expression) -> Expression {
    call("when", [condition, value])
}

pub(crate) fn col(name: &str) -> Expression {
    Expression::column(name)
}

/// Whether a value is there: neither NULL nor, of floating point numbers, NaN.
pub(crate) fn is_there(value: &Expression, float: bool) -> Expression {
    let there = value.clone().call("isnotnull", []);
    match float {
        true => there.call("and", [value.clone().call("isnan", []).call("not", [])]),
        false => there,
    }
}

/// A term, with columns under the names that they have on the server.
pub(crate) fn translated(term: &Term, name: &mut impl FnMut(&str) -> String) -> Expression {
    match &term.kind {
        TermKind::Column(column) => Expression::column(&name(column)),
        TermKind::Bool(value) => (*value).into(),
        TermKind::Long(value) => (*value).into(),
        TermKind::Float(value) => (*value).into(),
        TermKind::Double(value) => (*value).into(),
        TermKind::Decimal(value) => Expression::decimal(*value),
        TermKind::Text(value) => Expression::from(&**value),
        TermKind::Call(function, inputs) => {
            let inputs: Vec<_> = inputs.iter().map(|input| translated(input, name)).collect();
            Expression::function(function, inputs)
        }
        TermKind::Cast(input, to) => translated(input, name).cast(to),
    }
}
