//! An expression and a schema to a typed program. Reads no data; finds all errors.

use crate::cut::Dialect;
use crate::error::Problem;
use crate::expr::{Binary, Compare, Expr, Kind, Name, Unary};
use crate::members::Members;
use crate::program::{Class, Id, Op, Program};
use crate::typed::Typed;
use crate::types::{self, Type};
use crate::{Span, Value};
use polars::prelude::{PlSmallStr, Schema};
use std::sync::Arc;

/// The problem is noted; whoever needed the node gives up silently.
pub(crate) struct Noted;

pub(crate) type Checked<T = Id> = Result<T, Noted>;

pub(crate) struct Checker<'a> {
    pub program: Program,
    pub dialect: Dialect,
    locals: &'a [(Arc<str>, Value)],
    schema: &'a Schema,
    text: &'a str,
    problems: Vec<Problem>,
}

pub(crate) fn check(
    expr: &Expr,
    locals: &[(Arc<str>, Value)],
    dialect: Dialect,
    text: &Arc<str>,
    schema: &Schema,
) -> Result<Typed, Vec<Problem>> {
    if expr.0.height > crate::parse::HEIGHT {
        let reason = format!("the cut nests deeper than {} levels", crate::parse::HEIGHT);
        return Err(vec![Problem::new(reason, 0..text.len()).help("split it into several cuts")]);
    }
    let mut checker = Checker { program: Program::default(), dialect, locals, schema, text, problems: Vec::new() };
    let root = checker.node(expr).and_then(|root| checker.root(root, expr));
    match root {
        Ok(root) if checker.problems.is_empty() => Ok(Typed::new(checker.program, root, text.clone())),
        _ => Err(checker.problems),
    }
}

/// An operand: a node, or a list, which only membership takes.
enum Operand {
    Node(Id),
    List(Vec<Value>),
}

