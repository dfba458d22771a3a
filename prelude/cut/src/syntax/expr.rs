use crate::error::Span;
use crate::value::Value;
use std::sync::Arc;

/// A name in an expression.
pub(crate) type Name = Arc<str>;

/// An expression: what a cut is made of, written as text ([`crate::parse`]) or built from [`col`] and [`lit`].
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # use cut::{col, lit};
/// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
/// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
/// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
/// # };
/// let condition: cut::Expr = col("x").gt(lit(1.5)).and(col("n").lt(lit(4)));
/// assert_eq!(kept(condition)?, [false, true, false, false]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Expr(pub(crate) Arc<Node>);

#[derive(Debug, PartialEq)]
pub(crate) struct Node {
    pub kind: Kind,
    pub span: Option<Span>,
    /// Levels below this one; bounded, so that recursion is.
    pub height: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Column(Name),
    Literal(Value),
    /// `@name.part['key']`
    Local(Vec<Name>),
    /// `@f(x)`
    LocalCall(Vec<Name>, Vec<Expr>),
    List(Vec<Expr>),
    Unary(Unary, Expr),
    Binary(Binary, Expr, Expr),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `a < b <= c`
    Chain(Expr, Vec<(Compare, Expr)>),
    Call(Name, Vec<Expr>),
    /// `x.str.contains('a', regex=False)`
    Method(Expr, Name, Vec<Argument>),
    /// `x.name`
    Field(Expr, Name),
    /// `x[inner]`
    Item(Expr, Expr),
    /// `x[from:to]`
    Slice(Expr, Option<Expr>, Option<Expr>),
    /// `element for a, b in source if condition`
    For(Expr, Vec<Clause>),
}

/// A part of a `for`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Clause {
    For(Vec<Name>, Expr),
    If(Expr),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub name: Option<Name>,
    pub value: Expr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unary {
    Neg,
    Pos,
    /// `~`: not of a boolean, all bits of an integer.
    Invert,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    Xor,
    Shl,
    Shr,
    /// `&` and `|` of integers; texts have them as [`Kind::And`] and [`Kind::Or`].
    BitAnd,
    BitOr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Compare {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    In,
    NotIn,
}

impl Compare {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }

    /// The comparison with its sides exchanged.
    pub fn swap(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            same => same,
        }
    }
}

impl Binary {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "**",
            Self::Xor => "^",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::BitAnd => "&",
            Self::BitOr => "|",
        }
    }
}

impl Expr {
    pub(crate) fn new(kind: Kind, span: Option<Span>) -> Self {
        let height = 1 + kind.children().map(|child| child.0.height).max().unwrap_or(0);
        Self(Arc::new(Node { kind, span, height }))
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }

    pub(crate) fn span(&self) -> Option<Span> {
        self.0.span.clone()
    }

    /// Whether both are the same object, which is cheaper to ask than whether they are equal.
    fn built(kind: Kind) -> Self {
        Self::new(kind, None)
    }

    fn compare(self, op: Compare, other: impl Into<Expr>) -> Self {
        Self::built(Kind::Chain(self, vec![(op, other.into())]))
    }

    fn binary(self, op: Binary, other: impl Into<Expr>) -> Self {
        Self::built(Kind::Binary(op, self, other.into()))
    }

    fn call(self, name: &str, more: Vec<Expr>) -> Self {
        let mut arguments = vec![self];
        arguments.extend(more);
        Self::built(Kind::Call(name.into(), arguments))
    }

    fn method(self, name: &str, arguments: Vec<Expr>) -> Self {
        let arguments = arguments.into_iter().map(|value| Argument { name: None, value }).collect();
        Self::built(Kind::Method(self, name.into(), arguments))
    }
}

