//! A selection or an expression with the values of its `@` names, as a step holds it.
#![allow(clippy::from_over_into)]

use cut::Cut;
use segment::Text;

/// A selection: `"pRecoil > 2.0 & mu1P < @cut"`, and what `@cut` is; or one built from `col("pRecoil").gt(2.0)`.
///
/// It is parsed at once. The terminal that reads reports its error, together with all other errors of the chain.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// let selection = data::Selection::new("x > @least").bind("least", 2.5);
/// assert_eq!(data.query(selection).count()?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Selection(pub(crate) Result<Cut, cut::Error>);

impl Selection {
    /// A selection without values.
    ///
    /// ```
    /// assert_eq!(data::Selection::new("x > 1").to_string(), "x > 1");
    /// ```
    pub fn new(text: impl Text) -> Self {
        Self(cut::parse(text.text()))
    }

    /// Whatever can be a selection, as `.into()` does it: a text, a number, an expression.
    ///
    /// ```
    /// assert_eq!(data::Selection::from("x > 1").to_string(), "x > 1");
    /// ```
    pub fn from(selection: impl Into<Self>) -> Self {
        selection.into()
    }

    /// The same selection with a value for `@name`.
    ///
    /// ```
    /// # use polars::df;
    /// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
    /// # let data = data::Data::from_frames([("mumu", frame)])?;
    /// assert_eq!(data.query(data::Selection::new("k == @kind").bind("kind", "b")).count()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bind(self, name: impl Text, value: impl Into<cut::Value>) -> Self {
        Self(self.0.map(|cut| cut.bind(name.text(), value)))
    }
}

impl Selection {
    /// The selection as the room `cut` has it, unless its text cannot be understood.
    ///
    /// # Errors
    /// The error of the text, with a caret under it.
    ///
    /// ```
    /// assert!(data::Selection::new("x > 1").cut().is_ok());
    /// assert!(data::Selection::new("x >").cut().is_err());
    /// ```
    pub fn cut(self) -> crate::error::Result<Cut> {
        Ok(self.0?)
    }

    /// Whether both mean the same: equal expressions with equal values.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Whether the answer for a row depends on that row alone; a mean of a column does not.
    pub(crate) fn is_row_by_row(&self) -> bool {
        self.0.as_ref().is_ok_and(|cut| !cut.has_reduction())
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Ok(cut) => out.write_str(cut.text()),
            Err(error) => out.write_str(error.text()),
        }
    }
}

// Not `From`, of which a cell's compiler would put all impls in order (see `Text`): there are thousands, and few of `Into`.

impl Into<Selection> for &str {
    fn into(self) -> Selection {
        Selection::new(self)
    }
}

impl Into<Selection> for String {
    fn into(self) -> Selection {
        Selection::new(self)
    }
}

impl Into<Selection> for &String {
    fn into(self) -> Selection {
        Selection::new(self)
    }
}

impl Into<Selection> for &Selection {
    fn into(self) -> Selection {
        self.clone()
    }
}

/// A number is a constant: a weight of 0.5.
impl Into<Selection> for f64 {
    fn into(self) -> Selection {
        cut::lit(self).into()
    }
}

/// A number is a constant: a weight of 2.
impl Into<Selection> for i32 {
    fn into(self) -> Selection {
        cut::lit(self).into()
    }
}

/// An expression means here what its text would mean.
impl Into<Selection> for cut::Expr {
    fn into(self) -> Selection {
        Selection(Ok(Cut::from(self).as_written()))
    }
}

impl Into<Selection> for &cut::Expr {
    fn into(self) -> Selection {
        self.clone().into()
    }
}

impl Into<Selection> for Cut {
    fn into(self) -> Selection {
        Selection(Ok(self))
    }
}

/// What [`filter`](crate::Group::filter) takes: an expression of this language, or one of Polars.
///
/// ```
/// # use polars::df;
/// # let frame = df!("x" => [1.0, 2.0, 3.0, 4.0], "k" => ["a", "b", "a", "a"], "__event__" => [1, 1, 2, 3])?;
/// # let data = data::Data::from_frames([("mumu", frame)])?;
/// use data::Predicate;
/// assert!(matches!(Predicate::from("x > 1"), Predicate::Selection(_)));
/// assert!(matches!(Predicate::from(polars::prelude::col("x")), Predicate::Polars(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub enum Predicate {
    /// IEEE meaning: any comparison with NaN is false.
    Selection(Box<Selection>),
    /// Polars' meaning: NaN is larger than any number.
    Polars(Box<polars::prelude::Expr>),
}

impl<T: Into<Selection>> From<T> for Predicate {
    fn from(selection: T) -> Self {
        Self::Selection(Box::new(selection.into()))
    }
}

impl From<&polars::prelude::Expr> for Predicate {
    fn from(expression: &polars::prelude::Expr) -> Self {
        expression.clone().into()
    }
}

impl From<polars::prelude::Expr> for Predicate {
    fn from(expression: polars::prelude::Expr) -> Self {
        Self::Polars(Box::new(expression))
    }
}
