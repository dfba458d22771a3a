use crate::check::program::{Id, Op, Program};
use crate::check::types::Type;
use crate::error::{Error, Problem, Result};
use polars::prelude::{DataType, PlSmallStr};
use std::sync::Arc;

/// A cut tied to the columns and types of a table: it can be evaluated. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Typed {
    pub(crate) program: Arc<Program>,
    pub(crate) root: Id,
    pub(crate) text: Arc<str>,
}

impl Typed {
    pub(crate) fn new(program: Program, root: Id, text: Arc<str>) -> Self {
        Self { program: Arc::new(program), root, text }
    }

    /// The text of the cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type of the result.
    pub fn dtype(&self) -> DataType {
        match self.program.op(self.root) {
            Op::Column(column) => self.program.dtypes[*column].clone(),
            _ => self.program.dtype(self.root).dtype(),
        }
    }

    /// The columns that are needed, as the table names them, in the order of their first use.
    pub fn columns(&self) -> &[PlSmallStr] {
        &self.program.columns
    }

    /// Whether the result is a truth per row.
    pub fn is_selection(&self) -> bool {
        *self.program.dtype(self.root) == Type::Bool
    }

    /// Whether it is a column as it is.
    pub fn is_column(&self) -> bool {
        matches!(self.program.op(self.root), Op::Column(_))
    }

    /// Whether the result comes from comparing, not from a column of truths.
    pub fn is_comparison(&self) -> bool {
        self.program.op(self.root).is_predicate()
    }

    /// Whether the answer for a row depends on the whole table, as in `x > x.mean()`.
    pub fn needs_whole_table(&self) -> bool {
        self.program.nodes.iter().any(|node| matches!(node.op, Op::Reduce(..)))
    }

    /// What it computes, in words that are equal only when the answers are: types, columns and all values. `None` when
    /// it calls a function of the user's own, or when the answer for a row depends on other rows.
    pub fn fingerprint(&self) -> Option<String> {
        let nodes = &self.program.nodes;
        if nodes.iter().any(|node| matches!(node.op, Op::External(..) | Op::Reduce(..))) {
            return None;
        }
        let nodes: Vec<_> = nodes.iter().map(|node| (&node.op, &node.dtype)).collect();
        Some(format!("{:?} {:?} {nodes:?} {}", self.program.columns, self.program.dtypes, self.root))
    }

    /// The same, when it is a selection.
    ///
    /// # Errors
    /// When it is a number or a text, which select nothing.
    pub fn selection(self) -> Result<Self> {
        if self.is_selection() {
            return Ok(self);
        }
        let dtype = self.program.dtype(self.root);
        let reason = format!("{} is {dtype}, not a condition", self.text);
        let help = match dtype {
            Type::Text => format!("write {} == 'something'", self.text),
            _ => format!("write {0} == 1 or {0} != 0", self.text),
        };
        Err(Error::new(self.text.clone(), vec![Problem::new(reason, 0..self.text.len()).help(help)]))
    }
}