impl Checker<'_> {
    /// Where an expression stands; built expressions are looked up in their printed form.
    pub fn place(&self, expr: &Expr) -> Span {
        expr.span().unwrap_or_else(|| {
            let printed = expr.to_string();
            self.text.find(&printed).map_or(0..self.text.len(), |at| at..at + printed.len())
        })
    }

    pub fn note<T>(&mut self, expr: &Expr, reason: impl Into<String>, help: impl Into<String>) -> Checked<T> {
        let problem = Problem::new(reason, self.place(expr)).help(help);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
        Err(Noted)
    }

    fn root(&mut self, root: Id, expr: &Expr) -> Checked {
        let node = &self.program.nodes[root];
        if node.constant && node.dtype == Type::Bool && self.dialect == Dialect::Text {
            return self.note(expr, "the cut is the same for all rows", "compare a column");
        }
        Ok(root)
    }

    pub fn node(&mut self, expr: &Expr) -> Checked {
        match expr.kind() {
            Kind::Column(name) => self.column(expr, name),
            Kind::Literal(value) => self.literal(expr, value.clone()),
            Kind::Local(path) => match self.local(expr, path)? {
                Value::Function(_) => {
                    self.note(expr, format!("`@{}` is a function", path.join(".")), "call it with arguments")
                }
                Value::Map(_) => {
                    self.note(expr, format!("`@{}` holds several values", path.join(".")), "choose one: `['name']`")
                }
                value => self.literal(expr, value),
            },
            Kind::LocalCall(path, arguments) => self.local_call(expr, path, arguments),
            Kind::List(_) => {
                self.note(expr, "a list is not a value", "lists stand beside `in`, `not in`, `==` and `!=`")
            }
            Kind::Unary(op, value) => self.unary(expr, *op, value),
            Kind::Binary(Binary::Xor, left, right) => {
                let (left, right) = self.two(left, right, Self::condition)?;
                Ok(self.push(Op::Xor(left, right), Type::Bool))
            }
            Kind::Binary(op, left, right) => self.arithmetic(expr, *op, left, right),
            Kind::And(parts) => {
                let parts = self.conditions(parts)?;
                Ok(self.push(Op::And(parts), Type::Bool))
            }
            Kind::Or(parts) => {
                let parts = self.conditions(parts)?;
                Ok(self.push(Op::Or(parts), Type::Bool))
            }
            Kind::Chain(first, rest) => self.chain(expr, first, rest),
            Kind::Call(name, arguments) => self.call(expr, name, arguments),
            Kind::Method(value, name, arguments) => self.method(expr, value, name, arguments),
        }
    }

    /// Adds a node; what has only literals below it becomes one.
    pub fn push(&mut self, op: Op, dtype: Type) -> Id {
        let folds = !op.inputs().is_empty() && op.inputs().iter().all(|id| self.program.value(*id).is_some());
        let id = self.program.push(op, dtype.clone());
        if folds && let Some(value) = crate::typed::fold(&self.program, id) {
            return self.program.push(Op::Literal(value), dtype);
        }
        id
    }

    pub fn dtype(&self, id: Id) -> Type {
        self.program.dtype(id).clone()
    }

    fn two(&mut self, left: &Expr, right: &Expr, each: fn(&mut Self, &Expr) -> Checked) -> Checked<(Id, Id)> {
        // Both are looked at before either gives up, so that all errors are told at once.
        let (left, right) = (each(self, left), each(self, right));
        Ok((left?, right?))
    }

    pub fn all(&mut self, exprs: &[Expr], each: fn(&mut Self, &Expr) -> Checked) -> Checked<Vec<Id>> {
        let nodes: Vec<_> = exprs.iter().map(|expr| each(self, expr)).collect();
        nodes.into_iter().collect()
    }

    fn column(&mut self, expr: &Expr, name: &str) -> Checked {
        let Some((name, dtype)) = self.find_column(name) else {
            let constant = match name {
                "inf" | "Inf" => Some(f64::INFINITY),
                "pi" => Some(std::f64::consts::PI),
                _ => None,
            };
            return match constant {
                Some(value) if self.dialect == Dialect::Text => self.literal(expr, Value::Float(value)),
                _ => self.no_column(expr, name),
            };
        };
        let Some(kind) = Type::of(&dtype) else {
            let help = "use `.filter` with a Polars expression for it";
            return self.note(expr, format!("a cut cannot use column `{name}` of type {dtype}"), help);
        };
        let position = self.program.columns.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.program.columns.push(name);
            self.program.dtypes.push(dtype);
            self.program.columns.len() - 1
        });
        Ok(self.push(Op::Column(position), kind))
    }

    fn find_column(&self, written: &str) -> Option<(PlSmallStr, polars::prelude::DataType)> {
        let name = match self.schema.contains(written) {
            true => written,
            false => crate::escape::find(written, self.schema.iter_names().map(PlSmallStr::as_str))?,
        };
        Some((name.into(), self.schema.get(name)?.clone()))
    }

    fn no_column(&mut self, expr: &Expr, name: &str) -> Checked {
        let help = if self.locals.iter().any(|(known, _)| &**known == name) {
            format!("the variable is `@{name}`")
        } else if name == "nan" || name == "NaN" {
            "missing values are found with `.isna()`".to_owned()
        } else {
            let names = self.schema.iter_names().map(PlSmallStr::as_str);
            match segment::nearest(name, names).as_slice() {
                [] => format!("there are {} columns", self.schema.len()),
                names => format!("did you mean {}?", quoted(names)),
            }
        };
        self.note(expr, format!("no column `{name}`"), help)
    }

    fn literal(&mut self, expr: &Expr, value: Value) -> Checked {
        let value = match value {
            // Beyond the integer types a whole number is what it is nearest to.
            Value::Int(value) if value > i128::from(u64::MAX) || value < i128::from(i64::MIN) => {
                Value::Float(value as f64)
            }
            value => value,
        };
        if let Value::Float(number) = value
            && number.is_infinite()
            && self.dialect == Dialect::Builder
        {
            return self.note(expr, format!("a literal `{number}`"), "use `.is_null()` or a finite bound");
        }
        match Type::literal(&value) {
            Some(dtype) => Ok(self.push(Op::Literal(value), dtype)),
            None => {
                let reason = format!("{} is not a value", value.what());
                self.note(expr, reason, "lists stand beside `in`, `not in`, `==` and `!=`")
            }
        }
    }

    fn local(&mut self, expr: &Expr, path: &[Name]) -> Checked<Value> {
        let name = &*path[0];
        let Some(mut value) = crate::locals::find(self.locals, name) else {
            let help = format!("bind it: `query!(\"..\")` in a notebook, `.bind(\"{name}\", value)` elsewhere");
            return self.note(expr, format!("nothing is bound to `@{name}`"), help);
        };
        for key in &path[1..] {
            value = match crate::locals::part(&value, key) {
                Some(part) => part,
                None => {
                    let help = if let Value::Map(entries) = &value {
                        format!("there is {}", quoted(&entries.iter().map(|(name, _)| &**name).collect::<Vec<_>>()))
                    } else {
                        format!("`@{name}` is {}", value.what())
                    };
                    return self.note(expr, format!("`@{name}` has no `{key}`"), help);
                }
            };
        }
        Ok(value)
    }

    fn local_call(&mut self, expr: &Expr, path: &[Name], arguments: &[Expr]) -> Checked {
        let known_module = matches!(&*path[0], "np" | "numpy" | "math");
        if known_module && path.len() == 2 && !self.locals.iter().any(|(name, _)| **name == *path[0]) {
            return self.call(expr, &path[1], arguments);
        }
        let Value::Function(function) = self.local(expr, path)? else {
            return self.note(expr, format!("`@{}` is not a function", path.join(".")), "bind a `Value::function`");
        };
        let arguments = self.all(arguments, Self::number)?;
        Ok(self.push(Op::External(function, arguments), Type::F64))
    }

    /// A condition: boolean, or a column without values.
    pub fn condition(&mut self, expr: &Expr) -> Checked {
        let id = self.node(expr)?;
        let dtype = self.dtype(id);
        match dtype {
            Type::Bool => Ok(id),
            Type::Null => Ok(self.push(Op::Constant(false), Type::Bool)),
            _ => self.note(expr, format!("{expr} is {dtype}, not a condition"), comparison_help(expr, &dtype)),
        }
    }

    fn conditions(&mut self, parts: &[Expr]) -> Checked<Vec<Id>> {
        self.all(parts, Self::condition)
    }

    pub fn number(&mut self, expr: &Expr) -> Checked {
        let id = self.node(expr)?;
        let dtype = self.dtype(id);
        if dtype.is_number() || dtype == Type::Null {
            return Ok(id);
        }
        self.note(expr, format!("{expr} is {dtype}, not a number"), "")
    }

    fn unary(&mut self, expr: &Expr, op: Unary, value: &Expr) -> Checked {
        if op == Unary::Not {
            let value = self.condition(value)?;
            return Ok(self.push(Op::Not(value), Type::Bool));
        }
        let id = self.node(value)?;
        let dtype = self.dtype(id);
        match (op, &dtype) {
            (Unary::Invert, Type::Bool) => Ok(self.push(Op::Not(id), Type::Bool)),
            (Unary::Invert, Type::Int(_)) => Ok(self.push(Op::Invert(id), types::negated(&dtype))),
            (Unary::Invert, _) => {
                let help = "`~` binds tighter than comparisons: write `~(a > 1)` or `not a > 1`";
                self.note(expr, format!("`~` of {value}, which is {dtype}"), help)
            }
            (Unary::Pos, Type::Int(_) | Type::F32 | Type::F64 | Type::Duration) => Ok(id),
            (Unary::Neg, Type::Int(_) | Type::Bool | Type::F32 | Type::F64 | Type::Duration) => {
                let result = match self.program.value(id) {
                    // -1 is a literal, and has the narrowest type.
                    Some(Value::Int(value)) => Type::literal(&Value::Int(-value)).unwrap_or(types::I64),
                    _ => types::negated(&dtype),
                };
                Ok(self.push(Op::Neg(id), result))
            }
            (_, Type::Null) => Ok(id),
            _ => self.note(expr, format!("{value} is {dtype} and has no sign"), ""),
        }
    }

    /// Whether a side is a literal that takes the f32 of the other side.
    fn weak(&self, id: Id) -> bool {
        self.dialect == Dialect::Text && self.program.value(id).is_some()
    }

    pub fn weaks(&self, a: Id, b: Id) -> [bool; 2] {
        [self.weak(a), self.weak(b)]
    }

    fn arithmetic(&mut self, expr: &Expr, op: Binary, left: &Expr, right: &Expr) -> Checked {
        let (a, b) = self.two(left, right, Self::node)?;
        let (left_type, right_type) = (self.dtype(a), self.dtype(b));
        let dtype = match (&left_type, op, &right_type) {
            (Type::Time(_), Binary::Sub, Type::Time(_))
            | (Type::Duration, Binary::Add | Binary::Sub, Type::Duration) => Type::Duration,
            (Type::Time(_), Binary::Add | Binary::Sub, Type::Duration) => left_type.clone(),
            (Type::Duration, Binary::Add, Type::Time(_)) => right_type.clone(),
            (Type::Null, ..) | (.., Type::Null) => Type::F64,
            _ if left_type.is_number() && right_type.is_number() => {
                if op == Binary::Pow && right_type.is_float() && self.dialect == Dialect::Builder {
                    return self.note(
                        expr,
                        "a power with a floating point exponent",
                        "use `.apply(\"sqrt\", vec![])` or a text",
                    );
                }
                let weak = self.weaks(a, b);
                let divisor = self.program.value(b).is_some_and(|value| !is_zero(value));
                let division = op == Binary::Div && left_type.is_float() && self.dialect == Dialect::Builder;
                if division { Type::F64 } else { types::arithmetic(op, &left_type, &right_type, weak, divisor) }
            }
            _ => {
                let reason = format!("`{}` does not go with {left_type} and {right_type}", op.symbol());
                return self.note(expr, reason, format!("{left} is {left_type}, {right} is {right_type}"));
            }
        };
        Ok(self.push(Op::Arithmetic(op, a, b), dtype))
    }

    fn chain(&mut self, expr: &Expr, first: &Expr, rest: &[(Compare, Expr)]) -> Checked {
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
                let values: Vec<_> = items.iter().map(|item| self.item(item)).collect();
                Ok(Operand::List(values.into_iter().collect::<Checked<_>>()?))
            }
            Kind::Literal(Value::List(values)) => Ok(Operand::List(values.clone())),
            Kind::Local(path) => match self.local(expr, path)? {
                Value::List(values) => Ok(Operand::List(values)),
                _ => self.node(expr).map(Operand::Node),
            },
            _ => self.node(expr).map(Operand::Node),
        }
    }

    /// One value of a list.
    fn item(&mut self, expr: &Expr) -> Checked<Value> {
        let id = self.node(expr)?;
        match self.program.value(id) {
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
                _ => {
                    self.note(right, format!("`{}` needs a list", op.symbol()), "write `[a, b]`, or `==` for one value")
                }
            },
            (Operand::Node(a), Operand::Node(b)) => self.compare_nodes(expr, op, (left, a), (right, b)),
        }
    }

    fn is_in(&mut self, expr: &Expr, written: &Expr, id: Id, values: &[Value], negated: bool) -> Checked {
        let dtype = self.dtype(id);
        let floats = values.iter().any(|value| matches!(value, Value::Float(_)));
        let ints = values.iter().any(|value| matches!(value, Value::Int(_) | Value::Sized(..)));
        if floats && ints && self.dialect == Dialect::Builder {
            return self.note(expr, "a list that mixes integers and floats", "write all of them as floats");
        }
        let members = match Members::new(&dtype, values) {
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
            (Type::Time(_), Type::Time(_)) | (Type::Duration, Type::Duration) => Class::I64,
            (Type::Time(_), Type::Text) => {
                y = self.time_literal(b.0, y)?;
                Class::I64
            }
            (Type::Text, Type::Time(_)) => {
                x = self.time_literal(a.0, x)?;
                Class::I64
            }
            _ if left.is_number() && right.is_number() => {
                let class = self.number_class(x, y);
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

    fn time_literal(&mut self, expr: &Expr, id: Id) -> Checked {
        let parsed = match self.program.value(id) {
            Some(Value::Text(text)) => crate::times::parse(text),
            _ => None,
        };
        match parsed {
            Some(time) => Ok(self.push(Op::Literal(Value::Time(time)), Type::Time(None))),
            None => {
                self.note(expr, format!("{expr} is not a time"), "write it as '2024-01-31' or '2024-01-31 12:00:00'")
            }
        }
    }

    pub fn number_class(&self, a: Id, b: Id) -> Class {
        let (left, right) = (self.program.dtype(a), self.program.dtype(b));
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

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(value) | Value::Sized(value, _) => *value == 0,
        Value::Bool(value) => !value,
        Value::Float(value) => *value == 0.0,
        _ => false,
    }
}

pub(crate) fn comparison_help(expr: &Expr, dtype: &Type) -> String {
    match dtype {
        Type::Text => format!("write {expr} == 'something'"),
        _ if dtype.is_number() => format!("write {expr} == 1 or {expr} != 0"),
        _ => "compare it with something".to_owned(),
    }
}

pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

impl Checker<'_> {
    /// The text of a place.
    pub fn written(&self, span: Span) -> String {
        self.text.get(span).unwrap_or_default().trim().to_owned()
    }

    pub fn has_column(&self, written: &str) -> bool {
        self.find_column(written).is_some()
    }
}
