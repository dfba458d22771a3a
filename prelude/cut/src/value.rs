use crate::lookup::Lookup;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A value in a cut: a literal, or the value of `@name`.
///
/// ```
/// use cut::Value;
/// assert!(matches!(Value::from(0.5), Value::Float(_)) && matches!(Value::from("up"), Value::Text(_)));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// `None`: compares with nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer; its type is the narrowest that holds it.
    Int(i128),
    /// An integer with a type of its own.
    Sized(i128, Width),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(Arc<str>),
    /// A decimal number: its digits, and how many of them stand behind the point.
    Decimal(i128, u8),
    /// A time in nanoseconds since 1970, UTC.
    Time(i128),
    /// A duration in nanoseconds.
    Duration(i64),
    /// Values to be looked for with `in`.
    List(Vec<Value>),
    /// Named values: `@cuts['pmin']` and `@box.pmin`.
    Map(Vec<(Arc<str>, Value)>),
    /// A function of numbers: `@f(x, y)`.
    Function(UserFunction),
}

/// An integer type: sign and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Width {
    /// Whether there are negative values.
    pub signed: bool,
    /// 1, 2, 4 or 8.
    pub bytes: u8,
}

/// A function that a cut can call as `@name(x, y)`.
#[derive(Clone)]
pub struct UserFunction(pub(crate) Body);

#[derive(Clone)]
pub(crate) enum Body {
    /// Of numbers.
    Numbers(Arc<dyn Fn(&[f64]) -> f64 + Send + Sync>),
    /// A table, with names and types.
    Table(Arc<dyn Lookup>),
}

impl Value {
    /// A function of numbers; it is called once per row with its arguments as f64 (missing: NaN).
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let cut = cut::parse("@double(x) > 5")?.bind("double", cut::Value::function(|x| 2.0 * x[0]));
    /// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn function(function: impl Fn(&[f64]) -> f64 + Send + Sync + 'static) -> Self {
        Self::Function(UserFunction(Body::Numbers(Arc::new(function))))
    }

    /// A table to be looked up.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # struct Half;
    /// # impl cut::Lookup for Half {
    /// #     fn name(&self) -> &str {
    /// #         "half"
    /// #     }
    /// #     fn inputs(&self) -> Vec<cut::Wanted> {
    /// #         vec![cut::Wanted { name: "x".to_string(), text: false }]
    /// #     }
    /// #     fn least(&self) -> usize {
    /// #         1
    /// #     }
    /// #     fn refuses(&self, _input: usize, _text: &str) -> Option<String> {
    /// #         None
    /// #     }
    /// #     fn value(&self, given: &[cut::Given<'_>]) -> Result<f64, String> {
    /// #         match given {
    /// #             [cut::Given::Number(x)] => Ok(x / 2.0),
    /// #             _ => Err("one number is wanted".to_string()),
    /// #         }
    /// #     }
    /// #     fn identity(&self) -> String {
    /// #         "half".to_string()
    /// #     }
    /// # }
    /// # use cut::Lookup;
    /// let cut = cut::parse("@half(x) > 1.5")?.bind("half", cut::Value::table(Half));
    /// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table(table: impl Lookup + 'static) -> Self {
        Self::Function(UserFunction(Body::Table(Arc::new(table))))
    }

    /// Named values, for `@cuts['pmin']` and `@cuts.pmin`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let cut = cut::parse("x > @cuts.least")?.bind("cuts", cut::Value::map([("least", 3.0)]));
    /// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn map<N: Into<Arc<str>>, V: Into<Value>>(values: impl IntoIterator<Item = (N, V)>) -> Self {
        Self::Map(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    pub(crate) fn what(&self) -> &'static str {
        match self {
            Self::Null => "None",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Sized(..) => "an integer",
            Self::Float(_) | Self::Decimal(..) => "a number",
            Self::Text(_) => "text",
            Self::Time(_) => "a time",
            Self::Duration(_) => "a duration",
            Self::List(_) => "a list",
            Self::Map(_) => "a table of values",
            Self::Function(_) => "a function",
        }
    }
}

