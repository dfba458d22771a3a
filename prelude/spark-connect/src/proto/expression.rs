//! `spark/connect/expressions.proto`: expressions over the columns of a relation.

/// An expression. Made of columns and literals by [`Expression::call`] and its kin.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Expression {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 5, 6, 7, 11")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(message, tag = "1")]
    Literal(Literal),
    #[prost(message, tag = "2")]
    Attribute(Attribute),
    #[prost(message, tag = "3")]
    Function(Function),
    #[prost(message, tag = "5")]
    Star(Star),
    #[prost(message, tag = "6")]
    Alias(Box<Alias>),
    #[prost(message, tag = "7")]
    Cast(Box<Cast>),
    #[prost(message, tag = "11")]
    Window(Box<Window>),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Literal {
    #[prost(oneof = "Value", tags = "3, 6, 7, 10, 11, 12, 13")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(bool, tag = "3")]
    Boolean(bool),
    #[prost(int32, tag = "6")]
    Integer(i32),
    #[prost(int64, tag = "7")]
    Long(i64),
    #[prost(float, tag = "10")]
    Float(f32),
    #[prost(double, tag = "11")]
    Double(f64),
    #[prost(message, tag = "12")]
    Decimal(Decimal),
    #[prost(string, tag = "13")]
    Text(String),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Decimal {
    #[prost(string, tag = "1")]
    value: String,
    #[prost(int32, optional, tag = "2")]
    precision: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    scale: Option<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
}

/// All columns.
#[derive(Clone, PartialEq, prost::Message)]
struct Star {}

#[derive(Clone, PartialEq, prost::Message)]
struct Function {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    arguments: Vec<Expression>,
    #[prost(bool, tag = "3")]
    distinct: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Alias {
    #[prost(message, optional, tag = "1")]
    expression: Option<Expression>,
    #[prost(string, repeated, tag = "2")]
    name: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Cast {
    #[prost(message, optional, tag = "1")]
    expression: Option<Expression>,
    #[prost(string, tag = "3")]
    to: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Window {
    #[prost(message, optional, tag = "1")]
    function: Option<Expression>,
    #[prost(message, repeated, tag = "2")]
    partition: Vec<Expression>,
    #[prost(message, repeated, tag = "3")]
    order: Vec<Order>,
}

/// An expression to sort by. Missing values come last.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Order {
    #[prost(message, optional, tag = "1")]
    expression: Option<Expression>,
    #[prost(int32, tag = "2")]
    direction: i32,
    #[prost(int32, tag = "3")]
    nulls: i32,
}

impl Order {
    const ASCENDING: i32 = 1;
    const DESCENDING: i32 = 2;
    const NULLS_LAST: i32 = 2;

    /// The smallest first.
    pub fn ascending(expression: Expression) -> Self {
        Self { expression: Some(expression), direction: Self::ASCENDING, nulls: Self::NULLS_LAST }
    }

    /// The largest first.
    pub fn descending(expression: Expression) -> Self {
        Self { expression: Some(expression), direction: Self::DESCENDING, nulls: Self::NULLS_LAST }
    }
}

impl Expression {
    fn new(kind: Kind) -> Self {
        Self { kind: Some(kind) }
    }

    fn literal(value: Value) -> Self {
        Self::new(Kind::Literal(Literal { value: Some(value) }))
    }

    /// A column of the relation. A name with signs in it is quoted.
    pub fn column(name: &str) -> Self {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let name = if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) };
        Self::new(Kind::Attribute(Attribute { name }))
    }

    /// A field of the hidden column `_metadata` that Spark gives the rows of files.
    pub fn metadata(field: &str) -> Self {
        Self::new(Kind::Attribute(Attribute { name: format!("_metadata.{field}") }))
    }

    /// All columns of the relation; only in [`Relation::select`](crate::Relation::select).
    pub fn all() -> Self {
        Self::new(Kind::Star(Star {}))
    }

    /// A 32-bit integer.
    pub fn integer(value: i32) -> Self {
        Self::literal(Value::Integer(value))
    }

    /// A whole number of up to 38 digits.
    pub fn decimal(value: i128) -> Self {
        let decimal = Decimal { value: value.to_string(), precision: Some(38), scale: Some(0) };
        Self::literal(Value::Decimal(decimal))
    }

    /// A function of the server by its name, over these arguments. Operators are functions, too.
    pub fn function(name: &str, arguments: impl IntoIterator<Item = Self>) -> Self {
        let arguments = arguments.into_iter().collect();
        Self::new(Kind::Function(Function { name: name.to_owned(), arguments, distinct: false }))
    }

    /// The number of different values.
    pub fn count_distinct(arguments: impl IntoIterator<Item = Self>) -> Self {
        let arguments = arguments.into_iter().collect();
        Self::new(Kind::Function(Function { name: "count".to_owned(), arguments, distinct: true }))
    }

    /// A function of this expression and others.
    #[must_use]
    pub fn call(self, name: &str, others: impl IntoIterator<Item = Self>) -> Self {
        Self::function(name, std::iter::once(self).chain(others))
    }

    /// The value as another type, by its name in SQL.
    #[must_use]
    pub fn cast(self, to: &str) -> Self {
        Self::new(Kind::Cast(Box::new(Cast { expression: Some(self), to: to.to_owned() })))
    }

    /// The expression as a column of this name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self::new(Kind::Alias(Box::new(Alias { expression: Some(self), name: vec![name.to_owned()] })))
    }

    /// The function over the rows with equal values of `partition`, in an order.
    #[must_use]
    pub fn over(self, partition: Vec<Self>, order: Vec<Order>) -> Self {
        Self::new(Kind::Window(Box::new(Window { function: Some(self), partition, order })))
    }
}

macro_rules! literals {
    ($($from:ty => $value:ident),*) => {$(
        impl From<$from> for Expression {
            fn from(value: $from) -> Self {
                Self::literal(Value::$value(value.into()))
            }
        }
    )*};
}
literals! { bool => Boolean, i64 => Long, f32 => Float, f64 => Double, &str => Text, String => Text }
