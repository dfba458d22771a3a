//! Expressions of a server, and short ways to write them.

use crate::check::types::Type;
use polars::prelude::PlSmallStr;
use std::fmt;
use std::sync::Arc;

/// An expression in the functions of Spark SQL.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// How many terms it is made of.
    size: usize,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum TermKind {
    /// A column.
    Column(PlSmallStr),
    /// A literal.
    Bool(bool),
    /// A literal of 64 bits.
    Long(i64),
    /// A literal.
    Float(f32),
    /// A literal.
    Double(f64),
    /// A literal whole number of up to 38 digits.
    Decimal(i128),
    /// A literal.
    Text(Arc<str>),
    /// A function by its name. Operators are functions, too.
    Call(&'static str, Vec<Term>),
    /// A value as another type, by its name in SQL.
    Cast(Box<Term>, &'static str),
}

/// What there are no words for.
pub(crate) type Refused = String;

/// How a value is held on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Bool,
    Long,
    Decimal,
    Float,
    Double,
    Text,
}

impl Held {
    /// How a column of this type is held.
    pub fn of(dtype: &Type) -> Option<Self> {
        Some(match dtype {
            Type::Bool => Self::Bool,
            Type::Int(width) if !width.signed && width.bytes == 8 => Self::Decimal,
            Type::Int(_) => Self::Long,
            Type::F32 => Self::Float,
            Type::F64 | Type::Null => Self::Double,
            Type::Text => Self::Text,
            Type::Exact(_) | Type::Time(_) | Type::Duration | Type::Position => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Long => "bigint",
            Self::Decimal => "decimal(38,0)",
            Self::Float => "float",
            Self::Double => "double",
            Self::Text => "string",
        }
    }
}

impl From<TermKind> for Term {
    fn from(kind: TermKind) -> Self {
        let inside = match &kind {
            TermKind::Call(_, inputs) => inputs.iter().map(|input| input.size).fold(0, usize::saturating_add),
            TermKind::Cast(input, _) => input.size,
            _ => 0,
        };
        Self { kind, size: inside.saturating_add(1) }
    }
}

macro_rules! literals {
    ($($from:ty => $kind:ident),*) => {$(
        impl From<$from> for Term {
            fn from(value: $from) -> Self {
                TermKind::$kind(value).into()
            }
        }
    )*};
}
literals! { bool => Bool, i64 => Long, f32 => Float, f64 => Double, i128 => Decimal }

/// A function of these values.
pub(crate) fn call(name: &'static str, inputs: impl Into<Vec<Term>>) -> Term {
    TermKind::Call(name, inputs.into()).into()
}

/// `yes` where a condition is true, else `no`.
pub(crate) fn when(condition: Term, yes: impl Into<Term>, no: impl Into<Term>) -> Term {
    call("when", [condition, yes.into(), no.into()])
}

/// A missing value of the type of `like`.
pub(crate) fn null(like: Term) -> Term {
    call("when", [false.into(), like])
}

impl Term {
    pub fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn cast(self, to: Held) -> Self {
        TermKind::Cast(Box::new(self), to.name()).into()
    }

    fn with(self, name: &'static str, other: impl Into<Self>) -> Self {
        call(name, [self, other.into()])
    }

    pub(crate) fn and(self, other: Self) -> Self {
        self.with("and", other)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.with("or", other)
    }

    pub(crate) fn negated(self) -> Self {
        call("not", [self])
    }

    pub(crate) fn is(self, operator: &'static str, other: impl Into<Self>) -> Self {
        self.with(operator, other)
    }

    pub(crate) fn equals(self, other: impl Into<Self>) -> Self {
        self.with("==", other)
    }

    pub(crate) fn plus(self, other: impl Into<Self>) -> Self {
        self.with("+", other)
    }

    pub(crate) fn minus(self, other: impl Into<Self>) -> Self {
        self.with("-", other)
    }

    pub(crate) fn times(self, other: impl Into<Self>) -> Self {
        self.with("*", other)
    }

    /// A quotient by what is not zero.
    pub(crate) fn over(self, other: impl Into<Self>) -> Self {
        self.with("/", other)
    }

    pub(crate) fn of(self, name: &'static str) -> Self {
        call(name, [self])
    }

    /// Whether it is the zero with a sign. No comparison tells it from the other.
    pub(crate) fn equals_negative_zero(self) -> Self {
        let text = TermKind::Text("-0.0".into());
        self.cast(Held::Text).equals(Self::from(text))
    }

    pub(crate) fn or_else(self, other: impl Into<Self>) -> Self {
        self.with("coalesce", other)
    }
}

impl fmt::Display for Term {
    /// For people; servers get messages.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            TermKind::Column(name) => out.write_str(name),
            TermKind::Bool(value) => write!(out, "{value}"),
            TermKind::Long(value) => write!(out, "{value}"),
            TermKind::Decimal(value) => write!(out, "{value}"),
            TermKind::Float(value) => write!(out, "{value:?}"),
            TermKind::Double(value) => write!(out, "{value:?}"),
            TermKind::Text(value) => write!(out, "{value:?}"),
            TermKind::Cast(input, to) => write!(out, "cast({input} as {to})"),
            TermKind::Call(name, inputs) => {
                write!(out, "{name}(")?;
                for (at, input) in inputs.iter().enumerate() {
                    write!(out, "{}{input}", if at > 0 { ", " } else { "" })?;
                }
                out.write_str(")")
            }
        }
    }
}