impl Kind {
    pub(crate) fn children(&self) -> impl Iterator<Item = &Expr> {
        let mut all: Vec<&Expr> = Vec::new();
        match self {
            Self::Column(_) | Self::Literal(_) | Self::Local(_) => {}
            Self::LocalCall(_, many) | Self::List(many) | Self::And(many) | Self::Or(many) | Self::Call(_, many) => {
                all.extend(many);
            }
            Self::Unary(_, one) | Self::Field(one, _) => all.push(one),
            Self::Binary(_, one, two) | Self::Item(one, two) => all.extend([one, two]),
            Self::Chain(one, rest) => {
                all.push(one);
                all.extend(rest.iter().map(|(_, expr)| expr));
            }
            Self::Method(one, _, arguments) => {
                all.push(one);
                all.extend(arguments.iter().map(|argument| &argument.value));
            }
            Self::Slice(one, from, to) => {
                all.push(one);
                all.extend(from.iter().chain(to));
            }
            Self::For(one, clauses) => {
                all.push(one);
                all.extend(clauses.iter().map(|clause| match clause {
                    Clause::For(_, source) => source,
                    Clause::If(condition) => condition,
                }));
            }
        }
        all.into_iter()
    }
}

/// A column by its name; both spellings of a name that basf2 has escaped are the same column.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # use cut::{col, lit};
/// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
/// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
/// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
/// # };
/// assert_eq!(kept(col("n").ge(lit(3)))?, [false, false, true, true]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn col(name: impl AsRef<str>) -> Expr {
    Expr::built(Kind::Column(name.as_ref().into()))
}

/// A value. An integer takes the narrowest type that holds it.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # use cut::{col, lit};
/// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
/// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
/// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
/// # };
/// assert_eq!(kept(col("n").eq(lit(2)))?, [false, true, false, false]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lit(value: impl Into<Value>) -> Expr {
    Expr::built(Kind::Literal(value.into()))
}

/// `yes` where `condition` holds, else `no` (also where the condition is missing).
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # use cut::{col, lit};
/// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
/// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
/// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
/// # };
/// let larger = cut::where_(col("n").gt(lit(2)), col("n"), lit(0));
/// assert_eq!(kept(larger.gt(lit(0)))?, [false, false, true, true]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn where_(condition: impl Into<Expr>, yes: impl Into<Expr>, no: impl Into<Expr>) -> Expr {
    condition.into().call("where", vec![yes.into(), no.into()])
}

impl<T: Into<Value>> From<T> for Expr {
    fn from(value: T) -> Self {
        lit(value)
    }
}

macro_rules! comparisons {
    ($($name:ident $op:ident $doc:literal $other:literal $kept:literal),*) => {$(
        #[doc = $doc]
        ///
        /// ```
        /// let frame = polars::df!("n" => [1, 2, 3])?;
        #[doc = concat!("let cut = cut::Cut::from(cut::col(\"n\").", stringify!($name), "(", $other, "));")]
        #[doc = concat!("assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(", $kept, "));")]
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub fn $name(self, other: impl Into<Expr>) -> Self {
            self.compare(Compare::$op, other)
        }
    )*};
}

macro_rules! arithmetic {
    ($($name:ident $op:ident $doc:literal $sum:literal),*) => {$(
        #[doc = $doc]
        ///
        /// ```
        /// let frame = polars::df!("n" => [1, 2, 3])?;
        #[doc = concat!("let cut = cut::Cut::from(cut::col(\"n\").", stringify!($name), "(2));")]
        #[doc = concat!("assert_eq!(cut.check(frame.schema())?.values(&frame)?.sum::<f64>()?, ", $sum, ");")]
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        #[allow(clippy::should_implement_trait)] // the operator exists too
        pub fn $name(self, other: impl Into<Expr>) -> Self {
            self.binary(Binary::$op, other)
        }
    )*};
}

impl Expr {
    comparisons! {
        gt Gt "Greater than; false where a side is missing." "2" "1",
        ge Ge "Greater or equal; false where a side is missing." "2" "2",
        lt Lt "Less than; false where a side is missing." "2" "1",
        le Le "Less or equal; false where a side is missing." "2" "2",
        eq Eq "Equal; false where a side is missing." "2" "1",
        ne Ne "Not equal; true where a side is missing." "2" "2",
        is_in In "Whether the value is one of a list; false where it is missing." "[1, 3]" "2",
        is_not_in NotIn "Whether the value is none of a list; true where it is missing." "[1, 3]" "1"
    }
    arithmetic! {
        add Add "Sum; integers widen." "12.0",
        sub Sub "Difference; integers widen to a signed type." "0.0",
        mul Mul "Product; integers widen." "12.0",
        div Div "Quotient as f64 (of two f32: f32)." "3.0",
        floor_div FloorDiv "Quotient rounded down." "2.0",
        rem Mod "Remainder with the sign of the divisor." "2.0",
        pow Pow "Power." "14.0"
    }

