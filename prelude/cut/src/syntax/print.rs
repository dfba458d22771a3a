//! Expressions as text that [`crate::parse`] reads back.

use crate::syntax::expr::{Clause, Expr, Kind, Name, Unary};
use crate::value::Value;
use std::fmt;

impl fmt::Debug for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl fmt::Display for Expr {
    /// As text that [`crate::parse`] reads back, parentheses around all that has an operator.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            Kind::Column(name) if is_identifier(name) => out.write_str(name),
            Kind::Column(name) => write!(out, "`{name}`"),
            Kind::Literal(value) => write!(out, "{value}"),
            Kind::Local(path) => write_path(path, out),
            Kind::LocalCall(path, arguments) => {
                write_path(path, out)?;
                write_list("(", arguments, ")", out)
            }
            // The comma keeps a list of one from being read as a group.
            Kind::List(values) => write_list("[", values, if values.len() == 1 { ",]" } else { "]" }, out),
            Kind::Unary(op, value) => match op {
                Unary::Neg => write!(out, "(-{value})"),
                Unary::Pos => write!(out, "(+{value})"),
                Unary::Invert => write!(out, "(~{value})"),
                Unary::Not => write!(out, "(not {value})"),
            },
            Kind::Binary(op, left, right) => write!(out, "({left} {} {right})", op.symbol()),
            Kind::And(parts) => write_parts(" & ", parts, out),
            Kind::Or(parts) => write_parts(" | ", parts, out),
            Kind::Chain(first, rest) => {
                write!(out, "({first}")?;
                for (op, value) in rest {
                    write!(out, " {} {value}", op.symbol())?;
                }
                out.write_str(")")
            }
            Kind::Call(name, arguments) => {
                out.write_str(name)?;
                write_list("(", arguments, ")", out)
            }
            Kind::Method(value, name, arguments) => {
                match value.kind() {
                    Kind::Column(_) | Kind::Method(..) | Kind::Call(..) | Kind::Field(..) | Kind::Item(..) => {
                        write!(out, "{value}.{name}(")?
                    }
                    _ => write!(out, "({value}).{name}(")?,
                }
                for (position, argument) in arguments.iter().enumerate() {
                    out.write_str(if position > 0 { ", " } else { "" })?;
                    if let Some(name) = &argument.name {
                        write!(out, "{name}=")?;
                    }
                    write!(out, "{}", argument.value)?;
                }
                out.write_str(")")
            }
            Kind::Field(value, name) => write!(out, "{value}.{name}"),
            Kind::Item(value, inner) => write!(out, "{value}[{inner}]"),
            Kind::Slice(value, from, to) => {
                write!(out, "{value}[")?;
                from.iter().try_for_each(|from| write!(out, "{from}"))?;
                out.write_str(":")?;
                to.iter().try_for_each(|to| write!(out, "{to}"))?;
                out.write_str("]")
            }
            Kind::For(element, clauses) => {
                write!(out, "[{element}")?;
                for clause in clauses {
                    match clause {
                        Clause::For(names, source) => write!(out, " for {} in {source}", names.join(", "))?,
                        Clause::If(condition) => write!(out, " if {condition}")?,
                    }
                }
                out.write_str("]")
            }
        }
    }
}

fn write_path(path: &[Name], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(out, "@{}", path[0])?;
    for key in &path[1..] {
        match is_identifier(key) {
            true => write!(out, ".{key}")?,
            false => write!(out, "[{}]", Value::Text(key.clone()))?,
        }
    }
    Ok(())
}

fn write_list(open: &str, values: &[Expr], close: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(open)?;
    for (position, value) in values.iter().enumerate() {
        write!(out, "{}{value}", if position > 0 { ", " } else { "" })?;
    }
    out.write_str(close)
}

fn write_parts(symbol: &str, parts: &[Expr], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str("(")?;
    for (position, part) in parts.iter().enumerate() {
        write!(out, "{}{part}", if position > 0 { symbol } else { "" })?;
    }
    out.write_str(")")
}

/// Whether a name can stand in a cut without backticks.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
        && !crate::syntax::token::is_word(name)
}
