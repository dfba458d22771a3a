//! The values of `@name`.

use crate::syntax::expr::{Expr, Kind};
use crate::value::Value;
use std::sync::Arc;

/// The first names of all `@` paths of an expression.
pub(crate) fn names(expr: &Expr, out: &mut Vec<String>) {
    if let Kind::Local(path) | Kind::LocalCall(path, _) = expr.kind() {
        let name = path[0].to_string();
        if !out.contains(&name) {
            out.push(name);
        }
    }
    for child in expr.kind().children() {
        names(child, out);
    }
}

/// The value of a name: bound, or one of the modules everybody has (`np`, `math`).
pub(crate) fn find(locals: &[(Arc<str>, Value)], name: &str) -> Option<Value> {
    let bound = locals.iter().find(|(known, _)| &**known == name).map(|(_, value)| value.clone());
    bound.or_else(|| matches!(name, "np" | "numpy" | "math").then(constants))
}

fn constants() -> Value {
    Value::map([("pi", std::f64::consts::PI), ("e", std::f64::consts::E), ("inf", f64::INFINITY), ("nan", f64::NAN)])
}

/// A part of a value, by key or position.
pub(crate) fn part(value: &Value, key: &str) -> Option<Value> {
    match value {
        Value::Map(entries) => entries.iter().find(|(name, _)| &**name == key).map(|(_, value)| value.clone()),
        Value::List(values) => key.parse::<usize>().ok().and_then(|position| values.get(position).cloned()),
        _ => None,
    }
}
