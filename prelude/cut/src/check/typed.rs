use crate::check::domain::ROWS;
use crate::check::program::{Id, Op, Program};
use crate::check::types::Type;
use crate::error::{Error, Problem, Result};
use crate::value::{Body, UserFunction};
use polars::prelude::{DataType, Field, PlSmallStr};
use std::sync::Arc;

/// A cut tied to the columns and types of a table: it can be evaluated. Cheap to clone.
///
/// ```
/// # use polars::prelude::*;
/// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
/// # let cut = cut::parse("x > 1.5 & n < 4")?;
/// # let typed = cut.check(frame.schema())?;
/// let typed: cut::Typed = typed;
/// assert_eq!(typed.mask(&frame)?.sum(), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Typed {
    pub(crate) program: Arc<Program>,
    pub(crate) root: Id,
    /// The fields of the answer where it is an object or a list of objects.
    pub(crate) fields: Vec<(PlSmallStr, Id)>,
    pub(crate) text: Arc<str>,
}

impl Typed {
    pub(crate) fn new(program: Program, root: Id, fields: Vec<(PlSmallStr, Id)>, text: Arc<str>) -> Self {
        Self { program: Arc::new(program), root, fields, text }
    }

    /// The text of the cut.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert_eq!(typed.text(), "x > 1.5 & n < 4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The objects and combinations that have been looked at since the last call: what they are, and how many.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// typed.mask(&frame)?;
    /// assert!(typed.looked_at().is_empty(), "there are no objects");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn looked_at(&self) -> Vec<(String, u64)> {
        self.program.looked_at()
    }

    /// The type of the result.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// assert_eq!(cut::parse("x + 1")?.check(frame.schema())?.dtype(), DataType::Float64);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dtype(&self) -> DataType {
        match self.program.op(self.root) {
            Op::Column(column) | Op::Leaf(column, None) => self.program.dtypes[*column].clone(),
            _ => {
                let value = |id: Id| self.program.dtype(id).dtype();
                let one = match self.fields.as_slice() {
                    [] => value(self.root),
                    fields => {
                        DataType::Struct(fields.iter().map(|(name, id)| Field::new(name.clone(), value(*id))).collect())
                    }
                };
                if self.is_list() { DataType::List(Box::new(one)) } else { one }
            }
        }
    }

    /// Whether the result of a row is a list.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert!(!typed.is_list());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_list(&self) -> bool {
        self.program.nodes[self.root].domain != ROWS
    }

    /// Whether the result is an object, or a list of objects.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert!(!typed.is_object());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_object(&self) -> bool {
        *self.program.dtype(self.root) == Type::Position
    }

    /// The columns that are needed, as the table names them, in the order of their first use.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert_eq!(typed.columns(), ["x", "n"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn columns(&self) -> &[PlSmallStr] {
        &self.program.columns
    }

    /// Whether the result is a truth per row.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// assert!(typed.is_selection());
    /// assert!(!cut::parse("x + 1")?.check(frame.schema())?.is_selection());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_selection(&self) -> bool {
        *self.program.dtype(self.root) == Type::Bool && !self.is_list()
    }

    /// Whether it is a column as it is.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// assert!(cut::parse("x")?.check(frame.schema())?.is_column());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_column(&self) -> bool {
        matches!(self.program.op(self.root), Op::Column(_) | Op::Leaf(_, None))
    }

    /// Whether the result comes from comparing, not from a column of truths.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// assert!(cut::parse("x > 1")?.check(frame.schema())?.is_comparison());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_comparison(&self) -> bool {
        self.program.op(self.root).is_predicate()
    }

    /// Whether the answer for a row depends on the whole table, as in `x > x.mean()`.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// assert!(cut::parse("x > x.mean()")?.check(frame.schema())?.needs_whole_table());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn needs_whole_table(&self) -> bool {
        self.program.nodes.iter().any(|node| matches!(node.op, Op::Reduce(..)))
    }

    /// What it computes, in words that are equal only when the answers are: types, columns and all values. `None` when
    /// it calls a function of the user's own, or when the answer for a row depends on other rows.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// # let cut = cut::parse("x > 1.5 & n < 4")?;
    /// # let typed = cut.check(frame.schema())?;
    /// let other = cut::parse("x > 1.6 & n < 4")?.check(frame.schema())?;
    /// assert_ne!(typed.fingerprint(), other.fingerprint());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fingerprint(&self) -> Option<String> {
        let nodes = &self.program.nodes;
        let own = |op: &Op| matches!(op, Op::External(UserFunction(Body::Numbers(_)), _) | Op::Reduce(..));
        if nodes.iter().any(|node| own(&node.op)) {
            return None;
        }
        let nodes: Vec<_> = nodes.iter().map(|node| (&node.op, &node.dtype, node.domain)).collect();
        let Program { columns, dtypes, domains, .. } = &*self.program;
        Some(format!("{columns:?} {dtypes:?} {domains:?} {nodes:?} {} {:?}", self.root, self.fields))
    }

    /// The same, when it is a selection.
    ///
    /// # Errors
    /// When it is a number or a text, which select nothing.
    ///
    /// ```
    /// # use polars::prelude::*;
    /// # let frame = df!("x" => [1.0, 2.0, f64::NAN, 4.0], "n" => [1, 2, 3, 4])?;
    /// assert!(cut::parse("x > 1")?.check(frame.schema())?.selection().is_ok());
    /// assert!(cut::parse("x + 1")?.check(frame.schema())?.selection().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn selection(self) -> Result<Self> {
        if self.is_selection() {
            return Ok(self);
        }
        let dtype = self.program.dtype(self.root);
        let problem = |reason: String, help: String| {
            Err(Error::new(self.text.clone(), vec![Problem::new(reason, 0..self.text.len()).help(help)]))
        };
        if self.is_object() {
            let help = match self.is_list() {
                true => format!("how many there are: len({}) > 0", self.text),
                false => format!("whether it is there: has({})", self.text),
            };
            return problem(format!("{} is no condition", self.text), help);
        }
        if self.is_list() {
            let condition = match dtype {
                Type::Bool => self.text.to_string(),
                _ => format!("{} > 30", self.text),
            };
            let help = format!("any({condition}), all({condition}), or count({condition}) > n");
            return problem("a list is no condition".to_owned(), help);
        }
        let reason = format!("{} is {dtype}, not a condition", self.text);
        let help = match dtype {
            Type::Text => format!("write {} == 'something'", self.text),
            // Between integers these bind less strongly than a comparison.
            _ if self.text.contains(['&', '|']) => format!("write ({}) != 0", self.text),
            _ => format!("write {0} == 1 or {0} != 0", self.text),
        };
        problem(reason, help)
    }
}