impl PartialEq for Value {
    /// Equal as literals: floats by their bits, so that NaN equals itself and 0.0 differs from -0.0.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Sized(a, v), Self::Sized(b, w)) => a == b && v == w,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Decimal(a, s), Self::Decimal(b, t)) => a == b && s == t,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Function(a), Self::Function(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Sized(value, width) => (value, width).hash(state),
            Self::Float(value) => value.to_bits().hash(state),
            Self::Text(value) => value.hash(state),
            Self::Decimal(digits, scale) => (digits, scale).hash(state),
            Self::Time(value) => value.hash(state),
            Self::Duration(value) => value.hash(state),
            Self::List(values) => values.hash(state),
            Self::Map(values) => values.hash(state),
            Self::Function(function) => match &function.0 {
                Body::Numbers(function) => Arc::as_ptr(function).cast::<()>().hash(state),
                Body::Table(table) => table.identity().hash(state),
            },
        }
    }
}

impl fmt::Display for Value {
    /// As it would be written in a cut.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("None"),
            Self::Bool(true) => out.write_str("True"),
            Self::Bool(false) => out.write_str("False"),
            Self::Int(value) | Self::Sized(value, _) => write!(out, "{value}"),
            Self::Float(value) => write!(out, "{value:?}"),
            Self::Decimal(digits, scale) => {
                let (sign, scale) = (if *digits < 0 { "-" } else { "" }, usize::from(*scale));
                let digits = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
                let (whole, behind) = digits.split_at(digits.len() - scale);
                write!(out, "{sign}{whole}{}{behind}", if scale > 0 { "." } else { "" })
            }
            Self::Text(value) => {
                let quote = if value.contains('\'') { '"' } else { '\'' };
                let escaped = value.replace('\\', "\\\\").replace('\n', "\\n").replace(quote, &format!("\\{quote}"));
                write!(out, "{quote}{escaped}{quote}")
            }
            Self::Time(value) => write!(out, "'{}'", crate::times::format(*value)),
            Self::Duration(value) => write!(out, "{value}ns"),
            Self::List(values) => {
                out.write_str("[")?;
                for (position, value) in values.iter().enumerate() {
                    write!(out, "{}{value}", if position > 0 { ", " } else { "" })?;
                }
                out.write_str("]")
            }
            Self::Map(_) => out.write_str("{..}"),
            Self::Function(UserFunction(Body::Table(table))) => write!(out, "<table {}>", table.name()),
            Self::Function(_) => out.write_str("<function>"),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl PartialEq for UserFunction {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Body::Numbers(a), Body::Numbers(b)) => Arc::ptr_eq(a, b),
            (Body::Table(a), Body::Table(b)) => Arc::ptr_eq(a, b) || a.identity() == b.identity(),
            _ => false,
        }
    }
}

impl fmt::Debug for UserFunction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Body::Numbers(_) => out.write_str("<function>"),
            Body::Table(table) => write!(out, "<table {}>", table.identity()),
        }
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $to:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}

from! {
    bool => |value| Self::Bool(value),
    i8 => |value| Self::Int(value.into()),
    i16 => |value| Self::Int(value.into()),
    i32 => |value| Self::Int(value.into()),
    i64 => |value| Self::Int(value.into()),
    i128 => |value| Self::Int(value),
    u8 => |value| Self::Int(value.into()),
    u16 => |value| Self::Int(value.into()),
    u32 => |value| Self::Int(value.into()),
    u64 => |value| Self::Int(value.into()),
    usize => |value| Self::Int(value as i128),
    f32 => |value| Self::Float(value.into()),
    f64 => |value| Self::Float(value),
    &str => |value| Self::Text(value.into()),
    &String => |value| Self::Text(value.as_str().into()),
    String => |value| Self::Text(value.into()),
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value> + Clone> From<&Vec<T>> for Value {
    fn from(values: &Vec<T>) -> Self {
        values.clone().into()
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value> + Clone> From<&[T]> for Value {
    fn from(values: &[T]) -> Self {
        values.to_vec().into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
