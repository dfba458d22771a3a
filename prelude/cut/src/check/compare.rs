//! Comparisons and membership: what compares with what, and in which class of values.

use crate::check::checker::{Checked, Checker};
use crate::check::dialect::Dialect;
use crate::check::exact;
use crate::check::members::{InList, clocks};
use crate::check::program::{Class, Fold, Id, Op};
use crate::check::shape::Shape;
use crate::check::types::{self, Type};
use crate::syntax::expr::{Compare, Expr, Kind, Unary};
use crate::times::{self, Refused};
use crate::value::Value;

/// An operand: a node, or a list, which only membership takes.
enum Operand {
    Node(Id),
    List(Vec<Value>),
    Objects(Shape),
}

impl Checker<'_> {
    pub fn chain(&mut self, expr: &Expr, first: &Expr, rest: &[(Compare, Expr)]) -> Checked {
        let mut left = first;
        let mut parts = Vec::new();
        for (op, right) in rest {
            parts.push(self.compare(expr, *op, left, right));
            left = right;
        }
        let mut parts = parts.into_iter().collect::<Checked<Vec<Id>>>()?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(self.push(Op::And(parts), Type::Bool))
    }

    fn operand(&mut self, expr: &Expr) -> Checked<Operand> {
        match expr.kind() {
            Kind::List(items) => {
                let values: Vec<_> = items.iter().map(|item| self.member(item)).collect();
                Ok(Operand::List(values.into_iter().collect::<Checked<_>>()?))
            }
            Kind::Literal(Value::List(values)) => Ok(Operand::List(values.clone())),
            Kind::Local(path) => match self.local(expr, path)? {
                Value::List(values) => Ok(Operand::List(values)),
                _ => self.node(expr).map(Operand::Node),
            },
            _ => Ok(match self.shape(expr)? {
                Shape::Value(id) => Operand::Node(id),
                shape => Operand::Objects(shape),
            }),
        }
    }

    /// One value of a list.
    fn member(&mut self, expr: &Expr) -> Checked<Value> {
        let id = self.node(expr)?;
        match self.program.value(id) {
            // More digits than a floating point number has are kept.
            Some(Value::Float(float)) => Ok(match self.digits(expr, id) {
                Some((digits, scale)) if exact::of(&Value::Float(*float)) != Some((digits, scale)) => {
                    Value::Decimal(digits, scale)
                }
                _ => Value::Float(*float),
            }),
            Some(value) => Ok(value.clone()),
            None => self.note(expr, "a list holds only values", "compare columns with `==`"),
        }
    }

    fn compare(&mut self, expr: &Expr, op: Compare, left: &Expr, right: &Expr) -> Checked {
        let (a, b) = (self.operand(left), self.operand(right));
        let membership = matches!(op, Compare::In | Compare::NotIn);
        let negated = matches!(op, Compare::Ne | Compare::NotIn);
        let list_fits = membership || matches!(op, Compare::Eq | Compare::Ne);
        match (a?, b?) {
            (Operand::Objects(a), Operand::Objects(b)) => self.compare_objects(expr, op, (left, a), (right, b)),
            (Operand::Objects(shape), _) => self.value(left, shape),
            (_, Operand::Objects(shape)) => self.value(right, shape),
            (Operand::Node(a), Operand::List(values)) if list_fits => self.is_in(expr, left, a, &values, negated),
            (Operand::List(values), Operand::Node(b)) if list_fits => self.is_in(expr, right, b, &values, negated),
            (Operand::List(_), Operand::List(_)) => {
                self.note(expr, "a list is compared with a list", "compare a column")
            }
            (Operand::List(_), _) | (_, Operand::List(_)) => {
                self.note(expr, format!("`{}` does not go with a list", op.symbol()), "use `in` or `not in`")
            }
            (Operand::Node(a), Operand::Node(b)) if membership => match self.program.value(a).cloned() {
                // 'mumu' in sample
                Some(value @ Value::Text(_)) if self.dtype(b) == Type::Text && self.program.value(b).is_none() => {
                    self.is_in(expr, right, b, &[value], negated)
                }
                _ => self.is_in_list(expr, (left, a), (right, b), negated),
            },
            (Operand::Node(a), Operand::Node(b)) => self.compare_nodes(expr, op, (left, a), (right, b)),
        }
    }

    /// `11 in Particle.pid`: whether a value is one of a list of the row.
    fn is_in_list(&mut self, expr: &Expr, (left, a): (&Expr, Id), (right, b): (&Expr, Id), negated: bool) -> Checked {
        let word = if negated { "not in" } else { "in" };
        let one = |checker: &Self, id: Id| checker.is_everywhere(id) || checker.in_scope(checker.domain_of(id));
        if one(self, b) {
            return self.note(right, format!("`{word}` needs a list"), "write `[a, b]`, or `==` for one value");
        }
        if !one(self, a) {
            let help = format!("write [x {word} {right} for x in {left}]");
            return self.note(expr, format!("{left} is a list, and so is {right}"), help);
        }
        let equal = self.compare_nodes(expr, Compare::Eq, (left, a), (right, b))?;
        let (own, list) = (self.domain_of(equal), self.domain_of(b));
        let equal = if self.in_scope(own) { self.spread(equal, list) } else { equal };
        let to = self.outer_of(self.domain_of(equal));
        let found = self.push_fold(Fold::Any, equal, to);
        Ok(if negated { self.push(Op::Not(found), Type::Bool) } else { found })
    }

    fn is_in(&mut self, expr: &Expr, written: &Expr, id: Id, values: &[Value], negated: bool) -> Checked {
        let dtype = self.dtype(id);
        let floats = values.iter().any(|value| matches!(value, Value::Float(_)));
        let ints = values.iter().any(|value| matches!(value, Value::Int(_) | Value::Sized(..)));
        if floats && ints && self.dialect == Dialect::Builder {
            return self.note(expr, "a list that mixes integers and floats", "write all of them as floats");
        }
        let zone = self.zone_of(id);
        let members = match InList::new(&dtype, zone.as_deref(), values) {
            Ok(members) => members,
            Err(value) => {
                let reason = format!("{written} is {dtype} and never equals {value}");
                return self.note(expr, reason, format!("the list holds {}", value.what()));
            }
        };
        let found = self.push(Op::IsIn(id, members), Type::Bool);
        Ok(if negated { self.push(Op::Not(found), Type::Bool) } else { found })
    }

    fn compare_nodes(&mut self, expr: &Expr, op: Compare, a: (&Expr, Id), b: (&Expr, Id)) -> Checked {
        let (left, right) = (self.dtype(a.1), self.dtype(b.1));
        let (mut x, mut y, mut op_used) = (a.1, b.1, op);
        let class = match (&left, &right) {
            // None equals nothing.
            (Type::Null, _) | (_, Type::Null) => {
                let constant = self.program.nodes[x].constant && self.program.nodes[y].constant;
                let truth = op == Compare::Ne;
                let op = if constant { Op::Literal(Value::Bool(truth)) } else { Op::Constant(truth) };
                return Ok(self.push(op, Type::Bool));
            }
            (Type::Text, Type::Text) => {
                if self.dialect == Dialect::Builder && !matches!(op, Compare::Eq | Compare::Ne) {
                    let reason = format!("text has no order: `{}` with {} and {}", op.symbol(), a.0, b.0);
                    return self.note(expr, reason, "compare with `==`, `!=` or a list");
                }
                Class::Text
            }
            (Type::Time(_), Type::Time(_)) | (Type::Duration, Type::Duration) => Class::Time,
            (Type::Time(_), Type::Text) => {
                y = self.time_literal(b.0, y, x)?;
                Class::Time
            }
            (Type::Text, Type::Time(_)) => {
                x = self.time_literal(a.0, x, y)?;
                Class::Time
            }
            _ if left.is_number() && right.is_number() => {
                let class = self.number_class(x, y);
                if class == Class::Exact {
                    (x, y) = (self.exact(a.0, x), self.exact(b.0, y));
                }
                if class == Class::Mixed && left.width().is_some_and(|width| width.signed) {
                    (x, y, op_used) = (y, x, op.swap());
                }
                class
            }
            _ => {
                let (one, other) = (self.kind_of(a.1), self.kind_of(b.1));
                let reason = format!("{} is {one} and {} is {other}: they do not compare", a.0, b.0);
                let text = |dtype: &Type| *dtype == Type::Text;
                let help = match (text(&left), text(&right)) {
                    (true, _) if right.is_number() => "text is compared with text in quotes",
                    (_, true) if left.is_number() => "write the number without quotes",
                    _ => "",
                };
                return self.note(expr, reason, help);
            }
        };
        Ok(self.push(Op::Compare(op_used, class, x, y), Type::Bool))
    }

    /// What a node is, for people: a literal has no type of its own.
    fn kind_of(&self, id: Id) -> String {
        match self.program.value(id) {
            Some(value) => value.what().to_owned(),
            None => self.program.dtype(id).to_string(),
        }
    }

    /// A text as a time; without a zone of its own it is of the zone of the column.
    fn time_literal(&mut self, expr: &Expr, id: Id, column: Id) -> Checked {
        let zone = self.zone_of(column);
        let zone = zone.as_deref();
        let parsed = match self.program.value(id) {
            Some(Value::Text(text)) => times::parse(text, zone.map(clocks)),
            _ => Err(Refused::NotATime),
        };
        match parsed {
            Ok(time) => Ok(self.push(Op::Literal(Value::Time(time)), Type::Time(None))),
            Err(refused) => {
                let (reason, help) = refused.told(&expr.to_string(), zone);
                self.note(expr, reason, help)
            }
        }
    }

    /// A number literal with all its digits; other nodes as they are.
    fn exact(&mut self, expr: &Expr, id: Id) -> Id {
        match self.digits(expr, id) {
            Some((digits, scale)) => self.push(Op::Literal(Value::Decimal(digits, scale)), Type::Exact(scale)),
            None => id,
        }
    }

    /// The digits of a literal, as they are written where that is known: a text says more than the number it is read as.
    fn digits(&self, expr: &Expr, id: Id) -> Option<exact::Exact> {
        let value = self.program.value(id)?;
        let written = match expr.kind() {
            Kind::Unary(Unary::Neg, inner) => self.as_written(inner).map(|(digits, scale)| (-digits, scale)),
            _ => self.as_written(expr),
        };
        written.or_else(|| exact::of(value))
    }

    fn as_written(&self, expr: &Expr) -> Option<exact::Exact> {
        match expr.kind() {
            Kind::Literal(Value::Float(value)) if self.dialect == Dialect::Text => {
                let text = self.text.get(expr.span()?)?;
                let same = text.replace('_', "").parse::<f64>().is_ok_and(|read| read == *value);
                exact::parse(text).filter(|_| same)
            }
            Kind::Literal(value) => exact::of(value),
            Kind::Local(path) => {
                exact::of(&crate::syntax::locals::find(self.locals, &path[0]).filter(|_| path.len() == 1)?)
            }
            _ => None,
        }
    }

    pub fn number_class(&self, a: Id, b: Id) -> Class {
        let (left, right) = (self.program.dtype(a), self.program.dtype(b));
        if matches!(left, Type::Exact(_)) || matches!(right, Type::Exact(_)) {
            // A column of floating point numbers has no digits; a literal has.
            let digits = |id: Id| match self.program.value(id) {
                Some(value) => exact::of(value).is_some(),
                None => !self.program.dtype(id).is_float(),
            };
            let narrow = |column: &Type, literal: Id| *column == Type::F32 && self.program.value(literal).is_some();
            return match digits(a) && digits(b) {
                true => Class::Exact,
                false if narrow(left, b) || narrow(right, a) => Class::F32,
                false => Class::F64,
            };
        }
        if left.is_float() || right.is_float() {
            // In comparisons literals follow f32 in both dialects, as pandas does.
            let weak = [self.program.value(a).is_some(), self.program.value(b).is_some()];
            return if types::float(left, right, weak) == Type::F32 { Class::F32 } else { Class::F64 };
        }
        let (Some(left_width), Some(right_width)) = (left.width(), right.width()) else { return Class::F64 };
        let large = |width: crate::value::Width| !width.signed && width.bytes == 8;
        match (large(left_width), large(right_width)) {
            _ if (left, right) == (&Type::Bool, &Type::Bool) => Class::Bool,
            (false, false) => Class::I64,
            (true, true) => Class::U64,
            (true, false) if right_width.signed => Class::Mixed,
            (false, true) if left_width.signed => Class::Mixed,
            _ => Class::U64,
        }
    }
}
