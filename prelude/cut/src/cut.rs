use crate::check::checker::{Asked, check};
use crate::check::dialect::Dialect;
use crate::check::program::Reduce;
use crate::check::typed::Typed;
use crate::error::{Error, Problem, Result};
use crate::syntax::expr::{Expr, Kind};
use crate::value::Value;
use polars::prelude::Schema;
use std::fmt;
use std::sync::Arc;

/// A selection or an expression, not yet tied to a table. Cheap to clone.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # let cut = cut::parse("x > 1.5 & n < 4")?;
/// let cut: cut::Cut = cut;
/// assert_eq!(cut.check(frame.schema())?.columns().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Cut(Arc<Inner>);

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    text: Arc<str>,
    expr: Expr,
    locals: Vec<(Arc<str>, Value)>,
    /// Columns of times, and the zones in which their clocks run.
    zones: Vec<(Arc<str>, Arc<str>)>,
    hints: Vec<String>,
    dialect: Dialect,
    /// Names that stand for the values of other cuts.
    definitions: Vec<(Arc<str>, Cut)>,
    /// Why the text could not be read; told by [`Cut::check`].
    unread: Option<Problem>,
}

/// Reads a selection, or an expression for a new column, in the dialect of `DataFrame.query`.
///
/// # Errors
/// What cannot be read, with its place and a suggestion. Names and types are looked at later, by [`Cut::check`].
///
/// ```
/// use polars::prelude::*;
/// let cut = cut::parse("2.6 > x > 0.3 & n in [1, 3]").unwrap();
/// let frame = df!("x" => [1.0, f64::NAN, 0.1], "n" => [1, 1, 3]).unwrap();
/// let mask = cut.check(frame.schema()).unwrap().mask(&frame).unwrap();
/// assert_eq!(mask.iter().map(|kept| kept == Some(true)).collect::<Vec<_>>(), [true, false, false]);
/// ```
pub fn parse(text: &str) -> Result<Cut> {
    read(text).map_err(|problem| Error::new(text, vec![problem]))
}

fn read(text: &str) -> std::result::Result<Cut, Problem> {
    let parsed = crate::syntax::parse::parse(text)?;
    let (expr, hints) = (parsed.expr, parsed.hints);
    let inner = Inner {
        text: text.into(),
        expr,
        locals: Vec::new(),
        zones: Vec::new(),
        hints,
        dialect: Dialect::Text,
        definitions: Vec::new(),
        unread: None,
    };
    Ok(Cut(Arc::new(inner)))
}

