//! An expression and a schema to a typed program. Reads no data; finds all errors.

use crate::check::dialect::Dialect;
use crate::check::domain::{DomainId, ROWS};
use crate::check::program::{Id, Op, Program};
use crate::check::shape::{Collection, Fields, Scope, Shape};
use crate::check::typed::Typed;
use crate::check::types::{self, Type};
use crate::error::{Problem, Span};
use crate::lookup::{Lookup, Wanted, signature};
use crate::syntax::expr::{Binary, Expr, Kind, Name, Unary};
use crate::value::{Body, Value};
use polars::prelude::{PlSmallStr, Schema};
use std::collections::HashMap;
use std::sync::Arc;

/// The problem is noted; the caller that needed the node returns without another message.
pub(crate) struct Noted;

pub(crate) type Checked<T = Id> = Result<T, Noted>;

/// The value of a node that needs no table; `check` has no evaluator of its own.
pub(crate) type Fold = fn(&Program, Id) -> Option<Value>;

/// An expression, and what is known of its names.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    pub expr: &'a Expr,
    pub locals: &'a [(Arc<str>, Value)],
    /// The zones of columns whose type cannot say it.
    pub zones: &'a [(Arc<str>, Arc<str>)],
    pub dialect: Dialect,
    pub text: &'a Arc<str>,
    /// Names that stand for other expressions.
    pub definitions: Vec<(&'a str, Asked<'a>)>,
}

pub(crate) struct Checker<'a> {
    pub program: Program,
    pub dialect: Dialect,
    pub locals: &'a [(Arc<str>, Value)],
    pub zones: &'a [(Arc<str>, Arc<str>)],
    pub definitions: Vec<(&'a str, Asked<'a>)>,
    pub schema: &'a Schema,
    pub text: &'a str,
    problems: Vec<Problem>,
    pub fold: Fold,
    /// The domain for whose lanes an expression is one value.
    pub here: DomainId,
    /// Names of `for`s and brackets around, outermost first.
    pub scopes: Vec<Scope>,
    /// Inside of a bracket: the domain of its objects, and that of the list before it.
    pub bracket: Option<(DomainId, DomainId)>,
    pub collections: Vec<Collection>,
    /// Inside of a definition: columns that definitions have made, which it does not know.
    pub hidden: Vec<&'a str>,
    /// Where the values of nodes are written.
    pub places: HashMap<Id, Span>,
}

pub(crate) fn check(asked: &Asked<'_>, schema: &Schema, fold: Fold) -> Result<Typed, Vec<Problem>> {
    let Asked { expr, locals, zones, dialect, text, definitions } = asked.clone();
    if expr.0.height > crate::syntax::parse::HEIGHT {
        let reason = format!("the cut nests deeper than {} levels", crate::syntax::parse::HEIGHT);
        return Err(vec![Problem::new(reason, 0..text.len()).help("split it into several cuts")]);
    }
    let mut checker = Checker {
        program: Program::default(),
        dialect,
        locals,
        zones,
        definitions,
        schema,
        text,
        problems: Vec::new(),
        fold,
        here: ROWS,
        scopes: Vec::new(),
        bracket: None,
        collections: Vec::new(),
        hidden: Vec::new(),
        places: HashMap::new(),
    };
    let root = checker.shape(expr).and_then(|shape| checker.root(expr, shape));
    checker.lengths();
    match root {
        Ok((root, fields)) if checker.problems.is_empty() => {
            Ok(Typed::new(checker.program, root, fields, text.clone()))
        }
        _ => Err(checker.problems),
    }
}