    /// Both hold.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("n").gt(lit(1)).and(col("n").lt(lit(3))))?, [false, true, false, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn and(self, other: impl Into<Expr>) -> Self {
        Self::built(Kind::And(flat(
            self,
            other.into(),
            |kind| if let Kind::And(parts) = kind { Some(parts) } else { None },
        )))
    }

    /// One of both holds.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("n").eq(lit(1)).or(col("n").eq(lit(4))))?, [true, false, false, true]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn or(self, other: impl Into<Expr>) -> Self {
        Self::built(Kind::Or(flat(
            self,
            other.into(),
            |kind| if let Kind::Or(parts) = kind { Some(parts) } else { None },
        )))
    }

    /// Exactly one of both holds.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("n").gt(lit(1)).xor(col("n").gt(lit(2))))?, [false, true, false, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn xor(self, other: impl Into<Expr>) -> Self {
        self.binary(Binary::Xor, other)
    }

    /// Does not hold; true where a comparison was false because a value is missing.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("x").gt(lit(1.5)).not())?, [true, false, true, false], "also where x is missing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[allow(clippy::should_implement_trait)] // the operator exists too
    pub fn not(self) -> Self {
        Self::built(Kind::Unary(Unary::Not, self))
    }

    /// The value with its sign changed; integers widen to a signed type.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("n").neg().lt(lit(-3)))?, [false, false, false, true]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[allow(clippy::should_implement_trait)] // the operator exists too
    pub fn neg(self) -> Self {
        Self::built(Kind::Unary(Unary::Neg, self))
    }

    /// The value without its sign.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("x").abs().lt(lit(2)))?, [true, false, false, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn abs(self) -> Self {
        self.call("abs", vec![])
    }

    /// Missing: null or NaN.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("x").is_null())?, [false, false, true, false]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_null(self) -> Self {
        self.method("isna", vec![])
    }

    /// Neither null nor NaN.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("x").is_not_null())?, [true, true, false, true]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_not_null(self) -> Self {
        self.method("notna", vec![])
    }

    /// Whether the pattern is found anywhere in the text.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// let frame = df!("name" => ["mumu", "taupair"])?;
    /// let condition = cut::Cut::from(cut::col("name").regex(cut::lit("^mu")));
    /// assert_eq!(condition.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn regex(self, pattern: impl Into<Expr>) -> Self {
        self.method("str.contains", vec![pattern.into()])
    }

    /// The result of a function that the text dialect knows, such as `sqrt` or `arctan2`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # use cut::{col, lit};
    /// # let kept = |condition: cut::Expr| -> Result<Vec<bool>, Box<dyn std::error::Error>> {
    /// #     let mask = cut::Cut::from(condition).check(frame.schema())?.mask(&frame)?;
    /// #     Ok(mask.iter().map(|kept| kept == Some(true)).collect())
    /// # };
    /// assert_eq!(kept(col("x").apply("sqrt", vec![]).eq(lit(2.0)))?, [false, false, false, true]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn apply(self, function: &str, more: Vec<Expr>) -> Self {
        self.call(function, more)
    }
}

fn flat(left: Expr, right: Expr, parts: fn(&Kind) -> Option<&Vec<Expr>>) -> Vec<Expr> {
    let mut all = parts(left.kind()).cloned().unwrap_or_else(|| vec![left]);
    match parts(right.kind()) {
        Some(more) => all.extend(more.iter().cloned()),
        None => all.push(right),
    }
    all
}

macro_rules! operators {
    ($($trait:ident $name:ident $method:ident),*) => {$(
        impl<T: Into<Expr>> std::ops::$trait<T> for Expr {
            type Output = Expr;
            fn $name(self, other: T) -> Expr {
                Expr::$method(self, other)
            }
        }
    )*};
}

operators! { Add add add, Sub sub sub, Mul mul mul, Div div div, Rem rem rem, BitAnd bitand and, BitOr bitor or, BitXor bitxor xor }

impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        Expr::neg(self)
    }
}

impl std::ops::Not for Expr {
    type Output = Expr;
    fn not(self) -> Expr {
        Expr::not(self)
    }
}