impl Cut {
    /// The text, as it was written or as the expression prints.
    ///
    /// ```
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// assert_eq!(cut.text(), "x > 1.5 & n < 4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The expression.
    ///
    /// ```
    /// assert_eq!(cut::parse("x > 1")?.expr().to_string(), cut::parse("x>1")?.expr().to_string());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expr(&self) -> &Expr {
        &self.0.expr
    }

    /// Gives the value of `@name`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let cut = cut::parse("x > @least")?.bind("least", 3.0);
    /// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn bind(mut self, name: &str, value: impl Into<Value>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.locals.retain(|(known, _)| &**known != name);
        inner.locals.push((name.into(), value.into()));
        self
    }

    /// Says in which zone the clocks of a column of times run, where its type cannot say it: a text without an offset is then
    /// of that zone.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let dtype = DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    /// let frame = df!("t" => [0_i64]).unwrap().lazy().select([col("t").cast(dtype)]).collect().unwrap();
    /// let cut = cut::parse("t == '1970-01-01 05:30'").unwrap().in_zone("t", "+05:30");
    /// assert_eq!(cut.check(frame.schema()).unwrap().mask(&frame).unwrap().sum(), Some(1));
    /// ```
    #[must_use]
    pub fn in_zone(mut self, column: &str, zone: &str) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.zones.retain(|(known, _)| &**known != column);
        inner.zones.push((column.into(), zone.into()));
        self
    }

    /// Binds a name to the value of another cut, which keeps what a column of its values would lose, namely
    /// of which collection lists are, and which objects are the same.
    ///
    /// ```
    /// use polars::prelude::*;
    /// let x = Column::new("x".into(), [Series::new("".into(), [3.0, 1.0])]);
    /// let frame = DataFrame::new(1, vec![x]).unwrap();
    /// let cut = cut::parse("sum(twice) > 7 & any(twice > x)").unwrap().define("twice", &cut::parse("x * 2").unwrap());
    /// assert_eq!(cut.check(frame.schema()).unwrap().mask(&frame).unwrap().sum(), Some(1));
    /// ```
    #[must_use]
    pub fn define(mut self, name: &str, value: &Cut) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.definitions.retain(|(known, _)| &**known != name);
        inner.definitions.push((name.into(), value.clone()));
        self
    }

    /// Another expression around the one of this cut, with the same values behind `@`; errors still show this cut's text.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let rejected = cut::parse("n < 4")?.wrapped(|condition| condition.not());
    /// assert_eq!(rejected.check(frame.schema())?.mask(&frame)?.sum(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn wrapped(mut self, around: impl FnOnce(Expr) -> Expr) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        inner.expr = around(inner.expr.clone());
        self
    }

    /// The same cut under the rules for texts, however it was made: a literal beside an f32 column is f32, texts have an
    /// order, lists may mix kinds of numbers.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// let cut = cut::Cut::from(cut::col("x").gt(cut::lit(1.5))).as_written();
    /// assert_eq!(cut.check(frame.schema())?.mask(&frame)?.sum(), Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn as_written(mut self) -> Self {
        Arc::make_mut(&mut self.0).dialect = Dialect::Text;
        self
    }

    /// The names behind `@` that the cut uses and nothing is bound to.
    ///
    /// ```
    /// assert_eq!(cut::parse("x > @least")?.unbound(), ["least"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unbound(&self) -> Vec<String> {
        let mut names = Vec::new();
        crate::syntax::locals::names(&self.0.expr, &mut names);
        names.retain(|name| crate::syntax::locals::find(&self.0.locals, name).is_none());
        names
    }

    /// Whether it asks for a number of the whole table, such as `x.mean()`.
    ///
    /// ```
    /// assert!(cut::parse("x > x.mean()")?.has_reduction() && !cut::parse("x > 1")?.has_reduction());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn has_reduction(&self) -> bool {
        fn inside(expr: &Expr) -> bool {
            let own = matches!(expr.kind(), Kind::Method(_, name, arguments)
                if arguments.is_empty() && Reduce::named(name).is_some());
            own || expr.kind().children().any(inside)
        }
        inside(&self.0.expr)
    }

    /// Spellings that were understood but are not the language's own.
    ///
    /// ```
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// assert!(cut.hints().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// Ties the cut to the columns and types of a table; reads no data.
    ///
    /// # Errors
    /// All unknown columns, unbound names and types that do not fit, each with its place and a suggestion.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// assert!(cut.check(frame.schema()).is_ok());
    /// assert!(cut::parse("y > 1")?.check(frame.schema()).is_err(), "there is no such column");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, schema: &Schema) -> Result<Typed> {
        let inner = &*self.0;
        if let Some(problem) = &inner.unread {
            return Err(Error::new(inner.text.clone(), vec![problem.clone()]));
        }
        let fold = crate::evaluate::typed::fold;
        check(&self.asked(), schema, fold).map_err(|problems: Vec<Problem>| Error::new(inner.text.clone(), problems))
    }

    fn asked(&self) -> Asked<'_> {
        let Inner { text, expr, locals, zones, dialect, definitions, .. } = &*self.0;
        let definitions = definitions.iter().map(|(name, cut)| (&**name, cut.asked())).collect();
        Asked { expr, locals, zones, dialect: *dialect, text, definitions }
    }
}

impl From<Expr> for Cut {
    fn from(expr: Expr) -> Self {
        let text = expr.to_string().into();
        let dialect = Dialect::Builder;
        let (locals, zones, hints, definitions) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self(Arc::new(Inner { text, expr, locals, zones, hints, dialect, definitions, unread: None }))
    }
}

/// A text that cannot be read is a cut that says so when it is checked: for chains of steps, whose errors come together.
impl From<&str> for Cut {
    fn from(text: &str) -> Self {
        read(text).unwrap_or_else(|problem| {
            let mut cut = Self::from(crate::syntax::expr::lit(Value::Null));
            let inner = Arc::make_mut(&mut cut.0);
            (inner.text, inner.unread) = (text.into(), Some(problem));
            cut
        })
    }
}

impl From<String> for Cut {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Cut {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Error> for segment::Error {
    fn from(error: Error) -> Self {
        Self::Request(error.to_string())
    }
}

impl From<&Cut> for Cut {
    fn from(cut: &Cut) -> Self {
        cut.clone()
    }
}

impl std::str::FromStr for Cut {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.text)
    }
}