impl Checker<'_> {
    /// The place of an expression; built expressions are looked up in their printed form.
    pub fn place(&self, expr: &Expr) -> Span {
        expr.span().unwrap_or_else(|| {
            let printed = expr.to_string();
            self.text.find(&printed).map_or(0..self.text.len(), |at| at..at + printed.len())
        })
    }

    pub fn note<T>(&mut self, expr: &Expr, reason: impl Into<String>, help: impl Into<String>) -> Checked<T> {
        let place = self.place(expr);
        self.note_at(place, reason, help)
    }

    pub fn note_at<T>(&mut self, place: Span, reason: impl Into<String>, help: impl Into<String>) -> Checked<T> {
        self.add(Problem::new(reason, place).help(help));
        Err(Noted)
    }

    pub fn add(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    pub fn problems_so_far(&self) -> usize {
        self.problems.len()
    }

    pub fn forget_problems(&mut self, from: usize) -> Vec<Problem> {
        self.problems.split_off(from)
    }

    /// The node of a value; of objects the positions, and all fields.
    fn root(&mut self, expr: &Expr, shape: Shape) -> Checked<(Id, Vec<(PlSmallStr, Id)>)> {
        if !self.problems.is_empty() {
            return Err(Noted);
        }
        let object = match shape {
            Shape::Value(root) => return Ok((self.constant_root(root, expr)?, Vec::new())),
            Shape::Object(object) => object,
            Shape::Tuple(ref objects) if self.in_scope(self.shape_domain(&shape)) => self.members(expr, objects)?,
            Shape::Tuple(_) => {
                return self.note(expr, format!("{expr} is a list of combinations"), "name them in a `for`");
            }
        };
        if let (None, Fields::Struct(column)) = (object.position, &self.collections[object.collection].fields) {
            let (column, domain) = (column.clone(), self.object_domain(&object));
            let column = self.use_column(&column);
            return Ok((self.program.push(Op::Leaf(column, None), Type::Position, domain), Vec::new()));
        }
        let position = self.position(&object);
        let mut fields = Vec::new();
        let known = self.problems.len();
        for name in self.field_names(object.collection) {
            // What a cut cannot use, such as a list in an object, is left out.
            if let Ok(id) = self.object_field(expr, &object, &name) {
                let domain = self.domain_of(position);
                fields.push((name.as_ref().into(), self.spread(id, domain)));
            }
        }
        self.problems.truncate(known);
        Ok((position, fields))
    }

    fn constant_root(&mut self, root: Id, expr: &Expr) -> Checked {
        let node = &self.program.nodes[root];
        if node.constant && node.dtype == Type::Bool && self.dialect == Dialect::Text {
            return self.note(expr, "the cut is the same for all rows", "compare a column");
        }
        Ok(root)
    }

    /// An expression that can only be a value.
    pub fn scalar(&mut self, expr: &Expr) -> Checked {
        match expr.kind() {
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
            Kind::Binary(op @ (Binary::Shl | Binary::Shr | Binary::BitAnd | Binary::BitOr), left, right) => {
                let (a, b) = self.two(left, right, Self::node)?;
                self.bits(expr, *op, a, b)
            }
            Kind::Binary(op, left, right) => {
                let (a, b) = self.two(left, right, Self::node)?;
                self.arithmetic(expr, *op, (left, a), (right, b))
            }
            Kind::And(parts) => self.joined(parts, true),
            Kind::Or(parts) => self.joined(parts, false),
            Kind::Chain(first, rest) => self.chain(expr, first, rest),
            Kind::Method(value, name, arguments) => self.method(expr, value, name, arguments),
            Kind::Column(_) | Kind::Call(..) | Kind::Field(..) | Kind::Item(..) | Kind::Slice(..) | Kind::For(..) => {
                self.node(expr)
            }
        }
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

    pub fn column(&mut self, expr: &Expr, name: &str) -> Checked {
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
        let position = self.program.column(&name, &dtype);
        Ok(self.push(Op::Column(position), kind))
    }

    pub fn find_column(&self, written: &str) -> Option<(PlSmallStr, polars::prelude::DataType)> {
        if self.hidden.contains(&written) {
            return None;
        }
        let name = match self.schema.contains(written) {
            true => written,
            false => belle2::escape::find(written, self.schema.iter_names().map(PlSmallStr::as_str))?,
        };
        Some((name.into(), self.schema.get(name)?.clone()))
    }

    /// The zone in which a text without an offset is compared with a time; `None`: UTC.
    pub fn zone_of(&self, id: Id) -> Option<Arc<str>> {
        if let Op::Column(column) = self.program.op(id) {
            let name = &self.program.columns[*column];
            if let Some((_, zone)) = self.zones.iter().find(|(column, _)| **column == **name) {
                return Some(zone.clone());
            }
        }
        match self.program.dtype(id) {
            Type::Time(Some(zone)) => Some(zone.as_str().into()),
            _ => None,
        }
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
            // Beyond the integer types of 64 bits a whole number is its digits.
            Value::Int(value) if value > i128::from(u64::MAX) || value < i128::from(i64::MIN) => {
                Value::Decimal(value, 0)
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

    pub fn local(&mut self, expr: &Expr, path: &[Name]) -> Checked<Value> {
        let name = &*path[0];
        let Some(mut value) = crate::syntax::locals::find(self.locals, name) else {
            let help = format!("bind it: `query!(\"..\")` in a notebook, `.bind(\"{name}\", value)` elsewhere");
            return self.note(expr, format!("nothing is bound to `@{name}`"), help);
        };
        for key in &path[1..] {
            value = match crate::syntax::locals::part(&value, key) {
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
        let (arguments, dtype) = match &function.0 {
            Body::Numbers(_) => (self.all(arguments, Self::number)?, Type::F64),
            Body::Table(table) => {
                let dtype = if table.is_condition() { Type::Bool } else { Type::F64 };
                (self.table_inputs(expr, &path.join("."), &**table, arguments)?, dtype)
            }
        };
        Ok(self.push(Op::External(function, arguments), dtype))
    }

    /// What is given to a table: as many values as it takes, and of the types that it takes.
    fn table_inputs(&mut self, expr: &Expr, written: &str, table: &dyn Lookup, given: &[Expr]) -> Checked<Vec<Id>> {
        let (wanted, least) = (table.inputs(), table.least());
        if given.len() > wanted.len() || given.len() < least {
            let reason = format!("the table takes {}, not {} values", signature(written, table), given.len());
            return self.note(expr, reason, "");
        }
        let mut inputs = Vec::with_capacity(given.len());
        for (at, (given, wanted)) in given.iter().zip(&wanted).enumerate() {
            inputs.push(self.table_input(table, at, given, wanted));
        }
        inputs.into_iter().collect()
    }

    fn table_input(&mut self, table: &dyn Lookup, at: usize, given: &Expr, wanted: &Wanted) -> Checked {
        if !wanted.text {
            return self.number(given);
        }
        let id = self.node(given)?;
        match (self.dtype(id), self.program.value(id)) {
            (Type::Text, Some(Value::Text(text))) => match table.refuses(at, &text.clone()) {
                Some(reason) => self.note(given, reason, ""),
                None => Ok(id),
            },
            (Type::Text | Type::Null, _) => Ok(id),
            (dtype, _) => self.note(given, format!("{given} is {dtype}, and `{}` is a text", wanted.name), ""),
        }
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
            (Unary::Pos, Type::Int(_) | Type::F32 | Type::F64 | Type::Exact(_) | Type::Duration) => Ok(id),
            (Unary::Neg, Type::Int(_) | Type::Bool | Type::F32 | Type::F64 | Type::Exact(_) | Type::Duration) => {
                match self.program.value(id) {
                    // -1 is a literal, and has the narrowest type. No evaluator sees it, whose integers have 64 bits.
                    Some(Value::Int(value) | Value::Decimal(value, 0)) => {
                        let value = value.saturating_neg();
                        self.literal(expr, Value::Int(value))
                    }
                    _ => Ok(self.push(Op::Neg(id), types::negated(&dtype))),
                }
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

    /// Arithmetic of two truth values, as pandas has it: `+` is or, `*` is and; differences and powers are not defined.
    fn truths(&mut self, expr: &Expr, op: Binary, a: Id, b: Id) -> Checked {
        match op {
            Binary::Add => Ok(self.push(Op::Or(vec![a, b]), Type::Bool)),
            Binary::Mul => Ok(self.push(Op::And(vec![a, b]), Type::Bool)),
            Binary::Div => Ok(self.push(Op::Arithmetic(op, a, b), Type::F64)),
            _ => {
                let reason = format!("`{}` of two truth values", op.symbol());
                self.note(expr, reason, "multiply each by 1 to count with them; `!=` tells whether they differ")
            }
        }
    }

    pub fn arithmetic(&mut self, expr: &Expr, op: Binary, (left, a): (&Expr, Id), (right, b): (&Expr, Id)) -> Checked {
        let (left_type, right_type) = (self.dtype(a), self.dtype(b));
        if self.dialect == Dialect::Text && left_type == Type::Bool && right_type == Type::Bool {
            return self.truths(expr, op, a, b);
        }
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
        let id = self.push(Op::Arithmetic(op, a, b), dtype);
        let literals = self.program.value(a).is_some() && self.program.value(b).is_some();
        if literals && self.program.value(id).is_none() {
            return self.note(
                expr,
                format!("{expr} does not fit in 128 bits"),
                "write one of the numbers with a point",
            );
        }
        Ok(id)
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Int(value) | Value::Sized(value, _) | Value::Decimal(value, _) => *value == 0,
        Value::Bool(value) => !value,
        Value::Float(value) => *value == 0.0,
        _ => false,
    }
}

pub(crate) fn comparison_help(expr: &Expr, dtype: &Type) -> String {
    match dtype {
        Type::Text => format!("write {expr} == 'something'"),
        // `&` between integers binds less strongly than a comparison.
        _ if matches!(expr.kind(), Kind::And(_) | Kind::Or(_)) => format!("write ({expr}) != 0"),
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
